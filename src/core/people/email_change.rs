//! Another e-mail address: it counts once whoever reads its mail, and is signed in as the one who asked, says so.
//! The link in the mail is the number of the row and our signature; it is made when the mail leaves.

mod store;

use sqlx::PgConnection;
use time::macros::format_description;
use time::{Duration, OffsetDateTime};

use super::profile::profile;
use crate::core::access::SignedIn;
use crate::core::audit::{self, By, Event, Subject};
use crate::core::db::Db;
use crate::core::error::{Error, FieldErrors, Result, violated_constraint};
use crate::core::outbox::{self, Content, Draft, EmailChanged, EmailConfirm};
use crate::core::sealed::Sealer;

/// How long a link works.
pub const LIFETIME: Duration = Duration::hours(24);

/// What a signature of a link is for; see [`Sealer::sign`].
const PURPOSE: &str = "e-mail change";

/// The path of the link that confirms a change.
pub fn link_path(sealer: &Sealer, id: i64) -> String {
    format!(
        "/settings/confirm-email/{id}.{}/",
        sealer.sign(PURPOSE, &id.to_string())
    )
}

/// The change that a link is about, when we made the link: `<id>.<signature>`.
pub fn id_of_link(sealer: &Sealer, link: &str) -> Option<i64> {
    let (id, signature) = link.split_once('.')?;
    let number: i64 = id.parse().ok()?;
    sealer.is_signed(PURPOSE, id, signature).then_some(number)
}

/// Asks whoever reads the mail of an address to confirm it, in the place of any that was asked before. In the
/// transaction of its cause, which has locked the user. Audited.
pub(super) async fn ask(tx: &mut PgConnection, user: &SignedIn, email: &str) -> Result<()> {
    let by = By::user(user.id, user.username.clone());
    let before = profile(tx, user.id).await?;
    store::forget(tx, user.id).await?;
    let expires_at = OffsetDateTime::now_utc() + LIFETIME;
    let id = store::insert(tx, user.id, email, expires_at).await?;
    let event = Event::new("user_email_change_requested", &by, Subject::user(user.id))
        .change("email", before.email.unwrap_or_default(), email)
        .of_user(user.id, &user.username);
    audit::record(tx, &event).await?;
    let format = format_description!("[day padding:none] [month repr:long] [year], [hour]:[minute] UTC");
    let confirm = EmailConfirm {
        change_id: id,
        username: user.username.clone(),
        name: before.fullname,
        until: expires_at.format(format).unwrap_or_default(),
    };
    let draft = Draft::new(Content::EmailConfirm(confirm), email, format!("email_change:{id}"));
    outbox::send(tx, draft).await?;
    Ok(())
}

/// Takes somebody's address away, in the transaction of its cause, which has locked the user. Audited.
pub(super) async fn remove(tx: &mut PgConnection, user: &SignedIn, old: &str) -> Result<()> {
    store::forget(tx, user.id).await?;
    store::set_email(tx, user.id, None).await?;
    let by = By::user(user.id, user.username.clone());
    changed(tx, user.into(), Some(old), None, &by).await
}

/// Somebody whose address is another now.
#[derive(Debug, Clone, Copy)]
pub(super) struct Whose<'a> {
    pub id: i32,
    pub username: &'a str,
    pub fullname: &'a str,
}

impl<'a> From<&'a SignedIn> for Whose<'a> {
    fn from(user: &'a SignedIn) -> Self {
        Self {
            id: user.id,
            username: &user.username,
            fullname: &user.fullname,
        }
    }
}

/// After somebody else has given a user another address, in that transaction: what the user had asked for is
/// withdrawn, or its link would take the new address away again. Audited.
pub(super) async fn overtaken(
    tx: &mut PgConnection,
    whose: Whose<'_>,
    old: Option<&str>,
    new: &str,
    by: &By,
) -> Result<()> {
    changed(tx, whose, old, Some(new), by).await?;
    if let Some(asked) = store::forget(tx, whose.id).await? {
        cancelled(tx, whose, asked, by).await?;
    }
    Ok(())
}

