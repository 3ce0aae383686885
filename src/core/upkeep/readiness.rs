//! Whether the site can do its work, for the platform and for monitors.

use std::time::Duration;

use time::OffsetDateTime;

use crate::core::db::Db;
use crate::core::error::Result;
use crate::core::{outbox, schedules};

/// A worker that was not seen for so long is gone: it says that it is there four times as often.
const WORKER_GONE: f64 = 60.0;
/// A message that waits longer than this is worth a look.
const WAITS_LONG: Duration = Duration::from_secs(15 * 60);

/// What is true while the database answers.
#[derive(Debug, Clone, PartialEq)]
pub struct Readiness {
    /// Since a worker was last seen; `None` when there is none.
    pub worker_seen_seconds: Option<f64>,
    /// Messages that nobody tries to deliver any more.
    pub dead_letters: i64,
    /// Since when the oldest message waits.
    pub oldest_waiting: Option<OffsetDateTime>,
}

impl Readiness {
    /// What an operator should look at, a line each. Names nothing and nobody.
    pub fn warnings(&self, now: OffsetDateTime) -> Vec<String> {
        let mut warnings = Vec::new();
        match self.worker_seen_seconds {
            None => warnings.push("no worker runs".to_owned()),
            Some(seconds) if seconds > WORKER_GONE => {
                warnings.push(format!("no worker was seen for {seconds:.0} seconds"));
            }
            Some(_) => {}
        }
        if self.dead_letters > 0 {
            warnings.push(format!(
                "messages that could not be delivered: {} (jobserver outbox list)",
                self.dead_letters
            ));
        }
        if let Some(since) = self.oldest_waiting.filter(|since| now - *since > WAITS_LONG) {
            warnings.push(format!(
                "the oldest message waits for {} minutes",
                (now - since).whole_minutes()
            ));
        }
        warnings
    }
}

/// Looks at how things stand. Two statements.
///
/// # Errors
/// When the database does not answer: then the site is not ready.
pub async fn readiness(db: &Db) -> Result<Readiness> {
    let mut conn = db.read().await?;
    let worker_seen_seconds = schedules::seconds_since_a_worker(&mut conn).await?;
    let figures = outbox::figures(&mut conn).await?;
    Ok(Readiness {
        worker_seen_seconds,
        dead_letters: figures.iter().map(|service| service.dead).sum(),
        oldest_waiting: figures.iter().filter_map(|service| service.oldest).min(),
    })
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn what_is_well_is_not_mentioned_and_what_is_not_is() {
        let now = datetime!(2026-11-24 12:00 UTC);
        let well = Readiness {
            worker_seen_seconds: Some(60.0),
            dead_letters: 0,
            oldest_waiting: Some(datetime!(2026-11-24 11:45 UTC)),
        };
        assert!(well.warnings(now).is_empty());
        // The database's clock was ahead when the worker was seen.
        let ahead = Readiness {
            worker_seen_seconds: Some(-3600.0),
            ..well.clone()
        };
        assert!(ahead.warnings(now).is_empty());
        let ill = Readiness {
            worker_seen_seconds: Some(61.0),
            dead_letters: 2,
            oldest_waiting: Some(datetime!(2026-11-24 11:44:59 UTC)),
        };
        let warnings = ill.warnings(now);
        assert_eq!(
            warnings,
            [
                "no worker was seen for 61 seconds",
                "messages that could not be delivered: 2 (jobserver outbox list)",
                "the oldest message waits for 15 minutes"
            ]
        );
        let alone = Readiness {
            worker_seen_seconds: None,
            ..well
        };
        assert_eq!(alone.warnings(now), ["no worker runs"]);
    }
}
