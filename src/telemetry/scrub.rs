//! Takes secrets out of a report before it leaves.
//!
//! Two nets, one behind the other: the values of all settings that are secret, wherever they turn up in the
//! report, in part or whole; and what looks like a token, a cookie or a password by the name in front of it.

use secrecy::{ExposeSecret, SecretString};
use sentry::protocol::Event;
use serde_json::Value;

/// What is written in place of a secret.
pub(super) const HIDDEN: &str = "*****";

/// Names whose value is a secret whatever it is. Compared in lower case.
const SECRET_NAMES: &[&str] = &[
    "authorization",
    "cookie",
    "set-cookie",
    "sessionid",
    "csrftoken",
    "csrfmiddlewaretoken",
    "x-csrftoken",
    "password",
    "passwd",
    "secret",
    "token",
    "access_token",
    "api_key",
    "apikey",
    "client_secret",
    "code",
];

/// Headers in the middle of a text. What follows, up to the end of the line or a quote, is hidden.
const HEADERS: &[&str] = &["authorization:", "cookie:", "x-csrftoken:"];

/// What stands in front of a secret in the middle of a text. What follows, up to a space, a quote or another
/// end of a word, is hidden.
const MARKS: &[&str] = &[
    "/login-link/",
    "/confirm-email/",
    "/login-with-url/",
    "bearer ",
    "sessionid=",
    "csrftoken=",
    "csrfmiddlewaretoken=",
    "password=",
    "token=",
    "secret=",
    "api_key=",
    "?code=",
    "&code=",
    "&state=",
    "?state=",
];

/// From so many bytes on, a value is no word that anybody writes.
const LONG: usize = 10;

/// Knows what must not be said.
pub(super) struct Scrubber {
    /// The longest first, so that none is hidden only in part.
    hidden: Vec<SecretString>,
}

impl Scrubber {
    pub(super) fn new(hidden: &[SecretString]) -> Self {
        let mut hidden: Vec<SecretString> = hidden
            .iter()
            .filter(|secret| !secret.expose_secret().is_empty())
            .cloned()
            .collect();
        hidden.sort_by_key(|secret| std::cmp::Reverse(secret.expose_secret().len()));
        Self { hidden }
    }

    /// For lines of the log: values that are short enough to be words of theirs are left.
    pub(super) fn of_lines(hidden: &[SecretString]) -> Self {
        let mut scrubber = Self::new(hidden);
        scrubber.hidden.retain(|secret| secret.expose_secret().len() >= LONG);
        scrubber
    }

