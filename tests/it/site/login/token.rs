//! The single-use token, in the form on the login page.

use jobserver::core::people::login_token::hashes_worked_out;
use sqlx::PgPool;

use super::token_of;
use crate::support::{Answer, Site, Visitor, count_statements};

const INSIDE: &str = "203.0.113.9";

async fn site(pool: PgPool) -> Site {
    let site = Site::start(pool).await;
    site.world.inside("tpp", &["203.0.113.0/24"]).await;
    site
}

fn inside(site: &Site) -> Visitor {
    site.anonymous().at(INSIDE)
}

async fn sign_in(visitor: &Visitor, user: &str, token: &str) -> Answer {
    let fields = [("user", user), ("token", token)];
    let csrf = visitor.csrf_token("/login/").await;
    let fields = [&fields[..], &[("csrfmiddlewaretoken", &csrf)]].concat();
    visitor.post_without_token("/login-with-token/", &fields).await
}

/// What the page says is wrong; it must be the form for tokens again.
#[track_caller]
fn problem(answer: Answer) -> String {
    let html = answer.expect(200).html();
    assert!(html.has("input[name=token]"), "{}", html.main());
    html.text("[role=alert]").unwrap()
}

#[sqlx::test]
async fn three_words_sign_in_once_from_inside(pool: PgPool) {
    let site = site(pool).await;
    let token = token_of(&site, "ada").await;
    assert_eq!(token.split(' ').count(), 3);
    site.drain().await;
    let made = site.post().mail.take();
    assert_eq!(made.len(), 1);
    assert_eq!(made[0].to, ["ada@example.com"]);
    for word in token.split(' ') {
        assert!(
            !made[0].text.contains(word) && !made[0].html.contains(word),
            "{}",
            made[0].text
        );
    }
    site.world
        .so("UPDATE session SET created_at = created_at - interval '1 day'; UPDATE \"user\" SET last_login = NULL")
        .await;

    let ada = inside(&site);
    let answer = sign_in(&ada, " ada ", &format!(" {token}\t")).await.expect(302);
    assert_eq!(answer.location(), "/");
    let home = ada.get("/").await.expect(200);
    assert!(home.body.contains("Signed in as ada") && home.body.contains("The token no longer works"));
    let logins = r#"SELECT count(*) FROM "user" WHERE last_login IS NOT NULL AND login_token IS NULL"#;
    assert_eq!(site.world.number(logins).await, 1);
    assert_eq!(
        site.world
            .number("SELECT count(*) FROM session WHERE method = 'token'")
            .await,
        1
    );
    site.drain().await;
    let used = site.post().mail.take();
    assert_eq!(used.len(), 1);
    assert!(
        used[0].subject.contains("was used") && used[0].text.contains("from tpp on"),
        "{}",
        used[0].text
    );

    // Once.
    let again = inside(&site);
    assert!(problem(sign_in(&again, "ada", &token).await).contains("could not be signed in"));
}

#[sqlx::test]
async fn people_may_type_as_people_do(pool: PgPool) {
    let site = site(pool).await;
    for typed in [
        |token: &str| token.to_uppercase(),
        |token: &str| token.replace(' ', "-"),
        |token: &str| token.replace(' ', ""),
        |token: &str| format!("  {}\u{a0}", token.replace(' ', "   ")),
    ] {
        let token = token_of(&site, "ada").await;
        sign_in(&inside(&site), "ADA@example.com", &typed(&token))
            .await
            .expect(302);
    }
}

