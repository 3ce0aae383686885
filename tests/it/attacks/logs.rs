//! That the watch over the log sees what it is there for.

use std::panic::{AssertUnwindSafe, catch_unwind};

use sqlx::PgPool;

use crate::support::{Mark, Site, must_not_be_logged};

/// Ends a site of which something was logged; returns what its end said.
fn end(site: Site) -> Option<String> {
    let ended = catch_unwind(AssertUnwindSafe(|| drop(site)));
    ended.err().map(|panic| panic.downcast_ref::<String>().unwrap().clone())
}

#[sqlx::test]
async fn a_secret_in_the_log_fails_the_test_that_made_it(pool: PgPool) {
    let site = Site::start(pool.clone()).await;
    site.get_something().await;
    assert_eq!(end(site), None);

    let secrets: [(&str, AsyncSecret); 4] = [
        ("session", |site| {
            Box::pin(async { site.sign_in("ada").await.cookies().await.swap_remove(0).1 })
        }),
        ("token", |site| Box::pin(async { site.backend("tpp").await.token })),
        ("csrf", |site| {
            Box::pin(async { site.sign_in("ada").await.csrf_token("/").await })
        }),
        ("wrong token", |site| {
            Box::pin(async {
                let wrong = "a-wrong-token-that-somebody-tried";
                let tpp = site.backend("tpp").await;
                let path = "/api/v2/users/ada/";
                tpp.send(rocket::http::Method::Get, path, &[("Authorization", wrong)], b"")
                    .await
                    .expect(403);
                wrong.to_owned()
            })
        }),
    ];
    for (what, secret) in secrets {
        let site = Site::start(pool.clone()).await;
        let secret = secret(&site).await;
        tracing::info!(target: "jobserver::anything", secret, "careless");
        let said = end(site).unwrap_or_else(|| panic!("a {what} may be logged"));
        assert!(said.contains(&secret) && said.contains("careless"), "{what}: {said}");
    }
}

type AsyncSecret = for<'a> fn(&'a Site) -> std::pin::Pin<Box<dyn Future<Output = String> + 'a>>;

#[sqlx::test]
async fn our_own_quiet_lines_and_those_of_libraries_are_heard(pool: PgPool) {
    let site = Site::start(pool).await;
    let mark = Mark::now();
    must_not_be_logged("one-that-is-whispered");
    must_not_be_logged("one-that-a-library-says");
    must_not_be_logged("one-through-the-log-crate");
    must_not_be_logged("one-that-nobody-says");
    tracing::debug!(target: "jobserver::x", "one-that-is-whispered");
    tracing::info!(target: "hyper::client", token = "one-that-a-library-says");
    log::warn!(target: "rocket::x", "one-through-the-log-crate");
    let told: Vec<String> = mark.told().into_iter().map(|(secret, _)| secret).collect();
    assert_eq!(
        told,
        [
            "one-that-is-whispered",
            "one-that-a-library-says",
            "one-through-the-log-crate"
        ]
    );
    assert!(end(site).is_some());
}

impl Site {
    async fn get_something(&self) {
        let ada = self.sign_in("ada").await;
        ada.get("/settings/?token=a-token-in-a-query-of-a-page")
            .await
            .expect(200);
        ada.get("/login-link/a-token-of-a-login-link-of-a-page-of-this-site/")
            .await
            .expect(200);
        ada.post(
            "/settings/",
            &[
                ("notifications", "1"),
                ("notify", "nothing"),
                ("old_token", "a-token-in-a-form-of-a-page"),
            ],
        )
        .await
        .expect(302);
        self.backend("tpp").await.get("/api/v2/job-requests/").await.expect(200);
    }
}
