//! Backends: the secure places where jobs run, and the tokens they show.

mod input;
pub mod managing;

use std::net::IpAddr;

use secrecy::{ExposeSecret, SecretString};
use sqlx::PgConnection;
use time::format_description::well_known::Rfc3339;
use time::{Duration, OffsetDateTime};

use super::store::backends as store;
use crate::core::audit::{self, By, Event, Subject};
use crate::core::db::Db;
use crate::core::error::{Error, FieldErrors, Result};
use crate::core::names::{is_readable, is_slug};
use crate::core::people::sessions;
use crate::core::sealed::{Sealer, random_backend_token, token_hash};

/// What a sealed backend token is for; see [`Sealer::seal`].
pub(in crate::core) const TOKEN_PURPOSE: &str = "backend token";

/// Most characters of a backend's name, as of its slug.
const LONGEST_NAME: usize = 255;

/// A backend that proved itself with its token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownBackend {
    pub id: i32,
    pub slug: String,
    pub name: String,
    /// Whether it still shows the token from before the last rotation.
    pub used_old_token: bool,
}

/// Whose token this is, and that it was used. The stored hash is compared, so that nothing tells how near a guess was.
pub async fn authenticate(db: &Db, token: &str) -> Result<Option<KnownBackend>> {
    store::backend_by_token_hash(&mut *db.read().await?, &token_hash(token)).await
}

/// Notes that a backend called `path`, and keeps the flags it sent, when it sent any. What it says of
/// itself is not worth waiting for the disk: losing the last second in a crash harms nobody.
pub async fn record_contact(db: &Db, backend: &KnownBackend, path: &str, flags: Option<&str>) -> Result<()> {
    store::record_contact(&mut *db.read().await?, backend, path, flags).await
}

/// What `create_backend` is asked for; what is `None` keeps its value, or its default when new.
#[derive(Debug, Default, Clone)]
pub struct BackendInput {
    pub slug: String,
    pub name: Option<String>,
    pub level_4_url: Option<String>,
    /// The networks of its secure environment, in CIDR notation: from there, people sign in with a single-use
    /// token. All that it had are replaced; none at all is a valid choice.
    pub addresses: Option<Vec<String>>,
    /// The username of somebody to let use it.
    pub member: Option<String>,
    /// Issue a new token, and let the old one work this long beside it.
    pub rotate: Option<Duration>,
}

/// Makes a backend, or changes what is given of an existing one, and returns its token. An existing
/// backend's token is opened and shown again, which is recorded: operators' scripts call this
/// repeatedly to get at it.
///
/// # Errors
/// `Invalid` for a slug, a name, an address or a network that is none; `NotFound("User")` for an unknown member; nothing is stored then.
pub async fn create_backend(db: &Db, sealer: &Sealer, input: &BackendInput, by: &By) -> Result<SecretString> {
    let mut tx = db.begin().await?;
    let token = create_backend_within(&mut tx, sealer, input, by).await?;
    tx.commit().await?;
    Ok(token)
}

