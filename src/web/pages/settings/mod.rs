//! What people keep about themselves: a page of sections, each a form of its own. The name of the button
//! says which one was sent.

mod notifications;

use rocket::{get, post};
use serde::Serialize;

use crate::core::error::FieldErrors;
use crate::core::people::notify::{self, Choice as Chosen};
use crate::web::database::Database;
use crate::web::forms::CsrfForm;
use crate::web::guards::User;
use crate::web::pages::answer::Answer;
use crate::web::responders::Outcome;
use crate::web::view::{FormError, Page};

pub use notifications::{NotificationsView, hint};

/// The page's address, for links to it.
pub const HREF: &str = "/settings/";

#[derive(Debug, Serialize)]
pub struct SettingsView {
    pub errors: Vec<FormError>,
    pub notifications: NotificationsView,
    pub support_email: String,
}

/// The sections that have a form, by the name of its button.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Section {
    Notifications,
}

impl Section {
    const ALL: [Self; 1] = [Self::Notifications];

    const fn button(self) -> &'static str {
        match self {
            Self::Notifications => "notifications",
        }
    }
}

/// What the page shows: what is stored, and over it what was sent and could not be taken.
struct Known<'a> {
    chosen: Chosen,
    refused: Option<(Section, &'a CsrfForm, FieldErrors)>,
    nothing_wrong: FieldErrors,
}

impl<'a> Known<'a> {
    async fn of(user: &User<'_>, db: &Database) -> Outcome<Self> {
        let mut conn = db.read().await?;
        Ok(Self {
            chosen: notify::choice(&mut conn, user.user.id).await?,
            refused: None,
            nothing_wrong: FieldErrors::default(),
        })
    }

    /// What is wrong with the form of a section.
    fn errors(&self, section: Section) -> &FieldErrors {
        match &self.refused {
            Some((refused, _, errors)) if *refused == section => errors,
            _ => &self.nothing_wrong,
        }
    }

    fn render(&self, user: &User<'_>, notice: Option<&'static str>) -> Page {
        let errors = self
            .refused
            .as_ref()
            .map_or(&self.nothing_wrong, |(_, _, errors)| errors);
        let mut chrome = user
            .visit
            .chrome("Settings")
            .here("Page", "Settings")
            .with_errors(!errors.is_empty());
        if let Some(notice) = notice {
            chrome = chrome.with_errors(true).notice("danger", notice);
        }
        let view = SettingsView {
            errors: FormError::list(errors),
            notifications: notifications::view(self),
            support_email: user.visit.app.settings.web.support_email.clone(),
        };
        user.visit.render("pages/settings", chrome, &view)
    }
}

#[get("/settings")]
pub async fn page(user: User<'_>, db: &Database) -> Outcome<Page> {
    Ok(Known::of(&user, db).await?.render(&user, None))
}

/// Saves the section whose button was pressed.
#[post("/settings", data = "<form>")]
pub async fn save(user: User<'_>, db: &Database, form: CsrfForm) -> Outcome<Answer> {
    match Section::ALL.into_iter().find(|section| form.has(section.button())) {
        Some(Section::Notifications) => notifications::save(&user, db, &form).await,
        None => {
            let known = Known::of(&user, db).await?;
            let notice = "Nothing was saved: use the button of the section that you want to change.";
            Ok(known.render(&user, Some(notice)).into())
        }
    }
}

/// The page again, with what was sent and what is wrong with it.
async fn refused(
    user: &User<'_>,
    db: &Database,
    section: Section,
    form: &CsrfForm,
    errors: FieldErrors,
) -> Outcome<Answer> {
    let mut known = Known::of(user, db).await?;
    known.refused = Some((section, form, errors));
    Ok(known.render(user, None).into())
}
