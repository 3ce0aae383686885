//! A message of every kind that there is.

use std::collections::BTreeSet;

use jobserver::core::outbox::fault::STEPS;
use jobserver::core::outbox::{
    CheckClosed, CheckCommented, CheckEvent, CheckOpened, CheckUpdated, Content, CopilotWindow, CopilotWindows, Draft,
    EmailChanged, EmailConfirm, FileUploaded, FinishedJob, InteractiveRepo, JobsFinished, LoginLink, LoginTokenMade,
    LoginTokenUsed, OtherJobs, OutputCheck, ProjectCreated, ReleaseCreated, ReleaseNotified, ReleasedFiles,
    RepoOpeningAsked, RepoSignedOff, RepoToPublish, RepoWithOutputs, RequestDecided, Service, Status, TestMail, Update,
    UserRegistered, Welcome,
};
use serde_json::Value;

use super::{ORG, REPO};

/// Every kind that a message can have, as the program itself names them when it is asked for one that it
/// does not know.
pub fn all() -> BTreeSet<String> {
    let said = Content::read("unheard_of", Content::VERSION, Value::Null).unwrap_err();
    let named = said.split('`').skip(1).step_by(2);
    named.filter(|name| *name != "unheard_of").map(str::to_owned).collect()
}

/// A message of this kind; those of different numbers are about different things.
#[track_caller]
pub fn draft(kind: &str, number: usize) -> Draft {
    let content = content(kind, number);
    let cause = format!("{kind}:{number}");
    match content.service() {
        Service::Mail => Draft::new(content, "ada@example.org", cause),
        Service::Slack => Draft::new(content, "a-channel", cause),
        Service::Github if kind == "interactive_repo" => Draft::new(content, made(number), cause),
        Service::Github => {
            let thread = check(number).subject();
            Draft::new(content, REPO, cause).in_thread(thread)
        }
    }
}

/// `owner/name` of the repository that the message of this number has made.
pub fn made(number: usize) -> String {
    format!("{ORG}/tea{number}-interactive")
}

/// Whether a message of this kind is about an issue.
pub fn has_issue(kind: &str) -> bool {
    content(kind, 0).service() == Service::Github && kind != "interactive_repo"
}

/// The title of the issue about the request of this number.
pub fn title(kind: &str, number: usize) -> String {
    match content(kind, number) {
        Content::RepoOpeningAsked(facts) => facts.title(),
        _ => check(number).title(),
    }
}

/// What the issue about the request of this number is remembered by.
pub fn subject(kind: &str, number: usize) -> String {
    match content(kind, number) {
        Content::RepoOpeningAsked(facts) => facts.subject(),
        _ => check(number).subject(),
    }
}

fn check(number: usize) -> OutputCheck {
    OutputCheck {
        request: format!("REQUEST{number}"),
        workspace: "tea-main".to_owned(),
        project: "tea".to_owned(),
        repo_url: "https://github.com/opensafely/tea".to_owned(),
        author: "ada".to_owned(),
        author_name: "Ada".to_owned(),
        internal: false,
    }
}

fn event() -> CheckEvent {
    CheckEvent {
        verb: "request returned".to_owned(),
        user: "olga".to_owned(),
        updates: vec![Update {
            update: "file withdrawn".to_owned(),
            group: Some("tables".to_owned()),
            user: Some("ada".to_owned()),
        }],
        more: 0,
    }
}

fn decided(number: usize) -> RequestDecided {
    RequestDecided {
        request: format!("REQUEST{number}"),
        workspace: "tea-main".to_owned(),
        path: "/tea/tea-main/".to_owned(),
        updates: event().updates,
        more: 0,
    }
}

