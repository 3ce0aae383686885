//! One backend whole.

use rocket::{get, post};

use super::{HREF, href, status, transport_words};
use crate::core::access::{ManageBackends, Permission};
use crate::core::error::{Error, FieldErrors};
use crate::core::jobs::backends::managing::{self, BackendDetail, BackendMember, Call, MOST_MEMBERS};
use crate::core::jobs::{Runtime, Transport};
use crate::core::people::store::pick::Circle;
use crate::web::database::Database;
use crate::web::forms::CsrfForm;
use crate::web::pages::answer::Answer;
use crate::web::responders::{Failure, Outcome};
use crate::web::staff::cell::{Ask, Cell};
use crate::web::staff::field::Field;
use crate::web::staff::form::Form;
use crate::web::staff::guard::StaffMay;
use crate::web::staff::people::PeoplePicker;
use crate::web::staff::thing::{Section, Thing};
use crate::web::staff::users::user_cell;
use crate::web::view::{Link, Page, encode_segment};

type May<'r> = StaffMay<'r, ManageBackends>;

/// The most characters that are shown of what a backend says of itself.
const LONGEST_STATE: usize = 10_000;

#[get("/staff/backends/<id>")]
pub async fn detail(may: May<'_>, db: &Database, id: i32) -> Outcome<Page> {
    let nobody = PeoplePicker::outside(Circle::Backend(id));
    page(&may, db, id, &nobody, &FieldErrors::default()).await
}

/// The page, with whom somebody is choosing to let use it.
pub(super) async fn page(
    may: &May<'_>,
    db: &Database,
    id: i32,
    picker: &PeoplePicker,
    errors: &FieldErrors,
) -> Outcome<Page> {
    let mut conn = db.read().await?;
    let backend = managing::detail(&mut conn, id).await?;
    let backend = backend.ok_or_else(|| Failure::not_found("Backend"))?;
    let calls = managing::calls(&mut conn, id).await?;
    let members = managing::members(&mut conn, id).await?;
    let sharing = managing::sharing_networks(&mut conn, id).await?;
    drop(conn);
    let seen = match (backend.last_seen, backend.is_late) {
        (None, _) => Cell::text("Never"),
        (at, false) => Cell::time(at),
        (at, true) => Cell::time(at).pill_too("waiting", "Late"),
    };
    let slug = encode_segment(&backend.slug);
    let mut thing = Thing::new("Backend", &*backend.name)
        .under("Backends", HREF)
        .fact("Slug", Cell::code(&*backend.slug))
        .fact(
            "Status",
            status(backend.properties.is_active, backend.properties.is_test),
        )
        .fact("Last seen", seen)
        .fact("Created", Cell::time(Some(backend.created_at)))
        .action(Link::new("Edit", format!("{}edit/", href(id))))
        .action(Link::new("New token", format!("{}rotate-token/", href(id))))
        .action(Link::new(
            "Job requests",
            format!("/staff/job-requests/?backends={slug}"),
        ))
        .action(Link::new("Audit log", format!("{}audit-log/", href(id))));
    if !backend.properties.is_active {
        thing = thing.notice(
            "warning",
            "It is not active",
            "No jobs can be asked for here, and it is not on the status page. Tick Active among its settings to switch it on.",
        );
    }
    if backend.is_in_maintenance_mode {
        thing = thing.notice(
            "info",
            "Its database is being maintained",
            "Jobs that need the database wait until that is over.",
        );
    }
    if !sharing.is_empty() {
        thing = thing.notice(
            "warning",
            format!("It shares a network with {}", sharing.join(", ")),
            "Nobody can tell from an address there which of them somebody is in. Give each networks of its own.",
        );
    }
    if backend.last_seen.is_none() {
        thing = thing.notice(
            "info",
            "It has never called",
            "Give its token to the program in the secure environment. When it calls for the first time, that shows here.",
        );
    }
    let page = thing
        .section(settings(&backend))
        .section(token(&backend))
        .section(maintenance(&backend))
        .section(people(may, &backend, members, picker, errors))
        .section(called(calls))
        .section(said("Flags of its runner", backend.jobrunner_state.as_deref()))
        .section(said("Word of the RAP controller", backend.rap_api_state.as_deref()));
    Ok(page.render(&may.staff))
}

fn settings(backend: &BackendDetail) -> Section {
    let properties = &backend.properties;
    let or_none = |text: &str| {
        if text.is_empty() {
            Cell::none()
        } else {
            Cell::code(text)
        }
    };
    let seconds = properties.alert_after;
    Section::new("Settings").facts(vec![
        ("How jobs reach it", Cell::text(transport_words(&properties.transport))),
        ("Late after", Cell::text(Runtime::from_seconds(seconds as f64).words())),
        (
            "Networks of its secure environment",
            or_none(&properties.addresses.join(", ")),
        ),
        ("Address of its file viewer", or_none(&properties.level_4_url)),
        ("Folder of its workspaces", or_none(&properties.parent_directory)),
        (
            "Pauses with DISABLE_CREATING_JOBS",
            Cell::yes_no(properties.obeys_disable_creating_jobs),
        ),
        ("Test backend", Cell::yes_no(properties.is_test)),
    ])
}

