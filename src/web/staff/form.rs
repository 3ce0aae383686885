//! Forms: fields with their errors, what somebody else has changed meanwhile, and a button that says what it does.

use serde::Serialize;
use time::OffsetDateTime;

use super::bar::Bar;
use super::cell::{Cell, Hidden};
use super::field::{Field, FieldView};
use super::guard::Staff;
use super::{people, query};
use crate::core::access::Permission;
use crate::core::error::FieldErrors;
use crate::web::forms::CsrfForm;
use crate::web::view::{FormError, Link, Page, SafeHtml, Time};

/// A form on its way to a page.
#[derive(Debug)]
pub struct Form {
    action: Option<String>,
    fields: Vec<Field>,
    hidden: Vec<Hidden>,
    submit: String,
    also: Option<(&'static str, &'static str)>,
    elsewhere: Option<Elsewhere>,
    cancel: Option<String>,
    errors: FieldErrors,
    overtaken: Option<Overtaken>,
    is_danger: bool,
    is_multipart: bool,
}

/// A button that leads to another form and back, and does not lose what is typed: with scripts that form opens in a
/// dialog; without, this one is sent with `name`, and its handler leads on.
#[derive(Debug, Serialize)]
pub struct Elsewhere {
    pub name: &'static str,
    pub label: &'static str,
    /// Of the other form.
    pub href: String,
    /// The fields that come along, with commas between their names.
    pub carried: &'static str,
}

impl Elsewhere {
    /// Where the button leads without scripts: to the other form, with what is typed.
    pub fn with_what_is_typed(&self, form: &CsrfForm) -> String {
        let (path, asked) = self.href.split_once('?').unwrap_or((&self.href, ""));
        let mut fields = query::fields(Some(asked));
        for name in self.carried.split(',') {
            fields.extend(form.all(name).map(|value| (name.to_owned(), value.to_owned())));
        }
        query::with(path, &fields, &[], None)
    }
}

/// What somebody else has changed since the form was shown.
#[derive(Debug, Default)]
pub struct Overtaken {
    /// Who did, where it is known.
    pub by: Option<String>,
    pub at: Option<OffsetDateTime>,
    /// The fields that are not as they were typed here: labels, and how each is now.
    pub now: Vec<(String, String)>,
}

#[derive(Debug, Serialize)]
struct OvertakenView {
    by: String,
    at: Option<Time>,
    now: Vec<Now>,
}

#[derive(Debug, Serialize)]
struct Now {
    label: String,
    value: String,
}

/// A form as its template takes it.
#[derive(Debug, Serialize)]
pub struct FormView {
    action: Option<String>,
    fields: Vec<FieldView>,
    hidden: Vec<Hidden>,
    submit: String,
    also: Option<Also>,
    elsewhere: Option<Elsewhere>,
    /// Then its first button is one that looks for people, which is not what the Enter key is for in other fields.
    looks_for_people: bool,
    cancel: Option<String>,
    errors: Vec<FormError>,
    overtaken: Option<OvertakenView>,
    is_danger: bool,
    is_multipart: bool,
}

#[derive(Debug, Serialize)]
struct Also {
    name: &'static str,
    label: &'static str,
}

impl FormView {
    /// The same form, whose fields have ids that begin with `prefix`.
    pub(super) fn with_ids_of(mut self, prefix: &str) -> Self {
        self.fields.iter_mut().for_each(|field| field.prefix_ids(prefix));
        for error in &mut self.errors {
            error.href = error
                .href
                .take()
                .map(|href| href.replacen('#', &format!("#{prefix}_"), 1));
        }
        self
    }

    /// Its pickers lead whoever may invite people to doing so, and back to this page.
    pub(super) fn with_inviting(mut self, staff: &Staff<'_>) -> Self {
        if staff.holds(Permission::UserManage) {
            let href = people::invite_href(staff.visit.path());
            self.fields.iter_mut().for_each(|field| field.lead_to_inviting(&href));
        }
        self
    }

    pub(super) fn has_errors(&self) -> bool {
        !self.errors.is_empty() || self.overtaken.is_some()
    }
}

impl Form {
    /// `submit` are the words of the button. The form is sent to its own page.
    pub fn new(submit: impl Into<String>) -> Self {
        Self {
            action: None,
            fields: Vec::new(),
            hidden: Vec::new(),
            submit: submit.into(),
            also: None,
            elsewhere: None,
            cancel: None,
            errors: FieldErrors::default(),
            overtaken: None,
            is_danger: false,
            is_multipart: false,
        }
    }

    /// Where it is sent instead.
    pub fn action(mut self, action: impl Into<String>) -> Self {
        self.action = Some(action.into());
        self
    }

    pub fn field(mut self, field: Field) -> Self {
        self.is_multipart |= field.is_file();
        self.fields.push(field);
        self
    }

    /// Another button, which sends `name` too: to look at something before it is saved.
    pub fn also(mut self, name: &'static str, label: &'static str) -> Self {
        self.also = Some((name, label));
        self
    }

