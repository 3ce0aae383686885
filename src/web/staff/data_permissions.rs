//! What data each project may use: all of them, one of them, and a file of them.

use rocket::{get, post};

use super::cell::Cell;
use super::field::Field;
use super::form::Form;
use super::guard::StaffMay;
use super::list::{Filter, List, ListAnswer, ListAsked};
use super::projects::{find, href};
use super::thing::{Section, Thing};
use super::words::person_href;
use crate::core::access::ManageDataPermissions;
use crate::core::error::{Error, FieldErrors};
use crate::core::projects::data_permissions::lists::{self, Permission, Wanted};
use crate::core::projects::data_permissions::{DATASETS, KINDS, actions, is_dataset, label};
use crate::core::projects::{Project, title};
use crate::web::database::Database;
use crate::web::forms::CsrfForm;
use crate::web::pages::answer::Answer;
use crate::web::responders::{Failure, Outcome};
use crate::web::view::{Link, Page};

type May<'r> = StaffMay<'r, ManageDataPermissions>;

#[get("/staff/data-permissions")]
pub async fn list(may: May<'_>, db: &Database) -> Outcome<ListAnswer> {
    let asked = ListAsked::read(&may.staff.visit)?;
    let wanted = Wanted {
        q: asked.q(),
        kind: asked.one("kind"),
    };
    let mut conn = db.read().await?;
    let listed = lists::allowed(&mut conn, wanted, asked.page(), asked.per_page()).await?;
    let kinds = lists::kinds(&mut conn).await?;
    drop(conn);
    let options = kinds.into_iter().map(|kind| {
        let label = label(&kind).to_owned();
        (kind, label)
    });
    let mut list = List::new("Data permissions")
        .lead("What information governance allows each project to use, beyond what every project may.")
        .search("Project's name or number")
        .filter(Filter::select("kind", "Permission", options.collect()))
        .columns(&[
            "Project",
            "T1OO",
            "NDOO",
            "GP activations",
            "Tools",
            "Datasets",
            "Last granted",
        ])
        .action(Link::new("Import from a file", "/staff/data-permissions/import/"))
        .empty(
            "No permission yet",
            "Grant them on a project's page, or import them from a file.",
        );
    for row in listed.rows {
        let has = |kind: &str| row.kinds.iter().any(|held| held == kind);
        let yes = |kind: &str| match has(kind) {
            true => Cell::text("Yes"),
            false => Cell::none(),
        };
        let tools = ["cohortextractor", "sqlrunner"]
            .into_iter()
            .filter(|kind| has(kind))
            .map(label);
        let datasets = row.kinds.iter().filter(|kind| is_dataset(kind)).cloned();
        list.row(vec![
            Cell::link(title(row.number.as_deref(), &row.name), page_of(&row.slug)),
            yes("t1oo"),
            yes("ndoo"),
            yes("gp_activations"),
            Cell::text(tools.collect::<Vec<_>>().join(", ")),
            Cell::text(datasets.collect::<Vec<_>>().join(", ")),
            Cell::time(row.since),
        ]);
    }
    list.answer(&may.staff, &asked, listed.total)
}

/// The page about what one project may use.
fn page_of(slug: &str) -> String {
    format!("{}data-permissions/", href(slug))
}

/// What was typed into the form that grants.
#[derive(Debug, Default)]
struct Typed {
    kind: String,
    dataset: String,
    reason: String,
    errors: FieldErrors,
    /// The permission that was to be ended, with the reason that was typed.
    ending: Option<(i32, String, FieldErrors)>,
}

#[get("/staff/projects/<project>/data-permissions")]
pub async fn of_project(may: May<'_>, db: &Database, project: &str) -> Outcome<Page> {
    let project = find(db, project).await?;
    show(&may, db, &project, &Typed::default()).await
}

#[post("/staff/projects/<project>/data-permissions", data = "<form>")]
pub async fn grant(may: May<'_>, db: &Database, project: &str, form: CsrfForm) -> Outcome<Answer> {
    let project = find(db, project).await?;
    let mut typed = Typed {
        kind: form.text("kind").to_owned(),
        dataset: form.text("dataset").to_owned(),
        reason: form.text("reason").replace("\r\n", "\n"),
        ..Typed::default()
    };
    if !typed.kind.is_empty() && !typed.dataset.is_empty() {
        let both = "Choose one above or name another here, not both: one permission is granted at a time.";
        typed.errors.add("dataset", both);
        return Ok(show(&may, db, &project, &typed).await?.into());
    }
    // The name of another dataset counts when none is chosen.
    let kind = if typed.kind.is_empty() {
        &typed.dataset
    } else {
        &typed.kind
    };
    match actions::grant(db, &may.can, project.id, kind, &typed.reason).await {
        Ok(()) => {
            let said = format!("{} is now allowed {}.", project.title(), label(kind));
            Ok(Answer::told(page_of(&project.slug), "success", said))
        }
        Err(Error::Invalid(errors)) => {
            typed.errors = errors;
            Ok(show(&may, db, &project, &typed).await?.into())
        }
        Err(error) => Err(error.into()),
    }
}

