//! `jobserver check`: shows every setting and tries the database, before anything depends on it.

use std::fmt::Write as _;
use std::io;
use std::time::Duration;

use futures::StreamExt as _;
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _, PgConnection};

use super::outfit::bucket;
use crate::config::{BucketSettings, Concern, Loaded, Profile, Reading, Settings, SettingsError};
use crate::core::db::{DatabaseState, Migrations, inspect};
use crate::core::jobs::sealed_tokens::{SealedTokens, standing};
use crate::core::sealed::Sealer;

/// An operator waits for the answer, so a silent server is given up soon.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const OLDEST_SERVER: i32 = 14;

/// Prints every setting (secrets masked) with its source, warnings and problems, and what the
/// database says. Returns the exit code: 0, or 1 when something must be mended before a start.
pub async fn run(loaded: Result<Loaded, SettingsError>, out: &mut (dyn io::Write + Send)) -> u8 {
    let mut text = String::new();
    let faults = report(loaded, &mut text).await;
    match (out.write_all(text.as_bytes()).and_then(|()| out.flush()), faults) {
        (Ok(()), Ok(0)) => 0,
        _ => 1,
    }
}

/// Writes the whole report and returns the number of faults.
async fn report(loaded: Result<Loaded, SettingsError>, out: &mut String) -> Result<usize, std::fmt::Error> {
    let mut faults = 0;
    match loaded {
        Ok(Loaded {
            settings,
            readings,
            warnings,
        }) => {
            print_settings(out, settings.profile, &readings, &warnings)?;
            faults += print_database(out, &settings).await?;
            faults += print_bucket(out, &settings).await?;
        }
        Err(error) => {
            print_settings(out, error.profile, &error.readings, &error.warnings)?;
            writeln!(out, "\nFaults")?;
            for problem in &error.problems {
                writeln!(out, "  - {problem}")?;
            }
            faults += error.problems.len();
            writeln!(out, "\nThe database was not tried: mend the settings first.")?;
        }
    }
    match faults {
        0 => writeln!(out, "\nNo faults found.")?,
        1 => writeln!(out, "\n1 fault found.")?,
        n => writeln!(out, "\n{n} faults found.")?,
    }
    Ok(faults)
}

fn print_settings(out: &mut String, profile: Profile, readings: &[Reading], warnings: &[String]) -> std::fmt::Result {
    writeln!(
        out,
        "Settings for {profile}. Where each comes from: environment, .env or default."
    )?;
    let value = |reading: &Reading| match &reading.shown {
        Some(shown) => shown.clone(),
        None => "(not set)".to_owned(),
    };
    let names = readings.iter().map(|r| r.variable.name.len()).max().unwrap_or(0);
    // A few long addresses must not push the last column off every line.
    let values = readings
        .iter()
        .map(|r| value(r).chars().count())
        .max()
        .unwrap_or(0)
        .min(44);
    let mut concern: Option<Concern> = None;
    for reading in readings {
        if concern != Some(reading.variable.concern) {
            concern = Some(reading.variable.concern);
            writeln!(out, "\n{}", reading.variable.concern.title())?;
        }
        let source = match &reading.shown {
            Some(_) => reading.source.to_string(),
            None => String::new(),
        };
        let line = format!(
            "  {:names$}  {:values$}  {source}",
            reading.variable.name,
            value(reading)
        );
        writeln!(out, "{}", line.trim_end())?;
    }
    if !warnings.is_empty() {
        writeln!(out, "\nWarnings")?;
        for warning in warnings {
            writeln!(out, "  - {warning}")?;
        }
    }
    Ok(())
}

/// Returns the number of faults.
async fn print_database(out: &mut String, settings: &Settings) -> Result<usize, std::fmt::Error> {
    writeln!(out, "\nThe database answers")?;
    let url = &settings.database.url;
    let (state, sealed) = match inspect_url(settings).await {
        Ok(found) => found,
        Err(reason) => {
            writeln!(out, "  - no: {url}: {reason}")?;
            return Ok(1);
        }
    };
    let (line, faults) = describe(&state);
    writeln!(out, "{line}")?;
    for warning in sealed.warnings() {
        writeln!(out, "  warning     {warning}")?;
    }
    Ok(faults)
}

