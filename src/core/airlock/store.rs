//! The SQL of what Airlock tells.

use std::time::Duration;

use serde_json::Value;
use sqlx::PgConnection;
use time::OffsetDateTime;

use super::{AirlockEvent, EventType};
use crate::core::error::Result;
use crate::core::ids::RepoUrl;

/// Lets events of one release request take turns, until the transaction ends.
pub(super) async fn lock_request(conn: &mut PgConnection, request: &str) -> Result<()> {
    sqlx::query!(
        "SELECT 1 AS one FROM (SELECT pg_advisory_xact_lock(hashtext('airlock'), hashtext($1))) AS locked",
        request,
    )
    .fetch_one(conn)
    .await?;
    Ok(())
}

/// What the names of an event stand for; each is `None` when nothing has that name.
#[derive(Debug)]
pub(super) struct Surroundings {
    pub workspace_id: Option<i32>,
    pub project: Option<String>,
    pub repo_url: Option<String>,
    pub author_id: Option<i32>,
    pub author_name: Option<String>,
    pub author_email: Option<String>,
    /// Whether the author belongs to an organisation of our own.
    pub internal: bool,
    pub user_id: Option<i32>,
    /// What the first of the project's organisations that has its own says, the lead first.
    pub issue_org: Option<String>,
    pub issue_repo: Option<String>,
    pub slack_channel: Option<String>,
    /// Whether there is a release of this request in this workspace.
    pub is_released: bool,
    /// Whether a release of this request, or an event of it that was told before, is another backend's.
    pub is_of_another_backend: bool,
    /// Whether the latest event of the request is this one, told so lately that this is a repeat.
    pub is_repeat: bool,
}

/// Looks up everything that an event needs.
pub(super) async fn surroundings(
    conn: &mut PgConnection,
    event: &AirlockEvent,
    backend: i32,
    hash: &[u8],
    window: Duration,
) -> Result<Surroundings> {
    Ok(sqlx::query_as!(
        Surroundings,
        r#"WITH carried AS (
             SELECT o.*, row_number() OVER (ORDER BY c.is_lead DESC, o.slug) AS place
               FROM workspace w
               JOIN project_collaboration c ON c.project_id = w.project_id
               JOIN org o ON o.id = c.org_id
              WHERE w.name = $1)
           SELECT w.id AS "workspace_id?", p.slug AS "project?", r.url AS "repo_url?",
                  a.id AS "author_id?", a.fullname AS "author_name?", a.email AS author_email,
                  EXISTS (SELECT FROM org_membership m JOIN org o ON o.id = m.org_id
                           WHERE m.user_id = a.id AND o.is_internal) AS "internal!",
                  u.id AS "user_id?",
                  i.output_checking_github_org AS issue_org, i.output_checking_repo AS issue_repo,
                  (SELECT slack_channel FROM carried WHERE slack_channel <> '' ORDER BY place LIMIT 1),
                  EXISTS (SELECT FROM release AS made WHERE made.id = $6 AND made.workspace_id = w.id) AS "is_released!",
                  (EXISTS (SELECT FROM release AS made WHERE made.id = $6 AND made.backend_id <> $7)
                   OR EXISTS (SELECT FROM airlock_event e WHERE e.request_id = $6 AND e.backend_id <> $7))
                      AS "is_of_another_backend!",
                  coalesce((SELECT e.body_hash = $4 AND e.received_at > clock_timestamp() - $5 * interval '1 second'
                              FROM airlock_event e WHERE e.request_id = $6 ORDER BY e.id DESC LIMIT 1),
                           false) AS "is_repeat!"
             FROM (SELECT 1) AS one
             LEFT JOIN workspace w ON w.name = $1
             LEFT JOIN project p ON p.id = w.project_id
             LEFT JOIN repo r ON r.id = w.repo_id
             LEFT JOIN "user" a ON a.username = $2
             LEFT JOIN "user" u ON u.username = $3
             LEFT JOIN LATERAL (SELECT output_checking_github_org, output_checking_repo FROM carried
                                 WHERE output_checking_repo <> '' ORDER BY place LIMIT 1) i ON true"#,
        event.workspace,
        event.author,
        event.user,
        hash,
        window.as_secs_f64(),
        event.request,
        backend,
    )
    .fetch_one(conn)
    .await?)
}

/// Who and what an event is about, by id.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ids {
    pub backend: i32,
    pub workspace: i32,
    pub author: i32,
    pub user: i32,
}

/// Keeps an event. Returns its id.
pub(super) async fn insert(
    conn: &mut PgConnection,
    event: &AirlockEvent,
    ids: Ids,
    updates: &Value,
    hash: &[u8],
) -> Result<i64> {
    Ok(sqlx::query_scalar!(
        "INSERT INTO airlock_event (request_id, type, workspace, workspace_id, author, author_id, username, user_id,
                                    updates, github_org, github_repo, backend_id, body_hash)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) RETURNING id",
        event.request,
        event.event_type.name(),
        event.workspace,
        ids.workspace,
        event.author,
        ids.author,
        event.user,
        ids.user,
        updates,
        event.repo.as_ref().map(RepoUrl::owner),
        event.repo.as_ref().map(RepoUrl::name),
        ids.backend,
        hash,
    )
    .fetch_one(conn)
    .await?)
}

/// One thing that was told of a release request.
#[derive(Debug, Clone)]
pub struct Told {
    pub event: EventType,
    /// Whoever did it, as Airlock called them.
    pub username: String,
    /// How they are called here, when they are known.
    pub name: Option<String>,
    pub at: OffsetDateTime,
}

/// What was told of a workspace's release request from its backend, the newest first.
///
/// # Errors
/// When the database does not answer.
pub async fn told_of(
    conn: &mut PgConnection,
    request: &str,
    workspace_id: i32,
    backend_id: i32,
    most: i64,
) -> Result<Vec<Told>> {
    let rows = sqlx::query!(
        r#"SELECT e.type AS kind, coalesce(u.username, e.username) AS "username!",
                  coalesce(nullif(btrim(u.fullname), ''), u.username) AS name, e.received_at
           FROM airlock_event AS e LEFT JOIN "user" AS u ON u.id = e.user_id
           WHERE e.request_id = $1 AND e.workspace_id = $2 AND e.backend_id = $3
           ORDER BY e.id DESC LIMIT $4"#,
        request,
        workspace_id,
        backend_id,
        most
    )
    .fetch_all(conn)
    .await?;
    let told = rows.into_iter().filter_map(|row| {
        Some(Told {
            event: EventType::named(&row.kind)?,
            username: row.username,
            name: row.name,
            at: row.received_at,
        })
    });
    Ok(told.collect())
}
