//! A GitHub that serves git repositories from a folder, as its documentation says it would. Pages
//! hold two elements, so that every list goes over several.

use std::path::{Path, PathBuf};

use data_encoding::BASE64;
use percent_encoding::percent_decode_str;
use secrecy::SecretString;
use serde_json::{Value, json};
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

use super::super::sample_repos::try_git;
use super::{GitHub, GitHubSettings};

const PAGE: usize = 2;
/// From this size on the content has to be fetched as a blob.
const INLINE: usize = 1_000_000;

pub(super) fn client() -> reqwest::Client {
    // Already installed by another test of this process: just as well.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().no_proxy().build().unwrap()
}

pub(super) fn settings(api: &str) -> GitHubSettings {
    GitHubSettings {
        api: api.parse().unwrap(),
        token: Some(SecretString::from("s3cret-token")),
        call_timeout: std::time::Duration::from_secs(30),
        ..GitHubSettings::default()
    }
}

/// A GitHub below a path, as an enterprise's is, serving what is in `root`.
pub(super) async fn start(root: PathBuf) -> (GitHub, MockServer) {
    let server = MockServer::start().await;
    let api = format!("{}/api/v3", server.uri());
    let fake = Fake { root, api: api.clone() };
    Mock::given(any()).respond_with(fake).mount(&server).await;
    (GitHub::new(client(), settings(&api)).unwrap(), server)
}

struct Fake {
    root: PathBuf,
    api: String,
}

impl Respond for Fake {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let decoded: Vec<String> = request
            .url
            .path()
            .split('/')
            .skip(3)
            .map(|segment| percent_decode_str(segment).decode_utf8().unwrap().into_owned())
            .collect();
        let segments: Vec<&str> = decoded.iter().map(String::as_str).collect();
        let query = |name: &str| {
            let mut pairs = request.url.query_pairs();
            pairs.find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
        };
        let accept = request.headers["accept"].to_str().unwrap_or_default().to_owned();
        match (request.method.as_str(), &segments[..]) {
            ("POST", ["graphql"]) => self.graphql(&request.body_json().unwrap()),
            ("GET", ["repos", owner, name, rest @ ..]) => {
                let Some(repo) = self.repo(owner, name) else {
                    return refusal(404, "Not Found");
                };
                match rest {
                    [] => ok(repo.facts()),
                    ["branches"] => self.branches(&repo, query("page"), request.url.path()),
                    ["commits", reference @ ..] if accept.contains("sha") => repo.commit(&reference.join("/")),
                    ["contents", path @ ..] if accept.contains("object") => {
                        repo.contents(&query("ref").unwrap(), &path.join("/"))
                    }
                    ["git", "blobs", sha] if accept.contains("raw") => match repo.git(&["cat-file", "blob", sha]) {
                        Some(bytes) => ResponseTemplate::new(200).set_body_bytes(bytes),
                        None => refusal(404, "Not Found"),
                    },
                    _ => refusal(404, "Not Found"),
                }
            }
            _ => refusal(404, "Not Found"),
        }
    }
}

impl Fake {
    fn repo(&self, owner: &str, name: &str) -> Option<Repo> {
        let folder = self.root.join(owner);
        let dirs = [folder.join(name).join(".git"), folder.join(format!("{name}.git"))];
        let dir = dirs.into_iter().find(|dir| dir.join("HEAD").is_file())?;
        Some(Repo {
            dir,
            name: name.to_owned(),
            owner: owner.to_owned(),
        })
    }

    fn branches(&self, repo: &Repo, page: Option<String>, path: &str) -> ResponseTemplate {
        let page: usize = page.map_or(1, |page| page.parse().unwrap());
        let names = repo.branches();
        let here: Vec<Value> = names
            .iter()
            .skip((page - 1) * PAGE)
            .take(PAGE)
            .map(|name| json!({ "name": name }))
            .collect();
        let answer = ok(json!(here));
        if names.len() <= page * PAGE {
            return answer;
        }
        let host = self.api.strip_suffix("/api/v3").unwrap();
        let link = |page: usize, rel: &str| format!("<{host}{path}?per_page=100&page={page}>; rel=\"{rel}\"");
        let links = [link(1, "first"), link(page + 1, "next"), link(9, "last")].join(", ");
        answer.insert_header("link", links)
    }

