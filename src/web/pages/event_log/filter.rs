//! What the event log's address asks for: the form that asks it, and the ways to ask less.

use rocket::FromForm;
use serde::Serialize;
use time::Date;
use time::macros::format_description;

use crate::core::jobs::JobRequestStatus;
use crate::core::jobs::store::lists::UsedBackend;
use crate::core::jobs::store::log::LogFilter;
use crate::web::view::sentence;

/// The parameters as they were sent.
#[derive(FromForm)]
pub struct Asked<'r> {
    backend: Option<&'r str>,
    status: Option<&'r str>,
    project: Option<&'r str>,
    user: Option<&'r str>,
    from: Option<&'r str>,
    to: Option<&'r str>,
}

/// The context of the form.
#[derive(Serialize)]
pub struct FilterView {
    pub backends: Vec<SelectOption>,
    pub statuses: Vec<SelectOption>,
    pub project: String,
    pub user: String,
    pub from: String,
    pub to: String,
    pub from_error: Option<&'static str>,
    pub to_error: Option<&'static str>,
    /// What is asked for, each with the address without it.
    pub chosen: Vec<Chosen>,
}

#[derive(Serialize)]
pub struct SelectOption {
    pub value: String,
    pub label: String,
    pub selected: bool,
}

#[derive(Serialize)]
pub struct Chosen {
    pub label: String,
    pub without_href: String,
}

/// What the parameters mean.
pub enum Meant {
    /// Nothing that was asked for can exist.
    Nothing,
    /// A field says something that cannot be read: nothing is looked for until it is mended.
    Unreadable,
    Filter(LogFilter),
}

const STATUSES: [JobRequestStatus; 6] = [
    JobRequestStatus::Pending,
    JobRequestStatus::Running,
    JobRequestStatus::Succeeded,
    JobRequestStatus::Failed,
    JobRequestStatus::NothingToDo,
    JobRequestStatus::Unknown,
];

const LONGEST: usize = 255;
const NOT_A_DATE: &str = "Write a date such as 2026-03-31.";
const ENDS_BEFORE: &str = "This is before the first day.";

impl Asked<'_> {
    pub fn meant(&self) -> Meant {
        let (from, to) = (day(self.from), day(self.to));
        if self.errors() != (None, None) {
            return Meant::Unreadable;
        }
        let status = given(self.status);
        let known = status.and_then(|name| STATUSES.into_iter().find(|status| status.name() == name));
        let texts = [status, given(self.backend), given(self.project), given(self.user)];
        let cannot_be = |text: &&str| text.len() > LONGEST || text.contains('\0');
        if (status.is_some() && known.is_none()) || texts.iter().flatten().any(cannot_be) {
            return Meant::Nothing;
        }
        let owned = |text: Option<&str>| text.map(str::to_owned);
        Meant::Filter(LogFilter {
            backend: owned(given(self.backend)),
            status: known,
            project: owned(given(self.project)),
            user: owned(given(self.user)),
            from: from.ok().flatten(),
            to: to.ok().flatten(),
        })
    }

    /// Beside the first day and beside the last.
    fn errors(&self) -> (Option<&'static str>, Option<&'static str>) {
        match (day(self.from), day(self.to)) {
            (Ok(Some(from)), Ok(Some(to))) if to < from => (None, Some(ENDS_BEFORE)),
            (from, to) => (from.err(), to.err()),
        }
    }

    /// The form as it was sent. `query` is the whole query, without `?`.
    pub fn view(&self, backends: Vec<UsedBackend>, query: Option<&str>) -> FilterView {
        let text = |text: Option<&str>| {
            given(text)
                .unwrap_or_default()
                .chars()
                .take(LONGEST)
                .collect::<String>()
        };
        let (from_error, to_error) = self.errors();
        let chosen = [
            ("backend", "Backend", self.backend),
            ("status", "Status", self.status),
            ("project", "Project", self.project),
            ("user", "Person", self.user),
            ("from", "From", self.from),
            ("to", "To", self.to),
        ];
        FilterView {
            backends: backends
                .into_iter()
                .map(|backend| SelectOption {
                    selected: given(self.backend) == Some(backend.slug.as_str()),
                    value: backend.slug,
                    label: backend.name,
                })
                .collect(),
            statuses: STATUSES
                .into_iter()
                .map(|status| SelectOption {
                    value: status.name().to_owned(),
                    label: sentence(status.name()),
                    selected: given(self.status) == Some(status.name()),
                })
                .collect(),
            chosen: chosen
                .into_iter()
                .filter(|(.., value)| given(*value).is_some())
                .map(|(name, label, value)| Chosen {
                    label: format!("{label}: {}", text(value)),
                    without_href: without(query, name),
                })
                .collect(),
            project: text(self.project),
            user: text(self.user),
            from: text(self.from),
            to: text(self.to),
            from_error,
            to_error,
        }
    }
}

/// A form sends its empty fields too.
fn given(text: Option<&str>) -> Option<&str> {
    text.map(str::trim).filter(|text| !text.is_empty())
}

fn day(text: Option<&str>) -> Result<Option<Date>, &'static str> {
    let Some(text) = given(text) else { return Ok(None) };
    let format = format_description!("[year]-[month]-[day]");
    Date::parse(text, format).map(Some).map_err(|_| NOT_A_DATE)
}

/// The address without a parameter; without the page too, which was one of another list.
fn without(query: Option<&str>, dropped: &str) -> String {
    let mut link = url::form_urlencoded::Serializer::new(String::new());
    for (name, value) in url::form_urlencoded::parse(query.unwrap_or_default().as_bytes()) {
        if name != dropped && name != "page" && !value.is_empty() {
            link.append_pair(&name, &value);
        }
    }
    match link.finish() {
        rest if rest.is_empty() => "/event-log/".to_owned(),
        rest => format!("/event-log/?{rest}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parameter_leaves_with_the_page() {
        assert_eq!(without(Some("a=1&page=3&b=&user=x&a=2"), "user"), "/event-log/?a=1&a=2");
        assert_eq!(without(Some("user=x&page=last"), "user"), "/event-log/");
        assert_eq!(without(None, "user"), "/event-log/");
    }

    #[test]
    fn days_are_read_or_refused() {
        assert_eq!(day(Some(" ")), Ok(None));
        assert!(day(Some("2026-02-28")).is_ok_and(|day| day.is_some()));
        for text in ["2026-02-30", "28/02/2026", "x", "2026-2-3"] {
            assert_eq!(day(Some(text)), Err(NOT_A_DATE), "{text}");
        }
    }
}
