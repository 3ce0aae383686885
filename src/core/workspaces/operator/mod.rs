//! Making a workspace, and what it needs, at a command line.

mod store;

use sqlx::PgConnection;

use super::actions::record_created;
use crate::core::access::Role;
use crate::core::audit::{self, By, Event, Subject};
use crate::core::db::Db;
use crate::core::error::{Error, FieldErrors, Result};
use crate::core::ids::RepoUrl;
use crate::core::names::{is_project_slug, is_workspace_name};
use crate::core::people::store::user_by_username;
use crate::core::projects::members::{self, Member};
use crate::core::redirects::Target;
use crate::core::redirects::actions::{moved_for, taken_for};

/// What is asked for; what is `None` stays as it is, or gets its default when new.
#[derive(Debug, Clone)]
pub struct WorkspaceInput {
    pub name: String,
    /// Who becomes a member of the project, and the creator of what is new.
    pub username: String,
    /// The project's slug; when new, the workspace's name.
    pub project: Option<String>,
    /// The code's address; when new, `https://github.com/opensafely/<name>`.
    pub repo: Option<String>,
    /// When new, `main`.
    pub branch: Option<String>,
}

/// What was done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredWorkspace {
    pub project_slug: String,
    pub is_new: bool,
    pub project_is_new: bool,
    pub member_is_new: bool,
}

/// Makes or changes a workspace, its project and its repository, and lets a user run jobs in it.
///
/// # Errors
/// `NotFound("User")`; `Invalid` for names and addresses that cannot be. Nothing is stored then.
pub async fn create_workspace(db: &Db, input: &WorkspaceInput, by: &By) -> Result<StoredWorkspace> {
    let mut tx = db.begin().await?;
    let stored = create_workspace_within(&mut tx, input, by).await?;
    tx.commit().await?;
    Ok(stored)
}

/// As [`create_workspace`], within a transaction that does more.
///
/// # Errors
/// As [`create_workspace`].
pub(in crate::core) async fn create_workspace_within(
    tx: &mut PgConnection,
    input: &WorkspaceInput,
    by: &By,
) -> Result<StoredWorkspace> {
    check(input)?;
    let user = user_by_username(tx, &input.username)
        .await?
        .ok_or(Error::NotFound("User"))?;
    let found = store::lock_workspace(tx, &input.name).await?;

    let slug = match (&input.project, &found) {
        (Some(slug), _) => slug.clone(),
        (None, Some(found)) => found.project.slug.clone(),
        (None, None) => input.name.clone(),
    };
    let (project, project_is_new) = match store::project(tx, &slug).await? {
        Some(project) => (project, false),
        None => (make_project(tx, &slug, (user.id, &user.username), by).await?, true),
    };
    let repo = match (&input.repo, &found) {
        (None, Some(_)) => None,
        (given, _) => Some(match given {
            Some(url) => url.clone(),
            None => format!("https://github.com/opensafely/{}", input.name),
        }),
    };
    let repo_id = match &repo {
        Some(url) => Some(store::repo_id(tx, url).await?),
        None => None,
    };
    let is_new = match (&found, repo_id) {
        (Some(found), _) => {
            let wanted = Wanted {
                project: &project,
                repo: repo.as_deref().unwrap_or(&found.repo_url),
                branch: input.branch.as_deref().unwrap_or(&found.branch),
            };
            change(tx, &input.name, found, &wanted, repo_id, (user.id, by)).await?;
            false
        }
        (None, Some(repo_id)) => {
            let branch = input.branch.as_deref().unwrap_or("main");
            let id = store::insert_workspace(tx, &input.name, project.id, repo_id, branch, user.id).await?;
            let repo = repo.as_deref().unwrap_or_default();
            record_created(tx, (id, project.id), repo, branch, by).await?;
            taken_for(tx, &address(&project, &input.name), by, user.id).await?;
            true
        }
        (None, None) => return Err(Error::Internal("a new workspace without a repository".into())),
    };
    let project_id = project.id;
    let member = Member {
        project_id,
        user_id: user.id,
        username: &user.username,
    };
    let member_is_new = !members::is_member(tx, member).await?;
    if member_is_new {
        let roles = [Role::ProjectCollaborator, Role::ProjectDeveloper];
        members::add_member(tx, member, &roles, by).await?;
    }
    Ok(StoredWorkspace {
        project_slug: slug,
        is_new,
        project_is_new,
        member_is_new,
    })
}

