//! Moments, as the API writes and reads them.

use std::fmt;

use serde::{Serialize, Serializer};
use time::{Date, Duration, Month, OffsetDateTime, PrimitiveDateTime, Time, UtcOffset};

/// Written as `2024-08-21T10:00:00.123456Z`; the fraction is left out when it is zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Utc(pub OffsetDateTime);

impl fmt::Display for Utc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_moment(f, self.0)?;
        f.write_str("Z")
    }
}

impl Serialize for Utc {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Written as `2024-08-21T10:00:00.123456+00:00`; the fraction is left out when it is zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UtcWithOffset(pub OffsetDateTime);

impl fmt::Display for UtcWithOffset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_moment(f, self.0)?;
        f.write_str("+00:00")
    }
}

impl Serialize for UtcWithOffset {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Digit by digit, as one list may have ten thousand dates, and `format!` takes several times as long.
fn write_moment(f: &mut fmt::Formatter<'_>, moment: OffsetDateTime) -> fmt::Result {
    let moment = moment.to_utc();
    let mut text = *b"0000-00-00T00:00:00.000000";
    let Ok(year @ ..=9999) = u32::try_from(moment.year()) else {
        // No client has such a date; it is at least not another one.
        return write!(f, "{moment}");
    };
    let parts = [
        (0..4, year),
        (5..7, u8::from(moment.month()).into()),
        (8..10, moment.day().into()),
        (11..13, moment.hour().into()),
        (14..16, moment.minute().into()),
        (17..19, moment.second().into()),
        (20..26, moment.microsecond()),
    ];
    for (place, mut number) in parts {
        for digit in text[place].iter_mut().rev() {
            *digit = b'0' + u8::try_from(number % 10).unwrap_or(0);
            number /= 10;
        }
    }
    let length = if moment.microsecond() == 0 { 19 } else { 26 };
    f.write_str(std::str::from_utf8(&text[..length]).unwrap_or_default())
}

/// Reads the form that runners send, `2024-08-21T10:00:00Z` with or without a fraction, and no other.
pub fn read_usual(text: &str) -> Option<OffsetDateTime> {
    let bytes = text.as_bytes();
    let is_usual = (bytes.len() == 20 || (22..=27).contains(&bytes.len()))
        && bytes[4] == b'-'
        && bytes[7] == b'-'
        && bytes[10] == b'T'
        && bytes[13] == b':'
        && bytes[16] == b':'
        && bytes[bytes.len() - 1] == b'Z'
        && (bytes.len() == 20 || bytes[19] == b'.');
    is_usual.then(|| read(text)).flatten()
}

/// Reads any form that is allowed: a date alone, an hour alone, minutes, seconds, a fraction (cut at
/// six digits), extended or compact, `T` or a space between, `Z`, an offset, or none, which means UTC.
/// The result is in UTC.
pub fn read(text: &str) -> Option<OffsetDateTime> {
    let mut rest = Rest(text.as_bytes());
    let date = rest.date()?;
    let (time, offset) = if rest.is_empty() {
        (Time::MIDNIGHT, UtcOffset::UTC)
    } else {
        if !(rest.take(b'T') || rest.take(b' ')) {
            return None;
        }
        let time = rest.time()?;
        (time, rest.offset()?)
    };
    if !rest.is_empty() {
        return None;
    }
    let moment = PrimitiveDateTime::new(date, time)
        .assume_utc()
        .checked_sub(Duration::seconds(offset.whole_seconds().into()))?;
    (1..=9999).contains(&moment.year()).then_some(moment)
}

/// What is still to be read.
struct Rest<'a>(&'a [u8]);

