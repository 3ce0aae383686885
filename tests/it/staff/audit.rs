//! The chain of events: what it proves, and what it does not let happen.

use jobserver::core::audit::chain::{Broken, Receipt, Verified, verify};
use sqlx::PgPool;

use crate::support::{Program, Site};

/// Three events about things that are there, in two transactions.
pub(super) async fn three_events(site: &Site) {
    site.world.usual().await;
    site.world
        .so(
            "INSERT INTO auditable_event (type, target_model, target_id, parent_model, parent_id, created_by)
             SELECT 'workspace_created', 'jobserver.Workspace', w.id, 'jobserver.Project', w.project_id, 'ada'
               FROM workspace w
              LIMIT 1",
        )
        .await;
    site.world
        .so(
            "INSERT INTO auditable_event (type, old, new, target_model, target_field, target_id, created_by)
             VALUES ('org_updated', 'Straße', 'Ström, 3:4', 'jobserver.Org', 'name', '1', 'ada'),
                    ('org_updated', '', '', 'jobserver.Org', 'slug', '1', '')",
        )
        .await;
}

pub(super) async fn verified(site: &Site, receipt: Option<&Receipt>) -> Verified {
    verify(&site.db, receipt).await.unwrap()
}

/// Does what only the owner of the table could.
pub(super) async fn behind_its_back(pool: &PgPool, sql: &'static str) {
    let mut conn = pool.acquire().await.unwrap();
    sqlx::raw_sql(UNGUARDED).execute(&mut *conn).await.unwrap();
    sqlx::raw_sql(sql).execute(&mut *conn).await.unwrap();
    sqlx::raw_sql(GUARDED).execute(&mut *conn).await.unwrap();
}

const UNGUARDED: &str =
    "ALTER TABLE auditable_event DISABLE TRIGGER USER; ALTER TABLE audit_chain DISABLE TRIGGER USER";
const GUARDED: &str = "ALTER TABLE auditable_event ENABLE TRIGGER USER; ALTER TABLE audit_chain ENABLE TRIGGER USER";

#[sqlx::test]
async fn a_record_that_nobody_touched_is_whole(pool: PgPool) {
    let site = Site::start(pool).await;
    let empty = verified(&site, None).await;
    assert_eq!(empty.outcome.as_ref().map(|receipt| receipt.position), Ok(empty.events));
    three_events(&site).await;
    let after = verified(&site, None).await;
    let receipt = after.outcome.unwrap();
    assert_eq!(receipt.position, after.events);
    assert!(after.events >= 3);
    // A later record still passes through it.
    three_more(&site).await;
    let later = verified(&site, Some(&receipt)).await;
    assert_eq!(later.outcome.map(|later| later.position), Ok(receipt.position + 3));
}

async fn three_more(site: &Site) {
    site.world
        .so("INSERT INTO auditable_event (type, created_by) SELECT 'user_signed_out', 'ada' FROM generate_series(1, 3)")
        .await;
}

