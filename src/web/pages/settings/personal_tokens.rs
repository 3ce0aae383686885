//! The personal tokens that programs use in somebody's name.

use rocket::post;
use serde::Serialize;
use time::OffsetDateTime;
use time::macros::format_description;

use super::{HREF, Known};
use crate::core::error::Error;
use crate::core::people::tokens::{self, Listed, Revoker, State};
use crate::web::database::Database;
use crate::web::forms::CsrfForm;
use crate::web::guards::User;
use crate::web::pages::answer::Answer;
use crate::web::responders::{Failure, Outcome};
use crate::web::view::Time;

#[derive(Debug, Serialize)]
pub struct PersonalTokensView {
    /// Those that were not revoked, the newest first.
    pub tokens: Vec<TokenView>,
}

#[derive(Debug, Serialize)]
pub struct TokenView {
    pub id: i32,
    pub made: Time,
    pub made_by: String,
    /// The last day, as people read it.
    pub until: String,
    pub is_expired: bool,
    pub last_used: Option<Time>,
    pub revoke_href: String,
}

/// Puts an end to one of one's own tokens.
#[post("/settings/personal-tokens/<id>/revoke", data = "<_form>")]
pub async fn revoke(user: User<'_>, db: &Database, id: i32, _form: CsrfForm) -> Outcome<Answer> {
    let told = match tokens::revoke(db, Revoker::Owner(&user.user), id).await {
        Ok(()) => format!("Personal token {id} was revoked: it no longer works."),
        Err(Error::Conflict(_)) => format!("Personal token {id} was revoked before."),
        Err(error) => return Err(Failure(error)),
    };
    Ok(Answer::told(HREF, "success", told))
}

/// `None` for whoever has none, which is almost everybody.
pub(super) fn view(known: &Known<'_>) -> Option<PersonalTokensView> {
    let today = OffsetDateTime::now_utc().date();
    let tokens: Vec<TokenView> = known
        .personal_tokens
        .iter()
        .filter(|token| token.state(today) != State::Revoked)
        .map(|token| shown(token, token.state(today)))
        .collect();
    (!tokens.is_empty()).then_some(PersonalTokensView { tokens })
}

fn shown(token: &Listed, state: State) -> TokenView {
    let day = format_description!("[day padding:none] [month repr:long] [year]");
    TokenView {
        id: token.id,
        made: Time::new(token.created_at),
        made_by: token.created_by.clone(),
        until: token.expires_on.format(day).unwrap_or_default(),
        is_expired: state == State::Expired,
        last_used: token.last_used_at.map(Time::new),
        revoke_href: format!("/settings/personal-tokens/{}/revoke/", token.id),
    }
}
