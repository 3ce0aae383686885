//! How often something may be tried.

use std::net::IpAddr;
use std::time::Duration;

use jobserver::core::db::Db;
use jobserver::core::error::Error;
use jobserver::core::people::attempts::{Trial, Who, delete_old, forgive, take};
use sqlx::PgPool;

const TRIAL: Trial = Trial::LoginToken;

fn at(account: &'static str, address: &str) -> Who<'static> {
    Who {
        account: Some(account),
        address: Some(address.parse::<IpAddr>().unwrap()),
    }
}

/// How long to wait; `None` for whoever may try.
async fn wait(db: &Db, who: Who<'_>) -> Option<Duration> {
    match take(db, TRIAL, who).await {
        Ok(()) => None,
        Err(Error::TooMany { retry_after, .. }) => Some(retry_after),
        Err(error) => panic!("{error}"),
    }
}

async fn let_time_pass(pool: &PgPool, time: Duration) {
    sqlx::query("UPDATE attempt SET began_at = began_at - make_interval(secs => $1)")
        .bind(time.as_secs_f64())
        .execute(pool)
        .await
        .unwrap();
}

#[sqlx::test]
async fn an_account_tries_so_often_from_wherever_it_is(pool: PgPool) {
    let db = Db::from(pool.clone());
    let limit = TRIAL.limit();
    for n in 0..limit.by_account {
        let address = format!("203.0.113.{n}");
        assert_eq!(wait(&db, at("ada", &address)).await, None, "{n}");
    }
    // The case of letters and blanks make nobody else of an account.
    let waits = wait(&db, at(" ADA ", "198.51.100.1")).await.unwrap();
    assert!(waits <= limit.within && waits > limit.within / 2, "{waits:?}");
    assert_eq!(wait(&db, at("bob", "198.51.100.1")).await, None);

    let_time_pass(&pool, limit.within - Duration::from_secs(30)).await;
    assert!(wait(&db, at("ada", "198.51.100.2")).await.is_some());
    let_time_pass(&pool, Duration::from_secs(31)).await;
    assert_eq!(wait(&db, at("ada", "198.51.100.2")).await, None, "a new window begins");
}

#[sqlx::test]
async fn an_address_tries_so_often_whatever_accounts_it_names(pool: PgPool) {
    let db = Db::from(pool.clone());
    for _ in 0..TRIAL.limit().by_address {
        let who = Who {
            account: None,
            address: Some("203.0.113.9".parse().unwrap()),
        };
        assert_eq!(wait(&db, who).await, None);
    }
    assert!(wait(&db, at("ada", "203.0.113.9")).await.is_some());
    assert_eq!(wait(&db, at("ada", "203.0.113.10")).await, None);
    // Nobody is counted of whom nothing is known.
    assert_eq!(wait(&db, Who::default()).await, None);
}

#[sqlx::test]
async fn whoever_was_right_begins_anew_and_the_address_does_not(pool: PgPool) {
    let db = Db::from(pool.clone());
    for _ in 0..TRIAL.limit().by_account {
        wait(&db, at("ada", "203.0.113.9")).await;
    }
    assert!(wait(&db, at("ada", "203.0.113.9")).await.is_some());
    forgive(&mut db.read().await.unwrap(), TRIAL, "Ada").await.unwrap();
    assert_eq!(wait(&db, at("ada", "203.0.113.9")).await, None);
    let counted: Vec<i32> = sqlx::query_scalar("SELECT made FROM attempt ORDER BY made")
        .fetch_all(&pool)
        .await
        .unwrap();
    assert_eq!(counted, [1, TRIAL.limit().by_account + 2]);
}

#[sqlx::test]
async fn tries_at_once_are_all_counted(pool: PgPool) {
    let db = Db::from(pool.clone());
    let tries = (0..40).map(|_| wait(&db, at("ada", "203.0.113.9")));
    let waits = futures::future::join_all(tries).await;
    let let_in = waits.iter().filter(|wait| wait.is_none()).count();
    assert_eq!(let_in, TRIAL.limit().by_account as usize);
}

#[sqlx::test]
async fn counts_are_kept_without_names_and_not_for_long(pool: PgPool) {
    let db = Db::from(pool.clone());
    wait(&db, at("ada", "203.0.113.9")).await;
    let rows: Vec<String> = sqlx::query_scalar("SELECT attempt::text FROM attempt")
        .fetch_all(&pool)
        .await
        .unwrap();
    assert_eq!(rows.len(), 2);
    assert!(
        rows.iter().all(|row| !row.contains("ada") && !row.contains("203")),
        "{rows:?}"
    );

    assert_eq!(delete_old(&mut db.read().await.unwrap()).await.unwrap(), 0);
    let_time_pass(&pool, Duration::from_secs(2 * 60 * 60)).await;
    assert_eq!(delete_old(&mut db.read().await.unwrap()).await.unwrap(), 2);
}

#[sqlx::test]
async fn an_address_that_may_not_try_leaves_nothing_of_the_names_it_makes_up(pool: PgPool) {
    let db = Db::from(pool.clone());
    let address = Who {
        account: None,
        address: Some("203.0.113.9".parse().unwrap()),
    };
    for _ in 0..TRIAL.limit().by_address {
        assert_eq!(wait(&db, address).await, None);
    }
    for account in ["ada", "bob", "eve"] {
        assert!(wait(&db, at(account, "203.0.113.9")).await.is_some(), "{account}");
    }
    let rows: i64 = sqlx::query_scalar("SELECT count(*) FROM attempt")
        .fetch_one(&pool)
        .await
        .unwrap();
    assert_eq!(rows, 1);
}
