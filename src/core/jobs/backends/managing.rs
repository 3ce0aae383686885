//! What staff do with backends: set them up, change them, give them other tokens, say who may use them.

use secrecy::{ExposeSecret, SecretString};
use sqlx::PgConnection;
use time::{Duration, OffsetDateTime};

use super::{LONGEST_NAME, TOKEN_PURPOSE, rotate};

use crate::core::access::{CanEverywhere, ManageBackends};
use crate::core::audit::{self, By, Event, Subject};
use crate::core::db::Db;
use crate::core::error::{Error, FieldErrors, Result, violated_constraint};
use crate::core::jobs::store::backends::managing as store;
use crate::core::names::{is_readable, is_slug};
use crate::core::people::{MOST_AT_ONCE, TOO_MANY, administrators, roles, sessions};
use crate::core::sealed::{Sealer, random_backend_token, token_hash};
use crate::core::versions::{Saved, is_overtaken};

pub use super::input::Input;
pub use store::{
    BackendChoice, BackendDetail, BackendMember, Call, Filter, ListedBackend, MOST_MEMBERS, Properties, calls, choices,
    detail, list, members, sharing_networks,
};

/// For how long a token from before may go on working, in seconds and in words. The first is what happens when
/// nobody chooses.
pub const OVERLAPS: &[(i64, &str)] = &[
    (0, "No: it stops at once"),
    (3_600, "For an hour"),
    (86_400, "For a day"),
    (604_800, "For a week"),
];

/// A backend that was made, and its token, which is shown this once.
#[derive(Debug)]
pub struct Made {
    pub id: i32,
    pub token: SecretString,
}

/// Makes a backend. Audited, with whatever is not as [`Input::fresh`] has it.
///
/// # Errors
/// `Invalid`, with each fault at its field, also for a slug that another one has.
pub async fn create(
    db: &Db,
    sealer: &Sealer,
    can: &CanEverywhere<ManageBackends>,
    name: &str,
    slug: &str,
    input: &Input,
) -> Result<Made> {
    let checked = input.checked();
    let mut errors = FieldErrors::default();
    if name.chars().count() > LONGEST_NAME || !is_readable(name) {
        errors.add(
            "name",
            format!("Enter a name of 1 to {LONGEST_NAME} characters, on one line."),
        );
    }
    if !is_slug(slug) || slug.len() > LONGEST_NAME {
        errors.add(
            "slug",
            format!("Enter letters, digits, hyphens and underscores only, at most {LONGEST_NAME}."),
        );
    }
    for (field, message) in checked.as_ref().err().into_iter().flat_map(FieldErrors::iter) {
        errors.add(field.to_owned(), message);
    }
    errors.into_result()?;
    let properties = checked.map_err(Error::Invalid)?;
    let token = SecretString::from(random_backend_token());
    let new = store::NewBackend {
        slug,
        name,
        token_hash: &token_hash(token.expose_secret()),
        token_sealed: &sealer.seal(TOKEN_PURPOSE, token.expose_secret())?,
        properties: &properties,
    };
    let mut tx = db.begin().await?;
    let id = store::insert(&mut tx, &new)
        .await
        .map_err(|error| match violated_constraint(&error) {
            Some("backend_slug_unique") => Error::Invalid(FieldErrors::one("slug", "Another backend has this slug.")),
            _ => error.into(),
        })?;
    let by = can.by();
    audit::record(&mut tx, &Event::new("backend_created", &by, Subject::backend(id))).await?;
    let event = Event::new("backend_updated", &by, Subject::backend(id));
    audit::record_changes(&mut tx, &event, &[("slug", "", slug), ("name", "", name)]).await?;
    record_differences(&mut tx, id, &by, &Input::fresh(), &Input::from(&properties)).await?;
    tx.commit().await?;
    Ok(Made { id, token })
}

/// How a backend stands that somebody else has changed meanwhile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    pub now: Input,
    pub by: Option<String>,
    pub at: Option<OffsetDateTime>,
}

