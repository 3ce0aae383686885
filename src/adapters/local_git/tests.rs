use std::fs;
use std::future::{Ready, ready};

use super::super::code_host_behaviour::code_host_behaviour;
use super::super::sample_repos::{self, Sample, commit, git, head, init, url};
use super::*;

fn set_up(sample: &Sample) -> Ready<(LocalGit, ())> {
    ready((LocalGit::new(LocalGitSettings::new(sample.root())), ()))
}

code_host_behaviour!(set_up);

/// An executable in place of git.
fn fake_git(folder: &Path, script: &str) -> PathBuf {
    use std::os::unix::fs::PermissionsExt;
    let program = folder.join("fake-git");
    fs::write(&program, format!("#!/bin/sh\n{script}\n")).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    program
}

/// One repository `opensafely/study` without a commit.
fn small() -> (tempfile::TempDir, LocalGitSettings) {
    let folder = tempfile::tempdir().unwrap();
    init(&folder.path().join("opensafely/study"), false);
    let settings = LocalGitSettings::new(folder.path());
    (folder, settings)
}

#[tokio::test]
async fn without_git_the_host_is_unavailable() {
    let (folder, mut settings) = small();
    settings.program = folder.path().join("no-such-program");
    let found = LocalGit::new(settings).branches(&url("study")).await;
    assert!(matches!(found, Err(CodeHostError::Unavailable(_))), "{found:?}");
}

#[tokio::test]
async fn a_git_that_hangs_is_given_up() {
    let (folder, mut settings) = small();
    // `exec`, so that the process that is killed is the one that hangs.
    settings.program = fake_git(folder.path(), "exec sleep 600");
    settings.call_timeout = Duration::from_millis(50);
    settings.listing_timeout = Duration::from_millis(50);
    let host = LocalGit::new(settings);
    let found = host.branches(&url("study")).await;
    assert!(matches!(found, Err(CodeHostError::TimedOut)), "{found:?}");
    let found = host.repositories("opensafely").await;
    assert!(matches!(found, Err(CodeHostError::TimedOut)), "{found:?}");
}

#[tokio::test]
async fn a_git_that_never_stops_talking_is_cut_off() {
    let (folder, mut settings) = small();
    settings.program = fake_git(folder.path(), "exec yes");
    settings.call_timeout = Duration::from_mins(1);
    let host = LocalGit::new(settings);
    let found = host.branches(&url("study")).await;
    assert!(matches!(found, Err(CodeHostError::Unavailable(_))), "{found:?}");
}

#[tokio::test]
async fn a_git_that_fails_says_why_in_the_logs_only() {
    let (folder, mut settings) = small();
    settings.program = fake_git(folder.path(), "echo 'fatal: broken' >&2; exit 128");
    let error = LocalGit::new(settings).branches(&url("study")).await.unwrap_err();
    let CodeHostError::Unavailable(detail) = &error else {
        panic!("{error:?}")
    };
    assert!(detail.to_string().contains("fatal: broken"), "{detail}");
    assert!(!error.to_string().contains("broken"));
}

#[tokio::test]
async fn git_sees_nothing_of_this_process() {
    let (folder, mut settings) = small();
    settings.program = fake_git(folder.path(), "env | sed 's/=.*//'");
    let seen = LocalGit::new(settings).branches(&url("study")).await.unwrap();
    let ours: Vec<&str> = vec!["HOME", "LC_ALL", "PATH"];
    let allowed = |name: &String| {
        // The shell that stands in for git sets these itself.
        ours.contains(&name.as_str())
            || name.starts_with("GIT_")
            || ["PWD", "OLDPWD", "SHLVL", "_"].contains(&name.as_str())
    };
    assert!(seen.iter().all(allowed), "{seen:?}");
    assert!(ours.iter().all(|name| seen.iter().any(|seen| seen == name)), "{seen:?}");
}

