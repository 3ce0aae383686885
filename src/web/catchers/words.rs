//! What error pages say.

use rocket::http::Status;

use crate::web::forms::CSRF_REFUSED;

/// What happened, to whom.
pub(super) struct Case<'a> {
    pub status: Status,
    /// What the handler had to say, if anything.
    pub told: Option<&'a str>,
    pub is_signed_in: bool,
    /// Whether a form did not prove to be ours.
    pub is_form: bool,
}

/// The name of what happened, what it means, and what to do next.
#[derive(Debug)]
pub(super) struct Words {
    pub name: &'static str,
    pub message: String,
    pub advice: Vec<&'static str>,
}

pub(super) fn of(case: &Case<'_>) -> Words {
    if case.is_form {
        let advice = if case.is_signed_in {
            vec![]
        } else {
            vec!["If you were signed in when you opened the page, sign in again first."]
        };
        return words("This form is out of date", CSRF_REFUSED, advice);
    }
    let told = |default: &'static str| case.told.unwrap_or(default);
    match case.status.code {
        400 => words(
            "Bad request",
            told("What was sent could not be understood."),
            vec!["Go back, check what you entered, and send it again."],
        ),
        403 if case.is_signed_in => words(
            "Not allowed",
            told("You do not have permission to do this."),
            vec!["If your work needs it, write to those who run this site: say what you wanted to do, and where."],
        ),
        403 => words(
            "Not allowed",
            told("This is only for people with the right role."),
            vec!["You are not signed in. Sign in, and you may be allowed to do this."],
        ),
        404 if case.is_signed_in => words(
            "Page not found",
            "There is nothing at this address, or nothing that you can see.",
            vec![
                "The address may be mistyped.",
                "What was here may have been moved or renamed.",
                "It may be shown only to the people it concerns: ask whoever gave you the address.",
            ],
        ),
        404 => words(
            "Page not found",
            "There is nothing at this address.",
            vec![
                "The address may be mistyped.",
                "What was here may have been moved or renamed.",
                "You are not signed in. Some pages are shown only to people who are.",
            ],
        ),
        405 => words(
            "Not possible here",
            "This address does not answer that kind of request.",
            vec!["Go back and use the page's own buttons and links."],
        ),
        409 => words(
            "Changed meanwhile",
            told(
                "Something was changed while you had the page open, so what you sent no longer fits. Nothing was done.",
            ),
            vec!["Go back, reload the page, and try again."],
        ),
        413 => words(
            "Too large",
            told("What you sent is larger than this site takes."),
            vec!["Nothing of it was stored. Go back and choose fewer items, or write less."],
        ),
        414 => words(
            "Address too long",
            "The address of this page is longer than this site takes.",
            vec!["Ask for the page again with fewer filters."],
        ),
        429 => words(
            "Too many attempts",
            told("There were too many attempts. Try again in a few minutes."),
            vec!["If it was not you who tried, tell us: somebody may be guessing your token or link."],
        ),
        503 => words(
            "Temporarily unavailable",
            "The site cannot reach its database or its storage, or is too busy. Whatever you sent was stored whole or not at all.",
            vec!["Wait a minute and try again."],
        ),
        code if code < 500 => words(
            "Request refused",
            told("This request was refused."),
            vec!["Go back and try again."],
        ),
        _ => words(
            "Something went wrong",
            "The site made a mistake. It was recorded for the people who run it.",
            vec![
                "Try again in a few minutes.",
                "If it happens again, tell us the number of this request.",
            ],
        ),
    }
}

fn words(name: &'static str, message: &str, advice: Vec<&'static str>) -> Words {
    Words {
        name,
        message: message.to_owned(),
        advice,
    }
}
