//! The list of files by when they were released, the newest first: one list, without folders.

use super::listed::{Listed, common_folders, encoded};
use super::tree::{day, why_closed};
use crate::web::view::{SafeHtml, thousands};

/// The most rows at once.
const WINDOW: usize = 1000;

/// Whether an address asks for this order.
pub fn is_asked(query: Option<&str>) -> bool {
    let query = query.unwrap_or_default().as_bytes();
    url::form_urlencoded::parse(query).any(|(name, value)| name == "sort" && value == "date")
}

/// The list items, from a row on or those around the opened file; `base` is the address below which files are opened.
pub fn by_date(files: &[Listed], base: &str, opened: Option<usize>, from: Option<usize>) -> SafeHtml {
    let cut = common_folders(files).len();
    let mut order: Vec<(usize, &Listed)> = files.iter().enumerate().collect();
    order.sort_by(|(_, one), (_, other)| {
        let newest = other.file.created_at.cmp(&one.file.created_at);
        newest.then_with(|| one.path.cmp(&other.path))
    });
    let at = from.or_else(|| order.iter().position(|(index, _)| Some(*index) == opened));
    let start = at.unwrap_or(0).min(files.len().saturating_sub(1)) / WINDOW * WINDOW;
    let end = files.len().min(start + WINDOW);
    let mut html = SafeHtml::default();
    if start > 0 {
        more(&mut html, start.saturating_sub(WINDOW), "newer ones", start);
    }
    for (index, listed) in order.get(start..end).unwrap_or_default() {
        let name = &listed.path[cut..];
        if let Some(why) = why_closed(&listed.file) {
            html.markup("<li class=\"tree-gone\"><span class=\"tree-row\">");
            label(&mut html, name, &why);
            html.markup("</span></li>\n");
            continue;
        }
        html.markup("<li><a class=\"tree-row\" href=\"")
            .text(base)
            .text(&encoded(&listed.path))
            .markup(match Some(*index) == opened {
                true => "?sort=date\" aria-current=\"page\">",
                false => "?sort=date\">",
            });
        label(&mut html, name, &day(listed.file.created_at));
        html.markup("</a></li>\n");
    }
    if end < files.len() {
        more(&mut html, end, "older ones", files.len() - end);
    }
    html
}

fn label(html: &mut SafeHtml, name: &str, note: &str) {
    html.markup("<span class=\"tree-name\">")
        .text(name)
        .markup("</span> <small>")
        .text(note)
        .markup("</small>");
}

fn more(html: &mut SafeHtml, from: usize, words: &'static str, count: usize) {
    html.markup("<li><a class=\"tree-more\" href=\"?sort=date&amp;from=")
        .text(&from.to_string())
        .markup("\">Show ")
        .markup(words)
        .markup(" (")
        .text(&thousands(i64::try_from(count).unwrap_or(i64::MAX)))
        .markup(")</a></li>\n");
}

#[cfg(test)]
mod tests {
    use super::super::listed::tests::listed;
    use super::*;

    #[test]
    fn the_newest_come_first_and_a_long_list_in_parts() {
        let mut files = listed(&["output/a.txt", "output/b/c.txt", "output/<d>.txt"]);
        files[1].file.created_at += time::Duration::days(1);
        let html = by_date(&files, "/p/w/", Some(0), None);
        let text = html.as_str();
        let places: Vec<usize> = ["b/c.txt", "&lt;d&gt;.txt", "a.txt</span>"]
            .iter()
            .map(|name| text.find(&format!(">{name}")).expect("it is in the list"))
            .collect();
        assert!(places.is_sorted(), "{text}");
        assert_eq!(text.matches("aria-current").count(), 1);
        assert!(text.contains("href=\"/p/w/output/b/c.txt?sort=date\""), "{text}");

        let names: Vec<String> = (0..2500).map(|n| format!("f/{n:04}.csv")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let files = listed(&names);
        let rows = |html: &SafeHtml| html.as_str().matches("tree-row").count();
        let last = by_date(&files, "/", None, Some(2300));
        assert_eq!((rows(&by_date(&files, "/", None, None)), rows(&last)), (1000, 500));
        assert!(last.as_str().contains("Show newer ones (2,000)"));
        assert_eq!(rows(&by_date(&[], "/", None, None)), 0);
    }

    #[test]
    fn an_address_asks_for_it_or_not() {
        assert!(is_asked(Some("page=2&sort=date")));
        assert!(!is_asked(Some("sort=name")) && !is_asked(None));
    }
}
