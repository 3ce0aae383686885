//! The list of files as folders that unfold. It is written here and not by a template, as it has thousands of rows.

use std::collections::BTreeMap;

use time::OffsetDateTime;
use time::macros::format_description;

use super::flat::flat;
use super::listed::{Listed, common_folders};
use super::wanted::Wanted;
use crate::core::releases::{ReleaseFile, size_in_words};
use crate::web::view::{SafeHtml, thousands};

/// Up to so many files, the whole tree is on the page.
pub const WHOLE: usize = 1000;
/// The most rows of one folder at once.
const WINDOW: usize = 1000;

/// What of a tree is shown.
#[derive(Debug, Default, Clone, Copy)]
pub struct Shown<'a> {
    /// The opened file.
    pub opened: Option<usize>,
    /// A folder that is unfolded as well, by its path without what all have in common.
    pub folder: Option<&'a str>,
    /// The first row of that folder.
    pub from: usize,
}

#[derive(Default)]
struct Folder<'a> {
    folders: BTreeMap<(String, &'a str), Folder<'a>>,
    files: Vec<(String, &'a str, usize)>,
    count: usize,
}

impl<'a> Folder<'a> {
    fn add(&mut self, path: &'a str, index: usize) {
        self.count += 1;
        match path.split_once('/') {
            Some((folder, rest)) => self
                .folders
                .entry((folder.to_lowercase(), folder))
                .or_default()
                .add(rest, index),
            None => self.files.push((path.to_lowercase(), path, index)),
        }
    }
}

struct Writer<'a> {
    html: SafeHtml,
    files: &'a [Listed],
    base: &'a str,
    shown: Shown<'a>,
    /// The opened file's path without what all have in common.
    opened: &'a str,
    is_whole: bool,
    wanted: &'a Wanted,
    /// How much of each path all have in common.
    cut: usize,
}

/// The list items of a tree; `base` is the address below which files are opened. What a filter leaves out is on the page
/// and hidden, so that scripts can filter anew; of too many files, only what fits is there, as one list.
pub fn tree(files: &[Listed], base: &str, shown: Shown<'_>, wanted: &Wanted) -> SafeHtml {
    if files.len() > WHOLE && wanted.has_filter() {
        return flat(
            files,
            base,
            shown.opened,
            Some(shown.from).filter(|from| *from > 0),
            wanted,
        );
    }
    let cut = common_folders(files).len();
    let mut root = Folder::default();
    for (index, listed) in files.iter().enumerate() {
        root.add(&listed.path[cut..], index);
    }
    let opened = shown.opened.and_then(|index| files.get(index));
    let mut writer = Writer {
        html: SafeHtml::default(),
        files,
        base,
        shown,
        opened: opened.map_or("", |listed| &listed.path[cut..]),
        is_whole: files.len() <= WHOLE,
        wanted,
        cut,
    };
    writer.rows(&mut root, "");
    writer.html
}

