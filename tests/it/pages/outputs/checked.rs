//! How a release was checked before it was one.

use serde_json::json;
use sqlx::PgPool;

use super::site;
use crate::support::count_statements;

#[sqlx::test]
async fn a_release_tells_who_asked_for_it_and_who_checked_it(pool: PgPool) {
    let site = site(pool).await;
    site.world.user("olga").await;
    site.world.workspace("project", "other").await;
    let release = site.release("ws", "tpp", "ada", &[("a.txt", b"1")]).await;
    let path = format!("/project/ws/releases/{}/", release.id);
    let ada = site.sign_in("ada").await;
    let card = "section[aria-labelledby=checked-title]";
    let (answer, without) = count_statements(ada.get(&path)).await;
    // Made without Airlock, or before events were kept.
    assert!(!answer.expect(200).html().has(card));

    let tpp = site.backend("tpp").await;
    for (event_type, user, workspace) in [
        ("request_submitted", "ada", "ws"),
        ("request_returned", "olga", "ws"),
        ("request_resubmitted", "ada", "ws"),
        // Another workspace's, by mistake or on purpose.
        ("request_withdrawn", "olga", "other"),
        ("request_reviewed", "olga", "ws"),
        ("request_released", "olga", "ws"),
    ] {
        let event = json!({
            "event_type": event_type, "workspace": workspace, "request": release.id, "request_author": "ada",
            "user": user, "updates": null
        });
        tpp.post("/api/v2/airlock/events/", &event).await.expect(201);
    }
    let (answer, with) = count_statements(ada.get(&path)).await;
    let html = answer.expect(200).html();
    let rows = html.texts(&format!("{card} li span"));
    assert_eq!(
        rows,
        [
            "Asked for by Ada",
            "Sent back for changes by Olga",
            "Asked for again by Ada",
            "Reviewed by Olga",
            "Released by Olga"
        ]
    );
    assert_eq!(html.attributes(&format!("{card} li a"), "href")[1], "/users/olga/");
    assert_eq!(html.count(&format!("{card} li time")), 5);
    assert!(!html.has(&format!("{card} .card-head a")));
    // The issue alone is asked for besides.
    assert_eq!(with, without + 1);
    sqlx::query("INSERT INTO tracked_issue (subject, repo, number, url, title) VALUES ($1, 'o/checks', 12, $2, 't')")
        .bind(format!("airlock:{}", release.id))
        .bind("https://github.com/o/checks/issues/12")
        .execute(site.db.pool())
        .await
        .unwrap();
    let html = ada.get(&path).await.expect(200).html();
    assert_eq!(
        html.link("Issue o/checks#12").as_deref(),
        Some("https://github.com/o/checks/issues/12")
    );
    // Somebody who left is still named, and a file's page is about the file.
    site.world
        .so("UPDATE airlock_event SET user_id = NULL WHERE username = 'olga'")
        .await;
    let html = ada.get(&path).await.expect(200).html();
    assert_eq!(html.texts(&format!("{card} li span"))[4], "Released by olga");
    assert!(!ada.get(&format!("{path}a.txt")).await.expect(200).html().has(card));
}
