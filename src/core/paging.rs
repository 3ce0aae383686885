//! Pages of a list.

/// Rows of one page, and how many the whole list has.
#[derive(Debug)]
pub struct Listed<T> {
    pub rows: Vec<T>,
    /// Of the whole list; 0 also for a page beyond its end.
    pub total: i64,
}

impl<T> Listed<T> {
    /// What a filter shows that nothing can fit.
    pub fn none() -> Self {
        Self {
            rows: Vec::new(),
            total: 0,
        }
    }

    /// Each row with the total that it carries.
    pub(in crate::core) fn new(rows: Vec<T>, total_of: impl Fn(&T) -> i64) -> Self {
        let total = rows.first().map_or(0, total_of);
        Self { rows, total }
    }
}

/// The page that is asked for: a number from 1, or the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PageAsked {
    Number(i64),
    Last,
}

impl PageAsked {
    /// Reads `?page=`: nothing is the first page. `None` for what is no page of any list.
    pub fn parse(asked: Option<&str>) -> Option<Self> {
        // Far beyond any list, and small enough to be multiplied by a page's size.
        const MOST: i64 = 1_000_000_000;
        match asked {
            None => Some(Self::Number(1)),
            Some("last") => Some(Self::Last),
            Some(number) => number
                .parse()
                .ok()
                .filter(|page| (1..=MOST).contains(page))
                .map(Self::Number),
        }
    }

    /// For a statement's parameter: the number, or null for the last page.
    pub fn number(self) -> Option<i64> {
        match self {
            Self::Number(page) => Some(page),
            Self::Last => None,
        }
    }
}

/// What to search for with `LIKE`: `text` anywhere, its own `%`, `_` and `\` meaning themselves.
pub fn containing(text: &str) -> String {
    let mut pattern = String::with_capacity(text.len() + 2);
    pattern.push('%');
    for c in text.chars() {
        if matches!(c, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern.push('%');
    pattern
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_numbers_from_one_or_the_last() {
        assert_eq!(PageAsked::parse(None), Some(PageAsked::Number(1)));
        assert_eq!(PageAsked::parse(Some("7")), Some(PageAsked::Number(7)));
        assert_eq!(PageAsked::parse(Some("last")).map(PageAsked::number), Some(None));
        for asked in ["", "0", "-1", "x", "1.5", "9223372036854775807", "1e3", "\0"] {
            assert_eq!(PageAsked::parse(Some(asked)), None, "{asked}");
        }
    }

    #[test]
    fn a_pattern_takes_its_text_as_it_is() {
        assert_eq!(containing(r"50%_a\b"), r"%50\%\_a\\b%");
        assert_eq!(containing(""), "%%");
    }
}
