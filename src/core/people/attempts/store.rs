//! The SQL of counting tries.

use std::time::Duration;

use sqlx::PgConnection;

use super::{Limit, Subjects};
use crate::core::error::Result;

/// Counts a try of an address and an account, in one statement. Returns how long to wait when one made more
/// than it may. An address that did makes no rows for accounts, however many it names.
pub(super) async fn count(
    conn: &mut PgConnection,
    what: &str,
    subjects: &Subjects,
    limit: Limit,
) -> Result<Option<Duration>> {
    let waits = sqlx::query_scalar!(
        r#"WITH address AS (
             INSERT INTO attempt (what, subject) SELECT $1, $2::bytea WHERE $2::bytea IS NOT NULL
             ON CONFLICT (what, subject) DO UPDATE
                SET made = CASE WHEN attempt.began_at > now() - make_interval(secs => $6)
                                THEN least(attempt.made, 1000000) + 1 ELSE 1 END,
                    began_at = CASE WHEN attempt.began_at > now() - make_interval(secs => $6)
                                    THEN attempt.began_at ELSE now() END
             RETURNING made > $3::int AS is_over, began_at),
           account AS (
             INSERT INTO attempt (what, subject) SELECT $1, $4::bytea
              WHERE $4::bytea IS NOT NULL AND NOT EXISTS (SELECT FROM address WHERE is_over)
             ON CONFLICT (what, subject) DO UPDATE
                SET made = CASE WHEN attempt.began_at > now() - make_interval(secs => $6)
                                THEN least(attempt.made, 1000000) + 1 ELSE 1 END,
                    began_at = CASE WHEN attempt.began_at > now() - make_interval(secs => $6)
                                    THEN attempt.began_at ELSE now() END
             RETURNING made > $5::int AS is_over, began_at)
           SELECT extract(epoch FROM max(began_at) + make_interval(secs => $6) - now())::float8
             FROM (SELECT is_over, began_at FROM address UNION ALL SELECT is_over, began_at FROM account) AS tried
            WHERE is_over"#,
        what,
        subjects.address.as_deref(),
        limit.by_address,
        subjects.account.as_deref(),
        limit.by_account,
        limit.within.as_secs_f64()
    )
    .fetch_one(conn)
    .await?;
    Ok(waits.map(|seconds| Duration::from_secs_f64(seconds.max(1.0))))
}

/// How long to wait when an address or an account made as many tries as it may.
pub(super) async fn look(
    conn: &mut PgConnection,
    what: &str,
    subjects: &Subjects,
    limit: Limit,
) -> Result<Option<Duration>> {
    let waits = sqlx::query_scalar!(
        r#"SELECT extract(epoch FROM max(began_at) + make_interval(secs => $6) - now())::float8
             FROM attempt
            WHERE what = $1 AND began_at > now() - make_interval(secs => $6)
              AND ((subject = $2 AND made >= $3) OR (subject = $4 AND made >= $5))"#,
        what,
        subjects.address.as_deref(),
        limit.by_address,
        subjects.account.as_deref(),
        limit.by_account,
        limit.within.as_secs_f64()
    )
    .fetch_one(conn)
    .await?;
    Ok(waits.map(|seconds| Duration::from_secs_f64(seconds.max(1.0))))
}

pub(super) async fn forget(conn: &mut PgConnection, what: &str, subject: &[u8]) -> Result<()> {
    sqlx::query!("DELETE FROM attempt WHERE what = $1 AND subject = $2", what, subject)
        .execute(conn)
        .await?;
    Ok(())
}

pub(super) async fn delete_older_than(conn: &mut PgConnection, age: Duration) -> Result<u64> {
    let deleted = sqlx::query!(
        "DELETE FROM attempt WHERE began_at < now() - make_interval(secs => $1)",
        age.as_secs_f64()
    )
    .execute(conn)
    .await?;
    Ok(deleted.rows_affected())
}
