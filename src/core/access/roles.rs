//! Roles and what each permits. The one table is [`HOLDERS`].

use std::str::FromStr;

macro_rules! named {
    ($(#[$doc:meta])* $kind:ident { $($variant:ident => $name:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $kind { $($variant,)+ }

        impl $kind {
            pub const ALL: &'static [$kind] = &[$($kind::$variant,)+];

            /// The name as stored and as clients see it.
            pub const fn name(self) -> &'static str {
                match self { $($kind::$variant => $name,)+ }
            }
        }

        impl FromStr for $kind {
            type Err = ();
            fn from_str(name: &str) -> Result<Self, ()> {
                match name { $($name => Ok($kind::$variant),)+ _ => Err(()) }
            }
        }
    };
}

named! {
    /// What a person is trusted with, everywhere or in one project.
    Role {
        DeploymentAdministrator => "DeploymentAdministrator",
        InteractiveReporter => "InteractiveReporter",
        OutputChecker => "OutputChecker",
        OutputPublisher => "OutputPublisher",
        ProjectCollaborator => "ProjectCollaborator",
        ProjectDeveloper => "ProjectDeveloper",
        ServiceAdministrator => "ServiceAdministrator",
        SignOffRepoWithOutputs => "SignOffRepoWithOutputs",
        StaffAreaAdministrator => "StaffAreaAdministrator",
        TechSupport => "TechSupport",
    }
}

named! {
    /// One thing that somebody may do.
    Permission {
        AirlockReadonlyAccess => "airlock_readonly_access",
        AnalysisRequestCreate => "analysis_request_create",
        AnalysisRequestView => "analysis_request_view",
        ApplicationManage => "application_manage",
        BackendManage => "backend_manage",
        DataPermissionManage => "data_permission_manage",
        JobCancel => "job_cancel",
        JobRun => "job_run",
        OrgCreate => "org_create",
        ProjectCreate => "project_create",
        ProjectLinkToApplication => "project_link_to_application",
        ProjectManage => "project_manage",
        ReleaseFileDelete => "release_file_delete",
        ReleaseFileUpload => "release_file_upload",
        ReleaseFileView => "release_file_view",
        RepoSignOffWithOutputs => "repo_sign_off_with_outputs",
        SnapshotCreate => "snapshot_create",
        SnapshotPublish => "snapshot_publish",
        StaffAreaAccess => "staff_area_access",
        UnreleasedOutputsView => "unreleased_outputs_view",
        UserEditProjectRoles => "user_edit_project_roles",
        UserManage => "user_manage",
        WorkspaceArchive => "workspace_archive",
        WorkspaceCreate => "workspace_create",
        WorkspaceToggleNotifications => "workspace_toggle_notifications",
    }
}

use Permission as P;
use Role as R;

/// Who holds what. A line is a permission; its roles stand beside it.
const HOLDERS: &[(Permission, &[Role])] = &[
    (P::AirlockReadonlyAccess, &[R::DeploymentAdministrator]),
    (P::AnalysisRequestCreate, &[R::InteractiveReporter]),
    (P::AnalysisRequestView, &[R::InteractiveReporter]),
    (P::ApplicationManage, &[R::StaffAreaAdministrator]),
    (P::BackendManage, &[R::StaffAreaAdministrator]),
    (P::DataPermissionManage, &[R::ServiceAdministrator]),
    (P::JobCancel, &[R::DeploymentAdministrator, R::ProjectDeveloper]),
    (P::JobRun, &[R::DeploymentAdministrator, R::ProjectDeveloper]),
    (P::OrgCreate, &[R::StaffAreaAdministrator, R::ServiceAdministrator]),
    (P::ProjectCreate, &[R::TechSupport, R::ServiceAdministrator]),
    (P::ProjectLinkToApplication, &[R::ServiceAdministrator]),
    (P::ProjectManage, &[R::ProjectDeveloper]),
    (P::ReleaseFileDelete, &[R::OutputChecker]),
    (P::ReleaseFileUpload, &[R::OutputChecker]),
    (
        P::ReleaseFileView,
        &[
            R::TechSupport,
            R::InteractiveReporter,
            R::OutputChecker,
            R::ProjectCollaborator,
            R::ProjectDeveloper,
        ],
    ),
    (P::RepoSignOffWithOutputs, &[R::SignOffRepoWithOutputs]),
    (P::SnapshotCreate, &[R::ProjectDeveloper]),
    (P::SnapshotPublish, &[R::OutputPublisher]),
    (P::StaffAreaAccess, &[R::StaffAreaAdministrator]),
    (P::UnreleasedOutputsView, &[R::OutputChecker, R::ProjectDeveloper]),
    (P::UserEditProjectRoles, &[R::TechSupport, R::ServiceAdministrator]),
    (P::UserManage, &[R::StaffAreaAdministrator]),
    (P::WorkspaceArchive, &[R::ProjectDeveloper]),
    (P::WorkspaceCreate, &[R::ProjectDeveloper]),
    (P::WorkspaceToggleNotifications, &[R::ProjectDeveloper]),
];

