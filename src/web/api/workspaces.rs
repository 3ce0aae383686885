//! What anybody may ask of a workspace: `statuses/` and `status`.

use std::collections::BTreeMap;

use rocket::get;
use rocket::http::Status;
use serde::Serialize;
use utoipa::ToSchema;

use super::answer::Answer;
use super::negotiation::AsksForJson;
use super::openapi::Detail;
use crate::core::jobs::polling;
use crate::core::workspaces::store as workspaces;
use crate::web::database::Database;
use crate::web::responders::{Failure, Outcome};

/// Status of each action's newest job
///
/// An object of actions and statuses; `__error__` stands for job requests that no jobs could be made of.
#[utoipa::path(
    tag = "People and workspaces",
    path = "/api/v2/workspaces/{name}/statuses/",
    params(
        ("name" = String, Path, description = "Name of the workspace"),
        ("backend" = Option<String>, Query, description = "Slug of a backend; jobs of others are left out"),
    ),
    responses(
        (status = 200, body = BTreeMap<String, String>, description = "Statuses by action.",
         example = json!({"generate_dataset": "succeeded", "make_charts": "failed"})),
        (status = 404, description = "No such workspace; an empty body."),
    )
)]
#[get("/api/v2/workspaces/<name>/statuses?<backend>")]
pub async fn action_statuses(_json: AsksForJson, name: &str, backend: Option<&str>, db: &Database) -> Outcome<Answer> {
    let backend = backend.filter(|slug| !slug.is_empty());
    if name.contains('\0') || backend.is_some_and(|slug| slug.contains('\0')) {
        return Ok(Answer::empty(Status::NotFound));
    }
    let statuses = polling::action_statuses(&mut *db.read().await?, name, backend).await?;
    match statuses {
        Some(statuses) => Answer::json(Status::Ok, &BTreeMap::from_iter(statuses)),
        None => Ok(Answer::empty(Status::NotFound)),
    }
}

#[derive(Serialize, ToSchema)]
#[schema(as = WorkspaceStatus)]
pub struct ReleaseFlow {
    uses_new_release_flow: bool,
}

/// How a workspace's outputs are released
#[utoipa::path(
    tag = "People and workspaces",
    path = "/api/v2/workspaces/{name}/status",
    params(("name" = String, Path, description = "Name of the workspace")),
    responses(
        (status = 200, body = ReleaseFlow, description = "How they are released.",
         example = json!({"uses_new_release_flow": true})),
        (status = 404, body = Detail, description = "No such workspace.",
         example = json!({"detail": "No Workspace matches the given query."})),
    )
)]
#[get("/api/v2/workspaces/<name>/status")]
pub async fn release_flow(_json: AsksForJson, name: &str, db: &Database) -> Outcome<Answer> {
    let flow = match name.contains('\0') {
        true => None,
        false => workspaces::uses_new_release_flow(&mut *db.read().await?, name).await?,
    };
    let uses_new_release_flow = flow.ok_or(Failure::not_found("Workspace"))?;
    Answer::json(Status::Ok, &ReleaseFlow { uses_new_release_flow })
}
