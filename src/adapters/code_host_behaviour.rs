//! What every code host does, whatever is behind it. [`code_host_behaviour`] makes a test of each
//! function for one adapter, given how to set it up on the sample repositories.

use super::sample_repos::{BINARY, LARGE, PROJECT, Sample, url};
use crate::core::ids::CommitSha;
use crate::core::ports::{CodeHost, CodeHostError};

macro_rules! code_host_behaviour {
    ($set_up:path) => {
        $crate::adapters::code_host_behaviour::code_host_behaviour!(
            $set_up,
            lists_the_repositories_of_an_organisation
            an_unknown_organisation_is_not_found
            knows_the_topics_of_all_repositories
            knows_the_facts
            lists_branches
            resolves_branches_tags_and_commits
            what_is_no_reference_is_not_found
            reads_files
            refuses_files_above_the_limit
            follows_links_within_the_repository_only
            what_is_no_file_is_not_found
            lists_folders
            what_is_no_folder_is_not_found
            an_unknown_repository_is_not_found_by_any_verb
        );
    };
    ($set_up:path, $($name:ident)*) => {
        $(#[tokio::test]
        async fn $name() {
            let sample = $crate::adapters::sample_repos::Sample::new();
            let (host, _guard) = $set_up(&sample).await;
            $crate::adapters::code_host_behaviour::$name(&host, &sample).await;
        })*
    };
}
pub(super) use code_host_behaviour;

pub(super) async fn lists_the_repositories_of_an_organisation(host: &dyn CodeHost, _: &Sample) {
    let found = host.repositories("opensafely").await.unwrap();
    let names: Vec<&str> = found.iter().map(|repository| repository.name.as_str()).collect();
    assert_eq!(names, ["Atlas", "empty", "hidden", "study"]);
    let [atlas, empty, hidden, study] = &found[..] else {
        unreachable!()
    };
    assert_eq!(atlas.url, url("Atlas"));
    assert_eq!(
        (atlas.private, &atlas.topics[..], &atlas.branches[..]),
        (false, &[][..], &["main".to_owned()][..])
    );
    assert!(empty.branches.is_empty());
    assert!(hidden.private);
    assert_eq!(hidden.topics, ["github-releases", "vaccines"]);
    assert_eq!(study.branches, ["both", "feature/new-codes", "main", "odd#name"]);
}

pub(super) async fn an_unknown_organisation_is_not_found(host: &dyn CodeHost, _: &Sample) {
    for org in ["nobody", "", "..", ".", "opensafely/study", "/etc", "-x", "open safely"] {
        let found = host.repositories(org).await;
        assert!(
            matches!(&found, Err(CodeHostError::OrgNotFound { org: o }) if o == org),
            "{org}: {found:?}"
        );
        let found = host.topics(org).await;
        assert!(
            matches!(&found, Err(CodeHostError::OrgNotFound { org: o }) if o == org),
            "{org}: {found:?}"
        );
    }
}

pub(super) async fn knows_the_topics_of_all_repositories(host: &dyn CodeHost, _: &Sample) {
    let mut found = host.topics("opensafely").await.unwrap();
    found.sort_by_key(|repository| repository.url.name().to_lowercase());
    let found: Vec<(&str, Vec<&str>)> = found
        .iter()
        .map(|repository| {
            let topics = repository.topics.iter().map(String::as_str).collect();
            (repository.url.name(), topics)
        })
        .collect();
    let expected = [
        ("Atlas", vec![]),
        ("empty", vec![]),
        ("hidden", vec!["github-releases", "vaccines"]),
        ("notes", vec!["non-research"]),
        ("study", vec![]),
    ];
    assert_eq!(found, expected);
}

pub(super) async fn knows_the_facts(host: &dyn CodeHost, _: &Sample) {
    let study = host.facts(&url("study")).await.unwrap();
    assert_eq!(
        (study.private, study.topics, study.default_branch.as_deref()),
        (false, vec![], Some("main"))
    );
    let hidden = host.facts(&url("hidden")).await.unwrap();
    assert!(hidden.private);
    assert_eq!(hidden.topics, ["github-releases", "vaccines"]);
    let empty = host.facts(&url("empty")).await.unwrap();
    assert_eq!(empty.default_branch.as_deref(), Some("main"));
}

