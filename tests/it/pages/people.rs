//! Organisations and people: lists and pages, and one's own.

use sqlx::PgPool;

use super::lists::{assert_accessible, execute, usual};
use crate::support::{Site, count_statements};

#[sqlx::test]
async fn organisations_are_listed_by_name(pool: PgPool) {
    let site = Site::start(pool).await;
    let html = site.anonymous().get("/organisations/").await.expect(200).html();
    assert_accessible(&html);
    assert!(html.main().contains("No organisations yet"));

    for org in ["zeta", "acme", "beta"] {
        site.world.org(org).await;
    }
    site.world.project("project").await;
    execute(
        &site,
        "UPDATE org SET logo = 'https://example.org/b.png' WHERE slug = 'beta'",
    )
    .await;
    // One that no browser would load here is not shown.
    execute(
        &site,
        "UPDATE org SET logo = 'http://example.org/a.png' WHERE slug = 'acme'",
    )
    .await;
    execute(
        &site,
        "UPDATE org SET logo_file = 'org_logos/z.png' WHERE slug = 'zeta'",
    )
    .await;
    let html = site.anonymous().get("/organisations/").await.expect(200).html();
    assert_accessible(&html);
    assert_eq!(
        html.texts(".tiles li"),
        ["A Acme 1 project", "Beta No projects", "Zeta No projects"]
    );
    assert_eq!(
        html.attributes("img", "src"),
        ["https://example.org/b.png", "/uploads/org_logos/z.png"]
    );
    assert_eq!(html.link("Acme").as_deref(), Some("/orgs/acme/"));
}

#[sqlx::test]
async fn an_organisation_has_its_projects(pool: PgPool) {
    let site = usual(pool).await;
    site.world.org("empty").await;
    let html = site.anonymous().get("/orgs/empty/").await.expect(200).html();
    assert_accessible(&html);
    assert!(html.main().contains("No projects yet"));
    assert!(html.main().contains("Projects that Empty takes part in"));

    execute(
        &site,
        "UPDATE org SET description = 'We study <things>.' WHERE slug = 'acme'",
    )
    .await;
    let html = site.anonymous().get("/orgs/acme/").await.expect(200).html();
    assert_accessible(&html);
    assert!(html.main().contains("We study <things>."));
    assert!(
        html.text("tbody tr").unwrap().starts_with("Project 1 1"),
        "{:?}",
        html.text("tbody tr")
    );
    assert_eq!(html.link("Job requests").as_deref(), Some("/orgs/acme/logs/"));
    assert_eq!(html.link("View in the staff area"), None);
}

#[sqlx::test]
async fn people_are_listed_by_name_25_a_page(pool: PgPool) {
    let site = usual(pool).await;
    for number in 0..30 {
        site.world.user(&format!("user{number:02}")).await;
    }
    // ada, admin and thirty more.
    let html = site.anonymous().get("/users/").await.expect(200).html();
    assert_accessible(&html);
    assert_eq!(html.text("h1").as_deref(), Some("People 32"));
    assert_eq!(html.text("tbody tr").as_deref(), Some("Ada ada 1"));
    assert_eq!(html.count("tbody tr"), 25);
    let html = site.anonymous().get("/users/?page=last").await.expect(200).html();
    assert_eq!(html.count("tbody tr"), 7);
    assert_eq!(html.link("User29").as_deref(), Some("/users/user29/"));
    site.anonymous().get("/users/?page=3").await.expect(404);
}

#[sqlx::test]
async fn a_person_has_projects_and_organisations(pool: PgPool) {
    let site = usual(pool).await;
    site.world.user("newcomer").await;
    let html = site.anonymous().get("/users/newcomer/").await.expect(200).html();
    assert_accessible(&html);
    assert!(html.main().contains("Not a member of any project"));

    let html = site.anonymous().get("/users/ada/").await.expect(200).html();
    assert_accessible(&html);
    assert_eq!(html.link("Project").as_deref(), Some("/project/"));
    assert_eq!(html.link("Acme").as_deref(), Some("/orgs/acme/"));
    assert_eq!(html.link("Job requests").as_deref(), Some("/users/ada/logs/"));
    assert_eq!(html.link("View in the staff area"), None);
}

