//! How runs are begun, recorded and told.

use std::time::Duration;

use jobserver::core::audit::By;
use jobserver::core::db::Db;
use jobserver::core::ports::CodeHostError;
use jobserver::core::schedules::{LEASE, Outcome, SCHEDULES, claim_due, claim_now, claim_period, list, named, run};
use jobserver::worker;
use sqlx::PgPool;

use super::{OUTPUTS, let_claim_run_out, make_due, one_round, row, tools, value, worker as made_worker};
use crate::support::{Site, count_statements};

const DAY: f64 = 24.0 * 60.0 * 60.0;

#[sqlx::test]
async fn what_is_due_is_done_once_and_is_due_again_at_its_next_time(pool: PgPool) {
    let site = Site::start(pool.clone()).await;
    let ended = site.world.session("ada").await;
    let living = site.world.session("grace").await;
    sqlx::query("UPDATE session SET expires_at = now() - interval '1 minute' WHERE token_hash = sha256($1::bytea)")
        .bind(ended.as_bytes())
        .execute(&pool)
        .await
        .unwrap();
    // Ten times were missed.
    make_due(&site, "clearsessions", "10 days").await;
    let (worker, monitor) = made_worker(&site);

    one_round(worker.clone()).await;

    let left: Vec<Vec<u8>> = sqlx::query_scalar("SELECT token_hash FROM session")
        .fetch_all(&pool)
        .await
        .unwrap();
    assert_eq!(left, [jobserver::core::sealed::token_hash(&living)]);
    let after = row(&pool, "clearsessions").await;
    assert_eq!((after.runs, after.outcome.as_deref()), (1, Some("ok")), "{after:?}");
    assert_eq!(
        after.told,
        "Sessions deleted: 1. Login links deleted: 0. Unfinished sign-ins deleted: 0. \
         E-mail confirmations deleted: 0. Counts of attempts deleted: 0."
    );
    assert!(after.due_in > 0.0 && after.due_in <= DAY, "{after:?}");
    assert!(!after.is_claimed && after.attempts == 0, "{after:?}");
    assert!(
        after.seconds.is_some_and(|seconds| (0.0..60.0).contains(&seconds)),
        "{after:?}"
    );
    let by = after.run_by.unwrap();
    assert!(by.ends_with(&format!(":{}", std::process::id())), "{by}");
    assert_eq!(monitor.told(), ["clearsessions begins", "clearsessions ok"]);

    // Made up for: the other nine are not.
    one_round(worker).await;
    assert_eq!(row(&pool, "clearsessions").await.runs, 1);
}

#[sqlx::test]
async fn a_new_schedule_waits_for_its_time(pool: PgPool) {
    let site = Site::start(pool.clone()).await;
    let (worker, monitor) = made_worker(&site);
    one_round(worker).await;
    assert!(monitor.told().is_empty());
    for standing in list(&site.db).await.unwrap() {
        assert!(standing.last.is_none());
        let due = row(&pool, standing.schedule.name).await;
        assert!(due.due_in > 0.0 && due.due_in <= 7.0 * DAY, "{due:?}");
    }
    let (round, statements) = count_statements(claim_due(&site.db, "a:1")).await;
    assert!(round.unwrap().claims.is_empty());
    assert_eq!(statements, 2, "a look costs the time and the rows");
}

#[sqlx::test]
async fn a_failure_is_recorded_and_told_and_tried_again_soon_but_not_for_ever(pool: PgPool) {
    let site = Site::start(pool.clone()).await;
    site.code_host
        .fail_with(Some(|| CodeHostError::RateLimited { reset: None }));
    make_due(&site, OUTPUTS, "1 minute").await;
    let (worker, monitor) = made_worker(&site);
    one_round(worker).await;
    let after = row(&pool, OUTPUTS).await;
    assert_eq!(after.outcome.as_deref(), Some("failed"));
    assert!(after.told.contains("accepts no more calls"), "{after:?}");
    assert!(after.due_in > 200.0 && after.due_in <= 300.0, "{after:?}");
    let told = [format!("{OUTPUTS} begins"), format!("{OUTPUTS} failed")];
    assert_eq!(monitor.told(), told);

    for (attempts, longest) in [(2, 600.0), (0, DAY)] {
        make_due(&site, OUTPUTS, "1 second").await;
        let (worker, _) = made_worker(&site);
        one_round(worker).await;
        let after = row(&pool, OUTPUTS).await;
        assert_eq!(after.attempts, attempts, "{after:?}");
        assert!(after.due_in > 300.0 && after.due_in <= longest, "{after:?}");
    }
}

