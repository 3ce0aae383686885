//! A mail server that keeps what it is given, on this machine only.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use data_encoding::BASE64;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

pub const USER: &str = "clerk";
pub const PASSWORD: &str = "p@ss word";

/// One mail as it was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    pub from: String,
    pub to: Vec<String>,
    /// Headers and body.
    pub text: String,
}

/// What goes wrong at one step of a conversation.
#[derive(Debug, Clone)]
pub enum SmtpFault {
    /// This line is the reply.
    Reply(&'static str),
    Close,
    /// No reply until [`FakeSmtp::release`].
    Hang,
    /// The mail is taken, and the connection closed without a reply. For the step `.` alone.
    CloseAfter,
}

#[derive(Default)]
struct State {
    letters: Vec<Letter>,
    connections: usize,
    /// Conversations that were made secret on the way.
    secret: usize,
    /// Steps are the first words of commands, `hello` for the greeting and `.` for the end of a mail.
    faults: VecDeque<(&'static str, SmtpFault)>,
}

/// A mail server at a port of its own.
pub struct FakeSmtp {
    state: Arc<Mutex<State>>,
    released: watch::Sender<bool>,
    address: SocketAddr,
    listening: JoinHandle<()>,
}

impl Drop for FakeSmtp {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

/// When a conversation is made secret.
#[derive(Clone)]
enum Secrecy {
    Never,
    /// By STARTTLS.
    Offered(TlsAcceptor),
    FromTheStart(TlsAcceptor),
}

/// The authority to trust for a server that speaks TLS: a certificate of `localhost` for itself.
pub const AUTHORITY: &[u8] = include_bytes!("tls/localhost.pem");

fn acceptor() -> TlsAcceptor {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let certificate = CertificateDer::from_pem_slice(AUTHORITY).expect("a certificate");
    let key = PrivateKeyDer::from_pem_slice(include_bytes!("tls/localhost.key")).expect("a key");
    let config = rustls::ServerConfig::builder().with_no_client_auth();
    let config = config.with_single_cert(vec![certificate], key).expect("they fit");
    TlsAcceptor::from(Arc::new(config))
}

impl FakeSmtp {
    /// Without TLS.
    pub async fn start() -> Self {
        Self::start_with(Secrecy::Never).await
    }

    /// Offers STARTTLS.
    pub async fn start_offering_tls() -> Self {
        Self::start_with(Secrecy::Offered(acceptor())).await
    }

    /// Speaks TLS from the first byte.
    pub async fn start_in_tls() -> Self {
        Self::start_with(Secrecy::FromTheStart(acceptor())).await
    }

    async fn start_with(secrecy: Secrecy) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("its address");
        let (state, released) = (Arc::new(Mutex::new(State::default())), watch::Sender::new(false));
        let (shared, release) = (state.clone(), released.clone());
        let listening = tokio::spawn(async move {
            while let Ok((connection, _)) = listener.accept().await {
                shared.lock().unwrap().connections += 1;
                let talk = Talk {
                    state: shared.clone(),
                    released: release.subscribe(),
                    secrecy: secrecy.clone(),
                };
                // A client that goes away ends its conversation.
                tokio::spawn(async move { talk.hold(connection).await });
            }
        });
        Self {
            state,
            released,
            address,
            listening,
        }
    }

    /// For `SMTP_URL`, with the right user name and password, without TLS.
    pub fn url(&self) -> String {
        format!("smtp://{USER}:p%40ss%20word@{}?tls=none", self.address)
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The next time at this step this goes wrong: `hello`, `AUTH`, `MAIL`, `RCPT`, `DATA`, `.`.
    pub fn fail(&self, step: &'static str, fault: SmtpFault) {
        self.state.lock().unwrap().faults.push_back((step, fault));
    }

    pub fn release(&self) {
        self.released.send_replace(true);
    }

    pub fn letters(&self) -> Vec<Letter> {
        self.state.lock().unwrap().letters.clone()
    }

    /// How often TLS began by STARTTLS.
    pub fn made_secret(&self) -> usize {
        self.state.lock().unwrap().secret
    }

    pub fn connections(&self) -> usize {
        self.state.lock().unwrap().connections
    }
}

struct Talk {
    state: Arc<Mutex<State>>,
    released: watch::Receiver<bool>,
    secrecy: Secrecy,
}

trait Line: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Line for T {}

impl Talk {
    async fn hold(mut self, connection: TcpStream) -> std::io::Result<()> {
        let mut line: Box<dyn Line> = match self.secrecy.clone() {
            Secrecy::FromTheStart(acceptor) => Box::new(acceptor.accept(connection).await?),
            Secrecy::Never | Secrecy::Offered(_) => Box::new(connection),
        };
        let Some(greeting) = self.reply("hello", "220 mail.example.org").await else {
            return Ok(());
        };
        line.write_all(greeting.as_bytes()).await?;
        while let Some(in_the_clear) = self.talk(line).await? {
            let Secrecy::Offered(acceptor) = self.secrecy.clone() else {
                return Ok(());
            };
            line = Box::new(acceptor.accept(in_the_clear).await?);
            self.secrecy = Secrecy::Never;
            self.state.lock().unwrap().secret += 1;
        }
        Ok(())
    }

