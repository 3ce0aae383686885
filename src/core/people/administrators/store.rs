//! The SQL of keeping an administrator.

use sqlx::PgConnection;

use crate::core::error::Result;

pub(super) async fn lock(conn: &mut PgConnection) -> Result<()> {
    sqlx::query!("SELECT 1 AS one FROM (SELECT pg_advisory_xact_lock(hashtext('administrators'))) AS locked")
        .fetch_one(conn)
        .await?;
    Ok(())
}

pub(super) async fn is_last(conn: &mut PgConnection, user_id: i32) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"SELECT coalesce(array_agg(id) = ARRAY[$1::int], false) AS "is_last!"
             FROM "user" WHERE is_active AND roles @> '{StaffAreaAdministrator}'"#,
        user_id
    )
    .fetch_one(conn)
    .await?)
}
