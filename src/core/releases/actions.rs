//! What is done with releases: making them, uploading, reviewing, deleting, and publishing what they hold.

mod announcing;
mod create;
mod delete;
mod digest;
mod doer;
mod from_folder;
mod inflate;
mod missing;
mod publish;
mod review;
mod upload;

pub(super) use upload::unavailable;

pub use announcing::{NAMED, ReleaseNotice, announce_release};
pub use create::{Created, NewFile, NewRelease, create_release};
pub use delete::delete_file;
pub use from_folder::{Belonging, LocalFile, Made, Staged, can_be_released, files_below, release_as_operator, stage};
pub use inflate::{Inflated, inflate};
pub use missing::Missing;
pub use publish::{
    Prepared, ask_to_publish, decide_snapshot, prepare_snapshot, prepare_snapshot_as_operator, publish_snapshot,
    remove_from_snapshot, withdraw_snapshot, withdraw_snapshot_as_operator,
};
pub use review::{FileReview, review_release};
pub use upload::{
    Refused, Upload, Uploaded, begin_upload, files_without_header, in_megabytes, is_announced_empty, name_of_content,
};
