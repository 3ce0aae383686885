//! Logos of organisations, as staff put them there.

use sqlx::PgPool;

use super::orgs::{ACME, with};
use crate::pages::lists::assert_accessible;
use crate::support::Site;

/// A picture of three by five points, as far as its header says.
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\0\x03\0\0\0\x05";

#[sqlx::test]
async fn a_logo_is_looked_at_before_it_is_kept(pool: PgPool) {
    let folder = tempfile::tempdir().unwrap();
    let storage = folder.path().to_owned();
    let site = Site::start_with(pool, |settings| settings.media.storage = storage).await;
    site.world.global_roles("stan", &["StaffAreaAdministrator"]).await;
    site.world.usual().await;
    let stan = site.sign_in("stan").await;
    let edit = "/staff/orgs/acme/edit/";
    for (file, bytes) in [
        ("a.svg", &b"<svg xmlns='http://www.w3.org/2000/svg'/>"[..]),
        ("a.png", b"<script>alert(1)</script>"),
        ("a.png", &vec![0x89; 1_048_577]),
    ] {
        let html = stan
            .post_files(edit, &ACME, &[("logo_file", file, bytes)])
            .await
            .expect(200)
            .html();
        assert_accessible(&html);
        assert_eq!(html.count("[data-errors]"), 1, "{file}");
    }
    stan.post_files(edit, &ACME, &[("logo_file", "x.exe", PNG)])
        .await
        .expect(302);
    let path: String = sqlx::query_scalar("SELECT logo_file FROM org WHERE slug = 'acme'")
        .fetch_one(site.db.pool())
        .await
        .unwrap();
    assert!(path.starts_with("org_logos/") && path.ends_with(".png"), "{path}");
    site.anonymous().get(&format!("/uploads/{path}")).await.expect(200);
    // Without another it stays; it goes when that is asked for.
    stan.post_files(edit, &ACME, &[("logo_file", "", b"")])
        .await
        .expect(302);
    assert_eq!(
        site.world
            .number("SELECT count(*) FROM org WHERE logo_file IS NOT NULL")
            .await,
        1
    );
    stan.post(edit, &with(&[("remove_logo", "on")])).await.expect(302);
    assert_eq!(
        site.world
            .number("SELECT count(*) FROM org WHERE logo_file IS NOT NULL")
            .await,
        0
    );
    // A form of several parts is asked for its token too.
    let bare = stan
        .post_files("/staff/orgs/acme/edit/", &[("csrfmiddlewaretoken", "none")], &[])
        .await;
    bare.expect(403);
    // One that is too large is not read, and everything else is: nothing that was typed is lost.
    let large = vec![0; 3_000_000];
    let typed = with(&[("description", "Long words"), ("slug", "a b")]);
    let html = stan
        .post_files(edit, &typed, &[("logo_file", "a.png", &large)])
        .await
        .expect(200)
        .html();
    assert_eq!(html.text("textarea[name=description]").as_deref(), Some("Long words"));
    assert_eq!(
        html.attributes("main [aria-invalid=true]", "name"),
        ["slug", "logo_file"]
    );
    assert!(html.main().contains("larger than 1 MiB"), "{}", html.main());
    assert_eq!(
        html.attribute("input[name=logo_file]", "data-most").as_deref(),
        Some("1048576")
    );
    let huge = vec![0; 33 * 1024 * 1024];
    stan.post_files(edit, &ACME, &[("logo_file", "a.png", &huge)])
        .await
        .expect(413);
    // The page and the form show it.
    stan.post_files(edit, &ACME, &[("logo_file", "a.png", PNG)])
        .await
        .expect(302);
    for page in [edit, "/staff/orgs/acme/"] {
        let html = stan.get(page).await.expect(200).html();
        let shown = html.attribute("main img.logo", "src").expect("a logo");
        assert!(shown.starts_with("/uploads/org_logos/"), "{page}: {shown}");
    }
}
