//! Addresses of lists: read, and written anew with something else in them.

use url::form_urlencoded::{Serializer, parse};

/// The fields of an address, trimmed, in their order; of a page's address without `?`.
pub fn fields(query: Option<&str>) -> Vec<(String, String)> {
    parse(query.unwrap_or_default().as_bytes())
        .map(|(name, value)| (name.into_owned(), value.trim().to_owned()))
        .collect()
}

/// The longest text that is searched for or chosen by; nothing stored that is searched is longer.
const LONGEST: usize = 300;

/// As [`fields`], for what is looked for. Text that nothing is called finds nothing; it does not come as far as the
/// database.
pub fn looked_for(query: Option<&str>) -> Vec<(String, String)> {
    let mut fields = fields(query);
    for (_, value) in &mut fields {
        if value.contains('\0') || value.chars().count() > LONGEST {
            "\u{fffd}".clone_into(value);
        }
    }
    fields
}

/// What is looked for under one name, if anything: the last that is given.
pub fn one_looked_for(query: Option<&str>, name: &str) -> Option<String> {
    let fields = looked_for(query).into_iter().rev();
    let mut given = fields.filter(|(field, value)| field == name && !value.is_empty());
    given.next().map(|(_, value)| value)
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
