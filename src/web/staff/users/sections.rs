//! The parts of a user's page.

use time::OffsetDateTime;
use time::macros::format_description;

use super::roles::title;
use super::{May, href};
use crate::core::access::Permission;
use crate::core::people::directory::{Everything, MOST_SHOWN};
use crate::core::people::invitations::State;
use crate::core::people::tokens;
use crate::web::pages::settings::{browser, sessions as signed_in};
use crate::web::staff::cell::{Ask, Cell};
use crate::web::staff::field::Field;
use crate::web::staff::form::Form;
use crate::web::staff::invitations::state_cell;
use crate::web::staff::thing::Section;
use crate::web::view::{Link, encode_next, encode_segment};

pub(super) fn roles(all: &Everything) -> Section {
    let roles = all.person.roles.iter().map(|name| title(name)).collect::<Vec<_>>();
    let roles = if roles.is_empty() {
        "None".to_owned()
    } else {
        roles.join(", ")
    };
    Section::new("Roles everywhere")
        .facts(vec![("Roles", Cell::text(roles))])
        .link(Link::new("Edit roles", format!("{}roles/", href(&all.person.username))))
}

pub(super) fn orgs(all: &Everything) -> Section {
    let rows = all.orgs.iter().map(|org| {
        let name = Cell::link(&*org.name, format!("/staff/orgs/{}/", encode_segment(&org.slug)));
        vec![name, Cell::time(Some(org.since))]
    });
    Section::new("Organisations")
        .count(all.person.orgs)
        .table(&["Name", "Since"], rows.collect(), "None.")
        .link(Link::new(
            "Choose organisations",
            format!("{}set-orgs/", href(&all.person.username)),
        ))
}

pub(super) fn projects(may: &May<'_>, all: &Everything) -> Section {
    let may_edit = may.staff.holds(Permission::UserEditProjectRoles);
    let back = encode_next(&href(&all.person.username));
    let rows = all.projects.iter().map(|project| {
        let slug = encode_segment(&project.slug);
        let roles = project.roles.iter().map(|name| title(name)).collect::<Vec<_>>();
        let roles = if roles.is_empty() {
            "No role".to_owned()
        } else {
            roles.join(", ")
        };
        let change = if may_edit {
            let href = format!(
                "/staff/projects/{slug}/members/{}/edit/?next={back}",
                project.membership_id
            );
            Cell::link("Edit", href)
        } else {
            Cell::none()
        };
        vec![
            Cell::link(&*project.name, format!("/staff/projects/{slug}/"))
                .note(project.number.clone().unwrap_or_default()),
            Cell::text(roles),
            Cell::time(Some(project.since)),
            change,
        ]
    });
    let mut section = Section::new("Projects").count(all.person.projects).table(
        &["Project", "Roles", "Since", "Change"],
        rows.collect(),
        "None.",
    );
    if all.person.projects > MOST_SHOWN {
        section = section.lead(format!(
            "The first {MOST_SHOWN} are listed, those with roles before the others."
        ));
    }
    section
}

/// Of somebody who does not sign in with GitHub.
pub(super) fn backends(all: &Everything) -> Section {
    let members = all.backends.iter().filter(|backend| backend.is_member);
    let rows = members.map(|backend| {
        let name = Cell::link(&*backend.name, format!("/staff/backends/{}/", backend.id));
        vec![name, Cell::code(&*backend.slug)]
    });
    Section::new("Backends").table(&["Name", "Slug"], rows.collect(), "None.")
}

pub(super) fn copilot_of(all: &Everything) -> Section {
    let rows = all.copilot_of.iter().map(|project| {
        let name = Cell::link(
            &*project.name,
            format!("/staff/projects/{}/", encode_segment(&project.slug)),
        );
        vec![name, Cell::text(project.number.clone().unwrap_or_default())]
    });
    Section::new("Co-pilot of").table(&["Project", "Number"], rows.collect(), "None.")
}

pub(super) fn requests(all: &Everything) -> Section {
    let rows = all.requests.iter().map(|request| {
        vec![
            Cell::link(request.id.to_string(), format!("/staff/job-requests/{}/", request.id)),
            Cell::status(request.status().into()),
            Cell::link(
                &*request.workspace,
                format!("/staff/workspaces/{}/", encode_segment(&request.workspace)),
            ),
            Cell::text(&*request.backend),
            Cell::time(request.created_at),
        ]
    });
    Section::new("Last job requests")
        .table(
            &["Job request", "Status", "Workspace", "Backend", "Created"],
            rows.collect(),
            "None was asked for yet.",
        )
        .link(Link::new(
            "All job requests",
            format!("/staff/job-requests/?user={}", encode_next(&all.person.username)),
        ))
}

