//! `POST /api/v2/release-notifications/`: somebody released files the old way, by a commit.

use rocket::http::Status;
use rocket::post;
use serde::{Serialize, Serializer};
use serde_json::json;
use utoipa::ToSchema;

use super::answer::Answer;
use super::body::Body;
use super::csrf::NotForged;
use super::fields::{self, Faults, ListFaults, NoObject, Rule};
use super::negotiation::AsksForJson;
use super::openapi::{self, Detail};
use crate::core::releases::actions::{ReleaseNotice, announce_release};
use crate::web::App;
use crate::web::database::Database;
use crate::web::guards::BackendAuth;
use crate::web::responders::Outcome;

/// A release, as it was told.
#[derive(Serialize, ToSchema)]
#[schema(as = ReleaseNotification)]
pub struct Echo<'a> {
    /// Who released.
    created_by: &'a str,
    path: &'a str,
    /// Names of the files; may be left out.
    files: Option<&'a [String]>,
}

/// Announce a release made by a commit
///
/// The Slack channel for releases is told.
#[utoipa::path(
    tag = "Releases",
    path = "/api/v2/release-notifications/",
    security(("backend_token" = [])),
    request_body(content = Echo<'static>, description = "The release.",
                 example = json!(openapi::release_notification())),
    responses(
        (status = 201, body = Echo<'static>, description = "What was understood.",
         example = json!(openapi::release_notification())),
        (status = 400, description = "Faults by field, or of the whole.",
         example = json!({"path": ["This field is required."]})),
        (status = 403, body = Detail, description = "No token, or one that is not known.",
         example = json!({"detail": "Authorization header is missing"})),
        (status = 413, body = Detail, description = "More than 32 MiB."),
        (status = 415, body = Detail, description = "Neither JSON nor a form.",
         example = json!({"detail": "Unsupported media type \"text/plain\" in request."})),
    )
)]
#[post("/api/v2/release-notifications", data = "<body>")]
pub async fn announce(
    _json: AsksForJson,
    backend: BackendAuth,
    _session: NotForged,
    app: &rocket::State<App>,
    db: &Database,
    body: Body,
) -> Outcome<Answer> {
    let BackendAuth(backend) = backend;
    let notice = match read(&body.into_object(&["files"])) {
        Ok(notice) => notice,
        Err(refusal) => return refusal.into_answer(),
    };
    announce_release(db, &backend, &notice, &app.settings.slack.channels.releases).await?;
    Answer::json(
        Status::Created,
        &Echo {
            created_by: &notice.created_by,
            path: &notice.path,
            files: notice.files.as_deref(),
        },
    )
}

/// Why nothing was announced.
#[derive(Debug)]
enum Refusal {
    NoObject(NoObject),
    Fields(Faults, Option<ListFaults>),
}

/// Faults in the order of the fields.
struct InOrder<'a>(&'a Faults, Option<&'a ListFaults>);

impl Serialize for InOrder<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeMap;
        let mut map = serializer.serialize_map(None)?;
        for (name, faults) in self.0 {
            map.serialize_entry(name, faults)?;
        }
        if let Some(files) = self.1 {
            map.serialize_entry("files", files)?;
        }
        map.end()
    }
}

impl Refusal {
    fn into_answer(self) -> Outcome<Answer> {
        match &self {
            Self::NoObject(error @ NoObject::Syntax(_)) => Ok(Answer::detail(Status::BadRequest, &error.message())),
            Self::NoObject(error) => {
                Answer::json(Status::BadRequest, &json!({ "non_field_errors": [error.message()] }))
            }
            Self::Fields(faults, files) => Answer::json(Status::BadRequest, &InOrder(faults, files.as_ref())),
        }
    }
}

fn read(body: &[u8]) -> Result<ReleaseNotice, Refusal> {
    let mut fields = fields::object(body).map_err(Refusal::NoObject)?;
    let created_by = fields.text("created_by", Rule::FILLED).unwrap_or_default();
    let path = fields.text("path", Rule::FILLED).unwrap_or_default();
    let files = fields.raw("files").map(fields::texts).transpose();
    match (fields.end(), files) {
        (Ok(()), Ok(files)) => Ok(ReleaseNotice {
            created_by,
            path,
            files,
        }),
        (faults, files) => Err(Refusal::Fields(faults.err().unwrap_or_default(), files.err())),
    }
}
