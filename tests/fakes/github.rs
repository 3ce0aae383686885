//! GitHub's REST interface, as far as issues are concerned, and the making of repositories.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::ops::Deref;
use std::sync::Mutex;

use serde_json::{Value, json};
use time::OffsetDateTime;

pub use super::github_issues::{StoredComment, StoredIssue};
use super::server::{Answer, Call, Server, Service};

pub const TOKEN: &str = "ghp_a-test-token";
/// GitHub's own limit.
const MOST_PER_PAGE: usize = 100;

/// A repository with issues.
#[derive(Debug, Clone, Default)]
pub struct Repo {
    pub issues: Vec<StoredIssue>,
    pub labels: Vec<String>,
    pub topics: Vec<String>,
    /// What each team may do, by the team's name.
    pub teams: BTreeMap<String, String>,
    /// How many of the issues search knows.
    indexed: usize,
}

pub struct GitHub {
    url: String,
    state: Mutex<State>,
}

pub(super) struct State {
    pub(super) repos: BTreeMap<String, Repo>,
    /// Organisations, each with its teams, in which repositories may be made.
    pub(super) orgs: BTreeMap<String, BTreeSet<String>>,
    /// Names that repositories had, and have them no more.
    pub(super) renamed: BTreeMap<String, String>,
    /// Given to issues and comments.
    next_id: i64,
    page_size: usize,
    /// What GitHub's clock is ahead of ours.
    ahead: time::Duration,
}

/// GitHub at a port of its own.
pub struct FakeGitHub(Server<GitHub>);

impl Deref for FakeGitHub {
    type Target = Server<GitHub>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl FakeGitHub {
    /// With these repositories, each `owner/name`.
    pub async fn start(repos: &[&str]) -> Self {
        let state = State {
            repos: repos.iter().map(|name| ((*name).to_owned(), Repo::default())).collect(),
            orgs: BTreeMap::new(),
            renamed: BTreeMap::new(),
            next_id: 1_000,
            page_size: MOST_PER_PAGE,
            ahead: time::Duration::ZERO,
        };
        let service = |address: SocketAddr| GitHub {
            url: format!("http://{address}"),
            state: Mutex::new(state),
        };
        Self(Server::start_with(service).await)
    }

    /// The address of its API, for `GITHUB_API_URL`.
    pub fn api(&self) -> String {
        self.url()
    }

    pub fn repo(&self, name: &str) -> Repo {
        self.service().state.lock().unwrap().repos[name].clone()
    }

    pub fn issues(&self, repo: &str) -> Vec<StoredIssue> {
        self.repo(repo).issues
    }

    /// The repository has these labels.
    pub fn label(&self, repo: &str, labels: &[&str]) {
        let labels = labels.iter().map(ToString::to_string).collect();
        self.with(repo, |repo| repo.labels = labels);
    }

    /// Search finds what there is now. Until then it knows nothing new, as the real one for a while.
    pub fn index(&self, repo: &str) {
        self.with(repo, |repo| repo.indexed = repo.issues.len());
    }

    /// The repository is gone.
    pub fn delete(&self, repo: &str) {
        self.service().state.lock().unwrap().repos.remove(repo);
    }

    /// Lists come in pages of this many at most, so that a few rows are several pages.
    pub fn page_size(&self, size: usize) {
        self.service().state.lock().unwrap().page_size = size;
    }

    /// Repositories may be made in this organisation, which has these teams.
    pub fn org(&self, name: &str, teams: &[&str]) {
        let teams = teams.iter().map(ToString::to_string).collect();
        self.service().state.lock().unwrap().orgs.insert(name.to_owned(), teams);
    }

    /// A repository gets another name, and is found under the old one, too, until that is taken again.
    pub fn rename(&self, old: &str, new: &str) {
        let mut state = self.service().state.lock().unwrap();
        let repo = state.repos.remove(old).expect("the repository exists");
        state.repos.insert(new.to_owned(), repo);
        state.renamed.insert(old.to_owned(), new.to_owned());
    }

    /// The names of all repositories.
    pub fn repos(&self) -> Vec<String> {
        self.service().state.lock().unwrap().repos.keys().cloned().collect()
    }

    /// GitHub's clock is so much ahead of ours.
    pub fn ahead(&self, by: time::Duration) {
        self.service().state.lock().unwrap().ahead = by;
    }

    fn with(&self, repo: &str, change: impl FnOnce(&mut Repo)) {
        let mut state = self.service().state.lock().unwrap();
        change(state.repos.get_mut(repo).expect("the repository exists"));
    }
}

fn refused(status: u16, message: &str) -> Answer {
    let body = json!({ "message": message, "documentation_url": "https://docs.github.com/rest", "status": status.to_string() });
    Answer::json(status, &body)
}

pub(super) fn not_found() -> Answer {
    refused(404, "Not Found")
}

#[async_trait::async_trait]
impl Service for GitHub {
    async fn answer(&self, call: &Call) -> Answer {
        if call.header("user-agent").is_none() {
            return Answer::text(403, "Request forbidden by administrative rules.");
        }
        match call.header("authorization") {
            Some(given) if given != format!("Bearer {TOKEN}") => return refused(401, "Bad credentials"),
            None if call.method != "GET" => return refused(401, "Requires authentication"),
            _ => {}
        }
        let segments: Vec<&str> = call.path.split('/').skip(1).collect();
        let mut state = self.state.lock().unwrap();
        match &segments[..] {
            ["search", "issues"] => self.search(&state, call),
            ["orgs", org, "repos"] if call.method == "POST" => super::github_repos::make(&mut state, org, &call.json()),
            ["orgs", org, "teams", team, "repos", owner, name] if call.method == "PUT" => {
                super::github_repos::share(&mut state, (org, team), &format!("{owner}/{name}"), &call.json())
            }
            ["repos", owner, name, rest @ ..] => {
                let name = format!("{owner}/{name}");
                let name = state.renamed.get(&name).cloned().unwrap_or(name);
                if !state.repos.contains_key(&name) {
                    return not_found();
                }
                self.in_repo(&mut state, &name, call, rest)
            }
            _ => not_found(),
        }
    }
}

impl GitHub {
    fn in_repo(&self, state: &mut State, name: &str, call: &Call, rest: &[&str]) -> Answer {
        let number = |text: &str| text.parse::<i64>().unwrap_or_default();
        match (call.method.as_str(), rest) {
            ("GET", []) => Answer::json(200, &super::github_repos::described(name, &state.repos[name])),
            ("PUT", ["topics"]) => super::github_repos::set_topics(state, name, &call.json()),
            ("GET", ["labels"]) => {
                let labels = state.repos[name].labels.iter().map(|label| label_json(label)).collect();
                self.page(state, call, labels)
            }
            ("GET", ["issues"]) => self.list_issues(state, name, call),
            ("POST", ["issues"]) => self.open(state, name, &call.json()),
            (method, ["issues", n, rest @ ..]) => {
                let Some(place) = state.repos[name]
                    .issues
                    .iter()
                    .position(|issue| issue.number == number(n))
                else {
                    return not_found();
                };
                match (method, rest) {
                    ("GET", []) => Answer::json(200, &state.repos[name].issues[place].json(&self.url, name)),
                    ("PATCH" | "POST", []) => self.change(state, name, place, &call.json()),
                    ("GET", ["labels"]) => {
                        let labels = state.repos[name].issues[place].labels.iter();
                        let labels = labels.map(|label| label_json(label)).collect();
                        self.page(state, call, labels)
                    }
                    ("GET", ["comments"]) => self.list_comments(state, name, place, call),
                    ("POST", ["comments"]) => self.comment(state, name, place, &call.json()),
                    _ => not_found(),
                }
            }
            _ => not_found(),
        }
    }