#[tokio::test]
async fn other_kinds_of_references_are_not_taken_for_commits() {
    let (folder, settings) = small();
    let path = folder.path().join("opensafely/study");
    commit(&path, "a", b"a");
    git(&path, &["update-ref", "refs/remotes/feed", "HEAD"]);
    git(&path, &["update-ref", "refs/beef", "HEAD"]);
    let host = LocalGit::new(settings);
    for reference in ["feed", "beef", "remotes/feed", "FETCH_HEAD", "stash"] {
        let found = host.resolve(&url("study"), reference).await;
        assert!(
            matches!(found, Err(CodeHostError::RefNotFound { .. })),
            "{reference}: {found:?}"
        );
    }
    // A branch may have a name that looks like an abbreviated commit.
    git(&path, &["branch", "feed"]);
    assert_eq!(host.resolve(&url("study"), "feed").await.unwrap(), head(&path));
}

#[tokio::test]
async fn a_tag_of_a_file_is_no_commit() {
    let (folder, settings) = small();
    let path = folder.path().join("opensafely/study");
    commit(&path, "a", b"a");
    git(&path, &["tag", "blob", "HEAD:a"]);
    let found = LocalGit::new(settings).resolve(&url("study"), "blob").await;
    assert!(matches!(found, Err(CodeHostError::RefNotFound { .. })), "{found:?}");
}

#[tokio::test]
async fn a_replaced_commit_is_read_as_its_name_says() {
    let (folder, settings) = small();
    let path = folder.path().join("opensafely/study");
    commit(&path, "a", b"true");
    let honest = head(&path);
    commit(&path, "a", b"false");
    git(&path, &["replace", honest.as_str(), "HEAD"]);
    let found = LocalGit::new(settings)
        .file(&url("study"), &honest, "a", 10)
        .await
        .unwrap();
    assert_eq!(found, b"true");
}

#[tokio::test]
async fn a_missing_object_is_not_fetched_from_the_repositorys_remote() {
    let (folder, settings) = small();
    let path = folder.path().join("opensafely/study");
    commit(&path, "a", b"a");
    let marker = folder.path().join("ran");
    let helper = format!("ext::sh -c touch% {}", marker.display());
    for (key, value) in [
        ("remote.origin.url", helper.as_str()),
        ("remote.origin.promisor", "true"),
        ("extensions.partialClone", "origin"),
        ("core.repositoryFormatVersion", "1"),
        ("protocol.ext.allow", "always"),
    ] {
        git(&path, &["config", key, value]);
    }
    let missing: CommitSha = "1".repeat(40).parse().unwrap();
    let found = LocalGit::new(settings).file(&url("study"), &missing, "a", 10).await;
    assert!(matches!(found, Err(CodeHostError::RefNotFound { .. })), "{found:?}");
    assert!(!marker.exists());
}

#[tokio::test]
async fn where_no_branch_is_checked_out_there_is_no_default() {
    let (folder, settings) = small();
    let path = folder.path().join("opensafely/study");
    commit(&path, "a", b"a");
    git(&path, &["checkout", "--quiet", "--detach"]);
    let facts = LocalGit::new(settings).facts(&url("study")).await.unwrap();
    assert_eq!(facts.default_branch, None);
}

#[tokio::test]
async fn a_branch_is_the_default_even_beside_a_tag_of_its_name() {
    let (folder, settings) = small();
    let path = folder.path().join("opensafely/study");
    commit(&path, "a", b"a");
    git(&path, &["tag", "main"]);
    let facts = LocalGit::new(settings).facts(&url("study")).await.unwrap();
    assert_eq!(facts.default_branch.as_deref(), Some("main"));
}

#[tokio::test]
async fn a_broken_repository_is_unavailable() {
    let (folder, settings) = small();
    let path = folder.path().join("opensafely/study");
    fs::write(path.join(".git/config"), "[core\n").unwrap();
    let found = LocalGit::new(settings).branches(&url("study")).await;
    assert!(matches!(found, Err(CodeHostError::Unavailable(_))), "{found:?}");
}

