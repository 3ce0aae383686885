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
        said.iter().any(|text| text.contains("from none to Project Developer")),
        "{said:?}"
    );
    // An unknown kind is as plain as it is stored; who is gone keeps their name.
    assert!(
        said.iter()
            .any(|text| text.starts_with("nobody-any-more, by a command, did “project painted”")),
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
        file.body.starts_with(
            "\"When\",\"Actor\",\"Type\",\"What happened\",\"Field\",\"Before\",\"After\",\"Target\",\"Parent\"\n"
        ),
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

#[sqlx::test]
async fn a_file_of_events_has_all_of_them_and_each_part_by_itself(pool: PgPool) {
    let (site, stan) = with_events(pool).await;
    site.world
        .so("INSERT INTO auditable_event (type, new, created_by)
             SELECT 'user_signed_out', n::text, 'many' FROM generate_series(1, 10100) n")
        .await;
    let html = stan.get("/staff/events/").await.expect(200).html();
    assert!(html.main().contains("The file that is exported has all of them."));
    let file = stan.get("/staff/events/?format=csv").await.expect(200).body;
    assert_eq!(file.matches(",\"User signed out\",").count(), 10_100);
    for n in [1, 2_000, 2_001, 10_100] {
        assert_eq!(
            file.matches(&format!(",\"\",\"\",\"{n}\",\"\",\"\"\n")).count(),
            1,
            "{n}"
        );
    }
    // The sentence says the roles, and so do their columns.
    let line = file
        .lines()
        .find(|line| line.contains("Project member's roles changed"));
    let line = line.unwrap_or_default();
    assert!(line.contains(",\"Ada (ada)\","), "{line}");
    assert!(line.contains(",\"Roles\",\"\",\"Project Developer\","), "{line}");
    assert!(
        line.ends_with(",\"Project membership: 77\",\"Project: Project\""),
        "{line}"
    );
    let narrowed = stan.get("/staff/events/?types=project_member_added&format=csv").await;
    assert_eq!(narrowed.expect(200).body.lines().count(), 2);
}

#[sqlx::test]
async fn what_an_operator_does_is_no_users_of_that_name(pool: PgPool) {
    let (site, stan) = with_events(pool).await;
    site.world
        .so(
            "INSERT INTO auditable_event (type, new, created_by, created_by_id, target_model, target_id)
             SELECT 'org_updated', who, 'grace', CASE who WHEN 'herself' THEN u.id END, 'jobserver.Org', o.id::text
               FROM \"user\" u, org o, unnest(ARRAY['herself', 'an operator']) who
              WHERE u.username = 'grace' AND o.slug = 'acme'",
        )
        .await;
    let html = stan.get("/staff/events/?types=org_updated").await.expect(200).html();
    let said = html.texts("tbody th");
    assert!(
        said.iter().any(|text| text.starts_with("grace, by a command, changed")),
        "{said:?}"
    );
    assert!(
        said.iter().any(|text| text.starts_with("Grace (grace) changed")),
        "{said:?}"
    );
    assert_eq!(
        html.attributes("tbody th a[href='/staff/users/grace/']", "href").len(),
        1
    );
    let own = stan.get("/staff/users/grace/audit-log/?types=org_updated").await;
    let own = own.expect(200).html().texts("tbody th");
    assert_eq!(own.len(), 1, "{own:?}");
    assert!(own[0].starts_with("Grace (grace)"), "{own:?}");
}

#[sqlx::test]
async fn a_log_tells_what_happened_to_what_belongs_to_its_thing(pool: PgPool) {
    let (site, stan) = with_events(pool).await;
    site.world.workspace("second", "elsewhere").await;
    site.release("ws", "tpp", "ada", &[("a.txt", b"1")]).await;
    site.world
        .so(
            "INSERT INTO auditable_event (type, target_model, target_id, parent_model, parent_id, created_by)
             SELECT 'job_request_cancelled', 'jobserver.JobRequest', '5', 'jobserver.Workspace', id::text, 'worker'
               FROM workspace;
             INSERT INTO auditable_event (type, target_model, target_id, parent_model, parent_id, created_by)
             SELECT 'release_file_deleted', 'jobserver.ReleaseFile', 'x', 'jobserver.Release', id, 'worker' FROM release;
             INSERT INTO auditable_event (type, target_model, target_id, parent_model, parent_id, created_by)
             SELECT 'workspace_moved', 'jobserver.Workspace', id::text, 'jobserver.Project', project_id::text, 'worker'
               FROM workspace WHERE name = 'ws'",
        )
        .await;
    let kinds = async |path: &str| {
        let file = stan.get(&format!("{path}format=csv")).await.expect(200).body;
        let mut lines = csv::Reader::from_reader(file.as_bytes());
        let kinds = lines.records().map(|line| line.unwrap()[2].to_owned());
        let others = ["Project", "Release created"];
        let kinds = kinds.filter(|kind| others.iter().all(|other| !kind.starts_with(other)));
        kinds.collect::<Vec<_>>()
    };
    let of_project = kinds("/staff/projects/project/audit-log/?").await;
    assert_eq!(
        of_project,
        ["Workspace moved", "Release file deleted", "Job request cancelled"]
    );
    assert_eq!(
        kinds("/staff/projects/second/audit-log/?").await,
        ["Job request cancelled"]
    );
    let id = site
        .world
        .number("SELECT id::bigint FROM workspace WHERE name = 'ws'")
        .await;
    let of_workspace = kinds(&format!("/staff/events/?object=jobserver.Workspace:{id}&")).await;
    assert_eq!(of_workspace, of_project);
    // What it shows can be chosen.
    let html = stan.get("/staff/projects/project/audit-log/").await.expect(200).html();
    let offered = html.attributes("input[name='types']", "value");
    for kind in [
        "workspace_moved",
        "job_request_cancelled",
        "release_file_deleted",
        "redirect_created",
    ] {
        assert!(offered.iter().any(|offered| offered == kind), "{kind}: {offered:?}");
    }
    assert!(!offered.iter().any(|kind| kind == "user_signed_in"));
    // And a workspace's own page has it.
    let page = stan.get("/staff/workspaces/ws/").await.expect(200).html();
    assert!(page.main().contains("moved the workspace ws"), "{}", page.main());
    assert_eq!(
        page.link("All that happened"),
        Some(format!("/staff/events/?object=jobserver.Workspace:{id}"))
    );
}

#[sqlx::test]
async fn one_thing_is_chosen_by_its_kind_and_its_number(pool: PgPool) {
    let (site, stan) = with_events(pool).await;
    let rows = async |path: String| stan.get(&path).await.expect(200).html().texts("tbody th").len();
    let project = site
        .world
        .number("SELECT id::bigint FROM project WHERE slug = 'project'")
        .await;
    let grace = site
        .world
        .number("SELECT id::bigint FROM \"user\" WHERE username = 'grace'")
        .await;
    assert_eq!(
        rows(format!("/staff/events/?object=jobserver.Project:{project}")).await,
        3
    );
    assert_eq!(
        rows("/staff/events/?object=jobserver.ProjectMembership:77".to_owned()).await,
        2
    );
    assert_eq!(rows(format!("/staff/events/?object=jobserver.User:{grace}")).await, 2);
    for nothing in [
        "jobserver.Project:0",
        "jobserver.Project:x",
        "jobserver.User:0",
        "jobserver.User:99999999999",
        ":",
        "a:b:c",
    ] {
        assert_eq!(rows(format!("/staff/events/?object={nothing}")).await, 0, "{nothing}");
    }
    let html = stan
        .get(&format!("/staff/events/?object=jobserver.Project:{project}"))
        .await;
    let html = html.expect(200).html();
    assert!(
        html.text(".find-chosen")
            .unwrap()
            .contains(&format!("Thing: Project {project}"))
    );
    // The form keeps it.
    let chosen = html.attribute("#filter-object option[selected]", "value");
    assert_eq!(chosen, Some(format!("jobserver.Project:{project}")));
}

#[sqlx::test]
async fn an_organisations_log_tells_which_projects_it_carries(pool: PgPool) {
    let (site, stan) = with_events(pool).await;
    site.world
        .global_roles("stan", &["StaffAreaAdministrator", "ServiceAdministrator"])
        .await;
    let second = site.world.org("second").await.to_string();
    let fields = [("name", "Tea"), ("orgs", second.as_str())];
    stan.post("/staff/projects/create/", &fields).await.expect(302);
    let html = stan.get("/staff/orgs/second/audit-log/").await.expect(200).html();
    let said = html.texts("tbody th");
    assert!(
        said.iter()
            .any(|text| text.contains("added Second to the organisations of Tea")),
        "{said:?}"
    );
    let html = stan.get("/staff/projects/tea/audit-log/").await.expect(200).html();
    let said = html.texts("tbody th");
    assert!(
        said.iter()
            .any(|text| text.contains("added Second to the organisations of Tea")),
        "{said:?}"
    );
}
