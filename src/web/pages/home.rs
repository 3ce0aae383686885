//! The home page: what the site is, for whoever is not signed in; one's own work, for whoever is.

mod looked;
mod waiting;

use rocket::get;
use serde::Serialize;

use self::looked::Since;
use self::waiting::Waiting;
use crate::core::access::SignedIn;
use crate::core::error::Result;
use crate::core::jobs::store::lists as requests;
use crate::core::projects::store::lists as projects;
use crate::core::projects::store::orgs::{self, ListedOrg, Totals};
use crate::core::releases::store::waiting as to_decide;
use crate::core::upkeep::setup::setup;
use crate::core::workspaces::store::lists as workspaces;
use crate::web::database::Database;
use crate::web::guards::Visit;
use crate::web::pages::logos::Logos;
use crate::web::pages::orgs::OrgTile;
use crate::web::responders::Outcome;
use crate::web::view::{JobRequestsTable, Link, Page, Status, Time, Without, absolute, counted, thousands, user_href};

/// How many things of each kind the page shows.
const SHOWN: usize = 5;

#[derive(Serialize)]
pub struct HomeView {
    pub landing: Option<Landing>,
    pub own: Option<OwnView>,
    pub latest: JobRequestsTable,
}

/// For whoever is not signed in.
#[derive(Serialize)]
pub struct Landing {
    pub figures: Vec<Figure>,
    pub orgs: Vec<OrgTile>,
}

#[derive(Serialize)]
pub struct Figure {
    pub number: String,
    pub label: &'static str,
    pub href: &'static str,
}

/// For whoever is signed in.
#[derive(Serialize)]
pub struct OwnView {
    pub name: String,
    pub initials: String,
    pub counts: Vec<Link>,
    /// What is left of setting the service up, for who may enter the staff area; `None` once nothing is.
    pub setup: Option<SetupLeft>,
    /// What waits for their decision; `None` when nothing does.
    pub waiting: Option<Waiting>,
    /// Whether they have to do with jobs at all.
    pub runs_jobs: bool,
    pub going: Vec<OwnRequest>,
    pub failed: Vec<OwnRequest>,
    pub failed_title: &'static str,
    /// When the visit before this one was; `None` when nobody knows.
    pub failed_since: Option<String>,
    pub requests: Vec<OwnRequest>,
    pub requests_href: Option<String>,
    pub workspaces: Vec<Link>,
    pub workspaces_href: Option<&'static str>,
    pub projects: Vec<Link>,
    pub projects_href: Option<&'static str>,
}

#[derive(Serialize)]
pub struct SetupLeft {
    pub left: usize,
    pub steps: usize,
    pub href: String,
}

#[derive(Serialize)]
pub struct OwnRequest {
    pub workspace: String,
    pub number: String,
    pub href: String,
    pub status: Status,
    pub time: Time,
}

impl From<requests::OwnRequest> for OwnRequest {
    fn from(request: requests::OwnRequest) -> Self {
        Self {
            status: request.status().into(),
            href: format!("/{}/{}/{}/", request.project_slug, request.workspace, request.id),
            workspace: request.workspace,
            number: request.id.to_string(),
            time: Time::new(request.created_at),
        }
    }
}

impl From<requests::NewsOfRequest> for OwnRequest {
    fn from(request: requests::NewsOfRequest) -> Self {
        Self {
            status: request.status().into(),
            href: format!("/{}/{}/{}/", request.project_slug, request.workspace, request.id),
            workspace: request.workspace,
            number: request.id.to_string(),
            time: Time::new(request.at),
        }
    }
}

#[get("/")]
pub async fn home(visit: Visit<'_>, db: &Database) -> Outcome<Page> {
    let mut conn = db.read().await?;
    let latest = requests::latest_requests(&mut conn).await?;
    let latest = JobRequestsTable::new("The ten newest job requests", Without::Nothing, latest);
    let view = if let Some(user) = visit.signed_in() {
        let since = looked::look(&visit, user);
        let work = own_work(&mut conn, user, since).await?;
        let setup = setup_left(&mut conn, &visit).await?;
        drop(conn);
        HomeView {
            landing: None,
            own: Some(OwnView {
                setup,
                ..own(user, work, since)
            }),
            latest,
        }
    } else {
        let totals = orgs::totals(&mut conn).await?;
        let busiest = orgs::busiest_orgs(&mut conn).await?;
        drop(conn);
        HomeView {
            landing: Some(landing(&visit, &totals, busiest)),
            own: None,
            latest,
        }
    };
    let site_name = &visit.app.settings.web.site_name;
    let description = "Runs researchers' code on health records where they are held, and shows what was run.";
    let chrome = visit
        .chrome("")
        .describe(description)
        .preview(site_name.as_str(), description);
    Ok(visit.render("pages/home", chrome, &view))
}

