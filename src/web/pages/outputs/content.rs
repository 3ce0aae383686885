//! Reading a released file for its page: a bounded part of it, after the whole was found to be what was uploaded.

use std::io::{self, Read};

use serde::Serialize;
use serde::de::IgnoredAny;
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio_util::io::SyncIoBridge;

use crate::core::error::Error;
use crate::core::ports::FileStore;
use crate::core::releases::{ReleaseFile, content, names};

/// The largest file of which anything is shown, in bytes.
pub const LARGEST: i64 = 20_000_000;
/// The largest table, in bytes: it is read piece by piece.
pub const LARGEST_TABLE: i64 = 64 * 1024 * 1024;
/// Of a text, so many bytes are shown.
pub const TEXT_SHOWN: usize = 256 * 1024;
/// The largest JSON that is laid out anew, in bytes.
const LARGEST_JSON: i64 = 1024 * 1024;
/// Rows of one page of a table.
pub const ROWS: usize = 100;
/// Columns of a table that are shown.
const COLUMNS: usize = 200;
/// Letters of one cell that are shown.
const CELL: usize = 1000;

/// How a file is shown, by its name alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Values separated by this byte.
    Table(u8),
    Text,
    Json,
    Image,
    Report,
    Pdf,
    Other,
}

impl Kind {
    pub fn of(name: &str) -> Self {
        match names::extension(name).as_str() {
            "csv" => Self::Table(b','),
            "tsv" => Self::Table(b'\t'),
            "txt" | "log" | "md" | "yaml" | "yml" => Self::Text,
            "json" => Self::Json,
            "png" | "jpg" | "jpeg" | "gif" | "svg" => Self::Image,
            "html" => Self::Report,
            "pdf" => Self::Pdf,
            _ => Self::Other,
        }
    }

    /// As scripts and styles call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Table(_) => "table",
            Self::Text => "text",
            Self::Json => "json",
            Self::Image => "image",
            Self::Report => "report",
            Self::Pdf => "pdf",
            Self::Other => "other",
        }
    }

    /// The largest file of this kind that is shown, in bytes.
    pub fn largest(self) -> i64 {
        match self {
            Self::Table(_) => LARGEST_TABLE,
            _ => LARGEST,
        }
    }
}

/// One page of a table.
#[derive(Debug, Default, Serialize, PartialEq, Eq)]
pub struct Rows {
    /// The first row of the file, whatever it is.
    pub head: Vec<String>,
    pub rows: Vec<Row>,
    /// Rows below the first.
    #[serde(skip)]
    pub total: usize,
    /// Of the widest row.
    #[serde(skip)]
    pub columns: usize,
}

#[derive(Debug, Serialize, PartialEq, Eq)]
pub struct Row {
    /// Its place in the file, below the first row.
    pub number: usize,
    pub cells: Vec<String>,
}

/// A text, or its beginning.
#[derive(Debug, PartialEq, Eq)]
pub struct Text {
    pub text: String,
    pub is_whole: bool,
    /// Each value of a JSON has a line of its own.
    pub is_laid_out: bool,
}

/// Why there is nothing to show of a content that should be there.
#[derive(Debug, PartialEq, Eq)]
pub enum Unreadable {
    /// It is missing, or not what was uploaded. That was logged.
    Damaged,
    /// The storage does not answer.
    Away,
}

impl From<Error> for Unreadable {
    fn from(error: Error) -> Self {
        match error {
            Error::Unavailable(cause) => {
                tracing::warn!(cause, "a released file could not be read");
                Self::Away
            }
            _ => Self::Damaged,
        }
    }
}

impl From<io::Error> for Unreadable {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::InvalidData {
            return Self::Damaged;
        }
        tracing::warn!(%error, "a released file could not be read to its end");
        Self::Away
    }
}

