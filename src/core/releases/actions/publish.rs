//! Choosing released files to be published, and deciding it.

use sha2::{Digest as _, Sha256};
use sqlx::PgConnection;

use super::doer::Doer;
use crate::core::access::{Can, CanAskToPublish, CreateSnapshots, Operator, PublishSnapshots};
use crate::core::audit::{self, By, Event, Subject};
use crate::core::db::Db;
use crate::core::error::{Error, Result};
use crate::core::people::store::User;
use crate::core::releases::store::files::files_of_snapshot;
use crate::core::releases::store::publishing as store;
use crate::core::releases::{Decision, Snapshot};

/// A snapshot that was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Prepared {
    pub snapshot_id: i32,
    /// Whether it was public already; then nothing was changed.
    pub is_published: bool,
}

/// Finds or makes the snapshot of exactly these files of a workspace, without those that are deleted or have not
/// arrived, and asks for it to be published: nobody can have looked at what is not there. What is public or asked for already stays as it is. Audited.
///
/// # Errors
/// `Conflict` in a sentence: unknown ids, files of another workspace, or none left.
pub async fn prepare_snapshot(
    db: &Db,
    can: &Can<CreateSnapshots>,
    workspace_id: i32,
    project_id: i32,
    file_ids: &[String],
) -> Result<Prepared> {
    can.covers(project_id)?;
    prepare(db, &Doer::of(can), workspace_id, file_ids).await
}

/// As [`prepare_snapshot`], for an operator at a command line, in somebody's name.
///
/// # Errors
/// As [`prepare_snapshot`].
pub async fn prepare_snapshot_as_operator(
    db: &Db,
    operator: &Operator,
    user: &User,
    workspace_id: i32,
    file_ids: &[String],
) -> Result<Prepared> {
    prepare(db, &Doer::operator(operator, user), workspace_id, file_ids).await
}

async fn prepare(db: &Db, doer: &Doer, workspace_id: i32, file_ids: &[String]) -> Result<Prepared> {
    let mut tx = db.begin().await?;
    store::lock_workspace(&mut tx, workspace_id).await?;
    let files = chosen(&mut tx, workspace_id, file_ids).await?;
    let hash = fileset_hash(&files);
    let (snapshot_id, is_published) = match store::same_snapshot(&mut tx, workspace_id, &hash).await? {
        Some(same) => same,
        None => {
            let id = store::insert_snapshot(&mut tx, workspace_id, &hash, &files, doer.user_id).await?;
            let event = doer.event("snapshot_created", id, workspace_id);
            audit::record(&mut tx, &event.change("", "", format!("{} files", files.len()))).await?;
            (id, false)
        }
    };
    if !is_published {
        ask(&mut tx, doer, snapshot_id, workspace_id).await?;
    }
    tx.commit().await?;
    Ok(Prepared {
        snapshot_id,
        is_published,
    })
}

/// Asks for a snapshot to be published, unless somebody has and nobody has decided. Whether it did.
async fn ask(conn: &mut PgConnection, doer: &Doer, snapshot_id: i32, workspace_id: i32) -> Result<bool> {
    if store::pending_request(conn, snapshot_id).await?.is_some() {
        return Ok(false);
    }
    store::insert_request(conn, snapshot_id, workspace_id, doer.user_id, None).await?;
    audit::record(conn, &doer.event("publish_requested", snapshot_id, workspace_id)).await?;
    Ok(true)
}

/// Asks for a snapshot that is there to be published: one that was rejected or withdrawn, without its files being
/// chosen once more. Audited.
///
/// # Errors
/// `Conflict` in a sentence, and nothing is changed: it is public, waits for a decision already, has no file left, or
/// one that has not been uploaded.
pub async fn ask_to_publish(db: &Db, can: &CanAskToPublish, snapshot: &Snapshot) -> Result<()> {
    if can.project_id() != snapshot.project_id {
        return Err(Error::Internal(format!(
            "a right in project {} was used in {}",
            can.project_id(),
            snapshot.project_id
        )));
    }
    let doer = Doer::oneself(can.user_id(), can.username());
    let mut tx = db.begin().await?;
    let now = locked(&mut tx, snapshot).await?;
    if now.is_published() {
        return Err(Error::Conflict("These outputs are published already.".to_owned()));
    }
    all_there(&mut tx, &now).await?;
    if !ask(&mut tx, &doer, now.id, now.workspace_id).await? {
        return Err(Error::Conflict("These outputs wait for a decision already.".to_owned()));
    }
    Ok(tx.commit().await?)
}

