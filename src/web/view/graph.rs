//! A pipeline as a picture: actions as boxes with their status, lines from each to those that need it.

use std::collections::HashMap;

use serde::Serialize;

use super::{Status, count_of};
use crate::core::jobs::pipeline::{Layout, Line, Pipeline};

/// Pixels. Widths follow from the monospace font: an em is 0.6 of its size, which is 12.
const LETTER: f64 = 7.3;
const LONGEST_NAME: usize = 30;
const BOX_HEIGHT: f64 = 32.0;
const ROW: f64 = 44.0;
const BETWEEN: f64 = 48.0;
const BEFORE_NAME: f64 = 30.0;
const AFTER_NAME: f64 = 12.0;
/// Room for focus rings.
const MARGIN: f64 = 6.0;

/// The context of `components/graph`.
#[derive(Debug, Serialize)]
pub struct Graph {
    pub width: String,
    pub height: String,
    /// What somebody hears who does not see it.
    pub label: String,
    pub lines: Vec<GraphLine>,
    pub nodes: Vec<GraphNode>,
}

#[derive(Debug, Serialize)]
pub struct GraphLine {
    /// An SVG path.
    pub d: String,
    /// The action it comes from.
    pub from: String,
    /// That has succeeded.
    pub is_done: bool,
}

#[derive(Debug, Serialize)]
pub struct GraphNode {
    pub name: String,
    /// The name, shortened in the middle when it is long.
    pub short: String,
    pub x: String,
    pub y: String,
    pub width: String,
    pub href: Option<String>,
    pub status: Option<Status>,
    pub is_selected: bool,
    /// Name, status and needs in words.
    pub label: String,
}

/// What is told of an action in the picture.
#[derive(Debug, Default)]
pub struct Told {
    pub status: Option<Status>,
    pub href: Option<String>,
    pub is_selected: bool,
}

impl Graph {
    /// `None` when there is nothing to draw, or too much (see [`Layout::of`]).
    pub fn of(pipeline: &Pipeline, mut told: impl FnMut(&str) -> Told) -> Option<Self> {
        let layout = Layout::of(pipeline)?;
        let actions = pipeline.actions();
        let mut widths = vec![0.0_f64; layout.columns];
        for node in &layout.nodes {
            let letters = actions[node.action].name.chars().count().min(LONGEST_NAME);
            widths[node.column] = widths[node.column].max(BEFORE_NAME + letters as f64 * LETTER + AFTER_NAME);
        }
        let mut lefts = Vec::with_capacity(widths.len());
        let mut left = MARGIN;
        for width in &widths {
            lefts.push(left);
            left += width + BETWEEN;
        }
        let middle = |row: f64| MARGIN + BOX_HEIGHT / 2.0 + row * ROW;
        let mut succeeded = vec![false; actions.len()];
        let mut nodes = Vec::with_capacity(layout.nodes.len());
        for node in &layout.nodes {
            let action = &actions[node.action];
            let told = told(&action.name);
            succeeded[node.action] = told.status.as_ref().is_some_and(|status| status.tone == "success");
            nodes.push(GraphNode {
                short: shortened(&action.name),
                x: number(lefts[node.column]),
                y: number(middle(node.row) - BOX_HEIGHT / 2.0),
                width: number(widths[node.column]),
                href: told.href,
                is_selected: told.is_selected,
                label: label(&action.name, told.status.as_ref(), &action.needs),
                status: told.status,
                name: action.name.clone(),
            });
        }
        let places: HashMap<usize, (usize, f64)> = layout
            .nodes
            .iter()
            .map(|node| (node.action, (node.column, node.row)))
            .collect();
        let ways = Ways {
            places: &places,
            lefts: &lefts,
            widths: &widths,
        };
        // What is done is drawn last, over what is still to come.
        let mut lines: Vec<GraphLine> = layout
            .lines
            .iter()
            .filter_map(|line| {
                Some(GraphLine {
                    d: ways.path(line, middle)?,
                    from: actions[line.from].name.clone(),
                    is_done: succeeded[line.from],
                })
            })
            .collect();
        lines.sort_by_key(|line| line.is_done);
        Some(Self {
            width: number(left - BETWEEN + MARGIN),
            height: number(layout.height * ROW + BOX_HEIGHT + 2.0 * MARGIN),
            label: format!("The pipeline as a graph of {}", count_of(actions.len(), "action")),
            lines,
            nodes,
        })
    }
}

