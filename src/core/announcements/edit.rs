//! Looking through alerts and changing them.

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::actions::{NewAlert, check, tidy};
use super::{SiteAlert, store};
use crate::core::access::{CanEverywhere, EnterStaffArea};
use crate::core::audit::{self, Event, Subject};
use crate::core::db::Db;
use crate::core::error::{Error, FieldErrors, Result};
use crate::core::paging::{Listed, PageAsked};
use crate::core::versions::{Saved, is_overtaken, version};

/// An alert with who made it and who changed it last.
#[derive(Debug, Clone)]
pub struct ListedAlert {
    pub alert: SiteAlert,
    pub created_at: OffsetDateTime,
    pub created_by: Option<String>,
    pub created_by_fullname: Option<String>,
    pub updated_at: OffsetDateTime,
    pub updated_by: Option<String>,
    pub updated_by_fullname: Option<String>,
}

impl ListedAlert {
    /// Of what a form shows.
    pub fn version(&self) -> String {
        let texts = texts(&NewAlert::from(&self.alert));
        let fields: Vec<(&str, &str)> = texts.iter().map(|(name, value)| (*name, value.as_str())).collect();
        version(&fields)
    }
}

impl From<&SiteAlert> for NewAlert {
    fn from(alert: &SiteAlert) -> Self {
        Self {
            title: alert.title.clone(),
            message: alert.message.clone(),
            level: alert.level,
            starts_at: alert.starts_at,
            ends_at: alert.ends_at,
        }
    }
}

/// A page of all alerts, newest first, also those that are over.
///
/// # Errors
/// When the database does not answer.
pub async fn listed(db: &Db, page: PageAsked, per_page: i64) -> Result<Listed<ListedAlert>> {
    store::listed(&mut *db.read().await?, page, per_page).await
}

/// One of them.
///
/// # Errors
/// `NotFound("Site alert")`.
pub async fn listed_one(db: &Db, id: i32) -> Result<ListedAlert> {
    let found = store::listed_one(&mut *db.read().await?, id).await?;
    found.ok_or(Error::NotFound("Site alert"))
}

/// Changes an alert, if it is still as it was `seen`. `found` is what was wrong with what was typed before it became a
/// [`NewAlert`]: all is told at once. Audited, field by field.
///
/// # Errors
/// `NotFound("Site alert")`; `Invalid` at `title`, `message` or `ends_at`. An end that has passed may stay as it is.
pub async fn change(
    db: &Db,
    can: &CanEverywhere<EnterStaffArea>,
    id: i32,
    seen: &str,
    wanted: &NewAlert,
    found: FieldErrors,
) -> Result<Saved<ListedAlert>> {
    let wanted = tidy(wanted);
    let mut tx = db.begin().await?;
    store::lock(&mut tx, id).await?;
    let stored = store::listed_one(&mut tx, id)
        .await?
        .ok_or(Error::NotFound("Site alert"))?;
    if is_overtaken(seen, &stored.version()) {
        return Ok(Saved::Overtaken(stored));
    }
    let was = NewAlert::from(&stored.alert);
    // What has ended may be corrected without being shown again.
    let now = match wanted.ends_at == was.ends_at {
        true => OffsetDateTime::UNIX_EPOCH,
        false => OffsetDateTime::now_utc(),
    };
    let mut errors = found;
    errors.add_all(check(&wanted, now));
    errors.into_result()?;
    let (old, new) = (texts(&was), texts(&wanted));
    let changes: Vec<(&'static str, &str, &str)> = old
        .iter()
        .zip(&new)
        .map(|((field, old), (_, new))| (*field, old.as_str(), new.as_str()))
        .collect();
    let by = can.by();
    let event = Event::new("site_alert_updated", &by, Subject::site_alert(id));
    if audit::record_changes(&mut tx, &event, &changes).await? == 0 {
        return Ok(Saved::Unchanged);
    }
    store::update(&mut tx, id, &wanted, can.user_id()).await?;
    tx.commit().await?;
    Ok(Saved::Done)
}

/// The fields of an alert as texts, in one order.
fn texts(alert: &NewAlert) -> [(&'static str, String); 5] {
    let time = |at: Option<OffsetDateTime>| at.and_then(|at| at.format(&Rfc3339).ok()).unwrap_or_default();
    [
        ("title", alert.title.clone()),
        ("message", alert.message.clone()),
        ("level", alert.level.name().to_owned()),
        ("starts_at", time(alert.starts_at)),
        ("ends_at", time(alert.ends_at)),
    ]
}
