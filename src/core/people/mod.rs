//! Users, sessions, one-time login links, memberships of backends and organisations.

pub mod accounts;
pub mod actions;
pub mod administrators;
pub mod attempts;
pub mod deactivation;
pub mod email;
pub mod email_change;
pub mod email_login;
pub mod identities;
pub mod login_token;
pub mod memberships;
pub mod notify;
pub mod profile;
pub mod rights;
pub mod roles;
pub mod sessions;
pub mod store;
pub mod tokens;

use time::Duration;

pub use store::User;

/// How long a one-time login link works.
pub const LOGIN_LINK_LIFETIME: Duration = Duration::hours(1);

/// Whether this can be an e-mail address: one line, something on both sides of its `@`, 254 characters at most.
pub fn is_email(text: &str) -> bool {
    let is_plain = !text
        .chars()
        .any(|c| c.is_whitespace() || c.is_control() || "<>,;\"".contains(c));
    let has_sides = text
        .rsplit_once('@')
        .is_some_and(|(local, domain)| !local.is_empty() && !local.contains('@') && is_domain(domain));
    is_plain && has_sides && text.chars().count() <= 254
}

fn is_domain(text: &str) -> bool {
    !text.is_empty() && !text.starts_with(['.', '-']) && !text.ends_with(['.', '-']) && !text.contains("..")
}

#[cfg(test)]
mod tests {
    use super::is_email;

    #[test]
    fn an_address_has_two_sides_and_one_line() {
        for address in ["ada@example.org", "a.b+c@localhost", "ä@bücher.example", "o'neil@x.org"] {
            assert!(is_email(address), "{address}");
        }
        let long = format!("{}@example.org", "a".repeat(250));
        for nonsense in [
            "",
            "ada",
            "@example.org",
            "ada@",
            "ada@@example.org",
            "a b@example.org",
            "ada@example.org\r\nBcc: x@y.org",
            "Ada <ada@example.org>",
            "ada@.org",
            "ada@example.",
            "ada@a..b",
            "a@b,c@d",
            &long,
        ] {
            assert!(!is_email(nonsense), "{nonsense:?}");
        }
    }
}
