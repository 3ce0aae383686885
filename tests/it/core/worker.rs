//! What the worker does.

use jobserver::worker;
use sqlx::PgPool;

use crate::support::Site;

#[sqlx::test]
async fn what_has_ended_is_deleted_and_what_lives_stays(pool: PgPool) {
    let site = Site::start(pool).await;
    let ended = site.world.session("ada").await;
    let living = site.world.session("grace").await;
    sqlx::query("UPDATE session SET expires_at = now() - interval '1 minute' WHERE token_hash = sha256($1::bytea)")
        .bind(ended.as_bytes())
        .execute(site.db.pool())
        .await
        .unwrap();

    // Told to stop from the beginning, it does one round all the same.
    worker::run(site.db.clone(), std::future::ready(())).await;

    let left: Vec<Vec<u8>> = sqlx::query_scalar("SELECT token_hash FROM session")
        .fetch_all(site.db.pool())
        .await
        .unwrap();
    assert_eq!(left, [jobserver::core::sealed::token_hash(&living)]);
}

#[sqlx::test]
async fn a_database_that_is_away_stops_nobody(pool: PgPool) {
    let site = Site::start(pool).await;
    site.db.pool().close().await;
    worker::run(site.db.clone(), std::future::ready(())).await;
}
