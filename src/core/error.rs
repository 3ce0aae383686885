//! What can go wrong, in a visitor's words. `web` turns these into pages and into the API's JSON;
//! nothing else decides what a person is told.

use std::borrow::Cow;

/// The one error type of the core.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    /// There is no such thing, or the visitor may not know of it. The text names the kind of thing
    /// ("Workspace", "User"), as the API's answers need it.
    #[error("no {0} found")]
    NotFound(&'static str),
    /// The visitor may see it and may not do this.
    #[error("not allowed: {0}")]
    NotAllowed(Cow<'static, str>),
    /// What was asked contradicts what is stored.
    #[error("conflict: {0}")]
    Conflict(String),
    /// The input has faults, each told beside its field.
    #[error("invalid fields: {0:?}")]
    Invalid(FieldErrors),
    /// It was tried too often. The text says of what; trying again helps after so long.
    #[error("too many attempts: {what}")]
    TooMany {
        what: &'static str,
        retry_after: std::time::Duration,
    },
    /// A service this needs (the database, most of all) does not answer now; trying again later helps.
    #[error("unavailable: {0}")]
    Unavailable(String),
    /// There is no room left where contents are kept, until somebody makes some.
    #[error("no room left: {0}")]
    Full(String),
    /// A content that should be there is missing, or is another one. The text is the sentence about it.
    #[error("{0}")]
    Damaged(&'static str),
    /// A fault of ours. Logged once with the request's id, never shown.
    #[error("internal: {0}")]
    Internal(String),
}

/// A wait in whole seconds, at least one: whoever comes back then has waited long enough.
pub fn whole_seconds(wait: std::time::Duration) -> u64 {
    let begun = u64::from(wait.subsec_nanos() > 0);
    wait.as_secs().saturating_add(begun).max(1)
}

pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Faults of a form or body: field name and message, in the order found. The name `""` stands for
/// the whole.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct FieldErrors(Vec<(Cow<'static, str>, String)>);

impl FieldErrors {
    /// One fault of one field.
    pub fn one(field: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        Self(vec![(field.into(), message.into())])
    }

    pub fn add(&mut self, field: impl Into<Cow<'static, str>>, message: impl Into<String>) {
        self.0.push((field.into(), message.into()));
    }

    /// Adds all that was found elsewhere.
    pub fn add_all(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(field, message)| (field.as_ref(), message.as_str()))
    }

    /// The first message about `field`.
    pub fn get(&self, field: &str) -> Option<&str> {
        self.iter().find(|(name, _)| *name == field).map(|(_, message)| message)
    }

    /// `Ok` when nothing was found wrong.
    pub fn into_result(self) -> Result<()> {
        if self.is_empty() {
            Ok(())
        } else {
            Err(Error::Invalid(self))
        }
    }
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        if is_outage(&error) {
            Error::Unavailable(error.to_string())
        } else {
            Error::Internal(error.to_string())
        }
    }
}

/// Whether the database, not the question, is at fault: it cannot be reached, is starting, stopping
/// or out of room.
fn is_outage(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_) | sqlx::Error::Tls(_) | sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed => true,
        sqlx::Error::Protocol(_) | sqlx::Error::WorkerCrashed => true,
        sqlx::Error::Database(database) => database.code().is_some_and(|code| {
            // 08 connection lost, 53 out of resources (disk, memory, connections),
            // 57P stopping or starting, 25006 read-only standby; 40 a deadlock, which the other won.
            ["08", "53", "57P", "40"].iter().any(|class| code.starts_with(class)) || code == "25006"
        }),
        _ => false,
    }
}

/// The name of the constraint that a statement violated, when it did. Every constraint has a name in
/// the migrations, so that callers can turn it into a message beside a field.
pub fn violated_constraint(error: &sqlx::Error) -> Option<&str> {
    match error {
        sqlx::Error::Database(database) => database.constraint(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unreachable_database_is_an_outage_and_a_wrong_statement_is_not() {
        let refused = sqlx::Error::Io(std::io::Error::from(std::io::ErrorKind::ConnectionRefused));
        assert!(matches!(Error::from(refused), Error::Unavailable(_)));
        assert!(matches!(Error::from(sqlx::Error::PoolTimedOut), Error::Unavailable(_)));
        assert!(matches!(Error::from(sqlx::Error::RowNotFound), Error::Internal(_)));
    }

    #[test]
    fn a_wait_is_never_said_to_be_shorter() {
        use std::time::Duration;
        for (wait, seconds) in [
            (Duration::ZERO, 1),
            (Duration::from_millis(1), 1),
            (Duration::from_secs(59), 59),
            (Duration::new(59, 1), 60),
            (Duration::MAX, u64::MAX),
        ] {
            assert_eq!(whole_seconds(wait), seconds, "{wait:?}");
        }
    }

    #[test]
    fn field_errors_keep_their_order_and_are_found_by_name() {
        let mut errors = FieldErrors::default();
        assert!(errors.clone().into_result().is_ok());
        errors.add("name", "Enter a name.");
        errors.add("branch", "Choose a branch.");
        assert_eq!(errors.get("branch"), Some("Choose a branch."));
        assert_eq!(errors.iter().next(), Some(("name", "Enter a name.")));
        assert!(errors.into_result().is_err());
    }
}
