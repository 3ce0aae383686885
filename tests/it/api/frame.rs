//! What is alike at every endpoint: methods, forms of the path, headers, errors.

use rocket::http::{Header, Method};
use sqlx::PgPool;

use crate::support::{Request, Site, count_statements};

/// Every address of a GET endpoint, with what it answers a backend.
async fn addresses(site: &Site) -> Vec<(&'static str, u16)> {
    site.world.usual().await;
    site.world.request(Request::default()).await;
    vec![
        ("/api/v2/job-requests", 200),
        ("/api/v2/users/ada", 200),
        ("/api/v2/users/nobody", 404),
        ("/api/v2/workspaces/ws/statuses", 200),
        ("/api/v2/workspaces/nothing/statuses", 404),
        ("/api/v2/workspaces/ws/status", 200),
        ("/api/v2/workspaces/nothing/status", 404),
    ]
}

#[sqlx::test]
async fn every_answer_has_its_length_and_its_headers(pool: PgPool) {
    let site = Site::start(pool).await;
    let addresses = addresses(&site).await;
    let token = site.world.backend("tpp").await;
    for (path, status) in addresses {
        for path in [path.to_owned(), format!("{path}/")] {
            for method in [Method::Get, Method::Head] {
                let request = site
                    .client
                    .req(method, path.clone())
                    .header(Header::new("Authorization", token.clone()))
                    .header(Header::new("Accept", "text/html"));
                let response = request.dispatch().await;
                assert_eq!(response.status().code, status, "{method} {path}");
                let headers: Vec<(String, String)> = response
                    .headers()
                    .iter()
                    .map(|header| (header.name.to_string(), header.value.to_string()))
                    .collect();
                let header = |wanted: &str| {
                    let found = headers.iter().find(|(name, _)| name.eq_ignore_ascii_case(wanted));
                    found.map_or("", |(_, value)| value)
                };
                assert!(response.body().preset_size().is_some(), "{method} {path}");
                assert_eq!(header("X-Content-Type-Options"), "nosniff");
                assert_eq!(header("X-Frame-Options"), "SAMEORIGIN");
                assert_eq!(header("Referrer-Policy"), "same-origin");
                assert_eq!(header("Cross-Origin-Opener-Policy"), "same-origin");
                assert_eq!(header("X-XSS-Protection"), "1; mode=block");
                assert_eq!(header("Permissions-Policy"), "browsing-topics=(), interest-cohort=()");
                assert_eq!(header("Vary"), "Accept, Cookie");
                assert_eq!(header("Allow"), "GET, HEAD, OPTIONS", "{path}");
                for absent in [
                    "Content-Security-Policy",
                    "Set-Cookie",
                    "ETag",
                    "Access-Control-Allow-Origin",
                    "WWW-Authenticate",
                ] {
                    assert_eq!(header(absent), "", "{path} {absent}");
                }
                let size = response.body().preset_size();
                let body = response.into_bytes().await.unwrap_or_default();
                if method == Method::Get {
                    assert_eq!(size, Some(body.len()));
                    let is_empty = path.contains("nothing/statuses");
                    assert_eq!(body.is_empty(), is_empty, "{path}");
                    assert_eq!(header("Content-Type"), if is_empty { "" } else { "application/json" });
                }
            }
        }
    }
}

