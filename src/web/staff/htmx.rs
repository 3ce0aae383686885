//! Forms that open within another page: htmx loads them into a dialog, sends them, and is told where to go.

use serde::Serialize;

use super::form::{Form, FormView};
use super::guard::Staff;
use super::query;
use crate::web::forms::CsrfForm;
use crate::web::guards::{Visit, safe_next_or};
use crate::web::view::Page;

/// Whether htmx asks.
pub fn is_htmx(visit: &Visit<'_>) -> bool {
    visit.request.headers().get_one("HX-Request") == Some("true")
}

/// Where the form's or the address's `next` leads, with every other part of the address and `name=slug`; `None`
/// without a `next` that is a path of ours.
pub fn next_with(visit: &Visit<'_>, form: &CsrfForm, name: &str, slug: &str) -> Option<String> {
    let fields = query::fields(visit.query());
    let in_address = fields
        .iter()
        .find(|(field, _)| field == "next")
        .map(|(_, value)| value.as_str());
    let next = Some(form.text("next")).filter(|next| !next.is_empty()).or(in_address);
    let next = safe_next_or(next, "").into_owned();
    if next.is_empty() {
        return None;
    }
    let (path, asked) = next.split_once('?').unwrap_or((&next, ""));
    let mut written = url::form_urlencoded::Serializer::new(String::new());
    // A page that is gone back to may have a `next` of its own, which it looks at itself.
    let of_next = url::form_urlencoded::parse(asked.as_bytes());
    written.extend_pairs(of_next.filter(|(field, _)| field != name));
    written.extend_pairs(fields.iter().filter(|(field, _)| field != "next" && field != name));
    written.append_pair(name, slug);
    Some(format!("{path}?{}", written.finish()))
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
        form: form.view(),
    };
    let chrome = staff.chrome(title).here("Page", title);
    staff.visit.render("staff/dialog", chrome, &view)
}
