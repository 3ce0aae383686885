//! The SQL of the outbox, and of the engine's queue behind it: a job of the engine carries nothing but a
//! message's id, under a key of its own, so that adding it again only moves it.

pub(super) mod deciding;
pub(super) mod issues;
pub mod staff;
pub(super) mod strays;

use serde_json::Value;
use sqlx::PgConnection;
use time::OffsetDateTime;

use super::{LEASE, Service, State};
use crate::core::error::Result;

/// What operators are shown of a message.
#[derive(Debug, Clone)]
pub struct Message {
    pub id: i64,
    pub key: String,
    pub service: String,
    pub kind: String,
    pub version: i16,
    pub payload: Value,
    pub recipient: String,
    pub cause: String,
    pub thread: Option<String>,
    pub state: String,
    pub attempts: i32,
    pub dedupe_key: Option<String>,
    pub waits_for: Option<i64>,
    pub created_at: OffsetDateTime,
    pub first_attempt_at: Option<OffsetDateTime>,
    pub next_attempt_at: OffsetDateTime,
    /// A worker is at it, until then at most.
    pub claimed_until: Option<OffsetDateTime>,
    pub decided_at: Option<OffsetDateTime>,
    pub last_error: Option<String>,
    pub provider_id: Option<String>,
    pub provider_url: Option<String>,
}

/// A draft as columns.
#[derive(Debug)]
pub(super) struct Row {
    pub service: &'static str,
    pub kind: String,
    pub version: i16,
    pub payload: Value,
    pub recipient: String,
    pub cause: String,
    pub dedupe_key: Option<String>,
    pub thread: Option<String>,
    pub waits_for: Option<i64>,
    pub patience: i32,
}

/// Lets the messages of a thread be numbered in the order in which their transactions commit.
pub(super) async fn lock_threads(conn: &mut PgConnection, threads: &[&str]) -> Result<()> {
    sqlx::query!(
        "SELECT count(pg_advisory_xact_lock(hashtext('outbox'), hashtext(thread)))
           FROM (SELECT DISTINCT unnest($1::text[]) AS thread ORDER BY 1) AS threads",
        threads as &[&str],
    )
    .fetch_one(conn)
    .await?;
    Ok(())
}

/// Stores messages and puts them in the queue. Those whose dedupe key is taken are left out; the ids are
/// those of the others, in their order.
pub(super) async fn insert(conn: &mut PgConnection, rows: &[Row]) -> Result<Vec<i64>> {
    let service: Vec<&str> = rows.iter().map(|row| row.service).collect();
    let kind: Vec<&str> = rows.iter().map(|row| row.kind.as_str()).collect();
    let version: Vec<i16> = rows.iter().map(|row| row.version).collect();
    let payload: Vec<&Value> = rows.iter().map(|row| &row.payload).collect();
    let recipient: Vec<&str> = rows.iter().map(|row| row.recipient.as_str()).collect();
    let cause: Vec<&str> = rows.iter().map(|row| row.cause.as_str()).collect();
    let dedupe_key: Vec<Option<&str>> = rows.iter().map(|row| row.dedupe_key.as_deref()).collect();
    let thread: Vec<Option<&str>> = rows.iter().map(|row| row.thread.as_deref()).collect();
    let waits_for: Vec<Option<i64>> = rows.iter().map(|row| row.waits_for).collect();
    let patience: Vec<i32> = rows.iter().map(|row| row.patience).collect();
    Ok(sqlx::query_scalar!(
        r#"WITH stored AS (
             INSERT INTO message (service, kind, version, payload, recipient, cause, dedupe_key, thread,
                                  waits_for, patience)
             SELECT r.service, r.kind, r.version, r.payload, r.recipient, r.cause, r.dedupe_key, r.thread,
                    r.waits_for, r.patience
               FROM unnest($1::text[], $2::text[], $3::smallint[], $4::jsonb[], $5::text[], $6::text[],
                           $7::text[], $8::text[], $9::bigint[], $10::int[]) WITH ORDINALITY
                 AS r (service, kind, version, payload, recipient, cause, dedupe_key, thread, waits_for,
                       patience, place)
              ORDER BY r.place
             ON CONFLICT (dedupe_key) DO NOTHING
             RETURNING id, service),
           queued AS (
             SELECT count(*) FROM graphile_worker.add_jobs((
               SELECT array_agg(('outbox_' || service, json_build_object('message', id), NULL, NULL, NULL,
                                 'message:' || id, NULL, NULL)::graphile_worker.job_spec) FROM stored))
              WHERE EXISTS (SELECT FROM stored))
           SELECT stored.id AS "id!" FROM stored, queued ORDER BY stored.id"#,
        &service as &[&str],
        &kind as &[&str],
        &version,
        &payload as &[&Value],
        &recipient as &[&str],
        &cause as &[&str],
        &dedupe_key as &[Option<&str>],
        &thread as &[Option<&str>],
        &waits_for as &[Option<i64>],
        &patience,
    )
    .fetch_all(conn)
    .await?)
}

