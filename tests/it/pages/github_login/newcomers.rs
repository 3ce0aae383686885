//! Whom a new identity becomes: nobody's account by its name alone.

use jobserver::core::access::Operator;
use jobserver::core::people::accounts::{UserInput, create_user};
use jobserver::web::dev_github::{Email, Trouble};
use sqlx::PgPool;

use super::{events, facts, identities, rows, who};
use crate::support::Site;
use crate::support::github::{Github, account};

/// Somebody whom an operator made, and so invited.
async fn invite(site: &Site, username: &str) {
    let input = UserInput {
        username: username.to_owned(),
        ..UserInput::default()
    };
    create_user(&site.db, &input, &Operator::at_the_command_line("olive"))
        .await
        .unwrap();
}

async fn sql(site: &Site, sql: &'static str) {
    sqlx::raw_sql(sql).execute(site.db.pool()).await.unwrap();
}

#[sqlx::test]
async fn a_stranger_takes_nobodys_username(pool: PgPool) {
    let (github, site) = Github::and_site(pool).await;
    site.world.global_roles("ada", &["StaffAreaAdministrator"]).await;
    let before = facts(&site, "ada").await;
    // Whoever has that name at GitHub today; letter case makes no difference to people.
    for login in ["ada", "ADA"] {
        let mallory = site.anonymous();
        let page = github.sign_in(&mallory, account(666, login)).await.expect(403).html();
        assert!(
            page.main().contains("Somebody else has this name here"),
            "{}",
            page.main()
        );
        assert_eq!(who(&mallory).await, None);
    }
    assert_eq!(facts(&site, "ada").await, before);
    assert_eq!(identities(&site, "ada").await, []);
    assert_eq!(rows(&site).await, [1, 0, 0, 0, 0, 0]);
    assert_eq!(events(&site, "ada").await, ["sign_in_refused", "sign_in_refused"]);
}

#[sqlx::test]
async fn a_renamed_account_keeps_its_user_and_its_old_name_opens_nothing(pool: PgPool) {
    let (github, site) = Github::and_site(pool).await;
    github.sign_in(&site.anonymous(), account(7, "mona")).await.expect(302);
    // Mona is called otherwise now, and somebody else took the name.
    github.sign_in(&site.anonymous(), account(7, "octo")).await.expect(302);
    let mallory = site.anonymous();
    github.sign_in(&mallory, account(666, "mona")).await.expect(403);
    assert_eq!(who(&mallory).await, None);
    let mona = site.anonymous();
    github.sign_in(&mona, account(7, "octo")).await.expect(302);
    assert_eq!(who(&mona).await.as_deref(), Some("mona"));
    assert_eq!(identities(&site, "mona").await.len(), 1);
    // Nor does the new name become a user's because it was seen here.
    let other = site.anonymous();
    github.sign_in(&other, account(8, "octo")).await.expect(302);
    assert_eq!(who(&other).await.as_deref(), Some("octo"));
}

#[sqlx::test]
async fn an_invited_login_becomes_who_was_made_for_it_once(pool: PgPool) {
    let (github, site) = Github::and_site(pool).await;
    invite(&site, "Grace").await;
    let before = facts(&site, "Grace").await;
    let mut grace = account(9, "grACE");
    grace.name = None;
    let visitor = site.anonymous();
    // No name is asked for: the user has one.
    github.sign_in(&visitor, grace).await.expect(302);
    assert_eq!(who(&visitor).await.as_deref(), Some("Grace"));
    assert_eq!(
        facts(&site, "Grace").await,
        before,
        "nothing of the user is overwritten"
    );
    assert_eq!(
        events(&site, "Grace").await,
        [
            "user_created",
            "user_updated",
            "user_updated",
            "user_invited",
            "invitation_used",
            "identity_linked",
            "user_signed_in"
        ]
    );
    let used: (Option<String>, bool) = sqlx::query_as("SELECT used_by_uid, used_at IS NOT NULL FROM user_invitation")
        .fetch_one(site.db.pool())
        .await
        .unwrap();
    assert_eq!(used, (Some("9".to_owned()), true));
    // The name at GitHub changed hands: the invitation is used up.
    github
        .sign_in(&site.anonymous(), account(10, "grace"))
        .await
        .expect(403);
    // Even when somebody opens another one: the user has an identity.
    sql(
        &site,
        "INSERT INTO user_invitation (login, user_id, created_by) SELECT 'grace', id, 'x' FROM \"user\"",
    )
    .await;
    github
        .sign_in(&site.anonymous(), account(10, "grace"))
        .await
        .expect(403);
    assert_eq!(identities(&site, "Grace").await.len(), 1);
    site.drain().await;
    assert_eq!(site.post().chat.take().len(), 1);
}

#[sqlx::test]
async fn a_revoked_invitation_opens_nothing(pool: PgPool) {
    let (github, site) = Github::and_site(pool).await;
    invite(&site, "grace").await;
    sql(&site, "UPDATE user_invitation SET revoked_at = now()").await;
    github.sign_in(&site.anonymous(), account(9, "grace")).await.expect(403);
    assert_eq!(identities(&site, "grace").await, []);
}

