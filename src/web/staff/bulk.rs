//! What is done with several rows of a list at once.

use serde::Serialize;

use crate::web::view::SelectOption;

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
