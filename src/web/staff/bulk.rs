//! What is done with several rows of a list at once. Whoever does it is told first with how many and which: by a script
//! that counts the ticks, or by a page of its own.

use serde::Serialize;

use super::bar::Bar;
use super::cell::Hidden;
use super::guard::Staff;
use crate::web::forms::CsrfForm;
use crate::web::guards::safe_next_or;
use crate::web::view::{Page, SelectOption};

/// The field with the list's address as it was shown: its filters, its search, its page.
pub const NEXT: &str = "next";
/// The field with the number of rows that whoever sends the form was told of.
const SURE: &str = "sure";

/// Where to go on to after something was done with rows of the list at `list`: to that list as it was. What is
/// another page's address, or none of ours, leads to the whole list.
pub fn back(form: &CsrfForm, list: &'static str) -> String {
    back_to(form.text(NEXT), list)
}

fn back_to(next: &str, list: &'static str) -> String {
    let next = safe_next_or(Some(next), list);
    let path = next.split(['?', '#']).next().unwrap_or_default();
    if path.trim_end_matches('/') == list.trim_end_matches('/') {
        next.into_owned()
    } else {
        list.to_owned()
    }
}

/// Whether whoever sent the form was told that it is about as many rows as are ticked under `name`.
pub fn is_sure(form: &CsrfForm, name: &str) -> bool {
    form.text(SURE).parse() == Ok(form.all(name).count())
}

/// What is done with the ticked rows.
#[derive(Debug, Serialize)]
pub struct Bulk {
    pub label: &'static str,
    pub action: String,
    /// What is done, and to what: `Deactivate`, `user` and `users`.
    pub verb: &'static str,
    pub one: &'static str,
    pub many: &'static str,
    /// What it comes to.
    pub text: &'static str,
    /// What is chosen for it first, if anything.
    pub choose: Option<BulkChoice>,
    pub is_danger: bool,
}

#[derive(Debug, Serialize)]
pub struct BulkChoice {
    pub name: &'static str,
    pub label: &'static str,
    pub options: Vec<SelectOption>,
}

#[derive(Debug, Serialize)]
struct AskView<'a> {
    bar: Bar,
    title: String,
    text: &'a str,
    rows: Vec<String>,
    action: &'a str,
    hidden: Vec<Hidden>,
    button: String,
    back: String,
    leave: &'static str,
    is_danger: bool,
}

impl Bulk {
    /// `Deactivate 3 users`.
    fn words(&self, count: usize) -> String {
        let thing = if count == 1 { self.one } else { self.many };
        format!("{} {count} {thing}", self.verb)
    }

    /// The way out: beside a button that cancels something, "Cancel" would say the opposite.
    pub(super) fn leave(&self) -> &'static str {
        if self.verb.starts_with("Cancel") {
            "Keep them"
        } else {
            "Cancel"
        }
    }

    /// The page that asks: with how many rows and which, and what it comes to. `name` is the field of the ticks, of
    /// which `ids` can be gone on with, and `rows` are what they are called.
    pub fn ask<T: ToString>(
        &self,
        staff: &Staff<'_>,
        form: &CsrfForm,
        list: &'static str,
        (name, ids): (&'static str, &[T]),
        rows: Vec<String>,
    ) -> Page {
        let mut hidden: Vec<Hidden> = ids.iter().map(|id| field(name, id.to_string())).collect();
        hidden.push(field(SURE, ids.len().to_string()));
        let back = back(form, list);
        hidden.push(field(NEXT, &*back));
        if let Some(choose) = &self.choose {
            hidden.push(field(choose.name, form.text(choose.name)));
        }
        let title = self.words(ids.len()) + "?";
        let view = AskView {
            bar: Bar::of(staff),
            text: self.text,
            rows,
            action: &self.action,
            hidden,
            button: self.words(ids.len()),
            back,
            leave: self.leave(),
            is_danger: self.is_danger,
            title: title.clone(),
        };
        let chrome = staff
            .chrome(title.clone())
            .here("Page", title)
            .script(&staff.visit, "staff");
        staff.visit.render("staff/bulk_ask", chrome, &view)
    }
}

fn field(name: &'static str, value: impl Into<String>) -> Hidden {
    let value = value.into();
    Hidden { name, value }
}

/// A bulk action as the list's template takes it.
#[derive(Debug, Serialize)]
pub(super) struct BulkView {
    #[serde(flatten)]
    bulk: Bulk,
    leave: &'static str,
}

impl From<Bulk> for BulkView {
    fn from(bulk: Bulk) -> Self {
        let leave = bulk.leave();
        Self { bulk, leave }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_said_to_how_many_it_is_done() {
        let bulk = |verb| Bulk {
            label: "Do it",
            action: "/".to_owned(),
            verb,
            one: "user",
            many: "users",
            text: "",
            choose: None,
            is_danger: false,
        };
        assert_eq!(bulk("Deactivate").words(1), "Deactivate 1 user");
        assert_eq!(bulk("Deactivate").words(3), "Deactivate 3 users");
        assert_eq!(bulk("Deactivate").leave(), "Cancel");
        assert_eq!(bulk("Cancel").leave(), "Keep them");
    }

    #[test]
    fn one_comes_back_to_the_same_list_and_nowhere_else() {
        let list = "/staff/users/";
        for own in [
            "/staff/users/",
            "/staff/users",
            "/staff/users/?q=a%20b&page=3",
            "/staff/users?q=%2F%2Fevil.example",
        ] {
            assert_eq!(back_to(own, list), own);
        }
        for other in [
            "",
            "/staff/",
            "/staff/users/ada/",
            "/staff/users/../orgs/",
            "/staff/users/?q=a\r\nSet-Cookie: a=b",
            "//evil.example/staff/users/",
            "https://evil.example/staff/users/",
            "javascript:alert(1)",
        ] {
            assert_eq!(back_to(other, list), list, "{other:?}");
        }
    }
}
