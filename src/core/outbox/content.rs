//! What messages say: the facts as they were when the message was written. Words are found for them when
//! it leaves, outside of the core.
//!
//! A row outlives the code that wrote it. A change of shape that old rows would not survive takes a new
//! version: [`Content::VERSION`] goes up, and [`Content::read`] still reads the old one.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Service;
use super::checks::{
    CheckClosed, CheckCommented, CheckOpened, CheckUpdated, FileUploaded, ReleaseCreated, ReleaseNotified,
    RequestDecided,
};
use super::entry::{LoginLink, LoginTokenMade, LoginTokenUsed};
use super::profile::{EmailChanged, EmailConfirm, Welcome};
use super::repos::{InteractiveRepo, RepoOpeningAsked, RepoSignedOff, RepoToPublish, RepoWithOutputs};

/// Every message there is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "payload", rename_all = "snake_case")]
pub enum Content {
    /// Mail to whoever asked for jobs: some are over.
    JobsFinished(JobsFinished),
    /// Mail that an operator asked for, to see whether mail arrives.
    TestMail(TestMail),
    /// Slack: co-pilot support of some projects ends within days.
    CopilotWindows(CopilotWindows),
    /// GitHub: outputs of a release request are to be checked.
    CheckOpened(CheckOpened),
    /// GitHub: something happened to a release request.
    CheckCommented(CheckCommented),
    /// GitHub: a release request is over.
    CheckClosed(CheckClosed),
    /// Slack: the issue about a release request has news. Waits for the comment, to link it.
    CheckUpdated(CheckUpdated),
    /// Mail to the author of a release request: it was approved, and its files are on their way.
    RequestApproved(RequestDecided),
    /// Mail to the author of a release request: its files are released.
    FilesReleased(RequestDecided),
    /// Mail to the author of a release request: it was rejected.
    RequestRejected(RequestDecided),
    /// Mail to the author of a release request: they are asked to change it.
    RequestReturned(RequestDecided),
    /// Slack: somebody released files the old way, by a commit.
    ReleaseNotified(ReleaseNotified),
    /// Slack: a backend announced the files of a release.
    ReleaseCreated(ReleaseCreated),
    /// Slack: a file of a release arrived.
    FileUploaded(FileUploaded),
    /// Mail to an address that somebody says is theirs.
    EmailConfirm(EmailConfirm),
    /// Mail to an address that was somebody's.
    EmailChanged(EmailChanged),
    /// Mail to whoever asked for a sign-in link, if the address is of somebody who could use one.
    LoginLink(LoginLink),
    /// Mail to whoever made a single-use token.
    LoginTokenMade(LoginTokenMade),
    /// Mail to the owner of a single-use token that was used.
    LoginTokenUsed(LoginTokenUsed),
    /// Slack: a project was made, and somebody is to help it.
    ProjectCreated(ProjectCreated),
    /// Mail to somebody whom staff have made a user: they can sign in now.
    Welcome(Welcome),
    /// Slack: somebody signed in for the first time.
    UserRegistered(UserRegistered),
    /// Mail to those who made a repository's workspaces: it is signed off.
    RepoSignedOff(RepoSignedOff),
    /// Slack: a repository can be made public.
    RepoToPublish(RepoToPublish),
    /// Mail to those who publish outputs: a repository with some is signed off.
    RepoWithOutputs(RepoWithOutputs),
    /// GitHub: the staff signed a repository off, and an owner of its organisation is to make it public.
    RepoOpeningAsked(RepoOpeningAsked),
    /// GitHub: a repository for analyses that are asked for on the site.
    InteractiveRepo(InteractiveRepo),
}

impl Content {
    /// The version of the payloads that this program writes.
    pub const VERSION: i16 = 1;

    /// What carries it.
    pub fn service(&self) -> Service {
        match self {
            Self::JobsFinished(_)
            | Self::TestMail(_)
            | Self::RequestApproved(_)
            | Self::FilesReleased(_)
            | Self::RequestRejected(_)
            | Self::RequestReturned(_)
            | Self::EmailConfirm(_)
            | Self::EmailChanged(_)
            | Self::LoginLink(_)
            | Self::LoginTokenMade(_)
            | Self::LoginTokenUsed(_)
            | Self::Welcome(_)
            | Self::RepoSignedOff(_)
            | Self::RepoWithOutputs(_) => Service::Mail,
            Self::CopilotWindows(_)
            | Self::CheckUpdated(_)
            | Self::ReleaseNotified(_)
            | Self::ReleaseCreated(_)
            | Self::FileUploaded(_)
            | Self::ProjectCreated(_)
            | Self::UserRegistered(_)
            | Self::RepoToPublish(_) => Service::Slack,
            Self::CheckOpened(_)
            | Self::CheckCommented(_)
            | Self::CheckClosed(_)
            | Self::RepoOpeningAsked(_)
            | Self::InteractiveRepo(_) => Service::Github,
        }
    }

    /// Kind and payload, as they are stored.
    ///
    /// # Errors
    /// When a payload cannot be JSON, which none of ours is.
    pub fn write(&self) -> Result<(String, Value), serde_json::Error> {
        let mut written = serde_json::to_value(self)?;
        let payload = written["payload"].take();
        let kind = written["kind"].as_str().unwrap_or_default().to_owned();
        Ok((kind, payload))
    }

