//! A project's page.

pub(super) mod members;
mod repos;

use std::collections::BTreeSet;

use rocket::get;
use serde::Serialize;
use time::OffsetDateTime;

use self::members::MemberRow;
use self::repos::{repo_name, repos};
use crate::core::access::Permission;
use crate::core::ids::RepoUrl;
use crate::core::jobs::JobRequestStatus;
use crate::core::paging::{FIRST_SHOWN, MOST_SHOWN};
use crate::core::projects::store::detail::{self, ProjectFacts};
use crate::core::projects::store::project_by_slug;
use crate::core::projects::{INTERNAL_PROJECT, Project};
use crate::core::releases::store::lists as releases;
use crate::core::workspaces::facts::Facts;
use crate::core::workspaces::store::lists::{ProjectWorkspace, workspaces_of_project};
use crate::web::database::Database;
use crate::web::guards::{ProjectSlug, Visit};
use crate::web::pages::logos::Logos;
use crate::web::pages::project_tabs;
use crate::web::pages::releases::amount;
use crate::web::responders::{Failure, Outcome};
use crate::web::view::{Banner, Link, Page, Status, Tab, Time, first_of, org_link};

#[derive(Serialize)]
pub struct ProjectView {
    pub name: String,
    pub number: Option<String>,
    pub org: Option<Link>,
    pub logo_href: Option<String>,
    pub created: Option<Time>,
    pub tabs: Vec<Tab>,
    pub alerts: Vec<Banner>,
    pub register_href: Option<String>,
    pub staff_href: Option<String>,
    pub edit_href: Option<String>,
    pub create_workspace_href: Option<String>,
    pub workspaces: Vec<WorkspaceRow>,
    /// That there are more than these.
    pub workspaces_rest: Option<String>,
    pub outputs: Vec<OutputRow>,
    pub repos_unavailable: bool,
    pub repos_none: bool,
    pub public_repos: Vec<Link>,
    pub private_repos: Vec<Link>,
    pub timeline: Vec<Moment>,
    pub timeline_note: Option<&'static str>,
    pub members: Vec<MemberRow>,
    /// That there are more than these.
    pub members_rest: Option<String>,
    pub members_href: String,
}

#[derive(Serialize)]
pub struct WorkspaceRow {
    pub name: String,
    pub href: String,
    pub badge: Option<&'static str>,
    pub repo: String,
    pub branch: String,
    pub created: Option<Time>,
    pub newest: Option<NewestRequest>,
}

/// The newest job request of a workspace.
#[derive(Serialize)]
pub struct NewestRequest {
    pub href: String,
    pub number: String,
    pub status: Status,
    pub created: Time,
}

/// What a workspace published last.
#[derive(Serialize)]
pub struct OutputRow {
    pub workspace: String,
    pub href: String,
    /// Of the files, not of their publication: it says what data they are about.
    pub created: Time,
    pub files: String,
}

impl OutputRow {
    fn new(output: releases::PublishedOutput, project_href: &str) -> Self {
        Self {
            href: format!("{project_href}{}/outputs/{}/", output.workspace, output.snapshot_id),
            workspace: output.workspace,
            created: Time::new(output.created_at),
            files: amount(&output.files),
        }
    }
}

/// A point of a timeline.
#[derive(Serialize)]
pub struct Moment {
    pub label: &'static str,
    pub time: Option<Time>,
    pub text: Option<&'static str>,
    pub done: bool,
}