    fn open(&self, state: &mut State, name: &str, body: &Value) -> Answer {
        let Some(title) = body["title"].as_str().filter(|title| !title.trim().is_empty()) else {
            return invalid("Issue", "title", "missing_field");
        };
        let now = state.now();
        let id = state.new_id();
        let repo = state.repos.entry(name.to_owned()).or_default();
        let issue = StoredIssue {
            id,
            number: i64::try_from(repo.issues.len()).unwrap_or_default() + 1,
            title: title.to_owned(),
            body: body["body"].as_str().unwrap_or_default().to_owned(),
            labels: texts(&body["labels"]),
            is_open: true,
            created_at: now,
            updated_at: now,
            comments: Vec::new(),
        };
        let answer = Answer::json(201, &issue.json(&self.url, name));
        repo.issues.push(issue);
        answer
    }

    fn change(&self, state: &mut State, name: &str, place: usize, body: &Value) -> Answer {
        let now = state.now();
        let repo = state.repos.entry(name.to_owned()).or_default();
        let issue = &mut repo.issues[place];
        if let Some(wanted) = body["state"].as_str() {
            issue.is_open = wanted == "open";
        }
        if body["labels"].is_array() {
            issue.labels = texts(&body["labels"]);
        }
        issue.updated_at = now;
        Answer::json(200, &issue.json(&self.url, name))
    }

    fn comment(&self, state: &mut State, name: &str, place: usize, body: &Value) -> Answer {
        let Some(text) = body["body"].as_str().filter(|text| !text.is_empty()) else {
            return invalid("IssueComment", "body", "missing_field");
        };
        let (now, id) = (state.now(), state.new_id());
        let repo = state.repos.entry(name.to_owned()).or_default();
        let issue = &mut repo.issues[place];
        let comment = StoredComment {
            id,
            body: text.to_owned(),
            created_at: now,
        };
        issue.updated_at = now;
        let answer = Answer::json(201, &comment.json(&self.url, name, issue.number));
        issue.comments.push(comment);
        answer
    }

