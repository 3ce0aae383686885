//! What a job request and its jobs are compared with: the runs of the same workspace on the same backend
//! before them.

use std::collections::HashMap;

use super::Runtime;
use super::detail::ListedJob;

/// How many earlier requests are looked through for the last success of each action.
pub const REQUESTS_BACK: i64 = 20;

/// How many earlier runs of an action its job's page shows.
pub const RUNS_SHOWN: i64 = 20;

/// A job request's run of its last success, by action: how long each took then.
#[derive(Debug, Clone, Default)]
pub struct LastTimes(pub HashMap<String, Runtime>);

impl LastTimes {
    /// The times of all jobs that have ended well now and before, now and then; `None` when there is none.
    /// Like is compared with like: an action that is new, or that has not ended, counts on neither side.
    pub fn together(&self, jobs: &[ListedJob]) -> Option<(Runtime, Runtime)> {
        let (mut now, mut then, mut any) = (0, 0, false);
        for job in jobs
            .iter()
            .filter(|job| job.is("succeeded") && !job.runtime().is_zero())
        {
            if let Some(before) = self.0.get(&job.action) {
                any = true;
                now += job.runtime().seconds();
                then += before.seconds();
            }
        }
        any.then(|| (Runtime::from_seconds(now as f64), Runtime::from_seconds(then as f64)))
    }
}

/// `30 s longer than`, `as long as`: a time against the one before, when the two differ enough to matter.
pub fn against(now: Runtime, then: Runtime) -> String {
    let (now, then) = (now.seconds(), then.seconds());
    let apart = Runtime::from_seconds(now.abs_diff(then) as f64).words();
    // Within a tenth, or a few seconds, is the same to whoever waits.
    if now.abs_diff(then) <= (then / 10).max(2) {
        "about as long as".to_owned()
    } else if now > then {
        format!("{apart} longer than")
    } else {
        format!("{apart} shorter than")
    }
}

/// An earlier run of an action.
#[derive(Debug, Clone)]
pub struct EarlierRun {
    pub identifier: String,
    pub job_request_id: i32,
    pub status: String,
    pub started_at: Option<time::OffsetDateTime>,
    pub completed_at: Option<time::OffsetDateTime>,
    /// As the runner measured, when it did.
    pub metrics: Option<serde_json::Value>,
}

impl EarlierRun {
    pub fn runtime(&self) -> Runtime {
        Runtime::between(self.started_at, self.completed_at)
    }

    pub fn metric(&self, name: &str) -> Option<f64> {
        self.metrics.as_ref()?.get(name)?.as_f64()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::Duration;
    use time::macros::datetime;

    fn job(action: &str, status: &str, seconds: i64) -> ListedJob {
        let end = datetime!(2026-03-01 12:00 UTC);
        ListedJob {
            identifier: action.into(),
            action: action.into(),
            status: status.into(),
            status_code: String::new(),
            status_message: String::new(),
            created_at: end,
            updated_at: Some(end),
            started_at: Some(end - Duration::seconds(seconds)),
            completed_at: Some(end),
        }
    }

    #[test]
    fn like_is_compared_with_like() {
        let times = LastTimes(
            [("a", 100.0), ("b", 50.0)]
                .map(|(a, s)| (a.to_owned(), Runtime::from_seconds(s)))
                .into(),
        );
        let jobs = [
            job("a", "succeeded", 130),
            job("b", "failed", 10),
            job("new", "succeeded", 1000),
        ];
        let (now, then) = times.together(&jobs).unwrap();
        assert_eq!((now.seconds(), then.seconds()), (130, 100));
        assert_eq!(times.together(&jobs[1..]), None);
    }

    #[test]
    fn times_are_compared_as_people_do() {
        for (now, then, words) in [
            (130.0, 100.0, "30 s longer than"),
            (40.0, 100.0, "1 min shorter than"),
            (105.0, 100.0, "about as long as"),
            (3.0, 1.0, "about as long as"),
        ] {
            assert_eq!(against(Runtime::from_seconds(now), Runtime::from_seconds(then)), words);
        }
    }
}
