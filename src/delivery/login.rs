//! The mail to whoever asked for a sign-in link. To whom it goes and what it says is found out now: the
//! page that took the request told everybody the same.

use super::PostOffice;
use crate::core::outbox::{Letter, LoginLink};
use crate::core::people::email_login::{Addressee, addressee, token};
use crate::core::ports::{Receipt, Undelivered};

impl PostOffice {
    pub(super) async fn login_link(&self, letter: &Letter, facts: &LoginLink) -> Result<Receipt, Undelivered> {
        let later = |error: crate::core::error::Error| Undelivered::later(error.to_string());
        let found = {
            let mut conn = self.db.read().await.map_err(later)?;
            addressee(&mut conn, facts.request).await.map_err(later)?
        };
        let (templates, place) = (&self.templates, &self.place);
        let mail = match found {
            Addressee::Link { email, minutes } => {
                let url = place.page(&["login-with-url", &token(&self.sealer, facts.request)]);
                templates.login_link(&letter.to(email), place, url, minutes)
            }
            Addressee::Github { email } => templates.login_by_github(&letter.to(email), place),
            Addressee::Nobody => return Ok(Receipt::default()),
        };
        self.couriers.mail.send(&mail.map_err(Undelivered::later)?).await
    }
}
