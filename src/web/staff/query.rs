//! Addresses of lists: read, and written anew with something else in them.

use url::form_urlencoded::{Serializer, parse};

/// The fields of an address, trimmed, in their order; of a page's address without `?`.
pub fn fields(query: Option<&str>) -> Vec<(String, String)> {
    parse(query.unwrap_or_default().as_bytes())
        .map(|(name, value)| (name.into_owned(), value.trim().to_owned()))
        .collect()
}

/// `path` with these fields, without those called in `but` and without empty ones, and with one more.
pub fn with(path: &str, fields: &[(String, String)], but: &[&str], more: Option<(&str, &str)>) -> String {
    let kept = fields
        .iter()
        .filter(|(name, value)| !but.contains(&name.as_str()) && !value.is_empty());
    let kept = kept.map(|(name, value)| (name.as_str(), value.as_str()));
    address(path, kept.chain(more))
}

/// `path` without the n-th field; without the page too, which was one of another list.
pub fn without(path: &str, fields: &[(String, String)], index: usize) -> String {
    let kept = fields.iter().enumerate();
    let kept = kept.filter(|(at, (name, value))| *at != index && name != "page" && !value.is_empty());
    address(path, kept.map(|(_, (name, value))| (name.as_str(), value.as_str())))
}

fn address<'a>(path: &str, fields: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    match Serializer::new(String::new()).extend_pairs(fields).finish() {
        query if query.is_empty() => path.to_owned(),
        query => format!("{path}?{query}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_leaves_alone_and_takes_the_page_with_it() {
        let all = fields(Some("orgs=a&page=3&orgs=b&q=&user=%20x%26y%20"));
        assert_eq!(without("/l/", &all, 0), "/l/?orgs=b&user=x%26y");
        assert_eq!(without("/l/", &all, 4), "/l/?orgs=a&orgs=b");
        assert_eq!(
            with("/l/", &all, &["page"], Some(("format", "csv"))),
            "/l/?orgs=a&orgs=b&user=x%26y&format=csv"
        );
        assert_eq!(without("/l/", &fields(Some("q=a")), 0), "/l/");
    }
}
