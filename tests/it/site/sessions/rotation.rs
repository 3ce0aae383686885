//! A change of rights: the next page gives the session a new token.

use jobserver::core::db::Db;
use jobserver::core::people::sessions;
use sqlx::PgPool;

use super::{COOKIE, PAGE, copy, number, so, told};
use crate::support::{Site, until_waiting};

async fn rights_changed(db: &Db, username: &str) {
    let mut tx = db.begin().await.unwrap();
    let id: i32 = sqlx::query_scalar(r#"SELECT id FROM "user" WHERE username = $1"#)
        .bind(username)
        .fetch_one(&mut *tx)
        .await
        .unwrap();
    sessions::rights_changed(&mut tx, id).await.unwrap();
    tx.commit().await.unwrap();
}

#[sqlx::test]
async fn after_a_change_of_rights_the_next_page_gives_a_new_token(pool: PgPool) {
    let site = Site::start(pool).await;
    let ada = site.sign_in("ada").await;
    let eve = site.sign_in("eve").await;
    let before = ada.cookie(COOKIE).await.unwrap();
    let copy = copy(&site, &ada).await;
    let open_page = ada.get(PAGE).await.expect(200).html();
    let old_token = open_page.attribute("input[name=csrfmiddlewaretoken]", "value").unwrap();
    rights_changed(&site.db, "ada").await;

    // A form that is sent, and what scripts fetch, go on with the token that they have.
    let fields = [
        ("csrfmiddlewaretoken", old_token.as_str()),
        ("notifications", "1"),
        ("notify", "nothing"),
    ];
    let answer = ada.post_without_token(PAGE, &fields).await.expect(302);
    assert!(told(&answer).is_empty());
    let script = site.anonymous().saying("Sec-Fetch-Mode", "cors");
    script.set_cookie(COOKIE, &before).await;
    assert!(told(&script.get(PAGE).await.expect(200)).is_empty());
    assert!(
        told(&eve.get(PAGE).await.expect(200)).is_empty(),
        "only of whom it is about"
    );

    let answer = ada.get(PAGE).await.expect(200);
    let [cookie] = told(&answer)[..] else {
        panic!("{:?}", told(&answer));
    };
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax") && cookie.contains("Max-Age=1209600"));
    let after = ada.cookie(COOKIE).await.unwrap();
    assert_ne!(after, before);
    // The page's own forms fit its new cookie.
    let token = answer
        .html()
        .attribute("input[name=csrfmiddlewaretoken]", "value")
        .unwrap();
    let fields = [
        ("csrfmiddlewaretoken", token.as_str()),
        ("notifications", "1"),
        ("notify", "failures"),
    ];
    ada.post_without_token(PAGE, &fields).await.expect(302);
    // It is one change: the next page is as usual.
    assert!(told(&ada.get(PAGE).await.expect(200)).is_empty());

    // What was on its way is answered, for a minute; whoever copied the cookie is out then.
    copy.get(PAGE).await.expect(200);
    so(
        &site,
        "UPDATE session SET previous_token_until = now() WHERE previous_token_until IS NOT NULL",
    )
    .await;
    copy.get(PAGE).await.expect(302);
    ada.get(PAGE).await.expect(200);
    assert_eq!(number(&site, "SELECT count(*) FROM session").await, 2);
}

#[sqlx::test]
async fn the_new_token_also_arrives_with_an_error_page(pool: PgPool) {
    let site = Site::start(pool).await;
    for path in ["/no/such/page/at/all/", "/404", "/project/edit/"] {
        let ada = site.sign_in("ada").await;
        let before = ada.cookie(COOKIE).await.unwrap();
        rights_changed(&site.db, "ada").await;
        let answer = ada.get(path).await.expect(404);
        assert_eq!(told(&answer).len(), 1, "{path}");
        let after = ada.cookie(COOKIE).await.unwrap();
        assert_ne!(after, before, "{path}");
        // Its form to sign out fits.
        let token = answer
            .html()
            .attribute("input[name=csrfmiddlewaretoken]", "value")
            .unwrap();
        ada.post_without_token("/logout/", &[("csrfmiddlewaretoken", &token)])
            .await
            .expect(302);
        assert_eq!(ada.cookie(COOKIE).await, None);
    }
}

#[sqlx::test]
async fn of_two_pages_at_once_one_gets_the_new_token_and_both_are_shown(pool: PgPool) {
    let site = Site::start(pool).await;
    let (first, other) = (site.sign_in("ada").await, site.anonymous());
    other.set_cookie(COOKIE, &first.cookie(COOKIE).await.unwrap()).await;
    rights_changed(&site.db, "ada").await;
    let mut held = site.db.begin().await.unwrap();
    sqlx::query("SELECT 1 FROM session FOR UPDATE")
        .execute(&mut *held)
        .await
        .unwrap();
    let release = async {
        // Both have seen that a new one is due.
        until_waiting(&site.db, 2).await;
        held.commit().await.unwrap();
    };
    let (one, two, ()) = tokio::join!(first.get(PAGE), other.get(PAGE), release);
    let (one, two) = (one.expect(200), two.expect(200));
    assert_eq!(told(&one).len() + told(&two).len(), 1);
    let renewed = if told(&one).is_empty() { &other } else { &first };
    so(&site, "UPDATE session SET previous_token_until = now()").await;
    renewed.get(PAGE).await.expect(200);
}