impl Rest<'_> {
    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn take(&mut self, byte: u8) -> bool {
        let is_next = self.0.first() == Some(&byte);
        if is_next {
            self.0 = &self.0[1..];
        }
        is_next
    }

    /// How many digits come next.
    fn digits(&self) -> usize {
        self.0.iter().take_while(|byte| byte.is_ascii_digit()).count()
    }

    /// A number of exactly `count` digits.
    fn number(&mut self, count: usize) -> Option<u32> {
        let digits = self.0.get(..count)?;
        let mut number = 0;
        for digit in digits {
            number = number * 10 + u32::from(digit.is_ascii_digit().then(|| digit - b'0')?);
        }
        self.0 = &self.0[count..];
        Some(number)
    }

    fn two(&mut self) -> Option<u8> {
        self.number(2)?.try_into().ok()
    }

    /// One or two digits, as the extended form allows.
    fn one_or_two(&mut self) -> Option<u8> {
        let count = self.digits().clamp(1, 2);
        self.number(count)?.try_into().ok()
    }

    fn date(&mut self) -> Option<Date> {
        let year = i32::try_from(self.number(4)?).ok().filter(|year| *year > 0)?;
        let (month, day) = if self.take(b'-') {
            let month = self.one_or_two()?;
            if !self.take(b'-') {
                return None;
            }
            (month, self.one_or_two()?)
        } else {
            (self.two()?, self.two()?)
        };
        Date::from_calendar_date(year, Month::try_from(month).ok()?, day).ok()
    }

    fn time(&mut self) -> Option<Time> {
        if self.digits() > 2 {
            let (hour, minute) = (self.two()?, self.two()?);
            let second = if self.digits() > 0 { Some(self.two()?) } else { None };
            return self.with_fraction(hour, minute, second);
        }
        let hour = self.one_or_two()?;
        if !self.take(b':') {
            return Time::from_hms(hour, 0, 0).ok();
        }
        let minute = self.one_or_two()?;
        let second = if self.take(b':') {
            Some(self.one_or_two()?)
        } else {
            None
        };
        self.with_fraction(hour, minute, second)
    }

    fn with_fraction(&mut self, hour: u8, minute: u8, second: Option<u8>) -> Option<Time> {
        let Some(second) = second else {
            return Time::from_hms(hour, minute, 0).ok();
        };
        let mut microseconds = 0;
        if self.take(b'.') || self.take(b',') {
            let digits = self.digits();
            if digits == 0 {
                return None;
            }
            let kept = digits.min(6);
            microseconds = self.number(kept)? * 10_u32.pow(6 - kept as u32);
            self.0 = &self.0[digits - kept..];
        }
        Time::from_hms_micro(hour, minute, second, microseconds).ok()
    }

    fn offset(&mut self) -> Option<UtcOffset> {
        if self.is_empty() || self.take(b'Z') {
            return Some(UtcOffset::UTC);
        }
        let sign = if self.take(b'+') {
            1
        } else if self.take(b'-') {
            -1
        } else {
            return None;
        };
        let hours = self.two().filter(|hours| *hours < 24)?;
        let mut minutes = 0;
        if !self.is_empty() {
            self.take(b':');
            minutes = self.two().filter(|minutes| *minutes < 60)?;
        }
        let seconds = i32::from(hours) * 3600 + i32::from(minutes) * 60;
        UtcOffset::from_whole_seconds(sign * seconds).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use time::macros::datetime;

    #[test]
    fn every_allowed_form_is_read() {
        let ten = datetime!(2024-08-21 10:00:00 UTC);
        for text in [
            "2024-08-21T10:00:00Z",
            "2024-08-21T10:00:00",
            "2024-08-21 10:00:00",
            "2024-08-21T10:00",
            "2024-08-21T10",
            "20240821T100000Z",
            "20240821T1000",
            "2024-08-21T11:00:00+01:00",
            "2024-08-21T11:00:00+0100",
            "2024-08-21T11:00+01",
            "2024-08-21T06:30:00-03:30",
            "2024-8-21T10:0:0Z",
            "2024-08-21T10:00:00.000Z",
        ] {
            assert_eq!(read(text), Some(ten), "{text}");
        }
        assert_eq!(read("2024-08-21"), Some(datetime!(2024-08-21 00:00 UTC)));
        let cut = Some(datetime!(2024-08-21 10:00:00.123456 UTC));
        assert_eq!(read("2024-08-21T10:00:00.123456789Z"), cut);
        assert_eq!(read("2024-08-21T10:00:00,123456Z"), cut);
        assert_eq!(
            read("2024-08-21T10:00:00.5Z"),
            Some(datetime!(2024-08-21 10:00:00.5 UTC))
        );
    }

    #[test]
    fn everything_else_is_refused() {
        for text in [
            "",
            " ",
            "now",
            " 2024-08-21T10:00:00Z",
            "2024-08-21T10:00:00Z ",
            "2024-08-21t10:00:00Z",
            "2024-08-21T10:00:00z",
            "2024-08-21T24:00:00Z",
            "2024-08-21T23:59:60Z",
            "2024-08-21T10:60:00Z",
            "2024-02-30",
            "2024-13-01",
            "0000-01-01",
            "2024-08",
            "2024-08-21T",
            "2024-08-21T10:",
            "2024-08-21T10:00:00.Z",
            "2024-08-21T10:00:00+24:00",
            "2024-08-21T10:00:00+1",
            "2024-08-21_10:00:00",
            "0001-01-01T00:00:00+01:00",
            "9999-12-31T23:59:59-01:00",
            "1724234400",
            "２０２４-08-21",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn moments_are_written_with_six_digits_or_none() {
        let moment = datetime!(2024-08-21 12:00:00.1234567 +02:00);
        assert_eq!(Utc(moment).to_string(), "2024-08-21T10:00:00.123456Z");
        assert_eq!(UtcWithOffset(moment).to_string(), "2024-08-21T10:00:00.123456+00:00");
        assert_eq!(Utc(datetime!(2024-08-21 10:00 UTC)).to_string(), "2024-08-21T10:00:00Z");
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(seconds in -62_135_596_800_i64..253_402_300_800, micros in 0..1_000_000_u32) {
            let moment = OffsetDateTime::from_unix_timestamp(seconds).unwrap().replace_microsecond(micros).unwrap();
            prop_assert_eq!(read(&Utc(moment).to_string()), Some(moment));
            prop_assert_eq!(read_usual(&Utc(moment).to_string()), Some(moment));
            prop_assert_eq!(read(&UtcWithOffset(moment).to_string()), Some(moment));
        }

        #[test]
        fn no_text_makes_it_stumble(text in ".{0,40}") {
            prop_assert!(read_usual(&text).is_none() || read_usual(&text) == read(&text));
        }
    }
}
