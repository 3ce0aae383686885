//! Where the actions of a pipeline stand when it is drawn: in columns, each right of all that it needs.
//!
//! A layered drawing: the longest way from a start decides the column, the middle of its neighbours the
//! place within it. Only needs that do not follow from others are drawn, as otherwise the lines of a large
//! study hide it. Everything is bounded by [`MAX_DRAWN`].

use super::Pipeline;

/// The most actions that are drawn; a larger pipeline is a list.
pub const MAX_DRAWN: usize = 300;

/// The most points that long lines bend at; beyond, lines go straight, whatever they cross.
const MAX_BENDS: usize = 3000;

/// How often the order within columns is improved.
const SWEEPS: usize = 6;

/// A pipeline as a drawing, in units of columns and rows.
#[derive(Debug, Clone, PartialEq)]
pub struct Layout {
    /// One for each action, in the order of columns, and of rows within one.
    pub nodes: Vec<Node>,
    pub lines: Vec<Line>,
    /// How many columns there are.
    pub columns: usize,
    /// From the middle of the first row to the middle of the last, in rows.
    pub height: f64,
}

/// Where an action stands.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Node {
    /// Of the action, in [`Pipeline::actions`].
    pub action: usize,
    pub column: usize,
    /// Its middle, in rows from 0.
    pub row: f64,
}

/// From an action to one that needs it.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// The needed action.
    pub from: usize,
    /// The action that needs it.
    pub to: usize,
    /// Where it passes the columns between the two, one row for each of them.
    pub rows: Vec<f64>,
}

/// A place in a column: an action, or a line on its way past.
#[derive(Debug, Clone, Default)]
struct Spot {
    action: Option<usize>,
    before: Vec<usize>,
    after: Vec<usize>,
    row: f64,
}

impl Layout {
    /// `None` for a pipeline of fewer than two actions, of more than [`MAX_DRAWN`], or in which no action
    /// needs another.
    pub fn of(pipeline: &Pipeline) -> Option<Self> {
        let actions = pipeline.actions();
        if !(2..=MAX_DRAWN).contains(&actions.len()) {
            return None;
        }
        let needs: Vec<Vec<usize>> = actions
            .iter()
            .map(|action| {
                let known = action.needs.iter().filter_map(|need| pipeline.by_name.get(need));
                known.copied().collect()
            })
            .collect();
        Self::draw(&needs)
    }

    fn draw(needs: &[Vec<usize>]) -> Option<Self> {
        let order = in_order(needs)?;
        let needs = without_implied(needs, &order);
        if needs.iter().all(Vec::is_empty) {
            return None;
        }
        let mut column = vec![0_usize; needs.len()];
        for &action in &order {
            column[action] = needs[action].iter().map(|need| column[*need] + 1).max().unwrap_or(0);
        }
        let columns = column.iter().max().map_or(0, |last| last + 1);
        let mut drawing = Drawing::new(&needs, &order, &column, columns);
        drawing.sort();
        drawing.place();
        Some(drawing.finish(columns))
    }
}

/// Each action after all that it needs; `None` when they go round in a circle.
fn in_order(needs: &[Vec<usize>]) -> Option<Vec<usize>> {
    let mut missing: Vec<usize> = needs.iter().map(Vec::len).collect();
    let mut needed_by = vec![Vec::new(); needs.len()];
    for (action, needed) in needs.iter().enumerate() {
        for &need in needed {
            needed_by[need].push(action);
        }
    }
    let mut order: Vec<usize> = (0..needs.len()).filter(|action| missing[*action] == 0).collect();
    let mut next = 0;
    while let Some(&action) = order.get(next) {
        next += 1;
        for &dependant in &needed_by[action] {
            missing[dependant] -= 1;
            if missing[dependant] == 0 {
                order.push(dependant);
            }
        }
    }
    (order.len() == needs.len()).then_some(order)
}

/// The needs that do not follow from the other needs of the same action.
fn without_implied(needs: &[Vec<usize>], order: &[usize]) -> Vec<Vec<usize>> {
    let words = needs.len().div_ceil(64);
    let mut reach = vec![vec![0_u64; words]; needs.len()];
    let mut kept = vec![Vec::new(); needs.len()];
    for &action in order {
        // Whatever a need reaches by itself needs no line of its own.
        let mut beyond = vec![0_u64; words];
        for &need in &needs[action] {
            for (all, more) in beyond.iter_mut().zip(&reach[need]) {
                *all |= more;
            }
        }
        let has = |set: &[u64], index: usize| set[index / 64] >> (index % 64) & 1 == 1;
        kept[action] = needs[action]
            .iter()
            .copied()
            .filter(|need| !has(&beyond, *need))
            .collect();
        for &need in &needs[action] {
            beyond[need / 64] |= 1 << (need % 64);
        }
        reach[action] = beyond;
    }
    kept
}

struct Drawing {
    spots: Vec<Spot>,
    columns: Vec<Vec<usize>>,
    /// The needed action, the one that needs it, and the spots between them.
    lines: Vec<(usize, usize, Vec<usize>)>,
}

