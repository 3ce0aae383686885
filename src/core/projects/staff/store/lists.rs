//! The SQL of projects as staff see them.

use sqlx::PgConnection;
use time::OffsetDateTime;

use crate::core::error::Result;
use crate::core::paging::{FIRST_SHOWN, First, Listed, PageAsked, containing};
use crate::core::projects::staff::Stored;
use crate::core::projects::staff::store::{self, staff_roles};

/// A project in the list.
#[derive(Debug)]
pub struct ListedProject {
    pub name: String,
    pub slug: String,
    pub number: Option<String>,
    pub status: String,
    /// The organisation that leads it.
    pub org_name: Option<String>,
    pub org_slug: Option<String>,
    pub copilot: Option<String>,
    pub copilot_fullname: Option<String>,
    pub members: i64,
    pub workspaces: i64,
    pub created_at: OffsetDateTime,
    total: i64,
}

/// What somebody looks for among projects.
#[derive(Debug, Clone, Copy, Default)]
pub struct Wanted<'a> {
    /// Part of a name or a number.
    pub q: Option<&'a str>,
    /// Slugs of organisations, of which any takes part; empty for all.
    pub orgs: &'a [String],
    pub status: Option<&'a str>,
}

/// Projects by identifier: `POS` numbers first, the last of them first, then digits from the highest, then those
/// without a number by name.
pub async fn projects(
    conn: &mut PgConnection,
    wanted: Wanted<'_>,
    page: PageAsked,
    per_page: i64,
) -> Result<Listed<ListedProject>> {
    let pattern = wanted.q.map(containing);
    let rows = sqlx::query_as!(
        ListedProject,
        r#"WITH found AS (
               SELECT p.id, p.name, p.slug, p.number, p.status, p.copilot_id, p.created_at
                 FROM project p
                WHERE ($3::text IS NULL OR p.name ILIKE $3 OR p.number ILIKE $3)
                  AND ($4::text[] = '{}' OR EXISTS (SELECT FROM project_collaboration c JOIN org o ON o.id = c.org_id
                                                     WHERE c.project_id = p.id AND o.slug = ANY ($4)))
                  AND ($5::text IS NULL OR p.status = $5)),
                counted AS (SELECT count(*) AS total FROM found)
           SELECT f.name AS "name!", f.slug AS "slug!", f.number, f.status AS "status!", o.name AS "org_name?",
                  o.slug AS "org_slug?", u.username AS "copilot?", u.fullname AS "copilot_fullname?",
                  f.created_at AS "created_at!",
                  (SELECT count(*) FROM project_membership WHERE project_id = f.id) AS "members!",
                  (SELECT count(*) FROM workspace WHERE project_id = f.id) AS "workspaces!", t.total AS "total!"
             FROM counted t
            CROSS JOIN LATERAL (
                SELECT * FROM found
                 ORDER BY (number LIKE 'POS-%') DESC NULLS LAST,
                          CASE WHEN number LIKE 'POS-%' THEN number COLLATE "C" END DESC,
                          CASE WHEN number ~ '^[0-9]+$' THEN number::numeric END DESC NULLS LAST, lower(name), id
                 LIMIT $2 OFFSET (SELECT coalesce($1::bigint - 1, greatest(t.total - 1, 0) / $2) * $2)) f
             LEFT JOIN LATERAL (SELECT c.org_id FROM project_collaboration c WHERE c.project_id = f.id
                                 ORDER BY c.is_lead DESC, c.id LIMIT 1) c ON true
             LEFT JOIN org o ON o.id = c.org_id
             LEFT JOIN "user" u ON u.id = f.copilot_id
            ORDER BY (f.number LIKE 'POS-%') DESC NULLS LAST,
                     CASE WHEN f.number LIKE 'POS-%' THEN f.number COLLATE "C" END DESC,
                     CASE WHEN f.number ~ '^[0-9]+$' THEN f.number::numeric END DESC NULLS LAST, lower(f.name), f.id"#,
        page.number(),
        per_page,
        pattern,
        wanted.orgs,
        wanted.status
    )
    .fetch_all(conn)
    .await?;
    Ok(Listed::new(rows, |row| row.total))
}

