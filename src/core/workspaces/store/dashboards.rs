//! The SQL of the dashboards.

use sqlx::{Connection, PgConnection};
use time::OffsetDateTime;

use crate::core::error::Result;
use crate::core::projects::title;
use crate::core::workspaces::dashboards::{Named, ProjectFigures, RepoSeen, SharedRepo};

fn named(slugs: Vec<String>, names: Vec<String>) -> Vec<Named> {
    let pairs = slugs.into_iter().zip(names);
    pairs.map(|(slug, name)| Named { slug, name }).collect()
}

/// Projects with their figures, by name. Compiling the statement would take longer than running it does.
pub async fn projects(conn: &mut PgConnection, only_copiloted: bool, most: i64) -> Result<Vec<ProjectFigures>> {
    let mut reading = conn.begin().await?;
    sqlx::query!("SELECT set_config('jit', 'off', true)")
        .fetch_one(&mut *reading)
        .await?;
    let rows = sqlx::query!(
        r#"SELECT p.slug, p.name, p.number, p.status, c.username AS "username?", c.fullname AS "fullname?",
                  coalesce(f.workspaces, 0) AS "workspaces!", coalesce(f.requests, 0) AS "requests!",
                  f.first_run_at AS "first_run_at?", f.last_run_at AS "last_run_at?", coalesce(f.files, 0) AS "files!",
                  coalesce(o.slugs, '{}') AS "org_slugs!", coalesce(o.names, '{}') AS "org_names!",
                  coalesce(r.urls, '{}') AS "repos!"
             FROM project p
             LEFT JOIN "user" c ON c.id = p.copilot_id
             LEFT JOIN (SELECT project_id, count(*) AS workspaces, sum(requests)::bigint AS requests,
                               sum(files)::bigint AS files, min(first_run_at) AS first_run_at,
                               max(last_run_at) AS last_run_at
                          FROM workspace_figures GROUP BY project_id) f ON f.project_id = p.id
             LEFT JOIN (SELECT k.project_id, array_agg(o.slug::text ORDER BY lower(o.name)) AS slugs,
                               array_agg(o.name ORDER BY lower(o.name)) AS names,
                               bool_or(o.is_not_copiloted) AS is_not_copiloted
                          FROM project_collaboration k JOIN org o ON o.id = k.org_id
                         GROUP BY k.project_id) o ON o.project_id = p.id
             LEFT JOIN (SELECT w.project_id, array_agg(DISTINCT repo.url) AS urls
                          FROM workspace w JOIN repo ON repo.id = w.repo_id GROUP BY w.project_id) r
                    ON r.project_id = p.id
            WHERE NOT $1 OR NOT coalesce(o.is_not_copiloted, false)
            ORDER BY lower(p.name), p.id LIMIT $2"#,
        only_copiloted,
        most,
    )
    .fetch_all(&mut *reading)
    .await?;
    reading.commit().await?;
    Ok(rows
        .into_iter()
        .map(|row| ProjectFigures {
            slug: row.slug,
            name: row.name,
            number: row.number,
            status: row.status,
            orgs: named(row.org_slugs, row.org_names),
            copilot: row.username.zip(row.fullname).map(|(slug, name)| Named { slug, name }),
            workspaces: row.workspaces,
            job_requests: row.requests,
            first_run_at: row.first_run_at,
            last_run_at: row.last_run_at,
            files: row.files,
            repos: row
                .repos
                .into_iter()
                .map(|url| RepoSeen { url, private: None })
                .collect(),
        })
        .collect())
}

/// A repository that workspaces use.
pub struct UsedRepo {
    /// In small letters.
    pub url: String,
    pub projects: Vec<Named>,
    pub workspaces: Vec<String>,
    pub signed_workspaces: i64,
    pub contact: Option<(String, Option<String>)>,
    pub has_jobs: bool,
    /// Of all jobs of all its projects.
    pub first_run_at: Option<OffsetDateTime>,
}

/// The project in which Job Server itself is tried out; its workspaces do not count.
const TRIALS: &str = "opensafely-testing";

