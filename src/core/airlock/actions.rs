//! Taking over what Airlock tells.

use std::time::Duration;

use sha2::{Digest, Sha256};

use super::store::{self, Ids, Surroundings};
use super::{AirlockEvent, Defaults, OnIssue, Recorded, ToAuthor};
use crate::core::db::Db;
use crate::core::error::{Error, FieldErrors, Result};
use crate::core::jobs::backends::KnownBackend;
use crate::core::outbox::{
    CheckClosed, CheckCommented, CheckEvent, CheckOpened, CheckUpdated, Content, Draft, OutputCheck, RequestDecided,
    send, send_all,
};

/// How long an event that is told again, with nothing of its request between, is a repeat of the call
/// and not a second event. A request can rightly be returned twice: then it was resubmitted between.
pub const REPEAT_WINDOW: Duration = Duration::from_secs(10 * 60);

/// Keeps an event with the messages that follow from it, in one transaction. Events of one request
/// take turns. Nothing is stored of a repeat: the same event told again within [`REPEAT_WINDOW`], and
/// no other of its request between. A request gets one issue, however often it is submitted.
///
/// # Errors
/// `Invalid` with a sentence for each name that is unknown, or when the request is another backend's: nobody's token closes
/// the issue or writes to the author of what was asked elsewhere. Nothing is stored then.
pub async fn record_event(
    db: &Db,
    backend: &KnownBackend,
    event: &AirlockEvent,
    defaults: &Defaults<'_>,
) -> Result<Recorded> {
    let hash = fingerprint(backend, event)?;
    let mut tx = db.begin().await?;
    store::lock_request(&mut tx, &event.request).await?;
    let around = store::surroundings(&mut tx, event, backend.id, &hash, REPEAT_WINDOW).await?;
    let (check, ids) = known(backend, event, &around)?;
    if around.is_of_another_backend {
        let told = format!(
            "Request '{}' is of another backend than {}",
            event.request, backend.slug
        );
        return Err(Error::Invalid(FieldErrors::one("request", told)));
    }
    if around.is_repeat {
        return Ok(Recorded::Repeat);
    }
    let updates = serde_json::to_value(&event.updates).map_err(unwritable)?;
    let id = store::insert(&mut tx, event, ids, &updates, &hash).await?;

    let messages = Messages::of(event, check, &around, defaults, id);
    let issue_message = send(&mut tx, messages.issue).await?;
    let rest = messages.updated.map(|draft| match issue_message {
        Some(id) => draft.after(id, defaults.patience),
        None => draft,
    });
    send_all(&mut tx, rest.into_iter().chain(messages.mail).collect()).await?;
    tx.commit().await?;
    Ok(Recorded::New)
}

/// By what a repeated call is known: what is kept of the event, and how many updates are not.
fn fingerprint(backend: &KnownBackend, event: &AirlockEvent) -> Result<Vec<u8>> {
    let told = serde_json::to_vec(&(backend.id, event)).map_err(unwritable)?;
    Ok(Sha256::digest(told).to_vec())
}

fn unwritable(error: serde_json::Error) -> Error {
    Error::Internal(format!("an event cannot be written: {error}"))
}

/// What is known of an event's names, or which of them are unknown.
fn known(backend: &KnownBackend, event: &AirlockEvent, around: &Surroundings) -> Result<(OutputCheck, Ids)> {
    let (Some(workspace), Some(project), Some(repo_url), Some(author), Some(author_name), Some(user)) = (
        around.workspace_id,
        &around.project,
        &around.repo_url,
        around.author_id,
        &around.author_name,
        around.user_id,
    ) else {
        let mut unknown = FieldErrors::default();
        if around.workspace_id.is_none() {
            unknown.add("workspace", format!("Unknown workspace '{}'", event.workspace));
        }
        if around.author_id.is_none() {
            unknown.add("request_author", format!("Unknown request author '{}'", event.author));
        }
        if around.user_id.is_none() {
            unknown.add("user", format!("Unknown user '{}'", event.user));
        }
        return Err(Error::Invalid(unknown));
    };
    let check = OutputCheck {
        request: event.request.clone(),
        workspace: event.workspace.clone(),
        project: project.clone(),
        repo_url: repo_url.clone(),
        author: event.author.clone(),
        author_name: author_name.clone(),
        internal: around.internal,
    };
    let ids = Ids {
        backend: backend.id,
        workspace,
        author,
        user,
    };
    Ok((check, ids))
}

/// What an event makes be said.
struct Messages {
    issue: Draft,
    updated: Option<Draft>,
    mail: Option<Draft>,
}