/// A project as it stands, for its form.
pub async fn stored(conn: &mut PgConnection, id: i32) -> Result<Option<Stored>> {
    store::stored(conn, id).await
}

/// Which number would be the next; `None` when there is none.
pub async fn next_number(conn: &mut PgConnection) -> Result<Option<String>> {
    store::next_number(conn).await
}

/// What a project's page shows beside its form.
#[derive(Debug)]
pub struct Facts {
    pub created_at: OffsetDateTime,
    pub created_by_username: String,
    pub created_by_fullname: String,
    pub copilot_username: Option<String>,
    pub copilot_fullname: Option<String>,
    /// Whether that is over.
    pub support_is_over: bool,
}

pub async fn facts(conn: &mut PgConnection, id: i32) -> Result<Facts> {
    Ok(sqlx::query_as!(
        Facts,
        r#"SELECT p.created_at AS "created_at!", c.username AS created_by_username, c.fullname AS created_by_fullname,
                  u.username AS "copilot_username?", u.fullname AS "copilot_fullname?",
                  coalesce(p.copilot_support_ends_at < now(), false) AS "support_is_over!"
             FROM project p JOIN "user" c ON c.id = p.created_by_id LEFT JOIN "user" u ON u.id = p.copilot_id
            WHERE p.id = $1"#,
        id
    )
    .fetch_one(conn)
    .await?)
}

/// An organisation that takes part in a project.
#[derive(Debug)]
pub struct ProjectOrg {
    pub name: String,
    pub slug: String,
    pub is_lead: bool,
}

/// The leading one first, then by name.
pub async fn orgs(conn: &mut PgConnection, project_id: i32) -> Result<Vec<ProjectOrg>> {
    Ok(sqlx::query_as!(
        ProjectOrg,
        "SELECT o.name, o.slug, c.is_lead FROM project_collaboration c JOIN org o ON o.id = c.org_id
          WHERE c.project_id = $1 ORDER BY c.is_lead DESC, lower(o.name), o.id",
        project_id
    )
    .fetch_all(conn)
    .await?)
}

/// A member of a project, with the membership's id.
#[derive(Debug)]
pub struct Member {
    pub id: i32,
    pub user_id: i32,
    pub username: String,
    pub fullname: String,
    pub email: Option<String>,
    pub github_login: Option<String>,
    pub is_active: bool,
    /// As stored.
    pub roles: Vec<String>,
    pub joined_at: OffsetDateTime,
}

/// One member of a project.
pub async fn member(conn: &mut PgConnection, project_id: i32, membership_id: i32) -> Result<Option<Member>> {
    Ok(member_rows(conn, project_id, Some(membership_id), None).await?.pop())
}

/// The first members of a project by username, of those in whose name or username `q` is. Two statements.
pub async fn members(conn: &mut PgConnection, project_id: i32, q: Option<&str>) -> Result<First<Member>> {
    let pattern = q.map(containing);
    let counted = sqlx::query!(
        r#"SELECT count(*) AS "total!",
                  count(*) FILTER (WHERE $2::text IS NULL OR u.username ILIKE $2 OR u.fullname ILIKE $2) AS "fitting!"
             FROM project_membership m JOIN "user" u ON u.id = m.user_id WHERE m.project_id = $1"#,
        project_id,
        pattern
    )
    .fetch_one(&mut *conn)
    .await?;
    Ok(First {
        rows: member_rows(conn, project_id, None, pattern.as_deref()).await?,
        fitting: counted.fitting,
        total: counted.total,
    })
}