/// Those of these addresses, in small letters, that a workspace uses.
pub async fn used_repos(conn: &mut PgConnection, urls: &[String]) -> Result<Vec<UsedRepo>> {
    let mut reading = conn.begin().await?;
    sqlx::query!("SELECT set_config('jit', 'off', true)")
        .fetch_one(&mut *reading)
        .await?;
    let rows = sqlx::query!(
        r#"WITH figures AS MATERIALIZED (SELECT * FROM workspace_figures),
                used AS MATERIALIZED (
                  SELECT lower(r.url) AS url, w.id, w.name, w.project_id, w.created_by_id, w.signed_off_at
                    FROM repo r JOIN workspace w ON w.repo_id = r.id JOIN project p ON p.id = w.project_id
                   WHERE lower(r.url) = ANY ($1) AND p.slug <> $2)
           SELECT w.url AS "url!", w.names AS "workspaces!", w.signed AS "signed!", w.has_jobs AS "has_jobs!",
                  p.slugs AS "slugs!", p.titles AS "titles!", p.first_run_at AS "first_run_at?",
                  c.username AS "username?", c.fullname AS "fullname?", c.email AS "email?"
             FROM (SELECT u.url, array_agg(u.name ORDER BY lower(u.name)) AS names, count(u.signed_off_at) AS signed,
                          bool_or(f.first_run_at IS NOT NULL) AS has_jobs,
                          (array_agg(u.created_by_id ORDER BY lower(u.name)))[1] AS contact_id
                     FROM used u JOIN figures f ON f.workspace_id = u.id GROUP BY u.url) w
             JOIN (SELECT d.url, array_agg(p.slug::text ORDER BY lower(p.name)) AS slugs,
                          array_agg(coalesce(p.number || ' - ', '') || p.name ORDER BY lower(p.name)) AS titles,
                          min(f.first_run_at) AS first_run_at
                     FROM (SELECT DISTINCT url, project_id FROM used) d
                     JOIN project p ON p.id = d.project_id
                     LEFT JOIN (SELECT project_id, min(first_run_at) AS first_run_at FROM figures GROUP BY project_id) f
                            ON f.project_id = p.id
                    GROUP BY d.url) p ON p.url = w.url
             LEFT JOIN "user" c ON c.id = w.contact_id"#,
        urls,
        TRIALS,
    )
    .fetch_all(&mut *reading)
    .await?;
    reading.commit().await?;
    Ok(rows
        .into_iter()
        .map(|row| UsedRepo {
            url: row.url,
            projects: named(row.slugs, row.titles),
            workspaces: row.workspaces,
            signed_workspaces: row.signed,
            contact: row.username.map(|username| {
                let name = row.fullname.filter(|name| !name.is_empty());
                (name.unwrap_or(username), row.email)
            }),
            has_jobs: row.has_jobs,
            first_run_at: row.first_run_at,
        })
        .collect())
}

/// Repositories whose workspaces are in two projects or more.
pub async fn shared_repos(conn: &mut PgConnection, most: i64) -> Result<Vec<SharedRepo>> {
    let rows = sqlx::query!(
        r#"SELECT r.url, r.has_github_outputs, p.slugs AS "slugs!", p.names AS "names!",
                  p.numbers AS "numbers!: Vec<Option<String>>", w.names AS "workspaces!", w.slugs AS "workspace_slugs!"
             FROM (SELECT repo_id FROM workspace GROUP BY repo_id HAVING count(DISTINCT project_id) > 1) several
             JOIN repo r ON r.id = several.repo_id
            CROSS JOIN LATERAL (
                SELECT array_agg(slug::text ORDER BY lower(name)) AS slugs, array_agg(name ORDER BY lower(name)) AS names,
                       array_agg(number::text ORDER BY lower(name)) AS numbers
                  FROM project WHERE id IN (SELECT project_id FROM workspace WHERE repo_id = r.id)) p
            CROSS JOIN LATERAL (
                SELECT array_agg(w.name ORDER BY lower(w.name)) AS names,
                       array_agg(p.slug::text ORDER BY lower(w.name)) AS slugs
                  FROM workspace w JOIN project p ON p.id = w.project_id WHERE w.repo_id = r.id) w
            ORDER BY lower(r.url), r.id LIMIT $1"#,
        most
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| {
            let titles = row.numbers.iter().zip(&row.names);
            let titles = titles.map(|(number, name)| title(number.as_deref(), name)).collect();
            SharedRepo {
                url: row.url,
                has_github_outputs: row.has_github_outputs,
                projects: named(row.slugs, titles),
                workspaces: named(row.workspace_slugs, row.workspaces),
            }
        })
        .collect())
}