/// A message that this worker has for the length of a lease.
#[derive(Debug)]
pub(super) struct Claimed {
    pub key: String,
    pub service: String,
    pub kind: String,
    pub version: i16,
    pub payload: Value,
    pub recipient: String,
    pub thread: Option<String>,
    pub attempts: i32,
    pub first_attempt_at: OffsetDateTime,
    pub awaited_state: Option<String>,
    pub awaited_url: Option<String>,
    pub awaited_error: Option<String>,
}

/// Lets the messages of a thread be claimed one after the other.
pub(super) async fn lock_thread_of(conn: &mut PgConnection, id: i64) -> Result<()> {
    sqlx::query!(
        "SELECT pg_advisory_xact_lock(hashtext('outbox claim'), hashtext(thread)) AS locked
           FROM message WHERE id = $1 AND thread IS NOT NULL",
        id,
    )
    .fetch_optional(conn)
    .await?;
    Ok(())
}

/// Claims a message that is due, that nobody else is at, and before which none has to leave. A lease that
/// ends later than any lease can was moved by a clock and counts as over.
pub(super) async fn claim(conn: &mut PgConnection, id: i64) -> Result<Option<Claimed>> {
    Ok(sqlx::query_as!(
        Claimed,
        r#"UPDATE message m
              SET attempts = m.attempts + 1, claimed_until = now() + $2 * interval '1 second',
                  first_attempt_at = coalesce(m.first_attempt_at, now())
             FROM message self LEFT JOIN message a ON a.id = self.waits_for
            WHERE m.id = $1 AND self.id = m.id AND m.state = 'waiting'
              AND (m.claimed_until IS NULL OR m.claimed_until <= now()
                   OR m.claimed_until > now() + 2 * $2 * interval '1 second')
              AND m.next_attempt_at <= now()
              AND NOT message_has_to_wait(self)
           RETURNING m.key, m.service, m.kind, m.version, m.payload, m.recipient, m.thread, m.attempts,
                     m.first_attempt_at AS "first_attempt_at!", a.state AS "awaited_state?",
                     a.provider_url AS awaited_url,
                     coalesce(a.last_error, (SELECT h.last_error FROM message h
                                              WHERE h.thread = a.thread AND h.state = 'waiting' AND h.id < a.id
                                                AND h.last_error IS NOT NULL ORDER BY h.id LIMIT 1)) AS awaited_error"#,
        id,
        LEASE.as_secs() as f64,
    )
    .fetch_optional(conn)
    .await?)
}

/// When a message that could not be claimed is worth another look, if it is by itself: one that has to
/// let others leave first is woken by them. Whoever is at it waits with its end until this look is queued, and then
/// removes it from the queue.
pub(super) async fn worth_another_look_at(conn: &mut PgConnection, id: i64) -> Result<Option<OffsetDateTime>> {
    Ok(sqlx::query_scalar!(
        r#"SELECT greatest(next_attempt_at, claimed_until, now()) AS "at!" FROM message
            WHERE id = $1 AND state = 'waiting' AND (next_attempt_at > now() OR claimed_until > now()) FOR SHARE"#,
        id,
    )
    .fetch_optional(conn)
    .await?)
}

/// Puts a message in the queue for then.
pub(super) async fn queue(conn: &mut PgConnection, id: i64, at: OffsetDateTime) -> Result<()> {
    sqlx::query!(
        "SELECT count(*) FROM message m, LATERAL graphile_worker.add_job(
                  'outbox_' || m.service, json_build_object('message', m.id), run_at := $2,
                  job_key := 'message:' || m.id)
          WHERE m.id = $1 AND m.state = 'waiting'",
        id,
        at,
    )
    .fetch_one(conn)
    .await?;
    Ok(())
}

/// How an attempt ended.
#[derive(Debug)]
pub(super) struct Conclusion<'a> {
    pub state: State,
    /// Seconds until the next attempt, when it still waits.
    pub pause: f64,
    pub error: Option<&'a str>,
    pub provider_id: Option<&'a str>,
    pub provider_url: Option<&'a str>,
}

/// Records how the attempt of this number ended. False when it counts no more: the lease ended and
/// another worker took over, or an operator decided. That it was delivered always counts.
pub(super) async fn conclude(
    conn: &mut PgConnection,
    id: i64,
    attempt: i32,
    conclusion: &Conclusion<'_>,
) -> Result<bool> {
    let recorded = sqlx::query!(
        "UPDATE message
            SET state = $3, claimed_until = NULL,
                next_attempt_at = now() + $4 * interval '1 second',
                decided_at = CASE WHEN $3 = 'waiting' THEN NULL ELSE now() END,
                last_error = $5, provider_id = $6, provider_url = $7
          WHERE id = $1 AND (state = 'waiting' AND attempts = $2 OR $3 = 'delivered' AND state <> 'delivered')",
        id,
        attempt,
        conclusion.state.name(),
        conclusion.pause,
        conclusion.error,
        conclusion.provider_id,
        conclusion.provider_url,
    )
    .execute(conn)
    .await?;
    Ok(recorded.rows_affected() > 0)
}

