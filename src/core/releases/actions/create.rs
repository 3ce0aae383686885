//! Making a release: a backend announces the files that it will upload.

use std::collections::HashSet;

use serde_json::value::RawValue;
use serde_json::{Value, json};
use time::OffsetDateTime;
use unicode_normalization::UnicodeNormalization as _;

use crate::core::access::{Can, UploadReleases};
use crate::core::audit::{self, By, Event, Subject};
use crate::core::db::Db;
use crate::core::error::{Error, Result};
use crate::core::jobs::backends::KnownBackend;
use crate::core::outbox::{Content, Draft, ReleaseCreated, send};
use crate::core::releases::names;
use crate::core::releases::store::publishing::lock_workspace;
use crate::core::releases::store::uploads::{self, Earlier, NewFiles, NewRow, Place};

/// A file that is announced.
#[derive(Debug, Clone)]
pub struct NewFile {
    pub name: String,
    pub url: String,
    /// In bytes.
    pub size: i64,
    pub sha256: String,
    /// When it was written.
    pub date: OffsetDateTime,
    /// An object.
    pub metadata: Box<RawValue>,
    /// Null or an object.
    pub review: Value,
}

/// A release that is asked for.
#[derive(Debug, Clone)]
pub struct NewRelease {
    /// The id that the client gives it: Airlock's own of the release request.
    pub id: Option<String>,
    pub files: Vec<NewFile>,
    /// An object.
    pub metadata: Value,
}

/// A release that is there now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Created {
    pub id: String,
    /// Not when the same client asked for the same before.
    pub is_new: bool,
}

/// Keeps a release with its files, whose contents are to follow, and tells `channel` of it. Asked again with the
/// client's own id and the same files, by name and hash, the release of before is the answer and nothing changes.
///
/// # Errors
/// `Conflict` in a sentence for the client: its id is no id or was used for something else, a name is not taken, or,
/// when the client gave no id, a file was released before.
pub async fn create_release(
    db: &Db,
    can: &Can<UploadReleases>,
    backend: &KnownBackend,
    place: &Place,
    new: &NewRelease,
    channel: &str,
) -> Result<Created> {
    can.covers(place.project_id)?;
    check(new)?;
    let mut tx = db.begin().await?;
    // Releases of a workspace take turns, so that two with the same id or the same names cannot both be first.
    lock_workspace(&mut tx, place.workspace_id).await?;
    if let Some(id) = &new.id {
        if let Some(earlier) = uploads::earlier(&mut tx, id).await? {
            return repeated(id, &earlier, backend, place, &new.files);
        }
    } else {
        // Nor may the same file be announced in two workspaces at once.
        uploads::lock_releases_of(&mut tx, backend.id).await?;
        let names: Vec<String> = new.files.iter().map(|file| file.name.clone()).collect();
        let hashes: Vec<String> = new.files.iter().map(|file| as_compared(&file.sha256)).collect();
        if let Some(name) = uploads::released_before(&mut tx, backend.id, &names, &hashes).await? {
            return Err(Error::Conflict(already_uploaded(&name, &backend.slug)));
        }
    }
    let id = new.id.clone().unwrap_or_else(names::new_id);
    let requested = requested_files(&new.files)?;
    let row = NewRow {
        id: &id,
        workspace_id: place.workspace_id,
        backend_id: backend.id,
        requested_files: &requested,
        metadata: &new.metadata,
        created_by_id: can.user_id(),
    };
    match uploads::insert_release(&mut tx, &row).await {
        Ok(_) => {}
        // Made in another workspace at the same moment.
        Err(Error::Conflict(_)) => return Err(taken(&id)),
        Err(error) => return Err(error),
    }
    uploads::insert_files(&mut tx, &row, &columns(&new.files)).await?;
    let by = By::user(can.user_id(), can.username());
    let event = Event::new("release_created", &by, Subject::release(&id))
        .change("", "", format!("{} files from {}", new.files.len(), backend.slug))
        .within(Subject::workspace(place.workspace_id));
    audit::record(&mut tx, &event).await?;
    let content = Content::ReleaseCreated(ReleaseCreated {
        release: id.clone(),
        project: place.project_slug.clone(),
        workspace: place.workspace.clone(),
        user: can.username().to_owned(),
        files: new.files.len(),
        backend: backend.name.clone(),
    });
    send(&mut tx, Draft::new(content, channel, format!("release:{id}"))).await?;
    tx.commit().await?;
    Ok(Created { id, is_new: true })
}

