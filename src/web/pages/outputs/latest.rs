//! The newest file of each name, over all releases of a workspace.

use rocket::get;

use super::listed::{by_backend_and_name, by_name};
use super::release::in_confidence;
use super::viewer::{self, ContentAt, Data, Deed, Fact, Looked};
use super::{Asked, FilePath, workspace_for};
use crate::core::access::Permission;
use crate::core::releases::store;
use crate::web::database::Database;
use crate::web::guards::User;
use crate::web::responders::Outcome;
use crate::web::view::{Page, Time};
use crate::web::zip::Archive;

#[get("/<project>/<workspace>/outputs/latest/<path..>?<page>&<in>&<from>", rank = 1)]
#[allow(clippy::too_many_arguments)]
pub async fn page(
    user: User<'_>,
    db: &Database,
    project: &str,
    workspace: &str,
    path: FilePath,
    page: Option<&str>,
    r#in: Option<&str>,
    from: Option<usize>,
) -> Outcome<Page> {
    let mut conn = db.read().await?;
    let workspace = workspace_for(&mut conn, &user.user, project, workspace, Permission::ReleaseFileView).await?;
    let files = by_backend_and_name(store::files::latest_files(&mut conn, workspace.id).await?);
    drop(conn);
    let base = format!("{}outputs/latest/", workspace.href());
    let may_prepare = user
        .user
        .has_permission(Permission::SnapshotCreate, Some(workspace.project_id));
    let has_readable = files.iter().any(|listed| listed.file.is_readable());
    let mut facts = vec![
        Fact::link("Project", workspace.project_title(), workspace.project_href()),
        Fact::link("Workspace", workspace.name.as_str(), workspace.href()),
    ];
    let newest = files.iter().map(|listed| listed.file.created_at).max();
    if let Some(newest) = newest {
        facts.insert(0, Fact::time("Last release", newest));
    }
    let looked = Looked {
        heading: "Latest outputs".to_owned(),
        deed: newest.map(|newest| Deed {
            words: "Last release",
            by: None,
            at: Time::new(newest),
        }),
        kind: "Outputs",
        label: "Latest".to_owned(),
        list: None,
        badge: None,
        facts,
        reviews: None,
        checked: None,
        metadata: Vec::new(),
        sharing: in_confidence(),
        data: Data {
            files_url: format!("/api/v2/releases/workspace/{}", workspace.name),
            prepare_url: match may_prepare {
                true => format!("/api/v2/workspaces/{}/snapshots", workspace.name),
                false => String::new(),
            },
            ..Data::default()
        },
        prepare_href: (may_prepare && has_readable).then(|| format!("{base}prepare/")),
        deciding: None,
        content: ContentAt::Api,
        download: (!files.is_empty()).then(|| format!("workspace-{}.zip", workspace.name)),
        is_public: false,
        sees_released: true,
        base,
        files,
    };
    let asked = Asked {
        page,
        folder: r#in,
        from,
    };
    viewer::page(&user.visit, &workspace, looked, &path.0, asked).await
}

#[get("/<project>/<workspace>/outputs/latest/download")]
pub async fn download(user: User<'_>, db: &Database, project: &str, workspace: &str) -> Outcome<Archive> {
    let mut conn = db.read().await?;
    let workspace = workspace_for(&mut conn, &user.user, project, workspace, Permission::ReleaseFileView).await?;
    let files = by_name(store::files::latest_files(&mut conn, workspace.id).await?);
    drop(conn);
    let base = format!("{}outputs/latest/", workspace.href());
    viewer::archive(&user.visit, format!("workspace-{}.zip", workspace.name), &base, files).await
}
