//! The table.

use std::fmt::Write as _;

use crate::measure::Measured;
use crate::paths::HotPath;

/// Most resident megabytes of the server under load.
pub const MEMORY_WANTED: f64 = 80.0;
/// What the reference took.
pub const MEMORY_REFERENCE: f64 = 567.0;

pub struct Line<'a> {
    pub path: &'a HotPath,
    pub measured: Measured,
    pub statements: usize,
    /// Transactions per second of the same statements alone; nothing without statements.
    pub floor: Option<f64>,
}

impl Line<'_> {
    fn factor(&self) -> Option<f64> {
        self.path
            .reference
            .map(|reference| self.measured.per_second / reference)
    }

    fn of_floor(&self) -> Option<f64> {
        self.floor.map(|floor| self.measured.per_second / floor)
    }

    /// What this path does not reach; nothing when it reaches all.
    fn misses(&self) -> Vec<String> {
        let mut misses = Vec::new();
        if let (Some(wanted), Some(factor)) = (self.path.wanted, self.factor())
            && factor < wanted
        {
            misses.push(format!("{factor:.0}x of {wanted:.0}x"));
        }
        if let Some(part) = self.of_floor()
            && self.path.half_of_floor
            && part < 0.5
        {
            misses.push(format!("{:.0} % of the floor instead of 50 %", part * 100.0));
        }
        misses
    }

    fn verdict(&self) -> String {
        let misses = self.misses();
        if !misses.is_empty() {
            format!("no: {}", misses.join(", "))
        } else if self.path.wanted.is_some() {
            "yes".to_owned()
        } else {
            "-".to_owned()
        }
    }
}

const HEADS: [&str; 12] = [
    "path",
    "requests/s",
    "p50 ms",
    "p99 ms",
    "statements",
    "floor/s",
    "of floor",
    "reference/s",
    "factor",
    "wanted",
    "reached",
    "MB peak",
];
const COST_HEADS: [&str; 4] = ["path", "server CPU ms", "database CPU ms", "processors busy elsewhere"];

/// The results as two tables in Markdown, columns aligned, so that they read well as plain text too.
pub fn tables(lines: &[Line<'_>]) -> String {
    let cells = lines.iter().map(|line| {
        let m = &line.measured;
        let wanted = line
            .path
            .wanted
            .map_or("-".to_owned(), |wanted| format!("{wanted:.0}x"));
        vec![
            line.path.name.to_owned(),
            number(m.per_second),
            format!("{:.2}", m.p50),
            format!("{:.2}", m.p99),
            line.statements.to_string(),
            line.floor.map_or("-".to_owned(), number),
            line.of_floor()
                .map_or("-".to_owned(), |part| format!("{:.0} %", part * 100.0)),
            line.path
                .reference
                .map_or("-".to_owned(), |reference| reference.to_string()),
            line.factor().map_or("-".to_owned(), |factor| format!("{factor:.0}x")),
            wanted,
            line.verdict(),
            m.memory.map_or("-".to_owned(), |(_, peak)| format!("{peak:.0}")),
        ]
    });
    let costs = lines.iter().map(|line| {
        let m = &line.measured;
        vec![
            line.path.name.to_owned(),
            format!("{:.3}", m.server_cpu),
            format!("{:.3}", m.database_cpu),
            format!("{:.2}", m.others),
        ]
    });
    format!(
        "{}\n{}\n\nWhat a request costs, and how much the machine was busy with other things meanwhile:\n\n{}",
        table(&HEADS, cells.collect()),
        memory(lines),
        table(&COST_HEADS, costs.collect())
    )
}

fn memory(lines: &[Line<'_>]) -> String {
    let peak = lines
        .iter()
        .filter_map(|line| line.measured.memory)
        .map(|(_, peak)| peak)
        .reduce(f64::max);
    match peak {
        None => "Memory is not known on this system.".to_owned(),
        Some(peak) => {
            let verdict = if peak <= MEMORY_WANTED {
                "reached"
            } else {
                "not reached"
            };
            format!(
                "Most memory of the server under load: {peak:.0} MB (at most {MEMORY_WANTED:.0} MB wanted: {verdict}; \
                 the reference took {MEMORY_REFERENCE:.0} MB)."
            )
        }
    }
}

fn number(value: f64) -> String {
    if value < 100.0 {
        format!("{value:.1}")
    } else {
        format!("{value:.0}")
    }
}

fn table(heads: &[&str], rows: Vec<Vec<String>>) -> String {
    let widths: Vec<usize> = heads
        .iter()
        .enumerate()
        .map(|(column, head)| {
            rows.iter()
                .map(|row| row[column].len())
                .fold(head.len().max(3), usize::max)
        })
        .collect();
    let mut text = String::new();
    let mut line = |cells: &mut dyn Iterator<Item = &str>| {
        for (column, cell) in cells.enumerate() {
            // Names to the left, numbers to the right.
            let width = widths[column];
            let _ = if column == 0 {
                write!(text, "| {cell:<width$} ")
            } else {
                write!(text, "| {cell:>width$} ")
            };
        }
        text.push_str("|\n");
    };
    line(&mut heads.iter().copied());
    let rules: Vec<String> = widths
        .iter()
        .enumerate()
        .map(|(column, width)| {
            if column == 0 {
                "-".repeat(*width)
            } else {
                format!("{}:", "-".repeat(width - 1))
            }
        })
        .collect();
    line(&mut rules.iter().map(String::as_str));
    for row in &rows {
        line(&mut row.iter().map(String::as_str));
    }
    text
}
