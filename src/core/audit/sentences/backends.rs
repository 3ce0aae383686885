//! Backends, their tokens, and who may use them.

pub(super) const SENTENCES: &[super::Sentence] = &[
    (
        "backend_addresses_changed",
        "changed the addresses of the backend {target}",
    ),
    ("backend_created", "created the backend {target}"),
    (
        "backend_maintenance_switched",
        "switched maintenance of the backend {target} {new}",
    ),
    ("backend_member_added", "let {user} use the backend {target}"),
    (
        "backend_member_removed",
        "no longer lets {user} use the backend {target}",
    ),
    (
        "backend_old_token_ended",
        "put an end to the old token of the backend {target}",
    ),
    (
        "backend_token_resealed",
        "sealed the token of the backend {target} anew",
    ),
    ("backend_token_rotated", "issued a new token for the backend {target}"),
    ("backend_token_shown", "had the token of the backend {target} shown"),
    ("backend_updated", "changed the backend {target}"),
];
