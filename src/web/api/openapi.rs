//! The OpenAPI document, made from the handlers' own descriptions. `docs/openapi.json` is its copy, which
//! a test compares with this.

use serde_json::{Value, json};
use utoipa::openapi::security::{ApiKey, ApiKeyValue, SecurityScheme};
use utoipa::{Modify, OpenApi, ToSchema};

use super::{airlock, job_requests, jobs, login, release_notifications, releases, users, workspaces};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Job Server API",
        version = "2.0",
        description = "What backends, output checkers and other services use.",
        license(name = "MIT OR Apache-2.0"),
    ),
    paths(
        airlock::event,
        job_requests::list,
        jobs::sync,
        login::authenticate,
        login::authorise,
        release_notifications::announce,
        releases::create::create,
        releases::files::content,
        releases::files::latest,
        releases::files::of_release,
        releases::reviews::review,
        releases::snapshots::create,
        releases::snapshots::publish,
        releases::snapshots::snapshot,
        releases::upload::upload,
        users::rights,
        workspaces::action_statuses,
        workspaces::release_flow,
    ),
    tags(
        (name = "Jobs", description = "What a backend is asked to run, and how it reports back."),
        (name = "Releases", description = "What output checking tells: requests, decisions, released files."),
        (name = "People and workspaces", description = "What other programs ask about."),
    ),
    modifiers(&Tokens)
)]
struct Document;

struct Tokens;

impl Modify for Tokens {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let token =
            ApiKeyValue::with_description("Authorization", "A backend's token, bare: no scheme stands before it.");
        document
            .components
            .get_or_insert_default()
            .add_security_scheme("backend_token", SecurityScheme::ApiKey(ApiKey::Header(token)));
        let token =
            ApiKeyValue::with_description("Authorization", "A bot's username, a colon, and its personal token.");
        let session = ApiKeyValue::with_description(
            "sessionid",
            "Somebody's session. What changes something needs the header `X-CSRFToken` too.",
        );
        let components = document.components.get_or_insert_default();
        components.add_security_scheme("personal_token", SecurityScheme::ApiKey(ApiKey::Header(token)));
        components.add_security_scheme("session", SecurityScheme::ApiKey(ApiKey::Cookie(session)));
    }
}

/// The document.
pub fn document() -> utoipa::openapi::OpenApi {
    Document::openapi()
}

/// Why a request was refused.
#[derive(ToSchema)]
#[expect(dead_code, reason = "only describes what is written elsewhere")]
pub struct Detail {
    detail: String,
}

#[derive(ToSchema)]
#[expect(dead_code, reason = "only describes what is written elsewhere")]
pub struct Success {
    /// Always `success`.
    status: String,
}

/// A job, as its runner reports it. Members that are not named here are ignored.
#[derive(ToSchema)]
#[expect(dead_code, reason = "only describes what is read elsewhere")]
pub struct ReportedJob {
    /// Identifier of the job request.
    job_request_id: String,
    identifier: String,
    action: String,
    #[schema(required = true)]
    run_command: Option<String>,
    /// `pending`, `running`, `succeeded` or `failed`; any other text is stored too.
    status: String,
    status_code: String,
    status_message: String,
    #[schema(value_type = String, format = DateTime)]
    created_at: String,
    #[schema(value_type = Option<String>, format = DateTime, required = true)]
    updated_at: Option<String>,
    #[schema(value_type = Option<String>, format = DateTime, required = true)]
    started_at: Option<String>,
    #[schema(value_type = Option<String>, format = DateTime, required = true)]
    completed_at: Option<String>,
    /// Any JSON. Left out, what is stored stays; null clears it.
    trace_context: Option<Value>,
    /// Any JSON. Left out, what is stored stays; null clears it.
    metrics: Option<Value>,
}

/// What happened to a release request, as Airlock tells it. Members that are not named here are ignored.
#[derive(ToSchema)]
#[expect(dead_code, reason = "only describes what is read elsewhere")]
pub struct AirlockEvent {
    /// `request_` and `submitted`, `withdrawn`, `approved`, `released`, `rejected`, `returned`, `resubmitted`,
    /// `partially_reviewed` or `reviewed`, in any letter case.
    event_type: String,
    /// The workspace's name.
    workspace: String,
    /// Airlock's id of the release request.
    request: String,
    /// Username of whoever asked for the release.
    request_author: String,
    /// Username of whoever did this.
    user: String,
    updates: Option<Vec<AirlockUpdate>>,
    /// With `repo`, where the issue goes instead of where the organisation says.
    org: Option<String>,
    repo: Option<String>,
}

#[derive(ToSchema)]
#[expect(dead_code, reason = "only describes what is read elsewhere")]
pub struct AirlockUpdate {
    /// What changed; also understood as `update_type`.
    update: String,
    /// The group of files.
    group: Option<String>,
    /// Username of whoever changed it.
    user: Option<String>,
}

pub(super) fn airlock_event() -> Value {
    json!({
        "event_type": "request_returned", "workspace": "asthma-main", "request": "01JD8Z4Q6YKX3V1T9C5B7M2N0P",
        "request_author": "ada-lovelace", "user": "grace-hopper",
        "updates": [{"update": "file withdrawn", "group": "tables", "user": "grace-hopper"}]
    })
}

