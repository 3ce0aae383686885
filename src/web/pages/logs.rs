//! Logs: the job requests of a project, a workspace, an organisation, a person.

use rocket::get;
use serde::Serialize;

use crate::core::access::Permission;
use crate::core::jobs::store::lists::{
    REQUESTS_PER_PAGE, RequestFilter, backends_of_workspace, requests_of_org, requests_of_project, requests_of_user,
    requests_of_workspace,
};
use crate::core::names::is_slug;
use crate::core::people::store::user_by_username;
use crate::core::projects::store::orgs::org_by_slug;
use crate::core::projects::store::project_by_slug;
use crate::core::releases::store::lists::{has_releases, project_has_releases};
use crate::core::workspaces::Workspace;
use crate::core::workspaces::store::workspace_in_project;
use crate::web::database::Database;
use crate::web::guards::{ProjectSlug, Visit, WorkspaceName};
use crate::web::pages::paged::{asked, pagination};
use crate::web::pages::places::under_workspace;
use crate::web::pages::releases::{May, workspace_tabs};
use crate::web::pages::{org_tabs, project_tabs, user_tabs};
use crate::web::responders::{Failure, Outcome};
use crate::web::view::{Banner, JobRequestsTable, Link, Page, Pagination, Tab, Without, user_href};

/// The context of `pages/project_logs`, `pages/org_logs` and `pages/user_logs`.
#[derive(Serialize)]
pub struct LogsView {
    pub heading: &'static str,
    pub thing: Link,
    pub tabs: Vec<Tab>,
    pub table: JobRequestsTable,
    pub pagination: Pagination,
}

/// What every log is called.
const HEADING: &str = "Job requests";

#[get("/<project>/logs?<page>")]
pub async fn project_logs(
    visit: Visit<'_>,
    db: &Database,
    project: ProjectSlug<'_>,
    page: Option<&str>,
) -> Outcome<Page> {
    let asked = asked(page)?;
    let mut conn = db.read().await?;
    let project = project_by_slug(&mut conn, project.0)
        .await?
        .ok_or(Failure::not_found("Project"))?;
    let listed = requests_of_project(&mut conn, project.id, asked).await?;
    let has_releases = project_has_releases(&mut conn, project.id).await?;
    drop(conn);
    let href = format!("/{}/", project.slug);
    let view = LogsView {
        heading: HEADING,
        thing: Link::new(project.name.as_str(), href.as_str()),
        tabs: project_tabs(&href, 1, has_releases),
        pagination: pagination(&visit, page, listed.total, REQUESTS_PER_PAGE)?,
        table: JobRequestsTable::new(
            "Job requests of the project, the newest first",
            Without::Project,
            listed.rows,
        ),
    };
    let chrome = visit
        .chrome(format!("Job requests of {}", project.name))
        .crumb("Project", project.title(), href)
        .here("Page", HEADING);
    Ok(visit.render("pages/project_logs", chrome, &view))
}

#[get("/orgs/<slug>/logs?<page>")]
pub async fn org_logs(visit: Visit<'_>, db: &Database, slug: &str, page: Option<&str>) -> Outcome<Page> {
    let asked = asked(page)?;
    let mut conn = db.read().await?;
    let org = org_by_slug(&mut conn, slug)
        .await?
        .ok_or(Failure::not_found("Organisation"))?;
    let listed = requests_of_org(&mut conn, org.id, asked).await?;
    drop(conn);
    let href = format!("/orgs/{}/", org.slug);
    let view = LogsView {
        heading: HEADING,
        thing: Link::new(org.name.as_str(), href.as_str()),
        tabs: org_tabs(&href, 1),
        pagination: pagination(&visit, page, listed.total, REQUESTS_PER_PAGE)?,
        table: JobRequestsTable::new(
            "Job requests of the organisation's projects, the newest first",
            Without::Nothing,
            listed.rows,
        ),
    };
    let chrome = visit
        .chrome(format!("Job requests of {}", org.name))
        .crumb("Page", "Organisations", "/organisations/")
        .crumb("Organisation", org.name, href)
        .here("Page", HEADING);
    Ok(visit.render("pages/org_logs", chrome, &view))
}

#[get("/users/<username>/logs?<page>")]
pub async fn user_logs(visit: Visit<'_>, db: &Database, username: &str, page: Option<&str>) -> Outcome<Page> {
    let asked = asked(page)?;
    let mut conn = db.read().await?;
    let user = user_by_username(&mut conn, username)
        .await?
        .ok_or(Failure::not_found("User"))?;
    let listed = requests_of_user(&mut conn, user.id, asked).await?;
    drop(conn);
    let href = user_href(&user.username);
    let view = LogsView {
        heading: HEADING,
        thing: Link::new(user.fullname.as_str(), href.as_str()),
        tabs: user_tabs(&href, 1),
        pagination: pagination(&visit, page, listed.total, REQUESTS_PER_PAGE)?,
        table: JobRequestsTable::new(
            "Job requests made by this person, the newest first",
            Without::User,
            listed.rows,
        ),
    };
    let chrome = visit
        .chrome(format!("Job requests of {}", user.fullname))
        .crumb("Page", "People", "/users/")
        .crumb("User", user.fullname, href)
        .here("Page", HEADING);
    Ok(visit.render("pages/user_logs", chrome, &view))
}

