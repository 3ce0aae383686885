//! The login page: which ways in it offers, and what it says about the last one that was tried.

use serde::Serialize;

use crate::core::error::FieldErrors;
use crate::core::jobs::backends::{BackendThere, backend_at};
use crate::web::database::Database;
use crate::web::guards::{Client, Visit, safe_next};
use crate::web::responders::Outcome;
use crate::web::view::{FormError, Page, TextField, encode_next, field_id};

/// What the token form was sent with is no help to anybody else, so one answer does for all failures.
pub const TOKEN_REFUSED: &str = "You could not be signed in with this. Check your username or e-mail address and the \
    three words. A token works once, within an hour, and no more after five wrong tries: make a new one if in doubt.";

/// For whoever sends the token form from elsewhere.
pub const NOT_FROM_HERE: &str =
    "Single-use tokens work inside a secure environment only. Here, sign in in one of the other ways.";

#[derive(Serialize)]
pub struct LoginView {
    pub errors: Vec<FormError>,
    /// Where to go afterwards.
    pub next: String,
    /// The same, when it is worth mentioning.
    pub leads_to: Option<String>,
    /// Set inside a secure environment, where there is one way only.
    pub inside: Option<Inside>,
    pub outside: Option<Outside>,
    pub support_email: String,
}

/// Inside the secure environment of a backend.
#[derive(Serialize)]
pub struct Inside {
    pub backend: String,
    /// Sends the token.
    pub action: String,
    pub user: TextField,
    pub token: TextField,
    /// Where tokens are made, as one reads it.
    pub settings_url: String,
}

#[derive(Serialize)]
pub struct Outside {
    pub sign_up_url: String,
    pub email: TextField,
    /// A link was asked for: to this address, for so many minutes.
    pub sent: Option<Sent>,
}

#[derive(Serialize)]
pub struct Sent {
    pub to: String,
    pub minutes: u64,
}

/// What happened before the page is shown.
#[derive(Default)]
pub struct Tried<'a> {
    pub next: String,
    pub errors: FieldErrors,
    /// What was entered as e-mail address, username.
    pub email: &'a str,
    pub user: &'a str,
    pub is_sent: bool,
}

/// The path that an address of the login page leads to: its `next`, with all other parameters carried over
/// to it, as far as it is a path of ours. A `next` that was not encoded loses its own parameters to the login
/// page, so that `next=/x/?b=2&a=1` is meant to lead to `/x/?b=2&a=1`.
pub fn next_of(query: Option<&str>) -> String {
    let mut next = None;
    let mut rest = url::form_urlencoded::Serializer::new(String::new());
    let mut carries = false;
    for (name, value) in url::form_urlencoded::parse(query.unwrap_or_default().as_bytes()) {
        if name == "next" && next.is_none() {
            next = Some(value.into_owned());
        } else if name != "next" {
            rest.append_pair(&name, &value);
            carries = true;
        }
    }
    let next = safe_next(next.as_deref()).into_owned();
    if !carries {
        return next;
    }
    let (path, fragment) = next
        .split_once('#')
        .map_or((next.as_str(), None), |(p, f)| (p, Some(f)));
    let mark = if path.contains('?') { '&' } else { '?' };
    let fragment = fragment.map(|fragment| format!("#{fragment}")).unwrap_or_default();
    format!("{path}{mark}{}{fragment}", rest.finish())
}

/// The login page, as it is for somebody at this address.
pub async fn page(visit: &Visit<'_>, db: &Database, client: &Client<'_>, tried: Tried<'_>) -> Outcome<Page> {
    let inside = backend_at(db, client.address).await?;
    Ok(page_at(visit, inside.as_ref(), tried))
}

/// As [`page`], when it is known whether this is inside of a backend's secure environment.
pub fn page_at(visit: &Visit<'_>, there: Option<&BackendThere>, tried: Tried<'_>) -> Page {
    let web = &visit.app.settings.web;
    let is_refused = !tried.errors.is_empty();
    let chrome = visit
        .chrome("Sign in")
        .here("Page", "Sign in")
        .with_form(visit)
        .with_errors(is_refused);
    let inside = there.map(|backend| Inside {
        backend: backend.name.clone(),
        action: match tried.next.as_str() {
            "/" => "/login-with-token/".to_owned(),
            next => format!("/login-with-token/?next={}", encode_next(next)),
        },
        user: TextField {
            autocomplete: Some("username"),
            value: tried.user.to_owned(),
            ..field("user", "Username or e-mail address", &tried.errors)
        },
        token: TextField {
            help: Some("Three words. Capital letters, spaces and hyphens make no difference."),
            autocomplete: Some("one-time-code"),
            code: true,
            ..field("token", "Single-use token", &tried.errors)
        },
        settings_url: web.absolute("/settings/"),
    });
    let outside = there.is_none().then(|| Outside {
        sign_up_url: sign_up_url(visit),
        email: TextField {
            kind: "email",
            autocomplete: Some("email"),
            value: if tried.is_sent {
                String::new()
            } else {
                tried.email.to_owned()
            },
            ..field("email", "E-mail address", &tried.errors)
        },
        sent: tried.is_sent.then(|| Sent {
            to: tried.email.to_owned(),
            minutes: web.login_link_age.as_secs() / 60,
        }),
    });
    let view = LoginView {
        errors: FormError::list(&tried.errors),
        leads_to: (tried.next != "/").then(|| tried.next.clone()),
        next: tried.next,
        inside,
        outside,
        support_email: web.support_email.clone(),
    };
    visit.render("pages/login", chrome, &view)
}

fn field(name: &'static str, label: &'static str, errors: &FieldErrors) -> TextField {
    TextField {
        id: field_id(name),
        name,
        label,
        help: None,
        value: String::new(),
        error: errors.get(name).map(str::to_owned),
        required: true,
        kind: "text",
        autocomplete: None,
        code: false,
    }
}

fn sign_up_url(visit: &Visit<'_>) -> String {
    let mut url = visit.app.settings.github.web_url.clone();
    url.set_path("/signup");
    url.into()
}

#[cfg(test)]
mod tests {
    use super::next_of;

    #[test]
    fn other_parameters_are_carried_over() {
        for (query, next) in [
            ("next=/x/?b=2&a=1", "/x/?b=2&a=1"),
            ("next=/settings/%3Fa%3D1", "/settings/?a=1"),
            ("a=1&next=/x/", "/x/?a=1"),
            ("next=/x/&q=a%26b+c", "/x/?q=a%26b+c"),
            ("next=/x/%23part&a=1", "/x/?a=1#part"),
            ("next=/x/&next=/y/", "/x/"),
            ("", "/"),
            ("next=", "/"),
            ("next=//evil.com&a=1", "/?a=1"),
            ("next=https://evil.com/", "/"),
            ("next=/%5Cevil.com", "/"),
        ] {
            assert_eq!(next_of(Some(query)), next, "{query}");
        }
        assert_eq!(next_of(None), "/");
    }
}