#[sqlx::test]
async fn what_hangs_holds_up_nothing_else(pool: PgPool) {
    let site = Site::start(pool.clone()).await;
    site.code_host.commit("opensafely/study", "main", &[]);
    site.code_host.be_silent(true);
    make_due(&site, OUTPUTS, "2 days").await;
    make_due(&site, "clearsessions", "1 minute").await;
    let (worker, monitor) = made_worker(&site);
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let running = tokio::spawn(worker::run(worker, async {
        let _ = stopped.await;
    }));
    site.code_host.asked().await;
    // Nobody tells when a row has changed; looking again and again costs nothing but the looking.
    while row(&pool, "clearsessions").await.outcome.as_deref() != Some("ok") {
        tokio::task::yield_now().await;
    }
    assert_eq!(row(&pool, OUTPUTS).await.outcome.as_deref(), Some("running"));
    // Told to stop, it lets what it began come to its end.
    stop.send(()).unwrap();
    site.code_host.be_silent(false);
    running.await.unwrap();
    assert_eq!(row(&pool, OUTPUTS).await.outcome.as_deref(), Some("ok"));
    assert_eq!(monitor.told().len(), 4);
}

#[sqlx::test]
async fn what_does_not_end_in_time_is_broken_off_at_a_stop_and_stays_due(pool: PgPool) {
    let site = Site::start(pool.clone()).await;
    site.code_host.be_silent(true);
    make_due(&site, OUTPUTS, "1 minute").await;
    let (tools, monitor) = tools(&site);
    let claim = claim_due(&site.db, "a:1").await.unwrap().claims.pop().unwrap();
    let ended = run(&tools, claim, site.code_host.asked()).await.unwrap();
    assert_eq!(ended.outcome, Outcome::Abandoned);
    let after = row(&pool, OUTPUTS).await;
    assert_eq!(after.outcome.as_deref(), Some("abandoned"));
    assert!(
        after.due_in < 0.0 && !after.is_claimed && after.was_abandoned,
        "{after:?}"
    );
    assert_eq!(after.attempts, 0, "it is no fault of the work's");
    assert_eq!(monitor.told()[1], format!("{OUTPUTS} failed"));
    // The next worker takes it up at once.
    assert_eq!(claim_due(&site.db, "b:2").await.unwrap().claims.len(), 1);
}

#[sqlx::test]
async fn what_takes_too_long_is_given_up(pool: PgPool) {
    let site = Site::start(pool.clone()).await;
    site.code_host.be_silent(true);
    make_due(&site, OUTPUTS, "1 minute").await;
    let (tools, _) = tools(&site);
    let mut claim = claim_due(&site.db, "a:1").await.unwrap().claims.pop().unwrap();
    assert_eq!(claim.limits.runtime, claim.schedule.max_runtime);
    claim.limits.runtime = Duration::from_millis(500);
    let ended = run(&tools, claim, std::future::pending()).await.unwrap();
    assert_eq!(ended.outcome, Outcome::Failed);
    assert!(ended.told.contains("longer than 0.5 seconds"), "{}", ended.told);
    assert!(row(&pool, OUTPUTS).await.due_in > 0.0);
}

#[sqlx::test]
async fn a_claim_is_moved_on_while_the_work_goes_on_and_work_ends_without_it(pool: PgPool) {
    let site = Site::start(pool.clone()).await;
    site.code_host.be_silent(true);
    make_due(&site, OUTPUTS, "1 minute").await;
    let (tools, _) = tools(&site);
    let mut claim = claim_due(&site.db, "a:1").await.unwrap().claims.pop().unwrap();
    assert!(claim.limits.renewal * 3 < LEASE);
    claim.limits.renewal = Duration::from_millis(20);
    let running = tokio::spawn(async move { run(&tools, claim, std::future::pending()).await });
    site.code_host.asked().await;
    let_claim_run_out(&pool, OUTPUTS).await;
    let left = "SELECT extract(epoch FROM claimed_until - now())::float8 FROM schedule WHERE name = 'update_repo_has_github_outputs'";
    while value::<f64>(&pool, left).await < 0.0 {
        tokio::task::yield_now().await;
    }
    assert!(claim_due(&site.db, "b:2").await.unwrap().claims.is_empty());

    // Somebody else has taken over, as if its worker had been asleep: a run with a newer number.
    sqlx::query("UPDATE schedule SET runs = runs + 1, run_by = 'b:2' WHERE name = $1")
        .bind(OUTPUTS)
        .execute(&pool)
        .await
        .unwrap();
    let ended = running.await.unwrap().unwrap();
    assert_eq!(ended.outcome, Outcome::Abandoned);
    let after = row(&pool, OUTPUTS).await;
    assert_eq!(
        (after.outcome.as_deref(), after.run_by.as_deref()),
        (Some("running"), Some("b:2"))
    );
}

