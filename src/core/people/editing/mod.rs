//! Changing what somebody is called, where their mail goes and which backends they may use, by who looks after users.

mod store;

use time::OffsetDateTime;

use super::accounts::{MAX_NAME, taken};
use super::email::{self, is_address};
use super::email_change::{self, Whose};
use super::memberships;
use super::roles::{self, Granter};
use crate::core::audit::{self, Event, Subject};
use crate::core::db::Db;
use crate::core::error::{Error, FieldErrors, Result};
use crate::core::names::{NOT_READABLE, is_readable};
use crate::core::versions::{Saved, is_overtaken, version};

/// How somebody is to be, or is. What is `None` is left as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Edit {
    pub fullname: String,
    /// Empty for none.
    pub email: Option<String>,
    /// By id.
    pub backends: Option<Vec<i32>>,
}

impl Edit {
    /// Tells one state of somebody from another: of name, address and backends.
    pub fn version(&self) -> String {
        let backends = memberships::version_of(self.backends.as_deref().unwrap_or_default());
        version(&[
            ("fullname", &self.fullname),
            ("email", self.email.as_deref().unwrap_or_default()),
            ("backends", &backends),
        ])
    }
}

/// How somebody stands whom somebody else has changed meanwhile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    pub now: Edit,
    pub by: Option<String>,
    pub at: Option<OffsetDateTime>,
}

/// Changes somebody; of what stays the same nothing is written. Whoever reads the mail of the address from before is
/// told that it is another. Audited.
///
/// # Errors
/// `NotFound("User")`; `Invalid`, with each fault at its field: `fullname`, `email`, `backends`; `NotAllowed` for
/// whoever would let themselves use a backend, or may not say any more.
pub async fn save(db: &Db, granter: &Granter, user_id: i32, edit: &Edit, seen: &str) -> Result<Saved<Standing>> {
    let mut tx = roles::begin(db, granter).await?;
    let before = store::lock(&mut tx, user_id).await?;
    let before = before.ok_or(Error::NotFound("User"))?;
    check(edit, before.email.as_deref()).into_result()?;
    let now = Edit {
        fullname: before.fullname.clone(),
        email: Some(before.email.clone().unwrap_or_default()),
        backends: Some(before.backends.clone()),
    };
    let email = edit.email.as_deref().filter(|new| now.email.as_deref() != Some(*new));
    let is_renamed = edit.fullname != before.fullname;
    let other_backends = edit
        .backends
        .as_deref()
        .filter(|ids| memberships::version_of(ids) != memberships::version_of(&before.backends));
    if email.is_none() && !is_renamed && other_backends.is_none() {
        return Ok(Saved::Unchanged);
    }
    if is_overtaken(seen, &now.version()) {
        let (by, at) = store::last_change(&mut tx, user_id).await?.unzip();
        return Ok(Saved::Overtaken(Standing { now, by, at }));
    }
    let by = granter.by();
    if is_renamed {
        store::set_fullname(&mut tx, user_id, &edit.fullname).await?;
        let event = Event::new("user_updated", &by, Subject::user(user_id)).of_user(user_id, &before.username);
        audit::record(
            &mut tx,
            &event.change("fullname", before.fullname.as_str(), edit.fullname.as_str()),
        )
        .await?;
    }
    if let Some(new) = email {
        store::set_email(&mut tx, user_id, new).await.map_err(taken)?;
        let whose = Whose {
            id: user_id,
            username: &before.username,
            fullname: &edit.fullname,
        };
        email_change::overtaken(&mut tx, whose, before.email.as_deref(), new, &by).await?;
    }
    if let Some(ids) = other_backends {
        memberships::set_backends_within(&mut tx, granter, (user_id, &before.username), ids).await?;
    }
    tx.commit().await?;
    Ok(Saved::Done)
}

/// `before` is the address that there is.
fn check(edit: &Edit, before: Option<&str>) -> FieldErrors {
    let mut errors = FieldErrors::default();
    check_name(&edit.fullname, "fullname", &mut errors);
    match edit.email.as_deref() {
        Some("") if before.is_some() => errors.add(
            "email",
            "Enter an e-mail address: a link that is sent there is how they sign in.",
        ),
        Some("") | None => {}
        Some(address) if is_address(address) => {}
        Some(_) => errors.add(
            "email",
            format!(
                "Enter an e-mail address like ada@example.org, of at most {} characters.",
                email::LONGEST
            ),
        ),
    }
    errors
}

/// That a name is one line of 1 to 150 characters, which people can read.
pub(super) fn check_name(name: &str, field: &'static str, errors: &mut FieldErrors) {
    let length = name.chars().count();
    if name.trim().is_empty() {
        errors.add(field, "Enter a name.");
    } else if length > MAX_NAME {
        errors.add(
            field,
            format!("Shorten this to {MAX_NAME} characters; it has {length}."),
        );
    } else if !is_readable(name) {
        errors.add(field, NOT_READABLE);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong(fullname: &str, email: Option<&str>, before: Option<&str>) -> Vec<String> {
        let edit = Edit {
            fullname: fullname.to_owned(),
            email: email.map(str::to_owned),
            backends: None,
        };
        let errors = check(&edit, before);
        errors.iter().map(|(field, _)| field.to_owned()).collect()
    }

    #[test]
    fn a_name_is_there_and_an_address_stays_one() {
        assert!(wrong("Ada", None, None).is_empty());
        assert!(wrong("Ada", Some(""), None).is_empty());
        assert!(wrong("Ada", Some("ada@example.org"), Some("a@example.org")).is_empty());
        assert_eq!(wrong("", Some(""), Some("a@example.org")), ["fullname", "email"]);
        assert_eq!(wrong(&"a".repeat(151), Some("ada"), None), ["fullname", "email"]);
        for name in ["A\nda", "A\tda", "Ada\u{202e}", "\u{200b}"] {
            assert_eq!(wrong(name, None, None), ["fullname"], "{name:?}");
        }
    }

    #[test]
    fn every_part_makes_another_version() {
        let ada = Edit {
            fullname: "Ada".into(),
            email: Some("a@example.org".into()),
            backends: Some(vec![2, 1]),
        };
        let mut other = ada.clone();
        other.backends = Some(vec![1, 2]);
        assert_eq!(ada.version(), other.version());
        other.backends = Some(vec![1]);
        assert_ne!(ada.version(), other.version());
        let renamed = Edit {
            fullname: "Eve".into(),
            ..ada.clone()
        };
        assert_ne!(ada.version(), renamed.version());
    }
}
