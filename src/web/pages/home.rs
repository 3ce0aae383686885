//! The home page: what the site is, for whoever is not signed in; one's own work, for whoever is.

use rocket::get;
use serde::Serialize;

use crate::core::access::SignedIn;
use crate::core::error::Result;
use crate::core::jobs::store::lists as requests;
use crate::core::projects::store::lists as projects;
use crate::core::workspaces::store::lists as workspaces;
use crate::web::database::Database;
use crate::web::guards::Visit;
use crate::web::responders::Outcome;
use crate::web::view::{JobRequestsTable, Link, Page, Status, Time, Without, counted, user_href};

/// How many things of each kind the page shows.
const SHOWN: i64 = 5;

#[derive(Serialize)]
pub struct HomeView {
    pub signed_in: bool,
    pub greeting: Option<String>,
    pub counts: Vec<Link>,
    pub own_requests: Vec<OwnRequest>,
    pub own_requests_href: Option<String>,
    pub workspaces: Vec<Link>,
    pub workspaces_href: Option<&'static str>,
    pub projects: Vec<Link>,
    pub projects_href: Option<&'static str>,
    pub latest: JobRequestsTable,
}

#[derive(Serialize)]
pub struct OwnRequest {
    pub workspace: String,
    pub number: String,
    pub href: String,
    pub status: Status,
    pub created: Time,
}

impl From<requests::OwnRequest> for OwnRequest {
    fn from(request: requests::OwnRequest) -> Self {
        Self {
            status: request.status().into(),
            href: format!("/{}/{}/{}/", request.project_slug, request.workspace, request.id),
            workspace: request.workspace,
            number: request.id.to_string(),
            created: Time::new(request.created_at),
        }
    }
}

#[get("/")]
pub async fn home(visit: Visit<'_>, db: &Database) -> Outcome<Page> {
    let mut conn = db.read().await?;
    let latest = requests::latest_requests(&mut conn).await?;
    let own = match visit.signed_in() {
        Some(user) => Some(own_work(&mut conn, user).await?),
        None => None,
    };
    drop(conn);
    let latest = JobRequestsTable::new("The ten newest job requests", Without::Nothing, latest);
    let view = match (visit.signed_in(), own) {
        (Some(user), Some(own)) => signed_in(user, own, latest),
        _ => HomeView {
            signed_in: false,
            greeting: None,
            counts: Vec::new(),
            own_requests: Vec::new(),
            own_requests_href: None,
            workspaces: Vec::new(),
            workspaces_href: None,
            projects: Vec::new(),
            projects_href: None,
            latest,
        },
    };
    let chrome = visit
        .chrome("")
        .describe("Runs researchers' code on health records where they are held, and shows what was run.");
    Ok(visit.render("pages/home", chrome, &view))
}

/// What somebody works on.
struct OwnWork {
    counts: requests::OwnCounts,
    requests: Vec<requests::OwnRequest>,
    workspaces: Vec<workspaces::WorkspaceName>,
    projects: Vec<projects::ProjectName>,
}

async fn own_work(conn: &mut sqlx::PgConnection, user: &SignedIn) -> Result<OwnWork> {
    Ok(OwnWork {
        counts: requests::own_counts(conn, user.id).await?,
        requests: requests::own_requests(conn, user.id).await?,
        workspaces: workspaces::most_active_workspaces(conn, user.id).await?,
        projects: projects::newest_projects(conn, user.id).await?,
    })
}

fn signed_in(user: &SignedIn, own: OwnWork, latest: JobRequestsTable) -> HomeView {
    let logs_href = format!("{}logs/", user_href(&user.username));
    let projects = user.memberships.len() as i64;
    HomeView {
        signed_in: true,
        greeting: Some(user.fullname.clone()),
        counts: vec![
            Link::new(
                counted(own.counts.requests, "job request", "job requests"),
                logs_href.clone(),
            ),
            Link::new(
                counted(own.counts.workspaces, "workspace", "workspaces"),
                "/workspaces/",
            ),
            Link::new(counted(projects, "project", "projects"), "/projects/"),
        ],
        own_requests: own.requests.into_iter().map(OwnRequest::from).collect(),
        own_requests_href: (own.counts.requests > 0).then_some(logs_href),
        workspaces: own
            .workspaces
            .into_iter()
            .map(|workspace| {
                let href = format!("/{}/{}/", workspace.project_slug, workspace.name);
                Link::new(workspace.name, href)
            })
            .collect(),
        workspaces_href: (own.counts.workspaces > SHOWN).then_some("/workspaces/"),
        projects: own
            .projects
            .into_iter()
            .map(|project| Link::new(project.name, format!("/{}/", project.slug)))
            .collect(),
        projects_href: (projects > SHOWN).then_some("/projects/"),
        latest,
    }
}
