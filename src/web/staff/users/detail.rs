//! One user whole, and the form that changes what they are called, where their mail goes, and which backends they may
//! use. Somebody who signs in by mail has an address that matters; who signs in with GitHub has backends.

use rocket::{get, post};

use super::{HREF, May, granter, href, sections};
use crate::core::error::{Error, FieldErrors};
use crate::core::people::directory::{self, BackendTick, Everything};
use crate::core::people::editing::{self, Edit, Standing};
use crate::core::versions::Saved;
use crate::web::database::Database;
use crate::web::forms::CsrfForm;
use crate::web::pages::answer::Answer;
use crate::web::responders::{Failure, Outcome};
use crate::web::staff::cell::{Ask, Cell};
use crate::web::staff::field::{Field, Tick};
use crate::web::staff::form::{Form, Overtaken};
use crate::web::staff::thing::{Section, Thing};
use crate::web::view::{Link, Page, encode_segment};

/// The form as it is typed.
struct Typed {
    edit: Edit,
    seen: String,
    errors: FieldErrors,
    overtaken: Option<Standing>,
}

impl Typed {
    /// As it is stored.
    fn stored(all: &Everything) -> Self {
        let edit = Edit {
            fullname: all.person.fullname.clone(),
            email: Some(all.person.email.clone().unwrap_or_default()),
            backends: Some(held(&all.backends)),
        };
        Self {
            seen: edit.version(),
            edit,
            errors: FieldErrors::default(),
            overtaken: None,
        }
    }
}

fn held(backends: &[BackendTick]) -> Vec<i32> {
    backends
        .iter()
        .filter(|backend| backend.is_member)
        .map(|backend| backend.id)
        .collect()
}

async fn load(db: &Database, username: &str) -> Outcome<Everything> {
    let all = directory::everything(&mut *db.read().await?, username).await?;
    all.ok_or_else(|| Failure::not_found("User"))
}

#[get("/staff/users/<username>")]
pub async fn detail(may: May<'_>, db: &Database, username: &str) -> Outcome<Page> {
    let all = load(db, username).await?;
    let typed = Typed::stored(&all);
    Ok(render(&may, all, typed))
}

#[post("/staff/users/<username>", data = "<form>")]
pub async fn save(may: May<'_>, db: &Database, username: &str, form: CsrfForm) -> Outcome<Answer> {
    let all = load(db, username).await?;
    let is_github = all.person.is_github();
    let edit = Edit {
        fullname: form.text("fullname").to_owned(),
        email: (!is_github).then(|| form.text("email").to_owned()),
        // What is no number is no backend.
        backends: is_github.then(|| form.all("backends").map(|id| id.parse().unwrap_or(0)).collect()),
    };
    let seen = form.text("seen").to_owned();
    let to = href(&all.person.username);
    let (seen, errors, overtaken) = match editing::save(db, &granter(&may), all.person.id, &edit, &seen).await {
        Ok(Saved::Done) => {
            return Ok(Answer::told(to, "success", format!("{} is saved.", edit.fullname)));
        }
        Ok(Saved::Unchanged) => return Ok(Answer::told(to, "info", "Nothing was changed.")),
        Ok(Saved::Overtaken(standing)) => (standing.now.version(), FieldErrors::default(), Some(standing)),
        Err(Error::Invalid(errors)) => (seen, errors, None),
        Err(Error::NotAllowed(why)) => (seen, FieldErrors::one("backends", why), None),
        Err(error) => return Err(Failure(error)),
    };
    let typed = Typed {
        edit,
        seen,
        errors,
        overtaken,
    };
    Ok(render(&may, all, typed).into())
}

