//! Names that look like ours and are not: most likely a misspelt setting that would be ignored in
//! silence.

use super::variables::{TOOLING, VARIABLES};

/// Beginnings that only our own names have on a server.
const PREFIXES: &[&str] = &[
    "JOBSERVER_",
    "SOCIAL_AUTH_",
    "RAP_API_",
    "RELEASE_",
    "MEDIA_",
    "SLACK_",
    "MAILGUN_",
    "DATABASE_",
    "DEFAULT_OUTPUT_",
    "OPENCODELISTS_",
    "TRUSTED_PROX",
];
const SUFFIXES: &[&str] = &["_SLACK_CHANNEL", "_GITHUB_TOKEN"];
/// Shorter names are too easily near one of ours by chance.
const SHORTEST: usize = 8;
/// How many letters may be wrong for a name without our prefixes to count as misspelt.
const NEAR: usize = 2;

/// A warning for each given name that the program does not read but seems to be meant for it.
pub(super) fn warnings<'a>(given: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    given.into_iter().filter_map(warning).collect()
}

fn warning(name: &str) -> Option<String> {
    let known = VARIABLES.iter().map(|variable| variable.name);
    if known.clone().chain(TOOLING.iter().copied()).any(|ours| ours == name) {
        return None;
    }
    let (distance, nearest) = known.map(|ours| (distance(name, ours), ours)).min()?;
    let ours_by_form =
        PREFIXES.iter().any(|prefix| name.starts_with(prefix)) || SUFFIXES.iter().any(|suffix| name.ends_with(suffix));
    let misspelt = name.len() >= SHORTEST && distance <= NEAR;
    if !ours_by_form && !misspelt {
        return None;
    }
    // A far-off "nearest" name would only confuse.
    let hint = match distance <= name.len() / 2 {
        true => format!(" Did you mean {nearest}?"),
        false => String::new(),
    };
    Some(format!("{name} is set, but Job Server has no such setting.{hint}"))
}

/// Number of letters to insert, drop or replace to turn one name into the other (Levenshtein).
fn distance(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (i, a) in from.chars().enumerate() {
        let mut diagonal = i;
        row[0] = i + 1;
        for (j, b) in to.iter().enumerate() {
            let replaced = diagonal + usize::from(a != *b);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[to.len()]
}
