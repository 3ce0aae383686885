//! Alerts, as staff put them up, change them and take them down.

use sqlx::PgPool;

use crate::pages::lists::{assert_accessible, usual};
use crate::support::{Site, Visitor};

const ADD: &str = "/staff/site-alerts/add/";

async fn staffed(pool: PgPool) -> (Site, Visitor) {
    let site = usual(pool).await;
    for name in ["stan", "olga"] {
        site.world.global_roles(name, &["StaffAreaAdministrator"]).await;
    }
    let stan = site.sign_in("stan").await;
    (site, stan)
}

async fn seen(visitor: &Visitor, page: &str) -> String {
    let html = visitor.get(page).await.expect(200).html();
    html.attribute("input[name=seen]", "value").unwrap()
}

async fn events(site: &Site) -> Vec<(String, String, String, String, String)> {
    sqlx::query_as(
        "SELECT type, target_field, old, new, created_by FROM auditable_event WHERE type LIKE 'site_alert%' ORDER BY id",
    )
    .fetch_all(site.db.pool())
    .await
    .unwrap()
}

#[sqlx::test]
async fn an_alert_is_looked_at_put_up_changed_and_taken_down(pool: PgPool) {
    let (site, stan) = staffed(pool).await;
    let html = stan.get(ADD).await.expect(200).html();
    assert_accessible(&html);
    assert!(html.main().contains("Saving takes effect at once."));
    assert_eq!(html.attribute("option[selected]", "value").as_deref(), Some("warning"));
    let fields = [
        ("title", "Maintenance"),
        ("message", "Back at <b>ten</b><script>alert(1)</script>"),
        ("level", "danger"),
        ("ends_at", "2099-01-02T03:04"),
    ];
    // Looking saves nothing, and shows only what is harmless.
    let html = stan
        .post(ADD, &[&fields[..], &[("preview", "1")]].concat())
        .await
        .expect(200);
    let preview = html.html().text(".staff-preview").unwrap();
    assert!(
        preview.contains("Maintenance") && preview.contains("Back at ten"),
        "{preview}"
    );
    assert!(!html.body.contains("<script>alert(1)"));
    assert_eq!(html.html().text("textarea").as_deref(), Some(fields[1].1));
    assert_eq!(site.world.number("SELECT count(*) FROM site_alert").await, 0);

    let answer = stan.post(ADD, &fields).await.expect(302);
    let edit = answer.location().to_owned();
    assert!(edit.starts_with("/staff/site-alerts/edit/"), "{edit}");
    let html = stan.get("/staff/site-alerts/").await.expect(200).html();
    assert_accessible(&html);
    assert_eq!(html.link("Maintenance"), Some(edit.clone()));
    let row = html.text("tbody tr").unwrap();
    for part in ["Danger", "Now", "Stan (stan)"] {
        assert!(row.contains(part), "{part}: {row}");
    }
    let file = stan
        .get("/staff/site-alerts/?format=csv")
        .await
        .expect(200)
        .body
        .replace('"', "");
    let lines: Vec<&str> = file.lines().collect();
    assert_eq!(lines[0], "Alert,Level,Shown,From,Until,Created by,Changed by,Message");
    assert!(lines[1].ends_with(&format!(",{}", fields[1].1)), "{file}");
    assert!(!file.contains("Delete"), "{file}");
    site.announcements.refresh(&site.db).await.unwrap();
    let said = stan.get("/").await.expect(200).html().text("body").unwrap();
    assert!(said.contains("Back at ten"), "{said}");

    // A field of a form shows no seconds; saving what was shown changes nothing.
    site.world
        .so("UPDATE site_alert SET ends_at = '2099-01-02 03:04:55+00'")
        .await;
    let version = seen(&stan, &edit).await;
    let with = |title| {
        let mut fields = fields.to_vec();
        fields[0] = ("title", title);
        fields
    };
    let same = [with("Maintenance"), vec![("seen", version.as_str())]].concat();
    stan.post(&edit, &same).await.expect(302);
    assert_eq!(events(&site).await.len(), 1);
    let changed = [with("Work"), vec![("seen", version.as_str())]].concat();
    stan.post(&edit, &changed).await.expect(302);
    let texts = |event: [&str; 5]| {
        let [kind, field, old, new, by] = event.map(str::to_owned);
        (kind, field, old, new, by)
    };
    let last = events(&site).await.pop().unwrap();
    assert_eq!(
        last,
        texts(["site_alert_updated", "title", "Maintenance", "Work", "stan"])
    );

    let delete = html.link("Delete").unwrap();
    let html = stan.get(&delete).await.expect(200).html();
    assert_accessible(&html);
    assert!(html.main().contains("cannot be brought back"));
    assert_eq!(site.world.number("SELECT count(*) FROM site_alert").await, 1);
    stan.post(&delete, &[]).await.expect(302);
    assert_eq!(site.world.number("SELECT count(*) FROM site_alert").await, 0);
    assert_eq!(events(&site).await.pop().unwrap().0, "site_alert_deleted");
    for path in [&delete, &edit] {
        stan.get(path).await.expect(404);
        stan.post(path, &fields).await.expect(404);
    }
}

