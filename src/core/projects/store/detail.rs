//! The SQL of a project's own page.

use sqlx::PgConnection;
use time::OffsetDateTime;

use crate::core::error::Result;
use crate::core::paging::First;

/// What a project's page shows of the project itself.
#[derive(Debug)]
pub struct ProjectFacts {
    /// The organisation that leads it, else the first that takes part.
    pub org_name: Option<String>,
    pub org_slug: Option<String>,
    pub org_logo: Option<String>,
    pub org_logo_file: Option<String>,
    /// When the first of its jobs started, or was made when it never started.
    pub first_run: Option<OffsetDateTime>,
    /// Whether the viewer belongs to one of its organisations.
    pub is_shared: bool,
}

/// `viewer_id` is who looks, when signed in. No job is older than its request, so of each workspace the oldest
/// request with jobs bounds what the first run can be, and only requests made before that are looked at.
pub async fn facts(conn: &mut PgConnection, project_id: i32, viewer_id: Option<i32>) -> Result<ProjectFacts> {
    Ok(sqlx::query_as!(
        ProjectFacts,
        r#"SELECT o.name AS "org_name?", o.slug AS "org_slug?", o.logo AS "org_logo?", o.logo_file AS org_logo_file,
                  (SELECT least(bound.at, first.at)
                     FROM (SELECT min(j.at) AS at
                             FROM workspace w
                            CROSS JOIN LATERAL (SELECT id FROM job_request r
                                                 WHERE r.workspace_id = w.id
                                                   AND EXISTS (SELECT FROM job WHERE job_request_id = r.id)
                                                 ORDER BY r.created_at LIMIT 1) r
                            CROSS JOIN LATERAL (SELECT min(least(started_at, created_at)) AS at FROM job
                                                 WHERE job_request_id = r.id) j
                            WHERE w.project_id = p.id) bound
                    CROSS JOIN LATERAL (SELECT min(least(j.started_at, j.created_at)) AS at
                                          FROM workspace w
                                          JOIN job_request r ON r.workspace_id = w.id
                                               AND (r.created_at <= bound.at OR r.created_at IS NULL)
                                          JOIN job j ON j.job_request_id = r.id
                                         WHERE w.project_id = p.id) first) AS first_run,
                  EXISTS (SELECT FROM project_collaboration c JOIN org_membership m ON m.org_id = c.org_id
                           WHERE c.project_id = p.id AND m.user_id = $2) AS "is_shared!"
             FROM project p
             LEFT JOIN LATERAL (SELECT c.org_id FROM project_collaboration c WHERE c.project_id = p.id
                                 ORDER BY c.is_lead DESC, c.id LIMIT 1) c ON true
             LEFT JOIN org o ON o.id = c.org_id
            WHERE p.id = $1"#,
        project_id,
        viewer_id
    )
    .fetch_one(conn)
    .await?)
}

/// Whether somebody belongs to an organisation that takes part in a project.
pub async fn shares_org(conn: &mut PgConnection, project_id: i32, user_id: i32) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM project_collaboration c JOIN org_membership m ON m.org_id = c.org_id
                           WHERE c.project_id = $1 AND m.user_id = $2) AS "shares!""#,
        project_id,
        user_id
    )
    .fetch_one(conn)
    .await?)
}

/// A member of a project.
#[derive(Debug)]
pub struct Member {
    pub username: String,
    pub fullname: String,
    /// Stored role names.
    pub roles: Vec<String>,
    pub joined_at: OffsetDateTime,
    total: i64,
}

/// The first `most` by name.
pub async fn members(conn: &mut PgConnection, project_id: i32, most: i64) -> Result<First<Member>> {
    let rows = sqlx::query_as!(
        Member,
        r#"SELECT u.username, u.fullname, m.roles, m.created_at AS joined_at, count(*) OVER () AS "total!"
             FROM project_membership m JOIN "user" u ON u.id = m.user_id
            WHERE m.project_id = $1 ORDER BY lower(u.fullname), lower(u.username) LIMIT $2"#,
        project_id,
        most
    )
    .fetch_all(conn)
    .await?;
    Ok(First::new(rows, |row| row.total))
}
