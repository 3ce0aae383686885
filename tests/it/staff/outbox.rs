//! Messages that wait or failed, and what staff decide about them.

use jobserver::core::outbox::{self, Content, Draft, TestMail};
use sqlx::PgPool;

use crate::pages::lists::{assert_accessible, usual};
use crate::support::{Site, Visitor, count_statements};

async fn staffed(pool: PgPool) -> (Site, Visitor) {
    let site = usual(pool).await;
    site.world.global_roles("stan", &["StaffAreaAdministrator"]).await;
    let stan = site.sign_in("stan").await;
    (site, stan)
}

/// Messages whose body says `secret-words`; returns their ids.
async fn written(site: &Site, number: usize) -> Vec<i64> {
    let mut conn = site.db.read().await.unwrap();
    let mut ids = Vec::new();
    for _ in 0..number {
        let content = Content::TestMail(TestMail {
            by: "secret-words".to_owned(),
        });
        let draft = Draft::new(content, "ada@example.com", "job_request:7");
        ids.extend(outbox::send(&mut conn, draft).await.unwrap());
    }
    ids
}

async fn state_of(site: &Site, id: i64) -> String {
    sqlx::query_scalar("SELECT state FROM message WHERE id = $1")
        .bind(id)
        .fetch_one(site.db.pool())
        .await
        .unwrap()
}

async fn fail(site: &Site, id: i64) {
    sqlx::query("UPDATE message SET state = 'dead', decided_at = now(), last_error = 'mailbox full', attempts = 36 WHERE id = $1")
        .bind(id)
        .execute(site.db.pool())
        .await
        .unwrap();
}

