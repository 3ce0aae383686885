//! The making of a repository, each call of which fails in every way.

use sqlx::PgPool;

use super::{House, ORG, kinds, stop};
use crate::fakes::Fault;

/// The calls that it takes, in order.
const CALLS: [&str; 4] = [
    "GET /repos/opensafely/",
    "POST /orgs/opensafely/repos",
    "PUT /repos/opensafely/",
    "PUT /orgs/opensafely/teams/",
];

/// Each call fails like this, each for a message of its own, and says so with these words; then GitHub is mended.
async fn fails(pool: &PgPool, calls: &[&str], fault: Fault, words: &str) {
    let mut house = House::new(pool).await;
    let worker = house.worker_with(&["--patience", "400"]).await;
    for (number, call) in calls.iter().enumerate() {
        house.github.fail_on(call, 1000, fault.clone());
        let id = house.store(kinds::draft("interactive_repo", number)).await;
        let tried = house.tried(id).await;
        let error = tried.last_error.clone().unwrap_or_default();
        assert_eq!(tried.state, "waiting", "{call}: {error}");
        assert!(error.contains(words), "{call}: {error}");
        house.mend();
        house.delivered_at_last(id).await;
        let repo = house.github.repo(&kinds::made(number));
        assert_eq!(repo.topics, ["interactive"], "{call}");
        assert_eq!(repo.teams["interactive"], "maintain", "{call}");
    }
    stop(worker).await;
    let made = house.github.repos();
    assert_eq!(made.iter().filter(|name| name.starts_with(ORG)).count(), calls.len());
}

#[sqlx::test]
async fn github_fails_itself(pool: PgPool) {
    fails(&pool, &CALLS, Fault::status(500), "500").await;
}

#[sqlx::test]
async fn github_hangs_when_it_is_done(pool: PgPool) {
    fails(&pool, &CALLS, Fault::HangAfter, "no answer").await;
}

#[sqlx::test]
async fn the_token_may_not_do_it(pool: PgPool) {
    let refusal = Fault::json(
        403,
        r#"{"message": "Resource not accessible by personal access token"}"#,
    );
    fails(&pool, &CALLS, refusal, "does not let JOBSERVER_GITHUB_TOKEN").await;
}

/// Of the repository itself that is what it should say.
#[sqlx::test]
async fn the_organisation_or_the_team_is_out_of_sight(pool: PgPool) {
    let refusal = Fault::json(404, r#"{"message": "Not Found"}"#);
    fails(&pool, &CALLS[1..], refusal, "may not see it").await;
}
