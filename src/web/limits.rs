//! How much of a request is read. Each kind of body has a limit of its own (`Rocket.toml`).

use std::time::Duration;

use rocket::Data;
use rocket::data::ByteUnit;
use tokio::io::{AsyncReadExt as _, copy, sink};

/// Why a body was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotTaken {
    TooLarge,
    /// The connection ended before the body did.
    Broken,
}

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
    let read = (&mut stream).take(most.saturating_add(1)).read_to_end(&mut body).await;
    match read {
        Ok(read) if read as u64 > most => {
            drop(body);
            let rest = tokio::time::timeout(PATIENCE, copy(&mut stream, &mut sink())).await;
            tracing::debug!(is_whole = matches!(rest, Ok(Ok(_))), "a body was too large");
            Err(NotTaken::TooLarge)
        }
        Ok(_) => Ok(body),
        Err(_) => Err(NotTaken::Broken),
    }
}

/// Reads what is still coming and throws it away, for a while: whoever is still sending when a connection closes sees a
/// broken pipe and not our answer.
pub async fn read_on(stream: &mut (impl tokio::io::AsyncRead + Unpin)) {
    let rest = tokio::time::timeout(PATIENCE, copy(stream, &mut sink())).await;
    tracing::debug!(is_whole = matches!(rest, Ok(Ok(_))), "a body was refused");
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

    use super::in_words;

    #[test]
    fn limits_are_told_in_the_unit_people_know() {
        assert_eq!(in_words(256.kibibytes()), "256 KB");
        assert_eq!(in_words(32.mebibytes()), "32 MB");
        assert_eq!(in_words(12.bytes()), "12 bytes");
    }
}
