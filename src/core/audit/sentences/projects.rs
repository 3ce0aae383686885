//! Projects and who works on them.

pub(super) const SENTENCES: &[super::Sentence] = &[
    (
        "data_permission_ended",
        "ended the data permission {old} of {parent}, because: {new}",
    ),
    (
        "data_permission_granted",
        "granted {parent} the data permission {old}, because: {new}",
    ),
    ("org_created", "created the organisation {target}"),
    (
        "org_github_org_added",
        "added the GitHub organisation {new} to {target}",
    ),
    (
        "org_github_org_removed",
        "removed the GitHub organisation {old} from {target}",
    ),
    ("org_updated", "changed the {field} of the organisation {target}"),
    ("project_copilot_changed", "changed the co-pilot of {target}"),
    ("project_created", "created the project {target}"),
    ("project_member_added", "added {user} to {parent}"),
    ("project_member_removed", "removed {user} from {parent}"),
    (
        "project_member_updated_roles",
        "changed the roles of {user} in {parent}, from {old} to {new}",
    ),
    ("project_org_added", "added {new} to the organisations of {target}"),
    (
        "project_org_lead_changed",
        "made {new} the leading organisation of {target}",
    ),
    (
        "project_org_removed",
        "removed {old} from the organisations of {target}",
    ),
    (
        "project_status_changed",
        "changed the status of {target} from {old} to {new}",
    ),
    (
        "project_status_description_changed",
        "changed what the status of {target} says",
    ),
    ("project_updated", "changed the {field} of {target}"),
];