/// Changes a backend; of what stays the same nothing is written. Audited, field by field.
///
/// # Errors
/// `NotFound("Backend")`; `Invalid`, with each fault at its field.
pub async fn edit(
    db: &Db,
    can: &CanEverywhere<ManageBackends>,
    id: i32,
    input: &Input,
    seen: &str,
) -> Result<Saved<Standing>> {
    let mut tx = db.begin().await?;
    if !store::lock(&mut tx, id).await? {
        return Err(Error::NotFound("Backend"));
    }
    let wanted = input.checked().map_err(Error::Invalid)?;
    let before = store::detail(&mut tx, id).await?.ok_or(Error::NotFound("Backend"))?;
    let before = Input::from(&before.properties);
    let after = Input::from(&wanted);
    if before == after {
        return Ok(Saved::Unchanged);
    }
    if is_overtaken(seen, &before.version()) {
        let (by, at) = store::last_change(&mut tx, id).await?.unzip();
        return Ok(Saved::Overtaken(Standing { now: before, by, at }));
    }
    store::update(&mut tx, id, &wanted).await?;
    record_differences(&mut tx, id, &can.by(), &before, &after).await?;
    tx.commit().await?;
    Ok(Saved::Done)
}

/// One event for each field that is not as it was.
async fn record_differences(tx: &mut PgConnection, id: i32, by: &By, before: &Input, after: &Input) -> Result<()> {
    for ((field, old), (_, new)) in before.fields().into_iter().zip(after.fields()) {
        if old != new {
            let (kind, field) = match field {
                "addresses" => ("backend_addresses_changed", "level_4_addresses"),
                other => ("backend_updated", other),
            };
            let event = Event::new(kind, by, Subject::backend(id)).change(field, old, new);
            audit::record(tx, &event).await?;
        }
    }
    Ok(())
}

impl BackendDetail {
    /// Tells the token that it has from those that it had and will have.
    pub fn token_version(&self) -> String {
        token_version(self.token_created_at)
    }
}

fn token_version(created_at: OffsetDateTime) -> String {
    created_at.unix_timestamp_nanos().to_string()
}

/// What came of asking for another token.
#[derive(Debug)]
pub enum Rotated {
    /// The token, which is shown this once, and until when the one from before works beside it.
    To(SecretString, Option<OffsetDateTime>),
    /// Another one was issued since the form was shown: by whom, and when. Nothing is changed.
    Overtaken(Option<String>, OffsetDateTime),
}

/// Gives a backend another token, and lets the present one work beside it for `overlap` seconds, one of
/// [`OVERLAPS`]. What worked beside it until now stops; it goes on in the present one's place when that was never
/// used. `seen` is the [`BackendDetail::token_version`] that the form showed: a form that is sent twice issues one
/// token, or the one that is in use would end against what was chosen for it. Audited.
///
/// # Errors
/// `NotFound("Backend")`; `Invalid` at `overlap`.
pub async fn rotate_token(
    db: &Db,
    sealer: &Sealer,
    can: &CanEverywhere<ManageBackends>,
    id: i32,
    overlap: i64,
    seen: &str,
) -> Result<Rotated> {
    if !OVERLAPS.iter().any(|(seconds, _)| *seconds == overlap) {
        return Err(Error::Invalid(FieldErrors::one(
            "overlap",
            "Choose how long the old token is to work.",
        )));
    }
    let mut tx = db.begin().await?;
    let issued_at = store::lock_token(&mut tx, id).await?;
    let issued_at = issued_at.ok_or(Error::NotFound("Backend"))?;
    if is_overtaken(seen, &token_version(issued_at)) {
        return Ok(Rotated::Overtaken(store::token_issuer(&mut tx, id).await?, issued_at));
    }
    let (token, old_until) = rotate(&mut tx, sealer, id, Duration::seconds(overlap), &can.by()).await?;
    tx.commit().await?;
    Ok(Rotated::To(token, old_until))
}

/// Ends the overlap of a rotation: the old token stops now. Tells whether one still worked. Audited.
///
/// # Errors
/// `NotFound("Backend")`.
pub async fn end_old_token(db: &Db, can: &CanEverywhere<ManageBackends>, id: i32) -> Result<bool> {
    let mut tx = db.begin().await?;
    if !store::lock(&mut tx, id).await? {
        return Err(Error::NotFound("Backend"));
    }
    let has_ended = store::end_old_token(&mut tx, id).await?;
    if has_ended {
        let by = can.by();
        audit::record(
            &mut tx,
            &Event::new("backend_old_token_ended", &by, Subject::backend(id)),
        )
        .await?;
        tx.commit().await?;
    }
    Ok(has_ended)
}

