//! Making an organisation and changing it.

use rocket::{get, post};

use super::field::Field;
use super::form::{Form, FormPage};
use super::guard::{Staff, StaffMay};
use super::htmx::Made;
use super::words::{addresses_changed, overtaken};
use super::{htmx, orgs};
use crate::core::access::CreateOrgs;
use crate::core::error::{Error, FieldErrors};
use crate::core::projects::logo::{self, Logo};
use crate::core::projects::orgs::{OrgForm, Stored, actions};
use crate::core::versions::Saved;
use crate::web::database::Database;
use crate::web::forms::CsrfForm;
use crate::web::pages::answer::Answer;
use crate::web::responders::{Failure, Outcome};
use crate::web::upload_form::UploadForm;
use crate::web::uploads;
use crate::web::view::Page;

#[get("/staff/orgs/add")]
pub async fn add_form(may: StaffMay<'_, CreateOrgs>) -> Page {
    add_page(&may.staff, "", &FieldErrors::default())
}

#[post("/staff/orgs/add", data = "<form>")]
pub async fn add(may: StaffMay<'_, CreateOrgs>, db: &Database, form: CsrfForm) -> Outcome<Made> {
    let staff = &may.staff;
    let name = form.text("name");
    let slug = match actions::create(db, &may.can, name).await {
        Ok(slug) => slug,
        Err(Error::Invalid(errors)) => {
            return Ok(add_page(staff, name, &errors).into());
        }
        Err(error) => return Err(error.into()),
    };
    addresses_changed(staff).await;
    let page = format!("/staff/orgs/{slug}/");
    if htmx::is_htmx(&staff.visit) {
        return Ok(Made::location(&htmx::made(
            &staff.visit,
            &form,
            &page,
            "org-slug",
            &slug,
        )));
    }
    let to = htmx::next_with(&staff.visit, &form, "org-slug", &slug).unwrap_or(page);
    Ok(Answer::told(to, "success", format!("The organisation {name} is there.")).into())
}

fn add_page(staff: &Staff<'_>, name: &str, errors: &FieldErrors) -> Page {
    let form = Form::new("Create organisation")
        .errors(errors)
        .cancel(htmx::back(&staff.visit, &["org-slug", "project-slug"]).unwrap_or_else(|| "/staff/orgs/".to_owned()))
        .field(
            Field::text("name", "Name", name)
                .required()
                .help("Its address is made of it. GitHub organisations and members are added on its page."),
        );
    if htmx::is_htmx(&staff.visit) {
        return htmx::fragment(staff, "New organisation", form);
    }
    FormPage::new("New organisation")
        .under("Organisations", "/staff/orgs/")
        .form(form)
        .render(staff)
}

/// What the form of an organisation shows.
struct Shown<'a> {
    org: &'a Stored,
    form: &'a OrgForm,
    errors: FieldErrors,
    seen: String,
    now: Option<Stored>,
}

#[get("/staff/orgs/<slug>/edit")]
pub async fn edit_form(staff: Staff<'_>, db: &Database, slug: &str) -> Outcome<Page> {
    let org = orgs::find(db, slug).await?;
    let shown = Shown {
        form: &org.form,
        errors: FieldErrors::default(),
        seen: org.form.version(),
        now: None,
        org: &org,
    };
    Ok(edit_page(&staff, &shown))
}

#[post("/staff/orgs/<slug>/edit", data = "<form>")]
pub async fn edit(staff: Staff<'_>, db: &Database, slug: &str, form: UploadForm) -> Outcome<Answer> {
    let fields = &form.fields;
    let org = match orgs::find(db, slug).await {
        // Somebody else gave it another address while the form was open.
        Err(Failure(Error::NotFound(_))) => orgs::by_id(db, fields.text("id")).await?,
        found => found?,
    };
    let seen = fields.text("seen").to_owned();
    let mut typed = OrgForm {
        name: fields.text("name").to_owned(),
        slug: fields.text("slug").to_owned(),
        description: fields.text("description").replace("\r\n", "\n"),
        logo: fields.text("logo").to_owned(),
        logo_file: org.form.logo_file.clone().filter(|_| !fields.flag("remove_logo")),
        is_internal: fields.flag("is_internal"),
        is_not_copiloted: fields.flag("is_not_copiloted"),
        output_checking_repo: fields.text("output_checking_repo").to_owned(),
        slack_channel: fields.text("slack_channel").to_owned(),
    };
    let mut errors = FieldErrors::default();
    if let Some(bytes) = form.file("logo_file") {
        match Logo::read(bytes) {
            Ok(logo) => {
                let path = logo.path(bytes);
                let storage = &staff.visit.app.settings.media.storage;
                uploads::keep(storage, &path, bytes)
                    .await
                    .map_err(|error| Failure(Error::Unavailable(format!("a logo cannot be kept: {error}"))))?;
                typed.logo_file = Some(path);
            }
            Err(why) => errors.add("logo_file", why),
        }
    }
    if form.is_too_large("logo_file") {
        errors.add("logo_file", logo::TOO_LARGE);
    }
    let shown = match actions::edit(db, &staff.can, org.id, &typed, &seen, errors).await {
        Ok(Saved::Done) => {
            addresses_changed(&staff).await;
            let to = format!("/staff/orgs/{}/", typed.slug);
            return Ok(Answer::told(to, "success", "The organisation is saved."));
        }
        Ok(Saved::Unchanged) => {
            let to = format!("/staff/orgs/{}/", typed.slug);
            return Ok(Answer::told(
                to,
                "info",
                "Nothing was different, so nothing is changed.",
            ));
        }
        Ok(Saved::Overtaken(now)) => Shown {
            form: &typed,
            errors: FieldErrors::default(),
            seen: now.form.version(),
            now: Some(*now),
            org: &org,
        },
        Err(Error::Invalid(errors)) => Shown {
            form: &typed,
            errors,
            seen,
            now: None,
            org: &org,
        },
        Err(error) => return Err(error.into()),
    };
    Ok(edit_page(&staff, &shown).into())
}

