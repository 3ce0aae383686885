//! Who asks. A handler's signature says who may call it.

mod backend;
mod client;
mod names;
mod next;
mod reader;
mod uploader;
mod visit;

pub use backend::{BackendAuth, BackendRefused, MaybeBackend};
pub use client::Client;
pub use names::{ProjectSlug, WorkspaceName};
pub use next::{safe_next, safe_next_or};
pub use reader::{Reader, ReleaseReader};
pub use uploader::{Uploader, session_can};
pub(in crate::web) use visit::actor;
pub use visit::{User, Visit};