impl Permission {
    /// The roles that grant it.
    pub fn holders(self) -> &'static [Role] {
        HOLDERS
            .iter()
            .find(|(permission, _)| *permission == self)
            .map_or(&[], |(_, roles)| roles)
    }

    /// Whether it counts only beside `staff_area_access`: what is done in the staff area needs the
    /// key to its door too.
    pub const fn needs_staff_area(self) -> bool {
        matches!(
            self,
            P::ApplicationManage
                | P::BackendManage
                | P::DataPermissionManage
                | P::OrgCreate
                | P::ProjectCreate
                | P::ProjectLinkToApplication
                | P::RepoSignOffWithOutputs
                | P::UserEditProjectRoles
                | P::UserManage
        )
    }
}

impl Role {
    /// What the role permits by itself, sorted by name, as the users' API dump shows it.
    pub fn permissions(self) -> impl Iterator<Item = Permission> {
        Permission::ALL
            .iter()
            .copied()
            .filter(move |permission| permission.holders().contains(&self))
    }

    /// Reads stored role names. A name without a definition grants nothing; it is logged, so that
    /// somebody notices.
    pub fn parse_all<S: AsRef<str>>(names: &[S]) -> Vec<Role> {
        let mut roles: Vec<Role> = names
            .iter()
            .filter_map(|name| {
                let role = name.as_ref().parse().ok();
                if role.is_none() {
                    tracing::warn!(
                        role = name.as_ref(),
                        "a stored role has no definition and grants nothing"
                    );
                }
                role
            })
            .collect();
        roles.sort_unstable();
        roles.dedup();
        roles
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_permission_has_one_line_and_names_are_in_order() {
        for permission in Permission::ALL {
            assert_eq!(
                HOLDERS.iter().filter(|(p, _)| p == permission).count(),
                1,
                "{permission:?}"
            );
        }
        assert!(Permission::ALL.windows(2).all(|pair| pair[0].name() < pair[1].name()));
        assert!(Role::ALL.windows(2).all(|pair| pair[0].name() < pair[1].name()));
    }

    #[test]
    fn a_developer_runs_jobs_and_keeps_out_of_the_staff_area() {
        let names: Vec<_> = Role::ProjectDeveloper.permissions().map(Permission::name).collect();
        assert_eq!(
            names,
            [
                "job_cancel",
                "job_run",
                "project_manage",
                "release_file_view",
                "snapshot_create",
                "unreleased_outputs_view",
                "workspace_archive",
                "workspace_create",
                "workspace_toggle_notifications"
            ]
        );
    }

    #[test]
    fn names_are_read_back_and_unknown_ones_grant_nothing() {
        for role in Role::ALL {
            assert_eq!(role.name().parse(), Ok(*role));
        }
        assert_eq!(
            Role::parse_all(&["Wizard", "OutputChecker", "OutputChecker"]),
            [Role::OutputChecker]
        );
    }
}
