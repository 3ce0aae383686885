//! Words and links that several pages of the area share.

use time::OffsetDateTime;

use super::cell::Cell;
use super::form::Overtaken;
use super::guard::Staff;
use crate::core::projects::staff::lists::OrgChoice;
use crate::web::view::{Link, encode_segment};

/// The page of a person in the staff area.
pub fn person_href(username: &str) -> String {
    format!("/staff/users/{}/", encode_segment(username))
}

/// `Ada Lovelace (ada)`.
pub fn person_label(username: &str, fullname: &str) -> String {
    if fullname.is_empty() || fullname == username {
        username.to_owned()
    } else {
        format!("{fullname} ({username})")
    }
}

/// Somebody, with a link to their page; nobody is a dash.
pub fn person(username: Option<&str>, fullname: Option<&str>) -> Cell {
    match username {
        Some(username) => Cell::link(
            person_label(username, fullname.unwrap_or_default()),
            person_href(username),
        ),
        None => Cell::none(),
    }
}

/// The page of a repository in the staff area: its address, encoded twice, is a part of the path.
pub fn repo_href(url: &str) -> String {
    format!("/staff/repos/{}/", encode_segment(&encode_segment(url)))
}

/// How the parts of a thing are now that were typed otherwise: label, how it is now, how it was typed.
pub fn overtaken<S: AsRef<str>>(by: Option<String>, at: Option<OffsetDateTime>, parts: &[(&str, S, S)]) -> Overtaken {
    let differ = parts.iter().filter(|(_, now, typed)| now.as_ref() != typed.as_ref());
    let now = differ.map(|(label, now, _)| {
        let now = now.as_ref();
        let shown = if now.is_empty() { "(empty)" } else { now };
        ((*label).to_owned(), shown.to_owned())
    });
    Overtaken {
        by,
        at,
        now: now.collect(),
    }
}

/// Organisations for a filter, by slug.
pub fn org_options(orgs: &[OrgChoice]) -> Vec<(String, String)> {
    orgs.iter().map(|org| (org.slug.clone(), org.name.clone())).collect()
}

/// How a project stands, in the colour of that.
pub fn project_status(status: &str) -> Cell {
    let tone = match status {
        "completed-and-linked" | "completed-and-awaiting" => "success",
        "postponed" => "waiting",
        "retired" => "neutral",
        _ => "accent",
    };
    Cell::pill(tone, crate::core::projects::status_label(status))
}

/// Things moved: this process follows their old addresses at once, others within seconds.
pub async fn addresses_changed(staff: &Staff<'_>) {
    let app = staff.visit.app;
    if let Err(error) = app.old_addresses.refresh(&app.db).await {
        tracing::warn!(%error, "cannot see which addresses moved; they are looked at again soon");
    }
}

/// A link to a thing's page on the site itself.
pub fn on_site(href: impl Into<String>) -> Link {
    Link::new("View on site", href)
}
