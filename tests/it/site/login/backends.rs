//! Which networks are inside a backend, as operators say it.

use sqlx::PgPool;

use crate::support::Program;

async fn networks(pool: &PgPool) -> Vec<String> {
    sqlx::query_scalar("SELECT level_4_addresses::text[] FROM backend WHERE slug = 'tpp'")
        .fetch_one(pool)
        .await
        .unwrap()
}

#[sqlx::test]
async fn an_operator_says_which_networks_are_inside(pool: PgPool) {
    let program = Program::new(&pool);
    let run = |more: &'static [&'static str]| {
        let arguments = [&["create_backend", "tpp", "--by", "olive"], more].concat();
        let program = &program;
        async move { program.run(&arguments).await }
    };
    run(&["--address", "203.0.113.0/24", "--address", "2001:DB8:5::/48"])
        .await
        .ok();
    let both = ["2001:db8:5::/48", "203.0.113.0/24"];
    assert_eq!(networks(&pool).await, both);
    // Not given, they stay; given, they replace.
    run(&["--name", "TPP"]).await.ok();
    assert_eq!(networks(&pool).await, both);
    for nonsense in ["tpp", "203.0.113.9/24", "0.0.0.0/0", "203.0.113.0/33", ""] {
        let said = program
            .run(&["create_backend", "tpp", "--address", nonsense])
            .await
            .failed();
        assert!(
            said.err.contains(nonsense) && !said.err.contains("went wrong"),
            "{}",
            said.err
        );
    }
    assert_eq!(networks(&pool).await, both);
    run(&["--address", "198.51.100.7"]).await.ok();
    run(&["--address", "198.51.100.7/32"]).await.ok();
    assert_eq!(networks(&pool).await, ["198.51.100.7/32"]);
    run(&["--no-addresses"]).await.ok();
    assert!(networks(&pool).await.is_empty());

    run(&["--name", "TPP"]).await.ok();
    let renamed: Vec<(String, String, String)> = sqlx::query_as(
        "SELECT target_field, old, new FROM auditable_event WHERE type = 'backend_updated' AND old <> ''",
    )
    .fetch_all(&pool)
    .await
    .unwrap();
    let renamed: Vec<[&str; 3]> = renamed.iter().map(|(field, old, new)| [&**field, old, new]).collect();
    assert_eq!(renamed, [["name", "tpp", "TPP"]]);
    let changes: Vec<(String, String, String)> = sqlx::query_as(
        "SELECT old, new, created_by FROM auditable_event WHERE type = 'backend_addresses_changed' ORDER BY id",
    )
    .fetch_all(&pool)
    .await
    .unwrap();
    let olive = |old: &str, new: &str| (old.to_owned(), new.to_owned(), "olive".to_owned());
    assert_eq!(
        changes,
        [
            olive("", "2001:db8:5::/48,203.0.113.0/24"),
            olive("2001:db8:5::/48,203.0.113.0/24", "198.51.100.7/32"),
            olive("198.51.100.7/32", ""),
        ]
    );
}
