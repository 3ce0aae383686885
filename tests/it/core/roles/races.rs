//! Two at once, and what was so a moment ago.

use jobserver::core::access::{Operator, Role};
use jobserver::core::audit::By;
use jobserver::core::error::Error;
use jobserver::core::people::deactivation::deactivate;
use jobserver::core::people::memberships::set_backends;
use jobserver::core::people::roles::set_roles;
use jobserver::core::people::tokens::{self, Revoker};
use jobserver::core::projects::members::actions as members;
use sqlx::{PgPool, Postgres, Transaction};

use super::{STAFF, operator, somebody, staff};
use crate::support::{Site, until_waiting};

/// A transaction that holds a user's row.
async fn hold(site: &Site, id: i32) -> Transaction<'static, Postgres> {
    let mut tx = site.db.begin().await.unwrap();
    sqlx::query(r#"SELECT 1 FROM "user" WHERE id = $1 FOR UPDATE"#)
        .bind(id)
        .execute(&mut *tx)
        .await
        .unwrap();
    tx
}

#[sqlx::test]
async fn of_two_who_take_the_last_two_away_at_once_one_is_told_no(pool: PgPool) {
    let site = Site::start(pool).await;
    let (stan_id, stan) = staff(&site, "stan").await;
    let (tess_id, tess) = staff(&site, "tess").await;
    // Each is about to take the other's away, and has got as far as the rows.
    let (lock_stan, lock_tess) = (hold(&site, stan_id).await, hold(&site, tess_id).await);
    let (db, other) = (site.db.clone(), site.db.clone());
    let by_operator = operator();
    let first = tokio::spawn(async move { set_roles(&db, &by_operator, stan_id, &[]).await });
    until_waiting(&site.db, 1).await;
    let second = tokio::spawn(async move { set_roles(&other, &operator(), tess_id, &[]).await });
    until_waiting(&site.db, 2).await;
    drop((lock_stan, lock_tess));
    let results = [first.await.unwrap(), second.await.unwrap()];
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1, "{results:?}");
    let left: i64 = sqlx::query_scalar(r#"SELECT count(*) FROM "user" WHERE 'StaffAreaAdministrator' = ANY (roles)"#)
        .fetch_one(site.db.pool())
        .await
        .unwrap();
    assert_eq!(left, 1);
    drop((stan, tess));
}

