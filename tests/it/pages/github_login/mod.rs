//! Signing in with GitHub, as visitors do: there, and back.

mod attacks;
mod failures;
mod names;
mod newcomers;

use jobserver::web::dev_github::Trouble;
use serde_json::Value;
use sqlx::PgPool;
use url::Url;

use crate::support::github::{CLIENT_ID, Github, account, set_off};
use crate::support::{Answer, Site, Visitor, count_statements};

/// The value of a cookie that an answer sets.
pub fn cookie(answer: &Answer, name: &str) -> Option<String> {
    let prefix = format!("{name}=");
    let headers = answer.headers.iter();
    let mut cookies = headers.filter(|(header, _)| header.eq_ignore_ascii_case("set-cookie"));
    let cookie = cookies.find_map(|(_, value)| value.strip_prefix(&prefix))?;
    Some(cookie.split(';').next().unwrap_or_default().to_owned())
}

/// The user who is signed in in this browser.
pub async fn who(visitor: &Visitor) -> Option<String> {
    let html = visitor.get("/no/such/page/at/all/").await.html();
    let words = html.text(".menu-who")?;
    Some(words.trim_start_matches("Signed in as ").to_owned())
}

/// How many rows there are: users, identities, sessions, logins on their way, logins that wait for a name,
/// messages.
pub async fn rows(site: &Site) -> [i64; 6] {
    let counts: Vec<i64> = sqlx::query_scalar(
        r#"SELECT count(*) FROM "user" UNION ALL SELECT count(*) FROM social_account
           UNION ALL SELECT count(*) FROM session UNION ALL SELECT count(*) FROM github_login
           UNION ALL SELECT count(*) FROM unfinished_login UNION ALL SELECT count(*) FROM message"#,
    )
    .fetch_all(site.db.pool())
    .await
    .unwrap();
    counts.try_into().unwrap()
}

