//! The single-use token, which signs in from inside a secure environment.

use secrecy::ExposeSecret;
use serde::Serialize;

use super::Known;
use crate::core::error::Error;
use crate::core::people::login_token;
use crate::web::database::Database;
use crate::web::guards::{Client, User};
use crate::web::pages::answer::Answer;
use crate::web::responders::{Failure, Outcome};
use crate::web::view::Time;

#[derive(Debug, Serialize)]
pub struct LoginTokenView {
    /// Why there is none for this person; `None` for those who may make one.
    pub missing: Option<&'static str>,
    /// One that was made just now, to be read this once.
    pub new: Option<NewTokenView>,
    /// Until when an earlier one works.
    pub outstanding_until: Option<Time>,
}

#[derive(Debug, Serialize)]
pub struct NewTokenView {
    pub words: String,
    pub until: Time,
}

/// Makes a token and shows it, which no other page does.
pub(super) async fn make(user: &User<'_>, db: &Database, client: Client<'_>) -> Outcome<Answer> {
    let made = login_token::make(db, &user.user, client.place()).await;
    let mut known = Known::of(user, db).await?;
    match made {
        Ok(token) => known.new_token = Some(token),
        Err(Error::NotAllowed(_)) => {
            let notice =
                "No token was made: single-use tokens are for people who sign in with GitHub and may use a backend.";
            return Ok(known.render(user, Some(notice)).into());
        }
        Err(error) => return Err(Failure(error)),
    }
    Ok(known.render(user, None).into())
}

pub(super) fn view(known: &Known<'_>) -> LoginTokenView {
    let standing = known.token;
    let missing = match (standing.has_github, standing.has_backend) {
        (true, true) => None,
        (true, false) => Some("You may not use any backend, so there is nowhere to sign in with one."),
        (false, true) => Some("They are for people who sign in with GitHub."),
        (false, false) => Some("They are for people who sign in with GitHub and may use a backend."),
    };
    let new = known.new_token.as_ref().map(|token| NewTokenView {
        words: token.words.expose_secret().to_owned(),
        until: Time::new(token.expires_at),
    });
    LoginTokenView {
        missing,
        outstanding_until: match new {
            None => standing.outstanding_until.map(Time::new),
            Some(_) => None,
        },
        new,
    }
}
