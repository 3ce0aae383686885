//! Files that are still inside a backend.

use sqlx::PgPool;

use super::site;

#[sqlx::test]
async fn who_may_look_inside_gets_a_token_for_their_backend(pool: PgPool) {
    let site = site(pool).await;
    site.world.may_use("emis", "ada").await;
    site.world.global_roles("checker", &["OutputChecker"]).await;
    let base = "/project/ws/files/";
    // No backend can be looked into yet.
    for path in [base.to_owned(), format!("{base}tpp/")] {
        site.sign_in("ada").await.get(&path).await.expect(404);
    }
    site.world
        .so("UPDATE backend SET level_4_url = 'https://l4.example.org:8001/' WHERE slug = 'tpp'")
        .await;
    let html = site.sign_in("ada").await.get(base).await.expect(200).html();
    assert_eq!(html.attributes("main .list a", "href"), ["/project/ws/files/tpp/"]);
    for path in [format!("{base}tpp/"), format!("{base}tpp/output/a%20b.txt")] {
        site.anonymous().get(&path).await.expect(302);
        // Without the right, and without belonging to the backend.
        for who in ["nobody", "publisher", "checker"] {
            site.sign_in(who).await.get(&path).await.expect(404);
        }
        let answer = site.sign_in("ada").await.get(&path).await.expect(200);
        let html = answer.html();
        let data = |name: &str| html.attribute("#outputsSPA", name).unwrap();
        let url = "https://l4.example.org:8001/workspace/ws";
        assert_eq!(data("data-files-url"), format!("{url}/current"));
        assert_eq!(data("data-review-url"), format!("{url}/release"));
        assert_eq!(data("data-base-path"), format!("{base}tpp/"));
        assert_eq!(
            (data("data-prepare-url"), data("data-publish-url")),
            (String::new(), String::new())
        );
        let token = data("data-auth-token");
        let (payload, signature) = token.rsplit_once('.').unwrap();
        assert!(
            payload.starts_with(&format!("{{\"url\": \"{url}\", \"user\": \"ada\", \"expiry\": \"")),
            "{payload}"
        );
        assert_eq!(signature.len(), 43);
        let policy = answer.header("Content-Security-Policy").unwrap();
        assert!(
            policy.contains("connect-src 'self' https://l4.example.org:8001;"),
            "{policy}"
        );
        assert!(
            !policy.contains("unsafe-inline") && !policy.contains("frame-src"),
            "{policy}"
        );
        assert!(html.text("noscript").unwrap().contains("needs scripts"));
    }
    let ada = site.sign_in("ada").await;
    // What is shown in a frame is what our own scripts made.
    for (name, is_report) in [("report.html", true), ("paper.PDF", false)] {
        let answer = ada.get(&format!("{base}tpp/{name}")).await.expect(200);
        let policy = answer.header("Content-Security-Policy").unwrap();
        // A report has no address at all.
        assert_eq!(policy.ends_with("; frame-src blob:"), !is_report, "{name} {policy}");
        assert_eq!(policy.contains("frame-src"), !is_report, "{name} {policy}");
        assert_eq!(policy.contains("unsafe-inline"), is_report, "{name} {policy}");
        assert!(policy.contains("; img-src 'self' blob: data:; "), "{name} {policy}");
    }
    ada.get(&format!("{base}emis/")).await.expect(404);
    ada.get(&format!("{base}none/")).await.expect(404);
    // Other pages connect to us alone.
    let answer = ada.get("/project/ws/").await.expect(200);
    assert!(
        answer
            .header("Content-Security-Policy")
            .unwrap()
            .contains("connect-src 'self';")
    );
}
