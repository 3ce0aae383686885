//! Events in words, with what they are about where that is still there.

use std::collections::BTreeSet;

use sqlx::PgConnection;
use time::OffsetDateTime;

use super::sentences::{IN_CONFIDENCE, sentence};
use super::store::log::{self, EventRow, Living};
use crate::core::access::bare_name;
use crate::core::error::Result;

/// What a list of events tells of, to be looked up at once.
#[derive(Debug, Default)]
pub struct Wanted {
    pub projects: Vec<i32>,
    pub orgs: Vec<i32>,
    pub workspaces: Vec<i32>,
    pub backends: Vec<i32>,
    pub repos: Vec<i32>,
    pub job_requests: Vec<i32>,
    pub site_alerts: Vec<i32>,
    pub redirects: Vec<i32>,
    pub usernames: Vec<String>,
}

/// A piece of a sentence: text, and what it is about when that is still there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    pub text: String,
    /// Its model and what stands for it in its address.
    pub place: Option<(String, String)>,
}

/// An event in words.
#[derive(Debug, Clone)]
pub struct Presented {
    pub id: i32,
    pub kind: String,
    /// Who did what to what.
    pub sentence: Vec<Piece>,
    /// What was changed, where the sentence does not say: the name of a field.
    pub field: String,
    /// How it was and is, where the sentence does not say.
    pub old: String,
    pub new: String,
    pub at: OffsetDateTime,
}

/// Who reads events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reader {
    /// May see what is released, wherever it is.
    SeesReleases,
    /// Is told what happened to released files, and not what they are called or how many they are.
    Other,
}

/// Events in words. One statement more, however many they are.
///
/// # Errors
/// When the database does not answer.
pub async fn presented(conn: &mut PgConnection, rows: Vec<EventRow>, reader: Reader) -> Result<Vec<Presented>> {
    let living = log::living(conn, &wanted(&rows)).await?;
    let rows = rows.into_iter().map(|row| match reader {
        Reader::SeesReleases => row,
        Reader::Other => in_confidence(row),
    });
    Ok(rows.map(|row| present(row, &living)).collect())
}

/// Without what only those may know who see what is released.
fn in_confidence(mut row: EventRow) -> EventRow {
    if IN_CONFIDENCE.contains(&row.kind.as_str()) {
        row.old = String::new();
        row.new = String::new();
        if row.target_model == "jobserver.ReleaseFile" {
            row.target_label = "(its name is in confidence)".to_owned();
        }
    }
    row
}

fn wanted(rows: &[EventRow]) -> Wanted {
    let mut wanted = Wanted::default();
    let mut usernames = BTreeSet::new();
    for row in rows {
        for (model, id) in [(&row.target_model, &row.target_id), (&row.parent_model, &row.parent_id)] {
            let Ok(id) = id.parse::<i32>() else { continue };
            match model.as_str() {
                "jobserver.Project" => wanted.projects.push(id),
                "jobserver.Org" => wanted.orgs.push(id),
                "jobserver.Workspace" => wanted.workspaces.push(id),
                "jobserver.Backend" => wanted.backends.push(id),
                "jobserver.Repo" => wanted.repos.push(id),
                "jobserver.JobRequest" => wanted.job_requests.push(id),
                "jobserver.SiteAlert" => wanted.site_alerts.push(id),
                "jobserver.Redirect" => wanted.redirects.push(id),
                _ => {}
            }
        }
        usernames.extend([row.created_by.clone(), row.target_user.clone()]);
        if row.target_model == "jobserver.User" {
            usernames.insert(row.target_label.clone());
        }
    }
    usernames.remove("");
    wanted.usernames = usernames.into_iter().collect();
    wanted
}

fn present(row: EventRow, living: &[Living]) -> Presented {
    let is_roles = row.target_field == "roles";
    let shown = |value: &str| if is_roles { roles(value) } else { value.to_owned() };
    let (old, new) = (shown(&row.old), shown(&row.new));
    let template = sentence(&row.kind);
    let mut pieces = vec![person(&row.created_by, living), text(" ")];
    match template {
        Some(template) => pieces.extend(filled(template, &row, &old, &new, living)),
        // Of another version of the program, or imported: as plain as it is stored.
        None => {
            pieces.push(text(&format!("did “{}”", row.kind.replace('_', " "))));
            for (before, model, id, label) in [
                (" to ", &row.target_model, &row.target_id, &row.target_label),
                (" in ", &row.parent_model, &row.parent_id, &row.parent_label),
            ] {
                if !id.is_empty() {
                    pieces.extend([text(before), thing(model, id, label, living)]);
                }
            }
        }
    }
    let said = |hole: &str| template.is_some_and(|template| template.contains(hole));
    let says_change = said("{old}") || said("{new}");
    Presented {
        id: row.id,
        kind: row.kind,
        sentence: pieces,
        field: if said("{field}") {
            String::new()
        } else {
            row.target_field.replace('_', " ")
        },
        old: if says_change { String::new() } else { old },
        new: if says_change { String::new() } else { new },
        at: row.created_at,
    }
}

