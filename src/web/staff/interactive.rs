//! What a project's page says of its interactive workspace, and having the repository made again.

use rocket::post;

use super::cell::{Button, Cell};
use super::guard::StaffMay;
use super::projects::{find, href};
use super::thing::Section;
use super::words::repo_href;
use crate::core::access::CreateProjects;
use crate::core::workspaces::interactive::{self, Interactive, Making};
use crate::web::database::Database;
use crate::web::forms::CsrfForm;
use crate::web::pages::answer::Answer;
use crate::web::responders::Outcome;

/// None for a project that has none. `may_retry` offers to have a repository made that is not there.
pub(super) fn section(slug: &str, all: &[Interactive], may_retry: bool) -> Option<Section> {
    if all.is_empty() {
        return None;
    }
    let lacks = all.iter().any(|one| !matches!(one.making(), Making::Done(_)));
    let rows = all.iter().map(|one| {
        let name = Cell::link(one.workspace.clone(), format!("/staff/workspaces/{}/", one.workspace));
        let repo = one.repo_url.trim_start_matches("https://github.com/").to_owned();
        vec![name, Cell::link(repo, repo_href(&one.repo_url)), state(one)]
    });
    let section = Section::new("Interactive workspace")
        .lead("Where analyses run that are asked for on the site.")
        .table(&["Workspace", "Repository", "At GitHub"], rows.collect(), "");
    Some(match lacks && may_retry {
        true => section.button(Button::new(
            "Make the repository now",
            format!("{}interactive-repo/retry/", href(slug)),
        )),
        false => section,
    })
}

fn state(one: &Interactive) -> Cell {
    let why = one.last_error.as_deref();
    match one.making() {
        Making::Done(at) => Cell::pill("success", "There").note(format!("Since {}.", crate::web::view::absolute(at))),
        Making::OnItsWay(next) => {
            let cell = Cell::pill("waiting", "On its way");
            match (why, next) {
                (None, _) => cell.note("It is made within a minute."),
                (Some(why), None) => cell.note(format!("It did not work yet: {why}")),
                (Some(why), Some(next)) => cell.note(format!(
                    "It did not work yet: {why}. It is tried again at {}.",
                    crate::web::view::absolute(next)
                )),
            }
        }
        Making::Failed => {
            let why = why.unwrap_or("somebody of the staff discarded the message that has it made");
            Cell::pill("danger", "Failed").note(format!("Nobody tries any more: {why}"))
        }
    }
}

#[post("/staff/projects/<project>/interactive-repo/retry", data = "<_form>")]
pub async fn retry(
    may: StaffMay<'_, CreateProjects>,
    db: &Database,
    project: &str,
    _form: CsrfForm,
) -> Outcome<Answer> {
    let project = find(db, project).await?;
    let to = href(&project.slug);
    Ok(match interactive::retry(db, &may.can, project.id).await? {
        true => Answer::told(to, "success", "The repository is tried again at once."),
        false => Answer::told(to, "info", "There is no repository left to make."),
    })
}
