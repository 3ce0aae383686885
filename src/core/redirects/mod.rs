//! Addresses of before: where the thing is now that was there.
//!
//! They are looked up only when nothing else answers. A row points to a thing, not to an address, so any number of
//! renames is one step. Where a thing moved within one that was renamed there are several; whoever asks is led past all of
//! them at once. A row whose old address is a live thing's again leads nowhere: what is not found below it is
//! not there, and no two rows can send anybody round in a circle.

pub mod actions;
pub mod store;

pub use store::lists;

use sqlx::PgConnection;

use crate::core::audit::Subject;
use crate::core::error::Result;

/// How many leading parts of an address are looked at: old addresses have no more.
const MOST_PARTS: usize = 3;
/// How many old addresses are followed one after the other. Each thing on the way moved once, or more often.
const MOST_STEPS: usize = 5;
/// First parts under which nothing ever moved: the machines' side, the staff's, files, checks, pages of errors.
const NEVER: [&str; 13] = [
    "api",
    "staff",
    "static",
    "uploads",
    "health-check",
    "ready",
    "400",
    "403",
    "404",
    "413",
    "429",
    "500",
    "503",
];

/// What an old address leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    Org(i32),
    Project(i32),
    Workspace(i32),
}

impl Target {
    /// For the record.
    pub const fn subject(self) -> Subject {
        match self {
            Target::Org(id) => Subject::org(id),
            Target::Project(id) => Subject::project(id),
            Target::Workspace(id) => Subject::workspace(id),
        }
    }

    /// The ids of an organisation, a project and a workspace, of which it is one.
    const fn ids(self) -> (Option<i32>, Option<i32>, Option<i32>) {
        match self {
            Target::Org(id) => (Some(id), None, None),
            Target::Project(id) => (None, Some(id), None),
            Target::Workspace(id) => (None, None, Some(id)),
        }
    }
}

/// An old address in use, and where its thing is now. Both begin and end with a slash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moved {
    pub id: i32,
    pub old_url: String,
    pub new_url: String,
}

/// The old addresses that a path may begin with, the longest last; none for what is never looked up. A path counts
/// with and without its last slash.
pub fn candidates(path: &str) -> Vec<String> {
    let first = path.trim_start_matches('/').split('/').next().unwrap_or_default();
    if first.is_empty() || NEVER.contains(&first) {
        return Vec::new();
    }
    let path = slashed(path);
    path.match_indices('/')
        .skip(1)
        .take(MOST_PARTS)
        .map(|(end, _)| path[..=end].to_owned())
        .collect()
}

impl Moved {
    /// Where a path leads, its leading part alone replaced; `None` when that is where it is. What follows stays as
    /// it was asked for, with a last slash or without: a file's address has none.
    pub fn target(&self, path: &str) -> Option<String> {
        let rest = match path.strip_prefix(self.old_url.as_str()) {
            Some(rest) => rest,
            None => slashed(path).strip_prefix(self.old_url.as_str()).map(|_| "")?,
        };
        let target = format!("{}{rest}", self.new_url);
        (slashed(&target) != slashed(path)).then_some(target)
    }
}

/// Where a path leads, past every old address on the way: to what is there now. `among` says which of some addresses
/// may be old ones, so that nothing is asked of the database for others. `None` when it leads nowhere else.
pub async fn follow(
    conn: &mut PgConnection,
    path: &str,
    among: impl Fn(Vec<String>) -> Vec<String>,
) -> Result<Option<String>> {
    let mut end = None;
    for _ in 0..MOST_STEPS {
        let here = end.as_deref().unwrap_or(path);
        let candidates = among(candidates(here));
        if candidates.is_empty() {
            break;
        }
        match store::follow(conn, &candidates)
            .await?
            .and_then(|moved| moved.target(here))
        {
            Some(next) => end = Some(next),
            None => break,
        }
    }
    Ok(end)
}

fn slashed(path: &str) -> String {
    if path.ends_with('/') {
        path.to_owned()
    } else {
        format!("{path}/")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_begins_with_its_first_parts() {
        assert_eq!(candidates("/a"), ["/a/"]);
        assert_eq!(candidates("/a/b/c/d/"), ["/a/", "/a/b/", "/a/b/c/"]);
        for path in ["/", "/api/v2/x/", "/staff/", "/static/a.css", "/health-check/", "/404"] {
            assert!(candidates(path).is_empty(), "{path}");
        }
        // Only whole parts count.
        assert_eq!(candidates("/apiary/"), ["/apiary/"]);
    }

    #[test]
    fn only_the_leading_part_is_replaced() {
        let moved = Moved {
            id: 1,
            old_url: "/a/".to_owned(),
            new_url: "/b/".to_owned(),
        };
        assert_eq!(moved.target("/a/").as_deref(), Some("/b/"));
        assert_eq!(moved.target("/a").as_deref(), Some("/b/"));
        assert_eq!(moved.target("/a/a/1/").as_deref(), Some("/b/a/1/"));
        assert_eq!(moved.target("/a/x/file.txt").as_deref(), Some("/b/x/file.txt"));
        assert_eq!(moved.target("/ab/"), None);
        let same = Moved {
            new_url: "/a/".to_owned(),
            ..moved
        };
        for path in ["/a", "/a/", "/a/x"] {
            assert_eq!(same.target(path), None, "{path}");
        }
    }
}
