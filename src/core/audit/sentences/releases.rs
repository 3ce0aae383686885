//! What came out of the secure environments, and what was decided of it.

/// Kinds of events that tell names or numbers of files which may not be public.
pub(in crate::core::audit) const IN_CONFIDENCE: &[&str] = &[
    "release_created",
    "release_file_deleted",
    "release_file_inflated",
    "release_reviewed",
    "snapshot_created",
    "snapshot_files_removed",
];

pub(super) const SENTENCES: &[super::Sentence] = &[
    ("snapshot_published", "published the outputs {target} of {parent}"),
    (
        "publish_request_rejected",
        "decided not to publish the outputs {target} of {parent}",
    ),
    (
        "publish_requested",
        "asked for the outputs {target} of {parent} to be published",
    ),
    ("release_created", "created the release {target}"),
    ("release_file_deleted", "deleted the released file {target}"),
    ("release_file_inflated", "stored the released file {target} unpacked"),
    ("release_reviewed", "reviewed the release {target}"),
    ("snapshot_created", "prepared the outputs {target} of {parent}"),
    (
        "snapshot_files_removed",
        "removed files from the outputs {target} of {parent}",
    ),
    (
        "snapshot_withdrawn",
        "withdrew the published outputs {target} of {parent}",
    ),
];