/// Everything about a user that a login could change.
pub async fn facts(site: &Site, username: &str) -> Value {
    sqlx::query_scalar(r#"SELECT to_jsonb(u) - 'last_login' FROM "user" u WHERE username = $1"#)
        .bind(username)
        .fetch_one(site.db.pool())
        .await
        .unwrap()
}

/// The kinds of all events about a user, in order.
pub async fn events(site: &Site, username: &str) -> Vec<String> {
    sqlx::query_scalar("SELECT type FROM auditable_event WHERE target_user = $1 ORDER BY id")
        .bind(username)
        .fetch_all(site.db.pool())
        .await
        .unwrap()
}

/// The GitHub identities of a user: number, and what is kept beside it.
pub async fn identities(site: &Site, username: &str) -> Vec<(String, Value)> {
    sqlx::query_as(
        r#"SELECT s.uid, s.extra_data::jsonb FROM social_account s JOIN "user" u ON u.id = s.user_id
            WHERE u.username = $1 AND s.provider = 'github'"#,
    )
    .bind(username)
    .fetch_all(site.db.pool())
    .await
    .unwrap()
}

#[sqlx::test]
async fn visitors_are_sent_to_github_with_what_it_needs(pool: PgPool) {
    let (_github, site) = Github::and_site(pool).await;
    let visitor = site.anonymous();
    let sent = visitor
        .post_without_token("/login/github/", &[("next", "/status/")])
        .await;
    let sent = sent.expect(302);
    assert_eq!(
        sent.header("Cache-Control"),
        Some("max-age=0, no-cache, no-store, must-revalidate, private")
    );
    assert!(
        sent.location()
            .contains("redirect_uri=http%3A%2F%2Flocalhost%3A8000%2Fcomplete%2Fgithub%2F")
    );
    let page: Url = sent.location().parse().unwrap();
    assert_eq!(page.path(), "/login/oauth/authorize");
    let sent: std::collections::BTreeMap<_, _> = page.query_pairs().into_owned().collect();
    let get = |name: &str| sent[name].as_str();
    assert_eq!(
        (get("client_id"), get("response_type"), get("scope")),
        (CLIENT_ID, "code", "user:email")
    );
    assert_eq!(get("code_challenge_method"), "S256");
    assert_eq!((get("state").len(), get("code_challenge").len()), (43, 43));
    assert_eq!(sent.len(), 7, "{sent:?}");
    // Each time, another state and another challenge.
    let again: Url = set_off(&visitor, "/status/").await.parse().unwrap();
    for (name, value) in again.query_pairs() {
        assert_eq!(
            value == get(&name),
            !["state", "code_challenge"].contains(&&*name),
            "{name}"
        );
    }
}

#[sqlx::test]
async fn only_github_is_there_and_only_by_its_button(pool: PgPool) {
    let (_github, site) = Github::and_site(pool).await;
    let visitor = site.anonymous();
    visitor.get("/login/github/").await.expect(405);
    visitor.post_without_token("/login/gitlab/", &[]).await.expect(404);
    visitor.get("/complete/gitlab/").await.expect(404);
}

#[sqlx::test]
async fn somebody_new_signs_in_and_comes_back_to_where_they_were(pool: PgPool) {
    let (github, site) = Github::and_site(pool).await;
    let mona = site.anonymous();
    let next = "/settings/?a=1&b=%C3%A9";
    let answer = github
        .login_with(&mona, next, account(583_231, "Mona"), Trouble::Nothing)
        .await;
    assert_eq!(answer.expect(302).location(), next);
    assert_eq!(who(&mona).await.as_deref(), Some("Mona"));

    let user = facts(&site, "Mona").await;
    assert_eq!(user["fullname"], "MONA of GitHub");
    assert_eq!(user["email"], "Mona@github.example");
    assert_eq!(
        (&user["roles"], &user["is_active"]),
        (&serde_json::json!([]), &serde_json::json!(true))
    );
    let [(uid, kept)] = &identities(&site, "Mona").await[..] else {
        panic!("one identity")
    };
    assert_eq!(
        (uid.as_str(), &kept["id"], &kept["login"]),
        ("583231", &583_231.into(), &"Mona".into())
    );
    assert!(kept["auth_time"].is_i64());
    assert_eq!(kept.as_object().unwrap().len(), 3, "no token is kept: {kept}");
    assert_eq!(
        events(&site, "Mona").await,
        [
            "user_created",
            "user_updated",
            "user_updated",
            "identity_linked",
            "user_signed_in"
        ]
    );
    assert_eq!(rows(&site).await, [1, 1, 1, 0, 0, 1]);

    site.drain().await;
    let [post] = &site.post().chat.take()[..] else {
        panic!("one message")
    };
    assert_eq!(post.channel, "job-server-registrations");
    assert!(
        post.text.contains("<http://localhost:8000/staff/users/Mona/|Mona>"),
        "{}",
        post.text
    );
}

#[sqlx::test]
async fn a_later_login_changes_nothing_of_the_user(pool: PgPool) {
    let (github, site) = Github::and_site(pool).await;
    github.sign_in(&site.anonymous(), account(7, "mona")).await.expect(302);
    let before = facts(&site, "mona").await;

    let mut changed = account(7, "octo");
    changed.name = Some("Somebody Else".to_owned());
    let visitor = site.anonymous();
    let answer = github.sign_in(&visitor, changed.clone()).await.expect(302);
    assert_eq!(answer.location(), "/");
    assert_eq!(who(&visitor).await.as_deref(), Some("mona"));
    assert_eq!(facts(&site, "mona").await, before);
    // What the account is called now is noted with the identity, and that it was.
    let kept = identities(&site, "mona").await;
    assert_eq!(kept[0].1["login"], "octo");
    let (old, new): (String, String) =
        sqlx::query_as("SELECT old, new FROM auditable_event WHERE type = 'identity_renamed'")
            .fetch_one(site.db.pool())
            .await
            .unwrap();
    assert_eq!((old.as_str(), new.as_str()), ("mona", "octo"));
    // Nobody is told twice, and a login without news records none.
    github.sign_in(&site.anonymous(), changed).await.expect(302);
    assert_eq!(rows(&site).await, [1, 1, 3, 0, 0, 1]);
    let renamed = events(&site, "mona")
        .await
        .iter()
        .filter(|kind| *kind == "identity_renamed")
        .count();
    assert_eq!(renamed, 1);
}

#[sqlx::test]
async fn a_login_takes_few_statements(pool: PgPool) {
    let (github, site) = Github::and_site(pool).await;
    for (what, id, most) in [("a new user", 1, 18), ("a known one", 1, 12)] {
        let visitor = site.anonymous();
        let page = set_off(&visitor, "/").await;
        let path = github.come_back(&page, account(id, "mona"), Trouble::Nothing);
        let (answer, statements) = count_statements(visitor.get(&path)).await;
        answer.expect(302);
        assert!(statements <= most, "{what} took {statements} statements");
    }
}

#[sqlx::test]
async fn the_same_person_may_sign_in_again_while_signed_in(pool: PgPool) {
    let (github, site) = Github::and_site(pool).await;
    let visitor = site.anonymous();
    github.sign_in(&visitor, account(7, "mona")).await.expect(302);
    let answer = github
        .login_with(&visitor, "/status/", account(7, "mona"), Trouble::Nothing)
        .await;
    assert_eq!(answer.expect(302).location(), "/status/");
    assert_eq!(who(&visitor).await.as_deref(), Some("mona"));
    // The session from before is over.
    assert_eq!(rows(&site).await, [1, 1, 1, 0, 0, 1]);
}