impl Writer<'_> {
    fn rows(&mut self, folder: &mut Folder<'_>, path: &str) {
        folder.files.sort();
        let total = folder.folders.len() + folder.files.len();
        let start = self.start(folder, path, total);
        let end = total.min(start + WINDOW);
        if start > 0 {
            self.more(path, start.saturating_sub(WINDOW), "the ones before", start);
        }
        let folders = folder.folders.len();
        for (index, ((_, name), inner)) in folder.folders.iter_mut().enumerate() {
            if (start..end).contains(&index) {
                self.folder(inner, name, path);
            }
        }
        for (index, (_, name, file)) in folder.files.iter().enumerate() {
            if (start..end).contains(&(folders + index)) {
                self.file(name, *file);
            }
        }
        if end < total {
            self.more(path, end, "the next ones", total - end);
        }
    }

    /// The first row of a folder that is shown.
    fn start(&self, folder: &Folder<'_>, path: &str, total: usize) -> usize {
        let asked = if self.shown.folder == Some(path) {
            self.shown.from
        } else {
            let opened = self.shown.opened;
            let position = folder.files.iter().position(|(_, _, file)| Some(*file) == opened);
            position.map_or(0, |position| folder.folders.len() + position)
        };
        (asked.min(total.saturating_sub(1)) / WINDOW) * WINDOW
    }

    fn folder(&mut self, folder: &mut Folder<'_>, name: &str, above: &str) {
        let path = match above {
            "" => name.to_owned(),
            _ => format!("{above}/{name}"),
        };
        let is_on_the_way = is_below(self.opened, &path)
            || self
                .shown
                .folder
                .is_some_and(|asked| asked == path || is_below(asked, &path));
        if !self.is_whole && !is_on_the_way {
            self.html
                .markup("<li><a class=\"tree-folder\" href=\"")
                .text(&query(&path, 0))
                .markup("\">");
            self.label(name, &thousands(i64::try_from(folder.count).unwrap_or(i64::MAX)));
            self.html.markup("</a></li>\n");
            return;
        }
        let holds = self.holds(folder);
        // Of a small list the first folders are open, so that something is there to choose.
        let is_open = match self.wanted.has_filter() {
            true => holds,
            false => is_on_the_way || (self.opened.is_empty() && above.is_empty() && self.files.len() <= 50),
        };
        self.html.markup(match (holds, is_open) {
            (false, _) => "<li hidden><details><summary>",
            (true, true) => "<li><details open><summary>",
            (true, false) => "<li><details><summary>",
        });
        self.label(name, &thousands(i64::try_from(folder.count).unwrap_or(i64::MAX)));
        self.html.markup("</summary><ul>\n");
        self.rows(folder, &path);
        self.html.markup("</ul></details></li>\n");
    }

    fn fits(&self, index: usize) -> bool {
        self.files
            .get(index)
            .is_some_and(|listed| self.wanted.fits(&listed.path[self.cut..]))
    }

    /// Whether a folder holds anything that fits the filter.
    fn holds(&self, folder: &Folder<'_>) -> bool {
        !self.wanted.has_filter()
            || folder.files.iter().any(|(_, _, index)| self.fits(*index))
            || folder.folders.values().any(|inner| self.holds(inner))
    }

    fn file(&mut self, name: &str, index: usize) {
        let Some(listed) = self.files.get(index) else {
            return;
        };
        let hidden = if self.fits(index) { ">" } else { " hidden>" };
        if let Some(why) = why_closed(&listed.file) {
            self.html
                .markup(match listed.file.is_deleted() {
                    true => "<li class=\"tree-gone\"",
                    false => "<li class=\"tree-late\"",
                })
                .markup(hidden)
                .markup("<span class=\"tree-row\">");
            self.label(name, &why);
            self.html.markup("</span></li>\n");
            return;
        }
        self.html
            .markup("<li")
            .markup(hidden)
            .markup("<a class=\"tree-row\" href=\"")
            .text(&self.wanted.href(self.base, &listed.path));
        let is_opened = Some(index) == self.shown.opened;
        self.html
            .markup(if is_opened { "\" aria-current=\"page\">" } else { "\">" });
        self.label(name, &size_in_words(listed.file.size));
        self.html.markup("</a></li>\n");
    }

    fn label(&mut self, name: &str, note: &str) {
        self.html
            .markup("<span class=\"tree-name\">")
            .text(name)
            .markup("</span> <small>")
            .text(note)
            .markup("</small>");
    }

    /// Leads to other rows of a folder; `count` says how many there are on that side.
    fn more(&mut self, path: &str, from: usize, words: &'static str, count: usize) {
        self.html
            .markup("<li><a class=\"tree-more\" href=\"")
            .text(&query(path, from))
            .markup("\">Show ")
            .markup(words)
            .markup(" (")
            .text(&thousands(i64::try_from(count).unwrap_or(i64::MAX)))
            .markup(")</a></li>\n");
    }
}

/// Why a file cannot be opened, in a few words; nothing when it can.
pub fn why_closed(file: &ReleaseFile) -> Option<String> {
    match (file.deleted_at, file.uploaded_at) {
        (Some(at), _) => {
            let who = file.deleted_by.as_deref().unwrap_or("somebody");
            Some(format!("withdrawn by {who} on {}", day(at)))
        }
        (None, None) => Some("not uploaded yet".to_owned()),
        _ => None,
    }
}