/// A page of a table, counted from 1. All of the file is read, as only so its rows are known.
pub async fn rows(store: &dyn FileStore, file: &ReleaseFile, delimiter: u8, page: usize) -> Result<Rows, Unreadable> {
    let content = content::open(store, file).await?;
    let body = SyncIoBridge::new(content.body);
    let read = tokio::task::spawn_blocking(move || rows_of(body, delimiter, page)).await;
    match read {
        Ok(rows) => Ok(rows?),
        Err(error) => Err(Unreadable::from(io::Error::other(error))),
    }
}

fn rows_of(read: impl Read, delimiter: u8, page: usize) -> io::Result<Rows> {
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .has_headers(false)
        .flexible(true)
        .from_reader(read);
    let first = page.saturating_sub(1).saturating_mul(ROWS);
    let mut found = Rows::default();
    let mut record = csv::ByteRecord::new();
    let mut number = 0_usize;
    while reader.read_byte_record(&mut record).map_err(into_io)? {
        found.columns = found.columns.max(record.len());
        if number == 0 {
            found.head = cells(&record);
        } else if number > first && number <= first.saturating_add(ROWS) {
            found.rows.push(Row {
                number,
                cells: cells(&record),
            });
        }
        number += 1;
    }
    found.total = number.saturating_sub(1);
    let width = found.columns.min(COLUMNS);
    found.head.resize(width, String::new());
    for row in &mut found.rows {
        row.cells.resize(width, String::new());
    }
    Ok(found)
}

fn into_io(error: csv::Error) -> io::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        other => io::Error::other(format!("{other:?}")),
    }
}

fn cells(record: &csv::ByteRecord) -> Vec<String> {
    record.iter().take(COLUMNS).map(cell).collect()
}

