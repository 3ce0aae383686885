//! Which backends somebody may use and which organisations they belong to, said all at once. What stays
//! keeps its date and its roles.

mod store;

use sqlx::PgConnection;

use super::roles::{self, Changed, Granter};
use super::sessions;
use crate::core::audit::{self, Event, Subject};
use crate::core::db::Db;
use crate::core::error::{Error, FieldErrors, Result};
use crate::core::versions::{Saved, is_overtaken, version};

/// Lets somebody use exactly these backends. The names in the answer are slugs.
///
/// # Errors
/// `NotFound("User")`; `Invalid` at `backends` when one does not exist; `NotAllowed` for whoever would let themselves.
pub async fn set_backends(db: &Db, granter: &Granter, user_id: i32, backend_ids: &[i32]) -> Result<Changed> {
    set(db, granter, user_id, backend_ids, Kind::Backends).await
}

/// Lets somebody belong to exactly these organisations. The names in the answer are slugs.
///
/// # Errors
/// `NotFound("User")`; `Invalid` at `orgs` when one does not exist; `NotAllowed` for whoever would add themselves.
pub async fn set_orgs(db: &Db, granter: &Granter, user_id: i32, org_ids: &[i32]) -> Result<Changed> {
    set(db, granter, user_id, org_ids, Kind::Orgs).await
}

#[derive(Debug, Clone, Copy)]
enum Kind {
    Backends,
    Orgs,
}

impl Kind {
    const fn field(self) -> &'static str {
        match self {
            Kind::Backends => "backends",
            Kind::Orgs => "orgs",
        }
    }

    const fn unknown(self) -> &'static str {
        match self {
            Kind::Backends => "Choose backends that exist.",
            Kind::Orgs => "Choose organisations that exist.",
        }
    }

    const fn not_oneself(self) -> &'static str {
        match self {
            Kind::Backends => "You cannot let yourself use a backend. Ask somebody else who looks after users.",
            Kind::Orgs => "You cannot add yourself to an organisation. Ask somebody else who looks after users.",
        }
    }

    const fn subject(self, id: i32) -> Subject {
        match self {
            Kind::Backends => Subject::backend(id),
            Kind::Orgs => Subject::org(id),
        }
    }

    /// The kinds of events that tell of one added and one removed.
    const fn events(self) -> (&'static str, &'static str) {
        match self {
            Kind::Backends => ("backend_member_added", "backend_member_removed"),
            Kind::Orgs => ("org_member_added", "org_member_removed"),
        }
    }
}

async fn set(db: &Db, granter: &Granter, user_id: i32, ids: &[i32], kind: Kind) -> Result<Changed> {
    let mut tx = roles::begin(db, granter).await?;
    let username = store::lock_user(&mut tx, user_id)
        .await?
        .ok_or(Error::NotFound("User"))?;
    let changed = set_within(&mut tx, granter, (user_id, &username), ids, kind).await?;
    tx.commit().await?;
    Ok(changed)
}

/// As [`set_backends`], for a user whose row is locked, in a transaction of [`roles::begin`].
pub(super) async fn set_backends_within(
    tx: &mut PgConnection,
    granter: &Granter,
    user: (i32, &str),
    backend_ids: &[i32],
) -> Result<Changed> {
    set_within(tx, granter, user, backend_ids, Kind::Backends).await
}

/// As [`set_orgs`], unless somebody has changed them since `seen`, which is a [`version_of`] what somebody saw. Else
/// it tells which they are now.
///
/// # Errors
/// As [`set_orgs`].
pub async fn set_orgs_seen(
    db: &Db,
    granter: &Granter,
    user_id: i32,
    org_ids: &[i32],
    seen: &str,
) -> Result<Saved<Vec<i32>>> {
    let mut tx = roles::begin(db, granter).await?;
    let username = store::lock_user(&mut tx, user_id)
        .await?
        .ok_or(Error::NotFound("User"))?;
    let before = store::orgs_of(&mut tx, user_id).await?;
    if version_of(&before) == version_of(org_ids) {
        return Ok(Saved::Unchanged);
    }
    if is_overtaken(seen, &version_of(&before)) {
        return Ok(Saved::Overtaken(before));
    }
    set_within(&mut tx, granter, (user_id, &username), org_ids, Kind::Orgs).await?;
    tx.commit().await?;
    Ok(Saved::Done)
}

