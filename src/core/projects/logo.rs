//! What a picture must be to become an organisation's logo: known by its first bytes, whatever its name says.

use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};

/// The largest picture, in bytes.
pub const LARGEST: usize = 1024 * 1024;
/// What is said of one that is larger.
pub const TOO_LARGE: &str = "The picture is larger than 1 MiB. Choose a smaller one.";
/// The most points along one side.
const MOST_POINTS: u32 = 4000;

/// A picture that can be a logo.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Logo {
    pub kind: Kind,
    pub width: u32,
    pub height: u32,
}

/// How a picture is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Png,
    Jpeg,
    Webp,
}

impl Kind {
    const fn extension(self) -> &'static str {
        match self {
            Kind::Png => "png",
            Kind::Jpeg => "jpg",
            Kind::Webp => "webp",
        }
    }
}

impl Logo {
    /// Reads what a picture is.
    ///
    /// # Errors
    /// What is wrong with it, for whoever sent it.
    pub fn read(bytes: &[u8]) -> Result<Self, String> {
        if bytes.len() > LARGEST {
            return Err(TOO_LARGE.to_owned());
        }
        let (kind, sides) = if bytes.starts_with(b"\x89PNG\r\n\x1a\n") {
            (Kind::Png, png(bytes))
        } else if bytes.starts_with(b"\xff\xd8\xff") {
            (Kind::Jpeg, jpeg(bytes))
        } else if bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP") {
            (Kind::Webp, webp(bytes))
        } else {
            return Err("Choose a PNG, JPEG or WebP picture. Drawings (SVG) and other files are not taken.".to_owned());
        };
        let Some((width, height)) = sides.filter(|(width, height)| *width > 0 && *height > 0) else {
            return Err("The picture is damaged: its size cannot be read. Save it anew and try again.".to_owned());
        };
        if width > MOST_POINTS || height > MOST_POINTS {
            return Err(format!(
                "The picture has {width} × {height} points. Choose one with at most {MOST_POINTS} along each side."
            ));
        }
        Ok(Self { kind, width, height })
    }

    /// Where it is kept below the folder of uploads: the same content has the same path.
    pub fn path(self, bytes: &[u8]) -> String {
        let digest = HEXLOWER.encode(&Sha256::digest(bytes));
        format!("org_logos/{digest}.{}", self.kind.extension())
    }
}

fn be16(bytes: &[u8], at: usize) -> Option<u32> {
    let bytes: [u8; 2] = bytes.get(at..at + 2)?.try_into().ok()?;
    Some(u32::from(u16::from_be_bytes(bytes)))
}

