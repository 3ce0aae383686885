//! The page of one thing: its facts, what can be done with it, and its parts below.

use serde::Serialize;

use super::bar::Bar;
use super::cell::{Ask, Button, Cell};
use super::form::{Form, FormView};
use super::guard::Staff;
use super::table::{Table, id_of};
use crate::core::paging::First;
use crate::web::view::{Link, Page, SafeHtml, first_of, thousands};

/// A thing on its way to a page.
#[derive(Debug)]
pub struct Thing {
    kind: &'static str,
    title: String,
    lead: Option<String>,
    crumbs: Vec<(String, String)>,
    facts: Vec<Fact>,
    actions: Vec<Link>,
    asks: Vec<Ask>,
    buttons: Vec<Button>,
    notices: Vec<Notice>,
    sections: Vec<Section>,
}

#[derive(Debug, Serialize)]
struct Fact {
    label: String,
    cell: Cell,
}

#[derive(Debug, Serialize)]
struct Notice {
    tone: &'static str,
    title: String,
    text: String,
}

/// A field that looks through a part's list.
#[derive(Debug, Serialize)]
struct Find {
    name: &'static str,
    action: String,
    value: String,
}

/// A part of the page, under a heading.
#[derive(Debug, Serialize)]
pub struct Section {
    id: String,
    title: String,
    count: Option<String>,
    lead: Option<String>,
    /// What looks through a list of which the beginning is shown.
    find: Option<Find>,
    /// What there is besides what is shown.
    rest: Option<String>,
    facts: Vec<Fact>,
    table: Option<Table>,
    has_rows: bool,
    empty: Option<String>,
    content_html: Option<SafeHtml>,
    pre: Option<String>,
    /// The words of a button that copies it.
    copy: Option<&'static str>,
    links: Vec<Link>,
    /// A link that scripts open over the page.
    dialog: Option<Link>,
    asks: Vec<Ask>,
    buttons: Vec<Button>,
    #[serde(skip)]
    form: Option<Form>,
    form_view: Option<FormView>,
}

impl Section {
    pub fn new(title: impl Into<String>) -> Self {
        let title = title.into();
        Self {
            id: id_of(&title),
            title,
            count: None,
            lead: None,
            find: None,
            rest: None,
            facts: Vec::new(),
            table: None,
            has_rows: false,
            empty: None,
            content_html: None,
            pre: None,
            copy: None,
            links: Vec::new(),
            dialog: None,
            asks: Vec::new(),
            buttons: Vec::new(),
            form: None,
            form_view: None,
        }
    }

    pub fn lead(mut self, lead: impl Into<String>) -> Self {
        self.lead = Some(lead.into());
        self
    }

    /// Of a list that can be looked through by name: how many there are, a field to look for others where these are
    /// not all, and what is shown of them. The address of `page` has what is looked for under `name`.
    pub fn looked_through<T>(mut self, list: &First<T>, name: &'static str, page: &str, asked: Option<&str>) -> Self {
        let asked = asked.unwrap_or_default();
        self.count = Some(thousands(list.total));
        if list.left() > 0 || !asked.is_empty() {
            self.find = Some(Find {
                name,
                action: format!("{page}#{}", self.id),
                value: asked.to_owned(),
            });
        }
        let shown = thousands(list.fitting - list.left());
        let (fitting, total) = (thousands(list.fitting), thousands(list.total));
        self.rest = match (asked.is_empty(), list.left() > 0) {
            (true, false) => None,
            (true, true) => Some(format!(
                "{total} in all; the first {shown} are here. Look for the others by name."
            )),
            (false, false) => Some(format!("{fitting} of {total} match.")),
            (false, true) => Some(format!("{fitting} of {total} match; the first {shown} are here.")),
        };
        self
    }

    /// Of a list whose beginning is shown: how many there are, and where they all are.
    pub fn beginning<T>(mut self, list: &First<T>, whole: Link) -> Self {
        self.count = Some(thousands(list.total));
        self.rest = first_of(list);
        if self.rest.is_some() {
            self.links.push(whole);
        }
        self
    }

    /// How many there are in all, beside the heading.
    pub fn count(mut self, count: i64) -> Self {
        self.count = Some(thousands(count));
        self
    }

    pub fn facts(mut self, facts: Vec<(&str, Cell)>) -> Self {
        let facts = facts.into_iter();
        self.facts.extend(facts.map(|(label, cell)| Fact {
            label: label.to_owned(),
            cell,
        }));
        self
    }

