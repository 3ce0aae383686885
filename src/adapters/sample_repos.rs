//! Real git repositories in a temporary folder, for the tests of every code host.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

use crate::core::ids::{CommitSha, RepoUrl};

pub(super) const PROJECT: &str = "version: '4.0'\nactions: {}\n";
pub(super) const BINARY: &[u8] = b"\0\xff\xfe\r\n\0end";
/// Above the size up to which GitHub gives a file's content at once.
pub(super) const LARGE: usize = 1_200_000;

/// The organisation `opensafely`:
///
/// - `study`: not bare, with everything in it
/// - `Atlas`: bare, in `Atlas.git`, public, one branch
/// - `empty`: without a commit
/// - `hidden`: private, with two topics
/// - `notes`: with the topic that keeps it out of lists
pub(super) struct Sample {
    pub folder: TempDir,
    /// The first commit of `study`, with all files.
    pub first: CommitSha,
    /// The head of `study`'s branch `feature/new-codes`.
    pub second: CommitSha,
}

impl Sample {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join("opensafely").join(name);
        init(&at("study"), false);
        study().into_repository(&at("study"));
        init(&at("Atlas.git"), true);
        small().into_repository(&at("Atlas.git"));
        init(&at("empty"), false);
        for name in ["hidden", "notes"] {
            init(&at(name), false);
            small().into_repository(&at(name));
        }
        let configure = |name: &str, lines: &str| {
            let mut config = fs::OpenOptions::new()
                .append(true)
                .open(at(name).join(".git/config"))
                .unwrap();
            config.write_all(format!("[jobserver]\n{lines}").as_bytes()).unwrap();
        };
        configure("hidden", "private = true\ntopic = github-releases\ntopic = vaccines\n");
        configure("notes", "topic = non-research\n");
        // What the link that leads out of `study` points to.
        fs::write(folder.path().join("secret"), "secret").unwrap();
        // Neither is a repository.
        fs::create_dir(at("plain-folder")).unwrap();
        fs::write(at("plain-file"), "x").unwrap();
        let heads = git(&at("study"), &["rev-parse", "main", "feature/new-codes"]);
        let (first, second) = heads.trim().split_once('\n').unwrap();
        Self {
            first: first.parse().unwrap(),
            second: second.parse().unwrap(),
            folder,
        }
    }

    pub fn root(&self) -> PathBuf {
        self.folder.path().to_owned()
    }
}

pub(super) fn url(name: &str) -> RepoUrl {
    RepoUrl::from_parts("opensafely", name).unwrap()
}

fn small() -> Import {
    Import::default()
        .commit("refs/heads/main")
        .file("100644", "project.yaml", PROJECT.as_bytes())
}

fn study() -> Import {
    Import::default()
        .commit("refs/heads/main")
        .file("100644", "project.yaml", PROJECT.as_bytes())
        .file("100644", "codelists/codelists.txt", b"opensafely/asthma/2024\n")
        .file("100644", "codelists/codelists.json", b"{}")
        .file("100755", "codelists/old/a", b"a")
        .file("100644", "data.bin", BINARY)
        .file("100644", "empty.txt", b"")
        .file("100644", "large.txt", &vec![b'x'; LARGE])
        .file("100644", "a b & ü?#%.txt", b"odd")
        // What git gives a meaning in a revision.
        .file("100644", "x:y@{1}", b"colon")
        .file("120000", "link", b"codelists/codelists.txt")
        .file("120000", "link-absolute", b"/etc/hostname")
        .file("120000", "link-outside", b"../../secret")
        .file("120000", "link-dangling", b"nowhere")
        .file("120000", "link-loop", b"link-loop")
        .file("120000", "link-folder", b"codelists")
        .line(&format!("M 160000 {} submodule", "1".repeat(40)))
        .reference("refs/heads/odd#name", "refs/heads/main")
        .reference("refs/tags/release/2", "refs/heads/main")
        // The same name twice, at different commits.
        .reference("refs/tags/both", "refs/heads/main")
        .reference("refs/heads/both", "refs/heads/main")
        .line("tag v1.0")
        .line("from refs/heads/main")
        .line(&format!("tagger {PERSON}"))
        .data(b"v1")
        .reference("refs/heads/feature/new-codes", "refs/heads/main")
        .commit("refs/heads/feature/new-codes")
        .line("from refs/heads/main")
        .file("100644", "more.txt", b"more\n")
        .reference("refs/heads/both", "refs/heads/feature/new-codes")
}

