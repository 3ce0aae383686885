//! The sign-in link by mail.

use sqlx::PgPool;

use super::{link_in, mailed_link};
use crate::support::{Answer, Site, Visitor, count_statements};

/// Reads reports of one project, and has no login at GitHub.
const READER: &str = "reader@example.com";

async fn site(pool: PgPool) -> Site {
    let site = Site::start(pool).await;
    site.world.member("project", "reader", &["InteractiveReporter"]).await;
    site
}

async fn ask(visitor: &Visitor, email: &str) -> Answer {
    visitor.post("/login/", &[("email", email)]).await
}

/// The first line of what a page says about a request.
#[track_caller]
fn said(answer: Answer) -> String {
    answer.expect(200).html().text("div[role=status]").unwrap_or_default()
}

async fn is_signed_in(visitor: &Visitor) -> bool {
    visitor.get("/login/").await.status == 302
}

/// Follows a link that does nothing but explain itself.
async fn refused(visitor: &Visitor, link: &str) -> String {
    let answer = visitor.get(link).await.expect(302);
    assert_eq!(answer.location(), "/login/");
    assert!(visitor.cookie("sessionid").await.is_none());
    let page = visitor.get("/login/").await.expect(200);
    page.html()
        .text(".notices .alert-danger")
        .unwrap_or_else(|| panic!("{}", page.body))
}

#[sqlx::test]
async fn a_link_signs_in_once_in_the_browser_that_asked(pool: PgPool) {
    let site = site(pool).await;
    let (reader, other) = (site.anonymous(), site.anonymous());
    let answer = said(ask(&reader, READER).await);
    assert!(
        answer.contains("Check your e-mail") && answer.contains("60 minutes"),
        "{answer}"
    );

    site.drain().await;
    let mails = site.post().mail.take();
    assert_eq!(mails.len(), 1);
    assert_eq!(mails[0].to, [READER]);
    assert!(mails[0].text.contains("within 60 minutes"), "{}", mails[0].text);
    assert!(
        mails[0].text.contains("http://localhost:8000/login-with-url/"),
        "{}",
        mails[0].text
    );
    let link = link_in(&mails[0].text);

    // A program that looks at links, and another browser with a request of its own.
    for stranger in [site.anonymous(), other] {
        ask(&stranger, "somebody@example.com").await;
        assert!(
            refused(&stranger, &link)
                .await
                .contains("only in the browser that asked")
        );
    }
    assert!(
        refused(&site.anonymous(), &link)
            .await
            .contains("only in the browser that asked")
    );

    let answer = reader.get(&link).await.expect(302);
    assert_eq!(answer.location(), "/project/");
    assert!(is_signed_in(&reader).await);
    assert_eq!(
        site.world
            .number("SELECT count(*) FROM session WHERE method = 'email'")
            .await,
        1
    );

    // Even in a browser that is still the one that asked, the link is spent.
    let browser = reader.cookie("browser").await.unwrap();
    reader.post("/logout/", &[]).await.expect(302);
    reader.set_cookie("browser", &browser).await;
    assert!(refused(&reader, &link).await.contains("was used already"));
}

#[sqlx::test]
async fn only_the_newest_link_of_a_browser_works(pool: PgPool) {
    let site = site(pool).await;
    let reader = site.anonymous();
    ask(&reader, READER).await;
    let older = mailed_link(&site).await;
    ask(&reader, READER).await;
    let newer = mailed_link(&site).await;
    assert!(refused(&reader, &older).await.contains("only the newest works"));
    // Another browser's request makes no link of this one older.
    ask(&site.anonymous(), READER).await;
    reader.get(&newer).await.expect(302);
    assert!(is_signed_in(&reader).await);
}

#[sqlx::test]
async fn a_link_ends_with_its_hour(pool: PgPool) {
    let site = site(pool).await;
    let reader = site.anonymous();
    ask(&reader, READER).await;
    let link = mailed_link(&site).await;
    let minutes = "SELECT round(extract(epoch FROM expires_at - now()) / 60)::int8 FROM email_login";
    assert_eq!(site.world.number(minutes).await, 60);
    site.world
        .so("UPDATE email_login SET created_at = now() - interval '1 hour', expires_at = now()")
        .await;
    assert!(refused(&reader, &link).await.contains("too old"));
    // One that waited for longer than it works is not sent at all.
    ask(&reader, READER).await;
    site.world.so("UPDATE email_login SET expires_at = now()").await;
    site.drain().await;
    assert!(site.post().mail.take().is_empty());
}