    pub fn elsewhere(mut self, elsewhere: Elsewhere) -> Self {
        self.elsewhere = Some(elsewhere);
        self
    }

    pub fn hidden(mut self, name: &'static str, value: impl Into<String>) -> Self {
        let value = value.into();
        self.hidden.push(Hidden { name, value });
        self
    }

    /// Tells what the form showed, for [`crate::core::versions`].
    pub fn seen(self, version: impl Into<String>) -> Self {
        self.hidden("seen", version)
    }

    pub fn errors(mut self, errors: &FieldErrors) -> Self {
        self.errors = errors.clone();
        self
    }

    pub fn overtaken(mut self, overtaken: Overtaken) -> Self {
        self.overtaken = Some(overtaken);
        self
    }

    /// Where the way back leads.
    pub fn cancel(mut self, href: impl Into<String>) -> Self {
        self.cancel = Some(href.into());
        self
    }

    /// The button takes something away.
    pub fn danger(mut self) -> Self {
        self.is_danger = true;
        self
    }

    pub(super) fn view(self) -> FormView {
        let errors = FormError::list(&self.errors);
        let fields: Vec<FieldView> = self.fields.into_iter().map(|field| field.view(&self.errors)).collect();
        FormView {
            action: self.action,
            hidden: self.hidden,
            submit: self.submit,
            also: self.also.map(|(name, label)| Also { name, label }),
            elsewhere: self.elsewhere,
            looks_for_people: fields.iter().any(FieldView::looks_for_people),
            fields,
            cancel: self.cancel,
            errors,
            overtaken: self.overtaken.map(|overtaken| OvertakenView {
                by: overtaken.by.unwrap_or_else(|| "Somebody else".to_owned()),
                at: overtaken.at.map(Time::new),
                now: overtaken
                    .now
                    .into_iter()
                    .map(|(label, value)| Now { label, value })
                    .collect(),
            }),
            is_danger: self.is_danger,
            is_multipart: self.is_multipart,
        }
    }
}

/// A page that is a form.
#[derive(Debug)]
pub struct FormPage {
    title: String,
    lead: Option<String>,
    crumbs: Vec<(String, String)>,
    notices: Vec<(&'static str, String, String)>,
    preview: Option<SafeHtml>,
    facts: Vec<FactView>,
    form: Option<Form>,
    links: Vec<Link>,
}

/// How something is that the form changes, where a field cannot show it.
#[derive(Debug, Serialize)]
struct FactView {
    label: &'static str,
    cell: Cell,
}

#[derive(Debug, Serialize)]
struct FormPageView {
    bar: Bar,
    title: String,
    lead: Option<String>,
    notices: Vec<NoticeView>,
    preview_html: Option<SafeHtml>,
    facts: Vec<FactView>,
    form: Option<FormView>,
    links: Vec<Link>,
}

#[derive(Debug, Serialize)]
struct NoticeView {
    tone: &'static str,
    title: String,
    text: String,
}

impl FormPage {
    pub fn new(title: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            lead: None,
            crumbs: Vec::new(),
            notices: Vec::new(),
            preview: None,
            facts: Vec::new(),
            form: None,
            links: Vec::new(),
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

    /// Something to know first. `tone` is one of info, success, warning and danger.
    pub fn notice(mut self, tone: &'static str, title: impl Into<String>, text: impl Into<String>) -> Self {
        self.notices.push((tone, title.into(), text.into()));
        self
    }

    /// How what is typed will look, above the form.
    pub fn preview(mut self, html: SafeHtml) -> Self {
        self.preview = Some(html);
        self
    }

    /// How something is now, above the form.
    pub fn fact(mut self, label: &'static str, cell: Cell) -> Self {
        self.facts.push(FactView { label, cell });
        self
    }

    pub fn form(mut self, form: Form) -> Self {
        self.form = Some(form);
        self
    }

    /// A link beside the title.
    pub fn link(mut self, link: Link) -> Self {
        self.links.push(link);
        self
    }

    pub fn render(self, staff: &Staff<'_>) -> Page {
        let mut chrome = staff.chrome(self.title.clone());
        for (label, href) in self.crumbs {
            chrome = chrome.crumb("Staff", label, href);
        }
        let form = self.form.map(|form| form.view().with_inviting(staff));
        let chrome = chrome
            .here("Page", self.title.clone())
            .script(&staff.visit, "staff")
            .with_errors(form.as_ref().is_some_and(FormView::has_errors));
        let notices = self.notices.into_iter();
        let view = FormPageView {
            bar: Bar::of(staff),
            title: self.title,
            lead: self.lead,
            notices: notices
                .map(|(tone, title, text)| NoticeView { tone, title, text })
                .collect(),
            preview_html: self.preview,
            facts: self.facts,
            form,
            links: self.links,
        };
        staff.visit.render("staff/form", chrome, &view)
    }
}
