//! The ways in that are ours: a link by mail, a single-use token. And the page that leads to all.

mod backends;
mod email;
mod made;
mod page;
mod token;
mod two_at_once;

use jobserver::core::people::login_token::make;
use jobserver::core::people::sessions::{self, Place};
use secrecy::ExposeSecret;

use crate::support::Site;

/// The path of the sign-in link in a mail.
fn link_in(text: &str) -> String {
    let start = text
        .find("/login-with-url/")
        .unwrap_or_else(|| panic!("no link in {text}"));
    text[start..].split_whitespace().next().unwrap().to_owned()
}

/// Delivers what is due and returns the path of the link in the one mail.
async fn mailed_link(site: &Site) -> String {
    site.drain().await;
    let mails = site.post().mail.take();
    assert_eq!(mails.len(), 1, "{mails:?}");
    let (in_text, in_html) = (link_in(&mails[0].text), mails[0].html.clone());
    assert!(in_html.contains(&in_text), "{in_html}");
    in_text
}

/// Makes a token for somebody who may have one.
pub async fn token_of(site: &Site, username: &str) -> String {
    site.world.github(username).await;
    site.world.may_use("tpp", username).await;
    let session = site.world.session(username).await;
    let mut conn = site.db.read().await.unwrap();
    let found = sessions::find(&mut conn, &session.into()).await.unwrap().unwrap();
    drop(conn);
    let token = make(&site.db, &found.user, Place::default()).await.unwrap();
    token.words.expose_secret().to_owned()
}
