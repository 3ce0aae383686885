//! A mail server, spoken to in SMTP.

use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use lettre::Message;
use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::{Credentials, DEFAULT_MECHANISMS};
use lettre::transport::smtp::client::{AsyncSmtpConnection, Certificate, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use percent_encoding::percent_decode_str;
use tokio::time::timeout;

use super::compose::Parts;
use super::without_addresses;
use crate::adapters::http;
use crate::config::SecretUrl;
use crate::core::ports::{Mail, Mailer, Receipt, Undelivered};

/// Mail servers take few connections from one sender gladly.
const MOST_IDLE: usize = 4;
/// Mail servers hang up after some minutes of silence.
const LONGEST_IDLE: Duration = Duration::from_secs(30);
/// "Authentication required": about the login, though it is said of a mail.
const LOGIN_WANTED: u16 = 530;

/// Sends through one mail server, over connections that are used again for a while.
///
/// The library's own pool is not used: it takes a connection back whose conversation was given up in the
/// middle, so that a late answer about one mail would be taken for the answer about the next. Here a
/// connection comes back only from a conversation that ended well; every other is closed.
pub struct Smtp {
    server: Server,
    idle: Mutex<Vec<Idle>>,
    timeout: Duration,
}

struct Server {
    host: String,
    port: u16,
    tls: Tls,
    credentials: Option<Credentials>,
}

enum Tls {
    None,
    /// From the first byte.
    Wrapped(TlsParameters),
    /// After a greeting in the clear, and nothing else.
    Started(TlsParameters),
}

struct Idle {
    connection: AsyncSmtpConnection,
    since: Instant,
}

/// The settings of the mail server cannot be right.
#[derive(Debug, thiserror::Error)]
pub enum SmtpSettingsError {
    #[error("the address has no host, or a user name or password that is no text")]
    Address,
    #[error("TLS cannot be set up: {0}")]
    Tls(String),
}

/// What went wrong in a conversation.
enum Failed {
    /// Before the mail was spoken of.
    Connecting(Error),
    Login(Error),
    Sending(Error),
    Silent,
}

impl fmt::Debug for Smtp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Smtp")
            .field("host", &self.server.host)
            .field("port", &self.server.port)
            .finish_non_exhaustive()
    }
}

impl Smtp {
    /// `timeout` is for making a connection, login and all, and again for the conversation about a mail.
    ///
    /// # Errors
    /// [`SmtpSettingsError`]; the connection is made when there is something to send.
    pub fn new(url: &SecretUrl, timeout: Duration) -> Result<Self, SmtpSettingsError> {
        Self::trusting(url, timeout, None)
    }

    /// With one more authority whose servers are trusted, in PEM, besides the public ones.
    ///
    /// # Errors
    /// As [`Smtp::new`].
    pub fn trusting(url: &SecretUrl, timeout: Duration, authority: Option<&[u8]>) -> Result<Self, SmtpSettingsError> {
        let url = url.expose();
        let host = url.host_str().ok_or(SmtpSettingsError::Address)?;
        let parameters = || {
            let mut parameters = TlsParameters::builder(host.to_owned());
            if let Some(pem) = authority {
                parameters = parameters.add_root_certificate(Certificate::from_pem(pem)?);
            }
            parameters.build()
        };
        let parameters = || parameters().map_err(|error: Error| SmtpSettingsError::Tls(error.to_string()));
        let (tls, usual_port) = match (url.scheme(), url.query()) {
            ("smtps", _) => (Tls::Wrapped(parameters()?), 465),
            (_, Some("tls=none")) => (Tls::None, 25),
            _ => (Tls::Started(parameters()?), 587),
        };
        let text = |encoded| {
            percent_decode_str(encoded)
                .decode_utf8()
                .map_err(|_| SmtpSettingsError::Address)
        };
        let credentials = match url.password() {
            None => None,
            Some(password) => Some(Credentials::new(
                text(url.username())?.into_owned(),
                text(password)?.into_owned(),
            )),
        };
        Ok(Self {
            server: Server {
                // An IPv6 address stands in brackets in a URL, and without where it is connected to.
                host: host.trim_matches(['[', ']']).to_owned(),
                port: url.port().unwrap_or(usual_port),
                tls,
                credentials,
            },
            idle: Mutex::default(),
            timeout,
        })
    }

