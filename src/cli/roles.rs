//! `jobserver roles`, `grant_role` and `remove_role`

use super::outfit::Outfit;
use super::{ByOption, CommandError};
use crate::core::access::{Place, Role, bare_name, import};
use crate::core::people::roles::{self, Granter};
use crate::core::projects::members::actions as members;

/// Tells of every role.
pub fn list() -> Result<(), CommandError> {
    for role in Role::ALL {
        let place = match (role.is_grantable(Place::Everywhere), role.is_grantable(Place::Project)) {
            (true, true) => "everywhere or in a project",
            (true, false) => "everywhere",
            (false, true) => "in a project",
            (false, false) => "nowhere",
        };
        let permissions: Vec<&str> = role.permissions().map(|permission| permission.name()).collect();
        println!("{}, granted {place}", role.name());
        println!("  {}", role.description());
        println!("  Permits {}.", permissions.join(", "));
    }
    Ok(())
}

#[derive(Debug, clap::Args)]
pub struct GrantRole {
    /// Who gets it.
    username: String,
    /// The role; `jobserver roles` lists them. CoreDeveloper stands for the three administrators' roles.
    role: String,
    /// In this project alone, by its slug; whoever is no member becomes one.
    #[arg(long, value_name = "SLUG")]
    project: Option<String>,
    #[command(flatten)]
    by: ByOption,
}

impl GrantRole {
    pub async fn run(self) -> Result<(), CommandError> {
        let place = if self.project.is_some() {
            Place::Project
        } else {
            Place::Everywhere
        };
        let read = import(&[&self.role], place);
        if !read.unknown.is_empty() {
            return Err(CommandError::Said(format!(
                "There is no role {:?}; `jobserver roles` lists them.",
                self.role
            )));
        }
        if let Some(role) = read.misplaced.first() {
            let hint = if role.is_grantable(Place::Project) {
                "in a project only: add --project SLUG"
            } else {
                "everywhere only: leave --project out"
            };
            return Err(CommandError::Said(format!("{} is granted {hint}.", role.name())));
        }
        let outfit = Outfit::new().await?;
        let (db, operator, username) = (&outfit.db, self.by.operator(), &self.username);
        match &self.project {
            None => {
                let granter = Granter::Operator(operator);
                let changed = roles::grant(db, &granter, username, &read.roles).await?;
                if changed.is_nothing() {
                    println!("User {username} holds that everywhere already.");
                }
                for role in changed.added {
                    println!("User {username} got {role} everywhere.");
                }
            }
            Some(project) => {
                let granted = members::grant(db, &operator, project, username, &read.roles).await?;
                if granted.is_new_member {
                    println!("User {username} is now a member of the project {project}.");
                }
                let names: Vec<&str> = read.roles.iter().map(|role| role.name()).collect();
                let what = if granted.has_new_role { "got" } else { "had" };
                println!("User {username} {what} {} in the project {project}.", names.join(", "));
            }
        }
        Ok(())
    }
}

#[derive(Debug, clap::Args)]
pub struct RemoveRole {
    /// Who loses it.
    username: String,
    /// The role, by its name as it is stored.
    role: String,
    /// In this project alone, by its slug; they stay a member.
    #[arg(long, value_name = "SLUG")]
    project: Option<String>,
    #[command(flatten)]
    by: ByOption,
}

impl RemoveRole {
    pub async fn run(self) -> Result<(), CommandError> {
        let outfit = Outfit::new().await?;
        let (db, operator, username) = (&outfit.db, self.by.operator(), &self.username);
        let role = bare_name(&self.role);
        let (was_held, place) = match &self.project {
            None => {
                let granter = Granter::Operator(operator);
                let changed = roles::remove(db, &granter, username, role).await?;
                (!changed.is_nothing(), "everywhere".to_owned())
            }
            Some(project) => (
                members::take_away(db, &operator, project, username, role).await?,
                format!("in the project {project}"),
            ),
        };
        let what = if was_held { "no longer holds" } else { "did not hold" };
        println!("User {username} {what} {role} {place}.");
        Ok(())
    }
}