#[get("/staff/projects/<project>/data-permissions/<id>/end")]
pub async fn end_form(may: May<'_>, db: &Database, project: &str, id: i32) -> Outcome<Page> {
    let project = find(db, project).await?;
    let typed = Typed {
        ending: Some((id, String::new(), FieldErrors::default())),
        ..Typed::default()
    };
    show(&may, db, &project, &typed).await
}

#[post("/staff/projects/<project>/data-permissions/<id>/end", data = "<form>")]
pub async fn end(may: May<'_>, db: &Database, project: &str, id: i32, form: CsrfForm) -> Outcome<Answer> {
    let project = find(db, project).await?;
    let reason = form.text("reason").replace("\r\n", "\n");
    match actions::end(db, &may.can, project.id, id, &reason).await {
        Ok(()) => Ok(Answer::told(page_of(&project.slug), "success", "The permission ended.")),
        Err(Error::Invalid(errors)) => {
            let typed = Typed {
                ending: Some((id, reason, errors)),
                ..Typed::default()
            };
            Ok(show(&may, db, &project, &typed).await?.into())
        }
        Err(error) => Err(error.into()),
    }
}

async fn show(may: &May<'_>, db: &Database, project: &Project, typed: &Typed) -> Outcome<Page> {
    let all = lists::of_project(&mut *db.read().await?, project.id).await?;
    let page = page_of(&project.slug);
    let mut thing = Thing::new("Data permissions", format!("Data of {}", project.title()))
        .under("Projects", "/staff/projects/")
        .under(project.title(), href(&project.slug))
        .lead("What information governance allows this project to use, beyond what every project may.");
    if let Some((id, reason, errors)) = &typed.ending {
        let ending = all.iter().find(|one| one.id == *id && one.ended_at.is_none());
        let ending = ending.ok_or_else(|| Failure::not_found("Data permission"))?;
        thing = thing.section(ending_section(&page, ending, reason, errors));
    }
    let (present, ended): (Vec<Permission>, Vec<Permission>) = all.into_iter().partition(|one| one.ended_at.is_none());
    thing = thing
        .section(present_section(&page, present))
        .section(
            Section::new("Grant a permission")
                .lead("From the next job request on it counts.")
                .form(grant_form(&page, typed)),
        )
        .section(ended_section(ended));
    Ok(thing.render(&may.staff))
}

fn kind_cell(kind: &str) -> Cell {
    let about = KINDS
        .iter()
        .find(|(known, _, _)| *known == kind)
        .map(|(_, _, about)| *about);
    Cell::text(label(kind)).note(about.unwrap_or("A dataset."))
}

fn by_cell(username: &str) -> Cell {
    Cell::link(username, person_href(username))
}

fn present_section(page: &str, present: Vec<Permission>) -> Section {
    let rows = present.into_iter().map(|one| {
        vec![
            kind_cell(&one.kind),
            Cell::text(one.reason),
            by_cell(&one.created_by),
            Cell::time(Some(one.created_at)),
            Cell::link("End…", format!("{page}{}/end/", one.id)),
        ]
    });
    let rows = rows.collect();
    Section::new("It may use").table(
        &["What", "Why", "Granted by", "Since", "Change"],
        rows,
        "Nothing but what every project may.",
    )
}

fn ended_section(ended: Vec<Permission>) -> Section {
    let rows = ended.into_iter().map(|one| {
        vec![
            Cell::text(label(&one.kind)),
            Cell::text(one.reason),
            Cell::time(Some(one.created_at)).note(format!("by {}", one.created_by)),
            Cell::text(one.ended_reason),
            Cell::time(one.ended_at).note(format!("by {}", one.ended_by.unwrap_or_default())),
        ]
    });
    let rows = rows.collect();
    Section::new("It might use once").table(
        &["What", "Why", "Granted", "Why it ended", "Ended"],
        rows,
        "None ended.",
    )
}

fn ending_section(page: &str, one: &Permission, reason: &str, errors: &FieldErrors) -> Section {
    Section::new(format!("End {}", label(&one.kind)))
        .lead("From the next job request on the project does without it. The permission stays in the list below.")
        .form(
            Form::new("End the permission")
                .action(format!("{page}{}/end/", one.id))
                .danger()
                .errors(errors)
                .cancel(page)
                .field(Field::area("reason", "Why it ends", reason).required()),
        )
}

fn grant_form(page: &str, typed: &Typed) -> Form {
    let mut options = vec![(String::new(), "A dataset by its name, below".to_owned())];
    options.extend(
        KINDS
            .iter()
            .map(|(kind, label, _)| ((*kind).to_owned(), (*label).to_owned())),
    );
    options.extend(
        DATASETS
            .iter()
            .map(|kind| ((*kind).to_owned(), format!("Dataset {kind}"))),
    );
    Form::new("Grant")
        .action(page)
        .errors(&typed.errors)
        .field(Field::select("kind", "What it may use", options, &typed.kind).required())
        .field(
            Field::text("dataset", "Another dataset", &typed.dataset)
                .code()
                .help("Its name: small letters, digits and _. Counts when nothing is chosen above."),
        )
        .field(
            Field::area("reason", "Why", &typed.reason)
                .required()
                .help("What was decided, by whom, and where that is written down."),
        )
}
