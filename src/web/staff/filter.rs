//! How lists are narrowed.

use serde::Serialize;

use super::list::ListAsked;
use crate::web::view::SelectOption;

/// How a list is narrowed.
#[derive(Debug)]
pub struct Filter {
    pub(super) name: &'static str,
    pub(super) label: &'static str,
    pub(super) kind: FilterKind,
}

#[derive(Debug)]
pub(super) enum FilterKind {
    Select(Vec<(String, String)>),
    Several(Vec<(String, String)>),
    Typed {
        suggestions: Option<&'static str>,
        /// The address may have several; those besides the last are kept beside it.
        is_any_of: bool,
    },
    Day,
}

impl Filter {
    /// One of these: values and labels. `All` stands before them, unless the first one is what an address without this
    /// filter shows.
    pub fn select(name: &'static str, label: &'static str, options: Vec<(String, String)>) -> Self {
        let kind = FilterKind::Select(options);
        Self { name, label, kind }
    }

    /// Any of these: values and labels.
    pub fn several(name: &'static str, label: &'static str, options: Vec<(String, String)>) -> Self {
        let kind = FilterKind::Several(options);
        Self { name, label, kind }
    }

    /// One of too many to list. With scripts, suggestions of this kind (`users`, `projects`, `orgs` or `workspaces`)
    /// come while it is typed.
    pub fn typed(name: &'static str, label: &'static str, suggestions: Option<&'static str>) -> Self {
        let is_any_of = false;
        let kind = FilterKind::Typed { suggestions, is_any_of };
        Self { name, label, kind }
    }

    /// Of one that is typed: what the address has of it besides is kept when something else is looked for.
    pub fn any_of(mut self) -> Self {
        if let FilterKind::Typed { is_any_of, .. } = &mut self.kind {
            *is_any_of = true;
        }
        self
    }

    /// A day.
    pub fn day(name: &'static str, label: &'static str) -> Self {
        let kind = FilterKind::Day;
        Self { name, label, kind }
    }
}

#[derive(Debug, Serialize)]
pub(super) struct FilterView {
    id: String,
    name: &'static str,
    label: &'static str,
    /// Of one that takes one.
    options: Option<Vec<SelectOption>>,
    /// Of one that takes several.
    several: Option<Vec<SelectOption>>,
    chosen: usize,
    value: String,
    /// What the address has of it besides its value.
    further: Vec<String>,
    suggestions: Option<&'static str>,
    is_day: bool,
}

impl Filter {
    /// It offers several of which there are none yet.
    pub(super) fn offers_nothing(&self) -> bool {
        matches!(&self.kind, FilterKind::Several(options) if options.is_empty())
    }

    pub(super) fn label_of<'a>(&'a self, value: &'a str) -> &'a str {
        match &self.kind {
            FilterKind::Select(options) | FilterKind::Several(options) => {
                let found = options.iter().find(|(known, _)| known == value);
                found.map_or(value, |(_, label)| label.as_str())
            }
            FilterKind::Typed { .. } | FilterKind::Day => value,
        }
    }

    pub(super) fn view(self, asked: &ListAsked) -> FilterView {
        let given = asked.many(self.name);
        let value = asked.one(self.name).unwrap_or_default().to_owned();
        let mut view = FilterView {
            id: format!("filter-{}", self.name),
            name: self.name,
            label: self.label,
            options: None,
            several: None,
            chosen: given.len(),
            value,
            further: Vec::new(),
            suggestions: None,
            is_day: false,
        };
        let offered = |options: Vec<(String, String)>, selected: &dyn Fn(&str) -> bool| {
            let options = options.into_iter().map(|(value, label)| SelectOption {
                selected: selected(&value),
                value,
                label,
            });
            options.collect::<Vec<_>>()
        };
        match self.kind {
            FilterKind::Select(options) => {
                let says_itself = options.first().is_some_and(|(value, _)| value.is_empty());
                let all = (!says_itself).then(|| (String::new(), "All".to_owned()));
                let options = all.into_iter().chain(options).collect();
                view.options = Some(offered(options, &|value| value == view.value));
            }
            FilterKind::Several(options) => {
                view.several = Some(offered(options, &|value| given.iter().any(|given| given == value)));
            }
            FilterKind::Typed { suggestions, is_any_of } => {
                view.suggestions = suggestions;
                if is_any_of {
                    view.further = given.into_iter().rev().skip(1).rev().collect();
                }
            }
            FilterKind::Day => view.is_day = true,
        }
        view
    }
}
