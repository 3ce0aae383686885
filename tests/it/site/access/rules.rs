//! What a line of the table promises, and whom it lets through.

use super::actors::{Actor, Proof};

/// Stands for a redirect to the login page.
pub const LOGIN: u16 = 1;

/// What each role permits, written down once more: the program's own table is compared with this one.
#[rustfmt::skip]
pub const ROLES: &[(&str, &[&str])] = &[
    ("DeploymentAdministrator", &["airlock_readonly_access", "job_cancel", "job_run"]),
    ("InteractiveReporter", &["analysis_request_create", "analysis_request_view", "release_file_view"]),
    ("OutputChecker", &["release_file_delete", "release_file_upload", "release_file_view", "unreleased_outputs_view"]),
    ("OutputPublisher", &["snapshot_publish"]),
    ("ProjectCollaborator", &["release_file_view"]),
    ("ProjectDeveloper", &["job_cancel", "job_run", "project_manage", "release_file_view", "snapshot_create",
        "unreleased_outputs_view", "workspace_archive", "workspace_create", "workspace_toggle_notifications"]),
    ("ServiceAdministrator", &["data_permission_manage", "org_create", "project_create", "project_link_to_application",
        "user_edit_project_roles"]),
    ("SignOffRepoWithOutputs", &["repo_sign_off_with_outputs"]),
    ("StaffAreaAdministrator", &["application_manage", "backend_manage", "org_create", "staff_area_access", "user_manage"]),
    ("TechSupport", &["project_create", "release_file_view", "user_edit_project_roles"]),
];

/// What is done in the staff area, and so takes `staff_area_access` too.
pub const STAFF_PERMISSIONS: &[&str] = &[
    "application_manage",
    "backend_manage",
    "data_permission_manage",
    "org_create",
    "project_create",
    "project_link_to_application",
    "repo_sign_off_with_outputs",
    "user_edit_project_roles",
    "user_manage",
];