    /// The event without secrets; `None` when it can no longer be read as one.
    pub(super) fn event(&self, event: Event<'static>) -> Option<Event<'static>> {
        let mut value = serde_json::to_value(&event).ok()?;
        self.value(&mut value);
        serde_json::from_value(value).ok()
    }

    fn value(&self, value: &mut Value) {
        match value {
            Value::String(text) => *text = self.text(text),
            Value::Array(items) => items.iter_mut().for_each(|item| self.value(item)),
            Value::Object(fields) => {
                for (name, mut value) in std::mem::take(fields) {
                    let is_text = value.is_string() || value.is_number();
                    if is_text && SECRET_NAMES.contains(&name.to_lowercase().as_str()) {
                        value = Value::String(HIDDEN.to_owned());
                    } else {
                        self.value(&mut value);
                    }
                    fields.insert(self.text(&name), value);
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    /// The text without secrets.
    pub(super) fn text(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for secret in &self.hidden {
            if text.contains(secret.expose_secret()) {
                text = text.replace(secret.expose_secret(), HIDDEN);
            }
        }
        let lower = text.to_ascii_lowercase();
        let has_mark = |mark: &&str| lower.contains(*mark);
        if !HEADERS.iter().chain(MARKS).any(has_mark) {
            return text;
        }
        for mark in HEADERS {
            text = without_what_follows(text, mark, ends_line);
        }
        for mark in MARKS {
            text = without_what_follows(text, mark, ends_word);
        }
        text
    }
}

fn without_what_follows(text: String, mark: &str, is_end: fn(char) -> bool) -> String {
    // ASCII letters alone change their case, so places in both texts are the same.
    let lower = text.to_ascii_lowercase();
    if !lower.contains(mark) {
        return text;
    }
    let mut clean = String::with_capacity(text.len());
    let mut rest = 0;
    while let Some(at) = lower[rest..].find(mark) {
        let start = rest + at + mark.len();
        clean.push_str(&text[rest..start]);
        let length = text[start..].find(is_end).unwrap_or(text.len() - start);
        if length > 0 {
            clean.push_str(HIDDEN);
        }
        rest = start + length;
    }
    clean.push_str(&text[rest..]);
    clean
}

fn ends_line(c: char) -> bool {
    // A backslash stands before a quote within JSON.
    matches!(c, '\n' | '\r' | '"' | '\'' | '\\')
}

fn ends_word(c: char) -> bool {
    c.is_whitespace()
        || matches!(
            c,
            '<' | '…' | '"' | '\'' | '`' | '&' | ';' | ',' | '/' | '?' | '#' | ')' | '>' | '}' | ']' | '\\'
        )
}

#[cfg(test)]
mod tests {
    use super::*;
    use sentry::protocol::{Context, Exception, Level, User};

    fn scrubber(secrets: &[&str]) -> Scrubber {
        let secrets: Vec<SecretString> = secrets.iter().map(|secret| SecretString::from(*secret)).collect();
        Scrubber::new(&secrets)
    }

    #[test]
    fn secrets_go_wherever_they_stand() {
        let scrubber = scrubber(&["hunter2", "hunter2-and-more", ""]);
        let mut event = Event {
            message: Some("cannot reach postgres://clerk:hunter2@db/x with hunter2-and-more".into()),
            level: Level::Error,
            ..Event::default()
        };
        event.exception.values.push(Exception {
            ty: "Failure".into(),
            value: Some("hunter2hunter2".into()),
            ..Exception::default()
        });
        event.tags.insert("hunter2".into(), "a hunter2".into());
        event.user = Some(User {
            username: Some("ada".into()),
            ..User::default()
        });
        let fields = [
            ("deep".to_owned(), serde_json::json!({"list": ["x hunter2"]})),
            ("token".to_owned(), serde_json::json!("anything")),
        ];
        event.contexts.insert(
            "Rust Tracing Fields".into(),
            Context::Other(fields.into_iter().collect()),
        );
        let clean = scrubber.event(event).unwrap();
        let text = serde_json::to_string(&clean).unwrap();
        assert!(!text.contains("hunter2") && !text.contains("anything"), "{text}");
        assert!(text.contains("postgres://clerk:*****@db/x with *****"), "{text}");
        assert_eq!(clean.level, Level::Error);
        assert_eq!(clean.user.unwrap().username.as_deref(), Some("ada"));
    }

    #[test]
    fn what_looks_like_a_secret_goes_too() {
        let scrubber = scrubber(&[]);
        for (text, clean) in [
            ("GET /login-link/abc123/?next=/", "GET /login-link/*****/?next=/"),
            ("{\"Authorization: Token abc\"}", "{\"Authorization:*****\"}"),
            ("authorization: Bearer abc, x\nHost: y", "authorization:*****\nHost: y"),
            ("got Bearer abc, x", "got Bearer *****, x"),
            ("Cookie: sessionid=abc; csrftoken=def", "Cookie:*****"),
            (
                "with sessionid=abc; csrftoken=def",
                "with sessionid=*****; csrftoken=*****",
            ),
            ("at /login-link/<token>", "at /login-link/<token>"),
            ("/complete/?code=abc&state=def", "/complete/?code=*****&state=*****"),
            ("a?token=ä1&b=2", "a?token=*****&b=2"),
            ("nothing here; token= ", "nothing here; token= "),
        ] {
            assert_eq!(scrubber.text(text), clean);
        }
    }

    #[test]
    fn an_event_that_cannot_be_cleaned_is_not_sent() {
        // A secret that is also the word for the level: what is left is no event.
        let event = Event {
            level: Level::Warning,
            ..Event::default()
        };
        assert!(scrubber(&["other"]).event(event.clone()).is_some());
        assert!(scrubber(&["warning"]).event(event).is_none());
    }
}
