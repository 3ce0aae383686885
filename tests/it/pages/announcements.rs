//! What is told on top of pages: alerts, and maintenance of a backend's database.

use jobserver::core::announcements::Level;
use jobserver::core::announcements::actions::{NewAlert, add, remove};
use jobserver::core::audit::By;
use jobserver::web::announcements::PAGES_ABOUT_JOBS;
use sqlx::PgPool;
use time::{Duration, OffsetDateTime};

use super::lists::{assert_accessible, execute, requests, usual};
use crate::support::{Html, Site, count_statements};

fn alert(message: &str) -> NewAlert {
    NewAlert {
        title: String::new(),
        message: message.to_owned(),
        level: Level::Warning,
        starts_at: None,
        ends_at: None,
    }
}

async fn tell(site: &Site, alert: NewAlert) -> i32 {
    let id = add(&site.db, &By::operator("test"), &alert).await.unwrap();
    site.announcements.refresh(&site.db).await.unwrap();
    id
}

fn told(html: &Html) -> Vec<String> {
    html.texts("[aria-label=Announcements] .alert")
}

#[sqlx::test]
async fn alerts_are_told_to_whoever_is_signed_in_newest_first(pool: PgPool) {
    let site = usual(pool).await;
    tell(&site, alert("The first")).await;
    let second = NewAlert {
        title: "Second".to_owned(),
        level: Level::Danger,
        ..alert("with <b>HTML</b> &amp; <a href=\"https://example.org/\">a link</a>")
    };
    let second = tell(&site, second).await;
    let ada = site.sign_in("ada").await;
    for path in ["/", "/project/", "/status/", "/no/such/page/at/all/"] {
        let html = ada.get(path).await.html();
        assert_accessible(&html);
        assert_eq!(told(&html), ["Second with HTML & a link", "The first"], "{path}");
        assert_eq!(html.link("a link").as_deref(), Some("https://example.org/"));
        assert_eq!(html.count("[aria-label=Announcements] .alert-danger"), 1);
        // They stay until they are over.
        assert_eq!(html.count("[aria-label=Announcements] button"), 0);
        let html = site.anonymous().get(path).await.html();
        assert!(told(&html).is_empty(), "{path}");
    }
    remove(&site.db, &By::operator("test"), second).await.unwrap();
    assert!(remove(&site.db, &By::operator("test"), second).await.is_err());
    site.announcements.refresh(&site.db).await.unwrap();
    assert_eq!(told(&ada.get("/").await.html()), ["The first"]);
    let events: Vec<(String, String, String)> = sqlx::query_as(
        "SELECT type, target_model, created_by FROM auditable_event WHERE type LIKE 'site_alert%' ORDER BY id",
    )
    .fetch_all(site.db.pool())
    .await
    .unwrap();
    let kinds: Vec<&str> = events.iter().map(|(kind, ..)| kind.as_str()).collect();
    assert_eq!(
        kinds,
        ["site_alert_created", "site_alert_created", "site_alert_deleted"]
    );
    assert_eq!(events[0].1, "jobserver.SiteAlert");
}

#[sqlx::test]
async fn an_alert_is_told_in_its_time_alone(pool: PgPool) {
    let site = usual(pool).await;
    let now = OffsetDateTime::now_utc();
    let hour = Duration::HOUR;
    for (message, starts_at, ends_at) in [
        ("to come", Some(now + hour), None),
        ("now", Some(now - hour), Some(now + hour)),
        ("until later", None, Some(now + hour)),
    ] {
        let timed = NewAlert {
            starts_at,
            ends_at,
            ..alert(message)
        };
        tell(&site, timed).await;
    }
    execute(
        &site,
        "INSERT INTO site_alert (message, ends_at) VALUES ('over', now() - interval '1 second')",
    )
    .await;
    site.announcements.refresh(&site.db).await.unwrap();
    let html = site.sign_in("ada").await.get("/").await.html();
    assert_eq!(told(&html), ["until later", "now"]);
}

