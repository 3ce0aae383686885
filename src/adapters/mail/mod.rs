//! E-mail: sent by a mail server or by Mailgun, kept as files, or printed.

mod compose;
mod kept;
mod mailgun;
mod smtp;

use async_trait::async_trait;

use super::printing::Printer;
use crate::core::ports::{Mail, Mailer, Receipt, Undelivered};

pub use kept::{KeptHeader, KeptMail, KeptMails};
pub use mailgun::{Mailgun, MailgunSettings};
pub use smtp::{Smtp, SmtpSettingsError};

/// Prints what would be sent: the text, not its HTML form.
#[derive(Debug)]
pub struct PrintedMail(pub Printer);

#[async_trait]
impl Mailer for PrintedMail {
    async fn send(&self, mail: &Mail) -> Result<Receipt, Undelivered> {
        // What could not be sent is not printed either, so that development finds it.
        let parts = compose::Parts::of(mail)?;
        let (to, bcc) = (parts.to_line(), parts.bcc_line());
        let mut lines = vec![("from", mail.from.as_str()), ("to", to.as_str())];
        if !bcc.is_empty() {
            lines.push(("bcc", &bcc));
        }
        if let Some(reply_to) = &mail.reply_to {
            lines.push(("reply-to", reply_to));
        }
        lines.extend([
            ("message-id", mail.message_id.as_str()),
            ("subject", parts.subject.as_str()),
            ("text", mail.text.as_str()),
        ]);
        self.0.print("Mail", &lines);
        Ok(Receipt {
            id: Some(mail.message_id.clone()),
            url: None,
        })
    }
}
