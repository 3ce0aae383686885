//! The SQL of the list that runners poll.

use sqlx::PgConnection;

use crate::core::error::Result;
use crate::core::jobs::polling::ListedRequest;

/// See [`crate::core::jobs::polling::list_requests`]. The stored status narrows the search to what the
/// partial index of active requests holds. A running one has such a job; of the others the jobs themselves
/// decide. Organisations are put together once per project: there
/// are fewer projects than a search for each request costs.
pub async fn listed_requests(
    conn: &mut PgConnection,
    backend_id: Option<i32>,
    limit: Option<i64>,
    offset: i64,
) -> Result<Vec<ListedRequest>> {
    Ok(sqlx::query_as!(
        ListedRequest,
        r#"WITH listed AS (
               SELECT r.id, count(*) OVER () AS total
                 FROM job_request r
                WHERE r.is_active
                  AND ($1::int IS NULL OR (r.backend_id = $1 AND r.transport = 'poll'))
                  AND (r.status = 'running' OR coalesce((SELECT true FROM job j WHERE j.job_request_id = r.id
                                   AND j.status IN ('pending', 'running') LIMIT 1),
                               (SELECT false FROM job j WHERE j.job_request_id = r.id LIMIT 1), true))
                ORDER BY r.created_at DESC NULLS LAST, r.id DESC
                LIMIT $2 OFFSET $3
           )
           SELECT b.slug AS backend, r.sha, r.identifier, r.force_run_dependencies, r.requested_actions,
                  CASE WHEN r.cancelled_actions = '{}' THEN r.cancelled_actions ELSE ARRAY(
                      SELECT c.action FROM unnest(r.cancelled_actions) WITH ORDINALITY AS c (action, place)
                       WHERE coalesce((SELECT bool_or(j.status NOT IN ('failed', 'succeeded', 'Failed', 'Succeeded', '0'))
                                         FROM job j WHERE j.job_request_id = r.id AND j.action = c.action), true)
                       ORDER BY c.place) END AS "cancelled_actions!",
                  u.username AS "created_by?", r.created_at, w.name AS workspace_name, repo.url AS repo_url, w.branch,
                  wu.username AS "workspace_created_by?", w.created_at AS workspace_created_at,
                  EXISTS (SELECT 1 FROM data_permission d
                           WHERE d.project_id = p.id AND d.kind = 't1oo' AND d.ended_at IS NULL) AS "may_see_t1oo!",
                  p.slug AS project,
                  coalesce(orgs.slugs, '{}') AS "orgs!: Vec<String>",
                  r.codelists_ok, listed.total AS "total!"
             FROM listed
             JOIN job_request r ON r.id = listed.id
             JOIN backend b ON b.id = r.backend_id
             JOIN workspace w ON w.id = r.workspace_id
             JOIN repo ON repo.id = w.repo_id
             JOIN project p ON p.id = w.project_id
             LEFT JOIN (SELECT c.project_id, array_agg(o.slug ORDER BY c.is_lead DESC, c.id) AS slugs
                          FROM project_collaboration c JOIN org o ON o.id = c.org_id
                         GROUP BY c.project_id) AS orgs ON orgs.project_id = p.id
             LEFT JOIN "user" u ON u.id = r.created_by_id
             LEFT JOIN "user" wu ON wu.id = w.created_by_id
            ORDER BY r.created_at DESC NULLS LAST, r.id DESC"#,
        backend_id,
        limit,
        offset,
    )
    .fetch_all(conn)
    .await?)
}

/// How many requests [`listed_requests`] has in all.
pub async fn count_listed(conn: &mut PgConnection, backend_id: Option<i32>) -> Result<i64> {
    Ok(sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!"
             FROM job_request r
            WHERE r.is_active
              AND ($1::int IS NULL OR (r.backend_id = $1 AND r.transport = 'poll'))
              AND (r.status = 'running' OR coalesce((SELECT true FROM job j WHERE j.job_request_id = r.id
                               AND j.status IN ('pending', 'running') LIMIT 1),
                           (SELECT false FROM job j WHERE j.job_request_id = r.id LIMIT 1), true))"#,
        backend_id,
    )
    .fetch_one(conn)
    .await?)
}

/// The status of each action's newest job in a workspace, by action; `None` for an unknown workspace.
pub async fn action_statuses(
    conn: &mut PgConnection,
    workspace: &str,
    backend: Option<&str>,
) -> Result<Option<Vec<(String, String)>>> {
    let rows = sqlx::query!(
        r#"SELECT newest.action AS "action?", newest.status AS "status?"
             FROM workspace w
             LEFT JOIN LATERAL (
                 SELECT DISTINCT ON (j.action) j.action, j.status
                   FROM job_request r
                   JOIN backend b ON b.id = r.backend_id
                   JOIN job j ON j.job_request_id = r.id
                  WHERE r.workspace_id = w.id AND ($2::text IS NULL OR b.slug = $2)
                  ORDER BY j.action, j.created_at DESC, j.id DESC) AS newest ON true
            WHERE w.name = $1"#,
        workspace,
        backend as Option<&str>,
    )
    .fetch_all(conn)
    .await?;
    if rows.is_empty() {
        return Ok(None);
    }
    Ok(Some(
        rows.into_iter()
            .filter_map(|row| Some((row.action?, row.status?)))
            .collect(),
    ))
}
