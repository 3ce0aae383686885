//! Reports that nobody expects: every form of a moment, and jobs that pages must be able to show.

use rocket::http::Method;
use serde_json::{Value, json};
use sqlx::PgPool;

use super::{JOBS, job, jobs, start, status};

#[sqlx::test]
async fn every_form_of_a_moment_is_stored_as_the_same_moment(pool: PgPool) {
    let (site, tpp, a) = start(pool).await;
    let forms = [
        "2024-08-21T10:00:00Z",
        "2024-08-21T10:00:00.000000Z",
        "2024-08-21T10:00:00",
        "2024-08-21 10:00:00Z",
        "2024-08-21T10:00Z",
        "2024-08-21T10",
        "20240821T100000Z",
        "2024-08-21T11:00:00+01:00",
        "2024-08-21T11:00:00+0100",
        "2024-08-21T04:30:00-05:30",
    ];
    let report = forms.iter().enumerate().map(|(n, form)| {
        let mut item = job(&a, &format!("{n:02}"), "running");
        for field in ["created_at", "updated_at", "started_at", "completed_at"] {
            item[field] = json!(form);
        }
        item
    });
    tpp.post(JOBS, &Value::from_iter(report)).await.expect(200);
    let wrong: Vec<String> = sqlx::query_scalar(
        "SELECT identifier FROM job WHERE NOT (created_at = '2024-08-21 10:00Z' AND updated_at = created_at
                                               AND started_at = created_at AND completed_at = created_at)",
    )
    .fetch_all(site.db.pool())
    .await
    .unwrap();
    assert!(wrong.is_empty(), "{wrong:?}");
    assert_eq!(jobs(&site).await.len(), forms.len());

    for form in [
        "2024-08-21t10:00:00Z",
        "2024-08-21T24:00:00Z",
        "2024-02-30",
        "",
        " ",
        "now",
    ] {
        for field in ["created_at", "updated_at", "started_at", "completed_at"] {
            let mut item = job(&a, "00", "running");
            item[field] = json!(form);
            let answer = tpp.post(JOBS, &json!([item])).await.expect(400);
            let told = answer.json()[0][field][0].as_str().unwrap().to_owned();
            assert!(told.starts_with("Datetime has wrong format."), "{field} {form}: {told}");
        }
    }
    assert_eq!(jobs(&site).await.len(), forms.len());
}

/// One job that is odd in every field, and which identifier it has.
fn odd(request: &str, identifier: &str, text: &str, free: &str, moments: [&str; 2]) -> String {
    let mut item = job(request, identifier, text);
    for field in ["action", "run_command", "status_code", "status_message"] {
        item[field] = json!(text.chars().take(500).collect::<String>());
    }
    item["created_at"] = json!(moments[0]);
    item["updated_at"] = json!(moments[0]);
    item["started_at"] = json!(moments[0]);
    item["completed_at"] = json!(moments[1]);
    item["trace_context"] = json!("@free@");
    item["metrics"] = json!("@free@");
    item.to_string().replace("\"@free@\"", free)
}

