//! Trying whether errors are reported.

use rocket::{get, post};

use super::guard::Staff;
use super::thing::{Section, Thing};
use crate::core::error::Error;
use crate::web::forms::CsrfForm;
use crate::web::pages::Answer;
use crate::web::responders::{Failure, Outcome};
use crate::web::view::{Link, Page};

#[get("/staff/sentry")]
pub async fn index(staff: Staff<'_>) -> Page {
    let is_on = staff.visit.app.settings.telemetry.sentry.dsn.is_some();
    let mut thing = Thing::new("Service", "Error reporting")
        .lead("Errors are reported to the error tracker. Here you can see whether they arrive there.");
    if !is_on {
        thing = thing.notice(
            "warning",
            "Nothing is reported",
            "This installation has no error tracker (SENTRY_DSN). What is tried below is written to the log all the same.",
        );
    }
    let error = Section::new("An error")
        .lead("Opens a page that fails, with status 500. A report with this page's address should arrive.")
        .link(Link::new("Fail", "/staff/sentry/error"));
    let message = Section::new("A message")
        .lead("Reports a message, and nothing fails.")
        .link(Link::new("Send a message", "/staff/sentry/message"));
    thing.section(error).section(message).render(&staff)
}

/// Fails as a fault of ours does.
#[get("/staff/sentry/error", rank = 1)]
pub async fn error(staff: Staff<'_>) -> Outcome<Page> {
    fail(&staff)
}

/// As by a link: whether what fails was sent or asked for makes a difference to reports.
#[post("/staff/sentry/error", rank = 1, data = "<_form>")]
pub async fn send_error(staff: Staff<'_>, _form: CsrfForm) -> Outcome<Page> {
    fail(&staff)
}

fn fail(staff: &Staff<'_>) -> Outcome<Page> {
    let by = staff.can.username();
    let cause = format!("{by} tries whether errors are reported");
    Err(Failure(Error::Internal(cause)))
}

#[get("/staff/sentry/message", rank = 1)]
pub async fn message(staff: Staff<'_>) -> Answer {
    report(&staff)
}

#[post("/staff/sentry/message", rank = 1, data = "<_form>")]
pub async fn send_message(staff: Staff<'_>, _form: CsrfForm) -> Answer {
    report(&staff)
}

fn report(staff: &Staff<'_>) -> Answer {
    tracing::error!(by = staff.can.username(), "a test message from the staff area");
    let text = "A test message is reported. Look whether it has arrived at the error tracker.";
    Answer::told("/staff/sentry/", "info", text)
}
