//! Another e-mail address: it counts once it is confirmed, by whoever asked, and once.

use jobserver::core::people::{deactivation, email_change};
use sqlx::PgPool;

use super::lists::{assert_accessible, execute, usual};
use super::settings_person::{NEW, PAGE, asked, email, event, events, link, save, stored, told};
use crate::support::until_waiting;

#[sqlx::test]
async fn another_address_counts_once_it_is_confirmed_and_the_old_one_is_told(pool: PgPool) {
    let site = usual(pool).await;
    let ada = site.sign_in("ada").await;
    save(&ada, "Ada Lovelace", NEW).await.expect(302);
    let said = told(&ada).await;
    assert!(
        said.contains("Your name is Ada Lovelace now.") && said.contains(NEW),
        "{said}"
    );
    assert_eq!(email(&site).await.as_deref(), Some("ada@example.com"));
    let html = ada.get(PAGE).await.html();
    assert!(
        html.main().contains("ada@new.example is waiting for you to confirm it"),
        "{}",
        html.main()
    );
    assert!(html.main().contains("Until then mail goes to ada@example.com"));

    let path = link(&site).await;
    let page = ada.get(&path).await.expect(200).html();
    assert_accessible(&page);
    assert!(
        page.main().contains(NEW) && page.main().contains("ada@example.com"),
        "{}",
        page.main()
    );
    // Looking does not use it up.
    ada.get(&path).await.expect(200);
    assert_eq!(email(&site).await.as_deref(), Some("ada@example.com"));
    assert_eq!(ada.post(&path, &[]).await.expect(302).location(), PAGE);
    assert!(
        told(&ada)
            .await
            .contains("Mail to you goes to ada@new.example from now on.")
    );
    assert_eq!(email(&site).await.as_deref(), Some(NEW));
    assert!(
        !ada.get(PAGE)
            .await
            .html()
            .main()
            .contains("is waiting for you to confirm it")
    );

    site.drain().await;
    let notice = site.post().mail.take();
    assert_eq!(notice.len(), 1);
    assert_eq!(notice[0].to, ["ada@example.com"]);
    assert!(
        notice[0].subject.contains("was changed") && !notice[0].text.contains(NEW),
        "{}",
        notice[0].text
    );
    assert_eq!(
        events(&site).await,
        [
            event("user_updated", "fullname", "Ada", "Ada Lovelace"),
            event("user_email_change_requested", "email", "ada@example.com", NEW),
            event("user_updated", "email", "ada@example.com", NEW),
        ]
    );
}

#[sqlx::test]
async fn a_link_works_once(pool: PgPool) {
    let site = usual(pool).await;
    let (ada, path) = asked(&site).await;
    ada.post(&path, &[]).await.expect(302);
    execute(
        &site,
        r#"UPDATE "user" SET email = 'other@example.com' WHERE username = 'ada'"#,
    )
    .await;
    assert_eq!(ada.post(&path, &[]).await.expect(302).location(), path);
    let page = ada.get(&path).await.expect(200).html();
    assert!(
        page.main().contains("does not work") && page.has(".alert-danger"),
        "{}",
        page.main()
    );
    assert_eq!(email(&site).await.as_deref(), Some("other@example.com"));
}

#[sqlx::test]
async fn of_two_confirmations_at_once_one_counts(pool: PgPool) {
    let site = usual(pool).await;
    let (ada, path) = asked(&site).await;
    let mut held = site.db.begin().await.unwrap();
    sqlx::query("SELECT 1 FROM email_change FOR UPDATE")
        .execute(&mut *held)
        .await
        .unwrap();
    let token = ada.csrf_token(PAGE).await;
    let fields = [("csrfmiddlewaretoken", token.as_str())];
    let release = async {
        until_waiting(&site.db, 2).await;
        held.commit().await.unwrap();
    };
    let (one, two, ()) = tokio::join!(
        ada.post_without_token(&path, &fields),
        ada.post_without_token(&path, &fields),
        release
    );
    let mut led_to = [
        one.expect(302).location().to_owned(),
        two.expect(302).location().to_owned(),
    ];
    led_to.sort();
    assert_eq!(led_to, [PAGE.to_owned(), path]);
    site.drain().await;
    assert_eq!(site.post().mail.take().len(), 1, "one notice to the old address");
}

