//! `POST releases/release/<release>/reviews`: what was decided of a release and its files.

use rocket::http::Status;
use rocket::{Data, post};
use serde_json::Value;

use super::body;
use crate::core::access::{Can, UploadReleases};
use crate::core::error::Error;
use crate::core::jobs::backends::KnownBackend;
use crate::core::releases::Release;
use crate::core::releases::actions::{Refused, review_release};
use crate::core::releases::store::release as find_release;
use crate::web::App;
use crate::web::api::answer::Answer;
use crate::web::api::body::Body;
use crate::web::api::csrf::NotForged;
use crate::web::api::negotiation::AsksForJson;
use crate::web::api::openapi::{self, Detail};
use crate::web::database::Database;
use crate::web::guards::Uploader;
use crate::web::limits;
use crate::web::responders::{Failure, Outcome};

/// Review a release
///
/// By a backend's token and the user that it names, or by somebody's session. All of it is kept, or nothing.
#[utoipa::path(
    tag = "Releases",
    path = "/api/v2/releases/release/{release}/reviews",
    params(
        ("release" = String, Path, description = "Id of the release"),
        ("OS-User" = Option<String>, Header, description = "Username of whoever reviews, with a backend's token"),
    ),
    security(("backend_token" = []), ("session" = [])),
    request_body(content = openapi::ReleaseAnnounced, description = "As it was announced, with a review of each file.",
                 example = json!(openapi::release_announced())),
    responses(
        (status = 200, description = "Kept."),
        (status = 400, description = "Faults by field, or a detail.",
         example = json!({"detail": "Unknown file output/b.txt"})),
        (status = 403, body = Detail, description = "Nobody who may.",
         example = json!({"detail": "Authentication credentials were not provided."})),
        (status = 404, body = Detail, description = "No such release.",
         example = json!({"detail": "No Release matches the given query."})),
    )
)]
#[post("/api/v2/releases/release/<release>/reviews", data = "<data>")]
pub async fn review<'r>(
    _json: AsksForJson,
    _session: NotForged,
    release: &str,
    uploader: Uploader<'r>,
    app: &rocket::State<App>,
    db: &Database,
    data: Data<'r>,
) -> Outcome<Answer> {
    let (release, backend, can) = match let_in(&uploader, db, release).await {
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
    let body = match body::read(&body, app.settings.releases.file_size_limit) {
        Ok(body) => body,
        Err(refusal) => return refusal.into_answer(),
    };
    if let Some(refused) = backend.and_then(|backend| Refused::of_backend(&backend, &release)) {
        return Ok(Answer::detail(Status::BadRequest, &refused.sentence()));
    }
    let review = Some(&body.review).filter(|review| **review != Value::Null);
    match review_release(db, &can, &release, review, &body.reviews()).await {
        Ok(()) => Ok(Answer::empty(Status::Ok)),
        Err(Error::Conflict(why)) => Ok(Answer::detail(Status::BadRequest, &why)),
        Err(error) => Err(error.into()),
    }
}

/// What is reviewed, and the proof that whoever does may.
async fn let_in(
    uploader: &Uploader<'_>,
    db: &Database,
    release: &str,
) -> Outcome<(Release, Option<KnownBackend>, Can<UploadReleases>)> {
    let release = find_release(&mut *db.read().await?, release)
        .await?
        .ok_or(Failure::not_found("Release"))?;
    let (backend, can) = uploader.of_project_or_session(release.project_id).await?;
    Ok((release, backend, can))
}
