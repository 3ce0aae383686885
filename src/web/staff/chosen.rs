//! What narrows a list, each with the list without it.

use std::collections::BTreeMap;

use serde::Serialize;

use super::filter::Filter;
use super::list::ListAsked;
use super::query;

/// A filter that is in use, and the list without it.
#[derive(Debug, Serialize)]
pub(super) struct Chosen {
    label: String,
    without_href: String,
}

/// The filters of the list at `path` that are in use, and its search.
pub(super) fn chosen(filters: &[Filter], is_searched: bool, path: &str, asked: &ListAsked) -> Vec<Chosen> {
    let labels: BTreeMap<&str, &Filter> = filters.iter().map(|filter| (filter.name, filter)).collect();
    let mut chosen = Vec::new();
    for (index, (name, value)) in asked.fields.iter().enumerate() {
        if value.is_empty() {
            continue;
        }
        let label = match labels.get(name.as_str()) {
            Some(filter) => format!("{}: {}", filter.label, filter.label_of(value)),
            None if name == "q" && is_searched => format!("Search: {value}"),
            None => continue,
        };
        chosen.push(Chosen {
            label,
            without_href: query::without(path, &asked.fields, index),
        });
    }
    chosen
}
