//! The user, the backend and the workspace that a release of a folder needs and that are not there, for an operator who
//! tries things out.

use sqlx::PgConnection;

use super::from_folder::Belonging;
use crate::core::access::Operator;
use crate::core::audit::By;
use crate::core::error::Result;
use crate::core::jobs::backends::{BackendInput, create_backend_within};
use crate::core::people::accounts::{UserInput, as_stored, create_user_within};
use crate::core::people::store::user_by_username;
use crate::core::releases::store::{stored, uploads};
use crate::core::sealed::Sealer;
use crate::core::workspaces::operator::{WorkspaceInput, create_workspace_within};

/// How what is missing is made.
#[derive(Debug, Clone, Copy)]
pub struct Missing<'a> {
    /// Seals the token of a backend.
    pub sealer: &'a Sealer,
    /// The project of a workspace, by its slug.
    pub project: &'a str,
    /// The code of a workspace.
    pub repo: &'a str,
}

/// Makes what is not there of where a release belongs, each as the command that is for it would. Where the release
/// belongs then, and what was made, in a few words each.
///
/// # Errors
/// `Invalid` for names that cannot be.
pub(super) async fn make_missing(
    tx: &mut PgConnection,
    operator: &Operator,
    belonging: &Belonging,
    missing: Missing<'_>,
) -> Result<(Belonging, Vec<String>)> {
    let mut made = Vec::new();
    let mut belonging = belonging.clone();
    let by = By::from(operator);
    if user_by_username(tx, &belonging.username).await?.is_none() {
        belonging.username = as_stored(&belonging.username);
        let input = UserInput {
            username: belonging.username.clone(),
            ..UserInput::default()
        };
        if create_user_within(tx, &input, operator).await?.is_new {
            made.push(format!("User {}", belonging.username));
        }
    }
    if stored::backend(tx, &belonging.backend).await?.is_none() {
        let input = BackendInput {
            slug: belonging.backend.clone(),
            ..BackendInput::default()
        };
        create_backend_within(tx, missing.sealer, &input, &by).await?;
        made.push(format!("Backend {}", belonging.backend));
    }
    if uploads::place(tx, &belonging.workspace).await?.is_none() {
        let input = WorkspaceInput {
            name: belonging.workspace.clone(),
            username: belonging.username.clone(),
            project: Some(missing.project.to_owned()),
            repo: Some(missing.repo.to_owned()),
            branch: None,
        };
        create_workspace_within(tx, &input, &by).await?;
        made.push(format!("Workspace {}", belonging.workspace));
    }
    Ok((belonging, made))
}
