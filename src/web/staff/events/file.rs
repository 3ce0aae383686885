//! Events as a file: all that fit, however many they are, a page of them in memory at a time.

use rocket::response::stream::stream;

use crate::core::audit::store::log::{EventFilter, Place, Scope, events_after};
use crate::core::audit::{Presented, Reader, presented, title};
use crate::core::db::Db;
use crate::core::error::Result;
use crate::web::staff::answer::Pieces;
use crate::web::staff::cell::Cell;
use crate::web::staff::csv;
use crate::web::staff::table::Table;

/// Rows that are read at once.
const AT_ONCE: i64 = 2_000;

const COLUMNS: [&str; 9] = [
    "When",
    "Actor",
    "Type",
    "What happened",
    "Field",
    "Before",
    "After",
    "Target",
    "Parent",
];

/// The last line of a file that could not be written to its end.
const BROKEN_OFF: &str = "This file is not whole: the database did not answer. Export it again.\n";

/// The file, newest first. What is written meanwhile is not in it, as that is newer than its beginning.
pub fn pieces(db: Db, scope: Scope, filter: EventFilter, reader: Reader) -> Pieces {
    Box::pin(stream! {
        yield csv::written(&table());
        let mut place = None;
        loop {
            let (text, next) = match page(&db, &scope, &filter, reader, place).await {
                Ok(page) => page,
                Err(error) => {
                    tracing::warn!(%error, "a file of events was broken off");
                    yield BROKEN_OFF.to_owned();
                    break;
                }
            };
            yield text;
            // A place that does not move on would be read for ever.
            if next.is_none() || next == place {
                break;
            }
            place = next;
        }
    })
}

/// The lines of a page, and where the next one begins. A connection is held for no longer than that.
async fn page(
    db: &Db,
    scope: &Scope,
    filter: &EventFilter,
    reader: Reader,
    place: Option<Place>,
) -> Result<(String, Option<Place>)> {
    let mut conn = db.read().await?;
    let rows = events_after(&mut conn, scope, filter, place, AT_ONCE).await?;
    let is_full = i64::try_from(rows.len()).is_ok_and(|length| length == AT_ONCE);
    let next = rows.last().filter(|_| is_full).map(|row| (row.created_at, row.id));
    let mut table = table();
    for event in presented(&mut conn, rows, reader).await? {
        table.push(line(event));
    }
    let written = csv::written(&table);
    let (_headings, lines) = written.split_once('\n').unwrap_or_default();
    Ok((lines.to_owned(), next))
}

fn table() -> Table {
    Table::new("Events", &COLUMNS)
}

fn line(event: Presented) -> Vec<Cell> {
    let told = event.told;
    let sentence: String = event.sentence.iter().map(|piece| piece.text.as_str()).collect();
    vec![
        Cell::time(Some(event.at)),
        Cell::text(told.actor),
        Cell::text(title(&event.kind)),
        Cell::text(sentence),
        Cell::text(crate::web::view::sentence(&told.field)),
        Cell::text(told.old),
        Cell::text(told.new),
        Cell::text(told.target),
        Cell::text(told.parent),
    ]
}
