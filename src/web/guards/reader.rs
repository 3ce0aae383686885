//! Who reads released files through the API: a bot with its personal token, or a person with a session.

use rocket::Request;
use rocket::request::{FromRequest, Outcome};

use super::Client;
use super::visit::actor;
use crate::core::access::{Can, ViewReleases};
use crate::core::error::{Error, Result};
use crate::core::people::tokens::{self, Bot, Refused};
use crate::telemetry;
use crate::web::database::Database;

/// A request for something of a release. What was asked for is looked up first, as clients are told that
/// it does not exist before they are told that they may not read it; then [`ReleaseReader::of_workspace`]
/// says who reads.
pub struct ReleaseReader<'r>(&'r Request<'r>);

/// Who was found to may read. A bot reads every workspace's releases.
#[derive(Debug, Clone)]
pub enum Reader {
    Bot(Bot),
    Person(Can<ViewReleases>),
}

impl<'r> ReleaseReader<'r> {
    /// The request itself, for what answers by its headers.
    pub fn request(&self) -> &'r Request<'r> {
        self.0
    }

    /// Who looks at a snapshot that is not public: somebody with a session, and no bot.
    ///
    /// # Errors
    /// `NotAllowed` in the words that clients know.
    pub async fn of_draft(&self, snapshot_id: i32, project_id: i32) -> Result<Can<ViewReleases>> {
        self.person(&format!("snapshot pk={snapshot_id}"), project_id).await
    }

    /// Whether somebody with a session may see what is not public, of what is.
    ///
    /// # Errors
    /// `Unavailable` when the database does not answer.
    pub async fn sees_drafts(&self, project_id: i32) -> Result<bool> {
        match self.person("", project_id).await {
            Ok(_) => Ok(true),
            Err(Error::NotAllowed(_)) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Who reads releases of a workspace, in the project of this id.
    ///
    /// A header `Authorization` that is not empty must be a bot's, and a session does not count then.
    /// The viewer in browsers sends an empty one.
    ///
    /// # Errors
    /// `NotAllowed` in the words that clients know; `TooMany` after too many wrong tokens.
    pub async fn of_workspace(&self, workspace: &str, project_id: i32) -> Result<Reader> {
        match self.0.headers().get_one("Authorization") {
            Some(shown) if !shown.is_empty() => self.bot(shown).await.map(Reader::Bot),
            _ => {
                let what = format!("workspace {workspace}");
                self.person(&what, project_id).await.map(Reader::Person)
            }
        }
    }

    async fn bot(&self, shown: &str) -> Result<Bot> {
        let Some(database) = self.0.rocket().state::<Database>() else {
            return Err(Error::Internal("no database is managed".into()));
        };
        let address = Client::of(self.0).address;
        match tokens::authenticate(database, shown, address).await? {
            Ok(bot) => {
                telemetry::request::signed_in(bot.id(), bot.username());
                Ok(bot)
            }
            Err(refused) => {
                let why = match refused {
                    Refused::UnknownUser => "Invalid user",
                    Refused::NoToken => "You do not have permission to perform this action.",
                };
                telemetry::traces::exception("PersonalTokenRefused", why);
                Err(Error::NotAllowed(why.into()))
            }
        }
    }

    async fn person(&self, what: &str, project_id: i32) -> Result<Can<ViewReleases>> {
        let actor = match actor(self.0).await {
            Ok(actor) => actor,
            Err(Error::Unavailable(cause)) => return Err(Error::Unavailable(cause.clone())),
            Err(error) => return Err(Error::Internal(error.to_string())),
        };
        let Some(user) = actor.signed_in() else {
            return Err(Error::NotAllowed("Invalid user or token".into()));
        };
        user.can(project_id)
            .map_err(|_| Error::NotAllowed(format!("Invalid user or token for {what}").into()))
    }
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for ReleaseReader<'r> {
    type Error = std::convert::Infallible;

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, Self::Error> {
        Outcome::Success(Self(request))
    }
}
