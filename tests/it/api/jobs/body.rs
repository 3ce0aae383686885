//! Reports that are no reports: what is wrong with a whole body, and which texts its fields take.

use rocket::http::Method;
use serde_json::json;
use sqlx::PgPool;

use super::{JOBS, job, jobs, row, start};

#[sqlx::test]
async fn the_whole_body_may_be_wrong(pool: PgPool) {
    let (_, tpp, _) = start(pool).await;
    for (body, expected) in [
        (
            "{}",
            r#"{"non_field_errors":["Expected a list of items but got type \"dict\"."]}"#,
        ),
        (
            "",
            r#"{"non_field_errors":["Expected a list of items but got type \"dict\"."]}"#,
        ),
        (
            "\"a\"",
            r#"{"non_field_errors":["Expected a list of items but got type \"str\"."]}"#,
        ),
        (
            "1",
            r#"{"non_field_errors":["Expected a list of items but got type \"int\"."]}"#,
        ),
        ("null", r#"{"non_field_errors":["No data provided"]}"#),
    ] {
        assert_eq!(tpp.post_text(JOBS, body).await.expect(400).body, expected, "{body}");
    }
    for body in ["[", "[NaN]", "[Infinity]", "nonsense", " "] {
        let answer = tpp.post_text(JOBS, body).await.expect(400);
        let detail = answer.json()["detail"].as_str().unwrap().to_owned();
        assert!(detail.starts_with("JSON parse error - "), "{detail}");
    }
    let headers = [
        ("Authorization", tpp.token.as_str()),
        ("Content-Type", "application/json"),
    ];
    let answer = tpp.send(Method::Post, JOBS, &headers, b"[\"\xff\"]").await.expect(400);
    assert!(
        answer.body.starts_with(r#"{"detail":"JSON parse error - "#),
        "{}",
        answer.body
    );
    let huge = vec![b' '; 33 * 1024 * 1024];
    let answer = tpp.send(Method::Post, JOBS, &headers, &huge).await.expect(413);
    assert!(answer.json()["detail"].is_string());
    assert_eq!(answer.header("Content-Type"), Some("application/json"));
}

#[sqlx::test]
async fn the_token_comes_before_the_type_and_the_type_before_the_body(pool: PgPool) {
    let (_, tpp, _) = start(pool).await;
    let send = async |headers: &[(&str, &str)]| {
        let answer = tpp.send(Method::Post, JOBS, headers, b"{").await;
        (answer.status, answer.body)
    };
    let refused = |detail: &str| (403, format!(r#"{{"detail":"{detail}"}}"#));
    let json = ("Content-Type", "application/json");
    assert_eq!(send(&[json]).await, refused("Authorization header is missing"));
    assert_eq!(
        send(&[json, ("Authorization", "")]).await,
        refused("Authorization header is empty")
    );
    assert_eq!(
        send(&[json, ("Authorization", "wrong")]).await,
        refused("Invalid token")
    );
    let bearer = format!("Bearer {}", tpp.token);
    assert_eq!(
        send(&[json, ("Authorization", &bearer)]).await,
        refused("Invalid token")
    );
    let upper = tpp.token.to_uppercase();
    assert_eq!(send(&[json, ("Authorization", &upper)]).await, refused("Invalid token"));
    assert_eq!(
        send(&[("Content-Type", "text/plain"), ("Authorization", "wrong")]).await,
        refused("Invalid token")
    );
    let token = ("Authorization", tpp.token.as_str());
    let unsupported = |name: &str| {
        (
            415,
            format!(r#"{{"detail":"Unsupported media type \"{name}\" in request."}}"#),
        )
    };
    assert_eq!(
        send(&[("Content-Type", "text/plain"), token]).await,
        unsupported("text/plain")
    );
    assert_eq!(send(&[token]).await, unsupported(""));
    for good in [
        "application/json",
        "application/json; charset=utf-8",
        "Application/JSON",
    ] {
        assert_eq!(send(&[("Content-Type", good), token]).await.0, 400, "{good}");
    }
}

#[sqlx::test]
async fn forms_stand_for_lists(pool: PgPool) {
    let (site, tpp, a) = start(pool).await;
    let mut body = url::form_urlencoded::Serializer::new(String::new());
    for (name, value) in job(&a, "1", "running").as_object().unwrap() {
        if let Some(value) = value.as_str() {
            body.append_pair(&format!("[0]{name}"), value);
        }
    }
    let body = body.finish();
    let form = [
        ("Authorization", tpp.token.as_str()),
        ("Content-Type", "application/x-www-form-urlencoded"),
    ];
    let answer = tpp.send(Method::Post, JOBS, &form, body.as_bytes()).await.expect(400);
    assert_eq!(
        answer.body,
        r#"[{"started_at":["This field is required."],"completed_at":["This field is required."]}]"#
    );
    let whole = body + "&%5B0%5Dstarted_at=2024-08-21&%5B0%5Dcompleted_at=2024-08-22";
    tpp.send(Method::Post, JOBS, &form, whole.as_bytes()).await.expect(200);
    assert_eq!(jobs(&site).await, [row(&a, "1", "running")]);
    tpp.send(Method::Post, JOBS, &form, b"").await.expect(200);
    let multipart = [
        ("Authorization", tpp.token.as_str()),
        ("Content-Type", "multipart/form-data; boundary=x"),
    ];
    let part = b"--x\r\nContent-Disposition: form-data; name=\"[0]status\"\r\n\r\n \r\n--x--\r\n";
    let answer = tpp.send(Method::Post, JOBS, &multipart, part).await.expect(400);
    assert_eq!(answer.json()[0]["status"], json!(["This field may not be blank."]));
    assert_eq!(answer.json()[0].as_object().unwrap().len(), 11);
}

#[sqlx::test]
async fn any_text_is_stored_or_refused(pool: PgPool) {
    let (site, tpp, a) = start(pool).await;
    let long: String = (0..100_000_u32)
        .map(|n| char::from(b'a' + (n.wrapping_mul(2_654_435_761) >> 24) as u8 % 26))
        .collect();
    for text in [
        "",
        "emoji 😀",
        "עברית العربية",
        "\u{202e}reversed",
        "a\nb\tc",
        "'; DROP TABLE job; --",
        &long,
    ] {
        for field in [
            "run_command",
            "status",
            "status_code",
            "status_message",
            "action",
            "identifier",
        ] {
            let mut item = job(&a, "1", "running");
            item[field] = json!(text);
            let answer = tpp.post(JOBS, &json!([item])).await;
            let is_blank = text.is_empty() && matches!(field, "status" | "identifier");
            let is_long = text.len() > 500 && matches!(field, "action" | "identifier");
            assert_eq!(
                answer.status,
                if is_blank || is_long { 400 } else { 200 },
                "{field} {}",
                answer.body
            );
            if answer.status == 200 {
                let sql = match field {
                    "run_command" => "SELECT run_command FROM job",
                    "status" => "SELECT status FROM job",
                    "status_code" => "SELECT status_code FROM job",
                    "status_message" => "SELECT status_message FROM job",
                    "action" => "SELECT action FROM job",
                    _ => "SELECT identifier FROM job",
                };
                let stored: String = sqlx::query_scalar(sql).fetch_one(site.db.pool()).await.unwrap();
                assert_eq!(stored, text, "{field}");
            }
        }
    }
}