/// As [`create_backend`], within a transaction that does more.
///
/// # Errors
/// As [`create_backend`].
pub(in crate::core) async fn create_backend_within(
    tx: &mut PgConnection,
    sealer: &Sealer,
    input: &BackendInput,
    by: &By,
) -> Result<SecretString> {
    if !is_slug(&input.slug) || input.slug.len() > LONGEST_NAME {
        return Err(Error::Invalid(FieldErrors::one(
            "slug",
            format!(
                "{:?} is no slug: use letters, digits, - and _ only, at most 255.",
                input.slug
            ),
        )));
    }
    let is_name = |name: &str| is_readable(name) && name.chars().count() <= LONGEST_NAME;
    if input.name.as_deref().is_some_and(|name| !is_name(name)) {
        return Err(Error::Invalid(FieldErrors::one(
            "name",
            format!("Give the backend a name of 1 to {LONGEST_NAME} characters."),
        )));
    }
    if let Some(url) = input.level_4_url.as_deref().filter(|url| !url.is_empty())
        && !input::is_web_address(url)
    {
        return Err(Error::Invalid(FieldErrors::one(
            "level_4_url",
            input::not_a_web_address(),
        )));
    }
    let addresses = input.addresses.as_deref().map(networks).transpose()?;
    let (id, token) = match store::lock_backend_by_slug(tx, &input.slug).await? {
        None => {
            let token = SecretString::from(random_backend_token());
            let name = input.name.as_deref().unwrap_or(&input.slug);
            let sealed = sealer.seal(TOKEN_PURPOSE, token.expose_secret())?;
            let url = input.level_4_url.as_deref().unwrap_or_default();
            let hash = token_hash(token.expose_secret());
            let id = store::insert_backend(tx, &input.slug, name, url, &hash, &sealed).await?;
            audit::record(tx, &Event::new("backend_created", by, Subject::backend(id))).await?;
            let begins = [("slug", "", &*input.slug), ("name", "", name), ("level_4_url", "", url)];
            let event = Event::new("backend_updated", by, Subject::backend(id));
            audit::record_changes(tx, &event, &begins).await?;
            (id, token)
        }
        Some(found) => {
            let (name, url) = (input.name.as_deref(), input.level_4_url.as_deref());
            store::update_backend(tx, found.id, name, url).await?;
            let changes = [
                ("name", found.name.as_str(), name.unwrap_or(&found.name)),
                ("level_4_url", &found.level_4_url, url.unwrap_or(&found.level_4_url)),
            ];
            let event = Event::new("backend_updated", by, Subject::backend(found.id));
            audit::record_changes(tx, &event, &changes).await?;
            let token = match input.rotate {
                Some(overlap) => rotate(tx, sealer, found.id, overlap, by).await?.0,
                None => {
                    audit::record(tx, &Event::new("backend_token_shown", by, Subject::backend(found.id))).await?;
                    sealer.open(TOKEN_PURPOSE, &found.token_sealed)?
                }
            };
            (found.id, token)
        }
    };
    if let Some(addresses) = &addresses
        && let Some(before) = store::replace_addresses(tx, id, addresses).await?
    {
        let event = Event::new("backend_addresses_changed", by, Subject::backend(id));
        let event = event.change("level_4_addresses", before.join(","), addresses.join(","));
        audit::record(tx, &event).await?;
    }
    if let Some(username) = &input.member {
        let added = store::add_member(tx, id, username, by.user_id).await?;
        let user = added.ok_or(Error::NotFound("User"))?;
        if user.is_new {
            let event = Event::new("backend_member_added", by, Subject::backend(id)).of_user(user.id, username);
            audit::record(tx, &event).await?;
            sessions::rights_changed(tx, user.id).await?;
        }
    }
    Ok(token)
}

/// Networks in CIDR notation, as the database writes them, in order, each once.
fn networks(texts: &[String]) -> Result<Vec<String>> {
    let mut errors = FieldErrors::default();
    let mut networks = Vec::new();
    for text in texts {
        match network(text) {
            Ok(network) => networks.push(network),
            Err(why) => errors.add("address", format!("{text:?} {why}")),
        }
    }
    errors.into_result()?;
    networks.sort_unstable();
    networks.dedup();
    Ok(networks)
}

fn network(text: &str) -> Result<String, &'static str> {
    const NO_NETWORK: &str = "is no network: write it like 10.1.2.0/24 or 2001:db8::/32.";
    let (address, length) = text.split_once('/').unzip();
    let address: IpAddr = address.unwrap_or(text).parse().map_err(|_| NO_NETWORK)?;
    let longest = if address.is_ipv4() { 32 } else { 128 };
    let length: u32 = length.map_or(Ok(longest), str::parse).map_err(|_| NO_NETWORK)?;
    if length > longest {
        return Err(NO_NETWORK);
    }
    // From there nobody can sign in with GitHub: that must not happen to half of the world by a slip.
    if length < 8 {
        return Err("is too large to be one backend's network.");
    }
    let trailing_zeros = match address {
        IpAddr::V4(address) => address.to_bits().trailing_zeros(),
        IpAddr::V6(address) => address.to_bits().trailing_zeros(),
    };
    if length + trailing_zeros < longest {
        return Err("has bits set to the right of its mask.");
    }
    Ok(format!("{address}/{length}"))
}

