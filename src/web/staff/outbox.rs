//! Messages that wait or could not be sent: who and what they are about, never what they say.

use rocket::{get, post};
use sqlx::PgConnection;

use super::bulk::{back, is_sure};
use super::cell::{Ask, Button, Cell};
use super::events::href;
use super::guard::Staff;
use super::list::{Bulk, Filter, List, ListAnswer, ListAsked};
use super::named::history;
use super::thing::Thing;
use crate::core::audit::Wanted;
use crate::core::audit::store::log::{self, Living};
use crate::core::error::Error;
use crate::core::outbox::{
    self, Dropped, ListedMessage, MOST_MATCHES, Message, Service, StaffFilter, State, drop_message, drop_messages,
    kinds, messages, retry_message, retry_messages,
};
use crate::core::paging::Listed;
use crate::web::database::Database;
use crate::web::forms::CsrfForm;
use crate::web::pages::Answer;
use crate::web::responders::{Failure, Outcome};
use crate::web::view::{Page, count_of, sentence};

const LIST: &str = "/staff/outbox/";

/// The most messages that are decided about at once.
const MOST_AT_ONCE: usize = 500;

/// How much of an error a list shows.
const SHOWN: usize = 200;

#[get("/staff/outbox")]
pub async fn list(staff: Staff<'_>, db: &Database) -> Outcome<ListAnswer> {
    let asked = ListAsked::read(&staff.visit)?;
    let state = asked.one("state").filter(|state| *state != "all");
    let states: Vec<State> = match asked.one("state") {
        Some("all") => State::ALL.to_vec(),
        _ => state.and_then(State::named).into_iter().collect(),
    };
    let service = asked.one("service");
    // What is none of them chooses nothing.
    let is_strange = state.is_some_and(|state| State::named(state).is_none())
        || service.is_some_and(|service| Service::named(service).is_none());
    let filter = StaffFilter {
        q: asked.q().map(str::to_owned),
        states,
        service: service.and_then(Service::named),
        kind: asked.one("kind").map(str::to_owned),
    };
    let mut conn = db.read().await?;
    let kinds = kinds(&mut conn).await?;
    let found = match is_strange {
        true => Listed::none(),
        false => messages(&mut conn, &filter, asked.page(), asked.per_page()).await?,
    };
    let living = living(&mut conn, found.rows.iter().map(|message| message.cause.as_str())).await?;
    drop(conn);
    let option = |value: &str, label: String| (value.to_owned(), label);
    let mut states = vec![option("", "Waiting and failed".to_owned())];
    states.extend(State::ALL.map(|state| option(state.name(), sentence(state_label(state.name())))));
    states.push(option("all", "All".to_owned()));
    let services = Service::ALL.map(|service| option(service.name(), service_label(service.name()).to_owned()));
    let offered = kinds.iter().map(|kind| option(kind, sentence(kind))).collect();
    let mut list = List::new("Outbox")
        .lead("Messages on their way to people, Slack and GitHub. What is delivered is here too, for as long as it is kept.")
        .search("What it is about, where it goes, what went wrong")
        .filter(Filter::select("state", "State", states))
        .filter(Filter::select("service", "Goes by", services.to_vec()))
        .filter(Filter::select("kind", "Kind", offered))
        .columns(&["Message", "State", "About", "Goes to", "Attempts", "Last error", "Written", "Next attempt"])
        .filed(&["Id", "Goes by"])
        .counted_to(MOST_MATCHES)
        .empty("Nothing waits", "Every message has been delivered.")
        .bulk("messages", retry_bulk())
        .bulk("messages", discard_bulk());
    for message in found.rows {
        let cells = row(&message, &living);
        match message.state.as_str() {
            "delivered" => list.row(cells),
            _ => list.row_ticked(message.id.to_string(), cells),
        }
    }
    list.answer(&staff, &asked, found.total)
}

fn retry_bulk() -> Bulk {
    bulk("Try again", "retry", false)
}

fn discard_bulk() -> Bulk {
    bulk("Discard", "discard", true)
}

/// The page that asks whether it is to be done with these.
async fn ask(staff: &Staff<'_>, db: &Database, form: &CsrfForm, bulk: &Bulk, ids: &[i64]) -> Outcome<Answer> {
    let named = outbox::named(&mut *db.read().await?, ids).await?;
    let rows = named.iter().map(|message| {
        format!(
            "{} to {} ({})",
            sentence(&message.kind),
            message.recipient,
            message.cause
        )
    });
    Ok(bulk.ask(staff, form, LIST, ("messages", ids), rows.collect()).into())
}