fn cell(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    match text.char_indices().nth(CELL) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// The beginning of a text; of JSON, laid out anew where that is not too much.
pub async fn text(store: &dyn FileStore, file: &ReleaseFile, kind: Kind) -> Result<Text, Unreadable> {
    let mut content = content::open(store, file).await?;
    let lays_out = kind == Kind::Json && file.size <= LARGEST_JSON;
    let shown = match lays_out {
        true => u64::try_from(LARGEST_JSON).unwrap_or(u64::MAX),
        false => TEXT_SHOWN as u64,
    };
    let bytes = beginning(&mut content.body, shown).await?;
    let is_whole = content.size <= shown;
    let text = String::from_utf8_lossy(&bytes);
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    if lays_out && serde_json::from_str::<IgnoredAny>(text).is_ok() {
        let laid_out = bounded(laid_out(text), is_whole);
        return Ok(Text {
            is_laid_out: laid_out.is_whole,
            ..laid_out
        });
    }
    Ok(bounded(text.to_owned(), is_whole))
}

/// The first bytes, once the rest was read as well: the last of it tells whether it is what was uploaded.
async fn beginning(body: &mut (impl AsyncRead + Unpin), shown: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    (&mut *body).take(shown).read_to_end(&mut bytes).await?;
    tokio::io::copy(body, &mut tokio::io::sink()).await?;
    Ok(bytes)
}

fn bounded(mut text: String, is_whole: bool) -> Text {
    if text.len() <= TEXT_SHOWN {
        // A letter that was cut in the middle is none.
        if !is_whole && text.ends_with('\u{fffd}') {
            text.pop();
        }
        return Text {
            text,
            is_whole,
            is_laid_out: false,
        };
    }
    let end = text.floor_char_boundary(TEXT_SHOWN);
    text.truncate(end);
    Text {
        text,
        is_whole: false,
        is_laid_out: false,
    }
}

/// JSON with a line for each value. Numbers and strings stay as they are written: no value passes through ours.
fn laid_out(json: &str) -> String {
    let mut out = String::with_capacity(json.len() * 2);
    let mut depth = 0_usize;
    let mut letters = json.chars().peekable();
    while let Some(c) = letters.next() {
        match c {
            '"' => {
                out.push(c);
                let mut is_escaped = false;
                for c in letters.by_ref() {
                    out.push(c);
                    match c {
                        '"' if !is_escaped => break,
                        '\\' => is_escaped = !is_escaped,
                        _ => is_escaped = false,
                    }
                }
            }
            '{' | '[' => {
                out.push(c);
                while letters.next_if(|c| c.is_ascii_whitespace()).is_some() {}
                if let Some(end) = letters.next_if(|c| matches!(c, '}' | ']')) {
                    out.push(end);
                } else {
                    depth += 1;
                    new_line(&mut out, depth);
                }
            }
            '}' | ']' => {
                depth = depth.saturating_sub(1);
                new_line(&mut out, depth);
                out.push(c);
            }
            ',' => {
                out.push(c);
                new_line(&mut out, depth);
            }
            ':' => out.push_str(": "),
            c if c.is_ascii_whitespace() => {}
            c => out.push(c),
        }
        if out.len() > TEXT_SHOWN {
            break;
        }
    }
    out
}

fn new_line(out: &mut String, depth: usize) {
    out.push('\n');
    // Deeper than this, nobody sees the difference.
    out.extend(std::iter::repeat_n("  ", depth.min(40)));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn csv(text: &str, page: usize) -> Rows {
        rows_of(text.as_bytes(), b',', page).unwrap()
    }

    #[test]
    fn tables_are_read_as_they_come() {
        let table = csv("\u{feff}a,b\r\n1,\"x\ny\"\r\n\"say \"\"hi\"\"\"\n1,2,3\n", 1);
        assert_eq!(table.head, ["a", "b", ""]);
        let cells: Vec<&Vec<String>> = table.rows.iter().map(|row| &row.cells).collect();
        assert_eq!(cells, [&["1", "x\ny", ""], &["say \"hi\"", "", ""], &["1", "2", "3"]]);
        assert_eq!((table.total, table.columns), (3, 3));
        assert_eq!(csv("", 1), Rows::default());
        assert_eq!(
            csv(&format!("{}\n", "é".repeat(2000)), 1).head[0].chars().count(),
            CELL + 1
        );
        assert_eq!(csv(&",".repeat(1000), 1).head.len(), COLUMNS);
    }

    #[test]
    fn pages_of_a_table_follow_each_other() {
        let text: String = (0..=250).map(|n| format!("{n},x\n")).collect();
        for (page, first, rows) in [(1, 1, 100), (2, 101, 100), (3, 201, 50)] {
            let table = csv(&text, page);
            assert_eq!(table.head[0], "0");
            assert_eq!(
                (table.rows[0].number, table.rows.len(), table.total),
                (first, rows, 250)
            );
        }
        assert_eq!(csv(&text, 4).rows, []);
        assert_eq!(csv(&text, usize::MAX).rows, []);
    }

    #[test]
    fn json_is_laid_out_and_no_value_changes() {
        assert_eq!(
            laid_out(r#"{"a":[1.10,1e400, {} ,[ ]],"b\"}":"x: {,"}"#),
            "{\n  \"a\": [\n    1.10,\n    1e400,\n    {},\n    []\n  ],\n  \"b\\\"}\": \"x: {,\"\n}"
        );
        let bomb = "[".repeat(100_000);
        assert!(laid_out(&bomb).len() < TEXT_SHOWN + 200);
    }

    #[tokio::test]
    async fn a_long_text_is_cut_between_letters() {
        let bytes = beginning(&mut "aé€".as_bytes(), 5).await.unwrap();
        let text = bounded(String::from_utf8_lossy(&bytes).into_owned(), false);
        assert_eq!(
            text,
            Text {
                text: "aé".to_owned(),
                is_whole: false,
                is_laid_out: false,
            }
        );
        let text = bounded("é".repeat(TEXT_SHOWN), true);
        assert_eq!((text.text.len(), text.is_whole), (TEXT_SHOWN, false));
    }
}