#[sqlx::test]
async fn bots_and_switched_off_users_are_not_taken_over_by_invitation(pool: PgPool) {
    let (github, site) = Github::and_site(pool).await;
    invite(&site, "robot").await;
    sql(
        &site,
        "INSERT INTO personal_token (user_id, hash, created_by, expires_on, revoked_at, revoked_by)
         SELECT id, 'sha256$x', 'olive', current_date - 9, now(), 'olive' FROM \"user\"",
    )
    .await;
    github.sign_in(&site.anonymous(), account(9, "robot")).await.expect(403);
    assert_eq!(identities(&site, "robot").await, []);
    sql(
        &site,
        "DELETE FROM personal_token; UPDATE \"user\" SET is_active = false",
    )
    .await;
    github.sign_in(&site.anonymous(), account(9, "robot")).await.expect(403);
    assert_eq!(identities(&site, "robot").await, []);
    sql(&site, "UPDATE \"user\" SET is_active = true").await;
    github.sign_in(&site.anonymous(), account(9, "robot")).await.expect(302);
}

#[sqlx::test]
async fn somebody_switched_off_is_told_so(pool: PgPool) {
    let (github, site) = Github::and_site(pool).await;
    github.sign_in(&site.anonymous(), account(7, "mona")).await.expect(302);
    sql(&site, "UPDATE \"user\" SET is_active = false; DELETE FROM session").await;
    let visitor = site.anonymous();
    let page = github.sign_in(&visitor, account(7, "mona")).await.expect(403).html();
    assert!(page.main().contains("Your account is switched off"), "{}", page.main());
    assert_eq!(who(&visitor).await, None);
    assert_eq!(rows(&site).await[2], 0);
    assert_eq!(events(&site, "mona").await.last().unwrap(), "sign_in_refused");
}

#[sqlx::test]
async fn an_address_that_another_user_has_is_not_taken_over(pool: PgPool) {
    let (github, site) = Github::and_site(pool).await;
    site.world.user("ada").await;
    let mut mona = account(7, "mona");
    mona.emails = vec![Email::usual("ADA@Example.com".to_owned())];
    let visitor = site.anonymous();
    github.sign_in(&visitor, mona).await.expect(302);
    assert_eq!(facts(&site, "mona").await["email"], serde_json::Value::Null);
    let said = visitor.get("/").await.expect(200).html();
    let said = said.text("[role=status], .flash, .alert").unwrap_or_default();
    assert!(said.contains("ADA@Example.com") && said.contains("settings"), "{said}");
    assert_eq!(facts(&site, "ada").await["email"], "ada@example.com");
}

#[sqlx::test]
async fn only_a_verified_address_is_taken_the_primary_one_first(pool: PgPool) {
    let (github, site) = Github::and_site(pool).await;
    let email = |address: &str, primary, verified| Email {
        address: address.to_owned(),
        primary,
        verified,
    };
    for (login, emails, kept) in [
        (
            "first",
            vec![email("b@x.example", false, true), email("a@x.example", true, true)],
            Some("a@x.example"),
        ),
        (
            "second",
            vec![email("c@x.example", true, false), email("d@x.example", false, true)],
            Some("d@x.example"),
        ),
        ("third", vec![email("e@x.example", true, false)], None),
        ("fourth", vec![], None),
        ("fifth", vec![email("1+f@users.noreply.github.com", true, true)], None),
        (
            "sixth",
            vec![email("no address", true, true), email("", false, true)],
            None,
        ),
    ] {
        let id = login.bytes().map(u64::from).sum();
        let mut somebody = account(id, login);
        somebody.emails = emails;
        github.sign_in(&site.anonymous(), somebody).await.expect(302);
        let user = facts(&site, login).await;
        assert_eq!(user["email"].as_str(), kept, "{login}");
    }
}

#[sqlx::test]
async fn several_people_may_have_no_address(pool: PgPool) {
    let (github, site) = Github::and_site(pool).await;
    for (id, trouble) in [
        (1, Trouble::NoEmail),
        (2, Trouble::UnverifiedEmail),
        (3, Trouble::EmailsRefused),
    ] {
        let login = format!("somebody{id}");
        let visitor = site.anonymous();
        let answer = github
            .login_with(&visitor, "/", account(id, &login), trouble)
            .await
            .expect(302);
        assert_eq!(answer.location(), "/");
        assert_eq!(facts(&site, &login).await["email"], serde_json::Value::Null);
        assert!(
            visitor.get("/").await.body.contains("no verified e-mail address"),
            "{login}"
        );
    }
}

#[sqlx::test]
async fn a_login_of_which_no_username_can_be_made_is_explained(pool: PgPool) {
    let (github, site) = Github::and_site(pool).await;
    let page = github
        .sign_in(&site.anonymous(), account(7, "日本"))
        .await
        .expect(403)
        .html();
    assert!(page.main().contains("No username can be made"), "{}", page.main());
    github.sign_in(&site.anonymous(), account(8, "Zoë/x")).await.expect(302);
    facts(&site, "Zox").await;
}
