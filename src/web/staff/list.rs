//! Lists: a search, filters, a table, its pages, and the same list as a file.

use serde::Serialize;

pub use super::answer::ListAnswer;
use super::bar::Bar;
use super::bulk::BulkView;
pub use super::bulk::{Bulk, BulkChoice};
use super::cell::Cell;
use super::chosen::{Chosen, chosen};
pub use super::filter::Filter;
use super::filter::{FilterKind, FilterView};
use super::guard::Staff;
use super::table::{Sort, Table};
use super::{csv, query};
use crate::core::paging::PageAsked;
use crate::web::guards::Visit;
use crate::web::pages::paged;
use crate::web::responders::{Outcome, found};
use crate::web::view::{Link, Page, Pagination};

/// Rows of one page.
pub const PER_PAGE: i64 = 25;
/// Rows of a list that is exported; more are better asked for in parts.
pub const MOST_EXPORTED: i64 = 50_000;

/// What the address asks of a list.
#[derive(Debug)]
pub struct ListAsked {
    pub(super) fields: Vec<(String, String)>,
    page: PageAsked,
    is_csv: bool,
}

impl ListAsked {
    /// Reads the address.
    ///
    /// # Errors
    /// 404 for a page that is none of any list.
    pub fn read(visit: &Visit<'_>) -> Outcome<Self> {
        let fields = query::looked_for(visit.query());
        let value = |name: &str| {
            let found = fields.iter().rev().find(|(field, _)| field == name);
            found.map(|(_, value)| value.as_str())
        };
        let is_csv = value("format") == Some("csv");
        let page = paged::asked(value("page").filter(|_| !is_csv))?;
        Ok(Self { fields, page, is_csv })
    }

    /// What is searched for.
    pub fn q(&self) -> Option<&str> {
        self.one("q")
    }

    /// The value of a filter that takes one: the last that is given.
    pub fn one(&self, name: &str) -> Option<&str> {
        let found = self.fields.iter().rev().find(|(field, _)| field == name);
        found.map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
    }

    /// The values of a filter that takes several; none: whatever.
    pub fn many(&self, name: &str) -> Vec<String> {
        let given = self
            .fields
            .iter()
            .filter(|(field, value)| field == name && !value.is_empty());
        given.map(|(_, value)| value.clone()).collect()
    }

    /// This list with one field set anew, from its first page.
    pub fn with(&self, path: &str, name: &str, value: &str) -> String {
        query::with(path, &self.fields, &[name, "page"], Some((name, value)))
    }

    pub fn page(&self) -> PageAsked {
        self.page
    }

    pub fn per_page(&self) -> i64 {
        if self.is_csv { MOST_EXPORTED } else { PER_PAGE }
    }

    pub fn is_csv(&self) -> bool {
        self.is_csv
    }
}

/// A list on its way to a page or a file.
#[derive(Debug)]
pub struct List {
    title: &'static str,
    heading: Option<String>,
    lead: Option<&'static str>,
    search: Option<&'static str>,
    search_help: Option<&'static str>,
    filters: Vec<Filter>,
    actions: Vec<Link>,
    table: Table,
    bulk: Vec<Bulk>,
    empty: (&'static str, &'static str),
    /// The most that are counted; a list of more than these says so.
    counted: Option<i64>,
    crumbs: Vec<(String, String)>,
    notes: Vec<String>,
    warning: Option<String>,
    folded: Option<&'static str>,
}

impl List {
    /// What stands above it, where that is more than its title.
    pub fn heading(mut self, heading: String) -> Self {
        self.heading = Some(heading);
        self
    }

    pub fn new(title: &'static str) -> Self {
        Self {
            title,
            heading: None,
            lead: None,
            search: None,
            search_help: None,
            filters: Vec::new(),
            actions: Vec::new(),
            table: Table::new(title, &[]),
            bulk: Vec::new(),
            empty: ("Nothing here yet", ""),
            counted: None,
            crumbs: Vec::new(),
            notes: Vec::new(),
            warning: None,
            folded: None,
        }
    }