#[get("/<project>")]
pub async fn project(visit: Visit<'_>, db: &Database, project: ProjectSlug<'_>) -> Outcome<Page> {
    let mut conn = db.read().await?;
    let project = project_by_slug(&mut conn, project.0)
        .await?
        .ok_or(Failure::not_found("Project"))?;
    let facts = detail::facts(&mut conn, project.id, visit.actor.id()).await?;
    let workspaces = workspaces_of_project(&mut conn, project.id, MOST_SHOWN).await?;
    let members = detail::members(&mut conn, project.id, FIRST_SHOWN).await?;
    let has_releases = releases::project_has_releases(&mut conn, project.id).await?;
    let outputs = releases::published_outputs(&mut conn, project.id).await?;
    drop(conn);
    let urls: BTreeSet<String> = workspaces
        .rows
        .iter()
        .map(|workspace| workspace.repo_url.clone())
        .collect();
    let asked: Vec<RepoUrl> = urls.iter().filter_map(|url| url.parse().ok()).collect();
    let code_host = Facts::new(db, &*visit.app.code_host, visit.app.settings.github.timeout);
    let repos = repos(&urls, &code_host.visibility(&asked).await?);

    let href = format!("/{}/", project.slug);
    let may = |permission| visit.actor.has_permission(permission, Some(project.id));
    let shows_badges = visit.actor.has_any_role();
    let chrome = visit
        .chrome(project.title())
        .describe(format!(
            "{}, a project on {}",
            project.name, visit.app.settings.web.site_name
        ))
        .here("Project", project.title())
        .preview(
            project.title(),
            format!("{}: its workspaces, people and what was run.", project.name),
        );
    let mut logos = Logos::default();
    let logo = facts.org_logo.as_deref().unwrap_or_default();
    let logo_href = logos.href(logo, facts.org_logo_file.as_deref());
    logos.allow(&visit);
    let view = ProjectView {
        tabs: project_tabs(&href, 0, has_releases),
        alerts: alerts(&project),
        register_href: project.number.as_deref().map(register_href),
        staff_href: visit.staff_href(format!("/staff/projects/{}/", project.slug)),
        edit_href: may(Permission::ProjectManage).then(|| format!("{href}edit/")),
        create_workspace_href: may(Permission::WorkspaceCreate).then(|| format!("{href}new-workspace/")),
        workspaces_rest: first_of(&workspaces),
        workspaces: workspaces
            .rows
            .into_iter()
            .map(|workspace| WorkspaceRow::new(workspace, &href, shows_badges))
            .collect(),
        outputs: outputs
            .into_iter()
            .map(|output| OutputRow::new(output, &href))
            .collect(),
        repos_unavailable: repos.is_unknown,
        repos_none: repos.is_none,
        public_repos: repos.public,
        private_repos: repos.private,
        timeline: timeline(project.created_at, facts.first_run),
        timeline_note: ran_before(&project, &facts).then_some("Code first ran before the project was recorded here."),
        members_rest: first_of(&members),
        members: members
            .rows
            .into_iter()
            .map(|member| MemberRow::new(member, facts.is_shared))
            .collect(),
        members_href: format!("{href}members/"),
        logo_href,
        org: org_link(facts.org_name, facts.org_slug),
        created: project.created_at.map(Time::new),
        name: project.name,
        number: project.number,
    };
    Ok(visit.render("pages/project", chrome, &view))
}

/// Where the public can read what a project is for.
fn register_href(number: &str) -> String {
    format!("https://www.opensafely.org/project/{number}/")
}

fn alerts(project: &Project) -> Vec<Banner> {
    if project.slug != INTERNAL_PROJECT {
        return Vec::new();
    }
    vec![Banner {
        tone: "info",
        title: None,
        text: "This is an internal project, used to test the service.".to_owned(),
        href: None,
        link_text: None,
    }]
}

fn timeline(created: Option<OffsetDateTime>, first_run: Option<OffsetDateTime>) -> Vec<Moment> {
    [
        ("Created", created, "Not recorded"),
        ("First run", first_run, "Not yet"),
    ]
    .into_iter()
    .map(|(label, at, without)| Moment {
        label,
        time: at.map(Time::new),
        text: at.is_none().then_some(without),
        done: at.is_some(),
    })
    .collect()
}

fn ran_before(project: &Project, facts: &ProjectFacts) -> bool {
    match (project.created_at, facts.first_run) {
        (Some(created), Some(first_run)) => first_run < created,
        _ => false,
    }
}

impl WorkspaceRow {
    fn new(workspace: ProjectWorkspace, project_href: &str, shows_badge: bool) -> Self {
        let href = format!("{project_href}{}/", workspace.name);
        let newest = (|| {
            let id = workspace.newest_id?;
            let status = workspace.newest_status?.parse().unwrap_or(JobRequestStatus::Unknown);
            Some(NewestRequest {
                href: format!("{href}{id}/"),
                number: id.to_string(),
                status: status.into(),
                created: Time::new(workspace.newest_at?),
            })
        })();
        Self {
            href,
            newest,
            name: workspace.name,
            badge: (shows_badge && workspace.is_archived).then_some("Archived"),
            repo: repo_name(&workspace.repo_url).to_owned(),
            branch: workspace.branch,
            created: workspace.created_at.map(Time::new),
        }
    }
}
