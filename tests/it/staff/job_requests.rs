//! Every job request, as staff find it and stop it.

use sqlx::PgPool;

use super::said;
use crate::pages::lists::{assert_accessible, requests, usual};
use crate::support::{Job, Request, Site, Visitor, count_statements};

async fn staffed(pool: PgPool) -> (Site, Visitor) {
    let site = usual(pool).await;
    site.world.global_roles("stan", &["StaffAreaAdministrator"]).await;
    let stan = site.sign_in("stan").await;
    (site, stan)
}

async fn listed(stan: &Visitor, query: &str) -> Vec<String> {
    let path = format!("/staff/job-requests/?{query}");
    stan.get(&path).await.expect(200).html().texts("tbody th a")
}

#[sqlx::test]
async fn a_request_is_found_by_everything_that_names_it(pool: PgPool) {
    let (site, stan) = staffed(pool).await;
    site.world.workspace("another", "theirs").await;
    site.world
        .so("UPDATE project SET number = '77' WHERE slug = 'another'")
        .await;
    site.world.org("elsewhere").await;
    site.world
        .so(
            "UPDATE project_collaboration SET org_id = (SELECT id FROM org WHERE slug = 'elsewhere')
              WHERE project_id = (SELECT id FROM project WHERE slug = 'another')",
        )
        .await;
    let number_from = async |number: i64| {
        sqlx::query("SELECT setval(pg_get_serial_sequence('job_request', 'id'), $1, false)")
            .bind(number)
            .execute(site.db.pool())
            .await
            .unwrap();
    };
    number_from(1204).await;
    let (own, _) = site.world.request(Request::default()).await;
    let theirs = Request {
        workspace: "theirs",
        backend: "emis",
        by: "grace",
        ..Request::default()
    };
    number_from(9120).await;
    let (theirs, _) = site.world.request(theirs).await;
    let job = Job {
        identifier: "jobofgrace234567",
        ..Job::default()
    };
    site.world.job(theirs, job).await;
    // Identifiers that have nothing in common, and no digit.
    site.world
        .so("UPDATE job_request SET identifier = CASE created_by_id WHEN (SELECT id FROM \"user\" WHERE username = 'ada')
                    THEN 'ppppqqqqwwwwssss' ELSE 'xxxxyyyyxxxxyyyy' END")
        .await;
    let own_identifier = "ppppqqqqwwwwssss";
    let (own, theirs) = (own.to_string(), theirs.to_string());

    let both = [theirs.clone(), own.clone()];
    assert_eq!(listed(&stan, "").await, both);
    for (query, found) in [
        (format!("q={own}"), &own),
        (format!("q=%23{theirs}"), &theirs),
        (format!("q={own_identifier}"), &own),
        (format!("q={}", own_identifier.to_uppercase()), &own),
        (format!("q={}", &own_identifier[..6]), &own),
        ("q=QQww".to_owned(), &own),
        ("q=wssss".to_owned(), &own),
        ("q=yx".to_owned(), &theirs),
        ("q=jobofgrace234567".to_owned(), &theirs),
        ("q=jobofgrace".to_owned(), &theirs),
        ("q=grac".to_owned(), &theirs),
        ("q=Ada".to_owned(), &own),
        ("q=thei".to_owned(), &theirs),
        ("q=anoth".to_owned(), &theirs),
        ("q=elsew".to_owned(), &theirs),
        ("q=acme".to_owned(), &own),
        ("backends=emis".to_owned(), &theirs),
        ("orgs=acme".to_owned(), &own),
        ("project=another".to_owned(), &theirs),
        ("project=77".to_owned(), &theirs),
        ("user=ada".to_owned(), &own),
        ("workspace=ws".to_owned(), &own),
        ("q=grace&user=grace&backends=tpp&backends=emis".to_owned(), &theirs),
    ] {
        assert_eq!(listed(&stan, &query).await, std::slice::from_ref(found), "{query}");
    }
    for query in ["orgs=acme&orgs=elsewhere", "backends=tpp&backends=emis", "q=", "user="] {
        assert_eq!(listed(&stan, query).await, both, "{query}");
    }
    for query in [
        "q=%25",
        "q=_",
        "user=nobody",
        "backends=none",
        "orgs=none",
        "workspace=none",
        "q=ada&user=grace",
        "q=99999999999999",
        "q=%23",
        "q=%23ppppqqqqwwwwssss",
        "q=obofgrace",
        "q=q%25w",
        "q=%00",
    ] {
        assert_eq!(listed(&stan, query).await, Vec::<String>::new(), "{query}");
    }
    // Numbers by any part, with a mark before them whole.
    assert_eq!(listed(&stan, "q=12").await, both);
    assert_eq!(listed(&stan, "q=204").await, std::slice::from_ref(&own));
    assert_eq!(listed(&stan, "q=%231204").await, [own]);
    assert_eq!(listed(&stan, "q=%2312").await, Vec::<String>::new());
    let html = stan.get("/staff/job-requests/").await.expect(200).html();
    let help = html.attribute("#filter-q", "aria-describedby").unwrap();
    assert!(html.text(&format!("#{help}")).unwrap().contains("how it begins"));
    stan.get("/staff/job-requests/?page=2").await.expect(404);
    stan.get("/staff/job-requests/?page=x").await.expect(404);
}

#[sqlx::test]
async fn the_list_takes_as_many_statements_however_long_it_is(pool: PgPool) {
    let (site, stan) = staffed(pool).await;
    requests(&site, 2).await;
    let path = "/staff/job-requests/?q=ws&user=ada";
    let (_, few) = count_statements(stan.get(path)).await;
    requests(&site, 28).await;
    let (answer, many) = count_statements(stan.get(path)).await;
    assert_eq!(few, many);
    let html = answer.expect(200).html();
    assert_accessible(&html);
    assert_eq!(html.count("tbody tr"), 25);
    let last = stan.get("/staff/job-requests/?page=last").await.expect(200).html();
    assert_eq!(last.count("tbody tr"), 5);
    let mut file = stan.get("/staff/job-requests/?format=csv").await.expect(200);
    assert!(file.header("Content-Type").unwrap().starts_with("text/csv"));
    file.body = file.body.replace('"', "");
    assert_eq!(file.body.lines().count(), 31);
    let identifier: String = sqlx::query_scalar("SELECT identifier FROM job_request ORDER BY id DESC LIMIT 1")
        .fetch_one(site.db.pool())
        .await
        .unwrap();
    let lines: Vec<&str> = file.body.lines().collect();
    assert!(lines[0].ends_with(",Backend,Created,Identifier"), "{}", lines[0]);
    assert!(lines[1].ends_with(&format!(",{identifier}")), "{}", lines[1]);
}

#[sqlx::test]
async fn its_page_says_what_it_is_and_stops_it_once(pool: PgPool) {
    let (site, stan) = staffed(pool).await;
    let request = Request {
        actions: &["one", "two"],
        status: "running",
        ..Request::default()
    };
    let (id, identifier) = site.world.request(request).await;
    for (identifier, action, status) in [("job1", "one", "succeeded"), ("job2", "two", "running")] {
        let job = Job {
            identifier,
            action,
            status,
            ..Job::default()
        };
        site.world.job(id, job).await;
    }
    let page = format!("/staff/job-requests/{id}/");
    let html = stan.get(&page).await.expect(200).html();
    assert_accessible(&html);
    let said = html.main();
    for part in [
        identifier.as_str(),
        "Ada (ada)",
        "aaaaaaa",
        "one, two",
        "Acme",
        "Running",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
    let tree = format!("https://github.com/opensafely/ws/commit/{}", "a".repeat(40));
    assert_eq!(html.link("aaaaaaa"), Some(tree));
    assert!(said.contains("to stop 1 job."), "{said}");

    let cancel = format!("/staff/job-requests/{id}/cancel/");
    let answer = stan.post(&cancel, &[]).await.expect(302);
    assert_eq!(answer.location(), page);
    let html = stan.get(&page).await.expect(200).html();
    assert!(
        html.text("body")
            .unwrap()
            .contains("The backend is told to stop 1 action.")
    );
    assert!(!html.posted_forms().iter().any(|(action, _)| action.contains("cancel")));
    assert!(html.main().contains("cancelled the job request"), "{}", html.main());
    let cancelled = site
        .world
        .number("SELECT cardinality(cancelled_actions)::bigint FROM job_request")
        .await;
    assert_eq!(cancelled, 1);
    // Again: nothing is changed, and nothing recorded.
    stan.post(&cancel, &[]).await.expect(302);
    let recorded = "SELECT count(*) FROM auditable_event WHERE type = 'job_request_cancelled' AND created_by = 'stan'";
    assert_eq!(site.world.number(recorded).await, 1);
    stan.post("/staff/job-requests/4711/cancel/", &[]).await.expect(404);
    stan.get("/staff/job-requests/4711/").await.expect(404);
    stan.post_without_token(&cancel, &[]).await.expect(403);
}

#[sqlx::test]
async fn those_that_are_ticked_are_cancelled_together(pool: PgPool) {
    let (site, stan) = staffed(pool).await;
    let mut ids = Vec::new();
    for status in ["running", "unknown", "succeeded"] {
        let request = Request {
            status,
            ..Request::default()
        };
        ids.push(site.world.request(request).await.0.to_string());
    }
    let html = stan.get("/staff/job-requests/").await.expect(200).html();
    assert_eq!(
        html.attributes("tbody input[name=requests]", "value"),
        [ids[1].clone(), ids[0].clone()]
    );
    assert!(html.has("tbody .status use") && html.has("tbody small code"));
    let fields: Vec<(&str, &str)> = ids.iter().map(|id| ("requests", id.as_str())).collect();
    let fields = [fields, vec![("requests", "4711"), ("requests", "x")]].concat();
    let html = stan
        .post("/staff/job-requests/cancel/", &fields)
        .await
        .expect(200)
        .html();
    assert!(html.main().contains("in ws by ada"), "{}", html.main());
    assert_eq!(html.link("Keep them").as_deref(), Some("/staff/job-requests/"));
    let fields = [fields, vec![("sure", "5")]].concat();
    stan.post("/staff/job-requests/cancel/", &fields).await.expect(302);
    let said = stan
        .get("/staff/job-requests/")
        .await
        .expect(200)
        .html()
        .text("body")
        .unwrap();
    assert!(
        said.contains("Cancelled: 2 job requests. Over or cancelled before: 1. Could not be cancelled: 1."),
        "{said}"
    );
    let next = [("next", "/staff/job-requests/?user=ada&page=1")];
    let answer = stan.post("/staff/job-requests/cancel/", &next).await.expect(302);
    assert_eq!(answer.location(), next[0].1);
    let recorded = site
        .world
        .number("SELECT count(*) FROM auditable_event WHERE type = 'job_request_cancelled'")
        .await;
    assert_eq!(recorded, 2);
}

#[sqlx::test]
async fn what_cannot_be_told_to_stop_is_left_as_it_is_and_said(pool: PgPool) {
    let (site, stan) = staffed(pool).await;
    let request = Request {
        status: "running",
        ..Request::default()
    };
    let (by_rap, _) = site.world.request(request.clone()).await;
    let (polled, _) = site.world.request(request).await;
    let job = Job {
        status: "running",
        ..Job::default()
    };
    site.world.job(by_rap, job).await;
    site.world
        .so("UPDATE job_request SET transport = 'rap' WHERE id = (SELECT min(id) FROM job_request)")
        .await;
    let page = format!("/staff/job-requests/{by_rap}/");
    let answer = stan.post(&format!("{page}cancel/"), &[]).await.expect(302);
    assert_eq!(answer.location(), page);
    let told = said(&stan, &page).await;
    assert!(
        told.contains("is not connected") && told.contains("Nothing was changed"),
        "{told}"
    );
    // Its own page says so too, and that of its job.
    let ada = site.sign_in("ada").await;
    for page in [format!("/project/ws/{by_rap}/"), format!("/project/ws/{by_rap}/job1/")] {
        let answer = ada.post(&format!("{page}cancel/"), &[]).await.expect(302);
        assert_eq!(answer.location(), page);
        let told = said(&ada, &page).await;
        assert!(told.contains("nothing was cancelled"), "{told}");
    }
    // Among several it holds up no other.
    let both = [by_rap.to_string(), polled.to_string()];
    let fields: Vec<(&str, &str)> = both.iter().map(|id| ("requests", id.as_str())).collect();
    let one = [fields[0], ("sure", "1")];
    stan.post("/staff/job-requests/cancel/", &one).await.expect(302);
    let told = said(&stan, "/staff/job-requests/").await;
    assert!(told.contains("Could not be cancelled: 1."), "{told}");
    let written = "SELECT (SELECT count(*) FROM job_request WHERE cancelled_actions <> '{}')
                        + (SELECT count(*) FROM auditable_event WHERE type = 'job_request_cancelled')";
    assert_eq!(site.world.number(written).await, 0);
    let fields = [fields, vec![("sure", "2")]].concat();
    stan.post("/staff/job-requests/cancel/", &fields).await.expect(302);
    let told = said(&stan, "/staff/job-requests/").await;
    assert!(
        told.contains("Cancelled: 1 job request. Could not be cancelled: 1."),
        "{told}"
    );
    assert_eq!(site.world.number(written).await, 2);
}
