//! Which repositories have outputs at the code host.

use jobserver::core::ports::CodeHostError;
use jobserver::core::workspaces::outputs::{Refreshed, refresh};
use sqlx::PgPool;

use crate::support::{Site, count_statements};

async fn with_outputs(pool: &PgPool) -> Vec<String> {
    sqlx::query_scalar("SELECT url FROM repo WHERE has_github_outputs ORDER BY url")
        .fetch_all(pool)
        .await
        .unwrap()
}

async fn filled(pool: PgPool) -> Site {
    let site = Site::start(pool.clone()).await;
    sqlx::query(
        "INSERT INTO repo (url, has_github_outputs) VALUES
           ('https://github.com/opensafely/gains', false), ('https://github.com/opensafely/keeps', true),
           ('https://github.com/opensafely/loses', true), ('https://github.com/opensafely/gone', true),
           ('https://github.com/elsewhere/keeps', true), ('https://github.com/opensafely/never', false)",
    )
    .execute(&pool)
    .await
    .unwrap();
    for (name, topics) in [
        ("gains", &["non-research", "github-releases"][..]),
        ("keeps", &["github-releases"]),
        ("loses", &["github-releases-soon"]),
        ("never", &[]),
        ("unknown-here", &["github-releases"]),
    ] {
        site.code_host.set_topics(&format!("opensafely/{name}"), topics);
    }
    site.code_host.set_topics("elsewhere/keeps", &["github-releases"]);
    site
}

#[sqlx::test]
async fn every_repository_is_set_from_its_topic(pool: PgPool) {
    let site = filled(pool.clone()).await;
    let (refreshed, statements) = count_statements(refresh(&site.db, site.code_host.as_ref())).await;
    let expected = Refreshed {
        listed: 5,
        with_outputs: 3,
        gained: 1,
        lost: 3,
    };
    assert_eq!((refreshed.unwrap(), statements), (expected, 1));
    let urls = [
        "https://github.com/opensafely/gains",
        "https://github.com/opensafely/keeps",
    ];
    assert_eq!(with_outputs(&pool).await, urls);
    let again = refresh(&site.db, site.code_host.as_ref()).await.unwrap();
    assert_eq!((again.gained, again.lost), (0, 0));
    assert_eq!(with_outputs(&pool).await, urls);
}

#[sqlx::test]
async fn no_answer_and_an_empty_one_change_nothing(pool: PgPool) {
    let site = filled(pool.clone()).await;
    let before = with_outputs(&pool).await;
    site.code_host
        .fail_with(Some(|| CodeHostError::unavailable("502 from the proxy")));
    let error = refresh(&site.db, site.code_host.as_ref()).await.unwrap_err();
    assert!(error.to_string().contains("502 from the proxy"), "{error}");
    assert_eq!(with_outputs(&pool).await, before);

    let empty = crate::support::FakeCodeHost::default();
    let error = refresh(&site.db, &empty).await.unwrap_err();
    assert!(error.to_string().contains("lists no repository"), "{error}");
    assert_eq!(with_outputs(&pool).await, before);
}
