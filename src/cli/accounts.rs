//! `jobserver create_user`, `ensure_admins`, `invite` and `revoke_invitations`

use super::outfit::Outfit;
use super::{ByOption, CommandError};
use crate::core::access::{Role, STAFF_ROLES};
use crate::core::people::accounts::{self, UserInput, create_user, ensure_administrators};

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
            roles.extend(STAFF_ROLES);
        }
        let input = UserInput {
            username: self.username,
            email: self.email,
            fullname: self.name,
            roles,
        };
        let outfit = Outfit::new().await?;
        let stored = create_user(&outfit.db, &input, &self.by.operator()).await?;
        let what = if stored.is_new { "created" } else { "updated" };
        println!("User {} {what}.", input.username);
        if stored.is_new && !stored.is_invited {
            println!("The GitHub login of that name is kept for somebody else: see jobserver invite.");
        }
        for role in stored.added_roles {
            println!("Role {role} added.");
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
        let ensured = ensure_administrators(&outfit.db, names, &self.by.operator()).await?;
        for (username, roles) in &ensured.given {
            println!("User {username} got {}.", roles.join(", "));
        }
        if ensured.given.is_empty() && ensured.unknown.is_empty() {
            println!("All of ADMIN_USERS hold the administrators' roles already.");
        }
        for username in ensured.unknown {
            eprintln!("warning: ADMIN_USERS names {username}, and there is no such user.");
        }
        for username in ensured.inactive {
            eprintln!("warning: ADMIN_USERS names {username}, who was deactivated and cannot sign in.");
        }
        Ok(())
    }
}

#[derive(Debug, clap::Args)]
pub struct Invite {
    /// Whose the login will be.
    username: String,
    /// The GitHub login [default: USERNAME].
    #[arg(long)]
    login: Option<String>,
    #[command(flatten)]
    by: ByOption,
}

impl Invite {
    pub async fn run(self) -> Result<(), CommandError> {
        let outfit = Outfit::new().await?;
        let (username, login) = (&self.username, self.login.as_ref().unwrap_or(&self.username));
        match accounts::invite(&outfit.db, username, login, &self.by.operator()).await? {
            true => println!("The first GitHub login of {login} will be {username}'s."),
            false => println!("The GitHub login {login} is kept for {username} already."),
        }
        Ok(())
    }
}

#[derive(Debug, clap::Args)]
pub struct RevokeInvitations {
    /// Whose open invitations to take back.
    username: String,
    #[command(flatten)]
    by: ByOption,
}

impl RevokeInvitations {
    pub async fn run(self) -> Result<(), CommandError> {
        let outfit = Outfit::new().await?;
        let logins = accounts::revoke_invitations(&outfit.db, &self.username, &self.by.operator()).await?;
        if logins.is_empty() {
            println!("No invitation of {} is open.", self.username);
        }
        for login in logins {
            println!("The GitHub login {login} is not kept for {} any more.", self.username);
        }
        Ok(())
    }
}