/// The files that a snapshot is to have, sorted, each once.
async fn chosen(conn: &mut PgConnection, workspace_id: i32, file_ids: &[String]) -> Result<Vec<String>> {
    let mut asked: Vec<String> = file_ids.to_vec();
    asked.sort_unstable();
    asked.dedup();
    let storable: Vec<String> = asked.iter().filter(|id| !id.contains('\0')).cloned().collect();
    let found = store::asked_files(conn, &storable).await?;
    let unknown: Vec<&str> = asked
        .iter()
        .filter(|id| !found.iter().any(|file| file.id == **id))
        .map(String::as_str)
        .collect();
    if !unknown.is_empty() {
        return Err(Error::Conflict(format!("Unknown file IDs: {}", unknown.join(", "))));
    }
    if found.iter().any(|file| file.workspace_id != workspace_id) {
        return Err(Error::Conflict("All files must belong to this workspace".to_owned()));
    }
    let are_deleted = found.iter().all(|file| file.is_deleted);
    let files: Vec<String> = found
        .into_iter()
        .filter(|file| !file.is_deleted && file.is_uploaded)
        .map(|file| file.id)
        .collect();
    if files.is_empty() {
        let why = match (asked.is_empty(), are_deleted) {
            (true, _) => "Choose at least one file",
            (_, true) => "All of these files were deleted",
            _ => "None of these files has been uploaded yet",
        };
        return Err(Error::Conflict(why.to_owned()));
    }
    Ok(files)
}

/// What arrived after a decision would be public without one, and of nothing there is nothing to see.
async fn all_there(conn: &mut PgConnection, snapshot: &Snapshot) -> Result<()> {
    let files = store::tally(conn, snapshot.id).await?;
    if files.awaited > 0 {
        return Err(Error::Conflict(
            "A file of this snapshot has not been uploaded yet, so nobody can have looked at it".to_owned(),
        ));
    }
    if files.there == 0 {
        return Err(Error::Conflict("All of these files were withdrawn.".to_owned()));
    }
    Ok(())
}

/// By what the same set of files is found again. `files` are sorted.
fn fileset_hash(files: &[String]) -> Vec<u8> {
    let mut hasher = Sha256::new();
    for id in files {
        hasher.update(id.as_bytes());
        hasher.update(b"\n");
    }
    hasher.finalize().to_vec()
}

/// Publishes a snapshot, as clients ask for it: what is public stays as it is; else the request that waits is
/// approved, or one that was rejected is asked and approved anew. Audited.
///
/// # Errors
/// `Conflict` when nobody ever asked for it to be published.
pub async fn publish_snapshot(db: &Db, can: &Can<PublishSnapshots>, snapshot: &Snapshot) -> Result<()> {
    can.covers(snapshot.project_id)?;
    let doer = Doer::of(can);
    let mut tx = db.begin().await?;
    let now = locked(&mut tx, snapshot).await?;
    if now.is_published() {
        return Ok(());
    }
    all_there(&mut tx, &now).await?;
    match now.pending_request {
        Some(request) => {
            store::decide(&mut tx, request, Decision::Approved, can.user_id()).await?;
        }
        None if store::was_asked(&mut tx, now.id).await? => {
            store::insert_request(
                &mut tx,
                now.id,
                now.workspace_id,
                can.user_id(),
                Some(Decision::Approved),
            )
            .await?;
        }
        None => {
            return Err(Error::Conflict(
                "Nobody has asked for this snapshot to be published".to_owned(),
            ));
        }
    }
    decided(&mut tx, &doer, &now, "snapshot_published").await?;
    Ok(tx.commit().await?)
}

/// Decides the request of a snapshot that waits. Audited.
///
/// # Errors
/// `Conflict` when none waits: somebody else decided it.
pub async fn decide_snapshot(
    db: &Db,
    can: &Can<PublishSnapshots>,
    snapshot: &Snapshot,
    decision: Decision,
) -> Result<()> {
    can.covers(snapshot.project_id)?;
    let doer = Doer::of(can);
    let mut tx = db.begin().await?;
    let now = locked(&mut tx, snapshot).await?;
    if decision == Decision::Approved {
        all_there(&mut tx, &now).await?;
    }
    let is_decided = match now.pending_request {
        Some(request) => store::decide(&mut tx, request, decision, can.user_id()).await?,
        None => false,
    };
    if !is_decided {
        return Err(Error::Conflict(
            "Somebody else has decided this request in the meantime.".to_owned(),
        ));
    }
    let kind = match decision {
        Decision::Approved => "snapshot_published",
        Decision::Rejected => "publish_request_rejected",
    };
    decided(&mut tx, &doer, &now, kind).await?;
    Ok(tx.commit().await?)
}

/// Takes a public snapshot back: its files are no longer public from the commit on. Audited.
///
/// # Errors
/// `Conflict` when it is not public.
pub async fn withdraw_snapshot(db: &Db, can: &Can<PublishSnapshots>, snapshot: &Snapshot) -> Result<()> {
    can.covers(snapshot.project_id)?;
    withdraw(db, &Doer::of(can), snapshot).await
}

