//! A mail server, spoken to in SMTP.

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Tls, TlsParameters};
use lettre::transport::smtp::{Error, PoolConfig};
use lettre::{AsyncSmtpTransport, AsyncTransport, Tokio1Executor};
use percent_encoding::percent_decode_str;

use super::compose::Parts;
use crate::adapters::http;
use crate::config::SecretUrl;
use crate::core::ports::{Mail, Mailer, Receipt, Undelivered};

/// Mail servers take few connections from one sender gladly.
const CONNECTIONS: u32 = 4;

/// Sends through one mail server, over a few connections that are kept.
pub struct Smtp {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    /// The server, for people.
    server: String,
    limit: Duration,
}

/// The settings of the mail server cannot be right.
#[derive(Debug, thiserror::Error)]
pub enum SmtpSettingsError {
    #[error("the address has no host, or a user name that is no text")]
    Address,
    #[error("TLS cannot be set up: {0}")]
    Tls(String),
}

impl fmt::Debug for Smtp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Smtp")
            .field("server", &self.server)
            .finish_non_exhaustive()
    }
}

impl Smtp {
    /// `timeout` is for one step of the conversation; a mail takes a handful, and is given up after six
    /// times as long.
    ///
    /// # Errors
    /// [`SmtpSettingsError`]; the connection is made when there is something to send.
    pub fn new(url: &SecretUrl, timeout: Duration) -> Result<Self, SmtpSettingsError> {
        let url = url.expose();
        let host = url.host_str().ok_or(SmtpSettingsError::Address)?;
        let tls_parameters =
            || TlsParameters::new(host.to_owned()).map_err(|error| SmtpSettingsError::Tls(error.to_string()));
        let (tls, usual_port) = match (url.scheme(), url.query()) {
            ("smtps", _) => (Tls::Wrapper(tls_parameters()?), 465),
            (_, Some("tls=none")) => (Tls::None, 25),
            _ => (Tls::Required(tls_parameters()?), 587),
        };
        let port = url.port().unwrap_or(usual_port);
        // "Dangerous" is only what it begins with: no TLS, which is decided here.
        let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(host)
            .port(port)
            .tls(tls)
            .timeout(Some(timeout))
            .pool_config(PoolConfig::new().max_size(CONNECTIONS));
        if let Some(password) = url.password() {
            let decoded = |text| {
                percent_decode_str(text)
                    .decode_utf8()
                    .map_err(|_| SmtpSettingsError::Address)
            };
            let credentials = Credentials::new(decoded(url.username())?.into_owned(), decoded(password)?.into_owned());
            builder = builder.credentials(credentials);
        }
        Ok(Self {
            transport: builder.build(),
            server: format!("{host}:{port}"),
            limit: timeout * 6,
        })
    }
}

#[async_trait]
impl Mailer for Smtp {
    async fn send(&self, mail: &Mail) -> Result<Receipt, Undelivered> {
        let message = Parts::of(mail)?.message(mail, false)?;
        let transport = self.transport.clone();
        // A conversation that is dropped in the middle would go back among the kept connections, and its
        // late answers be taken for answers about the next mail. A task of its own always ends it.
        let conversation = tokio::spawn(async move { transport.send(message).await });
        match tokio::time::timeout(self.limit, conversation).await {
            Ok(Ok(Ok(_))) => Ok(Receipt {
                id: Some(mail.message_id.clone()),
                url: None,
            }),
            Ok(Ok(Err(error))) => Err(self.meaning(&error)),
            Ok(Err(_)) => Err(Undelivered::later("The conversation with the mail server broke off")),
            Err(_) => Err(Undelivered::later(format!(
                "The mail server {} takes too long",
                self.server
            ))),
        }
    }
}

impl Smtp {
    fn meaning(&self, error: &Error) -> Undelivered {
        let said = http::causes(error);
        let server = &self.server;
        match error.status().map(u16::from) {
            // About the login, not the mail: an operator corrects SMTP_URL, and the mail goes then.
            Some(code @ (530 | 534 | 535 | 538)) => Undelivered::later(format!(
                "The mail server {server} does not accept the login of SMTP_URL ({code}): {said}"
            )),
            Some(_) if error.is_permanent() => {
                Undelivered::refused(format!("The mail server {server} refuses the mail: {said}"))
            }
            Some(_) => Undelivered::later(format!("The mail server {server} puts the mail off: {said}")),
            None => Undelivered::later(format!("The mail server {server} cannot be used: {said}")),
        }
    }
}