#[derive(Serialize)]
pub struct WorkspaceLogsView {
    pub workspace: Link,
    pub tabs: Vec<Tab>,
    pub alerts: Vec<Banner>,
    pub run_href: Option<String>,
    pub q: String,
    pub backends: Vec<BackendChoice>,
    /// There is something to search, or a search to change.
    pub has_filters: bool,
    pub filtered: bool,
    pub clear_href: String,
    pub table: JobRequestsTable,
    pub pagination: Pagination,
}

#[derive(Serialize)]
pub struct BackendChoice {
    pub id: String,
    pub value: String,
    pub label: String,
    pub checked: bool,
}

#[get("/<project>/<workspace>/logs?<page>&<q>&<backend>")]
pub async fn workspace_logs(
    visit: Visit<'_>,
    db: &Database,
    project: ProjectSlug<'_>,
    workspace: WorkspaceName<'_>,
    page: Option<&str>,
    q: Option<&str>,
    backend: Vec<&str>,
) -> Outcome<Page> {
    let asked = asked(page)?;
    let filter = filter(q, &backend);
    let mut conn = db.read().await?;
    let workspace = workspace_in_project(&mut conn, project.0, workspace.0)
        .await?
        .ok_or(Failure::not_found("Workspace"))?;
    let backends = backends_of_workspace(&mut conn, workspace.id).await?;
    let listed = requests_of_workspace(&mut conn, workspace.id, &filter, asked).await?;
    let has_releases = has_releases(&mut conn, workspace.id).await?;
    drop(conn);

    let href = workspace.href();
    let logs_href = format!("{href}logs/");
    let may_run = visit
        .actor
        .has_permission(Permission::JobRun, Some(workspace.project_id));
    let sees_drafts = May::of(&visit.actor, workspace.project_id).see_files;
    let view = WorkspaceLogsView {
        workspace: Link::new(workspace.name.as_str(), href.as_str()),
        tabs: workspace_tabs(&href, 1, has_releases, sees_drafts),
        alerts: alerts(&visit, &workspace),
        run_href: (may_run && !workspace.is_archived).then(|| format!("{href}run-jobs/")),
        backends: backends
            .into_iter()
            .map(|used| BackendChoice {
                id: format!("backend-{}", used.slug),
                checked: filter.backends.contains(&used.slug),
                value: used.slug,
                label: used.name,
            })
            .collect(),
        has_filters: !filter.is_empty() || listed.total > 0,
        filtered: !filter.is_empty(),
        clear_href: logs_href,
        pagination: pagination(&visit, page, listed.total, REQUESTS_PER_PAGE)?,
        table: JobRequestsTable::new(
            "Job requests of the workspace, the newest first",
            Without::Workspace,
            listed.rows,
        ),
        q: filter.text,
    };
    let chrome = visit.chrome(format!("Job requests of {}", workspace.name));
    let chrome = under_workspace(chrome, &workspace).here("Page", HEADING);
    Ok(visit.render("pages/workspace_logs", chrome, &view))
}

/// An archived workspace says so to those who can do something about it.
fn alerts(visit: &Visit<'_>, workspace: &Workspace) -> Vec<Banner> {
    if !workspace.is_archived || !visit.actor.has_any_role() {
        return Vec::new();
    }
    let text = if visit
        .actor
        .has_permission(Permission::WorkspaceArchive, Some(workspace.project_id))
    {
        "It runs no jobs any more. You can take it out of the archive on its page."
    } else {
        "It runs no jobs any more. A developer of the project can take it out of the archive."
    };
    vec![Banner::warning("This workspace is archived.", text)]
}

/// The most letters of a search that count.
const LONGEST_SEARCH: usize = 200;
/// The most backends that one search names.
const MOST_BACKENDS: usize = 50;

/// What the query asks for. No stored text holds NUL, and none is longer than what is kept of the
/// search. A backend that does not exist stays in the filter and matches nothing.
fn filter(q: Option<&str>, backends: &[&str]) -> RequestFilter {
    let text: String = q
        .unwrap_or_default()
        .trim()
        .chars()
        .filter(|c| *c != '\0')
        .take(LONGEST_SEARCH)
        .collect();
    RequestFilter {
        text: text.trim().to_owned(),
        backends: backends
            .iter()
            .take(MOST_BACKENDS)
            .map(|slug| {
                if is_slug(slug) {
                    (*slug).to_owned()
                } else {
                    String::new()
                }
            })
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_is_bounded_and_holds_no_nul() {
        assert!(filter(None, &[]).is_empty());
        assert!(filter(Some(" \0 "), &[]).is_empty());
        assert_eq!(filter(Some(" a\0b "), &[]).text, "ab");
        assert_eq!(
            filter(Some(&"é".repeat(1000)), &[]).text.chars().count(),
            LONGEST_SEARCH
        );
        assert_eq!(filter(None, &["tpp", "\0", ""]).backends, ["tpp", "", ""]);
        assert_eq!(filter(None, &["x"; 1000]).backends.len(), MOST_BACKENDS);
    }
}