fn filled(template: &str, row: &EventRow, old: &str, new: &str, living: &[Living]) -> Vec<Piece> {
    let mut pieces = Vec::new();
    for part in template.split_inclusive('}') {
        let (before, hole) = part.split_once('{').unwrap_or((part, ""));
        if !before.is_empty() {
            pieces.push(text(before));
        }
        match hole.trim_end_matches('}') {
            "user" => pieces.push(match row.target_user.as_str() {
                "" if row.target_model == "jobserver.User" => person(&row.target_label, living),
                username => person(username, living),
            }),
            "target" => pieces.push(thing(&row.target_model, &row.target_id, &row.target_label, living)),
            "parent" => pieces.push(thing(&row.parent_model, &row.parent_id, &row.parent_label, living)),
            "field" => pieces.push(text(&row.target_field.replace('_', " "))),
            "old" => pieces.push(text(or_none(old))),
            "new" => pieces.push(text(or_none(new))),
            _ => {}
        }
    }
    pieces
}

fn or_none(value: &str) -> &str {
    if value.is_empty() { "none" } else { value }
}

fn text(text: &str) -> Piece {
    Piece {
        text: text.to_owned(),
        place: None,
    }
}

/// Somebody, by the name they had then.
fn person(username: &str, living: &[Living]) -> Piece {
    if username.is_empty() {
        return text("An unknown user");
    }
    thing("jobserver.User", username, username, living)
}

/// A thing: as it is called now, or as it was called then.
fn thing(model: &str, id: &str, label: &str, living: &[Living]) -> Piece {
    let found = living
        .iter()
        .find(|living| living.model == model && (living.id == id || (model == "jobserver.User" && living.id == label)));
    if let Some(found) = found {
        return Piece {
            text: found.label.clone(),
            place: Some((found.model.clone(), found.key.clone())),
        };
    }
    if !label.is_empty() {
        return text(label);
    }
    if id.is_empty() { text("something") } else { text(id) }
}

/// Names of roles as they are shown, whichever way they are stored.
fn roles(stored: &str) -> String {
    let names = stored.split(',').map(|name| bare_name(name.trim()));
    names.filter(|name| !name.is_empty()).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(kind: &str) -> EventRow {
        EventRow {
            id: 1,
            kind: kind.to_owned(),
            old: String::new(),
            new: String::new(),
            target_model: "jobserver.Project".to_owned(),
            target_field: String::new(),
            target_id: "7".to_owned(),
            target_label: "12 - Asthma".to_owned(),
            target_user: String::new(),
            parent_model: String::new(),
            parent_id: String::new(),
            parent_label: String::new(),
            created_by: "ada".to_owned(),
            created_at: OffsetDateTime::UNIX_EPOCH,
        }
    }

    fn said(presented: &Presented) -> String {
        presented.sentence.iter().map(|piece| piece.text.as_str()).collect()
    }

    fn living(model: &str, id: &str, key: &str, label: &str) -> Living {
        Living {
            model: model.to_owned(),
            id: id.to_owned(),
            key: key.to_owned(),
            label: label.to_owned(),
        }
    }

    #[test]
    fn names_of_released_files_are_for_those_who_may_see_them() {
        let deleted = || EventRow {
            target_model: "jobserver.ReleaseFile".to_owned(),
            target_label: "output/a.csv".to_owned(),
            old: "output/a.csv".to_owned(),
            ..row("release_file_deleted")
        };
        let event = present(in_confidence(deleted()), &[]);
        assert_eq!(
            said(&event),
            "ada deleted the released file (its name is in confidence)"
        );
        assert_eq!((event.old.as_str(), event.new.as_str()), ("", ""));
        assert_eq!(
            said(&present(deleted(), &[])),
            "ada deleted the released file output/a.csv"
        );
        let other = in_confidence(row("project_created"));
        assert_eq!(other.target_label, "12 - Asthma");
    }

    #[test]
    fn what_is_still_there_is_called_as_it_is_now_and_has_a_place() {
        let there = [
            living("jobserver.Project", "7", "asthma", "12 - Asthma and hay fever"),
            living("jobserver.User", "ada", "ada", "Ada Lovelace (ada)"),
        ];
        let event = present(row("project_created"), &there);
        assert_eq!(
            said(&event),
            "Ada Lovelace (ada) created the project 12 - Asthma and hay fever"
        );
        assert_eq!(
            event.sentence[0].place,
            Some(("jobserver.User".to_owned(), "ada".to_owned()))
        );
        assert!(
            event
                .sentence
                .iter()
                .any(|piece| piece.place.as_ref().is_some_and(|(_, key)| key == "asthma"))
        );
    }

    #[test]
    fn what_is_gone_is_called_as_it_was_and_leads_nowhere() {
        let event = present(row("project_created"), &[]);
        assert_eq!(said(&event), "ada created the project 12 - Asthma");
        assert!(event.sentence.iter().all(|piece| piece.place.is_none()));
        let mut nameless = row("project_created");
        nameless.target_label.clear();
        nameless.created_by.clear();
        assert_eq!(said(&present(nameless, &[])), "An unknown user created the project 7");
    }

    #[test]
    fn a_kind_of_another_version_is_shown_plainly() {
        let mut strange = row("project_painted");
        strange.new = "green".to_owned();
        let event = present(strange, &[]);
        assert_eq!(said(&event), "ada did “project painted” to 12 - Asthma");
        assert_eq!(event.new, "green");
    }

    #[test]
    fn roles_are_alike_whichever_way_they_are_stored() {
        let mut changed = row("user_updated_roles");
        changed.target_field = "roles".to_owned();
        changed.target_user = "grace".to_owned();
        changed.new = "jobserver.authorization.roles.OutputChecker,TechSupport".to_owned();
        let event = present(changed, &[]);
        assert_eq!(
            said(&event),
            "ada changed the global roles of grace, from none to OutputChecker, TechSupport"
        );
        assert_eq!((event.old, event.new), (String::new(), String::new()));
    }
}
