//! A job request against the last one that succeeded: `project.yaml` line by line.

use serde::Serialize;

use crate::core::jobs::detail::RequestDetail;
use crate::core::jobs::difference::{Difference, Line, MAX_LINES, difference};
use crate::web::view::{Link, count_of};

#[derive(Debug, Serialize)]
pub struct DifferenceView {
    /// The request compared with.
    pub since: Link,
    /// What changed, as a sentence.
    pub text: String,
    pub lines: Vec<LineView>,
    /// Said under the lines when there are more.
    pub note: Option<String>,
}

#[derive(Debug, Serialize)]
pub struct LineView {
    /// `added`, `removed`, `kept` or `skipped`.
    pub kind: &'static str,
    /// The sign in front, which also tells without colours.
    pub sign: &'static str,
    pub text: String,
}

impl DifferenceView {
    /// `None` without an earlier success, or when one of the two definitions is not known.
    pub fn new(request: &RequestDetail, earlier_definition: &str) -> Option<Self> {
        let earlier = request.previous_succeeded.as_ref()?;
        if earlier_definition.is_empty() || request.project_definition.is_empty() {
            return None;
        }
        let is_same_commit = !earlier.sha.is_empty() && earlier.sha == request.place.sha;
        let mut view = Self {
            since: Link::new(
                format!("Request {}", earlier.request_id),
                request.place.request_href(earlier.request_id),
            ),
            text: String::new(),
            lines: Vec::new(),
            note: None,
        };
        match difference(earlier_definition, &request.project_definition) {
            Difference::Same if is_same_commit => {
                view.text = "Nothing: it ran the same commit.".to_owned();
            }
            Difference::Same => view.text = "project.yaml is the same, other code may have changed.".to_owned(),
            Difference::TooLong => view.text = "project.yaml is too long to be compared here.".to_owned(),
            Difference::Changed {
                lines,
                added,
                removed,
                is_cut,
            } => {
                view.text = format!(
                    "project.yaml: {} added, {} removed",
                    count_of(added, "line"),
                    count_of(removed, "line")
                );
                view.lines = lines.into_iter().map(LineView::from).collect();
                view.note = is_cut.then(|| format!("Only the first {MAX_LINES} lines are shown."));
            }
        }
        Some(view)
    }
}

impl From<Line> for LineView {
    fn from(line: Line) -> Self {
        let (kind, sign, text) = match line {
            Line::Kept(text) => ("kept", " ", text),
            Line::Added(text) => ("added", "+", text),
            Line::Removed(text) => ("removed", "−", text),
            Line::Skipped => ("skipped", "⋯", String::new()),
        };
        Self { kind, sign, text }
    }
}
