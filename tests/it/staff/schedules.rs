//! What happens by itself, as staff see it and hasten it.

use jobserver::core::schedules::SCHEDULES;
use sqlx::PgPool;

use crate::pages::lists::{assert_accessible, usual};

#[sqlx::test]
async fn every_schedule_is_listed_and_can_be_run_now(pool: PgPool) {
    let site = usual(pool).await;
    site.world.global_roles("stan", &["StaffAreaAdministrator"]).await;
    let stan = site.sign_in("stan").await;
    let html = stan.get("/staff/schedules/").await.expect(200).html();
    assert_accessible(&html);
    assert_eq!(html.count("tbody tr"), SCHEDULES.len());
    let said = html.main();
    for part in [
        "clearsessions",
        "daily at 03:17",
        "Mondays at 08:00",
        "No worker has been seen",
        // The name of a variable is as it is.
        "(OUTBOX_KEEP_DAYS)",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
    let file = stan
        .get("/staff/schedules/?format=csv")
        .await
        .expect(200)
        .body
        .replace('"', "");
    assert!(
        file.starts_with("Schedule,When,Last run,What came of it,Due next,What it does,Seconds,In words\n"),
        "{file}"
    );
    let run = "/staff/schedules/clearsessions/run/";
    assert!(html.posted_forms().iter().any(|(action, _)| action == run));
    let due = "SELECT count(*) FROM schedule WHERE due_at <= now()";
    assert_eq!(site.world.number(due).await, 0);
    let answer = stan.post(run, &[]).await.expect(302);
    assert_eq!(answer.location(), "/staff/schedules/");
    assert_eq!(site.world.number(due).await, 1);
    // Again: it is due already.
    stan.post(run, &[]).await.expect(302);
    let said = stan
        .get("/staff/schedules/")
        .await
        .expect(200)
        .html()
        .text("body")
        .unwrap();
    assert!(said.contains("clearsessions is due already or being run."), "{said}");
    let events = "SELECT count(*) FROM auditable_event WHERE type = 'schedule_hastened' AND new = 'clearsessions' AND created_by = 'stan'";
    assert_eq!(site.world.number(events).await, 1);
    stan.post("/staff/schedules/none/run/", &[]).await.expect(404);
    stan.post_without_token(run, &[]).await.expect(403);
}