#[sqlx::test]
async fn messages_are_listed_without_what_they_say(pool: PgPool) {
    let (site, stan) = staffed(pool).await;
    let ids = written(&site, 3).await;
    fail(&site, ids[1]).await;
    site.world
        .so("UPDATE message SET state = 'delivered', decided_at = now() WHERE id = (SELECT max(id) FROM message)")
        .await;
    let html = stan.get("/staff/outbox/").await.expect(200).html();
    assert_accessible(&html);
    let said = html.main();
    for part in [
        "Test mail",
        "ada@example.com",
        "Job request 7",
        "mailbox full",
        "36",
        "Failed",
        "Waiting",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
    assert_eq!(html.count("tbody tr"), 2, "what is delivered is no worry");
    let states = html.texts("#filter-state option");
    assert_eq!(states.first().map(String::as_str), Some("Waiting and failed"));
    assert_eq!(html.texts("#filter-service option")[1..], ["E-mail", "Slack", "GitHub"]);
    for (filter, value) in [("state", "all"), ("service", ""), ("kind", "")] {
        let offered = html.texts(&format!("#filter-{filter} option")).into_iter();
        let values = html.attributes(&format!("#filter-{filter} option"), "value");
        let all: Vec<String> = offered
            .zip(values)
            .filter(|(label, _)| label == "All")
            .map(|(_, value)| value)
            .collect();
        assert_eq!(all, [value], "{filter}");
    }
    for (query, rows) in [
        ("state=dead", 1),
        ("state=delivered", 1),
        ("state=all", 3),
        ("state=none", 0),
        ("service=none", 0),
        ("service=slack", 0),
        ("service=mail", 2),
        ("kind=test_mail", 2),
        ("kind=none", 0),
        ("q=mailbox", 1),
        ("q=ADA", 2),
        ("q=job_request", 2),
        ("q=secret", 0),
    ] {
        let html = stan.get(&format!("/staff/outbox/?{query}")).await.expect(200).html();
        assert_eq!(html.count("tbody tr"), rows, "{query}");
    }
    let path = format!("/staff/outbox/{}/", ids[1]);
    let html = stan.get(&path).await.expect(200).html();
    assert_accessible(&html);
    assert!(html.main().contains("mailbox full"));
    let file = stan
        .get("/staff/outbox/?state=all&format=csv")
        .await
        .expect(200)
        .body
        .replace('"', "");
    assert!(
        file.lines()
            .next()
            .is_some_and(|line| line.ends_with(",Next attempt,Id,Goes by")),
        "{file}"
    );
    for id in &ids {
        assert!(file.contains(&format!(",{id},E-mail\n")), "{id}: {file}");
    }
    for path in ["/staff/outbox/", "/staff/outbox/?state=all&format=csv", path.as_str()] {
        assert!(
            !stan.get(path).await.expect(200).body.contains("secret-words"),
            "{path}"
        );
    }
    stan.get("/staff/outbox/4711/").await.expect(404);
}

#[sqlx::test]
async fn the_list_takes_as_many_statements_however_long_it_is(pool: PgPool) {
    let (site, stan) = staffed(pool).await;
    written(&site, 1).await;
    let (_, few) = count_statements(stan.get("/staff/outbox/")).await;
    written(&site, 29).await;
    let (answer, many) = count_statements(stan.get("/staff/outbox/")).await;
    assert_eq!(few, many);
    assert_eq!(answer.expect(200).html().count("tbody tr"), 25);
}

#[sqlx::test]
async fn a_failed_message_is_tried_again_or_discarded(pool: PgPool) {
    let (site, stan) = staffed(pool).await;
    let ids = written(&site, 2).await;
    for id in &ids {
        fail(&site, *id).await;
    }
    let page = |id: i64| format!("/staff/outbox/{id}/");
    let answer = stan.post(&format!("{}retry/", page(ids[0])), &[]).await.expect(302);
    assert_eq!(answer.location(), page(ids[0]));
    assert_eq!(state_of(&site, ids[0]).await, "waiting");
    stan.post(&format!("{}discard/", page(ids[1])), &[]).await.expect(302);
    assert_eq!(state_of(&site, ids[1]).await, "dropped");
    let said = stan.get(&page(ids[1])).await.expect(200).html().text("body").unwrap();
    assert!(
        said.contains("The message is discarded.") && said.contains("(stan) discarded"),
        "{said}"
    );
    // Twice is once.
    stan.post(&format!("{}discard/", page(ids[1])), &[]).await.expect(302);
    let events = "SELECT count(*) FROM auditable_event WHERE type IN ('message_retried', 'message_dropped') AND created_by = 'stan'";
    assert_eq!(site.world.number(events).await, 2);
    site.drain().await;
    assert_eq!(state_of(&site, ids[0]).await, "delivered");
    stan.post(&format!("{}retry/", page(ids[0])), &[]).await.expect(302);
    assert_eq!(state_of(&site, ids[0]).await, "delivered");
    stan.post("/staff/outbox/4711/retry/", &[]).await.expect(404);
    stan.post_without_token(&format!("{}retry/", page(ids[1])), &[])
        .await
        .expect(403);
}

#[sqlx::test]
async fn those_that_are_ticked_are_decided_about_together(pool: PgPool) {
    let (site, stan) = staffed(pool).await;
    let ids = written(&site, 4).await;
    for id in &ids {
        fail(&site, *id).await;
    }
    let text: Vec<String> = ids.iter().map(ToString::to_string).collect();
    let fields = [
        ("messages", text[0].as_str()),
        ("messages", text[1].as_str()),
        ("messages", "x"),
        ("sure", "3"),
    ];
    // Whoever was not told with how many it is done is asked first.
    for (act, title) in [("retry", "Retry 2 messages?"), ("discard", "Discard 2 messages?")] {
        let path = format!("/staff/outbox/{act}/");
        let html = stan.post(&path, &fields[..3]).await.expect(200).html();
        assert_eq!(html.text("h1").as_deref(), Some(title));
        assert_eq!(html.count("main li"), 2, "which they are");
    }
    let decided = "SELECT count(*) FROM message WHERE kind = 'test_mail' AND state <> 'dead'";
    assert_eq!(site.world.number(decided).await, 0);
    stan.post("/staff/outbox/retry/", &fields).await.expect(302);
    let said = stan
        .get("/staff/outbox/")
        .await
        .expect(200)
        .html()
        .text("body")
        .unwrap();
    assert!(said.contains("Tried again: 2 messages."), "{said}");
    let fields = [
        ("messages", text[2].as_str()),
        ("messages", text[3].as_str()),
        ("messages", "4711"),
        ("sure", "3"),
    ];
    stan.post("/staff/outbox/discard/", &fields).await.expect(302);
    let said = stan
        .get("/staff/outbox/")
        .await
        .expect(200)
        .html()
        .text("body")
        .unwrap();
    assert!(
        said.contains("Discarded: 2 messages. Delivered or decided about meanwhile: 1."),
        "{said}"
    );
    // One comes back to the list as it was.
    let next = [("next", "/staff/outbox/?state=all&q=x")];
    for act in ["discard", "retry"] {
        let answer = stan.post(&format!("/staff/outbox/{act}/"), &next).await.expect(302);
        assert_eq!(answer.location(), next[0].1);
    }
    let dropped = site
        .world
        .number("SELECT count(*) FROM message WHERE state = 'dropped'")
        .await;
    assert_eq!(dropped, 2);
}

#[sqlx::test]
async fn the_record_says_what_a_message_was_after_it_is_gone(pool: PgPool) {
    let (site, stan) = staffed(pool).await;
    let ids = written(&site, 2).await;
    fail(&site, ids[0]).await;
    stan.post(&format!("/staff/outbox/{}/retry/", ids[0]), &[])
        .await
        .expect(302);
    stan.post(&format!("/staff/outbox/{}/discard/", ids[1]), &[])
        .await
        .expect(302);
    site.world.so("DELETE FROM message").await;
    let page = stan.get("/staff/events/").await.expect(200);
    assert!(!page.body.contains("secret-words"));
    let said = page.html().main();
    for told in [
        format!("had the message {} (test_mail by mail) tried again", ids[0]),
        format!("discarded the message {} (test_mail by mail)", ids[1]),
    ] {
        assert!(said.contains(&told), "{told}: {said}");
    }
}

#[sqlx::test]
async fn what_a_message_is_about_is_called_as_people_call_it(pool: PgPool) {
    let (site, stan) = staffed(pool).await;
    let mut causes = vec!["airlock_event:3".to_owned(), "user:0".to_owned()];
    for sql in [
        "SELECT 'user:' || id FROM \"user\" WHERE username = 'ada'",
        "SELECT 'project:' || id FROM project WHERE slug = 'project'",
    ] {
        causes.push(sqlx::query_scalar(sql).fetch_one(site.db.pool()).await.unwrap());
    }
    let mut conn = site.db.read().await.unwrap();
    for cause in &causes {
        let content = Content::TestMail(TestMail { by: "x".to_owned() });
        outbox::send(&mut conn, Draft::new(content, "ada@example.com", cause))
            .await
            .unwrap();
    }
    drop(conn);
    let html = stan.get("/staff/outbox/").await.expect(200).html();
    assert_eq!(html.link("Ada (ada)").as_deref(), Some("/staff/users/ada/"));
    assert_eq!(html.link("Project").as_deref(), Some("/staff/projects/project/"));
    let said = html.main();
    assert!(said.contains("Airlock event 3") && said.contains("User 0"), "{said}");
    assert!(html.texts("#filter-service option").contains(&"GitHub".to_owned()));
}
