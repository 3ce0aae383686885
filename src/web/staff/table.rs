//! Rows of cells under headings.

use serde::Serialize;

use super::cell::Cell;

#[derive(Debug, Clone, Serialize)]
pub struct Table {
    /// What a screen reader calls it.
    pub caption: String,
    pub columns: Vec<Column>,
    /// Headings of what the file has besides: what the page says within another column.
    #[serde(skip)]
    pub filed: Vec<&'static str>,
    pub rows: Vec<Row>,
    /// Ticks before each row, for what is done with several at once; the name under which they are sent.
    pub ticks: Option<&'static str>,
    /// Whether any row has one.
    pub can_tick: bool,
    pub id: String,
}

#[derive(Debug, Clone, Serialize)]
pub struct Column {
    pub label: &'static str,
    pub is_number: bool,
    /// It holds buttons, which are nothing to a file. One without a heading is such.
    #[serde(skip)]
    pub is_shown_only: bool,
    /// Of a heading that sorts: the same list, sorted by it.
    pub sort: Option<Sort>,
}

/// What a heading that sorts leads to.
#[derive(Debug, Clone, Serialize)]
pub struct Sort {
    pub href: String,
    /// `ascending` or `descending`, when the list is sorted by it.
    pub now: Option<&'static str>,
}

#[derive(Debug, Clone, Serialize)]
pub struct Row {
    pub cells: Vec<Labelled>,
    /// What the file has besides.
    #[serde(skip)]
    pub filed: Vec<Cell>,
    /// What the row's tick sends.
    pub tick: Option<String>,
    /// What a screen reader calls the tick.
    pub name: String,
}

/// A cell with the heading of its column, which a narrow screen shows beside it.
#[derive(Debug, Clone, Serialize)]
pub struct Labelled {
    pub label: &'static str,
    pub is_first: bool,
    pub cell: Cell,
}

impl Table {
    pub fn new(caption: impl Into<String>, columns: &[&'static str]) -> Self {
        let caption = caption.into();
        Self {
            id: id_of(&caption),
            caption,
            columns: columns
                .iter()
                .map(|label| Column {
                    label,
                    is_number: false,
                    is_shown_only: label.is_empty(),
                    sort: None,
                })
                .collect(),
            filed: Vec::new(),
            rows: Vec::new(),
            ticks: None,
            can_tick: false,
        }
    }

    /// Adds a row. What is in a column decides how the column is shown. Cells beyond the columns that are shown are
    /// for the file.
    pub fn push(&mut self, mut cells: Vec<Cell>) {
        let name = cells.first().map(|cell| cell.exported().to_owned()).unwrap_or_default();
        for (column, cell) in self.columns.iter_mut().zip(&cells) {
            column.is_number |= cell.is_number();
        }
        let filed = cells.split_off(cells.len().min(self.columns.len()));
        let cells = self.columns.iter().zip(cells).enumerate();
        let cells = cells
            .map(|(index, (column, cell))| Labelled {
                label: column.label,
                is_first: index == 0,
                cell,
            })
            .collect();
        self.rows.push(Row {
            cells,
            filed,
            tick: None,
            name,
        });
    }

    /// As [`Table::push`], with a tick that sends `value`.
    pub fn push_ticked(&mut self, value: impl Into<String>, cells: Vec<Cell>) {
        self.push(cells);
        if let Some(row) = self.rows.last_mut() {
            row.tick = Some(value.into());
            self.can_tick = true;
        }
    }
}

/// An id for a part of a page, of its title.
pub fn id_of(title: &str) -> String {
    let letters = title.chars().map(|c| {
        if c.is_ascii_alphanumeric() {
            c.to_ascii_lowercase()
        } else {
            '-'
        }
    });
    letters.collect()
}