    fn graphql(&self, body: &Value) -> ResponseTemplate {
        let variables = &body["variables"];
        let text = |name: &str| variables[name].as_str().unwrap_or_default();
        let start: usize = text("cursor").parse().unwrap_or(0);
        if let Some(org) = variables["org"].as_str() {
            let Ok(folders) = std::fs::read_dir(self.root.join(org)) else {
                let error = json!({ "type": "NOT_FOUND", "path": ["organization"], "message": "Could not resolve" });
                return ok(json!({ "data": { "organization": null }, "errors": [error] }));
            };
            let names = folders.map(|folder| folder.unwrap().file_name().into_string().unwrap());
            let names = names.map(|name| name.trim_end_matches(".git").to_owned());
            let mut repos: Vec<Repo> = names.filter_map(|name| self.repo(org, &name)).collect();
            repos.sort_by(|one, two| one.name.cmp(&two.name));
            let nodes: Vec<Value> = repos.iter().map(Repo::node).collect();
            return ok(json!({ "data": { "organization": { "repositories": connection(&nodes, start) } } }));
        }
        let refs = self
            .repo(text("owner"), text("name"))
            .map(|repo| connection(&repo.branch_nodes(), start));
        ok(json!({ "data": { "repository": { "refs": refs } } }))
    }
}

fn connection(nodes: &[Value], start: usize) -> Value {
    let end = nodes.len().min(start + PAGE);
    let info = json!({ "hasNextPage": end < nodes.len(), "endCursor": end.to_string() });
    json!({ "nodes": nodes[start..end], "pageInfo": info })
}

struct Repo {
    dir: PathBuf,
    owner: String,
    name: String,
}

impl Repo {
    fn git(&self, arguments: &[&str]) -> Option<Vec<u8>> {
        try_git(&self.dir, &[&["--git-dir", "."], arguments].concat()).ok()
    }

    fn text(&self, arguments: &[&str]) -> Option<String> {
        self.git(arguments)
            .map(|bytes| String::from_utf8(bytes).unwrap().trim_end().to_owned())
    }

    fn lines(&self, arguments: &[&str]) -> Vec<String> {
        self.text(arguments)
            .unwrap_or_default()
            .lines()
            .map(str::to_owned)
            .collect()
    }

    fn branches(&self) -> Vec<String> {
        self.lines(&["for-each-ref", "--format=%(refname:lstrip=2)", "refs/heads"])
    }

    fn branch_nodes(&self) -> Vec<Value> {
        self.branches().iter().map(|name| json!({ "name": name })).collect()
    }

    fn is_private(&self) -> bool {
        self.text(&["config", "jobserver.private"]).is_some()
    }

    fn topics(&self) -> Vec<String> {
        self.lines(&["config", "--get-all", "jobserver.topic"])
    }

    fn is_empty(&self) -> bool {
        self.branches().is_empty()
    }

    fn facts(&self) -> Value {
        let head = std::fs::read_to_string(self.dir.join("HEAD")).unwrap();
        json!({
            "private": self.is_private(),
            "topics": self.topics(),
            "default_branch": head.trim().strip_prefix("ref: refs/heads/"),
            "created_at": "2024-01-02T03:04:05Z",
        })
    }

    fn node(&self) -> Value {
        // GitHub sometimes gives null for an element.
        let mut topics: Vec<Value> = self
            .topics()
            .iter()
            .map(|name| json!({ "topic": { "name": name } }))
            .collect();
        topics.push(Value::Null);
        json!({
            "url": format!("https://github.com/{}/{}", self.owner, self.name),
            "isPrivate": self.is_private(),
            "createdAt": "2024-01-02T03:04:05Z",
            "refs": if self.is_empty() { Value::Null } else { connection(&self.branch_nodes(), 0) },
            "repositoryTopics": { "nodes": topics },
        })
    }

