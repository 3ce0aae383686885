//! Which issue is a request's: not an invented one, not another request's, not a second one because the
//! first is out of sight.

use std::sync::Arc;

use jobserver::adapters::no_issues::NoIssues;
use jobserver::adapters::printed_issues::PrintedIssues;
use jobserver::adapters::printing::Printer;
use jobserver::core::outbox::deliver_due;
use jobserver::core::ports::IssueTracker;
use jobserver::core::sealed::Sealer;
use jobserver::delivery::{Couriers, Place, PostOffice};
use sqlx::PgPool;

use super::troubles::remembered;
use super::{REPO, event, event_with, hurry, only_issue, site, states, tell};
use crate::support::Site;

/// Delivers what is due, with another tracker.
async fn drain_with(site: &Site, issues: impl IssueTracker + 'static) {
    let couriers = Couriers {
        mail: site.post().mail.clone(),
        chat: site.post().chat.clone(),
        issues: Arc::new(issues),
        repos: site.post().repos.clone(),
    };
    let place = Place {
        base_url: "http://localhost:8000".parse().unwrap(),
        site_name: "Job Server".to_owned(),
        mail_from: "notifications@jobs.example.org".to_owned(),
        support_email: "team@example.org".to_owned(),
    };
    let sealer = Sealer::new(&"any".into(), None).unwrap();
    let office = PostOffice::new(couriers, site.db.clone(), place, sealer).unwrap();
    deliver_due(&site.db, &office).await.unwrap();
}

fn printed() -> PrintedIssues {
    PrintedIssues(Printer::log())
}

#[sqlx::test]
async fn a_printed_issue_is_never_taken_for_a_real_one(pool: PgPool) {
    let site = site(pool).await;
    let tpp = site.backend("tpp").await;
    tell(&tpp, &event("request_submitted")).await;
    tell(&tpp, &event("request_returned")).await;
    drain_with(&site, printed()).await;
    assert!(states(&site).await.iter().all(|(_, state)| state == "delivered"));
    assert_eq!(remembered(&site).await, []);

    tell(&tpp, &event("request_released")).await;
    site.drain().await;
    let issue = only_issue(&site, REPO);
    assert_eq!((issue.title.as_str(), issue.is_closed), ("ws 01JREQ", true));
    let real = [("airlock:01JREQ".to_owned(), REPO.to_owned(), issue.number)];
    assert_eq!(remembered(&site).await, real);

    // Nor the other way round.
    tell(&tpp, &event("request_reviewed")).await;
    drain_with(&site, printed()).await;
    assert!(states(&site).await.iter().all(|(_, state)| state == "delivered"));
    assert_eq!(remembered(&site).await, real);
    assert_eq!(only_issue(&site, REPO).comments.len(), 1);
}

#[sqlx::test]
async fn without_a_token_messages_wait_and_say_why(pool: PgPool) {
    let site = site(pool).await;
    let tpp = site.backend("tpp").await;
    for event_type in ["request_submitted", "request_reviewed", "request_released"] {
        tell(
            &tpp,
            &event_with(event_type, serde_json::json!({"request": event_type})),
        )
        .await;
    }
    drain_with(&site, NoIssues).await;
    hurry(&site).await;
    drain_with(&site, NoIssues).await;
    let waiting: Vec<(String, Option<String>)> = sqlx::query_as(
        "SELECT state, last_error FROM message WHERE kind IN ('check_opened', 'check_commented', 'check_closed')",
    )
    .fetch_all(site.db.pool())
    .await
    .unwrap();
    let expected = (
        "waiting".to_owned(),
        Some("JOBSERVER_GITHUB_TOKEN is not set".to_owned()),
    );
    assert_eq!(waiting, vec![expected; 3]);
    hurry(&site).await;
    site.drain().await;
    assert_eq!(site.post().issues.of(REPO).len(), 3);
}

#[sqlx::test]
async fn while_the_repository_is_out_of_sight_its_issue_is_waited_for(pool: PgPool) {
    let site = site(pool).await;
    let tpp = site.backend("tpp").await;
    let issues = &site.post().issues;
    tell(&tpp, &event("request_submitted")).await;
    site.drain().await;
    let known = remembered(&site).await;
    issues.hide_repo(REPO);
    tell(&tpp, &event("request_reviewed")).await;
    tell(&tpp, &event("request_released")).await;
    for _ in 0..3 {
        site.drain().await;
        hurry(&site).await;
        assert!(!states(&site).await.iter().any(|(_, state)| state == "dead"));
        assert_eq!(remembered(&site).await, known);
    }
    issues.show_repo(REPO);
    site.drain().await;
    let issue = only_issue(&site, REPO);
    assert_eq!((issue.number, issue.comments.len(), issue.is_closed), (1, 2, true));
    assert!(states(&site).await.iter().all(|(_, state)| state == "delivered"));
    assert_eq!(remembered(&site).await, known);
}

#[sqlx::test]
async fn an_issue_whose_title_only_contains_the_requests_is_anothers(pool: PgPool) {
    let site = site(pool).await;
    let tpp = site.backend("tpp").await;
    let issues = &site.post().issues;
    let wanted = issues.put(REPO, "ws REQ1");
    for title in ["ws REQ10", "other ws REQ1", "REQ1"] {
        issues.put(REPO, title);
    }
    let closed = event_with("request_withdrawn", serde_json::json!({"request": "REQ1"}));
    tell(&tpp, &closed).await;
    site.drain().await;
    let touched: Vec<i64> = issues
        .of(REPO)
        .iter()
        .filter(|issue| issue.is_closed)
        .map(|issue| issue.number)
        .collect();
    assert_eq!(touched, [wanted]);
    assert_eq!(issues.of(REPO).len(), 4);
}

#[sqlx::test]
async fn labels_that_are_there_are_not_set_again(pool: PgPool) {
    let site = site(pool).await;
    let tpp = site.backend("tpp").await;
    let issues = &site.post().issues;
    tell(&tpp, &event("request_submitted")).await;
    site.drain().await;
    issues.label(REPO, 1, &["with requester", "external"]);
    let before = issues.script.calls();
    tell(&tpp, &event("request_returned")).await;
    site.drain().await;
    // The comment, and the look at the labels.
    assert_eq!(issues.script.calls() - before, 2);
    assert_eq!(only_issue(&site, REPO).labels, ["with requester", "external"]);
}
