//! What keeps events as they are: rules of the database, and a role that may not change them.

use jobserver::core::audit::chain::Broken;
use sqlx::PgPool;

use super::audit::{behind_its_back, three_events, verified};
use crate::support::Site;

#[sqlx::test]
async fn no_transaction_gives_its_own_events_a_place(pool: PgPool) {
    let site = Site::start(pool.clone()).await;
    three_events(&site).await;
    for sql in [
        // Somebody else's place, a place far ahead, and its own one before its time.
        "UPDATE auditable_event e SET position = o.position, previous_hash = o.previous_hash, hash = o.hash
           FROM auditable_event o WHERE o.position = 1 AND e.hash IS NULL",
        "UPDATE auditable_event SET position = 4000, previous_hash = '', hash = sha256('') WHERE hash IS NULL",
        "UPDATE auditable_event e SET position = c.position + 1, previous_hash = c.hash,
                hash = auditable_event_hash(c.hash, jsonb_populate_record(e, jsonb_build_object('position', c.position + 1)))
           FROM audit_chain c WHERE e.hash IS NULL",
        "UPDATE audit_chain SET position = position + 1",
    ] {
        let mut tx = pool.begin().await.unwrap();
        sqlx::raw_sql("INSERT INTO auditable_event (type) VALUES ('user_signed_in')")
            .execute(&mut *tx)
            .await
            .unwrap();
        let refused = sqlx::raw_sql(sql).execute(&mut *tx).await.unwrap_err();
        let rule = refused.as_database_error().and_then(|error| error.constraint());
        assert!(rule.is_some_and(|rule| rule.ends_with("append_only")), "{sql}: {refused}");
    }
    assert!(verified(&site, None).await.outcome.is_ok());
}

#[sqlx::test]
async fn an_event_that_shares_a_place_is_noticed_wherever_pages_of_the_proof_end(pool: PgPool) {
    let site = Site::start(pool.clone()).await;
    three_events(&site).await;
    site.world
        .so("INSERT INTO auditable_event (type)
             SELECT 'user_signed_out' FROM generate_series(1, 2000 - (SELECT position FROM audit_chain))")
        .await;
    assert_eq!(verified(&site, None).await.events, 2000);
    behind_its_back(
        &pool,
        "DROP INDEX auditable_event_position_unique;
         DO $$ DECLARE e auditable_event; BEGIN
           SELECT * INTO e FROM auditable_event WHERE position = 2000;
           e.id := e.id + 1000;
           e.hash := auditable_event_hash(e.previous_hash, e);
           INSERT INTO auditable_event SELECT e.*;
         END $$",
    )
    .await;
    assert_eq!(
        verified(&site, None).await.outcome,
        Err(Broken::Crowded {
            events: 2001,
            places: 2000
        })
    );
}

#[sqlx::test]
async fn a_date_that_no_program_can_read_is_told_and_breaks_no_page(pool: PgPool) {
    let site = Site::start(pool.clone()).await;
    three_events(&site).await;
    site.world.global_roles("stan", &["StaffAreaAdministrator"]).await;
    behind_its_back(
        &pool,
        "ALTER TABLE auditable_event DROP CONSTRAINT auditable_event_created_at_range",
    )
    .await;
    for sql in [
        "UPDATE auditable_event SET created_at = 'infinity' WHERE position = 2",
        "UPDATE auditable_event SET created_at = '-infinity' WHERE position = 2",
        "UPDATE auditable_event SET created_at = '20000-01-01' WHERE position = 2",
    ] {
        behind_its_back(&pool, sql).await;
        let found = verified(&site, None).await.outcome;
        assert!(
            matches!(found, Err(Broken::Undated { position: 2, .. })),
            "{sql}: {found:?}"
        );
        let stan = site.sign_in("stan").await;
        stan.get("/staff/events/").await.expect(200);
        stan.get("/staff/events/?format=csv").await.expect(200);
    }
}

#[sqlx::test]
async fn what_keeps_events_is_missed_when_it_is_gone(pool: PgPool) {
    let site = Site::start(pool.clone()).await;
    three_events(&site).await;
    for (sql, missing, back) in [
        (
            "ALTER TABLE auditable_event DISABLE TRIGGER auditable_event_append_only",
            "auditable_event_append_only",
            "ALTER TABLE auditable_event ENABLE TRIGGER auditable_event_append_only",
        ),
        // Fires in a replica alone.
        (
            "ALTER TABLE auditable_event ENABLE REPLICA TRIGGER auditable_event_only_joins_chain",
            "auditable_event_only_joins_chain",
            "ALTER TABLE auditable_event ENABLE TRIGGER auditable_event_only_joins_chain",
        ),
        (
            "DROP INDEX auditable_event_position_unique",
            "auditable_event_position_unique",
            "CREATE UNIQUE INDEX auditable_event_position_unique ON auditable_event (position)",
        ),
        (
            "DROP TRIGGER audit_chain_append_only ON audit_chain",
            "audit_chain_append_only",
            "SELECT 1",
        ),
    ] {
        site.world.so(sql).await;
        let missing = vec![missing.to_owned()];
        assert_eq!(
            verified(&site, None).await.outcome,
            Err(Broken::Unguarded { missing }),
            "{sql}"
        );
        site.world.so(back).await;
    }
}

/// The blocks of SQL in INSTALL.md that set up the program's own role.
fn installed() -> impl Iterator<Item = &'static str> {
    let blocks = include_str!("../../../INSTALL.md").split("```sql\n").skip(1);
    blocks.map(|block| block.split("```").next().unwrap())
}

