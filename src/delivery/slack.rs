//! Slack: text in mrkdwn. Whatever came from a person is escaped; links are absolute.

use super::Place;
use crate::core::outbox::CopilotWindows;

/// Text for Slack, piece by piece.
#[derive(Debug)]
pub struct Mrkdwn<'a> {
    place: &'a Place,
    text: String,
}

impl<'a> Mrkdwn<'a> {
    pub fn new(place: &'a Place) -> Self {
        Self {
            place,
            text: String::new(),
        }
    }

    /// Text as it is, escaped.
    pub fn text(mut self, text: &str) -> Self {
        self.text.push_str(&escape(text));
        self
    }

    /// A name, a file, a path: in backticks.
    pub fn code(mut self, text: &str) -> Self {
        self.text.push('`');
        self.text.push_str(&escape(&text.replace(['`', '\n', '\r'], " ")));
        self.text.push('`');
        self
    }

    /// A link to a path of the site (it starts with a slash) or to an address.
    pub fn link(mut self, to: &str, label: &str) -> Self {
        let address = if to.starts_with('/') {
            self.place.absolute(to)
        } else {
            to.to_owned()
        };
        let address = escape(&address).replace('|', "%7C");
        let label = escape(&label.replace(['|', '\n', '\r'], " "));
        self.text.push_str(&format!("<{address}|{label}>"));
        self
    }

    pub fn line(mut self) -> Self {
        self.text.push('\n');
        self
    }

    pub fn bullet(self) -> Self {
        self.line().text("• ")
    }

    pub fn finish(self) -> String {
        self.text
    }
}

/// Slack's three special characters.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

pub fn copilot_windows(place: &Place, facts: &CopilotWindows) -> String {
    let mut text = Mrkdwn::new(place).text("Co-pilot support ends soon for these projects:");
    for window in &facts.windows {
        text = text
            .bullet()
            .link(&format!("/staff/projects/{}/", window.project), &window.name)
            .text(&format!(", on {}", window.ends_on));
    }
    text.finish()
}
