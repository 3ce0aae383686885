//! The record, as staff read it.

use sqlx::PgPool;

use crate::pages::lists::assert_accessible;
use crate::support::{Site, Visitor, count_statements};

async fn with_events(pool: PgPool) -> (Site, Visitor) {
    let site = Site::start(pool).await;
    site.world.usual().await;
    site.world.user("grace").await;
    site.world.global_roles("stan", &["StaffAreaAdministrator"]).await;
    site.world
        .so("INSERT INTO auditable_event (type, old, new, target_model, target_field, target_id, target_user, parent_model, parent_id, created_by)
             SELECT v.type, v.old, v.new, v.model, v.field, v.target, v.whom, 'jobserver.Project', p.id::text, v.who
               FROM project p, (VALUES
                 ('project_member_added', '', '', 'jobserver.ProjectMembership', '', '77', 'grace', 'ada'),
                 ('project_member_updated_roles', '', 'jobserver.authorization.roles.ProjectDeveloper', 'jobserver.ProjectMembership', 'roles', '77', 'grace', 'ada'),
                 ('project_painted', 'red', 'green', 'jobserver.Wall', 'colour', '3', '', 'nobody-any-more')
               ) v (type, old, new, model, field, target, whom, who) WHERE p.slug = 'project'")
        .await;
    let stan = site.sign_in("stan").await;
    (site, stan)
}

#[sqlx::test]
async fn events_are_sentences_with_links(pool: PgPool) {
    let (_site, stan) = with_events(pool).await;
    let html = stan.get("/staff/events/").await.expect(200).html();
    assert_accessible(&html);
    let said = html.texts("tbody th");
    assert!(
        said.iter()
            .any(|text| text.contains("(ada) added") && text.contains("(grace) to Project")),
        "{said:?}"
    );
    assert!(
        said.iter().any(|text| text.contains("from none to ProjectDeveloper")),
        "{said:?}"
    );
    // An unknown kind is as plain as it is stored; who is gone keeps their name.
    assert!(
        said.iter()
            .any(|text| text.starts_with("nobody-any-more did “project painted”")),
        "{said:?}"
    );
    assert!(
        html.link("Project")
            .is_some_and(|href| href == "/staff/projects/project/")
    );
}

#[sqlx::test]
async fn the_record_is_narrowed_and_paged(pool: PgPool) {
    let (site, stan) = with_events(pool).await;
    let rows = async |path: &str| stan.get(path).await.expect(200).html().texts("tbody th");
    assert_eq!(rows("/staff/events/?types=project_member_added").await.len(), 1);
    assert_eq!(
        rows("/staff/events/?types=project_member_added&types=project_painted")
            .await
            .len(),
        2
    );
    assert_eq!(rows("/staff/events/?actor=nobody-any-more").await.len(), 1);
    assert_eq!(rows("/staff/events/?object=jobserver.Wall").await.len(), 1);
    assert!(rows("/staff/events/?types=nothing").await.is_empty());
    assert!(rows("/staff/events/?to=2001-01-01").await.is_empty());
    let html = stan.get("/staff/events/?from=yesterday").await.expect(200).html();
    assert!(html.main().contains("days are written like"));
    assert_eq!(rows("/staff/projects/project/audit-log/").await.len(), 3);
    assert_eq!(
        rows("/staff/projects/project/audit-log/?types=project_member_updated_roles")
            .await
            .len(),
        1
    );
    assert_eq!(rows("/staff/users/grace/audit-log/").await.len(), 2);
    for path in [
        "/staff/projects/none/audit-log/",
        "/staff/users/none/audit-log/",
        "/staff/orgs/none/audit-log/",
        "/staff/backends/0/audit-log/",
        "/staff/events/?page=0",
        "/staff/events/?page=999",
    ] {
        stan.get(path).await.expect(404);
    }
    let html = stan.get("/staff/orgs/acme/audit-log/").await.expect(200).html();
    assert!(html.text("h1").unwrap().starts_with("Audit log of Acme"));
    let backend = site.world.backend_id("tpp").await;
    stan.get(&format!("/staff/backends/{backend}/audit-log/"))
        .await
        .expect(200);

    let (_, few) = count_statements(stan.get("/staff/events/")).await;
    site.world
        .so("INSERT INTO auditable_event (type, target_model, target_id, created_by)
             SELECT 'org_updated', 'jobserver.Org', n::text, 'user' || n FROM generate_series(1, 60) n")
        .await;
    let (answer, many) = count_statements(stan.get("/staff/events/")).await;
    assert_eq!(few, many);
    assert_eq!(answer.expect(200).html().texts("tbody th").len(), 25);
    assert_eq!(rows("/staff/events/?types=org_updated&page=3").await.len(), 10);
    assert_eq!(rows("/staff/events/?types=org_updated&page=last").await.len(), 10);
}

#[sqlx::test]
async fn the_record_is_exported(pool: PgPool) {
    let (site, stan) = with_events(pool).await;
    site.world
        .so("INSERT INTO auditable_event (type, new, created_by) VALUES ('project_painted', '=HYPERLINK(1)', 'ada')")
        .await;
    let file = stan.get("/staff/events/?format=csv&page=7").await.expect(200);
    assert_eq!(
        file.header("Content-Disposition"),
        Some("attachment; filename=\"events.csv\"")
    );
    assert!(
        file.header("Content-Type")
            .is_some_and(|kind| kind.starts_with("text/csv"))
    );
    assert!(
        file.body
            .starts_with("\"What happened\",\"Before\",\"After\",\"When\",\"Field\"\n"),
        "{}",
        file.body
    );
    assert!(file.body.contains(",\"'=HYPERLINK(1)\","), "{}", file.body);
}

#[sqlx::test]
async fn what_released_files_are_called_is_for_those_who_may_see_them(pool: PgPool) {
    let (site, stan) = with_events(pool).await;
    site.world
        .so("INSERT INTO auditable_event (type, target_model, target_id, target_label, old, new, created_by)
             VALUES ('release_file_deleted', 'jobserver.ReleaseFile', 'f1', 'output/secret.csv', 'output/secret.csv', '', 'ada'),
                    ('snapshot_created', 'jobserver.Snapshot', '1', '1', '', '12 files', 'ada')")
        .await;
    for path in ["/staff/events/", "/staff/events/?format=csv"] {
        let told = stan.get(path).await.expect(200).body;
        assert!(told.contains("its name is in confidence"), "{told}");
        assert!(!told.contains("secret.csv") && !told.contains("12 files"), "{told}");
    }
    site.world
        .global_roles("stan", &["StaffAreaAdministrator", "OutputChecker"])
        .await;
    let told = stan.get("/staff/events/").await.expect(200).body;
    assert!(
        told.contains("output/secret.csv") && told.contains("12 files"),
        "{told}"
    );
}