#[sqlx::test]
async fn the_program_runs_with_a_role_that_cannot_change_events(pool: PgPool) {
    let owner = Site::start(pool.clone()).await;
    three_events(&owner).await;
    let staff = ["StaffAreaAdministrator", "ServiceAdministrator", "TechSupport"];
    owner.world.global_roles("stan", &staff).await;
    // Roles are the server's, not the database's: this one has the database's name.
    let options = (*pool.connect_options()).clone();
    let name = format!("app{}", options.get_database().unwrap()).to_lowercase();
    let name: String = name.chars().take(60).collect();
    let farewell = format!("DROP OWNED BY {name}; DROP ROLE {name}");
    let exists = sqlx::query_scalar::<_, bool>("SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1)").bind(&name);
    assert!(
        !exists.fetch_one(&pool).await.unwrap(),
        "left by a run that failed: {farewell}"
    );
    for sql in installed() {
        let sql = sql.replace("jobserver_app", &name);
        sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(&pool).await.unwrap();
    }
    // Whoever made a role need not be one of its members.
    sqlx::raw_sql(sqlx::AssertSqlSafe(format!("GRANT {name} TO CURRENT_USER")))
        .execute(&pool)
        .await
        .unwrap();
    let apart = PgPool::connect_with(options.options([("role", name.as_str())]))
        .await
        .unwrap();
    let site = Site::start(apart.clone()).await;

    let before = verified(&site, None).await;
    assert!(!before.may_change && verified(&owner, None).await.may_change);
    let stan = site.sign_in("stan").await;
    stan.post("/staff/orgs/add/", &[("name", "New")]).await.expect(302);
    crate::outbox::store(&site.db, crate::outbox::draft()).await;
    assert_eq!(site.drain().await.len(), 1);
    let after = verified(&site, Some(&before.outcome.unwrap())).await;
    assert!(after.outcome.is_ok() && after.events > before.events, "{after:?}");
    for sql in [
        "UPDATE auditable_event SET old = 'x'",
        "DELETE FROM auditable_event",
        "TRUNCATE auditable_event",
        "ALTER TABLE auditable_event DISABLE TRIGGER USER",
        "UPDATE audit_chain SET position = 0, hash = ''",
        "DELETE FROM audit_chain",
        "INSERT INTO audit_chain (position, hash) VALUES (0, '')",
        "CREATE OR REPLACE FUNCTION auditable_event_is_append_only() RETURNS trigger LANGUAGE sql AS ''",
    ] {
        let refused = sqlx::raw_sql(sql).execute(&apart).await.unwrap_err();
        let code = refused.as_database_error().and_then(|error| error.code());
        assert_eq!(code.as_deref(), Some("42501"), "{sql}: {refused}");
    }
    // Nothing is left to do for it.
    site.db.migrate().await.unwrap();
    drop((site, stan));
    apart.close().await;
    sqlx::raw_sql(sqlx::AssertSqlSafe(farewell))
        .execute(&pool)
        .await
        .unwrap();
}
