//! Names of releases and of released files: which are taken, and what they say of a content.

use ulid::Ulid;

/// The longest name of a file, in bytes: enough for real paths, and what an index takes.
pub const MAX_NAME: usize = 1000;

/// An identifier of ours for a release or a file.
pub fn new_id() -> String {
    Ulid::generate().to_string()
}

/// Whether a text can be the id of a release or a file. Airlock's are ULIDs, but nothing here relies on it.
pub fn is_id(text: &str) -> bool {
    (1..=26).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

/// What is wrong with a file's name, in a sentence. A name never becomes a path of ours, but it is one to whoever
/// unpacks an archive or saves what a page shows.
pub fn name_fault(name: &str) -> Option<&'static str> {
    if name.len() > MAX_NAME {
        return Some("The name is too long: at most 1000 bytes are allowed.");
    }
    if name
        .chars()
        .any(|c| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}'))
    {
        return Some("Control characters are not allowed.");
    }
    if name.chars().any(is_invisible) {
        return Some("Invisible characters, and those that turn the direction of writing, are not allowed.");
    }
    if name.chars().any(is_look_alike) {
        return Some("Characters that look like a dot or a slash, and are none, are not allowed.");
    }
    if name.contains('\\') {
        return Some("Backslashes are not allowed: folders end in a forward slash.");
    }
    if name.starts_with('/') {
        return Some("Absolute paths are not allowed.");
    }
    let mut segments = name.split('/');
    if name.len() >= 2 && name.as_bytes()[0].is_ascii_alphabetic() && name.as_bytes()[1] == b':' {
        return Some("Names of drives are not allowed.");
    }
    if segments.clone().any(str::is_empty) {
        return Some("A folder or the file has an empty name.");
    }
    if segments.clone().any(|segment| matches!(segment, "." | "..")) {
        return Some("The parts . and .. are not allowed.");
    }
    if segments.clone().any(|segment| segment.len() > 255) {
        return Some("A folder's or file's own name is too long: at most 255 bytes are allowed.");
    }
    if segments.any(is_reserved_in_windows) {
        return Some("Names that Windows keeps for devices, or that end in a dot or a blank, are not allowed.");
    }
    None
}

/// Characters that nobody sees (Unicode's `Default_Ignorable_Code_Point`, and annotations), those that turn the
/// direction of writing among them.
fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}'
        | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

/// Slashes, backslashes and dots that are none.
fn is_look_alike(c: char) -> bool {
    matches!(
        c,
        '\u{2024}'
            | '\u{2025}'
            | '\u{2044}'
            | '\u{2215}'
            | '\u{2216}'
            | '\u{29f5}'
            | '\u{29f8}'
            | '\u{29f9}'
            | '\u{fe52}'
            | '\u{fe68}'
            | '\u{ff0e}'
            | '\u{ff0f}'
            | '\u{ff3c}'
    )
}

fn is_reserved_in_windows(segment: &str) -> bool {
    let stem = segment.split('.').next().unwrap_or_default().trim_end();
    // Ports have numbers, and Windows takes some superscripts for them.
    let is_numbered = |prefix: &str| {
        stem.get(..3).is_some_and(|start| start.eq_ignore_ascii_case(prefix))
            && matches!(
                stem.get(3..),
                Some("1" | "2" | "3" | "4" | "5" | "6" | "7" | "8" | "9" | "\u{b9}" | "\u{b2}" | "\u{b3}")
            )
    };
    ["con", "prn", "aux", "nul", "conin$", "conout$"]
        .iter()
        .any(|device| stem.eq_ignore_ascii_case(device))
        || is_numbered("com")
        || is_numbered("lpt")
        || segment.ends_with(['.', ' '])
}

/// A hash as it is written and compared.
pub fn hex(hash: &[u8]) -> String {
    data_encoding::HEXLOWER.encode(hash)
}