#[sqlx::test]
async fn forged_and_broken_links_open_nothing(pool: PgPool) {
    let site = site(pool).await;
    let reader = site.anonymous();
    ask(&reader, READER).await;
    let link = mailed_link(&site).await;
    let token = link.trim_start_matches("/login-with-url/").trim_end_matches('/');
    let (id, signature) = token.split_once('.').unwrap();
    for forged in [
        format!("/login-with-url/{}.{signature}/", id.parse::<i64>().unwrap() + 1),
        format!("/login-with-url/{id}./"),
        format!("/login-with-url/{id}/"),
        format!("/login-with-url/{token}x/"),
        "/login-with-url/%00/".to_owned(),
        "/login-with-url/9223372036854775808.x/".to_owned(),
        "/login-with-url/%F0%9F%98%80/".to_owned(),
    ] {
        assert!(
            refused(&reader, &forged).await.contains("not a whole sign-in link"),
            "{forged}"
        );
    }
    // What failed used nothing up.
    assert_eq!(reader.get(&link).await.expect(302).location(), "/project/");
}

#[sqlx::test]
async fn everybody_is_told_the_same_and_the_right_ones_get_a_mail(pool: PgPool) {
    let site = site(pool).await;
    let world = &site.world;
    world.member("project", "coder", &["InteractiveReporter"]).await;
    world.github("coder").await;
    world.member("project", "gone", &["InteractiveReporter"]).await;
    world
        .so(r#"UPDATE "user" SET is_active = false WHERE username = 'gone'"#)
        .await;
    world.member("project", "developer", &["ProjectDeveloper"]).await;
    world.global_roles("everywhere", &["InteractiveReporter"]).await;
    let mut answers = Vec::new();
    for (email, subject) in [
        ("reader@example.com", Some("Your sign-in link for")),
        ("READER@Example.com", Some("Your sign-in link for")),
        ("everywhere@example.com", Some("Your sign-in link for")),
        ("coder@example.com", Some("with GitHub")),
        ("developer@example.com", None),
        ("gone@example.com", None),
        ("nobody@example.com", None),
    ] {
        let (answer, statements) = count_statements(ask(&site.anonymous(), email)).await;
        answers.push((statements, said(answer).replace(email, "x")));
        site.drain().await;
        let mails = site.post().mail.take();
        assert_eq!(mails.len(), usize::from(subject.is_some()), "{email}");
        for mail in mails {
            assert!(mail.subject.contains(subject.unwrap()), "{}", mail.subject);
            // The address that we know, not the one that was typed.
            assert_eq!(mail.to, [email.to_lowercase()]);
            assert_eq!(
                mail.text.contains("/login-with-url/"),
                mail.subject.contains("link"),
                "{}",
                mail.text
            );
        }
    }
    answers.dedup();
    assert_eq!(answers.len(), 1, "{answers:?}");
    assert_eq!(
        world
            .number("SELECT count(*) FROM message WHERE state <> 'delivered'")
            .await,
        0
    );
}

#[sqlx::test]
async fn neither_the_outbox_nor_the_request_holds_the_link(pool: PgPool) {
    let site = site(pool).await;
    let reader = site.anonymous();
    ask(&reader, READER).await;
    let link = mailed_link(&site).await;
    let (_, signature) = link.trim_end_matches('/').rsplit_once('.').unwrap();
    let rows: Vec<String> = sqlx::query_scalar(
        "SELECT message::text FROM message UNION ALL SELECT email_login::text FROM email_login
         UNION ALL SELECT e::text FROM auditable_event e",
    )
    .fetch_all(site.db.pool())
    .await
    .unwrap();
    assert!(rows.len() >= 2);
    let browser = reader.cookie("browser").await.unwrap();
    for row in rows {
        assert!(!row.contains(signature) && !row.contains(&browser), "{row}");
    }
}

#[sqlx::test]
async fn who_may_not_any_more_is_not_let_in(pool: PgPool) {
    let site = site(pool).await;
    let reader = site.anonymous();
    for (change, back) in [
        (
            "UPDATE project_membership SET roles = '{}'",
            "UPDATE project_membership SET roles = '{InteractiveReporter}'",
        ),
        (
            r#"UPDATE "user" SET is_active = false WHERE username = 'reader'"#,
            r#"UPDATE "user" SET is_active = true"#,
        ),
        (
            r#"INSERT INTO social_account (user_id, provider, uid) SELECT id, 'github', '9' FROM "user" WHERE username = 'reader'"#,
            "DELETE FROM social_account",
        ),
        (
            r#"UPDATE "user" SET email = 'new@example.com' WHERE username = 'reader'"#,
            r#"UPDATE "user" SET email = 'reader@example.com' WHERE username = 'reader'"#,
        ),
    ] {
        site.world.so("DELETE FROM attempt").await;
        ask(&reader, READER).await;
        let link = mailed_link(&site).await;
        site.world.so(change).await;
        assert!(
            refused(&reader, &link)
                .await
                .contains("cannot sign in by mail any more"),
            "{change}"
        );
        site.world.so(back).await;
        // The failed try used nothing up.
        reader.get(&link).await.expect(302);
        assert!(is_signed_in(&reader).await, "{back}");
        reader.post("/logout/", &[]).await.expect(302);
    }
}

#[sqlx::test]
async fn where_one_goes_afterwards(pool: PgPool) {
    let site = site(pool).await;
    let reader = site.anonymous();
    let sign_in = |next: &'static str| {
        let (site, reader) = (&site, &reader);
        async move {
            site.world.so("DELETE FROM attempt").await;
            reader
                .post("/login/", &[("email", READER), ("next", next)])
                .await
                .expect(200);
            let to = reader
                .get(&mailed_link(site).await)
                .await
                .expect(302)
                .location()
                .to_owned();
            reader.post("/logout/", &[]).await.expect(302);
            to
        }
    };
    assert_eq!(sign_in("/").await, "/project/");
    assert_eq!(sign_in("/settings/?a=1").await, "/settings/?a=1");
    assert_eq!(sign_in("//evil.com/").await, "/project/");
    assert_eq!(sign_in("/\\evil.com/").await, "/project/");
    site.world.member("second", "reader", &[]).await;
    assert_eq!(sign_in("").await, "/");
    site.world.so("DELETE FROM project_membership").await;
    site.world.global_roles("reader", &["InteractiveReporter"]).await;
    assert_eq!(sign_in("").await, "/");
}

