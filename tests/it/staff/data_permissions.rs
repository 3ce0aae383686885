//! What data projects may use.

use sqlx::PgPool;

use crate::pages::lists::assert_accessible;
use crate::support::{Site, Visitor};

async fn with_staff(pool: PgPool) -> (Site, Visitor) {
    let site = Site::start(pool).await;
    let roles = ["StaffAreaAdministrator", "ServiceAdministrator"];
    site.world.global_roles("stan", &roles).await;
    site.world.usual().await;
    let stan = site.sign_in("stan").await;
    (site, stan)
}

async fn held(site: &Site) -> Vec<String> {
    sqlx::query_scalar(
        "SELECT p.slug || ' ' || d.kind FROM data_permission d JOIN project p ON p.id = d.project_id
          WHERE d.ended_at IS NULL ORDER BY 1",
    )
    .fetch_all(site.db.pool())
    .await
    .unwrap()
}

const OF_PROJECT: &str = "/staff/projects/project/data-permissions/";
const IMPORT: &str = "/staff/data-permissions/import/";

#[sqlx::test]
async fn each_is_granted_and_ended_for_a_reason(pool: PgPool) {
    let (site, stan) = with_staff(pool).await;
    assert_accessible(&stan.get(OF_PROJECT).await.expect(200).html());
    for wrong in [
        vec![],
        vec![("kind", "t1oo")],
        vec![("kind", "T1OO"), ("reason", "why")],
        vec![("dataset", "a b"), ("reason", "why")],
        vec![("kind", "t1oo"), ("dataset", "new_data"), ("reason", "why")],
    ] {
        let html = stan.post(OF_PROJECT, &wrong).await.expect(200).html();
        assert_accessible(&html);
        assert_eq!(html.count("[data-errors]"), 1, "{wrong:?}");
    }
    stan.post(OF_PROJECT, &[("kind", "t1oo"), ("reason", "The board said so")])
        .await
        .expect(302);
    stan.post(OF_PROJECT, &[("dataset", "new_data"), ("reason", "why")])
        .await
        .expect(302);
    let html = stan
        .post(OF_PROJECT, &[("kind", "t1oo"), ("reason", "twice")])
        .await
        .expect(200)
        .html();
    assert_eq!(html.text("textarea[name=reason]").as_deref(), Some("twice"));
    assert_eq!(held(&site).await, ["project new_data", "project t1oo"]);
    let id = site
        .world
        .number("SELECT id::bigint FROM data_permission WHERE kind = 't1oo'")
        .await;
    let end = format!("{OF_PROJECT}{id}/end/");
    assert_accessible(&stan.get(&end).await.expect(200).html());
    stan.post(&end, &[]).await.expect(200);
    site.world.project("another").await;
    let foreign = format!("/staff/projects/another/data-permissions/{id}/end/");
    stan.post(&foreign, &[("reason", "why")]).await.expect(404);
    stan.post(&end, &[("reason", "It is over")]).await.expect(302);
    stan.post(&end, &[("reason", "again")]).await.expect(404);
    stan.get(&end).await.expect(404);
    assert_eq!(held(&site).await, ["project new_data"]);
    let html = stan.get(OF_PROJECT).await.expect(200).html();
    assert!(html.main().contains("The board said so") && html.main().contains("It is over"));
    let events: Vec<String> = sqlx::query_scalar(
        "SELECT type || ' ' || old || ' ' || new || ' ' || parent_label FROM auditable_event WHERE type LIKE 'data%' ORDER BY id",
    )
    .fetch_all(site.db.pool())
    .await
    .unwrap();
    assert_eq!(
        events,
        [
            "data_permission_granted t1oo The board said so Project",
            "data_permission_granted new_data why Project",
            "data_permission_ended t1oo It is over Project"
        ]
    );
    // It can be granted anew.
    stan.post(OF_PROJECT, &[("kind", "t1oo"), ("reason", "Anew")])
        .await
        .expect(302);
    let html = stan.get("/staff/data-permissions/?kind=t1oo").await.expect(200).html();
    assert_accessible(&html);
    assert_eq!(html.texts("main tbody th a"), ["Project"]);
    let none = stan
        .get("/staff/data-permissions/?kind=ndoo&q=x")
        .await
        .expect(200)
        .html();
    assert_eq!(none.count("main tbody tr"), 0);
}

