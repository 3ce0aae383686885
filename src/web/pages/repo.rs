//! A repository's own pages: the one that READMEs link to, and its sign-off.

pub mod sign_off;
mod view;

use std::borrow::Cow;

use percent_encoding::percent_decode_str;
use rocket::get;
use rocket::http::Status;
use serde::Serialize;

use crate::core::ids::RepoUrl;
use crate::core::workspaces::sign_off::{Repo, RepoWorkspace};
use crate::core::workspaces::store::sign_off as store;
use crate::web::database::Database;
use crate::web::guards::Visit;
use crate::web::pages::answer::Answer;
use crate::web::responders::{Failure, Outcome};
use crate::web::view::{Link, Page, render as render_as};

/// The beginning of addresses that this page leads on from.
const GITHUB: &str = "https://github.com/";

/// The longest address of a repository that is looked for, in bytes.
const LONGEST: usize = 500;

/// The view of `pages/repo`.
#[derive(Debug, Serialize)]
pub struct RepoView {
    pub repo: Link,
    pub projects: Vec<ProjectRow>,
}

#[derive(Debug, Serialize)]
pub struct ProjectRow {
    pub name: String,
    pub href: String,
    pub workspaces: Vec<WorkspaceLink>,
}

#[derive(Debug, Serialize)]
pub struct WorkspaceLink {
    pub label: String,
    pub href: String,
    pub badge: Option<&'static str>,
}

/// Leads from a repository to the project that it belongs to.
#[get("/repo/<repo_url>")]
pub async fn page(visit: Visit<'_>, db: &Database, repo_url: &str) -> Outcome<Answer> {
    let url = address(repo_url).ok_or(Failure::not_found("Repository"))?;
    let rest = url.strip_prefix(GITHUB).ok_or(Failure::not_found("Repository"))?;
    let (owner, _) = rest.split_once('/').ok_or(Failure::not_found("Repository"))?;
    let mut conn = db.read().await?;
    if !store::is_known_owner(&mut conn, owner).await? {
        return Err(Failure::not_found("Repository"));
    }
    let repo = match store::repo_by_url(&mut conn, &url).await? {
        Some(repo) => Some(repo),
        None => {
            let tidy = tidy(rest).ok_or(Failure::not_found("Repository"))?;
            match store::repo_by_url(&mut conn, &tidy).await? {
                None => return Ok(render(&visit, &tidy, Vec::new()).into()),
                found => found,
            }
        }
    };
    let Some(Repo { id, url, .. }) = repo else {
        return Err(Failure::not_found("Repository"));
    };
    let workspaces = store::workspaces_of_repo(&mut conn, id).await?;
    drop(conn);
    let projects = projects(workspaces, visit.actor.has_any_role());
    if let [project] = projects.as_slice() {
        return Ok(Answer::redirect(project.href.clone()));
    }
    Ok(render(&visit, &url, projects).into())
}

/// The text of an address in a path, which was encoded once or twice; Rocket has decoded it once.
pub(in crate::web) fn address(text: &str) -> Option<Cow<'_, str>> {
    // A folder of a development copy begins with a slash.
    let is_plain = text.contains("://") || text.starts_with('/');
    let url = if is_plain {
        Cow::Borrowed(text)
    } else {
        percent_decode_str(text).decode_utf8().ok()?
    };
    (url.len() <= LONGEST && !url.contains(char::is_control)).then_some(url)
}

/// The address of the repository that a longer one (a file's, a branch's) is about; `rest` is what follows
/// [`GITHUB`].
fn tidy(rest: &str) -> Option<String> {
    let mut parts = rest.split('/');
    let (owner, name) = (parts.next()?, parts.next()?);
    let url: RepoUrl = format!("{GITHUB}{owner}/{name}").parse().ok()?;
    Some(url.to_string())
}

/// The projects of a repository's workspaces, by name, each with its workspaces.
fn projects(mut workspaces: Vec<RepoWorkspace>, shows_badges: bool) -> Vec<ProjectRow> {
    let mut rows: Vec<ProjectRow> = Vec::new();
    workspaces.sort_by_cached_key(|workspace| workspace.project_name.to_lowercase());
    for workspace in workspaces {
        let href = format!("/{}/", workspace.project_slug);
        let link = WorkspaceLink {
            href: format!("{href}{}/", workspace.name),
            label: workspace.name,
            badge: (shows_badges && workspace.is_archived).then_some("Archived"),
        };
        match rows.iter_mut().find(|row| row.href == href) {
            Some(row) => row.workspaces.push(link),
            None => rows.push(ProjectRow {
                name: crate::core::projects::title(workspace.project_number.as_deref(), &workspace.project_name),
                href,
                workspaces: vec![link],
            }),
        }
    }
    rows
}

/// Of a repository that no project uses the page says so with 404: it has the same words for every name that an
/// account could have, whether there is such a repository or not.
fn render(visit: &Visit<'_>, url: &str, projects: Vec<ProjectRow>) -> Page {
    let status = if projects.is_empty() {
        Status::NotFound
    } else {
        Status::Ok
    };
    let name = url.strip_prefix(GITHUB).unwrap_or(url);
    let chrome = visit.chrome(name).here("Repository", name);
    let view = RepoView {
        repo: Link::new(name, url),
        projects,
    };
    render_as(status, "pages/repo", chrome, &view)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_once_or_twice_encoded() {
        for (text, url) in [
            ("https://github.com/o/n", Some("https://github.com/o/n")),
            ("https%3A%2F%2Fgithub.com%2Fo%2Fn", Some("https://github.com/o/n")),
            ("https%3a%2f%2fgithub.com%2fo%2Fn", Some("https://github.com/o/n")),
            // What was decoded already is not decoded again.
            ("https://github.com/o/a%2Fb", Some("https://github.com/o/a%2Fb")),
            ("/srv/a b", Some("/srv/a b")),
            ("%2Fsrv%2Fa", Some("/srv/a")),
            ("https%3A%2F%2Fgithub.com%2Fo%2F%00", None),
            ("https://github.com/o/\0", None),
            ("%FF", None),
            ("name", Some("name")),
        ] {
            assert_eq!(address(text).as_deref(), url, "{text:?}");
        }
        assert!(address(&format!("https://github.com/o/{}", "a".repeat(LONGEST))).is_none());
    }

    #[test]
    fn a_longer_address_is_about_its_repository() {
        for (rest, url) in [
            ("o/n", Some("https://github.com/o/n")),
            ("o/n/", Some("https://github.com/o/n")),
            ("o/n.git", Some("https://github.com/o/n")),
            ("o/n/tree/main/a b", Some("https://github.com/o/n")),
            ("o", None),
            ("o/", None),
            ("o//n", None),
            ("o/..", None),
            ("o/n?x", None),
            ("o/n#x", None),
            ("o/<b>", None),
        ] {
            assert_eq!(tidy(rest).as_deref(), url, "{rest:?}");
        }
    }
}
