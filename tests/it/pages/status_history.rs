//! The history on the status page: what is sampled, what is kept, and what of it is told.

use jobserver::core::status::actions::{Sampled, sample};
use sqlx::PgPool;

use super::lists::{activate, assert_accessible, execute, usual};
use crate::support::{Job, Request, Site, count_statements};

/// Samples of `tpp`, every ten minutes from `from` slots ago to `to` slots ago.
async fn samples(site: &Site, backend: &str, from: i32, to: i32, is_missing: bool, is_in_maintenance: bool) {
    sqlx::query(
        "INSERT INTO backend_sample
         SELECT b.id, date_bin('10 minutes', now(), 'epoch') - n * interval '10 minutes', $4, $5, 1, n % 7, 0
           FROM backend b, generate_series($3, $2) AS n WHERE b.slug = $1",
    )
    .bind(backend)
    .bind(from)
    .bind(to)
    .bind(is_missing)
    .bind(is_in_maintenance)
    .execute(site.db.pool())
    .await
    .unwrap();
}

async fn heard_of(site: &Site, age: &str) {
    sqlx::query("UPDATE backend SET last_seen_at = now() - $1::interval")
        .bind(age)
        .execute(site.db.pool())
        .await
        .unwrap();
}

#[sqlx::test]
async fn a_sample_says_how_each_backend_is(pool: PgPool) {
    let site = usual(pool).await;
    activate(&site, "silent").await;
    activate(&site, "new").await;
    activate(&site, "retired").await;
    heard_of(&site, "1 minute").await;
    execute(
        &site,
        "UPDATE backend SET last_seen_at = now() - interval '6 minutes' WHERE slug = 'silent'",
    )
    .await;
    execute(&site, "UPDATE backend SET last_seen_at = NULL WHERE slug = 'new'").await;
    execute(&site, "UPDATE backend SET is_active = false WHERE slug = 'retired'").await;
    execute(
        &site,
        "UPDATE backend SET is_in_maintenance_mode = true WHERE slug = 'tpp'",
    )
    .await;
    let running = Request {
        status: "running",
        ..Request::default()
    };
    let (id, _) = site.world.request(running).await;
    for (identifier, status) in [("1", "running"), ("2", "pending"), ("3", "pending")] {
        let job = Job {
            identifier,
            status,
            ..Job::default()
        };
        site.world.job(id, job).await;
    }
    site.world.request(Request::default()).await;
    execute(
        &site,
        "INSERT INTO backend_sample SELECT id, now() - age, false, false, 0, 0, 0
           FROM backend, (VALUES (interval '8 days 1 minute'), (interval '7 days 23 hours')) a (age) WHERE slug = 'tpp'",
    )
    .await;

    let (sampled, statements) = count_statements(sample(&site.db)).await;
    assert_eq!(sampled.unwrap(), Sampled { taken: 2, deleted: 1 });
    assert_eq!(statements, 2);
    let rows: Vec<(String, bool, bool, i32, i32, i32)> = sqlx::query_as(
        "SELECT b.slug::text, is_missing, is_in_maintenance, running, pending, unprocessed
           FROM backend_sample s JOIN backend b ON b.id = s.backend_id
          WHERE at = date_bin('10 minutes', now(), 'epoch') OR at = date_bin('10 minutes', now(), 'epoch') - interval '10 minutes'
          ORDER BY b.slug",
    )
    .fetch_all(site.db.pool())
    .await
    .unwrap();
    assert_eq!(
        rows,
        [
            ("silent".to_owned(), true, false, 0, 0, 0),
            ("tpp".to_owned(), false, true, 1, 2, 1)
        ]
    );

    // Again within the same ten minutes, it takes the first one's place.
    execute(&site, "UPDATE backend_sample SET is_missing = true").await;
    let before = site.world.number("SELECT count(*) FROM backend_sample").await;
    sample(&site.db).await.unwrap();
    let after = site.world.number("SELECT count(*) FROM backend_sample").await;
    assert!(
        after - before <= 2,
        "at most the next ten minutes have begun: {before}, {after}"
    );
    assert_eq!(
        site.world
            .number("SELECT count(*) FROM backend_sample WHERE is_in_maintenance AND NOT is_missing")
            .await,
        1
    );
}