#[track_caller]
fn content(kind: &str, number: usize) -> Content {
    match kind {
        "jobs_finished" => Content::JobsFinished(JobsFinished {
            project: "Tea".to_owned(),
            workspace: "tea-main".to_owned(),
            job_request_id: 1,
            request_over: Some("succeeded".to_owned()),
            is_whole: false,
            jobs: vec![FinishedJob {
                identifier: format!("job{number}"),
                action: "brew".to_owned(),
                status: "succeeded".to_owned(),
                message: "Completed".to_owned(),
                seconds: Some(61),
            }],
            rest: OtherJobs::default(),
            jobs_over: 1,
            jobs_in_all: 1,
        }),
        "test_mail" => Content::TestMail(TestMail { by: "tests".to_owned() }),
        "copilot_windows" => Content::CopilotWindows(CopilotWindows {
            windows: vec![CopilotWindow {
                project: "tea".to_owned(),
                name: "Tea".to_owned(),
                ends_on: "3 December 2026".to_owned(),
                in_days: Some(3),
            }],
            more: 0,
        }),
        "check_opened" => Content::CheckOpened(CheckOpened { check: check(number) }),
        "check_commented" => Content::CheckCommented(CheckCommented {
            check: check(number),
            event: event(),
            status: Some(Status::WithRequester),
        }),
        "check_closed" => Content::CheckClosed(CheckClosed {
            check: check(number),
            verb: "request released".to_owned(),
            user: "olga".to_owned(),
        }),
        "check_updated" => Content::CheckUpdated(CheckUpdated {
            title: title("check_opened", number),
            event: event(),
        }),
        "request_approved" => Content::RequestApproved(decided(number)),
        "files_released" => Content::FilesReleased(decided(number)),
        "request_rejected" => Content::RequestRejected(decided(number)),
        "request_returned" => Content::RequestReturned(decided(number)),
        "release_notified" => Content::ReleaseNotified(ReleaseNotified {
            created_by: "ada".to_owned(),
            path: "released/tea".to_owned(),
            backend: "TPP".to_owned(),
            files: Some(ReleasedFiles {
                count: 1,
                names: vec!["table.csv".to_owned()],
            }),
        }),
        "release_created" => Content::ReleaseCreated(ReleaseCreated {
            release: format!("01R{number}"),
            project: "tea".to_owned(),
            workspace: "ws".to_owned(),
            user: "olga".to_owned(),
            files: 2,
            backend: "TPP".to_owned(),
        }),
        "file_uploaded" => Content::FileUploaded(FileUploaded {
            file: format!("01F{number}"),
            name: "output/table.csv".to_owned(),
            size: 1_048_576,
            release: format!("01R{number}"),
            project: "tea".to_owned(),
            workspace: "ws".to_owned(),
            user: "olga".to_owned(),
            backend: "TPP".to_owned(),
        }),
        "email_confirm" => Content::EmailConfirm(EmailConfirm {
            change_id: i64::try_from(number).unwrap(),
            username: "ada".to_owned(),
            name: "Ada".to_owned(),
            until: "3 December 2026, 09:30 UTC".to_owned(),
        }),
        "email_changed" => Content::EmailChanged(EmailChanged {
            username: "ada".to_owned(),
            name: "Ada".to_owned(),
            is_removed: number % 2 == 1,
            by_staff: number % 3 == 1,
        }),
        "login_link" => Content::LoginLink(LoginLink {
            request: i64::try_from(number).unwrap(),
        }),
        "login_token_made" => Content::LoginTokenMade(LoginTokenMade {
            username: "ada".to_owned(),
            expires_at: 1_700_000_000,
        }),
        "login_token_used" => Content::LoginTokenUsed(LoginTokenUsed {
            username: "ada".to_owned(),
            backend: "TPP".to_owned(),
            used_at: 1_700_000_000,
        }),
        "project_created" => Content::ProjectCreated(ProjectCreated {
            project: format!("tea{number}"),
            title: "7 - Tea".to_owned(),
            by: "sam".to_owned(),
            copilot: "olga".to_owned(),
        }),
        "welcome" => Content::Welcome(Welcome {
            name: "Ada".to_owned(),
            project: "Tea".to_owned(),
        }),
        "user_registered" => Content::UserRegistered(UserRegistered {
            username: format!("newcomer{number}"),
        }),
        "repo_signed_off" => Content::RepoSignedOff(RepoSignedOff {
            repo: format!("https://github.com/opensafely/tea{number}"),
            by: "Ada".to_owned(),
            has_outputs: false,
            contact: "publications@example.org".to_owned(),
            bcc: vec!["grace@example.org".to_owned()],
        }),
        "repo_to_publish" => Content::RepoToPublish(RepoToPublish {
            repo: format!("https://github.com/opensafely/tea{number}"),
            by: "Ada".to_owned(),
            project: "tea".to_owned(),
            project_title: "7 - Tea".to_owned(),
            copilot: None,
        }),
        "repo_with_outputs" => Content::RepoWithOutputs(RepoWithOutputs {
            repo: format!("https://github.com/opensafely/tea{number}"),
            by: "Ada".to_owned(),
            numbers: vec!["7".to_owned()],
        }),
        "repo_opening_asked" => Content::RepoOpeningAsked(RepoOpeningAsked {
            repo_id: i32::try_from(number).unwrap(),
            repo: format!("https://github.com/opensafely/tea{number}"),
            by: "Olga".to_owned(),
            username: "olga".to_owned(),
        }),
        "interactive_repo" => Content::InteractiveRepo(InteractiveRepo {
            workspace_id: i32::try_from(number).unwrap(),
            repo: format!("https://github.com/{}", made(number)),
        }),
        _ => panic!("{kind} is a new kind: say here what one looks like, and in `deaths` that it is tested"),
    }
}

/// What messages are about that look at the database when they leave.
pub const CAUSES: &str = r#"
    INSERT INTO "user" (username, fullname, email, roles)
    VALUES ('reader', 'Reader', 'ada@example.org', '{InteractiveReporter}');
    INSERT INTO email_login (id, email, browser_hash, expires_at) OVERRIDING SYSTEM VALUE
    SELECT number, 'ada@example.org', 'a browser', now() + interval '1 day' FROM generate_series(0, 999) AS number"#;

/// The steps that the delivery of such a message takes, when nothing is known of what it is about.
pub fn steps(kind: &str) -> Vec<&'static str> {
    let taken = |step: &&str| match (*step, kind) {
        ("github.opened" | "github.remembered", _) => has_issue(kind),
        ("github.commented" | "github.changed", _) => ["check_commented", "check_closed"].contains(&kind),
        (step, _) if step.starts_with("github.repo_") => kind == "interactive_repo",
        _ => true,
    };
    STEPS.into_iter().filter(taken).collect()
}
