//! Workspaces.

use sqlx::PgPool;

use crate::pages::lists::assert_accessible;
use crate::support::{Request, Site, Visitor, count_statements};

async fn with_staff(pool: PgPool) -> (Site, Visitor) {
    let site = Site::start(pool).await;
    site.world.global_roles("stan", &["StaffAreaAdministrator"]).await;
    site.world.usual().await;
    let stan = site.sign_in("stan").await;
    (site, stan)
}

#[sqlx::test]
async fn workspaces_are_found(pool: PgPool) {
    let (site, stan) = with_staff(pool).await;
    site.world.workspace("another", "theirs").await;
    let names = async |query: &str| {
        let html = stan.get(&format!("/staff/workspaces/{query}")).await.expect(200).html();
        assert_accessible(&html);
        html.texts("main tbody th a")
    };
    assert_eq!(names("").await, ["theirs", "ws"]);
    assert_eq!(names("?q=OPENSAFELY/th").await, ["theirs"]);
    assert_eq!(names("?q=_").await, Vec::<String>::new());
    assert_eq!(names("?projects=project&projects=none").await, ["ws"]);
    // Both of them are sent again by the button.
    let html = stan
        .get("/staff/workspaces/?projects=another&projects=project")
        .await
        .expect(200)
        .html();
    assert_eq!(
        html.attributes(".filters [name=projects]", "value"),
        ["another", "project"]
    );
    assert_eq!(names("?orgs=acme").await, ["theirs", "ws"]);
    assert_eq!(names("?orgs=none").await, Vec::<String>::new());
    site.world.request(Request::default()).await;
    let (answer, few) = count_statements(stan.get("/staff/workspaces/ws/")).await;
    let html = answer.expect(200).html();
    assert_accessible(&html);
    assert!(html.text("#last-job-requests").unwrap().contains("Ada (ada)"));
    for _ in 0..12 {
        site.world.request(Request::default()).await;
    }
    let (answer, many) = count_statements(stan.get("/staff/workspaces/ws/")).await;
    assert_eq!(few, many);
    assert_eq!(answer.html().count("#last-job-requests tbody tr, section tbody tr"), 10);
    stan.get("/staff/workspaces/none/").await.expect(404);
    stan.get("/staff/workspaces/none/edit/").await.expect(404);
}

#[sqlx::test]
async fn a_workspace_moves_and_is_found_where_it_was(pool: PgPool) {
    let (site, stan) = with_staff(pool).await;
    let (project, another) = (site.world.project("project").await, site.world.project("another").await);
    let (project, another) = (project.to_string(), another.to_string());
    let edit = "/staff/workspaces/ws/edit/";
    let html = stan.get(edit).await.expect(200).html();
    assert_accessible(&html);
    let seen = html.attribute("input[name=seen]", "value").unwrap();
    let fields = [
        ("project", &*another),
        ("purpose", "To see"),
        ("is_archived", "on"),
        ("seen", &*seen),
    ];
    stan.post(edit, &fields).await.expect(302);
    let anonymous = site.anonymous();
    let moved = anonymous.get("/project/ws/?a=1").await.expect(301);
    assert_eq!(moved.location(), "/another/ws/?a=1");
    let kinds: Vec<String> = sqlx::query_scalar(
        "SELECT type FROM auditable_event WHERE created_by = 'stan' AND type ~ '^(workspace|redirect)' ORDER BY id",
    )
    .fetch_all(site.db.pool())
    .await
    .unwrap();
    assert_eq!(
        kinds,
        [
            "workspace_moved",
            "workspace_left",
            "redirect_created",
            "workspace_archived",
            "workspace_purpose_changed"
        ]
    );
    // Both projects' logs tell it.
    for (slug, words) in [
        ("project", "moved the workspace ws away"),
        ("another", "moved the workspace ws from"),
    ] {
        let log = stan
            .get(&format!("/staff/projects/{slug}/audit-log/"))
            .await
            .expect(200)
            .html();
        assert!(log.main().contains(words), "{slug}: {}", log.main());
    }
    let by = "SELECT count(*) FROM workspace w JOIN \"user\" u ON u.id = w.updated_by_id WHERE u.username = 'stan'";
    assert_eq!(site.world.number(by).await, 1);
    // The form from before shows what was changed meanwhile.
    let stale = [("project", &*project), ("purpose", ""), ("seen", &*seen)];
    let html = stan.post(edit, &stale).await.expect(200).html();
    assert!(html.text("[data-errors]").unwrap().contains("To see"));
    let seen = html.attribute("input[name=seen]", "value").unwrap();
    // Back again, nothing goes round in a circle.
    let back = [("project", &*project), ("purpose", ""), ("seen", &*seen)];
    stan.post(edit, &back).await.expect(302);
    anonymous.get("/project/ws/").await.expect(200);
    let moved = anonymous.get("/another/ws/").await.expect(301);
    assert_eq!(moved.location(), "/project/ws/");
    assert_eq!(
        site.world
            .number("SELECT count(*) FROM redirect WHERE deleted_at IS NULL")
            .await,
        1
    );
    for wrong in ["", "0", "x", "99999999999"] {
        let html = stan
            .post(edit, &[("project", wrong), ("purpose", "kept")])
            .await
            .expect(200)
            .html();
        assert_eq!(html.text("textarea[name=purpose]").as_deref(), Some("kept"), "{wrong}");
        assert_eq!(html.count("main [aria-invalid=true]"), 1, "{wrong}");
    }
}