#[sqlx::test]
async fn without_samples_it_says_that_nothing_is_known(pool: PgPool) {
    let site = usual(pool).await;
    let html = site.anonymous().get("/status/").await.expect(200).html();
    assert_accessible(&html);
    let card = html.text("section.card").unwrap();
    assert!(card.contains("Nothing is known of the last 7 days yet"), "{card}");
    assert_eq!(html.count(".history-line"), 0);
    assert_eq!(html.count("section.card .unknown"), 2);
    // A wrong clock's samples of the future stand nowhere.
    execute(
        &site,
        "INSERT INTO backend_sample SELECT id, now() + interval '3 days', true, true, 1, 1, 1 FROM backend",
    )
    .await;
    let html = site.anonymous().get("/status/").await.expect(200).html();
    assert_eq!(html.count("section.card .missing"), 0);
}

#[sqlx::test]
async fn the_last_day_and_week_are_told_in_words_and_drawn(pool: PgPool) {
    let site = usual(pool).await;
    heard_of(&site, "1 minute").await;
    samples(&site, "tpp", 1010, 61, false, false).await;
    samples(&site, "tpp", 60, 58, true, false).await;
    samples(&site, "tpp", 57, 31, false, false).await;
    samples(&site, "tpp", 30, 29, false, true).await;
    samples(&site, "tpp", 28, 0, false, false).await;
    let html = site.anonymous().get("/status/").await.expect(200).html();
    assert_accessible(&html);
    let card = html.text("section.card").unwrap();
    // Three of some thousand samples.
    for words in [
        "In contact 99.7 % of the last 7 days.",
        "Missing",
        "Database maintenance",
        "Jobs that waited in the last 24 hours: at most 6, now 0.",
    ] {
        assert!(card.contains(words), "{words}: {card}");
    }
    assert_eq!(html.count("section.card .history > div:first-child .missing"), 1);
    assert_eq!(html.count("section.card .history > div:first-child .maintained"), 1);
    assert_eq!(html.count("section.card .history-line path"), 1);
    let width = |selector: &str| -> i32 {
        html.attributes(selector, "width")
            .iter()
            .map(|width| width.parse::<i32>().unwrap())
            .sum()
    };
    assert_eq!(width("section.card .history > div:first-child rect"), 144);
    assert_eq!(width("section.card .history > div:last-child rect"), 168);
    // The pictures say nothing that the words do not.
    assert_eq!(
        html.count("section.card svg"),
        html.count("section.card svg[aria-hidden=true]")
    );

    execute(&site, "DELETE FROM backend_sample WHERE at < now() - interval '2 days'").await;
    let card = site
        .anonymous()
        .get("/status/")
        .await
        .html()
        .text("section.card")
        .unwrap();
    // Whole hours: how many depends on the minute.
    let left_out = ["4 days", "5 days"].map(|days| format!("of the last 7 days, leaving out {days}"));
    assert!(left_out.iter().any(|words| card.contains(words)), "{card}");
}

#[sqlx::test]
async fn two_statements_and_a_bounded_page_whatever_the_samples(pool: PgPool) {
    let site = usual(pool).await;
    for more in 0..4 {
        let backend = format!("backend-{more}");
        activate(&site, &backend).await;
        samples(&site, &backend, 1151, 0, false, false).await;
        // The worst that there can be: never twice the same.
        execute(
            &site,
            "UPDATE backend_sample SET is_missing = extract(minute FROM at)::int % 20 = 0",
        )
        .await;
        let (answer, statements) = count_statements(site.anonymous().get("/status/")).await;
        let html = answer.expect(200).html();
        assert_eq!(statements, 2);
        assert!(html.count("rect") <= (more + 1) * 312 + 20, "{}", html.count("rect"));
        assert!(
            html.text(&format!("section[aria-labelledby=backend-{backend}]"))
                .unwrap()
                .contains("earlier times")
        );
    }
}

#[sqlx::test]
async fn the_worker_takes_samples_by_itself(pool: PgPool) {
    use crate::worker::{make_due, one_round, row, worker};
    let site = usual(pool.clone()).await;
    heard_of(&site, "1 minute").await;
    make_due(&site, "sample_backends", "1 minute").await;
    let (worker, monitor) = worker(&site);
    one_round(worker).await;
    let after = row(&pool, "sample_backends").await;
    assert_eq!(after.outcome.as_deref(), Some("ok"));
    assert_eq!(after.told, "Backends looked at: 1. Old samples deleted: 0.");
    assert_eq!(monitor.told(), ["sample_backends begins", "sample_backends ok"]);
}