#[sqlx::test]
async fn what_is_no_address_is_said_beside_the_field(pool: PgPool) {
    let site = site(pool).await;
    for nonsense in [
        "",
        "   ",
        "reader",
        "a b@example.com",
        "a@b\r\nBcc: c@d.org",
        "reader@example.com, x@y.org",
    ] {
        let page = ask(&site.anonymous(), nonsense).await.expect(200).html();
        assert!(page.text("#id_email-error").is_some(), "{nonsense:?}: {}", page.main());
        assert!(page.text("div[role=status]").is_none());
    }
    assert_eq!(site.world.number("SELECT count(*) FROM message").await, 0);
    // As everywhere, a form of another site is refused before anything is looked at.
    site.anonymous()
        .post_without_token("/login/", &[("email", READER)])
        .await
        .expect(403);
}

#[sqlx::test]
async fn asking_too_often_is_refused_by_account_and_by_address(pool: PgPool) {
    let site = site(pool).await;
    for _ in 0..5 {
        ask(&site.anonymous(), READER).await.expect(200);
    }
    for email in [READER, " Reader@Example.COM "] {
        let answer = ask(&site.anonymous(), email).await.expect(429);
        let wait: u64 = answer.header("Retry-After").unwrap().parse().unwrap();
        assert!((3500..=3600).contains(&wait), "{wait}");
    }
    // An account that nobody has runs out just as fast.
    for expected in [200, 200, 200, 200, 200, 429] {
        ask(&site.anonymous(), "nobody@example.com").await.expect(expected);
    }
    assert_eq!(site.world.number("SELECT count(*) FROM message").await, 10);

    for number in 0..30 {
        let visitor = site.anonymous().at("198.51.100.7");
        ask(&visitor, &format!("somebody{number}@example.com"))
            .await
            .expect(200);
    }
    // Claiming to come from elsewhere is of no use.
    let liar = site
        .anonymous()
        .at("198.51.100.7")
        .saying("X-Forwarded-For", "203.0.113.5");
    ask(&liar, "one-more@example.com").await.expect(429);
    ask(&site.anonymous().at("198.51.100.8"), "one-more@example.com")
        .await
        .expect(200);
}

#[sqlx::test]
async fn opening_links_too_often_is_refused(pool: PgPool) {
    let site = site(pool).await;
    let guesser = site.anonymous().at("198.51.100.7");
    for number in 0..60 {
        guesser.get(&format!("/login-with-url/{number}.x/")).await.expect(302);
    }
    let answer = guesser.get("/login-with-url/61.x/").await.expect(429);
    assert!(answer.header("Retry-After").is_some());
}

#[sqlx::test]
async fn a_session_from_before_is_replaced(pool: PgPool) {
    let site = site(pool).await;
    let reader = site.anonymous();
    ask(&reader, READER).await;
    let link = mailed_link(&site).await;
    // Somebody put a session of their own into this browser.
    let planted = site.world.session("mallory").await;
    reader.set_cookie("sessionid", &planted).await;
    reader.get(&link).await.expect(302);
    let now = reader.cookie("sessionid").await.unwrap();
    assert_ne!(now, planted);
    assert!(reader.get("/").await.body.contains("Signed in as reader"));
    let old = site.anonymous();
    old.set_cookie("sessionid", &planted).await;
    assert!(!is_signed_in(&old).await);
}