/// In the words that Airlock and osrelease look for.
pub(super) fn already_uploaded(name: &str, backend: &str) -> String {
    format!("This version of '{name}' has already been uploaded from backend '{backend}'")
}

fn taken(id: &str) -> Error {
    Error::Conflict(format!(
        "There is a release '{id}' already, of another workspace or backend"
    ))
}

fn check(new: &NewRelease) -> Result<()> {
    if let Some(id) = new.id.as_deref().filter(|id| !names::is_id(id)) {
        let shown: String = id.chars().take(40).collect();
        return Err(Error::Conflict(format!(
            "'{shown}' cannot be the id of a release: use 1 to 26 letters, digits, hyphens and underscores"
        )));
    }
    let mut seen = HashSet::new();
    for file in &new.files {
        if let Some(fault) = names::name_fault(&file.name) {
            let shown: String = file.name.chars().take(100).collect();
            return Err(Error::Conflict(format!("'{}': {fault}", shown.escape_debug())));
        }
        // Names that look the same are the same to whoever unpacks them.
        if !seen.insert(file.name.nfc().collect::<String>()) {
            return Err(Error::Conflict(format!("Two files have the name '{}'", file.name)));
        }
    }
    Ok(())
}

/// What to answer to an id that is known.
fn repeated(id: &str, earlier: &Earlier, backend: &KnownBackend, place: &Place, files: &[NewFile]) -> Result<Created> {
    if (earlier.workspace_id, earlier.backend_id) != (place.workspace_id, backend.id) {
        return Err(taken(id));
    }
    // A name that was not announced the first time could never be uploaded: its release would be called made and
    // stay unfinished.
    let known: HashSet<(&str, String)> = earlier
        .files
        .iter()
        .map(|(name, hash)| (name.as_str(), as_compared(hash)))
        .collect();
    let asked: Vec<(&str, String)> = files
        .iter()
        .map(|file| (file.name.as_str(), as_compared(&file.sha256)))
        .collect();
    if known == asked.iter().cloned().collect() {
        return Ok(Created {
            id: id.to_owned(),
            is_new: false,
        });
    }
    let repeated = asked.iter().find(|file| known.contains(file));
    Err(Error::Conflict(match repeated {
        Some((name, _)) => already_uploaded(name, &backend.slug),
        None => format!("Release '{id}' exists with other files"),
    }))
}

/// A hash as it is stored and compared: in small letters. What is none stays as it is.
fn as_compared(sha256: &str) -> String {
    match names::is_sha256(sha256) {
        true => sha256.to_ascii_lowercase(),
        false => sha256.to_owned(),
    }
}

/// As it is stored: moments in UTC with at most milliseconds.
fn requested_files(files: &[NewFile]) -> Result<Value> {
    files
        .iter()
        .map(|file| {
            let metadata: Value = serde_json::from_str(file.metadata.get())
                .map_err(|error| Error::Internal(format!("metadata is no JSON: {error}")))?;
            Ok(json!({
                "name": file.name,
                "url": file.url,
                "size": file.size,
                "sha256": file.sha256,
                "date": in_milliseconds(file.date),
                "metadata": metadata,
                "review": file.review,
            }))
        })
        .collect()
}

pub(super) fn in_milliseconds(moment: OffsetDateTime) -> String {
    let utc = moment.to_offset(time::UtcOffset::UTC);
    let (date, time) = (utc.date(), utc.time());
    let seconds = format!("{date}T{:02}:{:02}:{:02}", time.hour(), time.minute(), time.second());
    match time.millisecond() {
        0 => format!("{seconds}Z"),
        milliseconds => format!("{seconds}.{milliseconds:03}Z"),
    }
}

