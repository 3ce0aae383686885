//! Data permissions from a file: what it would change is shown, and only then done.

use rocket::{get, post};

use super::cell::Cell;
use super::field::Field;
use super::form::Form;
use super::guard::StaffMay;
use super::query;
use super::thing::{Section, Thing};
use crate::core::access::ManageDataPermissions;
use crate::core::error::{Error, FieldErrors};
use crate::core::projects::data_permissions::import::{Change, Import, Plan, apply, preview};
use crate::core::projects::data_permissions::{STARTING_VALUES, label};
use crate::core::versions::Saved;
use crate::web::database::Database;
use crate::web::pages::answer::Answer;
use crate::web::responders::Outcome;
use crate::web::upload_form::UploadForm;
use crate::web::view::{Link, Page};

type May<'r> = StaffMay<'r, ManageDataPermissions>;

const HERE: &str = "/staff/data-permissions/import/";
const LIST: &str = "/staff/data-permissions/";
/// The most changes that a preview lists; all of them are done.
const MOST_SHOWN: usize = 500;

/// What was sent.
#[derive(Debug, Default)]
struct Typed {
    csv: String,
    ends_others: bool,
    ending_reason: String,
}

impl Typed {
    fn import(&self) -> Import<'_> {
        Import {
            csv: &self.csv,
            ends_others: self.ends_others,
            ending_reason: &self.ending_reason,
        }
    }
}

#[get("/staff/data-permissions/import")]
pub async fn form(may: May<'_>) -> Page {
    let fields = query::fields(may.staff.visit.query());
    let starts = fields.iter().any(|(name, _)| name == "starting-values");
    let typed = Typed {
        csv: if starts {
            STARTING_VALUES.to_owned()
        } else {
            String::new()
        },
        ..Typed::default()
    };
    page(&may, &typed, &FieldErrors::default(), None)
}

#[post("/staff/data-permissions/import", data = "<form>")]
pub async fn import(may: May<'_>, db: &Database, form: UploadForm) -> Outcome<Answer> {
    let fields = &form.fields;
    let mut typed = Typed {
        csv: fields.text("csv").to_owned(),
        ends_others: fields.flag("ends_others"),
        ending_reason: fields.text("ending_reason").replace("\r\n", "\n"),
    };
    if let Some(bytes) = form.file("file") {
        match std::str::from_utf8(bytes) {
            Ok(text) if !text.contains('\0') => text.trim().clone_into(&mut typed.csv),
            _ => {
                let errors = FieldErrors::one("file", "This file is not text. Save it as CSV in UTF-8.");
                return Ok(page(&may, &typed, &errors, None).into());
            }
        }
    }
    if form.is_too_large("file") {
        let errors = FieldErrors::one(
            "file",
            "The file is larger than 1 MiB, the most that is taken. Divide it.",
        );
        return Ok(page(&may, &typed, &errors, None).into());
    }
    let is_decided = fields.has("apply");
    let answer = match is_decided {
        true => match apply(db, &may.can, &typed.import(), fields.text("seen")).await {
            Ok(Saved::Done) => return Ok(Answer::told(LIST, "success", "The file is imported.")),
            Ok(Saved::Unchanged) => return Ok(Answer::told(LIST, "info", "All of it was so already.")),
            Ok(Saved::Overtaken(plan)) => Ok((plan, true)),
            Err(error) => Err(error),
        },
        false => preview(&mut *db.read().await?, &typed.import())
            .await
            .map(|plan| (plan, false)),
    };
    match answer {
        Ok((plan, is_overtaken)) => {
            let shown = Some((&plan, is_overtaken));
            Ok(page(&may, &typed, &FieldErrors::default(), shown).into())
        }
        Err(Error::Invalid(errors)) => Ok(page(&may, &typed, &errors, None).into()),
        Err(error) => Err(error.into()),
    }
}

fn page(may: &May<'_>, typed: &Typed, errors: &FieldErrors, plan: Option<(&Plan, bool)>) -> Page {
    let mut thing = Thing::new("Import", "Import data permissions")
        .under("Data permissions", LIST)
        .lead("A file of three columns: a project's number or slug, what it may use, and why.")
        .action(Link::new(
            "Take the starting values",
            format!("{HERE}?starting-values=1"),
        ));
    if let Some((plan, is_overtaken)) = plan {
        if is_overtaken {
            thing = thing.notice(
                "warning",
                "Somebody changed permissions meanwhile",
                "Nothing is done yet. This is what the file would change now.",
            );
        }
        thing = thing.section(differences(typed, plan));
        let of = |changes: &[Change]| changes.iter().take(MOST_SHOWN).map(row).collect::<Vec<_>>();
        if !plan.granted.is_empty() {
            let section = Section::new("Would be granted").count(plan.granted.len() as i64);
            thing = thing.section(section.table(&["Project", "What", "Why"], of(&plan.granted), ""));
        }
        if !plan.ended.is_empty() {
            let section = Section::new("Would end").count(plan.ended.len() as i64);
            thing = thing.section(section.table(&["Project", "What", "Why"], of(&plan.ended), ""));
        }
    }
    thing
        .section(Section::new("The file").form(form_of(typed, errors)))
        .render(&may.staff)
}

fn row(change: &Change) -> Vec<Cell> {
    vec![
        Cell::link(
            change.project_title.clone(),
            super::projects::href(&change.project_slug),
        ),
        Cell::text(label(&change.kind)),
        Cell::text(change.reason.clone()),
    ]
}

/// What the file comes to, and the button that does it.
fn differences(typed: &Typed, plan: &Plan) -> Section {
    let number = |count: usize| Cell::number(count as i64);
    let unknown = match plan.unknown.len() {
        0 => Cell::none(),
        _ => Cell::shortened(plan.unknown.join(", "), 400),
    };
    let section = Section::new("What it would change").facts(vec![
        ("Granted", number(plan.granted.len())),
        ("Ended", number(plan.ended.len())),
        ("So already", number(plan.same)),
        ("Projects that are not here, passed over", unknown),
    ]);
    if plan.is_nothing() {
        return section.lead("Nothing: all of it is so already.");
    }
    let count = plan.granted.len() + plan.ended.len();
    let words = match count {
        1 => "Make this change".to_owned(),
        count => format!("Make these {count} changes"),
    };
    let mut form = Form::new(words)
        .action(HERE)
        .seen(plan.version())
        .hidden("apply", "1")
        .hidden("csv", &typed.csv)
        .hidden("ending_reason", &typed.ending_reason);
    if typed.ends_others {
        form = form.hidden("ends_others", "on");
    }
    section.form(form)
}

fn form_of(typed: &Typed, errors: &FieldErrors) -> Form {
    Form::new("Show what it would change")
        .action(HERE)
        .errors(errors)
        .cancel(LIST)
        .field(
            Field::area("csv", "Lines", &typed.csv)
                .rows(12)
                .help("One a line, as in 9,isaric,\"Approved on 3 May\". The first line may name the columns: project, kind, reason."),
        )
        .field(Field::file("file", "Or a file", ".csv,text/csv").help("CSV in UTF-8. It goes before the lines above."))
        .field(
            Field::tick("ends_others", "End what it does not list", typed.ends_others)
                .help("Permissions of the same kinds that other projects have."),
        )
        .field(Field::area("ending_reason", "Why those end", &typed.ending_reason).rows(2))
}
