//! Making a workspace.

mod view;

use rocket::{get, post};

use crate::core::access::{Can, CreateWorkspaces};
use crate::core::error::{Error, FieldErrors};
use crate::core::ids::RepoUrl;
use crate::core::projects::{self, Project};
use crate::core::workspaces::facts::{Facts, OfferedRepo};
use crate::core::workspaces::{NewWorkspace, actions, check_name, check_purpose, store::edit as store};
use crate::web::database::Database;
use crate::web::forms::CsrfForm;
use crate::web::guards::User;
use crate::web::pages::answer::Answer;
use crate::web::responders::{Failure, Outcome};
use crate::web::view::Page;
use view::{Filled, Offer};

#[get("/<project>/new-workspace")]
pub async fn form(user: User<'_>, db: &Database, project: &str) -> Outcome<Page> {
    let (project, _) = prove(&user, db, project).await?;
    let offer = offer(&user, db).await?;
    Ok(render(
        &user,
        &project,
        &offer,
        &Filled::default(),
        &FieldErrors::default(),
    ))
}

#[post("/<project>/new-workspace", data = "<form>")]
pub async fn create(user: User<'_>, db: &Database, project: &str, form: CsrfForm) -> Outcome<Answer> {
    let (project, can) = prove(&user, db, project).await?;
    let offer = offer(&user, db).await?;
    let filled = Filled {
        name: form.text("name").to_lowercase(),
        purpose: form.text("purpose").to_owned(),
        repo: form.text("repo").to_owned(),
        branch: form.text("branch").to_owned(),
    };
    let again = |errors: &FieldErrors| Answer::from(render(&user, &project, &offer, &filled, errors));
    let mut errors = FieldErrors::default();
    check_name(&filled.name, &mut errors);
    check_purpose(&filled.purpose, &mut errors);
    let repo = check_repo(&user, &offer, &filled, &mut errors).await;
    let Some(repo) = repo.filter(|_| errors.is_empty() && matches!(offer, Offer::Repos(_))) else {
        return Ok(again(&errors));
    };
    let new = NewWorkspace {
        name: filled.name.clone(),
        purpose: filled.purpose.clone(),
        repo,
        branch: filled.branch.clone(),
    };
    match actions::create_workspace(db, &can, &new).await {
        Ok(_) => Ok(Answer::told(
            format!("/{}/{}/", project.slug, new.name),
            "success",
            format!("The workspace {} is ready. You can run jobs in it.", new.name),
        )),
        Err(Error::Invalid(errors)) => Ok(again(&errors)),
        Err(error) => Err(error.into()),
    }
}

async fn prove(user: &User<'_>, db: &Database, slug: &str) -> Outcome<(Project, Can<CreateWorkspaces>)> {
    let project = projects::store::project_by_slug(&mut *db.read().await?, slug)
        .await?
        .ok_or_else(|| Failure::not_found("Project"))?;
    let can = user.user.can::<CreateWorkspaces>(project.id)?;
    Ok((project, can))
}

/// The repositories of every organisation of the code host that the user's organisations work in.
async fn offer(user: &User<'_>, db: &Database) -> Outcome<Offer> {
    let (has_org, github_orgs) = store::github_orgs_of_user(&mut *db.read().await?, user.user.id).await?;
    if !has_org {
        return Ok(Offer::NoOrg);
    }
    if github_orgs.is_empty() {
        return Ok(Offer::NoGitHubOrg);
    }
    let app = user.visit.app;
    let known = Facts::new(db, &*app.code_host, app.settings.github.timeout)
        .repositories(&github_orgs)
        .await?;
    if known.is_empty() {
        return Ok(Offer::NotKnown);
    }
    let groups: Vec<(String, Vec<OfferedRepo>)> = known.into_iter().map(|(org, known)| (org, known.value)).collect();
    if groups.iter().all(|(_, repos)| repos.is_empty()) {
        return Ok(Offer::NoRepos(github_orgs));
    }
    Ok(Offer::Repos(groups))
}

/// The chosen repository, when it is one of those offered and has the chosen branch. A branch that
/// the kept list does not have may be new: the code host is asked.
async fn check_repo(user: &User<'_>, offer: &Offer, filled: &Filled, errors: &mut FieldErrors) -> Option<RepoUrl> {
    let offered = offer.repos().find(|repo| repo.url.to_string() == filled.repo);
    let Some(repo) = offered else {
        let message = if filled.repo.is_empty() {
            "Choose a repository."
        } else {
            "That repository is not one of your organisation's. Choose one of the list."
        };
        errors.add("repo", message);
        return None;
    };
    if filled.branch.is_empty() {
        errors.add("branch", "Choose a branch.");
        return None;
    }
    if !repo.branches.contains(&filled.branch) {
        let app = user.visit.app;
        let limit = app.settings.github.timeout.min(std::time::Duration::from_secs(2));
        let asked = tokio::time::timeout(limit, app.code_host.branches(&repo.url)).await;
        let has_branch = asked.is_ok_and(|branches| branches.is_ok_and(|names| names.contains(&filled.branch)));
        if !has_branch {
            errors.add(
                "branch",
                format!("{} has no branch of this name. Choose one of the list.", repo.name),
            );
            return None;
        }
    }
    Some(repo.url.clone())
}

fn render(user: &User<'_>, project: &Project, offer: &Offer, filled: &Filled, errors: &FieldErrors) -> Page {
    let chrome = user
        .visit
        .chrome("Create a workspace")
        .crumb("Project", project.title(), format!("/{}/", project.slug))
        .here("Page", "Create a workspace")
        .with_errors(!errors.is_empty())
        .script(&user.visit, "workspace-create");
    let view = view::view(project, offer, filled, errors);
    user.visit.render("pages/workspace_create", chrome, &view)
}
