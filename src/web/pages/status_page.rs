//! The status of the backends, for people. Monitors have their own addresses.

mod history;

use rocket::get;
use serde::Serialize;
use time::{Duration, OffsetDateTime, UtcOffset};

use self::history::HistoryView;
use crate::core::jobs::store::activity::{BackendActivity, active_backends};
use crate::core::status::store::bins;
use crate::core::status::{History, histories, windows};
use crate::web::database::Database;
use crate::web::guards::Visit;
use crate::web::responders::Outcome;
use crate::web::view::{Page, Status, Time, absolute, thousands};

#[derive(Serialize)]
pub struct StatusView {
    /// When the page was made.
    pub now: Time,
    pub backends: Vec<BackendView>,
}

#[derive(Serialize)]
pub struct BackendView {
    pub name: String,
    pub slug: String,
    pub state: Status,
    pub running: String,
    pub pending: String,
    pub unprocessed: String,
    pub last_seen: Option<Time>,
    pub alert_timeout: String,
    pub maintenance: Option<String>,
    pub history: HistoryView,
}

#[get("/status")]
pub async fn status(visit: Visit<'_>, db: &Database) -> Outcome<Page> {
    let now = OffsetDateTime::now_utc();
    let mut conn = db.read().await?;
    let backends = active_backends(&mut conn).await?;
    let (day, week) = windows(now);
    let bins = bins(&mut conn, week, day).await?;
    drop(conn);
    let mut histories = histories(bins, now);
    let view = StatusView {
        now: Time::new(now),
        backends: backends
            .into_iter()
            .map(|backend| {
                let history = histories.remove(&backend.slug);
                BackendView::new(backend, &history.unwrap_or_else(|| History::unknown(now)), now)
            })
            .collect(),
    };
    let chrome = visit
        .chrome("Status of the backends")
        .describe("Which backends are in contact, and how much they have to do.");
    Ok(visit.render("pages/status", chrome, &view))
}

impl BackendView {
    fn new(backend: BackendActivity, history: &History, now: OffsetDateTime) -> Self {
        let (value, label, tone) = match backend.last_seen {
            None => ("unknown", "Never seen", "neutral"),
            Some(_) if backend.is_missing(now) => ("failed", "Missing", "danger"),
            Some(_) => ("succeeded", "In contact", "success"),
        };
        Self {
            state: Status {
                value: value.to_owned(),
                label: label.to_owned(),
                tone,
            },
            history: HistoryView::new(history, backend.pending_jobs, now),
            running: thousands(backend.running_jobs),
            pending: thousands(backend.pending_jobs),
            unprocessed: thousands(backend.unprocessed_requests),
            last_seen: backend.last_seen.map(Time::new),
            alert_timeout: in_words(backend.alert_timeout()),
            maintenance: backend
                .is_in_maintenance
                .then(|| maintenance(backend.maintenance_since.as_deref())),
            name: backend.name,
            slug: backend.slug,
        }
    }
}

/// What a backend told of the beginning is its own text: shown only when it is an instant.
fn maintenance(since: Option<&str>) -> String {
    use time::format_description::well_known::Rfc3339;
    let since = since.and_then(|since| OffsetDateTime::parse(since, &Rfc3339).ok());
    // The last hours of the year 9999 in the west are beyond what we can count in UTC.
    match since.and_then(|since| since.checked_to_offset(UtcOffset::UTC)) {
        Some(since) => format!("On since {}", absolute(since)),
        None => "On".to_owned(),
    }
}

/// `5 days 11 hours 5 minutes 42 seconds`; what is none is left out.
fn in_words(duration: Duration) -> String {
    let seconds = duration.whole_seconds().max(0);
    let parts = [
        (seconds / 86400, "day"),
        (seconds / 3600 % 24, "hour"),
        (seconds / 60 % 60, "minute"),
        (seconds % 60, "second"),
    ];
    let words: Vec<String> = parts
        .into_iter()
        .filter(|(amount, _)| *amount > 0)
        .map(|(amount, unit)| format!("{amount} {unit}{}", if amount == 1 { "" } else { "s" }))
        .collect();
    if words.is_empty() {
        "0 seconds".to_owned()
    } else {
        words.join(" ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_in_words() {
        for (seconds, words) in [
            (471_942, "5 days 11 hours 5 minutes 42 seconds"),
            (300, "5 minutes"),
            (3601, "1 hour 1 second"),
            (86400, "1 day"),
            (0, "0 seconds"),
            (-5, "0 seconds"),
        ] {
            assert_eq!(in_words(Duration::seconds(seconds)), words);
        }
    }

    #[test]
    fn only_an_instant_is_repeated() {
        assert_eq!(
            maintenance(Some("2024-08-21T10:00:00.25+01:00")),
            "On since 21 Aug 2024 09:00:00 UTC"
        );
        assert_eq!(maintenance(Some("<b>")), "On");
        assert_eq!(maintenance(None), "On");
    }
}