/// Queues what an ended attempt makes worth a look: the message itself while it waits, those that wait
/// for it or for one behind it, and the next of its thread. Of a message that waits no more it removes what
/// others had queued to look at it again.
pub(super) async fn queue_around(conn: &mut PgConnection, id: i64, thread: Option<&str>) -> Result<()> {
    sqlx::query!(
        "WITH done AS (
           DELETE FROM graphile_worker._private_jobs j USING message m
            WHERE m.id = $1 AND m.state <> 'waiting' AND j.key = 'message:' || m.id AND j.locked_at IS NULL),
         due AS (
           SELECT id, service, next_attempt_at FROM message
            WHERE state = 'waiting'
              AND (id = $1 OR waits_for = $1
                   OR waits_for IN (SELECT e.id FROM message e WHERE e.thread = $2 AND e.state = 'waiting')
                   OR id = (SELECT min(e.id) FROM message e WHERE e.thread = $2 AND e.state = 'waiting')))
         SELECT count(*) FROM graphile_worker.add_jobs((
             SELECT array_agg(('outbox_' || service, json_build_object('message', id), NULL,
                               greatest(next_attempt_at, now()), NULL, 'message:' || id, NULL,
                               NULL)::graphile_worker.job_spec ORDER BY id) FROM due))
          WHERE EXISTS (SELECT FROM due)",
        id,
        thread,
    )
    .fetch_one(conn)
    .await?;
    Ok(())
}

/// Ids of messages that could be sent now, oldest first.
pub(super) async fn due(conn: &mut PgConnection, limit: i64) -> Result<Vec<i64>> {
    Ok(sqlx::query_scalar!(
        "SELECT id FROM message WHERE state = 'waiting' AND next_attempt_at <= now() ORDER BY id LIMIT $1",
        limit,
    )
    .fetch_all(conn)
    .await?)
}

/// Which messages to list.
#[derive(Debug, Clone, Copy, Default)]
pub struct Filter {
    pub state: Option<State>,
    pub service: Option<Service>,
}

/// Messages, newest first, at most `limit`.
pub async fn list(conn: &mut PgConnection, filter: Filter, limit: i64) -> Result<Vec<Message>> {
    let state = filter.state.map(State::name);
    let service = filter.service.map(Service::name);
    Ok(sqlx::query_as!(
        Message,
        "SELECT id, key, service, kind, version, payload, recipient, cause, thread, state, attempts,
                dedupe_key, waits_for, created_at, first_attempt_at, next_attempt_at, claimed_until, decided_at, last_error, provider_id, provider_url
           FROM message
          WHERE state = coalesce($1, state) AND service = coalesce($2, service)
          ORDER BY id DESC LIMIT $3",
        state,
        service,
        limit,
    )
    .fetch_all(conn)
    .await?)
}

/// One message.
pub async fn message(conn: &mut PgConnection, id: i64) -> Result<Option<Message>> {
    Ok(sqlx::query_as!(
        Message,
        "SELECT id, key, service, kind, version, payload, recipient, cause, thread, state, attempts,
                dedupe_key, waits_for, created_at, first_attempt_at, next_attempt_at, claimed_until, decided_at, last_error, provider_id, provider_url
           FROM message WHERE id = $1",
        id,
    )
    .fetch_optional(conn)
    .await?)
}

/// What there is to know about one service's messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Figures {
    pub service: Service,
    /// Waiting to be sent.
    pub waiting: i64,
    /// Since when the oldest of them waits.
    pub oldest: Option<OffsetDateTime>,
    pub dead: i64,
}

/// Figures of every service, in the order of [`Service::ALL`].
pub async fn figures(conn: &mut PgConnection) -> Result<Vec<Figures>> {
    let rows = sqlx::query!(
        r#"SELECT service, count(*) FILTER (WHERE state = 'waiting') AS "waiting!",
                  min(created_at) FILTER (WHERE state = 'waiting') AS oldest,
                  count(*) FILTER (WHERE state = 'dead') AS "dead!"
             FROM message WHERE state IN ('waiting', 'dead') GROUP BY service"#,
    )
    .fetch_all(conn)
    .await?;
    Ok(Service::ALL
        .into_iter()
        .map(|service| {
            let row = rows.iter().find(|row| row.service == service.name());
            Figures {
                service,
                waiting: row.map_or(0, |row| row.waiting),
                oldest: row.and_then(|row| row.oldest),
                dead: row.map_or(0, |row| row.dead),
            }
        })
        .collect())
}

/// What was delivered of one kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deliveries {
    pub service: String,
    pub kind: String,
    pub delivered: i64,
    /// What that took together.
    pub attempts: i64,
}

/// What was delivered in the last 24 hours, by service and kind.
pub async fn deliveries_of_the_last_day(conn: &mut PgConnection) -> Result<Vec<Deliveries>> {
    Ok(sqlx::query_as!(
        Deliveries,
        r#"SELECT service, kind, count(*) AS "delivered!", sum(attempts) AS "attempts!"
             FROM message
            WHERE state IN ('delivered', 'dropped') AND state = 'delivered'
              AND decided_at > now() - interval '24 hours'
            GROUP BY service, kind ORDER BY service, kind"#,
    )
    .fetch_all(conn)
    .await?)
}
