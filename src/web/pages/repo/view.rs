//! What the page shows on which a repository is signed off.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use time::OffsetDateTime;

use super::{Repo, RepoWorkspace};
use crate::core::error::FieldErrors;
use crate::core::ports::MAX_BRANCHES;
use crate::core::projects::actions::STATUSES;
use crate::core::projects::title;
use crate::core::workspaces::facts::{Known, Visibility};
use crate::core::workspaces::sign_off::Signature;
use crate::web::view::{
    FormError, Link, SafeHtml, Time, branch_link, encode_next, encode_path, encode_segment, plain_html, relative,
    repo_href, repo_link, sentence, sign_off_href,
};

/// Branches without a workspace that the page names.
const SHOWN_BRANCHES: usize = 30;

/// The view of `pages/sign_off`.
#[derive(Debug, Serialize)]
pub struct SignOffView {
    pub action: String,
    pub repo: Link,
    pub repo_page_href: String,
    pub is_private: bool,
    /// Why, or since when, it is not known what the code host has.
    pub host_note: Option<String>,
    pub errors: Vec<FormError>,
    pub has_outputs: bool,
    pub progress: String,
    pub workspaces: Vec<WorkspaceRow>,
    /// Links to those that still are to be signed off.
    pub unsigned: Vec<Link>,
    pub branches: Vec<Link>,
    /// How many more there are, leading to all of them.
    pub more_branches: Option<Link>,
    pub branches_text: String,
    /// The project, when the repository has one only.
    pub project: Option<ProjectStatus>,
    pub signed: Option<Signed>,
    pub contact: Contact,
}

#[derive(Debug, Serialize)]
pub struct WorkspaceRow {
    /// Of its element, which the address of the page leads to.
    pub id: String,
    pub name: String,
    pub href: String,
    pub state: &'static str,
    pub is_archived: bool,
    pub purpose_html: Option<SafeHtml>,
    pub edit_href: Option<String>,
    pub project: Link,
    pub branch: Link,
    pub branch_note: Option<&'static str>,
    pub is_branch_missing: bool,
    pub readme_href: String,
    pub signed: Option<Signed>,
}

#[derive(Debug, Serialize)]
pub struct Signed {
    pub by: Link,
    pub at: Time,
}

#[derive(Debug, Serialize)]
pub struct ProjectStatus {
    pub link: Link,
    pub status: String,
    pub edit_href: Option<String>,
}

#[derive(Debug, Serialize)]
pub struct Contact {
    pub email: String,
    pub href: String,
}

/// What is shown; the last two as the code host said, `None` when it never did.
pub struct Asked {
    pub repo: Repo,
    pub workspaces: Vec<RepoWorkspace>,
    pub visibility: Option<Known<Visibility>>,
    pub branches: Option<Known<Option<Vec<String>>>>,
    pub contact: String,
}

/// The projects in which whoever looks may change things: by the rules of the pages where they would.
#[derive(Debug)]
pub struct May {
    pub edit_workspaces: BTreeSet<i32>,
    pub edit_projects: BTreeSet<i32>,
}

pub fn view(asked: Asked, may: &May, errors: &FieldErrors) -> SignOffView {
    let Asked {
        repo,
        workspaces,
        visibility,
        branches,
        contact,
    } = asked;
    let action = sign_off_href(&repo.url);
    let name = repo_link(&repo.url);
    let host = Branches::new(branches.as_ref());
    let host_note = host_note(visibility.as_ref(), branches.as_ref());
    let used: BTreeSet<&str> = workspaces.iter().map(|workspace| workspace.branch.as_str()).collect();
    let unused: Vec<&str> = host
        .names
        .iter()
        .copied()
        .filter(|branch| !used.contains(branch))
        .collect();
    let project = only_project(&workspaces, may, &action);
    let total = workspaces.len();
    let rows: Vec<WorkspaceRow> = workspaces
        .iter()
        .map(|workspace| row(&repo.url, workspace, may, &host))
        .collect();
    let unsigned: Vec<Link> = rows
        .iter()
        .filter(|row| row.signed.is_none())
        .map(|row| Link::new(row.name.clone(), format!("#{}", row.id)))
        .collect();
    SignOffView {
        repo_page_href: repo_href(&repo.url),
        is_private: visibility.is_some_and(|known| known.value == Visibility::Private),
        host_note,
        errors: form_errors(errors, &unsigned),
        has_outputs: repo.has_github_outputs,
        progress: format!("{} of {total} workspaces signed off", total - unsigned.len()),
        unsigned,
        more_branches: more_than(unused.len(), &repo.url),
        branches_text: host.words(unused.len()),
        branches: unused
            .into_iter()
            .take(SHOWN_BRANCHES)
            .map(|branch| branch_link(&repo.url, branch))
            .collect(),
        workspaces: rows,
        project,
        signed: repo.signed_off.as_ref().map(signed),
        contact: Contact {
            href: format!(
                "mailto:{contact}?subject={}",
                encode_segment(&format!("Sign-off of {}", name.label))
            ),
            email: contact,
        },
        repo: name,
        action,
    }
}

/// What is known of the branches at the code host.
struct Branches<'a> {
    names: Vec<&'a str>,
    is_known: bool,
    /// Whether what is not among them is not there.
    is_all: bool,
    is_repo_missing: bool,
}

