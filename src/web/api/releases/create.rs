//! `POST releases/workspace/<workspace>`: a backend announces files.

use rocket::http::Status;
use rocket::{Data, post};
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use super::body::{self, Refusal};
use crate::core::access::{Can, UploadReleases};
use crate::core::error::Error;
use crate::core::jobs::backends::KnownBackend;
use crate::core::releases::actions::create_release;
use crate::core::releases::store::uploads::{self, Place};
use crate::web::App;
use crate::web::api::answer::Answer;
use crate::web::api::body::Body;
use crate::web::api::csrf::NotForged;
use crate::web::api::fields::NoObject;
use crate::web::api::negotiation::AsksForJson;
use crate::web::api::openapi::{self, Detail};
use crate::web::api::pagination::origin;
use crate::web::database::Database;
use crate::web::guards::Uploader;
use crate::web::limits;
use crate::web::responders::{Failure, Outcome};

/// A release that is there.
#[derive(Serialize, ToSchema)]
#[schema(as = ReleaseMade)]
pub struct Made<'a> {
    release_id: &'a str,
    /// Of its page.
    release_url: String,
}

/// Announce the files of a release
///
/// Their contents follow one by one. With an `airlock_id` in `metadata` the call may be repeated: the same files, by
/// name and hash, make no second release.
#[utoipa::path(
    tag = "Releases",
    path = "/api/v2/releases/workspace/{workspace}",
    params(
        ("workspace" = String, Path, description = "Name of the workspace"),
        ("OS-User" = String, Header, description = "Username of whoever releases"),
    ),
    security(("backend_token" = [])),
    request_body(content = openapi::ReleaseAnnounced, description = "The release.", example = json!(openapi::release_announced())),
    responses(
        (status = 201, body = Made<'static>, description = "It is there; the header `Release-Id` has its id.",
         example = json!({"release_id": "01JDB8Q5ZCY5V0Q7M1M9N0A1B2",
                          "release_url": "https://jobs.example.org/proj-1/ws-1/releases/01JDB8Q5ZCY5V0Q7M1M9N0A1B2/"})),
        (status = 400, description = "Faults by field, or a detail.",
         example = json!({"detail": "This version of 'output/a.txt' has already been uploaded from backend 'tpp'"})),
        (status = 403, body = Detail, description = "No token, or nobody who may release from this backend.",
         example = json!({"detail": "Authentication credentials were not provided."})),
        (status = 404, body = Detail, description = "No such workspace.",
         example = json!({"detail": "No Workspace matches the given query."})),
    )
)]
#[post("/api/v2/releases/workspace/<workspace>", data = "<data>")]
pub async fn create<'r>(
    _json: AsksForJson,
    _session: NotForged,
    workspace: &str,
    uploader: Uploader<'r>,
    app: &rocket::State<App>,
    db: &Database,
    data: Data<'r>,
) -> Outcome<Answer> {
    let (place, backend, can) = match let_in(&uploader, db, workspace).await {
        Ok(proven) => proven,
        Err(refused) => {
            limits::unwanted(data).await;
            return Err(refused);
        }
    };
    let body = match Body::read(uploader.request(), data).await {
        Ok(body) => body.into_object(&["files"]),
        Err(unread) => return Ok(Answer::detail(unread.status, &unread.why)),
    };
    let new = match body::read(&body, app.settings.releases.file_size_limit) {
        Ok(body) => body.into_release(),
        Err(refusal) => return refusal.into_answer(),
    };
    let new = match new {
        Ok(new) => new,
        Err(why) => return Ok(Answer::detail(Status::BadRequest, &why)),
    };
    let channel = &app.settings.slack.channels.releases;
    let created = match create_release(db, &can, &backend, &place, &new, channel).await {
        Ok(created) => created,
        Err(Error::Conflict(why)) => return Ok(Answer::detail(Status::BadRequest, &why)),
        Err(error) => return Err(error.into()),
    };
    let origin = origin(uploader.request(), Some(app));
    let made = Made {
        release_url: format!(
            "{origin}/{}/{}/releases/{}/",
            place.project_slug, place.workspace, created.id
        ),
        release_id: &created.id,
    };
    Ok(Answer::json(Status::Created, &made)?.with("Release-Id", created.id.clone()))
}

/// Where a release is made, and the proof that whoever announces it may.
async fn let_in(
    uploader: &Uploader<'_>,
    db: &Database,
    workspace: &str,
) -> Outcome<(Place, KnownBackend, Can<UploadReleases>)> {
    let place = uploads::place(&mut *db.read().await?, workspace)
        .await?
        .ok_or(Failure::not_found("Workspace"))?;
    let (backend, can) = uploader.of_project(place.project_id).await?;
    Ok((place, backend, can))
}

impl Refusal {
    pub(super) fn into_answer(self) -> Outcome<Answer> {
        match self {
            Self::NoObject(error @ NoObject::Syntax(_)) => Ok(Answer::detail(Status::BadRequest, &error.message())),
            Self::NoObject(error) => {
                Answer::json(Status::BadRequest, &json!({ "non_field_errors": [error.message()] }))
            }
            Self::Faults(fault) => Answer::json(Status::BadRequest, &fault),
        }
    }
}
