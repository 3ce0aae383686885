//! What is done with several rows of a list at once.

use serde::Serialize;

use crate::web::forms::CsrfForm;
use crate::web::guards::safe_next_or;
use crate::web::view::SelectOption;

/// The field with the list's address as it was shown: its filters, its search, its page.
pub const NEXT: &str = "next";

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

/// What is done with the ticked rows.
#[derive(Debug, Serialize)]
pub struct Bulk {
    pub label: &'static str,
    pub action: String,
    pub text: &'static str,
    pub button: &'static str,
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

#[cfg(test)]
mod tests {
    use super::*;

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
