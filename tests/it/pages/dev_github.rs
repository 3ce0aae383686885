//! The page that stands for GitHub in a development copy, and that no other copy has it.

use jobserver::config::Profile;
use rocket::http::Method;
use sqlx::PgPool;

use crate::attacks::Ask;
use crate::support::github::set_off;
use crate::support::{Html, Site, Visitor};

const PAGE: &str = "/dev/github/login/oauth/authorize";

async fn site_with_ada(pool: PgPool) -> Site {
    let site = Site::start(pool).await;
    site.world.user("ada").await;
    sqlx::raw_sql(
        r#"INSERT INTO social_account (user_id, provider, uid, extra_data)
           SELECT id, 'github', '4711', '{"login": "ada-at-github"}' FROM "user""#,
    )
    .execute(site.db.pool())
    .await
    .unwrap();
    site
}

/// Presses the button, and looks at where it leads.
async fn arrive(visitor: &Visitor) -> (String, Html) {
    let sent = set_off(visitor, "/status/").await;
    let path = sent.strip_prefix("http://localhost:8000").unwrap().to_owned();
    assert!(path.starts_with(&format!("{PAGE}?")), "{path}");
    let page = visitor.get(&path).await.expect(200).html();
    (path, page)
}

async fn choose(visitor: &Visitor, path: &str, fields: &[(&str, &str)]) -> crate::support::Answer {
    let csrf = visitor.csrf_token(path).await;
    let mut all = vec![
        ("csrfmiddlewaretoken", csrf.as_str()),
        ("query", path.split_once('?').unwrap().1),
    ];
    all.extend(fields);
    visitor.post_without_token(PAGE, &all).await
}

#[sqlx::test]
async fn whoever_the_site_knows_can_be_chosen(pool: PgPool) {
    let site = site_with_ada(pool).await;
    let visitor = site.anonymous();
    let (path, page) = arrive(&visitor).await;
    assert_eq!(page.texts(".person strong"), ["Ada"]);
    assert!(page.main().contains("ada-at-github") && page.main().contains("ada@example.com"));
    let back = choose(&visitor, &path, &[("who", "4711"), ("trouble", "nothing")])
        .await
        .expect(302);
    assert!(
        back.location()
            .starts_with("http://localhost:8000/complete/github/?code="),
        "{}",
        back.location()
    );
    let denied = choose(&visitor, &path, &[("who", "4711"), ("trouble", "denied")])
        .await
        .expect(302);
    assert!(
        denied.location().contains("?error=access_denied"),
        "{}",
        denied.location()
    );
    choose(&visitor, &path, &[("who", "1")]).await.expect(200);
}

#[sqlx::test]
async fn a_newcomer_sees_whom_to_choose(pool: PgPool) {
    let site = site_with_ada(pool).await;
    site.world.project("project").await;
    site.world.member("project", "ada", &["ProjectDeveloper"]).await;
    site.world.global_roles("bob", &["TechSupport", "OutputChecker"]).await;
    site.world.user("cleo").await;
    sqlx::raw_sql(
        r#"INSERT INTO social_account (user_id, provider, uid)
           SELECT id, 'github', id + 5000 FROM "user" WHERE username IN ('bob', 'cleo')"#,
    )
    .execute(site.db.pool())
    .await
    .unwrap();
    let (_, page) = arrive(&site.anonymous()).await;
    assert_eq!(page.texts(".person strong"), ["Ada", "Bob", "Cleo"]);
    assert_eq!(
        page.texts(".person .trust"),
        [
            "member of 1 project",
            "Output Checker, Tech Support",
            "trusted with nothing"
        ]
    );
}

/// It is a page like any other to whoever sends its forms, or addresses without end.
#[sqlx::test]
async fn its_pages_are_guarded_like_others(pool: PgPool) {
    let site = site_with_ada(pool).await;
    let visitor = site.anonymous();
    let (path, _) = arrive(&visitor).await;
    let csrf = visitor.csrf_token(&path).await;
    let query = path.split_once('?').unwrap().1;
    let fields = [("csrfmiddlewaretoken", &*csrf), ("query", query), ("who", "4711")];
    let (name, value) = visitor.cookies().await.swap_remove(0);
    let cookie = format!("{name}={value}");
    let foreign = Ask {
        headers: vec![("Origin", "https://evil.com"), ("Cookie", &cookie)],
        form: fields.to_vec(),
        ..Ask::default()
    };
    let foreign = foreign.send(&site, Method::Post, PAGE).await.expect(403);
    assert!(foreign.html().main().starts_with("CSRF"));
    visitor.post_without_token(PAGE, &fields[1..]).await.expect(403);
    visitor
        .get(&format!("{path}&a={}", "a".repeat(20_000)))
        .await
        .expect(414);
}

#[sqlx::test]
async fn anybody_can_be_thought_up_and_chosen_again(pool: PgPool) {
    let site = site_with_ada(pool).await;
    let visitor = site.anonymous();
    let (path, _) = arrive(&visitor).await;
    let page = choose(&visitor, &path, &[("who", "new"), ("login", "a b"), ("id", "x")]).await;
    let page = page.expect(200).html();
    assert_eq!(page.count(".field-error"), 2);
    assert!(page.has("details[open] .field-error"), "the faults are in sight");
    let somebody = [
        ("who", "new"),
        ("login", "zoe-b"),
        ("name", "Zoë"),
        ("email_first", "zoe@example.org"),
        ("verified_first", "on"),
        ("primary", "first"),
    ];
    choose(&visitor, &path, &somebody).await.expect(302);
    let (_, page) = arrive(&visitor).await;
    assert_eq!(page.texts(".person strong"), ["Ada", "Zoë"]);
}

#[sqlx::test]
async fn a_way_here_that_is_wrong_is_explained(pool: PgPool) {
    let site = site_with_ada(pool).await;
    let visitor = site.anonymous();
    let (path, _) = arrive(&visitor).await;
    for (from, to, said) in [
        ("client_id=stand-in", "client_id=other", "client_id"),
        ("complete", "elsewhere", "redirect_uri"),
        ("code_challenge=", "x=", "code_challenge"),
        ("response_type=code", "response_type=token", "response_type"),
        ("S256", "plain", "code_challenge_method"),
        ("scope=user%3Aemail", "scope=repo", "scope"),
    ] {
        assert!(path.contains(from), "{path}");
        let wrong = path.replace(from, to);
        let page = visitor.get(&wrong).await.expect(400).html();
        assert!(page.main().contains(said), "{said}: {}", page.main());
        choose(&visitor, &wrong, &[("who", "4711")]).await.expect(403);
    }
}

#[sqlx::test]
async fn no_real_site_has_it(pool: PgPool) {
    for (profile, is_stand_in) in [
        (Profile::Production, true),
        (Profile::Production, false),
        (Profile::Development, false),
    ] {
        let site = Site::start_with(pool.clone(), |settings| {
            settings.profile = profile;
            settings.github.login.is_stand_in = is_stand_in;
        })
        .await;
        let visitor = site.anonymous();
        for path in [PAGE, "/dev/github/api/user", "/dev/github/api/user/emails"] {
            visitor.get(path).await.expect(404);
        }
        for path in [PAGE, "/dev/github/login/oauth/access_token"] {
            let status = visitor.post_without_token(path, &[]).await.status;
            assert!([404, 405].contains(&status), "{path}: {status}");
        }
    }
}
