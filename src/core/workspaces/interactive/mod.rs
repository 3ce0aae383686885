//! A project's interactive workspace: where analyses run that are asked for on the site. It is made with its project; its
//! repository is made at GitHub afterwards, by the worker.

mod store;

use sqlx::PgConnection;
use time::OffsetDateTime;

use super::actions::{self, InTheWay};
use super::{MAX_NAME, NewWorkspace};
use crate::core::access::{CanEverywhere, CreateProjects};
use crate::core::audit::{self, By, Subject};
use crate::core::db::Db;
use crate::core::error::{Error, FieldErrors, Result};
use crate::core::ids::RepoUrl;
use crate::core::outbox::{self, Content, Draft, InteractiveRepo, State};

pub use store::{of_project, repo_is_ready};

/// The branch that analyses are written to.
const BRANCH: &str = "main";

/// The kind of the message that has a repository made.
const KIND: &str = "interactive_repo";

/// What such a workspace is for.
const PURPOSE: &str = "Analyses that the project's people ask for on this site, without writing code of their own. \
                       Each has to serve the purpose that the project was approved for.";

/// What the interactive workspace of a project with this slug is called, and its repository.
pub fn name_of(slug: &str) -> String {
    format!("{slug}-interactive")
}

/// Whether the name that follows from a slug can be one, as a message at `name`.
pub(in crate::core) fn check_slug(slug: &str, errors: &mut FieldErrors) {
    let longest = MAX_NAME - name_of("").len();
    if slug.len() > longest {
        let length = slug.len();
        errors.add(
            "name",
            format!(
                "Use a shorter name: the project's address may have {longest} characters, as the repository is called \
                 after it, and would have {length}."
            ),
        );
    }
}

/// Makes the interactive workspace of a new project, its repository's row, and the message that has the repository made
/// in the account `org`. In the caller's transaction; `user_id` is that of `by`.
///
/// # Errors
/// `Invalid` with a message at `name` when the workspace's name is taken, or the repository is another project's.
pub(in crate::core) async fn add(
    tx: &mut PgConnection,
    (project_id, slug): (i32, &str),
    org: &str,
    user_id: i32,
    by: &By,
) -> Result<()> {
    let name = name_of(slug);
    let repo = RepoUrl::from_parts(org, &name)
        .map_err(|error| Error::Internal(format!("no repository of {org:?} can be called {name:?}: {error}")))?;
    let new = NewWorkspace {
        name,
        purpose: PURPOSE.to_owned(),
        repo,
        branch: BRANCH.to_owned(),
    };
    let id = match actions::insert(tx, &new, project_id, user_id, by).await? {
        Ok(id) => id,
        Err(in_the_way) => {
            let message = match in_the_way {
                InTheWay::NameTaken => format!(
                    "There is a workspace called “{}” already. Choose another name.",
                    new.name
                ),
                InTheWay::RepoOfOthers => {
                    format!("Another project uses the repository {}. Choose another name.", new.repo)
                }
            };
            return Err(Error::Invalid(FieldErrors::one("name", message)));
        }
    };
    store::insert(tx, id).await?;
    send(tx, id, &new.repo).await?;
    Ok(())
}

/// The message's number, unless it is stored already.
async fn send(tx: &mut PgConnection, workspace_id: i32, repo: &RepoUrl) -> Result<Option<i64>> {
    let content = Content::InteractiveRepo(InteractiveRepo {
        workspace_id,
        repo: repo.to_string(),
    });
    let draft = Draft::new(content, recipient_of(repo), format!("workspace:{workspace_id}"));
    outbox::send(tx, draft.once(InteractiveRepo::key_of(workspace_id))).await
}

fn recipient_of(repo: &RepoUrl) -> String {
    format!("{}/{}", repo.owner(), repo.name())
}

/// A project's interactive workspace, with what became of its repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interactive {
    pub workspace_id: i32,
    pub workspace: String,
    pub repo_url: String,
    /// Since when the repository is as it should be.
    pub ready_at: Option<OffsetDateTime>,
    /// As stored, of the message that has it made, while that is kept.
    message: Option<(i64, String)>,
    pub last_error: Option<String>,
    next_attempt_at: Option<OffsetDateTime>,
}

/// How a repository stands that was to be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Making {
    Done(OffsetDateTime),
    /// The next attempt is then.
    OnItsWay(Option<OffsetDateTime>),
    /// Nobody tries any more.
    Failed,
}

impl Interactive {
    pub fn making(&self) -> Making {
        match (&self.message, self.ready_at) {
            (_, Some(at)) => Making::Done(at),
            (Some((_, state)), None) if State::named(state) == Some(State::Waiting) => {
                Making::OnItsWay(self.next_attempt_at)
            }
            _ => Making::Failed,
        }
    }
}

/// Has the repositories made again that a project lacks still: at once, and also when that was given up. Returns whether
/// it lacked any. Audited.
///
/// # Errors
/// When the database does not answer.
pub async fn retry(db: &Db, can: &CanEverywhere<CreateProjects>, project_id: i32) -> Result<bool> {
    let all = of_project(&mut *db.read().await?, project_id).await?;
    let project = Subject::project(project_id);
    let mut lacked = false;
    for one in all.iter().filter(|one| one.ready_at.is_none()) {
        match &one.message {
            Some((message, _)) => match outbox::retry_within(db, *message, &can.by(), Some(project)).await {
                Ok(()) => lacked = true,
                // It was made meanwhile.
                Err(Error::Conflict(_)) => {}
                Err(error) => return Err(error),
            },
            // It was discarded so long ago that it is forgotten.
            None => {
                let repo: RepoUrl = one
                    .repo_url
                    .parse()
                    .map_err(|_| Error::Internal(format!("{} is no repository that can be made", one.repo_url)))?;
                let mut tx = db.begin().await?;
                if let Some(message) = send(&mut tx, one.workspace_id, &repo).await? {
                    let by = can.by();
                    let event = outbox::about_message("message_retried", &by, message, KIND, &recipient_of(&repo));
                    audit::record(&mut tx, &event.within(project)).await?;
                }
                tx.commit().await?;
                lacked = true;
            }
        }
    }
    Ok(lacked)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slug_leaves_room_for_the_repositorys_name() {
        let error = |slug: &str| {
            let mut errors = FieldErrors::default();
            check_slug(slug, &mut errors);
            errors.get("name").map(str::to_owned)
        };
        assert_eq!(error(&"a".repeat(88)), None);
        assert_eq!(name_of(&"a".repeat(88)).len(), 100);
        assert!(error(&"a".repeat(89)).unwrap().contains("88"));
        assert!(RepoUrl::from_parts("opensafely", &name_of(&"a".repeat(88))).is_ok());
    }

    #[test]
    fn it_is_made_or_on_its_way_or_failed() {
        let one = |state: Option<&str>, ready_at| Interactive {
            workspace_id: 1,
            workspace: "tea-interactive".to_owned(),
            repo_url: String::new(),
            ready_at,
            message: state.map(|state| (1, state.to_owned())),
            last_error: None,
            next_attempt_at: None,
        };
        let now = OffsetDateTime::UNIX_EPOCH;
        assert_eq!(one(Some("waiting"), Some(now)).making(), Making::Done(now));
        assert_eq!(one(None, Some(now)).making(), Making::Done(now));
        assert_eq!(one(Some("waiting"), None).making(), Making::OnItsWay(None));
        for state in [Some("dead"), Some("dropped"), None] {
            assert_eq!(one(state, None).making(), Making::Failed, "{state:?}");
        }
    }
}
