//! Backends that call the API: the bare token in `Authorization`, with no scheme before it.

use rocket::Request;
use rocket::http::Status;
use rocket::request::{FromRequest, Outcome};

use super::client::Client;
use crate::core::error::{Error, Result};
use crate::core::jobs::backends::{self, KnownBackend};
use crate::core::people::attempts::{self, Trial};
use crate::telemetry;
use crate::web::database::Database;
use crate::web::responders::{Told, tell};

/// A backend that showed its token.
pub struct BackendAuth(pub KnownBackend);

/// A backend, or nobody when the header is absent or empty. A wrong token is refused all the same.
pub struct MaybeBackend(pub Option<KnownBackend>);

/// Why a token was refused, in the words that the real clients were written against.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BackendRefused {
    HeaderMissing,
    HeaderEmpty,
    UnknownToken,
}

impl BackendRefused {
    pub const fn detail(self) -> &'static str {
        match self {
            BackendRefused::HeaderMissing => "Authorization header is missing",
            BackendRefused::HeaderEmpty => "Authorization header is empty",
            BackendRefused::UnknownToken => "Invalid token",
        }
    }
}

/// What became of the token that a request shows, kept with the request: it is asked for more than once.
struct Shown(Result<std::result::Result<KnownBackend, BackendRefused>>);

pub(super) async fn authenticate(request: &Request<'_>) -> Result<std::result::Result<KnownBackend, BackendRefused>> {
    let shown = request.local_cache_async(async { Shown(look(request).await) }).await;
    shown.0.clone()
}

async fn look(request: &Request<'_>) -> Result<std::result::Result<KnownBackend, BackendRefused>> {
    let Some(token) = request.headers().get_one("Authorization") else {
        return Ok(Err(BackendRefused::HeaderMissing));
    };
    if token.is_empty() {
        return Ok(Err(BackendRefused::HeaderEmpty));
    }
    let Some(database) = request.rocket().state::<Database>() else {
        return Err(Error::Internal("no database is managed".into()));
    };
    let backend = backends::authenticate(database, token)
        .await?
        .ok_or(BackendRefused::UnknownToken);
    if backend.is_err() {
        // Only wrong ones count, so whoever has the right token is never held up by others of their network.
        attempts::wrong(database, Trial::BackendToken, Client::of(request).who()).await?;
    }
    match &backend {
        Ok(backend) => telemetry::request::asked_by_backend(&backend.slug),
        Err(refused) => telemetry::traces::exception("BackendRefused", refused.detail()),
    }
    Ok(backend)
}

fn refuse<T>(request: &Request<'_>, refused: BackendRefused) -> Outcome<T, BackendRefused> {
    request.local_cache(|| Told(Some(refused.detail().to_owned())));
    // Clients of the API are never answered 401.
    Outcome::Error((Status::Forbidden, refused))
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for BackendAuth {
    type Error = BackendRefused;

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, BackendRefused> {
        match authenticate(request).await {
            Ok(Ok(backend)) => Outcome::Success(Self(backend)),
            Ok(Err(refused)) => refuse(request, refused),
            Err(error) => Outcome::Error((tell(request, &error), BackendRefused::UnknownToken)),
        }
    }
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for MaybeBackend {
    type Error = BackendRefused;

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, BackendRefused> {
        match authenticate(request).await {
            Ok(Ok(backend)) => Outcome::Success(Self(Some(backend))),
            Ok(Err(BackendRefused::HeaderMissing | BackendRefused::HeaderEmpty)) => Outcome::Success(Self(None)),
            Ok(Err(refused)) => refuse(request, refused),
            Err(error) => Outcome::Error((tell(request, &error), BackendRefused::UnknownToken)),
        }
    }
}
