//! What everybody who is signed in is told on every page.

mod typed;

use rocket::{get, post};
use time::OffsetDateTime;

use self::typed::{Typed, differences, written};
use super::cell::Cell;
use super::field::Field;
use super::form::{Form, FormPage, Overtaken};
use super::guard::Staff;
use super::list::{List, ListAnswer, ListAsked};
use super::named::person;
use crate::core::announcements::actions::{self, check};
use crate::core::announcements::{Level, ListedAlert, change, listed, listed_one};
use crate::core::error::{Error, FieldErrors};
use crate::core::versions::Saved;
use crate::web::database::Database;
use crate::web::forms::CsrfForm;
use crate::web::pages::Answer;
use crate::web::responders::Outcome;
use crate::web::view::{Link, Page, SafeHtml, sentence};

const LIST: &str = "/staff/site-alerts/";
/// The button that looks without saving.
const PREVIEW: &str = "preview";

fn edit_href(id: i32) -> String {
    format!("{LIST}edit/{id}/")
}

#[get("/staff/site-alerts")]
pub async fn list(staff: Staff<'_>, db: &Database) -> Outcome<ListAnswer> {
    let asked = ListAsked::read(&staff.visit)?;
    let found = listed(db, asked.page(), asked.per_page()).await?;
    let mut list = List::new("Site alerts")
        .lead("Banners that everybody who is signed in sees on every page.")
        .columns(&[
            "Alert",
            "Level",
            "Shown",
            "From",
            "Until",
            "Created by",
            "Changed by",
            "",
        ])
        .filed(&["Message"])
        .action(Link::new("New alert", format!("{LIST}add/")))
        .empty(
            "No alert yet",
            "Put one up when there is something that everybody should know.",
        );
    let now = OffsetDateTime::now_utc();
    for row in &found.rows {
        list.row(cells(&staff, row, now));
    }
    list.answer(&staff, &asked, found.total)
}

fn cells(staff: &Staff<'_>, row: &ListedAlert, now: OffsetDateTime) -> Vec<Cell> {
    let alert = &row.alert;
    let title = match alert.title.as_str() {
        "" => Cell::link(shortened(&SafeHtml::words_of(&alert.message)), edit_href(alert.id)),
        title => Cell::link(title, edit_href(alert.id)).note(shortened(&SafeHtml::words_of(&alert.message))),
    };
    let shown = if alert.is_shown(now) {
        Cell::pill("success", "Now")
    } else if alert.starts_at.is_some_and(|starts_at| starts_at > now) {
        Cell::pill("waiting", "Later")
    } else {
        Cell::pill("neutral", "Over")
    };
    let level = match alert.level {
        Level::Danger => "danger",
        Level::Success => "success",
        Level::Warning => "waiting",
        Level::Info => "accent",
    };
    vec![
        title,
        Cell::pill(level, sentence(alert.level.name())),
        shown,
        Cell::time(Some(alert.starts_at.unwrap_or(row.created_at))),
        Cell::time(alert.ends_at),
        person(staff, row.created_by.as_deref(), row.created_by_fullname.as_deref()),
        person(staff, row.updated_by.as_deref(), row.updated_by_fullname.as_deref()),
        Cell::link("Delete", format!("{LIST}delete/{}/", alert.id)),
        Cell::text(alert.message.as_str()),
    ]
}

fn shortened(text: &str) -> String {
    const SHOWN: usize = 80;
    match text.char_indices().nth(SHOWN) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}

struct Shown<'a> {
    title: &'static str,
    button: &'static str,
    typed: &'a Typed,
    errors: &'a FieldErrors,
    seen: Option<String>,
    overtaken: Option<Overtaken>,
    is_preview: bool,
    delete: Option<String>,
}

fn render(staff: &Staff<'_>, shown: Shown<'_>) -> Page {
    let typed = shown.typed;
    let levels = Level::ALL.map(|level| (level.name().to_owned(), sentence(level.name())));
    let mut form = Form::new(shown.button)
        .field(Field::text("title", "Title", typed.title.as_str()).help("A few words in bold, if any."))
        .field(
            Field::area("message", "Message", typed.message.as_str())
                .rows(5)
                .required()
                .help("Text, or HTML with emphasis, lists, code and links. Anything else of HTML is left out."),
        )
        .field(Field::select("level", "Level", levels.to_vec(), &typed.level).required())
        .field(Field::datetime("starts_at", "Shown from", typed.starts_at.as_str()).help("UTC. Left empty: at once."))
        .field(
            Field::datetime("ends_at", "Shown until", typed.ends_at.as_str())
                .help("UTC. Left empty: until it is deleted."),
        )
        .also(PREVIEW, "Preview")
        .errors(shown.errors)
        .cancel(LIST);
    if let Some(seen) = shown.seen {
        form = form.seen(seen);
    }
    if let Some(overtaken) = shown.overtaken {
        form = form.overtaken(overtaken);
    }
    let mut page = FormPage::new(shown.title)
        .under("Site alerts", LIST)
        .notice(
            "warning",
            "Saving takes effect at once.",
            "Everybody who is signed in sees it on their next page, within half a minute.",
        )
        .form(form);
    if shown.is_preview {
        page = page.preview(preview(typed));
    }
    if let Some(delete) = shown.delete {
        page = page.link(Link::new("Delete", delete));
    }
    page.render(staff)
}

