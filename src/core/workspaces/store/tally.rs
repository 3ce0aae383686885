//! The SQL of the sums of what was run and released.

use sqlx::PgConnection;

use crate::core::error::Result;

pub async fn sum_up(conn: &mut PgConnection) -> Result<u64> {
    let summed = sqlx::query!(
        "INSERT INTO workspace_tally (workspace_id, first_run_at, last_run_at, files, summed_up_at, up_to)
         SELECT w.id, j.first_run_at, j.last_run_at, coalesce(f.files, 0), now(),
                (SELECT coalesce(max(id), 0) FROM job_request)
           FROM workspace w
           LEFT JOIN (SELECT r.workspace_id, min(coalesce(j.started_at, j.created_at)) AS first_run_at,
                             max(coalesce(j.started_at, j.created_at)) AS last_run_at
                        FROM job j JOIN job_request r ON r.id = j.job_request_id GROUP BY r.workspace_id) j
                  ON j.workspace_id = w.id
           LEFT JOIN (SELECT workspace_id, count(*) AS files FROM release_file GROUP BY workspace_id) f
                  ON f.workspace_id = w.id
         ON CONFLICT (workspace_id) DO UPDATE
            SET first_run_at = excluded.first_run_at, last_run_at = excluded.last_run_at, files = excluded.files,
                summed_up_at = excluded.summed_up_at, up_to = excluded.up_to"
    )
    .execute(conn)
    .await?;
    Ok(summed.rows_affected())
}
