//! Mail: each kind has two templates, `templates/mail/<kind>_text.txt.hbs` and `<kind>_html.html.hbs`,
//! which say the same, in a frame that both kinds of part share. A kind's facts become words in a view;
//! its templates only arrange them.

mod email_change;
mod jobs_finished;
mod login;
mod release_requests;
#[cfg(test)]
mod tests;
mod welcome;

use rocket_dyn_templates::handlebars::{Handlebars, no_escape};
use serde::Serialize;

use self::release_requests::Decision;
use super::Place;
use crate::core::outbox::{Content, Letter, RequestDecided};
use crate::core::ports::Mail;

/// The templates, read once from inside the program. The pages' engine finds the same files in their
/// folder and never uses them.
pub struct Templates {
    /// Values are put in as they are: this is no HTML.
    text: Handlebars<'static>,
    html: Handlebars<'static>,
}

impl std::fmt::Debug for Templates {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Templates")
    }
}

/// One pair of templates: its name, the text, the HTML.
macro_rules! pairs {
    ($($name:literal),* $(,)?) => {
        &[$((
            $name,
            include_str!(concat!("../../templates/mail/", $name, "_text.txt.hbs")),
            include_str!(concat!("../../templates/mail/", $name, "_html.html.hbs")),
        )),*]
    };
}

/// `frame` is around every other one.
const PAIRS: &[(&str, &str, &str)] = pairs![
    "frame",
    "email_changed",
    "email_confirm",
    "files_released",
    "request_approved",
    "jobs_finished",
    "login_by_github",
    "login_link",
    "login_token_made",
    "login_token_used",
    "repo_signed_off",
    "repo_with_outputs",
    "request_rejected",
    "request_returned",
    "test_mail",
    "welcome"
];

impl Templates {
    /// # Errors
    /// When a template cannot be read; the text names it.
    pub fn new() -> Result<Self, String> {
        let (mut text_engine, mut html_engine) = (Handlebars::new(), Handlebars::new());
        text_engine.register_escape_fn(no_escape);
        for engine in [&mut text_engine, &mut html_engine] {
            engine.set_strict_mode(true);
        }
        for (name, text, html) in PAIRS {
            for (engine, source) in [(&mut text_engine, text), (&mut html_engine, html)] {
                engine
                    .register_template_string(name, source)
                    .map_err(|error| format!("mail template {name}: {error}"))?;
            }
        }
        Ok(Self {
            text: text_engine,
            html: html_engine,
        })
    }

    /// Writes the mail of a letter.
    ///
    /// # Errors
    /// When the letter is for no mailbox, or a template asks for what its view does not have.
    pub fn write(&self, letter: &Letter, place: &Place) -> Result<Mail, String> {
        match &letter.content {
            Content::JobsFinished(facts) => {
                let view = jobs_finished::View::new(facts, place);
                self.mail(letter, place, "jobs_finished", &jobs_finished::subject(facts), &view)
            }
            Content::TestMail(facts) => {
                let subject = format!("Test mail from {}", place.site_name);
                self.mail(letter, place, "test_mail", &subject, facts)
            }
            Content::RequestApproved(facts) => self.about_request(letter, place, Decision::Approved, facts),
            Content::FilesReleased(facts) => self.about_request(letter, place, Decision::Released, facts),
            Content::RequestRejected(facts) => self.about_request(letter, place, Decision::Rejected, facts),
            Content::RequestReturned(facts) => self.about_request(letter, place, Decision::Returned, facts),
            Content::EmailChanged(facts) => self.email_changed(letter, place, facts),
            Content::LoginTokenMade(facts) => self.login_token_made(letter, place, facts),
            Content::LoginTokenUsed(facts) => self.login_token_used(letter, place, facts),
            Content::Welcome(facts) => self.welcome(letter, place, facts),
            Content::RepoSignedOff(facts) => self.repo_signed_off(letter, place, facts),
            Content::RepoWithOutputs(facts) => self.repo_with_outputs(letter, place, facts),
            _ => Err("this is no mail".to_owned()),
        }
    }

    fn about_request(
        &self,
        letter: &Letter,
        place: &Place,
        decision: Decision,
        facts: &RequestDecided,
    ) -> Result<Mail, String> {
        let view = release_requests::View::new(facts, place);
        self.mail(letter, place, decision.template(), &decision.subject(facts), &view)
    }

    /// A mail from a pair of templates, which see `facts`, and the place's names and addresses.
    pub(in crate::delivery) fn mail(
        &self,
        letter: &Letter,
        place: &Place,
        name: &str,
        subject: &str,
        facts: &impl Serialize,
    ) -> Result<Mail, String> {
        #[derive(Serialize)]
        struct Context<'a, F> {
            site_name: &'a str,
            site_url: String,
            support_email: &'a str,
            subject: &'a str,
            facts: &'a F,
        }
        let subject = one_line(subject);
        let context = Context {
            site_name: &place.site_name,
            site_url: place.absolute("/"),
            support_email: &place.support_email,
            subject: &subject,
            facts,
        };
        let render = |engine: &Handlebars<'_>| {
            engine
                .render(name, &context)
                .map_err(|error| format!("mail template {name}: {error}"))
        };
        let (text, html) = (render(&self.text)?, render(&self.html)?);
        Ok(Mail {
            message_id: format!("{}@{}", letter.key, place.host()),
            from: place.mail_from.clone(),
            to: vec![letter.recipient.clone()],
            bcc: Vec::new(),
            reply_to: None,
            subject,
            text,
            html,
        })
    }
}

/// Text on one line, as a header or a heading needs it, whatever somebody called something: without line
/// breaks and control characters, and without marks that turn the direction of what follows.
pub fn one_line(text: &str) -> String {
    let is_mark = |c: char| matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let plain: String = text
        .chars()
        .filter(|c| !is_mark(*c))
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// As [`one_line`], of at most so many characters.
pub fn short_line(text: &str, longest: usize) -> String {
    let line = one_line(text);
    if line.chars().count() <= longest {
        return line;
    }
    let mut short: String = line.chars().take(longest.saturating_sub(1)).collect();
    short.truncate(short.trim_end().len());
    short.push('…');
    short
}
