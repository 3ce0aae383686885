//! Choosing people by name, out of more than a list can hold. Without scripts a button looks for what is typed and
//! the form comes back with whom it found; with them that happens while it is typed.

use std::collections::BTreeSet;

use sqlx::PgConnection;

use super::field::PeopleView;
use crate::core::error::Result;
use crate::core::people::MOST_AT_ONCE;
use crate::core::people::store::pick::{self, Circle, Picked};
use crate::web::forms::CsrfForm;
use crate::web::view::{Choice, encode_next, field_id, option_id};

/// The field that is typed into, and the button that looks for it.
pub const TYPED: &str = "find_people";
pub const LOOK: &str = "look_for_people";

/// Where somebody who has no account yet is invited, and comes back to the page at `back`.
pub fn invite_href(back: &str) -> String {
    format!("/staff/users/create/?next={}", encode_next(back))
}

/// The most people that are read: one more than are chosen at once, so that too many are refused and not cut off.
const MOST_READ: usize = MOST_AT_ONCE + 1;

/// Whom a form has chosen, and whom it found to choose.
#[derive(Debug, Default)]
pub struct PeoplePicker {
    typed: String,
    chosen: Vec<Picked>,
    found: Vec<Picked>,
    looks: bool,
    /// Whose members are not offered.
    but: Option<Circle>,
    /// Why some of those who were chosen cannot be.
    refused: Option<String>,
}

impl PeoplePicker {
    /// Nobody is chosen yet; whoever belongs to the circle is not offered.
    pub fn outside(circle: Circle) -> Self {
        Self {
            but: Some(circle),
            ..Self::default()
        }
    }

    /// Reads what the form sent under `name`: ids, or usernames. Whoever belongs to the circle is not found. What is typed counts as chosen when it is somebody's
    /// username and nothing was looked for. It is settled then, and when it is part of what somebody is called who is
    /// ticked; otherwise it may mean somebody else, and nothing is to be saved.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn read(conn: &mut PgConnection, form: &CsrfForm, name: &str, but: Option<Circle>) -> Result<Self> {
        let given: BTreeSet<&str> = form.all(name).collect();
        let given: Vec<String> = given.into_iter().take(MOST_READ).map(str::to_owned).collect();
        let typed = form.text(TYPED).to_owned();
        let looks = form.has(LOOK);
        let mut wanted = given.clone();
        if !looks && !typed.is_empty() {
            wanted.push(typed.clone());
        }
        let mut chosen = pick::people(conn, &wanted).await?;
        // Digits that are typed are part of a name, and nobody's id.
        let is_given = |person: &Picked| {
            let id = person.id.to_string();
            given.iter().any(|given| *given == id || *given == person.username)
        };
        chosen.retain(|person| is_given(person) || person.username == typed);
        let refused = refused(&given, &chosen);
        let is_chosen = |person: &Picked| chosen.iter().any(|chosen| chosen.id == person.id);
        // What was looked for may still stand there when those who were found are ticked.
        let part = typed.to_lowercase();
        let is_settled = !looks
            && chosen
                .iter()
                .any(|person| person.label().to_lowercase().contains(&part));
        let found = if typed.is_empty() || is_settled {
            Vec::new()
        } else {
            let found = pick::people_like(conn, &typed, but).await?;
            found.into_iter().filter(|person| !is_chosen(person)).collect()
        };
        Ok(Self {
            typed: if is_settled { String::new() } else { typed },
            chosen,
            found,
            looks,
            but,
            refused,
        })
    }

    /// People who are chosen already: ids, or usernames.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn of(conn: &mut PgConnection, given: &[String]) -> Result<Self> {
        Ok(Self {
            chosen: pick::people(conn, given).await?,
            ..Self::default()
        })
    }

    /// Whether the form only looks for people: it is to come back, and nothing is to be saved.
    pub fn looks(&self) -> bool {
        self.looks
    }

    /// Whether something was typed that is nobody's username, and not how any of the chosen were found.
    pub fn has_strange_text(&self) -> bool {
        !self.looks && !self.typed.is_empty()
    }

    /// Why some of those who were chosen cannot be: they are no users, or were deactivated.
    pub fn refused(&self) -> Option<&str> {
        self.refused.as_deref().filter(|_| !self.looks)
    }

    pub fn chosen(&self) -> &[Picked] {
        &self.chosen
    }

    pub fn ids(&self) -> Vec<i32> {
        self.chosen.iter().map(|person| person.id).collect()
    }

    pub(super) fn view(&self, name: &'static str, label: &'static str) -> PeopleView {
        let choices = |people: &[Picked], checked: bool, from: usize| -> Vec<Choice> {
            let people = people.iter().enumerate();
            people
                .map(|(index, person)| Choice {
                    id: option_id(name, from + index + 1),
                    name,
                    value: person.id.to_string(),
                    label: person.label(),
                    help: None,
                    checked,
                })
                .collect()
        };
        PeopleView {
            id: field_id(name),
            name,
            label,
            help: None,
            error: None,
            typed: self.typed.clone(),
            chosen: choices(&self.chosen, true, 0),
            found: choices(&self.found, false, self.chosen.len()),
            found_nobody: !self.typed.is_empty() && self.found.is_empty(),
            invite_href: None,
            required: false,
            not_in: self.but.map(Circle::name).unwrap_or_default(),
        }
    }
}

/// `given` are ids, or usernames.
fn refused(given: &[String], chosen: &[Picked]) -> Option<String> {
    let is_known = |given: &String| {
        let mut chosen = chosen.iter();
        chosen.any(|person| person.id.to_string() == *given || person.username == *given)
    };
    if let Some(person) = chosen.iter().find(|person| !person.is_active) {
        return Some(format!(
            "{} is deactivated. Choose people whose accounts are active.",
            person.label()
        ));
    }
    let is_unknown = given.iter().any(|given| !given.is_empty() && !is_known(given));
    is_unknown.then(|| "One of those you chose is no user any more. Choose again who is meant.".to_owned())
}
