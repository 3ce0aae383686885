//! Repositories, and the staff's sign-off.

use rocket::{get, post};

use super::cell::{Ask, Cell};
use super::guard::Staff;
use super::list::{Filter, List, ListAnswer, ListAsked};
use super::named::{history, person, person_label, project_link, workspace_link};
use super::thing::{Section, Thing};
use crate::core::access::SignOffReposWithOutputs;
use crate::core::ids::RepoUrl;
use crate::core::jobs::store::staff::choices;
use crate::core::paging::Listed;
use crate::core::projects::title;
use crate::core::workspaces::facts::{Facts, Known, RepoKnown, Visibility};
use crate::core::workspaces::sign_off::{RepoWorkspace, Signature};
use crate::core::workspaces::staff_repos::{self, Obstacle, StaffRepo, Stage};
use crate::core::workspaces::store::staff_repos::{RepoFilter, repos};
use crate::web::database::Database;
use crate::web::forms::CsrfForm;
use crate::web::pages::Answer;
use crate::web::pages::repo::address;
use crate::web::responders::{Failure, Outcome};
use crate::web::view::{Link, Page, count_of, relative, repo_link, staff_repo_href};

const LIST: &str = "/staff/repos/";

fn stage_label(stage: Stage) -> (&'static str, &'static str) {
    match stage {
        Stage::Researchers => ("neutral", "Not signed off"),
        Stage::Staff => ("waiting", "Waits for the staff"),
        Stage::Done => ("success", "Signed off"),
    }
}

#[get("/staff/repos")]
pub async fn list(staff: Staff<'_>, db: &Database) -> Outcome<ListAnswer> {
    let asked = ListAsked::read(&staff.visit)?;
    let filter = RepoFilter {
        q: asked.q().map(str::to_owned),
        has_outputs: asked.one("has_outputs").and_then(|given| match given {
            "yes" => Some(true),
            "no" => Some(false),
            _ => None,
        }),
        stage: asked.one("sign_off").and_then(Stage::parse),
        orgs: asked.many("orgs"),
    };
    let is_strange = filter.has_outputs.is_none() && asked.one("has_outputs").is_some()
        || filter.stage.is_none() && asked.one("sign_off").is_some();
    let mut conn = db.read().await?;
    let (_, orgs) = choices(&mut conn).await?;
    let found = match is_strange {
        true => Listed::none(),
        false => repos(&mut conn, &filter, asked.page(), asked.per_page()).await?,
    };
    drop(conn);
    let pairs = |options: &[(&str, &str)]| -> Vec<(String, String)> {
        let options = options.iter();
        options
            .map(|(value, label)| ((*value).to_owned(), (*label).to_owned()))
            .collect()
    };
    let stages: Vec<(&str, &str)> = Stage::ALL
        .into_iter()
        .map(|stage| (stage.word(), stage_label(stage).1))
        .collect();
    let mut list = List::new("Repositories")
        .lead("The code that workspaces run, and how far its sign-off is.")
        .search("Address")
        .filter(Filter::select(
            "has_outputs",
            "Outputs on GitHub",
            pairs(&[("yes", "With outputs"), ("no", "Without")]),
        ))
        .filter(Filter::select("sign_off", "Sign-off", pairs(&stages)))
        .filter(Filter::several("orgs", "Organisations", orgs))
        .columns(&[
            "Repository",
            "Sign-off",
            "Workspaces",
            "Signed off",
            "Projects",
            "Outputs on GitHub",
            "By researchers",
            "By staff",
        ])
        .empty(
            "No repository yet",
            "One is here once a workspace is made that runs its code.",
        );
    for repo in found.rows {
        let stage = Stage::of(
            repo.researcher_signed_off_at.is_some(),
            repo.internal_signed_off_at.is_some(),
        );
        let (variant, label) = stage_label(stage);
        list.row(vec![
            Cell::link(repo_link(&repo.url).label, staff_repo_href(&repo.url)),
            Cell::pill(variant, label),
            Cell::number(repo.workspaces),
            Cell::number(repo.signed_workspaces),
            Cell::number(repo.projects),
            Cell::yes_no(repo.has_github_outputs),
            Cell::time(repo.researcher_signed_off_at),
            Cell::time(repo.internal_signed_off_at),
        ]);
    }
    list.answer(&staff, &asked, found.total)
}

