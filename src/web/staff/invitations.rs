//! Invitations: GitHub accounts that are awaited, and whom each becomes.

use rocket::{Route, get, post, routes};

use super::cell::{Ask, Cell};
use super::field::Field;
use super::form::{Form, FormPage};
use super::guard::StaffMay;
use super::list::{Filter, List, ListAnswer, ListAsked};
use super::named::{history_of, person_label};
use super::thing::Thing;
use super::users::{granter, href as user_href};
use crate::core::access::ManageUsers;
use crate::core::error::{Error, FieldErrors};
use crate::core::people::invitations::{self, Invitation, State};
use crate::web::database::Database;
use crate::web::forms::CsrfForm;
use crate::web::pages::answer::Answer;
use crate::web::responders::{Failure, Outcome};
use crate::web::view::{Link, Page};

type May<'r> = StaffMay<'r, ManageUsers>;

/// Where the list is.
const HREF: &str = "/staff/invitations/";

pub fn routes() -> Vec<Route> {
    routes![list, add, invite, detail, revoke]
}

/// What became of one, with when and by whom.
pub fn state_cell(invitation: &Invitation) -> Cell {
    match invitation.state() {
        State::Open => Cell::pill("running", "Open"),
        State::Used => {
            let uid = invitation.used_by_uid.as_deref().unwrap_or_default();
            Cell::time(invitation.used_at)
                .pill_too("success", "Used")
                .note(format!("by the GitHub account number {uid}"))
        }
        State::Revoked => Cell::time(invitation.revoked_at).pill_too("neutral", "Revoked"),
    }
}

#[get("/staff/invitations")]
pub async fn list(may: May<'_>, db: &Database) -> Outcome<ListAnswer> {
    let asked = ListAsked::read(&may.staff.visit)?;
    let mut conn = db.read().await?;
    let found = invitations::list(&mut conn, asked.q(), asked.one("state"), asked.page(), asked.per_page()).await?;
    drop(conn);
    let states = State::ALL.map(|state| (state.name().to_owned(), crate::web::view::sentence(state.name())));
    let mut list = List::new("Invitations")
        .lead("GitHub accounts that are awaited: each becomes its user when it first signs in.")
        .search("GitHub account, username or name")
        .filter(Filter::select("state", "State", states.to_vec()))
        .columns(&["GitHub account", "Becomes", "State", "Invited", "Change"])
        .filed(&["Username", "Invited by", "Number of the GitHub account"])
        .shown_only("Change")
        .action(Link::new("Invite for a user", "/staff/invitations/add/"))
        .action(Link::new("Invite somebody new", "/staff/users/create/"))
        .empty(
            "No invitations yet",
            "Whoever signs in with GitHub without one becomes a new user.",
        );
    for invitation in &found.rows {
        list.row(row(invitation));
    }
    list.answer(&may.staff, &asked, found.total)
}

fn row(invitation: &Invitation) -> Vec<Cell> {
    let change = if invitation.state() == State::Open {
        Cell::ask(revoking(invitation))
    } else {
        Cell::none()
    };
    vec![
        Cell::link(&*invitation.login, format!("{HREF}{}/", invitation.id)),
        Cell::link(&*invitation.fullname, user_href(&invitation.username)).note(&*invitation.username),
        state_cell(invitation),
        Cell::time(Some(invitation.created_at)).note(format!("by {}", invitation.created_by)),
        change,
        Cell::text(&*invitation.username),
        Cell::text(&*invitation.created_by),
        Cell::text(invitation.used_by_uid.as_deref().unwrap_or_default()),
    ]
}