/// Returns the number of faults. A folder is made or refused by whatever starts; a bucket may be far away.
async fn print_bucket(out: &mut String, settings: &Settings) -> Result<usize, std::fmt::Error> {
    let Some(wanted) = &settings.releases.bucket else {
        return Ok(0);
    };
    writeln!(out, "\nThe bucket of released files answers")?;
    match look_into(wanted).await {
        Ok(()) => {
            writeln!(out, "  {} at {}", wanted.name, wanted.endpoint)?;
            Ok(0)
        }
        Err(reason) => {
            writeln!(out, "  - no: {reason}")?;
            Ok(1)
        }
    }
}

/// Asks for the first name in it. The error is a sentence that says what to do.
async fn look_into(wanted: &BucketSettings) -> Result<(), String> {
    let store = bucket(wanted).map_err(|error| error.to_string())?;
    let mut names = store.list();
    match tokio::time::timeout(CONNECT_TIMEOUT, names.next()).await {
        Ok(None | Some(Ok(_))) => Ok(()),
        Ok(Some(Err(error))) => Err(format!("{error}. Correct the settings that begin with RELEASE_S3_.")),
        Err(_) => Err(format!(
            "no answer within {} seconds. Check RELEASE_S3_ENDPOINT, and that no firewall is between.",
            CONNECT_TIMEOUT.as_secs()
        )),
    }
}

/// Lines for people, and the number of faults.
fn describe(state: &DatabaseState) -> (String, usize) {
    let mut faults = 0;
    let version = if state.major < OLDEST_SERVER {
        faults += 1;
        format!(
            "PostgreSQL {}: too old. Job Server needs {OLDEST_SERVER} or newer: upgrade the \
             server, or point DATABASE_URL at another one.",
            state.version
        )
    } else {
        format!("PostgreSQL {}", state.version)
    };
    let migrations = match &state.migrations {
        None => "none applied yet. Run `jobserver migrate`.".to_owned(),
        Some(Migrations { broken, .. }) if !broken.is_empty() => {
            faults += 1;
            let broken: Vec<String> = broken.iter().map(i64::to_string).collect();
            format!(
                "{} stopped half way. Restore the database, or finish it by hand, then run \
                 `jobserver migrate`.",
                broken.join(", ")
            )
        }
        Some(Migrations { newest: None, .. }) => "none applied yet. Run `jobserver migrate`.".to_owned(),
        Some(Migrations {
            applied,
            newest: Some(newest),
            ..
        }) => {
            format!("{applied} applied, the newest is {newest}")
        }
    };
    (format!("  server      {version}\n  migrations  {migrations}"), faults)
}

/// Connects, looks and leaves. The error is a sentence that says what to do.
async fn inspect_url(settings: &Settings) -> Result<(DatabaseState, SealedTokens), String> {
    let secrets = &settings.secrets;
    let sealer =
        Sealer::new(&secrets.secret_key, secrets.old_secret_key.as_ref()).map_err(|error| error.to_string())?;
    let look = async {
        let options = PgConnectOptions::from_url(settings.database.url.expose())?.disable_statement_logging();
        let mut connection = PgConnection::connect_with(&options).await?;
        let state = inspect(&mut connection).await?;
        // A schema that is still to be migrated may have no such table.
        let sealed = standing(&mut connection, &sealer).await.unwrap_or_default();
        connection.close().await?;
        Ok((state, sealed))
    };
    match tokio::time::timeout(CONNECT_TIMEOUT, look).await {
        Ok(Ok(state)) => Ok(state),
        Ok(Err(error)) => Err(what_to_do(&error)),
        Err(_) => Err(format!(
            "no answer within {} seconds. Check the host and port in DATABASE_URL, and that no \
             firewall is between.",
            CONNECT_TIMEOUT.as_secs()
        )),
    }
}