#[sqlx::test]
async fn whatever_is_done_to_the_record_is_noticed(pool: PgPool) {
    type Found = fn(&Broken) -> bool;
    let site = Site::start(pool.clone()).await;
    three_events(&site).await;
    let before = verified(&site, None).await.outcome.unwrap();
    let cases: [(&'static str, Found); 8] = [
        (
            "UPDATE auditable_event SET new = 'x' WHERE position = (SELECT max(position) - 1 FROM auditable_event)",
            |found| matches!(found, Broken::Changed { .. }),
        ),
        (
            "UPDATE auditable_event SET target_label = 'x' WHERE position = 1",
            |found| matches!(found, Broken::Changed { position: 1, .. }),
        ),
        (
            "UPDATE auditable_event SET created_at = created_at + interval '1 microsecond' WHERE position = 1",
            |found| matches!(found, Broken::Changed { position: 1, .. }),
        ),
        ("DELETE FROM auditable_event WHERE position = 1", |found| {
            matches!(found, Broken::Missing { position: 1 })
        }),
        (
            "DELETE FROM auditable_event WHERE position = (SELECT max(position) FROM auditable_event)",
            |found| matches!(found, Broken::Shortened { .. }),
        ),
        (
            "INSERT INTO auditable_event (type) VALUES ('user_signed_in')",
            |found| matches!(found, Broken::Unchained { .. }),
        ),
        ("DELETE FROM audit_chain", |found| {
            matches!(found, Broken::Shortened { recorded: None, .. })
        }),
        ("UPDATE audit_chain SET hash = sha256('x')", |found| {
            matches!(found, Broken::OtherEnd { .. })
        }),
    ];
    for (sql, is_found) in cases {
        let kept = keep(&pool).await;
        behind_its_back(&pool, sql).await;
        let found = verified(&site, None).await.outcome.unwrap_err();
        assert!(is_found(&found), "{sql}: {found}");
        put_back(&pool, kept).await;
        assert_eq!(verified(&site, None).await.outcome.as_ref(), Ok(&before), "{sql}");
    }
    // A whole new chain is consistent with itself, and not with the receipt.
    behind_its_back(
        &pool,
        "UPDATE auditable_event SET old = 'never', position = NULL, previous_hash = NULL, hash = NULL;
         UPDATE audit_chain SET position = 0, hash = '';
         DO $$ DECLARE e auditable_event; BEGIN
           FOR e IN SELECT * FROM auditable_event ORDER BY id LOOP
             SELECT position + 1, hash INTO e.position, e.previous_hash FROM audit_chain;
             e.hash := auditable_event_hash(e.previous_hash, e);
             UPDATE auditable_event SET position = e.position, previous_hash = e.previous_hash, hash = e.hash WHERE id = e.id;
             UPDATE audit_chain SET position = e.position, hash = e.hash;
           END LOOP; END $$",
    )
    .await;
    assert!(verified(&site, None).await.outcome.is_ok());
    let found = verified(&site, Some(&before)).await.outcome;
    assert_eq!(
        found,
        Err(Broken::NotOfReceipt {
            position: before.position
        })
    );
    let beyond = Receipt {
        position: before.position + 10,
        ..before
    };
    assert!(matches!(
        verified(&site, Some(&beyond)).await.outcome,
        Err(Broken::Shortened { .. })
    ));
}

async fn keep(pool: &PgPool) -> Vec<String> {
    let rows = sqlx::query_scalar("SELECT to_jsonb(e)::text FROM auditable_event e ORDER BY id");
    let mut kept: Vec<String> = rows.fetch_all(pool).await.unwrap();
    let head = sqlx::query_scalar("SELECT to_jsonb(c)::text FROM audit_chain c");
    kept.push(head.fetch_one(pool).await.unwrap());
    kept
}

async fn put_back(pool: &PgPool, mut kept: Vec<String>) {
    behind_its_back(pool, "DELETE FROM auditable_event; DELETE FROM audit_chain").await;
    let mut conn = pool.acquire().await.unwrap();
    sqlx::raw_sql(UNGUARDED).execute(&mut *conn).await.unwrap();
    let head = kept.pop().unwrap();
    sqlx::query("INSERT INTO audit_chain SELECT * FROM jsonb_populate_record(NULL::audit_chain, $1::jsonb)")
        .bind(head)
        .execute(&mut *conn)
        .await
        .unwrap();
    for row in kept {
        sqlx::query(
            "INSERT INTO auditable_event SELECT * FROM jsonb_populate_record(NULL::auditable_event, $1::jsonb)",
        )
        .bind(row)
        .execute(&mut *conn)
        .await
        .unwrap();
    }
    sqlx::raw_sql(GUARDED).execute(&mut *conn).await.unwrap();
}

#[sqlx::test]
async fn transactions_that_lock_in_another_order_do_not_wait_in_a_circle(pool: PgPool) {
    let site = Site::start(pool.clone()).await;
    three_events(&site).await;
    let before = verified(&site, None).await.events;
    let (mut one, mut other) = (pool.begin().await.unwrap(), pool.begin().await.unwrap());
    let event = "INSERT INTO auditable_event (type) VALUES ('user_signed_in')";
    let org = "UPDATE org SET description = description || '.' WHERE slug = (SELECT min(slug) FROM org)";
    // Whoever writes an event first does not hold up the other, who has the row that the first one needs next.
    sqlx::raw_sql(event).execute(&mut *one).await.unwrap();
    sqlx::raw_sql(org).execute(&mut *other).await.unwrap();
    sqlx::raw_sql(event).execute(&mut *other).await.unwrap();
    other.commit().await.unwrap();
    sqlx::raw_sql(org).execute(&mut *one).await.unwrap();
    one.commit().await.unwrap();
    let after = verified(&site, None).await;
    assert_eq!(after.outcome.map(|receipt| receipt.position), Ok(before + 2));
}

#[sqlx::test]
async fn what_is_taken_back_leaves_no_gap(pool: PgPool) {
    let site = Site::start(pool.clone()).await;
    three_events(&site).await;
    let before = verified(&site, None).await.events;
    let mut gone = pool.begin().await.unwrap();
    sqlx::raw_sql("INSERT INTO auditable_event (type) VALUES ('user_signed_in')")
        .execute(&mut *gone)
        .await
        .unwrap();
    gone.rollback().await.unwrap();
    three_more(&site).await;
    assert_eq!(
        verified(&site, None).await.outcome.map(|receipt| receipt.position),
        Ok(before + 3)
    );
}

#[sqlx::test]
async fn an_event_keeps_the_name_of_what_is_gone(pool: PgPool) {
    let site = Site::start(pool.clone()).await;
    site.world.org("acme").await;
    site.world
        .so("INSERT INTO auditable_event (type, target_model, target_id)
             SELECT 'org_updated', 'jobserver.Org', id FROM org WHERE slug = 'acme'")
        .await;
    site.world
        .so("WITH gone AS (DELETE FROM org WHERE slug = 'acme' RETURNING id)
             INSERT INTO auditable_event (type, target_model, target_id) SELECT 'org_updated', 'jobserver.Org', id FROM gone")
        .await;
    site.world
        .so("INSERT INTO auditable_event (type, target_model, target_id)
             SELECT 'org_updated', 'jobserver.Org', target_id FROM auditable_event WHERE type = 'org_updated' LIMIT 1")
        .await;
    let labels: Vec<String> =
        sqlx::query_scalar("SELECT target_label FROM auditable_event WHERE type = 'org_updated' ORDER BY id")
            .fetch_all(&pool)
            .await
            .unwrap();
    assert_eq!(labels, ["Acme", "Acme", "Acme"]);
}

#[sqlx::test]
async fn the_command_tells_and_gives_a_receipt(pool: PgPool) {
    let site = Site::start(pool.clone()).await;
    three_events(&site).await;
    let program = Program::new(&pool);
    let said = program.run(&["audit", "verify"]).await.ok();
    let receipt = said.last_line().to_owned();
    assert!(receipt.parse::<Receipt>().is_ok(), "{receipt}");
    program.run(&["audit", "verify", "--receipt", &receipt]).await.ok();
    let nonsense = program.run(&["audit", "verify", "--receipt", "nonsense"]).await;
    assert!(
        nonsense.code == 2 && nonsense.err.contains("is no receipt"),
        "{}",
        nonsense.err
    );
    behind_its_back(&pool, "UPDATE auditable_event SET new = 'x' WHERE position = 1").await;
    program.run(&["audit", "verify"]).await.failed();
}