    async fn converse(&self, message: &Message) -> Result<(), Failed> {
        let mut connection = timeout(self.timeout, self.connection())
            .await
            .map_err(|_| Failed::Silent)??;
        timeout(self.timeout, connection.send(message.envelope(), &message.formatted()))
            .await
            .map_err(|_| Failed::Silent)?
            .map_err(Failed::Sending)?;
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < MOST_IDLE {
            idle.push(Idle {
                connection,
                since: Instant::now(),
            });
        }
        Ok(())
    }

    /// One that is idle and still there, or a new one.
    async fn connection(&self) -> Result<AsyncSmtpConnection, Failed> {
        while let Some(mut idle) = self.next_idle() {
            if idle.since.elapsed() < LONGEST_IDLE && idle.connection.test_connected().await {
                return Ok(idle.connection);
            }
        }
        self.server.connect(self.timeout).await
    }

    fn next_idle(&self) -> Option<Idle> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop()
    }

    fn meaning(&self, failed: Failed) -> Undelivered {
        let Server { host, port, .. } = &self.server;
        let server = format!("mail server {host}:{port}");
        match failed {
            Failed::Silent => Undelivered::later(format!("The {server} gave no answer in time")),
            Failed::Connecting(error) => {
                Undelivered::later(format!("The {server} cannot be used: {}", http::causes(&error)))
            }
            // An operator corrects SMTP_URL, and the mail goes then.
            Failed::Login(error) => Undelivered::later(format!(
                "The {server} does not accept the login of SMTP_URL: {}",
                http::causes(&error)
            )),
            Failed::Sending(error) => {
                // Servers like to repeat whom the mail was for.
                let said = without_addresses(&http::causes(&error));
                match error.status().map(u16::from) {
                    Some(LOGIN_WANTED) => {
                        Undelivered::later(format!("The {server} wants a login, in SMTP_URL: {said}"))
                    }
                    Some(_) if error.is_permanent() => {
                        Undelivered::refused(format!("The {server} refuses the mail: {said}"))
                    }
                    _ => Undelivered::later(format!("The {server} puts the mail off: {said}")),
                }
            }
        }
    }
}

impl Server {
    async fn connect(&self, timeout: Duration) -> Result<AsyncSmtpConnection, Failed> {
        let name = ClientId::default();
        let from_the_start = match &self.tls {
            Tls::Wrapped(parameters) => Some(parameters.clone()),
            Tls::None | Tls::Started(_) => None,
        };
        let place = (self.host.as_str(), self.port);
        let mut connection = AsyncSmtpConnection::connect_tokio1(place, Some(timeout), &name, from_the_start, None)
            .await
            .map_err(Failed::Connecting)?;
        if let Tls::Started(parameters) = &self.tls {
            let started = connection.starttls(parameters.clone(), &name).await;
            started.map_err(Failed::Connecting)?;
        }
        if let Some(credentials) = &self.credentials {
            let known = connection.auth(DEFAULT_MECHANISMS, credentials).await;
            known.map_err(Failed::Login)?;
        }
        Ok(connection)
    }
}

#[async_trait]
impl Mailer for Smtp {
    async fn send(&self, mail: &Mail) -> Result<Receipt, Undelivered> {
        let message = Parts::of(mail)?.message(mail, false)?;
        self.converse(&message).await.map_err(|failed| self.meaning(failed))?;
        Ok(Receipt {
            id: Some(mail.message_id.clone()),
            url: None,
        })
    }
}
