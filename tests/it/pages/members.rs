//! Who works on a project, and saying how it stands.

use sqlx::PgPool;

use super::lists::{assert_accessible, execute, usual};
use crate::support::{Site, count_statements};

#[sqlx::test]
async fn members_are_listed_by_name_for_everybody(pool: PgPool) {
    let site = usual(pool).await;
    site.world.member("project", "zoe", &[]).await;
    site.world
        .member("project", "bob", &["ProjectCollaborator", "Wizard"])
        .await;
    let html = site.anonymous().get("/project/members/").await.expect(200).html();
    assert_accessible(&html);
    assert_eq!(html.text("h1").as_deref(), Some("Members 3"));
    assert_eq!(html.texts("tbody th"), ["Ada", "Bob", "Zoe"]);
    assert_eq!(html.link("Ada").as_deref(), Some("/users/ada/"));
    assert_eq!(html.link("Project").as_deref(), Some("/project/"));
    assert!(!html.main().contains("developer"), "{}", html.main());
    assert_eq!(html.posted_forms().len(), 0);
    // It says whom to ask.
    let support = html.link("team@opensafely.org").is_some() || html.count("main a[href^='mailto:']") == 1;
    assert!(support, "{}", html.main());
    site.anonymous().get("/nothing/members/").await.expect(404);
    site.anonymous().get("/%00/members/").await.expect(404);
}

#[sqlx::test]
async fn roles_are_for_people_of_an_organisation_that_takes_part(pool: PgPool) {
    let site = usual(pool).await;
    site.world.member("project", "zoe", &[]).await;
    site.world.org_member("acme", "colleague").await;
    site.world.org_member("other", "stranger").await;
    site.world
        .global_roles("staff", &["ServiceAdministrator", "StaffAreaAdministrator"])
        .await;
    for (who, shown, manages) in [
        ("ada", true, true),
        ("colleague", true, false),
        ("stranger", false, false),
        // A member, and of no organisation.
        ("zoe", false, false),
        ("staff", false, false),
    ] {
        let html = site
            .sign_in(who)
            .await
            .get("/project/members/")
            .await
            .expect(200)
            .html();
        assert_accessible(&html);
        let main = html.main();
        let rows = html.texts("tbody tr");
        assert_eq!(rows[0].contains("Project developer"), shown, "{who}: {rows:?}");
        assert_eq!(rows[1].contains("None"), shown, "{who}: {rows:?}");
        assert_eq!(main.contains("Runs a project's code"), shown, "{who}: {main}");
        assert_eq!(main.contains("You look after this project"), manages, "{who}: {main}");
        // Nobody changes members here.
        assert_eq!(html.count("main form"), 0, "{who}");
    }
}

#[sqlx::test]
async fn a_project_without_members_says_so(pool: PgPool) {
    let site = usual(pool).await;
    site.world.project("empty").await;
    let html = site.anonymous().get("/empty/members/").await.expect(200).html();
    assert_accessible(&html);
    assert!(html.main().contains("This project has no members"));
}

#[sqlx::test]
async fn the_statements_do_not_grow_with_the_members(pool: PgPool) {
    let site = usual(pool).await;
    let ada = site.sign_in("ada").await;
    for more in [9, 190] {
        for number in 0..more {
            site.world
                .member("project", &format!("m{more}-{number}"), &["ProjectDeveloper"])
                .await;
        }
        let (answer, statements) = count_statements(ada.get("/project/members/")).await;
        answer.expect(200);
        assert_eq!(statements, 5);
        let (answer, statements) = count_statements(site.anonymous().get("/project/members/")).await;
        answer.expect(200);
        assert_eq!(statements, 3);
    }
}

/// What the form at `/project/edit/` sends back, with another description.
async fn filled(site: &Site, who: &str, description: &str) -> (crate::support::Visitor, Vec<(String, String)>) {
    let visitor = site.sign_in(who).await;
    let html = visitor.get("/project/edit/").await.expect(200).html();
    let (_, mut fields) = html
        .posted_forms()
        .into_iter()
        .find(|(_, fields)| fields.iter().any(|(name, _)| name == "status_description"))
        .unwrap();
    for (name, value) in &mut fields {
        if name == "status_description" {
            *value = description.to_owned();
        }
    }
    (visitor, fields)
}

fn pairs(fields: &[(String, String)]) -> Vec<(&str, &str)> {
    fields
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect()
}

async fn description(site: &Site) -> String {
    sqlx::query_scalar("SELECT status_description FROM project WHERE slug = 'project'")
        .fetch_one(site.db.pool())
        .await
        .unwrap()
}

#[sqlx::test]
async fn two_who_edit_at_once_see_each_others_change(pool: PgPool) {
    let site = usual(pool).await;
    site.world.member("project", "bob", &["ProjectDeveloper"]).await;
    let (ada, adas) = filled(&site, "ada", "Ada's <b>words").await;
    let (bob, bobs) = filled(&site, "bob", "Bob's words").await;
    ada.post("/project/edit/?next=/project/ws/", &pairs(&adas))
        .await
        .expect(302);

    let answer = bob
        .post("/project/edit/?next=/project/ws/", &pairs(&bobs))
        .await
        .expect(200);
    let html = answer.html();
    assert_accessible(&html);
    assert_eq!(description(&site).await, "Ada's <b>words");
    assert!(html.text("title").unwrap().starts_with("Error: "));
    let told = html.text("[role=alert]").unwrap();
    assert!(
        told.contains("Ada changed this just now") && told.contains("Ada's <b>words"),
        "{told}"
    );
    // Bob's words are still there; sent again, they are saved.
    assert_eq!(html.text("textarea").as_deref(), Some("Bob's words"));
    let seen = html.attribute("input[name=seen]", "value").unwrap();
    let again = [
        ("status", "ongoing"),
        ("status_description", "Bob's words"),
        ("seen", &seen),
    ];
    let saved = bob.post("/project/edit/?next=/project/ws/", &again).await.expect(302);
    assert_eq!(saved.location(), "/project/ws/");
    assert_eq!(description(&site).await, "Bob's words");
    let events = site
        .world
        .number("SELECT count(*) FROM auditable_event WHERE type LIKE 'project_status%'")
        .await;
    assert_eq!(events, 2);
}

#[sqlx::test]
async fn saying_the_same_or_after_another_kind_of_change_is_no_conflict(pool: PgPool) {
    let site = usual(pool).await;
    site.world.member("project", "bob", &["ProjectDeveloper"]).await;
    let (ada, adas) = filled(&site, "ada", "Words").await;
    let (bob, bobs) = filled(&site, "bob", "Words").await;
    ada.post("/project/edit/", &pairs(&adas)).await.expect(302);
    bob.post("/project/edit/", &pairs(&bobs)).await.expect(302);
    let (ada, adas) = filled(&site, "ada", "More words").await;
    execute(&site, "UPDATE project SET name = 'Renamed', updated_at = now()").await;
    ada.post("/project/edit/", &pairs(&adas)).await.expect(302);
    assert_eq!(description(&site).await, "More words");
}