#[tokio::test]
async fn a_worktree_is_served_too() {
    let (folder, settings) = small();
    let path = folder.path().join("opensafely/study");
    commit(&path, "a", b"a");
    git(&path, &["worktree", "add", "--quiet", "-b", "tree", "../second"]);
    let host = LocalGit::new(settings);
    assert_eq!(host.resolve(&url("second"), "tree").await.unwrap(), head(&path));
    assert!(
        host.repositories("opensafely")
            .await
            .unwrap()
            .iter()
            .any(|found| found.name == "second")
    );
}

#[tokio::test]
async fn a_repository_beside_its_bare_namesake_is_listed_once() {
    let (folder, settings) = small();
    let org = folder.path().join("opensafely");
    commit(&org.join("study"), "a", b"a");
    init(&org.join("study.git"), true);
    init(&org.join("Study"), false);
    let found = LocalGit::new(settings).repositories("opensafely").await.unwrap();
    let names: Vec<&str> = found.iter().map(|found| found.name.as_str()).collect();
    assert_eq!(names, ["Study", "study"]);
    assert_eq!(found[1].branches, ["main"]);
}

#[tokio::test]
async fn a_file_in_place_of_an_organisation_is_none() {
    let (folder, settings) = small();
    fs::write(folder.path().join("someone"), "x").unwrap();
    let found = LocalGit::new(settings).repositories("someone").await;
    assert!(matches!(found, Err(CodeHostError::OrgNotFound { .. })), "{found:?}");
}

#[tokio::test]
async fn more_names_than_the_limit_are_cut() {
    let (folder, settings) = small();
    let path = folder.path().join("opensafely/study");
    for number in 0..=MAX_ENTRIES {
        fs::write(path.join(format!("{number:04}")), "").unwrap();
    }
    git(&path, &["add", "--all"]);
    git(&path, &["commit", "--quiet", "--message=many"]);
    let head = head(&path);
    let packed: Vec<String> = (0..=MAX_BRANCHES)
        .map(|number| format!("{head} refs/heads/b{number:04}\n"))
        .collect();
    fs::write(path.join(".git/packed-refs"), packed.concat()).unwrap();
    let host = LocalGit::new(settings);
    let branches = host.branches(&url("study")).await.unwrap();
    assert_eq!((branches.len(), branches[0].as_str()), (MAX_BRANCHES, "b0000"));
    let names = host.listing(&url("study"), &head, "").await.unwrap();
    assert_eq!((names.len(), names[999].as_str()), (MAX_ENTRIES, "0999"));
}

#[test]
fn sample_repositories_are_the_same_each_time() {
    let (one, two) = (Sample::new(), Sample::new());
    assert_eq!((one.first, one.second), (two.first, two.second));
    assert_eq!(sample_repos::PROJECT.lines().count(), 2);
}

#[tokio::test]
async fn a_repository_is_made_in_the_folder_once_with_its_topics() {
    use crate::core::ports::RepoMaker;
    let (_folder, settings) = small();
    let host = LocalGit::new(settings);
    let tea = url("tea-interactive");
    assert!(!host.holds(&tea).await);
    assert_eq!(host.make(&tea).await.unwrap(), [""; 0]);
    let topics = ["interactive".to_owned()];
    for _ in 0..2 {
        host.set_topics(&tea, &topics).await.unwrap();
        host.let_maintain(&tea, "interactive").await.unwrap();
        assert_eq!(host.make(&tea).await.unwrap(), topics);
    }
    let facts = host.facts(&tea).await.unwrap();
    assert_eq!((facts.default_branch.as_deref(), facts.topics.len()), (Some("main"), 1));
    assert_eq!(host.branches(&tea).await.unwrap(), [""; 0]);
    // One that is there is left as it is.
    assert_eq!(host.make(&url("study")).await.unwrap(), [""; 0]);
}
