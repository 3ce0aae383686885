//! The headers that protect, on whatever is answered.

use rocket::http::Method;
use sqlx::PgPool;

use super::{Ask, peopled, usual_address};
use crate::support::{Answer, Site};

/// Addresses of every kind of answer: pages, redirects, files, errors, what is no page.
fn addresses(site: &Site) -> Vec<(Method, String)> {
    let routes = site
        .client
        .rocket()
        .routes()
        .filter(|route| route.method == Method::Get);
    let mut all: Vec<(Method, String)> = routes.map(|route| (Method::Get, usual_address(route))).collect();
    let gets = all.clone();
    all.extend(gets.iter().map(|(_, path)| (Method::Head, path.clone())));
    for method in [
        Method::Post,
        Method::Put,
        Method::Delete,
        Method::Patch,
        Method::Options,
        Method::Trace,
    ] {
        for path in [
            "/",
            "/project/",
            "/project/edit/",
            "/logout/",
            "/nope/nope/",
            "/api/v2/jobs/",
            "/api/nope/",
            "/static/x",
        ] {
            all.push((method, path.to_owned()));
        }
    }
    all.push((Method::Get, format!("/{}", "a".repeat(20_000))));
    all.push((Method::Get, "/static/../Cargo.toml".to_owned()));
    all
}

fn directive<'a>(policy: &'a str, name: &str) -> Option<&'a str> {
    policy
        .split("; ")
        .find_map(|part| part.strip_prefix(name)?.strip_prefix(' '))
}

fn is_page(answer: &Answer) -> bool {
    answer
        .header("Content-Type")
        .is_some_and(|kind| kind.starts_with("text/html"))
}

fn assert_protected(answer: &Answer, what: &str, is_api: bool) {
    for (name, value) in [
        ("X-Content-Type-Options", "nosniff"),
        ("X-Frame-Options", "SAMEORIGIN"),
        ("Referrer-Policy", "same-origin"),
        ("Cross-Origin-Opener-Policy", "same-origin"),
        ("Permissions-Policy", "browsing-topics=(), interest-cohort=()"),
    ] {
        assert_eq!(answer.header(name), Some(value), "{what} {name}");
    }
    assert!(answer.header("X-Request-Id").is_some(), "{what}");
    let is_machine = is_api && !is_page(answer);
    let old = is_machine.then_some("1; mode=block");
    assert_eq!(answer.header("X-XSS-Protection"), old, "{what}");
    let policy = answer.header("Content-Security-Policy");
    // What came from outside may do nothing at all, and is told apart by that.
    if let Some(policy) = policy.filter(|policy| policy.starts_with("sandbox; ")) {
        assert!(what.contains("/file/") || what.contains("/published/"), "{what}");
        assert_eq!(directive(policy, "default-src"), Some("'none'"), "{what}");
        for word in ["allow-", "script", "connect", "frame-src", "http"] {
            assert!(!policy.contains(word), "{what} {policy}");
        }
        assert_eq!(directive(policy, "form-action"), Some("'none'"), "{what}");
        return;
    }
    if is_machine {
        assert_eq!(policy, None, "{what}");
        return;
    }
    if what.contains("/static/") && !is_page(answer) {
        return;
    }
    let policy = policy.unwrap_or_else(|| panic!("{what} has no policy"));
    assert_eq!(directive(policy, "default-src"), Some("'none'"), "{what}");
    assert_eq!(directive(policy, "base-uri"), Some("'none'"), "{what}");
    assert_eq!(directive(policy, "frame-ancestors"), Some("'self'"), "{what}");
    assert_eq!(
        directive(policy, "report-uri"),
        Some("https://reports.test/csp"),
        "{what}"
    );
    for word in ["unsafe", "data: ", "*", "http://", "strict-dynamic"] {
        let scripts = directive(policy, "script-src").unwrap_or_default();
        assert!(!scripts.contains(word), "{what} {scripts}");
    }
    assert!(!policy.contains("unsafe"), "{what} {policy}");
    if !is_page(answer) {
        assert!(!policy.contains("nonce"), "{what} {policy}");
        assert_eq!(directive(policy, "form-action"), Some("'none'"), "{what}");
        return;
    }
    assert_eq!(directive(policy, "object-src"), Some("'none'"), "{what}");
    assert_eq!(
        directive(policy, "form-action"),
        Some("'self' https://github.com"),
        "{what}"
    );
    let scripts = directive(policy, "script-src").unwrap();
    let nonce = scripts
        .strip_prefix("'self' 'nonce-")
        .unwrap()
        .strip_suffix('\'')
        .unwrap();
    assert_eq!(
        data_encoding::BASE64.decode(nonce.as_bytes()).unwrap().len(),
        16,
        "{what}"
    );
    let html = answer.html();
    assert!(
        html.attributes("script", "nonce").iter().all(|found| found == nonce),
        "{what}"
    );
    assert!(
        !html.has("[onclick], [onload], [style], script:not([src]), base"),
        "{what}"
    );
}

