//! GitHub's answers, as much of them as is used. Field names are GitHub's.

use serde::Deserialize;
use serde_json::Value;
use time::OffsetDateTime;

use crate::core::ids::CommitSha;
use crate::core::ports::RepoFacts;

/// `GET /repos/{owner}/{name}`
#[derive(Debug, Deserialize)]
pub(super) struct Facts {
    private: bool,
    #[serde(default)]
    topics: Vec<String>,
    default_branch: Option<String>,
    #[serde(default, with = "time::serde::rfc3339::option")]
    created_at: Option<OffsetDateTime>,
}

impl From<Facts> for RepoFacts {
    fn from(facts: Facts) -> Self {
        Self {
            private: facts.private,
            topics: facts.topics,
            default_branch: facts.default_branch,
            created_at: facts.created_at,
        }
    }
}

/// One element of `GET /repos/{owner}/{name}/branches`
#[derive(Debug, Deserialize)]
pub(super) struct Branch {
    pub name: String,
}

/// `GET /repos/{owner}/{name}/contents/{path}`
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Contents {
    /// The older form for a folder.
    Folder(Vec<Entry>),
    /// A file, a link out of the repository, a submodule, or a folder.
    Object(Object),
}

#[derive(Debug, Deserialize)]
pub(super) struct Object {
    #[serde(rename = "type")]
    pub kind: String,
    pub size: Option<u64>,
    /// The blob's name, which has the form of a commit's.
    pub sha: Option<CommitSha>,
    pub encoding: Option<String>,
    pub content: Option<String>,
    pub entries: Option<Vec<Entry>>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Entry {
    pub name: String,
}

/// The body of a refusal.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct RefusalBody {
    pub message: String,
    /// A list of objects by the documentation, now and then of texts.
    errors: Value,
}

impl RefusalBody {
    fn errors(&self) -> impl Iterator<Item = &Value> {
        self.errors.as_array().into_iter().flatten()
    }

    pub fn has_error(&self, code: &str) -> bool {
        self.errors().any(|error| error["code"] == code)
    }

    /// What GitHub says, with what it says of each fault: "Validation Failed: title missing field".
    pub fn words(&self) -> String {
        let mut words = self.message.clone();
        for (error, sign) in self.errors().zip(std::iter::once(": ").chain(std::iter::repeat(", "))) {
            let text = |name: &str| error[name].as_str().unwrap_or_default().replace('_', " ");
            let fault = match error.as_str().or_else(|| error["message"].as_str()) {
                Some(fault) => fault.to_owned(),
                None => format!("{} {}", text("field"), text("code")),
            };
            words.push_str(sign);
            words.push_str(fault.trim());
        }
        words
    }
}

/// Any GraphQL answer. Errors come with status 200.
#[derive(Debug, Deserialize)]
pub(super) struct GraphQl<T> {
    pub data: Option<T>,
    #[serde(default)]
    pub errors: Vec<GraphQlError>,
}

#[derive(Debug, Deserialize)]
pub(super) struct GraphQlError {
    #[serde(rename = "type", default)]
    pub kind: String,
    #[serde(default)]
    pub message: String,
}

/// A connection: one page, and where the next begins. Elements may be null.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Connection<T> {
    #[serde(default = "Vec::new")]
    pub nodes: Vec<Option<T>>,
    pub page_info: Option<PageInfo>,
}

impl<T> Connection<T> {
    /// The cursor of the next page, if there is one.
    pub fn next(&self) -> Option<String> {
        let info = self.page_info.as_ref().filter(|info| info.has_next_page)?;
        info.end_cursor.clone()
    }

    /// Whether GitHub says that nothing comes after it.
    pub fn is_last(&self) -> bool {
        self.page_info.as_ref().is_some_and(|info| !info.has_next_page)
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PageInfo {
    has_next_page: bool,
    end_cursor: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct OrganisationData {
    pub organization: Option<Organisation>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Organisation {
    pub repositories: Connection<OrgRepository>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct OrgRepository {
    pub url: String,
    pub is_private: bool,
    #[serde(default, with = "time::serde::rfc3339::option")]
    pub created_at: Option<OffsetDateTime>,
    /// Absent for a repository without commits.
    pub refs: Option<Connection<Named>>,
    pub repository_topics: Option<Connection<TopicNode>>,
}

impl OrgRepository {
    pub fn topics(&self) -> Vec<String> {
        let nodes = self.repository_topics.iter().flat_map(|connection| &connection.nodes);
        nodes.flatten().map(|node| node.topic.name.clone()).collect()
    }
}

#[derive(Debug, Deserialize)]
pub(super) struct Named {
    pub name: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct TopicNode {
    topic: Named,
}

#[derive(Debug, Deserialize)]
pub(super) struct RepositoryData {
    pub repository: Option<RefsOfRepository>,
}

#[derive(Debug, Deserialize)]
pub(super) struct RefsOfRepository {
    pub refs: Option<Connection<Named>>,
}