/// Says that a backend's database is being maintained, or no longer. Tells whether that is new. Audited.
///
/// # Errors
/// `NotFound("Backend")`.
pub async fn set_maintenance(db: &Db, can: &CanEverywhere<ManageBackends>, id: i32, is_on: bool) -> Result<bool> {
    let mut tx = db.begin().await?;
    if !store::lock(&mut tx, id).await? {
        return Err(Error::NotFound("Backend"));
    }
    let is_new = store::set_maintenance(&mut tx, id, is_on).await?;
    if is_new {
        let by = can.by();
        let words = |is_on: bool| if is_on { "on" } else { "off" };
        let event = Event::new("backend_maintenance_switched", &by, Subject::backend(id));
        audit::record(&mut tx, &event.change("maintenance", words(!is_on), words(is_on))).await?;
        tx.commit().await?;
    }
    Ok(is_new)
}

/// Lets people use a backend; returns the usernames of those who could not before. Audited.
///
/// # Errors
/// `NotFound("Backend")`; `Invalid` at `users`; `NotAllowed` for whoever would let themselves, or may not say any more.
pub async fn add_members(
    db: &Db,
    can: &CanEverywhere<ManageBackends>,
    id: i32,
    user_ids: &[i32],
) -> Result<Vec<String>> {
    if user_ids.is_empty() {
        return Err(Error::Invalid(FieldErrors::one("users", "Choose at least one person.")));
    }
    if user_ids.len() > MOST_AT_ONCE {
        return Err(Error::Invalid(FieldErrors::one("users", TOO_MANY)));
    }
    if user_ids.contains(&can.user_id()) {
        return Err(Error::NotAllowed(
            "You cannot let yourself use a backend. Ask somebody else who looks after backends.".into(),
        ));
    }
    let mut tx = begin(db, can, id).await?;
    let added = store::add_members(&mut tx, id, user_ids, can.user_id()).await?;
    let by = can.by();
    for user in &added {
        let event = Event::new("backend_member_added", &by, Subject::backend(id));
        audit::record(&mut tx, &event.of_user(user.id, &user.username)).await?;
        sessions::rights_changed(&mut tx, user.id).await?;
    }
    tx.commit().await?;
    Ok(added.into_iter().map(|user| user.username).collect())
}

/// No longer lets somebody use a backend. Tells whether they could before. Audited.
///
/// # Errors
/// `NotFound("Backend")`; `NotAllowed` for whoever may not say any more.
pub async fn remove_member(db: &Db, can: &CanEverywhere<ManageBackends>, id: i32, username: &str) -> Result<bool> {
    let mut tx = begin(db, can, id).await?;
    let Some(user) = store::remove_member(&mut tx, id, username).await? else {
        return Ok(false);
    };
    let by = can.by();
    let event = Event::new("backend_member_removed", &by, Subject::backend(id));
    audit::record(&mut tx, &event.of_user(user.id, &user.username)).await?;
    sessions::rights_changed(&mut tx, user.id).await?;
    tx.commit().await?;
    Ok(true)
}

/// Begins a change of who may use a backend, whose row is locked; such changes take turns.
async fn begin(
    db: &Db,
    can: &CanEverywhere<ManageBackends>,
    id: i32,
) -> Result<sqlx::Transaction<'static, sqlx::Postgres>> {
    let mut tx = db.begin().await?;
    administrators::take_turns(&mut tx).await?;
    still_may(&mut tx, can).await?;
    if !store::lock(&mut tx, id).await? {
        return Err(Error::NotFound("Backend"));
    }
    Ok(tx)
}

async fn still_may(tx: &mut PgConnection, can: &CanEverywhere<ManageBackends>) -> Result<()> {
    let person = roles::lock_signed_in(tx, can.user_id()).await?;
    let may = person.is_some_and(|person| person.can_everywhere::<ManageBackends>().is_ok());
    may.then_some(())
        .ok_or(Error::NotAllowed("You may not look after backends any more.".into()))
}
