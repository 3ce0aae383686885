//! `GET /api/v2/job-requests/`: what a backend's runner polls for, and a public list.

use rocket::get;
use rocket::http::Status;
use serde::Serialize;
use utoipa::ToSchema;

use super::answer::Answer;
use super::contact::{self, Flags};
use super::dates::Utc;
use super::negotiation::AsksForJson;
use super::openapi::{self, Detail};
use super::pagination::Paging;
use crate::core::jobs::permissions::database_name;
use crate::core::jobs::polling::{ListFor, ListedRequest, Listing, list_requests};
use crate::web::database::Database;
use crate::web::guards::MaybeBackend;
use crate::web::responders::Outcome;

/// The path that a backend is noted under, whichever form it used.
const PATH: &str = "/api/v2/job-requests/";

/// A stretch of the list of job requests that have something to do, newest first.
#[derive(Serialize, ToSchema)]
#[schema(as = JobRequestList)]
pub struct Envelope<'a> {
    /// How many there are in all.
    count: i64,
    next: Option<String>,
    previous: Option<String>,
    results: Vec<Item<'a>>,
}

/// A job request, as a backend's runner needs it.
#[derive(Serialize, ToSchema)]
#[schema(as = JobRequest)]
pub struct Item<'a> {
    /// Slug.
    backend: &'a str,
    /// The commit to run.
    sha: &'a str,
    identifier: &'a str,
    force_run_dependencies: bool,
    /// Names of actions, or `run_all` alone.
    requested_actions: &'a [String],
    /// Actions to cancel that are not over yet.
    cancelled_actions: &'a [String],
    /// Username; empty when nobody is known.
    // One null here and a runner stops its whole loop.
    created_by: &'a str,
    #[schema(value_type = Option<String>, format = DateTime)]
    created_at: Option<Utc>,
    workspace: Workspace<'a>,
    /// `default` or `include_t1oo`.
    database_name: &'static str,
    /// Slug.
    project: &'a str,
    /// Slugs, the lead organisation first.
    orgs: &'a [String],
    codelists_ok: bool,
}

#[derive(Serialize, ToSchema)]
pub struct Workspace<'a> {
    name: &'a str,
    repo: &'a str,
    branch: &'a str,
    created_by: &'a str,
    #[schema(value_type = Option<String>, format = DateTime)]
    created_at: Option<Utc>,
}

impl<'a> From<&'a ListedRequest> for Item<'a> {
    fn from(request: &'a ListedRequest) -> Self {
        Item {
            backend: &request.backend,
            sha: &request.sha,
            identifier: &request.identifier,
            force_run_dependencies: request.force_run_dependencies,
            requested_actions: &request.requested_actions,
            cancelled_actions: &request.cancelled_actions,
            created_by: request.created_by.as_deref().unwrap_or_default(),
            created_at: request.created_at.map(Utc),
            workspace: Workspace {
                name: &request.workspace_name,
                repo: &request.repo_url,
                branch: &request.branch,
                created_by: request.workspace_created_by.as_deref().unwrap_or_default(),
                created_at: request.workspace_created_at.map(Utc),
            },
            database_name: database_name(request.may_see_t1oo),
            project: &request.project,
            orgs: &request.orgs,
            codelists_ok: request.codelists_ok,
        }
    }
}

/// Job requests that have something to do
///
/// With a token, that backend's requests alone, and all of them unless a limit is given: a runner
/// reads the first page only, and older requests must not starve behind newer ones.
#[utoipa::path(
    tag = "Jobs",
    path = "/api/v2/job-requests/",
    params(
        ("limit" = Option<i64>, Query, description = "Length of a page. Without a token 100, with one everything"),
        ("offset" = Option<i64>, Query, description = "How many to leave out"),
        ("Flags" = Option<String>, Header, description = "JSON about the backend's state, kept as it is"),
    ),
    security((), ("backend_token" = [])),
    responses(
        (status = 200, body = Envelope<'static>, description = "The list.", example = json!(openapi::job_request_list())),
        (status = 403, body = Detail, description = "The token is not known.", example = json!({"detail": "Invalid token"})),
    )
)]
#[get("/api/v2/job-requests")]
pub async fn list(
    _json: AsksForJson,
    caller: MaybeBackend,
    paging: Paging<'_>,
    flags: Flags<'_>,
    db: &Database,
) -> Outcome<Answer> {
    let (list_for, limit) = match &caller.0 {
        Some(backend) => (ListFor::Runner { backend_id: backend.id }, paging.limit),
        None => (ListFor::Everybody, Some(paging.limit_or_default())),
    };
    let listing = list_requests(&mut *db.read().await?, list_for, limit, paging.offset).await?;
    if let Some(backend) = &caller.0 {
        contact::note(db, backend, PATH, &flags).await?;
    }
    answer(&paging, limit, &listing)
}

fn answer(paging: &Paging<'_>, limit: Option<i64>, listing: &Listing) -> Outcome<Answer> {
    let (next, previous) = paging.links(limit, listing.total);
    Answer::json(
        Status::Ok,
        &Envelope {
            count: listing.total,
            next,
            previous,
            results: listing.requests.iter().map(Item::from).collect(),
        },
    )
}
