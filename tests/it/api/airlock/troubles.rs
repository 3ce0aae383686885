//! Services that fail, answers that are lost, issues that are gone.

use jobserver::core::ports::Undelivered;
use serde_json::json;
use sqlx::PgPool;

use super::{REPO, event, event_with, hurry, only_issue, shown, site, states, tell};
use crate::support::{Site, Trouble};

fn down() -> Trouble {
    Trouble::Fails(Undelivered::later("GitHub answered 503"))
}

pub(super) async fn remembered(site: &Site) -> Vec<(String, String, i64)> {
    sqlx::query_as("SELECT subject, repo, number FROM tracked_issue ORDER BY subject")
        .fetch_all(site.db.pool())
        .await
        .unwrap()
}

fn comments(site: &Site) -> Vec<String> {
    let issue = only_issue(site, REPO);
    issue.comments.iter().map(|body| shown(body).to_owned()).collect()
}

#[sqlx::test]
async fn slack_does_not_wait_for_ever_for_github(pool: PgPool) {
    let site = site(pool).await;
    let tpp = site.backend("tpp").await;
    tell(&tpp, &event("request_submitted")).await;
    site.drain().await;
    let issues = &site.post().issues;
    issues.script.always(Some(down()));
    tell(&tpp, &event("request_returned")).await;
    for attempt in 1..=3 {
        assert!(site.post().chat.posted().is_empty(), "before attempt {attempt}");
        hurry(&site).await;
        site.drain().await;
    }
    let posts = site.post().chat.take();
    assert_eq!(posts.len(), 1);
    assert_eq!(
        posts[0].text,
        "ws 01JREQ has been updated:\n• request returned by user olga\n\
         The issue does not say so yet. GitHub error: GitHub answered 503"
    );
    // The mail did not wait at all, and the comment comes when GitHub is back.
    assert_eq!(site.post().mail.sent().len(), 1);
    issues.script.always(None);
    hurry(&site).await;
    site.drain().await;
    assert_eq!(
        comments(&site),
        ["This release request has been updated:\n\n- request returned by user olga"]
    );
    assert!(site.post().chat.posted().is_empty());
}

#[sqlx::test]
async fn a_comment_that_is_refused_lets_slack_go_at_once(pool: PgPool) {
    let site = site(pool).await;
    let tpp = site.backend("tpp").await;
    site.post()
        .issues
        .script
        .always(Some(Trouble::Fails(Undelivered::refused("GitHub answered 410 <gone>"))));
    tell(&tpp, &event("request_reviewed")).await;
    site.drain().await;
    let posts = site.post().chat.take();
    assert!(
        posts[0]
            .text
            .ends_with("GitHub error: GitHub answered 410 &lt;gone&gt;"),
        "{}",
        posts[0].text
    );
    let expected = [("check_commented", "dead"), ("check_updated", "delivered")];
    assert_eq!(states(&site).await, expected.map(|(a, b)| (a.to_owned(), b.to_owned())));
}

#[sqlx::test]
async fn messages_of_a_request_keep_their_order_when_one_fails(pool: PgPool) {
    let site = site(pool).await;
    let tpp = site.backend("tpp").await;
    tell(&tpp, &event("request_submitted")).await;
    tell(&tpp, &event("request_reviewed")).await;
    tell(&tpp, &event("request_rejected")).await;
    tell(&tpp, &event_with("request_submitted", json!({"request": "r2"}))).await;
    let issues = &site.post().issues;
    // The labels are read, the issue is not opened; nobody else's issue waits for that.
    issues.script.next(Trouble::Nothing);
    issues.script.next(down());
    site.drain().await;
    let titles: Vec<String> = issues.of(REPO).into_iter().map(|issue| issue.title).collect();
    assert_eq!(titles, ["ws r2"]);
    hurry(&site).await;
    site.drain().await;
    let issue = issues.of(REPO).pop().unwrap();
    assert_eq!(issue.title, "ws 01JREQ");
    let said: Vec<_> = issue.comments.iter().map(|body| shown(body)).collect();
    assert_eq!(
        said,
        [
            "This release request has been updated:\n\n- request reviewed by user olga",
            "Issue closed: request rejected by olga"
        ]
    );
    assert!(issue.is_closed);
}

