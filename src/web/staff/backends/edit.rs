//! Setting a backend up, and changing it.

use rocket::{get, post};
use secrecy::ExposeSecret;

use super::{HREF, href, token, transports};
use crate::core::access::ManageBackends;
use crate::core::error::{Error, FieldErrors};
use crate::core::jobs::backends::managing::{self, Input, Standing};
use crate::core::versions::Saved;
use crate::web::database::Database;
use crate::web::forms::CsrfForm;
use crate::web::pages::answer::Answer;
use crate::web::responders::{Failure, Outcome};
use crate::web::staff::field::Field;
use crate::web::staff::form::{Form, FormPage, Overtaken};
use crate::web::staff::guard::StaffMay;
use crate::web::view::Page;

type May<'r> = StaffMay<'r, ManageBackends>;

/// What the form sent.
fn read(form: &CsrfForm) -> Input {
    Input {
        is_active: form.flag("is_active"),
        transport: form.text("transport").to_owned(),
        level_4_url: form.text("level_4_url").to_owned(),
        addresses: form.text("addresses").replace("\r\n", "\n"),
        alert_after: form.text("alert_after").to_owned(),
        parent_directory: form.text("parent_directory").to_owned(),
        obeys_disable_creating_jobs: form.flag("obeys_disable_creating_jobs"),
        is_test: form.flag("is_test"),
    }
}

const LABELS: [(&str, &str); 8] = [
    ("is_active", "Active"),
    ("transport", "How jobs reach it"),
    ("level_4_url", "Address of its file viewer"),
    ("addresses", "Networks of its secure environment"),
    ("alert_after", "Late after this many seconds"),
    ("parent_directory", "Folder of its workspaces"),
    ("obeys_disable_creating_jobs", "Pauses with DISABLE_CREATING_JOBS"),
    ("is_test", "Test backend"),
];

fn label(name: &str) -> &'static str {
    LABELS
        .iter()
        .find(|(field, _)| *field == name)
        .map_or("", |(_, label)| label)
}

fn fields(form: Form, input: &Input) -> Form {
    form.field(
        Field::tick("is_active", label("is_active"), input.is_active)
            .help("Only active backends take jobs and are on the status page, which says when one falls silent."),
    )
    .field(
        Field::radios("transport", label("transport"), transports(), &input.transport)
            .help("A job request keeps the way that counted when it was made."),
    )
    .field(
        Field::number("alert_after", label("alert_after"), &*input.alert_after)
            .required()
            .help("Without a call for so long, the status page says that it is out of contact."),
    )
    .field(
        Field::area("addresses", label("addresses"), &*input.addresses)
            .help("One a line, like 10.1.2.0/24. Whoever comes from there signs in with a single-use token."),
    )
    .field(
        Field::url("level_4_url", label("level_4_url"), &*input.level_4_url)
            .code()
            .help("Where people inside look at files that are not released. Leave it empty when there is none."),
    )
    .field(
        Field::text("parent_directory", label("parent_directory"), &*input.parent_directory)
            .code()
            .help("As its people know it: job pages name the log of a failed job in it."),
    )
    .field(
        Field::tick(
            "obeys_disable_creating_jobs",
            label("obeys_disable_creating_jobs"),
            input.obeys_disable_creating_jobs,
        )
        .help("No jobs can be asked for there while that setting is on."),
    )
    .field(
        Field::tick("is_test", label("is_test"), input.is_test)
            .help("It has no patient data, and job requests for it say so."),
    )
}

/// What is typed of a new one.
struct Fresh {
    name: String,
    slug: String,
    input: Input,
}

fn fresh_page(may: &May<'_>, fresh: &Fresh, errors: &FieldErrors) -> Page {
    let form = Form::new("Create the backend")
        .field(
            Field::text("name", "Name", &*fresh.name)
                .required()
                .help("For people. It stays as it is."),
        )
        .field(
            Field::text("slug", "Slug", &*fresh.slug)
                .code()
                .required()
                .help("For programs and addresses: letters, digits, hyphens and underscores. It stays as it is."),
        );
    let form = fields(form, &fresh.input).errors(errors).cancel(HREF);
    FormPage::new("New backend")
        .under("Backends", HREF)
        .lead("Its token is shown once, when it is created.")
        .form(form)
        .render(&may.staff)
}

