//! The snapshots of a workspace: what of it is public, and for those who may see them the drafts.

use rocket::get;
use serde::Serialize;

use super::amounts::amount;
use super::state::State;
use super::{May, find, outputs_heading, workspace_tabs};
use crate::core::releases::store::lists::{self, ListedSnapshot, OutputsOfWorkspace, PAGE};
use crate::web::database::Database;
use crate::web::guards::{ProjectSlug, Visit, WorkspaceName};
use crate::web::pages::paged::{asked, pagination};
use crate::web::pages::places::under_workspace;
use crate::web::responders::Outcome;
use crate::web::view::{Link, Page, Pagination, Tab, Time, thousands, user_href};

/// The context of `pages/releases/snapshots`.
#[derive(Debug, Serialize)]
pub struct SnapshotsView {
    pub workspace: Link,
    pub tabs: Vec<Tab>,
    pub prepare_href: Option<String>,
    pub rows: Vec<SnapshotRow>,
    /// Whether drafts are among them, so that each says how it stands.
    pub has_states: bool,
    pub heading: &'static str,
    /// For those who see drafts, how many of them stand how.
    pub counts: String,
    pub pagination: Pagination,
}

#[derive(Debug, Serialize)]
pub struct SnapshotRow {
    pub id: i32,
    pub href: String,
    pub state: State,
    pub created: Time,
    pub published: Option<Time>,
    pub by: Link,
    pub files: String,
}

#[get("/<project>/<workspace>/outputs?<page>")]
pub async fn page(
    visit: Visit<'_>,
    db: &Database,
    project: ProjectSlug<'_>,
    workspace: WorkspaceName<'_>,
    page: Option<&str>,
) -> Outcome<Page> {
    let asked = asked(page)?;
    let mut conn = db.read().await?;
    let workspace = find(&mut conn, project, workspace).await?;
    let may = May::of(&visit.actor, workspace.project_id);
    let listed = lists::snapshots(&mut conn, workspace.id, may.see_files, asked).await?;
    let counts = lists::outputs_of_workspace(&mut conn, workspace.id, None).await?;
    drop(conn);
    let href = workspace.href();
    let view = SnapshotsView {
        workspace: Link::new(workspace.name.as_str(), href.as_str()),
        tabs: workspace_tabs(&href, 2, counts.has_releases, may.see_files),
        prepare_href: (may.prepare && counts.has_releases).then(|| format!("{href}outputs/latest/prepare/")),
        pagination: pagination(&visit, page, listed.total, PAGE)?,
        rows: listed.rows.into_iter().map(row).collect(),
        has_states: may.see_files,
        heading: outputs_heading(may.see_files),
        counts: words(&counts),
    };
    let chrome = under_workspace(
        visit.chrome(format!("{} of {}", view.heading, workspace.name)),
        &workspace,
    );
    Ok(visit.render("pages/releases/snapshots", chrome.here("Page", view.heading), &view))
}

/// `2 published, 1 waiting for a decision`
fn words(counts: &OutputsOfWorkspace) -> String {
    let mut words = format!("{} published", thousands(counts.published));
    if counts.waiting > 0 {
        words.push_str(&format!(", {} waiting for a decision", thousands(counts.waiting)));
    }
    words
}

fn row(row: ListedSnapshot) -> SnapshotRow {
    let snapshot = row.snapshot;
    SnapshotRow {
        id: snapshot.id,
        href: snapshot.href(),
        state: snapshot.standing().into(),
        created: Time::new(snapshot.created_at),
        published: snapshot.published_at.map(Time::new),
        by: Link::new(snapshot.created_by_name, user_href(&snapshot.created_by)),
        files: amount(&row.files),
    }
}
