//! Signing off a repository: its researchers say that it may be made public.

use std::collections::BTreeSet;

use rocket::{get, post};

use super::view;
use super::{Repo, RepoWorkspace, address, store};
use crate::core::access::{CanSignOff, CreateWorkspaces, ManageProjects, Right};
use crate::core::error::{Error, FieldErrors};
use crate::core::ids::RepoUrl;
use crate::core::workspaces::facts::Facts;
use crate::core::workspaces::sign_off::{Readers, Signed, sign_off_repo, sign_off_workspace};
use crate::web::database::Database;
use crate::web::forms::CsrfForm;
use crate::web::guards::{User, Visit};
use crate::web::pages::answer::Answer;
use crate::web::responders::{Failure, Outcome};
use crate::web::view::{Page, repo_link, sign_off_href};

#[get("/publish-repo/<repo_url>")]
pub async fn form(user: User<'_>, db: &Database, repo_url: &str) -> Outcome<Page> {
    let (repo, workspaces, _) = prove(&user, db, repo_url).await?;
    render(&user, db, repo, workspaces, &FieldErrors::default()).await
}

/// Signs off the workspace that `name` names, or without one the repository itself.
#[post("/publish-repo/<repo_url>", data = "<form>")]
pub async fn sign(user: User<'_>, db: &Database, repo_url: &str, form: CsrfForm) -> Outcome<Answer> {
    let (repo, workspaces, can) = prove(&user, db, repo_url).await?;
    let name = form.text("name");
    if !name.is_empty() {
        return Ok(match sign_off_workspace(db, &can, name).await? {
            Signed::Now => {
                let to = format!("{}#workspace-{name}", sign_off_href(&repo.url));
                Answer::told(to, "success", format!("Workspace {name} is signed off."))
            }
            Signed::Before => render(&user, db, repo, workspaces, &FieldErrors::default())
                .await?
                .into(),
        });
    }
    let settings = &user.visit.app.settings;
    let readers = Readers {
        notifications: &settings.mail.from,
        publications: &settings.mail.publications,
        copilots: &settings.slack.channels.copilot_support,
    };
    match sign_off_repo(db, &can, &readers).await {
        Ok(signed) => {
            let name = repo_link(&repo.url).label;
            let (tone, text) = match signed {
                Signed::Now => (
                    "success",
                    format!("{name} is signed off. Those who made its workspaces are told by e-mail."),
                ),
                Signed::Before => (
                    "info",
                    format!("{name} had been signed off before. Nothing was changed."),
                ),
            };
            Ok(Answer::told("/", tone, text))
        }
        Err(Error::Invalid(errors)) => Ok(render(&user, db, repo, workspaces, &errors).await?.into()),
        Err(error) => Err(error.into()),
    }
}

/// The repository and its workspaces, for members of a project that uses it. For others it does not exist.
async fn prove(user: &User<'_>, db: &Database, repo_url: &str) -> Outcome<(Repo, Vec<RepoWorkspace>, CanSignOff)> {
    let no_repo = || Failure::not_found("Repository");
    let url = address(repo_url).ok_or_else(no_repo)?;
    let mut conn = db.read().await?;
    let repo = store::repo_by_url(&mut conn, &url).await?.ok_or_else(no_repo)?;
    let workspaces = store::workspaces_of_repo(&mut conn, repo.id).await?;
    let projects = workspaces.iter().map(|workspace| workspace.project_id);
    let can = CanSignOff::prove(&user.user, repo.id, projects).map_err(|_| no_repo())?;
    Ok((repo, workspaces, can))
}

/// No database connection is held while the code host is asked, for two seconds at most.
async fn render(
    user: &User<'_>,
    db: &Database,
    repo: Repo,
    workspaces: Vec<RepoWorkspace>,
    errors: &FieldErrors,
) -> Outcome<Page> {
    let visit: &Visit<'_> = &user.visit;
    let facts = Facts::new(db, &*visit.app.code_host, visit.app.settings.github.timeout);
    let (mut visibility, mut branches) = (None, None);
    if let Ok(url) = repo.url.parse::<RepoUrl>() {
        let asked = std::slice::from_ref(&url);
        let (seen, known) = rocket::tokio::join!(facts.visibility(asked), facts.branches(asked));
        visibility = seen?.remove(&url);
        branches = known?.remove(&url);
    }
    let projects: BTreeSet<i32> = workspaces.iter().map(|workspace| workspace.project_id).collect();
    let in_which = |permission| {
        projects
            .iter()
            .copied()
            .filter(|id| visit.actor.has_permission(permission, Some(*id)))
            .collect::<BTreeSet<i32>>()
    };
    let may = view::May {
        edit_workspaces: in_which(CreateWorkspaces::PERMISSION),
        edit_projects: in_which(ManageProjects::PERMISSION),
    };
    let page = view::view(
        view::Asked {
            repo,
            workspaces,
            visibility,
            branches,
            contact: visit.app.settings.mail.publications.clone(),
        },
        &may,
        errors,
    );
    let title = format!("Sign off {}", page.repo.label);
    let chrome = visit.chrome(title.as_str()).with_errors(!errors.is_empty());
    let chrome = match &page.project {
        Some(project) => chrome.crumb("Project", project.link.label.clone(), project.link.href.clone()),
        None => chrome.crumb("Repository", page.repo.label.clone(), page.repo_page_href.clone()),
    };
    Ok(visit.render("pages/sign_off", chrome.here("Page", title), &page))
}
