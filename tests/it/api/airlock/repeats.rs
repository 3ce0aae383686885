//! The same call again, and two at once: told once. The same thing again in a request's life: told again.

use serde_json::{Value, json};
use sqlx::PgPool;

use super::{OK, PATH, REPO, event, event_with, events_kept, only_issue, site, tell, written};
use crate::support::until_waiting;

async fn kinds(site: &crate::support::Site) -> Vec<String> {
    written(site).await.into_iter().map(|(kind, _)| kind).collect()
}

#[sqlx::test]
async fn a_repeated_call_is_told_once(pool: PgPool) {
    let site = site(pool).await;
    let tpp = site.backend("tpp").await;
    for event_type in ["request_returned", "REQUEST_RETURNED", "request_returned"] {
        tell(&tpp, &event(event_type)).await;
    }
    assert_eq!(events_kept(&site).await, 1);
    assert_eq!(
        kinds(&site).await,
        ["check_commented", "check_updated", "request_returned"]
    );
    // Another person, another update: another event.
    tell(&tpp, &event_with("request_returned", json!({"user": "ada"}))).await;
    tell(
        &tpp,
        &event_with("request_returned", json!({"updates": [{"update": "x"}]})),
    )
    .await;
    assert_eq!(events_kept(&site).await, 3);
}

#[sqlx::test]
async fn what_happens_twice_in_a_requests_life_is_told_twice(pool: PgPool) {
    let site = site(pool).await;
    let tpp = site.backend("tpp").await;
    for event_type in [
        "request_returned",
        "request_resubmitted",
        "request_returned",
        "request_resubmitted",
    ] {
        tell(&tpp, &event(event_type)).await;
    }
    assert_eq!(events_kept(&site).await, 4);
    let comments = kinds(&site)
        .await
        .iter()
        .filter(|kind| *kind == "check_commented")
        .count();
    assert_eq!(comments, 4);
    // A while later the same event is no repeat of a call.
    sqlx::query("UPDATE airlock_event SET received_at = received_at - interval '11 minutes'")
        .execute(site.db.pool())
        .await
        .unwrap();
    tell(&tpp, &event("request_resubmitted")).await;
    assert_eq!(events_kept(&site).await, 5);
}

#[sqlx::test]
async fn a_request_has_one_issue_however_often_it_is_submitted(pool: PgPool) {
    let site = site(pool).await;
    let tpp = site.backend("tpp").await;
    tell(&tpp, &event("request_submitted")).await;
    tell(&tpp, &event_with("request_submitted", json!({"user": "ada"}))).await;
    site.drain().await;
    tell(&tpp, &event("request_submitted")).await;
    // Nor when the message is long gone.
    sqlx::query("DELETE FROM message")
        .execute(site.db.pool())
        .await
        .unwrap();
    tell(
        &tpp,
        &event_with("request_submitted", json!({"updates": [{"update": "x"}]})),
    )
    .await;
    tell(&tpp, &event_with("request_submitted", json!({"user": "ada"}))).await;
    site.drain().await;
    assert_eq!(events_kept(&site).await, 5);
    assert_eq!(only_issue(&site, REPO).comments, Vec::<String>::new());
    // It is another request's that has its own.
    tell(&tpp, &event_with("request_submitted", json!({"request": "01JOTHER"}))).await;
    site.drain().await;
    assert_eq!(site.post().issues.of(REPO).len(), 2);
}

/// Lets a call wait while events of the request are held up, then another, then both go on.
async fn at_once(site: &crate::support::Site, first: Value, second: Value) {
    let mut held = site.db.begin().await.unwrap();
    sqlx::query("SELECT pg_advisory_xact_lock(hashtext('airlock'), hashtext('01JREQ'))")
        .execute(&mut *held)
        .await
        .unwrap();
    let (one, two) = (site.backend("tpp").await, site.backend("tpp").await);
    let first = tokio::spawn(async move { one.post(PATH, &first).await.body });
    until_waiting(&site.db, 1).await;
    let second = tokio::spawn(async move { two.post(PATH, &second).await.body });
    until_waiting(&site.db, 2).await;
    held.commit().await.unwrap();
    assert_eq!(
        (first.await.unwrap().as_str(), second.await.unwrap().as_str()),
        (OK, OK)
    );
}

#[sqlx::test]
async fn two_of_the_same_at_once_are_one(pool: PgPool) {
    let site = site(pool).await;
    at_once(&site, event("request_submitted"), event("request_submitted")).await;
    assert_eq!(events_kept(&site).await, 1);
    assert_eq!(kinds(&site).await, ["check_opened"]);
}

#[sqlx::test]
async fn two_at_once_take_turns_and_their_messages_keep_the_order(pool: PgPool) {
    let site = site(pool).await;
    at_once(&site, event("request_submitted"), event("request_withdrawn")).await;
    assert_eq!(kinds(&site).await, ["check_opened", "check_closed"]);
    site.drain().await;
    assert!(only_issue(&site, REPO).is_closed);
}
