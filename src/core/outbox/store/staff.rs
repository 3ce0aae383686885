//! The SQL of the staff area's messages: never what they say.

use sqlx::PgConnection;
use time::OffsetDateTime;

use crate::core::error::Result;
use crate::core::outbox::{Service, State};
use crate::core::paging::{Listed, PageAsked, containing};

/// Which messages to list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StaffFilter {
    /// A part of what it is about, of where it goes, or of its last error.
    pub q: Option<String>,
    /// None: those that are not over, waiting and dead.
    pub states: Vec<State>,
    pub service: Option<Service>,
    pub kind: Option<String>,
}

/// A message as the staff's list shows it.
#[derive(Debug)]
pub struct ListedMessage {
    pub id: i64,
    pub service: String,
    pub kind: String,
    pub recipient: String,
    pub cause: String,
    pub state: String,
    pub attempts: i32,
    pub created_at: OffsetDateTime,
    pub next_attempt_at: OffsetDateTime,
    pub decided_at: Option<OffsetDateTime>,
    pub last_error: Option<String>,
    total: i64,
}

/// How many matches are counted and can be paged through.
pub const MOST_MATCHES: i64 = 10_000;

/// Those that fit, newest first. `total` is one more than [`MOST_MATCHES`] when there are more than those.
pub async fn messages(
    conn: &mut PgConnection,
    filter: &StaffFilter,
    page: PageAsked,
    per_page: i64,
) -> Result<Listed<ListedMessage>> {
    let states: Vec<&str> = match filter.states.as_slice() {
        [] => vec![State::Waiting.name(), State::Dead.name()],
        states => states.iter().map(|state| state.name()).collect(),
    };
    let rows = sqlx::query_as!(
        ListedMessage,
        r#"SELECT m.id, m.service, m.kind, m.recipient, m.cause, m.state, m.attempts, m.created_at, m.next_attempt_at,
                  m.decided_at, m.last_error, t.total AS "total!"
             FROM (SELECT count(*) AS total FROM (
                     SELECT FROM message
                      WHERE state = ANY ($3) AND ($4::text IS NULL OR service = $4) AND ($5::text IS NULL OR kind = $5)
                        AND ($6::text IS NULL OR cause ILIKE $6 OR recipient ILIKE $6 OR last_error ILIKE $6)
                      LIMIT 10001) counted) t
            CROSS JOIN LATERAL (
                SELECT id, service, kind, recipient, cause, state, attempts, created_at, next_attempt_at, decided_at,
                       last_error
                  FROM message
                 WHERE state = ANY ($3) AND ($4::text IS NULL OR service = $4) AND ($5::text IS NULL OR kind = $5)
                   AND ($6::text IS NULL OR cause ILIKE $6 OR recipient ILIKE $6 OR last_error ILIKE $6)
                 ORDER BY id DESC LIMIT $2
                OFFSET (SELECT coalesce($1::bigint - 1, greatest(least(t.total, 10000) - 1, 0) / $2) * $2)) m
            ORDER BY m.id DESC"#,
        page.number(),
        per_page,
        &states as &[&str],
        filter.service.map(Service::name),
        filter.kind,
        filter.q.as_deref().map(containing),
    )
    .fetch_all(conn)
    .await?;
    Ok(Listed::new(rows, |row| row.total))
}

/// The kinds of messages that wait or are dead, by name.
pub async fn kinds(conn: &mut PgConnection) -> Result<Vec<String>> {
    Ok(sqlx::query_scalar!(
        "SELECT DISTINCT kind FROM message WHERE state IN ('waiting', 'dead') ORDER BY kind LIMIT 100"
    )
    .fetch_all(conn)
    .await?)
}

/// What a message is called where only that is told of it.
#[derive(Debug)]
pub struct NamedMessage {
    pub kind: String,
    pub recipient: String,
    pub cause: String,
}

/// The messages with these ids, the newest first.
pub async fn named(conn: &mut PgConnection, ids: &[i64]) -> Result<Vec<NamedMessage>> {
    Ok(sqlx::query_as!(
        NamedMessage,
        "SELECT kind, recipient, cause FROM message WHERE id = ANY ($1) ORDER BY id DESC",
        ids
    )
    .fetch_all(conn)
    .await?)
}
