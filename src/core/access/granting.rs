//! What roles are called, what they are for, and where each may be granted.

use super::Role;
use crate::core::error::FieldErrors;

/// Where a role is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// In every project, and in the staff area.
    Everywhere,
    /// In one project, by its members.
    Project,
}

impl Place {
    const fn words(self) -> &'static str {
        match self {
            Place::Everywhere => "everywhere",
            Place::Project => "in a project",
        }
    }
}

impl Role {
    /// The name for people.
    pub const fn title(self) -> &'static str {
        match self {
            Role::DeploymentAdministrator => "Deployment Administrator",
            Role::InteractiveReporter => "Interactive Reporter",
            Role::OutputChecker => "Output Checker",
            Role::OutputPublisher => "Output Publisher",
            Role::ProjectCollaborator => "Project Collaborator",
            Role::ProjectDeveloper => "Project Developer",
            Role::ServiceAdministrator => "Service Administrator",
            Role::SignOffRepoWithOutputs => "Sign Off Repos with Outputs",
            Role::StaffAreaAdministrator => "Staff Area Administrator",
            Role::TechSupport => "Tech Support",
        }
    }

    /// What somebody with this role does, in a sentence or two.
    pub const fn description(self) -> &'static str {
        match self {
            Role::DeploymentAdministrator => {
                "Runs and cancels jobs in every project, and looks into every workspace in Airlock without changing \
                 anything there."
            }
            Role::InteractiveReporter => {
                "Asks for analyses in the interactive part of the site, follows them, and sees what was released."
            }
            Role::OutputChecker => {
                "Checks what researchers want to have released: sees unreleased outputs, uploads released files and \
                 deletes them."
            }
            Role::OutputPublisher => {
                "Decides about requests to publish released outputs: approves or rejects them, and takes back what is \
                 public. Sees no outputs that are not public: that takes another role."
            }
            Role::ProjectCollaborator => "Sees the released outputs of a project before they are published.",
            Role::ProjectDeveloper => {
                "Runs a project's code and looks after its workspaces and its status. Sees its outputs, released or \
                 not, and asks for them to be published."
            }
            Role::ServiceAdministrator => {
                "Sets up organisations and projects, links projects to applications, says who works on them and what \
                 data they may use. Works only beside Staff Area Administrator."
            }
            Role::SignOffRepoWithOutputs => {
                "Signs off repositories with outputs on GitHub, so that they can be made public. Works only beside \
                 Staff Area Administrator."
            }
            Role::StaffAreaAdministrator => {
                "Enters the staff area, and looks after users and their roles, backends, organisations and \
                 applications there."
            }
            Role::TechSupport => {
                "Helps people with their projects: sets projects up, says who works on them, and sees their released \
                 outputs. All but the last works only beside Staff Area Administrator."
            }
        }
    }

    /// Whether somebody can be given the role there. What it permits does not depend on that: a role that
    /// came from elsewhere goes on counting where it is held.
    pub const fn is_grantable(self, place: Place) -> bool {
        match self {
            Role::InteractiveReporter | Role::ProjectCollaborator => true,
            Role::ProjectDeveloper => matches!(place, Place::Project),
            Role::DeploymentAdministrator
            | Role::OutputChecker
            | Role::OutputPublisher
            | Role::ServiceAdministrator
            | Role::SignOffRepoWithOutputs
            | Role::StaffAreaAdministrator
            | Role::TechSupport => matches!(place, Place::Everywhere),
        }
    }

    /// What a form offers, by name.
    pub fn grantable(place: Place) -> impl Iterator<Item = Role> {
        Role::ALL.iter().copied().filter(move |role| role.is_grantable(place))
    }

    /// Reads what somebody chose in a form, or typed.
    ///
    /// # Errors
    /// A message at `roles` for each name that is no role, or none that is granted there.
    pub fn chosen<S: AsRef<str>>(names: &[S], place: Place) -> Result<Vec<Role>, FieldErrors> {
        let (mut roles, mut errors) = (Vec::new(), FieldErrors::default());
        for name in names.iter().map(AsRef::as_ref) {
            match name.parse::<Role>() {
                Ok(role) if role.is_grantable(place) => roles.push(role),
                Ok(role) => errors.add("roles", format!("{} is not granted {}.", role.title(), place.words())),
                Err(()) => errors.add("roles", format!("There is no role {name:?}.")),
            }
        }
        roles.sort_unstable();
        roles.dedup();
        if errors.is_empty() { Ok(roles) } else { Err(errors) }
    }
}