fn be32(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

/// The first chunk is the header.
fn png(bytes: &[u8]) -> Option<(u32, u32)> {
    let is_header = bytes.get(12..16)? == b"IHDR";
    let sides = (be32(bytes, 16)?, be32(bytes, 20)?);
    is_header.then_some(sides)
}

/// Segments follow each other, each with its length, until one that begins a frame.
fn jpeg(bytes: &[u8]) -> Option<(u32, u32)> {
    let mut at = 2;
    loop {
        if *bytes.get(at)? != 0xff {
            return None;
        }
        match *bytes.get(at + 1)? {
            // Fill bytes, and markers that stand alone.
            0xff => at += 1,
            0x01 | 0xd0..=0xd7 => at += 2,
            // The picture itself, or its end, before any frame.
            0xd9 | 0xda => return None,
            0xc4 | 0xc8 | 0xcc => at += 2 + length(bytes, at)?,
            0xc0..=0xcf => return Some((be16(bytes, at + 7)?, be16(bytes, at + 5)?)),
            _ => at += 2 + length(bytes, at)?,
        }
    }
}

fn length(bytes: &[u8], at: usize) -> Option<usize> {
    be16(bytes, at + 2)
        .map(|length| length as usize)
        .filter(|length| *length >= 2)
}

/// The first chunk says which of three forms it is.
fn webp(bytes: &[u8]) -> Option<(u32, u32)> {
    let byte = |at: usize| bytes.get(at).map(|byte| u32::from(*byte));
    let little16 = |at: usize| Some(byte(at)? | (byte(at + 1)? << 8));
    let little24 = |at: usize| Some(little16(at)? | (byte(at + 2)? << 16));
    match bytes.get(12..16)? {
        b"VP8 " => {
            let is_key_frame = bytes.get(23..26)? == [0x9d, 0x01, 0x2a];
            is_key_frame.then_some((little16(26)? & 0x3fff, little16(28)? & 0x3fff))
        }
        b"VP8L" => {
            let bits = little16(21)? | (little16(23)? << 16);
            (byte(20)? == 0x2f).then_some(((bits & 0x3fff) + 1, ((bits >> 14) & 0x3fff) + 1))
        }
        b"VP8X" => Some((little24(24)? + 1, little24(27)? + 1)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn png_of(width: u32, height: u32) -> Vec<u8> {
        let mut bytes = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR".to_vec();
        bytes.extend(width.to_be_bytes());
        bytes.extend(height.to_be_bytes());
        bytes
    }

    fn sides(bytes: &[u8]) -> Option<(u32, u32)> {
        Logo::read(bytes).ok().map(|logo| (logo.width, logo.height))
    }

    #[test]
    fn pictures_of_three_kinds_are_read() {
        assert_eq!(sides(&png_of(3, 5)), Some((3, 5)));
        let jpeg = b"\xff\xd8\xff\xe0\0\x04ab\xff\xff\xc4\0\x03x\xff\xc2\0\x11\x08\0\x05\0\x03";
        assert_eq!(sides(jpeg), Some((3, 5)));
        let lossy = b"RIFF\0\0\0\0WEBPVP8 \0\0\0\0\0\0\0\x9d\x01\x2a\x03\0\x05\0";
        assert_eq!(sides(lossy), Some((3, 5)));
        // Width and height less one, fourteen bits each.
        let lossless = b"RIFF\0\0\0\0WEBPVP8L\0\0\0\0\x2f\x02\0\x01\0";
        assert_eq!(sides(lossless), Some((3, 5)));
        let extended = b"RIFF\0\0\0\0WEBPVP8X\0\0\0\0\0\0\0\0\x02\0\0\x04\0\0";
        assert_eq!(sides(extended), Some((3, 5)));
    }

    #[test]
    fn what_is_no_picture_or_too_large_is_refused() {
        let refused: [&[u8]; 8] = [
            b"",
            b"<svg xmlns='http://www.w3.org/2000/svg'/>",
            b"GIF89a",
            b"\x89PNG\r\n\x1a\n",
            b"\xff\xd8\xff\xda\0\0",
            b"\xff\xd8\xff\xe0\0\0",
            b"RIFF\0\0\0\0WEBPVP8Z\0\0\0\0",
            b"RIFF\0\0\0\0WAVEVP8X\0\0\0\0\0\0\0\0\x02\0\0\x04\0\0",
        ];
        for bytes in refused {
            assert!(Logo::read(bytes).is_err(), "{bytes:?}");
        }
        assert!(Logo::read(&png_of(0, 5)).is_err());
        assert!(
            Logo::read(&png_of(MOST_POINTS + 1, 5))
                .unwrap_err()
                .contains("4001 × 5")
        );
        let mut large = png_of(3, 5);
        large.resize(LARGEST + 1, 0);
        assert!(Logo::read(&large).unwrap_err().contains("1 MiB"));
    }

    #[test]
    fn the_same_picture_has_the_same_path() {
        let bytes = png_of(3, 5);
        let path = Logo::read(&bytes).unwrap().path(&bytes);
        assert!(path.starts_with("org_logos/") && path.ends_with(".png"));
        assert_eq!(path.len(), "org_logos/".len() + 64 + ".png".len());
        assert_ne!(path, Logo::read(&bytes).unwrap().path(&png_of(3, 6)));
    }

    proptest! {
        #[test]
        fn nothing_that_is_sent_breaks_the_reader(
            start in prop::sample::select(vec![&b"\x89PNG\r\n\x1a\n"[..], b"\xff\xd8\xff", b"RIFF\0\0\0\0WEBPVP8", b""]),
            rest in prop::collection::vec(any::<u8>(), 0..64),
        ) {
            let bytes = [start, &rest].concat();
            let _ = Logo::read(&bytes);
        }
    }
}
