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

/// The beginning of a list that is part of a page and has no pages of its own.
#[derive(Debug)]
pub struct First<T> {
    pub rows: Vec<T>,
    /// How many fit what is looked for, also those beyond the first.
    pub fitting: i64,
    /// How many there are, whatever is looked for.
    pub total: i64,
}

impl<T> First<T> {
    /// Rows of a list in which nothing was looked for, each with the total that it carries.
    pub(in crate::core) fn new(rows: Vec<T>, total_of: impl Fn(&T) -> i64) -> Self {
        let total = rows.first().map_or(0, total_of);
        Self {
            rows,
            fitting: total,
            total,
        }
    }

    /// How many of those that fit are not among the rows.
    pub fn left(&self) -> i64 {
        let shown = i64::try_from(self.rows.len()).unwrap_or(i64::MAX);
        (self.fitting - shown).max(0)
    }
}

/// How many of a list are its beginning where it can be looked through.
pub const FIRST_SHOWN: i64 = 50;
/// And where it cannot.
pub const MOST_SHOWN: i64 = 200;

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
    fn what_is_left_is_of_those_that_fit() {
        let of = |rows: usize, fitting| First {
            rows: vec![(); rows],
            fitting,
            total: 500,
        };
        assert_eq!((of(50, 70).left(), of(3, 3).left(), of(0, 0).left()), (20, 0, 0));
        // Somebody left between two statements.
        assert_eq!(of(4, 3).left(), 0);
        assert_eq!(First::new(vec![7, 7], |total| *total).left(), 5);
        assert_eq!(First::<i64>::new(Vec::new(), |total| *total).total, 0);
    }

    #[test]
    fn a_pattern_takes_its_text_as_it_is() {
        assert_eq!(containing(r"50%_a\b"), r"%50\%\_a\\b%");
        assert_eq!(containing(""), "%%");
    }
}
