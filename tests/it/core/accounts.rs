//! An operator changes a user who is there already.

use jobserver::core::access::Operator;
use jobserver::core::people::accounts::{UserInput, create_user};
use sqlx::PgPool;

use crate::support::Site;

async fn change(site: &Site, email: Option<&str>, fullname: Option<&str>) {
    let input = UserInput {
        username: "ada".to_owned(),
        email: email.map(str::to_owned),
        fullname: fullname.map(str::to_owned),
        ..UserInput::default()
    };
    let stored = create_user(&site.db, &input, &Operator::at_the_command_line("olive"))
        .await
        .unwrap();
    assert!(!stored.is_new && !stored.is_invited);
}

async fn events(site: &Site) -> Vec<String> {
    sqlx::query_scalar(
        "SELECT concat_ws(' ', type, target_field, old || '→' || new, created_by, target_user) FROM auditable_event
          WHERE created_by = 'olive' ORDER BY id",
    )
    .fetch_all(site.db.pool())
    .await
    .unwrap()
}

/// To whom mail went that says that an address is theirs no longer.
async fn told(site: &Site) -> Vec<String> {
    site.drain().await;
    let mails = site.post().mail.take();
    mails
        .into_iter()
        .filter(|mail| mail.subject.starts_with("Your e-mail address for"))
        .flat_map(|mail| mail.to)
        .collect()
}

#[sqlx::test]
async fn a_new_address_is_recorded_told_to_the_old_one_and_overtakes_what_was_asked(pool: PgPool) {
    let site = Site::start(pool).await;
    let ada = site.sign_in("ada").await;
    let fields = [("settings", "1"), ("fullname", "Ada"), ("email", "ada@wanted.example")];
    ada.post("/settings/", &fields).await.expect(302);
    change(&site, Some("ada@new.example"), Some("Ada Lovelace")).await;
    assert_eq!(
        events(&site).await,
        [
            "user_updated fullname Ada→Ada Lovelace olive ada",
            "user_updated email ada@example.com→ada@new.example olive ada",
            "user_email_change_cancelled email ada@wanted.example→ olive ada",
        ]
    );
    assert_eq!(told(&site).await, ["ada@example.com"]);
    // The link that was sent for the other address does nothing any more.
    assert_eq!(site.world.number("SELECT count(*) FROM email_change").await, 0);
    let html = ada.get("/settings/").await.expect(200).html();
    assert!(
        !html.main().contains("is waiting for you to confirm it"),
        "{}",
        html.main()
    );
}

#[sqlx::test]
async fn what_stays_the_same_is_not_recorded_or_told(pool: PgPool) {
    let site = Site::start(pool).await;
    site.world.user("ada").await;
    change(&site, Some("ada@example.com"), Some("Ada")).await;
    change(&site, None, None).await;
    assert_eq!(events(&site).await, Vec::<String>::new());
    // The same mailbox in other letters.
    change(&site, Some("Ada@example.com"), None).await;
    assert_eq!(
        events(&site).await,
        ["user_updated email ada@example.com→Ada@example.com olive ada"]
    );
    assert_eq!(told(&site).await, Vec::<String>::new());
    // A first address has none before it that could be told.
    site.world.so(r#"UPDATE "user" SET email = NULL"#).await;
    change(&site, Some("ada@first.example"), None).await;
    assert_eq!(
        events(&site).await.last().unwrap(),
        "user_updated email →ada@first.example olive ada"
    );
    assert_eq!(told(&site).await, Vec::<String>::new());
}
