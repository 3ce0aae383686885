//! `jobserver create_backend`

use super::outfit::{Outfit, shown};
use super::{ByOption, CommandError};
use crate::core::jobs::backends::{BackendInput, create_backend};

#[derive(Debug, clap::Args)]
pub struct CreateBackend {
    /// The backend's short name: letters, digits, `-` and `_`.
    slug: String,
    /// Its name for people [default: the slug].
    #[arg(long)]
    name: Option<String>,
    /// Where its release-hatch answers browsers.
    #[arg(long)]
    url: Option<String>,
    /// A network of its secure environment, like 10.1.2.0/24; may be given several times. From there, people
    /// sign in with a single-use token. Networks that it had before are replaced.
    #[arg(long = "address", value_name = "CIDR")]
    addresses: Vec<String>,
    /// Forget the networks of its secure environment.
    #[arg(long, conflicts_with = "addresses")]
    no_addresses: bool,
    /// Somebody who may then use it.
    #[arg(long, value_name = "USERNAME")]
    user: Option<String>,
    /// Print nothing but the token.
    #[arg(long)]
    quiet: bool,
    /// Issue a new token; the present one stops working.
    #[arg(long)]
    rotate: bool,
    /// With --rotate: how long the present token goes on working, as 90 (seconds), 30s, 15m, 2h or 1d.
    #[arg(long, requires = "rotate", value_name = "TIME", default_value = "0", value_parser = span)]
    overlap: time::Duration,
    #[command(flatten)]
    by: ByOption,
}

impl CreateBackend {
    pub async fn run(self) -> Result<(), CommandError> {
        let outfit = Outfit::new().await?;
        let addresses = (self.no_addresses || !self.addresses.is_empty()).then_some(self.addresses);
        let input = BackendInput {
            slug: self.slug,
            name: self.name,
            level_4_url: self.url,
            addresses,
            member: self.user,
            rotate: self.rotate.then_some(self.overlap),
        };
        let token = create_backend(&outfit.db, &outfit.sealer, &input, &self.by.by()).await?;
        if !self.quiet {
            println!("Backend {} is ready. Its token:", input.slug);
        }
        println!("{}", shown(&token));
        Ok(())
    }
}

/// In seconds: by then nobody knows any more who has the token.
const LONGEST_OVERLAP: i64 = 366 * 24 * 60 * 60;

/// A span of time: a whole number and its unit, of seconds without one.
fn span(text: &str) -> Result<time::Duration, String> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit: i64 = match &text[digits.len()..] {
        "" | "s" => 1,
        "m" => 60,
        "h" => 60 * 60,
        "d" => 24 * 60 * 60,
        _ => return Err("the unit is s, m, h or d".to_owned()),
    };
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err("a whole number and its unit, like 15m".to_owned());
    }
    let seconds = digits
        .parse::<i64>()
        .ok()
        .and_then(|number| number.checked_mul(unit))
        .filter(|seconds| *seconds <= LONGEST_OVERLAP)
        .ok_or_else(|| "at most a year, 366d".to_owned())?;
    Ok(time::Duration::seconds(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_is_a_number_and_a_unit() {
        for (text, seconds) in [
            ("0", 0),
            ("90", 90),
            ("30s", 30),
            ("15m", 900),
            ("2h", 7200),
            ("366d", 31_622_400),
        ] {
            assert_eq!(span(text), Ok(time::Duration::seconds(seconds)), "{text}");
        }
        for text in [
            "",
            "m",
            "1.5h",
            "-1",
            "+1",
            "1 h",
            "h1",
            "1w",
            "1M",
            "1hm",
            "٣m",
            "é",
            "9223372036854775807d",
            "9223372036854775808",
            "367d",
        ] {
            assert!(span(text).is_err(), "{text}");
        }
    }
}
