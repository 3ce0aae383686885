//! Old addresses come into being when a thing moves, and end when staff say so or their address is in use again.

use sqlx::PgConnection;
use time::{Date, OffsetDateTime, Time};

use super::{Target, store};
use crate::core::access::{CanEverywhere, EnterStaffArea};
use crate::core::audit::{self, By, Event, Subject};
use crate::core::db::Db;
use crate::core::error::{Error, FieldErrors, Result};
use crate::core::versions::{Saved, is_overtaken};

/// For how many years at most an old address is kept.
const MOST_YEARS: i32 = 50;

/// A thing moved from one address to another, in the caller's transaction: whoever asks for the old one is led to
/// where it is from now on. What led on from the new address, or from below it, and is a live thing's now, ends.
/// `by` is a user.
pub(in crate::core) async fn moved(
    tx: &mut PgConnection,
    target: Target,
    old_url: &str,
    new_url: &str,
    by: &By,
) -> Result<()> {
    let by_id = user_id(by)?;
    moved_for(tx, target, old_url, new_url, by, by_id).await
}

/// As [`moved`], by an operator for a user, whose the old address is.
pub(in crate::core) async fn moved_for(
    tx: &mut PgConnection,
    target: Target,
    old_url: &str,
    new_url: &str,
    by: &By,
    by_id: i32,
) -> Result<()> {
    if old_url == new_url {
        return Ok(());
    }
    taken_for(tx, new_url, by, by_id).await?;
    // What led on from here before was hidden by the thing that now leaves, which was here last.
    for shadowed in store::end_at(tx, old_url, by_id).await? {
        record_end(tx, "redirect_replaced", &shadowed, by).await?;
    }
    let id = store::insert(tx, old_url, target, by_id).await?;
    let event = Event::new("redirect_created", by, Subject::redirect(id))
        .change("old_url", old_url, new_url)
        .within(target.subject());
    audit::record(tx, &event).await
}

/// A thing is at this address from now on: what led on from it, or from a live thing's address below, ends.
pub(in crate::core) async fn taken(tx: &mut PgConnection, url: &str, by: &By) -> Result<()> {
    taken_for(tx, url, by, user_id(by)?).await
}

/// As [`taken`], by an operator for a user.
pub(in crate::core) async fn taken_for(tx: &mut PgConnection, url: &str, by: &By, by_id: i32) -> Result<()> {
    for ended in store::end_live_again(tx, url, by_id).await? {
        record_end(tx, "redirect_ended", &ended, by).await?;
    }
    Ok(())
}

fn user_id(by: &By) -> Result<i32> {
    by.user_id
        .ok_or_else(|| Error::Internal("only users move things".to_owned()))
}

async fn record_end(tx: &mut PgConnection, kind: &'static str, ended: &store::Ended, by: &By) -> Result<()> {
    let mut event = Event::new(kind, by, Subject::redirect(ended.id)).change("old_url", ended.old_url.as_str(), "");
    event.parent = ended.target().map(Target::subject);
    audit::record(tx, &event).await
}

/// Ends an old address; the row stays, with who ended it and when.
///
/// # Errors
/// `NotFound("Redirect")`, also for one that ended before.
pub async fn delete(db: &Db, can: &CanEverywhere<EnterStaffArea>, id: i32) -> Result<()> {
    let mut tx = db.begin().await?;
    let ended = store::end(&mut tx, id, can.user_id()).await?;
    let ended = ended.ok_or(Error::NotFound("Redirect"))?;
    record_end(&mut tx, "redirect_deleted", &ended, &can.by()).await?;
    tx.commit().await?;
    Ok(())
}

/// Says until when an old address leads on: to the end of that day. `seen` is the [`expiry_version`] that the form
/// showed.
///
/// # Errors
/// `NotFound("Redirect")`, also for one that ended; `Invalid` at `expires_at`.
pub async fn set_expiry(
    db: &Db,
    can: &CanEverywhere<EnterStaffArea>,
    id: i32,
    last_day: Date,
    seen: &str,
) -> Result<Saved<OffsetDateTime>> {
    let latest = OffsetDateTime::now_utc().year() + MOST_YEARS;
    if !(2000..=latest).contains(&last_day.year()) {
        return Err(Error::Invalid(FieldErrors::one(
            "expires_at",
            format!("Choose a day of the years 2000 to {latest}."),
        )));
    }
    let expires_at = last_day
        .with_time(Time::MAX.replace_nanosecond(0).unwrap_or(Time::MAX))
        .assume_utc();
    let mut tx = db.begin().await?;
    let locked = store::lock_expiry(&mut tx, id).await?;
    let (before, target) = locked.ok_or(Error::NotFound("Redirect"))?;
    if before == expires_at || before.date() == last_day {
        return Ok(Saved::Unchanged);
    }
    if is_overtaken(seen, &expiry_version(before)) {
        return Ok(Saved::Overtaken(before));
    }
    store::update_expiry(&mut tx, id, expires_at).await?;
    let by = can.by();
    let mut event = Event::new("redirect_expiry_changed", &by, Subject::redirect(id)).change(
        "expires_at",
        before.date().to_string(),
        last_day.to_string(),
    );
    event.parent = target.map(Target::subject);
    audit::record(&mut tx, &event).await?;
    tx.commit().await?;
    Ok(Saved::Done)
}

/// Of what a form about the end of an old address shows.
pub fn expiry_version(expires_at: OffsetDateTime) -> String {
    crate::core::versions::version(&[("expires_at", &expires_at.date().to_string())])
}
