//! `jobserver outbox`: what waits, what is dead, and what to do about it.

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::outfit::Outfit;
use super::{ByOption, CommandError};
use crate::core::audit::By;
use crate::core::db::Db;
use crate::core::error::Error;
use crate::core::outbox::{self, Dropped, Filter, Message, Service, State};

#[derive(Debug, clap::Args)]
pub struct Outbox {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// List messages, newest first: those that wait and those that are dead, unless told otherwise.
    List(List),
    /// Show everything that is known of one message, with its facts.
    Show {
        /// The message's number, as `list` shows it.
        id: i64,
    },
    /// Try dead or dropped messages again, and waiting ones at once.
    Retry(Retry),
    /// Decide that messages are never sent.
    Drop(DropThem),
    /// Show how many wait, how old the oldest is, and what was delivered in the last day.
    Figures,
}

#[derive(Debug, clap::Args)]
struct List {
    /// waiting, dead, delivered, dropped or all.
    #[arg(long, value_parser = state)]
    state: Option<Wanted>,
    /// mail, slack or github.
    #[arg(long, value_parser = service)]
    service: Option<Service>,
    /// The most to list.
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(i64).range(1..=10_000))]
    limit: i64,
}

#[derive(Debug, Clone, Copy)]
enum Wanted {
    All,
    Only(State),
}

#[derive(Debug, clap::Args)]
struct Retry {
    /// The messages' numbers.
    #[arg(required_unless_present = "dead")]
    ids: Vec<i64>,
    /// All that are dead.
    #[arg(long, conflicts_with = "ids")]
    dead: bool,
    #[command(flatten)]
    by: ByOption,
}

#[derive(Debug, clap::Args)]
struct DropThem {
    /// The messages' numbers.
    #[arg(required = true)]
    ids: Vec<i64>,
    #[command(flatten)]
    by: ByOption,
}

fn state(name: &str) -> Result<Wanted, String> {
    match name {
        "all" => Ok(Wanted::All),
        name => State::named(name)
            .map(Wanted::Only)
            .ok_or_else(|| "give waiting, dead, delivered, dropped or all".to_owned()),
    }
}

fn service(name: &str) -> Result<Service, String> {
    Service::named(name).ok_or_else(|| "give mail, slack or github".to_owned())
}

impl Outbox {
    pub async fn run(self) -> Result<(), CommandError> {
        let db = Outfit::new().await?.db;
        match self.what {
            What::List(list) => list.run(&db).await,
            What::Show { id } => show(&db, id).await,
            What::Retry(retry) => retry.run(&db).await,
            What::Drop(drop) => drop.run(&db).await,
            What::Figures => figures(&db).await,
        }
    }
}

impl List {
    async fn run(self, db: &Db) -> Result<(), CommandError> {
        let states = match self.state {
            Some(Wanted::All) => vec![None],
            Some(Wanted::Only(state)) => vec![Some(state)],
            None => vec![Some(State::Waiting), Some(State::Dead)],
        };
        let mut messages = Vec::new();
        let mut conn = db.read().await?;
        for state in states {
            let filter = Filter {
                state,
                service: self.service,
            };
            messages.extend(outbox::list(&mut conn, filter, self.limit).await?);
        }
        messages.sort_by_key(|message| std::cmp::Reverse(message.id));
        messages.truncate(usize::try_from(self.limit).unwrap_or(usize::MAX));
        if messages.is_empty() {
            println!("There are no such messages.");
        }
        for message in &messages {
            println!("{}", line(message));
        }
        Ok(())
    }
}

/// One line: number, state, what and to whom, since when, how often it was tried, and what went wrong.
fn line(message: &Message) -> String {
    let error = message.last_error.as_deref().unwrap_or_default();
    let error = error.lines().next().unwrap_or_default();
    format!(
        "{:>8}  {:<9}  {:<6}  {:<22}  {:<20}  {}  attempts={}  to={}{}{}",
        message.id,
        message.state,
        message.service,
        message.kind,
        message.cause,
        stamp(message.created_at),
        message.attempts,
        message.recipient,
        if error.is_empty() { "" } else { "  error=" },
        error,
    )
}

fn stamp(time: OffsetDateTime) -> String {
    let second = time.replace_nanosecond(0).unwrap_or(time);
    second.format(&Rfc3339).unwrap_or_default()
}

