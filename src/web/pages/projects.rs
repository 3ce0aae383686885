//! A project's page.

use std::collections::{BTreeMap, BTreeSet};

use rocket::get;
use serde::Serialize;
use time::OffsetDateTime;

use crate::core::access::{Permission, Role};
use crate::core::ids::RepoUrl;
use crate::core::projects::store::detail::{self, Member, ProjectFacts};
use crate::core::projects::store::project_by_slug;
use crate::core::projects::{INTERNAL_PROJECT, Project};
use crate::core::workspaces::facts::{Facts, Known, Visibility};
use crate::core::workspaces::store::lists::{ProjectWorkspace, workspaces_of_project};
use crate::web::database::Database;
use crate::web::guards::{ProjectSlug, Visit};
use crate::web::pages::project_tabs;
use crate::web::responders::{Failure, Outcome};
use crate::web::view::{Banner, Link, Page, Tab, Time, org_link, sentence, user_href};

#[derive(Serialize)]
pub struct ProjectView {
    pub name: String,
    pub number: Option<String>,
    pub org: Option<Link>,
    pub created: Option<Time>,
    pub tabs: Vec<Tab>,
    pub alerts: Vec<Banner>,
    pub register_href: Option<String>,
    pub staff_href: Option<String>,
    pub edit_href: Option<String>,
    pub create_workspace_href: Option<String>,
    pub workspaces: Vec<WorkspaceRow>,
    pub outputs: Vec<OutputRow>,
    pub repos_unavailable: bool,
    pub repos_none: bool,
    pub public_repos: Vec<Link>,
    pub private_repos: Vec<Link>,
    pub timeline: Vec<Moment>,
    pub timeline_note: Option<&'static str>,
    pub members: Vec<MemberRow>,
}

#[derive(Serialize)]
pub struct WorkspaceRow {
    pub name: String,
    pub href: String,
    pub badge: Option<&'static str>,
    pub repo: String,
    pub branch: String,
    pub created: Option<Time>,
}

/// Outputs that anybody may see.
#[derive(Serialize)]
pub struct OutputRow {
    pub label: String,
    pub href: String,
    pub created: Time,
}

/// A point of a timeline.
#[derive(Serialize)]
pub struct Moment {
    pub label: &'static str,
    pub time: Option<Time>,
    pub text: Option<&'static str>,
    pub done: bool,
}

#[derive(Serialize)]
pub struct MemberRow {
    pub label: String,
    pub href: String,
    pub roles: Option<String>,
}