    fn commit(&self, reference: &str) -> ResponseTemplate {
        if self.is_empty() {
            return refusal(409, "Git Repository is empty.");
        }
        // Without a prefix anything git understands is accepted, which callers must not rely on.
        let spelling = match reference.split_once('/') {
            Some(("heads" | "tags", _)) => format!("refs/{reference}^{{commit}}"),
            _ => format!("{reference}^{{commit}}"),
        };
        match self.text(&["rev-parse", "--verify", "--quiet", "--end-of-options", &spelling]) {
            Some(sha) => ResponseTemplate::new(200).set_body_string(sha),
            None => refusal(422, &format!("No commit found for SHA: {reference}")),
        }
    }

    fn contents(&self, at: &str, path: &str) -> ResponseTemplate {
        if self.is_empty() {
            return refusal(404, "This repository is empty.");
        }
        if self.git(&["cat-file", "-e", &format!("{at}^{{commit}}")]).is_none() {
            return refusal(404, &format!("No commit found for the ref {at}"));
        }
        match self.object(at, path) {
            Some(object) => ok(object),
            None => refusal(404, "Not Found"),
        }
    }

    /// The mode and name of the object at a path, links not followed.
    fn entry(&self, at: &str, path: &str) -> Option<(String, String)> {
        let (parent, name) = path.rsplit_once('/').unwrap_or(("", path));
        let listed = self.text(&["ls-tree", "-z", &format!("{at}:{parent}")])?;
        listed.split('\0').find_map(|line| {
            let (about, found) = line.split_once('\t')?;
            let mut about = about.split(' ');
            let (mode, _, sha) = (about.next()?, about.next()?, about.next()?);
            (found == name).then(|| (mode.to_owned(), sha.to_owned()))
        })
    }

    fn object(&self, at: &str, path: &str) -> Option<Value> {
        if path.is_empty() {
            return Some(self.folder(at, path));
        }
        let (mode, sha) = self.entry(at, path)?;
        Some(match mode.as_str() {
            "040000" => self.folder(at, path),
            "160000" => json!({ "type": "submodule", "sha": sha, "size": 0 }),
            "120000" => {
                let target = self.text(&["cat-file", "blob", &sha])?;
                let target = within_repository(path, &target).and_then(|target| self.entry(at, &target));
                match target {
                    Some((mode, sha)) if mode.starts_with("100") => self.file(&sha),
                    _ => json!({ "type": "symlink", "sha": sha, "size": 5 }),
                }
            }
            _ => self.file(&sha),
        })
    }

    fn folder(&self, at: &str, path: &str) -> Value {
        let names = self
            .text(&["ls-tree", "-z", "--name-only", &format!("{at}:{path}")])
            .unwrap();
        let entries: Vec<Value> = names
            .split_terminator('\0')
            .map(|name| json!({ "name": name }))
            .collect();
        json!({ "type": "dir", "size": 0, "entries": entries })
    }

    fn file(&self, sha: &str) -> Value {
        let bytes = self.git(&["cat-file", "blob", sha]).unwrap();
        let mut object = json!({ "type": "file", "size": bytes.len(), "sha": sha });
        if bytes.len() <= INLINE {
            let lines: Vec<String> = bytes.chunks(45).map(|chunk| BASE64.encode(chunk) + "\n").collect();
            object["encoding"] = json!("base64");
            object["content"] = json!(lines.concat());
        } else {
            object["encoding"] = json!("none");
            object["content"] = json!("");
        }
        object
    }
}

fn within_repository(link: &str, target: &str) -> Option<String> {
    let mut parts: Vec<&str> = link.split('/').collect();
    parts.pop();
    if Path::new(target).is_absolute() {
        return None;
    }
    for part in target.split('/') {
        match part {
            "." | "" => {}
            ".." => drop(parts.pop()?),
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

pub(super) fn ok(body: Value) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_json(body)
}

pub(super) fn refusal(status: u16, message: &str) -> ResponseTemplate {
    ResponseTemplate::new(status)
        .set_body_json(json!({ "message": message, "documentation_url": "https://docs.github.com" }))
}
