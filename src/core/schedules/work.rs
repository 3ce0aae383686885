//! What each schedule does, in the words of the areas it belongs to.

use super::Tools;
use crate::core::error::Result;
use crate::core::{outbox, projects, status, upkeep, workspaces};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::core) enum Work {
    ClearSessions,
    ForgetDeliveredMessages,
    ListRepositories,
    NotifyCopilotWindows,
    SampleBackends,
    SumUpWorkspaces,
    UpdateRepoOutputs,
}

impl Work {
    /// Does it; returns what was done, for people.
    ///
    /// # Errors
    /// Whatever stood in the way; nothing is half done then that the next run does not make up for.
    pub(super) async fn perform(self, tools: &Tools) -> Result<String> {
        match self {
            Self::ClearSessions => upkeep::clear_sessions(&tools.db, &tools.by)
                .await
                .map(|cleared| cleared.to_string()),
            Self::ForgetDeliveredMessages => {
                let messages = outbox::forget_old(&tools.db, tools.keep_messages).await?;
                Ok(format!("Messages deleted: {messages}."))
            }
            Self::ListRepositories => workspaces::listing::refresh(&tools.db, tools.code_host.as_ref())
                .await
                .map(|heard| heard.to_string()),
            Self::NotifyCopilotWindows => projects::copilot::tell_of_windows(&tools.db, &tools.copilot_channel)
                .await
                .map(|told| told.to_string()),
            Self::SampleBackends => status::actions::sample(&tools.db)
                .await
                .map(|sampled| sampled.to_string()),
            Self::SumUpWorkspaces => {
                let workspaces = workspaces::tally::sum_up(&tools.db).await?;
                Ok(format!("Workspaces summed up: {workspaces}."))
            }
            Self::UpdateRepoOutputs => workspaces::outputs::refresh(&tools.db, tools.code_host.as_ref())
                .await
                .map(|refreshed| refreshed.to_string()),
        }
    }
}
