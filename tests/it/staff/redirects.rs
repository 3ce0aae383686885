//! Addresses of before, made by moving and looked after by staff.

use sqlx::PgPool;

use crate::pages::lists::assert_accessible;
use crate::support::{Site, Visitor};

async fn with_staff(pool: PgPool) -> (Site, Visitor) {
    let site = Site::start(pool).await;
    site.world
        .global_roles("stan", &["StaffAreaAdministrator", "ServiceAdministrator"])
        .await;
    site.world.usual().await;
    let stan = site.sign_in("stan").await;
    (site, stan)
}

/// Gives an organisation another slug.
async fn rename(stan: &Visitor, from: &str, to: &str) {
    let page = format!("/staff/orgs/{from}/edit/");
    let html = stan.get(&page).await.expect(200).html();
    let name = html.attribute("input[name=name]", "value").unwrap();
    stan.post(&page, &[("name", &name), ("slug", to)]).await.expect(302);
}

async fn leads_to(site: &Site, path: &str) -> String {
    site.anonymous().get(path).await.expect(301).location().to_owned()
}

#[sqlx::test]
async fn chains_are_one_step_and_never_a_circle(pool: PgPool) {
    let (site, stan) = with_staff(pool).await;
    rename(&stan, "acme", "b").await;
    rename(&stan, "b", "c").await;
    assert_eq!(leads_to(&site, "/orgs/acme/").await, "/orgs/c/");
    assert_eq!(leads_to(&site, "/orgs/b/?x=1").await, "/orgs/c/?x=1");
    rename(&stan, "c", "acme").await;
    site.anonymous().get("/orgs/acme/").await.expect(200);
    for old in ["b", "c"] {
        assert_eq!(leads_to(&site, &format!("/orgs/{old}/")).await, "/orgs/acme/");
    }
    rename(&stan, "acme", "b").await;
    site.anonymous().get("/orgs/b/").await.expect(200);
    for old in ["acme", "c"] {
        assert_eq!(leads_to(&site, &format!("/orgs/{old}/")).await, "/orgs/b/");
    }
}

#[sqlx::test]
async fn whatever_is_there_now_goes_first(pool: PgPool) {
    let (site, stan) = with_staff(pool).await;
    rename(&stan, "acme", "b").await;
    // A new one takes the old address, and then moves too: the address leads to the one that was there last.
    let made = stan.post("/staff/orgs/add/", &[("name", "ACME")]).await.expect(302);
    assert_eq!(made.location(), "/staff/orgs/acme/");
    site.anonymous().get("/orgs/acme/").await.expect(200);
    assert_eq!(
        site.world
            .number("SELECT count(*) FROM redirect WHERE deleted_at IS NULL")
            .await,
        0
    );
    rename(&stan, "acme", "d").await;
    assert_eq!(leads_to(&site, "/orgs/acme/").await, "/orgs/d/");
    // Also when it was made without a word to anybody.
    rename(&stan, "b", "e").await;
    site.world.org("b").await;
    site.anonymous().get("/orgs/b/").await.expect(200);
    rename(&stan, "b", "f").await;
    assert_eq!(leads_to(&site, "/orgs/b/").await, "/orgs/f/");
    let kinds: Vec<String> =
        sqlx::query_scalar("SELECT type FROM auditable_event WHERE type LIKE 'redirect%' ORDER BY id")
            .fetch_all(site.db.pool())
            .await
            .unwrap();
    assert_eq!(
        kinds,
        [
            "redirect_created",
            "redirect_ended",
            "redirect_created",
            "redirect_created",
            "redirect_replaced",
            "redirect_created"
        ]
    );
}

#[sqlx::test]
async fn staff_see_them_and_end_them(pool: PgPool) {
    let (site, stan) = with_staff(pool).await;
    rename(&stan, "acme", "b").await;
    leads_to(&site, "/orgs/acme/").await;
    let list = async |query: &str| {
        let html = stan.get(&format!("/staff/redirects/{query}")).await.expect(200).html();
        assert_accessible(&html);
        html.texts("main tbody th a")
    };
    for found in ["", "?q=ACM", "?q=stan", "?type=org", "?state=used", "?type=org&q=acme"] {
        assert_eq!(list(found).await, ["/orgs/acme/"], "{found}");
    }
    for nothing in [
        "?type=project",
        "?type=nonsense",
        "?q=%25",
        "?state=expired",
        "?state=deleted",
        "?state=bogus",
    ] {
        assert_eq!(list(nothing).await, Vec::<String>::new(), "{nothing}");
    }
    let file = stan
        .get("/staff/redirects/?format=csv")
        .await
        .expect(200)
        .body
        .replace('"', "");
    assert!(
        file.lines()
            .next()
            .is_some_and(|line| line.ends_with(",Until,Name,State")),
        "{file}"
    );
    let id = site.world.number("SELECT id::bigint FROM redirect").await;
    let page = format!("/staff/redirects/{id}/");
    let html = stan.get(&page).await.expect(200).html();
    assert_accessible(&html);
    assert!(html.main().contains("followed once"), "{}", html.main());
    let seen = html.attribute("input[name=seen]", "value").unwrap();
    for wrong in ["", "soon", "9999-01-01", "1999-01-01"] {
        let html = stan.post(&page, &[("expires_at", wrong)]).await.expect(200).html();
        assert_eq!(
            html.attribute("input[name=expires_at]", "value").as_deref(),
            Some(wrong)
        );
    }
    stan.post(&page, &[("expires_at", "2026-01-01"), ("seen", &seen)])
        .await
        .expect(302);
    assert_eq!(list("?state=expired").await, ["/orgs/acme/"]);
    site.anonymous().get("/orgs/acme/").await.expect(404);
    let html = stan
        .post(&page, &[("expires_at", "2035-01-01"), ("seen", &seen)])
        .await
        .expect(200)
        .html();
    assert!(html.text("[data-errors]").unwrap().contains("2026-01-01"));
    stan.post(&page, &[("expires_at", "2035-01-01")]).await.expect(302);
    assert_eq!(leads_to(&site, "/orgs/acme/").await, "/orgs/b/");
    let delete = format!("{page}delete/");
    assert_eq!(
        stan.post(&delete, &[]).await.expect(302).location(),
        "/staff/redirects/"
    );
    site.anonymous().get("/orgs/acme/").await.expect(404);
    stan.post(&delete, &[]).await.expect(404);
    stan.post(&page, &[("expires_at", "2036-01-01")]).await.expect(404);
    assert_eq!(list("?state=deleted").await, ["/orgs/acme/"]);
    assert_eq!(list("").await, Vec::<String>::new());
    assert_eq!(list("?state=all").await, ["/orgs/acme/"], "all are all");
    assert_accessible(&stan.get(&page).await.expect(200).html());
    let by = "SELECT count(*) FROM redirect r JOIN \"user\" u ON u.id = r.deleted_by_id WHERE u.username = 'stan'";
    assert_eq!(site.world.number(by).await, 1);
    stan.get("/staff/redirects/0/").await.expect(404);
    stan.get("/staff/redirects/x/").await.expect(404);
}
