//! Files chosen to be published: everybody's when they are, a draft before and after.

use rocket::get;

use super::deciding::deciding;
use super::listed::{Listed, by_name, tally};
use super::release::in_confidence;
use super::viewer::{self, ContentAt, Data, Deed, Fact, Looked, Sharing};
use super::{Asked, FilePath};
use crate::core::releases::{self, Snapshot, Standing, store};
use crate::core::workspaces::Workspace;
use crate::web::database::Database;
use crate::web::guards::Visit;
use crate::web::pages::places;
use crate::web::pages::releases::{May, outputs_heading};
use crate::web::responders::{Failure, Outcome};
use crate::web::view::{Link, Page, Time, user_href};
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
    let may = May::of(&visit.actor, workspace.project_id);
    let api = format!("/api/v2/workspaces/{}/snapshots/{id}", workspace.name);
    let is_public = snapshot.is_published();
    let looked = Looked {
        heading: format!("Outputs {id}"),
        deed: Some(newest_deed(&snapshot)),
        kind: "Outputs",
        label: format!("Outputs {id}"),
        list: Some((outputs_heading(may.see_files), format!("{}outputs/", workspace.href()))),
        badge: Some(snapshot.standing().into()),
        base: snapshot.href(),
        facts: facts(&visit, &workspace, &snapshot),
        reviews: None,
        checked: None,
        metadata: Vec::new(),
        sharing: sharing(&visit, &snapshot),
        data: Data {
            publish_url: match may.decide && !is_public {
                true => format!("{api}/publish"),
                false => String::new(),
            },
            files_url: api,
            ..Data::default()
        },
        prepare_href: None,
        deciding: deciding(&snapshot, &tally(&files), may),
        content: match is_public {
            true => ContentAt::Published(workspace.href()),
            false => ContentAt::Api,
        },
        download: (!files.is_empty()).then(|| format!("release-{id}.zip")),
        is_public,
        sees_released: may.see_files,
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
    viewer::archive(&visit, format!("release-{id}.zip"), &snapshot.href(), files).await
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
    let sees_drafts = May::of(&visit.actor, workspace.project_id).see_files;
    let snapshot = store::publishing::snapshot(&mut conn, workspace.id, id)
        .await?
        .filter(|snapshot| snapshot.is_published() || sees_drafts)
        .ok_or(Failure::not_found("Page"))?;
    let mut files = store::files::files_of_snapshot(&mut conn, id).await?;
    if !sees_drafts {
        files.retain(|file| !file.was_gone_before(snapshot.published_at));
    }
    let files = by_name(files);
    Ok((workspace, snapshot, files))
}

fn facts(visit: &Visit<'_>, workspace: &Workspace, snapshot: &Snapshot) -> Vec<Fact> {
    let mut facts = latest_step(snapshot);
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
    if May::of(&visit.actor, workspace.project_id).see_files {
        let href = format!("{}history/", snapshot.href());
        facts.push(Fact::link("History", "Who asked and who decided", href));
    }
    facts
}

/// Who brought it to where it stands, in two words, and when, in one; nobody but who prepared it brought a draft.
fn step(snapshot: &Snapshot) -> (Option<&releases::Deed>, &'static str, &'static str) {
    let decided = snapshot.decided.as_ref().map(|decided| &decided.deed);
    match snapshot.standing() {
        Standing::Draft => (None, "", ""),
        Standing::Waiting => (snapshot.asked.as_ref(), "Asked for by", "Asked for"),
        Standing::Published => (decided, "Published by", "Published"),
        Standing::Rejected => (decided, "Rejected by", "Rejected"),
        Standing::Withdrawn => (decided, "Withdrawn by", "Withdrawn"),
    }
}

fn newest_deed(snapshot: &Snapshot) -> Deed {
    let (words, name, username, at) = match step(snapshot) {
        (Some(deed), words, _) => (words, &deed.by_name, &deed.by, deed.at),
        (None, ..) => (
            "Prepared by",
            &snapshot.created_by_name,
            &snapshot.created_by,
            snapshot.created_at,
        ),
    };
    Deed {
        words,
        by: Some(Link::new(name.as_str(), user_href(username))),
        at: Time::new(at),
    }
}

fn latest_step(snapshot: &Snapshot) -> Vec<Fact> {
    let (deed, who, when) = step(snapshot);
    deed.into_iter()
        .flat_map(|deed| {
            let href = user_href(&deed.by);
            [Fact::link(who, deed.by_name.as_str(), href), Fact::time(when, deed.at)]
        })
        .collect()
}

fn sharing(visit: &Visit<'_>, snapshot: &Snapshot) -> Sharing {
    let title = match snapshot.standing() {
        Standing::Draft => "This is a draft.",
        Standing::Waiting => "These files wait for a decision.",
        Standing::Rejected => "It was decided not to publish these files.",
        Standing::Withdrawn => "These files were public and are not any more.",
        Standing::Published => "",
    };
    if !snapshot.is_published() {
        return Sharing {
            title,
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
