//! Contents that mean nothing, for a copy whose database came from elsewhere without its files.

use bytes::Bytes;
use sha2::{Digest as _, Sha256};

use super::unavailable;
use crate::core::access::Operator;
use crate::core::audit::{self, By, Event, Subject};
use crate::core::db::Db;
use crate::core::error::Result;
use crate::core::ports::{FileStore, FileStoreError};
use crate::core::releases::names;
use crate::core::releases::store::stored::{StoredFile, replace_content, stored_files};

/// What became of the files.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Inflated {
    pub written: u64,
    pub there: u64,
    pub skipped: u64,
}

/// Gives every file whose content is missing one of its kind, and its row that content's hash and size. `say` hears
/// of files whose kind has none. For copies alone: what a row said of the real content is lost. Audited.
///
/// # Errors
/// `Unavailable` when the database or the storage does not answer.
pub async fn inflate(
    db: &Db,
    store: &dyn FileStore,
    operator: &Operator,
    say: &mut impl FnMut(&str),
) -> Result<Inflated> {
    let mut sum = Inflated::default();
    let mut after = String::new();
    loop {
        let files = stored_files(&mut *db.read().await?, &after).await?;
        let Some(last) = files.last() else { break };
        after.clone_from(&last.id);
        for file in files.iter().filter(|file| !file.is_deleted) {
            match store.open(&file.path).await {
                Ok(_) => sum.there += 1,
                Err(FileStoreError::Missing) => match junk(file) {
                    Some(content) => {
                        write(db, store, operator, file, content).await?;
                        sum.written += 1;
                    }
                    None => {
                        sum.skipped += 1;
                        say(&format!(
                            "skipped {}: nothing is made for its kind",
                            file.name.escape_debug()
                        ));
                    }
                },
                Err(error) => return Err(unavailable(error)),
            }
        }
    }
    Ok(sum)
}

async fn write(db: &Db, store: &dyn FileStore, operator: &Operator, file: &StoredFile, content: String) -> Result<()> {
    let sha256 = data_encoding::HEXLOWER.encode(&Sha256::digest(content.as_bytes()));
    let size = i64::try_from(content.len()).unwrap_or_default();
    // The row first: broken off after that, the content is missing still and the next run makes one. The other way
    // round it would be there and not be what its row says, for ever.
    let mut tx = db.begin().await?;
    if !replace_content(&mut tx, &file.id, &sha256, size).await? {
        // Deleted meanwhile.
        return Ok(());
    }
    let by = By::from(operator);
    let event = Event::new("release_file_inflated", &by, Subject::release_file(&file.id))
        .change("sha256", file.filehash.clone(), sha256)
        .within(Subject::release(&file.release_id));
    audit::record(&mut tx, &event).await?;
    tx.commit().await?;
    let mut incoming = store.begin(&file.path).await.map_err(unavailable)?;
    incoming.write(Bytes::from(content)).await.map_err(unavailable)?;
    incoming.finish().await.map_err(unavailable)
}

/// Something that readers of its kind can show; `None` for kinds that have nothing.
fn junk(file: &StoredFile) -> Option<String> {
    let facts = [
        ("file", file.id.as_str()),
        ("workspace", file.workspace.as_str()),
        ("release", file.release_id.as_str()),
        ("made_on", &time::OffsetDateTime::now_utc().date().to_string()),
    ]
    .map(|(name, value)| (name, value.to_owned()));
    let lines = |between: &str, end: &str| -> String {
        facts
            .iter()
            .map(|(name, value)| format!("{name}{between}{value}{end}"))
            .collect()
    };
    Some(match names::extension(&file.name).as_str() {
        "txt" => lines(": ", "\n"),
        "csv" => format!("fact,value\n{}", lines(",", "\n")),
        "json" => {
            serde_json::Value::Object(facts.into_iter().map(|(n, v)| (n.to_owned(), v.into())).collect()).to_string()
        }
        "html" => format!(
            "<!doctype html>\n<html lang=\"en\">\n<head><title>Made up</title></head>\n<body>\n<p>{}</p>\n</body>\n</html>\n",
            lines(": ", "<br>")
        ),
        "svg" => format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"600\" height=\"40\"><text x=\"10\" y=\"25\">{}</text></svg>\n",
            lines(": ", " ")
        ),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_that_readers_know_gets_a_content_that_says_whose_it_is() {
        let file = |name: &str| StoredFile {
            id: "01A".into(),
            release_id: "01R".into(),
            workspace: "ws".into(),
            name: name.into(),
            path: "ab/x".into(),
            filehash: String::new(),
            size: 0,
            is_deleted: false,
        };
        for name in ["a.txt", "b/a.CSV", "a.json", "a.html", "a.svg"] {
            let content = junk(&file(name)).unwrap();
            for fact in ["01A", "01R", "ws"] {
                assert!(content.contains(fact), "{content}");
            }
        }
        assert!(serde_json::from_str::<serde_json::Value>(&junk(&file("a.json")).unwrap()).is_ok());
        for name in ["a.png", "a", "a.csv.gz"] {
            assert!(junk(&file(name)).is_none(), "{name}");
        }
    }
}
