//! Who is asking.

use super::{Can, CanEverywhere, Denied, Permission, Right, Role};

/// Whoever asks: nobody in particular, or somebody signed in.
#[derive(Debug, Clone, Default)]
pub struct Actor(Option<SignedIn>);

/// Somebody signed in, with everything that decides what they may do, loaded once per request.
#[derive(Debug, Clone)]
pub struct SignedIn {
    pub id: i32,
    pub username: String,
    pub fullname: String,
    /// Global roles.
    pub roles: Vec<Role>,
    /// Memberships of projects, with or without roles.
    pub memberships: Vec<Membership>,
}

/// In which projects somebody may do something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reach {
    Everywhere,
    In(Vec<i32>),
}

/// A membership of one project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Membership {
    pub project_id: i32,
    pub roles: Vec<Role>,
}

impl SignedIn {
    /// Whether the person holds `permission` globally or, with a project, in that project. A staff
    /// permission counts only together with a global `staff_area_access`.
    pub fn has_permission(&self, permission: Permission, project_id: Option<i32>) -> bool {
        let holds = self
            .roles_in(project_id)
            .any(|role| permission.holders().contains(&role));
        holds && (!permission.needs_staff_area() || self.may_enter_staff_area())
    }

    /// Whether the person has `role` globally or, with a project, in that project.
    pub fn has_role(&self, role: Role, project_id: Option<i32>) -> bool {
        self.roles_in(project_id).any(|held| held == role)
    }

    fn roles_in(&self, project_id: Option<i32>) -> impl Iterator<Item = Role> {
        let project = project_id.and_then(|id| self.memberships.iter().find(|m| m.project_id == id));
        self.roles
            .iter()
            .copied()
            .chain(project.into_iter().flat_map(|m| m.roles.iter().copied()))
    }

    pub fn may_enter_staff_area(&self) -> bool {
        self.roles
            .iter()
            .any(|role| Permission::StaffAreaAccess.holders().contains(role))
    }

    /// Whether the person has any role at all, anywhere.
    pub fn has_any_role(&self) -> bool {
        !self.roles.is_empty() || self.memberships.iter().any(|membership| !membership.roles.is_empty())
    }

    /// Whether all that they do here is to ask for analyses in the interactive part.
    pub fn is_interactive_only(&self) -> bool {
        let inside = self.memberships.iter().flat_map(|membership| &membership.roles);
        let mut roles = self.roles.iter().chain(inside).peekable();
        roles.peek().is_some() && roles.all(|role| *role == Role::InteractiveReporter)
    }

    pub fn is_member_of(&self, project_id: i32) -> bool {
        self.memberships
            .iter()
            .any(|membership| membership.project_id == project_id)
    }

    /// In which projects the person holds all of these permissions.
    pub fn reach(&self, permissions: &[Permission]) -> Reach {
        let holds = |project_id| {
            permissions
                .iter()
                .all(|permission| self.has_permission(*permission, project_id))
        };
        if holds(None) {
            return Reach::Everywhere;
        }
        let projects = self.memberships.iter().map(|membership| membership.project_id);
        Reach::In(projects.filter(|project_id| holds(Some(*project_id))).collect())
    }

    /// The proof of a right in a project.
    ///
    /// # Errors
    /// [`Denied`] when the person does not hold it.
    pub fn can<R: Right>(&self, project_id: i32) -> Result<Can<R>, Denied> {
        if self.has_permission(R::PERMISSION, Some(project_id)) {
            Ok(Can::proven(self, project_id))
        } else {
            Err(Denied)
        }
    }

    /// The proof of a right everywhere.
    ///
    /// # Errors
    /// [`Denied`] when the person does not hold it, or holds it in some project alone.
    pub fn can_everywhere<R: Right>(&self) -> Result<CanEverywhere<R>, Denied> {
        if self.has_permission(R::PERMISSION, None) {
            Ok(CanEverywhere::proven(self))
        } else {
            Err(Denied)
        }
    }
}

impl Actor {
    pub fn anonymous() -> Self {
        Self(None)
    }

    pub fn signed_in(&self) -> Option<&SignedIn> {
        self.0.as_ref()
    }

    /// As [`SignedIn::has_permission`]; nobody in particular has none.
    pub fn has_permission(&self, permission: Permission, project_id: Option<i32>) -> bool {
        self.signed_in()
            .is_some_and(|user| user.has_permission(permission, project_id))
    }

