//! `jobserver reseal`

use super::outfit::Outfit;
use super::{ByOption, CommandError};
use crate::core::jobs::sealed_tokens;

#[derive(Debug, clap::Args)]
pub struct Reseal {
    #[command(flatten)]
    by: ByOption,
}

impl Reseal {
    pub async fn run(self) -> Result<(), CommandError> {
        let outfit = Outfit::new().await?;
        let (resealed, lost) = sealed_tokens::reseal(&outfit.db, &outfit.sealer, &self.by.by()).await?;
        match resealed.as_slice() {
            [] => println!("Tokens of backends sealed anew: 0."),
            slugs => println!(
                "Tokens of backends sealed anew: {} ({}).",
                slugs.len(),
                slugs.join(", ")
            ),
        }
        if lost.is_empty() {
            println!(
                "No backend's token needs OLD_SECRET_KEY any more. Keep it for a day, for links in mails that are on their way."
            );
            return Ok(());
        }
        Err(CommandError::Said(format!(
            "These open with neither key and stay as they are: {}. Set OLD_SECRET_KEY to the key they were sealed with, or \
             rotate them with `jobserver create_backend SLUG --rotate`.",
            lost.join(", ")
        )))
    }
}
