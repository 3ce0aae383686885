//! Projects and repositories at a glance, all of them at once. Each is a fixed number of statements, and what the code
//! host says comes from what the worker heard last.

use time::{Duration, OffsetDateTime};

use super::listing::{self, HostedRepo};
use super::store::dashboards as store;
use crate::core::db::Db;
use crate::core::error::Result;

/// More rows than that are in no dashboard.
pub const MOST_ROWS: i64 = 5_000;

/// A private repository is looked at so long after its first job ran: a month before it is to be public.
pub const LOOKED_AT_AFTER: Duration = Duration::days(330);

/// The organisation whose repositories are to become public.
const ACCOUNT: &str = "opensafely";

/// Slug and name of something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    pub slug: String,
    pub name: String,
}

/// A project with what happened in it.
#[derive(Debug, Clone)]
pub struct ProjectFigures {
    pub slug: String,
    pub name: String,
    pub number: Option<String>,
    pub status: String,
    /// By name.
    pub orgs: Vec<Named>,
    /// Username and name.
    pub copilot: Option<Named>,
    pub workspaces: i64,
    pub job_requests: i64,
    pub first_run_at: Option<OffsetDateTime>,
    pub last_run_at: Option<OffsetDateTime>,
    /// Ever released, those deleted since among them.
    pub files: i64,
    pub repos: Vec<RepoSeen>,
}

/// A repository of a project, and who may see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RepoSeen {
    pub url: String,
    /// `None` when the code host did not say.
    pub private: Option<bool>,
}

/// Projects, by name, and when the code host was last heard of.
#[derive(Debug)]
pub struct Projects {
    pub rows: Vec<ProjectFigures>,
    pub heard_at: Option<OffsetDateTime>,
}

/// Every project; or those alone in which no organisation takes part that is not co-piloted. Two statements for
/// whatever number.
///
/// # Errors
/// When the database does not answer.
pub async fn projects(db: &Db, only_copiloted: bool) -> Result<Projects> {
    let listing = listing::known(db).await?;
    let hosted = listing.by_url();
    let mut rows = store::projects(&mut *db.read().await?, only_copiloted, MOST_ROWS).await?;
    for repo in rows.iter_mut().flat_map(|row| &mut row.repos) {
        repo.private = hosted.get(&repo.url.to_lowercase()).map(|hosted| hosted.private);
    }
    Ok(Projects {
        rows,
        heard_at: listing.heard_at,
    })
}

/// A private repository whose code has run for so long that it should be public soon.
#[derive(Debug, Clone)]
pub struct PrivateRepo {
    pub url: String,
    pub created_at: Option<OffsetDateTime>,
    /// Outputs are published there.
    pub has_outputs: bool,
    pub projects: Vec<Named>,
    /// Names, in order.
    pub workspaces: Vec<String>,
    pub signed_workspaces: i64,
    /// Who made the first workspace by name: name and address.
    pub contact: Option<(String, Option<String>)>,
    /// Of all jobs of its projects.
    pub first_run_at: OffsetDateTime,
}

/// The private repositories to look at, and how many others there are, by the reason why they are left out.
#[derive(Debug, Default)]
pub struct PrivateRepos {
    pub rows: Vec<PrivateRepo>,
    pub heard_at: Option<OffsetDateTime>,
    pub without_workspace: usize,
    pub without_jobs: usize,
    pub too_new: usize,
}

/// The private repositories of our organisation at the code host whose projects have run code for long. Two
/// statements.
///
/// # Errors
/// When the database does not answer.
pub async fn private_repos(db: &Db, now: OffsetDateTime) -> Result<PrivateRepos> {
    let listing = listing::known(db).await?;
    let private: Vec<&HostedRepo> = listing.repos.iter().filter(|repo| is_ours(repo)).collect();
    let urls: Vec<String> = private.iter().map(|repo| repo.url.to_lowercase()).collect();
    let mut used = store::used_repos(&mut *db.read().await?, &urls).await?;
    let mut found = PrivateRepos {
        heard_at: listing.heard_at,
        ..PrivateRepos::default()
    };
    let left_out =
        |repo: &HostedRepo, why| tracing::debug!(url = repo.url, why, "left out of the private repositories");
    for (repo, url) in private.into_iter().zip(urls) {
        let Some(place) = used.iter().position(|used| used.url == url) else {
            left_out(repo, "no workspace");
            found.without_workspace += 1;
            continue;
        };
        let used = used.swap_remove(place);
        match used.first_run_at.filter(|_| used.has_jobs) {
            None => {
                left_out(repo, "no job");
                found.without_jobs += 1;
            }
            Some(first) if first >= now - LOOKED_AT_AFTER => {
                left_out(repo, "first job too young");
                found.too_new += 1;
            }
            Some(first_run_at) => found.rows.push(PrivateRepo {
                url: repo.url.clone(),
                created_at: repo.created_at,
                has_outputs: repo.has_outputs,
                projects: used.projects,
                workspaces: used.workspaces,
                signed_workspaces: used.signed_workspaces,
                contact: used.contact,
                first_run_at,
            }),
        }
    }
    Ok(found)
}

fn is_ours(repo: &HostedRepo) -> bool {
    let owner = repo.url.rsplit('/').nth(1).unwrap_or_default();
    repo.private && owner.eq_ignore_ascii_case(ACCOUNT)
}

/// A repository that several projects use.
#[derive(Debug, Clone)]
pub struct SharedRepo {
    pub url: String,
    pub has_github_outputs: bool,
    pub projects: Vec<Named>,
    /// Names of workspaces, with the slug of the project of each.
    pub workspaces: Vec<Named>,
}

/// Repositories whose workspaces are in two projects or more, by address. One statement.
///
/// # Errors
/// When the database does not answer.
pub async fn shared_repos(db: &Db) -> Result<Vec<SharedRepo>> {
    store::shared_repos(&mut *db.read().await?, MOST_ROWS).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_private_repositories_of_our_organisation_are_looked_at() {
        let repo = |url: &str, private| HostedRepo {
            url: url.to_owned(),
            private,
            created_at: None,
            has_outputs: false,
        };
        assert!(is_ours(&repo("https://github.com/OpenSAFELY/tea", true)));
        assert!(!is_ours(&repo("https://github.com/opensafely/tea", false)));
        assert!(!is_ours(&repo("https://github.com/elsewhere/opensafely", true)));
    }
}
