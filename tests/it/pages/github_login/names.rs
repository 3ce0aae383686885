//! The step for somebody whose name GitHub does not know.

use jobserver::web::dev_github::Trouble;
use sqlx::PgPool;

use super::{events, facts, rows, who};
use crate::support::github::{Github, account};
use crate::support::{Site, Visitor};

const STEP: &str = "/enter-your-name/?partial_token=";

/// Comes to the step; returns its address.
async fn come_to_step(github: &Github, visitor: &Visitor) -> String {
    let answer = github
        .login_with(visitor, "/status/", account(7, "mona"), Trouble::NoName)
        .await;
    let step = answer.expect(302).location().to_owned();
    assert!(step.starts_with(STEP) && step.len() == STEP.len() + 43, "{step}");
    step
}

async fn say(visitor: &Visitor, step: &str, name: &str) -> crate::support::Answer {
    let csrf = visitor.csrf_token(step).await;
    let fields = [
        ("csrfmiddlewaretoken", csrf.as_str()),
        ("partial_token", step.trim_start_matches(STEP)),
        ("name", name),
    ];
    visitor.post_without_token("/complete/github/", &fields).await
}

async fn is_over(visitor: &Visitor, step: &str) {
    let html = visitor.get(step).await.expect(400).html();
    assert_eq!(html.text("h1").as_deref(), Some("This step is over"));
    let html = say(visitor, step, "Mona").await.expect(400).html();
    assert_eq!(html.text("h1").as_deref(), Some("This step is over"));
}

async fn nobody_is_made(site: &Site) {
    let [users, identities, sessions, ..] = rows(site).await;
    assert_eq!((users, identities, sessions), (0, 0, 0));
}

#[sqlx::test]
async fn a_name_is_asked_for_and_then_all_is_made(pool: PgPool) {
    let (github, site) = Github::and_site(pool).await;
    let visitor = site.anonymous();
    let step = come_to_step(&github, &visitor).await;
    assert_eq!(rows(&site).await, [0, 0, 0, 0, 1, 0]);
    assert_eq!(who(&visitor).await, None);

    let page = visitor.get(&step).await.expect(200).html();
    assert!(page.main().contains("GitHub says that you are mona"), "{}", page.main());
    let html = say(&visitor, &step, " \t ").await.expect(200).html();
    assert!(html.text(".field-error").unwrap().contains("Enter your name"));
    let long = "é".repeat(151);
    say(&visitor, &step, &long).await.expect(200);
    nobody_is_made(&site).await;

    let answer = say(&visitor, &step, "  Mona\n Lisa ").await.expect(302);
    assert_eq!(answer.location(), "/status/");
    assert_eq!(who(&visitor).await.as_deref(), Some("mona"));
    let user = facts(&site, "mona").await;
    assert_eq!(
        (&user["fullname"], &user["email"]),
        (&"Mona Lisa".into(), &"mona@github.example".into())
    );
    assert_eq!(
        events(&site, "mona").await,
        [
            "user_created",
            "user_updated",
            "user_updated",
            "identity_linked",
            "user_signed_in"
        ]
    );
    assert_eq!(rows(&site).await, [1, 1, 1, 0, 0, 1]);
    // Who is in has no business here, and with this nobody comes in again.
    assert_eq!(visitor.get(&step).await.expect(302).location(), "/");
    is_over(&site.anonymous(), &step).await;
}

#[sqlx::test]
async fn the_step_is_its_browsers_alone(pool: PgPool) {
    let (github, site) = Github::and_site(pool).await;
    let visitor = site.anonymous();
    let step = come_to_step(&github, &visitor).await;
    // Also another browser that is on its own way.
    let mallory = site.anonymous();
    crate::support::github::set_off(&mallory, "/").await;
    is_over(&mallory, &step).await;
    is_over(&site.anonymous(), &step).await;
    is_over(&visitor, STEP).await;
    nobody_is_made(&site).await;
    say(&visitor, &step, "Mona").await.expect(302);
}

#[sqlx::test]
async fn the_step_ends(pool: PgPool) {
    let (github, site) = Github::and_site(pool).await;
    let visitor = site.anonymous();
    let step = come_to_step(&github, &visitor).await;
    sqlx::raw_sql("UPDATE unfinished_login SET expires_at = now()")
        .execute(site.db.pool())
        .await
        .unwrap();
    is_over(&visitor, &step).await;
    nobody_is_made(&site).await;
}

#[sqlx::test]
async fn the_step_is_a_form_of_ours(pool: PgPool) {
    let (github, site) = Github::and_site(pool).await;
    let visitor = site.anonymous();
    let step = come_to_step(&github, &visitor).await;
    let fields = [("partial_token", step.trim_start_matches(STEP)), ("name", "Mona")];
    visitor
        .post_without_token("/complete/github/", &fields)
        .await
        .expect(403);
    nobody_is_made(&site).await;
}

#[sqlx::test]
async fn a_username_that_somebody_took_meanwhile_is_theirs(pool: PgPool) {
    let (github, site) = Github::and_site(pool).await;
    let visitor = site.anonymous();
    let step = come_to_step(&github, &visitor).await;
    site.world.user("mona").await;
    let page = say(&visitor, &step, "Mona").await.expect(403).html();
    assert_eq!(page.text("h1").as_deref(), Some("Somebody else has this name here"));
    assert_eq!(rows(&site).await, [1, 0, 0, 0, 0, 0]);
}
