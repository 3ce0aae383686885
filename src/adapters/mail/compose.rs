//! From a mail's facts to what carriers take. Every address is parsed and the subject is one line, so
//! that nothing in a mail can become a header of its own.

use lettre::message::{Mailbox, MultiPart};
use lettre::{Address, Message};

use crate::core::ports::{Mail, Undelivered};

/// Longer names are nobody's: RFC 5322 wants a header's line below 998 characters.
const LONGEST_ID: usize = 200;
const LONGEST_SUBJECT: usize = 250;

/// A mail whose addresses and names are what they should be.
#[derive(Debug)]
pub struct Parts {
    /// Without angle brackets.
    pub message_id: String,
    pub from: Address,
    pub to: Vec<Address>,
    pub bcc: Vec<Address>,
    pub reply_to: Option<Mailbox>,
    /// One line.
    pub subject: String,
}

impl Parts {
    /// # Errors
    /// [`Undelivered::Refused`] when an address is none, or nobody is written to.
    pub fn of(mail: &Mail) -> Result<Self, Undelivered> {
        if !is_message_id(&mail.message_id) {
            return Err(refused("its Message-ID is none"));
        }
        if mail.to.is_empty() {
            return Err(Undelivered::refused("The mail cannot be sent: it is to nobody"));
        }
        let reply_to = match &mail.reply_to {
            None => None,
            Some(text) => Some(
                text.parse()
                    .map_err(|_| refused("the address for answers cannot be parsed"))?,
            ),
        };
        Ok(Self {
            message_id: mail.message_id.clone(),
            from: address(&mail.from, "the sender's address cannot be parsed")?,
            to: addresses(&mail.to)?,
            bcc: addresses(&mail.bcc)?,
            reply_to,
            subject: one_line(&mail.subject),
        })
    }

    pub fn to_line(&self) -> String {
        line(&self.to)
    }

    pub fn bcc_line(&self) -> String {
        line(&self.bcc)
    }

    /// The mail in the form of RFC 5322, with its text in both forms. `keep_bcc` leaves the header
    /// `Bcc` in, which must not be sent.
    ///
    /// # Errors
    /// [`Undelivered::Refused`]
    pub fn message(self, mail: &Mail, keep_bcc: bool) -> Result<Message, Undelivered> {
        let mut message = Message::builder()
            .message_id(Some(format!("<{}>", self.message_id)))
            .from(Mailbox::new(None, self.from))
            .subject(self.subject);
        if keep_bcc {
            message = message.keep_bcc();
        }
        for to in self.to {
            message = message.to(Mailbox::new(None, to));
        }
        for bcc in self.bcc {
            message = message.bcc(Mailbox::new(None, bcc));
        }
        if let Some(reply_to) = self.reply_to {
            message = message.reply_to(reply_to);
        }
        message
            .multipart(MultiPart::alternative_plain_html(mail.text.clone(), mail.html.clone()))
            .map_err(|error| Undelivered::refused(format!("The mail cannot be put together: {error}")))
    }
}

/// A name that can stand in a header and name a file: `name@host` of letters, digits and `.-_+`.
pub(super) fn is_message_id(id: &str) -> bool {
    let part = |part: &str| {
        let plain = |c: char| c.is_ascii_alphanumeric() || ".-_+".contains(c);
        part.starts_with(|c: char| c.is_ascii_alphanumeric()) && part.chars().all(plain)
    };
    id.len() <= LONGEST_ID
        && id
            .split_once('@')
            .is_some_and(|(left, right)| part(left) && part(right))
}

fn addresses(texts: &[String]) -> Result<Vec<Address>, Undelivered> {
    let why = "a recipient's address cannot be parsed";
    texts.iter().map(|text| address(text, why)).collect()
}

fn address(text: &str, why: &str) -> Result<Address, Undelivered> {
    text.parse().map_err(|_| refused(why))
}

/// Says not what the address is: the message has it, and errors are told in more places.
fn refused(why: &str) -> Undelivered {
    Undelivered::refused(format!("The mail cannot be sent: {why}"))
}

/// Breaks and other control characters become spaces; an endless subject is cut.
fn one_line(subject: &str) -> String {
    let words = subject.split(|c: char| c.is_control() || c.is_whitespace());
    let line = words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(LONGEST_SUBJECT) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

fn line(addresses: &[Address]) -> String {
    addresses.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}