fn edit_page(staff: &Staff<'_>, shown: &Shown<'_>) -> Page {
    let typed = shown.form;
    let page = format!("/staff/orgs/{}/", shown.org.form.slug);
    let mut form = Form::new("Save")
        .errors(&shown.errors)
        .seen(&shown.seen)
        .hidden("id", shown.org.id.to_string())
        .cancel(&page)
        .field(Field::text("name", "Name", &typed.name).required())
        .field(
            Field::text("slug", "Slug", &typed.slug)
                .required()
                .code()
                .help("The last part of its address. Whoever asks for the old address is led to the new one."),
        )
        .field(Field::area("description", "Description", &typed.description).rows(5))
        .field(
            Field::file("logo_file", "New logo", "image/png,image/jpeg,image/webp")
                .at_most(logo::LARGEST)
                .help("A PNG, JPEG or WebP picture of at most 1 MiB. After an error it has to be chosen again."),
        );
    let logo = orgs::logo(staff, &shown.org.form);
    if shown.org.form.logo_file.is_some() {
        let is_removed = typed.logo_file.is_none();
        form = form.field(Field::tick("remove_logo", "Remove the present logo", is_removed));
    }
    let mut form = form
        .field(
            Field::url("logo", "Address of a logo elsewhere", &typed.logo)
                .help("Shown when there is no uploaded logo. It begins with https://"),
        )
        .field(
            Field::tick("is_internal", "Internal", typed.is_internal)
                .help("Output checks of its projects are labelled as internal."),
        )
        .field(
            Field::tick("is_not_copiloted", "Not co-piloted", typed.is_not_copiloted)
                .help("Its projects are left out where projects without a co-pilot are listed."),
        )
        .field(
            Field::text(
                "output_checking_repo",
                "Repository for output checks",
                &typed.output_checking_repo,
            )
            .code()
            .help("Owner and name, as in opensafely/output-checking. Empty: the one that the site uses for all."),
        )
        .field(
            Field::text("slack_channel", "Slack channel for output checks", &typed.slack_channel)
                .code()
                .help("Without #. Empty: the one that the site uses for all."),
        );
    if let Some(now) = &shown.now {
        form = form.overtaken(differences(now, typed));
    }
    FormPage::new(format!("Edit {}", shown.org.form.name))
        .under("Organisations", "/staff/orgs/")
        .under(shown.org.form.name.clone(), page)
        .fact("Present logo", logo)
        .form(form)
        .render(staff)
}

fn differences(now: &Stored, typed: &OrgForm) -> super::form::Overtaken {
    let flag = |is_set: bool| if is_set { "Yes" } else { "No" }.to_owned();
    let file = |form: &OrgForm| form.logo_file.clone().unwrap_or_default();
    let form = &now.form;
    let parts = [
        ("Name", form.name.clone(), typed.name.clone()),
        ("Slug", form.slug.clone(), typed.slug.clone()),
        ("Description", form.description.clone(), typed.description.clone()),
        ("Uploaded logo", file(form), file(typed)),
        ("Address of a logo elsewhere", form.logo.clone(), typed.logo.clone()),
        ("Internal", flag(form.is_internal), flag(typed.is_internal)),
        (
            "Not co-piloted",
            flag(form.is_not_copiloted),
            flag(typed.is_not_copiloted),
        ),
        (
            "Repository for output checks",
            form.output_checking_repo.clone(),
            typed.output_checking_repo.clone(),
        ),
        (
            "Slack channel for output checks",
            form.slack_channel.clone(),
            typed.slack_channel.clone(),
        ),
    ];
    overtaken(now.updated_by.clone(), Some(now.updated_at), &parts)
}