fn token(backend: &BackendDetail) -> Section {
    let used = |at| match at {
        None => Cell::text("Not yet"),
        at => Cell::time(at),
    };
    let mut section = Section::new("Token")
        .lead("The token itself was shown once and is kept where no page reaches it.")
        .facts(vec![
            ("Issued", Cell::time(Some(backend.token_created_at))),
            ("Last used", used(backend.token_last_used_at)),
        ]);
    if let Some(until) = backend.old_token_until {
        let ask = Ask::new("End the old token", format!("{}end-old-token/", href(backend.id)))
            .text("The token from before stops at once. A program that still shows it is turned away.")
            .button("End it now");
        section = section
            .facts(vec![
                ("The old one works until", Cell::time(Some(until))),
                ("The old one was last used", used(backend.old_token_last_used_at)),
            ])
            .ask(ask);
    }
    section.link(Link::new(
        "Issue a new token",
        format!("{}rotate-token/", href(backend.id)),
    ))
}

fn maintenance(backend: &BackendDetail) -> Section {
    let is_on = backend.is_in_maintenance_mode;
    let state = if is_on {
        Cell::pill("waiting", "On")
    } else {
        Cell::pill("neutral", "Off")
    };
    let lead = if backend.properties.transport == Transport::Rap.name() {
        "The RAP controller's next word takes the place of what is switched here."
    } else {
        "What is switched on here counts besides what its runner says, until somebody switches it off."
    };
    let action = format!("{}maintenance/", href(backend.id));
    let ask = if is_on {
        Ask::new("Switch it off", action)
            .text("The status page and the form for jobs no longer say that the database is being maintained.")
            .hidden("on", "0")
    } else {
        Ask::new("Switch it on", action)
            .text("The status page and the form for jobs say that the database is being maintained.")
            .hidden("on", "1")
    };
    Section::new("Maintenance")
        .lead(lead)
        .facts(vec![("Switch", state)])
        .ask(ask)
}

fn people(
    may: &May<'_>,
    backend: &BackendDetail,
    members: Vec<BackendMember>,
    picker: &PeoplePicker,
    errors: &FieldErrors,
) -> Section {
    let shown = members.len();
    let rows = members.into_iter().map(|member| {
        let ask = Ask::new("Remove", format!("{}members/remove/", href(backend.id)))
            .text(format!(
                "{} can no longer ask for jobs on {}, nor sign in there with a single-use token.",
                member.fullname, backend.name
            ))
            .hidden("username", &*member.username)
            .button(format!("Remove {}", member.username));
        let mut name = user_cell(&may.staff, &member.username, &member.fullname);
        if !member.is_active {
            name = name.pill_too("neutral", "Deactivated");
        }
        vec![
            name,
            Cell::time(Some(member.since)).note(member.by.map(|by| format!("by {by}")).unwrap_or_default()),
            Cell::ask(ask),
        ]
    });
    let form = Form::new("Let them use it")
        .action(format!("{}members/add/", href(backend.id)))
        .field(Field::people("users", "People", picker).required())
        .errors(errors);
    let mut section = Section::new("Members")
        .count(backend.members)
        .lead("They can ask for jobs here, and sign in from inside with a single-use token.")
        .table(
            &["Name", "Since", "Change"],
            rows.collect(),
            "Nobody yet: add somebody below.",
        );
    if backend.members > MOST_MEMBERS && may.staff.holds(Permission::UserManage) {
        section = section.link(Link::new(
            format!("All of them; these are the first {shown}"),
            format!("/staff/users/?backend={}", backend.id),
        ));
    }
    section.form(form)
}

fn called(calls: Vec<Call>) -> Section {
    let rows = calls
        .into_iter()
        .map(|call| vec![Cell::code(call.path), Cell::time(call.at)]);
    Section::new("Calls")
        .lead("What its programs call, and when they last did.")
        .table(&["Path", "Last called"], rows.collect(), "It has not called yet.")
}

/// JSON as somebody else sent it, laid out for people.
fn said(title: &'static str, state: Option<&str>) -> Section {
    let section = Section::new(title);
    let Some(state) = state else {
        return section.lead("Nothing was said yet.");
    };
    let pretty =
        serde_json::from_str::<serde_json::Value>(state).and_then(|value| serde_json::to_string_pretty(&value));
    let text = pretty.unwrap_or_else(|_| state.to_owned());
    section.pre(text.chars().take(LONGEST_STATE).collect::<String>())
}

#[post("/staff/backends/<id>/maintenance", data = "<form>")]
pub async fn switch_maintenance(may: May<'_>, db: &Database, id: i32, form: CsrfForm) -> Outcome<Answer> {
    let is_on = match form.text("on") {
        "1" => true,
        "0" => false,
        _ => {
            let errors = FieldErrors::one("on", "Say whether maintenance is on: 1 or 0.");
            return Err(Failure(Error::Invalid(errors)));
        }
    };
    let words = if is_on { "on" } else { "off" };
    let answer = if managing::set_maintenance(db, &may.can, id, is_on).await? {
        Answer::told(href(id), "success", format!("Maintenance is switched {words}."))
    } else {
        Answer::told(href(id), "info", format!("Maintenance was {words} before."))
    };
    Ok(answer)
}
