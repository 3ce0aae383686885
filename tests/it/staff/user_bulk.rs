//! What is done with several users at once, and where one is then.

use sqlx::PgPool;

use super::{events, told, with_stan};
use crate::pages::lists::assert_accessible;

const LIST: &str = "/staff/users/";

#[sqlx::test]
async fn several_are_deactivated_or_added_at_once(pool: PgPool) {
    let (site, stan) = with_stan(pool).await;
    let (eve, grace) = (
        site.world.user("eve").await.to_string(),
        site.world.user("grace").await.to_string(),
    );
    let own = site.world.user("stan").await.to_string();
    let there = site.sign_in("eve").await;
    let say = async |act: &str, fields: &[(&str, &str)]| {
        let ticked = fields.iter().filter(|(name, _)| *name == "users").count().to_string();
        let fields = [fields, &[("sure", ticked.as_str())]].concat();
        stan.post(&format!("{LIST}?act={act}"), &fields).await.expect(302);
        stan.get(LIST).await.html().text(".alert").unwrap_or_default()
    };
    assert!(say("deactivate", &[]).await.contains("Tick somebody first."));
    let both = [("users", eve.as_str()), ("users", grace.as_str())];
    assert!(say("dance", &both).await.contains("Choose what to do with them."));
    let said = say("add-to-org", &[both[0], both[1], ("org", "acme")]).await;
    assert!(said.contains("2 users were added to acme."), "{said}");
    let said = say("add-to-org", &[both[0], both[1], ("org", "none")]).await;
    assert!(said.contains("Choose organisations that exist."), "{said}");
    let said = say("add-to-org", &[("users", &own), both[0], ("org", "acme")]).await;
    assert!(
        said.contains("No users were added to acme. 1 was there before.")
            && said.contains("You were left out: you cannot add yourself to an organisation."),
        "{said}"
    );
    let said = say("deactivate", &[("users", &own)]).await;
    assert!(
        said.contains("Nothing was done. You were left out: you cannot deactivate yourself."),
        "{said}"
    );
    let said = say("deactivate", &[both[0], both[1], ("users", &own)]).await;
    assert!(
        said.contains("2 users were deactivated; 1 session was ended."),
        "{said}"
    );
    assert!(
        said.contains("You were left out: you cannot deactivate yourself."),
        "{said}"
    );
    there.get("/settings/").await.expect(302);
    assert_eq!(events(&site, &["user_deactivated"]).await.len(), 2);
    assert_eq!(
        events(&site, &["org_member_added"]).await,
        [
            told("org_member_added", "", "", "", "eve", "stan"),
            told("org_member_added", "", "", "", "grace", "stan"),
        ]
    );
}

#[sqlx::test]
async fn one_comes_back_to_the_list_as_it_was(pool: PgPool) {
    let (site, stan) = with_stan(pool).await;
    site.world
        .so(r#"INSERT INTO "user" (username, fullname) SELECT 'u' || n, 'U' || n FROM generate_series(10, 35) n"#)
        .await;
    let list = format!("{LIST}?q=u&active=yes&page=2");
    let html = stan.get(&list).await.expect(200).html();
    let next = html.attribute("#bulk input[name=next]", "value").unwrap();
    assert_eq!(next, list);
    let ticks = html.attributes("input[name=users]", "value");
    assert_eq!(ticks.len(), 1);
    // Its only row is deactivated, and so no longer among these: the page that is the last now is shown.
    let fields = [("users", ticks[0].as_str()), ("next", &*next), ("sure", "1")];
    let answer = stan.post(&format!("{LIST}?act=deactivate"), &fields).await.expect(302);
    assert_eq!(answer.location(), list);
    let answer = stan.get(&list).await.expect(302);
    assert_eq!(answer.location(), format!("{LIST}?q=u&active=yes&page=last"));
    let html = stan.get(answer.location()).await.expect(200).html();
    assert_eq!(html.count("tbody tr"), 25);
    let told = html.text(".alert").unwrap_or_default();
    assert!(told.contains("1 user was deactivated"), "{told}");
    // Without a message it is no page.
    stan.get(&list).await.expect(404);
    for foreign in [
        "//evil.example/",
        "https://evil.example/staff/users/",
        "/staff/orgs/",
        "",
    ] {
        let fields = [("next", foreign)];
        let answer = stan.post(&format!("{LIST}?act=deactivate"), &fields).await.expect(302);
        assert_eq!(answer.location(), LIST, "{foreign}");
    }
}

#[sqlx::test]
async fn without_a_script_a_page_says_who_it_is_about(pool: PgPool) {
    let (site, stan) = with_stan(pool).await;
    let (eve, grace) = (
        site.world.user("eve").await.to_string(),
        site.world.user("grace").await.to_string(),
    );
    let own = site.world.user("stan").await.to_string();
    let list = format!("{LIST}?active=yes");
    let html = stan.get(&list).await.expect(200).html();
    assert!(html.has("[data-bulk=users]") && html.has("input[data-tick-all=users]"));
    assert_eq!(html.count("[data-bulk] [data-close]"), 2, "a way out of each");
    let path = format!("{LIST}?act=add-to-org");
    let fields = [
        ("users", eve.as_str()),
        ("users", &grace),
        ("users", &own),
        ("org", "acme"),
        ("next", &list),
    ];
    // Neither without the number nor with another one is anything done.
    for sure in [&[][..], &[("sure", "2")], &[("sure", "x")]] {
        let html = stan.post(&path, &[&fields[..], sure].concat()).await.expect(200).html();
        assert_accessible(&html);
        assert_eq!(html.text("h1").as_deref(), Some("Add 2 users?"));
        let main = html.main();
        assert!(main.contains("Eve (eve)") && main.contains("Grace (grace)"), "{main}");
        assert!(!main.contains("(stan)"), "whoever asks is left out: {main}");
        assert_eq!(html.link("Cancel").as_deref(), Some(&*list));
        assert!(events(&site, &["org_member_added"]).await.is_empty());
    }
    let html = stan.post(&path, &fields).await.expect(200).html();
    let (action, sent) = html.posted_forms().into_iter().find(|(to, _)| *to == path).unwrap();
    let sent: Vec<(&str, &str)> = sent
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    let done = stan.post(&action, &sent).await.expect(302);
    assert_eq!(done.location(), list);
    assert_eq!(events(&site, &["org_member_added"]).await.len(), 2);
    // Where nothing can be ticked, nothing is offered to be done with it.
    let html = stan
        .get(&format!("{LIST}?q=nobody-is-called-this"))
        .await
        .expect(200)
        .html();
    assert!(!html.has("[data-bulk]") && !html.has("#bulk"));
}
