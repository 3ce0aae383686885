//! `GET releases/workspace/<workspace>`, `releases/release/<release>` and `releases/file/<file>`.

use rocket::get;
use rocket::http::Status;
use rocket::response::Responder;
use rocket::{Request, response};
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use crate::core::releases::ReleaseFile;
use crate::core::releases::store::{files as store, release as find_release, uploads};
use crate::web::App;
use crate::web::api::answer::Answer;
use crate::web::api::dates::UtcWithOffset;
use crate::web::api::negotiation::AsksForJson;
use crate::web::api::openapi::{self, Detail};
use crate::web::database::Database;
use crate::web::files::{Audience, FileAnswer};
use crate::web::guards::ReleaseReader;
use crate::web::responders::{Failure, Outcome};

/// A list of released files.
#[derive(Serialize, ToSchema)]
#[schema(as = ReleasedFiles)]
pub struct FilesBody<'a> {
    files: Vec<FileBody<'a>>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = ReleasedFile)]
pub struct FileBody<'a> {
    /// Its path as researchers know it; in the list of a workspace, the backend's slug stands before it.
    #[schema(value_type = String)]
    name: std::borrow::Cow<'a, str>,
    id: &'a str,
    /// Where its content is.
    url: String,
    /// Username of whoever released it.
    user: &'a str,
    #[schema(value_type = String)]
    date: UtcWithOffset,
    sha256: &'a str,
    /// In bytes.
    size: i64,
    is_deleted: bool,
    /// The backend's name.
    backend: &'a str,
    #[schema(value_type = Option<serde_json::Value>)]
    metadata: Option<&'a RawValue>,
    /// Always null.
    #[schema(value_type = Option<String>)]
    review: (),
}

impl<'a> FileBody<'a> {
    fn of(file: &'a ReleaseFile, url: String) -> Self {
        Self {
            name: file.name.as_str().into(),
            id: &file.id,
            url,
            user: &file.created_by,
            date: UtcWithOffset(file.created_at),
            sha256: &file.filehash,
            size: file.size,
            is_deleted: file.is_deleted(),
            backend: &file.backend_name,
            metadata: file.metadata.as_deref(),
            review: (),
        }
    }
}

/// Where a file's content is for those who may read releases.
pub fn file_url(file_id: &str) -> String {
    format!("/api/v2/releases/file/{file_id}")
}

/// The list that the viewer and bots read.
///
/// # Errors
/// When it is no JSON.
pub fn list(files: &[ReleaseFile], url: impl Fn(&ReleaseFile) -> String) -> Outcome<Answer> {
    let files = files.iter().map(|file| FileBody::of(file, url(file))).collect();
    Answer::json(Status::Ok, &FilesBody { files })
}

/// The latest outputs of a workspace
///
/// Of each backend and name the file of the newest release, also when it was deleted or has not arrived.
#[utoipa::path(
    tag = "Releases",
    path = "/api/v2/releases/workspace/{workspace}",
    params(("workspace" = String, Path, description = "Name of the workspace")),
    security(("personal_token" = []), ("session" = [])),
    responses(
        (status = 200, body = FilesBody<'static>, description = "The files, by name.", example = json!(openapi::released_files())),
        (status = 403, body = Detail, description = "Nobody who may read them.",
         example = json!({"detail": "Invalid user or token"})),
        (status = 404, body = Detail, description = "No such workspace.",
         example = json!({"detail": "No Workspace matches the given query."})),
    )
)]
#[get("/api/v2/releases/workspace/<workspace>")]
pub async fn latest(_json: AsksForJson, workspace: &str, reader: ReleaseReader<'_>, db: &Database) -> Outcome<Answer> {
    let place = uploads::place(&mut *db.read().await?, workspace)
        .await?
        .ok_or(Failure::not_found("Workspace"))?;
    reader.of_workspace(&place.workspace, place.project_id).await?;
    let files = store::latest_files(&mut *db.read().await?, place.workspace_id).await?;
    let bodies = files
        .iter()
        .map(|file| FileBody {
            name: format!("{}/{}", file.backend_slug, file.name).into(),
            ..FileBody::of(file, file_url(&file.id))
        })
        .collect();
    Answer::json(Status::Ok, &FilesBody { files: bodies })
}

/// The files of a release
#[utoipa::path(
    tag = "Releases",
    path = "/api/v2/releases/release/{release}",
    params(("release" = String, Path, description = "Id of the release")),
    security(("personal_token" = []), ("session" = [])),
    responses(
        (status = 200, body = FilesBody<'static>, description = "The files, by name.", example = json!(openapi::released_files())),
        (status = 403, body = Detail, description = "Nobody who may read them.",
         example = json!({"detail": "Invalid user or token for workspace ws-1"})),
        (status = 404, body = Detail, description = "No such release.",
         example = json!({"detail": "No Release matches the given query."})),
    )
)]
#[get("/api/v2/releases/release/<release>")]
pub async fn of_release(
    _json: AsksForJson,
    release: &str,
    reader: ReleaseReader<'_>,
    db: &Database,
) -> Outcome<Answer> {
    let release = find_release(&mut *db.read().await?, release)
        .await?
        .ok_or(Failure::not_found("Release"))?;
    reader.of_workspace(&release.workspace, release.project_id).await?;
    let files = store::files_of_release(&mut *db.read().await?, &release.id).await?;
    list(&files, |file| file_url(&file.id))
}

/// What a file is answered with: its content, or that there is none yet.
pub enum FileOr {
    File(Box<FileAnswer>),
    NotYet(Answer),
}

impl<'r> Responder<'r, 'static> for FileOr {
    fn respond_to(self, request: &'r Request<'_>) -> response::Result<'static> {
        match self {
            Self::File(file) => file.respond_to(request),
            Self::NotYet(answer) => answer.respond_to(request),
        }
    }
}

/// The content of a file
///
/// A file that has not arrived is answered with the JSON text `"File not yet uploaded"`. A proxy of the site's own
/// that sends `Releases-Redirect` is told by `X-Accel-Redirect` which file to serve.
#[utoipa::path(
    tag = "Releases",
    path = "/api/v2/releases/file/{file}",
    params(("file" = String, Path, description = "Id of the file")),
    security(("personal_token" = []), ("session" = [])),
    responses(
        (status = 200, description = "The content, of the type that its name says.", content_type = "application/octet-stream"),
        (status = 403, body = Detail, description = "Nobody who may read it.",
         example = json!({"detail": "Invalid user or token"})),
        (status = 404, body = Detail, description = "No such file, or it was deleted.",
         example = json!({"detail": "No ReleaseFile matches the given query."})),
    )
)]
#[get("/api/v2/releases/file/<file>")]
pub async fn content(
    _json: AsksForJson,
    file: &str,
    reader: ReleaseReader<'_>,
    app: &rocket::State<App>,
    db: &Database,
) -> Outcome<FileOr> {
    let found = store::file(&mut *db.read().await?, file)
        .await?
        .filter(|found| !found.file.is_deleted())
        .ok_or(Failure::not_found("ReleaseFile"))?;
    reader.of_workspace(&found.workspace, found.project_id).await?;
    if found.file.uploaded_at.is_none() {
        let text = Answer::bytes(Status::Ok, "\"File not yet uploaded\"");
        return Ok(FileOr::NotYet(text));
    }
    let answer = FileAnswer::of(reader.request(), app, &found.file, Audience::LetIn).await?;
    Ok(FileOr::File(Box::new(answer)))
}