#[get("/staff/backends/add")]
pub async fn add(may: May<'_>) -> Page {
    let fresh = Fresh {
        name: String::new(),
        slug: String::new(),
        input: Input::fresh(),
    };
    fresh_page(&may, &fresh, &FieldErrors::default())
}

#[post("/staff/backends/add", data = "<form>")]
pub async fn create(may: May<'_>, db: &Database, form: CsrfForm) -> Outcome<Page> {
    let fresh = Fresh {
        name: form.text("name").to_owned(),
        slug: form.text("slug").to_owned(),
        input: read(&form),
    };
    let sealer = &may.staff.visit.app.sealer;
    match managing::create(db, sealer, &may.can, &fresh.name, &fresh.slug, &fresh.input).await {
        Ok(made) => {
            let page = token::once(&may, made.id, &fresh.name, made.token.expose_secret(), None);
            Ok(page)
        }
        Err(Error::Invalid(errors)) => Ok(fresh_page(&may, &fresh, &errors)),
        Err(error) => Err(Failure(error)),
    }
}

/// A backend that is being changed.
struct Editing<'a> {
    id: i32,
    name: &'a str,
    input: &'a Input,
    seen: String,
}

fn edit_page(may: &May<'_>, editing: &Editing<'_>, errors: &FieldErrors, overtaken: Option<Standing>) -> Page {
    let mut form = fields(Form::new("Save"), editing.input)
        .seen(&*editing.seen)
        .errors(errors)
        .cancel(href(editing.id));
    if let Some(standing) = overtaken {
        form = form.overtaken(differences(editing.input, standing));
    }
    FormPage::new(format!("Edit {}", editing.name))
        .under("Backends", HREF)
        .under(editing.name, href(editing.id))
        .lead("Its name and its slug stay as they are.")
        .form(form)
        .render(&may.staff)
}

/// What is not as it was typed.
fn differences(typed: &Input, standing: Standing) -> Overtaken {
    let now = typed.fields().into_iter().zip(standing.now.fields());
    let now = now.filter(|((_, typed), (_, now))| typed != now);
    Overtaken {
        by: standing.by,
        at: standing.at,
        now: now
            .map(|((name, _), (_, value))| {
                let value = match (name, value.as_str()) {
                    ("transport", stored) => super::transport_words(stored),
                    (_, "") => "nothing".to_owned(),
                    (_, value) => value.replace(',', ", "),
                };
                (label(name).to_owned(), value)
            })
            .collect(),
    }
}

#[get("/staff/backends/<id>/edit")]
pub async fn edit(may: May<'_>, db: &Database, id: i32) -> Outcome<Page> {
    let backend = managing::detail(&mut *db.read().await?, id).await?;
    let backend = backend.ok_or_else(|| Failure::not_found("Backend"))?;
    let input = Input::from(&backend.properties);
    let editing = Editing {
        id,
        name: &backend.name,
        seen: input.version(),
        input: &input,
    };
    Ok(edit_page(&may, &editing, &FieldErrors::default(), None))
}

#[post("/staff/backends/<id>/edit", data = "<form>")]
pub async fn save(may: May<'_>, db: &Database, id: i32, form: CsrfForm) -> Outcome<Answer> {
    let backend = managing::detail(&mut *db.read().await?, id).await?;
    let backend = backend.ok_or_else(|| Failure::not_found("Backend"))?;
    let input = read(&form);
    let mut editing = Editing {
        id,
        name: &backend.name,
        input: &input,
        seen: form.text("seen").to_owned(),
    };
    match managing::edit(db, &may.can, id, &input, &editing.seen).await {
        Ok(Saved::Done) => Ok(Answer::told(href(id), "success", format!("{} is saved.", backend.name))),
        Ok(Saved::Unchanged) => Ok(Answer::told(href(id), "info", "Nothing was changed.")),
        Ok(Saved::Overtaken(standing)) => {
            // Whoever sends the form once more has seen what there is.
            editing.seen = standing.now.version();
            Ok(edit_page(&may, &editing, &FieldErrors::default(), Some(standing)).into())
        }
        Err(Error::Invalid(errors)) => Ok(edit_page(&may, &editing, &errors, None).into()),
        Err(error) => Err(Failure(error)),
    }
}
