//! `jobserver sendtestemail`

use std::time::{Duration, Instant};

use super::outfit::{Outfit, post_office};
use super::{ByOption, CommandError};
use crate::config::{MailBackend, Settings};
use crate::core::audit::{self, Event, Subject};
use crate::core::db::Db;
use crate::core::error::Error;
use crate::core::outbox::fault::FaultPoint;
use crate::core::outbox::{self, ATTEMPT_LIMIT, Content, Draft, Message, TestMail};

#[derive(Debug, clap::Args)]
pub struct SendTestEmail {
    /// Whom to write to.
    #[arg(value_name = "ADDRESS")]
    to: String,
    #[command(flatten)]
    by: ByOption,
}

impl SendTestEmail {
    /// A message as every other, delivered here unless a worker is faster, so that what the mail server
    /// says is seen.
    pub async fn run(self) -> Result<(), CommandError> {
        // Checked before anything is stored: what cannot be sent would stay as a dead letter.
        if self.to.parse::<lettre::Address>().is_err() {
            return Err(CommandError::Said(format!("{:?} is no e-mail address.", self.to)));
        }
        let outfit = Outfit::new().await?;
        let (db, settings) = (&outfit.db, &outfit.settings);
        let by = self.by.by();
        let content = Content::TestMail(TestMail { by: by.name.clone() });
        let mut tx = db.begin().await?;
        let id = outbox::send(&mut tx, Draft::new(content, &self.to, "sendtestemail"))
            .await?
            .ok_or_else(|| CommandError::Said("The mail could not be stored.".to_owned()))?;
        audit::record(&mut tx, &Event::new("test_mail_sent", &by, Subject::message(id))).await?;
        tx.commit().await.map_err(Error::from)?;
        let office = post_office(settings, db, FaultPoint::default())?;
        outbox::attempt(db, id, &office, &FaultPoint::default()).await?;
        let message = first_outcome(db, id).await?;
        match message.state.as_str() {
            "delivered" => {
                println!("{}", taken(settings, &message));
                Ok(())
            }
            "waiting" => Err(CommandError::Said(format!(
                "Not sent: {}\nThe worker goes on trying; `jobserver outbox drop {id}` ends that.",
                message
                    .last_error
                    .unwrap_or_else(|| "there is no answer yet.".to_owned())
            ))),
            _ => Err(CommandError::Said(format!(
                "Not sent: {}",
                message.last_error.unwrap_or_default()
            ))),
        }
    }
}

/// The message once it was tried, by us or by a worker that was faster.
async fn first_outcome(db: &Db, id: i64) -> Result<Message, Error> {
    let since = Instant::now();
    loop {
        let message = outbox::message(&mut *db.read().await?, id)
            .await?
            .ok_or(Error::NotFound("Message"))?;
        if message.state != "waiting" || message.last_error.is_some() || since.elapsed() > ATTEMPT_LIMIT {
            return Ok(message);
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

fn taken(settings: &Settings, message: &Message) -> String {
    let id = message.provider_id.as_deref().unwrap_or(&message.key);
    let to = &message.recipient;
    match &settings.mail.backend {
        MailBackend::Console => "Printed instead of sent, as EMAIL_BACKEND is console.".to_owned(),
        MailBackend::File { folder } => {
            let folder = folder.display();
            format!("Kept in {folder} instead of sent, as EMAIL_BACKEND is file: {id}")
        }
        MailBackend::Smtp { .. } => format!("The mail server has taken the mail to {to}: {id}"),
        MailBackend::Mailgun { .. } => format!("Mailgun has taken the mail to {to}: {id}"),
    }
}
