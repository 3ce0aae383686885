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
