//! Projects as staff look after them: made, changed, found.

pub mod actions;
mod changes;
mod store;

pub use store::lists;

use time::{Date, OffsetDateTime};

use super::actions::{MAX_STATUS_DESCRIPTION, STATUSES};
use super::numbers::{self, NO_NUMBER};
use crate::core::error::FieldErrors;
use crate::core::names::{NOT_READABLE, is_project_slug, is_readable, slugify};
use crate::core::versions::version;
use crate::core::workspaces::interactive::check_slug as check_interactive_slug;

/// The longest name of a project, in characters.
pub const MAX_NAME: usize = 255;
/// The longest notes of co-pilots, in characters.
pub const MAX_NOTES: usize = 10_000;
/// The longest address, in characters.
pub const MAX_URL: usize = 2000;
/// The most organisations of one project.
const MOST_ORGS: usize = 50;
/// Words of the staff area where a project's slug would stand.
const STAFF_WORDS: [&str; 2] = ["add", "create"];

/// Everything that staff say of a project.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProjectForm {
    pub name: String,
    pub slug: String,
    /// Empty for none.
    pub number: String,
    pub org_ids: Vec<i32>,
    /// One of `org_ids`; `None` leaves it to them when there is no doubt.
    pub lead_id: Option<i32>,
    pub application_url: String,
    pub copilot_id: Option<i32>,
    pub copilot_support_ends_on: Option<Date>,
    pub copilot_notes: String,
    pub status: String,
    pub status_description: String,
}

/// A project to be made.
#[derive(Debug, Clone, Default)]
pub struct NewProject {
    pub name: String,
    pub number: NewNumber,
    /// The first by name leads.
    pub org_ids: Vec<i32>,
    pub copilot_id: Option<i32>,
    pub application_url: String,
}

/// Which number a new project is to have.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum NewNumber {
    #[default]
    None,
    /// One more than the highest, when it is stored.
    Next,
    Given(String),
}

/// A project as it stands, with who changed it last.
#[derive(Debug, Clone)]
pub struct Stored {
    pub id: i32,
    pub form: ProjectForm,
    pub updated_at: OffsetDateTime,
    /// Username and name.
    pub updated_by: String,
}

impl ProjectForm {
    /// Of what a form shows.
    pub fn version(&self) -> String {
        let id = |id: Option<i32>| id.map(|id| id.to_string()).unwrap_or_default();
        let mut org_ids = self.org_ids.clone();
        org_ids.sort_unstable();
        let orgs: Vec<String> = org_ids.iter().map(i32::to_string).collect();
        let ends = self.copilot_support_ends_on.map(|day| day.to_string());
        version(&[
            ("name", &self.name),
            ("slug", &self.slug),
            ("number", &self.number),
            ("orgs", &orgs.join(",")),
            ("lead", &id(self.lead_id)),
            ("application_url", &self.application_url),
            ("copilot", &id(self.copilot_id)),
            ("copilot_support_ends_at", ends.as_deref().unwrap_or_default()),
            ("copilot_notes", &self.copilot_notes),
            ("status", &self.status),
            ("status_description", &self.status_description),
        ])
    }

    /// What is wrong with it by itself, whatever is stored. `before` is the project that it changes: what stays as
    /// it was is let be.
    fn check(&self, before: &ProjectForm) -> FieldErrors {
        let mut errors = FieldErrors::default();
        if self.name != before.name {
            check_name(&self.name, &mut errors);
        }
        if self.slug != before.slug {
            check_slug(&self.slug, "slug", &mut errors);
        }
        if self.number != before.number && !self.number.is_empty() && !numbers::is_number(&self.number) {
            errors.add("number", NO_NUMBER);
        }
        if self.org_ids.is_empty() {
            errors.add("orgs", NO_ORG);
        } else if self.org_ids.len() > MOST_ORGS {
            errors.add("orgs", format!("Choose at most {MOST_ORGS} organisations."));
        }
        if self.application_url != before.application_url {
            check_url(&self.application_url, "application_url", &mut errors);
        }
        if let Some(day) = self.copilot_support_ends_on
            && !(2000..=2999).contains(&day.year())
        {
            errors.add(
                "copilot_support_ends_at",
                "Choose a day between the years 2000 and 2999.",
            );
        }
        check_length(&self.copilot_notes, "copilot_notes", MAX_NOTES, &mut errors);
        if !STATUSES.iter().any(|(known, _)| *known == self.status) {
            errors.add("status", "Choose how the project stands.");
        }
        check_length(
            &self.status_description,
            "status_description",
            MAX_STATUS_DESCRIPTION,
            &mut errors,
        );
        errors
    }

