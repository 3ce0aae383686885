//! Putting the engine's queue right: what it has lost, and what it will never hand out again.

use sqlx::PgConnection;

use crate::core::error::Result;
use crate::core::outbox::{LEASE, LONGEST_PAUSE};

/// The most messages that one round of [`wake_stray`] wakes.
const STRAYS: i64 = 1000;

/// Queues messages that are due and that the queue does not have, or has for a time that no pause
/// reaches: after a crash of the queue, a restored database, a clock that jumped. So does it have those that
/// are locked by a worker that it does not know, or that said at a time to come that it is there: the
/// engine clears away workers that were silent for long, and no others. Returns how many.
pub async fn wake_stray(conn: &mut PgConnection) -> Result<i64> {
    let woken = sqlx::query_scalar!(
        "WITH stray AS (
           SELECT m.id, m.service FROM message m
            WHERE m.state = 'waiting'
              AND (m.next_attempt_at < now() - interval '10 seconds'
                   OR m.next_attempt_at > now() + $1 * interval '1 second')
              AND (m.claimed_until IS NULL OR m.claimed_until < now()
                   OR m.claimed_until > now() + 2 * $2 * interval '1 second')
              AND NOT message_has_to_wait(m)
              AND NOT EXISTS (SELECT FROM graphile_worker._private_jobs j
                               WHERE j.key = 'message:' || m.id AND j.attempts < j.max_attempts
                                 AND CASE WHEN j.locked_at IS NULL
                                          THEN j.run_at <= now() + $1 * interval '1 second'
                                          ELSE EXISTS (SELECT FROM graphile_worker._private_workers w
                                                        WHERE w.id = j.locked_by
                                                          AND w.last_heartbeat_at < now() + interval '1 minute')
                                          END)
            ORDER BY m.id LIMIT $3),
         due AS (
           UPDATE message m SET next_attempt_at = least(m.next_attempt_at, now())
             FROM stray WHERE stray.id = m.id RETURNING m.id, m.service)
         SELECT count(*) AS \"woken!\" FROM graphile_worker.add_jobs((
             SELECT array_agg(('outbox_' || service, json_build_object('message', id), NULL, now(), NULL,
                               'message:' || id, NULL, NULL)::graphile_worker.job_spec ORDER BY id) FROM due))
          WHERE EXISTS (SELECT FROM due)",
        LONGEST_PAUSE.as_secs() as f64,
        LEASE.as_secs() as f64,
        STRAYS,
    )
    .fetch_one(conn)
    .await?;
    Ok(woken)
}

/// Removes from the queue what it will never hand out again: a job that was replaced while a worker that then
/// died had it. Its message is in the queue anew, or decided. Returns how many.
pub async fn clear_queue(conn: &mut PgConnection) -> Result<u64> {
    let cleared = sqlx::query!(
        "DELETE FROM graphile_worker._private_jobs j USING graphile_worker._private_tasks t
          WHERE t.id = j.task_id AND t.identifier LIKE 'outbox\\_%'
            AND j.attempts >= j.max_attempts AND j.locked_at IS NULL",
    )
    .execute(conn)
    .await?;
    Ok(cleared.rows_affected())
}
