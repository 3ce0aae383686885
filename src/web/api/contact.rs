//! What each authenticated call tells of its backend: that it is there, and its flags.

use rocket::Request;
use rocket::request::{FromRequest, Outcome};

use super::json::free_json_problem;
use crate::core::jobs::backends::{KnownBackend, record_contact};
use crate::web::database::Database;
use crate::web::responders;

/// The `Flags` header, when it holds something: JSON about the backend's state, kept to the letter.
pub struct Flags<'r>(Option<&'r str>);

/// Longest flags that are kept, in bytes; a runner sends some hundred.
const LONGEST: usize = 16 * 1024;

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Flags<'r> {
    type Error = std::convert::Infallible;

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, Self::Error> {
        Outcome::Success(Self(
            request
                .headers()
                .get_one("Flags")
                .map(str::trim)
                .filter(|flags| !flags.is_empty()),
        ))
    }
}

impl<'r> Flags<'r> {
    /// The flags, unless they are not JSON that can be stored: a runner is not refused for that.
    fn storable(&self, backend: &KnownBackend) -> Option<&'r str> {
        let flags = self.0?;
        let problem = if flags.len() > LONGEST {
            Some("too long".to_owned())
        } else {
            match serde_json::from_str::<&serde_json::value::RawValue>(flags) {
                Ok(raw) => free_json_problem(raw.get()),
                Err(error) => Some(error.to_string()),
            }
        };
        match problem {
            None => Some(flags),
            Some(problem) => {
                tracing::warn!(backend = backend.slug, problem, "the Flags header was ignored");
                None
            }
        }
    }
}

/// Notes the call at `path`, with its flags.
pub async fn note(
    database: &Database,
    backend: &KnownBackend,
    path: &str,
    flags: &Flags<'_>,
) -> Result<(), responders::Failure> {
    Ok(record_contact(database, backend, path, flags.storable(backend)).await?)
}
