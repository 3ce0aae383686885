//! The table of everything that is due by the clock.

use std::time::Duration;

use time::Weekday;

use super::work::Work;
use super::{Schedule, When};

const TEN_MINUTES: Duration = Duration::from_secs(10 * 60);

/// All schedules, by name. Times are UTC, and off the full hour where nobody waits for the result.
#[rustfmt::skip]
pub static SCHEDULES: &[Schedule] = &[
    Schedule {
        name: "clearsessions",
        when: When::Daily { hour: 3, minute: 17 },
        does: "delete sessions that are over and login links that no longer work",
        max_runtime: TEN_MINUTES,
        work: Work::ClearSessions,
    },
    Schedule {
        name: "forget_delivered_messages",
        when: When::Daily { hour: 3, minute: 47 },
        does: "delete messages that were delivered or dropped long ago (OUTBOX_KEEP_DAYS)",
        max_runtime: TEN_MINUTES,
        work: Work::ForgetDeliveredMessages,
    },
    Schedule {
        name: "list_repositories",
        when: When::EveryQuarterOfAnHour,
        does: "ask GitHub which repositories there are and who may see them, for the dashboards",
        max_runtime: TEN_MINUTES,
        work: Work::ListRepositories,
    },
    Schedule {
        name: "notify_impending_copilot_support_windows",
        when: When::Weekly { day: Weekday::Monday, hour: 8, minute: 0 },
        does: "tell Slack of projects whose co-pilot support ends within five days",
        max_runtime: TEN_MINUTES,
        work: Work::NotifyCopilotWindows,
    },
    Schedule {
        name: "sample_backends",
        when: When::EveryTenMinutes,
        does: "note how each backend is, for the history on the status page; forget what is older than eight days",
        max_runtime: Duration::from_secs(60),
        work: Work::SampleBackends,
    },
    Schedule {
        name: "sum_up_workspaces",
        when: When::EveryTenMinutes,
        does: "sum up what was run and released in each workspace, for the dashboards",
        max_runtime: Duration::from_secs(60),
        work: Work::SumUpWorkspaces,
    },
    Schedule {
        name: "update_repo_has_github_outputs",
        when: When::Daily { hour: 4, minute: 17 },
        does: "see at GitHub which repositories hold outputs (topic github-releases)",
        max_runtime: TEN_MINUTES,
        work: Work::UpdateRepoOutputs,
    },
];

/// The schedule of this name.
pub fn named(name: &str) -> Option<&'static Schedule> {
    SCHEDULES.iter().find(|schedule| schedule.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_in_order_and_fit_for_a_monitor() {
        let names: Vec<&str> = SCHEDULES.iter().map(|schedule| schedule.name).collect();
        let mut sorted = names.clone();
        sorted.sort_unstable();
        sorted.dedup();
        assert_eq!(names, sorted);
        for schedule in SCHEDULES {
            let is_fit = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
            assert!(schedule.name.chars().all(is_fit), "{}", schedule.name);
            assert!(schedule.name.len() <= 50, "{}", schedule.name);
            assert_eq!(named(schedule.name).map(|found| found.name), Some(schedule.name));
        }
        assert!(named("nothing").is_none());
    }
}
