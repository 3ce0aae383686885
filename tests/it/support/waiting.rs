//! Waiting until others wait.

use jobserver::core::db::Db;

/// Returns once so many of this database's connections wait for a lock.
pub async fn until_waiting(db: &Db, count: i64) {
    loop {
        let waiting: i64 = sqlx::query_scalar(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'",
        )
        .fetch_one(db.pool())
        .await
        .unwrap();
        if waiting == count {
            return;
        }
        tokio::task::yield_now().await;
    }
}
