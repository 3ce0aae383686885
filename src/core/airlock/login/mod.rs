//! Signing in to Airlock: who somebody is, and what they may look at inside a secure environment.

mod store;

use std::collections::BTreeMap;

use secrecy::SecretString;
use sqlx::PgConnection;

use crate::core::access::{Membership, Permission, Role, SignedIn};
use crate::core::db::Db;
use crate::core::error::{Error, Result};
use crate::core::jobs::backends::KnownBackend;
use crate::core::people::attempts::{self, Trial, Who};
use crate::core::people::login_token::{self, Reading, Refused};

/// What Airlock is told of somebody.
#[derive(Debug, Clone)]
pub struct AirlockUser {
    pub username: String,
    pub fullname: String,
    /// Those whose outputs they may look at before a release, by name.
    pub workspaces: Vec<AirlockWorkspace>,
    /// Those of the projects that they are co-pilot of, by name.
    pub copiloted_workspaces: Vec<AirlockWorkspace>,
    /// Whether they check outputs everywhere.
    pub is_output_checker: bool,
    /// What the service before this one stored; it gives no right.
    pub is_staff: bool,
    /// Whether they may look at everything in Airlock, and change nothing.
    pub has_readonly_access: bool,
}

/// A workspace, with what Airlock asks of its project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AirlockWorkspace {
    pub name: String,
    /// The project's name.
    pub project: String,
    pub is_ongoing: bool,
    /// Names of the project's organisations, the leading one first.
    pub orgs: Vec<String>,
    pub is_archived: bool,
}

/// Uses up the single-use token of `account`, a username or an e-mail address in its letter case, of somebody who may
/// use this backend. A wrong token leaves the right one valid, up to the fifth.
///
/// # Errors
/// `TooMany`.
pub async fn authenticate(
    db: &Db,
    backend: &KnownBackend,
    account: &str,
    token: &SecretString,
    who: Who<'_>,
) -> Result<Result<AirlockUser, Refused>> {
    let proven = match login_token::prove(db, account, token, Reading::Exact, Some(backend.id), who).await? {
        Ok(proven) => proven,
        Err(refused) => return Ok(Err(refused)),
    };
    let mut tx = db.begin().await?;
    if let Err(refused) = login_token::use_up(&mut tx, &proven, &backend.name).await? {
        return Ok(Err(refused));
    }
    let user = user(&mut tx, proven.user_id).await?;
    attempts::forgive(&mut tx, Trial::LoginToken, account).await?;
    tx.commit().await?;
    Ok(Ok(user))
}

/// What Airlock is told of the user of this name, whom it knows already and who may use this backend: what one backend
/// is told opens no other one.
///
/// # Errors
/// `NotFound("User")`.
pub async fn authorise(db: &Db, backend: &KnownBackend, username: &str) -> Result<Result<AirlockUser, Refused>> {
    let mut conn = db.read().await?;
    let found = store::candidate(&mut conn, username, backend.id).await?;
    let found = found.ok_or(Error::NotFound("User"))?;
    match found.is_eligible() {
        Ok(()) => Ok(Ok(user(&mut conn, found.id).await?)),
        Err(refused) => Ok(Err(refused)),
    }
}

/// In two statements, however many projects and workspaces there are.
async fn user(conn: &mut PgConnection, id: i32) -> Result<AirlockUser> {
    let found = store::user(conn, id).await?;
    let rows = store::workspaces(conn, id).await?;
    let memberships: BTreeMap<i32, Membership> = rows
        .iter()
        .filter_map(|row| Some((row.project_id, row.membership()?)))
        .collect();
    let somebody = SignedIn {
        id,
        username: found.username,
        fullname: found.fullname,
        roles: Role::parse_all(&found.roles),
        memberships: memberships.into_values().collect(),
    };
    let (mut workspaces, mut copiloted_workspaces) = (Vec::new(), Vec::new());
    for row in rows {
        let may_view = somebody.has_permission(Permission::UnreleasedOutputsView, Some(row.project_id));
        let is_of_member = row.member_roles.is_some() && may_view;
        let is_copilot = row.is_copilot;
        let workspace = row.into_workspace();
        if is_copilot {
            copiloted_workspaces.push(workspace.clone());
        }
        if is_of_member {
            workspaces.push(workspace);
        }
    }
    Ok(AirlockUser {
        is_output_checker: somebody.has_role(Role::OutputChecker, None),
        is_staff: found.is_staff,
        has_readonly_access: somebody.has_permission(Permission::AirlockReadonlyAccess, None),
        username: somebody.username,
        fullname: somebody.fullname,
        workspaces,
        copiloted_workspaces,
    })
}
