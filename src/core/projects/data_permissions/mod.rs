//! What data and tools a project may use, as information governance allows it: who said so, when, and why. Nothing is
//! ever deleted; a permission that ends keeps its row.

pub mod actions;
pub mod import;
mod store;

pub use store::lists;

use crate::core::error::FieldErrors;

/// The longest reason, in characters.
pub const MAX_REASON: usize = 2000;
/// The longest kind, in characters.
pub const MAX_KIND: usize = 100;

/// The kinds that are no datasets, with what they are called and what they allow.
pub const KINDS: [(&str, &str, &str); 5] = [
    (
        "t1oo",
        "Type 1 opt-outs",
        "Sees the records of patients with a type 1 opt-out.",
    ),
    (
        "ndoo",
        "National data opt-outs",
        "Sees the records of patients with a national data opt-out.",
    ),
    (
        "gp_activations",
        "GP activations",
        "Sees practices that have not activated the service.",
    ),
    (
        "cohortextractor",
        "cohort-extractor",
        "Runs actions with cohort-extractor.",
    ),
    ("sqlrunner", "SQL Runner", "Runs actions with SQL Runner."),
];

/// The datasets that are known; others can be granted by their names.
pub const DATASETS: [&str; 9] = [
    "appointments",
    "covid_therapeutics",
    "icnarc",
    "isaric",
    "occupation_on_covid_vaccine_record",
    "open_prompt",
    "sgss_covid_all_tests",
    "ukrr",
    "waiting_list",
];

/// The permissions that projects begin with where none were recorded before: a file for the import.
pub const STARTING_VALUES: &str = include_str!("starting.csv");

/// What a kind is called.
pub fn label(kind: &str) -> &str {
    let known = KINDS.iter().find(|(known, _, _)| *known == kind);
    known.map_or(kind, |(_, label, _)| label)
}

/// Whether a kind is a dataset's name.
pub fn is_dataset(kind: &str) -> bool {
    !KINDS.iter().any(|(known, _, _)| *known == kind)
}

/// Whether something can be a kind.
pub fn is_kind(text: &str) -> bool {
    (1..=MAX_KIND).contains(&text.len())
        && text
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
}

fn check_kind(kind: &str, errors: &mut FieldErrors) {
    if !is_kind(kind) {
        errors.add(
            "kind",
            "Choose what is allowed, or enter a dataset's name: small letters, digits and _ only.",
        );
    }
}

fn check_reason(reason: &str, errors: &mut FieldErrors) {
    let length = reason.chars().count();
    if length == 0 {
        errors.add("reason", "Say why, so that others can see it later.");
    } else if length > MAX_REASON {
        errors.add(
            "reason",
            format!("Shorten this to {MAX_REASON} characters; it has {length}."),
        );
    }
}
