//! `jobserver site_alert`: what everybody signed in is told on every page.

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::outfit::Outfit;
use super::{ByOption, CommandError};
use crate::core::announcements::actions::{self, NewAlert};
use crate::core::announcements::{Level, SiteAlert};

#[derive(Debug, clap::Args)]
pub struct SiteAlertCommand {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// Tell everybody signed in something, on every page.
    Add(Add),
    /// List the alerts, newest first, also those that are over.
    List,
    /// Delete an alert.
    Remove {
        /// The alert's number, as `list` shows it.
        id: i32,
        #[command(flatten)]
        by: ByOption,
    },
}

#[derive(Debug, clap::Args)]
struct Add {
    /// What to say. Harmless HTML is shown as such: a, b, strong, em, i, code, br, p, ul, ol, li.
    message: String,
    #[arg(long, default_value = "")]
    title: String,
    /// danger, info, success or warning.
    #[arg(long, default_value = "warning", value_parser = level)]
    level: Level,
    /// Show it from then on, such as 2026-11-25T18:00:00Z [default: at once].
    #[arg(long = "from", value_name = "TIME", value_parser = instant)]
    starts_at: Option<OffsetDateTime>,
    /// Show it until then [default: until it is removed].
    #[arg(long = "until", value_name = "TIME", value_parser = instant)]
    ends_at: Option<OffsetDateTime>,
    #[command(flatten)]
    by: ByOption,
}

fn level(name: &str) -> Result<Level, String> {
    name.parse()
        .map_err(|()| "give danger, info, success or warning".to_owned())
}

fn instant(text: &str) -> Result<OffsetDateTime, String> {
    OffsetDateTime::parse(text, &Rfc3339).map_err(|_| "give a time such as 2026-11-25T18:00:00Z".to_owned())
}

impl SiteAlertCommand {
    pub async fn run(self) -> Result<(), CommandError> {
        let db = Outfit::new().await?.db;
        match self.what {
            What::Add(add) => {
                let alert = NewAlert {
                    title: add.title,
                    message: add.message,
                    level: add.level,
                    starts_at: add.starts_at,
                    ends_at: add.ends_at,
                };
                let id = actions::add(&db, &add.by.by(), &alert).await?;
                println!("Alert {id} is made. People see it within half a minute of when it begins.");
            }
            What::List => {
                let alerts = actions::list(&db).await?;
                if alerts.is_empty() {
                    println!("There are no alerts.");
                }
                let now = OffsetDateTime::now_utc();
                for alert in &alerts {
                    println!("{}", line(alert, now));
                }
            }
            What::Remove { id, by } => {
                actions::remove(&db, &by.by(), id).await?;
                println!("Alert {id} is removed.");
            }
        }
        Ok(())
    }
}

/// Number, whether it is shown, level, from when to when, and what it says, on one line.
fn line(alert: &SiteAlert, now: OffsetDateTime) -> String {
    let standing = if alert.is_shown(now) {
        "shown"
    } else if alert.starts_at.is_some_and(|starts_at| starts_at > now) {
        "to come"
    } else {
        "over"
    };
    let stamp = |at: Option<OffsetDateTime>| {
        at.and_then(|at| at.format(&Rfc3339).ok())
            .unwrap_or_else(|| "-".to_owned())
    };
    let words = format!("{} {}", alert.title, alert.message);
    format!(
        "{:>5}  {standing:<7}  {:<7}  from={}  until={}  {}",
        alert.id,
        alert.level.name(),
        stamp(alert.starts_at),
        stamp(alert.ends_at),
        words.split_whitespace().collect::<Vec<_>>().join(" ")
    )
}