pub(super) async fn lists_branches(host: &dyn CodeHost, _: &Sample) {
    let found = host.branches(&url("study")).await.unwrap();
    assert_eq!(found, ["both", "feature/new-codes", "main", "odd#name"]);
    assert!(host.branches(&url("empty")).await.unwrap().is_empty());
}

pub(super) async fn resolves_branches_tags_and_commits(host: &dyn CodeHost, sample: &Sample) {
    let (first, second) = (&sample.first, &sample.second);
    let upper = first.as_str().to_uppercase();
    for (reference, expected) in [
        ("main", first),
        ("feature/new-codes", second),
        ("odd#name", first),
        ("v1.0", first),
        ("release/2", first),
        ("both", second),
        (first.as_str(), first),
        (second.short(), second),
        (&second.as_str()[..4], second),
        (&second.as_str()[..39], second),
        (&upper, first),
    ] {
        let found = host.resolve(&url("study"), reference).await;
        assert_eq!(
            &found.unwrap_or_else(|error| panic!("{reference}: {error}")),
            expected,
            "{reference}"
        );
    }
}

pub(super) async fn what_is_no_reference_is_not_found(host: &dyn CodeHost, _: &Sample) {
    let missing_sha = "0".repeat(40);
    for reference in [
        "nothing",
        "feature",
        "new-codes",
        "HEAD",
        "heads/main",
        "refs/heads/main",
        "0000",
        &missing_sha,
        "",
        "@",
        "-x",
        "--upload-pack=touch x",
        "--help",
        "--end-of-options",
        "@{upstream}",
        "main@{0}",
        "..",
        "main..both",
        "main~1",
        "main^",
        "main^{commit}",
        "main:project.yaml",
        ":/first",
        "../main",
        "main\nmain",
        "main\0",
        "main ",
        "v1.0^{}",
        "ma*",
        "main/../main",
    ] {
        let found = host.resolve(&url("study"), reference).await;
        assert!(
            matches!(&found, Err(CodeHostError::RefNotFound { reference: r }) if r == reference),
            "{reference:?}: {found:?}"
        );
    }
    let found = host.resolve(&url("empty"), "main").await;
    assert!(matches!(found, Err(CodeHostError::RefNotFound { .. })), "{found:?}");
}

pub(super) async fn reads_files(host: &dyn CodeHost, sample: &Sample) {
    for (path, expected) in [
        ("project.yaml", PROJECT.as_bytes()),
        ("codelists/codelists.txt", b"opensafely/asthma/2024\n"),
        ("codelists/old/a", b"a"),
        ("data.bin", BINARY),
        ("empty.txt", b""),
        ("a b & ü?#%.txt", b"odd"),
        ("x:y@{1}", b"colon"),
    ] {
        let found = host.file(&url("study"), &sample.first, path, 1000).await;
        assert_eq!(
            found.unwrap_or_else(|error| panic!("{path}: {error}")),
            expected,
            "{path}"
        );
    }
    let added = host
        .file(&url("study"), &sample.second, "more.txt", 1000)
        .await
        .unwrap();
    assert_eq!(added, b"more\n");
    let large = host
        .file(&url("study"), &sample.first, "large.txt", LARGE)
        .await
        .unwrap();
    assert!(large.len() == LARGE && large.iter().all(|byte| *byte == b'x'));
}

pub(super) async fn refuses_files_above_the_limit(host: &dyn CodeHost, sample: &Sample) {
    let size = PROJECT.len();
    let read = |path, limit| {
        let repo = url("study");
        async move { host.file(&repo, &sample.first, path, limit).await }
    };
    assert_eq!(read("project.yaml", size).await.unwrap().len(), size);
    for (path, limit) in [
        ("project.yaml", size - 1),
        ("project.yaml", 0),
        ("large.txt", LARGE - 1),
        ("large.txt", 10),
    ] {
        let found = read(path, limit).await;
        assert!(
            matches!(&found, Err(CodeHostError::TooLarge { path: p, limit: l }) if p == path && *l == limit),
            "{path}: {found:?}"
        );
    }
    assert!(read("empty.txt", 0).await.unwrap().is_empty());
}