fn columns(files: &[NewFile]) -> NewFiles {
    let mut columns = NewFiles::default();
    for file in files {
        columns.ids.push(names::new_id());
        columns.names.push(file.name.clone());
        columns.hashes.push(as_compared(&file.sha256));
        columns.sizes.push(file.size);
        columns.mtimes.push(file.date);
        columns.metadata.push(file.metadata.get().to_owned());
    }
    columns
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    fn file(name: &str, sha256: &str) -> NewFile {
        NewFile {
            name: name.to_owned(),
            url: name.to_owned(),
            size: 1,
            sha256: sha256.to_owned(),
            date: datetime!(2026-01-02 03:04:05.678901 +1),
            metadata: RawValue::from_string("{}".to_owned()).unwrap(),
            review: Value::Null,
        }
    }

    fn release(id: Option<&str>, files: Vec<NewFile>) -> NewRelease {
        NewRelease {
            id: id.map(str::to_owned),
            files,
            metadata: json!({}),
        }
    }

    fn said(result: Result<impl std::fmt::Debug>) -> String {
        match result {
            Err(Error::Conflict(said)) => said,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn ids_and_names_are_looked_at_before_anything_is_stored() {
        assert!(
            check(&release(
                Some("01JD_a-b"),
                vec![file("output/a", "x"), file("output/b", "x")]
            ))
            .is_ok()
        );
        assert!(said(check(&release(Some(""), vec![]))).contains("cannot be the id"));
        assert!(said(check(&release(Some("../x"), vec![]))).contains("'../x'"));
        assert!(said(check(&release(None, vec![file("../x", "x")]))).starts_with("'../x': The parts"));
        assert!(said(check(&release(None, vec![file("a", "x"), file("a", "y")]))).contains("name 'a'"));
        let alike = vec![file("caf\u{e9}", "x"), file("cafe\u{301}", "y")];
        assert!(said(check(&release(None, alike))).contains("Two files"));
    }

    #[test]
    fn the_same_files_again_are_the_same_release() {
        let backend = KnownBackend {
            id: 1,
            slug: "tpp".into(),
            name: "TPP".into(),
            used_old_token: false,
        };
        let place = Place {
            workspace_id: 2,
            workspace: "ws".into(),
            project_id: 3,
            project_slug: "p".into(),
        };
        let earlier = |workspace_id| Earlier {
            workspace_id,
            backend_id: 1,
            files: vec![("a".into(), "x".into()), ("b".into(), "y".into())],
        };
        let again = |earlier: &Earlier, files: Vec<NewFile>| repeated("01A", earlier, &backend, &place, &files);
        let same = again(&earlier(2), vec![file("b", "y"), file("a", "x")]).unwrap();
        assert!(!same.is_new);
        // The same contents under other names are another release.
        let others = said(again(&earlier(2), vec![file("b", "x"), file("a", "y")]));
        assert_eq!(others, "Release '01A' exists with other files");
        let one_other = said(again(&earlier(2), vec![file("a", "x"), file("c", "y")]));
        assert!(one_other.starts_with("This version of 'a'"), "{one_other}");
        assert!(said(again(&earlier(9), vec![])).contains("another workspace or backend"));
        let known = said(again(&earlier(2), vec![file("a", "x")]));
        assert_eq!(
            known,
            "This version of 'a' has already been uploaded from backend 'tpp'"
        );
        assert!(said(again(&earlier(2), vec![file("a", "z")])).contains("with other files"));
    }

    #[test]
    fn hashes_are_the_same_in_letters_of_any_case() {
        let (small, large) = ("ab".repeat(32), "AB".repeat(32));
        assert_eq!(as_compared(&large), small);
        assert_eq!(columns(&[file("a", &large)]).hashes, [small]);
        assert_eq!(as_compared("No hash"), "No hash");
    }

    #[test]
    fn moments_are_kept_in_utc_and_milliseconds() {
        let date = &requested_files(&[file("a", "x")]).unwrap()[0]["date"];
        assert_eq!(date, "2026-01-02T02:04:05.678Z");
        assert_eq!(
            in_milliseconds(datetime!(2026-01-02 03:04:05 UTC)),
            "2026-01-02T03:04:05Z"
        );
    }
}
