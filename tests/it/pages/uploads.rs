//! Logos of organisations: where they are shown, and that nothing else is served.

use jobserver::config::Settings;
use sqlx::PgPool;
use tempfile::TempDir;

use super::lists::{assert_accessible, execute};
use crate::support::{Site, Visitor, count_statements};

const DRAWING: &str = r#"<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>"#;

/// A site with uploads: a known logo, another file, and a secret beside the folder.
async fn with_uploads(pool: PgPool) -> (Site, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let uploads = folder.path().join("uploads");
    std::fs::create_dir_all(uploads.join("org_logos")).unwrap();
    for (path, text) in [
        ("org_logos/acme.svg", DRAWING),
        ("org_logos/a b.png", "picture"),
        ("org_logos/unknown.png", "not a logo"),
        ("notes.html", "<b>notes</b>"),
        ("../secret.png", "hush hush"),
    ] {
        std::fs::write(uploads.join(path), text).unwrap();
    }
    let storage = uploads.clone();
    let site = Site::start_with(pool, move |settings: &mut Settings| settings.media.storage = storage).await;
    site.world.usual().await;
    execute(
        &site,
        "UPDATE org SET logo_file = 'org_logos/acme.svg' WHERE slug = 'acme'",
    )
    .await;
    (site, folder)
}

#[sqlx::test]
async fn a_logo_is_served_as_a_picture_that_does_nothing(pool: PgPool) {
    let (site, _folder) = with_uploads(pool).await;
    let visitor = site.anonymous();
    let (answer, statements) = count_statements(visitor.get("/uploads/org_logos/acme.svg")).await;
    let answer = answer.expect(200);
    assert_eq!(answer.body, DRAWING);
    assert_eq!(statements, 1);
    for (name, value) in [
        ("Content-Type", "image/svg+xml"),
        ("X-Content-Type-Options", "nosniff"),
        (
            "Content-Security-Policy",
            "default-src 'none'; style-src 'unsafe-inline'; sandbox",
        ),
        ("Cache-Control", "public, max-age=3600"),
    ] {
        assert_eq!(answer.header(name), Some(value), "{name}");
    }
    // Who has it already is not sent it again.
    let etag = answer.header("ETag").unwrap().to_owned();
    for known in [etag.clone(), format!("\"other\", W/{etag}")] {
        let again = site.anonymous().saying("If-None-Match", known);
        let answer = again.get("/uploads/org_logos/acme.svg").await.expect(304);
        assert_eq!(answer.body, "");
        assert_eq!(answer.header("ETag"), Some(etag.as_str()));
    }
    let other = site.anonymous().saying("If-None-Match", "\"other\"");
    other.get("/uploads/org_logos/acme.svg").await.expect(200);

    execute(
        &site,
        "UPDATE org SET logo_file = 'org_logos/a b.png' WHERE slug = 'acme'",
    )
    .await;
    let html = visitor.get("/orgs/acme/").await.expect(200).html();
    let src = html.attribute("main img", "src").unwrap();
    assert_eq!(src, "/uploads/org_logos/a%20b.png");
    let answer = visitor.get(&src).await.expect(200);
    assert_eq!(answer.header("Content-Type"), Some("image/png"));
}

#[sqlx::test]
async fn nothing_but_a_known_logo_is_served(pool: PgPool) {
    let (site, folder) = with_uploads(pool).await;
    let refuse = async |visitor: &Visitor, path: &str| {
        let answer = visitor.get(path).await;
        assert_eq!(answer.status, 404, "{path}");
        assert!(!answer.body.contains("hush hush"), "{path}");
    };
    let visitor = site.anonymous();
    for path in [
        "/uploads/",
        "/uploads/org_logos/",
        "/uploads/org_logos/unknown.png",
        "/uploads/notes.html",
        "/uploads/../secret.png",
        "/uploads/%2e%2e/secret.png",
        "/uploads/..%2fsecret.png",
        "/uploads/org_logos/../../secret.png",
        "/uploads/org_logos/acme.svg%00.png",
        "/uploads/org_logos/ACME.svg",
        "/uploads//etc/passwd",
        "/uploads/%FF.png",
    ] {
        refuse(&visitor, path).await;
    }
    // A row may say anything: the file is still looked for in the folder alone, and by its kind.
    for (file, path) in [
        ("../secret.png", "/uploads/../secret.png"),
        ("../secret.png", "/uploads/%2e%2e/secret.png"),
        ("notes.html", "/uploads/notes.html"),
        ("org_logos/gone.png", "/uploads/org_logos/gone.png"),
        ("org_logos", "/uploads/org_logos"),
    ] {
        sqlx::query("UPDATE org SET logo_file = $1 WHERE slug = 'acme'")
            .bind(file)
            .execute(site.db.pool())
            .await
            .unwrap();
        refuse(&visitor, path).await;
    }
    std::os::unix::fs::symlink("../../secret.png", folder.path().join("uploads/org_logos/link.png")).unwrap();
    execute(
        &site,
        "UPDATE org SET logo_file = 'org_logos/link.png' WHERE slug = 'acme'",
    )
    .await;
    refuse(&visitor, "/uploads/org_logos/link.png").await;
}

#[sqlx::test]
async fn logos_are_shown_where_organisations_are(pool: PgPool) {
    let (site, _folder) = with_uploads(pool).await;
    let ada = site.sign_in("ada").await;
    for path in ["/organisations/", "/orgs/acme/", "/orgs/", "/project/"] {
        let html = ada.get(path).await.expect(200).html();
        assert_accessible(&html);
        assert_eq!(
            html.attributes("main img", "src"),
            ["/uploads/org_logos/acme.svg"],
            "{path}"
        );
    }
    // One at an address is shown when the page may load it; else letters stand for it.
    for (logo, shown) in [
        ("https://logos.example:8443/a.svg", Some("https://logos.example:8443")),
        ("http://logos.example/a.svg", None),
        ("https://a;script-src%20*/a.svg", None),
        ("javascript:alert(1)", None),
    ] {
        sqlx::query("UPDATE org SET logo_file = NULL, logo = $1 WHERE slug = 'acme'")
            .bind(logo)
            .execute(site.db.pool())
            .await
            .unwrap();
        let answer = ada.get("/organisations/").await.expect(200);
        let policy = answer.header("Content-Security-Policy").unwrap();
        let pictures = policy.split("; ").find(|part| part.starts_with("img-src")).unwrap();
        match shown {
            Some(origin) => {
                assert_eq!(answer.html().attributes("main img", "src"), [logo]);
                assert!(pictures.ends_with(&format!(" {origin}")), "{pictures}");
            }
            None => {
                assert_eq!(answer.html().count("main img"), 0, "{logo}");
                assert!(pictures.ends_with(" data:"), "{pictures}");
                assert_eq!(policy.matches("script-src").count(), 1, "{policy}");
            }
        }
    }
}
