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
    /// Where the viewer does it, when they may.
    link: Option<Link>,
    /// Otherwise who does.
    who: Option<String>,
}

/// All steps, in order.
pub fn steps(standing: &Setup, staff: &Staff<'_>) -> Vec<Step> {
    let backend = standing
        .backend
        .map_or("/staff/backends/".to_owned(), |id| format!("/staff/backends/{id}/"));
    let org = standing
        .org
        .as_ref()
        .map_or("/staff/orgs/".to_owned(), |slug| format!("/staff/orgs/{slug}/"));
    let project = |page: &str| match &standing.project {
        Some(slug) => format!("/staff/projects/{slug}/{page}"),
        None => "/staff/projects/".to_owned(),
    };
    let may = |permission: Permission, label: &str, href: String| {
        if staff.holds(permission) {
            (Some(Link::new(label, href)), None)
        } else {
            (None, Some(takes(permission)))
        }
    };
    let (new_backend, look, use_backend) = (
        may(
            Permission::BackendManage,
            "New backend",
            "/staff/backends/add/".to_owned(),
        ),
        may(Permission::BackendManage, "Look at the backend", backend.clone()),
        may(Permission::BackendManage, "Add people", backend),
    );
    let new_org = may(Permission::OrgCreate, "New organisation", "/staff/orgs/add/".to_owned());
    let new_project = may(
        Permission::ProjectCreate,
        "New project",
        "/staff/projects/create/".to_owned(),
    );
    let join_org = may(Permission::UserManage, "Add people", org);
    let add_member = || may(Permission::UserEditProjectRoles, "Add members", project("add-member/"));
    let (developer, collaborator) = (add_member(), add_member());
    let new_workspace = researchers(
        standing,
        staff,
        Permission::WorkspaceCreate,
        "New workspace",
        "new-workspace/",
    );
    let run = researchers(standing, staff, Permission::JobRun, "Look at the project", "");
    vec![
        Step {
            title: "Create a backend",
            text: "The secure environment where jobs run. Its token is shown once, when it is created.",
            is_done: standing.has_backend,
            link: new_backend.0,
            who: new_backend.1,
        },
        Step {
            title: "Connect the backend",
            text: "Give the token to the program in the secure environment; this step is done at its first call. A backend that is reached through the RAP controller counts once that has told of it or of its jobs.",
            is_done: standing.backend_called,
            link: look.0,
            who: look.1,
        },
        Step {
            title: "Create an organisation",
            text: "Who researchers work for. Every project has one that leads it.",
            is_done: standing.has_org,
            link: new_org.0,
            who: new_org.1,
        },
        Step {
            title: "Create a project",
            text: "What is studied. Workspaces and what is released belong to it.",
            is_done: standing.has_project,
            link: new_project.0,
            who: new_project.1,
        },
        Step {
            title: "Let people use the backend",
            text: "Whoever runs jobs there has to be one of its members. Nobody adds themselves: that takes a second person.",
            is_done: standing.has_backend_member,
            link: use_backend.0,
            who: use_backend.1,
        },
        Step {
            title: "Add people to the organisation",
            text: "They have an account once they have signed in, or when you create or invite them. Nobody adds themselves.",
            is_done: standing.has_org_member,
            link: join_org.0,
            who: join_org.1,
        },
        Step {
            title: "Add a project developer",
            text: "The role Project Developer lets a member of the project run jobs and make workspaces.",
            is_done: standing.has_developer,
            link: developer.0,
            who: developer.1,
        },
        Step {
            title: "Add a project collaborator",
            text: "The role Project Collaborator lets a member see what is released.",
            is_done: standing.has_collaborator,
            link: collaborator.0,
            who: collaborator.1,
        },
        Step {
            title: "Create a workspace",
            text: "A project developer chooses a repository and a branch on the project's page.",
            is_done: standing.has_workspace,
            link: new_workspace.0,
            who: new_workspace.1,
        },
        Step {
            title: "Run the first jobs",
            text: "From the workspace's page. The backend picks them up when it next calls.",
            is_done: standing.has_job_request,
            link: run.0,
            who: run.1,
        },
    ]
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
fn researchers(
    standing: &Setup,
    staff: &Staff<'_>,
    permission: Permission,
    label: &str,
    page: &str,
) -> (Option<Link>, Option<String>) {
    let (Some(slug), Some(id)) = (&standing.project, standing.project_id) else {
        return (None, Some("It takes a project first.".to_owned()));
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
