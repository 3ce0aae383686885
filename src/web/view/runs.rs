//! Parts of the pages of job requests and jobs.

use serde::Serialize;
use time::OffsetDateTime;

use super::{Link, Time, encode_segment};
use crate::core::jobs::detail::{Earlier, Place};

/// An identifier, with a button that copies all of it.
#[derive(Debug, Serialize)]
pub struct Copyable {
    pub display: String,
    pub text: String,
    pub label: &'static str,
}

impl Copyable {
    pub fn new(text: impl Into<String>, label: &'static str) -> Self {
        let text = text.into();
        Self {
            display: text.clone(),
            text,
            label,
        }
    }

    /// A commit by its first seven characters; `None` when it is not known.
    pub fn commit(sha: &str) -> Option<Self> {
        (!sha.is_empty()).then(|| Self {
            display: sha.chars().take(7).collect(),
            text: sha.to_owned(),
            label: "Copy the commit",
        })
    }
}

/// A point in time of a thing's life.
#[derive(Debug, Serialize)]
pub struct Moment {
    pub label: &'static str,
    pub time: Option<Time>,
    pub text: Option<String>,
    pub done: bool,
}

impl Moment {
    /// Something that happened, or is to come.
    pub fn new(label: &'static str, at: Option<OffsetDateTime>) -> Self {
        Self {
            label,
            time: at.map(Time::new),
            text: None,
            done: at.is_some(),
        }
    }

    pub fn text(label: &'static str, text: impl Into<String>) -> Self {
        Self {
            label,
            time: None,
            text: Some(text.into()),
            done: true,
        }
    }
}

/// Links to what changed in the code since earlier runs, or why there are none.
#[derive(Debug, Serialize)]
pub struct Comparison {
    pub previous: Option<Link>,
    pub succeeded: Option<Link>,
    pub text: Option<&'static str>,
}

impl Comparison {
    /// `words` label the two links and say why there is none. An earlier run whose commit is not known
    /// cannot be compared with.
    pub fn new(
        place: &Place,
        previous: Option<&Earlier>,
        succeeded: Option<&Earlier>,
        words: impl Fn(&Earlier) -> (String, String),
        none: &'static str,
    ) -> Self {
        let link = |earlier: &Earlier, label: String| Some(Link::new(label, place.compare_href(&earlier.sha)?));
        let previous_link = previous.and_then(|earlier| link(earlier, words(earlier).0));
        let succeeded_link = succeeded
            .filter(|_| previous_link.is_some())
            .and_then(|earlier| link(earlier, words(earlier).1));
        let text = match (&previous_link, previous) {
            (Some(_), _) => None,
            (None, None) => Some(none),
            (None, Some(_)) => Some("The commit of the earlier run is not known."),
        };
        Self {
            previous: previous_link,
            succeeded: succeeded_link,
            text,
        }
    }
}

/// A button that asks before it acts; greyed, with its reason, when there is nothing to do.
#[derive(Debug, Serialize)]
pub struct CancelButton {
    pub action: String,
    pub csrf: String,
    pub enabled: bool,
    pub reason: Option<&'static str>,
    pub label: &'static str,
    pub question: String,
    pub confirm: String,
}

/// Addresses in the repository's own web pages.
impl Place {
    pub fn tree_href(&self) -> String {
        if self.sha.is_empty() {
            return self.repo_url.clone();
        }
        format!("{}/tree/{}", self.repo_url, encode_segment(&self.sha))
    }

    pub fn blob_href(&self, path: &str) -> String {
        if self.sha.is_empty() {
            return self.repo_url.clone();
        }
        format!(
            "{}/blob/{}/{}",
            self.repo_url,
            encode_segment(&self.sha),
            encode_path(path)
        )
    }

    pub fn branch_link(&self) -> Link {
        branch_link(&self.repo_url, &self.branch)
    }

    /// What changed between an earlier commit and this one, when both are known.
    pub fn compare_href(&self, earlier: &str) -> Option<String> {
        (!earlier.is_empty() && !self.sha.is_empty()).then(|| {
            format!(
                "{}/compare/{}..{}",
                self.repo_url,
                encode_segment(earlier),
                encode_segment(&self.sha)
            )
        })
    }

    pub fn project_link(&self) -> Link {
        Link::new(
            crate::core::projects::title(self.project_number.as_deref(), &self.project_name),
            format!("/{}/", self.project_slug),
        )
    }

    pub fn workspace_link(&self) -> Link {
        Link::new(
            self.workspace_name.clone(),
            format!("/{}/{}/", self.project_slug, self.workspace_name),
        )
    }

    pub fn org_link(&self) -> Option<Link> {
        let (name, slug) = self.org.as_ref()?;
        Some(Link::new(name.clone(), format!("/orgs/{slug}/")))
    }

    /// Who asked; a user who is gone has no page.
    pub fn user_link(&self) -> Link {
        match &self.created_by {
            Some((_, username, fullname)) => {
                Link::new(fullname.clone(), format!("/users/{}/", encode_segment(username)))
            }
            None => Link::new("somebody unknown", "/users/"),
        }
    }
}

/// A branch, leading to its files.
pub fn branch_link(repo_url: &str, branch: &str) -> Link {
    Link::new(branch, format!("{repo_url}/tree/{}", encode_path(branch)))
}

/// `owner/name` of a repository, leading to it.
pub fn repo_link(repo_url: &str) -> Link {
    let label = repo_url.strip_prefix("https://github.com/").unwrap_or(repo_url);
    // What is no web address becomes no link to somewhere else.
    let href = if repo_url.starts_with("https://") { repo_url } else { "" };
    Link::new(label, href)
}

/// A path whose parts may hold any character.
pub fn encode_path(path: &str) -> String {
    path.split('/').map(encode_segment).collect::<Vec<_>>().join("/")
}

/// `1 job`, `2 jobs`.
pub fn count_of(count: usize, one: &str) -> String {
    match count {
        1 => format!("1 {one}"),
        n => format!("{n} {one}s"),
    }
}
