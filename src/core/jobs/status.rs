//! The status of a job request, as its jobs make it.

use std::str::FromStr;

/// What became of a job request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum JobRequestStatus {
    Pending,
    Running,
    Failed,
    Succeeded,
    /// The backend had nothing to run: everything was done already.
    NothingToDo,
    /// No backend has said anything yet, or its jobs say nothing we know.
    Unknown,
    /// Jobs may or may not exist: the backend's answer was lost.
    UnknownErrorCreatingJobs,
}

use JobRequestStatus::{Failed, NothingToDo, Pending, Running, Succeeded, Unknown, UnknownErrorCreatingJobs};

impl JobRequestStatus {
    pub const ALL: [JobRequestStatus; 7] = [
        Pending,
        Running,
        Failed,
        Succeeded,
        NothingToDo,
        Unknown,
        UnknownErrorCreatingJobs,
    ];

    /// The stored name.
    pub const fn name(self) -> &'static str {
        match self {
            Pending => "pending",
            Running => "running",
            Failed => "failed",
            Succeeded => "succeeded",
            NothingToDo => "nothing_to_do",
            Unknown => "unknown",
            UnknownErrorCreatingJobs => "unknown_error_creating_jobs",
        }
    }

    /// Whether something may still happen.
    pub const fn is_active(self) -> bool {
        matches!(self, Pending | Running | Unknown | UnknownErrorCreatingJobs)
    }

    pub const fn is_completed(self) -> bool {
        !self.is_active()
    }

    /// The status that these job statuses make. Without jobs it stays what asking the backend gave,
    /// `without_jobs`.
    ///
    /// Letter case does not count. All alike: that status, an empty one being `pending` and one we do
    /// not know `unknown`. Else any running or pending job means `running`, any failed one `failed`,
    /// and a mixture that says nothing `unknown`.
    pub fn derive<'a>(without_jobs: JobRequestStatus, jobs: impl IntoIterator<Item = &'a str>) -> JobRequestStatus {
        let mut first: Option<String> = None;
        let (mut alike, mut going, mut failed) = (true, false, false);
        for status in jobs {
            let status = status.to_lowercase();
            going |= status == "running" || status == "pending";
            failed |= status == "failed";
            match &first {
                None => first = Some(status),
                Some(first) => alike &= *first == status,
            }
        }
        match first {
            None => without_jobs,
            Some(status) if alike && status.is_empty() => Pending,
            Some(status) if alike => status.parse().unwrap_or(Unknown),
            Some(_) if going => Running,
            Some(_) if failed => Failed,
            Some(_) => Unknown,
        }
    }

    /// What the stored message says when jobs made this status.
    pub const fn message(self) -> Option<&'static str> {
        match self {
            Failed => Some("Failed because a job failed"),
            _ => None,
        }
    }
}

impl FromStr for JobRequestStatus {
    type Err = ();
    fn from_str(name: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|status| status.name() == name).ok_or(())
    }
}

/// Whether a job with this status is over. Old rows may hold `Failed`, `Succeeded` or `0`.
pub fn job_is_completed(status: &str) -> bool {
    matches!(status, "failed" | "succeeded" | "Failed" | "Succeeded" | "0")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jobs_make_the_status() {
        let cases: &[(&[&str], JobRequestStatus)] = &[
            (&[], UnknownErrorCreatingJobs),
            (&["succeeded", "succeeded"], Succeeded),
            (&["failed"], Failed),
            (&["Failed", "failed"], Failed),
            (&["pending", "pending"], Pending),
            (&["pending", "succeeded"], Running),
            (&["running", "failed"], Running),
            (&["failed", "succeeded"], Failed),
            (&["succeeded", ""], Unknown),
            (&["", ""], Pending),
            (&["0", "0"], Unknown),
            (&["strange"], Unknown),
            (&["strange", "failed"], Failed),
            (&["nothing_to_do"], NothingToDo),
        ];
        for (jobs, status) in cases {
            assert_eq!(
                JobRequestStatus::derive(UnknownErrorCreatingJobs, jobs.iter().copied()),
                *status,
                "{jobs:?}"
            );
        }
    }

    #[test]
    fn names_are_read_back() {
        for status in JobRequestStatus::ALL {
            assert_eq!(status.name().parse(), Ok(status));
        }
        assert!("Succeeded".parse::<JobRequestStatus>().is_err());
    }
}
