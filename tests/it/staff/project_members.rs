//! Who works on a project, as staff say.

use sqlx::PgPool;

use super::projects::{events, texts, with_staff};
use crate::pages::lists::assert_accessible;

#[sqlx::test]
async fn members_come_change_and_go(pool: PgPool) {
    let (site, stan) = with_staff(pool).await;
    let grace = site.world.user("grace").await.to_string();
    let ada = site.world.user("ada").await.to_string();
    let add = "/staff/projects/project/add-member/";
    assert_accessible(&stan.get(add).await.expect(200).html());
    for wrong in [
        vec![],
        vec![("users", &*ada)],
        vec![("find_people", "no such user")],
        vec![("users", &*grace), ("roles", "StaffAreaAdministrator")],
    ] {
        let html = stan.post(add, &wrong).await.expect(200).html();
        assert_eq!(html.count("[data-errors]"), 1, "{wrong:?}");
    }
    let html = stan.post(add, &[("users", &*ada)]).await.expect(200).html();
    let edit = html
        .link("Edit roles of Ada (ada)")
        .expect("a way to what may be meant");
    stan.get(&edit).await.expect(200);
    let html = stan
        .post(add, &[("users", &*grace), ("users", "4711")])
        .await
        .expect(200)
        .html();
    assert!(html.main().contains("is no user any more"), "{}", html.main());
    stan.post(add, &[("users", &grace), ("roles", "ProjectDeveloper")])
        .await
        .expect(302);
    let id = site
        .world
        .number("SELECT max(id)::bigint FROM project_membership")
        .await;
    let edit = format!("/staff/projects/project/members/{id}/edit/");
    let html = stan.get(&format!("{edit}?next=/staff/")).await.expect(200).html();
    assert_accessible(&html);
    let seen = html.attribute("input[name=seen]", "value").unwrap();
    // A role that is not offered any more stays.
    site.world
        .so("UPDATE project_membership SET roles = '{DataInvestigator,ProjectDeveloper}' WHERE id = (SELECT max(id) FROM project_membership)")
        .await;
    let fields = [("roles", "ProjectCollaborator"), ("seen", &*seen)];
    let html = stan.post(&edit, &fields).await.expect(200).html();
    assert!(html.text("[data-errors]").unwrap().contains("DataInvestigator"));
    let saved = stan
        .post(&format!("{edit}?next=/staff/"), &fields[..1])
        .await
        .expect(302);
    assert_eq!(saved.location(), "/staff/");
    let roles = "SELECT array_to_string(roles, ',') FROM project_membership ORDER BY id DESC LIMIT 1";
    assert_eq!(texts(&site, roles).await, ["DataInvestigator,ProjectCollaborator"]);
    let count = events(&site).await.len();
    stan.post(&edit, &fields[..1]).await.expect(302);
    assert_eq!(events(&site).await.len(), count, "nothing was different");
    stan.post(&edit, &[("roles", "OutputChecker")]).await.expect(200);
    // In another project there is no such member.
    site.world.project("another").await;
    let foreign = format!("/staff/projects/another/members/{id}/");
    stan.get(&format!("{foreign}edit/")).await.expect(404);
    stan.post(&format!("{foreign}remove/"), &[]).await.expect(404);
    let remove = format!("/staff/projects/project/members/{id}/remove/");
    let gone = stan
        .post(&format!("{remove}?next=//evil.example"), &[])
        .await
        .expect(302);
    assert_eq!(gone.location(), "/staff/projects/project/");
    stan.post(&remove, &[]).await.expect(404);
    let kinds = texts(&site, "SELECT type FROM auditable_event ORDER BY id DESC LIMIT 2").await;
    assert_eq!(kinds, ["project_member_removed", "project_member_updated_roles"]);
}
