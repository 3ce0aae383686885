//! The settings: one plain value, built once from the environment and passed down.
//!
//! [`load`] reads the environment and, outside production, the `.env` file of the folder the
//! program is started in; the environment wins. It either gives settings in which every rule
//! holds, or *all* that is wrong at once. Tests build a value by [`Settings::for_tests`] and set
//! the public fields they care about. Nothing else in the program reads the environment.

mod build;
mod error;
mod hiding;
mod kind;
mod proxies;
mod rules;
mod secret;
mod sections;
mod sources;
#[cfg(test)]
mod tests;
mod unknown;
mod values;
mod variables;

use std::fmt;

pub use error::{Problem, SettingsError};
pub use kind::Kind;
pub use proxies::TrustedProxy;
pub use secret::{MASK, SecretUrl, generate_secret_key};
pub use sections::*;
#[cfg(feature = "web")]
pub use sources::read_dotenv;
pub use sources::{DotEnvLine, Inputs, Source};
pub use variables::{Concern, Fallback, INSECURE_PREFIX, Required, TOOLING, VARIABLES, Variable};

/// How strict the settings are, and which defaults hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Profile {
    Development,
    Production,
}

impl Profile {
    /// The default of a variable, as it would be written in `.env`.
    pub fn default_of(self, variable: &Variable) -> Option<&'static str> {
        match self {
            Self::Development => variable.default.development,
            Self::Production => variable.default.production,
        }
    }

    fn where_to_set(self) -> &'static str {
        match self {
            Self::Development => {
                "Set them in the environment, or in the file .env of the folder you start in \
                 (dotenv-sample lists every variable)."
            }
            Self::Production => {
                "Set them in the environment of the process. Production does not need .env: it is \
                 not read when ROCKET_PROFILE is release. dotenv-sample lists every variable."
            }
        }
    }
}

impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Development => "development",
            Self::Production => "production",
        })
    }
}

/// One variable as it was read, for `jobserver check`.
#[derive(Clone, Debug)]
pub struct Reading {
    pub variable: &'static Variable,
    /// The value with secrets masked; `None` when there is none.
    pub shown: Option<String>,
    pub source: Source,
}

/// Settings that hold, and what there is to say about where they came from.
#[derive(Clone, Debug)]
pub struct Loaded {
    pub settings: Settings,
    /// One per variable, in the order of [`VARIABLES`].
    pub readings: Vec<Reading>,
    /// Sentences for the log: misspelt names, settings that have no effect.
    pub warnings: Vec<String>,
}

/// Reads the settings of this process.
///
/// # Errors
/// Every missing, malformed or contradictory variable, together.
#[cfg(feature = "web")]
pub fn load() -> Result<Loaded, SettingsError> {
    load_from(&Inputs::of_process())
}

/// Reads the settings from given inputs, looking at nothing else.
///
/// # Errors
/// As [`load`].
pub fn load_from(inputs: &Inputs) -> Result<Loaded, SettingsError> {
    let mut layers = sources::Layers::new(inputs);
    let profile = layers.profile;
    let mut problems = std::mem::take(&mut layers.problems);
    let (values, readings) = values::Values::read(&layers, &mut problems);
    let mut warnings = unknown::warnings(layers.given.iter().map(String::as_str));
    rules::check(profile, &values, &mut problems, &mut warnings);
    if problems.is_empty() {
        match build::settings(profile, &values) {
            Ok(settings) => {
                return Ok(Loaded {
                    settings,
                    readings,
                    warnings,
                });
            }
            Err(problem) => problems.push(problem),
        }
    }
    Err(SettingsError {
        profile,
        problems,
        readings,
        warnings,
    })
}

impl Settings {
    /// Settings for tests: development defaults on the given database, nothing read from the
    /// environment, no token of any outside service. Set the fields that the test is about.
    ///
    /// # Errors
    /// When the URL is not a PostgreSQL one.
    pub fn for_tests(database_url: &str) -> Result<Self, SettingsError> {
        let pairs = [
            ("DATABASE_URL", database_url),
            ("SITE_NAME", "Job Server (test)"),
            ("DATABASE_MAX_CONNECTIONS", "4"),
            ("RUN_WORKER_IN_SERVE", "false"),
            ("PORT", "0"),
            ("EMAIL_BACKEND", "console"),
            ("DEFAULT_OUTPUT_CHECKING_GITHUB_ORG", "test-org"),
            ("DEFAULT_OUTPUT_CHECKING_REPO", "test-output-checking"),
        ];
        load_from(&Inputs::of_pairs(pairs)).map(|loaded| loaded.settings)
    }
}
