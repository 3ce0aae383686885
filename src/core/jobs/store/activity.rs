//! The SQL of what backends are doing.

use sqlx::PgConnection;
use time::{Duration, OffsetDateTime};

use crate::core::error::Result;

/// An active backend, and what it has to do.
#[derive(Debug)]
pub struct BackendActivity {
    pub slug: String,
    pub name: String,
    pub running_jobs: i64,
    pub pending_jobs: i64,
    /// Active job requests without a job.
    pub unprocessed_requests: i64,
    /// When it last called, or was last reached.
    pub last_seen: Option<OffsetDateTime>,
    alert_seconds: i64,
    /// Whether its database is in maintenance, and since when, as far as it said.
    pub is_in_maintenance: bool,
    pub maintenance_since: Option<String>,
}

impl BackendActivity {
    /// How long it may be silent.
    pub fn alert_timeout(&self) -> Duration {
        Duration::seconds(self.alert_seconds)
    }

    /// Whether it has been silent for too long. One that was never heard of is not missed.
    pub fn is_missing(&self, now: OffsetDateTime) -> bool {
        self.last_seen
            .is_some_and(|last_seen| now - last_seen >= self.alert_timeout())
    }
}

/// The active backends, by name. Jobs and requests are found by the indexes of what is active alone:
/// a request with an active job is active, and a running one has jobs.
pub async fn active_backends(conn: &mut PgConnection) -> Result<Vec<BackendActivity>> {
    Ok(sqlx::query_as!(
        BackendActivity,
        r#"SELECT b.slug, b.name, going.running AS "running_jobs!", going.pending AS "pending_jobs!",
                  waiting.requests AS "unprocessed_requests!",
                  greatest((SELECT max(api_last_seen) FROM stats WHERE backend_id = b.id), b.last_seen_at) AS last_seen,
                  extract(epoch FROM b.alert_timeout)::bigint AS "alert_seconds!",
                  (b.is_in_maintenance_mode
                   OR coalesce(b.jobrunner_state #>> '{mode,v}' = 'db-maintenance', false)) AS "is_in_maintenance!",
                  CASE WHEN b.is_in_maintenance_mode
                       THEN to_char(b.last_seen_maintenance_mode AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
                       ELSE b.jobrunner_state #>> '{mode,ts}' END AS maintenance_since
             FROM backend b
            CROSS JOIN LATERAL (
                SELECT count(*) FILTER (WHERE j.status = 'running') AS running,
                       count(*) FILTER (WHERE j.status = 'pending') AS pending
                  FROM job_request r JOIN job j ON j.job_request_id = r.id AND j.status IN ('pending', 'running')
                 WHERE r.backend_id = b.id
                   AND r.is_active) going
            CROSS JOIN LATERAL (
                SELECT count(*) AS requests FROM job_request r
                 WHERE r.backend_id = b.id
                   AND r.is_active
                   AND r.status <> 'running'
                   AND NOT EXISTS (SELECT FROM job WHERE job_request_id = r.id)) waiting
            WHERE b.is_active ORDER BY lower(b.name), b.id"#
    )
    .fetch_all(conn)
    .await?)
}
