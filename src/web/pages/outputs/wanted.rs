//! How the list of files is asked for: in which order, and which of them. Addresses of files carry it on, so that the
//! list is the same beside the next one.

use super::listed::{Listed, common_folders, encoded};
use crate::web::view::thousands;

/// Where a page is to begin on a narrow screen, where the file is below the list.
pub const FILE: &str = "#file-title";

#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// By when files were released, the newest first; else by name.
    pub is_by_date: bool,
    /// As it was typed.
    pub filter: String,
    words: Vec<String>,
}

impl Wanted {
    pub fn of(query: Option<&str>) -> Self {
        let mut wanted = Self::default();
        for (name, value) in url::form_urlencoded::parse(query.unwrap_or_default().as_bytes()) {
            match name.as_ref() {
                "sort" => wanted.is_by_date = value == "date",
                "filter" => value.trim().clone_into(&mut wanted.filter),
                _ => {}
            }
        }
        wanted.words = wanted.filter.split_whitespace().map(str::to_lowercase).collect();
        wanted
    }

    pub fn has_filter(&self) -> bool {
        !self.words.is_empty()
    }

    /// Whether a name, without the folders that all have in common, holds every word of the filter, whatever their case.
    pub fn fits(&self, name: &str) -> bool {
        let name = name.to_lowercase();
        self.words.iter().all(|word| name.contains(word))
    }

    /// The end of an address that asks for the same; empty when nothing special is asked for.
    pub fn query(&self) -> String {
        self.ordered(self.is_by_date.then_some("date"), 0)
    }

    /// The same list in this order, from a row on.
    pub fn ordered(&self, order: Option<&str>, from: usize) -> String {
        let mut query = url::form_urlencoded::Serializer::for_suffix(String::from("?"), 1);
        if let Some(order) = order {
            query.append_pair("sort", order);
        }
        if self.has_filter() {
            query.append_pair("filter", &self.filter);
        }
        if from > 0 {
            query.append_pair("from", &from.to_string());
        }
        let query = query.finish();
        if query == "?" { String::new() } else { query }
    }

    /// Where a file is opened, below this address.
    pub fn href(&self, base: &str, path: &str) -> String {
        format!("{base}{}{}{FILE}", encoded(path), self.query())
    }

    /// How many files fit the filter, in words; nothing without one.
    pub fn found(&self, files: &[Listed]) -> Option<String> {
        let cut = common_folders(files).len();
        let found = files.iter().filter(|listed| self.fits(&listed.path[cut..])).count();
        let number = |count: usize| thousands(i64::try_from(count).unwrap_or(i64::MAX));
        let ending = if files.len() == 1 { "" } else { "s" };
        let words = format!("{} of {} file{ending}", number(found), number(files.len()));
        self.has_filter().then_some(words)
    }
}

#[cfg(test)]
mod tests {
    use super::super::listed::tests::listed;
    use super::*;

    #[test]
    fn an_address_says_what_is_wanted_and_says_it_again() {
        let wanted = Wanted::of(Some("page=2&filter=+Tab%20csv+&sort=date"));
        assert!(wanted.is_by_date && wanted.has_filter());
        assert_eq!(wanted.filter, "Tab csv");
        assert_eq!(wanted.query(), "?sort=date&filter=Tab+csv");
        assert_eq!(
            wanted.ordered(Some("name"), 1000),
            "?sort=name&filter=Tab+csv&from=1000"
        );
        assert_eq!(
            wanted.href("/p/", "a/ü.csv"),
            "/p/a/%C3%BC.csv?sort=date&filter=Tab+csv#file-title"
        );
        for query in [None, Some(""), Some("filter=%20&sort=name")] {
            assert_eq!(Wanted::of(query).query(), "");
            assert!(!Wanted::of(query).has_filter());
        }
    }

    #[test]
    fn every_word_is_looked_for_behind_what_all_have_in_common() {
        let files = listed(&["output/Tables/a.CSV", "output/tables/b.txt", "output/c.csv"]);
        let found = |filter: &str| Wanted::of(Some(&format!("filter={filter}"))).found(&files);
        assert_eq!(found("csv+tab").as_deref(), Some("1 of 3 files"));
        assert_eq!(found("output").as_deref(), Some("0 of 3 files"));
        assert_eq!(found(""), None);
    }
}