#[sqlx::test]
async fn other_methods_are_refused_by_name(pool: PgPool) {
    let site = Site::start(pool).await;
    let mut addresses: Vec<&str> = addresses(&site).await.into_iter().map(|(path, _)| path).collect();
    addresses.push("/api/v2/jobs");
    let tpp = site.backend("tpp").await;
    let token = [("Authorization", tpp.token.as_str())];
    for path in addresses {
        let allow = if path.ends_with("jobs") {
            "POST, OPTIONS"
        } else {
            "GET, HEAD, OPTIONS"
        };
        let is_token_first = path.ends_with("jobs") || path.contains("/users/");
        for path in [path.to_owned(), format!("{path}/")] {
            for method in [Method::Get, Method::Put, Method::Post, Method::Delete, Method::Patch] {
                if allow.starts_with(method.as_str()) {
                    continue;
                }
                let answer = tpp.send(method, &path, &token, b"").await.expect(405);
                assert_eq!(
                    answer.body,
                    format!(r#"{{"detail":"Method \"{method}\" not allowed."}}"#)
                );
                assert_eq!(answer.header("Allow"), Some(allow), "{path}");
                assert_eq!(answer.header("Content-Type"), Some("application/json"));
                let status = if is_token_first { 403 } else { 405 };
                tpp.send(method, &path, &[], b"").await.expect(status);
            }
            let options = tpp.send(Method::Options, &path, &token, b"").await.expect(200);
            assert_eq!(options.header("Allow"), Some(allow));
            let described = options.json();
            for name in ["name", "description", "renders", "parses"] {
                assert!(described.get(name).is_some(), "{path} {name}");
            }
            let status = if is_token_first { 403 } else { 200 };
            tpp.send(Method::Options, &path, &[], b"").await.expect(status);
            if allow.starts_with("POST") {
                tpp.send(Method::Head, &path, &token, b"").await.expect(405);
            }
        }
    }
}

#[sqlx::test]
async fn unknown_addresses_are_told_in_json(pool: PgPool) {
    let site = Site::start(pool).await;
    site.world.usual().await;
    let ada = site.sign_in("ada").await;
    for path in [
        "/api",
        "/api/",
        "/api/v2/",
        "/api/v2/nothing/",
        "/api/v2/jobs/1/",
        "/api/v2/workspaces/ws",
        "/api/v2/workspaces/ws/nothing",
        "/api/v1/job-requests/",
        "/api/v2/%00/",
        "/api/v2/users/",
    ] {
        for method in [Method::Get, Method::Post, Method::Put, Method::Options, Method::Delete] {
            let answer = ada.bare(method, path).await.expect(404);
            assert_eq!(answer.body, r#"{"detail":"Not found."}"#, "{method} {path}");
            assert_eq!(answer.header("Content-Type"), Some("application/json"));
        }
    }
}

#[sqlx::test]
async fn an_address_written_otherwise_is_the_same(pool: PgPool) {
    let site = Site::start(pool).await;
    site.world.usual().await;
    let tpp = site.backend("tpp").await;
    for (path, status) in [
        ("/api/v2/users/ada", 200),
        ("//api/v2//users/ada//", 200),
        ("/%61pi/v2/%75sers/ada/", 200),
        ("//api/v2/users/nobody/", 404),
        ("/%61pi/v2/nothing/", 404),
    ] {
        let answer = tpp.get(path).await.expect(status);
        assert_eq!(answer.header("Content-Type"), Some("application/json"), "{path}");
        assert_eq!(answer.header("Vary"), Some("Accept, Cookie"), "{path}");
        assert_eq!(answer.header("Content-Security-Policy"), None, "{path}");
        let allow = (!path.contains("nothing")).then_some("GET, HEAD, OPTIONS");
        assert_eq!(answer.header("Allow"), allow, "{path}");
    }
    tpp.send(Method::Put, "//%61pi/v2/jobs", &[], b"").await.expect(403);
}

#[sqlx::test]
async fn there_is_no_other_form_than_json(pool: PgPool) {
    let site = Site::start(pool).await;
    let addresses = addresses(&site).await;
    let tpp = site.backend("tpp").await;
    for (path, status) in addresses {
        for (query, status) in [
            ("?format=json", status),
            ("?format=", status),
            ("?format=api&format=json", status),
            ("?format=api", 404),
            ("?format=xml", 404),
        ] {
            let answer = tpp.get(&format!("{path}/{query}")).await.expect(status);
            if query.ends_with("api") || query.ends_with("xml") {
                assert_eq!(answer.body, r#"{"detail":"Not found."}"#);
            }
        }
    }
    tpp.send(Method::Post, "/api/v2/jobs/?format=xml", &[], b"")
        .await
        .expect(404);
}

#[sqlx::test]
async fn an_outage_is_told_in_json(pool: PgPool) {
    let site = Site::start(pool).await;
    let addresses = addresses(&site).await;
    let tpp = site.backend("tpp").await;
    site.db.pool().close().await;
    for (path, _) in addresses {
        let answer = tpp.get(path).await.expect(503);
        assert!(answer.json()["detail"].is_string());
        assert_eq!(answer.header("Content-Type"), Some("application/json"));
        assert_eq!(answer.header("Retry-After"), Some("30"));
    }
    tpp.post_text("/api/v2/jobs/", "[]").await.expect(503);
}

#[sqlx::test]
async fn a_fault_of_ours_is_told_in_json_and_tells_nothing(pool: PgPool) {
    let site = Site::start(pool).await;
    site.world.usual().await;
    let tpp = site.backend("tpp").await;
    sqlx::raw_sql("ALTER TABLE workspace RENAME COLUMN uses_new_release_flow TO renamed")
        .execute(site.db.pool())
        .await
        .unwrap();
    let answer = tpp.get("/api/v2/workspaces/ws/status").await.expect(500);
    let detail = answer.json()["detail"].as_str().unwrap().to_owned();
    assert!(!detail.contains("column"), "{detail}");
    assert!(detail.contains(answer.header("X-Request-Id").unwrap()), "{detail}");
}

#[sqlx::test]
async fn a_session_opens_nothing_and_must_prove_itself(pool: PgPool) {
    let site = Site::start(pool).await;
    site.world.usual().await;
    let ada = site.sign_in("ada").await;
    for path in ["/api/v2/users/ada/", "/api/v2/jobs/"] {
        let answer = ada.get(path).await.expect(403);
        assert_eq!(answer.body, r#"{"detail":"Authorization header is missing"}"#);
    }
    // With a token too, a browser's session must not be abused.
    let token = site.world.backend("tpp").await;
    let session = site.world.session("ada").await;
    let csrf = ada.csrf_token("/login/").await;
    let send = async |headers: &[(&str, &str)]| {
        let mut request = site
            .client
            .post("/api/v2/jobs/")
            .header(rocket::http::ContentType::JSON)
            .header(Header::new("Authorization", token.clone()))
            .body("[]");
        for (name, value) in headers {
            request = match value.split_once('=').filter(|_| *name == "Cookie") {
                Some((name, value)) => request.cookie((name.to_owned(), value.to_owned())),
                None => request.header(Header::new((*name).to_owned(), (*value).to_owned())),
            };
        }
        let response = request.dispatch().await;
        (response.status().code, response.into_string().await.unwrap_or_default())
    };
    let failed = |reason: &str| (403, format!(r#"{{"detail":"CSRF Failed: {reason}"}}"#));
    let cookie = ("Cookie", format!("sessionid={session}"));
    let cookie = (cookie.0, cookie.1.as_str());
    let other = ("Cookie", "csrftoken=abc");
    assert_eq!(send(&[]).await.0, 200);
    assert_eq!(send(&[("Cookie", "sessionid=unknown")]).await.0, 200);
    assert_eq!(send(&[cookie]).await, failed("CSRF cookie not set."));
    assert_eq!(send(&[cookie, other]).await, failed("CSRF token missing."));
    assert_eq!(
        send(&[cookie, ("X-CSRFToken", "short")]).await,
        failed("CSRF token from the 'X-Csrftoken' HTTP header has incorrect length.")
    );
    // Another session's token is as long, and wrong.
    assert_eq!(
        send(&[cookie, ("X-CSRFToken", &csrf)]).await,
        failed("CSRF token from the 'X-Csrftoken' HTTP header incorrect.")
    );
    assert_eq!(
        send(&[cookie, ("Origin", "https://evil.example")]).await,
        failed("Origin checking failed - https://evil.example does not match any trusted origins.")
    );
}

#[sqlx::test]
async fn over_https_a_session_must_say_where_it_comes_from(pool: PgPool) {
    let site = Site::start_with(pool, |settings| {
        settings.web.base_url = "https://jobs.test".parse().unwrap()
    })
    .await;
    site.world.usual().await;
    let token = site.world.backend("tpp").await;
    let session = site.world.session("ada").await;
    let send = async |session: Option<&str>, header: Option<(&'static str, &'static str)>| {
        let mut request = site
            .client
            .post("/api/v2/jobs/")
            .header(rocket::http::ContentType::JSON)
            .header(Header::new("Authorization", token.clone()))
            .body("[]");
        if let Some(session) = session {
            request = request.cookie(("__Host-sessionid", session.to_owned()));
        }
        if let Some((name, value)) = header {
            request = request.header(Header::new(name, value));
        }
        request.dispatch().await.into_string().await.unwrap_or_default()
    };
    let failed = |reason: &str| format!(r#"{{"detail":"CSRF Failed: {reason}"}}"#);
    assert_eq!(send(None, None).await, r#"{"status":"success"}"#);
    let session = Some(session.as_str());
    assert_eq!(
        send(session, None).await,
        failed("Referer checking failed - no Referer.")
    );
    for header in [
        ("Origin", "https://jobs.test"),
        ("Referer", "https://jobs.test/project/ws/"),
    ] {
        assert_eq!(send(session, Some(header)).await, failed("CSRF cookie not set."));
    }
}

#[sqlx::test]
async fn names_that_cannot_be_are_not_found(pool: PgPool) {
    let site = Site::start(pool).await;
    let tpp = site.backend("tpp").await;
    for name in [
        "%00",
        "a%00b",
        "%FF",
        &"x".repeat(10_000),
        "%F0%9F%98%80",
        "..%2F..",
        "'%3B--",
    ] {
        for path in [
            format!("/api/v2/users/{name}/"),
            format!("/api/v2/workspaces/{name}/statuses/"),
            format!("/api/v2/workspaces/{name}/status"),
            format!("/status/{name}/"),
            format!("/status/{name}/db-availability/"),
        ] {
            tpp.get(&path).await.expect(404);
        }
    }
    site.world.usual().await;
    tpp.get("/api/v2/workspaces/ws/statuses/?backend=%00").await.expect(404);
    let (_, statements) = count_statements(tpp.get("/api/v2/users/nobody/")).await;
    assert_eq!(statements, 2);
}
