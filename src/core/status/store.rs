//! The SQL of samples.

use sqlx::PgConnection;
use time::OffsetDateTime;

use super::actions::Sampled;
use crate::core::error::Result;
use crate::core::jobs::store::activity::BackendActivity;

/// Stores a sample of each of these backends, at the beginning of the present ten minutes by the database's clock;
/// `now` says who is missing. Deletes old samples.
pub(super) async fn insert_samples(
    conn: &mut PgConnection,
    backends: &[BackendActivity],
    now: OffsetDateTime,
) -> Result<Sampled> {
    fn of<T>(backends: &[BackendActivity], part: impl Fn(&BackendActivity) -> T) -> Vec<T> {
        backends.iter().map(part).collect()
    }
    let slugs = of(backends, |backend| backend.slug.clone());
    let missing = of(backends, |backend| backend.is_missing(now));
    let maintenance = of(backends, |backend| backend.is_in_maintenance);
    let running = of(backends, |backend| backend.running_jobs);
    let pending = of(backends, |backend| backend.pending_jobs);
    let unprocessed = of(backends, |backend| backend.unprocessed_requests);
    let sampled = sqlx::query!(
        r#"WITH gone AS (
               DELETE FROM backend_sample WHERE at < now() - interval '8 days' RETURNING 1
           ), taken AS (
               INSERT INTO backend_sample (backend_id, at, is_missing, is_in_maintenance, running, pending, unprocessed)
               SELECT b.id, date_bin('10 minutes', now(), 'epoch'), s.is_missing, s.is_in_maintenance,
                      s.running::int, s.pending::int, s.unprocessed::int
                 FROM unnest($1::text[], $2::bool[], $3::bool[], $4::bigint[], $5::bigint[], $6::bigint[])
                          AS s (slug, is_missing, is_in_maintenance, running, pending, unprocessed)
                 JOIN backend b ON b.slug = s.slug
               ON CONFLICT (backend_id, at) DO UPDATE
                  SET is_missing = excluded.is_missing, is_in_maintenance = excluded.is_in_maintenance,
                      running = excluded.running, pending = excluded.pending, unprocessed = excluded.unprocessed
               RETURNING 1
           )
           SELECT (SELECT count(*) FROM taken) AS "taken!", (SELECT count(*) FROM gone) AS "deleted!""#,
        &slugs,
        &missing,
        &maintenance,
        &running,
        &pending,
        &unprocessed
    )
    .fetch_one(conn)
    .await?;
    Ok(Sampled {
        taken: sampled.taken.unsigned_abs(),
        deleted: sampled.deleted.unsigned_abs(),
    })
}

/// One sample of the last day, or an hour's samples of the last seven.
#[derive(Debug, Clone)]
pub struct Bin {
    pub slug: String,
    /// When the sample was taken, or the hour began.
    pub at: OffsetDateTime,
    pub is_hour: bool,
    pub samples: i64,
    pub missing: i64,
    pub maintenance: i64,
    /// Jobs that waited; the most of an hour.
    pub pending: i32,
}

/// The samples of the active backends: each since `day`, and by the hour since `week`. At most 144 and 168 of each
/// backend, oldest first.
pub async fn bins(conn: &mut PgConnection, week: OffsetDateTime, day: OffsetDateTime) -> Result<Vec<Bin>> {
    Ok(sqlx::query_as!(
        Bin,
        r#"SELECT b.slug, s.at AS "at!", s.is_hour AS "is_hour!", s.samples AS "samples!", s.missing AS "missing!",
                  s.maintenance AS "maintenance!", s.pending AS "pending!"
             FROM backend b
            CROSS JOIN LATERAL (
                SELECT at, false AS is_hour, 1::bigint AS samples, is_missing::int::bigint AS missing,
                       is_in_maintenance::int::bigint AS maintenance, pending
                  FROM backend_sample WHERE backend_id = b.id AND at >= $2
                UNION ALL
                SELECT date_bin('1 hour', at, 'epoch'), true, count(*), count(*) FILTER (WHERE is_missing),
                       count(*) FILTER (WHERE is_in_maintenance), max(pending)
                  FROM backend_sample WHERE backend_id = b.id AND at >= $1 GROUP BY 1) s
            WHERE b.is_active ORDER BY b.id, s.is_hour, s.at"#,
        week,
        day
    )
    .fetch_all(conn)
    .await?)
}
