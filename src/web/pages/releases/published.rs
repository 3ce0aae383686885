//! A published file, for everybody. Its address stays as long as it is public.

use std::convert::Infallible;

use rocket::request::{FromRequest, Outcome as Guarded};
use rocket::{Request, State, get};

use crate::core::releases::store::files::file;
use crate::web::App;
use crate::web::database::Database;
use crate::web::files::{Audience, FileAnswer};
use crate::web::guards::{ProjectSlug, WorkspaceName};
use crate::web::responders::{Failure, Outcome};

/// The request itself. Nobody is looked up: the answer is the same for everybody and sets no cookie, so that copies
/// of it may be shared.
pub struct Anybody<'r>(&'r Request<'r>);

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Anybody<'r> {
    type Error = Infallible;

    async fn from_request(request: &'r Request<'_>) -> Guarded<Self, Infallible> {
        Guarded::Success(Self(request))
    }
}

#[get("/<project>/<workspace>/published/<file_id>")]
pub async fn published(
    asked: Anybody<'_>,
    app: &State<App>,
    db: &Database,
    project: ProjectSlug<'_>,
    workspace: WorkspaceName<'_>,
    file_id: &str,
) -> Outcome<FileAnswer> {
    let found = file(&mut *db.read().await?, file_id)
        .await?
        .filter(|found| found.is_public)
        .filter(|found| found.project_slug == project.0 && found.workspace == workspace.0)
        .ok_or_else(|| Failure::not_found("ReleaseFile"))?;
    Ok(FileAnswer::of(asked.0, app, &found.file, Audience::Everybody).await?)
}
