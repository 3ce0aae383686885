//! Filters of lists, whatever they are of.

use sqlx::PgPool;

use super::with_stan;
use crate::support::{Html, Site};

async fn list(stan: &crate::support::Visitor, path: &str) -> Html {
    stan.get(path).await.expect(200).html()
}

#[sqlx::test]
async fn what_no_filter_knows_has_nothing_in_it(pool: PgPool) {
    let (site, stan) = with_stan(pool).await;
    site.world.workspace("project", "ws").await;
    site.world
        .so("UPDATE project SET slug = 'renamed' WHERE slug = 'project';
             INSERT INTO redirect (old_url, project_id, created_by_id)
             SELECT '/project/', id, created_by_id FROM project WHERE slug = 'renamed'")
        .await;
    for (path, filter) in [
        ("/staff/repos/", "has_outputs=bogus"),
        ("/staff/repos/", "sign_off=bogus"),
        ("/staff/redirects/", "state=bogus"),
        ("/staff/users/", "active=bogus"),
        ("/staff/users/", "backend=99999999999"),
        ("/staff/backends/", "active=bogus"),
        ("/staff/outbox/", "state=bogus"),
    ] {
        if path != "/staff/outbox/" {
            assert!(list(&stan, path).await.count("tbody tr") > 0, "{path}");
        }
        let html = list(&stan, &format!("{path}?{filter}")).await;
        assert_eq!(html.count("tbody tr"), 0, "{path}?{filter}");
        assert!(html.main().contains("Nothing matches"), "{path}?{filter}");
    }
    stan.get("/staff/users/?backend=tpp").await.expect(400);
    // These two take no notice of what they do not know.
    for filter in ["any_roles=bogus", "missing=bogus"] {
        let html = list(&stan, &format!("/staff/users/?{filter}")).await;
        assert!(html.count("tbody tr") > 0, "{filter}");
    }
}

#[sqlx::test]
async fn all_is_offered_once_and_where_it_is_what_stands_there(pool: PgPool) {
    let (_site, stan) = with_stan(pool).await;
    for path in ["/staff/outbox/", "/staff/repos/", "/staff/users/", "/staff/redirects/"] {
        let html = list(&stan, path).await;
        let selects = html.count("form.filters select");
        let all = html
            .texts("form.filters select option")
            .iter()
            .filter(|text| *text == "All")
            .count();
        assert_eq!(all, selects, "{path}");
    }
    // Without a choice it shows what waits or failed.
    let html = list(&stan, "/staff/outbox/").await;
    assert_eq!(html.texts("#filter-state option")[0], "Waiting and failed");
}

#[sqlx::test]
async fn a_filter_that_has_nothing_to_offer_is_not_there(pool: PgPool) {
    let site = Site::start(pool).await;
    site.world.global_roles("stan", &["StaffAreaAdministrator"]).await;
    let stan = site.sign_in("stan").await;
    let offered = async || {
        let html = stan.get("/staff/job-requests/").await.expect(200).html();
        html.attributes("form[role=search] [name]", "name")
    };
    assert_eq!(offered().await, ["q", "project", "user", "workspace"]);
    site.world.usual().await;
    assert_eq!(
        offered().await,
        ["q", "backends", "orgs", "project", "user", "workspace"]
    );
}
