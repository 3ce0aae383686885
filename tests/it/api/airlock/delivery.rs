//! What each event makes be sent, to whom, in which order, and how it reads.

use serde_json::json;
use sqlx::PgPool;

use super::{CHANNEL, REPO, event, event_with, only_issue, shown, site, states, tell, written};

#[sqlx::test]
async fn every_event_makes_its_messages_in_order(pool: PgPool) {
    let site = site(pool).await;
    let tpp = site.backend("tpp").await;
    let (issue, comment, close) = (
        ("check_opened", REPO),
        ("check_commented", REPO),
        ("check_closed", REPO),
    );
    let slack = ("check_updated", CHANNEL);
    let ada = "ada@example.com";
    for (event_type, expected) in [
        ("request_submitted", vec![issue]),
        ("request_withdrawn", vec![close]),
        ("request_approved", vec![comment, slack]),
        ("request_released", vec![close, ("files_released", ada)]),
        ("request_rejected", vec![close, ("request_rejected", ada)]),
        ("request_returned", vec![comment, slack, ("request_returned", ada)]),
        ("request_resubmitted", vec![comment, slack]),
        ("request_partially_reviewed", vec![comment, slack]),
        ("request_reviewed", vec![comment, slack]),
    ] {
        sqlx::query("DELETE FROM message")
            .execute(site.db.pool())
            .await
            .unwrap();
        tell(&tpp, &event(event_type)).await;
        let messages = written(&site).await;
        let messages: Vec<_> = messages.iter().map(|(kind, to)| (kind.as_str(), to.as_str())).collect();
        assert_eq!(messages, expected, "{event_type}");
        // The comment's place is known before Slack is told; GitHub is told in order.
        let ties: Vec<(bool, Option<String>)> =
            sqlx::query_as("SELECT waits_for IS NOT NULL, thread FROM message ORDER BY id")
                .fetch_all(site.db.pool())
                .await
                .unwrap();
        for ((kind, _), (waits, thread)) in expected.iter().zip(ties) {
            assert_eq!(waits, *kind == "check_updated", "{event_type} {kind}");
            let is_github = kind.starts_with("check_") && *kind != "check_updated";
            assert_eq!(
                thread.as_deref(),
                is_github.then_some("airlock:01JREQ"),
                "{event_type} {kind}"
            );
        }
    }
}

#[sqlx::test]
async fn a_requests_life_reads_well_in_its_issue(pool: PgPool) {
    let site = site(pool).await;
    let tpp = site.backend("tpp").await;
    let posted = || site.post().chat.take();
    tell(&tpp, &event("request_submitted")).await;
    site.drain().await;
    let issue = only_issue(&site, REPO);
    assert_eq!(issue.title, "ws 01JREQ");
    assert_eq!(issue.labels, ["external", "Pending review"]);
    let base = "http://localhost:8000";
    assert_eq!(
        shown(&issue.body),
        format!(
            "Outputs are waiting to be checked.\n\n- Author: [Ada](<{base}/staff/users/ada/>)\n\
             - Release request: 01JREQ\n- Repository: [opensafely/ws](<https://github.com/opensafely/ws>)\n\
             - Workspace: [ws](<{base}/project/ws/>)\n\n\
             Reviewers: react to this issue with :eyes: when you start, and with :thumbsup: when you are done."
        )
    );
    assert!(posted().is_empty());

    let mut comments = 0;
    for (event_type, verb, status) in [
        ("request_partially_reviewed", "request reviewed", Some("Under review")),
        ("request_reviewed", "request reviewed", Some("Under review")),
        ("request_returned", "request returned", Some("With requester")),
        ("request_resubmitted", "request resubmitted", Some("Pending review")),
        ("request_approved", "request approved", None),
    ] {
        let updates = json!([{"update": "file added", "group": "tables", "user": "ada"}]);
        tell(&tpp, &event_with(event_type, json!({"updates": updates}))).await;
        site.drain().await;
        comments += 1;
        let issue = only_issue(&site, REPO);
        assert_eq!(issue.comments.len(), comments);
        assert_eq!(
            shown(issue.comments.last().unwrap()),
            format!(
                "This release request has been updated:\n\n- {verb} by user olga\n\
                 - file added \\(filegroup tables\\) by user ada"
            )
        );
        let expected: Vec<&str> = std::iter::once("external").chain(status).collect();
        assert_eq!(issue.labels, expected, "{event_type}");
        let posts = posted();
        assert_eq!(posts.len(), 1);
        assert_eq!(posts[0].channel, CHANNEL);
        assert_eq!(
            posts[0].text,
            format!(
                "<https://github.example/{REPO}/issues/1#issuecomment-{comments}|ws 01JREQ> has been updated:\n\
                 • {verb} by user olga\n• file added (filegroup tables) by user ada"
            )
        );
    }

    tell(&tpp, &event("request_released")).await;
    site.drain().await;
    let issue = only_issue(&site, REPO);
    assert!(issue.is_closed);
    assert_eq!(issue.labels, ["external"]);
    assert_eq!(
        shown(issue.comments.last().unwrap()),
        "Issue closed: request released by olga"
    );
    assert!(posted().is_empty());
    let subjects: Vec<String> = site.post().mail.take().into_iter().map(|mail| mail.subject).collect();
    assert_eq!(
        subjects,
        [
            "Release request returned to you: workspace ws, request 01JREQ",
            "Files released from workspace ws"
        ]
    );
    assert!(states(&site).await.iter().all(|(_, state)| state == "delivered"));
}