fn landing(visit: &Visit<'_>, totals: &Totals, busiest: Vec<ListedOrg>) -> Landing {
    let mut logos = Logos::default();
    let orgs = busiest.into_iter().map(|org| OrgTile::new(org, &mut logos)).collect();
    logos.allow(visit);
    let figure = |number, one, many, href| Figure {
        number: thousands(number),
        label: if number == 1 { one } else { many },
        href,
    };
    Landing {
        figures: vec![
            figure(totals.job_requests, "job request", "job requests", "/event-log/"),
            figure(totals.projects, "project", "projects", "/organisations/"),
            figure(totals.orgs, "organisation", "organisations", "/organisations/"),
        ],
        orgs,
    }
}

/// What somebody works on.
struct OwnWork {
    waiting: to_decide::Waiting,
    counts: requests::OwnCounts,
    news: Vec<requests::NewsOfRequest>,
    requests: Vec<requests::OwnRequest>,
    workspaces: Vec<workspaces::WorkspaceName>,
    projects: Vec<projects::ProjectName>,
}

async fn own_work(conn: &mut sqlx::PgConnection, user: &SignedIn, since: Since) -> Result<OwnWork> {
    Ok(OwnWork {
        waiting: to_decide::waiting_for(conn, user).await?,
        counts: requests::own_counts(conn, user.id).await?,
        news: requests::news_of_requests(conn, user.id, since.at()).await?,
        requests: requests::own_requests(conn, user.id).await?,
        workspaces: workspaces::most_active_workspaces(conn, user.id).await?,
        projects: projects::newest_projects(conn, user.id).await?,
    })
}

/// What is left of a first installation, for those who do it.
async fn setup_left(conn: &mut sqlx::PgConnection, visit: &Visit<'_>) -> Result<Option<SetupLeft>> {
    let Some(staff) = visit.staff_href("/staff/") else {
        return Ok(None);
    };
    let (steps, left) = setup(conn).await?.left();
    Ok((left > 0).then(|| SetupLeft {
        left,
        steps,
        href: format!("{staff}#setup"),
    }))
}

fn own(user: &SignedIn, work: OwnWork, since: Since) -> OwnView {
    let logs_href = format!("{}logs/", user_href(&user.username));
    let projects = i64::try_from(user.memberships.len()).unwrap_or(i64::MAX);
    let runs_jobs = !user.is_interactive_only();
    let mut counts = vec![Link::new(counted(projects, "project", "projects"), "/projects/")];
    if runs_jobs {
        counts.insert(
            0,
            Link::new(
                counted(work.counts.requests, "job request", "job requests"),
                logs_href.clone(),
            ),
        );
        counts.insert(
            1,
            Link::new(
                counted(work.counts.workspaces, "workspace", "workspaces"),
                "/workspaces/",
            ),
        );
    }
    let (going, failed): (Vec<_>, Vec<_>) = work.news.into_iter().partition(|request| request.is_active);
    let first = |news: Vec<requests::NewsOfRequest>| news.into_iter().take(SHOWN).map(OwnRequest::from).collect();
    OwnView {
        name: user.fullname.clone(),
        initials: initials(user),
        counts,
        setup: None,
        waiting: Waiting::of(work.waiting),
        runs_jobs,
        going: first(going),
        failed: first(failed),
        failed_title: match since {
            Since::LastVisit(_) => "Failed since your last visit",
            Since::Days(_) => "Failed in the last 7 days",
        },
        failed_since: match since {
            Since::LastVisit(at) => Some(absolute(at)),
            Since::Days(_) => None,
        },
        requests: work.requests.into_iter().map(OwnRequest::from).collect(),
        requests_href: (work.counts.requests > 0).then_some(logs_href),
        workspaces: work
            .workspaces
            .into_iter()
            .map(|workspace| {
                let href = format!("/{}/{}/", workspace.project_slug, workspace.name);
                Link::new(workspace.name, href)
            })
            .collect(),
        workspaces_href: (work.counts.workspaces > SHOWN as i64).then_some("/workspaces/"),
        projects: work
            .projects
            .into_iter()
            .map(|project| Link::new(project.name, format!("/{}/", project.slug)))
            .collect(),
        projects_href: (projects > SHOWN as i64).then_some("/projects/"),
    }
}

/// The first letters of the words of a name, of the first three at most; without a name, that of the username.
fn initials(user: &SignedIn) -> String {
    let of_name: String = user
        .fullname
        .split_whitespace()
        .filter_map(|word| word.chars().next())
        .take(3)
        .collect();
    if of_name.is_empty() {
        user.username.chars().take(1).collect()
    } else {
        of_name
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn initials_are_those_of_the_name_else_of_the_username() {
        for (fullname, letters) in [
            ("Ada Lovelace", "AL"),
            ("  ada  ", "a"),
            ("A B C D", "ABC"),
            ("École Ünal", "ÉÜ"),
            ("", "u"),
        ] {
            let user = SignedIn {
                id: 1,
                username: "username".to_owned(),
                fullname: fullname.to_owned(),
                roles: Vec::new(),
                memberships: Vec::new(),
            };
            assert_eq!(initials(&user), letters);
        }
    }
}