/// Whom a route lets through, and what it says to the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Gate {
    Everybody,
    /// Those who are signed in already get the status given here.
    NotSignedIn(u16),
    /// A form that is on another page than this address; of the table's visitors only those who are signed in
    /// see one, and the others have no token for it.
    WithForm,
    /// A form of the login page, which people who are signed in do not see; those get the status given here.
    LoginForm(u16),
    SignedIn,
    /// Whoever holds this permission in the project `project`; what the page is about is public, so
    /// others who are signed in are refused, not deceived.
    May(&'static str),
    /// As `May`, with either of two permissions.
    MayEither(&'static str, &'static str),
    /// As `May` with the second permission for those who hold the first, which is to look at it. For others who are
    /// signed in there is no such page.
    MayOfThoseWhoSee(&'static str, &'static str),
    /// As `May`, and whoever asked for the jobs and is a member of the project still.
    MayOrAsked(&'static str),
    /// Whoever holds this permission everywhere, beside `staff_area_access`: a page of the staff area.
    Staff(&'static str),
    /// Whoever holds this permission in the project `project`. For others who are signed in there is no such page.
    Sees(&'static str),
    /// As `Sees`, where there are pages for everybody at addresses of the same form: nobody is asked to sign in.
    SeesToo(&'static str),
    /// Members of the project `project`, whatever their roles. For others who are signed in there is no such page.
    Member,
    /// Whoever holds this permission in the project `project`, by a session; the API says no more to the others.
    MayThroughApi(&'static str),
    /// As `MayThroughApi` for `release_file_view`, and every bot.
    Reads,
    /// A backend's token together with the name of one of its users who may release: the table has nobody who shows
    /// both, so everybody is refused. The tests of the API look at those who do.
    TokenAndUser,
    /// A backend's token, whichever backend. What people have opens nothing.
    Token,
    /// Everybody; but whoever shows a token must show a backend's.
    MaybeToken,
}

/// A line's last column: whom the route lets through, and what they get.
#[derive(Debug, Clone, Copy)]
pub struct Rule {
    pub gate: Gate,
    pub status: u16,
}

const fn rule(gate: Gate, status: u16) -> Rule {
    Rule { gate, status }
}

pub const fn all(status: u16) -> Rule {
    rule(Gate::Everybody, status)
}
pub const fn not_signed_in(status: u16, signed_in: u16) -> Rule {
    rule(Gate::NotSignedIn(signed_in), status)
}
pub const fn with_form(status: u16) -> Rule {
    rule(Gate::WithForm, status)
}
pub const fn login_form(status: u16, signed_in: u16) -> Rule {
    rule(Gate::LoginForm(signed_in), status)
}
pub const fn signed_in(status: u16) -> Rule {
    rule(Gate::SignedIn, status)
}
pub const fn may(permission: &'static str, status: u16) -> Rule {
    rule(Gate::May(permission), status)
}
pub const fn may_either(one: &'static str, other: &'static str, status: u16) -> Rule {
    rule(Gate::MayEither(one, other), status)
}
pub const fn may_of_those_who_see(sees: &'static str, may: &'static str, status: u16) -> Rule {
    rule(Gate::MayOfThoseWhoSee(sees, may), status)
}
pub const fn may_or_asked(permission: &'static str, status: u16) -> Rule {
    rule(Gate::MayOrAsked(permission), status)
}
pub const fn staff(status: u16) -> Rule {
    rule(Gate::Staff("staff_area_access"), status)
}
pub const fn staff_may(permission: &'static str, status: u16) -> Rule {
    rule(Gate::Staff(permission), status)
}
pub const fn sees(permission: &'static str, status: u16) -> Rule {
    rule(Gate::Sees(permission), status)
}
pub const fn sees_too(permission: &'static str, status: u16) -> Rule {
    rule(Gate::SeesToo(permission), status)
}
pub const fn may_through_api(permission: &'static str, status: u16) -> Rule {
    rule(Gate::MayThroughApi(permission), status)
}
pub const fn reads(status: u16) -> Rule {
    rule(Gate::Reads, status)
}
pub const fn token_and_user() -> Rule {
    rule(Gate::TokenAndUser, 403)
}
pub const fn member(status: u16) -> Rule {
    rule(Gate::Member, status)
}
pub const fn token(status: u16) -> Rule {
    rule(Gate::Token, status)
}
pub const fn maybe_token(status: u16) -> Rule {
    rule(Gate::MaybeToken, status)
}

impl Rule {
    /// What `actor` gets.
    pub fn expected(&self, actor: &Actor) -> u16 {
        let signed_in = matches!(actor.proof, Proof::Session);
        let among = |may_enter: bool| match (signed_in, may_enter) {
            (false, _) => LOGIN,
            (true, true) => self.status,
            (true, false) => 403,
        };
        match self.gate {
            Gate::Everybody => self.status,
            Gate::NotSignedIn(already) if signed_in => already,
            Gate::NotSignedIn(_) => self.status,
            Gate::LoginForm(already) if signed_in => already,
            Gate::LoginForm(_) if matches!(actor.proof, Proof::Nothing | Proof::DeadSession) => self.status,
            Gate::LoginForm(_) => 403,
            Gate::WithForm if signed_in => self.status,
            Gate::WithForm => 403,
            Gate::SignedIn => among(true),
            Gate::May(permission) => among(holds(actor, permission)),
            Gate::MayEither(one, other) => among(holds(actor, one) || holds(actor, other)),
            Gate::MayOfThoseWhoSee(sees, _) if signed_in && !holds(actor, sees) => 404,
            Gate::MayOfThoseWhoSee(_, permission) => among(holds(actor, permission)),
            Gate::MayOrAsked(permission) => among(holds(actor, permission) || actor.asked),
            Gate::Staff(permission) => among(holds_everywhere(actor, permission)),
            Gate::Sees(permission) if signed_in && !holds(actor, permission) => 404,
            Gate::Sees(_) => among(true),
            Gate::SeesToo(permission) if !signed_in || !holds(actor, permission) => 404,
            Gate::SeesToo(_) => self.status,
            Gate::MayThroughApi(permission) if signed_in && holds(actor, permission) => self.status,
            Gate::Reads if signed_in && holds(actor, "release_file_view") => self.status,
            Gate::Reads if matches!(actor.proof, Proof::PersonalToken) => self.status,
            Gate::MayThroughApi(_) | Gate::Reads | Gate::TokenAndUser => 403,
            Gate::Member if signed_in && !is_member(actor) => 404,
            Gate::Member => among(true),
            Gate::Token if matches!(actor.proof, Proof::Backend(_)) => self.status,
            Gate::Token => 403,
            Gate::MaybeToken if matches!(actor.proof, Proof::PersonalToken) => 403,
            Gate::MaybeToken => self.status,
        }
    }
}

fn holds_everywhere(actor: &Actor, permission: &str) -> bool {
    let by_role = |permission: &str| {
        let permits = |held: &&str| {
            ROLES
                .iter()
                .any(|(name, all)| name == held && all.contains(&permission))
        };
        actor.global.iter().any(permits)
    };
    by_role(permission) && by_role("staff_area_access")
}

fn is_member(actor: &Actor) -> bool {
    actor.memberships.iter().any(|(project, _)| *project == "project")
}

/// Whether `actor` holds a permission in the project `project`, by [`ROLES`].
fn holds(actor: &Actor, permission: &str) -> bool {
    let inside = actor.memberships.iter().filter(|(project, _)| *project == "project");
    let by_role = |roles: &[&str], permission: &str| {
        let permits = |role: &&str| {
            ROLES
                .iter()
                .any(|(name, held)| name == role && held.contains(&permission))
        };
        roles.iter().any(permits)
    };
    let here = by_role(actor.global, permission) || inside.into_iter().any(|(_, roles)| by_role(roles, permission));
    here && (!STAFF_PERMISSIONS.contains(&permission) || by_role(actor.global, "staff_area_access"))
}