#[sqlx::test]
async fn a_deactivation_and_a_removal_at_once_leave_one_too(pool: PgPool) {
    let site = Site::start(pool).await;
    let (stan_id, _) = staff(&site, "stan").await;
    let (tess_id, _) = staff(&site, "tess").await;
    // Both orders, as each locks rows of its own.
    for deactivation_is_first in [true, false] {
        site.world.global_roles("tess", STAFF).await;
        sqlx::query(r#"UPDATE "user" SET is_active = true"#)
            .execute(site.db.pool())
            .await
            .unwrap();
        let locks = (hold(&site, stan_id).await, hold(&site, tess_id).await);
        let (db, other) = (site.db.clone(), site.db.clone());
        let deactivating = async move { deactivate(&db, "stan", &By::operator("olive")).await.map(|_| ()) };
        let removing = async move { set_roles(&other, &operator(), tess_id, &[]).await.map(|_| ()) };
        let (first, second) = if deactivation_is_first {
            let first = tokio::spawn(deactivating);
            until_waiting(&site.db, 1).await;
            (first, tokio::spawn(removing))
        } else {
            let first = tokio::spawn(removing);
            until_waiting(&site.db, 1).await;
            (first, tokio::spawn(deactivating))
        };
        until_waiting(&site.db, 2).await;
        drop(locks);
        assert!(first.await.unwrap().is_ok());
        let refused = second.await.unwrap();
        let is_told = matches!(&refused, Err(Error::Conflict(_) | Error::Invalid(_)));
        assert!(is_told, "deactivation first: {deactivation_is_first}, {refused:?}");
    }
    // The same user, by both: neither waits for the other for ever.
    site.world.global_roles("tess", STAFF).await;
    sqlx::query(r#"UPDATE "user" SET is_active = true"#)
        .execute(site.db.pool())
        .await
        .unwrap();
    let lock = hold(&site, tess_id).await;
    let (db, other) = (site.db.clone(), site.db.clone());
    let first = tokio::spawn(async move { deactivate(&db, "tess", &By::operator("olive")).await });
    until_waiting(&site.db, 1).await;
    let second = tokio::spawn(async move { set_roles(&other, &operator(), tess_id, &[]).await });
    until_waiting(&site.db, 2).await;
    drop(lock);
    assert!(first.await.unwrap().is_ok());
    assert!(second.await.unwrap().is_ok());
}

#[sqlx::test]
async fn a_right_that_was_taken_meanwhile_gives_nothing(pool: PgPool) {
    let site = Site::start(pool).await;
    let (_, stan) = staff(&site, "stan").await;
    let (tess_id, tess) = staff(&site, "tess").await;
    let project = site.world.project("project").await;
    let ada = site.world.user("ada").await;
    let person = somebody(tess_id, "tess", &[Role::StaffAreaAdministrator, Role::TechSupport]);
    let in_project = members::Granter::Person(person.can(project).unwrap());
    let olive = Operator::at_the_command_line("olive");
    let token = tokens::create(&site.db, "ada", &olive).await.unwrap().id;
    set_roles(&site.db, &stan, tess_id, &[]).await.unwrap();
    // What was proven at the beginning of a request is not so any more.
    let refused = set_roles(&site.db, &tess, ada, &[Role::OutputChecker]).await;
    assert!(matches!(refused, Err(Error::NotAllowed(_))), "{refused:?}");
    let refused = members::add(&site.db, &in_project, project, &[ada], &[]).await;
    assert!(matches!(refused, Err(Error::NotAllowed(_))), "{refused:?}");
    let refused = set_backends(&site.db, &tess, ada, &[]).await;
    assert!(matches!(refused, Err(Error::NotAllowed(_))), "{refused:?}");
    let refused = tokens::revoke(&site.db, Revoker::Other(&tess), token).await;
    assert!(matches!(refused, Err(Error::NotAllowed(_))), "{refused:?}");
}

#[sqlx::test]
async fn a_token_is_revoked_by_its_owner_or_the_staff_once(pool: PgPool) {
    let site = Site::start(pool.clone()).await;
    let (_, stan) = staff(&site, "stan").await;
    let ada = site.world.user("ada").await;
    let mallory = site.world.user("mallory").await;
    let olive = Operator::at_the_command_line("olive");
    let (one, two) = (
        tokens::create(&site.db, "ada", &olive).await.unwrap().id,
        tokens::create(&site.db, "ada", &olive).await.unwrap().id,
    );
    let (ada, mallory) = (somebody(ada, "ada", &[]), somebody(mallory, "mallory", &[]));
    let foreign = tokens::revoke(&site.db, Revoker::Owner(&mallory), one).await;
    assert!(matches!(foreign, Err(Error::NotFound("Token"))), "{foreign:?}");
    // Two at once, which wait for a third's lock: one does it.
    let mut lock = site.db.begin().await.unwrap();
    sqlx::query("SELECT 1 FROM personal_token FOR UPDATE")
        .execute(&mut *lock)
        .await
        .unwrap();
    let both: Vec<_> = (0..2)
        .map(|_| {
            let (db, ada) = (site.db.clone(), ada.clone());
            tokio::spawn(async move { tokens::revoke(&db, Revoker::Owner(&ada), one).await })
        })
        .collect();
    until_waiting(&site.db, 2).await;
    drop(lock);
    let mut results = Vec::new();
    for revoking in both {
        results.push(revoking.await.unwrap().is_ok());
    }
    results.sort_unstable();
    assert_eq!(results, [false, true]);
    tokens::revoke(&site.db, Revoker::Other(&stan), two).await.unwrap();
    let recorded: Vec<String> = sqlx::query_scalar(
        "SELECT concat_ws(' ', created_by, target_user, old) FROM auditable_event
          WHERE type = 'personal_token_revoked' ORDER BY id",
    )
    .fetch_all(&pool)
    .await
    .unwrap();
    assert_eq!(recorded, [format!("ada ada {one}"), format!("stan ada {two}")]);
    let listed = tokens::list(&mut site.db.read().await.unwrap(), ada.id).await.unwrap();
    assert_eq!(listed.iter().map(|token| token.id).collect::<Vec<_>>(), [two, one]);
    assert_eq!(listed[0].revoked_by.as_deref(), Some("stan"));
}
