//! Deleting a released file for good: first what it means, then the deed.

use rocket::request::FromParam;
use rocket::{get, post};
use serde::Serialize;

use super::entry::encode_path;
use super::find;
use crate::core::access::{Can, DeleteReleaseFiles};
use crate::core::releases::actions::delete_file;
use crate::core::releases::content;
use crate::core::releases::size_in_words;
use crate::core::releases::store::files::{FileOfRelease, file};
use crate::core::releases::store::publishing::snapshots_of_file;
use crate::core::workspaces::Workspace;
use crate::web::database::Database;
use crate::web::forms::CsrfForm;
use crate::web::guards::{ProjectSlug, User, WorkspaceName};
use crate::web::message::Told;
use crate::web::pages::places::under_workspace;
use crate::web::responders::{Failure, Outcome};
use crate::web::view::{Link, Page, counted};

/// The id of a file, which has the length of ours. Another word may be the name of a folder, and what follows
/// the path of a file.
#[derive(Debug, Clone, Copy)]
pub struct FileId<'r>(pub &'r str);

impl<'r> FromParam<'r> for FileId<'r> {
    type Error = &'r str;

    fn from_param(text: &'r str) -> Result<Self, &'r str> {
        (text.len() == 26).then_some(Self(text)).ok_or(text)
    }
}

/// The context of `pages/releases/delete`.
#[derive(Debug, Serialize)]
pub struct DeleteView {
    pub file: Link,
    pub size: String,
    pub backend: String,
    /// `1 published set of outputs`; `None` when it is in none.
    pub published: Option<String>,
    /// The same of those that wait for a decision.
    pub waiting: Option<String>,
    pub back_href: String,
}

#[get("/<project>/<workspace>/releases/<release>/<file_id>/delete")]
pub async fn form(
    user: User<'_>,
    db: &Database,
    project: ProjectSlug<'_>,
    workspace: WorkspaceName<'_>,
    release: &str,
    file_id: FileId<'_>,
) -> Outcome<Page> {
    let (workspace, found, _) = prove(&user, db, (project, workspace), release, file_id).await?;
    let mut conn = db.read().await?;
    let (published, waiting) = snapshots_of_file(&mut conn, &found.file.id).await?;
    drop(conn);
    let back_href = format!("{}releases/", workspace.href());
    let href = format!("{back_href}{release}/{}", encode_path(&found.file.name));
    let chrome = user.visit.chrome(format!("Delete {}", found.file.name));
    let chrome = under_workspace(chrome, &workspace)
        .crumb("Page", "Releases", back_href.as_str())
        .here("Page", "Delete a file");
    let view = DeleteView {
        file: Link::new(found.file.name, href),
        size: size_in_words(found.file.size),
        backend: found.file.backend_name,
        published: sets(published, "published set of outputs", "published sets of outputs"),
        waiting: sets(
            waiting,
            "set of outputs that waits to be published",
            "sets of outputs that wait to be published",
        ),
        back_href,
    };
    Ok(user.visit.render("pages/releases/delete", chrome, &view))
}

fn sets(number: i64, one: &str, many: &str) -> Option<String> {
    (number > 0).then(|| counted(number, one, many))
}

#[post("/<project>/<workspace>/releases/<release>/<file_id>/delete", data = "<_form>")]
pub async fn delete(
    user: User<'_>,
    db: &Database,
    project: ProjectSlug<'_>,
    workspace: WorkspaceName<'_>,
    release: &str,
    file_id: FileId<'_>,
    _form: CsrfForm,
) -> Outcome<Told> {
    let (workspace, found, can) = prove(&user, db, (project, workspace), release, file_id).await?;
    delete_file(db, &*user.visit.app.files, &can, &found).await?;
    let to = format!("{}releases/", workspace.href());
    let text = format!("{} is deleted. Nobody can read it here any more.", found.file.name);
    Ok(Told::new(to, "success", text))
}

/// The file, when it is one of that release in that workspace and is there to be deleted, by somebody who may.
async fn prove(
    user: &User<'_>,
    db: &Database,
    (project, workspace): (ProjectSlug<'_>, WorkspaceName<'_>),
    release: &str,
    file_id: FileId<'_>,
) -> Outcome<(Workspace, FileOfRelease, Can<DeleteReleaseFiles>)> {
    let not_found = || Failure::not_found("ReleaseFile");
    let mut conn = db.read().await?;
    let workspace = find(&mut conn, project, workspace).await?;
    let found = file(&mut conn, file_id.0)
        .await?
        .filter(|found| found.workspace_id == workspace.id && found.file.release_id == release)
        .filter(|found| found.file.is_readable())
        .ok_or_else(not_found)?;
    drop(conn);
    // What is lost already cannot be deleted: that is for `jobserver files verify` to tell.
    if !content::is_there(&*user.visit.app.files, &found.file).await? {
        return Err(not_found());
    }
    let can = user.user.can::<DeleteReleaseFiles>(workspace.project_id)?;
    Ok((workspace, found, can))
}
