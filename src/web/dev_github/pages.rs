//! Where somebody says who they are: one of those the site knows, or anybody they think up.

use std::sync::Arc;

use rocket::http::Status;
use rocket::{State, get, post};
use serde::Serialize;

use super::people::{Account, Email, Trouble};
use super::stand_in::{Asked, StandIn};
use crate::core::error::FieldErrors;
use crate::core::people::identities::{KnownLogin, PROVIDER, known_logins};
use crate::web::database::Database;
use crate::web::forms::CsrfForm;
use crate::web::guards::Visit;
use crate::web::pages::Answer;
use crate::web::responders::Outcome;
use crate::web::view::{FormError, OptionGroup, Page, Select, SelectOption, TextField, field_id, render};

/// The most people that are listed.
const LISTED: i64 = 200;
/// Whoever is thought up.
const SOMEBODY_NEW: &str = "new";
/// Addresses that somebody new may have.
const EMAILS: [&str; 2] = ["first", "second"];

#[derive(Debug, Serialize)]
pub struct AuthorizeView {
    /// Why nobody can be sent back; then there is nothing else.
    pub problem: Option<String>,
    pub errors: Vec<FormError>,
    /// What the site sent, to be sent along.
    pub query: String,
    pub people: Vec<PersonRow>,
    pub trouble: Option<Select>,
    pub new: Vec<TextField>,
    pub emails: Vec<EmailRow>,
    /// The section for somebody new is open: something in it is wrong.
    pub is_new_open: bool,
}

#[derive(Debug, Serialize)]
pub struct PersonRow {
    /// What the button sends.
    pub who: String,
    pub name: String,
    pub login: String,
    pub email: Option<String>,
    /// What the site trusts them with.
    pub trust: Option<String>,
}

/// Somebody who can be chosen, and what the site trusts them with.
struct Choice {
    account: Account,
    trust: Option<String>,
}

#[derive(Debug, Serialize)]
pub struct EmailRow {
    pub field: TextField,
    pub value: &'static str,
    pub verified: bool,
    pub primary: bool,
}

/// What was typed, or what stands there before.
struct Typed {
    login: String,
    id: String,
    name: String,
    emails: [(String, bool); 2],
    primary: String,
    trouble: Trouble,
}

impl Default for Typed {
    fn default() -> Self {
        Self {
            login: String::new(),
            id: String::new(),
            name: String::new(),
            emails: [(String::new(), true), (String::new(), false)],
            primary: EMAILS[0].to_owned(),
            trouble: Trouble::Nothing,
        }
    }
}

impl Typed {
    fn of(form: &CsrfForm) -> Self {
        Self {
            login: form.text("login").to_owned(),
            id: form.text("id").to_owned(),
            name: form.text("name").to_owned(),
            emails: EMAILS.map(|which| {
                let address = form.text(&format!("email_{which}")).to_owned();
                (address, form.flag(&format!("verified_{which}")))
            }),
            primary: form.text("primary").to_owned(),
            trouble: Trouble::named(form.text("trouble")).unwrap_or(Trouble::Nothing),
        }
    }

    /// The account that was thought up.
    fn account(&self) -> Result<Account, FieldErrors> {
        let mut errors = FieldErrors::default();
        let fits = |c: char| c.is_ascii_alphanumeric() || c == '-';
        if self.login.is_empty() || self.login.len() > 39 || !self.login.chars().all(fits) {
            errors.add("login", "Enter a GitHub name: up to 39 letters, digits and -.");
        }
        let id = match self.id.as_str() {
            "" => u64::from(rand::random::<u32>()) + 1_000_000_000,
            text => text.parse().unwrap_or_default(),
        };
        if id == 0 {
            errors.add("id", "Enter a whole number, or nothing for a new one.");
        }
        if !errors.is_empty() {
            return Err(errors);
        }
        let emails = EMAILS
            .iter()
            .zip(&self.emails)
            .filter(|(_, (address, _))| !address.is_empty());
        Ok(Account {
            id,
            login: self.login.clone(),
            name: (!self.name.is_empty()).then(|| self.name.clone()),
            emails: emails
                .map(|(which, (address, verified))| Email {
                    address: address.clone(),
                    primary: self.primary == *which,
                    verified: *verified,
                })
                .collect(),
        })
    }
}

/// Shows who one can be.
#[get("/login/oauth/authorize")]
pub async fn authorize(visit: Visit<'_>, db: &Database, stand_in: &State<Arc<StandIn>>) -> Outcome<Page> {
    let query = visit.query().unwrap_or_default();
    match asked(stand_in, query) {
        Ok(_) => show(&visit, db, stand_in, query, &Typed::default(), &FieldErrors::default()).await,
        Err(problem) => Ok(unusable(&visit, problem)),
    }
}

