//! A sentence about what was just done, which the browser keeps for the next page that it shows.
//!
//! Rocket's own has a cookie that is not sent where somebody arrives from another site, and that is when
//! it is needed most: coming back from GitHub, following a link in a mail.

use rocket::Request;
use rocket::http::CookieJar;
use rocket::response::{Redirect, Responder};
use time::Duration;

use super::App;
use super::cookies::{self, Kind};
use super::responders::found;

/// The tones that a message can have.
pub const TONES: &[&str] = &["success", "info", "warning", "danger"];

/// The message that codelists are out of date, which says always the same and stays on its page.
pub const CODELISTS_OUT_OF_DATE: &str = "codelist_out_of_date";

/// How long a message waits for a page.
const LIFETIME: Duration = Duration::minutes(10);

/// The longest message, in characters; a cookie holds some 4000 bytes.
const LONGEST: usize = 600;

/// On to another page, which says something once.
#[derive(Debug)]
pub struct Told {
    to: String,
    tone: &'static str,
    text: String,
}

impl Told {
    /// `tone` is one of [`TONES`].
    pub fn new(to: impl Into<String>, tone: &'static str, text: impl Into<String>) -> Self {
        Self {
            to: to.into(),
            tone,
            text: text.into(),
        }
    }

    /// Says that codelists of what was asked for are out of date.
    pub fn codelists_out_of_date(to: impl Into<String>) -> Self {
        Self::new(to, CODELISTS_OUT_OF_DATE, "")
    }
}

impl<'r> Responder<'r, 'static> for Told {
    fn respond_to(self, request: &'r Request<'_>) -> rocket::response::Result<'static> {
        if let Some(app) = request.rocket().state::<App>() {
            let text: String = self.text.chars().take(LONGEST).collect();
            let value = format!("{}:{text}", self.tone);
            let cookie = cookies::make(Kind::Message, &app.settings.web, value, Some(LIFETIME));
            request.cookies().add(cookie);
        }
        let redirect: Redirect = found(self.to);
        redirect.respond_to(request)
    }
}

/// The message that the browser keeps: its tone and its text.
pub fn kept(request: &Request<'_>) -> Option<(&'static str, String)> {
    read(&cookies::get(request, Kind::Message)?)
}

fn read(value: &str) -> Option<(&'static str, String)> {
    let (tone, text) = value.split_once(':')?;
    if tone == CODELISTS_OUT_OF_DATE {
        return Some((CODELISTS_OUT_OF_DATE, String::new()));
    }
    let tone = TONES.iter().find(|known| **known == tone)?;
    (!text.is_empty()).then(|| (*tone, text.chars().take(LONGEST).collect()))
}

/// Has the browser forget it: a page shows it.
pub fn forget(jar: &CookieJar<'_>, app: &App) {
    cookies::forget(jar, Kind::Message, &app.settings.web);
}

#[cfg(test)]
mod tests {
    use super::read;

    #[test]
    fn only_messages_of_ours_are_read() {
        assert_eq!(
            read("info:Saved: all of it."),
            Some(("info", "Saved: all of it.".to_owned()))
        );
        let fixed = read("codelist_out_of_date:<b>anything</b>");
        assert_eq!(fixed, Some((super::CODELISTS_OUT_OF_DATE, String::new())));
        for other in ["", "info", "info:", "shout:Saved.", "\"><b>:Saved."] {
            assert_eq!(read(other), None, "{other}");
        }
    }
}
