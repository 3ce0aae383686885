//! Files chosen to be published: everybody's when they are, a draft before and after.

use rocket::get;

use super::listed::{Listed, by_name};
use super::release::in_confidence;
use super::viewer::{self, Badge, ContentAt, Data, Deciding, Fact, Looked, Sharing};
use super::{Asked, FilePath};
use crate::core::access::Permission;
use crate::core::releases::{Snapshot, store};
use crate::core::workspaces::Workspace;
use crate::web::database::Database;
use crate::web::guards::Visit;
use crate::web::pages::places;
use crate::web::responders::{Failure, Outcome};
use crate::web::view::{Page, user_href};
use crate::web::zip::Archive;

#[get("/<project>/<workspace>/outputs/<id>/<path..>?<page>&<in>&<from>", rank = 2)]
#[allow(clippy::too_many_arguments)]
pub async fn page(
    visit: Visit<'_>,
    db: &Database,
    project: &str,
    workspace: &str,
    id: i32,
    path: FilePath,
    page: Option<&str>,
    r#in: Option<&str>,
    from: Option<usize>,
) -> Outcome<Page> {
    let (workspace, snapshot, files) = find(&visit, db, project, workspace, id).await?;
    let may_publish = visit
        .actor
        .has_permission(Permission::SnapshotPublish, Some(workspace.project_id));
    let api = format!("/api/v2/workspaces/{}/snapshots/{id}", workspace.name);
    let is_public = snapshot.is_published();
    let looked = Looked {
        heading: format!("Outputs {id}"),
        kind: "Outputs",
        label: format!("Outputs {id}"),
        list: Some(("Published outputs", format!("{}outputs/", workspace.href()))),
        badge: Some(badge(&snapshot)),
        base: snapshot.href(),
        facts: facts(&visit, &workspace, &snapshot),
        reviews: None,
        metadata: Vec::new(),
        sharing: sharing(&visit, &snapshot),
        data: Data {
            publish_url: match may_publish && !is_public {
                true => format!("{api}/publish"),
                false => String::new(),
            },
            files_url: api,
            ..Data::default()
        },
        prepare_href: None,
        deciding: may_publish.then(|| deciding(&snapshot)),
        content: match is_public {
            true => ContentAt::Published(workspace.href()),
            false => ContentAt::Api,
        },
        download: (!files.is_empty()).then(|| format!("release-{id}.zip")),
        is_public,
        files,
    };
    let asked = Asked {
        page,
        folder: r#in,
        from,
    };
    viewer::page(&visit, &workspace, looked, &path.0, asked).await
}

#[get("/<project>/<workspace>/outputs/<id>/download", rank = 0)]
pub async fn download(visit: Visit<'_>, db: &Database, project: &str, workspace: &str, id: i32) -> Outcome<Archive> {
    let (_, snapshot, files) = find(&visit, db, project, workspace, id).await?;
    viewer::archive(&visit, format!("release-{id}.zip"), &snapshot.href(), files)
}

/// The snapshot with its files; for who may not see a draft there is none.
async fn find(
    visit: &Visit<'_>,
    db: &Database,
    project: &str,
    workspace: &str,
    id: i32,
) -> Outcome<(Workspace, Snapshot, Vec<Listed>)> {
    let mut conn = db.read().await?;
    let workspace = places::workspace(&mut conn, project, workspace).await?;
    let sees_drafts = visit
        .actor
        .has_permission(Permission::ReleaseFileView, Some(workspace.project_id));
    let snapshot = store::publishing::snapshot(&mut conn, workspace.id, id)
        .await?
        .filter(|snapshot| snapshot.is_published() || sees_drafts)
        .ok_or(Failure::not_found("Page"))?;
    let files = by_name(store::files::files_of_snapshot(&mut conn, id).await?);
    Ok((workspace, snapshot, files))
}

fn badge(snapshot: &Snapshot) -> Badge {
    let (tone, label) = match (snapshot.is_published(), snapshot.pending_request) {
        (true, _) => ("success", "Public"),
        (false, Some(_)) => ("waiting", "Waiting for a decision"),
        (false, None) => ("neutral", "Draft"),
    };
    Badge { tone, label }
}

fn facts(visit: &Visit<'_>, workspace: &Workspace, snapshot: &Snapshot) -> Vec<Fact> {
    let mut facts = Vec::new();
    if let (Some(at), Some(by)) = (snapshot.published_at, snapshot.published_by_name.as_deref()) {
        facts.push(Fact::text("Published by", by));
        facts.push(Fact::time("Published", at));
    }
    facts.extend([
        Fact::link(
            "Prepared by",
            snapshot.created_by_name.as_str(),
            user_href(&snapshot.created_by),
        ),
        Fact::time("Prepared", snapshot.created_at),
        Fact::link("Project", workspace.project_title(), workspace.project_href()),
        Fact::link("Workspace", workspace.name.as_str(), workspace.href()),
        Fact::code("Number", snapshot.id.to_string()),
    ]);
    let sees_history = visit
        .actor
        .has_permission(Permission::ReleaseFileView, Some(workspace.project_id));
    if sees_history {
        let href = format!("{}history/", snapshot.href());
        facts.push(Fact::link("History", "Who asked and who decided", href));
    }
    facts
}

fn sharing(visit: &Visit<'_>, snapshot: &Snapshot) -> Sharing {
    if !snapshot.is_published() {
        return Sharing {
            title: "This is a draft.",
            ..in_confidence()
        };
    }
    let text = match visit.signed_in() {
        None => "Everybody can see these files.",
        Some(_) => "You can see these files because they are published: everybody can, signed in or not.",
    };
    Sharing {
        tone: "success",
        title: "These outputs are public.",
        text: text.to_owned(),
    }
}

/// A public one can be withdrawn, and one that waits is decided. For any other somebody has to ask first.
pub fn deciding(snapshot: &Snapshot) -> Deciding {
    let form = |what: &str| Some(format!("{}{what}/", snapshot.href()));
    if snapshot.is_published() {
        return Deciding {
            withdraw: form("withdraw"),
            ..Deciding::default()
        };
    }
    Deciding {
        publish: snapshot.pending_request.and_then(|_| form("publish")),
        reject: snapshot.pending_request.and_then(|_| form("reject")),
        withdraw: None,
    }
}
