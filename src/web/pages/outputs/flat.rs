//! The list of files as one list, without folders: by when they were released, or what a filter finds among many.

use super::listed::{Listed, common_folders};
use super::tree::{day, why_closed};
use super::wanted::Wanted;
use crate::core::releases::size_in_words;
use crate::web::view::{SafeHtml, thousands};

/// The most rows at once.
const WINDOW: usize = 1000;

/// The list items, from a row on or those around the opened file; `base` is the address below which files are opened.
pub fn flat(files: &[Listed], base: &str, opened: Option<usize>, from: Option<usize>, wanted: &Wanted) -> SafeHtml {
    let cut = common_folders(files).len();
    let mut order: Vec<(usize, &Listed)> = files
        .iter()
        .enumerate()
        .filter(|(_, listed)| wanted.fits(&listed.path[cut..]))
        .collect();
    if wanted.is_by_date {
        order.sort_by(|(_, one), (_, other)| {
            let newest = other.file.created_at.cmp(&one.file.created_at);
            newest.then_with(|| one.path.cmp(&other.path))
        });
    } else {
        order.sort_by_cached_key(|(_, listed)| (listed.path.to_lowercase(), listed.path.clone()));
    }
    let at = from.or_else(|| order.iter().position(|(index, _)| Some(*index) == opened));
    let start = at.unwrap_or(0).min(order.len().saturating_sub(1)) / WINDOW * WINDOW;
    let end = order.len().min(start + WINDOW);
    let mut html = SafeHtml::default();
    let (before, after) = match wanted.is_by_date {
        true => ("newer ones", "older ones"),
        false => ("the ones before", "the next ones"),
    };
    if start > 0 {
        more(&mut html, wanted, start.saturating_sub(WINDOW), before, start);
    }
    for (index, listed) in order.get(start..end).unwrap_or_default() {
        let name = &listed.path[cut..];
        if let Some(why) = why_closed(&listed.file) {
            html.markup(match listed.file.is_deleted() {
                true => "<li class=\"tree-gone\"><span class=\"tree-row\">",
                false => "<li class=\"tree-late\"><span class=\"tree-row\">",
            });
            label(&mut html, name, &why);
            html.markup("</span></li>\n");
            continue;
        }
        html.markup("<li><a class=\"tree-row\" href=\"")
            .text(&wanted.href(base, &listed.path))
            .markup(match Some(*index) == opened {
                true => "\" aria-current=\"page\">",
                false => "\">",
            });
        let note = match wanted.is_by_date {
            true => day(listed.file.created_at),
            false => size_in_words(listed.file.size),
        };
        label(&mut html, name, &note);
        html.markup("</a></li>\n");
    }
    if end < order.len() {
        more(&mut html, wanted, end, after, order.len() - end);
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

fn more(html: &mut SafeHtml, wanted: &Wanted, from: usize, words: &'static str, count: usize) {
    let order = if wanted.is_by_date { "date" } else { "name" };
    html.markup("<li><a class=\"tree-more\" href=\"")
        .text(&wanted.ordered(Some(order), from))
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
        let by_date = Wanted::of(Some("sort=date"));
        let html = flat(&files, "/p/w/", Some(0), None, &by_date);
        let text = html.as_str();
        let places: Vec<usize> = ["b/c.txt", "&lt;d&gt;.txt", "a.txt</span>"]
            .iter()
            .map(|name| text.find(&format!(">{name}")).expect("it is in the list"))
            .collect();
        assert!(places.is_sorted(), "{text}");
        assert_eq!(text.matches("aria-current").count(), 1);
        assert!(
            text.contains("href=\"/p/w/output/b/c.txt?sort=date#file-title\""),
            "{text}"
        );

        let names: Vec<String> = (0..2500).map(|n| format!("f/{n:04}.csv")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let files = listed(&names);
        let rows = |html: &SafeHtml| html.as_str().matches("tree-row").count();
        let last = flat(&files, "/", None, Some(2300), &by_date);
        assert_eq!(
            (rows(&flat(&files, "/", None, None, &by_date)), rows(&last)),
            (1000, 500)
        );
        assert!(last.as_str().contains("Show newer ones (2,000)"));
        assert_eq!(rows(&flat(&[], "/", None, None, &by_date)), 0);
    }

    #[test]
    fn a_filter_leaves_what_fits() {
        let names: Vec<String> = (0..3000)
            .map(|n| format!("f/{:04}.{}", n, if n % 3 == 0 { "csv" } else { "txt" }))
            .collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let files = listed(&names);
        let html = flat(&files, "/p/", Some(3), None, &Wanted::of(Some("filter=CSV")));
        let text = html.as_str();
        assert_eq!(
            (text.matches("tree-row").count(), text.matches(".txt").count()),
            (1000, 0)
        );
        assert!(
            text.contains("href=\"/p/f/0003.csv?filter=CSV#file-title\" aria-current"),
            "{}",
            &text[..2000]
        );
        assert!(!text.contains("tree-more"));
    }
}
