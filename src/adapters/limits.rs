//! Bounds that every adapter keeps.

use std::future::Future;
use std::time::Duration;

use crate::core::ports::CodeHostError;

/// The call's result, or [`CodeHostError::TimedOut`] when it is not there within `limit`. The call
/// is dropped then, with whatever connection or process it holds.
pub(super) async fn within<T>(
    limit: Duration,
    call: impl Future<Output = Result<T, CodeHostError>> + Send,
) -> Result<T, CodeHostError> {
    tokio::time::timeout(limit, call)
        .await
        .unwrap_or(Err(CodeHostError::TimedOut))
}

/// At most `limit` names, the first in the host's own order, sorted.
pub(super) fn first_sorted(mut names: Vec<String>, limit: usize) -> Vec<String> {
    names.truncate(limit);
    names.sort_unstable();
    names
}