#[sqlx::test]
async fn whatever_a_runner_reports_can_be_looked_at(pool: PgPool) {
    let (site, tpp, a) = start(pool).await;
    let id: i32 = sqlx::query_scalar("SELECT id FROM job_request")
        .fetch_one(site.db.pool())
        .await
        .unwrap();
    let deep = "[".repeat(90) + &"]".repeat(90);
    let long = "x".repeat(100_000);
    let first = ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999Z"];
    let backwards = [first[1], first[0]];
    let cases = [
        ("plain", "succeeded", r#"{"cpu_peak":1e400,"mem_mb_peak":-1}"#, first),
        ("a/b?c#d e", "failed", "1e400", backwards),
        ("emoji😀", "running", r#"{"cpu_peak":"x","traceparent":"--"}"#, first),
        ("עברית\u{202e}", "pending", r#"{"traceparent":"00-é-1"}"#, backwards),
        ("<script>", "'\"><script>alert(1)</script>", "\"text\"", first),
        ("{{x}}", "{{{this}}}", &deep, backwards),
        ("%2e%2e", "Succeeded", "123456789012345678901234567890123456789", first),
        ("long", &long, r#"{"cpu_peak":1e-400}"#, first),
        (" t\tn\nend", "\u{feff}\u{200b}", "[]", first),
    ];
    let items: Vec<String> = cases
        .iter()
        .map(|(identifier, text, free, moments)| odd(&a, identifier, text, free, *moments))
        .collect();
    let body = format!("[{}]", items.join(","));
    tpp.post_text(JOBS, &body).await.expect(200);
    // Once more, as it is stored: nothing is new, nothing is lost.
    tpp.post_text(JOBS, &body).await.expect(200);
    assert_eq!(jobs(&site).await.len(), cases.len());
    assert_eq!(status(&site, &a).await.0, "running");

    let ada = site.sign_in("ada").await;
    for visitor in [&ada, &site.anonymous()] {
        for path in [
            "/",
            "/event-log/",
            "/status/",
            "/project/",
            "/project/logs/",
            "/project/ws/",
            "/project/ws/logs/",
            "/users/ada/",
            "/api/v2/job-requests/",
            "/api/v2/workspaces/ws/statuses/",
            &format!("/project/ws/{id}/"),
        ] {
            let answer = visitor.get(path).await;
            assert!(matches!(answer.status, 200 | 302), "{path}: {}", answer.status);
            let is_page = answer
                .header("Content-Type")
                .is_some_and(|kind| kind.starts_with("text/html"));
            assert!(!is_page || !answer.body.contains("<script>alert(1)"), "{path}");
        }
    }
    for (identifier, _, _, _) in cases {
        let name: String = url::form_urlencoded::byte_serialize(identifier.trim().as_bytes())
            .collect::<String>()
            .replace('+', "%20");
        let page = ada.get(&format!("/project/ws/{id}/{name}/")).await.expect(200);
        assert!(!page.body.contains("<script>alert(1)"), "{identifier}");
        let short = ada.get(&format!("/jobs/{name}/")).await.expect(302);
        assert_eq!(short.location(), format!("/project/ws/{id}/{name}/"), "{identifier}");
    }
}

#[sqlx::test]
async fn whatever_flags_a_runner_sends_its_backend_can_be_looked_at(pool: PgPool) {
    let (site, tpp, _) = start(pool).await;
    let deep = format!(r#"{{"mode":{}1{}}}"#, "[".repeat(90), "]".repeat(90));
    let too_deep = "[".repeat(5_000) + &"]".repeat(5_000);
    let too_long = format!("\"{}\"", "x".repeat(20_000));
    // What is no JSON, or none that can be kept, leaves what was said before.
    let cases = [
        (r#"{"mode":{"v":"db-maintenance","ts":"now"}}"#, true),
        ("null", true),
        ("1e400", true),
        ("\"text\"", true),
        ("[[]]", true),
        (r#"{"mode":[]}"#, true),
        (r#"{"mode":{"v":{},"ts":[]},"paused":1e999}"#, true),
        (
            r#"{"mode":{"v":"db-maintenance","ts":"<script>alert(1)</script>"}}"#,
            true,
        ),
        (
            r#"{"mode":{"v":"db-maintenance","ts":"9999-12-31T23:59:59-12:00"}}"#,
            true,
        ),
        (&deep, true),
        ("{", false),
        ("{} {}", false),
        ("NaN", false),
        (r#"{"mode":{"v":"\u0000"}}"#, false),
        (r#"{"mode":{"v":"\ud800"}}"#, false),
        (&too_deep, false),
        (&too_long, false),
    ];
    let mut kept = None;
    for (flags, is_kept) in cases {
        for (method, path, body) in [(Method::Get, "/api/v2/job-requests/", ""), (Method::Post, JOBS, "[]")] {
            let headers = [
                ("Authorization", tpp.token.as_str()),
                ("Content-Type", "application/json"),
                ("Flags", flags),
            ];
            tpp.send(method, path, &headers, body.as_bytes()).await.expect(200);
            if is_kept {
                kept = Some(flags.to_owned());
            }
            let stored: Option<String> =
                sqlx::query_scalar("SELECT jobrunner_state::text FROM backend WHERE slug = 'tpp'")
                    .fetch_one(site.db.pool())
                    .await
                    .unwrap();
            assert_eq!(stored, kept, "{path}");
        }
        for path in ["/status/", "/status/tpp/", "/status/tpp/db-availability/", "/"] {
            let page = site.anonymous().get(path).await.expect(200);
            assert!(!page.body.contains("<script>alert(1)"), "{path}");
        }
    }
}