#[sqlx::test]
async fn usernames_with_signs_have_working_links(pool: PgPool) {
    let site = Site::start(pool).await;
    for username in ["a.b+c@d-e_f", "école", "東京"] {
        sqlx::query(r#"INSERT INTO "user" (username, fullname) VALUES ($1, $1)"#)
            .bind(username)
            .execute(site.db.pool())
            .await
            .unwrap();
        let html = site.anonymous().get("/users/").await.expect(200).html();
        let href = html.link(username).unwrap();
        let html = site.anonymous().get(&href).await.expect(200).html();
        assert_eq!(html.text("h1").as_deref(), Some(username));
        let logs = html.link("Job requests").unwrap();
        site.anonymous().get(&logs).await.expect(200);
    }
}

#[sqlx::test]
async fn who_and_what_does_not_exist_is_not_found(pool: PgPool) {
    let site = usual(pool).await;
    let long = "a".repeat(10_000);
    for name in [
        "unknown",
        "ADA",
        "%00",
        "a%00b",
        "%FF",
        "a%20b",
        "%F0%9F%98%80",
        "%D7%A9",
        "%27",
        &long,
    ] {
        for path in [
            format!("/users/{name}/"),
            format!("/users/{name}/logs/"),
            format!("/orgs/{name}/"),
            format!("/orgs/{name}/logs/"),
        ] {
            let status = site.anonymous().get(&path).await.status;
            assert_eq!(status, 404, "{}", &path[..path.len().min(80)]);
        }
    }
}

const YOURS: [&str; 3] = ["/projects/", "/workspaces/", "/orgs/"];

#[sqlx::test]
async fn ones_own_lists_need_a_login(pool: PgPool) {
    let site = usual(pool).await;
    for path in YOURS {
        let answer = site.anonymous().get(path).await.expect(302);
        assert_eq!(answer.location(), format!("/login/?next={path}"));
    }
    let answer = site.anonymous().get("/projects/?page=2").await.expect(302);
    assert_eq!(answer.location(), "/login/?next=/projects/%3Fpage%3D2");
}

#[sqlx::test]
async fn ones_own_lists_are_empty_at_first(pool: PgPool) {
    let site = usual(pool).await;
    let newcomer = site.sign_in("newcomer").await;
    for (path, words) in [
        ("/projects/", "You are not a member of any project"),
        ("/workspaces/", "No workspaces yet"),
        ("/orgs/", "You do not belong to an organisation"),
    ] {
        let html = newcomer.get(path).await.expect(200).html();
        assert_accessible(&html);
        assert!(html.main().contains(words), "{path}: {}", html.main());
        newcomer.get(&format!("{path}?page=2")).await.expect(404);
    }
}

#[sqlx::test]
async fn ones_own_lists_have_what_is_ones_own(pool: PgPool) {
    let site = usual(pool).await;
    site.world.workspace("strange", "not-adas").await;
    site.world.workspace("project", "archived").await;
    execute(&site, "UPDATE workspace SET is_archived = true WHERE name = 'archived'").await;
    execute(
        &site,
        "UPDATE project SET number = '7', status = 'completed-and-linked' WHERE slug = 'project'",
    )
    .await;
    let ada = site.sign_in("ada").await;
    let html = ada.get("/projects/").await.expect(200).html();
    assert_accessible(&html);
    assert_eq!(
        html.texts("tbody tr"),
        ["7 - Project Acme Completed, paper or report linked"]
    );
    let html = ada.get("/workspaces/").await.expect(200).html();
    assert_accessible(&html);
    assert_eq!(
        html.texts("tbody tr"),
        ["archived Archived Project Acme", "ws Project Acme"]
    );
    assert_eq!(html.link("ws").as_deref(), Some("/project/ws/"));
    let html = ada.get("/orgs/").await.expect(200).html();
    assert_accessible(&html);
    assert_eq!(html.texts("main li"), ["A Acme 2 projects"]);

    // Somebody without any role does not see what is archived.
    site.world.member("project", "zoe", &[]).await;
    let html = site.sign_in("zoe").await.get("/workspaces/").await.expect(200).html();
    assert_eq!(html.texts("tbody tr"), ["archived Project Acme", "ws Project Acme"]);
}

#[sqlx::test]
async fn ones_own_lists_have_pages_of_20_and_a_fixed_number_of_statements(pool: PgPool) {
    let site = usual(pool).await;
    let ada = site.sign_in("ada").await;
    for more in [0..1, 1..21] {
        for number in more {
            let name = format!("thing-{number:02}");
            site.world.member(&name, "ada", &[]).await;
            site.world.workspace(&name, &name).await;
            site.world.org_member(&name, "ada").await;
        }
        for path in YOURS {
            let (answer, statements) = count_statements(ada.get(path)).await;
            answer.expect(200);
            assert_eq!(statements, 2, "{path}");
        }
    }
    // One that was there before, and 21 more.
    for path in YOURS {
        let rows = "main tbody tr, main li";
        assert_eq!(ada.get(path).await.html().count(rows), 20, "{path}");
        let last = ada.get(&format!("{path}?page=last")).await.expect(200).html();
        assert_eq!(last.count(rows), 2, "{path}");
        ada.get(&format!("{path}?page=3")).await.expect(404);
    }
    for (path, expected) in [
        ("/organisations/", 1),
        ("/orgs/acme/", 2),
        ("/users/", 1),
        ("/users/ada/", 3),
    ] {
        let (answer, statements) = count_statements(site.anonymous().get(path)).await;
        answer.expect(200);
        assert_eq!(statements, expected, "{path}");
    }
}
