//! Two at once on the same job requests: they take turns, and nothing is lost. The order is made by
//! locks that a test holds, and seen in what the database says of who waits.

use jobserver::core::access::{CanCancel, Membership, SignedIn};
use jobserver::core::db::Db;
use jobserver::core::error::Error;
use jobserver::core::jobs::actions::{Cancelled, cancel_job_request};
use jobserver::core::jobs::sync::{ReportedJob, sync_jobs};
use sqlx::{PgPool, Postgres, Transaction};
use tokio::task::JoinHandle;

use super::status::report;
use crate::support::{Request, Site, until_waiting};

/// A transaction that holds one request's row, as a sync or a cancellation would.
async fn hold(db: &Db, id: i32) -> Transaction<'static, Postgres> {
    let mut tx = db.begin().await.unwrap();
    sqlx::query("SELECT 1 FROM job_request WHERE id = $1 FOR UPDATE")
        .bind(id)
        .execute(&mut *tx)
        .await
        .unwrap();
    tx
}

fn sync(db: &Db, backend: i32, jobs: Vec<ReportedJob>) -> JoinHandle<Result<usize, Error>> {
    let db = db.clone();
    tokio::spawn(async move { Ok(sync_jobs(&db, backend, jobs).await?.newly_completed.len()) })
}

async fn state(site: &Site, id: i32) -> (String, Vec<String>, Vec<String>) {
    sqlx::query_as(
        "SELECT status, cancelled_actions, ARRAY(SELECT j.identifier || ':' || j.status FROM job j
                                                  WHERE j.job_request_id = r.id ORDER BY j.identifier)
           FROM job_request r WHERE id = $1",
    )
    .bind(id)
    .fetch_one(site.db.pool())
    .await
    .unwrap()
}

async fn cancellation(site: &Site, id: i32) -> JoinHandle<Result<Cancelled, Error>> {
    let user = site.world.user("ada").await;
    let project_id = site.world.project("project").await;
    let ada = SignedIn {
        id: user,
        username: "ada".to_owned(),
        fullname: "Ada".to_owned(),
        roles: Vec::new(),
        memberships: vec![Membership {
            project_id,
            roles: Vec::new(),
        }],
    };
    let can = CanCancel::prove(&ada, id, Some(user), project_id).unwrap();
    let db = site.db.clone();
    tokio::spawn(async move { cancel_job_request(&db, &can).await })
}

#[sqlx::test]
async fn two_syncs_of_the_same_requests_take_turns(pool: PgPool) {
    let site = Site::start(pool).await;
    site.world.usual().await;
    let backend = site.world.backend_id("tpp").await;
    let (a_id, a) = site.world.request(Request::default()).await;
    let (b_id, b) = site.world.request(Request::default()).await;
    let lock = hold(&site.db, a_id).await;
    let first = sync(
        &site.db,
        backend,
        vec![report(&a, "a1", "running"), report(&b, "b1", "succeeded")],
    );
    until_waiting(&site.db, 1).await;
    // Named the other way round, which must not make them wait for each other.
    let second = sync(
        &site.db,
        backend,
        vec![
            report(&b, "b1", "failed"),
            report(&a, "a1", "failed"),
            report(&a, "a2", "pending"),
        ],
    );
    until_waiting(&site.db, 2).await;
    drop(lock);
    assert_eq!(first.await.unwrap().unwrap(), 1);
    // The second came after the first: of its completed jobs one was over already.
    assert_eq!(second.await.unwrap().unwrap(), 1);
    assert_eq!(
        state(&site, a_id).await,
        ("running".into(), vec![], vec!["a1:failed".into(), "a2:pending".into()])
    );
    assert_eq!(
        state(&site, b_id).await,
        ("failed".into(), vec![], vec!["b1:failed".into()])
    );
}

#[sqlx::test]
async fn a_sync_during_a_cancellation_keeps_it(pool: PgPool) {
    let site = Site::start(pool).await;
    site.world.usual().await;
    let backend = site.world.backend_id("tpp").await;
    let (id, identifier) = site.world.request(Request::default()).await;
    sync(
        &site.db,
        backend,
        vec![report(&identifier, "a", "running"), report(&identifier, "b", "pending")],
    )
    .await
    .unwrap()
    .unwrap();
    let lock = hold(&site.db, id).await;
    let cancelling = cancellation(&site, id).await;
    until_waiting(&site.db, 1).await;
    let syncing = sync(
        &site.db,
        backend,
        vec![
            report(&identifier, "a", "succeeded"),
            report(&identifier, "b", "running"),
        ],
    );
    until_waiting(&site.db, 2).await;
    drop(lock);
    assert_eq!(
        cancelling.await.unwrap().unwrap(),
        Cancelled::Actions(vec!["a".into(), "b".into()])
    );
    assert_eq!(syncing.await.unwrap().unwrap(), 1);
    assert_eq!(
        state(&site, id).await,
        (
            "running".into(),
            vec!["a".into(), "b".into()],
            vec!["a:succeeded".into(), "b:running".into()]
        )
    );
}

