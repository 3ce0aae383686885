//! `jobserver create_bot`, `personal_tokens`, `personal_token_create` and `personal_token_revoke`

use time::OffsetDateTime;

use super::outfit::{Outfit, shown};
use super::{ByOption, CommandError};
use crate::core::error::Error;
use crate::core::people::roles::Granter;
use crate::core::people::store::user_by_username;
use crate::core::people::tokens::{self, Listed, NewToken, Revoker, State};

#[derive(Debug, clap::Args)]
pub struct CreateBot {
    /// The bot's username; its name for people is made of it.
    username: String,
    #[command(flatten)]
    by: ByOption,
}

impl CreateBot {
    pub async fn run(self) -> Result<(), CommandError> {
        let outfit = Outfit::new().await?;
        let token = tokens::create_bot(&outfit.db, &self.username, &self.by.operator()).await?;
        print_token(&self.username, &token);
        Ok(())
    }
}

#[derive(Debug, clap::Args)]
pub struct CreateToken {
    /// Whose releases' reader it will be: a bot, usually.
    username: String,
    #[command(flatten)]
    by: ByOption,
}

impl CreateToken {
    pub async fn run(self) -> Result<(), CommandError> {
        let outfit = Outfit::new().await?;
        let token = tokens::create(&outfit.db, &self.username, &self.by.operator()).await?;
        print_token(&self.username, &token);
        Ok(())
    }
}

fn print_token(username: &str, token: &NewToken) {
    println!("New token: {username}:{}", shown(&token.token));
}

#[derive(Debug, clap::Args)]
pub struct RevokeToken {
    /// The token's number, as personal_tokens lists it.
    id: i32,
    #[command(flatten)]
    by: ByOption,
}

impl RevokeToken {
    pub async fn run(self) -> Result<(), CommandError> {
        let outfit = Outfit::new().await?;
        let granter = Granter::Operator(self.by.operator());
        tokens::revoke(&outfit.db, Revoker::Other(&granter), self.id).await?;
        println!("Token {} is revoked.", self.id);
        Ok(())
    }
}

#[derive(Debug, clap::Args)]
pub struct ListTokens {
    /// Only this user's.
    username: Option<String>,
}

impl ListTokens {
    pub async fn run(self) -> Result<(), CommandError> {
        let outfit = Outfit::new().await?;
        let mut conn = outfit.db.read().await?;
        let listed = match &self.username {
            None => tokens::list_all(&mut conn).await?,
            Some(username) => {
                let user = user_by_username(&mut conn, username).await?;
                tokens::list(&mut conn, user.ok_or(Error::NotFound("User"))?.id).await?
            }
        };
        if listed.is_empty() {
            println!("There are no personal tokens.");
        }
        for token in &listed {
            println!("{}", line(token, OffsetDateTime::now_utc()));
        }
        Ok(())
    }
}

/// A token on one line: number, user, how it stands, last use, maker.
fn line(token: &Listed, now: OffsetDateTime) -> String {
    let state = match token.state(now.date()) {
        State::Works => format!("works until {}", token.expires_on),
        State::Expired => format!("expired after {}", token.expires_on),
        State::Revoked => {
            let when = token.revoked_at.map(|at| at.date().to_string());
            let (when, by) = (
                when.unwrap_or_default(),
                token.revoked_by.as_deref().unwrap_or_default(),
            );
            format!("revoked on {when} by {by}")
        }
    };
    let used = token.last_used_at.map_or("never used".to_owned(), |at| {
        let (hour, minute) = (at.hour(), at.minute());
        format!("last used on {} at {hour:02}:{minute:02} UTC", at.date())
    });
    let made = format!("made on {} by {}", token.created_at.date(), token.created_by);
    format!("{}  {}  {state}, {used}, {made}", token.id, token.username)
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::{date, datetime};

    #[test]
    fn a_line_tells_how_a_token_stands() {
        let now = datetime!(2026-02-23 23:59 UTC);
        let mut token = Listed {
            id: 7,
            username: "release-bot".to_owned(),
            created_at: datetime!(2025-11-25 03:00 UTC),
            created_by: "olive".to_owned(),
            expires_on: date!(2026 - 02 - 23),
            last_used_at: None,
            revoked_at: None,
            revoked_by: None,
        };
        assert_eq!(
            line(&token, now),
            "7  release-bot  works until 2026-02-23, never used, made on 2025-11-25 by olive"
        );
        token.last_used_at = Some(datetime!(2026-02-01 04:05:59 UTC));
        assert!(
            line(&token, now + time::Duration::minutes(1))
                .contains("expired after 2026-02-23, last used on 2026-02-01 at 04:05 UTC")
        );
        token.revoked_at = Some(now);
        token.revoked_by = Some("ada".to_owned());
        assert!(line(&token, now).contains("revoked on 2026-02-23 by ada"));
    }
}