    fn list_issues(&self, state: &State, name: &str, call: &Call) -> Answer {
        let since = since(call);
        let wanted = call.query("state").unwrap_or("open");
        let mut issues: Vec<&StoredIssue> = state.repos[name]
            .issues
            .iter()
            .filter(|issue| wanted == "all" || issue.is_open == (wanted == "open"))
            .filter(|issue| since.is_none_or(|since| issue.updated_at >= since))
            .collect();
        if call.query("direction") != Some("asc") {
            issues.reverse();
        }
        let issues = issues.into_iter().map(|issue| issue.json(&self.url, name)).collect();
        self.page(state, call, issues)
    }

    fn list_comments(&self, state: &State, name: &str, place: usize, call: &Call) -> Answer {
        let since = since(call);
        let issue = &state.repos[name].issues[place];
        let comments = issue
            .comments
            .iter()
            .filter(|comment| since.is_none_or(|since| comment.created_at >= since))
            .map(|comment| comment.json(&self.url, name, issue.number))
            .collect();
        self.page(state, call, comments)
    }

    /// `repo:owner/name … in:title "text"`, the newest first, among what has been indexed.
    fn search(&self, state: &State, call: &Call) -> Answer {
        let question = call.query("q").unwrap_or_default();
        let named = question.split_whitespace().find_map(|word| word.strip_prefix("repo:"));
        let Some((name, repo)) = named.and_then(|name| Some((name, state.repos.get(name)?))) else {
            let message = "The listed users and repositories cannot be searched either because the resources do not \
                           exist or you do not have permission to view them.";
            let fault = json!({ "message": message, "resource": "Search", "field": "q", "code": "invalid" });
            return Answer::json(422, &json!({ "message": "Validation Failed", "errors": [fault] }));
        };
        let text = question.split('"').nth(1).unwrap_or_default().to_lowercase();
        let words: Vec<&str> = text.split_whitespace().collect();
        let indexed = &repo.issues[..repo.indexed];
        let found: Vec<Value> = indexed
            .iter()
            .rev()
            // Its words are compared, not its text.
            .filter(|issue| words.iter().all(|word| issue.title.to_lowercase().contains(word)))
            .map(|issue| issue.json(&self.url, name))
            .collect();
        let body = json!({ "total_count": found.len(), "incomplete_results": false, "items": found });
        Answer::json(200, &body)
    }

    /// One page of a list, with a link to the next.
    fn page(&self, state: &State, call: &Call, all: Vec<Value>) -> Answer {
        let number = |name: &str| call.query(name).and_then(|text| text.parse::<usize>().ok());
        let size = number("per_page").unwrap_or(30).clamp(1, state.page_size);
        let page = number("page").unwrap_or(1).max(1);
        let rows: Vec<&Value> = all.iter().skip((page - 1) * size).take(size).collect();
        let answer = Answer::json(200, &json!(rows));
        if all.len() <= page * size {
            return answer;
        }
        let mut next = url::Url::parse(&format!("{}{}", self.url, call.path)).expect("an address");
        let kept = call.query.iter().filter(|(name, _)| name != "page");
        next.query_pairs_mut()
            .extend_pairs(kept)
            .append_pair("page", &(page + 1).to_string());
        answer.with("link", &format!("<{next}>; rel=\"next\", <{next}>; rel=\"last\""))
    }
}

impl State {
    /// GitHub's clock shows whole seconds.
    fn now(&self) -> OffsetDateTime {
        let now = OffsetDateTime::now_utc() + self.ahead;
        now.replace_nanosecond(0).expect("zero is a nanosecond")
    }

    fn new_id(&mut self) -> i64 {
        self.next_id += 1;
        self.next_id
    }
}

fn since(call: &Call) -> Option<OffsetDateTime> {
    let text = call.query("since")?;
    OffsetDateTime::parse(text, &time::format_description::well_known::Rfc3339).ok()
}

pub(super) fn texts(value: &Value) -> Vec<String> {
    let texts = value.as_array().into_iter().flatten();
    texts.filter_map(|text| text.as_str().map(str::to_owned)).collect()
}

fn label_json(name: &str) -> Value {
    json!({ "id": 1, "name": name, "color": "ededed", "default": false })
}

fn invalid(resource: &str, field: &str, code: &str) -> Answer {
    let fault = json!({ "resource": resource, "field": field, "code": code });
    let body = json!({ "message": "Validation Failed", "errors": [fault], "documentation_url": "https://docs.github.com/rest" });
    Answer::json(422, &body)
}
