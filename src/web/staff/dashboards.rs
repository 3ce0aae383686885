//! Dashboards: everything of a kind, sorted and searched by any column. What GitHub says of it is what the worker heard
//! last.

use rocket::get;
use serde::Serialize;
use time::OffsetDateTime;

use super::bar::Bar;
use super::cell::Cell;
use super::guard::Staff;
use super::list::{List, ListAnswer, ListAsked};
use super::named::{org_link, person, project_link, workspace_link};
use super::whole;
use super::words::project_status;
use crate::core::projects::title;
use crate::core::workspaces::dashboards::{
    LOOKED_AT_AFTER, MOST_ROWS, Named, PrivateRepo, ProjectFigures, SharedRepo, private_repos, projects, shared_repos,
};
use crate::web::database::Database;
use crate::web::responders::Outcome;
use crate::web::view::{Link, Page, relative, repo_link, staff_repo_href, thousands};

/// An answer of the code host that is older than that says so in a warning.
const OLD: time::Duration = time::Duration::hours(2);

struct Dashboard {
    title: &'static str,
    href: &'static str,
    about: &'static str,
    /// Names in addresses, and headings.
    columns: &'static [(&'static str, &'static str)],
    /// Headings of what the file has besides.
    filed: &'static [&'static str],
    /// What stands there while it has nothing, and why that may be.
    empty: (&'static str, &'static str),
}

static COPILOTING: Dashboard = Dashboard {
    title: "Co-piloting",
    href: "/staff/dashboards/copiloting/",
    about: "Projects of organisations that are co-piloted: who helps them, and what they have run and released",
    columns: &[
        ("project", "Project"),
        ("organisation", "Organisation"),
        ("copilot", "Co-pilot"),
        ("status", "Status"),
        ("repositories", "Repositories"),
        ("workspaces", "Workspaces"),
        ("requests", "Job requests"),
        ("first", "First run"),
        ("last", "Last run"),
        ("files", "Files released"),
    ],
    filed: &[],
    empty: (
        "No project is co-piloted",
        "Projects come here once they are created, unless one of their organisations is marked as not co-piloted. That is set among the organisation's details.",
    ),
};
static PROJECTS: Dashboard = Dashboard {
    title: "Projects at a glance",
    href: "/staff/dashboards/project/",
    about: "Every project: its organisations, its co-pilot, and what it has run and released",
    columns: &[
        ("project", "Project"),
        ("organisation", "Organisation"),
        ("copilot", "Co-pilot"),
        ("workspaces", "Workspaces"),
        ("requests", "Job requests"),
        ("first", "First run"),
        ("files", "Files released"),
    ],
    filed: &[],
    empty: ("No project yet", "Each comes here as soon as it is created."),
};
static PRIVATE: Dashboard = Dashboard {
    title: "Private repositories",
    href: "/staff/dashboards/repos/",
    about: "Repositories that are private although their projects have run code for eleven months or longer",
    columns: &[
        ("repository", "Repository"),
        ("projects", "Projects"),
        ("workspaces", "Workspaces"),
        ("contact", "Contact"),
        ("created", "Created"),
        ("first", "First run"),
        ("releases", "Releases on GitHub"),
        ("signed", "Signed off"),
    ],
    filed: &["E-mail of the contact"],
    empty: (
        "No repository has been private for so long",
        "One comes here when GitHub says that it is private although its projects first ran a job eleven months ago.",
    ),
};
static SHARED: Dashboard = Dashboard {
    title: "Repositories with several projects",
    href: "/staff/dashboards/repos-with-multiple-projects/",
    about: "Repositories whose workspaces belong to more than one project",
    columns: &[
        ("repository", "Repository"),
        ("projects", "Projects"),
        ("workspaces", "Workspaces"),
        ("outputs", "Outputs on GitHub"),
    ],
    filed: &[],
    empty: (
        "No repository has several projects",
        "One comes here when workspaces of more than one project use it.",
    ),
};

