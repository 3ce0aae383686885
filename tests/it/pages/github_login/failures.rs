//! Every way to GitHub and back that comes to nothing has a page of its own, and changes nothing.

use jobserver::web::dev_github::Trouble;
use sqlx::PgPool;

use super::{rows, who};
use crate::support::github::{Github, IMPATIENT, account, set_off};
use crate::support::{Answer, Html, Visitor};

const NOBODY: [i64; 6] = [0, 0, 0, 0, 0, 0];

/// The page's main words, after a look at what every such page has.
#[track_caller]
fn failed(answer: Answer, status: u16, title: &str) -> Html {
    let answer = answer.expect(status);
    assert_eq!(
        answer.header("Cache-Control"),
        Some("max-age=0, no-cache, no-store, must-revalidate, private")
    );
    let html = answer.html();
    assert_eq!(html.text("h1").as_deref(), Some(title), "{}", html.main());
    // What GitHub said is not the page's to repeat.
    for said in [
        "access_denied",
        "bad_verification_code",
        "incorrect_client_credentials",
        "stand-in's",
    ] {
        assert!(!answer.body.contains(said), "{said}: {}", html.main());
    }
    html
}

/// The page offers to start again, for the same place.
#[track_caller]
fn offers_another_try(html: &Html, next: &str) {
    let forms = html.posted_forms();
    let form = forms.iter().find(|(action, _)| action == "/login/github/");
    let (_, fields) = form.unwrap_or_else(|| panic!("no other try: {}", html.main()));
    assert!(fields.contains(&("next".to_owned(), next.to_owned())), "{fields:?}");
}

#[sqlx::test]
async fn each_failure_is_told_in_its_own_words(pool: PgPool) {
    let (github, site) = Github::and_site(pool).await;
    for (trouble, status, title) in [
        (Trouble::Denied, 400, "You did not sign in"),
        (Trouble::WrongState, 400, "This sign-in cannot be finished"),
        (Trouble::NoState, 400, "This sign-in cannot be finished"),
        (Trouble::NoCode, 400, "GitHub did not say who you are"),
        (Trouble::CodeRefused, 502, "GitHub did not confirm who you are"),
        (Trouble::ProfileRefused, 502, "GitHub did not confirm who you are"),
        (Trouble::ExchangeFails, 503, "GitHub does not answer"),
        (Trouble::ProfileFails, 503, "GitHub does not answer"),
        (Trouble::EmailsFail, 503, "GitHub does not answer"),
        (Trouble::TooMany, 503, "GitHub does not answer"),
        (Trouble::UsedUp, 503, "GitHub does not answer"),
        (
            Trouble::ExchangeGarbled,
            502,
            "GitHub sent an answer that cannot be read",
        ),
        (Trouble::NoId, 502, "GitHub sent an answer that cannot be read"),
        (Trouble::Suspended, 502, "This site cannot use GitHub to sign people in"),
        (
            Trouble::SecretRefused,
            502,
            "This site cannot use GitHub to sign people in",
        ),
    ] {
        let visitor = site.anonymous();
        let answer = github
            .login_with(&visitor, "/status/?a=b", account(7, "mona"), trouble)
            .await;
        let retry_after = answer.header("Retry-After").map(str::to_owned);
        let html = failed(answer, status, title);
        // The state tells where they wanted to go; without it nobody knows.
        let next = match trouble {
            Trouble::WrongState | Trouble::NoState => "/",
            _ => "/status/?a=b",
        };
        match title {
            "This site cannot use GitHub to sign people in" => {
                assert!(html.posted_forms().iter().all(|(action, _)| action != "/login/github/"));
                assert!(html.has("main a[href^='mailto:']"), "{}", html.main());
            }
            _ => offers_another_try(&html, next),
        }
        let expected = match trouble {
            Trouble::TooMany => Some("40"),
            _ if status == 503 => Some("60"),
            _ => None,
        };
        assert_eq!(retry_after.as_deref(), expected, "{trouble:?}");
        assert_eq!(who(&visitor).await, None, "{trouble:?}");
    }
    // Two logins whose state did not come back are left to expire.
    assert_eq!(rows(&site).await, [0, 0, 0, 2, 0, 0]);
}

#[sqlx::test]
async fn a_github_that_hangs_is_given_up(pool: PgPool) {
    let (github, site) = Github::and_site_with(pool, |settings| settings.github.timeout = IMPATIENT).await;
    for trouble in [Trouble::ExchangeHangs, Trouble::ProfileHangs] {
        let answer = github
            .login_with(&site.anonymous(), "/", account(7, "mona"), trouble)
            .await;
        offers_another_try(&failed(answer, 503, "GitHub does not answer"), "/");
    }
    assert_eq!(rows(&site).await, NOBODY);
}

#[sqlx::test]
async fn a_github_that_is_not_there_is_told(pool: PgPool) {
    let (github, site) = Github::and_site(pool).await;
    let visitor = site.anonymous();
    let path = github.come_back(
        &set_off(&visitor, "/status/").await,
        account(7, "mona"),
        Trouble::Nothing,
    );
    drop(github);
    offers_another_try(
        &failed(visitor.get(&path).await, 503, "GitHub does not answer"),
        "/status/",
    );
}

#[sqlx::test]
async fn a_wrong_secret_of_ours_is_our_fault(pool: PgPool) {
    let (github, site) = Github::and_site_with(pool, |settings| settings.github.login.secret = "another".into()).await;
    let answer = github.sign_in(&site.anonymous(), account(7, "mona")).await;
    failed(answer, 502, "This site cannot use GitHub to sign people in");
    assert_eq!(rows(&site).await, NOBODY);
}

#[sqlx::test]
async fn who_comes_too_late_may_try_again(pool: PgPool) {
    let (github, site) = Github::and_site(pool).await;
    let visitor = site.anonymous();
    let path = github.come_back(
        &set_off(&visitor, "/status/").await,
        account(7, "mona"),
        Trouble::Nothing,
    );
    sqlx::raw_sql("UPDATE github_login SET expires_at = now()")
        .execute(site.db.pool())
        .await
        .unwrap();
    offers_another_try(&failed(visitor.get(&path).await, 400, "That took too long"), "/status/");
    assert_eq!(rows(&site).await, NOBODY);
}

#[sqlx::test]
async fn an_address_that_nobody_was_sent_back_to_does_nothing(pool: PgPool) {
    let (_github, site) = Github::and_site(pool).await;
    let title = "This sign-in cannot be finished";
    let visitor: Visitor = site.anonymous();
    for path in [
        "/complete/github/",
        "/complete/github/?code=a&state=b",
        "/complete/github/?state=%00%FF&code=%00",
        "/complete/github/?error=server_error&error_description=Call+0800+EVIL",
    ] {
        let html = failed(visitor.get(path).await, 400, title);
        assert!(!html.main().contains("EVIL"), "{}", html.main());
        // Coming back to this page would lead nowhere.
        assert!(
            html.attributes("a", "href")
                .iter()
                .all(|href| !href.contains("complete"))
        );
    }
    failed(
        visitor.get("/complete/github/?error=access_denied").await,
        400,
        "You did not sign in",
    );
    failed(
        visitor.get("/complete/github/?error=user_cancelled_login").await,
        400,
        "You did not sign in",
    );
    assert_eq!(rows(&site).await, NOBODY);
}