/// Withdraws what was asked; returns whether anything was. Audited.
pub async fn cancel(db: &Db, user: &SignedIn) -> Result<bool> {
    let mut tx = db.begin().await?;
    let Some(asked) = store::forget(&mut tx, user.id).await? else {
        return Ok(false);
    };
    let by = By::user(user.id, user.username.clone());
    cancelled(&mut tx, user.into(), asked, &by).await?;
    tx.commit().await?;
    Ok(true)
}

async fn cancelled(tx: &mut PgConnection, whose: Whose<'_>, asked: String, by: &By) -> Result<()> {
    let event = Event::new("user_email_change_cancelled", by, Subject::user(whose.id))
        .change("email", asked, "")
        .of_user(whose.id, whose.username);
    audit::record(tx, &event).await
}

/// Lets an address count; returns it. Of two at once, one does it. Whoever reads the mail of the address from
/// before is told. Audited.
///
/// # Errors
/// `NotFound` when there is no such change for this user any more; `Invalid` when somebody else has the address:
/// the change stays then, for the case that they give it up.
pub async fn confirm(db: &Db, user: &SignedIn, id: i64) -> Result<String> {
    let mut tx = db.begin().await?;
    let old = store::lock_email(&mut tx, user.id).await?;
    let new = store::consume(&mut tx, user.id, id).await?;
    let new = new.ok_or(Error::NotFound("Change"))?;
    store::set_email(&mut tx, user.id, Some(&new)).await.map_err(taken)?;
    let by = By::user(user.id, user.username.clone());
    changed(&mut tx, user.into(), old.as_deref(), Some(&new), &by).await?;
    tx.commit().await?;
    Ok(new)
}

fn taken(error: sqlx::Error) -> Error {
    match violated_constraint(&error) {
        Some("user_email_unique") => Error::Invalid(FieldErrors::one(
            "email",
            "Another account has this address already, so it cannot be yours.",
        )),
        _ => error.into(),
    }
}

/// Records a change, and tells the address from before, unless the new one is the same in other letters.
async fn changed(tx: &mut PgConnection, whose: Whose<'_>, old: Option<&str>, new: Option<&str>, by: &By) -> Result<()> {
    let event = Event::new("user_updated", by, Subject::user(whose.id))
        .change("email", old.unwrap_or_default(), new.unwrap_or_default())
        .of_user(whose.id, whose.username);
    audit::record(tx, &event).await?;
    let is_other = |old: &&str| !new.is_some_and(|new| new.eq_ignore_ascii_case(old));
    if let Some(old) = old.filter(is_other) {
        let facts = EmailChanged {
            username: whose.username.to_owned(),
            name: whose.fullname.to_owned(),
            is_removed: new.is_none(),
            by_staff: by.user_id != Some(whose.id),
        };
        let draft = Draft::new(Content::EmailChanged(facts), old, format!("user:{}", whose.id));
        outbox::send(tx, draft).await?;
    }
    tracing::info!(user_id = whose.id, "an e-mail address was changed");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_is_about_the_change_that_it_was_made_for() {
        let sealer = Sealer::new(&"a key".into(), None).unwrap();
        let path = link_path(&sealer, 17);
        let link = path
            .strip_prefix("/settings/confirm-email/")
            .and_then(|rest| rest.strip_suffix('/'))
            .unwrap();
        assert_eq!(id_of_link(&sealer, link), Some(17));
        let (_, signature) = link.split_once('.').unwrap();
        let other = sealer.sign("something else", "17");
        for wrong in [
            format!("18.{signature}"),
            format!("+17.{signature}"),
            format!("017.{signature}"),
            format!("17.{other}"),
            "17.".to_owned(),
            "17".to_owned(),
            String::new(),
        ] {
            assert_eq!(id_of_link(&sealer, &wrong), None, "{wrong}");
        }
    }
}
