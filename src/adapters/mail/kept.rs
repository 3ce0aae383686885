//! Mails kept in a folder instead of sent: one file each, `<Message-ID>.eml`.

use std::ffi::OsStr;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use async_trait::async_trait;
use mailparse::{MailHeaderMap, ParsedMail};
use time::OffsetDateTime;

use super::compose::{Parts, is_message_id};
use crate::core::ports::{Mail, Mailer, Receipt, Undelivered};

const ENDING: &str = "eml";
/// Of one kept mail no more is read.
const MAX_BYTES: u64 = 4 * 1024 * 1024;

/// Keeps mails, and shows them. The file of a mail that is sent again is written anew, whole: a reader
/// finds the old or the new one.
#[derive(Debug, Clone)]
pub struct KeptMails {
    folder: PathBuf,
}

/// What a list shows of a mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptHeader {
    /// The `Message-ID` without angle brackets.
    pub id: String,
    /// As in the mail, with the addresses separated by commas.
    pub to: String,
    pub subject: String,
    /// When it was kept, the last time.
    pub at: OffsetDateTime,
}

/// One mail as it was kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptMail {
    pub header: KeptHeader,
    /// Every header, in order, decoded.
    pub headers: Vec<(String, String)>,
    pub text: String,
    /// Somebody else's HTML: show it in a frame that may do nothing.
    pub html: String,
}

impl KeptMails {
    /// The folder is made when the first mail is kept.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into() }
    }

    /// The newest mails, at most `limit`, newest first. What is no mail is left out.
    ///
    /// # Errors
    /// When the folder is there and cannot be read.
    pub async fn newest(&self, limit: usize) -> io::Result<Vec<KeptHeader>> {
        let folder = self.folder.clone();
        in_background(move || newest(&folder, limit)).await
    }

    /// One mail, `None` when there is none of this id: also for every text that is no id.
    ///
    /// # Errors
    /// When its file is there and cannot be read.
    pub async fn read(&self, id: &str) -> io::Result<Option<KeptMail>> {
        let Some(path) = self.path(id) else { return Ok(None) };
        in_background(move || read(&path)).await
    }

    /// `None` unless the id is one: it becomes a file's name, and no path.
    fn path(&self, id: &str) -> Option<PathBuf> {
        is_message_id(id).then(|| self.folder.join(format!("{id}.{ENDING}")))
    }
}

#[async_trait]
impl Mailer for KeptMails {
    async fn send(&self, mail: &Mail) -> Result<Receipt, Undelivered> {
        let message = Parts::of(mail)?.message(mail, true)?;
        let path = self
            .path(&mail.message_id)
            .ok_or_else(|| Undelivered::refused("The mail cannot be kept: its Message-ID is none"))?;
        let shown = self.folder.display().to_string();
        in_background(move || write(&path, &message.formatted()))
            .await
            .map_err(|error| Undelivered::later(format!("The mail cannot be kept in MAIL_FOLDER {shown}: {error}")))?;
        Ok(Receipt {
            id: Some(mail.message_id.clone()),
            url: None,
        })
    }
}

async fn in_background<T: Send + 'static>(work: impl FnOnce() -> io::Result<T> + Send + 'static) -> io::Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(io::Error::other)?
}

/// Under another name first: what is read is whole.
fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let unfinished = path.with_extension(format!("{:016x}.part", rand::random::<u64>()));
    let written = std::fs::write(&unfinished, bytes).and_then(|()| std::fs::rename(&unfinished, path));
    if written.is_err() {
        // Nothing may be there; it is the first error that counts.
        let _ = std::fs::remove_file(&unfinished);
    }
    written
}

fn newest(folder: &Path, limit: usize) -> io::Result<Vec<KeptHeader>> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut files: Vec<(SystemTime, PathBuf)> = entries
        .filter_map(|entry| {
            let entry = entry.ok()?;
            let path = entry.path();
            let is_mail = path.extension() == Some(OsStr::new(ENDING)) && id_of(&path).is_some();
            let metadata = entry.metadata().ok().filter(|metadata| is_mail && metadata.is_file())?;
            Some((metadata.modified().ok()?, path))
        })
        .collect();
    files.sort_unstable_by(|a, b| b.cmp(a));
    // One that is gone or broken by now is not shown.
    let mails = files.iter().filter_map(|(_, path)| read(path).ok().flatten());
    Ok(mails.take(limit).map(|mail| mail.header).collect())
}

fn id_of(path: &Path) -> Option<String> {
    let id = path.file_stem()?.to_str()?;
    is_message_id(id).then(|| id.to_owned())
}

fn read(path: &Path) -> io::Result<Option<KeptMail>> {
    use std::io::Read;
    let file = match std::fs::File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let at = file.metadata()?.modified()?;
    let mut bytes = Vec::new();
    file.take(MAX_BYTES).read_to_end(&mut bytes)?;
    let Some(id) = id_of(path) else { return Ok(None) };
    let mail = mailparse::parse_mail(&bytes).map_err(|error| io::Error::new(ErrorKind::InvalidData, error))?;
    let headers: Vec<(String, String)> = mail.headers.iter().map(|h| (h.get_key(), h.get_value())).collect();
    Ok(Some(KeptMail {
        header: KeptHeader {
            id,
            to: mail.headers.get_first_value("To").unwrap_or_default(),
            subject: mail.headers.get_first_value("Subject").unwrap_or_default(),
            at: at.into(),
        },
        headers,
        text: part(&mail, "text/plain").unwrap_or_default(),
        html: part(&mail, "text/html").unwrap_or_default(),
    }))
}

/// The first part of this kind, however deep.
fn part(mail: &ParsedMail<'_>, kind: &str) -> Option<String> {
    let mut parts = mail.parts();
    parts
        .find(|part| part.subparts.is_empty() && part.ctype.mimetype == kind)
        .and_then(|part| part.get_body().ok())
}
