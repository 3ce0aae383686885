//! Files that are still inside a backend: the browser fetches them from the backend's own server, which is reached
//! from within the secure environment alone. Nothing of them passes through here.

use rocket::get;
use serde::Serialize;
use time::OffsetDateTime;

use super::content::Kind;
use super::viewer::Data;
use super::wanted::Wanted;
use super::{FilePath, workspace_for};
use crate::core::access::{Permission, ViewUnreleased};
use crate::core::error::Error;
use crate::core::releases::level_4::backends_of;
use crate::web::database::Database;
use crate::web::guards::User;
use crate::web::headers::{self, Fetched};
use crate::web::pages::places::under_workspace;
use crate::web::responders::{Failure, Outcome};
use crate::web::view::{Link, Page};

/// The context of `pages/outputs/backends`.
#[derive(Serialize)]
struct BackendsView {
    workspace: Link,
    backends: Vec<Link>,
}

/// The context of `pages/outputs/level_4`.
#[derive(Serialize)]
struct Level4View {
    workspace: Link,
    backend: String,
    data: Data,
    is_by_date: bool,
    by_name_href: String,
    by_date_href: String,
    filter: String,
    base: String,
    /// The opened file's name; empty for none.
    path: String,
}

/// The backends inside which the visitor may look.
#[get("/<project>/<workspace>/files")]
pub async fn backends(user: User<'_>, db: &Database, project: &str, workspace: &str) -> Outcome<Page> {
    let mut conn = db.read().await?;
    let workspace = workspace_for(
        &mut conn,
        &user.user,
        project,
        workspace,
        Permission::UnreleasedOutputsView,
    )
    .await?;
    let backends = backends_of(&mut conn, user.user.id).await?;
    drop(conn);
    if backends.is_empty() {
        return Err(Failure::not_found("Page"));
    }
    let href = workspace.href();
    let view = BackendsView {
        workspace: Link::new(workspace.name.as_str(), href.as_str()),
        backends: backends
            .into_iter()
            .map(|backend| Link::new(backend.name, format!("{href}files/{}/", backend.slug)))
            .collect(),
    };
    let chrome = user.visit.chrome(format!("Level 4 files of {}", workspace.name));
    let chrome = under_workspace(chrome, &workspace).here("Page", "Level 4 files");
    Ok(user.visit.render("pages/outputs/backends", chrome, &view))
}

#[get("/<project>/<workspace>/files/<backend>/<path..>", rank = 2)]
pub async fn files(
    user: User<'_>,
    db: &Database,
    project: &str,
    workspace: &str,
    backend: &str,
    path: FilePath,
) -> Outcome<Page> {
    let permission = Permission::UnreleasedOutputsView;
    let mut conn = db.read().await?;
    let workspace = workspace_for(&mut conn, &user.user, project, workspace, permission).await?;
    let can = user.user.can::<ViewUnreleased>(workspace.project_id)?;
    let backend = backends_of(&mut conn, user.user.id)
        .await?
        .into_iter()
        .find(|known| known.slug == backend)
        .ok_or(Failure::not_found("Page"))?;
    drop(conn);
    let now = OffsetDateTime::now_utc();
    let access = backend
        .access(&user.visit.app.sealer, &can, &workspace.name, now)
        .map_err(|error| {
            // That an operator filled in an address that is none is nothing that a visitor can help.
            tracing::error!(backend = backend.slug, %error, "a backend's files cannot be looked at");
            Error::NotFound("Page")
        })?;
    let origin = access.url.origin().ascii_serialization();
    let frames = match Kind::of(&path.0) {
        Kind::Report => Fetched::Report,
        Kind::Pdf => Fetched::Pdf,
        _ => Fetched::Unframed,
    };
    headers::connect_to(user.visit.request, origin, frames);
    let base = format!("{}files/{}/", workspace.href(), backend.slug);
    let heading = format!("Files on {}", backend.name);
    let title = match path.0.as_str() {
        "" => format!("{heading} of {}", workspace.name),
        name => format!("{name} on {}", backend.name),
    };
    let wanted = Wanted::of(user.visit.query());
    let view = Level4View {
        workspace: Link::new(workspace.name.as_str(), workspace.href()),
        backend: backend.name.clone(),
        data: Data {
            files_url: format!("{}/current", access.url),
            review_url: format!("{}/release", access.url),
            auth_token: access.token,
            ..Data::default()
        },
        by_name_href: wanted.ordered(Some("name"), 0),
        by_date_href: wanted.ordered(Some("date"), 0),
        is_by_date: wanted.is_by_date,
        filter: wanted.filter,
        base,
        path: path.0,
    };
    let chrome = under_workspace(user.visit.chrome(title), &workspace)
        .crumb("Page", "Level 4 files", format!("{}files/", workspace.href()))
        .here("Backend", backend.name)
        .script(&user.visit, "outputs");
    Ok(user.visit.render("pages/outputs/level_4", chrome, &view))
}