/// `12 Mar 2026`.
pub(super) fn day(at: OffsetDateTime) -> String {
    let at = at.to_offset(time::UtcOffset::UTC);
    at.format(format_description!("[day padding:none] [month repr:short] [year]"))
        .unwrap_or_default()
}

fn is_below(path: &str, folder: &str) -> bool {
    path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
}

fn query(folder: &str, from: usize) -> String {
    let mut query = url::form_urlencoded::Serializer::for_suffix(String::from("?"), 1);
    query.append_pair("in", folder);
    if from > 0 {
        query.append_pair("from", &from.to_string());
    }
    query.finish()
}

#[cfg(test)]
mod tests {
    use super::super::listed::tests::listed;
    use super::*;

    fn count(html: &SafeHtml, part: &str) -> usize {
        html.as_str().matches(part).count()
    }

    #[test]
    fn what_all_have_in_common_is_cut_and_folders_come_first() {
        let files = listed(&["output/b.txt", "output/z/c.txt", "output/A.txt", "output/z/<b>.txt"]);
        let html = tree(&files, "/p/w/outputs/latest/", Shown::default(), &Wanted::default());
        assert!(!html.as_str().contains(">output<"), "{}", html.as_str());
        let names: Vec<&str> = html
            .as_str()
            .split("tree-name\">")
            .skip(1)
            .map(|rest| rest.split("</span>").next().unwrap())
            .collect();
        assert_eq!(names, ["z", "&lt;b&gt;.txt", "c.txt", "A.txt", "b.txt"]);
        assert!(
            html.as_str()
                .contains("href=\"/p/w/outputs/latest/output/z/%3Cb%3E.txt#file-title\"")
        );
    }

    #[test]
    fn what_a_filter_leaves_out_is_hidden_and_what_it_finds_unfolded() {
        let files = listed(&["o/a/x.csv", "o/a/y.txt", "o/b/z.txt", "o/w.csv"]);
        let html = tree(&files, "/", Shown::default(), &Wanted::of(Some("filter=csv")));
        let text = html.as_str();
        assert_eq!(
            (count(&html, "<li hidden>"), count(&html, "<li hidden><details>")),
            (3, 1)
        );
        assert_eq!(
            (count(&html, "<details open>"), count(&html, "?filter=csv#file-title")),
            (1, 4)
        );
        assert!(
            text.contains("<li hidden><a class=\"tree-row\" href=\"/o/a/y.txt"),
            "{text}"
        );
    }

    #[test]
    fn of_many_files_only_what_was_asked_for_is_unfolded() {
        let names: Vec<String> = (0..4000).map(|n| format!("f{}/{n:04}.csv", n % 4)).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let files = listed(&names);
        let html = tree(&files, "/", Shown::default(), &Wanted::default());
        assert_eq!((count(&html, "<details"), count(&html, "tree-folder")), (0, 4));
        let shown = Shown {
            opened: Some(1),
            folder: Some("f2"),
            from: 0,
        };
        let html = tree(&files, "/", shown, &Wanted::default());
        assert_eq!((count(&html, "<details open"), count(&html, "tree-folder")), (2, 2));
        assert_eq!(count(&html, "aria-current"), 1);
    }

    #[test]
    fn a_folder_with_many_files_has_parts() {
        let names: Vec<String> = (0..2500).map(|n| format!("{n:04}.csv")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let files = listed(&names);
        for (shown, first, rows, more) in [
            (Shown::default(), "0000.csv", 1000, 1),
            (
                Shown {
                    opened: Some(1500),
                    ..Shown::default()
                },
                "1000.csv",
                1000,
                2,
            ),
            (
                Shown {
                    folder: Some(""),
                    from: 2000,
                    ..Shown::default()
                },
                "2000.csv",
                500,
                1,
            ),
            (
                Shown {
                    folder: Some(""),
                    from: usize::MAX,
                    ..Shown::default()
                },
                "2000.csv",
                500,
                1,
            ),
        ] {
            let html = tree(&files, "/", shown, &Wanted::default());
            assert_eq!(count(&html, "tree-row"), rows);
            assert_eq!(count(&html, "tree-more"), more);
            assert!(html.as_str().contains(first), "{shown:?}");
        }
    }
}