/// Sends somebody back as whom they chose to be.
#[post("/login/oauth/authorize", data = "<form>")]
pub async fn decide(
    visit: Visit<'_>,
    db: &Database,
    stand_in: &State<Arc<StandIn>>,
    form: CsrfForm,
) -> Outcome<Answer> {
    let query = form.text("query");
    let asked = match asked(stand_in, query) {
        Ok(asked) => asked,
        Err(problem) => return Ok(unusable(&visit, problem).into()),
    };
    let typed = Typed::of(&form);
    let account = match form.text("who") {
        SOMEBODY_NEW => match typed.account() {
            Ok(account) => {
                stand_in.keep(account.clone());
                account
            }
            Err(errors) => return Ok(show(&visit, db, stand_in, query, &typed, &errors).await?.into()),
        },
        who => match people(db, stand_in)
            .await?
            .into_iter()
            .map(|choice| choice.account)
            .find(|one| one.id.to_string() == who)
        {
            Some(account) => account,
            None => {
                let errors = FieldErrors::one("", "Choose somebody, or think somebody up.");
                return Ok(show(&visit, db, stand_in, query, &typed, &errors).await?.into());
            }
        },
    };
    Ok(Answer::redirect(stand_in.decide(&asked, account, typed.trouble)))
}

fn asked(stand_in: &StandIn, query: &str) -> Result<Asked, String> {
    let asked = Asked::read(query)?;
    stand_in.check(&asked)?;
    Ok(asked)
}

/// Those the site knows, and those thought up that it does not know yet.
async fn people(db: &Database, stand_in: &StandIn) -> Outcome<Vec<Choice>> {
    let known = known_logins(&mut *db.read().await?, PROVIDER, LISTED).await?;
    let known = known.into_iter().filter_map(|known| {
        let trust = Some(trust(&known));
        let account = Account::known(known.identity)?;
        Some(Choice { account, trust })
    });
    let mut people: Vec<Choice> = known.collect();
    for account in stand_in.typed() {
        if people.iter().all(|known| known.account.id != account.id) {
            people.push(Choice { account, trust: None });
        }
    }
    Ok(people)
}

/// In a few words, so that a newcomer knows whom to choose.
fn trust(known: &KnownLogin) -> String {
    let mut words: Vec<String> = known.roles.iter().map(|role| role.title().to_owned()).collect();
    match known.projects {
        0 => {}
        1 => words.push("member of 1 project".to_owned()),
        more => words.push(format!("member of {more} projects")),
    }
    if words.is_empty() {
        return "trusted with nothing".to_owned();
    }
    words.join(", ")
}

async fn show(
    visit: &Visit<'_>,
    db: &Database,
    stand_in: &StandIn,
    query: &str,
    typed: &Typed,
    errors: &FieldErrors,
) -> Outcome<Page> {
    let people = people(db, stand_in).await?;
    let text = |name: &'static str, label, help, value: &str, required| TextField {
        id: field_id(name),
        name,
        label,
        help,
        value: value.to_owned(),
        error: errors.get(name).map(str::to_owned),
        required,
        kind: "text",
        autocomplete: Some("off"),
        code: false,
    };
    let email = |name, label, value: &str| text(name, label, None, value, false);
    let [first, second] = &typed.emails;
    let view = AuthorizeView {
        problem: None,
        errors: FormError::list(errors),
        query: query.to_owned(),
        people: people
            .into_iter()
            .map(|Choice { account, trust }| PersonRow {
                who: account.id.to_string(),
                trust,
                name: account.name.unwrap_or_else(|| account.login.clone()),
                email: account.emails.into_iter().next().map(|email| email.address),
                login: account.login,
            })
            .collect(),
        trouble: Some(troubles(typed.trouble)),
        new: vec![
            text("login", "GitHub name", None, &typed.login, true),
            text(
                "name",
                "Name",
                Some("Without one, the site asks for it."),
                &typed.name,
                false,
            ),
            text(
                "id",
                "Number",
                Some("By this the site knows the account again. Leave it empty for a new one."),
                &typed.id,
                false,
            ),
        ],
        emails: vec![
            EmailRow {
                field: email("email_first", "E-mail address", &first.0),
                value: EMAILS[0],
                verified: first.1,
                primary: typed.primary == EMAILS[0],
            },
            EmailRow {
                field: email("email_second", "Another e-mail address", &second.0),
                value: EMAILS[1],
                verified: second.1,
                primary: typed.primary == EMAILS[1],
            },
        ],
        is_new_open: ["login", "id"].iter().any(|field| errors.get(field).is_some()),
    };
    let chrome = visit
        .chrome("Sign in at the stand-in for GitHub")
        .with_form(visit)
        .with_errors(!errors.is_empty());
    Ok(visit.render("pages/dev_github", chrome, &view))
}

fn troubles(chosen: Trouble) -> Select {
    let options = Trouble::ALL.iter().map(|trouble| SelectOption {
        value: trouble.name().to_owned(),
        label: trouble.label().to_owned(),
        selected: *trouble == chosen,
    });
    Select {
        id: field_id("trouble"),
        name: "trouble",
        label: "What goes wrong",
        help: Some("To see what the site makes of it."),
        error: None,
        required: true,
        groups: vec![OptionGroup {
            label: None,
            options: options.collect(),
        }],
    }
}

fn unusable(visit: &Visit<'_>, problem: String) -> Page {
    let chrome = visit.chrome("Sign in at the stand-in for GitHub");
    let view = AuthorizeView {
        problem: Some(problem),
        errors: Vec::new(),
        query: String::new(),
        people: Vec::new(),
        trouble: None,
        new: Vec::new(),
        emails: Vec::new(),
        is_new_open: false,
    };
    render(Status::BadRequest, "pages/dev_github", chrome, &view)
}
