//! Mail: each kind has two templates, `templates/mail/<kind>_text.txt.hbs` and `<kind>_html.html.hbs`,
//! with the same facts in both.

use rocket_dyn_templates::handlebars::Handlebars;
use serde::Serialize;

use super::Place;
use crate::core::outbox::{Content, JobsFinished, Letter};
use crate::core::ports::Mail;

/// The templates, read once from inside the program.
pub struct Templates(Handlebars<'static>);

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

const PAIRS: &[(&str, &str, &str)] = pairs!["jobs_finished", "test_mail"];

impl Templates {
    pub fn new() -> Result<Self, String> {
        let mut engine = Handlebars::new();
        engine.set_strict_mode(true);
        for (name, text, html) in PAIRS {
            let text_name = format!("{name}_text");
            for (name, source) in [(text_name, text), (format!("{name}_html"), html)] {
                engine
                    .register_template_string(&name, source)
                    .map_err(|error| format!("mail template {name}: {error}"))?;
            }
        }
        Ok(Self(engine))
    }

    /// Writes the mail of a letter.
    pub fn write(&self, letter: &Letter, place: &Place) -> Result<Mail, String> {
        match &letter.content {
            Content::JobsFinished(facts) => self.jobs_finished(letter, place, facts),
            Content::TestMail(facts) => {
                let subject = format!("Test mail from {}", place.site_name);
                self.mail(letter, place, "test_mail", subject, facts)
            }
            _ => Err("this is no mail".to_owned()),
        }
    }

    fn jobs_finished(&self, letter: &Letter, place: &Place, facts: &JobsFinished) -> Result<Mail, String> {
        let subject = match facts.jobs.as_slice() {
            [job] => format!("{}: [os {}] {}", job.status, facts.workspace, job.action),
            jobs => format!("[os {}] {} jobs finished", facts.workspace, jobs.len()),
        };
        self.mail(letter, place, "jobs_finished", subject, facts)
    }

    fn mail(
        &self,
        letter: &Letter,
        place: &Place,
        name: &str,
        subject: String,
        facts: &impl Serialize,
    ) -> Result<Mail, String> {
        #[derive(Serialize)]
        struct Context<'a, F> {
            site_name: &'a str,
            base_url: &'a str,
            support_email: &'a str,
            facts: &'a F,
        }
        let context = Context {
            site_name: &place.site_name,
            base_url: place.base_url.as_str().trim_end_matches('/'),
            support_email: &place.support_email,
            facts,
        };
        let render = |name: String| {
            self.0
                .render(&name, &context)
                .map_err(|error| format!("mail template {name}: {error}"))
        };
        Ok(Mail {
            message_id: format!("{}@{}", letter.key, place.host()),
            from: place.mail_from.clone(),
            to: vec![letter.recipient.clone()],
            bcc: Vec::new(),
            reply_to: None,
            subject: one_line(&subject),
            text: render(format!("{name}_text"))?,
            html: render(format!("{name}_html"))?,
        })
    }
}

/// A header is one line, whatever an action is called.
fn one_line(text: &str) -> String {
    text.split(|c: char| c.is_control()).collect::<Vec<_>>().join(" ")
}
