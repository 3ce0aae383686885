//! What somebody wants to be told by e-mail about the job requests that notify them.

mod store;

pub use store::{Choice, choice};

use crate::core::access::SignedIn;
use crate::core::audit::{self, By, Event, Subject};
use crate::core::db::Db;
use crate::core::error::Result;

/// The choice. It counts when something happens, not when the jobs were asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Notify {
    /// Each job, when it is over.
    EachJob,
    /// A job request, when nothing of it is left to run.
    WholeRequest,
    /// Each job that failed.
    Failures,
    Nothing,
}

impl Notify {
    pub const ALL: [Self; 4] = [Self::EachJob, Self::WholeRequest, Self::Failures, Self::Nothing];

    /// As stored.
    pub const fn name(self) -> &'static str {
        match self {
            Self::EachJob => "each_job",
            Self::WholeRequest => "whole_request",
            Self::Failures => "failures",
            Self::Nothing => "nothing",
        }
    }

    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|notify| notify.name() == name)
    }
}

/// Stores somebody's choice. Audited; choosing what is chosen already changes nothing. Returns whether
/// it changed.
///
/// # Errors
/// When the database does not answer.
pub async fn choose(db: &Db, user: &SignedIn, notify: Notify) -> Result<bool> {
    let mut tx = db.begin().await?;
    let before = store::lock_choice(&mut tx, user.id).await?;
    if before == notify {
        return Ok(false);
    }
    store::set_choice(&mut tx, user.id, notify).await?;
    let by = By::user(user.id, user.username.clone());
    let event = Event::new("user_notifications_changed", &by, Subject::user(user.id))
        .change("notify", before.name(), notify.name())
        .of_user(user.id, &user.username);
    audit::record(&mut tx, &event).await?;
    tx.commit().await?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::Notify;

    #[test]
    fn choices_are_read_as_they_are_stored() {
        for notify in Notify::ALL {
            assert_eq!(Notify::named(notify.name()), Some(notify));
        }
        assert_eq!(Notify::named("Nothing"), None);
        assert_eq!(Notify::named(""), None);
    }
}
