//! Lists that are read whole, as their figures are, and searched, sorted and cut into pages here: by any column, and
//! without a script.

use std::cmp::Ordering;

use super::cell::Cell;
use super::guard::Staff;
use super::list::{Filter, List, ListAnswer, ListAsked, PER_PAGE};
use super::table::Sort;
use crate::web::responders::{Failure, Outcome};
use crate::web::view::page_number;

/// What a cell is sorted by. Empty ones come last, whichever way.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Number(i64),
    /// In small letters; of an instant in the form that sorts as it does.
    Text(String),
}

fn key(cell: &Cell) -> Option<Key> {
    let text = cell.exported();
    match text.parse() {
        _ if text.is_empty() => None,
        Ok(number) if cell.is_number() => Some(Key::Number(number)),
        _ => Some(Key::Text(text.to_lowercase())),
    }
}

fn compare(one: Option<&Key>, other: Option<&Key>, is_down: bool) -> Ordering {
    match (one, other) {
        (Some(one), Some(other)) if is_down => other.cmp(one),
        (Some(one), Some(other)) => one.cmp(other),
        (one, other) => one.is_none().cmp(&other.is_none()),
    }
}

/// The column that `?sort=` names, and whether it goes down: `-files`. What names none sorts by nothing.
fn sorted_by(sort: Option<&str>, columns: &[(&'static str, &'static str)]) -> Option<(usize, bool)> {
    let sort = sort?;
    let (name, is_down) = sort.strip_prefix('-').map_or((sort, false), |name| (name, true));
    let place = columns.iter().position(|(known, _)| *known == name)?;
    Some((place, is_down))
}

/// Every way to sort, in words: headings are not there on a narrow screen.
fn orders(columns: &[(&'static str, &'static str)], falls: &[bool]) -> Vec<(String, String)> {
    let orders = columns.iter().zip(falls).flat_map(|((name, label), falls)| {
        let (up, down) = match falls {
            true => ("lowest first", "highest first"),
            false => ("A to Z", "Z to A"),
        };
        [
            ((*name).to_owned(), format!("{label}, {up}")),
            (format!("-{name}"), format!("{label}, {down}")),
        ]
    });
    let usual = (String::new(), "The usual order".to_owned());
    std::iter::once(usual).chain(orders).collect()
}

/// The page that is asked for, or the file, which holds all rows that fit.
///
/// # Errors
/// 404 for a page beyond the end.
pub fn answer(
    list: List,
    href: &str,
    columns: &'static [(&'static str, &'static str)],
    mut rows: Vec<Vec<Cell>>,
    staff: &Staff<'_>,
    asked: &ListAsked,
) -> Outcome<ListAnswer> {
    if let Some(wanted) = asked.q().map(str::to_lowercase) {
        rows.retain(|row| row.iter().any(|cell| cell.says(&wanted)));
    }
    for (place, (name, _)) in columns.iter().enumerate() {
        if let Some(wanted) = asked.one(name).map(str::to_lowercase) {
            rows.retain(|row| row.get(place).is_some_and(|cell| cell.says(&wanted)));
        }
    }
    // A number or an instant is looked for at its high end.
    let falls: Vec<bool> = (0..columns.len())
        .map(|place| {
            let mut cells = rows.iter().filter_map(|row| row.get(place));
            cells.any(|cell| cell.is_number() || cell.is_time())
        })
        .collect();
    let sorted = sorted_by(asked.one("sort"), columns);
    if let Some((place, is_down)) = sorted {
        let mut keyed: Vec<(Option<Key>, Vec<Cell>)> = rows
            .into_iter()
            .map(|row| (row.get(place).and_then(key), row))
            .collect();
        keyed.sort_by(|(one, _), (other, _)| compare(one.as_ref(), other.as_ref(), is_down));
        rows = keyed.into_iter().map(|(_, row)| row).collect();
    }
    let total = i64::try_from(rows.len()).unwrap_or(i64::MAX);
    if !asked.is_csv() {
        let page = page_number(asked.one("page"), total, PER_PAGE).ok_or(Failure::not_found("Page"))?;
        let first = usize::try_from((page - 1) * PER_PAGE).unwrap_or(0);
        let most = usize::try_from(PER_PAGE).unwrap_or(usize::MAX);
        rows = rows.into_iter().skip(first).take(most).collect();
    }
    let headings: Vec<&'static str> = columns.iter().map(|(_, label)| *label).collect();
    let mut list = list.columns(&headings).folded("Narrow by column");
    for (name, label) in columns {
        list = list.filter(Filter::typed(name, label, None));
    }
    list = list.filter(Filter::select("sort", "Sorted by", orders(columns, &falls)));
    for row in rows {
        list.row(row);
    }
    let sorts = columns.iter().zip(falls).enumerate();
    list.sorts(sorts.map(|(place, ((name, _), falls))| {
        let now = sorted.filter(|(by, _)| *by == place).map(|(_, is_down)| is_down);
        let next = now.map_or(falls, |is_down| !is_down);
        Sort {
            href: asked.with(href, "sort", &format!("{}{name}", if next { "-" } else { "" })),
            now: now.map(|is_down| if is_down { "descending" } else { "ascending" }),
        }
    }));
    list.answer(staff, asked, total)
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    const COLUMNS: &[(&str, &str)] = &[("name", "Name"), ("files", "Files")];

    fn sorted(mut cells: Vec<Cell>, is_down: bool) -> Vec<String> {
        cells.sort_by(|one, other| compare(key(one).as_ref(), key(other).as_ref(), is_down));
        cells.iter().map(|cell| cell.exported().to_owned()).collect()
    }

    #[test]
    fn a_column_sorts_as_what_it_holds_and_what_is_empty_comes_last() {
        let numbers = || vec![Cell::number(9), Cell::none(), Cell::number(10_000), Cell::number(-1)];
        assert_eq!(sorted(numbers(), false), ["-1", "9", "10000", ""]);
        assert_eq!(sorted(numbers(), true), ["10000", "9", "-1", ""]);
        let texts = || vec![Cell::text("beta"), Cell::text("Alpha"), Cell::text("10")];
        assert_eq!(sorted(texts(), false), ["10", "Alpha", "beta"]);
        let (early, late) = (datetime!(2025-12-31 23:00 UTC), datetime!(2026-01-01 01:00 UTC));
        let times = vec![Cell::time(Some(late)), Cell::time(None), Cell::time(Some(early))];
        assert_eq!(
            sorted(times, false),
            ["2025-12-31T23:00:00Z", "2026-01-01T01:00:00Z", ""]
        );
    }

    #[test]
    fn a_sort_names_a_column_or_nothing() {
        assert_eq!(sorted_by(Some("files"), COLUMNS), Some((1, false)));
        assert_eq!(sorted_by(Some("-name"), COLUMNS), Some((0, true)));
        assert_eq!(sorted_by(Some("--name"), COLUMNS), None);
        assert_eq!(sorted_by(Some("nothing"), COLUMNS), None);
        assert_eq!(sorted_by(None, COLUMNS), None);
    }
}
