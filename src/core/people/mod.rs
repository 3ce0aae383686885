//! Users, sessions, one-time login links, memberships of backends and organisations.

pub mod accounts;
pub mod actions;
pub mod administrators;
pub mod attempts;
pub mod deactivation;
pub mod directory;
pub mod editing;
pub mod email;
pub mod email_change;
pub mod email_login;
pub mod identities;
pub mod invitations;
pub mod login_token;
pub mod memberships;
pub mod newcomers;
pub mod notify;
pub mod profile;
pub mod rights;
pub mod roles;
pub mod sessions;
pub mod store;
pub mod tokens;

use time::Duration;

pub use store::User;

/// The most people that are added to something at once.
pub const MOST_AT_ONCE: usize = 200;

/// What is said of more than those.
pub(in crate::core) const TOO_MANY: &str = "Choose at most 200 people at once.";

/// How long a one-time login link works.
pub const LOGIN_LINK_LIFETIME: Duration = Duration::hours(1);
