//! Facts about people's own e-mail addresses.

use serde::{Deserialize, Serialize};

/// To an address that somebody says is theirs: a link confirms it. The link is made when the mail leaves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EmailConfirm {
    pub change_id: i64,
    pub username: String,
    pub name: String,
    /// When the link stops working, for people: `3 December 2026, 09:30 UTC`.
    pub until: String,
}

/// To an address that was somebody's until now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EmailChanged {
    pub username: String,
    pub name: String,
    /// There is no other in its place.
    pub is_removed: bool,
    /// Somebody else did it, who looks after users.
    #[serde(default)]
    pub by_staff: bool,
}

/// To somebody whom staff have made a user, of a project's interactive part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Welcome {
    pub name: String,
    /// The project's name.
    pub project: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_from_before_is_read_as_one_of_their_own() {
        let old = r#"{"username": "ada", "name": "Ada", "is_removed": false}"#;
        let read: EmailChanged = serde_json::from_str(old).unwrap();
        assert!(!read.by_staff);
    }
}
