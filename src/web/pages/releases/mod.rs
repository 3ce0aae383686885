//! What was released and what is published: lists, the way to publish, and published files.

mod amounts;
mod decide;
mod delete;
mod entry;
mod history;
mod list;
mod prepare;
mod published;
mod snapshots;
mod state;

pub use amounts::{amount, count as file_count};
use rocket::{Route, routes};
use sqlx::PgConnection;
pub use state::State;

use crate::core::access::{Actor, Permission};
use crate::core::workspaces::Workspace;
use crate::core::workspaces::store::workspace_in_project;
use crate::web::guards::{ProjectSlug, WorkspaceName};
use crate::web::responders::{Failure, Outcome};
use crate::web::view::Tab;

/// Their addresses are tried before the viewer's, which take whatever follows as the path of a file.
pub fn routes() -> Vec<Route> {
    routes![
        list::of_project,
        list::of_workspace,
        delete::form,
        delete::delete,
        snapshots::page,
        prepare::form,
        prepare::send,
        decide::publish,
        decide::reject,
        decide::withdraw,
        decide::ask,
        history::page,
        published::published,
    ]
}

/// What somebody may see and do of a project's outputs.
#[derive(Debug, Clone, Copy)]
pub struct May {
    /// Names, sizes and contents, published or not.
    pub see_files: bool,
    pub delete: bool,
    pub prepare: bool,
    pub decide: bool,
}

impl May {
    pub fn of(actor: &Actor, project_id: i32) -> Self {
        let may = |permission| actor.has_permission(permission, Some(project_id));
        Self {
            see_files: may(Permission::ReleaseFileView),
            delete: may(Permission::ReleaseFileDelete),
            prepare: may(Permission::SnapshotCreate),
            decide: may(Permission::SnapshotPublish),
        }
    }
}

async fn find(conn: &mut PgConnection, project: ProjectSlug<'_>, workspace: WorkspaceName<'_>) -> Outcome<Workspace> {
    workspace_in_project(conn, project.0, workspace.0)
        .await?
        .ok_or_else(|| Failure::not_found("Workspace"))
}

/// What the list of snapshots is called: those who see drafts find more in it than what is published.
pub fn outputs_heading(sees_drafts: bool) -> &'static str {
    match sees_drafts {
        true => "Outputs",
        false => "Published outputs",
    }
}

/// The parts of a workspace: its overview, its job requests, what of it is public or may become so, and what was
/// released.
pub fn workspace_tabs(href: &str, active: usize, has_releases: bool, sees_drafts: bool) -> Vec<Tab> {
    let mut parts = vec![
        ("Overview", href.to_owned()),
        ("Job requests", format!("{href}logs/")),
        (outputs_heading(sees_drafts), format!("{href}outputs/")),
    ];
    if has_releases {
        parts.push(("Releases", format!("{href}releases/")));
    }
    let tab = |(index, (label, href))| Tab {
        label,
        href,
        active: index == active,
    };
    parts.into_iter().enumerate().map(tab).collect()
}
