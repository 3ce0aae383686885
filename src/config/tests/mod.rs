//! One test per rule of the settings.

mod kinds;
mod rules;
mod sources;
mod table;

use super::*;

const KEY: &str = "0123456789-a-key-that-is-long-enough-and-nobody-knows";

/// The least that production starts with.
const PRODUCTION: &[(&str, &str)] = &[
    ("ROCKET_PROFILE", "release"),
    ("SECRET_KEY", KEY),
    ("BASE_URL", "https://jobs.example.org"),
    ("DATABASE_URL", "postgres://clerk:hunter2@db/jobserver"),
    ("SOCIAL_AUTH_GITHUB_KEY", "id"),
    ("SOCIAL_AUTH_GITHUB_SECRET", "oauth-secret"),
    ("EMAIL_BACKEND", "console"),
    ("RELEASE_STORAGE", "/storage/releases"),
    ("MEDIA_STORAGE", "/storage/uploads"),
    ("JOBSERVER_GITHUB_TOKEN", ""),
    ("SLACK_BOT_TOKEN", ""),
    ("RAP_API_BASE_URL", ""),
    ("SENTRY_DSN", ""),
    ("OTEL_EXPORTER_OTLP_ENDPOINT", ""),
];

/// Where released files are kept when it is no folder; the secret comes last.
const BUCKET: [(&str, &str); 5] = [
    ("RELEASE_S3_ENDPOINT", "https://s3.example.org"),
    ("RELEASE_S3_BUCKET", "released"),
    ("RELEASE_S3_REGION", "eu-west-2"),
    ("RELEASE_S3_ACCESS_KEY_ID", "id"),
    ("RELEASE_S3_SECRET_ACCESS_KEY", "s3cret"),
];

fn development(pairs: &[(&str, &str)]) -> Result<Loaded, SettingsError> {
    load_from(&Inputs::of_pairs(pairs.iter().copied()))
}

/// Production with some variables changed; `None` takes one away.
fn production(changes: &[(&str, Option<&str>)]) -> Result<Loaded, SettingsError> {
    let kept = PRODUCTION
        .iter()
        .filter(|(name, _)| changes.iter().all(|(n, _)| n != name));
    let added = changes.iter().filter_map(|(name, value)| Some((*name, (*value)?)));
    load_from(&Inputs::of_pairs(kept.copied().chain(added)))
}

fn names(error: &SettingsError) -> Vec<&str> {
    error.problems.iter().map(|problem| problem.name.as_str()).collect()
}

fn reading<'a>(loaded: &'a Loaded, name: &str) -> &'a Reading {
    loaded
        .readings
        .iter()
        .find(|reading| reading.variable.name == name)
        .unwrap()
}
