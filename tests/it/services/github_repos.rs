//! Repositories at GitHub: made once, whatever was there, and refused in words.

use std::collections::BTreeMap;

use jobserver::adapters::github::{GitHubRepos, GitHubSettings};
use jobserver::core::ids::RepoUrl;
use jobserver::core::ports::RepoMaker;
use serde_json::json;

use super::{PATIENT, client, later, missing, nowhere, refused};
use crate::fakes::github::TOKEN;
use crate::fakes::{FakeGitHub, Fault};

const NAME: &str = "opensafely/tea-interactive";

fn at(api: &str, token: &str) -> GitHubRepos {
    let settings = GitHubSettings {
        api: api.parse().unwrap(),
        token: Some(token.into()),
        call_timeout: PATIENT,
        ..GitHubSettings::default()
    };
    GitHubRepos::new(client(), settings).unwrap()
}

fn url(name: &str) -> RepoUrl {
    format!("https://github.com/{name}").parse().unwrap()
}

async fn start(there: &[&str]) -> (FakeGitHub, GitHubRepos) {
    let fake = FakeGitHub::start(there).await;
    fake.org("opensafely", &["interactive"]);
    let repos = at(&fake.api(), TOKEN);
    (fake, repos)
}

#[tokio::test]
async fn a_repository_is_made_once_and_nothing_but_its_name_is_said() {
    let (fake, repos) = start(&[]).await;
    let tea = url(NAME);
    assert_eq!(repos.make(&tea).await.unwrap(), [""; 0]);
    let made = fake.calls().into_iter().find(|call| call.method == "POST").unwrap();
    assert_eq!(made.json(), json!({ "name": "tea-interactive" }));
    repos.set_topics(&tea, &["interactive".to_owned()]).await.unwrap();
    repos.let_maintain(&tea, "interactive").await.unwrap();
    // Again, as after an answer that was lost.
    assert_eq!(repos.make(&tea).await.unwrap(), ["interactive"]);
    repos.let_maintain(&tea, "interactive").await.unwrap();
    assert_eq!(fake.repos(), [NAME]);
    let teams = BTreeMap::from([("interactive".to_owned(), "maintain".to_owned())]);
    assert_eq!(fake.repo(NAME).teams, teams);
}

#[tokio::test]
async fn one_that_was_called_so_is_another() {
    let (fake, repos) = start(&[NAME]).await;
    fake.rename(NAME, "opensafely/coffee");
    repos.make(&url(NAME)).await.unwrap();
    assert_eq!(fake.repos(), ["opensafely/coffee", NAME]);
}

#[tokio::test]
async fn one_that_somebody_made_meanwhile_is_it() {
    let (fake, repos) = start(&[NAME]).await;
    fake.fail_on("GET /repos/", 1, Fault::json(404, "{}"));
    repos.make(&url(NAME)).await.unwrap();
    assert_eq!(fake.repos(), [NAME]);
    // One that is there and cannot be seen is for an operator.
    fake.fail_on("GET /repos/", 2, Fault::json(404, "{}"));
    assert!(refused(repos.make(&url(NAME)).await).contains("already exists"));
}

#[tokio::test]
async fn what_is_not_there_is_missing_and_what_may_pass_is_for_later() {
    let (fake, repos) = start(&[NAME]).await;
    let elsewhere = url("nobody/tea-interactive");
    assert!(missing(repos.make(&elsewhere).await).contains("make the repository nobody/tea-interactive"));
    missing(repos.set_topics(&elsewhere, &[]).await);
    assert!(missing(repos.let_maintain(&url(NAME), "no-team").await).contains("team no-team"));
    let (why, _) = later(at(&fake.api(), "ghp_nobodys").make(&url(NAME)).await);
    assert!(why.contains("JOBSERVER_GITHUB_TOKEN") && !why.contains("ghp_"), "{why}");
    for repos in [repos, at(&nowhere(), TOKEN)] {
        for fault in [Fault::status(500), Fault::too_many(60), Fault::CloseBefore] {
            fake.mend();
            fake.fail(1, fault);
            let (why, _) = later(repos.let_maintain(&url(NAME), "interactive").await);
            assert!(why.contains("GitHub"), "{why}");
        }
    }
}
