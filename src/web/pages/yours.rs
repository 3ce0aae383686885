//! Lists of one's own: projects, workspaces, organisations.

use rocket::get;
use serde::Serialize;

use crate::core::projects::status_label;
use crate::core::projects::store::lists::{OwnProject, own_projects};
use crate::core::projects::store::orgs::own_orgs;
use crate::core::workspaces::store::lists::{OwnWorkspace, own_workspaces};
use crate::web::database::Database;
use crate::web::guards::User;
use crate::web::pages::logos::Logos;
use crate::web::pages::orgs::OrgTile;
use crate::web::pages::paged::{asked, pagination};
use crate::web::responders::Outcome;
use crate::web::view::{Link, Page, Pagination, org_link};

/// How many things a page of one's own has.
const PER_PAGE: i64 = 20;

#[derive(Serialize)]
pub struct YourProjectsView {
    pub projects: Vec<ProjectRow>,
    pub pagination: Pagination,
}

#[derive(Serialize)]
pub struct ProjectRow {
    pub name: String,
    pub href: String,
    pub org: Option<Link>,
    pub status: &'static str,
}

impl From<OwnProject> for ProjectRow {
    fn from(project: OwnProject) -> Self {
        Self {
            name: project.title(),
            href: format!("/{}/", project.slug),
            org: org_link(project.org_name, project.org_slug),
            status: status_label(&project.status),
        }
    }
}

#[get("/projects?<page>")]
pub async fn projects(user: User<'_>, db: &Database, page: Option<&str>) -> Outcome<Page> {
    let listed = own_projects(&mut *db.read().await?, user.user.id, asked(page)?).await?;
    let view = YourProjectsView {
        pagination: pagination(&user.visit, page, listed.total, PER_PAGE)?,
        projects: listed.rows.into_iter().map(ProjectRow::from).collect(),
    };
    let chrome = user.visit.chrome("Your projects").here("Page", "Your projects");
    Ok(user.visit.render("pages/your_projects", chrome, &view))
}

#[derive(Serialize)]
pub struct YourWorkspacesView {
    pub workspaces: Vec<WorkspaceRow>,
    pub pagination: Pagination,
}

#[derive(Serialize)]
pub struct WorkspaceRow {
    pub name: String,
    pub href: String,
    pub badge: Option<&'static str>,
    pub project: Link,
    pub org: Option<Link>,
}

impl WorkspaceRow {
    fn new(workspace: OwnWorkspace, shows_badge: bool) -> Self {
        let project_href = format!("/{}/", workspace.project_slug);
        Self {
            href: format!("{project_href}{}/", workspace.name),
            name: workspace.name,
            badge: (shows_badge && workspace.is_archived).then_some("Archived"),
            project: Link::new(workspace.project_name, project_href),
            org: org_link(workspace.org_name, workspace.org_slug),
        }
    }
}

#[get("/workspaces?<page>")]
pub async fn workspaces(user: User<'_>, db: &Database, page: Option<&str>) -> Outcome<Page> {
    let listed = own_workspaces(&mut *db.read().await?, user.user.id, asked(page)?).await?;
    let shows_badge = user.user.has_any_role();
    let view = YourWorkspacesView {
        pagination: pagination(&user.visit, page, listed.total, PER_PAGE)?,
        workspaces: listed
            .rows
            .into_iter()
            .map(|workspace| WorkspaceRow::new(workspace, shows_badge))
            .collect(),
    };
    let chrome = user.visit.chrome("Your workspaces").here("Page", "Your workspaces");
    Ok(user.visit.render("pages/your_workspaces", chrome, &view))
}

#[derive(Serialize)]
pub struct YourOrgsView {
    pub orgs: Vec<OrgTile>,
    pub pagination: Pagination,
}

#[get("/orgs?<page>")]
pub async fn orgs(user: User<'_>, db: &Database, page: Option<&str>) -> Outcome<Page> {
    let listed = own_orgs(&mut *db.read().await?, user.user.id, asked(page)?).await?;
    let mut logos = Logos::default();
    let view = YourOrgsView {
        pagination: pagination(&user.visit, page, listed.total, PER_PAGE)?,
        orgs: listed
            .rows
            .into_iter()
            .map(|org| OrgTile::new(org, &mut logos))
            .collect(),
    };
    logos.allow(&user.visit);
    let chrome = user
        .visit
        .chrome("Your organisations")
        .here("Page", "Your organisations");
    Ok(user.visit.render("pages/your_orgs", chrome, &view))
}