#[sqlx::test]
async fn an_issue_whose_opening_was_not_confirmed_is_not_opened_again(pool: PgPool) {
    let site = site(pool).await;
    let tpp = site.backend("tpp").await;
    tell(&tpp, &event("request_submitted")).await;
    let issues = &site.post().issues;
    issues.script.next(Trouble::Nothing);
    issues.script.next(Trouble::AnswerLost);
    site.drain().await;
    assert_eq!(remembered(&site).await, []);
    hurry(&site).await;
    site.drain().await;
    assert_eq!(only_issue(&site, REPO).number, 1);
    assert_eq!(
        remembered(&site).await,
        [("airlock:01JREQ".to_owned(), REPO.to_owned(), 1)]
    );
    assert_eq!(
        states(&site).await,
        [("check_opened".to_owned(), "delivered".to_owned())]
    );
}

#[sqlx::test]
async fn a_comment_that_was_not_confirmed_is_not_made_again(pool: PgPool) {
    let site = site(pool).await;
    let tpp = site.backend("tpp").await;
    tell(&tpp, &event("request_submitted")).await;
    site.drain().await;
    let issues = &site.post().issues;
    tell(&tpp, &event("request_returned")).await;
    issues.script.next(Trouble::AnswerLost);
    site.drain().await;
    assert_eq!(only_issue(&site, REPO).labels, ["external", "Pending review"]);
    // And when what follows the comment fails, or is not confirmed.
    for trouble in [down(), Trouble::AnswerLost] {
        for _ in ["commented_since", "labels_of", "labels"] {
            issues.script.next(Trouble::Nothing);
        }
        issues.script.next(trouble);
        hurry(&site).await;
        site.drain().await;
    }
    hurry(&site).await;
    site.drain().await;
    assert_eq!(comments(&site).len(), 1);
    assert_eq!(only_issue(&site, REPO).labels, ["external", "With requester"]);
    let posts = site.post().chat.take();
    assert_eq!(posts.len(), 1);
}

#[sqlx::test]
async fn a_close_that_was_not_confirmed_is_done_once(pool: PgPool) {
    let site = site(pool).await;
    let tpp = site.backend("tpp").await;
    tell(&tpp, &event("request_submitted")).await;
    site.drain().await;
    let issues = &site.post().issues;
    tell(&tpp, &event("request_withdrawn")).await;
    for _ in ["comment", "labels_of"] {
        issues.script.next(Trouble::Nothing);
    }
    issues.script.next(Trouble::AnswerLost);
    site.drain().await;
    hurry(&site).await;
    site.drain().await;
    assert_eq!(comments(&site), ["Issue closed: request withdrawn by olga"]);
    assert!(only_issue(&site, REPO).is_closed);
    assert!(states(&site).await.iter().all(|(_, state)| state == "delivered"));
}

#[sqlx::test]
async fn an_issue_that_is_gone_is_opened_anew(pool: PgPool) {
    let site = site(pool).await;
    let tpp = site.backend("tpp").await;
    tell(&tpp, &event("request_submitted")).await;
    site.drain().await;
    let issues = &site.post().issues;
    issues.put(REPO, "somebody else's");
    issues.delete(REPO, 1);
    tell(&tpp, &event("request_resubmitted")).await;
    // The new one is opened, and the answer is lost: the attempt after finds it.
    for _ in ["comment", "labels"] {
        issues.script.next(Trouble::Nothing);
    }
    issues.script.next(Trouble::AnswerLost);
    site.drain().await;
    hurry(&site).await;
    site.drain().await;
    let kept = issues.of(REPO);
    assert_eq!(kept.len(), 2);
    assert_eq!((kept[1].title.as_str(), kept[1].comments.len()), ("ws 01JREQ", 1));
    assert_eq!(kept[1].labels, ["external", "Pending review"]);
    assert_eq!(
        remembered(&site).await,
        [("airlock:01JREQ".to_owned(), REPO.to_owned(), kept[1].number)]
    );
    assert!(site.post().chat.take()[0].text.contains("issues/3#issuecomment-1|"));
}

