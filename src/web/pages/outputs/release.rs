//! The files of one release.

use rocket::get;

use super::checked::Checked;
use super::listed::{Listed, by_name};
use super::reviews::Reviews;
use super::tree::day;
use super::viewer::{self, ContentAt, Data, Deed, Fact, Looked, Sharing};
use super::{Asked, FilePath, workspace_for};
use crate::core::access::Permission;
use crate::core::releases::{Release, store};
use crate::core::workspaces::Workspace;
use crate::web::database::Database;
use crate::web::guards::User;
use crate::web::responders::{Failure, Outcome};
use crate::web::view::{Link, Page, Time, user_href};
use crate::web::zip::Archive;

#[get("/<project>/<workspace>/releases/<id>/<path..>?<page>&<in>&<from>", rank = 2)]
#[allow(clippy::too_many_arguments)]
pub async fn page(
    user: User<'_>,
    db: &Database,
    project: &str,
    workspace: &str,
    id: &str,
    path: FilePath,
    page: Option<&str>,
    r#in: Option<&str>,
    from: Option<usize>,
) -> Outcome<Page> {
    let (workspace, release, files) = find(&user, db, project, workspace, id).await?;
    let (reviews, checked) = match path.0.as_str() {
        "" => {
            let mut conn = db.read().await?;
            let reviews = store::uploads::newest_reviews(&mut conn, &release.id).await?;
            let checked = Checked::of(&mut conn, &release).await?;
            (Reviews::of(&release, &files, reviews), checked)
        }
        _ => (None, None),
    };
    let looked = Looked {
        heading: format!("Release from {}", release.backend_name),
        deed: Some(Deed {
            words: "Released by",
            by: Some(Link::new(
                release.created_by_name.as_str(),
                user_href(&release.created_by),
            )),
            at: Time::new(release.created_at),
        }),
        kind: "Release",
        label: format!("From {}, {}", release.backend_name, day(release.created_at)),
        list: Some(("Releases", format!("{}releases/", workspace.href()))),
        badge: None,
        base: release.href(),
        files,
        facts: vec![
            Fact::link(
                "Released by",
                release.created_by_name.as_str(),
                user_href(&release.created_by),
            ),
            Fact::time("Released", release.created_at),
            Fact::text("Backend", release.backend_name.as_str()),
            Fact::link("Project", workspace.project_title(), workspace.project_href()),
            Fact::link("Workspace", workspace.name.as_str(), workspace.href()),
            Fact::code("Identifier", release.id.as_str()),
        ],
        reviews,
        checked,
        metadata: Fact::of_json(release.metadata.as_ref()),
        sharing: in_confidence(),
        data: Data {
            files_url: format!("/api/v2/releases/release/{}", release.id),
            ..Data::default()
        },
        prepare_href: None,
        deciding: None,
        content: ContentAt::Api,
        download: Some(archive_name(&release)),
        is_public: false,
        sees_released: true,
    };
    let asked = Asked {
        page,
        folder: r#in,
        from,
    };
    viewer::page(&user.visit, &workspace, looked, &path.0, asked).await
}

#[get("/<project>/<workspace>/releases/<id>/download")]
pub async fn download(user: User<'_>, db: &Database, project: &str, workspace: &str, id: &str) -> Outcome<Archive> {
    let (_, release, files) = find(&user, db, project, workspace, id).await?;
    viewer::archive(&user.visit, archive_name(&release), &release.href(), files).await
}

fn archive_name(release: &Release) -> String {
    format!("release-{}.zip", release.id)
}

/// The release with its files; 404 without files, and for who may not see them.
async fn find(
    user: &User<'_>,
    db: &Database,
    project: &str,
    workspace: &str,
    id: &str,
) -> Outcome<(Workspace, Release, Vec<Listed>)> {
    let mut conn = db.read().await?;
    let workspace = workspace_for(&mut conn, &user.user, project, workspace, Permission::ReleaseFileView).await?;
    let release = store::release(&mut conn, id)
        .await?
        .filter(|release| release.workspace_id == workspace.id)
        .ok_or(Failure::not_found("Release"))?;
    let files = store::files::files_of_release(&mut conn, &release.id).await?;
    if files.is_empty() {
        return Err(Failure::not_found("Release"));
    }
    Ok((workspace, release, by_name(files)))
}

/// Who may see what is released and not published, and how it may be shared.
pub(super) fn in_confidence() -> Sharing {
    Sharing {
        tone: "info",
        title: "These files are not public.",
        text: "Members of this project and the people who check outputs can see them. Share them in confidence only, \
               within your project's team and as the sharing policy allows. What the public may see is published."
            .to_owned(),
    }
}
