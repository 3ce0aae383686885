//! A mail server that keeps what it is given. It speaks plain SMTP, on this machine only.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use data_encoding::BASE64;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

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

impl FakeSmtp {
    pub async fn start() -> Self {
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

    pub fn connections(&self) -> usize {
        self.state.lock().unwrap().connections
    }
}

struct Talk {
    state: Arc<Mutex<State>>,
    released: watch::Receiver<bool>,
}

impl Talk {
    async fn hold(mut self, connection: TcpStream) -> std::io::Result<()> {
        let (read, mut write) = connection.into_split();
        let mut lines = BufReader::new(read).lines();
        let mut letter = Letter {
            from: String::new(),
            to: Vec::new(),
            text: String::new(),
        };
        let Some(greeting) = self.reply("hello", "220 mail.example.org").await else {
            return Ok(());
        };
        write.write_all(greeting.as_bytes()).await?;
        while let Some(line) = lines.next_line().await? {
            let step = line.split([' ', ':']).next().unwrap_or_default().to_ascii_uppercase();
            let usual = match step.as_str() {
                "EHLO" => "250-mail.example.org\r\n250-AUTH PLAIN LOGIN\r\n250 8BITMIME",
                "AUTH" if !knows(&line) => "535 5.7.8 Authentication credentials invalid",
                "AUTH" => "235 2.7.0 Welcome",
                "MAIL" => {
                    letter.from = address(&line);
                    letter.to.clear();
                    "250 2.1.0 OK"
                }
                "RCPT" => {
                    letter.to.push(address(&line));
                    "250 2.1.5 OK"
                }
                "DATA" => "354 Go on",
                "QUIT" => "221 2.0.0 Bye",
                _ => "250 2.0.0 OK",
            };
            let Some(reply) = self.reply(&step, usual).await else {
                return Ok(());
            };
            write.write_all(reply.as_bytes()).await?;
            if step == "QUIT" {
                return Ok(());
            }
            if step == "DATA" && reply.starts_with("354") {
                letter.text.clear();
                loop {
                    let Some(line) = lines.next_line().await? else {
                        return Ok(());
                    };
                    if line == "." {
                        break;
                    }
                    letter.text.push_str(line.strip_prefix('.').unwrap_or(&line));
                    letter.text.push('\n');
                }
                match self.fault(".") {
                    Some(SmtpFault::Reply(reply)) => write.write_all(format!("{reply}\r\n").as_bytes()).await?,
                    Some(SmtpFault::Close) => return Ok(()),
                    Some(SmtpFault::CloseAfter) => {
                        self.state.lock().unwrap().letters.push(letter);
                        return Ok(());
                    }
                    hang_or_none => {
                        self.state.lock().unwrap().letters.push(letter.clone());
                        if hang_or_none.is_some() {
                            let _ = self.released.wait_for(|released| *released).await;
                        }
                        write.write_all(b"250 2.0.0 Taken\r\n").await?;
                    }
                }
            }
        }
        Ok(())
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
