//! Mailgun, through its HTTP interface.

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use reqwest::StatusCode;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use url::Url;

use super::compose::Parts;
use super::without_addresses;
use crate::adapters::http::{self, Answer};
use crate::core::ports::{Mail, Mailer, Receipt, Undelivered};

/// How Mailgun is reached.
#[derive(Debug, Clone)]
pub struct MailgunSettings {
    /// With its version: `https://api.eu.mailgun.net/v3`.
    pub api: Url,
    pub key: SecretString,
    /// The domain that is sent for, as Mailgun knows it.
    pub domain: String,
    /// For one whole call.
    pub timeout: Duration,
    /// Mailgun takes the mail and sends it to nobody.
    pub test_mode: bool,
}

/// Sends through Mailgun.
pub struct Mailgun {
    client: reqwest::Client,
    messages: Url,
    settings: MailgunSettings,
}

impl fmt::Debug for Mailgun {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mailgun")
            .field("messages", &self.messages.as_str())
            .finish_non_exhaustive()
    }
}

impl Mailgun {
    pub fn new(client: reqwest::Client, settings: MailgunSettings) -> Self {
        let mut messages = settings.api.clone();
        // Only an address that cannot have a path is refused here: the settings let http and https in.
        if let Ok(mut path) = messages.path_segments_mut() {
            path.pop_if_empty().extend([settings.domain.as_str(), "messages"]);
        }
        Self {
            client,
            messages,
            settings,
        }
    }
}

#[derive(Debug, Deserialize)]
struct Taken {
    /// The `Message-ID`, in angle brackets.
    id: String,
}

/// The body of a refusal, when it is JSON.
#[derive(Debug, Deserialize)]
struct Refusal {
    message: String,
}

#[async_trait]
impl Mailer for Mailgun {
    async fn send(&self, mail: &Mail) -> Result<Receipt, Undelivered> {
        let parts = Parts::of(mail)?;
        let mut form = vec![
            ("from", parts.from.to_string()),
            ("subject", parts.subject.clone()),
            ("text", mail.text.clone()),
            ("html", mail.html.clone()),
            ("h:Message-Id", format!("<{}>", parts.message_id)),
        ];
        form.extend(parts.to.iter().map(|to| ("to", to.to_string())));
        form.extend(parts.bcc.iter().map(|bcc| ("bcc", bcc.to_string())));
        if let Some(reply_to) = &parts.reply_to {
            form.push(("h:Reply-To", reply_to.to_string()));
        }
        if self.settings.test_mode {
            form.push(("o:testmode", "yes".to_owned()));
        }
        let request = self.client.post(self.messages.clone());
        let request = request
            .basic_auth("api", Some(self.settings.key.expose_secret()))
            .form(&form);
        let answer = http::call("Mailgun", self.settings.timeout, request, "/{domain}/messages").await?;
        understood(&answer)
    }
}

/// Wrong credentials and an unknown domain are the operator's fault, who corrects them: the mail waits.
/// What Mailgun says of the mail itself will not change.
fn understood(answer: &Answer) -> Result<Receipt, Undelivered> {
    let status = answer.status;
    if status.is_success() {
        let Some(taken) = answer.json::<Taken>() else {
            return Err(Undelivered::later(format!(
                "Mailgun's answer makes no sense: {}",
                answer.words()
            )));
        };
        let id = taken.id.trim_start_matches('<').trim_end_matches('>');
        return Ok(Receipt {
            id: Some(http::one_line(id)),
            url: None,
        });
    }
    let words = without_addresses(&match answer.json::<Refusal>() {
        Some(refusal) => http::one_line(&refusal.message),
        None => answer.words(),
    });
    let put_off = |why: String| Undelivered::Later {
        why,
        after: answer.retry_after(),
    };
    Err(match status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
            put_off(format!("Mailgun does not accept MAILGUN_API_KEY ({status}): {words}"))
        }
        StatusCode::NOT_FOUND => put_off(format!(
            "Mailgun does not know MAILGUN_SENDER_DOMAIN at MAILGUN_API_URL: {words}"
        )),
        StatusCode::TOO_MANY_REQUESTS => put_off(format!("Mailgun has heard too much from us: {words}")),
        StatusCode::BAD_REQUEST | StatusCode::PAYLOAD_TOO_LARGE | StatusCode::UNPROCESSABLE_ENTITY => {
            Undelivered::refused(format!("Mailgun refuses the mail: {words}"))
        }
        _ => put_off(format!("Mailgun fails with status {status}: {words}")),
    })
}
