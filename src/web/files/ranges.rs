//! Which bytes of a file are asked for, as RFC 9110 (14) has it. One part is answered by itself; several at once are
//! answered with the whole, which is always right.

use std::ops::Range;

/// What is asked for.
#[derive(Debug, PartialEq, Eq)]
pub enum Wanted {
    Whole,
    /// Not empty, and within the content.
    Part(Range<u64>),
    /// A part that begins beyond the end.
    Beyond,
}

/// What a header `Range` asks for of so many bytes. Another unit than bytes, several parts, and what makes no sense
/// are no question.
pub fn wanted(range: Option<&str>, size: u64) -> Wanted {
    range.and_then(|range| part(range, size)).unwrap_or(Wanted::Whole)
}

fn part(range: &str, size: u64) -> Option<Wanted> {
    let (unit, parts) = range.split_once('=')?;
    if !unit.trim().eq_ignore_ascii_case("bytes") || parts.contains(',') {
        return None;
    }
    let (first, last) = parts.trim().split_once('-')?;
    if first.is_empty() {
        let length = number(last)?;
        return match length {
            0 => Some(Wanted::Beyond),
            // There is no way to say "the last bytes" of nothing.
            _ if size == 0 => None,
            _ => Some(Wanted::Part(size.saturating_sub(length)..size)),
        };
    }
    let first = number(first)?;
    let last = if last.is_empty() { u64::MAX } else { number(last)? };
    if last < first {
        return None;
    }
    Some(match first < size {
        true => Wanted::Part(first..last.saturating_add(1).min(size)),
        false => Wanted::Beyond,
    })
}

/// Digits alone; a number that is too large is as good as the largest.
fn number(digits: &str) -> Option<u64> {
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| digits.parse().unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn one_part_is_one_part() {
        for (range, size, part) in [
            ("bytes=0-0", 10, 0..1),
            ("bytes=2-4", 10, 2..5),
            ("Bytes=2-", 10, 2..10),
            ("bytes = 2-4 ", 10, 2..5),
            ("bytes=9-99999999999999999999999", 10, 9..10),
            ("bytes=-3", 10, 7..10),
            ("bytes=-11", 10, 0..10),
            ("bytes=-99999999999999999999999", 10, 0..10),
        ] {
            assert_eq!(wanted(Some(range), size), Wanted::Part(part), "{range}");
        }
    }

    #[test]
    fn what_begins_beyond_the_end_is_told_apart() {
        for (range, size) in [
            ("bytes=10-", 10),
            ("bytes=10-20", 10),
            ("bytes=99999999999999999999999-", 10),
            ("bytes=-0", 10),
            ("bytes=0-", 0),
        ] {
            assert_eq!(wanted(Some(range), size), Wanted::Beyond, "{range} of {size}");
        }
    }

    #[test]
    fn everything_else_is_the_whole() {
        assert_eq!(wanted(None, 10), Wanted::Whole);
        for range in [
            "",
            "bytes",
            "bytes=",
            "bytes=-",
            "bytes=a-b",
            "bytes=3-2",
            "bytes=0-1,3-4",
            "bytes=0-1,",
            "lines=0-1",
            "bytes=+1-2",
            "bytes=0x1-2",
            "bytes=1-2-3",
            "0-1",
            "bytes=1",
            "bytes=--1",
            "bytes=1 -2",
        ] {
            assert_eq!(wanted(Some(range), 10), Wanted::Whole, "{range}");
        }
        assert_eq!(wanted(Some("bytes=-5"), 0), Wanted::Whole);
    }

    proptest! {
        #[test]
        fn a_part_is_never_empty_and_lies_within(range in "bytes=[0-9]{0,21}-[0-9]{0,21}|\\PC{0,20}", size in any::<u64>()) {
            if let Wanted::Part(part) = wanted(Some(&range), size) {
                prop_assert!(part.start < part.end && part.end <= size);
            }
        }
    }
}
