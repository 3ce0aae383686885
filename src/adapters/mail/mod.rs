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

/// A service's words without the addresses in them, which are nothing for errors and logs.
fn without_addresses(words: &str) -> String {
    let is_edge = |c: char| c.is_whitespace() || "<>()[]{}\"',;:".contains(c);
    let pieces = words.split_inclusive(is_edge).map(|piece| {
        let word = piece.trim_end_matches(is_edge);
        match word.contains('@') {
            true => format!("(address){}", &piece[word.len()..]),
            false => piece.to_owned(),
        }
    });
    pieces.collect()
}

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
        let recipients = (mail.to.len() + mail.bcc.len()).to_string();
        let brief = [("recipients", recipients.as_str()), ("message-id", &mail.message_id)];
        self.0.print("Mail", &brief, &lines);
        Ok(Receipt {
            id: Some(mail.message_id.clone()),
            url: None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_lose_the_addresses_in_them() {
        for (said, kept) in [
            (
                "550 5.1.1 <ada@example.com>: No such user",
                "550 5.1.1 <(address)>: No such user",
            ),
            ("ada@example.com, olga+x@a.b;", "(address), (address);"),
            ("to='ada@example.com'", "to='(address)'"),
            ("mailto:ada@example.com", "mailto:(address)"),
            ("421 4.3.2 Going down", "421 4.3.2 Going down"),
            ("", ""),
        ] {
            assert_eq!(without_addresses(said), kept);
        }
    }
}
