//! The sign-in link by mail: asking for it, and following it.

use rocket::http::CookieJar;
use rocket::{get, post};

use super::view::{Tried, page};
use super::{HREF, enter};
use crate::core::error::Error;
use crate::core::people::email_login::{self, NotByMail};
use crate::telemetry;
use crate::web::cookies::{self, Kind};
use crate::web::database::Database;
use crate::web::forms::CsrfForm;
use crate::web::guards::{Client, Visit, safe_next};
use crate::web::pages::answer::Answer;
use crate::web::responders::Outcome;
use crate::web::view::encode_next;

/// Takes a request for a link. Whoever asks, for whatever address, is told the same.
#[post("/login", data = "<form>")]
pub async fn ask(
    visit: Visit<'_>,
    db: &Database,
    jar: &CookieJar<'_>,
    client: Client<'_>,
    form: CsrfForm,
) -> Outcome<Answer> {
    let next = safe_next(Some(form.text("next"))).into_owned();
    if visit.signed_in().is_some() {
        return Ok(Answer::redirect(next));
    }
    let web = &visit.app.settings.web;
    let email = form.text("email");
    let browser = cookies::browser(jar, web);
    let asked = email_login::ask(db, email, &browser, &next, web.login_link_age, client.place()).await;
    let mut tried = Tried {
        next,
        email,
        ..Tried::default()
    };
    match asked {
        Ok(()) => tried.is_sent = true,
        Err(Error::Invalid(errors)) => tried.errors = errors,
        Err(error) => return Err(error.into()),
    }
    Ok(page(&visit, db, &client, tried).await?.into())
}

/// Signs in whoever asked for this link in this browser. Programs that look at links in mails have no
/// cookie of it, and use nothing up.
#[get("/login-with-url/<token>")]
pub async fn follow(
    visit: Visit<'_>,
    db: &Database,
    jar: &CookieJar<'_>,
    client: Client<'_>,
    token: &str,
) -> Outcome<Answer> {
    let app = visit.app;
    let browser = jar
        .get(Kind::Browser.name(&app.settings.web))
        .map(|cookie| cookie.value());
    let signed_in = match email_login::sign_in(db, &app.sealer, token, browser, client.place()).await? {
        Ok(signed_in) => signed_in,
        Err(failed) => {
            let words = words(failed.why);
            telemetry::traces::exception("LoginLinkRefused", words);
            let next = safe_next(failed.next.as_deref());
            let to = match next.as_ref() {
                "/" => HREF.to_owned(),
                next => format!("{HREF}?next={}", encode_next(next)),
            };
            return Ok(Answer::told(to, "danger", words));
        }
    };
    enter(app, db, jar, &signed_in.session).await?;
    let to = match (signed_in.next.as_str(), &signed_in.only_project) {
        ("/", Some(project)) => format!("/{project}/"),
        (next, _) => safe_next(Some(next)).into_owned(),
    };
    let welcome = format!("You are signed in as {}.", signed_in.session.username);
    Ok(Answer::told(to, "success", welcome))
}

const fn words(why: NotByMail) -> &'static str {
    match why {
        NotByMail::NoLink => "This is not a whole sign-in link. Copy all of it from the mail, or ask for a new one.",
        NotByMail::OtherBrowser => {
            "This link works only in the browser that asked for it. Open it there, or ask for a new one here."
        }
        NotByMail::Used => "This link was used already. Ask for a new one.",
        NotByMail::Expired => "This link is too old to work. Ask for a new one.",
        NotByMail::Older => "You asked for another link after this one, and only the newest works. Look for its mail.",
        NotByMail::NotAllowed => {
            "You cannot sign in by mail any more. If you have a GitHub account with us, use it; otherwise ask the \
             support team."
        }
    }
}
