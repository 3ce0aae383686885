//! Who may do what: roles, permissions, the people who hold them, and the values that prove a right.
//!
//! A [`Can`] is made nowhere else. Having one is the proof: an action that takes `Can<RunJobs>`
//! cannot be called by somebody who forgot to ask.

mod actor;
mod capability;
mod granting;
mod roles;

pub use actor::{Actor, Membership, Reach, SignedIn};
pub use capability::{
    ArchiveWorkspaces, Can, CanAskToPublish, CanCancel, CanEverywhere, CanSignOff, CancelJobs, CreateOrgs,
    CreateProjects, CreateSnapshots, CreateWorkspaces, DeleteReleaseFiles, Denied, EditProjectRoles, EnterStaffArea,
    LinkApplications, ManageBackends, ManageDataPermissions, ManageProjects, ManageUsers, Operator, PublishSnapshots,
    Right, RunJobs, SignOffReposWithOutputs, ToggleNotifications, UploadReleases, ViewReleases, ViewUnreleased,
};
pub use granting::{Imported, Place, STAFF_ROLES, bare_name, import};
pub use roles::{Permission, Role};