/// The three roles that stand for the former role `CoreDeveloper`: what somebody of the staff may do.
pub const STAFF_ROLES: [Role; 3] = [
    Role::ServiceAdministrator,
    Role::StaffAreaAdministrator,
    Role::TechSupport,
];

/// The last part of a role's name as older programs stored it (`jobserver.authorization.roles.OutputChecker`);
/// a bare name is that already.
pub fn bare_name(stored: &str) -> &str {
    stored.rsplit('.').next().unwrap_or(stored)
}

/// Roles as the service before this one stored them, read for one place.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Imported {
    /// What is to be stored here, sorted by name, each once.
    pub roles: Vec<Role>,
    /// Roles that are not granted in that place any more: for somebody to replace by hand.
    pub misplaced: Vec<Role>,
    /// Names that are no role's, as they came.
    pub unknown: Vec<String>,
}

/// Reads stored names, dotted or bare. `CoreDeveloper` becomes [`STAFF_ROLES`].
pub fn import<S: AsRef<str>>(names: &[S], place: Place) -> Imported {
    let mut imported = Imported::default();
    for stored in names.iter().map(AsRef::as_ref) {
        let found = match bare_name(stored) {
            "CoreDeveloper" => STAFF_ROLES.to_vec(),
            name => name.parse().into_iter().collect(),
        };
        if found.is_empty() {
            imported.unknown.push(stored.to_owned());
        }
        for role in found {
            if role.is_grantable(place) {
                imported.roles.push(role);
            } else {
                imported.misplaced.push(role);
            }
        }
    }
    for roles in [&mut imported.roles, &mut imported.misplaced] {
        roles.sort_unstable();
        roles.dedup();
    }
    imported
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use proptest::sample::subsequence;

    #[test]
    fn each_role_is_granted_somewhere_and_two_in_both_places() {
        let names = |place| Role::grantable(place).map(Role::name).collect::<Vec<_>>();
        assert_eq!(
            names(Place::Project),
            ["InteractiveReporter", "ProjectCollaborator", "ProjectDeveloper"]
        );
        let all_but_developer: Vec<_> = Role::ALL
            .iter()
            .filter(|role| **role != Role::ProjectDeveloper)
            .map(|role| role.name())
            .collect();
        assert_eq!(names(Place::Everywhere), all_but_developer);
    }

    #[test]
    fn what_is_no_role_or_not_granted_there_is_told_by_name() {
        let errors = Role::chosen(&["OutputChecker", "Wizard", "ProjectDeveloper"], Place::Everywhere).unwrap_err();
        let messages: Vec<_> = errors.iter().map(|(_, message)| message).collect();
        assert_eq!(
            messages,
            [
                "There is no role \"Wizard\".",
                "Project Developer is not granted everywhere."
            ]
        );
        // The old way of storing them is for imports alone.
        assert!(Role::chosen(&["jobserver.authorization.roles.OutputChecker"], Place::Everywhere).is_err());
        assert!(Role::chosen(&["OutputChecker"], Place::Project).is_err());
    }

    #[test]
    fn stored_names_of_the_service_before_are_understood() {
        let stored = [
            "jobserver.authorization.roles.CoreDeveloper",
            "OutputChecker",
            "jobserver.authorization.roles.TechSupport",
            "jobserver.authorization.roles.ProjectDeveloper",
            "jobserver.authorization.roles.DataInvestigator",
        ];
        let read = import(&stored, Place::Everywhere);
        assert_eq!(
            read.roles,
            [
                Role::OutputChecker,
                Role::ServiceAdministrator,
                Role::StaffAreaAdministrator,
                Role::TechSupport
            ]
        );
        assert_eq!(read.misplaced, [Role::ProjectDeveloper]);
        assert_eq!(read.unknown, ["jobserver.authorization.roles.DataInvestigator"]);
        let read = import(&["CoreDeveloper", "ProjectDeveloper"], Place::Project);
        assert_eq!(read.roles, [Role::ProjectDeveloper]);
        assert_eq!(read.misplaced, STAFF_ROLES);
    }

    proptest! {
        #[test]
        fn what_is_chosen_is_read_back_whatever_the_order(
            mut roles in subsequence(Role::grantable(Place::Everywhere).collect::<Vec<_>>(), 0..9),
        ) {
            roles.reverse();
            let names: Vec<&str> = roles.iter().map(|role| role.name()).collect();
            roles.sort_unstable();
            prop_assert_eq!(&Role::chosen(&names, Place::Everywhere).unwrap(), &roles);
            prop_assert_eq!(import(&names, Place::Everywhere).roles, roles);
        }
    }
}
