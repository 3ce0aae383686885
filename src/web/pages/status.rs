//! Health and status.

use std::time::Duration;

use rocket::http::{ContentType, Header, Status};
use rocket::{Responder, State, get};
use time::OffsetDateTime;
use tokio::time::timeout;

use crate::core::error::Error;
use crate::core::jobs::backends::{Contact, contact_by_slug};
use crate::core::upkeep::readiness;
use crate::web::App;
use crate::web::api::dates::UtcWithOffset;
use crate::web::database::Database;
use crate::web::responders::{Failure, Outcome, Plain};

/// Whether the process answers. Asks nothing of anybody, so that a platform's probe never kills a
/// healthy process for a sick database.
#[get("/health-check")]
pub fn health_check() -> Plain {
    Plain(Status::Ok, ContentType::HTML, String::new())
}

/// The longest that the readiness probe takes.
const PROBE_LIMIT: Duration = Duration::from_secs(5);

/// Whether the process can serve: the database answers. What else an operator should know comes below, as
/// warnings: nothing of it is a reason to keep visitors away.
#[get("/ready")]
pub async fn ready(db: &Database, app: &State<App>) -> Outcome<Uncached> {
    let (looked, storage) = tokio::join!(
        timeout(PROBE_LIMIT, readiness(db)),
        timeout(PROBE_LIMIT, app.files.probe())
    );
    let readiness = looked.map_err(|_| Error::Unavailable("no answer in time".to_owned()))??;
    let mut warnings = readiness.warnings(OffsetDateTime::now_utc());
    if !matches!(storage, Ok(Ok(()))) {
        tracing::warn!(?storage, "the storage of released files does not answer");
        warnings.push("the storage of released files does not answer".to_owned());
    }
    let mut body = "ready\n".to_owned();
    for warning in warnings {
        body.push_str("warning: ");
        body.push_str(&warning);
        body.push('\n');
    }
    Ok(Uncached {
        body: Plain(Status::Ok, ContentType::Plain, body),
        cache: Header::new("Cache-Control", "no-store"),
    })
}

/// Nobody on the way may keep the answer.
#[derive(Responder)]
pub struct Uncached {
    body: Plain,
    cache: Header<'static>,
}

async fn contact(db: &Database, slug: &str) -> Result<Contact, Failure> {
    if slug.contains('\0') {
        return Err(Failure::not_found("Backend"));
    }
    let contact = contact_by_slug(&mut *db.read().await?, slug).await?;
    contact.ok_or_else(|| Failure::not_found("Backend"))
}

/// For monitors: when a backend was last heard of, as a failure once that is too long ago. One that
/// was never heard of is not late: it may be new.
#[get("/status/<slug>")]
pub async fn last_seen(slug: &str, db: &Database) -> Outcome<Plain> {
    let contact = contact(db, slug).await?;
    let status = if contact.is_late {
        Status::ServiceUnavailable
    } else {
        Status::Ok
    };
    let seen = contact.last_seen.unwrap_or_else(OffsetDateTime::now_utc);
    Ok(Plain(status, ContentType::HTML, UtcWithOffset(seen).to_string()))
}

/// For monitors: whether a backend's database is being maintained. Never a failure, as maintenance
/// is no alarm.
#[get("/status/<slug>/db-availability")]
pub async fn db_availability(slug: &str, db: &Database) -> Outcome<Plain> {
    let contact = contact(db, slug).await?;
    let maintenance = contact.maintenance();
    let state = if maintenance.is_on { "on" } else { "off" };
    let since = maintenance.since.map(|since| format!(" (since {since}) "));
    let text = format!("DB maintenance mode {state}{}", since.unwrap_or_default());
    // It goes out as HTML, and names and times come from elsewhere.
    Ok(Plain(Status::Ok, ContentType::HTML, escaped(&text)))
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
