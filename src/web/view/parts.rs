//! The parts that pages share, as the components' templates name them.

use percent_encoding::{AsciiSet, CONTROLS, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;
use time::{Duration, OffsetDateTime};

use crate::core::jobs::JobRequestStatus;
use crate::core::paging::First;

#[derive(Debug, Clone, Serialize)]
pub struct Link {
    pub label: String,
    pub href: String,
}

impl Link {
    pub fn new(label: impl Into<String>, href: impl Into<String>) -> Self {
        Self {
            label: label.into(),
            href: href.into(),
        }
    }
}

/// A part of a thing's page.
#[derive(Debug, Serialize)]
pub struct Tab {
    pub label: &'static str,
    pub href: String,
    pub active: bool,
}

impl Tab {
    /// Two parts, of which the one at `active` is shown.
    pub fn pair(first: (&'static str, String), second: (&'static str, String), active: usize) -> Vec<Self> {
        [first, second]
            .into_iter()
            .enumerate()
            .map(|(index, (label, href))| Self {
                label,
                href,
                active: index == active,
            })
            .collect()
    }
}

/// A status as people see it: a shape (by `tone`), a word, a colour.
#[derive(Debug, Clone, Serialize, PartialEq, Eq)]
pub struct Status {
    pub value: String,
    pub label: String,
    pub tone: &'static str,
}

impl Status {
    /// A job's status, whatever the runner said.
    pub fn of_job(status: &str) -> Self {
        let value = status.to_lowercase();
        let tone = match value.as_str() {
            "succeeded" => "success",
            "failed" => "danger",
            "running" => "running",
            "pending" => "waiting",
            _ => "neutral",
        };
        let label = if value.is_empty() {
            "Unknown".to_owned()
        } else {
            sentence(&value)
        };
        let value = match tone {
            "neutral" => "other".to_owned(),
            _ => value,
        };
        Self { value, label, tone }
    }
}

impl From<JobRequestStatus> for Status {
    fn from(status: JobRequestStatus) -> Self {
        let tone = match status {
            JobRequestStatus::Succeeded | JobRequestStatus::NothingToDo => "success",
            JobRequestStatus::Failed => "danger",
            JobRequestStatus::Running => "running",
            JobRequestStatus::Pending => "waiting",
            JobRequestStatus::Unknown | JobRequestStatus::UnknownErrorCreatingJobs => "neutral",
        };
        Self {
            value: status.name().to_owned(),
            label: sentence(status.name()),
            tone,
        }
    }
}

/// `unknown_error` as `Unknown error`.
pub fn sentence(name: &str) -> String {
    capitalised(&name.replace('_', " "))
}

/// Words as they are, the first with a capital letter.
pub fn capitalised(words: &str) -> String {
    let mut letters = words.chars();
    match letters.next() {
        Some(first) => first.to_uppercase().chain(letters).collect(),
        None => String::new(),
    }
}

/// An instant as people see it.
#[derive(Debug, Clone, Serialize)]
pub struct Time {
    pub iso: String,
    pub absolute: String,
    pub relative: String,
}

const ABSOLUTE: &[BorrowedFormatItem<'_>] =
    format_description!("[day padding:none] [month repr:short] [year] [hour]:[minute]:[second] UTC");
const ISO: &[BorrowedFormatItem<'_>] = format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]Z");

impl Time {
    pub fn new(at: OffsetDateTime) -> Self {
        Self::seen_at(at, OffsetDateTime::now_utc())
    }

    fn seen_at(at: OffsetDateTime, now: OffsetDateTime) -> Self {
        let at = at.to_offset(time::UtcOffset::UTC);
        Self {
            iso: at.format(ISO).unwrap_or_default(),
            absolute: absolute(at),
            relative: relative(now - at),
        }
    }
}

/// `21 Aug 2024 10:00:00 UTC`.
pub fn absolute(at: OffsetDateTime) -> String {
    at.to_offset(time::UtcOffset::UTC).format(ABSOLUTE).unwrap_or_default()
}

/// `4 minutes ago`, `in 2 hours`, `just now`.
pub fn relative(ago: Duration) -> String {
    let seconds = ago.whole_seconds();
    let (amount, unit) = match seconds.unsigned_abs() {
        0..=9 => return "just now".to_owned(),
        s @ 10..=59 => (s, "second"),
        s @ 60..=3599 => (s / 60, "minute"),
        s @ 3600..=86399 => (s / 3600, "hour"),
        s @ 86400..=2_591_999 => (s / 86400, "day"),
        s @ 2_592_000..=31_535_999 => (s / 2_592_000, "month"),
        s => (s / 31_536_000, "year"),
    };
    let plural = if amount == 1 { "" } else { "s" };
    if seconds < 0 {
        format!("in {amount} {unit}{plural}")
    } else {
        format!("{amount} {unit}{plural} ago")
    }
}

/// Where a page stands among its list's pages.
#[derive(Debug, Serialize)]
pub struct Pagination {
    pub page: i64,
    pub pages: i64,
    /// How many the whole list has, as people read it.
    pub total: String,
    pub prev_href: Option<String>,
    pub next_href: Option<String>,
    pub first_href: Option<String>,
    pub last_href: Option<String>,
    pub show: bool,
}

impl Pagination {
    /// `query` is the request's, without `?`; its other parameters stay in the links.
    pub fn new(page: i64, total: i64, per_page: i64, query: Option<&str>) -> Self {
        let pages = pages_of(total, per_page);
        let href = |page: i64| with_page(query, page);
        Self {
            page,
            pages,
            total: thousands(total),
            prev_href: (page > 1).then(|| href(page - 1)),
            next_href: (page < pages).then(|| href(page + 1)),
            first_href: (page > 1).then(|| href(1)),
            last_href: (page < pages).then(|| href(pages)),
            show: pages > 1,
        }
    }
}

/// How many pages a list has; an empty one has one.
pub fn pages_of(total: i64, per_page: i64) -> i64 {
    (total.max(1) + per_page - 1) / per_page
}

/// The page that `?page=` asks for: from 1, or `last`. `None` for anything else, and beyond the end.
pub fn page_number(asked: Option<&str>, total: i64, per_page: i64) -> Option<i64> {
    let pages = pages_of(total, per_page);
    match asked {
        None => Some(1),
        Some("last") => Some(pages),
        Some(number) => number.parse().ok().filter(|page| (1..=pages).contains(page)),
    }
}

fn with_page(query: Option<&str>, page: i64) -> String {
    let mut link = url::form_urlencoded::Serializer::new(String::new());
    for (name, value) in url::form_urlencoded::parse(query.unwrap_or_default().as_bytes()) {
        if name != "page" {
            link.append_pair(&name, &value);
        }
    }
    link.append_pair("page", &page.to_string());
    format!("?{}", link.finish())
}

/// Text for one segment of an address.
pub fn encode_segment(text: &str) -> String {
    const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC
        .remove(b'-')
        .remove(b'_')
        .remove(b'.')
        .remove(b'~')
        .remove(b'@')
        .remove(b'+');
    utf8_percent_encode(text, SEGMENT).to_string()
}

/// A path and query for the value of `next`; slashes stay readable.
pub fn encode_next(text: &str) -> String {
    const NEXT: &AsciiSet = &CONTROLS
        .add(b' ')
        .add(b'"')
        .add(b'#')
        .add(b'%')
        .add(b'&')
        .add(b'+')
        .add(b'<')
        .add(b'=')
        .add(b'>')
        .add(b'?');
    utf8_percent_encode(text, NEXT).to_string()
}

/// `1,234`.
pub fn thousands(number: i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    if number < 0 { format!("-{text}") } else { text }
}

/// That a list has more than is shown of it: nothing where it is whole.
pub fn first_of<T>(list: &First<T>) -> Option<String> {
    let shown = thousands(list.fitting - list.left());
    (list.left() > 0).then(|| format!("The first {shown} of {} are here.", thousands(list.fitting)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    #[test]
    fn times_read_naturally() {
        let now = datetime!(2026-03-01 12:00 UTC);
        for (at, text) in [
            (datetime!(2026-03-01 11:59:58 UTC), "just now"),
            (datetime!(2026-03-01 11:58 UTC), "2 minutes ago"),
            (datetime!(2026-03-01 11:00 UTC), "1 hour ago"),
            (datetime!(2026-02-27 12:00 UTC), "2 days ago"),
            (datetime!(2024-03-01 12:00 UTC), "2 years ago"),
            (datetime!(2026-03-01 14:00 UTC), "in 2 hours"),
        ] {
            assert_eq!(Time::seen_at(at, now).relative, text);
        }
        let time = Time::seen_at(datetime!(2024-08-21 11:00 +1), now);
        assert_eq!(
            (time.iso.as_str(), time.absolute.as_str()),
            ("2024-08-21T10:00:00Z", "21 Aug 2024 10:00:00 UTC")
        );
    }

    #[test]
    fn page_numbers() {
        assert_eq!(page_number(None, 0, 25), Some(1));
        assert_eq!(page_number(Some("last"), 51, 25), Some(3));
        assert_eq!(page_number(Some("3"), 51, 25), Some(3));
        for asked in ["0", "4", "-1", "x", "", "1.5"] {
            assert_eq!(page_number(Some(asked), 51, 25), None, "{asked}");
        }
        let middle = Pagination::new(2, 51, 25, Some("q=a%26b&page=2&backend=x&backend=y"));
        assert_eq!(middle.prev_href.as_deref(), Some("?q=a%26b&backend=x&backend=y&page=1"));
        assert_eq!(middle.last_href.as_deref(), Some("?q=a%26b&backend=x&backend=y&page=3"));
    }

    #[test]
    fn statuses_have_a_word() {
        assert_eq!(Status::of_job("").label, "Unknown");
        assert_eq!(Status::of_job("Succeeded"), Status::of_job("succeeded"));
        assert_eq!(Status::from(JobRequestStatus::NothingToDo).label, "Nothing to do");
    }

    #[test]
    fn addresses_and_numbers() {
        assert_eq!(encode_segment("a b/c?é"), "a%20b%2Fc%3F%C3%A9");
        assert_eq!(encode_next("/settings/?a=1"), "/settings/%3Fa%3D1");
        assert_eq!(thousands(1_234_567), "1,234,567");
        assert_eq!(thousands(-999), "-999");
    }
}
