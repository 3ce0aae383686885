//! The SQL of counting tries.

use std::time::Duration;

use sqlx::PgConnection;

use crate::core::error::Result;

/// Counts a try for each subject, with how many each may make, in one statement. Returns how long to wait
/// when one made more.
pub(super) async fn count(
    conn: &mut PgConnection,
    what: &str,
    subjects: &[(Vec<u8>, i32)],
    within: Duration,
) -> Result<Option<Duration>> {
    let (names, most): (Vec<Vec<u8>>, Vec<i32>) = subjects.iter().cloned().unzip();
    let seconds = within.as_secs_f64();
    let waits = sqlx::query_scalar!(
        r#"WITH tried AS (
             INSERT INTO attempt (what, subject) SELECT $1, subject FROM unnest($2::bytea[]) AS s (subject) ORDER BY 1, 2
             ON CONFLICT (what, subject) DO UPDATE
                SET made = CASE WHEN attempt.began_at > now() - make_interval(secs => $4)
                                THEN least(attempt.made, 1000000) + 1 ELSE 1 END,
                    began_at = CASE WHEN attempt.began_at > now() - make_interval(secs => $4)
                                    THEN attempt.began_at ELSE now() END
             RETURNING subject, made, began_at)
           SELECT extract(epoch FROM max(tried.began_at) + make_interval(secs => $4) - now())::float8
             FROM tried JOIN unnest($2::bytea[], $3::int[]) AS s (subject, most) USING (subject)
            WHERE tried.made > s.most"#,
        what,
        &names,
        &most,
        seconds
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
