//! What to do first on a new installation: which steps are left, and who does them.

use serde::Serialize;

use super::guard::Staff;
use crate::core::access::Permission;
use crate::core::upkeep::setup::Setup;
use crate::web::view::Link;

/// A step of a first installation.
#[derive(Debug, Serialize)]
pub struct Step {
    title: &'static str,
    text: &'static str,
    pub is_done: bool,
    /// The one to do now.
    is_next: bool,
    /// What has to be there first, while it is not.
    waits_for: Option<&'static str>,
    /// Where the viewer does it, when they may.
    link: Option<Link>,
    /// Otherwise who does.
    who: Option<String>,
}

/// Where a step is done, or who does it.
type Way = (Option<Link>, Option<String>);

/// The words, whether it is done, what it waits for, and the way: of which a step that waits has none, as it would
/// lead to where nothing can be chosen.
fn step(words: (&'static str, &'static str), is_done: bool, waits_for: Option<&'static str>, way: Way) -> Step {
    let waits_for = waits_for.filter(|_| !is_done);
    let (link, who) = if is_done || waits_for.is_some() {
        (None, None)
    } else {
        way
    };
    Step {
        title: words.0,
        text: words.1,
        is_done,
        is_next: false,
        waits_for,
        link,
        who,
    }
}

/// The first that is not there yet.
fn first_missing(needed: &[(bool, &'static str)]) -> Option<&'static str> {
    needed.iter().find(|(is_there, _)| !is_there).map(|(_, what)| *what)
}

/// All steps, in the order of [`Setup::left`].
pub fn steps(standing: &Setup, staff: &Staff<'_>) -> Vec<Step> {
    let backend = |page: &str| match standing.backend {
        Some(id) => format!("/staff/backends/{id}/{page}"),
        None => "/staff/backends/".to_owned(),
    };
    let org = standing
        .org
        .as_ref()
        .map_or("/staff/orgs/".to_owned(), |slug| format!("/staff/orgs/{slug}/"));
    let add_member = standing.project.as_ref().map_or("/staff/projects/".to_owned(), |slug| {
        format!("/staff/projects/{slug}/add-member/")
    });
    let may = |permission: Permission, label: &str, href: &str| {
        if staff.holds(permission) {
            (Some(Link::new(label, href)), None)
        } else {
            (None, Some(takes(permission)))
        }
    };
    let a_backend = (standing.has_backend, "a backend");
    let an_org = (standing.has_org, "an organisation");
    let a_project = (standing.has_project, "a project");
    let somebody = (standing.has_second_person, "a second person");
    let a_developer = (standing.has_developer, "a project developer");
    let mut steps = vec![
        step(
            (
                "Create a backend",
                "The secure environment where jobs run. Its token is shown once, when it is created.",
            ),
            standing.has_backend,
            None,
            may(Permission::BackendManage, "New backend", "/staff/backends/add/"),
        ),
        step(
            (
                "Switch the backend on",
                "Tick Active among its settings. No jobs can be asked for on a backend that is not active.",
            ),
            standing.has_active_backend,
            first_missing(&[a_backend]),
            may(Permission::BackendManage, "Edit the backend", &backend("edit/")),
        ),
        step(
            (
                "Connect the backend",
                "Give the token to the program in the secure environment; this step is done at its first call. A backend that is reached through the RAP controller counts once that has told of it or of its jobs.",
            ),
            standing.backend_called,
            first_missing(&[a_backend]),
            may(Permission::BackendManage, "Look at the backend", &backend("")),
        ),
        step(
            (
                "Create an organisation",
                "Who researchers work for. Every project has one that leads it.",
            ),
            standing.has_org,
            None,
            may(Permission::OrgCreate, "New organisation", "/staff/orgs/add/"),
        ),
        step(
            (
                "Create a project",
                "What is studied. Workspaces and what is released belong to it.",
            ),
            standing.has_project,
            first_missing(&[an_org]),
            may(Permission::ProjectCreate, "New project", "/staff/projects/create/"),
        ),
        step(
            (
                "Invite a second person",
                "Nobody adds themselves to anything, so the steps below take somebody else. They can be given everything before they first sign in.",
            ),
            standing.has_second_person,
            None,
            may(Permission::UserManage, "Invite somebody", "/staff/users/create/"),
        ),
        step(
            (
                "Let people use the backend",
                "Whoever runs jobs there has to be one of its members.",
            ),
            standing.has_backend_member,
            first_missing(&[a_backend, somebody]),
            may(Permission::BackendManage, "Add people", &backend("")),
        ),
        step(
            (
                "Add people to the organisation",
                "They have an account once they have signed in, or when you create or invite them.",
            ),
            standing.has_org_member,
            first_missing(&[an_org, somebody]),
            may(Permission::UserManage, "Add people", &org),
        ),
        step(
            (
                "Add a project developer",
                "The role Project Developer lets a member of the project run jobs and make workspaces.",
            ),
            standing.has_developer,
            first_missing(&[a_project, somebody]),
            may(Permission::UserEditProjectRoles, "Add members", &add_member),
        ),
        step(
            (
                "Add a project collaborator",
                "The role Project Collaborator lets a member see what is released.",
            ),
            standing.has_collaborator,
            first_missing(&[a_project, somebody]),
            may(Permission::UserEditProjectRoles, "Add members", &add_member),
        ),
        step(
            (
                "Create a workspace",
                "A project developer chooses a repository and a branch on the project's page.",
            ),
            standing.has_workspace,
            first_missing(&[a_project, a_developer]),
            researchers(
                standing,
                staff,
                Permission::WorkspaceCreate,
                "New workspace",
                "new-workspace/",
            ),
        ),
        step(
            (
                "Run the first jobs",
                "From the workspace's page. The backend picks them up when it next calls.",
            ),
            standing.has_job_request,
            first_missing(&[
                (standing.has_workspace, "a workspace"),
                (standing.has_active_backend, "a backend that is switched on"),
                (standing.has_backend_member, "somebody who may use the backend"),
            ]),
            researchers(standing, staff, Permission::JobRun, "Look at the project", ""),
        ),
    ];
    // What the viewer can do comes before what somebody else has to.
    let is_open = |step: &Step| !step.is_done && step.waits_for.is_none();
    let next = steps.iter().position(|step| is_open(step) && step.link.is_some());
    if let Some(at) = next.or_else(|| steps.iter().position(is_open)) {
        steps[at].is_next = true;
    }
    steps
}

/// Which role a step takes that the viewer may not do, and who gives it.
fn takes(permission: Permission) -> String {
    let roles: Vec<&str> = permission.holders().iter().map(|role| role.title()).collect();
    let givers: Vec<&str> = Permission::UserManage
        .holders()
        .iter()
        .map(|role| role.title())
        .collect();
    format!(
        "This takes the role {}. Somebody else who is {} can give it to you, and so can an operator, with jobserver \
         grant_role.",
        roles.join(" or "),
        givers.join(" or ")
    )
}

/// A step that is done on the pages of researchers, in the first project: the button for whoever may, else who does it.
fn researchers(standing: &Setup, staff: &Staff<'_>, permission: Permission, label: &str, page: &str) -> Way {
    let (Some(slug), Some(id)) = (&standing.project, standing.project_id) else {
        return (None, None);
    };
    if staff.user.has_permission(permission, Some(id)) {
        return (Some(Link::new(label, format!("/{slug}/{page}"))), None);
    }
    let who = match standing.developers.as_slice() {
        [] => "A project developer does this; the project has none yet.".to_owned(),
        [one] => format!("{one} does this, as the project's developer."),
        several => format!("One of the project's developers does this: {}.", several.join(", ")),
    };
    (None, Some(who))
}