#[sqlx::test]
async fn all_failures_are_told_alike_after_as_much_work(pool: PgPool) {
    let site = site(pool).await;
    let world = &site.world;
    let token = token_of(&site, "ada").await;
    for username in ["gone", "expired", "replaced"] {
        token_of(&site, username).await;
    }
    world
        .so(r#"UPDATE "user" SET is_active = false WHERE username = 'gone'"#)
        .await;
    world
        .so(r#"UPDATE "user" SET login_token_expires_at = now() - interval '1 second' WHERE username = 'expired'"#)
        .await;
    let replaced = token_of(&site, "replaced").await;
    token_of(&site, "replaced").await;
    world.user("no-github").await;
    world.may_use("tpp", "no-github").await;
    world.github("no-backend").await;
    world.github("no-token").await;
    world.may_use("tpp", "no-token").await;
    let mut told = Vec::new();
    for (user, token) in [
        ("nobody", token.as_str()),
        ("nobody@example.com", &token),
        ("ada", "wrong"),
        ("Ada", &token),
        ("gone", &token),
        ("expired", &token),
        ("replaced", &replaced),
        ("no-github", &token),
        ("no-backend", &token),
        ("no-token", &token),
        ("", ""),
        ("ada", ""),
        ("", &token),
    ] {
        let visitor = inside(&site);
        let csrf = visitor.csrf_token("/login/").await;
        let fields = [("user", user), ("token", token), ("csrfmiddlewaretoken", &csrf)];
        let hashes = hashes_worked_out();
        let (answer, statements) = count_statements(visitor.post_without_token("/login-with-token/", &fields)).await;
        assert!(visitor.cookie("sessionid").await.is_none());
        // The hash is what takes time.
        assert_eq!(hashes_worked_out() - hashes, 1, "{user}");
        told.push((statements, problem(answer)));
    }
    told.dedup();
    assert_eq!(told.len(), 1, "{told:?}");
    // Wrong tries leave the right one valid.
    sign_in(&inside(&site), "ada", &token).await.expect(302);
}

#[sqlx::test]
async fn five_wrong_tries_burn_a_token(pool: PgPool) {
    let site = site(pool).await;
    for (wrong, status) in [(4, 302), (5, 200)] {
        let token = token_of(&site, "ada").await;
        for _ in 0..wrong {
            problem(sign_in(&inside(&site), "ada", "wrong").await);
        }
        sign_in(&inside(&site), "ada", &token).await.expect(status);
        site.world.so("DELETE FROM attempt").await;
    }
    // A new one starts anew.
    let token = token_of(&site, "ada").await;
    sign_in(&inside(&site), "ada", &token).await.expect(302);
}

#[sqlx::test]
async fn from_elsewhere_a_token_is_of_no_use(pool: PgPool) {
    let site = site(pool).await;
    let token = token_of(&site, "ada").await;
    let before = site
        .world
        .number("SELECT login_token_failures::int8 FROM \"user\" WHERE username = 'ada'")
        .await;
    for visitor in [
        site.anonymous(),
        site.anonymous().at("198.51.100.7"),
        site.anonymous().at("198.51.100.7").saying("X-Forwarded-For", INSIDE),
        site.anonymous()
            .at("172.17.0.2")
            .saying("X-Forwarded-For", "203.0.113.9, 198.51.100.7"),
    ] {
        let html = sign_in(&visitor, "ada", &token).await.expect(200).html();
        assert!(
            html.text("[role=alert]")
                .unwrap()
                .contains("inside a secure environment only"),
            "{}",
            html.main()
        );
        assert!(html.has("input[name=email]") && !html.has("input[name=token]"));
    }
    let after = site
        .world
        .number("SELECT login_token_failures::int8 FROM \"user\" WHERE username = 'ada'")
        .await;
    assert_eq!(after, before);
    // Behind our proxy it is.
    let ada = site.anonymous().at("172.17.0.2").saying("X-Forwarded-For", INSIDE);
    sign_in(&ada, "ada", &token).await.expect(302);
}

#[sqlx::test]
async fn one_goes_on_to_where_one_wanted(pool: PgPool) {
    let site = site(pool).await;
    for (query, field, to) in [
        ("?next=/status/", "", "/status/"),
        ("?next=/x/%3Fa%3D1", "", "/x/?a=1"),
        ("", "/status/", "/status/"),
        ("?next=//evil.com", "", "/"),
        ("", "https://evil.com/", "/"),
        ("?next=/status/", "//evil.com/", "/"),
    ] {
        let token = token_of(&site, "ada").await;
        let ada = inside(&site);
        let csrf = ada.csrf_token("/login/").await;
        let mut fields = vec![("user", "ada"), ("token", &token), ("csrfmiddlewaretoken", &csrf)];
        if !field.is_empty() {
            fields.push(("next", field));
        }
        let answer = ada
            .post_without_token(&format!("/login-with-token/{query}"), &fields)
            .await;
        assert_eq!(answer.expect(302).location(), to, "{query} {field}");
        site.world.so("DELETE FROM attempt").await;
    }
}

#[sqlx::test]
async fn trying_too_often_is_refused_by_account_and_by_address(pool: PgPool) {
    let site = site(pool).await;
    let token = token_of(&site, "ada").await;
    for user in ["ada", "nobody"] {
        for _ in 0..10 {
            problem(sign_in(&inside(&site), user, "wrong").await);
        }
        let answer = sign_in(&inside(&site), &user.to_uppercase(), &token).await.expect(429);
        let wait: u64 = answer.header("Retry-After").unwrap().parse().unwrap();
        assert!((800..=900).contains(&wait), "{wait}");
    }
    for number in 0..38 {
        problem(sign_in(&inside(&site), &format!("somebody{number}"), "wrong").await);
    }
    sign_in(&inside(&site), "another", "wrong").await.expect(429);
    problem(sign_in(&site.anonymous().at("203.0.113.10"), "another", "wrong").await);
}
