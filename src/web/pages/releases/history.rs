//! What was asked and decided of a snapshot.

use rocket::get;
use serde::Serialize;

use super::state::State;
use super::{May, find, outputs_heading};
use crate::core::releases::store::publishing;
use crate::core::releases::{Decision, PublishRequest};
use crate::web::database::Database;
use crate::web::guards::{ProjectSlug, User, WorkspaceName};
use crate::web::pages::outputs::{Deciding, deciding};
use crate::web::pages::places::under_workspace;
use crate::web::responders::{Failure, Outcome};
use crate::web::view::{Link, Page, Time, user_href};

/// The context of `pages/releases/history`.
#[derive(Debug, Serialize)]
pub struct HistoryView {
    pub snapshot: Link,
    pub state: State,
    pub created: Time,
    pub by: Link,
    pub deciding: Option<Deciding>,
    pub steps: Vec<Step>,
}

/// Something that was done, newest first.
#[derive(Debug, Serialize)]
pub struct Step {
    pub what: &'static str,
    pub variant: &'static str,
    pub by: Option<Link>,
    pub at: Time,
}

#[get("/<project>/<workspace>/outputs/<n>/history")]
pub async fn page(
    user: User<'_>,
    db: &Database,
    project: ProjectSlug<'_>,
    workspace: WorkspaceName<'_>,
    n: i32,
) -> Outcome<Page> {
    let mut conn = db.read().await?;
    let workspace = find(&mut conn, project, workspace).await?;
    let snapshot = publishing::snapshot(&mut conn, workspace.id, n)
        .await?
        .filter(|snapshot| May::of(&user.visit.actor, snapshot.project_id).see_files)
        .ok_or_else(|| Failure::not_found("Snapshot"))?;
    let requests = publishing::requests(&mut conn, snapshot.id).await?;
    let files = publishing::tally(&mut conn, snapshot.id).await?;
    drop(conn);
    let name = format!("Outputs {}", snapshot.id);
    let chrome = user.visit.chrome(format!("History of outputs {}", snapshot.id));
    let chrome = under_workspace(chrome, &workspace)
        .crumb("Page", outputs_heading(true), format!("{}outputs/", workspace.href()))
        .crumb("Page", name.as_str(), snapshot.href())
        .here("Page", "History");
    let view = HistoryView {
        snapshot: Link::new(name, snapshot.href()),
        state: snapshot.standing().into(),
        created: Time::new(snapshot.created_at),
        by: Link::new(snapshot.created_by_name.as_str(), user_href(&snapshot.created_by)),
        deciding: deciding(&snapshot, &files, May::of(&user.visit.actor, snapshot.project_id)),
        steps: steps(requests),
    };
    Ok(user.visit.render("pages/releases/history", chrome, &view))
}

/// From requests, newest first: each was asked for, and most were decided. One that was rejected in the moment it
/// was made took back what was public.
fn steps(requests: Vec<PublishRequest>) -> Vec<Step> {
    let mut steps = Vec::new();
    for (place, request) in requests.iter().enumerate() {
        let before = requests[place + 1..].iter().find_map(|earlier| earlier.decision);
        let was_public = before == Some(Decision::Approved);
        let (what, variant) = match request.decision {
            Some(Decision::Approved) => ("Published", "success"),
            Some(Decision::Rejected) if was_public => ("Withdrawn", "danger"),
            Some(Decision::Rejected) => ("Rejected", "danger"),
            None => ("Waiting for a decision", "waiting"),
        };
        let is_one_step = was_public && request.decision == Some(Decision::Rejected);
        let decided = request.decision_by_name.as_ref().zip(request.decision_by.as_ref());
        steps.push(Step {
            what,
            variant,
            by: decided.map(|(name, username)| Link::new(name.as_str(), user_href(username))),
            at: Time::new(request.decision_at.unwrap_or(request.created_at)),
        });
        if !is_one_step {
            steps.push(Step {
                what: "Asked to be published",
                variant: "neutral",
                by: Some(Link::new(
                    request.created_by_name.as_str(),
                    user_href(&request.created_by),
                )),
                at: Time::new(request.created_at),
            });
        }
    }
    steps
}
