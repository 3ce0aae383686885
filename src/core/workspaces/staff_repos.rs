//! What staff see of repositories, and their sign-off, which comes after that of the researchers.

use time::{Duration, OffsetDateTime};

use super::sign_off::{RepoWorkspace, Signature};
use super::store::staff_repos as store;
use crate::core::access::{CanEverywhere, EnterStaffArea, SignOffReposWithOutputs};
use crate::core::audit::{self, Event, Subject};
use crate::core::db::Db;
use crate::core::error::{Error, Result};
use crate::core::outbox::{self, Content, Draft, RepoOpeningAsked, TrackedIssue};

/// A repository is to be public so long after its first job ran.
pub const TO_BE_PUBLIC_AFTER: Duration = Duration::days(365);

/// How far the sign-off of a repository is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Its researchers have not signed it off.
    Researchers,
    /// They have; the staff have not.
    Staff,
    /// Both have.
    Done,
}

impl Stage {
    pub const ALL: [Self; 3] = [Self::Researchers, Self::Staff, Self::Done];

    /// As addresses and the store name it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Researchers => "researchers",
            Self::Staff => "staff",
            Self::Done => "done",
        }
    }

    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|stage| stage.word() == word)
    }

    /// The stage of these two dates.
    pub fn of(by_researchers: bool, by_staff: bool) -> Self {
        match (by_researchers, by_staff) {
            (_, true) => Self::Done,
            (true, false) => Self::Staff,
            (false, false) => Self::Researchers,
        }
    }
}

/// A repository as its staff page shows it.
#[derive(Debug, Clone)]
pub struct StaffRepo {
    pub id: i32,
    pub url: String,
    pub has_github_outputs: bool,
    pub by_researchers: Option<Signature>,
    pub by_staff: Option<Signature>,
    /// Those who made its workspaces, each once: names and addresses.
    pub contacts: Vec<(String, Option<String>)>,
    /// The first and the last job of all its projects: when each started, or was made when it never did.
    pub first_run_at: Option<OffsetDateTime>,
    pub last_run_at: Option<OffsetDateTime>,
    pub workspaces: Vec<RepoWorkspace>,
    /// Who asked for jobs in its workspaces, and who made them.
    pub people: Vec<WorkspacePerson>,
    /// The issue that asks for it to be made public, once it was opened.
    pub issue: Option<TrackedIssue>,
}

/// Somebody who made a workspace or asked for jobs in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkspacePerson {
    pub workspace: String,
    pub username: String,
    pub fullname: String,
    pub is_creator: bool,
}

impl StaffRepo {
    /// Until when it is to be public, once a job of its projects has run.
    pub fn to_be_public_by(&self) -> Option<OffsetDateTime> {
        self.first_run_at?.checked_add(TO_BE_PUBLIC_AFTER)
    }

    /// What stands in the way of the staff's sign-off, if anything.
    pub fn obstacle(&self, may_sign_outputs: bool) -> Option<Obstacle> {
        obstacle(
            self.by_researchers.is_some(),
            self.by_staff.is_some(),
            self.has_github_outputs,
            may_sign_outputs,
        )
    }
}

/// Why the staff's sign-off is not to be had.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Obstacle {
    /// The researchers come first.
    NotByResearchers,
    /// It publishes outputs, which takes a permission of its own.
    HasOutputs,
    /// It was signed off before.
    Before,
}

/// In the order in which a page should say so.
fn obstacle(by_researchers: bool, by_staff: bool, has_outputs: bool, may_sign_outputs: bool) -> Option<Obstacle> {
    match (by_researchers, has_outputs && !may_sign_outputs, by_staff) {
        (false, _, _) => Some(Obstacle::NotByResearchers),
        (true, true, _) => Some(Obstacle::HasOutputs),
        (true, false, true) => Some(Obstacle::Before),
        (true, false, false) => None,
    }
}

/// The repository at this address, with everything that its page shows. Four statements.
///
/// # Errors
/// `NotFound("Repository")`.
pub async fn find(db: &Db, url: &str) -> Result<StaffRepo> {
    let mut conn = db.read().await?;
    let found = store::repo(&mut conn, url)
        .await?
        .ok_or(Error::NotFound("Repository"))?;
    let workspaces = super::store::sign_off::workspaces_of_repo(&mut conn, found.id).await?;
    let people = store::people(&mut conn, found.id).await?;
    let issue = outbox::tracked_issue(&mut conn, &RepoOpeningAsked::subject_of(found.id)).await?;
    Ok(StaffRepo {
        workspaces,
        people,
        issue,
        ..found
    })
}

/// Signs a repository off for the staff, and asks for it to be made public by an issue in `tech_support`
/// (`owner/name`). What stands in the way is looked at under a lock: two at once make one issue. `fullname` is that of
/// whoever signs.
///
/// # Errors
/// `NotFound("Repository")`.
pub async fn sign_off(
    db: &Db,
    can: &CanEverywhere<EnterStaffArea>,
    outputs: Option<&CanEverywhere<SignOffReposWithOutputs>>,
    fullname: &str,
    url: &str,
    tech_support: &str,
) -> Result<std::result::Result<(), Obstacle>> {
    let mut tx = db.begin().await?;
    let repo = store::lock_repo(&mut tx, url)
        .await?
        .ok_or(Error::NotFound("Repository"))?;
    let stands = obstacle(
        repo.by_researchers,
        repo.by_staff,
        repo.has_github_outputs,
        outputs.is_some(),
    );
    if let Some(obstacle) = stands {
        return Ok(Err(obstacle));
    }
    store::sign(&mut tx, repo.id, can.user_id()).await?;
    let by = can.by();
    let event = Event::new("repo_opening_asked", &by, Subject::repo(repo.id)).change(
        "internal_signed_off_by",
        "",
        can.username(),
    );
    audit::record(&mut tx, &event).await?;
    let facts = RepoOpeningAsked {
        repo_id: repo.id,
        repo: url.to_owned(),
        by: match fullname.trim() {
            "" => can.username().to_owned(),
            name => name.to_owned(),
        },
        username: can.username().to_owned(),
    };
    let subject = facts.subject();
    let draft = Draft::new(
        Content::RepoOpeningAsked(facts),
        tech_support,
        format!("repo:{}", repo.id),
    )
    .once(subject);
    outbox::send(&mut tx, draft).await?;
    tx.commit().await?;
    Ok(Ok(()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_in_the_way_is_said_in_order() {
        for (by_researchers, by_staff, has_outputs, may, said) in [
            (false, true, true, false, Some(Obstacle::NotByResearchers)),
            (true, true, true, false, Some(Obstacle::HasOutputs)),
            (true, true, true, true, Some(Obstacle::Before)),
            (true, false, true, true, None),
            (true, false, false, false, None),
        ] {
            assert_eq!(obstacle(by_researchers, by_staff, has_outputs, may), said);
        }
    }

    #[test]
    fn stages_are_known_by_their_words() {
        for stage in Stage::ALL {
            assert_eq!(Stage::parse(stage.word()), Some(stage));
        }
        assert_eq!(Stage::parse("x"), None);
        assert_eq!(Stage::of(true, false), Stage::Staff);
        assert_eq!(Stage::of(false, false), Stage::Researchers);
        assert_eq!(Stage::of(true, true), Stage::Done);
    }
}
