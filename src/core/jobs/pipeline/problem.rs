//! What is wrong with a `project.yaml`, in a researcher's words.

use std::fmt;

use super::yaml::MAX_BYTES;

/// Most problems reported at once: enough to work through, and no page of a million lines.
pub const MAX_PROBLEMS: usize = 50;

/// Longest piece of the file quoted in a message, in characters.
const MAX_QUOTED: usize = 120;

/// A place in the file; both counts start at 1, the column counts characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// Line, from 1.
    pub line: u64,
    /// Column in characters, from 1.
    pub column: u64,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}", self.line, self.column)
    }
}

/// One thing to put right: where, in which action, under which key, and what was expected and found.
///
/// Displays as `line 5, column 7: action "a": key "needs": expected …, found …`. Text taken from the
/// file is shortened and freed of control and direction-changing characters, but not HTML-escaped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where, when the YAML parser knows it.
    pub place: Option<Place>,
    /// The action concerned.
    pub action: Option<String>,
    /// The key concerned, dotted within the action or the project (`outputs.highly_sensitive.cohort`).
    pub key: Option<String>,
    /// What was expected and what was found.
    pub message: String,
}

impl Problem {
    pub(super) fn new(place: Option<Place>, message: impl Into<String>) -> Self {
        Self {
            place,
            action: None,
            key: None,
            message: message.into(),
        }
    }

    pub(super) fn action(mut self, name: &str) -> Self {
        self.action = Some(clean(name));
        self
    }

    pub(super) fn key(mut self, key: &str) -> Self {
        self.key = Some(clean(key));
        self
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(place) = self.place {
            write!(f, "{place}: ")?;
        }
        if let Some(action) = &self.action {
            write!(f, "action \"{action}\": ")?;
        }
        if let Some(key) = &self.key {
            write!(f, "key \"{key}\": ")?;
        }
        f.write_str(&self.message)
    }
}

/// Why a `project.yaml` is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PipelineError {
    /// The text is longer than [`MAX_BYTES`].
    #[error("project.yaml is {bytes} bytes long; at most {MAX_BYTES} bytes are read")]
    TooLarge {
        /// Its length.
        bytes: usize,
    },
    /// The text is not YAML, repeats a key or passes a limit of the reader; nothing further was checked.
    #[error("project.yaml cannot be read: {0}")]
    Yaml(Problem),
    /// The file breaks rules.
    #[error("Invalid project: \n{}", lines(.problems, *.more))]
    Invalid {
        /// In file order, at most [`MAX_PROBLEMS`], never empty.
        problems: Vec<Problem>,
        /// How many further problems were left out.
        more: usize,
    },
}

impl PipelineError {
    /// The problems one by one, for a page that lists them; empty for a file that is too large.
    pub fn problems(&self) -> &[Problem] {
        match self {
            Self::TooLarge { .. } => &[],
            Self::Yaml(problem) => std::slice::from_ref(problem),
            Self::Invalid { problems, .. } => problems,
        }
    }
}

fn lines(problems: &[Problem], more: usize) -> String {
    let mut lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
    if more > 0 {
        lines.push(format!("and {more} more"));
    }
    lines.join("\n")
}

/// A piece of the file fit for a message: shortened, and without characters that would break the line
/// or turn the reading direction.
pub(super) fn clean(text: &str) -> String {
    let mut out = String::new();
    for (count, character) in text.chars().enumerate() {
        if count == MAX_QUOTED {
            out.push('…');
            break;
        }
        let hidden = matches!(character,
            '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}');
        if character.is_control() || hidden {
            out.extend(character.escape_default());
        } else {
            out.push(character);
        }
    }
    out
}

/// Which editions of the runner's pipeline library refuse a file for a problem.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RefusedBy {
    Both,
    Older,
    Newer,
}

/// Collects problems and decides: a file is accepted when one edition has none.
#[derive(Debug, Default)]
pub(super) struct Report {
    kept: Vec<(RefusedBy, Problem)>,
    older: usize,
    newer: usize,
}

impl Report {
    /// Adds a problem; the text of those that could never be shown is not kept.
    pub(super) fn add(&mut self, refused_by: RefusedBy, problem: Problem) {
        let (older, newer) = (refused_by != RefusedBy::Newer, refused_by != RefusedBy::Older);
        if (older && self.older < MAX_PROBLEMS) || (newer && self.newer < MAX_PROBLEMS) {
            self.kept.push((refused_by, problem));
        }
        self.older += usize::from(older);
        self.newer += usize::from(newer);
    }

    /// The problems of the edition that needs fewer changes (of the newer one when equal): putting
    /// exactly these right makes the file acceptable.
    pub(super) fn finish(self) -> Result<Editions, PipelineError> {
        let editions = Editions {
            older: self.older == 0,
            newer: self.newer == 0,
        };
        if editions.older || editions.newer {
            return Ok(editions);
        }
        let (count, other) = if self.older < self.newer {
            (self.older, RefusedBy::Newer)
        } else {
            (self.newer, RefusedBy::Older)
        };
        let mut problems: Vec<Problem> = self
            .kept
            .into_iter()
            .filter(|(refused_by, _)| *refused_by != other)
            .map(|(_, problem)| problem)
            .take(MAX_PROBLEMS)
            .collect();
        problems.sort_by_key(|problem| problem.place);
        let more = count - problems.len();
        Err(PipelineError::Invalid { problems, more })
    }
}

/// Which editions of the runner's pipeline library accept a file; at least one does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Editions {
    /// The edition of March 2024, in runners that poll for job requests.
    pub older: bool,
    /// The edition of April 2026, in the newest controller.
    pub newer: bool,
}
