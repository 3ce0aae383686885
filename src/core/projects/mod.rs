//! Projects, the organisations that carry them, and the people who work on them.

pub mod actions;
pub mod copilot;
pub mod data_permissions;
pub mod logo;
pub mod members;
pub mod numbers;
pub mod orgs;
pub mod staff;
pub mod store;

/// A project, as the pages below it need it.
#[derive(Debug, Clone)]
pub struct Project {
    pub id: i32,
    pub name: String,
    pub slug: String,
    pub number: Option<String>,
    pub status: String,
    pub status_description: String,
    pub created_at: Option<time::OffsetDateTime>,
}

impl Project {
    pub fn title(&self) -> String {
        title(self.number.as_deref(), &self.name)
    }
}

/// `<number> - <name>`, or the name alone.
pub fn title(number: Option<&str>, name: &str) -> String {
    match number {
        Some(number) => format!("{number} - {name}"),
        None => name.to_owned(),
    }
}

/// What a stored status is called.
pub fn status_label(status: &str) -> &'static str {
    actions::STATUSES
        .iter()
        .find(|(stored, _)| *stored == status)
        .map_or("Ongoing", |(_, label)| label)
}

/// The slug of the project of the people who run the service.
pub const INTERNAL_PROJECT: &str = "opensafely-internal";
