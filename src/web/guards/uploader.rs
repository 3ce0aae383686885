//! Who releases files from a backend: the backend by its token, and whoever it says acts, whom it is trusted to name.

use rocket::Request;
use rocket::request::{FromRequest, Outcome};

use super::backend::authenticate;
use super::visit::actor;
use crate::core::access::{Can, UploadReleases};
use crate::core::error::{Error, Result};
use crate::core::jobs::backends::KnownBackend;
use crate::core::releases::store::uploads::uploader;
use crate::web::database::Database;

/// In the words that clients know.
const NOT_ALLOWED: &str = "Authentication credentials were not provided.";

/// A request to release something. What it is about is looked up first, as clients are told that it does not exist
/// before they are told that they may not; then [`Uploader::of_project`] says who asks.
pub struct Uploader<'r>(&'r Request<'r>);

impl<'r> Uploader<'r> {
    /// The request itself.
    pub fn request(&self) -> &'r Request<'r> {
        self.0
    }

    /// The backend, and the proof that whom it names (`OS-User`) is one of its users and may release in this project.
    ///
    /// # Errors
    /// `NotAllowed`, which says no more than that.
    pub async fn of_project(&self, project_id: i32) -> Result<(KnownBackend, Can<UploadReleases>)> {
        let backend = authenticate(self.0)
            .await?
            .map_err(|refused| Error::NotAllowed(refused.detail().into()))?;
        let username = self.0.headers().get_one("OS-User").unwrap_or_default().trim();
        let Some(database) = self.0.rocket().state::<Database>() else {
            return Err(Error::Internal("no database is managed".into()));
        };
        let user = uploader(&mut *database.read().await?, backend.id, username, project_id).await?;
        let can = user.and_then(|user| user.can::<UploadReleases>(project_id).ok());
        match can {
            Some(can) => Ok((backend, can)),
            None => Err(Error::NotAllowed(NOT_ALLOWED.into())),
        }
    }

    /// As [`Uploader::of_project`], or somebody with a session, and then no backend, who may release in this project,
    /// when the request shows no token.
    ///
    /// # Errors
    /// As [`Uploader::of_project`].
    pub async fn of_project_or_session(&self, project_id: i32) -> Result<(Option<KnownBackend>, Can<UploadReleases>)> {
        let shown = self.0.headers().get_one("Authorization").unwrap_or_default();
        if !shown.is_empty() {
            let (backend, can) = self.of_project(project_id).await?;
            return Ok((Some(backend), can));
        }
        Ok((None, session_can(self.0, project_id).await?))
    }
}

/// The proof that whoever has the session of this request holds a right, or the API's refusal.
///
/// # Errors
/// `NotAllowed` in the words that clients know.
pub async fn session_can<R: crate::core::access::Right>(request: &Request<'_>, project_id: i32) -> Result<Can<R>> {
    let actor = match actor(request).await {
        Ok(actor) => actor,
        Err(Error::Unavailable(cause)) => return Err(Error::Unavailable(cause.clone())),
        Err(error) => return Err(Error::Internal(error.to_string())),
    };
    actor
        .signed_in()
        .and_then(|user| user.can(project_id).ok())
        .ok_or(Error::NotAllowed(NOT_ALLOWED.into()))
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Uploader<'r> {
    type Error = std::convert::Infallible;

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, Self::Error> {
        Outcome::Success(Self(request))
    }
}
