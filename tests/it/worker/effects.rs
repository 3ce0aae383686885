//! What the schedules do that write to Slack and look after the outbox.

use jobserver::core::outbox::{self, Content, Draft, TestMail};
use jobserver::core::projects::copilot::{Told, tell_of_windows};
use serde_json::{Value, json};
use sqlx::PgPool;

use super::{make_due, one_round, row, value, worker};
use crate::support::Site;

const WINDOWS: &str = "notify_impending_copilot_support_windows";

async fn support_ends(site: &Site, project: &str, after: &str) {
    site.world.project(project).await;
    sqlx::query("UPDATE project SET copilot_support_ends_at = now() + $2::interval WHERE slug = $1")
        .bind(project)
        .bind(after)
        .execute(site.db.pool())
        .await
        .unwrap();
}

#[sqlx::test]
async fn windows_that_close_within_five_days_are_one_message_soonest_first(pool: PgPool) {
    let site = Site::start(pool.clone()).await;
    site.world.project("without-support").await;
    support_ends(&site, "later", "4 days 23 hours").await;
    support_ends(&site, "soon", "1 hour").await;
    site.world
        .so("UPDATE project SET number = '12' WHERE slug = 'soon'")
        .await;
    support_ends(&site, "over", "-1 minute").await;
    support_ends(&site, "far", "5 days 1 minute").await;
    make_due(&site, WINDOWS, "1 hour").await;
    let (worker, _) = worker(&site);
    one_round(worker).await;

    let after = row(&pool, WINDOWS).await;
    assert_eq!(after.outcome.as_deref(), Some("ok"));
    assert_eq!(
        after.told,
        "Slack is told of projects whose co-pilot support ends soon: 2."
    );
    let (service, kind, recipient, payload): (String, String, String, Value) =
        sqlx::query_as("SELECT service, kind, recipient, payload FROM message")
            .fetch_one(&pool)
            .await
            .unwrap();
    assert_eq!(
        (service.as_str(), kind.as_str(), recipient.as_str()),
        ("slack", "copilot_windows", "co-pilot-support")
    );
    let windows = payload["windows"].as_array().unwrap();
    let projects: Vec<&Value> = windows.iter().map(|window| &window["project"]).collect();
    assert_eq!(projects, [&json!("soon"), &json!("later")]);
    assert_eq!(windows[0]["name"], "12 - Soon", "with its number");
    assert!(
        windows[0]["in_days"]
            .as_i64()
            .is_some_and(|days| (0..=1).contains(&days))
    );
    let day: String = value(
        &pool,
        "SELECT to_char((now() + interval '1 hour') AT TIME ZONE 'UTC', 'FMDD FMMonth YYYY')",
    )
    .await;
    assert_eq!(windows[0]["ends_on"], json!(day));

    // By hand in the same week nothing is sent again.
    let again = tell_of_windows(&site.db, "co-pilot-support").await.unwrap();
    assert_eq!(again, Told::Before(2));
    assert!(again.to_string().contains("told this week already"));
    assert_eq!(value::<i64>(&pool, "SELECT count(*) FROM message").await, 1);
}

#[sqlx::test]
async fn without_a_window_nothing_is_sent(pool: PgPool) {
    let site = Site::start(pool.clone()).await;
    support_ends(&site, "far", "6 days").await;
    assert_eq!(
        tell_of_windows(&site.db, "co-pilot-support").await.unwrap(),
        Told::Nothing
    );
    assert_eq!(value::<i64>(&pool, "SELECT count(*) FROM message").await, 0);
}

#[sqlx::test]
async fn messages_are_forgotten_when_their_time_is_over(pool: PgPool) {
    let site = Site::start(pool.clone()).await;
    let mut conn = site.db.read().await.unwrap();
    for number in 1..=5 {
        let content = Content::TestMail(TestMail {
            by: format!("{number}"),
        });
        outbox::send(&mut conn, Draft::new(content, "ada@example.com", "test"))
            .await
            .unwrap();
    }
    drop(conn);
    for (number, state, days) in [
        (1, "delivered", 29),
        (2, "delivered", 31),
        (3, "dropped", 31),
        (4, "dead", 31),
    ] {
        sqlx::query(
            "UPDATE message SET state = $2, decided_at = now() - make_interval(days => $3) WHERE payload->>'by' = $1",
        )
        .bind(number.to_string())
        .bind(state)
        .bind(days)
        .execute(&pool)
        .await
        .unwrap();
    }
    sqlx::query("UPDATE message SET created_at = now() - interval '1 year'")
        .execute(&pool)
        .await
        .unwrap();
    make_due(&site, "forget_delivered_messages", "1 hour").await;
    let (worker, _) = worker(&site);
    one_round(worker).await;
    assert_eq!(
        row(&pool, "forget_delivered_messages").await.told,
        "Messages deleted: 2."
    );
    let left: Vec<String> = sqlx::query_scalar("SELECT payload->>'by' FROM message ORDER BY 1")
        .fetch_all(&pool)
        .await
        .unwrap();
    assert_eq!(left, ["1", "4", "5"]);
}

#[sqlx::test]
async fn what_the_dashboards_show_is_heard_and_summed_up(pool: PgPool) {
    let site = Site::start(pool.clone()).await;
    site.world.workspace("project", "ws").await;
    site.code_host.commit("opensafely/ws", "main", &[]);
    for schedule in ["list_repositories", "sum_up_workspaces"] {
        make_due(&site, schedule, "1 minute").await;
    }
    let (worker, _) = worker(&site);
    one_round(worker).await;
    let heard = row(&pool, "list_repositories").await;
    assert_eq!(heard.outcome.as_deref(), Some("ok"), "{}", heard.told);
    assert_eq!(heard.told, "Accounts: 1, repositories: 1.");
    let summed = row(&pool, "sum_up_workspaces").await;
    assert_eq!(summed.told, "Workspaces summed up: 1.");
    assert_eq!(value::<i64>(&pool, "SELECT count(*) FROM workspace_tally").await, 1);
    let listed: Value = value(
        &pool,
        "SELECT value FROM code_host_fact WHERE key = 'listing opensafely'",
    )
    .await;
    assert_eq!(listed[0]["url"], "https://github.com/opensafely/ws");
}