    pub fn title(&self) -> &'static str {
        self.title
    }

    pub fn lead(mut self, lead: &'static str) -> Self {
        self.lead = Some(lead);
        self
    }

    /// A step of the way here, after the staff area.
    pub fn under(mut self, label: impl Into<String>, href: impl Into<String>) -> Self {
        self.crumbs.push((label.into(), href.into()));
        self
    }

    /// What the search looks at.
    pub fn search(mut self, what: &'static str) -> Self {
        self.search = Some(what);
        self
    }

    /// How the search looks for it, where that is not plain.
    pub fn search_help(mut self, help: &'static str) -> Self {
        self.search_help = Some(help);
        self
    }

    pub fn filter(mut self, filter: Filter) -> Self {
        self.filters.push(filter);
        self
    }

    pub fn columns(mut self, columns: &[&'static str]) -> Self {
        let filed = std::mem::take(&mut self.table.filed);
        self.table = Table::new(self.title, columns);
        self.table.filed = filed;
        self
    }

    /// Columns that only the file has: what the page shows within another one. Each row gives their cells after all
    /// others.
    pub fn filed(mut self, columns: &[&'static str]) -> Self {
        self.table.filed = columns.to_vec();
        self
    }

    /// A column of buttons that has a heading, after [`List::columns`]: the file goes without it.
    pub fn shown_only(mut self, heading: &str) -> Self {
        for column in &mut self.table.columns {
            column.is_shown_only |= column.label == heading;
        }
        self
    }

    pub fn action(mut self, action: Link) -> Self {
        self.actions.push(action);
        self
    }

    /// What stands there when the list has nothing and nothing narrows it: a heading, and what to do.
    pub fn empty(mut self, heading: &'static str, text: &'static str) -> Self {
        self.empty = (heading, text);
        self
    }

    /// Only so many are counted and can be paged through.
    pub fn counted_to(mut self, most: i64) -> Self {
        self.counted = Some(most);
        self
    }

    /// A sentence above the table.
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }

    /// What is not as it should be, above everything.
    pub fn warning(mut self, warning: impl Into<String>) -> Self {
        self.warning = Some(warning.into());
        self
    }

    /// The filters are too many to stand there open: they are under these words, unless one is in use.
    pub fn folded(mut self, words: &'static str) -> Self {
        self.folded = Some(words);
        self
    }

    /// Something that is done with several rows; they are to be given with [`List::row_ticked`]. All ticks are sent
    /// as `name`.
    pub fn bulk(mut self, name: &'static str, bulk: Bulk) -> Self {
        self.table.ticks = Some(name);
        self.bulk.push(bulk);
        self
    }

    pub fn row(&mut self, cells: Vec<Cell>) {
        self.table.push(cells);
    }

    pub fn row_ticked(&mut self, value: impl Into<String>, cells: Vec<Cell>) {
        self.table.push_ticked(value, cells);
    }

    /// What the headings lead to, one after the other.
    pub fn sorts(&mut self, sorts: impl Iterator<Item = Sort>) {
        for (column, sort) in self.table.columns.iter_mut().zip(sorts) {
            column.sort = Some(sort);
        }
    }

    /// The page, or the file. `total` is of the whole list, whatever page this is.
    ///
    /// # Errors
    /// 404 for a page beyond the end.
    pub fn answer(self, staff: &Staff<'_>, asked: &ListAsked, total: i64) -> Outcome<ListAnswer> {
        if asked.is_csv {
            return Ok(ListAnswer::csv(self.title, csv::written(&self.table)));
        }
        let shown = self.counted.map_or(total, |most| total.min(most));
        let page = asked.one("page");
        let pagination = match paged::pagination(&staff.visit, page, shown, PER_PAGE) {
            Ok(pagination) => pagination,
            // What was just done to its rows has left the list without the page that it was done on.
            Err(_) if staff.visit.has_message() && page != Some("last") => {
                let last = asked.with(staff.visit.path(), "page", "last");
                return Ok(ListAnswer::Moved(Box::new(found(last))));
            }
            Err(beyond) => return Err(beyond),
        };
        Ok(ListAnswer::Page(Box::new(self.render(staff, asked, total, pagination))))
    }

    fn render(self, staff: &Staff<'_>, asked: &ListAsked, total: i64, pagination: Pagination) -> Page {
        let path = staff.visit.path();
        let chosen = chosen(&self.filters, self.search.is_some(), path, asked);
        let is_cut = self.counted.is_some_and(|most| total > most);
        let count = if is_cut {
            format!("over {}", pagination.total)
        } else {
            pagination.total.clone()
        };
        let heading = self.heading.unwrap_or_else(|| self.title.to_owned());
        let mut chrome = staff.chrome(heading.clone());
        for (label, href) in &self.crumbs {
            chrome = chrome.crumb("Staff", label, href);
        }
        let mut chrome = chrome.here("Page", self.title).script(&staff.visit, "staff");
        let several = self
            .filters
            .iter()
            .any(|filter| matches!(filter.kind, FilterKind::Several(_)));
        if several {
            chrome = chrome.script(&staff.visit, "multiselect");
        }
        let has_filters = !self.filters.is_empty();
        let is_filtered = self.filters.iter().any(|filter| asked.one(filter.name).is_some());
        let view = ListView {
            bar: Bar::of(staff),
            path: path.to_owned(),
            title: heading,
            count,
            lead: self.lead,
            search: self.search,
            search_help: self.search_help,
            q: asked.q().unwrap_or_default().to_owned(),
            filters: self
                .filters
                .into_iter()
                .filter(|filter| !filter.offers_nothing())
                .map(|filter| filter.view(asked))
                .collect(),
            is_narrowed: !chosen.is_empty(),
            has_form: self.search.is_some() || has_filters,
            chosen,
            actions: self.actions,
            export_href: query::with(path, &asked.fields, &["page", "format"], Some(("format", "csv"))),
            has_rows: !self.table.rows.is_empty(),
            ticks: self.table.ticks,
            next: match self.bulk.is_empty() {
                true => String::new(),
                false => query::with(path, &asked.fields, &["format"], None),
            },
            // Where nothing can be ticked, nothing can be done with it.
            bulk: match self.table.can_tick {
                true => self.bulk.into_iter().map(BulkView::from).collect(),
                false => Vec::new(),
            },
            table: self.table,
            empty_heading: self.empty.0,
            empty_text: self.empty.1,
            is_cut,
            notes: self.notes,
            warning: self.warning,
            is_wide: self.folded.is_some(),
            folded: self.folded,
            is_filtered,
            pagination,
        };
        staff.visit.render("staff/list", chrome, &view)
    }
}

#[derive(Debug, Serialize)]
struct ListView {
    bar: Bar,
    path: String,
    title: String,
    count: String,
    lead: Option<&'static str>,
    search: Option<&'static str>,
    search_help: Option<&'static str>,
    q: String,
    filters: Vec<FilterView>,
    has_form: bool,
    is_narrowed: bool,
    chosen: Vec<Chosen>,
    actions: Vec<Link>,
    export_href: String,
    table: Table,
    has_rows: bool,
    /// The field of the ticks.
    ticks: Option<&'static str>,
    bulk: Vec<BulkView>,
    /// This very list: where one comes back to after something was done with its rows.
    next: String,
    empty_heading: &'static str,
    empty_text: &'static str,
    is_cut: bool,
    notes: Vec<String>,
    warning: Option<String>,
    folded: Option<&'static str>,
    /// It has more columns than a page has room for.
    is_wide: bool,
    /// A filter is in use, whatever is searched for.
    is_filtered: bool,
    pagination: Pagination,
}