#[sqlx::test]
async fn nothing_that_acts_is_in_an_alert(pool: PgPool) {
    let site = usual(pool).await;
    for hostile in [
        "<script>alert(1)</script>x",
        "<img src=x onerror=alert(1)>x",
        "<a href=\"javascript:alert(1)\">x</a>",
        "<style>*{display:none}</style>x",
        "</div></main><h1>x",
        "<form action=/logout/ method=post><button>x</button></form>",
    ] {
        tell(&site, alert(hostile)).await;
    }
    let mut titled = alert("x");
    titled.title = "<script>alert(2)</script>".to_owned();
    tell(&site, titled).await;
    let answer = site.sign_in("ada").await.get("/project/").await.expect(200);
    for part in ["alert(1)", "onerror", "javascript:", "<style", "<script>alert"] {
        assert!(!answer.body.contains(part), "{part}");
    }
    let html = answer.html();
    assert_accessible(&html);
    assert_eq!(told(&html).len(), 7);
    assert_eq!(html.posted_forms().len(), 1, "signing out is the only form");
}

#[sqlx::test]
async fn no_page_asks_the_database_for_them_and_none_breaks_without_it(pool: PgPool) {
    let site = usual(pool).await;
    let ada = site.sign_in("ada").await;
    let (answer, before) = count_statements(ada.get("/projects/")).await;
    answer.expect(200);
    tell(&site, alert("told")).await;
    let (answer, after) = count_statements(ada.get("/projects/")).await;
    assert_eq!(told(&answer.expect(200).html()), ["told"]);
    assert_eq!(before, after);
    site.db.pool().close().await;
    assert!(site.announcements.refresh(&site.db).await.is_err());
    assert_eq!(site.announcements.board().alerts.len(), 1, "what was known stays");
    ada.get("/projects/").await.expect(503);
}

#[sqlx::test]
async fn maintenance_is_told_where_it_matters(pool: PgPool) {
    let site = usual(pool).await;
    let id = requests(&site, 1).await[0];
    let identifier: String = sqlx::query_scalar("SELECT identifier FROM job ORDER BY id LIMIT 1")
        .fetch_one(site.db.pool())
        .await
        .unwrap();
    site.code_host.commit(
        "opensafely/ws",
        "main",
        &[("project.yaml", "version: '4'\nactions: {}\n")],
    );
    execute(
        &site,
        "UPDATE backend SET name = 'T<b>PP', is_in_maintenance_mode = true WHERE slug = 'tpp'",
    )
    .await;
    site.announcements.refresh(&site.db).await.unwrap();
    let pages = [
        format!("/project/ws/{id}/"),
        format!("/project/ws/{id}/{identifier}/"),
        "/project/ws/logs/".to_owned(),
        "/project/ws/run-jobs/".to_owned(),
    ];
    let ada = site.sign_in("ada").await;
    for path in &pages {
        let html = ada.get(path).await.expect(200).html();
        let told = told(&html);
        assert!(
            told[0].contains("The database of T<b>PP is being maintained"),
            "{path}: {told:?}"
        );
        assert_eq!(
            html.link("What this means").as_deref(),
            Some("/status/#db-maintenance-mode"),
            "{path}"
        );
    }
    for path in &pages[..3] {
        let html = site.anonymous().get(path).await.expect(200).html();
        assert!(told(&html).is_empty(), "{path}");
    }
    // Elsewhere it does not matter; the status page has it in the backend's own card.
    for path in ["/", "/project/", "/project/ws/", "/status/"] {
        assert!(told(&ada.get(path).await.expect(200).html()).is_empty(), "{path}");
    }
    // The short address leads to one of them.
    ada.get(&format!("/job-requests/{id}/")).await.expect(302);

    // A runner tells of it in its flags; a backend out of use tells nothing.
    execute(
        &site,
        r#"UPDATE backend SET is_in_maintenance_mode = false, jobrunner_state = '{"mode":{"v":"db-maintenance"}}'"#,
    )
    .await;
    site.announcements.refresh(&site.db).await.unwrap();
    assert_eq!(told(&ada.get(&pages[0]).await.html()).len(), 1);
    execute(&site, "UPDATE backend SET is_active = false").await;
    site.announcements.refresh(&site.db).await.unwrap();
    assert!(told(&ada.get(&pages[0]).await.html()).is_empty());
}

#[sqlx::test]
async fn the_pages_about_jobs_are_pages_that_there_are(pool: PgPool) {
    let site = Site::start(pool).await;
    for page in PAGES_ABOUT_JOBS {
        let mounted = site.client.rocket().routes().any(|route| route.uri.path() == page);
        assert!(mounted, "{page}");
    }
}