#[sqlx::test]
async fn each_ending_closes_the_issue_in_its_words(pool: PgPool) {
    let site = site(pool).await;
    let tpp = site.backend("tpp").await;
    for (request, ending, words) in [
        ("r-one", "request_withdrawn", "Issue closed: request withdrawn by ada"),
        ("r-two", "request_rejected", "Issue closed: request rejected by ada"),
        ("r-three", "request_released", "Issue closed: request released by ada"),
    ] {
        tell(&tpp, &event_with("request_submitted", json!({"request": request}))).await;
        tell(&tpp, &event_with(ending, json!({"request": request, "user": "ada"}))).await;
        site.drain().await;
        let issue = site.post().issues.of(REPO).pop().unwrap();
        assert_eq!((issue.title, issue.is_closed), (format!("ws {request}"), true));
        assert_eq!(
            issue.comments.iter().map(|body| shown(body)).collect::<Vec<_>>(),
            [words]
        );
    }
}

#[sqlx::test]
async fn labels_that_are_no_status_stay(pool: PgPool) {
    let site = site(pool).await;
    let tpp = site.backend("tpp").await;
    let number = site.post().issues.put(REPO, "ws 01JREQ");
    site.post()
        .issues
        .label(REPO, number, &["urgent", "under review", "external"]);
    tell(&tpp, &event("request_returned")).await;
    site.drain().await;
    assert_eq!(only_issue(&site, REPO).labels, ["urgent", "external", "With requester"]);
    tell(&tpp, &event("request_rejected")).await;
    site.drain().await;
    assert_eq!(only_issue(&site, REPO).labels, ["urgent", "external"]);
}

#[sqlx::test]
async fn organisations_have_places_of_their_own_the_lead_first(pool: PgPool) {
    let site = site(pool).await;
    let tpp = site.backend("tpp").await;
    let place_of = async |org: &str, repo: &str, channel: &str| {
        site.world.org(org).await;
        sqlx::query(
            "UPDATE org SET output_checking_github_org = 'checkers', output_checking_repo = $2, slack_channel = $3
              WHERE slug = $1",
        )
        .bind(org)
        .bind(repo)
        .bind(channel)
        .execute(site.db.pool())
        .await
        .unwrap();
        sqlx::query(
            "INSERT INTO project_collaboration (org_id, project_id, created_by_id, updated_by_id)
             SELECT o.id, p.id, p.created_by_id, p.created_by_id FROM org o, project p
              WHERE o.slug = $1 AND p.slug = 'project' ON CONFLICT DO NOTHING",
        )
        .bind(org)
        .execute(site.db.pool())
        .await
        .unwrap();
    };
    let told = async |request: &str| -> Vec<(String, String)> {
        sqlx::query("DELETE FROM message")
            .execute(site.db.pool())
            .await
            .unwrap();
        tell(&tpp, &event_with("request_resubmitted", json!({"request": request}))).await;
        written(&site).await
    };
    let expect = |repo: &str, channel: &str| {
        vec![
            ("check_commented".to_owned(), repo.to_owned()),
            ("check_updated".to_owned(), channel.to_owned()),
        ]
    };
    assert_eq!(told("r1").await, expect(REPO, CHANNEL));
    place_of("zeta", "for-zeta", "zeta-outputs").await;
    assert_eq!(told("r2").await, expect("checkers/for-zeta", "zeta-outputs"));
    place_of("beta", "for-beta", "beta-outputs").await;
    assert_eq!(told("r3").await, expect("checkers/for-beta", "beta-outputs"));
    // The lead is called `acme`, so its place in the alphabet is not the reason.
    place_of("aaa", "for-aaa", "aaa-outputs").await;
    place_of("acme", "for-acme", "acme-outputs").await;
    assert_eq!(told("r4").await, expect("checkers/for-acme", "acme-outputs"));
    // What Airlock says counts before all of them.
    sqlx::query("DELETE FROM message")
        .execute(site.db.pool())
        .await
        .unwrap();
    let named = json!({"request": "r5", "org": "other", "repo": "place"});
    tell(&tpp, &event_with("request_resubmitted", named)).await;
    assert_eq!(written(&site).await, expect("other/place", "acme-outputs"));
}

#[sqlx::test]
async fn the_label_tells_whose_outputs_these_are(pool: PgPool) {
    let site = site(pool).await;
    let tpp = site.backend("tpp").await;
    site.world.org("bennett").await;
    sqlx::query("UPDATE org SET is_internal = true WHERE slug = 'bennett'")
        .execute(site.db.pool())
        .await
        .unwrap();
    // The project's organisation does not matter, the author's does.
    tell(&tpp, &event("request_submitted")).await;
    site.world.org_member("bennett", "ada").await;
    tell(&tpp, &event_with("request_submitted", json!({"request": "r2"}))).await;
    site.drain().await;
    let labels: Vec<_> = site
        .post()
        .issues
        .of(REPO)
        .into_iter()
        .map(|issue| issue.labels)
        .collect();
    assert_eq!(labels, [["external", "Pending review"], ["internal", "Pending review"]]);
}

#[sqlx::test]
async fn an_author_without_a_mailbox_is_not_mailed(pool: PgPool) {
    let site = site(pool).await;
    let tpp = site.backend("tpp").await;
    sqlx::query(r#"UPDATE "user" SET email = NULL WHERE username = 'ada'"#)
        .execute(site.db.pool())
        .await
        .unwrap();
    tell(&tpp, &event("request_released")).await;
    assert_eq!(written(&site).await, [("check_closed".to_owned(), REPO.to_owned())]);
}
