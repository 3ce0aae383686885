//! The mails about signing in.

use serde::Serialize;
use time::OffsetDateTime;
use time::macros::format_description;

use super::{Templates, short_line};
use crate::core::outbox::{Letter, LoginTokenMade, LoginTokenUsed};
use crate::core::ports::Mail;
use crate::delivery::Place;

/// The most characters of a backend's name.
const LONGEST: usize = 100;

#[derive(Serialize)]
struct LinkView {
    url: String,
    minutes: String,
}

#[derive(Serialize)]
struct ByGithubView {
    login_url: String,
}

#[derive(Serialize)]
struct TokenMadeView<'a> {
    username: &'a str,
    until: String,
    settings_url: String,
}

#[derive(Serialize)]
struct TokenUsedView<'a> {
    username: &'a str,
    backend: String,
    at: String,
}

impl Templates {
    /// The link that signs in, and for how many minutes it does.
    pub(in crate::delivery) fn login_link(
        &self,
        letter: &Letter,
        place: &Place,
        url: String,
        minutes: i64,
    ) -> Result<Mail, String> {
        let minutes = match minutes {
            1 => "1 minute".to_owned(),
            _ => format!("{minutes} minutes"),
        };
        let subject = format!("Your sign-in link for {}", place.site_name);
        self.mail(letter, place, "login_link", &subject, &LinkView { url, minutes })
    }

    /// For somebody who signs in with GitHub and asked for a link.
    pub(in crate::delivery) fn login_by_github(&self, letter: &Letter, place: &Place) -> Result<Mail, String> {
        let view = ByGithubView {
            login_url: place.absolute("/login/"),
        };
        let subject = format!("Sign in to {} with GitHub", place.site_name);
        self.mail(letter, place, "login_by_github", &subject, &view)
    }

    pub(super) fn login_token_made(
        &self,
        letter: &Letter,
        place: &Place,
        facts: &LoginTokenMade,
    ) -> Result<Mail, String> {
        let view = TokenMadeView {
            username: &facts.username,
            until: moment(facts.expires_at),
            settings_url: place.absolute("/settings/"),
        };
        let subject = format!("You made a single-use token for {}", place.site_name);
        self.mail(letter, place, "login_token_made", &subject, &view)
    }

    pub(super) fn login_token_used(
        &self,
        letter: &Letter,
        place: &Place,
        facts: &LoginTokenUsed,
    ) -> Result<Mail, String> {
        let view = TokenUsedView {
            username: &facts.username,
            backend: short_line(&facts.backend, LONGEST),
            at: moment(facts.used_at),
        };
        let subject = format!("Your single-use token for {} was used", place.site_name);
        self.mail(letter, place, "login_token_used", &subject, &view)
    }
}

/// A moment in words: `25 November 2026 at 03:10 UTC`.
fn moment(seconds: i64) -> String {
    let format = format_description!("[day padding:none] [month repr:long] [year] at [hour]:[minute] UTC");
    OffsetDateTime::from_unix_timestamp(seconds)
        .ok()
        .and_then(|moment| moment.format(format).ok())
        .unwrap_or_else(|| "an unknown time".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::outbox::{Content, LoginLink};
    use crate::delivery::tests::place;

    fn letter(content: Content) -> Letter {
        Letter {
            id: 1,
            key: "key".to_owned(),
            recipient: "ada@example.com".to_owned(),
            content,
            attempt: 1,
            first_attempt_at: OffsetDateTime::UNIX_EPOCH,
            awaited: None,
        }
    }

    /// Both parts of a mail hold each of these.
    fn says(mail: &Mail, facts: &[&str]) {
        for fact in facts {
            assert!(mail.text.contains(fact), "{fact}: {}", mail.text);
            assert!(mail.html.contains(fact), "{fact}: {}", mail.html);
        }
    }

    #[test]
    fn the_mails_about_links_say_what_they_do() {
        let templates = Templates::new().unwrap();
        let letter = letter(Content::LoginLink(LoginLink { request: 7 }));
        let url = place().page(&["login-with-url", "7.abc_-"]);
        let mail = templates.login_link(&letter, &place(), url, 60).unwrap();
        says(
            &mail,
            &["https://jobs.example.org/login-with-url/7.abc_-/", "60 minutes"],
        );
        assert_eq!(mail.subject, "Your sign-in link for Job Server");
        let mail = templates.login_link(&letter, &place(), String::new(), 1).unwrap();
        says(&mail, &["within 1 minute of"]);

        let mail = templates.login_by_github(&letter, &place()).unwrap();
        says(&mail, &["https://jobs.example.org/login/"]);
        assert!(!mail.text.contains("login-with-url"), "{}", mail.text);
        // The letter alone does not hold the link: it is made when its owner is known.
        assert!(templates.write(&letter, &place()).is_err());
    }

    #[test]
    fn the_mails_about_tokens_say_whose_until_when_and_where() {
        let templates = Templates::new().unwrap();
        let made = letter(Content::LoginTokenMade(LoginTokenMade {
            username: "ada".to_owned(),
            expires_at: 1_795_576_200,
        }));
        let mail = templates.write(&made, &place()).unwrap();
        says(
            &mail,
            &[
                "ada",
                "25 November 2026 at 03:10 UTC",
                "https://jobs.example.org/settings/",
            ],
        );
        let used = letter(Content::LoginTokenUsed(LoginTokenUsed {
            username: "ada".to_owned(),
            backend: "TPP <b>\r\nBcc: x@y.org".to_owned(),
            used_at: 1_795_576_200,
        }));
        let mail = templates.write(&used, &place()).unwrap();
        says(&mail, &["ada", "25 November 2026 at 03:10 UTC", "team@example.org"]);
        assert!(mail.text.contains("from TPP <b> Bcc: x@y.org on 25"), "{}", mail.text);
        assert!(!mail.html.contains("<b>"), "{}", mail.html);
    }
}
