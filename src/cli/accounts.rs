//! `jobserver create_user` and `jobserver ensure_admins`

use super::outfit::Outfit;
use super::{ByOption, CommandError};
use crate::core::access::Role;
use crate::core::people::accounts::{ADMINISTRATOR_ROLES, UserInput, create_user, ensure_administrators};

#[derive(Debug, clap::Args)]
pub struct CreateUser {
    /// The name to sign in with: the GitHub login, if they have one.
    username: String,
    /// The e-mail address [default when new: USERNAME@example.com].
    #[arg(long)]
    email: Option<String>,
    /// The name for people [default when new: the username].
    #[arg(long)]
    name: Option<String>,
    /// May check outputs.
    #[arg(long, short = 'o', alias = "output_checker")]
    output_checker: bool,
    /// May enter the staff area.
    #[arg(long, short = 's', alias = "staff_area_administrator")]
    staff_area_administrator: bool,
    /// All three administrators' roles: StaffAreaAdministrator, TechSupport, ServiceAdministrator.
    #[arg(long, alias = "core_developer")]
    core_developer: bool,
    #[command(flatten)]
    by: ByOption,
}

impl CreateUser {
    pub async fn run(self) -> Result<(), CommandError> {
        let mut roles = Vec::new();
        if self.output_checker {
            roles.push(Role::OutputChecker);
        }
        if self.staff_area_administrator {
            roles.push(Role::StaffAreaAdministrator);
        }
        if self.core_developer {
            roles.extend(ADMINISTRATOR_ROLES);
        }
        let input = UserInput {
            username: self.username,
            email: self.email,
            fullname: self.name,
            roles,
        };
        let outfit = Outfit::new().await?;
        let stored = create_user(&outfit.db, &input, &self.by.by()).await?;
        let what = if stored.is_new { "created" } else { "updated" };
        println!("User {} {what}.", input.username);
        for role in stored.added_roles {
            println!("Role {} added.", role.name());
        }
        Ok(())
    }
}

#[derive(Debug, clap::Args)]
pub struct EnsureAdmins {
    #[command(flatten)]
    by: ByOption,
}

impl EnsureAdmins {
    pub async fn run(self) -> Result<(), CommandError> {
        let outfit = Outfit::new().await?;
        let names = &outfit.settings.people.admin_users;
        if names.is_empty() {
            println!("ADMIN_USERS names nobody: nothing is changed.");
            return Ok(());
        }
        let (given, unknown) = ensure_administrators(&outfit.db, names, &self.by.by()).await?;
        for (username, roles) in &given {
            let roles: Vec<&str> = roles.iter().map(|role| role.name()).collect();
            println!("User {username} got {}.", roles.join(", "));
        }
        if given.is_empty() && unknown.is_empty() {
            println!("All of ADMIN_USERS hold the administrators' roles already.");
        }
        for username in unknown {
            eprintln!("warning: ADMIN_USERS names {username}, and there is no such user.");
        }
        Ok(())
    }
}