/// Makes a project that is called by its slug. What led on from its address ends.
async fn make_project(
    tx: &mut PgConnection,
    slug: &str,
    (user_id, username): (i32, &str),
    by: &By,
) -> Result<store::Project> {
    let id = store::insert_project(tx, slug, user_id).await?;
    let subject = Subject::project(id);
    let event = Event::new("project_created", by, subject).within(subject);
    audit::record(tx, &event.of_user(user_id, username)).await?;
    let event = Event::new("project_updated", by, subject).within(subject);
    audit::record_changes(tx, &event, &[("name", "", slug), ("slug", "", slug)]).await?;
    taken_for(tx, &format!("/{slug}/"), by, user_id).await?;
    Ok(store::Project {
        id,
        slug: slug.to_owned(),
        title: slug.to_owned(),
    })
}

/// How an existing workspace is to be.
struct Wanted<'a> {
    project: &'a store::Project,
    repo: &'a str,
    branch: &'a str,
}

/// Changes what differs, and records each part of it. To another project it moves as staff move it: both projects' logs
/// tell it, and its old address leads on.
async fn change(
    tx: &mut PgConnection,
    name: &str,
    found: &store::LockedWorkspace,
    wanted: &Wanted<'_>,
    repo_id: Option<i32>,
    (user_id, by): (i32, &By),
) -> Result<()> {
    let changes = [
        ("repository", &*found.repo_url, wanted.repo),
        ("branch", &*found.branch, wanted.branch),
    ];
    let (old, new) = (&found.project, wanted.project);
    if old.id == new.id && changes.iter().all(|(_, before, after)| before == after) {
        return Ok(());
    }
    store::update_workspace(tx, found.id, new.id, repo_id, wanted.branch, user_id).await?;
    let of = |kind, project| Event::new(kind, by, Subject::workspace(found.id)).within(Subject::project(project));
    if old.id != new.id {
        for (kind, within) in [("workspace_moved", new.id), ("workspace_left", old.id)] {
            let event = of(kind, within).change("project", old.title.as_str(), new.title.as_str());
            audit::record(tx, &event).await?;
        }
        let (old_url, new_url) = (address(old, name), address(new, name));
        moved_for(tx, Target::Workspace(found.id), &old_url, &new_url, by, user_id).await?;
    }
    audit::record_changes(tx, &of("workspace_updated", new.id), &changes).await?;
    Ok(())
}

fn address(project: &store::Project, name: &str) -> String {
    format!("/{}/{name}/", project.slug)
}

fn check(input: &WorkspaceInput) -> Result<()> {
    let mut errors = FieldErrors::default();
    if !is_workspace_name(&input.name) {
        errors.add(
            "workspace",
            format!(
                "{:?} can be no workspace: use letters, digits, - and _ only, and no name of a page.",
                input.name
            ),
        );
    }
    let slug = input.project.as_ref().unwrap_or(&input.name);
    if !is_project_slug(slug) {
        errors.add(
            "project",
            format!("{slug:?} can be no project: use letters, digits, - and _ only, and no name of a page."),
        );
    }
    if let Some(repo) = &input.repo
        && repo.parse::<RepoUrl>().is_err()
    {
        errors.add(
            "repo",
            format!("{repo:?} is no repository: give https://github.com/<organisation>/<name>."),
        );
    }
    if let Some(branch) = &input.branch
        && (branch.is_empty() || branch.len() > 255 || branch.contains(|c: char| c.is_whitespace() || c.is_control()))
    {
        errors.add("branch", format!("{branch:?} can be no branch."));
    }
    errors.into_result()
}