#[sqlx::test]
async fn a_cancellation_during_a_sync_sees_what_it_stored(pool: PgPool) {
    let site = Site::start(pool).await;
    site.world.usual().await;
    let backend = site.world.backend_id("tpp").await;
    let (id, identifier) = site.world.request(Request::default()).await;
    sync(&site.db, backend, vec![report(&identifier, "a", "running")])
        .await
        .unwrap()
        .unwrap();
    let lock = hold(&site.db, id).await;
    let syncing = sync(
        &site.db,
        backend,
        vec![
            report(&identifier, "a", "succeeded"),
            report(&identifier, "b", "running"),
        ],
    );
    until_waiting(&site.db, 1).await;
    let cancelling = cancellation(&site, id).await;
    until_waiting(&site.db, 2).await;
    drop(lock);
    assert_eq!(syncing.await.unwrap().unwrap(), 1);
    // Only what is not over by then.
    assert_eq!(cancelling.await.unwrap().unwrap(), Cancelled::Actions(vec!["b".into()]));
    assert_eq!(
        state(&site, id).await,
        (
            "running".into(),
            vec!["b".into()],
            vec!["a:succeeded".into(), "b:running".into()]
        )
    );
    // And a request that a sync finishes first is not cancelled at all.
    let lock = hold(&site.db, id).await;
    let syncing = sync(&site.db, backend, vec![report(&identifier, "b", "failed")]);
    until_waiting(&site.db, 1).await;
    let cancelling = cancellation(&site, id).await;
    until_waiting(&site.db, 2).await;
    drop(lock);
    syncing.await.unwrap().unwrap();
    assert_eq!(cancelling.await.unwrap().unwrap(), Cancelled::NothingLeft);
    assert_eq!(state(&site, id).await.0, "failed");
}

#[sqlx::test]
async fn a_job_made_meanwhile_for_another_request_turns_a_sync_away_whole(pool: PgPool) {
    let site = Site::start(pool).await;
    site.world.usual().await;
    let backend = site.world.backend_id("tpp").await;
    let (id, identifier) = site.world.request(Request::default()).await;
    let (other, _) = site
        .world
        .request(Request {
            backend: "emis",
            ..Request::default()
        })
        .await;
    sync(&site.db, backend, vec![report(&identifier, "old", "running")])
        .await
        .unwrap()
        .unwrap();
    let mut theirs = site.db.begin().await.unwrap();
    sqlx::query("INSERT INTO job (job_request_id, identifier) VALUES ($1, 'same')")
        .bind(other)
        .execute(&mut *theirs)
        .await
        .unwrap();
    let syncing = sync(
        &site.db,
        backend,
        vec![
            report(&identifier, "new", "running"),
            report(&identifier, "same", "running"),
        ],
    );
    until_waiting(&site.db, 1).await;
    theirs.commit().await.unwrap();
    let refused = syncing.await.unwrap();
    assert!(
        matches!(&refused, Err(Error::Conflict(what)) if what.contains("same")),
        "{refused:?}"
    );
    assert_eq!(
        state(&site, id).await,
        ("running".into(), vec![], vec!["old:running".into()])
    );
}

#[sqlx::test]
async fn two_cancellations_at_once_add_each_action_once(pool: PgPool) {
    let site = Site::start(pool).await;
    site.world.usual().await;
    let backend = site.world.backend_id("tpp").await;
    let (id, identifier) = site.world.request(Request::default()).await;
    sync(&site.db, backend, vec![report(&identifier, "a", "running")])
        .await
        .unwrap()
        .unwrap();
    let lock = hold(&site.db, id).await;
    let first = cancellation(&site, id).await;
    until_waiting(&site.db, 1).await;
    let second = cancellation(&site, id).await;
    until_waiting(&site.db, 2).await;
    drop(lock);
    assert_eq!(first.await.unwrap().unwrap(), Cancelled::Actions(vec!["a".into()]));
    assert_eq!(second.await.unwrap().unwrap(), Cancelled::NothingLeft);
    assert_eq!(state(&site, id).await.1, ["a"]);
}
