//! Job requests, the jobs that a backend makes of them, and the pipelines they come from.

pub mod actions;
pub mod backends;
pub mod detail;
pub mod difference;
pub mod earlier;
pub mod operator;
pub mod permissions;
pub mod pipeline;
pub mod polling;
pub mod running;
pub mod runtime;
pub mod sealed_tokens;
pub mod staff;
pub mod status;
pub mod status_codes;
pub mod store;
pub mod sync;

use rand::Rng;

pub use pipeline::{Pipeline, RUN_ALL};
pub use runtime::Runtime;
pub use status::JobRequestStatus;

/// The action under which a runner reports that it could not create jobs at all.
pub const ERROR_ACTION: &str = "__error__";

/// Minutes without news after which a running job's page says that news is missing.
pub const MISSING_UPDATES_AFTER: time::Duration = time::Duration::minutes(30);

/// A new identifier of a job request: 10 random bytes as 16 letters and digits of lower-case base32,
/// the form that runners and the RAP controller accept.
pub fn new_identifier() -> String {
    let mut bytes = [0; 10];
    rand::rng().fill_bytes(&mut bytes);
    data_encoding::BASE32.encode(&bytes).to_ascii_lowercase()
}

/// How a backend is reached, and a job request with it, for good: its runner polls, or we call the
/// RAP controller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transport {
    Poll,
    Rap,
}

impl Transport {
    pub const fn name(self) -> &'static str {
        match self {
            Transport::Poll => "poll",
            Transport::Rap => "rap",
        }
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn identifiers_have_the_form_that_runners_accept() {
        let identifier = super::new_identifier();
        assert_eq!(identifier.len(), 16);
        assert!(
            identifier
                .bytes()
                .all(|b| b.is_ascii_lowercase() || (b'2'..=b'7').contains(&b))
        );
    }
}