#[sqlx::test]
async fn a_link_is_of_no_use_to_anybody_else(pool: PgPool) {
    let site = usual(pool).await;
    let (_, path) = asked(&site).await;
    let eve = site.sign_in("eve").await;
    let page = eve.get(&path).await.expect(200).html();
    assert_accessible(&page);
    assert!(
        page.main().contains("does not work") && page.main().contains("eve"),
        "{}",
        page.main()
    );
    // It does not say whose it is.
    assert!(!page.main().contains("ada"), "{}", page.main());
    assert_eq!(eve.post(&path, &[]).await.expect(302).location(), path);
    assert_eq!(stored(&site, "eve").await.1.as_deref(), Some("eve@example.com"));
    assert_eq!(email(&site).await.as_deref(), Some("ada@example.com"));
    let stranger = site.anonymous();
    assert_eq!(
        stranger.get(&path).await.expect(302).location(),
        "/login/?next=/settings/"
    );
    assert_eq!(stranger.post(&path, &[]).await.expect(302).location(), "/login/?next=/");
    assert_eq!(email(&site).await.as_deref(), Some("ada@example.com"));
}

/// Where a login leads is kept in clear until it is over, so a signed link never is.
#[sqlx::test]
async fn a_signed_link_is_kept_by_no_login(pool: PgPool) {
    let site = usual(pool).await;
    let (_, path) = asked(&site).await;
    let signed = path.trim_end_matches('/').rsplit('/').next().unwrap().to_owned();
    site.world.member("project", "reader", &["InteractiveReporter"]).await;
    let stranger = site.anonymous();
    let sent = stranger.get(&path).await.expect(302).location().to_owned();
    assert_eq!(sent, "/login/?next=/settings/");
    stranger.get(&sent).await.expect(200);
    // Nor when somebody else's page, or an older one of ours, asks to go there.
    let page = stranger.get(&format!("/login/?next={path}")).await.expect(200);
    let main = page.html().main();
    assert!(!main.contains(&signed), "{main}");
    let form = [("next", path.as_str()), ("email", "reader@example.com")];
    stranger.post("/login/", &form).await.expect(200);
    stranger
        .post_without_token("/login/github/", &form[..1])
        .await
        .expect(302);
    let kept: Vec<String> = sqlx::query_scalar("SELECT next FROM email_login UNION ALL SELECT next FROM github_login")
        .fetch_all(site.db.pool())
        .await
        .unwrap();
    assert_eq!(kept, ["/settings/", "/settings/"]);
}

#[sqlx::test]
async fn a_link_that_was_made_up_or_is_too_old_or_replaced_does_nothing(pool: PgPool) {
    let site = usual(pool).await;
    let (ada, path) = asked(&site).await;
    let (id, signature) = path
        .trim_start_matches("/settings/confirm-email/")
        .trim_end_matches('/')
        .split_once('.')
        .unwrap();
    let guess: i64 = id.parse().unwrap();
    for link in [
        format!("{}.{signature}", guess + 1),
        format!("{id}.{}", "A".repeat(43)),
        format!("{id}."),
        id.to_owned(),
        format!("{id}.{signature}x"),
        format!("-{id}.{signature}"),
        "99999999999999999999.x".to_owned(),
        "%00".to_owned(),
    ] {
        let path = format!("/settings/confirm-email/{link}/");
        let page = ada.get(&path).await.expect(200).html();
        assert!(page.main().contains("does not work"), "{path}");
        ada.post(&path, &[]).await.expect(302);
    }
    execute(&site, "UPDATE email_change SET expires_at = now()").await;
    ada.post(&path, &[]).await.expect(302);
    assert_eq!(email(&site).await.as_deref(), Some("ada@example.com"));
    execute(&site, "UPDATE email_change SET expires_at = now() + interval '1 hour'").await;
    // The newest counts, whatever address it is about.
    save(&ada, "Ada", "third@example.com").await.expect(302);
    ada.post(&path, &[]).await.expect(302);
    assert_eq!(email(&site).await.as_deref(), Some("ada@example.com"));
    site.drain().await;
    let third = site.post().mail.take().pop().unwrap();
    assert_eq!(third.to, ["third@example.com"]);
    // A day is a day.
    let hours: i64 = sqlx::query_scalar(
        "SELECT round(extract(epoch FROM expires_at - created_at) / 3600)::bigint FROM email_change",
    )
    .fetch_one(site.db.pool())
    .await
    .unwrap();
    assert_eq!(hours, email_change::LIFETIME.whole_hours());
}