/// Whether a text can be a SHA-256 in hexadecimal, in letters of any case.
pub fn is_sha256(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// The last part of a name.
pub fn base_name(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or(name)
}

/// The last extension of a name in lower case, without its dot; empty when there is none.
pub fn extension(name: &str) -> String {
    match base_name(name).rsplit_once('.') {
        Some((stem, extension)) if !stem.is_empty() => extension.to_ascii_lowercase(),
        _ => String::new(),
    }
}

/// Extensions and types, as the viewer's readers know them.
const TYPES: &[(&str, &str)] = &[
    ("txt", "text/plain"),
    ("csv", "text/csv"),
    ("html", "text/html"),
    ("md", "text/markdown"),
    ("json", "application/json"),
    ("svg", "image/svg+xml"),
    ("png", "image/png"),
    ("jpg", "image/jpeg"),
    ("jpeg", "image/jpeg"),
    ("gif", "image/gif"),
    ("pdf", "application/pdf"),
    ("tsv", "text/tab-separated-values"),
    ("gz", "application/gzip"),
    ("svgz", "application/gzip"),
];

/// The content type of a file, by its name alone.
pub fn content_type(name: &str) -> String {
    let extension = extension(name);
    let found = TYPES.iter().find(|(known, _)| *known == extension);
    match found.map_or("application/octet-stream", |(_, content_type)| content_type) {
        text if text.starts_with("text/") => format!("{text}; charset=utf-8"),
        other => other.to_owned(),
    }
}

/// The key under which a file's content is kept: of its id and its hash, never of its name. An extension of the list
/// above stays, so that what serves the folder knows the type.
pub fn key(file_id: &str, sha256: &str, name: &str) -> String {
    let extension = extension(name);
    let dotted = match TYPES.iter().any(|(known, _)| *known == extension) {
        true => format!(".{extension}"),
        false => String::new(),
    };
    format!("{}/{file_id}-{sha256}{dotted}", sha256.get(..2).unwrap_or("00"))
}

/// The id of the file that a key of this form belongs to; `None` for everything that [`key`] does not make.
pub fn id_in_key(text: &str) -> Option<&str> {
    let (_, name) = text.split_once('/')?;
    let (stem, extension) = name
        .split_once('.')
        .map_or((name, None), |(stem, rest)| (stem, Some(rest)));
    let (id, hash) = stem.rsplit_once('-')?;
    let is_hash = is_sha256(hash) && !hash.bytes().any(|byte| byte.is_ascii_uppercase());
    let like_it = extension.map_or_else(|| "x".to_owned(), |extension| format!("x.{extension}"));
    (is_hash && is_id(id) && key(id, hash, &like_it) == text).then_some(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_short_and_harmless() {
        assert!(is_id(&new_id()));
        for id in ["a", "01JD-x_Y", "0123456789abcdefghij012345"] {
            assert!(is_id(id), "{id}");
        }
        for id in ["", "..", "a/b", "é", "a b", "0123456789abcdefghij0123456"] {
            assert!(!is_id(id), "{id}");
        }
    }

    #[test]
    fn names_that_play_tricks_are_refused() {
        for fine in [
            "a.txt",
            "output/a.txt",
            "output/été/größe 1.csv",
            "..hidden/..a",
            "console.log",
            "output/com10.csv",
            ".gitignore",
            "结果/表.csv",
        ] {
            assert_eq!(name_fault(fine), None, "{fine}");
        }
        for bad in [
            "/etc/passwd",
            "../a",
            "a/../b",
            "a/..",
            "./a",
            "a//b",
            "a/",
            "a\\b",
            "C:/a",
            "c:a",
            "a\nb",
            "a\u{7f}",
            "a\u{85}b",
            "CON",
            "output/nul.txt",
            "LPT1.csv",
            "com\u{b9}",
            "Lpt\u{b3}.txt",
            "output/CONIN$",
            "conout$.log",
            "a\u{34f}b",
            "a\u{3164}.csv",
            "a\u{fe0f}b",
            "a\u{e0041}b",
            "a. ",
            "a.",
            "report\u{202e}fdp.exe",
            "a\u{200b}b",
            "a\u{2215}b",
            "a\u{2025}/b",
        ] {
            assert!(name_fault(bad).is_some(), "{bad:?}");
        }
        assert!(name_fault(&"a".repeat(256)).is_some());
        assert!(name_fault(&vec!["a".repeat(200); 6].join("/")).is_some());
    }

    #[test]
    fn types_go_by_the_last_extension() {
        for (name, expected) in [
            ("a.TXT", "text/plain; charset=utf-8"),
            ("output/a.csv", "text/csv; charset=utf-8"),
            ("a.csv.gz", "application/gzip"),
            ("a.svgz", "application/gzip"),
            ("a.svg", "image/svg+xml"),
            ("a.tsv", "text/tab-separated-values; charset=utf-8"),
            ("a.log", "application/octet-stream"),
            ("Makefile", "application/octet-stream"),
            (".csv", "application/octet-stream"),
            ("a.json", "application/json"),
        ] {
            assert_eq!(content_type(name), expected, "{name}");
        }
    }

    #[test]
    fn keys_are_ours() {
        let hash = "ab".repeat(32);
        assert_eq!(key("01A", &hash, "../x/A.CSV"), format!("ab/01A-{hash}.csv"));
        assert_eq!(key("01A", &hash, "x.php"), format!("ab/01A-{hash}"));
    }

    #[test]
    fn keys_tell_whose_they_are() {
        let hash = "ab".repeat(32);
        for id in ["01A", "a-b_c", "-"] {
            for name in ["x.csv", "x.CSV", "x", "x.php"] {
                assert_eq!(id_in_key(&key(id, &hash, name)), Some(id));
            }
        }
        for other in [
            "x",
            "logo.png",
            "uploads/logo.png",
            "jobserver.dump",
            "ab/x",
            "ab/01A-short.csv",
            &format!("ab/-{hash}.csv"),
            &format!("cd/01A-{hash}.csv"),
            &format!("ab/01A-{hash}.php"),
            &format!("ab/01A-{hash}.csv.bak"),
            &format!("ab/01A-{hash}."),
            &format!("ab/c/01A-{hash}"),
            &format!("AB/01A-{}", hash.to_uppercase()),
            &format!("ab/{}-{hash}", "1".repeat(27)),
        ] {
            assert_eq!(id_in_key(other), None, "{other}");
        }
    }
}
