//! Where values come from: the environment first, then `.env`, then the defaults.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;

use figment::value::{Dict, Map, Value};
use figment::{Figment, Metadata, Provider};

use super::Profile;
use super::error::Problem;
use super::variables::{VARIABLES, Variable};

/// Where a value was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Source {
    Default,
    DotEnv,
    Environment,
}

impl Source {
    const fn name(self) -> &'static str {
        match self {
            Self::Default => "default",
            Self::DotEnv => ".env",
            Self::Environment => "environment",
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// All that the settings are made of, as plain data: nothing else is looked at, so a test can
/// give its own.
#[derive(Clone, Debug, Default)]
pub struct Inputs {
    pub environment: Vec<(OsString, OsString)>,
    /// The text of `.env`, or why it could not be read; `None` when there is no such file.
    pub dotenv: Option<Result<Vec<DotEnvLine>, String>>,
    /// Whether the program was built for release (without debug assertions).
    pub release_build: bool,
}

/// One assignment of `.env`, or which line is none: its number and the name before its `=`. The
/// rest of the line is not kept, as it may be a secret.
pub type DotEnvLine = Result<(String, String), String>;

impl Inputs {
    /// What this process was given: its environment and the `.env` of the folder it was started
    /// in. With `ROCKET_PROFILE=release` in the environment `.env` is not looked for: production
    /// must not depend on the folder it is started in.
    #[cfg(feature = "web")]
    pub fn of_process() -> Self {
        let release =
            std::env::var("ROCKET_PROFILE").is_ok_and(|profile| profile.trim().eq_ignore_ascii_case("release"));
        let dotenv = match release {
            true => None,
            false => match std::fs::read_to_string(".env") {
                Ok(text) => Some(Ok(read_dotenv(&text))),
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
                Err(error) => Some(Err(error.to_string())),
            },
        };
        Self {
            environment: std::env::vars_os().collect(),
            dotenv,
            release_build: !cfg!(debug_assertions),
        }
    }

    /// Only these variables, in a development build, without `.env`: what tests start from.
    pub fn of_pairs<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        Self {
            environment: pairs.into_iter().map(|(n, v)| (n.into(), v.into())).collect(),
            dotenv: None,
            release_build: false,
        }
    }
}

/// The assignments of a `.env` text, in order.
#[cfg(feature = "web")]
pub fn read_dotenv(text: &str) -> Vec<DotEnvLine> {
    dotenvy::from_read_iter(text.as_bytes())
        .map(|item| item.map_err(|error| where_is(&error, text)))
        .collect()
}

/// The parser tells only the part of a line that it did not understand, which may be the secret
/// itself; the line's number and name are as helpful.
#[cfg(feature = "web")]
fn where_is(error: &dotenvy::Error, text: &str) -> String {
    let dotenvy::Error::LineParse(part, _) = error else {
        return "a line".to_owned();
    };
    let line = text.lines().zip(1..).find(|(line, _)| line.contains(part.trim()));
    match line.map(|(line, number)| (line.split_once('='), number)) {
        None => "a line".to_owned(),
        Some((None, number)) => format!("line {number}"),
        Some((Some((name, _)), number)) => format!("line {number} ({})", name.trim()),
    }
}

/// The layers of values as a Figment: each knows which source it is, and later ones win.
pub(super) struct Layers {
    figment: Figment,
    pub(super) profile: Profile,
    /// Names that were given, known or not, for the search for misspelt ones.
    pub(super) given: Vec<String>,
    pub(super) problems: Vec<Problem>,
}

/// The text of a variable and where it was found.
pub(super) struct Found {
    pub(super) text: String,
    pub(super) source: Source,
}

impl Layers {
    pub(super) fn new(inputs: &Inputs) -> Self {
        let mut problems = Vec::new();
        let mut environment = BTreeMap::new();
        for (name, value) in &inputs.environment {
            let Some(name) = name.to_str() else { continue };
            match value.to_str() {
                Some(value) => drop(environment.insert(name.to_owned(), value.to_owned())),
                None if Variable::named(name).is_some() => problems.push(Problem::rule(
                    name,
                    Some(Source::Environment),
                    "is not right: its value is not UTF-8 text.",
                )),
                None => {}
            }
        }
        let mut dotenv = BTreeMap::new();
        match &inputs.dotenv {
            None => {}
            Some(Err(reason)) => {
                problems.push(Problem::rule(".env", None, format!("cannot be read: {reason}.")));
            }
            Some(Ok(lines)) => {
                for line in lines {
                    match line {
                        Ok((name, value)) => drop(dotenv.insert(name.clone(), value.clone())),
                        Err(place) => problems.push(Problem::rule(
                            ".env",
                            None,
                            format!(
                                "cannot be read: {place} is not NAME=value. A value with spaces, \
                                 quotes or # must stand in quotes."
                            ),
                        )),
                    }
                }
            }
        }
        let mut given: Vec<String> = environment.keys().chain(dotenv.keys()).cloned().collect();
        given.sort();
        given.dedup();
        let figment = Figment::new()
            .merge(Layer {
                source: Source::DotEnv,
                values: dotenv,
            })
            .merge(Layer {
                source: Source::Environment,
                values: environment,
            });
        let mut layers = Self {
            figment,
            profile: Profile::Development,
            given,
            problems,
        };
        layers.profile = layers.find_profile(inputs.release_build);
        let profile = layers.profile;
        let defaults = VARIABLES
            .iter()
            .filter_map(|v| Some((v.name.to_owned(), profile.default_of(v)?.to_owned())))
            .collect();
        // `join` keeps what is already there.
        layers.figment = layers.figment.join(Layer {
            source: Source::Default,
            values: defaults,
        });
        layers
    }

    /// Production is what `ROCKET_PROFILE` says; without it, a release build with no `DEBUG`.
    fn find_profile(&self, release_build: bool) -> Profile {
        let text = |name| self.find(name).map(|found| found.text.trim().to_ascii_lowercase());
        match text("ROCKET_PROFILE").as_deref() {
            None | Some("") => {
                let debug = text("DEBUG").is_some_and(|debug| matches!(debug.as_str(), "1" | "true" | "yes" | "on"));
                if release_build && !debug {
                    Profile::Production
                } else {
                    Profile::Development
                }
            }
            Some("debug") => Profile::Development,
            // An unknown word is reported as malformed; until then the stricter rules hold.
            Some(_) => Profile::Production,
        }
    }

    /// The winning value. An empty text is an answer ("nothing"), and hides those below.
    pub(super) fn find(&self, name: &str) -> Option<Found> {
        let text = self.figment.find_value(name).ok()?.into_string()?;
        let found_in = self.figment.find_metadata(name)?.name.clone();
        let source = [Source::Environment, Source::DotEnv]
            .into_iter()
            .find(|source| source.name() == found_in)
            .unwrap_or(Source::Default);
        Some(Found { text, source })
    }
}

/// A Figment provider of texts. Figment's own provider for the environment guesses types, which
/// would turn a secret key of digits into a number.
struct Layer {
    source: Source,
    values: BTreeMap<String, String>,
}

impl Provider for Layer {
    fn metadata(&self) -> Metadata {
        Metadata::named(self.source.name())
    }

    fn data(&self) -> figment::error::Result<Map<figment::Profile, Dict>> {
        let dict: Dict = self
            .values
            .iter()
            .map(|(name, text)| (name.clone(), Value::from(text.as_str())))
            .collect();
        Ok(Map::from([(figment::Profile::Default, dict)]))
    }
}
