//! The SQL of what job requests and jobs are compared with.

use sqlx::PgConnection;

use crate::core::error::Result;
use crate::core::jobs::Runtime;
use crate::core::jobs::earlier::{EarlierRun, LastTimes, REQUESTS_BACK, RUNS_SHOWN};

/// How long each action of a request took when it last succeeded, among the requests before it of the same
/// workspace on the same backend.
pub async fn last_times(conn: &mut PgConnection, request_id: i32) -> Result<LastTimes> {
    let rows = sqlx::query!(
        r#"SELECT DISTINCT ON (j.action) j.action, extract(epoch FROM j.completed_at - j.started_at)::float8 AS "seconds!"
             FROM (SELECT e.id FROM job_request r
                     JOIN job_request e ON e.workspace_id = r.workspace_id AND e.backend_id = r.backend_id AND e.id < r.id
                    WHERE r.id = $1 ORDER BY e.id DESC LIMIT $2) before
             JOIN job j ON j.job_request_id = before.id
            WHERE lower(j.status) = 'succeeded' AND j.started_at IS NOT NULL AND j.completed_at IS NOT NULL
            ORDER BY j.action, j.job_request_id DESC, j.id DESC"#,
        request_id,
        REQUESTS_BACK
    )
    .fetch_all(conn)
    .await?;
    let times = rows
        .into_iter()
        .map(|row| (row.action, Runtime::from_seconds(row.seconds)));
    Ok(LastTimes(times.collect()))
}

/// `project.yaml` as a request stored it; empty when it is gone.
pub async fn definition_of(conn: &mut PgConnection, request_id: i32) -> Result<String> {
    let definition = sqlx::query_scalar!("SELECT project_definition FROM job_request WHERE id = $1", request_id)
        .fetch_optional(conn)
        .await?;
    Ok(definition.unwrap_or_default())
}

/// The runs of an action before one of its jobs, in the same workspace on the same backend, the newest first.
pub async fn runs_before(conn: &mut PgConnection, identifier: &str) -> Result<Vec<EarlierRun>> {
    let rows = sqlx::query!(
        r#"SELECT e.identifier, e.job_request_id, e.status, e.started_at, e.completed_at, e.metrics::text AS metrics
             FROM job j JOIN job_request r ON r.id = j.job_request_id
             CROSS JOIN LATERAL (SELECT b.id FROM job_request b
                                  WHERE b.workspace_id = r.workspace_id AND b.backend_id = r.backend_id AND b.id <= r.id
                                  ORDER BY b.id DESC LIMIT 200) before
             JOIN job e ON e.job_request_id = before.id AND e.action = j.action AND e.id < j.id
            WHERE j.identifier = $1
            ORDER BY e.id DESC LIMIT $2"#,
        identifier,
        RUNS_SHOWN
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| EarlierRun {
            identifier: row.identifier,
            job_request_id: row.job_request_id,
            status: row.status,
            started_at: row.started_at,
            completed_at: row.completed_at,
            metrics: row.metrics.as_deref().and_then(|text| serde_json::from_str(text).ok()),
        })
        .collect())
}
