//! Signing off a repository. Before its code is made public, somebody who works on it says of each of its
//! workspaces, and then of the whole, that this may be done. It is said once, and never taken back here.

use time::OffsetDateTime;

use super::store::sign_off as store;
use crate::core::access::CanSignOff;
use crate::core::audit::{self, By, Event, Subject};
use crate::core::db::Db;
use crate::core::error::{Error, FieldErrors, Result};
use crate::core::names::is_workspace_name;
use crate::core::outbox::{self, Content, Draft, RepoSignedOff, RepoToPublish, RepoWithOutputs};

/// Who signed, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    pub username: String,
    pub fullname: String,
    pub at: OffsetDateTime,
}

/// A repository as its own pages show it.
#[derive(Debug, Clone)]
pub struct Repo {
    pub id: i32,
    pub url: String,
    /// Whether outputs are published there, as the code host said last.
    pub has_github_outputs: bool,
    /// By its researchers.
    pub signed_off: Option<Signature>,
}

/// One of a repository's workspaces, with the project it belongs to.
#[derive(Debug, Clone)]
pub struct RepoWorkspace {
    pub name: String,
    pub branch: String,
    pub purpose: String,
    pub is_archived: bool,
    pub signed_off: Option<Signature>,
    pub project_id: i32,
    pub project_slug: String,
    pub project_name: String,
    pub project_number: Option<String>,
    pub project_status: String,
}

/// Whether something was signed off now or had been before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signed {
    Now,
    /// Nothing was changed, and nobody is told.
    Before,
}

/// Who is told that a repository is signed off, besides those who made its workspaces.
#[derive(Debug, Clone, Copy)]
pub struct Readers<'a> {
    /// The address that mails to many are sent to, who are in copy without seeing each other.
    pub notifications: &'a str,
    /// Those who publish outputs: an address.
    pub publications: &'a str,
    /// The co-pilots' channel, without `#`.
    pub copilots: &'a str,
}

/// Signs off one of the repository's workspaces.
///
/// # Errors
/// `NotFound` when the repository has no workspace of this name.
pub async fn sign_off_workspace(db: &Db, can: &CanSignOff, name: &str) -> Result<Signed> {
    if !is_workspace_name(name) {
        return Err(Error::NotFound("Workspace"));
    }
    let mut tx = db.begin().await?;
    let workspace = store::lock_workspace(&mut tx, can.repo_id(), name)
        .await?
        .ok_or(Error::NotFound("Workspace"))?;
    if workspace.is_signed_off {
        return Ok(Signed::Before);
    }
    store::sign_workspace(&mut tx, workspace.id, can.user_id()).await?;
    let by = By::user(can.user_id(), can.username());
    let event = Event::new("workspace_signed_off", &by, Subject::workspace(workspace.id))
        .change("signed_off_by", "", can.username())
        .within(Subject::project(workspace.project_id));
    audit::record(&mut tx, &event).await?;
    tx.commit().await?;
    Ok(Signed::Now)
}

/// Signs off the repository, once all of its workspaces are, and has it told. Two at once take turns; so does
/// whoever makes a workspace on it.
///
/// # Errors
/// `Invalid` with one message about the whole when some of its workspaces are not signed off.
pub async fn sign_off_repo(db: &Db, can: &CanSignOff, readers: &Readers<'_>) -> Result<Signed> {
    let mut tx = db.begin().await?;
    let repo = store::lock_repo(&mut tx, can.repo_id())
        .await?
        .ok_or(Error::NotFound("Repository"))?;
    if repo.is_signed_off {
        return Ok(Signed::Before);
    }
    let unsigned = store::unsigned_workspaces(&mut tx, can.repo_id()).await?;
    if unsigned > 0 {
        let which = match unsigned {
            1 => "1 workspace is".to_owned(),
            more => format!("{more} workspaces are"),
        };
        return Err(Error::Invalid(FieldErrors::one(
            "",
            format!("{which} not signed off yet. Sign off every workspace first, then the repository."),
        )));
    }
    store::sign_repo(&mut tx, can.repo_id(), can.user_id()).await?;
    let by = By::user(can.user_id(), can.username());
    let event = Event::new("repo_signed_off", &by, Subject::repo(can.repo_id())).change(
        "researcher_signed_off_by",
        "",
        can.username(),
    );
    audit::record(&mut tx, &event).await?;
    let concerned = store::concerned(&mut tx, can.repo_id()).await?;
    outbox::send_all(&mut tx, drafts(can, &repo, concerned, readers)).await?;
    tx.commit().await?;
    Ok(Signed::Now)
}

/// To the creators first, then to who has work with it now.
fn drafts(
    can: &CanSignOff,
    repo: &store::LockedRepo,
    concerned: store::Concerned,
    readers: &Readers<'_>,
) -> Vec<Draft> {
    let cause = format!("repo:{}", can.repo_id());
    let to_creators = |bcc: &[String]| {
        let content = Content::RepoSignedOff(RepoSignedOff {
            repo: repo.url.clone(),
            by: can.fullname().to_owned(),
            has_outputs: repo.has_github_outputs,
            contact: readers.publications.to_owned(),
            bcc: bcc.to_vec(),
        });
        Draft::new(content, readers.notifications, cause.clone())
    };
    let mut drafts: Vec<Draft> = concerned
        .emails
        .chunks(RepoSignedOff::MOST_COPIES)
        .map(to_creators)
        .collect();
    if drafts.is_empty() {
        drafts.push(to_creators(&[]));
    }
    let mut numbers = concerned.numbers;
    numbers.truncate(RepoWithOutputs::MOST_NUMBERS);
    drafts.push(if repo.has_github_outputs {
        let content = Content::RepoWithOutputs(RepoWithOutputs {
            repo: repo.url.clone(),
            by: can.fullname().to_owned(),
            numbers,
        });
        Draft::new(content, readers.publications, cause)
    } else {
        let content = Content::RepoToPublish(RepoToPublish {
            repo: repo.url.clone(),
            by: can.fullname().to_owned(),
            project: concerned.project_slug,
            project_title: concerned.project_title,
            copilot: concerned.copilot,
        });
        Draft::new(content, readers.copilots, cause)
    });
    drafts
}