/// The repository that an address in a path stands for.
async fn find(db: &Database, repo_url: &str) -> Outcome<StaffRepo> {
    let url = address(repo_url).ok_or(Failure::not_found("Repository"))?;
    Ok(staff_repos::find(db, &url).await?)
}

/// No connection to the database is held while the code host is asked, for two seconds at most; without its answer
/// the page says what was known last.
#[get("/staff/repos/<repo_url>")]
pub async fn detail(staff: Staff<'_>, db: &Database, repo_url: &str) -> Outcome<Page> {
    let repo = find(db, repo_url).await?;
    let app = &staff.visit.app;
    let facts = Facts::new(db, &*app.code_host, app.settings.github.timeout);
    let known = match repo.url.parse::<RepoUrl>() {
        Ok(url) => facts.repository(std::slice::from_ref(&url)).await?.remove(&url),
        Err(_) => None,
    };
    let history = history(&mut *db.read().await?, "jobserver.Repo", repo.id).await?;
    let may_sign_outputs = staff.user.can_everywhere::<SignOffReposWithOutputs>().is_ok();
    let link = repo_link(&repo.url);
    let mut thing = Thing::new("Repository", link.label.clone()).under("Repositories", LIST);
    if !link.href.is_empty() {
        thing = thing.action(Link::new("View on GitHub", link.href));
    }
    thing = match repo.obstacle(may_sign_outputs) {
        None => thing.ask(
            Ask::new("Sign off", format!("{}sign-off/", staff_repo_href(&repo.url)))
                .text(format!(
                    "{} may become public then, with everything in its history. An issue asks an owner of its \
                     organisation to make it so. This cannot be taken back here.",
                    repo_link(&repo.url).label
                ))
                .button("Sign off for the staff")
                .harmless(),
        ),
        Some(obstacle) => {
            let (tone, title, text) = obstacle_words(obstacle, &repo);
            thing.notice(tone, title, text)
        }
    };
    Ok(with_facts(thing, &staff, &repo, known.as_ref())
        .section(workspaces_section(&repo))
        .section(history)
        .render(&staff))
}

fn obstacle_words(obstacle: Obstacle, repo: &StaffRepo) -> (&'static str, &'static str, String) {
    match obstacle {
        Obstacle::NotByResearchers => (
            "info",
            "Not signed off by its researchers",
            "One of them signs off each workspace, then the repository. The staff come after that.".to_owned(),
        ),
        Obstacle::HasOutputs => (
            "warning",
            "Outputs are published there",
            "Signing it off takes the role Sign Off Repos with Outputs, which you do not have.".to_owned(),
        ),
        Obstacle::Before => match &repo.issue {
            Some(issue) => (
                "success",
                "Signed off",
                format!(
                    "Issue {} in {} asks for it to be made public.",
                    issue.number, issue.repo
                ),
            ),
            None => (
                "success",
                "Signed off",
                "The issue that asks for it to be made public is on its way.".to_owned(),
            ),
        },
    }
}

fn with_facts(thing: Thing, staff: &Staff<'_>, repo: &StaffRepo, known: Option<&Known<RepoKnown>>) -> Thing {
    let visibility = match known {
        None => Cell::pill("neutral", "Not known").note("GitHub did not answer yet."),
        Some(known) => {
            let cell = match known.value.visibility {
                Visibility::Private => Cell::pill("waiting", "Private"),
                Visibility::Public => Cell::pill("success", "Public"),
                Visibility::NotFound => Cell::pill("danger", "Not found at GitHub"),
            };
            let age = time::OffsetDateTime::now_utc() - known.fetched_at;
            match known.is_stale() {
                true => cell.note(format!("As GitHub said {}.", relative(age))),
                false => cell,
            }
        }
    };
    let contacts = repo.contacts.iter().map(|(name, email)| match email {
        Some(email) => format!("{name} <{email}>"),
        None => name.clone(),
    });
    let contacts: Vec<String> = contacts.collect();
    let owner = repo.url.rsplit('/').nth(1).unwrap_or_default();
    let signed = repo
        .workspaces
        .iter()
        .filter(|workspace| workspace.signed_off.is_some());
    let mut thing = thing
        .fact("Who can see it", visibility)
        .fact("Owner", Cell::text(owner))
        .fact("Contacts", Cell::lines(contacts))
        .fact("Outputs on GitHub", Cell::yes_no(repo.has_github_outputs))
        .fact(
            "Workspaces signed off",
            Cell::text(format!("{} of {}", signed.count(), repo.workspaces.len())),
        )
        .fact(
            "Signed off by researchers",
            signature_cell(staff, repo.by_researchers.as_ref()),
        )
        .fact("Signed off by staff", signature_cell(staff, repo.by_staff.as_ref()))
        .fact("Created", Cell::time(known.and_then(|known| known.value.created_at)))
        .fact("First job run", Cell::time(repo.first_run_at))
        .fact("Last job run", Cell::time(repo.last_run_at))
        .fact(
            "To be public by",
            Cell::time(repo.to_be_public_by()).note("A year after the first job of its projects."),
        )
        .fact("Projects", Cell::links(projects(&repo.workspaces)));
    if let Some(issue) = &repo.issue {
        let label = format!("{}#{}", issue.repo, issue.number);
        thing = thing.fact("Asked to be made public", Cell::link(label, issue.url.clone()));
    }
    thing
}