const PERSON: &str = "A <a@example.com> 1704067200 +0000";

/// A stream for `git fast-import`: one run of git instead of several for each file.
#[derive(Default)]
struct Import(Vec<u8>);

impl Import {
    fn line(mut self, line: &str) -> Self {
        self.0.extend_from_slice(line.as_bytes());
        self.0.push(b'\n');
        self
    }

    fn data(self, bytes: &[u8]) -> Self {
        let mut next = self.line(&format!("data {}", bytes.len()));
        next.0.extend_from_slice(bytes);
        next.0.push(b'\n');
        next
    }

    fn commit(self, reference: &str) -> Self {
        self.line(&format!("commit {reference}"))
            .line(&format!("committer {PERSON}"))
            .data(b"message")
    }

    fn file(self, mode: &str, path: &str, bytes: &[u8]) -> Self {
        self.line(&format!("M {mode} inline {path}")).data(bytes)
    }

    fn reference(self, name: &str, target: &str) -> Self {
        self.line(&format!("reset {name}"))
            .line(&format!("from {target}"))
            .line("")
    }

    fn into_repository(self, path: &Path) {
        let mut import = Command::new("git")
            .current_dir(path)
            .args(["fast-import", "--quiet"])
            .stdin(Stdio::piped())
            .spawn()
            .unwrap();
        import.stdin.take().unwrap().write_all(&self.0).unwrap();
        assert!(import.wait().unwrap().success());
    }
}

pub(super) fn init(path: &Path, bare: bool) {
    fs::create_dir_all(path).unwrap();
    let bare: &[&str] = if bare { &["--bare"] } else { &[] };
    git(
        path,
        &[&["init", "--quiet", "--template=", "--initial-branch=main"], bare].concat(),
    );
}

pub(super) fn commit(path: &Path, file: &str, bytes: &[u8]) {
    fs::write(path.join(file), bytes).unwrap();
    git(path, &["add", "--", file]);
    git(path, &["commit", "--quiet", "--message", file]);
}

pub(super) fn head(path: &Path) -> CommitSha {
    git(path, &["rev-parse", "HEAD"]).trim().parse().unwrap()
}

pub(super) fn git(path: &Path, arguments: &[&str]) -> String {
    let output = try_git(path, arguments).unwrap_or_else(|error| panic!("git {arguments:?}: {error}"));
    String::from_utf8(output).unwrap()
}

/// Independent of the code under test, down to how git is called.
pub(super) fn try_git(path: &Path, arguments: &[&str]) -> Result<Vec<u8>, String> {
    let output = Command::new("git")
        .current_dir(path)
        .args(arguments)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .envs([("GIT_AUTHOR_NAME", "A"), ("GIT_AUTHOR_EMAIL", "a@example.com")])
        .envs([("GIT_COMMITTER_NAME", "A"), ("GIT_COMMITTER_EMAIL", "a@example.com")])
        .envs([
            ("GIT_AUTHOR_DATE", "2024-01-01T00:00:00Z"),
            ("GIT_COMMITTER_DATE", "2024-01-01T00:00:00Z"),
        ])
        .output()
        .unwrap();
    if output.status.success() {
        Ok(output.stdout)
    } else {
        Err(String::from_utf8_lossy(&output.stderr).into_owned())
    }
}
