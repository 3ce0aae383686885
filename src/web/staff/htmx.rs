//! Forms that open within another page: htmx loads them into a dialog, sends them, and is told where to go.

use rocket::Responder;
use rocket::http::Header;
use serde::Serialize;
use serde_json::json;

use super::form::{Form, FormView};
use super::guard::Staff;
use super::query;
use crate::web::forms::CsrfForm;
use crate::web::guards::{Visit, safe_next_or};
use crate::web::pages::answer::Answer;
use crate::web::view::Page;

/// Whether htmx asks.
pub fn is_htmx(visit: &Visit<'_>) -> bool {
    visit.request.headers().get_one("HX-Request") == Some("true")
}

/// The page that a script asks from, if it says so: a path of ours.
pub fn asked_from(visit: &Visit<'_>) -> Option<String> {
    let said = visit.request.headers().get_one("HX-Current-URL")?;
    let page = url::Url::parse(said).ok()?;
    let path = safe_next_or(Some(page.path()), "").into_owned();
    (!path.is_empty()).then_some(path)
}

/// Where the form's or the address's `next` leads, with every other part of the address and `name=slug`; `None`
/// without a `next` that is a path of ours.
pub fn next_with(visit: &Visit<'_>, form: &CsrfForm, name: &str, slug: &str) -> Option<String> {
    let typed = Some(form.text("next")).filter(|next| !next.is_empty());
    let next = next_of(visit, typed)?;
    Some(onward(visit, &next, Some((name, slug)), &[name]))
}

/// Where htmx is to send the browser when a thing was made: as [`next_with`], or to the thing's `page`, with the same.
pub fn made(visit: &Visit<'_>, form: &CsrfForm, page: &str, name: &str, slug: &str) -> String {
    next_with(visit, form, name, slug).unwrap_or_else(|| onward(visit, page, Some((name, slug)), &[name]))
}

/// The way back from a form that is not sent: where the address's `next` leads, with every other part of the address but
/// those called in `but`. `None` without one.
pub fn back(visit: &Visit<'_>, but: &[&str]) -> Option<String> {
    Some(onward(visit, &next_of(visit, None)?, None, but))
}

/// The form's or the address's `next`, when it is a path of ours.
fn next_of(visit: &Visit<'_>, typed: Option<&str>) -> Option<String> {
    let fields = query::fields(visit.query());
    let in_address = fields
        .iter()
        .find(|(field, _)| field == "next")
        .map(|(_, value)| value.as_str());
    let next = safe_next_or(typed.or(in_address), "").into_owned();
    (!next.is_empty()).then_some(next)
}

/// `to`, with every part of this page's address but `next` and those called in `but`, and with one more.
fn onward(visit: &Visit<'_>, to: &str, more: Option<(&str, &str)>, but: &[&str]) -> String {
    let fields = query::fields(visit.query());
    let (path, asked) = to.split_once('?').unwrap_or((to, ""));
    let mut written = url::form_urlencoded::Serializer::new(String::new());
    // A page that is gone back to may have a `next` of its own, which it looks at itself.
    let of_next = url::form_urlencoded::parse(asked.as_bytes());
    written.extend_pairs(of_next.filter(|(field, _)| !but.contains(&&**field)));
    let kept = fields
        .iter()
        .filter(|(field, _)| field != "next" && !but.contains(&field.as_str()));
    written.extend_pairs(kept);
    written.extend_pairs(more);
    match written.finish() {
        query if query.is_empty() => path.to_owned(),
        query => format!("{path}?{query}"),
    }
}

/// What somebody gets who made something: a page or the way to one; or, for htmx, an empty answer that says where.
#[derive(Responder)]
pub enum Made {
    Answer(Box<Answer>),
    Elsewhere((), Header<'static>),
}

impl From<Answer> for Made {
    fn from(answer: Answer) -> Self {
        Self::Answer(Box::new(answer))
    }
}

impl From<Page> for Made {
    fn from(page: Page) -> Self {
        Answer::from(page).into()
    }
}

impl Made {
    /// For htmx: on to `path`.
    pub fn redirect(path: String) -> Self {
        Self::Elsewhere((), Header::new("HX-Redirect", path))
    }

    /// For htmx: on to `path`, in the form that tells more than an address.
    pub fn location(path: &str) -> Self {
        Self::Elsewhere((), Header::new("HX-Location", json!({ "path": path }).to_string()))
    }
}

#[derive(Debug, Serialize)]
struct FragmentView {
    title: &'static str,
    path: String,
    form: FormView,
}

/// A form alone, for a dialog.
pub fn fragment(staff: &Staff<'_>, title: &'static str, form: Form) -> Page {
    let path = match staff.visit.query() {
        Some(query) => format!("{}?{query}", staff.visit.path()),
        None => staff.visit.path().to_owned(),
    };
    let view = FragmentView {
        title,
        path,
        // The page around it has fields of the same names.
        form: form.view().with_ids_of("dialog"),
    };
    let chrome = staff.chrome(title).here("Page", title);
    staff.visit.render("staff/dialog", chrome, &view)
}