#[get("/<project>")]
pub async fn project(visit: Visit<'_>, db: &Database, project: ProjectSlug<'_>) -> Outcome<Page> {
    let mut conn = db.read().await?;
    let project = project_by_slug(&mut conn, project.0)
        .await?
        .ok_or(Failure::not_found("Project"))?;
    let facts = detail::facts(&mut conn, project.id, visit.actor.id()).await?;
    let workspaces = workspaces_of_project(&mut conn, project.id).await?;
    let members = detail::members(&mut conn, project.id).await?;
    drop(conn);
    let urls: BTreeSet<String> = workspaces.iter().map(|workspace| workspace.repo_url.clone()).collect();
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
        .here("Project", project.title());
    let view = ProjectView {
        tabs: project_tabs(&href, 0),
        alerts: alerts(&project),
        register_href: project.number.as_deref().map(register_href),
        staff_href: visit.staff_href(format!("/staff/projects/{}/", project.slug)),
        edit_href: may(Permission::ProjectManage).then(|| format!("{href}edit/")),
        create_workspace_href: may(Permission::WorkspaceCreate).then(|| format!("{href}new-workspace/")),
        workspaces: workspaces
            .into_iter()
            .map(|workspace| WorkspaceRow::new(workspace, &href, shows_badges))
            .collect(),
        outputs: Vec::new(),
        repos_unavailable: repos.is_unknown,
        repos_none: repos.is_none,
        public_repos: repos.public,
        private_repos: repos.private,
        timeline: timeline(project.created_at, facts.first_run),
        timeline_note: ran_before(&project, &facts).then_some("Code first ran before the project was recorded here."),
        members: members
            .into_iter()
            .map(|member| MemberRow::new(member, facts.is_shared))
            .collect(),
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

/// The repositories of a project's workspaces, by who can read them, each by name.
#[derive(Default)]
struct Repos {
    public: Vec<Link>,
    private: Vec<Link>,
    /// Whether the code host has not said of every one.
    is_unknown: bool,
    is_none: bool,
}

/// One that the code host does not show us, or that is not on it, counts as private; one it has
/// never told of, because it does not answer, is in neither list.
fn repos(urls: &BTreeSet<String>, known: &BTreeMap<RepoUrl, Known<Visibility>>) -> Repos {
    let mut repos = Repos {
        is_none: urls.is_empty(),
        ..Repos::default()
    };
    for url in urls {
        let link = Link::new(repo_name(url), url.as_str());
        match url.parse::<RepoUrl>().map(|url| known.get(&url)) {
            Ok(Some(known)) if known.value == Visibility::Public => repos.public.push(link),
            Ok(None) => repos.is_unknown = true,
            Ok(Some(_)) | Err(_) => repos.private.push(link),
        }
    }
    repos
}

/// `owner/name` of a repository's address.
fn repo_name(url: &str) -> &str {
    url.strip_prefix("https://github.com/").unwrap_or(url)
}

impl WorkspaceRow {
    fn new(workspace: ProjectWorkspace, project_href: &str, shows_badge: bool) -> Self {
        Self {
            href: format!("{project_href}{}/", workspace.name),
            name: workspace.name,
            badge: (shows_badge && workspace.is_archived).then_some("Archived"),
            repo: repo_name(&workspace.repo_url).to_owned(),
            branch: workspace.branch,
            created: workspace.created_at.map(Time::new),
        }
    }
}

impl MemberRow {
    fn new(member: Member, shows_roles: bool) -> Self {
        Self {
            href: user_href(&member.username),
            label: member.fullname,
            roles: if shows_roles { role_words(&member.roles) } else { None },
        }
    }
}

/// `Project collaborator, project developer`; nothing for no role.
fn role_words(names: &[String]) -> Option<String> {
    let words: Vec<String> = Role::parse_all(names).into_iter().map(role_word).collect();
    (!words.is_empty()).then(|| sentence(&words.join(", ")))
}

/// `ProjectDeveloper` as `project developer`.
fn role_word(role: Role) -> String {
    let mut word = String::new();
    for letter in role.name().chars() {
        if letter.is_uppercase() && !word.is_empty() {
            word.push(' ');
        }
        word.extend(letter.to_lowercase());
    }
    word
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_read_as_words() {
        let names = ["ProjectDeveloper", "Wizard", "OutputChecker"].map(String::from);
        assert_eq!(role_words(&names).as_deref(), Some("Output checker, project developer"));
        assert_eq!(role_words(&[]), None);
    }

    #[test]
    fn what_is_not_known_to_be_public_is_not_called_so() {
        let url = |name: &str| format!("https://github.com/opensafely/{name}");
        let urls: BTreeSet<String> = ["a", "b", "c", "d"].map(url).into();
        let known = [
            ("a", Visibility::Public),
            ("b", Visibility::Private),
            ("c", Visibility::NotFound),
        ]
        .map(|(name, value)| {
            let fetched_at = OffsetDateTime::UNIX_EPOCH;
            (url(name).parse().unwrap(), Known { value, fetched_at })
        })
        .into();
        let labels = |links: &[Link]| links.iter().map(|link| link.label.clone()).collect::<Vec<_>>();
        let repos = super::repos(&urls, &known);
        assert_eq!(labels(&repos.public), ["opensafely/a"]);
        assert_eq!(labels(&repos.private), ["opensafely/b", "opensafely/c"]);
        assert!(repos.is_unknown && !repos.is_none);
        let elsewhere = super::repos(&["/srv/a".to_owned()].into(), &BTreeMap::new());
        assert_eq!(labels(&elsewhere.private), ["/srv/a"]);
        assert!(super::repos(&BTreeSet::new(), &BTreeMap::new()).is_none);
    }

    #[test]
    fn repositories_are_called_by_owner_and_name() {
        assert_eq!(repo_name("https://github.com/opensafely/a"), "opensafely/a");
        assert_eq!(repo_name("/srv/a"), "/srv/a");
    }
}
