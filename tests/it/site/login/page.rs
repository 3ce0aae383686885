//! What the login page offers, and where it leads.

use sqlx::PgPool;

use crate::support::Site;

#[sqlx::test]
async fn it_offers_github_and_a_link_by_mail(pool: PgPool) {
    let site = Site::start(pool).await;
    let answer = site.anonymous().get("/login/?next=/x/?b=2&a=1").await.expect(200);
    let html = answer.html();
    assert_eq!(
        html.link("Sign up there first").as_deref(),
        Some("https://github.com/signup")
    );
    let to_github = "form[action='/login/github/']";
    assert_eq!(html.attribute(to_github, "method").as_deref(), Some("post"));
    for form in [to_github, "form[action='/login/']"] {
        let next = html.attribute(&format!("{form} input[name=next]"), "value");
        assert_eq!(next.as_deref(), Some("/x/?b=2&a=1"), "{form}");
        assert!(
            html.attribute(&format!("{form} input[name=csrfmiddlewaretoken]"), "value")
                .is_some()
        );
    }
    assert!(html.attribute("input[name=email]", "required").is_some());
    assert!(html.attribute("input[name=token]", "name").is_none());
}

#[sqlx::test]
async fn who_is_signed_in_is_led_on_to_our_own_pages_only(pool: PgPool) {
    let site = Site::start(pool).await;
    let ada = site.sign_in("ada").await;
    for (query, to) in [
        ("?next=/x/?b=2&a=1", "/x/?b=2&a=1"),
        ("?next=/settings/%3Fa%3D1", "/settings/?a=1"),
        ("", "/"),
        ("?next=", "/"),
        ("?next=https://evil.com/", "/"),
        ("?next=//evil.com/", "/"),
        ("?next=///evil.com", "/"),
        ("?next=/%5Cevil.com", "/"),
        ("?next=%2F%2Fevil.com", "/"),
        ("?next=/%0d%0aSet-Cookie:a=b", "/"),
        ("?next=javascript:alert(1)", "/"),
    ] {
        let answer = ada.get(&format!("/login/{query}")).await.expect(302);
        assert_eq!(answer.location(), to, "{query}");
    }
}

#[sqlx::test]
async fn inside_a_backend_there_is_one_way_only(pool: PgPool) {
    let site = Site::start(pool).await;
    site.world.inside("tpp", &["203.0.113.0/24", "2001:db8:5::/48"]).await;
    site.world.inside("emis", &["203.0.113.64/26"]).await;
    for (address, backend) in [
        ("203.0.113.9", Some("tpp")),
        ("2001:db8:5::9", Some("tpp")),
        ("::ffff:203.0.113.9", Some("tpp")),
        // The smaller network says more.
        ("203.0.113.70", Some("emis")),
        ("203.0.114.9", None),
        ("2001:db8:6::9", None),
    ] {
        let html = site
            .anonymous()
            .at(address)
            .get("/login/?next=/x/")
            .await
            .expect(200)
            .html();
        let has = |selector: &str| html.attribute(selector, "name").is_some();
        assert_eq!(has("input[name=token]"), backend.is_some(), "{address}");
        assert_eq!(has("input[name=email]"), backend.is_none(), "{address}");
        assert_eq!(
            html.attribute("form[action='/login/github/']", "action").is_some(),
            backend.is_none()
        );
        if let Some(backend) = backend {
            assert!(
                html.main().contains(&format!("You are inside {backend}")),
                "{}",
                html.main()
            );
            assert!(
                html.attribute("form[action='/login-with-token/?next=/x/']", "method")
                    .is_some()
            );
        }
    }
}

#[sqlx::test]
async fn where_somebody_is_they_cannot_make_up(pool: PgPool) {
    let site = Site::start(pool).await;
    site.world.inside("tpp", &["203.0.113.0/24"]).await;
    let shows_token = |visitor: crate::support::Visitor| async move {
        let html = visitor.get("/login/").await.expect(200).html();
        html.attribute("input[name=token]", "name").is_some()
    };
    let visitor = || site.anonymous();
    let header = "X-Forwarded-For";
    // Nobody's proxy, whatever it says.
    assert!(!shows_token(visitor().at("198.51.100.7").saying(header, "203.0.113.9")).await);
    assert!(!shows_token(visitor().at("198.51.100.7").saying("X-Real-IP", "203.0.113.9")).await);
    assert!(!shows_token(visitor().at("198.51.100.7").saying("Forwarded", "for=203.0.113.9")).await);
    // What stands before the address that our proxy saw, the visitor sent.
    assert!(!shows_token(visitor().at("172.17.0.2").saying(header, "203.0.113.9, 198.51.100.7")).await);
    assert!(shows_token(visitor().at("172.17.0.2").saying(header, "198.51.100.7, 203.0.113.9")).await);
    assert!(!shows_token(visitor()).await, "an address that is not known is nowhere");
}

#[sqlx::test]
async fn other_methods_are_refused(pool: PgPool) {
    let site = Site::start(pool).await;
    let answer = site.anonymous().get("/login-with-token/").await.expect(405);
    assert_eq!(answer.header("Allow"), Some("POST"));
}
