//! When signing in with GitHub comes to nothing: what happened, what it means, and what to do next. Each
//! way it can go wrong has words of its own; what GitHub or a visitor sent is never among them.

use std::time::Duration;

use rocket::Request;
use rocket::http::{Header, Status};
use rocket::response::Responder;
use serde::Serialize;

use crate::core::people::identities::Refusal;
use crate::core::ports::IdentityError;
use crate::telemetry;
use crate::web::guards::Visit;
use crate::web::view::{Page, encode_next, render};

/// The way to GitHub and back, cut short.
#[derive(Debug)]
pub enum Failed {
    /// They said no at GitHub.
    Denied,
    /// GitHub sent them back with an error that is not theirs.
    SentBack,
    /// There is no login of this browser with this state.
    Unknown,
    /// They took longer than a login lasts.
    Late,
    /// GitHub sent them back without a code.
    NoCode,
    /// GitHub did not say who they are.
    Provider(IdentityError),
    /// GitHub said who they are, and they are not let in.
    Refused(Refusal),
}

/// What the page says.
struct Words {
    status: Status,
    title: String,
    text: String,
    advice: Vec<&'static str>,
    /// Starting again may help.
    retry: bool,
    /// Only people who look after the site can help.
    support: bool,
}

#[derive(Debug, Serialize)]
pub struct LoginFailedView {
    pub title: String,
    pub text: String,
    pub advice: Vec<&'static str>,
    /// Where a new try leads in the end, when one may help.
    pub retry_next: Option<String>,
    pub login_href: String,
    /// The user who is signed in here, whatever came of this.
    pub signed_in_as: Option<String>,
    pub support_email: Option<String>,
}

/// A failure's page, with how long to wait when that helps.
pub struct FailedPage {
    page: Page,
    retry_after: Option<Duration>,
}

impl<'r> Responder<'r, 'static> for FailedPage {
    fn respond_to(self, request: &'r Request<'_>) -> rocket::response::Result<'static> {
        let mut response = self.page.respond_to(request)?;
        if let Some(wait) = self.retry_after {
            response.set_header(Header::new("Retry-After", wait.as_secs().max(1).to_string()));
        }
        Ok(response)
    }
}

/// How long to wait for GitHub when it does not say.
const PATIENCE: Duration = Duration::from_secs(60);

