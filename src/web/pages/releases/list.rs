//! The releases of a project and of a workspace. That something was released is public; what, is not.

use std::collections::HashMap;

use rocket::get;
use serde::Serialize;
use sqlx::PgConnection;

use super::amounts::amount;
use super::entry::{Entry, MOST_FILES, Place};
use super::{May, find, workspace_tabs};
use crate::core::paging::{Listed, PageAsked};
use crate::core::projects::store::project_by_slug;
use crate::core::releases::store::files::{first_files_of_releases, latest_tally};
use crate::core::releases::store::lists::{self, ListedRelease, PAGE};
use crate::core::releases::{ReleaseFile, Tally};
use crate::web::database::Database;
use crate::web::guards::{ProjectSlug, Visit, WorkspaceName};
use crate::web::pages::paged::{asked, pagination};
use crate::web::pages::places::under_workspace;
use crate::web::pages::project_tabs;
use crate::web::responders::{Failure, Outcome};
use crate::web::view::{Link, Page, Pagination, Tab};

/// What the page is called.
pub const HEADING: &str = "Releases";

/// The context of `pages/releases/list`.
#[derive(Debug, Serialize)]
pub struct ReleasesView {
    /// What they are the releases of.
    pub of: &'static str,
    pub thing: Link,
    pub tabs: Vec<Tab>,
    pub latest: Option<Latest>,
    pub entries: Vec<Entry>,
    /// Whether the visitor sees no files.
    pub is_bare: bool,
    pub pagination: Pagination,
}

/// The newest version of each file.
#[derive(Debug, Serialize)]
pub struct Latest {
    pub href: String,
    pub download_href: String,
    pub prepare_href: Option<String>,
    pub count: String,
}

#[get("/<project>/releases?<page>")]
pub async fn of_project(
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
    let may = May::of(&visit.actor, project.id);
    let (listed, files) = read(&mut conn, project.id, None, asked, may).await?;
    drop(conn);
    let pagination = pagination(&visit, page, listed.total, PAGE)?;
    let href = format!("/{}/", project.slug);
    let view = ReleasesView {
        of: "the workspaces of project",
        thing: Link::new(project.name.as_str(), href.as_str()),
        tabs: project_tabs(&href, 3, true),
        latest: None,
        entries: entries(listed.rows, files, may, Place::Project),
        is_bare: !may.see_files,
        pagination,
    };
    let chrome = visit
        .chrome(format!("Releases of {}", project.name))
        .crumb("Project", project.title(), href)
        .here("Page", HEADING);
    Ok(visit.render("pages/releases/list", chrome, &view))
}

#[get("/<project>/<workspace>/releases?<page>")]
pub async fn of_workspace(
    visit: Visit<'_>,
    db: &Database,
    project: ProjectSlug<'_>,
    workspace: WorkspaceName<'_>,
    page: Option<&str>,
) -> Outcome<Page> {
    let asked = asked(page)?;
    let mut conn = db.read().await?;
    let workspace = find(&mut conn, project, workspace).await?;
    let may = May::of(&visit.actor, workspace.project_id);
    let (listed, files) = read(&mut conn, workspace.project_id, Some(workspace.id), asked, may).await?;
    let latest = if may.see_files {
        latest_tally(&mut conn, workspace.id).await?
    } else {
        Tally::default()
    };
    drop(conn);
    let pagination = pagination(&visit, page, listed.total, PAGE)?;
    let href = workspace.href();
    let view = ReleasesView {
        of: "workspace",
        thing: Link::new(workspace.name.as_str(), href.as_str()),
        tabs: workspace_tabs(&href, 3, true, may.see_files),
        latest: (latest.total() > 0 && pagination.page == 1).then(|| Latest {
            href: format!("{href}outputs/latest/"),
            download_href: format!("{href}outputs/latest/download/"),
            prepare_href: (may.prepare && latest.there > 0).then(|| format!("{href}outputs/latest/prepare/")),
            count: amount(&latest),
        }),
        entries: entries(listed.rows, files, may, Place::Workspace),
        is_bare: !may.see_files,
        pagination,
    };
    let chrome = under_workspace(visit.chrome(format!("Releases of {}", workspace.name)), &workspace);
    Ok(visit.render("pages/releases/list", chrome.here("Page", HEADING), &view))
}

/// A page of the list, and for those who may see them the first files of each release on it.
async fn read(
    conn: &mut PgConnection,
    project_id: i32,
    workspace_id: Option<i32>,
    asked: PageAsked,
    may: May,
) -> Outcome<(Listed<ListedRelease>, Vec<ReleaseFile>)> {
    let listed = lists::releases(conn, project_id, workspace_id, asked).await?;
    if listed.rows.is_empty() {
        return Err(Failure::not_found("Release"));
    }
    let files = if may.see_files {
        let ids: Vec<String> = listed.rows.iter().map(|release| release.id.clone()).collect();
        first_files_of_releases(conn, &ids, MOST_FILES).await?
    } else {
        Vec::new()
    };
    Ok((listed, files))
}

fn entries(releases: Vec<ListedRelease>, files: Vec<ReleaseFile>, may: May, place: Place) -> Vec<Entry> {
    let mut of_release: HashMap<String, Vec<ReleaseFile>> = HashMap::new();
    for file in files {
        of_release.entry(file.release_id.clone()).or_default().push(file);
    }
    releases
        .into_iter()
        .map(|release| {
            let files = of_release.remove(&release.id).unwrap_or_default();
            Entry::new(release, files, may, place)
        })
        .collect()
}