    /// Until the end, or until TLS is to begin on the line.
    async fn talk(&mut self, line: Box<dyn Line>) -> std::io::Result<Option<Box<dyn Line>>> {
        let mut line = BufReader::new(line);
        let mut letter = Letter {
            from: String::new(),
            to: Vec::new(),
            text: String::new(),
        };
        while let Some(said) = next_line(&mut line).await? {
            let step = said.split([' ', ':']).next().unwrap_or_default().to_ascii_uppercase();
            let offers_tls = matches!(self.secrecy, Secrecy::Offered(_));
            let usual = match step.as_str() {
                "EHLO" if offers_tls => "250-mail.example.org\r\n250 STARTTLS",
                "EHLO" => "250-mail.example.org\r\n250-AUTH PLAIN LOGIN\r\n250 8BITMIME",
                "STARTTLS" if offers_tls => "220 2.0.0 Go ahead",
                "STARTTLS" => "502 5.5.1 Not implemented",
                "AUTH" if !knows(&said) => "535 5.7.8 Authentication credentials invalid",
                "AUTH" => "235 2.7.0 Welcome",
                "MAIL" => {
                    letter.from = address(&said);
                    letter.to.clear();
                    "250 2.1.0 OK"
                }
                "RCPT" => {
                    letter.to.push(address(&said));
                    "250 2.1.5 OK"
                }
                "DATA" => "354 Go on",
                "QUIT" => "221 2.0.0 Bye",
                _ => "250 2.0.0 OK",
            };
            let Some(reply) = self.reply(&step, usual).await else {
                return Ok(None);
            };
            line.write_all(reply.as_bytes()).await?;
            line.flush().await?;
            match step.as_str() {
                "QUIT" => return Ok(None),
                "STARTTLS" if reply.starts_with("220") => return Ok(Some(line.into_inner())),
                "DATA" if reply.starts_with("354") => {
                    if !self.take(&mut line, &mut letter).await? {
                        return Ok(None);
                    }
                }
                _ => {}
            }
        }
        Ok(None)
    }

    /// Whether the conversation goes on after the letter's text.
    async fn take(&mut self, line: &mut BufReader<Box<dyn Line>>, letter: &mut Letter) -> std::io::Result<bool> {
        letter.text.clear();
        loop {
            match next_line(line).await? {
                None => return Ok(false),
                Some(end) if end == "." => break,
                Some(text) => {
                    letter.text.push_str(text.strip_prefix('.').unwrap_or(&text));
                    letter.text.push('\n');
                }
            }
        }
        let fault = self.fault(".");
        let reply = match fault {
            Some(SmtpFault::Reply(reply)) => reply,
            Some(SmtpFault::Close) => return Ok(false),
            _ => {
                self.state.lock().unwrap().letters.push(letter.clone());
                match fault {
                    Some(SmtpFault::CloseAfter) => return Ok(false),
                    Some(_) => drop(self.released.wait_for(|released| *released).await),
                    None => {}
                }
                "250 2.0.0 Taken"
            }
        };
        line.write_all(format!("{reply}\r\n").as_bytes()).await?;
        line.flush().await?;
        Ok(true)
    }

    fn fault(&self, step: &str) -> Option<SmtpFault> {
        let faults = &mut self.state.lock().unwrap().faults;
        let place = faults.iter().position(|(at, _)| *at == step)?;
        faults.remove(place).map(|(_, fault)| fault)
    }

    /// `None` when the connection is to be closed.
    async fn reply(&mut self, step: &str, usual: &str) -> Option<String> {
        let reply = match self.fault(step) {
            None => usual,
            Some(SmtpFault::Reply(reply)) => reply,
            Some(SmtpFault::Close | SmtpFault::CloseAfter) => return None,
            Some(SmtpFault::Hang) => {
                let _ = self.released.wait_for(|released| *released).await;
                usual
            }
        };
        Some(format!("{reply}\r\n"))
    }
}

async fn next_line(line: &mut BufReader<Box<dyn Line>>) -> std::io::Result<Option<String>> {
    let mut text = String::new();
    let count = line.read_line(&mut text).await?;
    Ok((count > 0).then(|| text.trim_end_matches(['\r', '\n']).to_owned()))
}

/// `AUTH PLAIN <base64 of NUL user NUL password>`
fn knows(line: &str) -> bool {
    let given = line.split(' ').nth(2).unwrap_or_default();
    let wanted = BASE64.encode(format!("\0{USER}\0{PASSWORD}").as_bytes());
    given == wanted
}

fn address(line: &str) -> String {
    let start = line.split('<').nth(1).unwrap_or_default();
    start.split('>').next().unwrap_or_default().to_owned()
}
