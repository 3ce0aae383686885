//! Telling people things, and not telling them any more.

use time::OffsetDateTime;

use super::{Board, Level, SiteAlert, store};
use crate::core::audit::{self, By, Event, Subject};
use crate::core::db::Db;
use crate::core::error::{Error, FieldErrors, Result};

/// The longest title, in characters.
pub const LONGEST_TITLE: usize = 100;
/// The longest message, in characters of its HTML.
pub const LONGEST_MESSAGE: usize = 2_000;

/// An alert to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewAlert {
    pub title: String,
    pub message: String,
    pub level: Level,
    pub starts_at: Option<OffsetDateTime>,
    pub ends_at: Option<OffsetDateTime>,
}

/// What is to be told now or will be. Two statements.
///
/// # Errors
/// When the database does not answer.
pub async fn board(db: &Db) -> Result<Board> {
    let mut conn = db.read().await?;
    Ok(Board {
        alerts: store::alerts(&mut conn, false).await?,
        maintained: store::maintained(&mut conn).await?,
    })
}

/// Every alert, newest first, also those that are over.
///
/// # Errors
/// When the database does not answer.
pub async fn list(db: &Db) -> Result<Vec<SiteAlert>> {
    store::alerts(&mut *db.read().await?, true).await
}

/// Makes an alert; returns its number.
///
/// # Errors
/// `Invalid` at `title`, `message` or `ends_at`.
pub async fn add(db: &Db, by: &By, alert: &NewAlert) -> Result<i32> {
    let alert = tidy(alert);
    check(&alert, OffsetDateTime::now_utc()).into_result()?;
    let mut tx = db.begin().await?;
    let id = store::insert(&mut tx, &alert, by.user_id).await?;
    let event = Event::new("site_alert_created", by, Subject::site_alert(id));
    audit::record(&mut tx, &event.change("message", "", alert.message)).await?;
    tx.commit().await?;
    Ok(id)
}

/// Without white space around its texts.
pub(super) fn tidy(alert: &NewAlert) -> NewAlert {
    NewAlert {
        title: alert.title.trim().to_owned(),
        message: alert.message.trim().to_owned(),
        ..alert.clone()
    }
}

/// What is wrong with an alert that is to be shown from `now` on, if anything.
pub fn check(alert: &NewAlert, now: OffsetDateTime) -> FieldErrors {
    let mut errors = FieldErrors::default();
    for (field, text, longest) in [
        ("title", &alert.title, LONGEST_TITLE),
        ("message", &alert.message, LONGEST_MESSAGE),
    ] {
        let length = text.chars().count();
        if length > longest {
            errors.add(
                field,
                format!("Shorten the {field} to {longest} characters; it has {length}."),
            );
        }
        if text.contains('\0') {
            errors.add(
                field,
                format!("The {field} contains a character that cannot be stored."),
            );
        }
    }
    if alert.message.is_empty() {
        errors.add("message", "Enter a message.");
    }
    if let Some(ends_at) = alert.ends_at {
        if alert.starts_at.is_some_and(|starts_at| ends_at <= starts_at) {
            errors.add("ends_at", "Choose an end after the beginning.");
        } else if ends_at <= now {
            errors.add("ends_at", "Choose an end in the future.");
        }
    }
    errors
}

/// Deletes an alert.
///
/// # Errors
/// `NotFound("Site alert")`.
pub async fn remove(db: &Db, by: &By, id: i32) -> Result<()> {
    let mut tx = db.begin().await?;
    let message = store::delete(&mut tx, id).await?.ok_or(Error::NotFound("Site alert"))?;
    let event = Event::new("site_alert_deleted", by, Subject::site_alert(id));
    audit::record(&mut tx, &event.change("message", message, "")).await?;
    tx.commit().await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    #[test]
    fn what_nobody_would_see_is_refused() {
        let now = datetime!(2026-11-25 12:00 UTC);
        let good = NewAlert {
            title: String::new(),
            message: "Maintenance on <b>Monday</b>.".to_owned(),
            level: Level::Info,
            starts_at: None,
            ends_at: None,
        };
        assert!(check(&good, now).is_empty());
        let empty = NewAlert {
            message: String::new(),
            ..good.clone()
        };
        assert!(check(&empty, now).get("message").is_some());
        let long = NewAlert {
            title: "é".repeat(LONGEST_TITLE + 1),
            message: "\0".to_owned(),
            ..good.clone()
        };
        assert!(check(&long, now).get("title").is_some());
        assert!(check(&long, now).get("message").is_some());
        let over = NewAlert {
            ends_at: Some(now),
            ..good.clone()
        };
        assert!(check(&over, now).get("ends_at").is_some());
        let backwards = NewAlert {
            starts_at: Some(datetime!(2026-11-26 12:00 UTC)),
            ends_at: Some(datetime!(2026-11-26 11:00 UTC)),
            ..good
        };
        assert!(check(&backwards, now).get("ends_at").is_some());
    }
}
