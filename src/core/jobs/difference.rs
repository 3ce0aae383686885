//! What changed between two texts, line by line.

use std::time::Duration;

use similar::{Algorithm, ChangeTag, TextDiff};

/// Texts longer than this, in bytes, are not compared: nobody reads the answer.
const MAX_COMPARED: usize = 200 * 1024;

/// The most lines of an answer.
pub const MAX_LINES: usize = 400;

/// How long the search for the shortest answer may take; after that a longer one will do.
const PATIENCE: Duration = Duration::from_millis(100);

/// Lines that stayed, shown around those that changed.
const AROUND: usize = 3;

/// How one text became another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Difference {
    Same,
    Changed {
        lines: Vec<Line>,
        added: usize,
        removed: usize,
        /// There are more lines than [`MAX_LINES`].
        is_cut: bool,
    },
    /// One of them is longer than what is compared.
    TooLong,
}

/// A line of the answer, without its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Line {
    Kept(String),
    Added(String),
    Removed(String),
    /// Lines that stayed are left out here.
    Skipped,
}

/// From `old` to `new`. Whether lines end in CR LF makes no difference.
pub fn difference(old: &str, new: &str) -> Difference {
    if old.len() > MAX_COMPARED || new.len() > MAX_COMPARED {
        return Difference::TooLong;
    }
    let old: Vec<&str> = old.lines().collect();
    let new: Vec<&str> = new.lines().collect();
    if old == new {
        return Difference::Same;
    }
    let diff = TextDiff::configure()
        .algorithm(Algorithm::Myers)
        .timeout(PATIENCE)
        .diff_slices(&old, &new);
    let (mut lines, mut added, mut removed) = (Vec::new(), 0, 0);
    let mut is_cut = false;
    for (number, group) in diff.grouped_ops(AROUND).iter().enumerate() {
        let mut next = Vec::new();
        if number > 0
            || group
                .first()
                .is_some_and(|op| op.old_range().start > 0 && op.new_range().start > 0)
        {
            next.push(Line::Skipped);
        }
        for change in group.iter().flat_map(|op| diff.iter_changes(op)) {
            let text = change.value().to_owned();
            next.push(match change.tag() {
                ChangeTag::Equal => Line::Kept(text),
                ChangeTag::Insert => {
                    added += 1;
                    Line::Added(text)
                }
                ChangeTag::Delete => {
                    removed += 1;
                    Line::Removed(text)
                }
            });
        }
        is_cut |= lines.len() + next.len() > MAX_LINES;
        next.truncate(MAX_LINES - lines.len());
        lines.append(&mut next);
    }
    Difference::Changed {
        lines,
        added,
        removed,
        is_cut,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn changes_stand_among_what_stayed() {
        let old = "a\nb\nc\nd\ne\nf\ng\nh\n";
        let new = "a\nb\nc\nd\ne\nF\ng\nh\n";
        let Difference::Changed {
            lines,
            added,
            removed,
            is_cut,
        } = difference(old, new)
        else {
            panic!()
        };
        assert_eq!((added, removed, is_cut), (1, 1, false));
        let kept = |text: &str| Line::Kept(text.to_owned());
        assert_eq!(
            lines,
            [
                Line::Skipped,
                kept("c"),
                kept("d"),
                kept("e"),
                Line::Removed("f".into()),
                Line::Added("F".into()),
                kept("g"),
                kept("h")
            ]
        );
    }

    #[test]
    fn ends_of_lines_are_no_change() {
        assert_eq!(difference("a\r\nb", "a\nb\n"), Difference::Same);
        assert_eq!(difference("", ""), Difference::Same);
        assert_eq!(difference(&"x".repeat(MAX_COMPARED + 1), "x"), Difference::TooLong);
    }

    #[test]
    fn a_whole_new_text_is_cut() {
        let text = |word: &str| (0..1000).map(|line| format!("{word} {line}\n")).collect::<String>();
        let Difference::Changed {
            lines,
            added,
            removed,
            is_cut,
        } = difference(&text("old"), &text("new"))
        else {
            panic!()
        };
        assert_eq!((lines.len(), added, removed, is_cut), (MAX_LINES, 1000, 1000, true));
    }

    proptest! {
        #[test]
        fn what_was_added_and_removed_makes_the_other_text(old in "[ab\n]{0,40}", new in "[ab\n]{0,40}") {
            if let Difference::Changed { added, removed, .. } = difference(&old, &new) {
                let lengths = (old.lines().count() as i64, new.lines().count() as i64);
                prop_assert_eq!(lengths.1 - lengths.0, added as i64 - removed as i64);
            }
        }
    }
}