#[sqlx::test]
async fn an_issue_from_before_is_searched_for_once(pool: PgPool) {
    let site = site(pool).await;
    let tpp = site.backend("tpp").await;
    let issues = &site.post().issues;
    let number = issues.put(REPO, "ws 01JREQ");
    tell(&tpp, &event("request_resubmitted")).await;
    site.drain().await;
    assert_eq!(comments(&site).len(), 1);
    assert_eq!(
        remembered(&site).await,
        [("airlock:01JREQ".to_owned(), REPO.to_owned(), number)]
    );
    // titled, comment, labels_of, labels, change; then without the search.
    assert_eq!(issues.script.calls(), 5);
    tell(&tpp, &event("request_returned")).await;
    site.drain().await;
    assert_eq!(issues.script.calls(), 9);
    // Wherever later events would have it, it stays where it is.
    tell(&tpp, &event_with("request_released", json!({"org": "o", "repo": "r"}))).await;
    site.drain().await;
    assert!(only_issue(&site, REPO).is_closed);
    assert!(issues.of("o/r").is_empty());
}

#[sqlx::test]
async fn an_issue_that_nobody_opened_is_opened_before_it_is_talked_about(pool: PgPool) {
    let site = site(pool).await;
    let tpp = site.backend("tpp").await;
    tell(&tpp, &event("request_reviewed")).await;
    site.drain().await;
    let issue = only_issue(&site, REPO);
    assert!(issue.body.contains("Release request: 01JREQ"), "{}", issue.body);
    assert_eq!(
        (issue.comments.len(), issue.labels),
        (1, vec!["external".to_owned(), "Under review".to_owned()])
    );
}

#[sqlx::test]
async fn labels_that_a_repository_lacks_are_left_out_and_unknown_ones_too(pool: PgPool) {
    let site = site(pool).await;
    let tpp = site.backend("tpp").await;
    let issues = &site.post().issues;
    issues.offer_labels("o/some", &["EXTERNAL", "bug"]);
    let submitted = |request: &str, repo: &str| {
        event_with(
            "request_submitted",
            json!({"request": request, "org": "o", "repo": repo}),
        )
    };
    tell(&tpp, &submitted("r1", "some")).await;
    site.drain().await;
    assert_eq!(only_issue(&site, "o/some").labels, ["EXTERNAL"]);
    // The labels cannot be read: an issue without is better than none.
    issues.offer_labels("o/silent", &["external", "Pending review"]);
    tell(&tpp, &submitted("r2", "silent")).await;
    issues.script.next(down());
    site.drain().await;
    assert_eq!(only_issue(&site, "o/silent").labels, Vec::<String>::new());
    // What a change wants is sent all the same: GitHub makes the label.
    let returned = json!({"request": "r1", "org": "o", "repo": "some"});
    tell(&tpp, &event_with("request_returned", returned)).await;
    site.drain().await;
    assert_eq!(only_issue(&site, "o/some").labels, ["EXTERNAL", "With requester"]);
}

#[sqlx::test]
async fn without_the_repository_the_message_waits(pool: PgPool) {
    let site = site(pool).await;
    let tpp = site.backend("tpp").await;
    let issues = &site.post().issues;
    issues.hide_repo(REPO);
    tell(&tpp, &event("request_submitted")).await;
    // The labels, and the issue; then the look for what the attempt before did.
    for _ in 0..3 {
        site.drain().await;
        assert_eq!(states(&site).await, [("check_opened".to_owned(), "waiting".to_owned())]);
        hurry(&site).await;
    }
    assert_eq!(remembered(&site).await, []);
    issues.show_repo(REPO);
    site.drain().await;
    assert_eq!(
        states(&site).await,
        [("check_opened".to_owned(), "delivered".to_owned())]
    );
    assert_eq!(only_issue(&site, REPO).title, "ws 01JREQ");
}
