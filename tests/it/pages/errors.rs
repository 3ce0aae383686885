//! Error pages at addresses of their own, and the gallery of components.

use rocket::http::Method;
use sqlx::PgPool;

use super::lists::assert_accessible;
use crate::support::{Site, count_statements};

#[sqlx::test]
async fn each_error_page_has_its_address_and_asks_no_database(pool: PgPool) {
    let site = Site::start(pool).await;
    for (path, status, name, offers_login) in [
        ("/400", 400, "Bad request", false),
        ("/403", 403, "Not allowed", true),
        ("/404", 404, "Page not found", true),
        ("/500", 500, "Something went wrong", false),
    ] {
        let (answer, statements) = count_statements(site.anonymous().get(path)).await;
        let html = answer.expect(status).html();
        assert_eq!(statements, 0, "{path}");
        assert_accessible(&html);
        assert_eq!(html.text("h1").as_deref(), Some(name));
        assert!(html.main().contains(&status.to_string()));
        assert_eq!(html.has("main a[href^='/login/']"), offers_login, "{path}");
    }
    let html = site.sign_in("ada").await.get("/404").await.expect(404).html();
    assert_accessible(&html);
    assert!(!html.has("main a[href^='/login/']"));
}

#[sqlx::test]
async fn each_error_page_says_what_happened_and_what_to_do(pool: PgPool) {
    let site = Site::start_with(pool, |settings| {
        settings.web.support_email = "help@example.org".to_owned()
    })
    .await;
    let ada = site.sign_in("ada").await;
    for (path, says) in [
        ("/400", "Go back, check what you entered"),
        ("/403", "You are not signed in. Sign in, and you may be allowed"),
        ("/404", "The address may be mistyped."),
        ("/413", "choose fewer items"),
        ("/429", "Try again in a few minutes"),
        ("/500", "Try again in a few minutes"),
        ("/503", "Wait a minute and try again"),
    ] {
        let html = site.anonymous().get(path).await.html();
        assert!(html.main().contains(says), "{path}: {}", html.main());
        let crumbs = html.texts("nav[aria-label=Breadcrumb] li");
        assert_eq!(crumbs, ["Home".to_owned(), html.text("h1").unwrap()], "{path}");
        let mail = html.attribute("main a[href^='mailto:']", "href").unwrap();
        assert!(mail.starts_with("mailto:help@example.org?subject=Request%20"), "{mail}");
        // Of a fault of ours nobody asks who is visiting, and nobody is told to sign in.
        let offers = html.has("header a[href^='/login/?next=']");
        assert_eq!(offers, !["/500", "/503"].contains(&path), "{path}");
        let html = ada.get(path).await.html();
        assert!(!html.has("a[href^='/login/']"), "{path}");
    }
    let reasons = site.anonymous().get("/404").await.html().texts("main li");
    assert_eq!(reasons.len(), 3, "{reasons:?}");
    assert!(reasons[2].contains("not signed in"));
    let html = ada.get("/404").await.html();
    assert!(html.texts("main li")[2].contains("only to the people it concerns"));
}

#[sqlx::test]
async fn a_page_answers_its_methods_and_names_them(pool: PgPool) {
    let site = Site::start(pool).await;
    site.world.usual().await;
    for path in [
        "/",
        "/users/ada/",
        "/project/",
        "/project/ws/",
        "/project/ws/1/",
        "/project/ws/logs/",
    ] {
        for method in [Method::Post, Method::Put, Method::Delete] {
            let answer = site.anonymous().bare(method, path).await.expect(405);
            assert_eq!(answer.header("Allow"), Some("GET, HEAD"), "{method} {path}");
        }
    }
    // What is not there is not there, however it is asked.
    site.anonymous().bare(Method::Post, "/a/b/c/d/e/f/").await.expect(404);
    site.anonymous().get("/nope/").await.expect(404);
}

#[sqlx::test]
async fn the_gallery_shows_every_component(pool: PgPool) {
    let site = Site::start(pool).await;
    let html = site.anonymous().get("/ui-components/").await.expect(200).html();
    assert_accessible(&html);
    assert!(html.texts(".status").len() >= 8);
    for part in [
        "select",
        "input[type=radio]",
        "input[type=checkbox]",
        "textarea",
        "[aria-invalid=true]",
        "nav.pages",
    ] {
        assert!(html.has(part), "{part}");
    }
    // The error in the summary leads to its field.
    assert!(html.has("#id_email"));
}
