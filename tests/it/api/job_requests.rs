//! `GET /api/v2/job-requests/`.

use sqlx::PgPool;

use crate::support::{Job, Request, Site, count_statements};

const LIST: &str = "/api/v2/job-requests/";

async fn execute(site: &Site, sql: &'static str) {
    sqlx::raw_sql(sql).execute(site.db.pool()).await.unwrap();
}

fn identifiers(answer: &crate::support::Answer) -> Vec<String> {
    answer.json()["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|request| request["identifier"].as_str().unwrap().to_owned())
        .collect()
}

#[sqlx::test]
async fn the_body_is_exact(pool: PgPool) {
    let site = Site::start(pool).await;
    site.world.usual().await;
    site.world
        .request(Request {
            actions: &["a", "b"],
            ..Request::default()
        })
        .await;
    execute(
        &site,
        "UPDATE job_request SET identifier = 'abcdefgh12345678', created_at = '2024-08-21T10:00:00.123456Z';
         UPDATE workspace SET created_at = '2024-08-20T10:00:00Z';
         UPDATE project SET slug = 'proj-1'",
    )
    .await;
    let answer = site.backend("tpp").await.get(LIST).await.expect(200);
    assert_eq!(
        answer.body,
        format!(
            concat!(
                r#"{{"count":1,"next":null,"previous":null,"results":[{{"backend":"tpp","sha":"{}","#,
                r#""identifier":"abcdefgh12345678","force_run_dependencies":false,"requested_actions":["a","b"],"#,
                r#""cancelled_actions":[],"created_by":"ada","created_at":"2024-08-21T10:00:00.123456Z","#,
                r#""workspace":{{"name":"ws","repo":"https://github.com/opensafely/ws","branch":"main","#,
                r#""created_by":"admin","created_at":"2024-08-20T10:00:00Z"}},"database_name":"default","#,
                r#""project":"proj-1","orgs":["acme"],"codelists_ok":true}}]}}"#
            ),
            "a".repeat(40)
        )
    );
    assert_eq!(answer.header("Content-Type"), Some("application/json"));
    assert_eq!(answer.header("Vary"), Some("Accept, Cookie"));
    assert_eq!(answer.header("Allow"), Some("GET, HEAD, OPTIONS"));
    assert_eq!(answer.header("Set-Cookie"), None);
    assert_eq!(answer.header("Content-Security-Policy"), None);
}

#[sqlx::test]
async fn what_has_something_to_do_is_listed_newest_first(pool: PgPool) {
    let site = Site::start(pool).await;
    site.world.usual().await;
    // Stored status, statuses of the jobs, whether a runner is to see it.
    let cases: &[(&str, &[&str], bool)] = &[
        ("unknown", &[], true),
        ("pending", &[], true),
        ("unknown_error_creating_jobs", &[], true),
        ("nothing_to_do", &[], false),
        ("failed", &[], false),
        ("pending", &["pending"], true),
        ("running", &["running", "succeeded"], true),
        ("running", &["pending", "failed"], true),
        ("succeeded", &["succeeded"], false),
        ("failed", &["failed", "succeeded"], false),
        ("unknown", &["strange", "stranger"], false),
        ("unknown", &["strange"], false),
        ("pending", &[""], false),
    ];
    let mut expected = Vec::new();
    for (place, (status, jobs, is_listed)) in cases.iter().enumerate() {
        let (id, identifier) = site
            .world
            .request(Request {
                status,
                ..Request::default()
            })
            .await;
        for (number, status) in jobs.iter().enumerate() {
            let identifier = format!("job-{place}-{number}");
            site.world
                .job(
                    id,
                    Job {
                        identifier: &identifier,
                        status,
                        ..Job::default()
                    },
                )
                .await;
        }
        if *is_listed {
            expected.insert(0, identifier);
        }
    }
    // The order is that of creation, not of the ids.
    let tpp = site.backend("tpp").await;
    assert_eq!(identifiers(&tpp.get(LIST).await.expect(200)), expected);
    assert_eq!(identifiers(&site.anonymous().get(LIST).await.expect(200)), expected);
    execute(
        &site,
        "UPDATE job_request SET created_at = timestamptz '2024-01-01' - id * interval '1 day'",
    )
    .await;
    expected.reverse();
    assert_eq!(identifiers(&tpp.get(LIST).await.expect(200)), expected);
}

#[sqlx::test]
async fn a_token_decides_whose_requests_are_listed(pool: PgPool) {
    let site = Site::start(pool).await;
    site.world.usual().await;
    let (_, ours) = site.world.request(Request::default()).await;
    let (_, theirs) = site
        .world
        .request(Request {
            backend: "emis",
            ..Request::default()
        })
        .await;
    let (pushed, pushed_identifier) = site.world.request(Request::default()).await;
    sqlx::query("UPDATE job_request SET transport = 'rap' WHERE id = $1")
        .bind(pushed)
        .execute(site.db.pool())
        .await
        .unwrap();
    let tpp = site.backend("tpp").await;
    for path in [LIST, "/api/v2/job-requests", "/api/v2/job-requests/?backend=emis"] {
        assert_eq!(identifiers(&tpp.get(path).await.expect(200)), [ours.as_str()], "{path}");
    }
    // The public list has everybody's, however they are reached.
    let everything = [pushed_identifier, theirs, ours];
    assert_eq!(identifiers(&site.anonymous().get(LIST).await.expect(200)), everything);
    let empty = tpp
        .send(rocket::http::Method::Get, LIST, &[("Authorization", "")], b"")
        .await;
    assert_eq!(identifiers(&empty.expect(200)), everything);
    let wrong = tpp
        .send(rocket::http::Method::Get, LIST, &[("Authorization", "wrong")], b"")
        .await;
    assert_eq!(wrong.expect(403).body, r#"{"detail":"Invalid token"}"#);
}

#[sqlx::test]
async fn pages_are_linked(pool: PgPool) {
    let site = Site::start(pool).await;
    site.world.usual().await;
    for _ in 0..5 {
        site.world.request(Request::default()).await;
    }
    let page = async |query: &str| {
        let path = format!("{LIST}{query}");
        let mut request = site.client.get(path);
        let host = rocket::http::uri::Authority::parse("jobs.example.org:8000").unwrap();
        request.inner_mut().set_host(rocket::http::uri::Host::new(host));
        let body: serde_json::Value =
            serde_json::from_str(&request.dispatch().await.into_string().await.unwrap()).unwrap();
        let link = |name: &str| {
            body[name]
                .as_str()
                .map(|link| link.replace("http://jobs.example.org:8000/api/v2/job-requests/", "~"))
        };
        (
            body["count"].as_i64().unwrap(),
            body["results"].as_array().unwrap().len(),
            link("next"),
            link("previous"),
        )
    };
    let some = |text: &str| Some(text.to_owned());
    assert_eq!(page("").await, (5, 5, None, None));
    assert_eq!(page("?limit=2").await, (5, 2, some("~?limit=2&offset=2"), None));
    assert_eq!(
        page("?limit=2&offset=2").await,
        (5, 2, some("~?limit=2&offset=4"), some("~?limit=2"))
    );
    assert_eq!(
        page("?offset=4&limit=2").await,
        (5, 1, None, some("~?limit=2&offset=2"))
    );
    assert_eq!(
        page("?offset=1&limit=2").await,
        (5, 2, some("~?limit=2&offset=3"), some("~?limit=2"))
    );
    // Other parameters stay, all in order of their names.
    assert_eq!(
        page("?z=1&limit=2&backend=a%20b&a=&z=0").await,
        (5, 2, some("~?a=&backend=a+b&limit=2&offset=2&z=1&z=0"), None)
    );
    // Beyond the end there is nothing, and the count stands.
    assert_eq!(
        page("?limit=2&offset=50").await,
        (5, 0, None, some("~?limit=2&offset=48"))
    );
    assert_eq!(page("?offset=99999999999999999999").await.0, 5);
    for senseless in ["0", "-1", "x", "", "1.5"] {
        assert_eq!(
            page(&format!("?limit={senseless}")).await,
            (5, 5, None, None),
            "{senseless}"
        );
        assert_eq!(
            page(&format!("?offset=-{senseless}")).await,
            (5, 5, None, None),
            "{senseless}"
        );
    }
    assert_eq!(page("?limit=99999999999999999999").await, (5, 5, None, None));
}

#[sqlx::test]
async fn a_runner_gets_everything_and_others_a_hundred(pool: PgPool) {
    let site = Site::start(pool).await;
    site.world.usual().await;
    site.world.request(Request::default()).await;
    let tpp = site.backend("tpp").await;
    let (_, for_one) = count_statements(tpp.get(LIST)).await;
    execute(
        &site,
        "INSERT INTO job_request (identifier, backend_id, workspace_id, created_by_id, requested_actions)
         SELECT 'request' || n, backend_id, workspace_id, created_by_id, requested_actions
           FROM job_request, generate_series(1, 199) AS n",
    )
    .await;
    let (answer, for_many) = count_statements(tpp.get(LIST)).await;
    assert_eq!(identifiers(&answer.expect(200)).len(), 200);
    assert_eq!((for_one, for_many), (3, 3), "token, list, contact");

    let (answer, for_everybody) = count_statements(site.anonymous().get(LIST)).await;
    let page = answer.expect(200).json();
    assert_eq!(page["results"].as_array().unwrap().len(), 100);
    assert_eq!(page["count"], 200);
    assert!(
        page["next"]
            .as_str()
            .unwrap()
            .ends_with("/api/v2/job-requests/?limit=100&offset=100")
    );
    assert_eq!(for_everybody, 1);
    let limited = tpp.get("/api/v2/job-requests/?limit=7").await.expect(200);
    assert_eq!(identifiers(&limited).len(), 7);
}

#[sqlx::test]
async fn finished_actions_are_not_cancelled_again(pool: PgPool) {
    let site = Site::start(pool).await;
    site.world.usual().await;
    let (id, _) = site
        .world
        .request(Request {
            status: "running",
            ..Request::default()
        })
        .await;
    for (identifier, action, status) in [
        ("1", "done", "succeeded"),
        ("2", "broken", "failed"),
        ("3", "going", "running"),
        ("4", "again", "failed"),
        ("5", "again", "pending"),
        ("6", "legacy", "Succeeded"),
    ] {
        site.world
            .job(
                id,
                Job {
                    identifier,
                    action,
                    status,
                    ..Job::default()
                },
            )
            .await;
    }
    execute(
        &site,
        "UPDATE job_request SET cancelled_actions = '{done,to_come,going,broken,again,legacy}'",
    )
    .await;
    let answer = site.backend("tpp").await.get(LIST).await.expect(200).json();
    let expected = serde_json::json!(["to_come", "going", "again"]);
    assert_eq!(answer["results"][0]["cancelled_actions"], expected);
}

#[sqlx::test]
async fn the_database_and_the_organisations_are_told(pool: PgPool) {
    let site = Site::start(pool).await;
    site.world.usual().await;
    site.world.request(Request::default()).await;
    let tpp = site.backend("tpp").await;
    execute(
        &site,
        "INSERT INTO org (name, slug) VALUES ('Lead', 'lead'), ('Third', 'third');
         UPDATE project_collaboration SET is_lead = false;
         INSERT INTO project_collaboration (org_id, project_id, is_lead, created_by_id, updated_by_id)
         SELECT org.id, project.id, org.slug = 'lead', project.created_by_id, project.created_by_id
           FROM org, project WHERE org.slug <> 'acme' ORDER BY org.slug DESC;
         INSERT INTO data_permission (project_id, kind, reason, created_by_id)
         SELECT id, 't1oo', 'approved', created_by_id FROM project;",
    )
    .await;
    let request = tpp.get(LIST).await.expect(200).json()["results"][0].clone();
    assert_eq!(request["orgs"], serde_json::json!(["lead", "acme", "third"]));
    assert_eq!(request["database_name"], "include_t1oo");
    execute(
        &site,
        "UPDATE data_permission SET ended_at = now(), ended_by_id = created_by_id;
         DELETE FROM project_collaboration;
         UPDATE job_request SET created_at = NULL, created_by_id = NULL;
         UPDATE workspace SET created_at = NULL, created_by_id = NULL;",
    )
    .await;
    // Old rows without a creator must not stop a runner: it takes no null.
    let request = tpp.get(LIST).await.expect(200).json()["results"][0].clone();
    assert_eq!(request["orgs"], serde_json::json!([]));
    assert_eq!(request["database_name"], "default");
    assert_eq!(request["created_by"], "");
    assert_eq!(request["workspace"]["created_by"], "");
}

#[sqlx::test]
async fn a_poll_is_noted_with_its_flags(pool: PgPool) {
    let site = Site::start(pool).await;
    site.world.usual().await;
    let tpp = site.backend("tpp").await;
    let seen = async || -> Vec<(String, String, bool)> {
        sqlx::query_as(
            "SELECT b.slug::text, s.url, s.api_last_seen > now() - interval '1 minute'
               FROM stats s JOIN backend b ON b.id = s.backend_id",
        )
        .fetch_all(site.db.pool())
        .await
        .unwrap()
    };
    let state = async || -> Option<String> {
        sqlx::query_scalar("SELECT jobrunner_state::text FROM backend WHERE slug = 'tpp'")
            .fetch_one(site.db.pool())
            .await
            .unwrap()
    };
    site.anonymous().get(LIST).await.expect(200);
    tpp.send(
        rocket::http::Method::Get,
        LIST,
        &[("Authorization", "wrong"), ("Flags", "{}")],
        b"",
    )
    .await
    .expect(403);
    assert!(seen().await.is_empty());
    assert_eq!(state().await, None);

    let poll = async |flags: &str| {
        let headers = [("Authorization", tpp.token.as_str()), ("Flags", flags)];
        tpp.send(rocket::http::Method::Get, "/api/v2/job-requests", &headers, b"")
            .await
            .expect(200);
    };
    poll(r#"{"mode": {"v":null}}"#).await;
    // To the letter, spaces too.
    assert_eq!(state().await.as_deref(), Some(r#"{"mode": {"v":null}}"#));
    assert_eq!(seen().await, [("tpp".to_owned(), LIST.to_owned(), true)]);
    for ignored in ["", " ", "{", "nonsense", "NaN", r#"{"a":"\u0000"}"#, r#""\ud800""#] {
        poll(ignored).await;
        assert_eq!(state().await.as_deref(), Some(r#"{"mode": {"v":null}}"#), "{ignored}");
    }
    poll(&("[".repeat(9000) + &"]".repeat(7000))).await;
    poll(&("[".repeat(5000) + &"]".repeat(5000))).await;
    assert_eq!(state().await.as_deref(), Some(r#"{"mode": {"v":null}}"#));
    for any_value in ["null", "1", "[]", "\"text\"", "{}"] {
        poll(any_value).await;
        assert_eq!(state().await.as_deref(), Some(any_value));
    }
    tpp.get(LIST).await.expect(200);
    assert_eq!(state().await.as_deref(), Some("{}"), "no header keeps what is stored");
    assert_eq!(seen().await.len(), 1, "one row for both forms of the path");
}