#[derive(Debug, Serialize)]
struct IndexView {
    bar: Bar,
    dashboards: Vec<IndexRow>,
}

#[derive(Debug, Serialize)]
struct IndexRow {
    title: &'static str,
    href: &'static str,
    about: &'static str,
}

/// How old what GitHub said is.
struct Heard {
    text: String,
    is_old: bool,
}

#[get("/staff/dashboards")]
pub async fn index(staff: Staff<'_>) -> Page {
    let dashboards = [&COPILOTING, &PROJECTS, &PRIVATE, &SHARED].map(|dashboard| IndexRow {
        title: dashboard.title,
        href: dashboard.href,
        about: dashboard.about,
    });
    let view = IndexView {
        bar: Bar::of(&staff),
        dashboards: dashboards.into(),
    };
    let chrome = staff
        .chrome("Dashboards")
        .script(&staff.visit, "staff")
        .here("Page", "Dashboards");
    staff.visit.render("staff/dashboards", chrome, &view)
}

#[get("/staff/dashboards/copiloting")]
pub async fn copiloting(staff: Staff<'_>, db: &Database) -> Outcome<ListAnswer> {
    let found = projects(db, true).await?;
    let rows = found.rows.into_iter().map(|project| {
        let repos = repos_cell(&project);
        let [name, org, copilot, workspaces, requests, first, last, files] = project_cells(&staff, project.clone());
        let status = project_status(&project.status);
        vec![
            name, org, copilot, status, repos, workspaces, requests, first, last, files,
        ]
    });
    answer(
        &staff,
        &COPILOTING,
        rows.collect(),
        Some(heard(found.heard_at)),
        Vec::new(),
    )
}

#[get("/staff/dashboards/project")]
pub async fn project(staff: Staff<'_>, db: &Database) -> Outcome<ListAnswer> {
    let found = projects(db, false).await?;
    let rows = found.rows.into_iter().map(|project| {
        let [name, org, copilot, workspaces, requests, first, _, files] = project_cells(&staff, project);
        vec![name, org, copilot, workspaces, requests, first, files]
    });
    answer(&staff, &PROJECTS, rows.collect(), None, Vec::new())
}

#[get("/staff/dashboards/repos")]
pub async fn repos(staff: Staff<'_>, db: &Database) -> Outcome<ListAnswer> {
    let found = private_repos(db, OffsetDateTime::now_utc()).await?;
    let left_out = [
        (found.without_workspace, "no workspace uses them"),
        (found.without_jobs, "no job has run in their workspaces"),
        (found.too_new, "the first job of their projects is younger"),
    ];
    let left_out = left_out.into_iter().filter(|(count, _)| *count > 0);
    let left_out: Vec<String> = left_out
        .map(|(count, why)| format!("{} because {why}", thousands(i64::try_from(count).unwrap_or(i64::MAX))))
        .collect();
    let mut notes = vec![format!(
        "Looked at are private repositories of studies whose projects first ran a job more than {} days ago.",
        LOOKED_AT_AFTER.whole_days()
    )];
    if !left_out.is_empty() {
        notes.push(format!(
            "Private repositories that are left out: {}.",
            left_out.join("; ")
        ));
    }
    let rows = found.rows.into_iter().map(private_row).collect();
    answer(&staff, &PRIVATE, rows, Some(heard(found.heard_at)), notes)
}

#[get("/staff/dashboards/repos-with-multiple-projects")]
pub async fn shared(staff: Staff<'_>, db: &Database) -> Outcome<ListAnswer> {
    let rows = shared_repos(db).await?.into_iter().map(shared_row).collect();
    answer(&staff, &SHARED, rows, None, Vec::new())
}

