//! What people keep about themselves: a page of sections, each a form of its own. The name of the button
//! says which one was sent.

pub mod browser;
pub mod confirm;
mod login_token;
mod notifications;
mod person;
pub mod personal_tokens;
pub mod sessions;

use rocket::{get, post};
use serde::Serialize;

use crate::core::error::FieldErrors;
use crate::core::people::login_token::{NewToken, Standing, standing};
use crate::core::people::notify::{self, Choice as Chosen};
use crate::core::people::profile::{self, Profile};
use crate::core::people::sessions::{self as own, OwnSession};
use crate::core::people::tokens::{self, Listed};
use crate::web::database::Database;
use crate::web::forms::CsrfForm;
use crate::web::guards::{Client, User};
use crate::web::pages::answer::Answer;
use crate::web::responders::Outcome;
use crate::web::view::{FormError, Page};

pub use login_token::LoginTokenView;
pub use notifications::{NotificationsView, hint};
pub use person::PersonView;
pub use personal_tokens::PersonalTokensView;
pub use sessions::SessionsView;

/// The page's address, for links to it.
pub const HREF: &str = "/settings/";

#[derive(Debug, Serialize)]
pub struct SettingsView {
    pub errors: Vec<FormError>,
    pub person: PersonView,
    pub login_token: LoginTokenView,
    pub sessions: SessionsView,
    pub personal_tokens: Option<PersonalTokensView>,
    pub notifications: NotificationsView,
    pub support_email: String,
}

/// What can be sent, by the name of the button.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Section {
    Person,
    CancelEmail,
    LoginToken,
    Notifications,
}

impl Section {
    const ALL: [Self; 4] = [Self::Person, Self::CancelEmail, Self::LoginToken, Self::Notifications];

    const fn button(self) -> &'static str {
        match self {
            Self::Person => "settings",
            Self::CancelEmail => "cancel-email",
            Self::LoginToken => "token",
            Self::Notifications => "notifications",
        }
    }
}

/// What the page shows: what is stored, and over it what was sent and could not be taken.
struct Known<'a> {
    profile: Profile,
    chosen: Chosen,
    sessions: Vec<OwnSession>,
    session_id: Option<i64>,
    personal_tokens: Vec<Listed>,
    token: Standing,
    /// One that was made just now.
    new_token: Option<NewToken>,
    refused: Option<(Section, &'a CsrfForm, FieldErrors)>,
    nothing_wrong: FieldErrors,
}

impl<'a> Known<'a> {
    async fn of(user: &User<'_>, db: &Database) -> Outcome<Self> {
        let mut conn = db.read().await?;
        Ok(Self {
            profile: profile::profile(&mut conn, user.user.id).await?,
            chosen: notify::choice(&mut conn, user.user.id).await?,
            sessions: own::list(&mut conn, user.user.id).await?,
            session_id: user.session_id(),
            personal_tokens: tokens::list(&mut conn, user.user.id).await?,
            token: standing(&mut conn, user.user.id).await?,
            new_token: None,
            refused: None,
            nothing_wrong: FieldErrors::default(),
        })
    }

    /// The form of a section as it was sent, and what is wrong with it.
    fn refused(&self, section: Section) -> Option<(&CsrfForm, &FieldErrors)> {
        match &self.refused {
            Some((refused, form, errors)) if *refused == section => Some((form, errors)),
            _ => None,
        }
    }

    /// What is wrong with the form of a section.
    fn errors(&self, section: Section) -> &FieldErrors {
        self.refused(section).map_or(&self.nothing_wrong, |(_, errors)| errors)
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
            person: person::view(self),
            login_token: login_token::view(self),
            sessions: sessions::view(self),
            personal_tokens: personal_tokens::view(self),
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

/// Does what the button says that was pressed.
#[post("/settings", data = "<form>")]
pub async fn save(user: User<'_>, db: &Database, client: Client<'_>, form: CsrfForm) -> Outcome<Answer> {
    match Section::ALL.into_iter().find(|section| form.has(section.button())) {
        Some(Section::Person) => person::save(&user, db, client, &form).await,
        Some(Section::CancelEmail) => person::cancel_email(&user, db).await,
        Some(Section::LoginToken) => login_token::make(&user, db, client).await,
        Some(Section::Notifications) => notifications::save(&user, db, &form).await,
        None => {
            let known = Known::of(&user, db).await?;
            let notice = "Nothing was saved. Use the button in the section that you want to change.";
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
