//! The numbers of projects: digits, or `POS-2026-3001`.

/// The most digits of a number, so that no list or sum ever meets one that is too large.
pub const MOST_DIGITS: usize = 9;

/// What is wrong with a number.
pub const NO_NUMBER: &str = "Enter digits that do not begin with 0, at most nine, or a number such as POS-2026-3001.";

/// What is said when there is no next number.
pub const NO_NEXT: &str =
    "There is no next number: one of the projects has the highest that there can be. Enter a number that is free.";

/// Whether this is a number of one of the two forms.
pub fn is_number(text: &str) -> bool {
    is_digits(text) || is_pos(text)
}

/// Whether this is a number of the form `POS-2026-3001`.
pub fn is_pos(text: &str) -> bool {
    let Some((year, rest)) = text.strip_prefix("POS-").and_then(|rest| rest.split_once('-')) else {
        return false;
    };
    let is_number = |text: &str| text.len() == 4 && text.bytes().all(|b| b.is_ascii_digit());
    is_number(year) && year.starts_with("20") && is_number(rest) && !rest.starts_with('0')
}

/// Whether this is a number of digits.
pub fn is_digits(text: &str) -> bool {
    (1..=MOST_DIGITS).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit()) && !text.starts_with('0')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_one_of_two_forms() {
        for number in [
            "1",
            "209",
            "999999999",
            "POS-2026-3001",
            "POS-2000-1000",
            "POS-2099-9999",
        ] {
            assert!(is_number(number), "{number}");
        }
        for number in [
            "",
            "0",
            "01",
            "-1",
            "1.0",
            "1000000000",
            "٣",
            "pos-2026-3001",
            "POS-1999-3001",
            "POS-2026-0001",
            "POS-2026-30011",
            "POS-2026-300",
            "POS-2026-3001-1",
            "POS–2026–3001",
            "POS-20٣٣-3001",
            " 1",
        ] {
            assert!(!is_number(number), "{number}");
        }
        assert!(is_pos("POS-2026-3001") && !is_pos("7"));
    }
}
