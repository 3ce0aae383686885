//! A stored `project.yaml` as safe HTML: keys and comments marked, files of the repository linked.

use serde::Serialize;

use crate::core::jobs::detail::Place;
use crate::web::view::{SafeHtml, count_of, thousands};

/// The longest definition that a page shows, in characters; longer ones are read at GitHub.
const MAX_SHOWN: usize = 10_000;

#[derive(Debug, Serialize)]
pub struct PipelineView {
    /// `None` when it is too long.
    pub source_html: Option<SafeHtml>,
    pub size: String,
    pub href: Option<String>,
}

impl PipelineView {
    /// `None` when nothing is stored.
    pub fn new(definition: &str, place: &Place) -> Option<Self> {
        if definition.trim().is_empty() {
            return None;
        }
        let href = Some(place.blob_href("project.yaml")).filter(|href| href.starts_with("https://"));
        let length = definition.chars().count();
        if length > MAX_SHOWN {
            return Some(Self {
                source_html: None,
                size: format!("{} characters", thousands(length as i64)),
                href,
            });
        }
        let mut html = SafeHtml::default();
        for (number, line) in definition.lines().enumerate() {
            if number > 0 {
                html.markup("\n");
            }
            push_line(&mut html, line, place);
        }
        Some(Self {
            source_html: Some(html),
            size: count_of(definition.lines().count(), "line"),
            href,
        })
    }
}

fn push_line(html: &mut SafeHtml, line: &str, place: &Place) {
    let (code, comment) = split_comment(line);
    match code.split_once(':') {
        Some((key, value)) if is_key(key) && (value.is_empty() || value.starts_with(' ')) => {
            let indent = key.len() - key.trim_start_matches([' ', '-']).len();
            html.text(&key[..indent])
                .markup("<span class=\"k\">")
                .text(&key[indent..])
                .markup("</span>:");
            if key.trim() == "run" {
                push_words(html, value, place);
            } else {
                html.text(value);
            }
        }
        // The rest of a command that goes over several lines.
        _ if code.trim_start().starts_with(['-', '#']) => {
            html.text(code);
        }
        _ => push_words(html, code, place),
    }
    if !comment.is_empty() {
        html.markup("<span class=\"c\">").text(comment).markup("</span>");
    }
}

/// A comment begins at a `#` at the start of a line or after white space, outside of quotes.
fn split_comment(line: &str) -> (&str, &str) {
    let (mut quote, mut before) = (None, ' ');
    for (at, c) in line.char_indices() {
        match (quote, c) {
            (None, '#') if before.is_whitespace() => return line.split_at(at),
            (None, '"' | '\'') => quote = Some(c),
            (Some(open), c) if c == open => quote = None,
            _ => {}
        }
        before = c;
    }
    (line, "")
}

fn is_key(key: &str) -> bool {
    let name = key.trim_start_matches([' ', '-']).trim_matches(['"', '\'']);
    !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || " _-.".contains(c))
}

/// Words that name a file of the repository become links to it at the commit.
fn push_words(html: &mut SafeHtml, text: &str, place: &Place) {
    for part in text.split_inclusive(' ') {
        let word = part.trim_end_matches(' ');
        let path = word
            .trim_start_matches("/workspace/")
            .trim_start_matches("./")
            .trim_start_matches('/');
        let is_file = word.contains('/')
            && !word.starts_with('-')
            && !word.contains("output")
            && !path.is_empty()
            && path.split('/').all(|step| !step.is_empty() && step != "..")
            && path.chars().all(|c| c.is_alphanumeric() || "._-/+@".contains(c))
            && !place.sha.is_empty()
            && place.repo_url.starts_with("https://");
        if is_file {
            html.link(&place.blob_href(path), word).text(&part[word.len()..]);
        } else {
            html.text(part);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn place() -> Place {
        Place {
            project_id: 1,
            project_slug: "p".into(),
            project_name: "P".into(),
            project_number: None,
            org: None,
            workspace_name: "w".into(),
            branch: "main".into(),
            repo_url: "https://github.com/o/r".into(),
            backend_slug: "b".into(),
            backend_name: "B".into(),
            backend_is_test: false,
            backend_parent_directory: String::new(),
            backend_last_seen: None,
            created_by: None,
            sha: "abc".into(),
        }
    }

    fn line_html(line: &str, place: &Place) -> String {
        let mut html = SafeHtml::default();
        push_line(&mut html, line, place);
        html.as_str().to_owned()
    }

    #[test]
    fn keys_comments_and_files_are_marked() {
        let html = line_html("  run: python:v2 ./analysis/a.py --in=x output/y # why", &place());
        assert_eq!(
            html,
            "  <span class=\"k\">run</span>: python:v2 \
             <a rel=\"nofollow noopener\" href=\"https://github.com/o/r/blob/abc/analysis/a.py\">./analysis/a.py</a> --in=x output/y \
             <span class=\"c\"># why</span>"
        );
        assert_eq!(
            line_html("  url: \"http://a/#b\"", &place()),
            "  <span class=\"k\">url</span>: &quot;http://a/#b&quot;"
        );
        assert_eq!(
            line_html("run: cat /workspace/../../etc/passwd", &place()),
            "<span class=\"k\">run</span>: cat /workspace/../../etc/passwd"
        );
    }

    #[test]
    fn a_long_definition_is_linked_instead() {
        let long = "a".repeat(MAX_SHOWN + 1);
        let view = PipelineView::new(&long, &place()).unwrap();
        assert_eq!((view.source_html, view.size.as_str()), (None, "10,001 characters"));
        assert!(PipelineView::new(&long[1..], &place()).unwrap().source_html.is_some());
        assert!(PipelineView::new(" \n", &place()).is_none());
    }

    proptest! {
        /// Taking our own marks away leaves the text, and no other mark comes in.
        #[test]
        fn nothing_of_the_file_becomes_markup(text in "[ -~\n]{0,80}|\\PC{0,40}") {
            let html: Vec<String> = text.lines().map(|line| line_html(line, &place())).collect();
            for (line, html) in text.lines().zip(html) {
                let fragment = scraper::Html::parse_fragment(&html);
                let read: String = fragment.root_element().text().collect();
                prop_assert_eq!(read.trim(), line.trim());
                for element in fragment.root_element().descendants().filter_map(|node| node.value().as_element()) {
                    prop_assert!(matches!(element.name(), "html" | "span" | "a"), "{}", element.name());
                }
            }
        }
    }
}
