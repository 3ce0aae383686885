//! `jobserver count_rows` and `jobserver clearsessions`

use super::outfit::Outfit;
use super::{ByOption, CommandError};
use crate::core::upkeep;

pub async fn count_rows() -> Result<(), CommandError> {
    let outfit = Outfit::new().await?;
    let counts = upkeep::count_rows(&outfit.db).await?;
    let width = counts.iter().map(|(table, _)| table.len()).max().unwrap_or(0);
    for (table, rows) in counts {
        println!("{table:<width$}  {rows}");
    }
    Ok(())
}

#[derive(Debug, clap::Args)]
pub struct ClearSessions {
    #[command(flatten)]
    by: ByOption,
}

impl ClearSessions {
    pub async fn run(self) -> Result<(), CommandError> {
        let outfit = Outfit::new().await?;
        let (sessions, links) = upkeep::clear_sessions(&outfit.db, &self.by.by()).await?;
        println!("Sessions deleted: {sessions}. Login links deleted: {links}.");
        Ok(())
    }
}