/// A backend, by where somebody is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackendThere {
    pub slug: String,
    pub name: String,
}

/// The backend in whose secure environment this address is; the one with the smallest network when there
/// are several.
pub async fn backend_at(db: &Db, address: Option<IpAddr>) -> Result<Option<BackendThere>> {
    let address = address.map(|address| address.to_canonical().to_string());
    store::backend_at(&mut *db.read().await?, address.as_deref()).await
}

/// The new token, and until when the one from before works beside it, to the second.
async fn rotate(
    tx: &mut PgConnection,
    sealer: &Sealer,
    id: i32,
    overlap: Duration,
    by: &By,
) -> Result<(SecretString, Option<OffsetDateTime>)> {
    let token = SecretString::from(random_backend_token());
    let sealed = sealer.seal(TOKEN_PURPOSE, token.expose_secret())?;
    let old_until = (overlap > Duration::ZERO).then(|| (OffsetDateTime::now_utc() + overlap).truncate_to_second());
    store::replace_token(tx, id, &token_hash(token.expose_secret()), &sealed, old_until).await?;
    let mut event = Event::new("backend_token_rotated", by, Subject::backend(id));
    if let Some(until) = old_until {
        let until = until.format(&Rfc3339).unwrap_or_default();
        event = event.change("old_token_until", "", until);
    }
    audit::record(tx, &event).await?;
    Ok((token, old_until))
}

pub use store::{Contact, contact_by_slug};

/// Whether a backend's database is being maintained.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Maintenance {
    pub is_on: bool,
    /// Since when it is so, in the words of whoever told; `None` when nobody said.
    pub since: Option<String>,
}

impl Contact {
    /// What is known of maintenance. A backend that never told of any has none.
    pub fn maintenance(&self) -> Maintenance {
        if self.transport == super::Transport::Rap.name() {
            let since = self.last_seen_maintenance_mode;
            return Maintenance {
                is_on: self.is_in_maintenance_mode,
                since: since.map(|since| since.to_utc().to_string()),
            };
        }
        // A runner may send any JSON as its state; what is not there is off.
        let state: serde_json::Value = self
            .jobrunner_state
            .as_deref()
            .and_then(|state| serde_json::from_str(state).ok())
            .unwrap_or_default();
        let text = |name: &str| state.pointer(name).and_then(serde_json::Value::as_str);
        Maintenance {
            is_on: self.is_in_maintenance_mode || text("/mode/v") == Some("db-maintenance"),
            since: text("/mode/ts").filter(|since| !since.is_empty()).map(str::to_owned),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_is_written_as_one() {
        for (text, network) in [
            ("10.1.2.0/24", "10.1.2.0/24"),
            ("10.1.2.3", "10.1.2.3/32"),
            ("2001:DB8::/32", "2001:db8::/32"),
            ("2001:db8::1", "2001:db8::1/128"),
        ] {
            assert_eq!(super::network(text).as_deref(), Ok(network));
        }
        for nonsense in [
            "",
            "tpp",
            "10.1.2",
            "10.1.2.0/33",
            "10.1.2.0/-1",
            "10.1.2.0/",
            "10.1.2.3/24",
            "0.0.0.0/0",
            "::/0",
            "::/129",
        ] {
            assert!(super::network(nonsense).is_err(), "{nonsense}");
        }
        assert_eq!(
            networks(&["10.2.0.0/16".into(), "10.1.0.0/16".into(), "10.2.0.0/16".into()])
                .unwrap()
                .len(),
            2
        );
    }
}
