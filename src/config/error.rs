//! What is wrong with the settings, said so that whoever starts the program can mend it.

use std::fmt;

use super::sources::Source;
use super::variables::{Required, Variable};
use super::{Profile, Reading};

/// One thing that stops the start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The variable's name, or `.env` when the file itself cannot be read.
    pub name: String,
    /// Where the bad value was found; `None` when there was none.
    pub source: Option<Source>,
    /// What is wrong, and what would be right: sentences that follow the name.
    pub what: String,
}

impl Problem {
    pub(super) fn missing(variable: &Variable, why: &str) -> Self {
        let empty = match variable.required {
            Required::StatedInProduction => ", or empty to do without",
            _ => "",
        };
        Self {
            name: variable.name.into(),
            source: None,
            what: format!(
                "is missing{why}. It should be {}{empty}. It is for: {}.",
                variable.kind.expected(),
                variable.doc
            ),
        }
    }

    pub(super) fn malformed(variable: &Variable, raw: &str, source: Source) -> Self {
        // A malformed secret is still a secret: a DATABASE_URL with a typing error, say.
        let value = match variable.secret {
            true => "its value (not shown)".into(),
            false => format!("{:?}", shorten(raw)),
        };
        Self {
            name: variable.name.into(),
            source: Some(source),
            what: format!("is not right: {value} is not {}.", variable.kind.expected()),
        }
    }

    pub(super) fn rule(name: &str, source: Option<Source>, what: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            source,
            what: what.into(),
        }
    }
}

/// Long values are cut, as an error is read by people.
fn shorten(raw: &str) -> String {
    match raw.char_indices().nth(80) {
        Some((end, _)) => format!("{}…", &raw[..end]),
        None => raw.to_owned(),
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.name, self.what)?;
        match self.source {
            Some(Source::Environment) => write!(f, " It comes from the environment."),
            Some(Source::DotEnv) => write!(f, " It comes from .env."),
            Some(Source::Default) => write!(f, " It is the default."),
            None => Ok(()),
        }
    }
}

/// All that is wrong with the settings. Its text names every faulty variable, what each should
/// look like, where its value came from, and where to put a better one.
#[derive(Debug, thiserror::Error)]
pub struct SettingsError {
    pub profile: Profile,
    pub problems: Vec<Problem>,
    /// What was read all the same, for `jobserver check`.
    pub readings: Vec<Reading>,
    pub warnings: Vec<String>,
}

impl fmt::Display for SettingsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = match self.problems.len() {
            1 => "one setting needs".to_owned(),
            n => format!("{n} settings need"),
        };
        writeln!(f, "Job Server cannot start: {count} attention ({}).", self.profile)?;
        for problem in &self.problems {
            writeln!(f, "  - {problem}")?;
        }
        write!(f, "{}", self.profile.where_to_set())
    }
}