fn render(may: &May<'_>, all: Everything, typed: Typed) -> Page {
    let person = &all.person;
    let own = href(&person.username);
    let state = if person.is_active {
        Cell::pill("success", "Active")
    } else {
        Cell::pill("neutral", "Deactivated")
    };
    let mut thing = Thing::new("User", &*person.fullname)
        .under("Users", HREF)
        .fact("Username", Cell::code(&*person.username))
        .fact("Account", state)
        .fact("E-mail", Cell::text(person.email.clone().unwrap_or_default()))
        .fact("Signs in with", Cell::text(signs_in_with(&all)))
        .fact(
            "Joined",
            Cell::time(Some(person.date_joined)).note(
                person
                    .created_by
                    .as_ref()
                    .map(|by| format!("made by {by}"))
                    .unwrap_or_default(),
            ),
        )
        .fact("Last sign-in", Cell::time(person.last_login))
        .action(Link::new("Edit roles", format!("{own}roles/")))
        .action(Link::new("Audit log", format!("{own}audit-log/")))
        .action(Link::new(
            "View on site",
            format!("/users/{}/", encode_segment(&person.username)),
        ));
    if may.can.user_id() != person.id {
        thing = thing.ask(open_or_shut(&all));
    }
    if !person.is_active {
        thing = thing.notice(
            "warning",
            "This account is deactivated",
            "Nobody can sign in as them. What they did stays theirs, and their rights count again once they are active.",
        );
    }
    let missing = person.missing();
    if person.is_github() && !missing.is_empty() {
        let words: Vec<&str> = missing.iter().map(|missing| missing.words()).collect();
        thing = thing.notice(
            "warning",
            format!("They have {}", words.join(", ")),
            "To run jobs, somebody belongs to an organisation and to a project, and may use a backend.",
        );
    }
    let is_github = person.is_github();
    thing = thing
        .section(form_section(&all, typed))
        .section(sections::roles(&all))
        .section(sections::orgs(&all))
        .section(sections::projects(may, &all));
    if !is_github && all.person.backends > 0 {
        thing = thing.section(sections::backends(&all));
    }
    if !all.copilot_of.is_empty() {
        thing = thing.section(sections::copilot_of(&all));
    }
    thing
        .section(sections::requests(&all))
        .section(sections::invitations(&all))
        .section(sections::sessions(&all))
        .section(sections::tokens(&all))
        .render(&may.staff)
}

fn signs_in_with(all: &Everything) -> String {
    let person = &all.person;
    if person.has_github {
        format!("GitHub, as {}", person.logins.join(", "))
    } else if person.is_invited {
        "GitHub, once the invited account signs in".to_owned()
    } else if person.email.is_some() {
        "A link by mail".to_owned()
    } else {
        "Nothing".to_owned()
    }
}

fn open_or_shut(all: &Everything) -> Ask {
    let person = &all.person;
    let own = href(&person.username);
    if person.is_active {
        let sessions = i64::try_from(all.sessions.len()).unwrap_or(i64::MAX);
        Ask::new("Deactivate", format!("{own}deactivate/"))
            .text(format!(
                "{} cannot sign in until somebody activates them again. {} ended, and their tokens stop working.",
                person.fullname,
                crate::web::view::counted(sessions, "session is", "sessions are")
            ))
            .button("Deactivate them")
    } else {
        Ask::new("Activate", format!("{own}activate/"))
            .text(format!(
                "{} can sign in again, with the rights they had.",
                person.fullname
            ))
            .harmless()
    }
}

fn form_section(all: &Everything, typed: Typed) -> Section {
    let is_github = all.person.is_github();
    let mut form = Form::new("Save")
        .action(href(&all.person.username))
        .field(Field::text("fullname", "Name", &*typed.edit.fullname).required());
    if is_github {
        let chosen = typed.edit.backends.as_deref().unwrap_or_default();
        let ticks = all.backends.iter().map(|backend| Tick {
            value: backend.id.to_string(),
            label: format!("{} ({})", backend.name, backend.slug),
            help: None,
            checked: chosen.contains(&backend.id),
        });
        form = form.field(
            Field::checkboxes("backends", "Backends", ticks.collect())
                .help("Where they can ask for jobs, and sign in from inside with a single-use token."),
        );
    } else {
        let email = typed.edit.email.as_deref().unwrap_or_default();
        let mut field = Field::email("email", "E-mail address", email)
            .help("A link that is sent there is how they sign in. The address from before is told of the change.");
        if all.person.email.is_some() {
            field = field.required();
        }
        form = form.field(field);
    }
    if let Some(standing) = &typed.overtaken {
        form = form.overtaken(differences(all, &typed.edit, standing));
    }
    let title = if is_github {
        "Name and backends"
    } else {
        "Name and address"
    };
    Section::new(title).form(form.seen(typed.seen).errors(&typed.errors))
}

/// What is not as it was typed.
fn differences(all: &Everything, typed: &Edit, standing: &Standing) -> Overtaken {
    let mut now = Vec::new();
    if typed.fullname != standing.now.fullname {
        now.push(("Name".to_owned(), standing.now.fullname.clone()));
    }
    let email = standing.now.email.clone().unwrap_or_default();
    if typed.email.as_ref().is_some_and(|typed| *typed != email) {
        now.push(("E-mail address".to_owned(), email));
    }
    let ids = standing.now.backends.as_deref().unwrap_or_default();
    if typed.backends.as_ref().is_some_and(|typed| typed.as_slice() != ids) {
        let names = all.backends.iter().filter(|backend| ids.contains(&backend.id));
        let names = names
            .map(|backend| backend.name.as_str())
            .collect::<Vec<_>>()
            .join(", ");
        let names = if names.is_empty() { "none".to_owned() } else { names };
        now.push(("Backends".to_owned(), names));
    }
    Overtaken {
        by: standing.by.clone(),
        at: standing.at,
        now,
    }
}