async fn show(db: &Db, id: i64) -> Result<(), CommandError> {
    let message = outbox::message(&mut *db.read().await?, id)
        .await?
        .ok_or(Error::NotFound("Message"))?;
    let or_none = |value: &Option<String>| value.clone().unwrap_or_else(|| "-".to_owned());
    let payload = serde_json::to_string_pretty(&message.payload).unwrap_or_default();
    println!("message      {}", message.id);
    println!("key          {}", message.key);
    println!("state        {}", message.state);
    println!("service      {}", message.service);
    println!("kind         {} (version {})", message.kind, message.version);
    println!("recipient    {}", message.recipient);
    println!("cause        {}", message.cause);
    println!("thread       {}", or_none(&message.thread));
    println!(
        "waits for    {}",
        message
            .waits_for
            .map_or_else(|| "-".to_owned(), |id| format!("message {id}"))
    );
    println!("dedupe key   {}", or_none(&message.dedupe_key));
    println!("attempts     {}", message.attempts);
    println!("created      {}", stamp(message.created_at));
    println!(
        "first tried  {}",
        message.first_attempt_at.map_or_else(|| "-".to_owned(), stamp)
    );
    if let Some(until) = message.claimed_until {
        println!("a worker is at it, until {} at most", stamp(until));
    }
    match message.decided_at {
        Some(decided) => println!("decided      {}", stamp(decided)),
        None => println!("next attempt {}", stamp(message.next_attempt_at)),
    }
    println!("last error   {}", or_none(&message.last_error));
    println!("provider id  {}", or_none(&message.provider_id));
    println!("seen at      {}", or_none(&message.provider_url));
    println!("{payload}");
    Ok(())
}

impl Retry {
    async fn run(self, db: &Db) -> Result<(), CommandError> {
        let by = self.by.by();
        if self.dead {
            let count = outbox::retry_dead(db, &by).await?;
            println!("Dead messages to be tried again: {count}");
            return Ok(());
        }
        each(
            &self.ids,
            async |id, by: &By| {
                outbox::retry_message(db, id, by).await?;
                Ok(format!("Message {id} is tried again."))
            },
            &by,
        )
        .await
    }
}

impl DropThem {
    async fn run(self, db: &Db) -> Result<(), CommandError> {
        let by = self.by.by();
        each(
            &self.ids,
            async |id, by: &By| {
                Ok(match outbox::drop_message(db, id, by).await? {
                    Dropped::Now => format!("Message {id} is dropped."),
                    Dropped::Before => format!("Message {id} was dropped before."),
                })
            },
            &by,
        )
        .await
    }
}

/// Does something to each, says what came of it, and fails at the end when one of them failed.
async fn each(ids: &[i64], act: impl AsyncFn(i64, &By) -> Result<String, Error>, by: &By) -> Result<(), CommandError> {
    let mut failed = 0;
    for id in ids {
        match act(*id, by).await {
            Ok(said) => println!("{said}"),
            Err(error @ (Error::NotFound(_) | Error::Conflict(_))) => {
                failed += 1;
                eprintln!("{id}: {}", CommandError::from(error));
            }
            Err(error) => return Err(error.into()),
        }
    }
    if failed == 0 {
        Ok(())
    } else {
        Err(CommandError::Said(format!("Not done for {failed} of {}.", ids.len())))
    }
}

async fn figures(db: &Db) -> Result<(), CommandError> {
    let mut conn = db.read().await?;
    let figures = outbox::figures(&mut conn).await?;
    let delivered = outbox::deliveries_of_the_last_day(&mut conn).await?;
    println!(
        "{:<8}  {:>8}  {:>14}  {:>6}",
        "service", "waiting", "oldest waits", "dead"
    );
    for service in figures {
        let age = service
            .oldest
            .map_or_else(|| "-".to_owned(), |since| age(OffsetDateTime::now_utc() - since));
        println!(
            "{:<8}  {:>8}  {:>14}  {:>6}",
            service.service.name(),
            service.waiting,
            age,
            service.dead
        );
    }
    println!();
    println!(
        "{:<28}  {:>10}  {:>10}",
        "in the last 24 hours", "delivered", "attempts"
    );
    for kind in delivered {
        let name = format!("{} {}", kind.service, kind.kind);
        println!("{name:<28}  {:>10}  {:>10}", kind.delivered, kind.attempts);
    }
    Ok(())
}

/// `3 min`, `2 h 5 min`.
fn age(age: time::Duration) -> String {
    let minutes = age.whole_minutes().max(0);
    match (minutes / 60, minutes % 60) {
        (0, 0) => "less than 1 min".to_owned(),
        (0, minutes) => format!("{minutes} min"),
        (hours, minutes) => format!("{hours} h {minutes} min"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_age_is_told_in_hours_and_minutes() {
        for (minutes, told) in [
            (0, "less than 1 min"),
            (3, "3 min"),
            (125, "2 h 5 min"),
            (-5, "less than 1 min"),
        ] {
            assert_eq!(age(time::Duration::minutes(minutes)), told);
        }
    }
}