    /// Reads what is stored.
    ///
    /// # Errors
    /// When this program knows no such kind or version: a newer one wrote it.
    pub fn read(kind: &str, version: i16, payload: Value) -> Result<Self, String> {
        if version != Self::VERSION {
            return Err(format!(
                "{kind} has version {version}; this program knows {}",
                Self::VERSION
            ));
        }
        serde_json::from_value(serde_json::json!({ "kind": kind, "payload": payload }))
            .map_err(|error| format!("{kind} cannot be read: {error}"))
    }
}

/// Jobs of one job request that are over, for the mail to whoever asked for them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobsFinished {
    /// The project's name.
    pub project: String,
    /// The workspace's name.
    pub workspace: String,
    pub job_request_id: i32,
    /// Status of the request as a whole, when nothing of it is left to run.
    pub request_over: Option<String>,
    /// The request is told as a whole: `jobs` are all that it has.
    pub is_whole: bool,
    /// Those that this is about, the failed first, then by action: [`JobsFinished::MOST_JOBS`] at most.
    pub jobs: Vec<FinishedJob>,
    /// What else this is about.
    #[serde(default)]
    pub rest: OtherJobs,
    /// How many jobs of the request were over then.
    pub jobs_over: usize,
    /// How many jobs the request had then.
    pub jobs_in_all: usize,
}

impl JobsFinished {
    /// The most jobs that a message lists; the page of the job request has all of them.
    pub const MOST_JOBS: usize = 50;

    /// Those that are listed and those that are only counted.
    pub fn listed(mut jobs: Vec<FinishedJob>) -> (Vec<FinishedJob>, OtherJobs) {
        jobs.sort_by(|a, b| {
            let key = |job: &FinishedJob| job.status != "failed";
            (key(a), &a.action, &a.identifier).cmp(&(key(b), &b.action, &b.identifier))
        });
        let rest = jobs.split_off(jobs.len().min(Self::MOST_JOBS));
        let of = |status: &str| rest.iter().filter(|job| job.status == status).count();
        let counts = OtherJobs {
            all: rest.len(),
            failed: of("failed"),
            succeeded: of("succeeded"),
        };
        (jobs, counts)
    }
}

/// Jobs that are counted and not listed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OtherJobs {
    pub all: usize,
    pub failed: usize,
    pub succeeded: usize,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FinishedJob {
    pub identifier: String,
    pub action: String,
    /// `succeeded` or `failed`, in small letters; what else a runner says when a request is told as a
    /// whole.
    pub status: String,
    /// The runner's words, empty when it gave none. They and the action are cut when they are long.
    pub message: String,
    /// From start to end, when both are known and a second apart at least.
    pub seconds: Option<u64>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TestMail {
    /// Who asked for it.
    pub by: String,
}

/// Somebody whose identity is new here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserRegistered {
    pub username: String,
}

/// A project that somebody is to help from the start.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProjectCreated {
    /// The project's slug.
    pub project: String,
    /// Number and name.
    pub title: String,
    /// Username of whoever made it.
    pub by: String,
    /// Username of who helps it.
    pub copilot: String,
}

/// Projects whose co-pilot support ends soon, soonest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CopilotWindows {
    /// [`CopilotWindows::MOST`] at most.
    pub windows: Vec<CopilotWindow>,
    /// How many there are besides.
    #[serde(default)]
    pub more: usize,
}

impl CopilotWindows {
    /// The most projects that one message names.
    pub const MOST: usize = 100;
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CopilotWindow {
    /// The project's slug.
    pub project: String,
    /// Its title: with its number, if it has one.
    pub name: String,
    /// A day for people: `3 December 2026`.
    pub ends_on: String,
    /// How many days that was from the day of the message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub in_days: Option<i64>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_jobs_are_listed_and_the_others_counted() {
        let job = |number: usize, status: &str| FinishedJob {
            identifier: format!("id{number}"),
            action: format!("action{number:02}"),
            status: status.to_owned(),
            message: String::new(),
            seconds: None,
        };
        let status = |number| match number {
            51 => "failed",
            50 => "nothing_to_do",
            _ => "succeeded",
        };
        let (jobs, rest) = JobsFinished::listed((0..52).rev().map(|n| job(n, status(n))).collect());
        assert_eq!(jobs.len(), JobsFinished::MOST_JOBS);
        assert_eq!(
            [&jobs[0], &jobs[1], &jobs[49]].map(|job| job.action.as_str()),
            ["action51", "action00", "action48"]
        );
        assert_eq!((rest.all, rest.failed, rest.succeeded), (2, 0, 1));
        let (jobs, rest) = JobsFinished::listed((0..60).map(|n| job(n, "failed")).collect());
        assert_eq!((jobs.len(), rest.all, rest.failed), (50, 10, 10));
        assert_eq!(JobsFinished::listed(jobs).1, OtherJobs::default());
    }

    #[test]
    fn what_is_written_can_be_read_and_a_newer_version_is_told_apart() {
        let content = Content::TestMail(TestMail { by: "ops".to_owned() });
        let (kind, payload) = content.write().unwrap();
        assert_eq!((kind.as_str(), payload["by"].as_str()), ("test_mail", Some("ops")));
        assert_eq!(
            Content::read(&kind, Content::VERSION, payload.clone()).unwrap(),
            content
        );
        assert!(
            Content::read(&kind, Content::VERSION + 1, payload)
                .unwrap_err()
                .contains("version")
        );
        assert!(Content::read("unheard_of", Content::VERSION, Value::Null).is_err());
    }
}
