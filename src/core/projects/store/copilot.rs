//! The SQL of co-pilot support.

use sqlx::PgConnection;
use time::OffsetDateTime;

use crate::core::error::Result;

/// A project whose co-pilot support ends soon.
pub struct EndingSupport {
    pub slug: String,
    pub name: String,
    pub number: Option<String>,
    pub ends_at: OffsetDateTime,
    /// The database's time.
    pub now: OffsetDateTime,
}

/// Projects whose support ends between now and in `days` days, soonest first.
pub async fn support_that_ends(conn: &mut PgConnection, days: i32) -> Result<Vec<EndingSupport>> {
    Ok(sqlx::query_as!(
        EndingSupport,
        r#"SELECT slug, name, number, copilot_support_ends_at AS "ends_at!", now() AS "now!"
             FROM project
            WHERE copilot_support_ends_at BETWEEN now() AND now() + make_interval(days => $1)
            ORDER BY copilot_support_ends_at, id"#,
        days,
    )
    .fetch_all(conn)
    .await?)
}