#[sqlx::test]
async fn what_is_wrong_is_said_and_everything_typed_is_kept(pool: PgPool) {
    let (site, stan) = staffed(pool).await;
    for (field, value, said) in [
        ("message", "", "Enter a message."),
        (
            "message",
            "<script>alert(1)</script>",
            "Nothing of this message would be shown",
        ),
        ("level", "loud", "Choose one of the levels."),
        ("starts_at", "soon", "Enter a day and a time"),
        ("ends_at", "2001-01-01T00:00", "Choose an end in the future."),
    ] {
        let mut fields = vec![("title", "Kept"), ("message", "Words"), ("level", "info")];
        fields.retain(|(name, _)| *name != field);
        fields.push((field, value));
        let html = stan.post(ADD, &fields).await.expect(200).html();
        assert!(html.main().contains(said), "{field}: {}", html.main());
        assert_eq!(html.attribute("input[name=title]", "value").as_deref(), Some("Kept"));
    }
    let long = "x".repeat(2001);
    stan.post(ADD, &[("message", &long)]).await.expect(200);
    assert_eq!(site.world.number("SELECT count(*) FROM site_alert").await, 0);
    stan.post_without_token(ADD, &[("message", "x")]).await.expect(403);
}

#[sqlx::test]
async fn whoever_saves_last_sees_what_the_other_changed(pool: PgPool) {
    let (site, stan) = staffed(pool).await;
    let edit = stan
        .post(ADD, &[("message", "One")])
        .await
        .expect(302)
        .location()
        .to_owned();
    let olga = site.sign_in("olga").await;
    let version = seen(&olga, &edit).await;
    let other = seen(&stan, &edit).await;
    stan.post(&edit, &[("message", "Two"), ("seen", &other)])
        .await
        .expect(302);
    let html = olga
        .post(&edit, &[("message", "Three"), ("seen", &version)])
        .await
        .expect(200)
        .html();
    assert_eq!(html.text("textarea").as_deref(), Some("Three"));
    assert!(
        html.main().contains("stan") && html.main().contains("Two"),
        "{}",
        html.main()
    );
    let stored = "SELECT count(*) FROM site_alert WHERE message = 'Two'";
    assert_eq!(site.world.number(stored).await, 1);
    // Having seen it, they may.
    let version = html.attribute("input[name=seen]", "value").unwrap();
    olga.post(&edit, &[("message", "Three"), ("seen", &version)])
        .await
        .expect(302);
    assert_eq!(site.world.number(stored).await, 0);
}

#[sqlx::test]
async fn one_that_is_over_may_be_corrected(pool: PgPool) {
    let (site, stan) = staffed(pool).await;
    let edit = stan
        .post(ADD, &[("message", "Onne")])
        .await
        .expect(302)
        .location()
        .to_owned();
    site.world
        .so("UPDATE site_alert SET ends_at = '2020-01-01 00:00+00', starts_at = NULL")
        .await;
    stan.post(&edit, &[("message", "One"), ("ends_at", "2020-01-01T00:00")])
        .await
        .expect(302);
    // All that is wrong is said at once.
    let html = stan
        .post(
            &edit,
            &[("message", ""), ("starts_at", "soon"), ("ends_at", "2020-01-02T00:00")],
        )
        .await
        .expect(200)
        .html();
    for told in [
        "Enter a message.",
        "Enter a day and a time",
        "Choose an end in the future.",
    ] {
        assert!(html.main().contains(told), "{told}: {}", html.main());
    }
    let html = stan
        .post(&edit, &[("message", "One"), ("ends_at", "2020-01-02T00:00")])
        .await
        .expect(200)
        .html();
    assert!(html.main().contains("Choose an end in the future."), "{}", html.main());
}
