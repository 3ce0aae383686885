//! What people choose for themselves.

use jobserver::core::access::Operator;
use jobserver::core::people::tokens;
use sqlx::PgPool;

use super::lists::{assert_accessible, execute, usual};
use crate::support::{Site, count_statements};

const PAGE: &str = "/settings/";

async fn chosen(site: &Site) -> String {
    sqlx::query_scalar(r#"SELECT notify FROM "user" WHERE username = 'ada'"#)
        .fetch_one(site.db.pool())
        .await
        .unwrap()
}

/// Event kind, old value, new value.
async fn events(site: &Site) -> Vec<(String, String, String)> {
    sqlx::query_as("SELECT type, old, new FROM auditable_event WHERE type = 'user_notifications_changed' ORDER BY id")
        .fetch_all(site.db.pool())
        .await
        .unwrap()
}

#[sqlx::test]
async fn somebody_chooses_what_they_are_told_about(pool: PgPool) {
    let site = usual(pool).await;
    let ada = site.sign_in("ada").await;
    let home = ada.get("/").await.html();
    assert_eq!(home.link("Settings").as_deref(), Some(PAGE));
    let html = ada.get(PAGE).await.expect(200).html();
    assert_accessible(&html);
    assert!(html.main().contains("Mail goes to ada@example.com"), "{}", html.main());
    assert_eq!(
        html.attributes("input[name=notify]", "value"),
        ["each_job", "whole_request", "failures", "nothing"]
    );
    for notify in ["failures", "nothing", "whole_request", "each_job"] {
        let answer = ada
            .post(PAGE, &[("notify", notify), ("notifications", "1")])
            .await
            .expect(302);
        assert_eq!(answer.location(), PAGE);
        let html = ada.get(PAGE).await.expect(200).html();
        assert!(html.text(".alert-success").unwrap().contains("Saved."));
        assert_eq!(html.attributes("input[name=notify][checked]", "value"), [notify]);
        assert_eq!(chosen(&site).await, notify);
        assert!(ada.get(PAGE).await.html().text(".alert-success").is_none());
    }
    assert_eq!(events(&site).await.len(), 4);
    let (kind, old, new) = events(&site).await.remove(1);
    assert_eq!(
        (kind.as_str(), old.as_str(), new.as_str()),
        ("user_notifications_changed", "failures", "nothing")
    );
    // What is chosen already is no change.
    ada.post(PAGE, &[("notify", "each_job"), ("notifications", "1")])
        .await
        .expect(302);
    let html = ada.get(PAGE).await.html();
    assert!(html.text(".alert-success").unwrap().contains("Nothing changed."));
    assert_eq!(events(&site).await.len(), 4);
}

#[sqlx::test]
async fn what_is_no_choice_is_said_beside_the_field_and_stores_nothing(pool: PgPool) {
    let site = usual(pool).await;
    let ada = site.sign_in("ada").await;
    let long = "x".repeat(10_000);
    for fields in [
        &[][..],
        &[("notify", "")],
        &[("notify", "Nothing")],
        &[("notify", "<b>")],
        &[("notify", long.as_str())],
    ] {
        let fields = [fields, &[("notifications", "1")]].concat();
        let answer = ada.post(PAGE, &fields).await.expect(200);
        let html = answer.html();
        assert_accessible(&html);
        assert!(html.text("title").unwrap().starts_with("Error: "));
        assert_eq!(
            html.link("Choose what you want to be told about.").as_deref(),
            Some("#id_notify")
        );
        assert!(
            html.text(".field-error")
                .unwrap()
                .contains("Choose what you want to be told about.")
        );
        assert_eq!(html.count("input[name=notify][checked]"), 0);
        assert_eq!(html.count("#id_notify"), 1);
    }
    ada.post_without_token(PAGE, &[("notify", "nothing"), ("notifications", "1")])
        .await
        .expect(403);
    assert_eq!(chosen(&site).await, "each_job");
    assert!(events(&site).await.is_empty());
}

#[sqlx::test]
async fn one_chooses_for_oneself(pool: PgPool) {
    let site = usual(pool).await;
    site.world.user("eve").await;
    let eve = site.sign_in("eve").await;
    eve.post(
        PAGE,
        &[
            ("notify", "nothing"),
            ("notifications", "1"),
            ("username", "ada"),
            ("user", "ada"),
        ],
    )
    .await
    .expect(302);
    assert_eq!(chosen(&site).await, "each_job");
    let answer = site.anonymous().get(PAGE).await.expect(302);
    assert_eq!(answer.location(), "/login/?next=/settings/");
}

#[sqlx::test]
async fn without_an_address_the_page_says_that_nothing_can_be_sent(pool: PgPool) {
    let site = usual(pool).await;
    execute(&site, r#"UPDATE "user" SET email = NULL WHERE username = 'ada'"#).await;
    let html = site.sign_in("ada").await.get(PAGE).await.expect(200).html();
    assert_accessible(&html);
    assert!(html.main().contains("no mail can be sent"), "{}", html.main());
    assert!(!html.main().contains("Mail goes to"));
}

#[sqlx::test]
async fn the_form_for_jobs_says_what_follows_from_the_choice(pool: PgPool) {
    let site = usual(pool).await;
    site.code_host.commit(
        "opensafely/ws",
        "main",
        &[(
            "project.yaml",
            "version: '4.0'\nactions:\n  a:\n    run: python:v2 python a.py\n    outputs:\n      moderately_sensitive:\n        o: o.csv\n",
        )],
    );
    let ada = site.sign_in("ada").await;
    for (notify, says) in [
        (
            "each_job",
            "when a job has succeeded or failed. It goes to ada@example.com.",
        ),
        ("whole_request", "You get one mail once all jobs of a request are over."),
        ("failures", "You get a mail when a job has failed."),
        ("nothing", "In your settings you chose to get no mail about jobs"),
    ] {
        ada.post(PAGE, &[("notify", notify), ("notifications", "1")])
            .await
            .expect(302);
        let html = ada.get("/project/ws/run-jobs/").await.expect(200).html();
        assert_accessible(&html);
        assert!(html.main().contains(says), "{says}\n{}", html.main());
        assert_eq!(html.link("Choose what you are told about").as_deref(), Some(PAGE));
    }
    execute(&site, r#"UPDATE "user" SET email = NULL WHERE username = 'ada'"#).await;
    let html = ada.get("/project/ws/run-jobs/").await.expect(200).html();
    assert!(html.main().contains("no mail can be sent"), "{}", html.main());
}

#[sqlx::test]
async fn the_page_takes_as_many_statements_however_many_sessions_there_are(pool: PgPool) {
    let site = usual(pool).await;
    let ada = site.sign_in("ada").await;
    for sessions in [1, 4] {
        let (answer, statements) = count_statements(ada.get(PAGE)).await;
        assert_eq!(answer.expect(200).html().count("#sessions li"), sessions);
        let what = "the session's user, the person, the choice, the sessions, single-use and personal tokens";
        assert_eq!(statements, 6, "{what}");
        for _ in 0..3 {
            site.sign_in("ada").await;
        }
    }
}

#[sqlx::test]
async fn without_a_button_nothing_is_saved_and_that_is_said(pool: PgPool) {
    let site = usual(pool).await;
    let ada = site.sign_in("ada").await;
    for fields in [&[][..], &[("notify", "nothing")], &[("fullname", "Eve")]] {
        let html = ada.post(PAGE, fields).await.expect(200).html();
        assert!(
            html.text(".alert-danger").unwrap().contains("Nothing was saved"),
            "{}",
            html.main()
        );
        assert_accessible(&html);
    }
    assert_eq!(chosen(&site).await, "each_job");
}

#[sqlx::test]
async fn whoever_has_personal_tokens_sees_and_revokes_them(pool: PgPool) {
    let site = usual(pool).await;
    let (ada, eve) = (site.sign_in("ada").await, site.sign_in("eve").await);
    assert!(!ada.get(PAGE).await.expect(200).html().has("#personal-tokens"));
    let olive = Operator::at_the_command_line("olive");
    let first = tokens::create(&site.db, "ada", &olive).await.unwrap();
    let second = tokens::create(&site.db, "ada", &olive).await.unwrap();
    execute(
        &site,
        "UPDATE personal_token SET expires_on = current_date - 1 WHERE id = (SELECT min(id) FROM personal_token)",
    )
    .await;
    let html = ada.get(PAGE).await.expect(200).html();
    assert_accessible(&html);
    let rows = html.texts("#personal-tokens li");
    assert!(
        rows[0].contains("Works until") && rows[0].contains("by olive") && rows[0].contains("Not used yet"),
        "{rows:?}"
    );
    assert!(rows[1].contains("Expired"), "{rows:?}");
    let secret = secrecy::ExposeSecret::expose_secret(&second.token);
    assert!(!html.main().contains(secret));
    let revoke = format!("/settings/personal-tokens/{}/revoke/", second.id);
    // Nobody revokes somebody else's, and no other site's form does.
    eve.post(&revoke, &[]).await.expect(404);
    ada.post_without_token(&revoke, &[]).await.expect(403);
    assert_eq!(ada.get(PAGE).await.html().count("#personal-tokens li"), 2);
    assert_eq!(ada.post(&revoke, &[]).await.expect(302).location(), PAGE);
    let html = ada.get(PAGE).await.html();
    assert!(html.text(".alert-success").unwrap().contains("was revoked"));
    assert_eq!(html.count("#personal-tokens li"), 1);
    ada.post(&revoke, &[]).await.expect(302);
    assert!(
        ada.get(PAGE)
            .await
            .html()
            .text(".alert-success")
            .unwrap()
            .contains("revoked before")
    );
    ada.post(&format!("/settings/personal-tokens/{}/revoke/", first.id), &[])
        .await
        .expect(302);
    assert!(!ada.get(PAGE).await.html().has("#personal-tokens"));
}
