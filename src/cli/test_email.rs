//! `jobserver sendtestemail`

use super::CommandError;
use super::outfit::couriers;
use crate::config::{self, MailBackend};
use crate::core::ports::Mail;

#[derive(Debug, clap::Args)]
pub struct SendTestEmail {
    /// Whom to write to.
    #[arg(value_name = "ADDRESS")]
    to: String,
}

impl SendTestEmail {
    /// Sends at once and past the outbox, so that what the mail server says is seen here.
    pub async fn run(self) -> Result<(), CommandError> {
        let settings = config::load()?.settings;
        let site = &settings.web.site_name;
        let host = settings.web.base_url.host_str().unwrap_or("localhost");
        let said = format!("This is a test of how mail leaves {site}. If you can read it, it does.");
        let mail = Mail {
            message_id: format!("test-{:016x}@{host}", rand::random::<u64>()),
            from: settings.mail.from.clone(),
            to: vec![self.to.clone()],
            bcc: Vec::new(),
            reply_to: None,
            subject: format!("A test of {site}"),
            html: format!("<p>{}</p>\n", ammonia::clean_text(&said)),
            text: format!("{said}\n"),
        };
        let receipt = couriers(&settings)?
            .mail
            .send(&mail)
            .await
            .map_err(|error| CommandError::Said(error.to_string()))?;
        let id = receipt.id.unwrap_or(mail.message_id);
        match &settings.mail.backend {
            MailBackend::Console => println!("Printed instead of sent, as EMAIL_BACKEND is console."),
            MailBackend::File { folder } => {
                let folder = folder.display();
                println!("Kept in {folder} instead of sent, as EMAIL_BACKEND is file: {id}");
            }
            MailBackend::Smtp { .. } => println!("The mail server has taken the mail to {}: {id}", self.to),
            MailBackend::Mailgun { .. } => println!("Mailgun has taken the mail to {}: {id}", self.to),
        }
        Ok(())
    }
}
