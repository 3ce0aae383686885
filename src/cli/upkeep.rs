//! `jobserver count_rows`

use super::CommandError;
use super::outfit::Outfit;
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