pub(super) fn airlock_user() -> Value {
    json!({
        "username": "ada-lovelace", "fullname": "Ada Lovelace",
        "workspaces": {"asthma-main": {
            "project": "Asthma", "project_details": {"name": "Asthma", "ongoing": true, "orgs": ["University of Somewhere"]},
            "archived": false
        }},
        "copiloted_workspaces": {}, "output_checker": false, "staff": false, "readonly_access": false
    })
}

pub(super) fn release_notification() -> Value {
    json!({"created_by": "ada-lovelace", "path": "/srv/outputs/asthma-main", "files": ["tables/counts.csv"]})
}

pub(super) fn job_request_list() -> Value {
    json!({
        "count": 1, "next": null, "previous": null,
        "results": [{
            "backend": "tpp", "sha": "0123456789abcdef0123456789abcdef01234567", "identifier": "abcdefgh12345678",
            "force_run_dependencies": false, "requested_actions": ["generate_dataset"], "cancelled_actions": [],
            "created_by": "ada-lovelace", "created_at": "2026-08-21T10:00:00.123456Z",
            "workspace": {
                "name": "asthma-main", "repo": "https://github.com/opensafely/asthma", "branch": "main",
                "created_by": "ada-lovelace", "created_at": "2026-08-20T10:00:00Z"
            },
            "database_name": "default", "project": "asthma", "orgs": ["university-of-somewhere"], "codelists_ok": true
        }]
    })
}

pub(super) fn report() -> Value {
    json!([{
        "job_request_id": "abcdefgh12345678", "identifier": "kqhx3vdyfhmw7tjz", "action": "generate_dataset",
        "run_command": "ehrql:v1 generate-dataset analysis/dataset.py", "status": "running",
        "status_code": "executing", "status_message": "Running", "created_at": "2026-08-21T10:00:05Z",
        "updated_at": "2026-08-21T10:01:00Z", "started_at": "2026-08-21T10:00:10Z", "completed_at": null,
        "trace_context": {"traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"},
        "metrics": {"cpu_peak": 12.5}
    }])
}

pub(super) fn user_rights() -> Value {
    json!({
        "permissions": {
            "global": [], "orgs": [{"slug": "university-of-somewhere", "permissions": []}],
            "projects": [{"slug": "asthma", "permissions": ["release_file_view"]}]
        },
        "roles": {
            "global": [], "orgs": [{"slug": "university-of-somewhere", "roles": []}],
            "projects": [{"slug": "asthma", "roles": ["ProjectCollaborator"]}]
        }
    })
}

/// A release as it is announced, and as it is reviewed.
#[derive(ToSchema)]
#[expect(dead_code, reason = "only describes what is read elsewhere")]
pub struct ReleaseAnnounced {
    files: Vec<FileAnnounced>,
    /// `airlock_id` in it, when it is there, becomes the id of the release.
    metadata: Value,
    #[schema(required = true)]
    review: Option<Review>,
}

#[derive(ToSchema)]
#[expect(dead_code, reason = "only describes what is read elsewhere")]
pub struct FileAnnounced {
    /// Its path as researchers know it.
    name: String,
    url: String,
    /// In bytes.
    size: i64,
    sha256: String,
    /// When it was written.
    date: String,
    metadata: Value,
    #[schema(required = true)]
    review: Option<Review>,
}

#[derive(ToSchema)]
#[expect(dead_code, reason = "only describes what is read elsewhere")]
pub struct Review {
    /// `APPROVED` or `REJECTED`.
    status: String,
    comments: Value,
}

#[derive(ToSchema)]
#[expect(dead_code, reason = "only describes what is read elsewhere")]
pub struct SnapshotFiles {
    file_ids: Vec<String>,
}

pub fn release_announced() -> Value {
    json!({
        "files": [{
            "name": "output/a.txt", "url": "output/a.txt", "size": 12,
            "sha256": "f762b0a1c8f7e2f9a3a5f1c4e1bb0cd0b0f9a4a9a7c2f3d1e6b5a4c3d2e1f0a9",
            "date": "2026-01-15T09:29:58.123456+00:00",
            "metadata": {"tool": "airlock", "airlock_id": "01JDB8Q5ZCY5V0Q7M1M9N0A1B2"}, "review": null
        }],
        "metadata": {"tool": "airlock", "airlock_id": "01JDB8Q5ZCY5V0Q7M1M9N0A1B2"},
        "review": null
    })
}

pub fn released_files() -> Value {
    json!({"files": [{
        "name": "output/a.txt", "id": "01JDB8RN6Q5B1S2T3V4W5X6Y7Z", "url": "/api/v2/releases/file/01JDB8RN6Q5B1S2T3V4W5X6Y7Z",
        "user": "checker", "date": "2026-01-15T09:30:00.123456+00:00",
        "sha256": "f762b0a1c8f7e2f9a3a5f1c4e1bb0cd0b0f9a4a9a7c2f3d1e6b5a4c3d2e1f0a9", "size": 12, "is_deleted": false,
        "backend": "TPP", "metadata": {"tool": "airlock"}, "review": null
    }]})
}