/// As [`withdraw_snapshot`], for an operator at a command line, in somebody's name.
///
/// # Errors
/// As [`withdraw_snapshot`].
pub async fn withdraw_snapshot_as_operator(
    db: &Db,
    operator: &Operator,
    user: &User,
    snapshot: &Snapshot,
) -> Result<()> {
    withdraw(db, &Doer::operator(operator, user), snapshot).await
}

async fn withdraw(db: &Db, doer: &Doer, snapshot: &Snapshot) -> Result<()> {
    let mut tx = db.begin().await?;
    let now = locked(&mut tx, snapshot).await?;
    if !now.is_published() {
        return Err(Error::Conflict("This snapshot is not published.".to_owned()));
    }
    // A decision of its own, so that the approval before it stays in the history. A request that waits is about the same
    // files, and would be older than a new one: its approval would publish nothing.
    match now.pending_request {
        Some(request) => {
            store::decide(&mut tx, request, Decision::Rejected, doer.user_id).await?;
        }
        None => {
            store::insert_request(
                &mut tx,
                now.id,
                now.workspace_id,
                doer.user_id,
                Some(Decision::Rejected),
            )
            .await?;
        }
    }
    decided(&mut tx, doer, &now, "snapshot_withdrawn").await?;
    Ok(tx.commit().await?)
}

/// Takes files out of a snapshot that is not public. Audited.
///
/// # Errors
/// `Conflict` when it is public, has no file of one of these names, would have none left, or would be the same as
/// another; nothing is changed then.
pub async fn remove_from_snapshot(
    db: &Db,
    operator: &Operator,
    snapshot: &Snapshot,
    file_names: &[String],
) -> Result<usize> {
    let mut tx = db.begin().await?;
    let now = locked(&mut tx, snapshot).await?;
    if now.is_published() {
        return Err(Error::Conflict(format!(
            "Snapshot {} is published; withdraw it first.",
            now.id
        )));
    }
    let files = files_of_snapshot(&mut tx, now.id).await?;
    let unknown: Vec<&str> = file_names
        .iter()
        .filter(|name| !files.iter().any(|file| file.name == **name))
        .map(String::as_str)
        .collect();
    if !unknown.is_empty() {
        return Err(Error::Conflict(format!(
            "Snapshot {} has no file {}.",
            now.id,
            unknown.join(", ")
        )));
    }
    let (removed, mut left): (Vec<_>, Vec<_>) = files.into_iter().partition(|file| file_names.contains(&file.name));
    if left.is_empty() {
        return Err(Error::Conflict(format!("Snapshot {} would have no file left.", now.id)));
    }
    left.sort_by(|a, b| a.id.cmp(&b.id));
    let left: Vec<String> = left.into_iter().map(|file| file.id).collect();
    let hash = fileset_hash(&left);
    if let Some((same, _)) = store::same_snapshot(&mut tx, now.workspace_id, &hash).await? {
        return Err(Error::Conflict(format!(
            "Snapshot {same} has exactly the files that would be left."
        )));
    }
    let ids: Vec<String> = removed.iter().map(|file| file.id.clone()).collect();
    store::remove_files(&mut tx, now.id, &ids, &hash).await?;
    let by = By::from(operator);
    let mut names: Vec<&str> = removed.iter().map(|file| file.name.as_str()).collect();
    names.sort_unstable();
    let event = Event::new("snapshot_files_removed", &by, Subject::snapshot(now.id))
        .change("files", names.join(", "), "")
        .within(Subject::workspace(now.workspace_id));
    audit::record(&mut tx, &event).await?;
    tx.commit().await?;
    Ok(removed.len())
}

/// The snapshot as it is now that nobody else can decide it.
async fn locked(conn: &mut PgConnection, snapshot: &Snapshot) -> Result<Snapshot> {
    store::lock_workspace(conn, snapshot.workspace_id).await?;
    store::snapshot(conn, snapshot.workspace_id, snapshot.id)
        .await?
        .ok_or(Error::NotFound("Snapshot"))
}

async fn decided(conn: &mut PgConnection, doer: &Doer, snapshot: &Snapshot, kind: &'static str) -> Result<()> {
    audit::record(conn, &doer.event(kind, snapshot.id, snapshot.workspace_id)).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_differ_where_their_ids_do() {
        let of = |ids: &[&str]| fileset_hash(&ids.iter().map(|id| (*id).to_owned()).collect::<Vec<_>>());
        assert_eq!(of(&["a", "b"]), of(&["a", "b"]));
        assert_ne!(of(&["a", "b"]), of(&["ab"]));
        assert_ne!(of(&["a", "b"]), of(&["a"]));
    }
}
