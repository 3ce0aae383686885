//! Schedules as operators and the platform's cron see them: by command.

use jobserver::core::audit::By;
use jobserver::core::schedules::{Period, SCHEDULES, claim_now, named};
use sqlx::PgPool;

use crate::support::{Program, Sentry, World};

/// Programs here have a folder without repositories for a code host: nobody is asked.
fn program(pool: &PgPool) -> Program {
    Program::new(pool).with("LOCAL_GIT_REPOS", "repos")
}

async fn runs(pool: &PgPool, name: &str) -> i64 {
    sqlx::query_scalar("SELECT runs FROM schedule WHERE name = $1")
        .bind(name)
        .fetch_one(pool)
        .await
        .unwrap()
}

#[sqlx::test]
async fn jobs_lists_them_before_and_after_they_were_run(pool: PgPool) {
    let program = program(&pool);
    let before = program.run(&["jobs"]).await.ok().out;
    for schedule in SCHEDULES {
        assert!(before.contains(schedule.name), "{before}");
        assert!(before.contains(schedule.does), "{before}");
        assert!(before.contains(&format!("{} (", schedule.when)), "{before}");
    }
    assert_eq!(before.matches("last run  never").count(), SCHEDULES.len(), "{before}");

    let said = program.run(&["job", "clearsessions"]).await.ok();
    assert!(said.out.starts_with("clearsessions: ok after "), "{}", said.out);
    assert_eq!(
        said.last_line(),
        "Sessions deleted: 0. Login links deleted: 0. Unfinished sign-ins deleted: 0. \
         E-mail confirmations deleted: 0. Counts of attempts deleted: 0."
    );
    let after = program.run(&["jobs"]).await.ok().out;
    let block: Vec<&str> = after
        .lines()
        .skip_while(|line| *line != "clearsessions")
        .take(7)
        .collect();
    assert!(
        block[1..].iter().any(|line| line.trim_start() == "outcome   ok"),
        "{after}"
    );
    assert!(
        block
            .iter()
            .any(|line| line.contains("last run  20") && line.contains(", took ")),
        "{after}"
    );
    assert!(block.iter().any(|line| line.contains("next due  20")), "{after}");
    assert!(
        block.iter().any(|line| line.contains("told      Sessions deleted: 0.")),
        "{after}"
    );
}

#[sqlx::test]
async fn the_commands_explain_themselves(pool: PgPool) {
    let program = program(&pool);
    for command in ["jobs", "job", "runjobs"] {
        let said = program.run(&[command, "--help"]).await.ok();
        assert!(
            said.out.contains(&format!("Usage: jobserver {command}")),
            "{}",
            said.out
        );
    }
}

#[sqlx::test]
async fn a_run_by_hand_that_fails_says_why_and_is_a_failure(pool: PgPool) {
    let program = program(&pool);
    let said = program.run(&["job", "update_repo_has_github_outputs"]).await.failed();
    assert!(
        said.out.contains("update_repo_has_github_outputs: failed after"),
        "{}",
        said.out
    );
    assert!(
        said.err.contains("There is no organisation called opensafely"),
        "{}",
        said.err
    );
    let said = program.run(&["job", "make_tea"]).await.failed();
    assert!(
        said.err.contains("clearsessions"),
        "it says what there is: {}",
        said.err
    );
}

#[sqlx::test]
async fn a_run_by_hand_is_refused_while_another_goes_on(pool: PgPool) {
    let program = program(&pool);
    let db = jobserver::core::db::Db::from(pool.clone());
    let schedule = named("clearsessions").unwrap();
    let claim = claim_now(&db, schedule, "elsewhere:7", &By::operator("olive"))
        .await
        .unwrap();
    claim.unwrap();
    for command in [&["job", "clearsessions"][..], &["clearsessions"]] {
        let said = program.run(command).await.failed();
        assert!(said.err.contains("is being run by elsewhere:7 since "), "{}", said.err);
    }
    // Cron is not told of a failure: somebody is at it.
    let said = program.run(&["runjobs", "daily"]).await.failed();
    assert!(
        said.out
            .contains("clearsessions: was run in this period, or is being run"),
        "{}",
        said.out
    );
    assert_eq!(runs(&pool, "clearsessions").await, 1);
}

#[sqlx::test]
async fn by_hand_somebody_is_named_in_the_record(pool: PgPool) {
    let program = program(&pool);
    let world = World::of_program(&pool);
    for arguments in [
        &["clearsessions", "--by", "alice"][..],
        &["job", "clearsessions", "--by", "alice"],
    ] {
        world.session("ada").await;
        sqlx::query("UPDATE session SET expires_at = now()")
            .execute(&pool)
            .await
            .unwrap();
        program.run(arguments).await.ok();
    }
    let by: Vec<String> = sqlx::query_scalar("SELECT created_by FROM auditable_event WHERE type = 'sessions_cleared'")
        .fetch_all(&pool)
        .await
        .unwrap();
    assert_eq!(by, ["alice", "alice"]);
}

