//! What messages about signing in say.

use serde::{Deserialize, Serialize};

/// A request for a sign-in link. What the mail says, and whether there is one, is decided when it leaves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoginLink {
    /// Its number; no secret.
    pub request: i64,
}

/// A single-use token was made. The token is shown on the page that made it, and nowhere else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoginTokenMade {
    /// Whose it is.
    pub username: String,
    /// In seconds since 1970.
    pub expires_at: i64,
}

/// A single-use token was used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoginTokenUsed {
    /// Whose it was.
    pub username: String,
    /// The name of the backend from which it was used.
    pub backend: String,
    /// In seconds since 1970.
    pub used_at: i64,
}
