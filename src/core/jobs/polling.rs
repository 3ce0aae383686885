//! What a backend's runner is told when it asks for work.

use sqlx::PgConnection;
use time::OffsetDateTime;

use super::store::polling as store;
pub use super::store::polling::action_statuses;
use crate::core::error::Result;

/// A job request as runners see it.
#[derive(Debug, Clone)]
pub struct ListedRequest {
    pub backend: String,
    pub sha: String,
    pub identifier: String,
    pub force_run_dependencies: bool,
    pub requested_actions: Vec<String>,
    /// Those that still have something to cancel: a runner that finds a finished action here resets
    /// its time of completion at every poll.
    pub cancelled_actions: Vec<String>,
    /// Username; `None` in old rows.
    pub created_by: Option<String>,
    pub created_at: Option<OffsetDateTime>,
    pub workspace_name: String,
    pub repo_url: String,
    pub branch: String,
    pub workspace_created_by: Option<String>,
    pub workspace_created_at: Option<OffsetDateTime>,
    pub may_see_t1oo: bool,
    pub project: String,
    /// Slugs, the lead organisation first.
    pub orgs: Vec<String>,
    pub codelists_ok: bool,
    /// How many are listed in all, pages apart.
    pub total: i64,
}

/// A stretch of the list, and how long the whole is.
#[derive(Debug, Clone, Default)]
pub struct Listing {
    pub total: i64,
    pub requests: Vec<ListedRequest>,
}

/// Whose requests to list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ListFor {
    /// One backend's runner: what it is to poll for.
    Runner { backend_id: i32 },
    /// Anybody: the list is public.
    Everybody,
}

/// The job requests that a runner has something to do for, newest first: a job is pending or running,
/// or there is no job yet and asking for it has not failed for good.
///
/// One statement; a second one tells the length of the list when `offset` lies beyond it.
pub async fn list_requests(
    conn: &mut PgConnection,
    list_for: ListFor,
    limit: Option<i64>,
    offset: i64,
) -> Result<Listing> {
    let backend_id = match list_for {
        ListFor::Runner { backend_id } => Some(backend_id),
        ListFor::Everybody => None,
    };
    let requests = store::listed_requests(conn, backend_id, limit, offset).await?;
    let total = match requests.first() {
        Some(first) => first.total,
        None if offset > 0 => store::count_listed(conn, backend_id).await?,
        None => 0,
    };
    Ok(Listing { total, requests })
}
