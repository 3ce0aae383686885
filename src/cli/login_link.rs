//! `jobserver login-link`

use super::outfit::{Outfit, shown};
use super::{ByOption, CommandError};
use crate::core::people::actions::create_login_link;

#[derive(Debug, clap::Args)]
pub struct LoginLink {
    /// Whom the link signs in.
    username: String,
    #[command(flatten)]
    by: ByOption,
}

impl LoginLink {
    pub async fn run(self) -> Result<(), CommandError> {
        let outfit = Outfit::new().await?;
        let token = create_login_link(&outfit.db, &self.username, &self.by.by()).await?;
        println!(
            "{}",
            outfit.settings.web.absolute(&format!("/login-link/{}/", shown(&token)))
        );
        Ok(())
    }
}
