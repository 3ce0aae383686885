//! What the code host said, kept.

use std::time::{Duration, Instant};

use jobserver::core::db::Db;
use jobserver::core::ids::RepoUrl;
use jobserver::core::ports::CodeHostError;
use jobserver::core::workspaces::facts::{Facts, Visibility};
use sqlx::PgPool;

use crate::support::{FakeCodeHost, count_statements};

fn repos(count: usize) -> Vec<RepoUrl> {
    (0..count)
        .map(|n| RepoUrl::from_parts("opensafely", &format!("r{n}")).unwrap())
        .collect()
}

#[sqlx::test]
async fn many_repositories_take_one_statement_to_read_and_one_to_keep(pool: PgPool) {
    let (db, host) = (Db::from(pool), FakeCodeHost::default());
    for n in 0..50 {
        host.commit(&format!("opensafely/r{n}"), "main", &[]);
    }
    host.make_private("opensafely/r7");
    let facts = Facts::new(&db, &host, Duration::from_secs(10));
    let asked = repos(51);
    let (known, statements) = count_statements(facts.visibility(&asked)).await;
    let known = known.unwrap();
    assert_eq!(statements, 2);
    assert_eq!(known.len(), 51);
    assert_eq!(known[&asked[7]].value, Visibility::Private);
    assert_eq!(known[&asked[8]].value, Visibility::Public);
    assert_eq!(known[&asked[50]].value, Visibility::NotFound);
    let calls = host.calls();
    let (again, statements) = count_statements(facts.visibility(&asked)).await;
    assert_eq!((again.unwrap().len(), statements, host.calls()), (51, 1, calls));
    let (none, statements) = count_statements(facts.visibility(&[])).await;
    assert_eq!((none.unwrap().len(), statements), (0, 0));
}

#[sqlx::test]
async fn a_silent_host_costs_its_limit_once_and_not_once_a_repository(pool: PgPool) {
    let (db, host) = (Db::from(pool), FakeCodeHost::default());
    host.be_silent(true);
    let facts = Facts::new(&db, &host, Duration::from_millis(50));
    let started = Instant::now();
    assert!(facts.visibility(&repos(100)).await.unwrap().is_empty());
    // 100 repositories, 8 at once, 50 ms each would be more than 600 ms.
    assert!(
        started.elapsed() < Duration::from_millis(500),
        "{:?}",
        started.elapsed()
    );
}

#[sqlx::test]
async fn a_failure_leaves_what_was_known(pool: PgPool) {
    let (db, host) = (Db::from(pool), FakeCodeHost::default());
    host.commit("opensafely/r0", "main", &[]);
    let facts = Facts::new(&db, &host, Duration::from_secs(10));
    let orgs = ["opensafely".to_owned(), "nobody".to_owned()];
    let known = facts.repositories(&orgs).await.unwrap();
    assert_eq!(known["opensafely"].value[0].branches, ["main"]);
    assert!(known["nobody"].value.is_empty());
    sqlx::query("UPDATE code_host_fact SET fetched_at = now() - interval '1 day'")
        .execute(db.pool())
        .await
        .unwrap();
    host.fail_with(Some(|| CodeHostError::TimedOut));
    let stale = facts.repositories(&orgs).await.unwrap();
    assert!(stale["opensafely"].is_stale());
    assert_eq!(stale["opensafely"].value, known["opensafely"].value);
    host.fail_with(None);
    assert!(!facts.repositories(&orgs).await.unwrap()["opensafely"].is_stale());
}