impl Messages {
    fn of(
        event: &AirlockEvent,
        check: OutputCheck,
        around: &Surroundings,
        defaults: &Defaults<'_>,
        event_id: i64,
    ) -> Self {
        let cause = format!("airlock_event:{event_id}");
        let to_author = event.event_type.to_author();
        // Some Airlocks tell that a request is approved before they make the release that the mail is about.
        let to_author = to_author.filter(|kind| *kind != ToAuthor::Approved || around.is_released);
        let mail = to_author.and_then(|kind| {
            let Some(address) = around.author_email.as_deref() else {
                tracing::warn!(
                    author = event.author,
                    request = event.request,
                    event_type = event.event_type.name(),
                    "the author of a release request has no e-mail address; they are not mailed"
                );
                return None;
            };
            Some(Draft::new(
                mail_to_author(kind, event, &check, around.is_released),
                address,
                &cause,
            ))
        });
        let updated = matches!(event.event_type.on_issue(), OnIssue::Comment(_)).then(|| {
            let content = Content::CheckUpdated(CheckUpdated {
                title: check.title(),
                event: CheckEvent::of(event),
            });
            let channel = around.slack_channel.as_deref().unwrap_or(defaults.slack_channel);
            Draft::new(content, channel, &cause)
        });
        let subject = check.subject();
        let repo = issue_repo(event, around, defaults);
        let issue = match event.event_type.on_issue() {
            OnIssue::Open => {
                Draft::new(Content::CheckOpened(CheckOpened { check }), repo, &cause).once(format!("{subject}:open"))
            }
            OnIssue::Comment(status) => {
                let event = CheckEvent::of(event);
                Draft::new(
                    Content::CheckCommented(CheckCommented { check, event, status }),
                    repo,
                    &cause,
                )
            }
            OnIssue::Close => {
                let closed = CheckClosed {
                    check,
                    verb: event.event_type.verb().to_owned(),
                    user: event.user.clone(),
                };
                Draft::new(Content::CheckClosed(closed), repo, &cause)
            }
        };
        Self {
            issue: issue.in_thread(subject),
            updated,
            mail,
        }
    }
}

/// Where the issue goes: where Airlock says, else where the project's organisations say.
fn issue_repo(event: &AirlockEvent, around: &Surroundings, defaults: &Defaults<'_>) -> String {
    let (owner, name) = match (&event.repo, &around.issue_org, &around.issue_repo) {
        (Some(repo), _, _) => (repo.owner(), repo.name()),
        (None, Some(owner), Some(name)) => (owner.as_str(), name.as_str()),
        _ => defaults.issue_repo,
    };
    format!("{owner}/{name}")
}

fn mail_to_author(kind: ToAuthor, event: &AirlockEvent, check: &OutputCheck, is_released: bool) -> Content {
    let CheckEvent { updates, more, .. } = CheckEvent::of(event);
    let decided = RequestDecided {
        request: check.request.clone(),
        workspace: check.workspace.clone(),
        path: page_about(
            check,
            is_released && matches!(kind, ToAuthor::Approved | ToAuthor::Released),
        ),
        updates,
        more,
    };
    match kind {
        ToAuthor::Approved => Content::RequestApproved(decided),
        ToAuthor::Released => Content::FilesReleased(decided),
        ToAuthor::Rejected => Content::RequestRejected(decided),
        ToAuthor::Returned => Content::RequestReturned(decided),
    }
}

/// The page that a mail about a request links: its release's, or its workspace's when it is about none.
fn page_about(check: &OutputCheck, is_released: bool) -> String {
    let (project, workspace) = (&check.project, &check.workspace);
    match is_released {
        true => format!("/{project}/{workspace}/releases/{}/", check.request),
        false => format!("/{project}/{workspace}/"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::airlock::{EventType, Update};

    fn event() -> AirlockEvent {
        AirlockEvent {
            event_type: EventType::Returned,
            workspace: "ws".to_owned(),
            request: "01J".to_owned(),
            author: "ada".to_owned(),
            user: "olga".to_owned(),
            updates: Vec::new(),
            more_updates: 0,
            repo: None,
        }
    }

    fn backend(id: i32) -> KnownBackend {
        KnownBackend {
            id,
            slug: "tpp".to_owned(),
            name: "TPP".to_owned(),
            used_old_token: false,
        }
    }

    #[test]
    fn everything_told_counts_for_what_a_repeat_is() {
        let same = fingerprint(&backend(1), &event()).unwrap();
        assert_eq!(fingerprint(&backend(1), &event()).unwrap(), same);
        let other = |change: fn(&mut AirlockEvent)| {
            let mut event = event();
            change(&mut event);
            fingerprint(&backend(1), &event).unwrap()
        };
        let others = [
            fingerprint(&backend(2), &event()).unwrap(),
            other(|event| event.event_type = EventType::Rejected),
            other(|event| event.workspace.push('2')),
            other(|event| event.request.push('2')),
            other(|event| event.author.push('2')),
            other(|event| event.user.push('2')),
            other(|event| event.more_updates = 1),
            other(|event| event.repo = "https://github.com/o/r".parse().ok()),
            other(|event| {
                event.updates.push(Update {
                    update: "u".to_owned(),
                    group: None,
                    user: None,
                });
            }),
        ];
        for (place, other) in others.iter().enumerate() {
            assert_ne!(*other, same, "{place}");
        }
    }
}