#[get("/staff/invitations/<id>")]
pub async fn detail(may: May<'_>, db: &Database, id: i32) -> Outcome<Page> {
    let mut conn = db.read().await?;
    let found = invitations::of_id(&mut conn, id).await?;
    let (invitation, user_id) = found.ok_or_else(|| Failure::not_found("Invitation"))?;
    let history = history_of(&mut conn, "jobserver.User", user_id, &invitations::KINDS).await?;
    drop(conn);
    let user = person_label(&invitation.username, &invitation.fullname);
    let mut thing = Thing::new("Invitation", format!("Invitation of {}", invitation.login))
        .under("Invitations", HREF)
        .lead(match invitation.state() {
            State::Open => format!("Whoever first signs in with this GitHub account becomes {user}."),
            State::Used => format!("Whoever signed in with this GitHub account became {user}."),
            State::Revoked => format!("It was to let this GitHub account become {user}, and was taken back."),
        })
        .fact("GitHub account", Cell::code(&*invitation.login))
        .fact("Becomes", Cell::link(user, user_href(&invitation.username)))
        .fact("State", state_cell(&invitation))
        .fact("Invited by", Cell::text(&*invitation.created_by))
        .fact("Invited", Cell::time(Some(invitation.created_at)));
    if invitation.state() == State::Open {
        thing = thing.ask(revoking(&invitation));
    }
    Ok(thing.section(history).render(&may.staff))
}

fn revoking(invitation: &Invitation) -> Ask {
    Ask::new("Revoke", format!("{HREF}{}/revoke/", invitation.id)).text(format!(
        "The GitHub account {} no longer becomes {} when it signs in.",
        invitation.login, invitation.username
    ))
}

/// The form, for an account and a user. It is sent to its own page, from wherever it comes.
pub(super) fn invite_page(may: &May<'_>, login: &str, username: &str, errors: &FieldErrors) -> Page {
    let form = Form::new("Invite")
        .action("/staff/invitations/add/")
        .field(Field::text("login", "GitHub username", login).code().required())
        .field(
            Field::text("username", "Becomes the user", username)
                .code()
                .required()
                .help("The username of somebody who is a user here and has not signed in with GitHub."),
        )
        .errors(errors)
        .cancel(HREF);
    FormPage::new("Invite a GitHub account")
        .under("Invitations", HREF)
        .lead("The account becomes an existing user when it first signs in.")
        .link(Link::new("Invite somebody new instead", "/staff/users/create/"))
        .form(form)
        .render(&may.staff)
}

#[get("/staff/invitations/add")]
pub async fn add(may: May<'_>) -> Page {
    invite_page(&may, "", "", &FieldErrors::default())
}

#[post("/staff/invitations/add", data = "<form>")]
pub async fn invite(may: May<'_>, db: &Database, form: CsrfForm) -> Outcome<Answer> {
    let (login, username) = (form.text("login"), form.text("username"));
    let mut missing = FieldErrors::default();
    if login.is_empty() {
        missing.add("login", "Enter the GitHub username.");
    }
    if username.is_empty() {
        missing.add("username", "Enter the username of the user whom the account becomes.");
    }
    if !missing.is_empty() {
        return Ok(invite_page(&may, login, username, &missing).into());
    }
    let errors = match invitations::invite(db, &granter(&may), username, login).await {
        Ok(true) => {
            let told = format!("The GitHub account {login} is invited to be {username}.");
            return Ok(Answer::told(HREF, "success", told));
        }
        Ok(false) => return Ok(Answer::told(HREF, "info", format!("{login} was invited before."))),
        Err(Error::NotFound(_)) => FieldErrors::one("username", "There is no user of this name."),
        Err(Error::Conflict(why)) => FieldErrors::one("login", why),
        Err(Error::Invalid(errors)) => errors,
        Err(error) => return Err(Failure(error)),
    };
    Ok(invite_page(&may, login, username, &errors).into())
}

#[post("/staff/invitations/<id>/revoke", data = "<_form>")]
pub async fn revoke(may: May<'_>, db: &Database, id: i32, _form: CsrfForm) -> Outcome<Answer> {
    Ok(match invitations::revoke(db, &granter(&may), id).await {
        Ok(login) => Answer::told(HREF, "success", format!("The invitation of {login} is revoked.")),
        Err(Error::Conflict(why)) => Answer::told(HREF, "danger", why),
        Err(error) => return Err(Failure(error)),
    })
}
