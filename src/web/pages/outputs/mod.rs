//! What was released, looked at: one page for releases, latest outputs, snapshots and files inside a backend.

mod checked;
mod content;
mod deciding;
mod flat;
mod latest;
mod level_4;
mod listed;
mod opened;
mod release;
mod reviews;
mod snapshot;
mod tree;
mod viewer;
mod wanted;

use std::convert::Infallible;

pub(super) use deciding::{Deciding, deciding};
use rocket::http::uri::Segments;
use rocket::http::uri::fmt::Path;
use rocket::request::FromSegments;
use rocket::{Route, routes};
use sqlx::PgConnection;

use crate::core::access::{Permission, SignedIn};
use crate::core::workspaces::Workspace;
use crate::web::pages::places;
use crate::web::responders::{Failure, Outcome};

/// Its routes.
pub fn routes() -> Vec<Route> {
    routes![
        level_4::backends,
        level_4::files,
        latest::page,
        latest::download,
        release::page,
        release::download,
        snapshot::page,
        snapshot::download,
    ]
}

/// The rest of an address, which names a file. Names may begin with a dot or hold any other character, so this is
/// no path of a disk.
pub struct FilePath(String);

impl<'r> FromSegments<'r> for FilePath {
    type Error = Infallible;

    fn from_segments(segments: Segments<'r, Path>) -> Result<Self, Infallible> {
        let named: Vec<&str> = segments.filter(|segment| !segment.is_empty()).collect();
        Ok(Self(named.join("/")))
    }
}

/// What a viewer's address asks for beside the file.
#[derive(Debug, Default, Clone, Copy)]
struct Asked<'r> {
    /// Of a table, the page.
    page: Option<&'r str>,
    /// A folder to unfold.
    folder: Option<&'r str>,
    /// Where in that folder to begin.
    from: Option<usize>,
}

/// The workspace, for somebody who holds a right there; for others there is no such page.
async fn workspace_for(
    conn: &mut PgConnection,
    user: &SignedIn,
    project: &str,
    name: &str,
    permission: Permission,
) -> Outcome<Workspace> {
    let workspace = places::workspace(conn, project, name).await?;
    if user.has_permission(permission, Some(workspace.project_id)) {
        Ok(workspace)
    } else {
        Err(Failure::not_found("Page"))
    }
}