/// Tells one set of memberships from another, in whichever order.
pub fn version_of(ids: &[i32]) -> String {
    let mut ids = ids.to_vec();
    ids.sort_unstable();
    ids.dedup();
    let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
    version(&[("ids", &ids.join(","))])
}

/// Adds several people to an organisation, by its slug; returns how many did not belong to it before. Audited.
///
/// # Errors
/// `Invalid` at `org` for one that does not exist; `NotAllowed` for whoever would add themselves: nobody is added then.
pub async fn add_to_org(db: &Db, granter: &Granter, org: &str, user_ids: &[i32]) -> Result<usize> {
    if let Granter::Person(can) = granter
        && user_ids.contains(&can.user_id())
    {
        return Err(Error::NotAllowed(Kind::Orgs.not_oneself().into()));
    }
    let mut tx = roles::begin(db, granter).await?;
    let org_id = store::org_of_slug(&mut tx, org).await?;
    let org_id = org_id.ok_or_else(|| Error::Invalid(FieldErrors::one("org", Kind::Orgs.unknown())))?;
    let by = granter.by();
    let added = store::add_users_to_org(&mut tx, org_id, user_ids, by.user_id).await?;
    for user in &added {
        let event = Event::new("org_member_added", &by, Subject::org(org_id)).of_user(user.id, &user.username);
        audit::record(&mut tx, &event).await?;
        sessions::rights_changed(&mut tx, user.id).await?;
    }
    tx.commit().await?;
    Ok(added.len())
}

async fn set_within(
    tx: &mut PgConnection,
    granter: &Granter,
    (user_id, username): (i32, &str),
    ids: &[i32],
    kind: Kind,
) -> Result<Changed> {
    let mut ids = ids.to_vec();
    ids.sort_unstable();
    ids.dedup();
    let known = match kind {
        Kind::Backends => store::count_backends(tx, &ids).await?,
        Kind::Orgs => store::count_orgs(tx, &ids).await?,
    };
    if usize::try_from(known) != Ok(ids.len()) {
        return Err(Error::Invalid(FieldErrors::one(kind.field(), kind.unknown())));
    }
    let by = granter.by();
    let (added, removed) = match kind {
        Kind::Backends => (
            store::add_backends(tx, user_id, &ids, by.user_id).await?,
            store::remove_backends(tx, user_id, &ids).await?,
        ),
        Kind::Orgs => (
            store::add_orgs(tx, user_id, &ids, by.user_id).await?,
            store::remove_orgs(tx, user_id, &ids).await?,
        ),
    };
    if let Granter::Person(can) = granter
        && can.user_id() == user_id
        && !added.is_empty()
    {
        return Err(Error::NotAllowed(kind.not_oneself().into()));
    }
    let (when_added, when_removed) = kind.events();
    for (event, rows) in [(when_added, &added), (when_removed, &removed)] {
        for row in rows {
            let event = Event::new(event, &by, kind.subject(row.id)).of_user(user_id, username);
            audit::record(tx, &event).await?;
        }
    }
    let slugs = |rows: Vec<store::Slug>| {
        let mut slugs: Vec<String> = rows.into_iter().map(|row| row.slug).collect();
        slugs.sort_unstable();
        slugs
    };
    let changed = Changed {
        added: slugs(added),
        removed: slugs(removed),
    };
    if !changed.is_nothing() {
        sessions::rights_changed(tx, user_id).await?;
    }
    Ok(changed)
}