#[sqlx::test]
async fn runjobs_runs_those_of_a_period_once_in_it(pool: PgPool) {
    let program = program(&pool);
    // One of them fails, and the others are run all the same.
    let said = program.run(&["runjobs", "daily"]).await.failed();
    assert!(said.out.contains("clearsessions: ok"), "{}", said.out);
    assert!(said.out.contains("forget_delivered_messages: ok"), "{}", said.out);
    assert!(said.err.contains("update_repo_has_github_outputs: "), "{}", said.err);
    assert!(!said.out.contains("copilot"), "{}", said.out);
    // Again, only the one that failed is run.
    let said = program.run(&["runjobs", "daily"]).await.failed();
    assert_eq!(said.out.matches("was run in this period").count(), 2, "{}", said.out);
    assert!(said.err.contains("update_repo_has_github_outputs: "), "{}", said.err);
    assert_eq!(runs(&pool, "clearsessions").await, 1);

    let said = program.run(&["runjobs", "weekly"]).await.ok();
    assert_eq!(
        said.out.matches("notify_impending_copilot_support_windows: ok").count(),
        1
    );
    let said = program.run(&["runjobs", "quarter_hourly"]).await.ok();
    assert!(said.out.contains("sample_backends: ok"), "{}", said.out);
    for period in ["minutely", "hourly", "monthly"] {
        let said = program.run(&["runjobs", period]).await.ok();
        assert_eq!(said.out, format!("No schedule is {period}.\n"));
    }
    let said = program.run(&["runjobs", "yearly"]).await;
    assert_eq!(said.code, 2);
    assert!(said.err.contains("quarter_hourly"), "{}", said.err);
}

#[sqlx::test]
async fn sentry_is_told_when_work_begins_and_how_it_ended(pool: PgPool) {
    let mut sentry = Sentry::start().await;
    let program = program(&pool).with("SENTRY_DSN", &sentry.dsn());
    program.run(&["job", "clearsessions"]).await.ok();
    program.run(&["job", "update_repo_has_github_outputs"]).await.failed();
    for (slug, crontab, end) in [
        ("clearsessions", "17 3 * * *", "ok"),
        ("update_repo_has_github_outputs", "17 4 * * *", "error"),
    ] {
        let (begins, _) = sentry.item("check_in").await;
        assert_eq!(
            (&begins["monitor_slug"], &begins["status"]),
            (&slug.into(), &"in_progress".into())
        );
        let config = &begins["monitor_config"];
        assert_eq!(config["schedule"]["value"], crontab);
        assert_eq!(config["timezone"], "Etc/UTC");
        assert_eq!(
            (&config["checkin_margin"], &config["max_runtime"]),
            (&30.into(), &10.into())
        );
        let (ends, _) = sentry.item("check_in").await;
        assert_eq!((&ends["monitor_slug"], &ends["status"]), (&slug.into(), &end.into()));
        assert_eq!(ends["check_in_id"], begins["check_in_id"]);
    }
}

#[test]
fn what_the_platform_runs_by_the_clock_is_what_there_is() {
    let app: serde_json::Value = serde_json::from_str(include_str!("../../../app.json")).unwrap();
    let entries = app["cron"].as_array().unwrap();
    let mut periods = Vec::new();
    for entry in entries {
        let command = entry["command"].as_str().unwrap();
        let name = command.strip_prefix("jobserver runjobs ").unwrap();
        assert!(Period::named(name).is_some(), "{name}");
        let crontab = match name {
            "quarter_hourly" => "*/15 * * * *".to_owned(),
            other => format!("@{other}"),
        };
        assert_eq!(entry["schedule"], crontab);
        assert!(
            SCHEDULES.iter().any(|schedule| schedule.when.period().name() == name),
            "app.json runs what is {name}, and nothing is"
        );
        periods.push(name);
    }
    for schedule in SCHEDULES {
        let period = schedule.when.period().name();
        assert!(
            periods.contains(&period),
            "{}: nothing in app.json runs what is {period}",
            schedule.name
        );
    }
}

#[sqlx::test]
async fn whoever_has_a_schedule_run_is_on_record(pool: PgPool) {
    let program = program(&pool);
    program.run(&["job", "sum_up_workspaces", "--by", "olga"]).await.ok();
    program.run(&["clearsessions", "--by", "olga"]).await.ok();
    // The clock's own runs are nobody's.
    program.run(&["runjobs", "quarter_hourly"]).await.ok();
    let told: Vec<(String, String, String)> =
        sqlx::query_as("SELECT type, new, created_by FROM auditable_event WHERE type LIKE 'schedule%' ORDER BY id")
            .fetch_all(&pool)
            .await
            .unwrap();
    let ran = |name: &str| ("schedule_run".to_owned(), name.to_owned(), "olga".to_owned());
    assert_eq!(told, [ran("sum_up_workspaces"), ran("clearsessions")]);
}
