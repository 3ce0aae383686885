//! Old addresses that lead on: how often they do, until when, and their end.

use rocket::{get, post};
use sqlx::PgConnection;
use time::Date;
use time::macros::format_description;

use super::cell::{Ask, Cell};
use super::field::Field;
use super::form::{Form, Overtaken};
use super::guard::Staff;
use super::list::{Filter, List, ListAnswer, ListAsked, MOST_EXPORTED};
use super::thing::{Section, Thing};
use super::words::addresses_changed;
use crate::core::error::{Error, FieldErrors};
use crate::core::paging::{Listed, PageAsked};
use crate::core::redirects::lists::{ListedRedirect, Wanted, redirect, redirects};
use crate::core::redirects::{Target, actions};
use crate::core::versions::Saved;
use crate::web::database::Database;
use crate::web::forms::CsrfForm;
use crate::web::pages::answer::Answer;
use crate::web::responders::{Failure, Outcome};
use crate::web::view::Page;

/// What an old address leads to, with its name in a filter.
const KINDS: [(&str, &str); 3] = [
    ("org", "Organisation"),
    ("project", "Project"),
    ("workspace", "Workspace"),
];

/// How one stands, with its name in a filter.
const STATES: [(&str, &str); 3] = [("used", "Lead on"), ("expired", "Expired"), ("deleted", "Ended")];

/// Also those that ended.
const ALL: &str = "all";

#[get("/staff/redirects")]
pub async fn list(staff: Staff<'_>, db: &Database) -> Outcome<ListAnswer> {
    let asked = ListAsked::read(&staff.visit)?;
    let wanted_state = asked.one("state");
    let wanted = Wanted {
        q: asked.q(),
        kind: asked.one("type"),
        state: wanted_state,
        ..Wanted::default()
    };
    // What is no state has nothing in it.
    let is_strange = wanted_state.is_some_and(|state| state != ALL && STATES.iter().all(|(known, _)| *known != state));
    let listed = match is_strange {
        true => Listed::none(),
        false => redirects(&mut *db.read().await?, wanted, asked.page(), asked.per_page()).await?,
    };
    let kinds = KINDS.map(|(value, label)| (value.to_owned(), label.to_owned()));
    let mut states = vec![(String::new(), "Lead on and expired".to_owned())];
    states.extend(STATES.map(|(value, label)| (value.to_owned(), label.to_owned())));
    states.push((ALL.to_owned(), "All".to_owned()));
    let mut list = List::new("Redirects")
        .lead("Addresses of before. Each is made when something moves, and leads to where it is now.")
        .search("Address, name or creator")
        .filter(Filter::select("type", "Leads to", kinds.to_vec()))
        .filter(Filter::select("state", "State", states))
        .columns(&[
            "Old address",
            "Leads to",
            "Type",
            "Times followed",
            "Last followed",
            "Until",
        ])
        .filed(&["Name", "State"])
        .empty(
            "No redirect yet",
            "One is made when the slug of a project or an organisation changes, or a workspace's project.",
        );
    for row in listed.rows {
        let stands = state_words(&row);
        list.row(vec![
            state(
                &row,
                Cell::link(row.old_url.clone(), format!("/staff/redirects/{}/", row.id)),
            ),
            Cell::link(row.new_url.clone(), row.new_url.clone()).note(row.target_name.clone()),
            Cell::text(kind(&row)),
            Cell::number(row.hits),
            Cell::time(row.last_hit_at),
            Cell::time(Some(row.expires_at)),
            Cell::text(row.target_name),
            Cell::text(stands),
        ]);
    }
    list.answer(&staff, &asked, listed.total)
}

fn kind(row: &ListedRedirect) -> &'static str {
    match row.target() {
        Some(Target::Org(_)) => "Organisation",
        Some(Target::Project(_)) => "Project",
        Some(Target::Workspace(_)) | None => "Workspace",
    }
}

fn target_href(row: &ListedRedirect) -> String {
    let part = match row.target() {
        Some(Target::Org(_)) => "orgs",
        Some(Target::Project(_)) => "projects",
        Some(Target::Workspace(_)) | None => "workspaces",
    };
    format!("/staff/{part}/{}/", row.target_slug)
}

fn state(row: &ListedRedirect, cell: Cell) -> Cell {
    match state_words(row) {
        "Leads on" => cell,
        over => cell.badge("neutral", over),
    }
}

fn state_words(row: &ListedRedirect) -> &'static str {
    if row.deleted_at.is_some() {
        "Ended"
    } else if row.is_expired {
        "Expired"
    } else {
        "Leads on"
    }
}

#[get("/staff/redirects/<id>")]
pub async fn detail(staff: Staff<'_>, db: &Database, id: i32) -> Outcome<Page> {
    let row = find(db, id).await?;
    let day = row.expires_at.date().to_string();
    Ok(show(&staff, &row, &day, &FieldErrors::default(), None))
}

