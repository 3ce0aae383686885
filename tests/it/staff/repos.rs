//! Repositories as staff see them, and their sign-off.

use jobserver::core::ports::CodeHostError;
use jobserver::web::view::staff_repo_href;
use sqlx::PgPool;

use crate::pages::lists::{assert_accessible, requests, usual};
use crate::support::{Site, Visitor, until_waiting};

const REPO: &str = "https://github.com/opensafely/ws";
const TECH_SUPPORT: &str = "ebmdatalab/tech-support";

fn page() -> String {
    staff_repo_href(REPO)
}

fn sign_off() -> String {
    format!("{}sign-off/", page())
}

async fn staffed(pool: PgPool) -> (Site, Visitor) {
    let site = usual(pool).await;
    site.world.global_roles("stan", &["StaffAreaAdministrator"]).await;
    site.code_host.commit("opensafely/ws", "main", &[]);
    let stan = site.sign_in("stan").await;
    (site, stan)
}

async fn researchers_sign(site: &Site) {
    site.world
        .so(r#"UPDATE repo SET researcher_signed_off_at = now(), researcher_signed_off_by_id = (SELECT id FROM "user" WHERE username = 'ada') WHERE url = 'https://github.com/opensafely/ws'"#)
        .await;
}

#[sqlx::test]
async fn repositories_are_found_by_address_outputs_stage_and_organisation(pool: PgPool) {
    let (site, stan) = staffed(pool).await;
    site.world.workspace("another", "Beta").await;
    site.world.org("elsewhere").await;
    site.world
        .so(
            "UPDATE project_collaboration SET org_id = (SELECT id FROM org WHERE slug = 'elsewhere')
              WHERE project_id = (SELECT id FROM project WHERE slug = 'another');
             UPDATE repo SET has_github_outputs = true WHERE url LIKE '%Beta'",
        )
        .await;
    researchers_sign(&site).await;
    let listed = async |query: &str| {
        let html = stan.get(&format!("/staff/repos/?{query}")).await.expect(200).html();
        html.texts("tbody th a")
    };
    let (beta, ws) = ("opensafely/Beta", "opensafely/ws");
    for (query, found) in [
        ("", vec![beta, ws]),
        ("q=BETA", vec![beta]),
        ("q=%25", vec![]),
        ("has_outputs=yes", vec![beta]),
        ("has_outputs=no", vec![ws]),
        ("has_outputs=other", vec![]),
        ("sign_off=staff", vec![ws]),
        ("sign_off=researchers", vec![beta]),
        ("sign_off=done", vec![]),
        ("sign_off=other", vec![]),
        ("orgs=elsewhere", vec![beta]),
        ("orgs=elsewhere&orgs=acme", vec![beta, ws]),
        ("orgs=none", vec![]),
    ] {
        assert_eq!(listed(query).await, found, "{query}");
    }
    let html = stan.get("/staff/repos/").await.expect(200).html();
    assert_accessible(&html);
    assert_eq!(html.link(ws), Some(page()));
    assert_eq!(
        html.texts("#filter-has_outputs option"),
        ["All", "With outputs", "Without"]
    );
    assert_eq!(html.attributes("#filter-sign_off option[value='']", "value").len(), 1);
    assert!(
        stan.get("/staff/repos/?format=csv")
            .await
            .expect(200)
            .body
            .contains("opensafely/Beta")
    );
}

#[sqlx::test]
async fn its_page_tells_all_that_there_is_to_know(pool: PgPool) {
    let (site, stan) = staffed(pool).await;
    site.code_host.make_private("opensafely/ws");
    requests(&site, 2).await;
    let html = stan.get(&page()).await.expect(200).html();
    assert_accessible(&html);
    let said = html.main();
    for part in [
        "opensafely/ws",
        "Private",
        "Admin <admin@example.com>",
        "0 of 1",
        "Admin (admin), who made it; Ada (ada)",
        "Not signed off by its researchers",
        "To be public by",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
    assert!(
        html.posted_forms()
            .iter()
            .all(|(action, _)| !action.contains("sign-off"))
    );
    // Encoded once it is understood too; what is not there is not found.
    stan.get("/staff/repos/https%3A%2F%2Fgithub.com%2Fopensafely%2Fws/")
        .await
        .expect(200);
    stan.get(&staff_repo_href("https://github.com/opensafely/none"))
        .await
        .expect(404);
    stan.get("/staff/repos/none/").await.expect(404);
}

#[sqlx::test]
async fn its_page_is_there_while_github_is_not(pool: PgPool) {
    let (site, stan) = staffed(pool).await;
    site.code_host
        .fail_with(Some(|| CodeHostError::unavailable("no connection")));
    let said = stan.get(&page()).await.expect(200).html().main();
    assert!(said.contains("Not known"), "{said}");
    site.code_host.fail_with(None);
    stan.get(&page()).await.expect(200);
    site.code_host
        .fail_with(Some(|| CodeHostError::unavailable("no connection")));
    site.world
        .so("UPDATE code_host_fact SET fetched_at = now() - interval '3 hours'")
        .await;
    let said = stan.get(&page()).await.expect(200).html().main();
    assert!(
        said.contains("Public") && said.contains("As GitHub said 3 hours ago."),
        "{said}"
    );
}

#[sqlx::test]
async fn the_staff_sign_off_once_and_one_issue_is_opened(pool: PgPool) {
    let (site, stan) = staffed(pool).await;
    let issues = "SELECT count(*) FROM message WHERE kind = 'repo_opening_asked'";
    // The researchers come first, whatever the page says.
    stan.post(&sign_off(), &[]).await.expect(302);
    let said = stan.get(&page()).await.expect(200).html().text("body").unwrap();
    assert!(
        said.contains("is not signed off by its researchers. They come first."),
        "{said}"
    );
    assert_eq!(site.world.number(issues).await, 0);

    researchers_sign(&site).await;
    let html = stan.get(&page()).await.expect(200).html();
    assert!(html.posted_forms().iter().any(|(action, _)| *action == sign_off()));
    let answer = stan.post(&sign_off(), &[]).await.expect(302);
    assert_eq!(answer.location(), page());
    let said = stan.get(&page()).await.expect(200).html().text("body").unwrap();
    assert!(said.contains("is on its way to ebmdatalab/tech-support"), "{said}");
    assert!(said.contains("signed off the repository"), "{said}");
    let by: String =
        sqlx::query_scalar(r#"SELECT u.username FROM repo r JOIN "user" u ON u.id = r.internal_signed_off_by_id"#)
            .fetch_one(site.db.pool())
            .await
            .unwrap();
    assert_eq!(by, "stan");
    stan.post(&sign_off(), &[]).await.expect(302);
    assert_eq!(site.world.number(issues).await, 1);
    let events = "SELECT count(*) FROM auditable_event WHERE type = 'repo_opening_asked' AND created_by = 'stan'";
    assert_eq!(site.world.number(events).await, 1);

    site.drain().await;
    let opened = site.post().issues.of(TECH_SUPPORT);
    assert_eq!(opened.len(), 1);
    assert_eq!(opened[0].title, "Make opensafely/ws public");
    assert!(
        opened[0].body.contains("Stan") && opened[0].body.contains("settings"),
        "{}",
        opened[0].body
    );
    let html = stan.get(&page()).await.expect(200).html();
    assert!(html.link("ebmdatalab/tech-support#1").is_some(), "{}", html.main());
    stan.post_without_token(&sign_off(), &[]).await.expect(403);
    let nowhere = format!("{}sign-off/", staff_repo_href("https://github.com/opensafely/none"));
    stan.post(&nowhere, &[]).await.expect(404);
}

#[sqlx::test]
async fn one_with_outputs_takes_a_permission_of_its_own(pool: PgPool) {
    let (site, stan) = staffed(pool).await;
    researchers_sign(&site).await;
    site.world.so("UPDATE repo SET has_github_outputs = true").await;
    let said = stan.get(&page()).await.expect(200).html().main();
    assert!(
        said.contains("takes the role Sign Off Repos with Outputs, which you do not have"),
        "{said}"
    );
    stan.post(&sign_off(), &[]).await.expect(302);
    let signed = "SELECT count(*) FROM repo WHERE internal_signed_off_at IS NOT NULL";
    assert_eq!(site.world.number(signed).await, 0);
    site.world
        .global_roles("olga", &["StaffAreaAdministrator", "SignOffRepoWithOutputs"])
        .await;
    site.sign_in("olga").await.post(&sign_off(), &[]).await.expect(302);
    assert_eq!(site.world.number(signed).await, 1);
}

#[sqlx::test]
async fn two_at_once_open_one_issue(pool: PgPool) {
    let (site, stan) = staffed(pool.clone()).await;
    researchers_sign(&site).await;
    site.world.global_roles("olga", &["StaffAreaAdministrator"]).await;
    let olga = site.sign_in("olga").await;
    let mut lock = pool.begin().await.unwrap();
    sqlx::query("SELECT FROM repo FOR UPDATE")
        .execute(&mut *lock)
        .await
        .unwrap();
    let path = sign_off();
    let both = async { tokio::join!(stan.post(&path, &[]), olga.post(&path, &[])) };
    let release = async {
        until_waiting(&site.db, 2).await;
        lock.rollback().await.unwrap();
    };
    let ((one, other), ()) = tokio::join!(both, release);
    one.expect(302);
    other.expect(302);
    assert_eq!(site.world.number("SELECT count(*) FROM message").await, 1);
}
