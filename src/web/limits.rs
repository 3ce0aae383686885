//! How much of a request is read. Each kind of body has a limit of its own (`Rocket.toml`).

use std::io;
use std::time::Duration;

use bytes::BufMut;
use rocket::Data;
use rocket::data::ByteUnit;
use tokio::io::{AsyncRead, AsyncReadExt as _, copy, sink};
use tokio::time::timeout;

/// Why a body was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotTaken {
    TooLarge,
    /// The connection ended before the body did.
    Broken,
}

/// How long a body may be awaited of which nothing more comes. Whoever holds a connection open for ever holds memory, a
/// file and a place among those that are served.
pub const STALLED: Duration = Duration::from_secs(30);

/// Of a body that nobody wants, at most so much is read and thrown away.
const UNWANTED: ByteUnit = ByteUnit::Mebibyte(64);

/// How long whoever sends too much may go on sending before the connection is closed.
const PATIENCE: Duration = Duration::from_secs(20);

/// The most that a path and a query have together, in bytes: proxies take no more either, and the longest that
/// pages of ours make is a filter of a few hundred.
pub const LONGEST_ADDRESS: usize = 16 * 1024;

/// The whole body, if it has at most `limit` bytes. Of one that has more, as much again and three times is read and
/// thrown away: whoever is still sending when a connection closes sees a broken pipe and not our answer. A body
/// that is larger still is cut off.
pub async fn whole(data: Data<'_>, limit: ByteUnit) -> Result<Vec<u8>, NotTaken> {
    let most = limit.as_u64();
    let mut stream = data.open(ByteUnit::from(most.saturating_mul(4)));
    let mut body = Vec::new();
    let mut beginning = (&mut stream).take(most.saturating_add(1));
    loop {
        match read_some(&mut beginning, &mut body, STALLED).await {
            Ok(0) => break,
            Ok(_) => {}
            Err(_) => return Err(NotTaken::Broken),
        }
    }
    if body.len() as u64 > most {
        drop(body);
        read_on(&mut stream).await;
        return Err(NotTaken::TooLarge);
    }
    Ok(body)
}

/// Reads what comes next; 0 bytes are the end.
///
/// # Errors
/// `TimedOut` when nothing comes for so long, and those of the connection.
pub async fn read_some(
    stream: &mut (impl AsyncRead + Unpin),
    into: &mut impl BufMut,
    patience: Duration,
) -> io::Result<usize> {
    match timeout(patience, stream.read_buf(into)).await {
        Ok(read) => read,
        Err(_) => Err(io::ErrorKind::TimedOut.into()),
    }
}

/// Reads what is still coming and throws it away, for a while: whoever is still sending when a connection closes sees a
/// broken pipe and not our answer.
pub async fn read_on(stream: &mut (impl AsyncRead + Unpin)) {
    let rest = timeout(PATIENCE, copy(stream, &mut sink())).await;
    tracing::debug!(is_whole = matches!(rest, Ok(Ok(_))), "a body was refused");
}

/// Reads the body of a request that is refused whatever it holds, as [`read_on`] does.
pub async fn unwanted(data: Data<'_>) {
    read_on(&mut data.open(UNWANTED)).await;
}

/// A limit as people read it.
pub fn in_words(limit: ByteUnit) -> String {
    let bytes = limit.as_u64();
    match bytes {
        0..1024 => format!("{bytes} bytes"),
        1024..1_048_576 => format!("{} KB", bytes / 1024),
        _ => format!("{} MB", bytes / 1_048_576),
    }
}

#[cfg(test)]
mod tests {
    use rocket::data::ToByteUnit as _;

    use std::time::Duration;

    use tokio::io::AsyncWriteExt as _;

    use super::{in_words, read_some};

    #[tokio::test]
    async fn what_stops_coming_is_given_up_and_what_is_there_is_read() {
        let (mut sender, mut receiver) = tokio::io::duplex(64);
        let mut read = Vec::new();
        sender.write_all(b"some").await.unwrap();
        assert_eq!(read_some(&mut receiver, &mut read, Duration::ZERO).await.unwrap(), 4);
        // The sender is there still, and silent.
        let error = read_some(&mut receiver, &mut read, Duration::ZERO).await.unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::TimedOut);
        drop(sender);
        assert_eq!(read_some(&mut receiver, &mut read, Duration::ZERO).await.unwrap(), 0);
        assert_eq!(read, b"some");
    }

    #[test]
    fn limits_are_told_in_the_unit_people_know() {
        assert_eq!(in_words(256.kibibytes()), "256 KB");
        assert_eq!(in_words(32.mebibytes()), "32 MB");
        assert_eq!(in_words(12.bytes()), "12 bytes");
    }
}
