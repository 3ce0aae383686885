//! Methods that a page does not answer: who is told so, and who learns no more of a page than by asking for it.

use rocket::http::Method;
use sqlx::PgPool;

use crate::support::Site;

/// A page, one of its own methods, and what `Allow` says.
const PAGES: &[(&str, Method, &str)] = &[
    ("/staff/", Method::Get, "GET, HEAD"),
    ("/staff/orgs/", Method::Get, "GET, HEAD"),
    ("/staff/orgs/acme/", Method::Get, "GET, HEAD, POST"),
    // Whether there is such a thing is looked up after that.
    ("/staff/orgs/none/", Method::Get, "GET, HEAD, POST"),
    ("/staff/orgs/acme/remove-member/", Method::Post, "POST"),
    ("/staff/job-requests/cancel/", Method::Post, "POST"),
    ("/staff/job-requests/1/cancel/", Method::Post, "POST"),
    ("/staff/job-requests/x/cancel/", Method::Post, "POST"),
    ("/staff/users/", Method::Get, "GET, HEAD, POST"),
    ("/staff/users/ada/", Method::Get, "GET, HEAD, POST"),
    ("/staff/projects/create/", Method::Get, "GET, HEAD, POST"),
    ("/staff/projects/project/", Method::Get, "GET, HEAD"),
];

#[sqlx::test]
async fn what_htmx_asks_for_is_not_replaced_by_a_page_to_sign_in_at(pool: PgPool) {
    let site = Site::start(pool).await;
    let htmx = site.anonymous().saying("HX-Request", "true");
    for path in ["/staff/suggest/people/?find_people=a", "/staff/orgs/add/"] {
        let answer = htmx.get(path).await.expect(401);
        assert_eq!((answer.body.as_str(), answer.header("Location")), ("", None));
        site.anonymous().get(path).await.expect(302);
    }
}

#[sqlx::test]
async fn the_guard_is_asked_before_the_method(pool: PgPool) {
    let site = Site::start(pool).await;
    site.world.usual().await;
    let roles = ["StaffAreaAdministrator", "ServiceAdministrator"];
    site.world.global_roles("stan", &roles).await;
    let (stan, ada, nobody) = (site.sign_in("stan").await, site.sign_in("ada").await, site.anonymous());
    for (path, own, allow) in PAGES {
        for method in [
            Method::Get,
            Method::Head,
            Method::Post,
            Method::Put,
            Method::Patch,
            Method::Delete,
            Method::Options,
        ] {
            if allow.split(", ").any(|allowed| allowed == method.as_str()) {
                continue;
            }
            let answer = nobody.bare(method, path).await;
            assert_eq!(answer.status, 302, "{method} {path}");
            assert!(answer.location().starts_with("/login/?next="), "{}", answer.location());
            assert_eq!(answer.header("Allow"), None);
            let answer = ada.bare(method, path).await;
            assert_eq!((answer.status, answer.header("Allow")), (403, None), "{method} {path}");
            let answer = stan.bare(method, path).await;
            assert_eq!(
                (answer.status, answer.header("Allow")),
                (405, Some(*allow)),
                "{method} {path}"
            );
        }
        if *own == Method::Get {
            ada.get(path).await.expect(403);
            nobody.get(path).await.expect(302);
        }
    }
}

#[sqlx::test]
async fn a_right_of_its_own_is_asked_for_too(pool: PgPool) {
    let site = Site::start(pool).await;
    site.world.usual().await;
    site.world.global_roles("admin", &["StaffAreaAdministrator"]).await;
    let admin = site.sign_in("admin").await;
    for (path, status) in [
        ("/staff/projects/create/", 403),
        ("/staff/projects/project/add-member/", 403),
        ("/staff/projects/project/data-permissions/", 403),
        ("/staff/projects/project/edit/", 405),
        ("/staff/users/", 405),
    ] {
        admin.bare(Method::Delete, path).await.expect(status);
    }
}

#[sqlx::test]
async fn nothing_is_done_by_another_method_even_with_a_form(pool: PgPool) {
    let site = Site::start(pool).await;
    site.world.usual().await;
    site.world.global_roles("stan", &["StaffAreaAdministrator"]).await;
    let stan = site.sign_in("stan").await;
    let token = stan.csrf_token("/").await;
    let stan = stan.saying("X-CSRFToken", token);
    stan.bare(Method::Put, "/staff/orgs/acme/remove-member/")
        .await
        .expect(405);
    stan.get("/staff/users/ada/deactivate/").await.expect(405);
    let active = r#"SELECT count(*) FROM "user" WHERE username = 'ada' AND is_active"#;
    assert_eq!(site.world.number(active).await, 1);
    // Where there is no page nobody is told of methods.
    for path in ["/staff/nothing/", "/staff/orgs/acme/nothing/at/all/"] {
        for visitor in [&stan, &site.anonymous()] {
            visitor.bare(Method::Delete, path).await.expect(404);
            visitor.get(path).await.expect(404);
        }
    }
}