pub(super) fn invitations(all: &Everything) -> Section {
    let person = &all.person;
    let rows = all.invitations.iter().map(|invitation| {
        let change = if invitation.state() == State::Open {
            let ask = Ask::new("Revoke", format!("/staff/invitations/{}/revoke/", invitation.id)).text(format!(
                "The GitHub account {} no longer becomes {} when it signs in.",
                invitation.login, person.username
            ));
            Cell::ask(ask)
        } else {
            Cell::none()
        };
        vec![
            Cell::code(&*invitation.login),
            state_cell(invitation),
            Cell::time(Some(invitation.created_at)).note(format!("by {}", invitation.created_by)),
            change,
        ]
    });
    let mut section = Section::new("Invitations");
    if !all.invitations.is_empty() {
        section = section.table(
            &["GitHub account", "State", "Invited", "Change"],
            rows.collect(),
            "None.",
        );
    }
    if person.has_github {
        section.lead("They sign in with GitHub already, so nobody can be invited to be them.")
    } else if person.is_invited {
        section.lead("The account that is invited becomes them when it first signs in.")
    } else {
        let form = Form::new("Invite")
            .action(format!("{}invite/", href(&person.username)))
            .field(Field::text("login", "GitHub username", "").code().required());
        section
            .lead("The first sign-in of a GitHub account that is invited makes it theirs.")
            .form(form)
    }
}

pub(super) fn sessions(all: &Everything) -> Section {
    let own = href(&all.person.username);
    let rows = all.sessions.iter().map(|session| {
        let ask = Ask::new("Sign out", format!("{own}sessions/{}/revoke/", session.id))
            .text("That browser is signed out. Whatever was typed there and not sent is lost.");
        vec![
            Cell::text(browser::name(&session.user_agent)).note(signed_in::method(session.method)),
            Cell::code(session.address.clone().unwrap_or_default()),
            Cell::time(Some(session.created_at)),
            Cell::time(Some(session.last_seen_at)),
            Cell::ask(ask),
        ]
    });
    let count = i64::try_from(all.sessions.len()).unwrap_or(i64::MAX);
    let token = match all.login_token.outstanding_until {
        Some(until) => Cell::time(Some(until)).note("works until then, or until it is used"),
        None => Cell::text("None"),
    };
    let mut section = Section::new("Signed in")
        .count(count)
        .facts(vec![("Single-use token", token)])
        .table(
            &["Browser", "Address", "Since", "Last used", "Change"],
            rows.collect(),
            "Nowhere at the moment.",
        );
    if count > 0 || all.login_token.outstanding_until.is_some() {
        let text = format!(
            "{} ended. Sign-in links, a single-use token and a change of address that wait are taken back, too.",
            crate::web::view::counted(count, "session is", "sessions are")
        );
        let ask = Ask::new("Sign out everywhere", format!("{own}sessions/revoke-all/")).text(text);
        section = section.ask(ask);
    }
    section
}

pub(super) fn tokens(all: &Everything) -> Section {
    let own = href(&all.person.username);
    let today = OffsetDateTime::now_utc().date();
    let day = format_description!("[day padding:none] [month repr:long] [year]");
    let rows = all.tokens.iter().map(|token| {
        let state = token.state(today);
        let (pill, change) = match state {
            tokens::State::Works => (Cell::pill("success", "Works"), true),
            tokens::State::Expired => (Cell::pill("neutral", "Expired"), true),
            tokens::State::Revoked => (Cell::pill("neutral", "Revoked"), false),
        };
        let ask = || {
            Ask::new("Revoke", format!("{own}tokens/{}/revoke/", token.id))
                .text("Programs that use this token are turned away from now on. It cannot be brought back.")
        };
        vec![
            Cell::text(token.id.to_string()),
            pill,
            Cell::time(Some(token.created_at)).note(format!("by {}", token.created_by)),
            Cell::text(token.expires_on.format(day).unwrap_or_default()),
            Cell::time(token.last_used_at),
            if change { Cell::ask(ask()) } else { Cell::none() },
        ]
    });
    Section::new("Personal access tokens")
        .lead("With them, programs read releases. They are made by an operator's command.")
        .table(
            &["Number", "State", "Made", "Last day", "Last used", "Change"],
            rows.collect(),
            "None.",
        )
}
