//! Asking for outputs to be published, deciding it, and taking them back. The snapshot's own page has the buttons.

use rocket::post;

use super::{May, find};
use crate::core::access::{Can, CanAskToPublish, Denied, PublishSnapshots, SignedIn};
use crate::core::error::Error;
use crate::core::releases::actions::{ask_to_publish, decide_snapshot, withdraw_snapshot};
use crate::core::releases::store::publishing;
use crate::core::releases::{Decision, Snapshot};
use crate::web::database::Database;
use crate::web::forms::CsrfForm;
use crate::web::guards::{ProjectSlug, User, WorkspaceName};
use crate::web::message::Told;
use crate::web::responders::{Failure, Outcome};

#[post("/<project>/<workspace>/outputs/<n>/publish", data = "<_form>")]
pub async fn publish(
    user: User<'_>,
    db: &Database,
    project: ProjectSlug<'_>,
    workspace: WorkspaceName<'_>,
    n: i32,
    _form: CsrfForm,
) -> Outcome<Told> {
    let (snapshot, can) = prove(&user, db, (project, workspace, n), decides).await?;
    let done = decide_snapshot(db, &can, &snapshot, Decision::Approved).await;
    told(
        &user,
        &snapshot,
        done,
        "These outputs are published. Everybody can see them now.",
    )
}

#[post("/<project>/<workspace>/outputs/<n>/reject", data = "<_form>")]
pub async fn reject(
    user: User<'_>,
    db: &Database,
    project: ProjectSlug<'_>,
    workspace: WorkspaceName<'_>,
    n: i32,
    _form: CsrfForm,
) -> Outcome<Told> {
    let (snapshot, can) = prove(&user, db, (project, workspace, n), decides).await?;
    let done = decide_snapshot(db, &can, &snapshot, Decision::Rejected).await;
    told(
        &user,
        &snapshot,
        done,
        "The request is rejected. These outputs are not public.",
    )
}

#[post("/<project>/<workspace>/outputs/<n>/withdraw", data = "<_form>")]
pub async fn withdraw(
    user: User<'_>,
    db: &Database,
    project: ProjectSlug<'_>,
    workspace: WorkspaceName<'_>,
    n: i32,
    _form: CsrfForm,
) -> Outcome<Told> {
    let (snapshot, can) = prove(&user, db, (project, workspace, n), decides).await?;
    let done = withdraw_snapshot(db, &can, &snapshot).await;
    told(
        &user,
        &snapshot,
        done,
        "These outputs are withdrawn. They are no longer public.",
    )
}

/// Asks for files that are chosen already: what was rejected or withdrawn once is not chosen anew.
#[post("/<project>/<workspace>/outputs/<n>/ask", data = "<_form>")]
pub async fn ask(
    user: User<'_>,
    db: &Database,
    project: ProjectSlug<'_>,
    workspace: WorkspaceName<'_>,
    n: i32,
    _form: CsrfForm,
) -> Outcome<Told> {
    let (snapshot, can) = prove(&user, db, (project, workspace, n), CanAskToPublish::prove).await?;
    let done = ask_to_publish(db, &can, &snapshot).await;
    told(
        &user,
        &snapshot,
        done,
        "These files wait for a decision now. Until then, nobody sees them here who did not before.",
    )
}

fn decides(user: &SignedIn, project_id: i32) -> Result<Can<PublishSnapshots>, Denied> {
    user.can::<PublishSnapshots>(project_id)
}

/// The snapshot, for those whose right `may` proves. Whoever may not see it is not told that it is there.
async fn prove<P>(
    user: &User<'_>,
    db: &Database,
    (project, workspace, n): (ProjectSlug<'_>, WorkspaceName<'_>, i32),
    may: impl FnOnce(&SignedIn, i32) -> Result<P, Denied>,
) -> Outcome<(Snapshot, P)> {
    let no_snapshot = || Failure::not_found("Snapshot");
    let mut conn = db.read().await?;
    let workspace = find(&mut conn, project, workspace).await?;
    let snapshot = publishing::snapshot(&mut conn, workspace.id, n)
        .await?
        // What one may not look at one cannot decide either.
        .filter(|snapshot| snapshot.is_published() || sees_drafts(user, snapshot))
        .ok_or_else(no_snapshot)?;
    let proof = may(&user.user, workspace.project_id)?;
    Ok((snapshot, proof))
}

fn sees_drafts(user: &User<'_>, snapshot: &Snapshot) -> bool {
    May::of(&user.visit.actor, snapshot.project_id).see_files
}

/// Back to the snapshot, saying what was done; or that somebody else was quicker.
fn told(
    user: &User<'_>,
    snapshot: &Snapshot,
    done: crate::core::error::Result<()>,
    text: &'static str,
) -> Outcome<Told> {
    let to = if sees_drafts(user, snapshot) {
        snapshot.href()
    } else {
        // A draft's page is not for everybody who decides.
        format!("/{}/{}/outputs/", snapshot.project_slug, snapshot.workspace)
    };
    match done {
        Ok(()) => Ok(Told::new(to, "success", text)),
        Err(Error::Conflict(why)) => {
            let why = why.trim_end_matches('.');
            Ok(Told::new(to, "warning", format!("{why}. Nothing was changed.")))
        }
        Err(error) => Err(error.into()),
    }
}