#[sqlx::test]
async fn by_hand_it_is_run_at_any_time_and_is_due_as_before(pool: PgPool) {
    let site = Site::start(pool.clone()).await;
    let schedule = named("clearsessions").unwrap();
    let (tools, _) = tools(&site);
    let claim = claim_now(&site.db, schedule, "a:1", &By::operator("olive"))
        .await
        .unwrap()
        .unwrap();
    let before = row(&pool, "clearsessions").await;
    let refused = claim_now(&site.db, schedule, "b:2", &By::operator("olive"))
        .await
        .unwrap()
        .unwrap_err();
    assert_eq!(refused.by, "a:1");
    run(&tools, claim, std::future::pending()).await.unwrap();
    let after = row(&pool, "clearsessions").await;
    assert_eq!(after.outcome.as_deref(), Some("ok"));
    assert!((after.due_in - before.due_in).abs() < 60.0, "{before:?} {after:?}");

    // When it is due, this was it.
    make_due(&site, "clearsessions", "1 minute").await;
    let claim = claim_now(&site.db, schedule, "a:1", &By::operator("olive"))
        .await
        .unwrap()
        .unwrap();
    run(&tools, claim, std::future::pending()).await.unwrap();
    assert!(claim_due(&site.db, "b:2").await.unwrap().claims.is_empty());
}

#[sqlx::test]
async fn cron_and_worker_together_do_nothing_twice(pool: PgPool) {
    let site = Site::start(pool.clone()).await;
    let (tools, _) = tools(&site);
    for schedule in SCHEDULES {
        if schedule.name == OUTPUTS {
            continue;
        }
        // Never run: cron alone gets everything done, without a worker.
        let claim = claim_period(&site.db, schedule, "cron:1").await.unwrap().unwrap();
        assert!(claim_period(&site.db, schedule, "cron:2").await.unwrap().is_none());
        run(&tools, claim, std::future::pending()).await.unwrap();
        assert!(claim_period(&site.db, schedule, "cron:2").await.unwrap().is_none());
        // The next period has begun, and no worker was there.
        make_due(&site, schedule.name, "1 minute").await;
        let claim = claim_period(&site.db, schedule, "cron:3").await.unwrap().unwrap();
        run(&tools, claim, std::future::pending()).await.unwrap();
        // The worker is back, and finds it done.
        assert!(claim_due(&site.db, "b:2").await.unwrap().claims.is_empty());
        // It was run in the period before.
        sqlx::query("UPDATE schedule SET started_at = now() - interval '8 days' WHERE name = $1")
            .bind(schedule.name)
            .execute(&pool)
            .await
            .unwrap();
        assert!(claim_period(&site.db, schedule, "cron:4").await.unwrap().is_some());
    }
}

#[sqlx::test]
async fn a_database_that_is_away_stops_nobody(pool: PgPool) {
    let site = Site::start(pool).await;
    let (worker, monitor) = made_worker(&site);
    site.db.pool().close().await;
    one_round(worker).await;
    assert!(monitor.told().is_empty());
}

#[sqlx::test]
async fn a_worker_is_seen_while_it_runs(pool: PgPool) {
    let site = Site::start(pool.clone()).await;
    sqlx::query("INSERT INTO worker_seen (worker, seen_at) VALUES ('old:1', now() - interval '2 days'), ('late:1', now() - interval '2 hours')")
        .execute(&pool)
        .await
        .unwrap();
    let (worker, _) = made_worker(&site);
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let running = tokio::spawn(worker::run(worker, async {
        let _ = stopped.await;
    }));
    let workers = async |db: &Db| -> Vec<String> {
        sqlx::query_scalar("SELECT worker FROM worker_seen ORDER BY seen_at")
            .fetch_all(db.pool())
            .await
            .unwrap()
    };
    let me = jobserver::core::schedules::this_process();
    while workers(&site.db).await != ["late:1".to_owned(), me.clone()] {
        tokio::task::yield_now().await;
    }
    stop.send(()).unwrap();
    running.await.unwrap();
    assert_eq!(workers(&site.db).await, ["late:1"]);
}
