//! Several workers, and workers that end in the middle of something.

use std::os::unix::process::ExitStatusExt;

use sqlx::PgPool;

use super::{House, REPO, kinds, stop};
use crate::fakes::Fault;

/// SIGKILL
const KILLED: i32 = 9;

#[sqlx::test]
async fn two_workers_race_and_every_message_is_delivered_once(pool: PgPool) {
    let mut house = House::new(&pool).await;
    // Each worker delivers four at a time to a service: when eight hang, both are at it.
    for hang in [0, 1] {
        let fault = || Fault::HangBefore;
        match hang {
            0 => house.slack.fail(8, fault()),
            _ => house.mailgun.fail(8, fault()),
        }
    }
    let (one, two) = (house.worker().await, house.worker().await);
    let rounds = 19;
    let all = kinds::all();
    // All at once: what hangs is waited for ten seconds, and storing one by one can take longer on a busy machine.
    let drafts = (0..rounds).flat_map(|number| all.iter().map(move |kind| kinds::draft(kind, number)));
    house.store_all(drafts.collect()).await;
    house.slack.hanging(8).await;
    house.mailgun.hanging(8).await;
    house.slack.release();
    house.mailgun.release();
    house.until_all_is_delivered().await;
    stop(one).await;
    stop(two).await;

    assert!(
        house
            .is("(SELECT count(*) >= 200 AND max(attempts) = 1 FROM message)")
            .await
    );
    let of = |service: &str| {
        let kinds = all.iter().filter(|kind| {
            let content = kinds::draft(kind, 0).content;
            content.service().name() == service
        });
        kinds.count() * rounds
    };
    assert_eq!(house.slack.count(), of("slack"));
    assert_eq!(house.slack.posted().len(), of("slack"));
    assert_eq!(house.mailgun.count(), of("mail"));
    assert_eq!(house.mailgun.repeats().len(), of("mail"));
    // Those about checks are opened, commented on and closed, one after the other; those that ask for a repository to
    // be made public are opened, no more.
    let issues = house.github.issues(REPO);
    assert_eq!(issues.len(), 2 * rounds);
    let (checks, asked): (Vec<_>, Vec<_>) = issues.into_iter().partition(|issue| !issue.comments.is_empty());
    assert_eq!((checks.len(), asked.len()), (rounds, rounds));
    for issue in checks {
        assert_eq!(issue.comments.len(), 2, "{issue:?}");
    }
}

#[sqlx::test]
async fn a_killed_workers_message_is_taken_over_by_the_one_beside_it(pool: PgPool) {
    let mut house = House::new(&pool).await;
    let mut killed = house.worker().await;
    house.slack.fail(1, Fault::HangAfter);
    let id = house.store(kinds::draft("release_notified", 0)).await;
    house.slack.hanging(1).await;
    let its: Vec<String> = sqlx::query_scalar("SELECT id FROM graphile_worker._private_workers")
        .fetch_all(&pool)
        .await
        .unwrap();
    let beside = house.worker().await;
    killed.kill();
    let (status, _) = killed.ended().await;
    assert_eq!(status.signal(), Some(KILLED));

    // Its lease is over, and it was not heard of for longer than a worker may be silent.
    house.execute("UPDATE message SET claimed_until = now()").await;
    sqlx::query(
        "UPDATE graphile_worker._private_workers SET last_heartbeat_at = now() - interval '1 minute'
          WHERE id = ANY($1)",
    )
    .bind(&its)
    .execute(&pool)
    .await
    .unwrap();
    house.until_all_is_delivered().await;
    stop(beside).await;
    let message = house.message(id).await;
    assert_eq!(message.attempts, 2);
    // Said twice under one name, which Slack knows.
    let calls = house.slack.calls();
    assert_eq!(calls.len(), 2);
    assert!(
        calls
            .iter()
            .all(|call| call.json()["client_msg_id"] == message.key.as_str())
    );
    assert_eq!(house.slack.posted().len(), 1);
}

#[sqlx::test]
async fn a_worker_that_is_told_to_stop_ends_what_it_has_begun(pool: PgPool) {
    let mut house = House::new(&pool).await;
    let worker = house.worker().await;
    house.slack.fail(1, Fault::HangAfter);
    let id = house.store(kinds::draft("release_notified", 0)).await;
    house.slack.hanging(1).await;
    worker.terminate();
    // It has heard it when it says that it is no longer there.
    house.until("NOT EXISTS (SELECT FROM worker_seen)").await;
    house.slack.release();
    let mut worker = worker;
    let (status, said) = worker.ended().await;
    assert_eq!(status.code(), Some(0), "{said:?}");
    let message = house.message(id).await;
    assert_eq!((message.state.as_str(), message.attempts), ("delivered", 1));
    house.until_all_is_delivered().await;
    assert_eq!(house.slack.count(), 1);
}

#[sqlx::test]
async fn a_worker_waits_no_longer_than_its_grace_and_what_it_leaves_is_delivered_by_another(pool: PgPool) {
    let mut house = House::new(&pool).await;
    let worker = house.worker_with(&["--grace", "200"]).await;
    house.slack.fail(1, Fault::HangAfter);
    house.mailgun.fail(1, Fault::HangBefore);
    house
        .github
        .fail_on("POST /repos/org/checks/issues/", 1, Fault::HangAfter);
    for kind in ["release_notified", "jobs_finished", "check_commented"] {
        house.store(kinds::draft(kind, 0)).await;
    }
    house.slack.hanging(1).await;
    house.mailgun.hanging(1).await;
    house.github.hanging(1).await;
    // All of them hang until it has gone.
    stop(worker).await;
    assert!(
        house
            .is("NOT EXISTS (SELECT FROM message WHERE state <> 'waiting')")
            .await
    );
    house.nothing_is_stuck().await;

    house.slack.mend();
    house.mailgun.mend();
    house.github.mend();
    house.an_hour_passes().await;
    let worker = house.worker().await;
    house.until_all_is_delivered().await;
    stop(worker).await;
    assert_eq!(house.slack.posted().len(), 1);
    assert_eq!(house.mailgun.repeats().into_values().collect::<Vec<_>>(), [1]);
    let issues = house.github.issues(REPO);
    assert_eq!(issues.len(), 1);
    assert_eq!(issues[0].comments.len(), 1);
}