fn bulk(label: &'static str, what: &str, is_danger: bool) -> Bulk {
    let (text, verb) = match is_danger {
        false => ("They are tried again at once.", "Retry"),
        true => ("They are never sent. Whoever waits for them is not told.", "Discard"),
    };
    Bulk {
        label,
        action: format!("{LIST}{what}/"),
        verb,
        one: "message",
        many: "messages",
        text,
        choose: None,
        is_danger,
    }
}

/// What people call a state.
fn state_label(state: &str) -> &str {
    match state {
        "dead" => "failed",
        "dropped" => "discarded",
        state => state,
    }
}

fn state_cell(state: &str) -> Cell {
    let variant = match state {
        "waiting" => "waiting",
        "delivered" => "success",
        "dead" => "danger",
        _ => "neutral",
    };
    Cell::pill(variant, sentence(state_label(state)))
}

fn row(message: &ListedMessage, living: &[Living]) -> Vec<Cell> {
    let is_waiting = message.state == "waiting";
    vec![
        Cell::link(sentence(&message.kind), format!("{LIST}{}/", message.id)).note(format!(
            "{} by {}",
            message.id,
            service_label(&message.service)
        )),
        state_cell(&message.state),
        about(&message.cause, living),
        Cell::text(message.recipient.as_str()),
        Cell::number(message.attempts.into()),
        Cell::shortened(message.last_error.as_deref().unwrap_or_default(), SHOWN),
        Cell::time(Some(message.created_at)),
        Cell::time(is_waiting.then_some(message.next_attempt_at)),
        Cell::text(message.id.to_string()),
        Cell::text(service_label(&message.service)),
    ]
}

/// What people call what carries a message.
fn service_label(service: &str) -> &str {
    match service {
        "mail" => "E-mail",
        "slack" => "Slack",
        "github" => "GitHub",
        service => service,
    }
}

/// The models of what messages are about, by how their causes begin.
const MODELS: [(&str, &str); 4] = [
    ("job_request", "jobserver.JobRequest"),
    ("project", "jobserver.Project"),
    ("repo", "jobserver.Repo"),
    ("user", "jobserver.User"),
];

/// The model and the id of what a message is about.
fn thing(cause: &str) -> Option<(&'static str, i32)> {
    let (kind, id) = cause.split_once(':')?;
    let (_, model) = MODELS.iter().find(|(known, _)| *known == kind)?;
    Some((model, id.parse().ok()?))
}

/// What messages are about that is still there. One statement.
async fn living(conn: &mut PgConnection, causes: impl Iterator<Item = &str>) -> Result<Vec<Living>, Error> {
    let mut wanted = Wanted::default();
    for (model, id) in causes.filter_map(thing) {
        match model {
            "jobserver.JobRequest" => wanted.job_requests.push(id),
            "jobserver.Project" => wanted.projects.push(id),
            "jobserver.Repo" => wanted.repos.push(id),
            _ => wanted.users.push(id),
        }
    }
    log::living(conn, &wanted).await
}

/// What a message is about, with a link where it is a thing that has a page here.
fn about(cause: &str, living: &[Living]) -> Cell {
    let words = sentence(&cause.replacen(':', " ", 1));
    let Some((model, id)) = thing(cause) else {
        return Cell::text(words);
    };
    let found = living
        .iter()
        .find(|living| living.model == model && living.id == id.to_string());
    match found.and_then(|found| Some((found, href(model, &found.key)?))) {
        Some((_, href)) if model == "jobserver.JobRequest" => Cell::link(words, href),
        Some((found, href)) => Cell::link(found.label.as_str(), href),
        None => Cell::text(words),
    }
}

#[get("/staff/outbox/<id>")]
pub async fn detail(staff: Staff<'_>, db: &Database, id: i64) -> Outcome<Page> {
    let mut conn = db.read().await?;
    let message = outbox::message(&mut conn, id).await?;
    let message = message.ok_or_else(|| Failure::not_found("Message"))?;
    let living = living(&mut conn, std::iter::once(message.cause.as_str())).await?;
    let mut thing = facts(&message, &living);
    if let Ok(id) = i32::try_from(id) {
        thing = thing.section(history(&mut conn, "jobserver.Message", id).await?);
    }
    drop(conn);
    Ok(thing.render(&staff))
}