    pub fn has_any_role(&self) -> bool {
        self.signed_in().is_some_and(SignedIn::has_any_role)
    }

    pub fn may_enter_staff_area(&self) -> bool {
        self.signed_in().is_some_and(SignedIn::may_enter_staff_area)
    }

    pub fn is_member_of(&self, project_id: i32) -> bool {
        self.signed_in().is_some_and(|user| user.is_member_of(project_id))
    }

    pub fn id(&self) -> Option<i32> {
        self.signed_in().map(|user| user.id)
    }
}

impl From<SignedIn> for Actor {
    fn from(user: SignedIn) -> Self {
        Self(Some(user))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::access::RunJobs;
    use proptest::prelude::*;
    use proptest::sample::{select, subsequence};

    fn somebody(roles: Vec<Role>, memberships: Vec<Membership>) -> SignedIn {
        SignedIn {
            id: 1,
            username: "ada".into(),
            fullname: "Ada".into(),
            roles,
            memberships,
        }
    }

    #[test]
    fn a_project_role_counts_in_that_project_only() {
        let ada = somebody(
            vec![],
            vec![Membership {
                project_id: 7,
                roles: vec![Role::ProjectDeveloper],
            }],
        );
        assert!(ada.can::<RunJobs>(7).is_ok());
        assert!(ada.can::<RunJobs>(8).is_err());
        assert!(!ada.has_permission(Permission::JobRun, None));
        assert!(ada.has_any_role());
        assert!(!Actor::anonymous().has_permission(Permission::JobRun, Some(7)));
    }

    #[test]
    fn a_global_role_counts_everywhere() {
        let ada = somebody(vec![Role::DeploymentAdministrator], vec![]);
        assert!(ada.can::<RunJobs>(99).is_ok());
        assert!(ada.has_role(Role::DeploymentAdministrator, None));
    }

    #[test]
    fn all_permissions_must_reach_where_something_is_done() {
        let both = [Permission::SnapshotPublish, Permission::ReleaseFileView];
        let publisher = Role::OutputPublisher;
        let inside = |project_id, roles| Membership { project_id, roles };
        let members = || {
            vec![
                inside(1, vec![Role::ProjectCollaborator]),
                inside(2, vec![publisher]),
                inside(3, vec![publisher, Role::ProjectDeveloper]),
            ]
        };
        assert_eq!(somebody(vec![], members()).reach(&both), Reach::In(vec![3]));
        assert_eq!(somebody(vec![publisher], members()).reach(&both), Reach::In(vec![1, 3]));
        assert_eq!(
            somebody(vec![publisher, Role::OutputChecker], vec![]).reach(&both),
            Reach::Everywhere
        );
        assert_eq!(somebody(vec![publisher], vec![]).reach(&both), Reach::In(vec![]));
    }

    #[test]
    fn whoever_has_another_role_is_not_interactive_only() {
        let reporter = |project_id| Membership {
            project_id,
            roles: vec![Role::InteractiveReporter],
        };
        assert!(somebody(vec![], vec![reporter(1), reporter(2)]).is_interactive_only());
        assert!(!somebody(vec![], vec![]).is_interactive_only());
        assert!(!somebody(vec![Role::OutputChecker], vec![reporter(1)]).is_interactive_only());
    }

    #[test]
    fn staff_permissions_need_the_staff_area() {
        let alone = somebody(vec![Role::ServiceAdministrator], vec![]);
        assert!(!alone.has_permission(Permission::ProjectCreate, None));
        let both = somebody(vec![Role::ServiceAdministrator, Role::StaffAreaAdministrator], vec![]);
        assert!(both.has_permission(Permission::ProjectCreate, None));
        // The door's key held in a project opens nothing.
        let inside = somebody(
            vec![Role::ServiceAdministrator],
            vec![Membership {
                project_id: 1,
                roles: vec![Role::StaffAreaAdministrator],
            }],
        );
        assert!(!inside.has_permission(Permission::ProjectCreate, Some(1)));
    }

    proptest! {
        #[test]
        fn more_roles_never_take_a_permission_away(
            some in subsequence(Role::ALL.to_vec(), 0..Role::ALL.len()),
            more in select(Role::ALL.to_vec()),
            permission in select(Permission::ALL.to_vec()),
        ) {
            let before = somebody(some.clone(), vec![]);
            let after = somebody(some.into_iter().chain([more]).collect(), vec![]);
            prop_assert!(!before.has_permission(permission, None) || after.has_permission(permission, None));
        }
    }
}