#[sqlx::test]
async fn a_change_can_be_cancelled(pool: PgPool) {
    let site = usual(pool).await;
    let (ada, path) = asked(&site).await;
    let answer = ada.post(PAGE, &[("cancel-email", "1")]).await.expect(302);
    assert_eq!(answer.location(), PAGE);
    assert!(told(&ada).await.contains("was cancelled"));
    ada.post(&path, &[]).await.expect(302);
    assert_eq!(email(&site).await.as_deref(), Some("ada@example.com"));
    ada.post(PAGE, &[("cancel-email", "1")]).await.expect(302);
    assert!(told(&ada).await.contains("nothing to cancel"));
    let last = events(&site).await.pop().unwrap();
    assert_eq!(last, event("user_email_change_cancelled", "email", NEW, ""));
}

#[sqlx::test]
async fn who_asks_for_somebody_elses_address_is_told_only_when_they_read_its_mail(pool: PgPool) {
    let site = usual(pool).await;
    site.world.user("eve").await;
    let ada = site.sign_in("ada").await;
    save(&ada, "Ada", "nobody@example.com").await.expect(302);
    let unknown = told(&ada).await;
    save(&ada, "Ada", "EVE@example.com").await.expect(302);
    let known = told(&ada).await;
    assert_eq!(unknown.replace("nobody@", "x@"), known.replace("EVE@", "x@"));
    site.drain().await;
    let mails = site.post().mail.take();
    assert_eq!(
        (mails[0].to.as_slice(), mails[1].to.as_slice()),
        (
            &["nobody@example.com".to_owned()][..],
            &["EVE@example.com".to_owned()][..]
        )
    );
    let start = mails[1].text.find("/settings/confirm-email/").unwrap();
    let path = mails[1].text[start..].split_whitespace().next().unwrap();
    let page = ada.post(path, &[]).await.expect(200).html();
    assert_accessible(&page);
    assert!(
        page.main().contains("Another account has this address"),
        "{}",
        page.main()
    );
    assert_eq!(email(&site).await.as_deref(), Some("ada@example.com"));
    // Once it is free, the link still works.
    execute(&site, r#"UPDATE "user" SET email = NULL WHERE username = 'eve'"#).await;
    assert_eq!(ada.post(path, &[]).await.expect(302).location(), PAGE);
    assert_eq!(email(&site).await.as_deref(), Some("EVE@example.com"));
}

#[sqlx::test]
async fn an_address_may_go_when_there_is_another_way_in(pool: PgPool) {
    let site = usual(pool).await;
    site.world.github("ada").await;
    let (ada, path) = asked(&site).await;
    save(&ada, "Ada", "").await.expect(302);
    assert!(told(&ada).await.contains("you get no more mail"));
    assert_eq!(email(&site).await, None);
    site.drain().await;
    let notice = site.post().mail.take();
    assert_eq!(
        (notice.len(), notice[0].to.as_slice()),
        (1, &["ada@example.com".to_owned()][..])
    );
    assert!(notice[0].subject.contains("was removed"), "{}", notice[0].subject);
    // What was asked before is not to come back.
    ada.post(&path, &[]).await.expect(302);
    assert_eq!(email(&site).await, None);
    // Two without an address do not disturb each other.
    execute(&site, r#"UPDATE "user" SET email = NULL"#).await;
    save(&ada, "Ada", "").await.expect(302);
    assert!(told(&ada).await.contains("Nothing was changed"));
    save(&ada, "Ada", NEW).await.expect(302);
    let path = link(&site).await;
    let page = ada.get(PAGE).await.html();
    assert!(
        page.main().contains("Until then no mail can be sent to you."),
        "{}",
        page.main()
    );
    ada.post(&path, &[]).await.expect(302);
    assert_eq!(email(&site).await.as_deref(), Some(NEW));
    site.drain().await;
    assert!(site.post().mail.take().is_empty(), "there is no old address to tell");
}

#[sqlx::test]
async fn a_link_dies_with_deactivation(pool: PgPool) {
    let site = usual(pool).await;
    let (_, path) = asked(&site).await;
    let by = jobserver::core::audit::By::operator("root");
    deactivation::deactivate(&site.db, "ada", &by).await.unwrap();
    deactivation::activate(&site.db, "ada", &by).await.unwrap();
    let ada = site.sign_in("ada").await;
    ada.post(&path, &[]).await.expect(302);
    assert_eq!(email(&site).await.as_deref(), Some("ada@example.com"));
}
