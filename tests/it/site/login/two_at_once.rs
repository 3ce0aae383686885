//! Two who try at the same moment: one is let in.

use jobserver::core::people::attempts::Who;
use jobserver::core::people::login_token::{Reading, Refused, prove, use_up};
use secrecy::SecretString;
use sqlx::PgPool;

use super::{mailed_link, token_of};
use crate::support::{Site, until_waiting};

#[sqlx::test]
async fn one_link_is_not_followed_twice(pool: PgPool) {
    let site = Site::start(pool).await;
    site.world.member("project", "reader", &["InteractiveReporter"]).await;
    let one = site.anonymous();
    one.post("/login/", &[("email", "reader@example.com")])
        .await
        .expect(200);
    let link = mailed_link(&site).await;
    let other = site.anonymous();
    other.set_cookie("browser", &one.cookie("browser").await.unwrap()).await;

    let mut lock = site.db.begin().await.unwrap();
    sqlx::query("SELECT id FROM email_login FOR UPDATE")
        .execute(&mut *lock)
        .await
        .unwrap();
    let release = async {
        until_waiting(&site.db, 2).await;
        lock.commit().await.unwrap();
    };
    let (one, other, ()) = tokio::join!(one.get(&link), other.get(&link), release);
    let mut to = [one.location(), other.location()];
    to.sort_unstable();
    assert_eq!(to, ["/login/", "/project/"]);
    assert_eq!(site.world.number("SELECT count(*) FROM session").await, 1);
}

#[sqlx::test]
async fn one_token_is_not_used_up_twice(pool: PgPool) {
    let site = Site::start(pool).await;
    let token = SecretString::from(token_of(&site, "ada").await);
    let proven = async || {
        prove(&site.db, "ada", &token, Reading::Exact, None, Who::default())
            .await
            .unwrap()
            .unwrap()
    };
    let (one, other) = (proven().await, proven().await);
    let (mut first, mut second) = (site.db.begin().await.unwrap(), site.db.begin().await.unwrap());
    assert_eq!(use_up(&mut first, &one, "TPP").await.unwrap(), Ok(()));
    let commit = async {
        until_waiting(&site.db, 1).await;
        first.commit().await.unwrap();
    };
    let (late, ()) = tokio::join!(use_up(&mut second, &other, "TPP"), commit);
    assert_eq!(late.unwrap(), Err(Refused::NoToken("ada".to_owned())));
    second.commit().await.unwrap();
    let used = "SELECT count(*) FROM auditable_event WHERE type = 'login_token_used'";
    assert_eq!(site.world.number(used).await, 1);
}

#[sqlx::test]
async fn of_many_guesses_at_once_five_are_looked_at(pool: PgPool) {
    let site = Site::start(pool).await;
    let token = token_of(&site, "ada").await;
    let wrong = SecretString::from("wrong");
    let guess = || prove(&site.db, "ada", &wrong, Reading::Exact, None, Who::default());
    for _ in 0..3 {
        assert_eq!(guess().await.unwrap().unwrap_err().name(), "wrong token");
    }
    let mut lock = site.db.begin().await.unwrap();
    sqlx::query(r#"SELECT id FROM "user" WHERE username = 'ada' FOR UPDATE"#)
        .execute(&mut *lock)
        .await
        .unwrap();
    let release = async {
        until_waiting(&site.db, 3).await;
        lock.commit().await.unwrap();
    };
    let (a, b, c, ()) = tokio::join!(guess(), guess(), guess(), release);
    let mut told = [a, b, c].map(|answer| answer.unwrap().unwrap_err().name());
    told.sort_unstable();
    assert_eq!(told, ["no token set", "wrong token", "wrong token"]);
    // It is burnt: the right one does not help any more.
    let right = SecretString::from(token);
    let late = prove(&site.db, "ada", &right, Reading::Exact, None, Who::default())
        .await
        .unwrap();
    assert_eq!(late.unwrap_err().name(), "no token set");
    let burnt = "SELECT count(*) FROM auditable_event WHERE type = 'login_token_burnt'";
    assert_eq!(site.world.number(burnt).await, 1);
}

#[sqlx::test]
async fn a_guess_too_many_that_comes_to_clear_the_token_first_tells_too(pool: PgPool) {
    let site = Site::start(pool.clone()).await;
    token_of(&site, "ada").await;
    // Five are being looked at, and none of them got as far as clearing it.
    sqlx::query(r#"UPDATE "user" SET login_token_failures = 5 WHERE username = 'ada'"#)
        .execute(&pool)
        .await
        .unwrap();
    let wrong = SecretString::from("wrong");
    let refused = prove(&site.db, "ada", &wrong, Reading::Exact, None, Who::default())
        .await
        .unwrap();
    assert_eq!(refused.unwrap_err(), Refused::NoToken("ada".to_owned()));
    for told in [
        "SELECT count(*) FROM auditable_event WHERE type = 'login_token_burnt'",
        "SELECT count(*) FROM auditable_event WHERE type = 'sign_in_refused'",
    ] {
        assert_eq!(site.world.number(told).await, 1, "{told}");
    }
}
