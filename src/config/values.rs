//! From texts to typed values: parses every variable of the table, and collects all problems.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use secrecy::SecretString;
use url::Url;

use super::error::Problem;
use super::hiding;
use super::kind::Parsed;
use super::proxies::TrustedProxy;
use super::secret::{MASK, SecretUrl, mask_url};
use super::sources::{Found, Layers, Source};
use super::variables::{Required, VARIABLES, Variable};
use super::{Profile, Reading};

/// The parsed values by name; a variable without a value is not among them.
pub(super) struct Values {
    parsed: BTreeMap<&'static str, (Parsed, Source)>,
    /// Variables that were given as empty: a statement, see `Required::StatedInProduction`.
    stated_empty: Vec<&'static str>,
    /// By these texts a secret could be told.
    pub(super) hidden: Vec<SecretString>,
}

impl Values {
    pub(super) fn read(layers: &Layers, problems: &mut Vec<Problem>) -> (Self, Vec<Reading>) {
        let mut values = Self {
            parsed: BTreeMap::new(),
            stated_empty: Vec::new(),
            hidden: Vec::new(),
        };
        let mut readings = Vec::new();
        for variable in VARIABLES {
            let mut found = layers.find(variable.name);
            if found.as_ref().is_some_and(|found| found.text.trim().is_empty()) {
                values.stated_empty.push(variable.name);
                // An empty value is the same as none: the default holds.
                found = layers.profile.default_of(variable).map(|text| Found {
                    text: text.to_owned(),
                    source: Source::Default,
                });
            }
            match found {
                None => {
                    readings.push(Reading {
                        variable,
                        shown: None,
                        source: Source::Default,
                    });
                    if values.is_missing(variable, layers.profile) {
                        problems.push(Problem::missing(variable, ""));
                    }
                }
                Some(Found { text, source }) => {
                    let parsed = variable.kind.parse(&text);
                    values.hidden.extend(hiding::texts(variable, &text, parsed.as_ref()));
                    let shown = Some(shown(variable, &text, parsed.as_ref()));
                    readings.push(Reading {
                        variable,
                        shown,
                        source,
                    });
                    match parsed {
                        Some(parsed) => drop(values.parsed.insert(variable.name, (parsed, source))),
                        None => problems.push(Problem::malformed(variable, &text, source)),
                    }
                }
            }
        }
        (values, readings)
    }

    fn is_missing(&self, variable: &Variable, profile: Profile) -> bool {
        profile == Profile::Production
            && match variable.required {
                Required::InProduction => true,
                Required::StatedInProduction => !self.stated_empty.contains(&variable.name),
                Required::No | Required::When(_) => false,
            }
    }

    /// Where the value was found, if there is one.
    pub(super) fn source(&self, name: &str) -> Option<Source> {
        self.parsed.get(name).map(|(_, source)| *source)
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.parsed.contains_key(name)
    }

    /// The value of a variable that may have none.
    pub(super) fn optional<T: FromParsed>(&self, name: &'static str) -> Result<Option<T>, Problem> {
        match self.parsed.get(name) {
            None => Ok(None),
            Some((parsed, source)) => match T::from_parsed(parsed) {
                Some(value) => Ok(Some(value)),
                None => Err(Problem::rule(name, Some(*source), "does not fit its setting.")),
            },
        }
    }

    /// The value of a variable that has a default or is required.
    pub(super) fn get<T: FromParsed>(&self, name: &'static str) -> Result<T, Problem> {
        self.optional(name)?
            .ok_or_else(|| Problem::rule(name, None, "is missing."))
    }

    /// The items of a list; none when the variable has no value.
    pub(super) fn list(&self, name: &'static str) -> Result<Vec<String>, Problem> {
        Ok(self.optional(name)?.unwrap_or_default())
    }
}

fn shown(variable: &Variable, text: &str, parsed: Option<&Parsed>) -> String {
    match (variable.secret, parsed) {
        (true, Some(Parsed::Url(url))) => mask_url(url),
        (true, _) => MASK.to_owned(),
        // Nobody should put a password into an ordinary address, but who does keeps it.
        (false, Some(Parsed::Url(url))) if url.password().is_some() => mask_url(url),
        (false, _) => text.trim().to_owned(),
    }
}

/// What a setting can be made of.
pub(super) trait FromParsed: Sized {
    /// `None` when the variable's kind is another one: a fault of the table, found by a test.
    fn from_parsed(parsed: &Parsed) -> Option<Self>;
}

macro_rules! from_parsed {
    ($($target:ty: $pattern:pat => $value:expr;)*) => {$(
        impl FromParsed for $target {
            fn from_parsed(parsed: &Parsed) -> Option<Self> {
                match parsed { $pattern => $value, _ => None }
            }
        }
    )*};
}

from_parsed! {
    bool: Parsed::Flag(flag) => Some(*flag);
    u16: Parsed::Int(n) => u16::try_from(*n).ok();
    u32: Parsed::Int(n) => u32::try_from(*n).ok();
    u64: Parsed::Int(n) => Some(*n);
    Duration: Parsed::Seconds(duration) => Some(*duration);
    String: Parsed::Text(text) => Some(text.clone());
    SecretString: Parsed::Text(text) => Some(SecretString::from(text.as_str()));
    Vec<String>: Parsed::List(items) => Some(items.clone());
    Vec<TrustedProxy>: Parsed::Proxies(proxies) => Some(proxies.clone());
    Vec<u8>: Parsed::Bytes(bytes) => Some(bytes.clone());
    &'static str: Parsed::Choice(word) => Some(word);
    Url: Parsed::Url(url) => Some(url.clone());
    SecretUrl: Parsed::Url(url) => Some(SecretUrl::new(url.clone()));
    PathBuf: Parsed::Path(path) => Some(path.clone());
    IpAddr: Parsed::Ip(address) => Some(*address);
    Vec<(String, SecretString)>: Parsed::Headers(headers) => Some(
        headers.iter().map(|(name, value)| (name.clone(), SecretString::from(value.as_str()))).collect()
    );
}
