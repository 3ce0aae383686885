//! `workspaces/<name>/snapshots`: choosing released files to be published, looking at them, publishing them.

use rocket::http::Status;
use rocket::{Data, get, post};
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use super::files::{FilesBody, file_url, list};
use crate::core::access::{CreateSnapshots, PublishSnapshots};
use crate::core::error::Error;
use crate::core::releases::actions::{prepare_snapshot, publish_snapshot};
use crate::core::releases::store::{files, publishing, uploads};
use crate::core::releases::{ReleaseFile, Snapshot};
use crate::web::api::answer::Answer;
use crate::web::api::body::Body;
use crate::web::api::csrf::NotForged;
use crate::web::api::fields::{self, NoObject, REQUIRED};
use crate::web::api::negotiation::AsksForJson;
use crate::web::api::openapi::{self, Detail};
use crate::web::database::Database;
use crate::web::guards::{ReleaseReader, session_can};
use crate::web::responders::{Failure, Outcome};

/// A snapshot that is there.
#[derive(Serialize, ToSchema)]
#[schema(as = SnapshotMade)]
pub struct Made {
    /// The path of its page.
    url: String,
}

/// Choose files to be published
///
/// The same files make the same snapshot; what is public or waits for a decision stays as it is.
#[utoipa::path(
    tag = "Releases",
    path = "/api/v2/workspaces/{name}/snapshots",
    params(("name" = String, Path, description = "Name of the workspace")),
    security(("session" = [])),
    request_body(content = openapi::SnapshotFiles, description = "The files.", example = json!({"file_ids": ["01JDB8Q5ZCY5V0Q7M1M9N0A1B2"]})),
    responses(
        (status = 201, body = Made, description = "It is there.", example = json!({"url": "/proj-1/ws-1/outputs/7/"})),
        (status = 400, description = "Faults by field, or a detail.", example = json!({"detail": "Unknown file IDs: a, b"})),
        (status = 403, body = Detail, description = "Nobody who may.",
         example = json!({"detail": "Authentication credentials were not provided."})),
        (status = 404, body = Detail, description = "No such workspace.",
         example = json!({"detail": "No Workspace matches the given query."})),
    )
)]
#[post("/api/v2/workspaces/<name>/snapshots", data = "<data>")]
pub async fn create<'r>(
    _json: AsksForJson,
    _session: NotForged,
    name: &str,
    reader: ReleaseReader<'r>,
    db: &Database,
    data: Data<'r>,
) -> Outcome<Answer> {
    let place = uploads::place(&mut *db.read().await?, name)
        .await?
        .ok_or(Failure::not_found("Workspace"))?;
    // Clients are told what is wrong with the body first.
    let body = match Body::read(reader.request(), data).await {
        Ok(body) => body.into_object(&["file_ids"]),
        Err(unread) => return Ok(Answer::detail(unread.status, &unread.why)),
    };
    let file_ids = match file_ids(&body)? {
        Ok(file_ids) => file_ids,
        Err(refusal) => return Ok(refusal),
    };
    let can = session_can::<CreateSnapshots>(reader.request(), place.project_id).await?;
    match prepare_snapshot(db, &can, place.workspace_id, place.project_id, &file_ids).await {
        Ok(prepared) => {
            let (project, workspace, id) = (&place.project_slug, &place.workspace, prepared.snapshot_id);
            let url = format!("/{project}/{workspace}/outputs/{id}/");
            Answer::json(Status::Created, &Made { url })
        }
        Err(Error::Conflict(why)) => Ok(Answer::detail(Status::BadRequest, &why)),
        Err(error) => Err(error.into()),
    }
}

fn file_ids(body: &[u8]) -> Outcome<Result<Vec<String>, Answer>> {
    let fields = match fields::object(body) {
        Ok(fields) => fields,
        Err(error @ NoObject::Syntax(_)) => {
            return Ok(Err(Answer::detail(Status::BadRequest, &error.message())));
        }
        Err(error) => {
            let refusal = json!({ "non_field_errors": [error.message()] });
            return Answer::json(Status::BadRequest, &refusal).map(Err);
        }
    };
    let Some(raw) = fields.raw("file_ids") else {
        return Answer::json(Status::BadRequest, &json!({ "file_ids": [REQUIRED] })).map(Err);
    };
    match fields::texts(raw) {
        Ok(file_ids) => Ok(Ok(file_ids)),
        Err(faults) => Answer::json(Status::BadRequest, &json!({ "file_ids": faults })).map(Err),
    }
}

