//! The site on a bad day.

use rocket::http::Method;
use sqlx::PgPool;

use super::{Ask, peopled};
use crate::support::{Answer, Program, Site, count_statements};

fn assert_helpful(answer: &Answer) {
    let html = answer.html();
    let main = html.main();
    let id = answer.header("X-Request-Id").unwrap();
    assert!(main.contains(id), "{main}");
    assert!(html.has("main a[href]"), "{main}");
    assert!(
        main.contains(&answer.status.to_string()) || main.starts_with("CSRF"),
        "{main}"
    );
    assert_eq!(answer.header("Cache-Control"), Some("no-store"));
}

#[sqlx::test]
async fn each_error_has_a_page_of_the_family(pool: PgPool) {
    let site = Site::start(pool).await;
    let ada = site.sign_in("ada").await;
    for status in [400, 403, 404, 413, 429, 500, 503] {
        for visitor in [&site.anonymous(), &ada] {
            let answer = visitor.get(&format!("/{status}")).await.expect(status);
            assert_helpful(&answer);
            let waits = [429, 503].contains(&status);
            assert_eq!(answer.header("Retry-After").is_some(), waits, "{status}");
        }
    }
    let main = async |visitor: &crate::support::Visitor, path: &str| visitor.get(path).await.html().main();
    for path in ["/403", "/404"] {
        let (anonymous, signed_in) = (main(&site.anonymous(), path).await, main(&ada, path).await);
        assert!(
            anonymous.contains("You are not signed in") && anonymous.contains("Sign in"),
            "{anonymous}"
        );
        assert!(
            !signed_in.contains("signed in") && !signed_in.contains("Sign in"),
            "{signed_in}"
        );
    }
    let not_here = site.anonymous().bare(Method::Delete, "/project/").await.expect(405);
    assert_helpful(&not_here);
    assert_eq!(not_here.header("Allow"), Some("GET, HEAD"));
}

/// After a form that was refused, the way on leads to the form.
#[sqlx::test]
async fn a_refused_form_leads_back_to_its_page(pool: PgPool) {
    let site = Site::start(pool).await;
    peopled(&site).await;
    let session = site.world.session("ada").await;
    let cookie = format!("sessionid={session}");
    for (referer, back) in [
        ("http://localhost:8000/project/edit/?a=1", Some("/project/edit/?a=1")),
        ("http://localhost:8000/logout/", None),
        ("http://localhost:8000//evil.com/", None),
    ] {
        let ask = Ask {
            headers: vec![
                ("Cookie", &cookie),
                ("Origin", "http://localhost:8000"),
                ("Referer", referer),
            ],
            ..Ask::default()
        };
        let html = ask.send(&site, Method::Post, "/project/edit/").await.expect(403).html();
        assert_eq!(
            html.link("Back to the page you came from").as_deref(),
            back,
            "{referer}"
        );
        assert_eq!(html.link("Go to the home page").as_deref(), Some("/"));
    }
}

#[sqlx::test]
async fn pages_about_faults_of_ours_ask_no_database(pool: PgPool) {
    let site = Site::start(pool).await;
    let ada = site.sign_in("ada").await;
    for (path, status) in [("/500", 500), ("/503", 503)] {
        let (answer, statements) = count_statements(ada.get(path)).await;
        assert_helpful(&answer.expect(status));
        assert_eq!(statements, 0, "{path}");
    }
    site.db.pool().close().await;
    for (path, status) in [
        ("/500", 500),
        ("/503", 503),
        ("/settings/", 503),
        ("/", 503),
        ("/404", 404),
    ] {
        let answer = ada.get(path).await.expect(status);
        assert_helpful(&answer);
        assert!(answer.html().has("header nav"), "{path} is in the site's frame");
    }
    let answer = site.anonymous().get("/api/v2/job-requests/").await.expect(503);
    assert_eq!(answer.header("Content-Type"), Some("application/json"));
    assert_eq!(answer.header("Retry-After"), Some("30"));
}

#[sqlx::test]
async fn the_api_says_each_of_them_in_json(pool: PgPool) {
    let site = Site::start(pool).await;
    let long = format!("/api/v2/users/{}/", "a".repeat(20_000));
    let ask = Ask::default();
    for (method, path, status) in [
        (Method::Get, "/api/nope/", 404),
        (Method::Get, &*long, 414),
        (Method::Put, "/api/v2/job-requests/", 405),
        (Method::Post, "/api/v2/jobs/", 403),
    ] {
        let answer = ask.send(&site, method, path).await.expect(status);
        assert_eq!(answer.header("Content-Type"), Some("application/json"));
        assert!(answer.json()["detail"].is_string());
        assert!(answer.header("X-Request-Id").is_some());
    }
}

/// A template that cannot be filled: of a page, and of the error page itself.
#[sqlx::test]
async fn a_site_without_templates_still_says_what_happened(pool: PgPool) {
    let templates = tempfile::tempdir().unwrap();
    for (name, text) in [
        ("pages/error.html.hbs", "{{no.such.thing}}"),
        ("pages/event_log.html.hbs", "{{no.such.thing}}"),
        ("pages/status.html.hbs", "fine"),
    ] {
        let file = templates.path().join(name);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, text).unwrap();
    }
    let program = Program::new(&pool)
        .with("ROCKET_ADDRESS", "127.0.0.1")
        .with("ROCKET_TEMPLATE_DIR", templates.path().to_str().unwrap())
        .with("BUILT_ASSETS", &format!("{}/assets/dist", env!("CARGO_MANIFEST_DIR")));
    let running = program.start(&["serve", "0"], "listening on").await;
    let client = crate::support::http_client();
    for (path, status, says) in [
        ("/status/", 200, "fine"),
        ("/event-log/", 500, "Something went wrong"),
        ("/no/such/page/at/all/", 404, "Page not found"),
        ("/500", 500, "Something went wrong"),
    ] {
        let answer = client
            .get(format!("http://{}{path}", running.address()))
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status().as_u16(), status, "{path}");
        let header = |name: &str| answer.headers().get(name).unwrap().to_str().unwrap().to_owned();
        let (id, policy) = (header("X-Request-Id"), header("Content-Security-Policy"));
        let (kind, frames) = (header("Content-Type"), header("X-Frame-Options"));
        let body = answer.text().await.unwrap();
        assert!(body.contains(says), "{path} {body}");
        assert!(kind.starts_with("text/html") && frames == "SAMEORIGIN", "{path} {kind}");
        if status == 200 {
            continue;
        }
        assert!(body.contains(&id), "{path} {body}");
        let nonce = policy.split("style-src 'nonce-").nth(1).unwrap().trim_end_matches('\'');
        assert!(body.contains(&format!("<style nonce=\"{nonce}\">")), "{path} {policy}");
        assert!(!body.contains('{') || body.contains("body {"), "{path} {body}");
        assert!(
            !["{name}", "{code}", "{message}", "{advice}", "{nonce}"]
                .iter()
                .any(|name| body.contains(name))
        );
    }
}