fn answer(
    staff: &Staff<'_>,
    dashboard: &Dashboard,
    rows: Vec<Vec<Cell>>,
    heard: Option<Heard>,
    notes: Vec<String>,
) -> Outcome<ListAnswer> {
    let asked = ListAsked::read(&staff.visit)?;
    let mut list = List::new(dashboard.title)
        .lead(dashboard.about)
        .under("Dashboards", "/staff/dashboards/")
        .search("Whatever a row says")
        .filed(dashboard.filed)
        .empty(dashboard.empty.0, dashboard.empty.1);
    for note in notes {
        list = list.note(note);
    }
    list = match heard {
        Some(heard) if heard.is_old => list.warning(heard.text),
        Some(heard) => list.note(heard.text),
        None => list,
    };
    if rows.len() >= usize::try_from(MOST_ROWS).unwrap_or(usize::MAX) {
        list = list.note(format!(
            "There are more: only the first {} are here.",
            thousands(MOST_ROWS)
        ));
    }
    whole::answer(list, dashboard.href, dashboard.columns, rows, staff, &asked)
}

fn heard(at: Option<OffsetDateTime>) -> Heard {
    match at {
        None => Heard {
            text: "GitHub has not been asked yet. A worker does so every quarter of an hour (list_repositories)."
                .to_owned(),
            is_old: true,
        },
        Some(at) => {
            let age = OffsetDateTime::now_utc() - at;
            Heard {
                text: format!("What GitHub says of repositories was asked for {}.", relative(age)),
                is_old: age > OLD,
            }
        }
    }
}

/// Project, organisation, co-pilot, workspaces, job requests, first run, last run, files.
fn project_cells(staff: &Staff<'_>, project: ProjectFigures) -> [Cell; 8] {
    let title = title(project.number.as_deref(), &project.name);
    let copilot = match &project.copilot {
        Some(copilot) => person(staff, Some(&copilot.slug), Some(&copilot.name)),
        None => Cell::none(),
    };
    [
        Cell::links([project_link(&project.slug, title)]),
        Cell::links(
            project
                .orgs
                .into_iter()
                .map(|Named { slug, name }| org_link(&slug, name)),
        ),
        copilot,
        Cell::number(project.workspaces),
        Cell::number(project.job_requests),
        Cell::time(project.first_run_at),
        Cell::time(project.last_run_at),
        Cell::number(project.files),
    ]
}

/// Each repository with a word that says who sees it.
fn repos_cell(project: &ProjectFigures) -> Cell {
    Cell::marked_links(project.repos.iter().map(|repo| {
        let (variant, word) = match repo.private {
            Some(true) => ("waiting", "Private"),
            Some(false) => ("success", "Public"),
            None => ("neutral", "Not known"),
        };
        let link = Link::new(repo_link(&repo.url).label, staff_repo_href(&repo.url));
        (link, variant, word)
    }))
}

fn private_row(repo: PrivateRepo) -> Vec<Cell> {
    let signed = format!("{}/{}", repo.signed_workspaces, repo.workspaces.len());
    let (contact, email) = match repo.contact {
        Some((name, Some(email))) => (Cell::text(name).note(&*email), Cell::text(email)),
        Some((name, None)) => (Cell::text(name), Cell::none()),
        None => (Cell::none(), Cell::none()),
    };
    vec![
        Cell::link(repo_link(&repo.url).label, staff_repo_href(&repo.url)),
        project_links(repo.projects),
        Cell::links(repo.workspaces.iter().map(|name| workspace_link(name))),
        contact,
        Cell::time(repo.created_at),
        Cell::time(Some(repo.first_run_at)),
        Cell::yes_no(repo.has_outputs),
        Cell::text(signed),
        email,
    ]
}

fn shared_row(repo: SharedRepo) -> Vec<Cell> {
    vec![
        Cell::link(repo_link(&repo.url).label, staff_repo_href(&repo.url)),
        project_links(repo.projects),
        Cell::links(repo.workspaces.iter().map(|workspace| workspace_link(&workspace.name))),
        Cell::yes_no(repo.has_github_outputs),
    ]
}

fn project_links(projects: Vec<Named>) -> Cell {
    Cell::links(
        projects
            .into_iter()
            .map(|Named { slug, name }| project_link(&slug, name)),
    )
}