pub(super) async fn follows_links_within_the_repository_only(host: &dyn CodeHost, sample: &Sample) {
    let found = host.file(&url("study"), &sample.first, "link", 1000).await.unwrap();
    assert_eq!(found, b"opensafely/asthma/2024\n");
    for path in [
        "link-absolute",
        "link-outside",
        "link-dangling",
        "link-loop",
        "link-folder",
    ] {
        file_is_not_found(host, &sample.first, path).await;
    }
}

pub(super) async fn what_is_no_file_is_not_found(host: &dyn CodeHost, sample: &Sample) {
    for path in [
        "nothing",
        "more.txt",
        "codelists",
        "codelists/nothing",
        "project.yaml/x",
        "submodule",
        "submodule/x",
        "Project.yaml",
        "",
        "/",
        "/etc/hostname",
        "../secret",
        "../../secret",
        "codelists/../project.yaml",
        "./project.yaml",
        "codelists//codelists.txt",
        "codelists/",
        ".git/config",
        "project.yaml\nproject.yaml",
        "project.yaml\0",
        "--help",
    ] {
        file_is_not_found(host, &sample.first, path).await;
    }
    let missing: CommitSha = "0".repeat(40).parse().unwrap();
    for name in ["study", "empty"] {
        let found = host.file(&url(name), &missing, "project.yaml", 1000).await;
        assert!(
            matches!(&found, Err(CodeHostError::RefNotFound { reference }) if reference == missing.as_str()),
            "{name}: {found:?}"
        );
    }
}

async fn file_is_not_found(host: &dyn CodeHost, at: &CommitSha, path: &str) {
    let found = host.file(&url("study"), at, path, 1000).await;
    assert!(
        matches!(&found, Err(CodeHostError::FileNotFound { path: p }) if p == path),
        "{path:?}: {found:?}"
    );
}

pub(super) async fn lists_folders(host: &dyn CodeHost, sample: &Sample) {
    let list = |folder| {
        let repo = url("study");
        async move { host.listing(&repo, &sample.first, folder).await.unwrap() }
    };
    assert_eq!(list("codelists").await, ["codelists.json", "codelists.txt", "old"]);
    assert_eq!(list("codelists/old").await, ["a"]);
    assert_eq!(
        list("").await,
        [
            "a b & ü?#%.txt",
            "codelists",
            "data.bin",
            "empty.txt",
            "large.txt",
            "link",
            "link-absolute",
            "link-dangling",
            "link-folder",
            "link-loop",
            "link-outside",
            "project.yaml",
            "submodule",
            "x:y@{1}",
        ]
    );
}

pub(super) async fn what_is_no_folder_is_not_found(host: &dyn CodeHost, sample: &Sample) {
    for folder in [
        "nothing",
        "project.yaml",
        "link",
        "link-folder",
        "submodule",
        "..",
        "/",
        ".git",
        "codelists/",
        "-r",
    ] {
        let found = host.listing(&url("study"), &sample.first, folder).await;
        assert!(
            matches!(&found, Err(CodeHostError::FileNotFound { path }) if path == folder),
            "{folder:?}: {found:?}"
        );
    }
    let missing: CommitSha = "0".repeat(40).parse().unwrap();
    let found = host.listing(&url("study"), &missing, "codelists").await;
    assert!(matches!(found, Err(CodeHostError::RefNotFound { .. })), "{found:?}");
}

pub(super) async fn an_unknown_repository_is_not_found_by_any_verb(host: &dyn CodeHost, sample: &Sample) {
    for name in ["nothing", "plain-folder", "plain-file"] {
        let (repo, at) = (url(name), &sample.first);
        for result in [
            host.facts(&repo).await.map(drop),
            host.branches(&repo).await.map(drop),
            host.resolve(&repo, "main").await.map(drop),
            host.resolve(&repo, at.as_str()).await.map(drop),
            host.file(&repo, at, "project.yaml", 10).await.map(drop),
            host.listing(&repo, at, "codelists").await.map(drop),
        ] {
            assert!(matches!(result, Err(CodeHostError::RepoNotFound)), "{name}: {result:?}");
        }
    }
}