struct Ways<'a> {
    places: &'a HashMap<usize, (usize, f64)>,
    lefts: &'a [f64],
    widths: &'a [f64],
}

impl Ways<'_> {
    fn path(&self, line: &Line, middle: impl Fn(f64) -> f64) -> Option<String> {
        let &(from, from_row) = self.places.get(&line.from)?;
        let &(to, to_row) = self.places.get(&line.to)?;
        let mut x = self.lefts[from] + self.widths[from];
        let mut y = middle(from_row);
        let mut d = format!("M{} {}", number(x), number(y));
        let mut to_point = |next_x: f64, next_y: f64, x: &mut f64, y: &mut f64| {
            let half = (*x + next_x) / 2.0;
            d.push_str(&format!(
                "C{0} {1} {0} {2} {3} {2}",
                number(half),
                number(*y),
                number(next_y),
                number(next_x)
            ));
            (*x, *y) = (next_x, next_y);
        };
        for (step, row) in line.rows.iter().enumerate() {
            let column = from + 1 + step;
            to_point(self.lefts[column], middle(*row), &mut x, &mut y);
            // Straight past whatever else stands in this column.
            to_point(self.lefts[column] + self.widths[column], middle(*row), &mut x, &mut y);
        }
        to_point(self.lefts[to], middle(to_row), &mut x, &mut y);
        Some(d)
    }
}

fn number(value: f64) -> String {
    let text = format!("{value:.1}");
    text.strip_suffix(".0").map_or(text.clone(), str::to_owned)
}

/// At most [`LONGEST_NAME`] letters, the start and the end of it.
fn shortened(name: &str) -> String {
    let letters: Vec<char> = name.chars().collect();
    if letters.len() <= LONGEST_NAME {
        return name.to_owned();
    }
    let head = (LONGEST_NAME - 1) * 2 / 3;
    let tail = LONGEST_NAME - 1 - head;
    let start: String = letters[..head].iter().collect();
    let end: String = letters[letters.len() - tail..].iter().collect();
    format!("{start}…{end}")
}

fn label(name: &str, status: Option<&Status>, needs: &[String]) -> String {
    let mut label = name.to_owned();
    if let Some(status) = status {
        label.push_str(": ");
        label.push_str(&status.label.to_lowercase());
    }
    match needs {
        [] => label.push_str(", needs nothing"),
        [one] => label.push_str(&format!(", needs {one}")),
        many if many.len() <= 10 => label.push_str(&format!(", needs {}", many.join(", "))),
        many => label.push_str(&format!(", needs {}", count_of(many.len(), "action"))),
    }
    label
}

#[cfg(test)]
mod tests {
    use super::*;

    const STUDY: &str = "
version: '3.0'
expectations: {population_size: 10}
actions:
  extract:
    run: ehrql:v1 generate-dataset analysis/d.py --output output/d.csv.gz
    outputs: {highly_sensitive: {d: output/d.csv.gz}}
  a_step_with_a_name_that_is_much_longer_than_boxes_are:
    run: python:v2 a.py
    needs: [extract]
    outputs: {moderately_sensitive: {t: output/t.csv}}
";

    #[test]
    fn boxes_say_all_and_show_what_fits() {
        let pipeline = Pipeline::parse(STUDY).unwrap();
        let graph = Graph::of(&pipeline, |name| Told {
            status: (name == "extract").then(|| Status::of_job("succeeded")),
            href: (name == "extract").then(|| "/x/".to_owned()),
            is_selected: false,
        })
        .unwrap();
        assert_eq!(graph.label, "The pipeline as a graph of 2 actions");
        let [first, second] = &graph.nodes[..] else {
            panic!("two actions")
        };
        assert_eq!(first.label, "extract: succeeded, needs nothing");
        assert_eq!(first.short, "extract");
        assert_eq!(second.short, "a_step_with_a_name_…_boxes_are");
        assert_eq!(second.name, "a_step_with_a_name_that_is_much_longer_than_boxes_are");
        assert!(second.label.ends_with(", needs extract"));
        let [line] = &graph.lines[..] else { panic!("one line") };
        assert!(line.is_done);
        assert!(line.d.starts_with('M') && line.d.contains('C'), "{}", line.d);
    }
}