    /// The organisation that leads: the chosen one; where none was chosen anew, the one that did, or when that is
    /// none of them any more, the first of them. An error at `lead` for one that is not among them.
    fn lead(&self, before: Option<i32>) -> Result<i32, FieldErrors> {
        let is_one = |id: &i32| self.org_ids.contains(id);
        // A field that nobody touched still says who led before.
        let chosen = self.lead_id.filter(|id| is_one(id) || self.lead_id != before);
        match chosen {
            Some(lead) if is_one(&lead) => Ok(lead),
            Some(_) => Err(FieldErrors::one(
                "lead",
                "Choose one of the project's own organisations to lead it.",
            )),
            None => before
                .filter(is_one)
                .or_else(|| self.org_ids.first().copied())
                .ok_or_else(|| FieldErrors::one("orgs", NO_ORG)),
        }
    }
}

impl NewProject {
    fn check_name(&self) -> FieldErrors {
        let mut errors = FieldErrors::default();
        check_name(&self.name, &mut errors);
        if errors.is_empty() {
            check_slug(&slugify(&self.name), "name", &mut errors);
        }
        errors
    }

    fn check(&self) -> FieldErrors {
        let mut errors = self.check_name();
        if let NewNumber::Given(number) = &self.number {
            if !numbers::is_number(number) {
                errors.add("number", NO_NUMBER);
            } else if numbers::is_pos(number) && self.copilot_id.is_none() {
                errors.add(
                    "copilot",
                    "A project with a POS number has a co-pilot from the start. Choose one.",
                );
            }
        }
        errors
    }
}

impl NewProject {
    /// As [`NewProject::check`], for a project with an interactive workspace: all of it has to be said, and its number is
    /// one of digits.
    fn check_interactive(&self) -> FieldErrors {
        let mut errors = self.check_name();
        if errors.is_empty() {
            check_interactive_slug(&slugify(&self.name), &mut errors);
        }
        match &self.number {
            NewNumber::None => errors.add("number", "Enter a number, or take the next one."),
            NewNumber::Given(number) if !numbers::is_digits(number) => {
                errors.add("number", "Enter digits that do not begin with 0, at most nine.");
            }
            NewNumber::Given(_) | NewNumber::Next => {}
        }
        if self.org_ids.is_empty() {
            errors.add("orgs", NO_ORG);
        } else if self.org_ids.len() > MOST_ORGS {
            errors.add("orgs", format!("Choose at most {MOST_ORGS} organisations."));
        }
        if self.copilot_id.is_none() {
            errors.add("copilot", "Choose one person who helps the project.");
        }
        if self.application_url.is_empty() {
            errors.add("application_url", "Enter the address of the application.");
        } else {
            check_url(&self.application_url, "application_url", &mut errors);
        }
        errors
    }
}

const NO_ORG: &str = "Choose at least one organisation.";

fn check_name(name: &str, errors: &mut FieldErrors) {
    if name.is_empty() {
        errors.add("name", "Enter a name.");
    } else if !is_readable(name) {
        errors.add("name", NOT_READABLE);
    } else {
        check_length(name, "name", MAX_NAME, errors);
    }
}

/// `field` is where the message stands.
fn check_slug(slug: &str, field: &'static str, errors: &mut FieldErrors) {
    if slug.is_empty() {
        let message = match field {
            "slug" => "Enter the name that stands in the project's address.",
            _ => "Use a name with some letters a to z or digits: the project's address is made of them.",
        };
        errors.add(field, message);
    } else if STAFF_WORDS.contains(&slug) || crate::core::names::RESERVED_PROJECT_SLUGS.contains(&slug) {
        errors.add(
            field,
            format!("“{slug}” is the address of another page. Choose another."),
        );
    } else if !is_project_slug(slug) {
        errors.add(field, "Use at most 255 letters, digits, - and _, without spaces.");
    }
}

fn check_length(text: &str, field: &'static str, most: usize, errors: &mut FieldErrors) {
    let length = text.chars().count();
    if length > most {
        errors.add(field, format!("Shorten this to {most} characters; it has {length}."));
    }
}

pub(super) fn check_url(text: &str, field: &'static str, errors: &mut FieldErrors) {
    check_length(text, field, MAX_URL, errors);
    let is_address =
        || url::Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    if !text.is_empty() && !is_address() {
        errors.add(field, "Enter a whole address, beginning with https://");
    }
}

#[cfg(test)]
mod tests;