fn signature_cell(staff: &Staff<'_>, signature: Option<&Signature>) -> Cell {
    match signature {
        None => Cell::none(),
        Some(by) => person(staff, Some(&by.username), Some(&by.fullname)).note(crate::web::view::absolute(by.at)),
    }
}

/// Each project once, by name.
fn projects(workspaces: &[RepoWorkspace]) -> Vec<Link> {
    let mut projects: Vec<(String, &str, String)> = workspaces
        .iter()
        .map(|workspace| {
            let title = title(workspace.project_number.as_deref(), &workspace.project_name);
            (
                workspace.project_name.to_lowercase(),
                workspace.project_slug.as_str(),
                title,
            )
        })
        .collect();
    projects.sort();
    projects.dedup();
    projects
        .into_iter()
        .map(|(_, slug, title)| project_link(slug, title))
        .collect()
}

fn workspaces_section(repo: &StaffRepo) -> Section {
    let rows = repo.workspaces.iter().map(|workspace| {
        let people = repo.people.iter().filter(|person| person.workspace == workspace.name);
        let people: Vec<String> = people
            .map(|person| {
                let label = person_label(&person.username, &person.fullname);
                match person.is_creator {
                    true => format!("{label}, who made it"),
                    false => label,
                }
            })
            .collect();
        let mut name = Cell::links([workspace_link(&workspace.name)]);
        if workspace.is_archived {
            name = name.pill_too("neutral", "Archived");
        }
        let signed = workspace.signed_off.as_ref();
        vec![
            name,
            Cell::text(workspace.branch.as_str()),
            Cell::text(people.join("; ")),
            Cell::text(signed.map_or_else(String::new, |by| person_label(&by.username, &by.fullname))),
            Cell::time(signed.map(|by| by.at)),
        ]
    });
    Section::new("Workspaces")
        .lead(format!(
            "{}, with whoever made each and whoever asked for jobs in it.",
            count_of(repo.workspaces.len(), "workspace")
        ))
        .table(
            &["Workspace", "Branch", "People", "Signed off by", "Signed off"],
            rows.collect(),
            "No workspace uses it.",
        )
}

#[post("/staff/repos/<repo_url>/sign-off", data = "<_form>")]
pub async fn sign_off(staff: Staff<'_>, db: &Database, repo_url: &str, _form: CsrfForm) -> Outcome<Answer> {
    let url = address(repo_url).ok_or(Failure::not_found("Repository"))?;
    let outputs = staff.user.can_everywhere::<SignOffReposWithOutputs>().ok();
    let tech_support = &staff.visit.app.settings.github.tech_support_repo;
    let signed = staff_repos::sign_off(
        db,
        &staff.can,
        outputs.as_ref(),
        &staff.user.fullname,
        &url,
        tech_support,
    )
    .await?;
    let name = repo_link(&url).label;
    let (tone, text) = match signed {
        Ok(()) => (
            "success",
            format!(
                "{name} is signed off. The issue that asks for it to be made public is on its way to {tech_support}."
            ),
        ),
        Err(Obstacle::NotByResearchers) => (
            "danger",
            format!("{name} is not signed off by its researchers. They come first."),
        ),
        Err(Obstacle::HasOutputs) => (
            "danger",
            format!("{name} holds outputs. Signing it off takes the role Sign Off Repos with Outputs."),
        ),
        Err(Obstacle::Before) => ("info", format!("{name} was signed off before. Nothing was changed.")),
    };
    Ok(Answer::told(staff_repo_href(&url), tone, text))
}
