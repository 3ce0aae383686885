//! Events in words, with what they are about where that is still there.

use std::collections::BTreeSet;

use sqlx::PgConnection;
use time::OffsetDateTime;

use super::sentences::{IN_CONFIDENCE, field_words, sentence};
use super::store::log::{self, EventRow, Living};
use super::{MODELS, is_machine};
use crate::core::access::{Role, bare_name};
use crate::core::error::Result;
use crate::core::projects::data_permissions;

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
    pub users: Vec<i32>,
    /// Of whom events of another program tell, which had no ids.
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
    pub told: Told,
}

/// The same for a file: each part by itself, whatever the sentence says.
#[derive(Debug, Clone)]
pub struct Told {
    pub actor: String,
    pub field: String,
    pub old: String,
    pub new: String,
    /// What it was done to and what that belongs to: the kind of thing, and what it is called.
    pub target: String,
    pub parent: String,
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
                "jobserver.User" => wanted.users.push(id),
                _ => {}
            }
        }
        wanted.users.extend(row.created_by_id);
        wanted.users.extend(row.target_user_id);
        if row.is_imported() {
            usernames.extend([row.created_by.clone(), row.target_user.clone()]);
        }
    }
    usernames.remove("");
    wanted.usernames = usernames.into_iter().collect();
    wanted
}

fn present(row: EventRow, living: &[Living]) -> Presented {
    let (old, new) = change_words(&row);
    let template = sentence(&row.kind);
    let actor = actor(&row, living);
    let target = thing(&row.target_model, &row.target_id, &row.target_label, living);
    let parent = thing(&row.parent_model, &row.parent_id, &row.parent_label, living);
    let field = field_words(&row.target_field);
    let told = Told {
        actor: actor.text.trim_end_matches(',').to_owned(),
        field: field.clone(),
        old: old.clone(),
        new: new.clone(),
        target: named(&row.target_model, &target),
        parent: named(&row.parent_model, &parent),
    };
    let mut pieces = vec![actor, text(" ")];
    match template {
        Some(template) => pieces.extend(filled(template, &row, (&target, &parent), &told, living)),
        // Of another version of the program, or imported: as plain as it is stored.
        None => {
            pieces.push(text(&format!("did “{}”", row.kind.replace('_', " "))));
            for (before, id, thing) in [(" to ", &row.target_id, target), (" in ", &row.parent_id, parent)] {
                if !id.is_empty() {
                    pieces.extend([text(before), thing]);
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
        field: if said("{field}") { String::new() } else { field },
        old: if says_change { String::new() } else { old },
        new: if says_change { String::new() } else { new },
        at: row.created_at,
        told,
    }
}

fn filled(
    template: &str,
    row: &EventRow,
    (target, parent): (&Piece, &Piece),
    told: &Told,
    living: &[Living],
) -> Vec<Piece> {
    let mut pieces = Vec::new();
    for part in template.split_inclusive('}') {
        let (before, hole) = part.split_once('{').unwrap_or((part, ""));
        if !before.is_empty() {
            pieces.push(text(before));
        }
        match hole.trim_end_matches('}') {
            "user" => pieces.push(match row.target_user.as_str() {
                "" if row.target_model == "jobserver.User" => target.clone(),
                username => person(row, row.target_user_id, username, living),
            }),
            "target" => pieces.push(target.clone()),
            "parent" => pieces.push(parent.clone()),
            "field" => pieces.push(text(&told.field)),
            "old" => pieces.push(text(or_none(&told.old))),
            "new" => pieces.push(text(or_none(&told.new))),
            _ => {}
        }
    }
    pieces
}

/// What was and is, in words: as it is stored, but for names that have a form for people.
fn change_words(row: &EventRow) -> (String, String) {
    let (old, new) = (row.old.as_str(), row.new.as_str());
    match (row.target_model.as_str(), row.target_field.as_str()) {
        (_, "roles") => (roles(old), roles(new)),
        // Beside the kind stands the reason, in somebody's words.
        ("jobserver.DataPermission", "kind") => (data_permissions::label(old).to_owned(), new.to_owned()),
        _ => (old.to_owned(), new.to_owned()),
    }
}

/// `Project: 12 - Asthma`; nothing for nothing.
fn named(model: &str, thing: &Piece) -> String {
    let kind = MODELS
        .iter()
        .find(|(known, _)| *known == model)
        .map(|(_, label)| *label);
    match kind {
        _ if model.is_empty() => String::new(),
        // There is one alone.
        Some(kind) if thing.text == "0" => kind.to_owned(),
        Some(kind) => format!("{kind}: {}", thing.text),
        None => thing.text.clone(),
    }
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

/// Who did it. Without an id it was no user of the site, whatever they are called: an operator at a command line, who
/// has what name they like, or the program by itself.
fn actor(row: &EventRow, living: &[Living]) -> Piece {
    match row.created_by.as_str() {
        "" => text("An unknown user"),
        name if row.created_by_id.is_some() || row.is_imported() => person(row, row.created_by_id, name, living),
        name if is_machine(name) => text(name),
        name => text(&format!("{name}, by a command,")),
    }
}

/// Somebody, by the name they had then: by their id, and by the name alone where another program wrote no ids.
fn person(row: &EventRow, id: Option<i32>, username: &str, living: &[Living]) -> Piece {
    let is_imported = row.is_imported();
    let found = living.iter().find(|living| {
        living.model == "jobserver.User"
            && match id {
                Some(id) => living.id == id.to_string(),
                None => is_imported && living.key == username,
            }
    });
    match found {
        Some(found) => place_of(found),
        None if username.is_empty() => text("An unknown user"),
        None => text(username),
    }
}

fn place_of(found: &Living) -> Piece {
    Piece {
        text: found.label.clone(),
        place: Some((found.model.clone(), found.key.clone())),
    }
}

/// A thing: as it is called now, or as it was called then.
fn thing(model: &str, id: &str, label: &str, living: &[Living]) -> Piece {
    let found = living.iter().find(|living| living.model == model && living.id == id);
    if let Some(found) = found {
        return place_of(found);
    }
    if !label.is_empty() {
        return text(label);
    }
    if id.is_empty() { text("something") } else { text(id) }
}

/// Names of roles as they are shown, whichever way they are stored.
fn roles(stored: &str) -> String {
    let names = stored.split(',').map(|name| bare_name(name.trim()));
    let titles = names.map(|name| name.parse().map_or(name, |role: Role| role.title()));
    titles.filter(|name| !name.is_empty()).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests;