#[post("/staff/redirects/<id>", data = "<form>")]
pub async fn set_expiry(staff: Staff<'_>, db: &Database, id: i32, form: CsrfForm) -> Outcome<Answer> {
    let row = find(db, id).await?;
    let typed = form.text("expires_at");
    let day = Date::parse(typed, format_description!("[year]-[month]-[day]"));
    let saved = match day {
        Ok(day) => actions::set_expiry(db, &staff.can, id, day, form.text("seen")).await,
        Err(_) => Err(Error::Invalid(FieldErrors::one(
            "expires_at",
            "Enter a day, as in 2027-11-29.",
        ))),
    };
    let page = format!("/staff/redirects/{id}/");
    match saved {
        Ok(Saved::Done) => {
            addresses_changed(&staff).await;
            Ok(Answer::told(
                page,
                "success",
                format!("{} leads on until {typed}.", row.old_url),
            ))
        }
        Ok(Saved::Unchanged) => Ok(Answer::told(page, "info", "It was so already.")),
        Ok(Saved::Overtaken(now)) => {
            let now = Overtaken {
                now: vec![("Leads on until".to_owned(), now.date().to_string())],
                ..Overtaken::default()
            };
            // How it stands is read again: what is shown next is that.
            let row = find(db, id).await?;
            Ok(show(&staff, &row, typed, &FieldErrors::default(), Some(now)).into())
        }
        Err(Error::Invalid(errors)) => Ok(show(&staff, &row, typed, &errors, None).into()),
        Err(error) => Err(error.into()),
    }
}

#[post("/staff/redirects/<id>/delete", data = "<_form>")]
pub async fn delete(staff: Staff<'_>, db: &Database, id: i32, _form: CsrfForm) -> Outcome<Answer> {
    let row = find(db, id).await?;
    actions::delete(db, &staff.can, id).await?;
    addresses_changed(&staff).await;
    let said = format!(
        "{} no longer leads to the {} {}.",
        row.old_url,
        kind(&row).to_lowercase(),
        row.target_name
    );
    Ok(Answer::told("/staff/redirects/", "success", said))
}

async fn find(db: &Database, id: i32) -> Outcome<ListedRedirect> {
    let found = redirect(&mut *db.read().await?, id).await?;
    found.ok_or_else(|| Failure::not_found("Redirect"))
}

fn show(
    staff: &Staff<'_>,
    row: &ListedRedirect,
    day: &str,
    errors: &FieldErrors,
    overtaken: Option<Overtaken>,
) -> Page {
    let page = format!("/staff/redirects/{}/", row.id);
    let mut thing = Thing::new("Redirect", row.old_url.clone())
        .under("Redirects", "/staff/redirects/")
        .fact("From", Cell::code(&row.old_url))
        .fact("To", Cell::link(row.new_url.clone(), row.new_url.clone()))
        .fact(kind(row), Cell::link(row.target_name.clone(), target_href(row)))
        .fact("Created", Cell::time(Some(row.created_at)).note(row.created_by.clone()))
        .fact("Leads on until", Cell::time(Some(row.expires_at)))
        .fact("Times followed", Cell::number(row.hits))
        .fact("Last followed", Cell::time(row.last_hit_at));
    if row.deleted_at.is_some() {
        return thing
            .fact(
                "Ended",
                Cell::time(row.deleted_at).note(row.deleted_by.clone().unwrap_or_default()),
            )
            .notice(
                "info",
                "This redirect ended",
                "Its address leads nowhere any more. It is kept for the record.",
            )
            .render(staff);
    }
    if row.is_expired {
        thing = thing.notice(
            "warning",
            "This redirect expired",
            "Choose a later day below to have it lead on again.",
        );
    }
    let mut form = Form::new("Save")
        .action(page.clone())
        .errors(errors)
        .seen(actions::expiry_version(row.expires_at))
        .field(
            Field::date("expires_at", "Leads on until", day)
                .required()
                .help("To the end of this day, UTC."),
        );
    if let Some(overtaken) = overtaken {
        form = form.overtaken(overtaken);
    }
    let ask = Ask::new("Delete", format!("{page}delete/")).text(format!(
        "{} will lead nowhere. So far it was followed {}.",
        row.old_url,
        match row.hits {
            0 => "never".to_owned(),
            1 => "once".to_owned(),
            hits => format!("{hits} times"),
        }
    ));
    thing
        .ask(ask.button("Delete this redirect"))
        .section(Section::new("Until when").form(form))
        .render(staff)
}

/// The old addresses of one thing.
pub(super) async fn of(conn: &mut PgConnection, wanted: Wanted<'_>) -> Outcome<Vec<ListedRedirect>> {
    Ok(redirects(conn, wanted, PageAsked::Number(1), MOST_EXPORTED.min(200))
        .await?
        .rows)
}

/// A part of a thing's page: its old addresses.
pub(super) fn section(rows: Vec<ListedRedirect>) -> Section {
    let rows = rows.into_iter().map(|row| {
        vec![
            state(
                &row,
                Cell::link(row.old_url.clone(), format!("/staff/redirects/{}/", row.id)),
            ),
            Cell::number(row.hits),
            Cell::time(row.last_hit_at),
            Cell::time(Some(row.expires_at)),
        ]
    });
    let rows = rows.collect();
    Section::new("Redirects")
        .lead("Addresses of before, which lead here.")
        .table(
            &["Old address", "Times followed", "Last followed", "Until"],
            rows,
            "It never moved.",
        )
}