fn facts(message: &Message, living: &[Living]) -> Thing {
    let id = message.id;
    let is_waiting = message.state == "waiting";
    let thing = Thing::new("Message", format!("{} {id}", sentence(&message.kind)))
        .under("Outbox", LIST)
        .lead("What it says is not shown here.")
        .fact("State", state_cell(&message.state))
        .fact("Goes by", Cell::text(service_label(&message.service)))
        .fact("Goes to", Cell::text(message.recipient.as_str()))
        .fact("About", about(&message.cause, living))
        .fact("Attempts", Cell::number(message.attempts.into()))
        .fact("Written", Cell::time(Some(message.created_at)))
        .fact("First attempt", Cell::time(message.first_attempt_at))
        .fact(
            "Next attempt",
            Cell::time(is_waiting.then_some(message.next_attempt_at)),
        )
        .fact("Decided", Cell::time(message.decided_at))
        .fact(
            "Last error",
            Cell::text(message.last_error.as_deref().unwrap_or_default()),
        )
        .fact(
            "Waits for",
            match message.waits_for {
                Some(other) => Cell::link(format!("Message {other}"), format!("{LIST}{other}/")),
                None => Cell::none(),
            },
        )
        .fact("Key", Cell::code(message.key.as_str()));
    let thing = match &message.provider_url {
        Some(url) if url.starts_with("https://") => thing.fact("To be seen at", Cell::link(url.as_str(), url.as_str())),
        _ => thing,
    };
    let retry = Button::new("Try again", format!("{LIST}{id}/retry/"));
    let discard = Ask::new("Discard", format!("{LIST}{id}/discard/"))
        .text("This message is never sent. Whoever waits for it is not told.")
        .button("Discard the message");
    match message.state.as_str() {
        "delivered" => thing,
        "dropped" => thing.button(retry),
        _ => thing.button(retry).ask(discard),
    }
}

#[post("/staff/outbox/<id>/retry", data = "<_form>")]
pub async fn retry(staff: Staff<'_>, db: &Database, id: i64, _form: CsrfForm) -> Outcome<Answer> {
    let to = format!("{LIST}{id}/");
    Ok(match retry_message(db, id, &staff.can.by()).await {
        Ok(()) => Answer::told(to, "success", "The message is tried again at once."),
        Err(Error::Conflict(_)) => Answer::told(to, "info", "The message was delivered meanwhile."),
        Err(error) => return Err(error.into()),
    })
}

#[post("/staff/outbox/<id>/discard", data = "<_form>")]
pub async fn discard(staff: Staff<'_>, db: &Database, id: i64, _form: CsrfForm) -> Outcome<Answer> {
    let to = format!("{LIST}{id}/");
    Ok(match drop_message(db, id, &staff.can.by()).await {
        Ok(Dropped::Now) => Answer::told(to, "success", "The message is discarded."),
        Ok(Dropped::Before) => Answer::told(to, "info", "The message had been discarded before."),
        Err(Error::Conflict(_)) => Answer::told(to, "info", "The message was delivered meanwhile."),
        Err(error) => return Err(error.into()),
    })
}

/// The messages that were ticked.
fn ticked(form: &CsrfForm) -> Vec<i64> {
    let ids = form.all("messages").filter_map(|id| id.parse().ok());
    ids.take(MOST_AT_ONCE).collect()
}

fn nothing_ticked(form: &CsrfForm) -> Answer {
    Answer::told(back(form, LIST), "warning", "Tick the messages first.")
}

fn told(form: &CsrfForm, what: &str, decided: outbox::Decided) -> Answer {
    let mut text = format!("{what}: {}.", count_of(decided.done, "message"));
    if decided.left > 0 {
        text += &format!(" Delivered or decided about meanwhile: {}.", decided.left);
    }
    let tone = if decided.done == 0 { "info" } else { "success" };
    Answer::told(back(form, LIST), tone, text)
}

#[post("/staff/outbox/retry", data = "<form>", rank = 1)]
pub async fn retry_ticked(staff: Staff<'_>, db: &Database, form: CsrfForm) -> Outcome<Answer> {
    let ids = ticked(&form);
    if ids.is_empty() {
        return Ok(nothing_ticked(&form));
    }
    if !is_sure(&form, "messages") {
        return ask(&staff, db, &form, &retry_bulk(), &ids).await;
    }
    let decided = retry_messages(db, &ids, &staff.can.by()).await?;
    Ok(told(&form, "Tried again", decided))
}

#[post("/staff/outbox/discard", data = "<form>", rank = 1)]
pub async fn discard_ticked(staff: Staff<'_>, db: &Database, form: CsrfForm) -> Outcome<Answer> {
    let ids = ticked(&form);
    if ids.is_empty() {
        return Ok(nothing_ticked(&form));
    }
    if !is_sure(&form, "messages") {
        return ask(&staff, db, &form, &discard_bulk(), &ids).await;
    }
    let decided = drop_messages(db, &ids, &staff.can.by()).await?;
    Ok(told(&form, "Discarded", decided))
}
