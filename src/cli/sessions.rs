//! `jobserver end_sessions`, `jobserver deactivate_user` and `jobserver activate_user`

use super::outfit::Outfit;
use super::{ByOption, CommandError};
use crate::core::people::{deactivation, sessions};

/// Ends everybody's sessions, or one user's.
#[derive(Debug, clap::Args)]
pub struct EndSessions {
    /// Whose; everybody's when not given.
    #[arg(long, value_name = "USERNAME")]
    user: Option<String>,
    #[command(flatten)]
    by: ByOption,
}

impl EndSessions {
    pub async fn run(self) -> Result<(), CommandError> {
        let outfit = Outfit::new().await?;
        let ended = sessions::end_all(&outfit.db, self.user.as_deref(), &self.by.by()).await?;
        println!("Sessions ended: {ended}.");
        Ok(())
    }
}

#[derive(Debug, clap::Args)]
pub struct DeactivateUser {
    username: String,
    #[command(flatten)]
    by: ByOption,
}

impl DeactivateUser {
    pub async fn run(self) -> Result<(), CommandError> {
        let outfit = Outfit::new().await?;
        match deactivation::deactivate(&outfit.db, &self.username, &self.by.by()).await? {
            Some(ended) => println!("User {} deactivated. Sessions ended: {ended}.", self.username),
            None => println!("User {} was deactivated before.", self.username),
        }
        Ok(())
    }
}

#[derive(Debug, clap::Args)]
pub struct ActivateUser {
    username: String,
    #[command(flatten)]
    by: ByOption,
}

impl ActivateUser {
    pub async fn run(self) -> Result<(), CommandError> {
        let outfit = Outfit::new().await?;
        let was_off = deactivation::activate(&outfit.db, &self.username, &self.by.by()).await?;
        let what = if was_off { "activated" } else { "is active already" };
        println!("User {} {what}.", self.username);
        Ok(())
    }
}
