//! What the tests of lists share.

use sqlx::PgPool;
use time::OffsetDateTime;

use crate::support::{Html, Job, Request, Site};

/// The usual site, its backend in use.
pub async fn usual(pool: PgPool) -> Site {
    let site = Site::start(pool).await;
    site.world.usual().await;
    activate(&site, "tpp").await;
    site
}

pub async fn activate(site: &Site, backend: &str) {
    site.world.backend_id(backend).await;
    sqlx::query("UPDATE backend SET is_active = true WHERE slug = $1")
        .bind(backend)
        .execute(site.db.pool())
        .await
        .unwrap();
}

pub async fn execute(site: &Site, statement: &'static str) {
    sqlx::query(statement).execute(site.db.pool()).await.unwrap();
}

/// Job requests of ada's in `ws`, each with two jobs of which one succeeded.
pub async fn requests(site: &Site, number: usize) -> Vec<i32> {
    let mut ids = Vec::new();
    for index in 0..number {
        let (id, identifier) = site
            .world
            .request(Request {
                status: "failed",
                actions: &["good", "bad"],
                ..Request::default()
            })
            .await;
        for (action, status) in [("good", "succeeded"), ("bad", "failed")] {
            let job = Job {
                identifier: &format!("{action}{index}{identifier}"),
                action,
                status,
                started_at: Some(OffsetDateTime::now_utc() - time::Duration::hours(3)),
                ..Job::default()
            };
            site.world.job(id, job).await;
        }
        ids.push(id);
    }
    ids
}

/// What holds for every page: one heading of the first level, one main part, tables whose columns
/// and captions have names, a title.
#[track_caller]
pub fn assert_accessible(html: &Html) {
    assert_eq!(html.count("h1"), 1);
    assert_eq!(html.count("main"), 1);
    assert!(html.text("title").is_some_and(|title| title.contains("Job Server")));
    assert_eq!(html.count("table"), html.count("table > caption"));
    assert_eq!(html.count("thead th"), html.count("thead th[scope=col]"));
    assert_eq!(html.count("tbody tr"), html.count("tbody tr > th[scope=row]"));
    assert!(html.attributes("img", "alt").len() == html.count("img"));
}