impl Drawing {
    /// The first spots are the actions, by their index.
    fn new(needs: &[Vec<usize>], order: &[usize], column: &[usize], columns: usize) -> Self {
        let mut drawing = Self {
            spots: (0..needs.len())
                .map(|action| Spot {
                    action: Some(action),
                    ..Spot::default()
                })
                .collect(),
            columns: vec![Vec::new(); columns],
            lines: Vec::new(),
        };
        for &action in order {
            drawing.columns[column[action]].push(action);
        }
        let bends: usize = order
            .iter()
            .flat_map(|action| needs[*action].iter().map(|need| column[*action] - column[*need] - 1))
            .sum();
        for &action in order {
            for &need in &needs[action] {
                let mut way = Vec::new();
                let mut last = need;
                if bends <= MAX_BENDS {
                    for passed in column[need] + 1..column[action] {
                        let spot = drawing.spots.len();
                        drawing.spots.push(Spot::default());
                        drawing.columns[passed].push(spot);
                        drawing.join(last, spot);
                        way.push(spot);
                        last = spot;
                    }
                }
                drawing.join(last, action);
                drawing.lines.push((need, action, way));
            }
        }
        drawing
    }

    fn join(&mut self, before: usize, after: usize) {
        self.spots[before].after.push(after);
        self.spots[after].before.push(before);
    }

    /// Orders each column by the middle of the neighbours on one side, then on the other, and so on.
    fn sort(&mut self) {
        for column in &self.columns {
            for (row, spot) in column.iter().enumerate() {
                self.spots[*spot].row = row as f64;
            }
        }
        for sweep in 0..SWEEPS {
            let forwards = sweep % 2 == 0;
            for step in 0..self.columns.len() {
                let index = if forwards { step } else { self.columns.len() - 1 - step };
                let mut column = std::mem::take(&mut self.columns[index]);
                let middles: Vec<f64> = self.spots.iter().map(|spot| self.middle(spot, forwards)).collect();
                column.sort_by(|a, b| middles[*a].total_cmp(&middles[*b]));
                for (row, spot) in column.iter().enumerate() {
                    self.spots[*spot].row = row as f64;
                }
                self.columns[index] = column;
            }
        }
    }

    /// Of the neighbours on one side; a spot without any stays where it is.
    fn middle(&self, spot: &Spot, before: bool) -> f64 {
        let neighbours = if before { &spot.before } else { &spot.after };
        if neighbours.is_empty() {
            return spot.row;
        }
        neighbours.iter().map(|other| self.spots[*other].row).sum::<f64>() / neighbours.len() as f64
    }

    /// Moves spots towards the middle of their neighbours, in the order they have, one row apart.
    fn place(&mut self) {
        for sweep in 0..SWEEPS {
            for step in 0..self.columns.len() {
                let forwards = sweep % 2 == 0;
                let index = if forwards { step } else { self.columns.len() - 1 - step };
                let wanted: Vec<f64> = self.columns[index]
                    .iter()
                    .map(|spot| self.middle(&self.spots[*spot], forwards))
                    .collect();
                for (spot, row) in self.columns[index].clone().into_iter().zip(apart(&wanted)) {
                    self.spots[spot].row = row;
                }
            }
        }
        let top = self.spots.iter().map(|spot| spot.row).fold(f64::INFINITY, f64::min);
        for spot in &mut self.spots {
            spot.row -= top;
        }
    }

    fn finish(self, columns: usize) -> Layout {
        let nodes = self
            .columns
            .iter()
            .enumerate()
            .flat_map(|(column, spots)| spots.iter().map(move |spot| (column, *spot)).collect::<Vec<_>>())
            .filter_map(|(column, spot)| {
                let spot = &self.spots[spot];
                Some(Node {
                    action: spot.action?,
                    column,
                    row: spot.row,
                })
            })
            .collect();
        let lines = self.lines.iter().map(|(from, to, way)| Line {
            from: *from,
            to: *to,
            rows: way.iter().map(|spot| self.spots[*spot].row).collect(),
        });
        Layout {
            nodes,
            lines: lines.collect(),
            columns,
            height: self.spots.iter().map(|spot| spot.row).fold(0.0, f64::max),
        }
    }
}

/// The rows nearest to those wanted that keep their order and are one apart: where wishes collide, the
/// ones that collide share the way to their common middle.
fn apart(wanted: &[f64]) -> Vec<f64> {
    // Groups that touch: how many, and the sum of where their first would have to be.
    let mut groups: Vec<(usize, f64)> = Vec::new();
    for &row in wanted {
        groups.push((1, row));
        while let [.., (before, sum_before), (count, sum)] = groups[..]
            && sum_before / before as f64 + before as f64 > sum / count as f64
        {
            groups.pop();
            groups.pop();
            // The later ones stand `before` rows below the first of the joined group.
            groups.push((before + count, sum_before + sum - (before * count) as f64));
        }
    }
    let mut rows = Vec::with_capacity(wanted.len());
    for (count, sum) in groups {
        let first = sum / count as f64;
        rows.extend((0..count).map(|step| first + step as f64));
    }
    rows
}

#[cfg(test)]
mod tests;
