//! The table of job requests that logs, the home page and workspaces show.

use serde::Serialize;

use super::{Link, Status, Time, encode_segment};
use crate::core::jobs::store::lists::ListedRequest;

/// The context of `components/job_requests_table`.
#[derive(Debug, Serialize)]
pub struct JobRequestsTable {
    pub caption: &'static str,
    pub show_workspace: bool,
    pub show_user: bool,
    pub rows: Vec<JobRequestRow>,
}

#[derive(Debug, Serialize)]
pub struct JobRequestRow {
    pub number: String,
    pub href: String,
    pub status: Status,
    pub jobs: String,
    pub actions: Vec<String>,
    pub workspace: Option<Link>,
    pub project: Option<Link>,
    pub org: Option<Link>,
    pub backend: String,
    pub user: Option<Link>,
    pub started: Option<Time>,
}

/// The columns that a table leaves out, where its page says the same for all rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Without {
    Nothing,
    /// The project alone: its workspaces differ.
    Project,
    Workspace,
    User,
}

impl JobRequestsTable {
    pub fn new(caption: &'static str, without: Without, requests: Vec<ListedRequest>) -> Self {
        Self {
            caption,
            show_workspace: without != Without::Workspace,
            show_user: without != Without::User,
            rows: requests
                .into_iter()
                .map(|request| JobRequestRow::new(request, without))
                .collect(),
        }
    }
}

impl JobRequestRow {
    fn new(request: ListedRequest, without: Without) -> Self {
        let status = Status::from(request.status());
        let project_href = format!("/{}/", request.project_slug);
        let workspace_href = format!("{project_href}{}/", request.workspace);
        Self {
            number: request.id.to_string(),
            href: format!("{workspace_href}{}/", request.id),
            status,
            jobs: match request.jobs {
                0 => "-".to_owned(),
                jobs => format!("{}/{jobs}", request.jobs_succeeded),
            },
            actions: request.actions,
            workspace: (without != Without::Workspace).then(|| Link::new(request.workspace, workspace_href)),
            project: (without != Without::Project).then(|| Link::new(request.project_name, project_href)),
            org: org_link(request.org_name, request.org_slug),
            backend: request.backend_slug.to_uppercase(),
            user: (without != Without::User).then(|| user_link(request.username, request.fullname)),
            started: request.started_at.map(Time::new),
        }
    }
}

/// A link to an organisation's page, when there is one.
pub fn org_link(name: Option<String>, slug: Option<String>) -> Option<Link> {
    Some(Link::new(name?, format!("/orgs/{}/", slug?)))
}

/// A link to somebody's page. Rows from before makers were recorded have nobody.
fn user_link(username: Option<String>, fullname: Option<String>) -> Link {
    match (username, fullname) {
        (Some(username), Some(fullname)) => Link::new(fullname, user_href(&username)),
        _ => Link::new("Not recorded", "/users/"),
    }
}

/// The address of somebody's page.
pub fn user_href(username: &str) -> String {
    format!("/users/{}/", encode_segment(username))
}

/// `No workspaces`, `1 workspace`, `1,234 workspaces`.
pub fn counted(number: i64, one: &str, many: &str) -> String {
    match number {
        0 => format!("No {many}"),
        1 => format!("1 {one}"),
        number => format!("{} {many}", super::thousands(number)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_read_naturally() {
        assert_eq!(counted(0, "project", "projects"), "No projects");
        assert_eq!(counted(1, "project", "projects"), "1 project");
        assert_eq!(counted(1234, "project", "projects"), "1,234 projects");
    }
}
