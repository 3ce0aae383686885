//! Name and e-mail address in the settings, and what is refused of either.

use sqlx::PgPool;

use super::lists::{assert_accessible, usual};
use crate::support::{Answer, Site, Visitor};

pub(super) const PAGE: &str = "/settings/";
pub(super) const NEW: &str = "ada@new.example";

pub(super) async fn save(visitor: &Visitor, fullname: &str, email: &str) -> Answer {
    let fields = [("settings", "1"), ("fullname", fullname), ("email", email)];
    visitor.post(PAGE, &fields).await
}

/// What the page says was done.
pub(super) async fn told(visitor: &Visitor) -> String {
    let html = visitor.get(PAGE).await.expect(200).html();
    assert_accessible(&html);
    html.text(".alert-success").unwrap_or_default()
}

pub(super) async fn stored(site: &Site, username: &str) -> (String, Option<String>) {
    sqlx::query_as(r#"SELECT fullname, email FROM "user" WHERE username = $1"#)
        .bind(username)
        .fetch_one(site.db.pool())
        .await
        .unwrap()
}

pub(super) async fn email(site: &Site) -> Option<String> {
    stored(site, "ada").await.1
}

/// Kind, field, old and new value of what users did besides signing in.
pub(super) async fn events(site: &Site) -> Vec<(String, String, String, String)> {
    sqlx::query_as(
        "SELECT type, target_field, old, new FROM auditable_event
          WHERE created_by_id IS NOT NULL AND type NOT LIKE 'user_signed%' ORDER BY id",
    )
    .fetch_all(site.db.pool())
    .await
    .unwrap()
}

pub(super) fn event(kind: &str, field: &str, old: &str, new: &str) -> (String, String, String, String) {
    (kind.to_owned(), field.to_owned(), old.to_owned(), new.to_owned())
}

/// The path of the link in the mail that was sent last.
pub(super) async fn link(site: &Site) -> String {
    site.drain().await;
    let mail = site.post().mail.take().pop().expect("a mail");
    assert_eq!(mail.to, [NEW]);
    for part in [&mail.text, &mail.html] {
        assert!(part.contains("/settings/confirm-email/"), "{part}");
    }
    let start = mail.text.find("/settings/confirm-email/").unwrap();
    mail.text[start..].split_whitespace().next().unwrap().to_owned()
}

pub(super) async fn asked(site: &Site) -> (Visitor, String) {
    let ada = site.sign_in("ada").await;
    save(&ada, "Ada", NEW).await.expect(302);
    let path = link(site).await;
    (ada, path)
}

#[sqlx::test]
async fn a_name_is_saved_and_what_is_none_is_refused(pool: PgPool) {
    let site = usual(pool).await;
    let ada = site.sign_in("ada").await;
    assert_eq!(
        save(&ada, "  Ada Lovelace ", "ada@example.com")
            .await
            .expect(302)
            .location(),
        PAGE
    );
    assert!(told(&ada).await.contains("Your name is Ada Lovelace now."));
    assert_eq!(stored(&site, "ada").await.0, "Ada Lovelace");
    save(&ada, "Ada Lovelace", "ada@example.com").await.expect(302);
    assert!(told(&ada).await.contains("Nothing was changed"));
    assert_eq!(
        events(&site).await,
        [event("user_updated", "fullname", "Ada", "Ada Lovelace")]
    );
    let long = "é".repeat(151);
    for (name, address, fields) in [
        ("", "ada@example.com", &["fullname"][..]),
        ("   ", "x", &["fullname", "email"]),
        (&long, "ada@example.com", &["fullname"]),
        ("Ada\u{7}", "ada@example.com", &["fullname"]),
        ("Eve\r\nBcc: eve@example.com", "ada@example.com", &["fullname"]),
        ("Eve", "eve", &["email"]),
        ("Eve", "eve@example.com\r\nBcc: x@example.com", &["email"]),
        ("Eve", "eve@example.com, x@example.com", &["email"]),
        // Nobody can be left without a way in.
        ("Eve", "", &["email"]),
    ] {
        let html = save(&ada, name, address).await.expect(200).html();
        assert_accessible(&html);
        assert!(html.text("title").unwrap().starts_with("Error: "));
        let links = html.attributes(".summary a", "href");
        let expected: Vec<String> = fields.iter().map(|field| format!("#id_{field}")).collect();
        assert_eq!(links, expected, "{name:?} {address:?}");
        assert_eq!(html.count(".field-error"), fields.len());
        // What was typed is still there.
        let typed = html.attribute("#id_fullname", "value").unwrap();
        assert_eq!(typed, name.trim().replace("\r\n", "\n"));
    }
    assert_eq!(
        stored(&site, "ada").await,
        ("Ada Lovelace".to_owned(), Some("ada@example.com".to_owned()))
    );
    assert_eq!(events(&site).await.len(), 1);
    assert!(site.drain().await.is_empty(), "nothing is sent");
}

#[sqlx::test]
async fn one_changes_only_oneself(pool: PgPool) {
    let site = usual(pool).await;
    let eve = site.sign_in("eve").await;
    let fields = [
        ("settings", "1"),
        ("fullname", "Evelyn"),
        ("email", "eve@example.com"),
        ("username", "ada"),
        ("id", "1"),
        ("user_id", "1"),
        ("roles", "StaffAreaAdministrator"),
        ("is_active", "false"),
        ("is_staff", "true"),
    ];
    eve.post(PAGE, &fields).await.expect(302);
    assert_eq!(stored(&site, "ada").await.0, "Ada");
    let changed: (String, Vec<String>, bool, bool) =
        sqlx::query_as(r#"SELECT fullname, roles, is_active, is_staff FROM "user" WHERE username = 'eve'"#)
            .fetch_one(site.db.pool())
            .await
            .unwrap();
    assert_eq!(changed, ("Evelyn".to_owned(), vec![], true, false));
}

#[sqlx::test]
async fn an_address_cannot_be_asked_for_without_end(pool: PgPool) {
    let site = usual(pool).await;
    let ada = site.sign_in("ada").await;
    for n in 0..5 {
        save(&ada, "Ada", &format!("a{n}@example.com")).await.expect(302);
    }
    let answer = save(&ada, "Ada Lovelace", "a5@example.com").await.expect(429);
    let wait: u64 = answer.header("Retry-After").unwrap().parse().unwrap();
    assert!((1..=3600).contains(&wait), "{wait}");
    assert!(
        answer.html().main().contains("to change the e-mail address"),
        "{}",
        answer.html().main()
    );
    // Nothing of the form was saved, and a name alone still can be.
    assert_eq!(stored(&site, "ada").await.0, "Ada");
    save(&ada, "Ada Lovelace", "ada@example.com").await.expect(302);
    assert_eq!(stored(&site, "ada").await.0, "Ada Lovelace");
    site.drain().await;
    assert_eq!(site.post().mail.take().len(), 5);
}