    /// A table; `empty` is what stands there without rows.
    pub fn table(mut self, columns: &[&'static str], rows: Vec<Vec<Cell>>, empty: impl Into<String>) -> Self {
        let mut table = Table::new(self.title.clone(), columns);
        table.id = format!("{}-table", self.id);
        self.has_rows = !rows.is_empty();
        rows.into_iter().for_each(|row| table.push(row));
        self.table = Some(table);
        self.empty = Some(empty.into());
        self
    }

    pub fn html(mut self, html: SafeHtml) -> Self {
        self.content_html = Some(html);
        self
    }

    /// Text as it is, line by line.
    pub fn pre(mut self, text: impl Into<String>) -> Self {
        self.pre = Some(text.into());
        self
    }

    /// As [`Section::pre`], with a button that copies it.
    pub fn secret(mut self, text: impl Into<String>, copy: &'static str) -> Self {
        self.copy = Some(copy);
        self.pre(text)
    }

    pub fn link(mut self, link: Link) -> Self {
        self.links.push(link);
        self
    }

    /// A link to a form of another page (`htmx::fragment`), which scripts open over this one; one of a page.
    pub fn dialog(mut self, link: Link) -> Self {
        self.dialog = Some(link);
        self
    }

    pub fn ask(mut self, ask: Ask) -> Self {
        self.asks.push(ask);
        self
    }

    pub fn button(mut self, button: Button) -> Self {
        self.buttons.push(button);
        self
    }

    pub fn form(mut self, form: Form) -> Self {
        self.form = Some(form);
        self
    }
}

#[derive(Debug, Serialize)]
struct ThingView {
    bar: Bar,
    kind: &'static str,
    title: String,
    lead: Option<String>,
    facts: Vec<Fact>,
    actions: Vec<Link>,
    asks: Vec<Ask>,
    buttons: Vec<Button>,
    notices: Vec<Notice>,
    sections: Vec<Section>,
}

impl Thing {
    /// `kind` is what it is, as in "Backend".
    pub fn new(kind: &'static str, title: impl Into<String>) -> Self {
        Self {
            kind,
            title: title.into(),
            lead: None,
            crumbs: Vec::new(),
            facts: Vec::new(),
            actions: Vec::new(),
            asks: Vec::new(),
            buttons: Vec::new(),
            notices: Vec::new(),
            sections: Vec::new(),
        }
    }

    /// A step of the way here, after the staff area.
    pub fn under(mut self, label: impl Into<String>, href: impl Into<String>) -> Self {
        self.crumbs.push((label.into(), href.into()));
        self
    }

    pub fn lead(mut self, lead: impl Into<String>) -> Self {
        self.lead = Some(lead.into());
        self
    }

    /// One of the facts under the title.
    pub fn fact(mut self, label: impl Into<String>, cell: Cell) -> Self {
        let label = label.into();
        self.facts.push(Fact { label, cell });
        self
    }

    /// A link at the right of the title; the first is the likely one.
    pub fn action(mut self, action: Link) -> Self {
        self.actions.push(action);
        self
    }

    pub fn ask(mut self, ask: Ask) -> Self {
        self.asks.push(ask);
        self
    }

    pub fn button(mut self, button: Button) -> Self {
        self.buttons.push(button);
        self
    }

    /// Something to know first. `tone` is one of info, success, warning and danger.
    pub fn notice(mut self, tone: &'static str, title: impl Into<String>, text: impl Into<String>) -> Self {
        self.notices.push(Notice {
            tone,
            title: title.into(),
            text: text.into(),
        });
        self
    }

    pub fn section(mut self, section: Section) -> Self {
        self.sections.push(section);
        self
    }

    pub fn render(mut self, staff: &Staff<'_>) -> Page {
        let mut chrome = staff.chrome(self.title.clone());
        for (label, href) in self.crumbs {
            chrome = chrome.crumb("Staff", label, href);
        }
        let mut has_errors = false;
        for section in &mut self.sections {
            section.form_view = section.form.take().map(|form| form.view().with_inviting(staff));
            has_errors |= section.form_view.as_ref().is_some_and(FormView::has_errors);
        }
        let chrome = chrome
            .here(self.kind, self.title.clone())
            .script(&staff.visit, "staff")
            .with_errors(has_errors);
        let view = ThingView {
            bar: Bar::of(staff),
            kind: self.kind,
            title: self.title,
            lead: self.lead,
            facts: self.facts,
            actions: self.actions,
            asks: self.asks,
            buttons: self.buttons,
            notices: self.notices,
            sections: self.sections,
        };
        staff.visit.render("staff/thing", chrome, &view)
    }
}