async fn found(db: &Database, name: &str, id: i32) -> Outcome<Snapshot> {
    let mut conn = db.read().await?;
    let place = uploads::place(&mut conn, name)
        .await?
        .ok_or(Failure::not_found("Snapshot"))?;
    let snapshot = publishing::snapshot(&mut conn, place.workspace_id, id).await?;
    snapshot.ok_or(Failure::not_found("Snapshot"))
}

/// The files of a snapshot
///
/// A published one is for everybody, and so are its files.
#[utoipa::path(
    tag = "Releases",
    path = "/api/v2/workspaces/{name}/snapshots/{id}",
    params(
        ("name" = String, Path, description = "Name of the workspace"),
        ("id" = i32, Path, description = "Number of the snapshot"),
    ),
    security((), ("session" = [])),
    responses(
        (status = 200, body = FilesBody<'static>, description = "The files, by name.", example = json!(openapi::released_files())),
        (status = 403, body = Detail, description = "It is not public.",
         example = json!({"detail": "Invalid user or token for snapshot pk=7"})),
        (status = 404, body = Detail, description = "No such snapshot in this workspace.",
         example = json!({"detail": "No Snapshot matches the given query."})),
    )
)]
#[get("/api/v2/workspaces/<name>/snapshots/<id>")]
pub async fn snapshot(
    _json: AsksForJson,
    name: &str,
    id: i32,
    reader: ReleaseReader<'_>,
    db: &Database,
) -> Outcome<Answer> {
    let snapshot = found(db, name, id).await?;
    if !snapshot.is_published() {
        reader.of_draft(snapshot.id, snapshot.project_id).await?;
    }
    let mut files = files::files_of_snapshot(&mut *db.read().await?, snapshot.id).await?;
    // What was withdrawn before it was public stays with those who may see what is not.
    let never_public = |file: &ReleaseFile| file.was_gone_before(snapshot.published_at);
    if files.iter().any(never_public) && !reader.sees_drafts(snapshot.project_id).await? {
        files.retain(|file| !never_public(file));
    }
    let (project, workspace) = (&snapshot.project_slug, &snapshot.workspace);
    list(&files, |file| match snapshot.is_published() {
        true => format!("/{project}/{workspace}/published/{}/", file.id),
        false => file_url(&file.id),
    })
}

/// Publish a snapshot
///
/// The body is not looked at. One that is public stays as it is.
#[utoipa::path(
    tag = "Releases",
    path = "/api/v2/workspaces/{name}/snapshots/{id}/publish",
    params(
        ("name" = String, Path, description = "Name of the workspace"),
        ("id" = i32, Path, description = "Number of the snapshot"),
    ),
    security(("session" = [])),
    responses(
        (status = 200, description = "It is public."),
        (status = 403, body = Detail, description = "Nobody who may.",
         example = json!({"detail": "Authentication credentials were not provided."})),
        (status = 404, body = Detail, description = "No such snapshot in this workspace.",
         example = json!({"detail": "No Snapshot matches the given query."})),
        (status = 409, body = Detail,
         description = "Nobody asked for it to be published, or one of its files has not arrived. Nothing is changed.",
         example = json!({"detail": "Nobody has asked for this snapshot to be published"})),
    )
)]
#[post("/api/v2/workspaces/<name>/snapshots/<id>/publish")]
pub async fn publish(
    _json: AsksForJson,
    _session: NotForged,
    name: &str,
    id: i32,
    reader: ReleaseReader<'_>,
    db: &Database,
) -> Outcome<Answer> {
    let snapshot = found(db, name, id).await?;
    let can = session_can::<PublishSnapshots>(reader.request(), snapshot.project_id).await?;
    publish_snapshot(db, &can, &snapshot).await?;
    Ok(Answer::empty(Status::Ok))
}