/// The alert as its banner will look: only what is harmless of what is typed.
fn preview(typed: &Typed) -> SafeHtml {
    let level: Level = typed.level.parse().unwrap_or(Level::Warning);
    let open = match level {
        Level::Danger => "<div class=\"alert alert-danger\"><div class=\"alert-body\">",
        Level::Info => "<div class=\"alert alert-info\"><div class=\"alert-body\">",
        Level::Success => "<div class=\"alert alert-success\"><div class=\"alert-body\">",
        Level::Warning => "<div class=\"alert alert-warning\"><div class=\"alert-body\">",
    };
    let mut html = SafeHtml::default();
    html.markup(open);
    if !typed.title.is_empty() {
        html.markup("<strong>").text(&typed.title).markup("</strong> ");
    }
    html.join(&SafeHtml::from_html(&typed.message));
    html.markup("</div></div>");
    html
}

#[get("/staff/site-alerts/add")]
pub async fn add_form(staff: Staff<'_>) -> Page {
    new_page(&staff, &Typed::new(), &FieldErrors::default(), false)
}

fn new_page(staff: &Staff<'_>, typed: &Typed, errors: &FieldErrors, is_preview: bool) -> Page {
    render(
        staff,
        Shown {
            title: "New site alert",
            button: "Put it up",
            typed,
            errors,
            seen: None,
            overtaken: None,
            is_preview,
            delete: None,
        },
    )
}

#[post("/staff/site-alerts/add", data = "<form>")]
pub async fn add(staff: Staff<'_>, db: &Database, form: CsrfForm) -> Outcome<Answer> {
    let typed = Typed::read(&form);
    let mut errors = FieldErrors::default();
    let alert = typed.alert(&mut errors);
    for (field, message) in check(&alert, OffsetDateTime::now_utc()).iter() {
        errors.add(field.to_owned(), message);
    }
    if form.has(PREVIEW) || !errors.is_empty() {
        return Ok(new_page(&staff, &typed, &errors, form.has(PREVIEW)).into());
    }
    let id = actions::add(db, &staff.can.by(), &alert).await?;
    Ok(Answer::told(edit_href(id), "success", "The alert is up."))
}

#[get("/staff/site-alerts/edit/<id>")]
pub async fn edit_form(staff: Staff<'_>, db: &Database, id: i32) -> Outcome<Page> {
    let stored = listed_one(db, id).await?;
    let typed = Typed::of(&stored.alert);
    Ok(edit_page(
        &staff,
        id,
        &typed,
        &FieldErrors::default(),
        stored.version(),
        None,
        false,
    ))
}

fn edit_page(
    staff: &Staff<'_>,
    id: i32,
    typed: &Typed,
    errors: &FieldErrors,
    seen: String,
    overtaken: Option<Overtaken>,
    is_preview: bool,
) -> Page {
    render(
        staff,
        Shown {
            title: "Change a site alert",
            button: "Save",
            typed,
            errors,
            seen: Some(seen),
            overtaken,
            is_preview,
            delete: Some(format!("{LIST}delete/{id}/")),
        },
    )
}

#[post("/staff/site-alerts/edit/<id>", data = "<form>")]
pub async fn edit(staff: Staff<'_>, db: &Database, id: i32, form: CsrfForm) -> Outcome<Answer> {
    let stored = listed_one(db, id).await?;
    let typed = Typed::read(&form);
    let mut errors = FieldErrors::default();
    let mut alert = typed.alert(&mut errors);
    // A field shows no seconds: what was not touched stays to the second.
    let was = &stored.alert;
    for (wanted, was) in [(&mut alert.starts_at, was.starts_at), (&mut alert.ends_at, was.ends_at)] {
        if wanted.map(written) == was.map(written) {
            *wanted = was;
        }
    }
    let seen = form.text("seen").to_owned();
    if form.has(PREVIEW) {
        return Ok(edit_page(&staff, id, &typed, &errors, seen, None, true).into());
    }
    Ok(match change(db, &staff.can, id, &seen, &alert, errors).await {
        Ok(Saved::Done) => Answer::told(edit_href(id), "success", "The alert is saved."),
        Ok(Saved::Unchanged) => Answer::told(edit_href(id), "info", "The alert was so already."),
        Ok(Saved::Overtaken(now)) => {
            let overtaken = Overtaken {
                by: now.updated_by.clone(),
                at: Some(now.updated_at),
                now: differences(&typed, &Typed::of(&now.alert)),
            };
            edit_page(
                &staff,
                id,
                &typed,
                &FieldErrors::default(),
                now.version(),
                Some(overtaken),
                false,
            )
            .into()
        }
        Err(Error::Invalid(errors)) => edit_page(&staff, id, &typed, &errors, seen, None, false).into(),
        Err(error) => return Err(error.into()),
    })
}

#[get("/staff/site-alerts/delete/<id>")]
pub async fn delete_form(staff: Staff<'_>, db: &Database, id: i32) -> Outcome<Page> {
    let stored = listed_one(db, id).await?;
    let page = FormPage::new("Delete a site alert")
        .under("Site alerts", LIST)
        .lead("Nobody sees it any more, from their next page on. It cannot be brought back; the record keeps what it said.")
        .preview(preview(&Typed::of(&stored.alert)))
        .form(Form::new("Delete the alert").danger().cancel(edit_href(id)));
    Ok(page.render(&staff))
}

#[post("/staff/site-alerts/delete/<id>", data = "<_form>")]
pub async fn delete(staff: Staff<'_>, db: &Database, id: i32, _form: CsrfForm) -> Outcome<Answer> {
    actions::remove(db, &staff.can.by(), id).await?;
    Ok(Answer::told(LIST, "success", "The alert is deleted."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_preview_holds_nothing_that_acts() {
        let typed = Typed {
            title: "<b>".to_owned(),
            message: "<script>x</script><b>now</b>".to_owned(),
            level: "danger".to_owned(),
            ..Typed::default()
        };
        let html = preview(&typed);
        assert_eq!(
            html.as_str(),
            "<div class=\"alert alert-danger\"><div class=\"alert-body\"><strong>&lt;b&gt;</strong> <b>now</b></div></div>"
        );
    }
}