fn what_to_do(error: &sqlx::Error) -> String {
    let code = error.as_database_error().and_then(|error| error.code());
    match (error, code.as_deref()) {
        (sqlx::Error::Io(error), _) => format!(
            "cannot connect ({error}). Start PostgreSQL, or correct the host and port in \
             DATABASE_URL."
        ),
        (_, Some("28P01" | "28000")) => {
            "the user name or password is refused. Correct them in DATABASE_URL.".to_owned()
        }
        (_, Some("3D000")) => "there is no such database. Create it (createdb), or correct the \
                               name at the end of DATABASE_URL."
            .to_owned(),
        (_, Some("42501")) => "the user may not read there. Grant it the database and its schema, \
                               or name another user in DATABASE_URL."
            .to_owned(),
        _ => format!("{error}. Correct DATABASE_URL, or mend the server."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Inputs, load_from};

    fn text(out: Vec<u8>) -> String {
        String::from_utf8(out).unwrap()
    }

    /// Nothing listens on port 1 of this machine.
    const NOWHERE: &str = "postgres://clerk:hunter2@127.0.0.1:1/jobserver";

    #[tokio::test]
    async fn a_silent_database_is_a_fault_with_advice() {
        let pairs = [("DATABASE_URL", NOWHERE), ("SITE_NAME", "Our jobs")];
        let mut out = Vec::new();
        let code = run(load_from(&Inputs::of_pairs(pairs)), &mut out).await;
        let out = text(out);
        assert_eq!(code, 1);
        assert!(out.contains("Start PostgreSQL"), "{out}");
        assert!(out.contains("postgres://clerk:********@127.0.0.1:1/jobserver"), "{out}");
        assert!(!out.contains("hunter2"), "{out}");
        assert!(out.ends_with("1 fault found.\n"), "{out}");
        let site = out.lines().find(|line| line.contains("SITE_NAME")).unwrap();
        assert!(site.contains("Our jobs") && site.ends_with("environment"), "{site}");
        let port = out.lines().find(|line| line.trim_start().starts_with("PORT")).unwrap();
        assert!(port.ends_with("default"), "{port}");
        // Columns are aligned.
        assert_eq!(site.find("environment"), port.find("default"));
    }

    #[tokio::test]
    async fn faulty_settings_are_all_shown_and_the_database_is_left_alone() {
        let pairs = [("DATABASE_URL", "mysql://x:hunter2@y/z"), ("PORT", "many")];
        let mut out = Vec::new();
        let code = run(load_from(&Inputs::of_pairs(pairs)), &mut out).await;
        let out = text(out);
        assert_eq!(code, 1);
        assert!(out.contains("DATABASE_URL is not right"), "{out}");
        assert!(out.contains("PORT is not right"), "{out}");
        assert!(out.contains("was not tried"), "{out}");
        assert!(out.ends_with("2 faults found.\n"), "{out}");
        assert!(!out.contains("hunter2"), "{out}");
    }

    #[test]
    fn an_old_server_and_a_broken_migration_are_faults() {
        let broken = Migrations {
            applied: 2,
            newest: Some(2),
            broken: vec![3, 4],
        };
        let state = DatabaseState {
            version: "13.4".into(),
            major: 13,
            migrations: Some(broken),
        };
        let (text, faults) = describe(&state);
        assert_eq!(faults, 2);
        assert!(text.contains("needs 14 or newer"), "{text}");
        assert!(text.contains("3, 4 stopped half way"), "{text}");
    }

    #[test]
    fn a_new_database_is_no_fault() {
        let state = DatabaseState {
            version: "14.0".into(),
            major: 14,
            migrations: None,
        };
        let (text, faults) = describe(&state);
        assert_eq!(faults, 0);
        assert!(text.contains("jobserver migrate"), "{text}");
    }
}
