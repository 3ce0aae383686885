//! Values that prove a right.

use std::marker::PhantomData;

use super::{Permission, SignedIn};
use crate::core::audit::By;
use crate::core::error::{Error, Result};

/// A right that can be proven with a [`Can`].
pub trait Right {
    const PERMISSION: Permission;
}

macro_rules! rights {
    ($($(#[$doc:meta])* $name:ident => $permission:ident;)+) => {
        $(
            $(#[$doc])*
            #[derive(Debug, Clone, Copy)]
            pub struct $name;
            impl Right for $name {
                const PERMISSION: Permission = Permission::$permission;
            }
        )+
    };
}

rights! {
    /// Ask for jobs to be run in a project's workspaces.
    RunJobs => JobRun;
    /// Cancel anybody's jobs in a project.
    CancelJobs => JobCancel;
    /// Create workspaces in a project and say what they are for.
    CreateWorkspaces => WorkspaceCreate;
    /// Archive workspaces and bring them back.
    ArchiveWorkspaces => WorkspaceArchive;
    /// Choose whether a workspace's jobs notify.
    ToggleNotifications => WorkspaceToggleNotifications;
    /// Change a project's status.
    ManageProjects => ProjectManage;
    /// Say who works on a project, and as what.
    EditProjectRoles => UserEditProjectRoles;
    /// See what was released, published or not.
    ViewReleases => ReleaseFileView;
    /// See what is inside a backend, before any release.
    ViewUnreleased => UnreleasedOutputsView;
    /// Release files from a backend, and say what was decided of them.
    UploadReleases => ReleaseFileUpload;
    /// Delete released files for good.
    DeleteReleaseFiles => ReleaseFileDelete;
    /// Choose released files to be published.
    CreateSnapshots => SnapshotCreate;
    /// Decide what is published, and take it back.
    PublishSnapshots => SnapshotPublish;
    /// Look after users: what they are trusted with everywhere, most of all.
    ManageUsers => UserManage;
    /// Enter the staff area, and look after what has no right of its own there.
    EnterStaffArea => StaffAreaAccess;
    /// Look after backends, their tokens and who may use them.
    ManageBackends => BackendManage;
    /// Create organisations.
    CreateOrgs => OrgCreate;
    /// Create projects.
    CreateProjects => ProjectCreate;
    /// Link projects to the applications that they come from.
    LinkApplications => ProjectLinkToApplication;
    /// Sign off repositories that publish outputs.
    SignOffReposWithOutputs => RepoSignOffWithOutputs;
    /// Say what data a project may use.
    ManageDataPermissions => DataPermissionManage;
}

/// The person does not hold the right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Denied;

/// The proof that somebody holds right `R` in one project.
#[derive(Debug, Clone)]
pub struct Can<R> {
    user_id: i32,
    username: String,
    project_id: i32,
    right: PhantomData<R>,
}

impl<R: Right> Can<R> {
    pub(super) fn proven(user: &SignedIn, project_id: i32) -> Self {
        Self {
            user_id: user.id,
            username: user.username.clone(),
            project_id,
            right: PhantomData,
        }
    }
}

impl<R> Can<R> {
    /// Who was proven to hold the right.
    pub fn user_id(&self) -> i32 {
        self.user_id
    }

    pub fn username(&self) -> &str {
        &self.username
    }

    pub fn project_id(&self) -> i32 {
        self.project_id
    }

    /// Refuses a proof for another project: a fault of ours, as pages prove the right of the object
    /// they loaded.
    pub fn covers(&self, project_id: i32) -> Result<()> {
        if self.project_id == project_id {
            Ok(())
        } else {
            Err(Error::Internal(format!(
                "a right in project {} was used in {project_id}",
                self.project_id
            )))
        }
    }
}

/// The proof that somebody holds right `R` everywhere.
#[derive(Debug, Clone)]
pub struct CanEverywhere<R> {
    user_id: i32,
    username: String,
    right: PhantomData<R>,
}

impl<R: Right> CanEverywhere<R> {
    pub(super) fn proven(user: &SignedIn) -> Self {
        Self {
            user_id: user.id,
            username: user.username.clone(),
            right: PhantomData,
        }
    }
}

impl<R> CanEverywhere<R> {
    /// Who was proven to hold the right.
    pub fn user_id(&self) -> i32 {
        self.user_id
    }

    /// For the record of what they do with it.
    pub fn by(&self) -> By {
        By::user(self.user_id, self.username.clone())
    }

    pub fn username(&self) -> &str {
        &self.username
    }
}

/// Somebody at a command line of the machine. Whoever can run the program with its settings holds every
/// key of it already; what is asked of them is a name, for the record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operator {
    name: String,
}

impl Operator {
    pub fn at_the_command_line(name: impl Into<String>) -> Self {
        Self { name: name.into() }
    }

    pub fn name(&self) -> &str {
        &self.name
    }
}

/// The proof that somebody may cancel one job request's jobs: they asked for it and still belong to
/// its project, or they may cancel anybody's.
#[derive(Debug, Clone)]
pub struct CanCancel {
    user_id: i32,
    username: String,
    job_request_id: i32,
}

impl CanCancel {
    /// # Errors
    /// [`Denied`] when `user` neither asked for it as a member of the project nor holds `job_cancel`.
    pub fn prove(
        user: &SignedIn,
        job_request_id: i32,
        created_by_id: Option<i32>,
        project_id: i32,
    ) -> Result<Self, Denied> {
        let asked = created_by_id == Some(user.id) && user.is_member_of(project_id);
        if asked || user.has_permission(CancelJobs::PERMISSION, Some(project_id)) {
            Ok(Self {
                user_id: user.id,
                username: user.username.clone(),
                job_request_id,
            })
        } else {
            Err(Denied)
        }
    }

    /// Of the staff: whoever may enter their area may stop any job request.
    pub fn as_staff(can: &CanEverywhere<EnterStaffArea>, job_request_id: i32) -> Self {
        Self {
            user_id: can.user_id,
            username: can.username.clone(),
            job_request_id,
        }
    }

    pub fn user_id(&self) -> i32 {
        self.user_id
    }

    pub fn username(&self) -> &str {
        &self.username
    }

    pub fn job_request_id(&self) -> i32 {
        self.job_request_id
    }
}

/// The proof that somebody may ask for outputs of one project to be published: they may choose such outputs, or decide
/// about them.
#[derive(Debug, Clone)]
pub struct CanAskToPublish {
    user_id: i32,
    username: String,
    project_id: i32,
}

impl CanAskToPublish {
    /// # Errors
    /// [`Denied`] when `user` holds neither `snapshot_create` nor `snapshot_publish` in the project.
    pub fn prove(user: &SignedIn, project_id: i32) -> Result<Self, Denied> {
        let either = [CreateSnapshots::PERMISSION, PublishSnapshots::PERMISSION];
        if either
            .into_iter()
            .any(|permission| user.has_permission(permission, Some(project_id)))
        {
            Ok(Self {
                user_id: user.id,
                username: user.username.clone(),
                project_id,
            })
        } else {
            Err(Denied)
        }
    }

    pub fn user_id(&self) -> i32 {
        self.user_id
    }

    pub fn username(&self) -> &str {
        &self.username
    }

    pub fn project_id(&self) -> i32 {
        self.project_id
    }
}

/// The proof that somebody may sign off one repository and its workspaces: they belong to a project that uses it,
/// whatever their roles there.
#[derive(Debug, Clone)]
pub struct CanSignOff {
    user_id: i32,
    username: String,
    fullname: String,
    repo_id: i32,
}

impl CanSignOff {
    /// `projects` are those with a workspace on the repository.
    ///
    /// # Errors
    /// [`Denied`] when `user` is a member of none of them.
    pub fn prove(user: &SignedIn, repo_id: i32, projects: impl IntoIterator<Item = i32>) -> Result<Self, Denied> {
        if projects.into_iter().any(|project| user.is_member_of(project)) {
            Ok(Self {
                user_id: user.id,
                username: user.username.clone(),
                fullname: user.fullname.clone(),
                repo_id,
            })
        } else {
            Err(Denied)
        }
    }

    pub fn user_id(&self) -> i32 {
        self.user_id
    }

    pub fn username(&self) -> &str {
        &self.username
    }

    pub fn fullname(&self) -> &str {
        &self.fullname
    }

    pub fn repo_id(&self) -> i32 {
        self.repo_id
    }
}
