//! Workspaces, repositories and old addresses.

pub(super) const SENTENCES: &[super::Sentence] = &[
    ("redirect_created", "left {target} leading to {parent}"),
    (
        "redirect_deleted",
        "deleted the old address {target}, which led to {parent}",
    ),
    (
        "redirect_ended",
        "brought the old address {target}, which led to {parent}, into use again",
    ),
    (
        "redirect_expiry_changed",
        "changed until when the old address {target} leads on",
    ),
    (
        "redirect_replaced",
        "let the old address {target} no longer lead to {parent}, as something else was there last",
    ),
    ("repo_signed_off", "signed off the repository {target} as a researcher"),
    ("workspace_archived", "archived the workspace {target}"),
    ("workspace_created", "created the workspace {target} in {parent}"),
    (
        "workspace_notifications_changed",
        "changed whether the workspace {target} notifies",
    ),
    (
        "workspace_purpose_changed",
        "changed the purpose of the workspace {target}",
    ),
    ("workspace_signed_off", "signed off the workspace {target}"),
    (
        "workspace_unarchived",
        "brought the workspace {target} back from the archive",
    ),
    (
        "workspace_left",
        "moved the workspace {target} away, from {old} to {new}",
    ),
    ("workspace_moved", "moved the workspace {target} from {old} to {new}"),
    ("workspace_updated", "changed the {field} of the workspace {target}"),
];