impl<'a> Branches<'a> {
    fn new(known: Option<&'a Known<Option<Vec<String>>>>) -> Self {
        let names: Vec<&str> = known
            .and_then(|known| known.value.as_ref())
            .map(|names| names.iter().map(String::as_str).collect())
            .unwrap_or_default();
        Self {
            is_known: known.is_some(),
            is_all: known.is_some_and(|known| known.value.is_some()) && names.len() < MAX_BRANCHES,
            is_repo_missing: known.is_some_and(|known| known.value.is_none()),
            names,
        }
    }

    fn words(&self, unused: usize) -> String {
        match unused {
            _ if !self.is_known => {
                "GitHub does not answer at the moment, so they cannot be listed. Reload the page in a few minutes."
            }
            _ if self.is_repo_missing => "GitHub shows Job Server no such repository, so there are none to list.",
            0 => "There are none: every branch has a workspace.",
            1 => "This branch has no workspace and becomes public too. Delete it at GitHub if nobody needs it.",
            _ => "These branches have no workspace and become public too. Delete at GitHub those that nobody needs.",
        }
        .to_owned()
    }
}

fn more_than(unused: usize, url: &str) -> Option<Link> {
    let more = unused.checked_sub(SHOWN_BRANCHES).filter(|more| *more > 0)?;
    let plural = if more == 1 { "" } else { "es" };
    Some(Link::new(
        format!("{more} more branch{plural}"),
        format!("{url}/branches"),
    ))
}

fn host_note(visibility: Option<&Known<Visibility>>, branches: Option<&Known<Option<Vec<String>>>>) -> Option<String> {
    let Some((visibility, branches)) = visibility.zip(branches) else {
        return Some(
            "GitHub does not answer at the moment: whether the repository is private and which branches it has may \
             not be known here. You can sign off all the same."
                .to_owned(),
        );
    };
    if visibility.value == Visibility::NotFound {
        return Some(
            "GitHub shows Job Server no such repository. It may have been renamed or deleted: check its address \
             before you sign off."
                .to_owned(),
        );
    }
    if !visibility.is_stale() && !branches.is_stale() {
        return None;
    }
    let age = OffsetDateTime::now_utc() - visibility.fetched_at.min(branches.fetched_at);
    Some(format!(
        "GitHub does not answer at the moment. What is shown of it here was so {}.",
        relative(age)
    ))
}

fn form_errors(errors: &FieldErrors, unsigned: &[Link]) -> Vec<FormError> {
    errors
        .iter()
        .map(|(_, text)| FormError {
            href: unsigned.first().map(|first| first.href.clone()),
            text: text.to_owned(),
        })
        .collect()
}

fn row(repo_url: &str, workspace: &RepoWorkspace, may: &May, host: &Branches<'_>) -> WorkspaceRow {
    let project_href = format!("/{}/", workspace.project_slug);
    let href = format!("{project_href}{}/", workspace.name);
    let is_there = host.names.contains(&workspace.branch.as_str());
    let is_branch_missing = !is_there && host.is_all;
    let purpose = workspace.purpose.trim();
    WorkspaceRow {
        id: format!("workspace-{}", workspace.name),
        name: workspace.name.clone(),
        state: if workspace.is_archived { "Archived" } else { "Active" },
        is_archived: workspace.is_archived,
        purpose_html: (!purpose.is_empty()).then(|| plain_html(purpose)),
        edit_href: may
            .edit_workspaces
            .contains(&workspace.project_id)
            .then(|| format!("{href}edit/")),
        href,
        project: Link::new(project_title(workspace), project_href),
        branch: branch_link(repo_url, &workspace.branch),
        branch_note: if is_branch_missing {
            Some("not at GitHub any more")
        } else if !is_there && !host.is_repo_missing {
            Some("not known whether it is still at GitHub")
        } else {
            None
        },
        is_branch_missing,
        readme_href: format!("{repo_url}/blob/{}/README.md", encode_path(&workspace.branch)),
        signed: workspace.signed_off.as_ref().map(signed),
    }
}

fn project_title(workspace: &RepoWorkspace) -> String {
    title(workspace.project_number.as_deref(), &workspace.project_name)
}

fn only_project(workspaces: &[RepoWorkspace], may: &May, here: &str) -> Option<ProjectStatus> {
    let by_id: BTreeMap<i32, &RepoWorkspace> = workspaces
        .iter()
        .map(|workspace| (workspace.project_id, workspace))
        .collect();
    let mut projects = by_id.into_iter();
    let (id, workspace) = projects.next().filter(|_| projects.len() == 0)?;
    let href = format!("/{}/", workspace.project_slug);
    Some(ProjectStatus {
        status: status_words(&workspace.project_status),
        edit_href: may
            .edit_projects
            .contains(&id)
            .then(|| format!("{href}edit/?next={}", encode_next(here))),
        link: Link::new(project_title(workspace), href),
    })
}

/// A status as people call it, also one that an older version stored.
fn status_words(status: &str) -> String {
    STATUSES
        .iter()
        .find(|(value, _)| *value == status)
        .map_or_else(|| sentence(status), |(_, label)| (*label).to_owned())
}

fn signed(signature: &Signature) -> Signed {
    Signed {
        by: Link::new(
            signature.fullname.clone(),
            format!("/users/{}/", encode_segment(&signature.username)),
        ),
        at: Time::new(signature.at),
    }
}
