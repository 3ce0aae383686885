//! Archives of released files, written while they are sent: whatever they hold, a few hundred kilobytes are in memory.
//!
//! An archive is put together twice. First for its length alone: that finds what is missing or damaged, for which a few
//! words are sent instead, and a storage that does not answer, before a first byte has left. Then a thread reads contents
//! and writes the archive into a pipe with little room, and waits when whoever downloads is slow.
//!
//! As the length was said, an archive that could not be finished is a connection that was cut, and no browser takes it
//! for whole. Without a length, the web server would end a broken archive like any other.

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
use zip::write::{SimpleFileOptions, StreamWriter, ZipWriter};
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

/// The most bytes of contents that are packed, and looked at whole before the first byte. With more, whoever waits would
/// be taken for forgotten by what stands in front of us: contents go as they are, and only their sizes are looked at
/// before.
const PACKED: i64 = 256 * 1024 * 1024;

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
    /// In bytes.
    size: u64,
    contents: Contents,
    store: Arc<dyn FileStore>,
    turn: OwnedSemaphorePermit,
}

struct Contents {
    entries: Vec<Entry>,
    is_packed: bool,
}

impl Archive {
    /// `filename` has no characters but letters, digits, `-`, `_` and dots.
    ///
    /// # Errors
    /// `Unavailable` when as many archives are being sent as there are threads for, and when the storage does not answer.
    pub async fn new(filename: String, entries: Vec<Entry>, store: Arc<dyn FileStore>) -> Result<Self> {
        static TURNS: LazyLock<Arc<Semaphore>> = LazyLock::new(|| Arc::new(Semaphore::new(AT_ONCE)));
        let mut turn = Arc::clone(&TURNS)
            .try_acquire_owned()
            .map_err(|_| Error::Unavailable(format!("{AT_ONCE} archives are being sent already")))?;
        let whole: i64 = entries.iter().map(Entry::size).sum();
        let mut contents = Contents {
            entries,
            is_packed: whole <= PACKED,
        };
        let mut was_looked_at = false;
        if !contents.is_packed {
            contents.replace_damaged(&*store).await?;
            was_looked_at = true;
        }
        loop {
            let (reads, handle) = (Arc::clone(&store), Handle::current());
            // The turn goes along: the thread is one of those that are counted, even when nobody waits any more.
            let counted = tokio::task::spawn_blocking(move || {
                let size = contents.count(&*reads, &handle);
                (size, contents, turn)
            });
            let size;
            (size, contents, turn) = counted.await.map_err(|error| Error::Internal(error.to_string()))?;
            match size {
                Ok(size) => {
                    return Ok(Self {
                        filename,
                        size,
                        contents,
                        store,
                        turn,
                    });
                }
                Err(error) if error.kind() == io::ErrorKind::InvalidData && !was_looked_at => {
                    contents.replace_damaged(&*store).await?;
                    was_looked_at = true;
                }
                Err(error) => return Err(Error::Unavailable(error.to_string())),
            }
        }
    }
}

impl Entry {
    fn size(&self) -> i64 {
        match &self.what {
            What::File(file) => file.size,
            What::Note(_) => 0,
        }
    }
}

impl Contents {
    /// Puts a few words in place of each content that is missing or damaged.
    async fn replace_damaged(&mut self, store: &dyn FileStore) -> Result<()> {
        for entry in &mut self.entries {
            let What::File(file) = &entry.what else { continue };
            let checked = match self.is_packed {
                true => content::check(store, file).await,
                false => content::check_size(store, file).await,
            };
            match checked {
                Ok(()) => {}
                Err(error @ Error::Unavailable(_)) => return Err(error),
                // What is wrong with it was logged.
                Err(_) => {
                    entry.what = What::Note(format!(
                        "{}: damaged, not in here. Ask for it to be released again.\n",
                        entry.name
                    ));
                }
            }
        }
        Ok(())
    }

    /// How many bytes the archive will have.
    fn count(&self, store: &dyn FileStore, handle: &Handle) -> io::Result<u64> {
        let counted = self.write(Counter(0), |file, archive| match self.is_packed {
            true => copy_content(file, store, handle, archive),
            // Without packing, any bytes are as long.
            false => copy(io::repeat(0).take(u64::try_from(file.size).unwrap_or(0)), archive),
        })?;
        Ok(counted.0)
    }

    fn send(&self, store: &dyn FileStore, handle: &Handle, pipe: Pipe) -> io::Result<()> {
        self.write(pipe, |file, archive| copy_content(file, store, handle, archive))?
            .send()
    }

    /// Writes the archive, with what `fill` writes of each file.
    fn write<W: Write>(
        &self,
        to: W,
        fill: impl Fn(&ReleaseFile, &mut ZipWriter<StreamWriter<W>>) -> io::Result<()>,
    ) -> io::Result<W> {
        let mut archive = ZipWriter::new_stream(to);
        for entry in &self.entries {
            match &entry.what {
                What::Note(text) => {
                    archive.start_file(entry.name.as_str(), SimpleFileOptions::default())?;
                    archive.write_all(text.as_bytes())?;
                }
                What::File(file) => {
                    archive.start_file(entry.name.as_str(), options(file, self.is_packed))?;
                    fill(file, &mut archive)?;
                }
            }
        }
        Ok(archive.finish()?.into_inner())
    }
}

/// Counts what is written.
struct Counter(u64);

impl Write for Counter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
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
            size,
            contents,
            store,
            turn,
        } = self;
        tokio::task::spawn_blocking(move || {
            let _turn = turn;
            let last = match contents.send(&*store, &handle, Pipe::new(sender.clone())) {
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
            .header(Header::new("Content-Length", size.to_string()))
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

fn copy_content(file: &ReleaseFile, store: &dyn FileStore, handle: &Handle, to: &mut impl Write) -> io::Result<()> {
    let content = handle
        .block_on(content::open(store, file))
        .map_err(|error| match error {
            Error::Unavailable(why) => io::Error::other(why),
            damaged => io::Error::new(io::ErrorKind::InvalidData, damaged.to_string()),
        })?;
    copy(SyncIoBridge::new_with_handle(content.body, handle.clone()), to)
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

fn options(file: &ReleaseFile, packs: bool) -> SimpleFileOptions {
    let is_small = matches!(
        names::extension(&file.name).as_str(),
        "png" | "jpg" | "jpeg" | "gif" | "gz" | "svgz" | "zip" | "pdf" | "bz2" | "xz" | "zst" | "feather"
    );
    SimpleFileOptions::default()
        .compression_method(match packs && !is_small {
            true => CompressionMethod::Deflated,
            false => CompressionMethod::Stored,
        })
        // Tables and logs shrink nearly as much as with more effort, and whoever waits for a gigabyte waits a third.
        .compression_level((packs && !is_small).then_some(2))
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