impl Failed {
    /// For logs and traces.
    fn name(&self) -> &'static str {
        match self {
            Self::Denied => "denied",
            Self::SentBack => "sent_back",
            Self::Unknown => "unknown_state",
            Self::Late => "late",
            Self::NoCode => "no_code",
            Self::Provider(IdentityError::CodeRefused(_)) => "code_refused",
            Self::Provider(IdentityError::Misconfigured(_)) => "misconfigured",
            Self::Provider(IdentityError::Away { .. }) => "away",
            Self::Provider(IdentityError::Unreadable(_)) => "unreadable",
            Self::Refused(Refusal::Inactive) => "inactive",
            Self::Refused(Refusal::UsernameTaken { .. }) => "username_taken",
            Self::Refused(Refusal::NoUsername { .. }) => "no_username",
            Self::Refused(Refusal::SomebodyElse { .. }) => "somebody_else",
            Self::Refused(Refusal::NameStepOver) => "name_step_over",
        }
    }

    /// Tells those who look after the site, with as much noise as it deserves.
    fn log(&self) {
        let failure = self.name();
        telemetry::traces::exception("GithubLoginFailed", failure);
        match self {
            Self::Provider(error @ IdentityError::Misconfigured(_)) => {
                tracing::error!(failure, cause = %error, "nobody can sign in with GitHub");
            }
            Self::SentBack => tracing::error!(failure, "GitHub sent somebody back with an error of this site"),
            Self::Provider(error) => tracing::warn!(failure, cause = %error, "a login with GitHub failed"),
            _ => tracing::info!(failure, "a login with GitHub came to nothing"),
        }
    }

    fn words(&self) -> Words {
        match self {
            Self::Denied => Words::again(
                Status::BadRequest,
                "You did not sign in",
                "At GitHub you chose not to let this site know who you are, so nothing happened here.",
                vec![
                    "If you did not mean to, try again and choose to authorise at GitHub. The site reads your name and e-mail addresses there, and can change nothing.",
                ],
            ),
            Self::Unknown => Words::again(
                Status::BadRequest,
                "This sign-in cannot be finished",
                "It was finished already, or was begun in another browser or on another page. It signed nobody in.",
                vec![
                    "Start again in this browser, and finish in it.",
                    "If it happens again, check that your browser accepts cookies from this site.",
                ],
            ),
            Self::Late => Words::again(
                Status::BadRequest,
                "That took too long",
                "You came back from GitHub more than 10 minutes after you set off, so the sign-in had ended.",
                vec!["Try again: it takes a moment when you are signed in at GitHub."],
            ),
            Self::NoCode => Words::again(
                Status::BadRequest,
                "GitHub did not say who you are",
                "You came back from GitHub, but GitHub did not tell this site who you are. You were not signed in.",
                vec!["Try again. If it stays like this, tell us."],
            ),
            Self::Provider(IdentityError::CodeRefused(_)) => Words::again(
                Status::BadGateway,
                "GitHub did not confirm who you are",
                "The code that GitHub sent you back with was used before, or is too old. You were not signed in.",
                vec!["Try again: you get a new code each time."],
            ),
            Self::Provider(IdentityError::Away { .. }) => Words::again(
                Status::ServiceUnavailable,
                "GitHub does not answer",
                "This site could not ask GitHub who you are, because GitHub cannot be reached, is too slow or fails. Your account here is fine.",
                vec![
                    "Wait a minute and try again.",
                    "See at githubstatus.com whether GitHub is in trouble.",
                ],
            ),
            Self::Provider(IdentityError::Unreadable(_)) => Words::again(
                Status::BadGateway,
                "GitHub sent an answer that cannot be read",
                "GitHub's answer does not say who you are, so you were not signed in.",
                vec!["Try again in a few minutes. If it stays like this, tell us."],
            ),
            Self::SentBack | Self::Provider(IdentityError::Misconfigured(_)) => Words {
                support: true,
                retry: false,
                ..Words::again(
                    Status::BadGateway,
                    "This site cannot use GitHub to sign people in",
                    "GitHub does not accept this site at the moment. That is not your doing, and trying again will not help.",
                    vec!["It was recorded for the people who run the site. Tell them if you cannot wait."],
                )
            },
            Self::Refused(refusal) => Words::of_refusal(refusal),
        }
    }

    /// The page about it. `next` is where the visitor wanted to go.
    pub fn page(&self, visit: &Visit<'_>, next: &str) -> FailedPage {
        self.log();
        let words = self.words();
        let login_href = match next {
            "/" => "/login/".to_owned(),
            next => format!("/login/?next={}", encode_next(next)),
        };
        let mut chrome = visit
            .chrome(words.title.clone())
            .with_form(visit)
            .here("Page", "Sign in");
        // Coming back to this address would not help.
        chrome.login_href.clone_from(&login_href);
        let view = LoginFailedView {
            title: words.title,
            text: words.text,
            advice: words.advice,
            retry_next: (words.retry && visit.signed_in().is_none()).then(|| next.to_owned()),
            login_href,
            signed_in_as: visit.signed_in().map(|user| user.username.clone()),
            support_email: words.support.then(|| visit.app.settings.web.support_email.clone()),
        };
        let retry_after = match self {
            Self::Provider(IdentityError::Away { after, .. }) => Some(after.unwrap_or(PATIENCE)),
            _ => None,
        };
        FailedPage {
            page: render(words.status, "pages/login_failed", chrome, &view),
            retry_after,
        }
    }
}

impl Words {
    fn again(status: Status, title: &str, text: &str, advice: Vec<&'static str>) -> Self {
        Self {
            status,
            title: title.to_owned(),
            text: text.to_owned(),
            advice,
            retry: true,
            support: false,
        }
    }

    fn of_refusal(refusal: &Refusal) -> Self {
        let for_support = |title: &str, text: String, advice| Self {
            status: Status::Forbidden,
            title: title.to_owned(),
            text,
            advice,
            retry: false,
            support: true,
        };
        match refusal {
            Refusal::Inactive => for_support(
                "Your account is switched off",
                "GitHub says who you are, but your account here was deactivated, so you cannot sign in.".to_owned(),
                vec!["If you think that is a mistake, write to us."],
            ),
            Refusal::UsernameTaken { login } => for_support(
                "Somebody else has this name here",
                format!(
                    "There is a user {login} here already, and it does not belong to your GitHub account. A name at GitHub can change hands, so it is no proof of who you are. Nothing was changed."
                ),
                vec![
                    "If the account is yours, or was made for you, write to us: we invite your GitHub account, and then you can sign in.",
                    "If you have another GitHub account that you used here before, sign out at GitHub and sign in with that one.",
                ],
            ),
            Refusal::NoUsername { login } => for_support(
                "No username can be made of your GitHub name",
                format!(
                    "Usernames here have letters from a to z, digits and _ . @ + - only. Nothing is left of {login}."
                ),
                vec!["Write to us, and we make an account for you."],
            ),
            Refusal::SomebodyElse { login } => Self {
                status: Status::Conflict,
                title: "You are signed in as somebody else".to_owned(),
                text: format!(
                    "You came back from GitHub as {login}, but another user is signed in here. Nothing was changed, and nobody new was signed in."
                ),
                advice: vec!["To become the other one, sign out first, then sign in again."],
                retry: false,
                support: false,
            },
            Refusal::NameStepOver => Self::again(
                Status::BadRequest,
                "This step is over",
                "You were asked for your name more than 30 minutes ago, or in another browser, or have given it already.",
                vec!["Sign in again. If your name is still needed, you are asked for it again."],
            ),
        }
    }
}
