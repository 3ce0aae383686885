//! The hash of a content while it arrives, made by a thread of its own: receiving and hashing take about as long, and
//! whoever uploads should not wait for both.

use bytes::Bytes;
use sha2::{Digest as _, Sha256};
use tokio::task::{JoinHandle, spawn_blocking};

use crate::core::error::{Error, Result};

/// So many bytes are hashed at once: a thread is asked for it each time.
const PIECE: usize = 1024 * 1024;

/// A SHA-256 that is being made. Besides what is being hashed it holds at most a piece.
#[derive(Default)]
pub(super) struct Digest {
    waiting: Vec<Bytes>,
    length: usize,
    hashing: Option<JoinHandle<Sha256>>,
}

impl Digest {
    /// Takes the next bytes.
    ///
    /// # Errors
    /// `Internal` when the thread ended.
    pub async fn update(&mut self, bytes: Bytes) -> Result<()> {
        self.length += bytes.len();
        self.waiting.push(bytes);
        if self.length >= PIECE {
            let hasher = self.hasher().await?;
            let pieces = std::mem::take(&mut self.waiting);
            self.length = 0;
            self.hashing = Some(spawn_blocking(move || hashed(hasher, &pieces)));
        }
        Ok(())
    }

    async fn hasher(&mut self) -> Result<Sha256> {
        match self.hashing.take() {
            None => Ok(Sha256::new()),
            Some(hashing) => hashing
                .await
                .map_err(|error| Error::Internal(format!("a content could not be hashed: {error}"))),
        }
    }

    /// In hexadecimal, in small letters.
    ///
    /// # Errors
    /// `Internal` when the thread ended.
    pub async fn finish(mut self) -> Result<String> {
        let hasher = self.hasher().await?;
        let hash = hashed(hasher, &self.waiting).finalize();
        Ok(data_encoding::HEXLOWER.encode(&hash))
    }
}

fn hashed(mut hasher: Sha256, pieces: &[Bytes]) -> Sha256 {
    for piece in pieces {
        hasher.update(piece);
    }
    hasher
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn it_is_the_hash_of_the_whole_however_it_comes() {
        let content: Vec<u8> = (0..3_500_000_u32).map(|n| (n % 251) as u8).collect();
        let wanted = data_encoding::HEXLOWER.encode(&Sha256::digest(&content));
        for size in [1, 4096, 700_000, 1_048_576, content.len()] {
            let mut digest = Digest::default();
            // Single bytes of the beginning are enough.
            let (slow, rest) = content.split_at(if size == 1 { 1000 } else { 0 });
            for piece in slow.chunks(1).chain(rest.chunks(size.max(4096))) {
                digest.update(Bytes::copy_from_slice(piece)).await.unwrap();
            }
            assert_eq!(digest.finish().await.unwrap(), wanted, "{size}");
        }
        let nothing = Digest::default().finish().await.unwrap();
        assert_eq!(nothing, data_encoding::HEXLOWER.encode(&Sha256::digest(b"")));
    }
}