#[sqlx::test]
async fn every_answer_is_protected(pool: PgPool) {
    let site = Site::start_with(pool, |settings| {
        settings.web.csp_report_uri = Some("https://reports.test/csp".parse().unwrap());
        // As with an OAuth app of GitHub's.
        settings.github.login.web_url = "https://github.com".parse().unwrap();
    })
    .await;
    peopled(&site).await;
    let ada = site.sign_in("ada").await;
    let mut pages = 0;
    for (method, path) in addresses(&site) {
        for (visitor, is_somebody) in [(&site.anonymous(), false), (&ada, true)] {
            let answer = visitor.bare(method, &path).await;
            let what = format!("{method} {path} {}", answer.status);
            assert_protected(&answer, &what, path.starts_with("/api/"));
            assert_eq!(answer.header("Strict-Transport-Security"), None, "{what}");
            let cache = answer.header("Cache-Control").unwrap_or_default();
            if is_page(&answer) {
                pages += 1;
                // The page's own token and nonce are one visitor's, one time's.
                assert!(
                    cache.contains("no-store") || cache == "private, no-cache",
                    "{what}: {cache:?}"
                );
            }
            // The platform's own questions, and pages about faults of ours, know of nobody.
            if answer.body.contains("/logout/") || (is_somebody && path == "/") {
                assert!(cache.contains("no-store"), "{what}: {cache:?}");
            }
            assert!(
                !cache.contains("public") || path.contains("/static/") || path.contains("/published/"),
                "{what}: {cache:?}"
            );
        }
    }
    assert!(pages > 60, "{pages}");
}

#[sqlx::test]
async fn a_nonce_is_used_once(pool: PgPool) {
    let site = Site::start(pool).await;
    let policy = async || {
        site.anonymous()
            .get("/")
            .await
            .header("Content-Security-Policy")
            .unwrap()
            .to_owned()
    };
    assert_ne!(policy().await, policy().await);
}

/// Browsers keep a page for the way back unless they are told to store nothing.
#[sqlx::test]
async fn what_somebody_signed_in_saw_is_not_kept_for_after_they_signed_out(pool: PgPool) {
    let site = Site::start(pool).await;
    site.world.usual().await;
    let ada = site.sign_in("ada").await;
    for path in [
        "/",
        "/settings/",
        "/project/ws/",
        "/project/edit/",
        "/nope/nope/nope/nope/",
    ] {
        let answer = ada.get(path).await;
        let cache = answer.header("Cache-Control").unwrap();
        assert!(cache.contains("no-store"), "{path} {cache}");
    }
    let signed_out = ada.post("/logout/", &[]).await.expect(302);
    assert_eq!(signed_out.header("Cache-Control"), Some("private, no-store"));
    ada.get("/settings/").await.expect(302);
    let page = ada.get("/").await;
    assert_eq!(page.header("Cache-Control"), Some("private, no-cache"));
}

#[sqlx::test]
async fn https_is_for_good_where_there_is_https(pool: PgPool) {
    let site = Site::start_with(pool, |settings| {
        settings.web.base_url = "https://jobs.test".parse().unwrap()
    })
    .await;
    for (method, path) in addresses(&site) {
        let answer = site.anonymous().bare(method, &path).await;
        let told = answer.header("Strict-Transport-Security");
        assert_eq!(told, Some("max-age=31536000; includeSubDomains"), "{method} {path}");
    }
}

/// What a client sends comes back in no header.
#[sqlx::test]
async fn nothing_that_is_sent_becomes_a_header(pool: PgPool) {
    let site = Site::start(pool).await;
    peopled(&site).await;
    let ada = site.sign_in("ada").await;
    let cookie = format!("sessionid={}", ada.cookies().await.swap_remove(0).1);
    let evil = "x\r\nSet-Cookie: evil=1\r\n\r\n<script>";
    let encoded = "x%0d%0aSet-Cookie:%20evil=1%0d%0a%0d%0a%3Cscript%3E";
    for path in [
        format!("/login/?next=/{encoded}"),
        format!("/login/?next={encoded}"),
        format!("/{encoded}/"),
        format!("/project/ws/logs/?q={encoded}"),
        format!("/jobs/{encoded}/"),
        format!("/event-list/?a={encoded}"),
        format!("/api/v2/job-requests/?limit=1&x={encoded}"),
        format!("/settings/?{encoded}"),
    ] {
        let ask = Ask {
            headers: vec![
                ("Cookie", &cookie),
                ("X-Request-Id", "evil-id\r\nx: y"),
                ("X-Forwarded-For", evil),
                ("User-Agent", evil),
                ("Referer", evil),
            ],
            ..Ask::default()
        };
        let answer = ask.send(&site, Method::Get, &path).await;
        for (name, value) in &answer.headers {
            assert!(!value.contains(['\r', '\n']), "{path} {name}: {value:?}");
            assert!(
                !name.eq_ignore_ascii_case("x") && !value.starts_with("evil"),
                "{path} {name}: {value:?}"
            );
        }
        assert!(!answer.body.contains("<script>"), "{path}");
        assert_ne!(answer.header("X-Request-Id"), Some("evil-id\r\nx: y"));
    }
}
