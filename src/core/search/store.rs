//! The SQL of the search: one statement, whatever is found.

pub mod staff;

use sqlx::PgConnection;

use super::{Kind, Sought};
use crate::core::error::Result;
use crate::core::paging::containing;

/// A thing that was found. What it is not part of is `None`.
#[derive(Debug)]
pub struct Hit {
    pub kind: String,
    /// The name; a job request's number, a job's action.
    pub name: String,
    /// The slug, username or identifier.
    pub key: String,
    /// A project's number; the name of what holds it for the others.
    pub detail: Option<String>,
    pub project_slug: Option<String>,
    pub workspace: Option<String>,
    pub request_id: Option<i32>,
    /// What was typed is the whole of its name, number or identifier.
    pub is_exact: bool,
}

/// Up to `most` of each kind, or of one kind: exact ones first, then those that begin so, then by name; of job
/// requests and jobs the newest first. People who are deactivated are left out.
///
/// Identifiers are looked up by range, so that their index serves whatever the plan; names, of which there are
/// thousands, are read through.
pub async fn search(conn: &mut PgConnection, sought: &Sought, kind: Option<Kind>, most: i64) -> Result<Vec<Hit>> {
    let anywhere = containing(&sought.text);
    let start = &anywhere[1..];
    let names = (!sought.is_too_short()).then_some(anywhere.as_str());
    Ok(sqlx::query_as!(
        Hit,
        r#"SELECT kind AS "kind!", name AS "name!", key AS "key!", detail, project_slug, workspace, request_id,
                  is_exact AS "is_exact!"
             FROM (
               (SELECT 'job-requests' AS kind, r.id::text AS name, r.identifier AS key, w.name AS detail,
                       p.slug::text AS project_slug, w.name AS workspace, r.id AS request_id,
                       (r.id = $4 OR r.identifier = $3) IS TRUE AS is_exact
                  FROM (SELECT id FROM job_request WHERE id = $4
                        UNION
                        (SELECT id FROM job_request WHERE identifier >= $3 AND identifier < $3 || chr(1114111)
                          ORDER BY identifier LIMIT $5)) found
                  JOIN job_request r ON r.id = found.id
                  JOIN workspace w ON w.id = r.workspace_id
                  JOIN project p ON p.id = w.project_id
                 WHERE coalesce($6 = 'job-requests', true)
                 ORDER BY is_exact DESC, r.id DESC LIMIT $5)
               UNION ALL
               (SELECT 'jobs', j.action, j.identifier, w.name, p.slug::text, w.name, r.id, j.identifier = $3
                  FROM (SELECT id, action, identifier, job_request_id FROM job
                         WHERE identifier >= $3 AND identifier < $3 || chr(1114111)
                         ORDER BY identifier LIMIT $5) j
                  JOIN job_request r ON r.id = j.job_request_id
                  JOIN workspace w ON w.id = r.workspace_id
                  JOIN project p ON p.id = w.project_id
                 WHERE coalesce($6 = 'jobs', true)
                 ORDER BY j.identifier = $3 DESC, j.id DESC)
               UNION ALL
               (SELECT 'projects', name, slug::text, number::text, slug::text, NULL, NULL,
                       coalesce(lower(name) = lower($2) OR slug = lower($2) OR lower(number) = lower($2), false)
                  FROM project
                 WHERE (name ILIKE $1 OR slug ILIKE $1 OR number ILIKE $1) AND coalesce($6 = 'projects', true)
                 ORDER BY coalesce(lower(name) = lower($2) OR slug = lower($2) OR lower(number) = lower($2), false) DESC,
                          name ILIKE $7 DESC, lower(name), id LIMIT $5)
               UNION ALL
               (SELECT 'workspaces', w.name, w.name, p.name, p.slug::text, w.name, NULL, lower(w.name) = lower($2)
                  FROM (SELECT id, name, project_id FROM workspace
                         WHERE name ILIKE $1 AND coalesce($6 = 'workspaces', true)
                         ORDER BY lower(name) = lower($2) DESC, name ILIKE $7 DESC, lower(name) LIMIT $5) w
                  JOIN project p ON p.id = w.project_id
                 ORDER BY lower(w.name) = lower($2) DESC, w.name ILIKE $7 DESC, lower(w.name))
               UNION ALL
               (SELECT 'people', coalesce(nullif(fullname, ''), username), username, username, NULL, NULL, NULL,
                       lower(username) = lower($2) OR lower(fullname) = lower($2)
                  FROM "user"
                 WHERE is_active AND (username ILIKE $1 OR fullname ILIKE $1) AND coalesce($6 = 'people', true)
                 ORDER BY lower(username) = lower($2) OR lower(fullname) = lower($2) DESC,
                          (username ILIKE $7 OR fullname ILIKE $7) DESC, lower(fullname), id LIMIT $5)
               UNION ALL
               (SELECT 'organisations', name, slug::text, NULL, NULL, NULL, NULL,
                       lower(name) = lower($2) OR slug = lower($2)
                  FROM org
                 WHERE (name ILIKE $1 OR slug ILIKE $1) AND coalesce($6 = 'organisations', true)
                 ORDER BY lower(name) = lower($2) OR slug = lower($2) DESC, name ILIKE $7 DESC, lower(name), id LIMIT $5)
             ) hits"#,
        names,
        sought.text,
        sought.identifier(),
        sought.number(),
        most,
        kind.map(Kind::word),
        start
    )
    .fetch_all(conn)
    .await?)
}
