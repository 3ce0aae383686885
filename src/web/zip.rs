//! Archives of released files, written while they are sent: whatever they hold, a few hundred kilobytes are in memory.
//!
//! A thread of its own reads contents and writes the archive into a pipe with little room, and waits when whoever
//! downloads is slow. An archive that could not be finished ends in an error, never in an end: nobody takes a part
//! for the whole.

use std::io::{self, Read, Write};
use std::sync::{Arc, LazyLock};

use bytes::Bytes;
use futures::stream;
use rocket::http::Header;
use rocket::response::Responder;
use rocket::{Request, Response};
use time::OffsetDateTime;
use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio_util::io::{StreamReader, SyncIoBridge};
use zip::write::{SimpleFileOptions, ZipWriter};
use zip::{CompressionMethod, DateTime};

use crate::core::error::{Error, Result};
use crate::core::ports::FileStore;
use crate::core::releases::{ReleaseFile, content, names};

/// Bytes that go into the pipe at once.
const PIECE: usize = 64 * 1024;
/// Bytes that are read at once.
const READ: usize = 256 * 1024;
/// Pieces that wait in the pipe.
const PIECES: usize = 4;

/// Archives that are sent at a time. Each has a thread for as long as whoever downloads it takes, and writing a file or
/// looking at a token needs one too.
const AT_ONCE: usize = 64;

/// What an archive holds under one name.
#[derive(Debug)]
pub struct Entry {
    /// With folders.
    pub name: String,
    pub what: What,
}

#[derive(Debug)]
pub enum What {
    File(Box<ReleaseFile>),
    /// A few words in place of what was withdrawn.
    Note(String),
}

/// An archive to be downloaded.
pub struct Archive {
    filename: String,
    entries: Vec<Entry>,
    store: Arc<dyn FileStore>,
    turn: OwnedSemaphorePermit,
}

impl Archive {
    /// `filename` has no characters but letters, digits, `-`, `_` and dots.
    ///
    /// # Errors
    /// When as many archives are being sent as there are threads for.
    pub fn new(filename: String, entries: Vec<Entry>, store: Arc<dyn FileStore>) -> Result<Self> {
        static TURNS: LazyLock<Arc<Semaphore>> = LazyLock::new(|| Arc::new(Semaphore::new(AT_ONCE)));
        let turn = Arc::clone(&TURNS).try_acquire_owned();
        Ok(Self {
            filename,
            entries,
            store,
            turn: turn.map_err(|_| Error::Unavailable(format!("{AT_ONCE} archives are being sent already")))?,
        })
    }
}

enum Piece {
    Bytes(Bytes),
    Failed(io::Error),
    /// The archive is whole.
    End,
}

impl<'r> Responder<'r, 'static> for Archive {
    fn respond_to(self, _: &'r Request<'_>) -> rocket::response::Result<'static> {
        let (sender, receiver) = mpsc::channel(PIECES);
        let handle = Handle::current();
        let Self {
            filename,
            entries,
            store,
            turn,
        } = self;
        tokio::task::spawn_blocking(move || {
            let _turn = turn;
            let last = match write(entries, &*store, Pipe::new(sender.clone()), &handle) {
                Ok(()) => Piece::End,
                Err(error) => {
                    // Who went away in the middle is no fault.
                    if error.kind() != io::ErrorKind::BrokenPipe {
                        tracing::error!(%error, "an archive was broken off");
                    }
                    Piece::Failed(error)
                }
            };
            let _ = sender.blocking_send(last);
        });
        let pieces = stream::unfold(Some(receiver), |receiver| async {
            let mut receiver = receiver?;
            match receiver.recv().await {
                Some(Piece::Bytes(bytes)) => Some((Ok(bytes), Some(receiver))),
                Some(Piece::End) => None,
                Some(Piece::Failed(error)) => Some((Err(error), None)),
                // The thread ended without a word.
                None => Some((Err(io::Error::other("the archive was not finished")), None)),
            }
        });
        Response::build()
            .header(rocket::http::ContentType::ZIP)
            .header(Header::new("Cache-Control", "private, no-store"))
            .header(Header::new(
                "Content-Disposition",
                format!("attachment; filename=\"{filename}\""),
            ))
            .streamed_body(StreamReader::new(Box::pin(pieces)))
            .ok()
    }
}

/// The end of the pipe that is written to.
struct Pipe {
    sender: mpsc::Sender<Piece>,
    waiting: Vec<u8>,
}

impl Pipe {
    fn new(sender: mpsc::Sender<Piece>) -> Self {
        Self {
            sender,
            waiting: Vec::with_capacity(PIECE),
        }
    }

    fn send(&mut self) -> io::Result<()> {
        if self.waiting.is_empty() {
            return Ok(());
        }
        let piece = std::mem::replace(&mut self.waiting, Vec::with_capacity(PIECE));
        self.sender
            .blocking_send(Piece::Bytes(piece.into()))
            .map_err(|_| io::ErrorKind::BrokenPipe.into())
    }
}

impl Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let taken = bytes.len().min(PIECE - self.waiting.len());
        self.waiting.extend_from_slice(&bytes[..taken]);
        if self.waiting.len() == PIECE {
            self.send()?;
        }
        Ok(taken)
    }

    /// Small pieces wait for each other; the end is sent when the archive is.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn write(entries: Vec<Entry>, store: &dyn FileStore, pipe: Pipe, handle: &Handle) -> io::Result<()> {
    let mut archive = ZipWriter::new_stream(pipe);
    for entry in entries {
        match entry.what {
            What::Note(text) => {
                archive.start_file(entry.name, SimpleFileOptions::default())?;
                archive.write_all(text.as_bytes())?;
            }
            What::File(file) => {
                archive.start_file(entry.name, options(&file))?;
                let content = handle
                    .block_on(content::open(store, &file))
                    .map_err(|error| io::Error::other(error.to_string()))?;
                copy(
                    SyncIoBridge::new_with_handle(content.body, handle.clone()),
                    &mut archive,
                )?;
            }
        }
    }
    let mut pipe = archive.finish()?.into_inner();
    pipe.send()
}

fn copy(mut from: impl Read, to: &mut impl Write) -> io::Result<()> {
    let mut buffer = vec![0; READ];
    loop {
        let read = from.read(&mut buffer)?;
        if read == 0 {
            return Ok(());
        }
        to.write_all(&buffer[..read])?;
    }
}

fn options(file: &ReleaseFile) -> SimpleFileOptions {
    let is_packed = matches!(
        names::extension(&file.name).as_str(),
        "png" | "jpg" | "jpeg" | "gif" | "gz" | "svgz" | "zip" | "pdf" | "bz2" | "xz" | "zst" | "feather"
    );
    SimpleFileOptions::default()
        .compression_method(match is_packed {
            true => CompressionMethod::Stored,
            false => CompressionMethod::Deflated,
        })
        // Tables and logs shrink nearly as much as with more effort, and whoever waits for a gigabyte waits a third.
        .compression_level((!is_packed).then_some(2))
        .large_file(u32::try_from(file.size).is_err())
        .last_modified_time(date(file.mtime))
}

/// A date as archives know it: from 1980, in steps of two seconds.
fn date(at: OffsetDateTime) -> DateTime {
    let at = at.to_offset(time::UtcOffset::UTC);
    u16::try_from(at.year())
        .ok()
        .and_then(|year| {
            DateTime::from_date_and_time(year, at.month().into(), at.day(), at.hour(), at.minute(), at.second()).ok()
        })
        .unwrap_or_default()
}