#[sqlx::test]
async fn who_is_not_trusted_with_them_is_kept_out(pool: PgPool) {
    let (site, _) = with_staff(pool).await;
    site.world
        .global_roles("tess", &["StaffAreaAdministrator", "TechSupport"])
        .await;
    let tess = site.sign_in("tess").await;
    tess.get(OF_PROJECT).await.expect(403);
    tess.get("/staff/projects/none/data-permissions/").await.expect(403);
    tess.post(OF_PROJECT, &[("kind", "t1oo"), ("reason", "why")])
        .await
        .expect(403);
    let html = tess.get("/staff/projects/project/").await.expect(200).html();
    assert!(html.link("Data permissions").is_none());
}

#[sqlx::test]
async fn a_file_is_shown_before_it_counts(pool: PgPool) {
    let (site, stan) = with_staff(pool).await;
    site.world.project("another").await;
    site.world
        .so("UPDATE project SET number = '9' WHERE slug = 'another'")
        .await;
    stan.post(OF_PROJECT, &[("kind", "t1oo"), ("reason", "why")])
        .await
        .expect(302);
    let file = "project,kind,reason\n9,t1oo,\"Board, May\"\nnone,t1oo,why\nanother,isaric,why\n";
    let html = stan.post(IMPORT, &[("csv", file)]).await.expect(200).html();
    assert_accessible(&html);
    assert!(html.main().contains("Make these 2 changes"), "{}", html.main());
    assert!(html.main().contains("none"));
    assert_eq!(held(&site).await, ["project t1oo"], "nothing is done yet");
    let others = [
        ("csv", file),
        ("ends_others", "on"),
        ("ending_reason", "Not on the list"),
    ];
    let html = stan.post(IMPORT, &others).await.expect(200).html();
    assert!(html.main().contains("Make these 3 changes"), "{}", html.main());
    let forms = html.posted_forms();
    let (_, fields) = forms
        .iter()
        .find(|(_, fields)| fields.iter().any(|(name, _)| name == "apply"))
        .unwrap();
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (&**name, &**value)).collect();
    // What was changed since the preview is shown first.
    stan.post(OF_PROJECT, &[("kind", "isaric"), ("reason", "meanwhile")])
        .await
        .expect(302);
    let html = stan.post(IMPORT, &fields).await.expect(200).html();
    assert!(html.main().contains("Somebody changed permissions meanwhile"));
    assert_eq!(held(&site).await, ["project isaric", "project t1oo"]);
    let forms = html.posted_forms();
    let (_, fields) = forms
        .iter()
        .find(|(_, fields)| fields.iter().any(|(name, _)| name == "apply"))
        .unwrap();
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (&**name, &**value)).collect();
    stan.post(IMPORT, &fields).await.expect(302);
    assert_eq!(held(&site).await, ["another isaric", "another t1oo"]);
    let ended = "SELECT count(*) FROM data_permission WHERE ended_reason = 'Not on the list'";
    assert_eq!(site.world.number(ended).await, 2);
    for wrong in ["", "9,T1oo,why", "9,t1oo,", "9,t1oo,a,b", ",t1oo,why"] {
        let html = stan.post(IMPORT, &[("csv", wrong)]).await.expect(200).html();
        assert_eq!(html.count("[data-errors]"), 1, "{wrong}");
    }
    let without = [("csv", file), ("ends_others", "on")];
    assert_eq!(stan.post(IMPORT, &without).await.html().count("[data-errors]"), 1);
}

#[sqlx::test]
async fn the_starting_values_come_in_one_go(pool: PgPool) {
    let (site, stan) = with_staff(pool).await;
    site.world.project("opensafely-internal").await;
    site.world
        .so("UPDATE project SET number = '155' WHERE slug = 'project'")
        .await;
    let html = stan
        .get(&format!("{IMPORT}?starting-values=1"))
        .await
        .expect(200)
        .html();
    let csv = html.text("textarea[name=csv]").unwrap();
    assert!(csv.contains("155,open_prompt"));
    let file = jobserver::core::projects::data_permissions::STARTING_VALUES;
    let sent = [("file", "values.csv", file.as_bytes())];
    let html = stan.post_files(IMPORT, &[], &sent).await.expect(200).html();
    assert!(html.main().contains("Make these 9 changes"), "{}", html.main());
    stan.post(IMPORT, &[("csv", file), ("apply", "1")]).await.expect(302);
    assert_eq!(
        held(&site).await,
        [
            "opensafely-internal appointments",
            "opensafely-internal cohortextractor",
            "opensafely-internal gp_activations",
            "opensafely-internal icnarc",
            "opensafely-internal ndoo",
            "opensafely-internal sqlrunner",
            "project cohortextractor",
            "project open_prompt",
            "project t1oo"
        ]
    );
    let html = stan
        .post_files(IMPORT, &[], &[("file", "x.csv", b"\xff\xfe")])
        .await
        .expect(200)
        .html();
    assert_eq!(html.count("[data-errors]"), 1);
}
