use std::future::{Ready, ready};
use std::path::Path;
use std::time::Duration;

use super::super::code_host_behaviour::code_host_behaviour;
use super::super::local_git::LocalGitSettings;
use super::super::sample_repos::{Sample, commit, git, head, init, url};
use super::*;

/// All of the sample repositories are in the other host, and the folder has another organisation.
fn set_up(sample: &Sample) -> Ready<(Fallback, tempfile::TempDir)> {
    let folder = tempfile::tempdir().unwrap();
    init(&folder.path().join("someone/else"), false);
    let host = Fallback::new(local(folder.path()), Some(Arc::new(local(&sample.root()))));
    ready((host, folder))
}

code_host_behaviour!(set_up);

fn local(root: &Path) -> LocalGit {
    LocalGit::new(LocalGitSettings::new(root))
}

/// A folder with its own `study`, which differs from the sample's.
fn own_study() -> (tempfile::TempDir, LocalGit) {
    let folder = tempfile::tempdir().unwrap();
    let study = folder.path().join("opensafely/study");
    init(&study, false);
    commit(&study, "own", b"own");
    let host = local(folder.path());
    (folder, host)
}

#[tokio::test]
async fn the_folder_wins_over_the_other_host() {
    let sample = Sample::new();
    let (folder, own) = own_study();
    let host = Fallback::new(own, Some(Arc::new(local(&sample.root()))));
    let own_head = head(&folder.path().join("opensafely/study"));
    assert_eq!(host.resolve(&url("study"), "main").await.unwrap(), own_head);
    assert_eq!(host.file(&url("study"), &own_head, "own", 10).await.unwrap(), b"own");
    assert_eq!(host.branches(&url("study")).await.unwrap(), ["main"]);
    assert!(host.facts(&url("hidden")).await.unwrap().private);
    let listed = host.repositories("opensafely").await.unwrap();
    let names: Vec<&str> = listed.iter().map(|found| found.name.as_str()).collect();
    assert_eq!(names, ["Atlas", "empty", "hidden", "study"]);
    assert_eq!(listed[3].branches, ["main"]);
}

#[tokio::test]
async fn what_the_folder_does_not_offer_is_not_offered_from_elsewhere() {
    let sample = Sample::new();
    let (folder, own) = own_study();
    git(
        &folder.path().join("opensafely/study"),
        &["config", "jobserver.topic", "non-research"],
    );
    let host = Fallback::new(own, Some(Arc::new(local(&sample.root()))));
    let listed = host.repositories("opensafely").await.unwrap();
    assert!(listed.iter().all(|found| found.name != "study"), "{listed:?}");
}

#[tokio::test]
async fn without_another_host_the_folder_is_all_there_is() {
    let (_folder, own) = own_study();
    let host = Fallback::new(own, None);
    assert_eq!(host.repositories("opensafely").await.unwrap().len(), 1);
    let org = host.repositories("nobody").await;
    assert!(matches!(org, Err(CodeHostError::OrgNotFound { .. })), "{org:?}");
    let repo = host.facts(&url("hidden")).await;
    assert!(matches!(repo, Err(CodeHostError::RepoNotFound)), "{repo:?}");
}

#[tokio::test]
async fn the_folder_is_listed_while_the_other_host_fails() {
    let (folder, own) = own_study();
    let mut broken = LocalGitSettings::new(folder.path());
    broken.program = folder.path().join("no-such-program");
    broken.call_timeout = Duration::from_secs(5);
    let elsewhere: Arc<dyn CodeHost> = Arc::new(LocalGit::new(broken));
    let host = Fallback::new(own, Some(Arc::clone(&elsewhere)));
    assert_eq!(host.repositories("opensafely").await.unwrap().len(), 1);
    // Without the organisation in the folder, the failure is the answer.
    let empty = tempfile::tempdir().unwrap();
    let host = Fallback::new(local(empty.path()), Some(elsewhere));
    let found = host.repositories("opensafely").await;
    assert!(matches!(found, Err(CodeHostError::Unavailable(_))), "{found:?}");
}

#[tokio::test]
async fn topics_are_those_of_both_and_a_failure_of_the_other_host_is_one() {
    let sample = Sample::new();
    let (folder, own) = own_study();
    git(
        &folder.path().join("opensafely/study"),
        &["config", "jobserver.topic", "own"],
    );
    let host = Fallback::new(own.clone(), Some(Arc::new(local(&sample.root()))));
    let mut found = host.topics("opensafely").await.unwrap();
    found.sort_by_key(|repository| repository.url.name().to_lowercase());
    let names: Vec<&str> = found.iter().map(|repository| repository.url.name()).collect();
    assert_eq!(names, ["Atlas", "empty", "hidden", "notes", "study"]);
    assert_eq!(found[4].topics, ["own"]);

    // The other host has no such organisation: then the folder's is all of it.
    let nothing = tempfile::tempdir().unwrap();
    let host = Fallback::new(own.clone(), Some(Arc::new(local(nothing.path()))));
    assert_eq!(host.topics("opensafely").await.unwrap().len(), 1);
    let mut broken = LocalGitSettings::new(sample.root());
    broken.program = nothing.path().join("no-such-program");
    let host = Fallback::new(own, Some(Arc::new(LocalGit::new(broken))));
    let found = host.topics("opensafely").await;
    assert!(matches!(found, Err(CodeHostError::Unavailable(_))), "{found:?}");
}
