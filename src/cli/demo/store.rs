//! The SQL of the demonstration: every kind of thing in one statement.

use sqlx::PgConnection;
use sqlx::types::Json;

use super::history::{Job, Request};
use super::released::Release;
use super::story::{Org, Person, Project, Workspace};
use crate::core::error::Result;

/// Whether nobody is known yet; keeps others from changing that until the transaction ends.
pub async fn lock_if_empty(conn: &mut PgConnection) -> Result<bool> {
    sqlx::query!(r#"LOCK TABLE "user" IN SHARE ROW EXCLUSIVE MODE"#)
        .execute(&mut *conn)
        .await?;
    is_empty(conn).await
}

pub async fn is_empty(conn: &mut PgConnection) -> Result<bool> {
    Ok(
        sqlx::query_scalar!(r#"SELECT NOT EXISTS (SELECT 1 FROM "user") AS "empty!""#)
            .fetch_one(conn)
            .await?,
    )
}

/// The slugs of the active backends that poll.
pub async fn polling_backends(conn: &mut PgConnection) -> Result<Vec<String>> {
    Ok(
        sqlx::query_scalar!("SELECT slug FROM backend WHERE is_active AND transport = 'poll' ORDER BY slug")
            .fetch_all(conn)
            .await?,
    )
}

/// Users, each with a GitHub identity and what they may use; the organisations and backends they belong to must exist.
pub async fn insert_people(conn: &mut PgConnection, people: &[Person]) -> Result<()> {
    sqlx::query!(
        r#"WITH given AS (
               SELECT * FROM jsonb_to_recordset($1)
                   AS p (username text, fullname text, roles text[], orgs text[], backends text[])
           ), made AS (
               INSERT INTO "user" (username, fullname, email, roles, date_joined)
               SELECT username, fullname, username || '@example.com', roles, now() - interval '300 days' FROM given
               RETURNING id, username
           ), identities AS (
               -- Numbers that no GitHub account of an invented person has.
               INSERT INTO social_account (user_id, provider, uid, extra_data)
               SELECT id, 'github', (9000000000 + row_number() OVER (ORDER BY username))::text,
                      json_build_object('login', username)
                 FROM made
           ), org_members AS (
               INSERT INTO org_membership (org_id, user_id)
               SELECT o.id, made.id FROM given JOIN made USING (username) JOIN org o ON o.slug = ANY(given.orgs)
           )
           INSERT INTO backend_membership (backend_id, user_id)
           SELECT b.id, made.id FROM given JOIN made USING (username) JOIN backend b ON b.slug = ANY(given.backends)"#,
        Json(people) as _
    )
    .execute(conn)
    .await?;
    Ok(())
}

pub async fn insert_orgs(conn: &mut PgConnection, orgs: &[Org]) -> Result<()> {
    sqlx::query!(
        "INSERT INTO org (slug, name, description, is_internal)
         SELECT slug, name, description, is_internal
           FROM jsonb_to_recordset($1) AS o (slug text, name text, description text, is_internal boolean)",
        Json(orgs) as _
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Whose logos were uploaded: by slug, the path below the folder of uploads.
pub async fn set_logos(conn: &mut PgConnection, slugs: &[String], files: &[String]) -> Result<()> {
    sqlx::query!(
        "UPDATE org SET logo_file = l.file FROM unnest($1::text[], $2::text[]) AS l (slug, file) WHERE org.slug = l.slug",
        slugs,
        files
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Releases with their files, each file approved by whoever released it.
pub async fn insert_releases(conn: &mut PgConnection, releases: &[Release]) -> Result<()> {
    sqlx::query!(
        r#"WITH given AS (
               SELECT * FROM jsonb_to_recordset($1)
                   AS r (id text, workspace text, backend text, created_by text, age_days int, metadata json,
                         review json, files jsonb)
           ), made AS (
               INSERT INTO release (id, workspace_id, backend_id, status, requested_files, metadata, review, created_at,
                                    created_by_id)
               SELECT g.id, w.id, b.id, 'APPROVED', '[]', g.metadata, g.review,
                      now() - make_interval(days => g.age_days), u.id
                 FROM given g
                 JOIN workspace w ON w.name = g.workspace
                 JOIN backend b ON b.slug = g.backend
                 JOIN "user" u ON u.username = g.created_by
               RETURNING id, workspace_id, backend_id, created_at, created_by_id
           ), files AS (
               INSERT INTO release_file (id, release_id, workspace_id, backend_id, name, path, filehash, size, mtime,
                                         metadata, created_at, created_by_id, uploaded_at, deleted_at, deleted_by_id,
                                         is_latest)
               SELECT f.id, made.id, made.workspace_id, made.backend_id, f.name, f.path, f.filehash, f.size,
                      made.created_at - interval '1 day', '{}', made.created_at, made.created_by_id,
                      CASE WHEN f.path <> '' THEN made.created_at END,
                      CASE WHEN d.id IS NOT NULL THEN made.created_at + interval '2 days' END, d.id, f.is_latest
                 FROM given JOIN made ON made.id = given.id
                CROSS JOIN LATERAL jsonb_to_recordset(given.files)
                      AS f (id text, name text, path text, filehash text, size bigint, deleted_by text,
                            is_latest boolean)
                 LEFT JOIN "user" d ON d.username = f.deleted_by
               RETURNING id, created_at, created_by_id
           )
           INSERT INTO release_file_review (release_file_id, status, comments, created_at, created_by_id)
           SELECT id, 'APPROVED', '{}', created_at, created_by_id FROM files"#,
        Json(releases) as _
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Eight days of samples of every backend: mostly in contact, with outages, a maintenance and a gap.
pub async fn insert_samples(conn: &mut PgConnection) -> Result<()> {
    sqlx::query!(
        r#"INSERT INTO backend_sample (backend_id, at, is_missing, is_in_maintenance, running, pending, unprocessed)
           SELECT b.id, date_bin('10 minutes', now(), 'epoch') - g.n * interval '10 minutes',
                  g.n BETWEEN 45 AND 47 OR g.n BETWEEN 640 + b.place AND 652 OR (b.place = 2 AND g.n BETWEEN 118 AND 119),
                  b.place = 1 AND g.n BETWEEN 90 AND 101,
                  round(3 + 2 * sin(g.n / 17.0 + b.place))::int,
                  greatest(round(5 + 7 * sin(g.n / 23.0 + b.place) + 3 * sin(g.n / 5.0)), 0)::int,
                  greatest(round(2 * sin(g.n / 11.0)), 0)::int
             FROM (SELECT id, row_number() OVER (ORDER BY slug DESC) AS place FROM backend) b
            CROSS JOIN generate_series(1, 1151) AS g (n)
            WHERE NOT (b.place = 2 AND g.n BETWEEN 500 AND 520)"#
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Projects with their organisations, members and data permissions, made by `by`, and the record of
/// that.
pub async fn insert_projects(conn: &mut PgConnection, projects: &[Project], by: &str) -> Result<()> {
    sqlx::query!(
        r#"WITH given AS (
               SELECT * FROM jsonb_to_recordset($1)
                   AS p (slug text, name text, number text, status text, status_description text, orgs text[],
                         developers text[], collaborators text[], permissions text[])
           ), maker AS (
               SELECT id, username FROM "user" WHERE username = $2
           ), made AS (
               INSERT INTO project (slug, name, number, status, status_description,
                                    created_at, created_by_id, updated_by_id)
               SELECT slug, given.name, number, status, status_description,
                      now() - interval '280 days', maker.id, maker.id
                 FROM given, maker
               RETURNING id, slug, created_at
           ), carried AS (
               INSERT INTO project_collaboration (org_id, project_id, is_lead, created_by_id, updated_by_id)
               SELECT o.id, made.id, c.place = 1, maker.id, maker.id
                 FROM given JOIN made USING (slug)
                 CROSS JOIN LATERAL unnest(given.orgs) WITH ORDINALITY AS c (slug, place)
                 JOIN org o ON o.slug = c.slug, maker
           ), members AS (
               INSERT INTO project_membership (project_id, user_id, created_by_id, roles, created_at)
               SELECT made.id, u.id, maker.id,
                      CASE WHEN u.username = ANY(given.developers) THEN '{ProjectCollaborator,ProjectDeveloper}'::text[]
                           ELSE '{ProjectCollaborator}' END,
                      made.created_at
                 FROM given JOIN made USING (slug)
                 JOIN "user" u ON u.username = ANY(given.developers || given.collaborators), maker
               RETURNING id, project_id, user_id, roles, created_at
           ), permissions AS (
               INSERT INTO data_permission (project_id, kind, reason, created_by_id)
               SELECT made.id, kind, 'Demonstration: granted with the project', maker.id
                 FROM given JOIN made USING (slug) CROSS JOIN LATERAL unnest(given.permissions) AS kind, maker
           )
           INSERT INTO auditable_event (type, new, target_model, target_field, target_id, target_user, target_user_id,
                                        parent_model, parent_id, created_by, created_by_id, created_at)
           SELECT 'project_created', '', 'jobserver.Project', '', made.id::text, maker.username, maker.id,
                  'jobserver.Project', made.id::text, maker.username, maker.id, made.created_at
             FROM made, maker
           UNION ALL
           SELECT e.type, e.new, 'jobserver.ProjectMembership', e.field, members.id::text, u.username, u.id,
                  'jobserver.Project', members.project_id::text, maker.username, maker.id, members.created_at
             FROM members JOIN "user" u ON u.id = members.user_id
             CROSS JOIN LATERAL (VALUES ('project_member_added', '', ''),
                 ('project_member_updated_roles', array_to_string(members.roles, ','), 'roles')) AS e (type, new, field),
             maker"#,
        Json(projects) as _,
        by
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Workspaces, with the repositories they need.
pub async fn insert_workspaces(conn: &mut PgConnection, workspaces: &[Workspace]) -> Result<()> {
    sqlx::query!(
        r#"WITH given AS (
               SELECT * FROM jsonb_to_recordset($1)
                   AS w (name text, project text, repo text, branch text, purpose text, is_archived boolean,
                         should_notify boolean, created_by text, signed_off_by text, age_days int)
           ), repos AS (
               INSERT INTO repo (url) SELECT DISTINCT repo FROM given RETURNING id, url
           )
           INSERT INTO workspace (name, project_id, repo_id, branch, purpose, is_archived, should_notify,
                                  created_at, created_by_id, updated_by_id, signed_off_at, signed_off_by_id)
           SELECT given.name, p.id, repos.id, given.branch, given.purpose, given.is_archived, given.should_notify,
                  now() - make_interval(days => given.age_days), u.id, u.id,
                  CASE WHEN s.id IS NOT NULL THEN now() - interval '2 days' END, s.id
             FROM given JOIN project p ON p.slug = given.project JOIN repos ON repos.url = given.repo
             JOIN "user" u ON u.username = given.created_by
             LEFT JOIN "user" s ON s.username = given.signed_off_by"#,
        Json(workspaces) as _
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Job requests in the order given.
pub async fn insert_requests(conn: &mut PgConnection, requests: &[Request]) -> Result<()> {
    sqlx::query!(
        r#"INSERT INTO job_request (identifier, backend_id, workspace_id, created_by_id, created_at, requested_actions,
                                    cancelled_actions, force_run_dependencies, sha, project_definition, codelists_ok,
                                    will_notify, status, status_message, transport)
           SELECT r.identifier, b.id, w.id, u.id, r.created_at, r.requested_actions, r.cancelled_actions,
                  r.force_run_dependencies, r.sha, r.project_definition, r.codelists_ok, r.will_notify, r.status,
                  r.status_message, r.transport
             FROM jsonb_to_recordset($1)
                      AS r (identifier text, backend text, workspace text, created_by text, created_at timestamptz,
                            requested_actions text[], cancelled_actions text[], force_run_dependencies boolean,
                            sha text, project_definition text, codelists_ok boolean, will_notify boolean, status text,
                            status_message text, transport text)
             JOIN backend b ON b.slug = r.backend JOIN workspace w ON w.name = r.workspace
             JOIN "user" u ON u.username = r.created_by
            ORDER BY r.created_at, r.identifier"#,
        Json(requests) as _
    )
    .execute(conn)
    .await?;
    Ok(())
}

pub async fn insert_jobs(conn: &mut PgConnection, jobs: &[Job]) -> Result<()> {
    sqlx::query!(
        r#"INSERT INTO job (job_request_id, identifier, action, run_command, status, status_code, status_message,
                            created_at, updated_at, started_at, completed_at, trace_context, metrics)
           SELECT r.id, j.identifier, j.action, j.run_command, j.status, j.status_code, j.status_message,
                  j.created_at, j.updated_at, j.started_at, j.completed_at, j.trace_context, j.metrics
             FROM jsonb_to_recordset($1)
                      AS j (request text, identifier text, action text, run_command text, status text,
                            status_code text, status_message text, created_at timestamptz, updated_at timestamptz,
                            started_at timestamptz, completed_at timestamptz, trace_context json, metrics json)
             JOIN job_request r ON r.identifier = j.request
            ORDER BY j.created_at, r.id, j.started_at NULLS LAST"#,
        Json(jobs) as _
    )
    .execute(conn)
    .await?;
    Ok(())
}