async fn member_rows(
    conn: &mut PgConnection,
    project_id: i32,
    membership_id: Option<i32>,
    pattern: Option<&str>,
) -> Result<Vec<Member>> {
    Ok(sqlx::query_as!(
        Member,
        r#"SELECT m.id, m.user_id, u.username, u.fullname, u.email, u.is_active, m.roles, m.created_at AS joined_at,
                  (SELECT a.extra_data ->> 'login' FROM social_account a
                    WHERE a.user_id = u.id AND a.provider = 'github' ORDER BY a.id LIMIT 1) AS github_login
             FROM project_membership m JOIN "user" u ON u.id = m.user_id
            WHERE m.project_id = $1 AND ($2::int IS NULL OR m.id = $2)
              AND ($3::text IS NULL OR u.username ILIKE $3 OR u.fullname ILIKE $3)
            ORDER BY lower(u.username), u.id LIMIT $4"#,
        project_id,
        membership_id,
        pattern,
        FIRST_SHOWN
    )
    .fetch_all(conn)
    .await?)
}

/// How a project stood once.
#[derive(Debug)]
pub struct StatusChange {
    pub at: OffsetDateTime,
    pub by: String,
    pub old: String,
    pub new: String,
}

/// The last fifty times that a project's status changed, the newest first.
pub async fn status_history(conn: &mut PgConnection, project_id: i32) -> Result<Vec<StatusChange>> {
    Ok(sqlx::query_as!(
        StatusChange,
        r#"SELECT created_at AS at, created_by AS by, old, new FROM auditable_event
            WHERE parent_model = 'jobserver.Project' AND parent_id = $1 AND type = 'project_status_changed'
            ORDER BY created_at DESC, id DESC LIMIT 50"#,
        project_id.to_string()
    )
    .fetch_all(conn)
    .await?)
}

/// Somebody to choose.
#[derive(Debug)]
pub struct Person {
    pub id: i32,
    pub username: String,
    pub fullname: String,
}

/// Who can help a project: everybody who may enter the staff area, and who helps it now. By name.
pub async fn copilots(conn: &mut PgConnection, present: Option<i32>) -> Result<Vec<Person>> {
    Ok(sqlx::query_as!(
        Person,
        r#"SELECT id, username, fullname FROM "user" WHERE (is_active AND roles && $1) OR id = $2
            ORDER BY lower(fullname), lower(username) LIMIT 1000"#,
        &staff_roles(),
        present
    )
    .fetch_all(conn)
    .await?)
}

/// An organisation to choose.
#[derive(Debug)]
pub struct OrgChoice {
    pub id: i32,
    pub name: String,
    pub slug: String,
}

/// Every organisation, by name: 2,000 at most.
pub async fn org_choices(conn: &mut PgConnection) -> Result<Vec<OrgChoice>> {
    Ok(sqlx::query_as!(
        OrgChoice,
        "SELECT id, name, slug FROM org ORDER BY lower(name), id LIMIT 2000"
    )
    .fetch_all(conn)
    .await?)
}

/// The ids of those of these usernames that somebody has, in no order.
pub async fn user_ids(conn: &mut PgConnection, usernames: &[String]) -> Result<Vec<i32>> {
    Ok(
        sqlx::query_scalar!(r#"SELECT id FROM "user" WHERE username = ANY ($1)"#, usernames)
            .fetch_all(conn)
            .await?,
    )
}

/// The membership of somebody in a project.
#[derive(Debug)]
pub struct Membership {
    pub id: i32,
    pub username: String,
    pub fullname: String,
}

/// The memberships of those of these people who are members of a project.
pub async fn memberships_of(conn: &mut PgConnection, project_id: i32, user_ids: &[i32]) -> Result<Vec<Membership>> {
    Ok(sqlx::query_as!(
        Membership,
        r#"SELECT m.id, u.username, u.fullname FROM project_membership m JOIN "user" u ON u.id = m.user_id
            WHERE m.project_id = $1 AND m.user_id = ANY ($2) ORDER BY lower(u.fullname), lower(u.username)"#,
        project_id,
        user_ids
    )
    .fetch_all(conn)
    .await?)
}
