//! The SQL of making projects and changing them.

pub mod lists;

use sqlx::PgConnection;
use time::{OffsetDateTime, Time};

use super::{ProjectForm, Stored};
use crate::core::access::{Permission, Role};
use crate::core::error::Result;
use crate::core::projects::numbers::{MOST_DIGITS, is_digits};

/// The names of the roles that open the staff area.
pub(super) fn staff_roles() -> Vec<String> {
    let roles = Permission::StaffAreaAccess.holders();
    roles.iter().copied().map(Role::name).map(str::to_owned).collect()
}

/// A project as it stands; its row is locked.
pub(super) async fn lock(conn: &mut PgConnection, id: i32) -> Result<Option<Stored>> {
    let locked = sqlx::query_scalar!("SELECT id FROM project WHERE id = $1 FOR UPDATE", id)
        .fetch_optional(&mut *conn)
        .await?;
    match locked {
        Some(id) => stored(conn, id).await,
        None => Ok(None),
    }
}

/// A project as it stands.
pub(super) async fn stored(conn: &mut PgConnection, id: i32) -> Result<Option<Stored>> {
    let row = sqlx::query!(
        r#"SELECT p.name, p.slug, p.number, p.application_url, p.copilot_id, p.copilot_support_ends_at, p.copilot_notes,
                  p.status, p.status_description, p.updated_at AS "updated_at!",
                  u.fullname || ' (' || u.username || ')' AS "updated_by!",
                  ARRAY(SELECT org_id FROM project_collaboration WHERE project_id = p.id ORDER BY org_id) AS "org_ids!",
                  (SELECT org_id FROM project_collaboration WHERE project_id = p.id AND is_lead) AS lead_id
             FROM project p JOIN "user" u ON u.id = p.updated_by_id WHERE p.id = $1"#,
        id
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|row| Stored {
        id,
        updated_at: row.updated_at,
        updated_by: row.updated_by,
        form: ProjectForm {
            name: row.name,
            slug: row.slug,
            number: row.number.unwrap_or_default(),
            org_ids: row.org_ids,
            lead_id: row.lead_id,
            application_url: row.application_url,
            copilot_id: row.copilot_id,
            copilot_support_ends_on: row.copilot_support_ends_at.map(OffsetDateTime::date),
            copilot_notes: row.copilot_notes,
            status: row.status,
            status_description: row.status_description,
        },
    }))
}

/// Until the end of the transaction nobody else takes the next number.
pub(super) async fn take_turns_with_numbers(conn: &mut PgConnection) -> Result<()> {
    sqlx::query!(r#"SELECT pg_advisory_xact_lock(hashtext('project number')) AS "locked!: ()""#)
        .fetch_one(conn)
        .await?;
    Ok(())
}

/// One more than the highest number of digits that can be typed; 1 when there is none. `None` when it would have more
/// digits than can be typed.
pub(super) async fn next_number(conn: &mut PgConnection) -> Result<Option<String>> {
    let next = sqlx::query_scalar!(
        r#"SELECT (coalesce(max(number::numeric), 0) + 1)::text AS "next!" FROM project
            WHERE number ~ '^[0-9]+$' AND length(number) <= $1"#,
        MOST_DIGITS as i32
    )
    .fetch_one(conn)
    .await?;
    Ok(Some(next).filter(|next| is_digits(next)))
}

/// What of a project's another has.
pub(super) struct Used {
    pub name: bool,
    pub slug: bool,
    pub number: bool,
}

pub(super) async fn used(
    conn: &mut PgConnection,
    but_id: Option<i32>,
    name: &str,
    slug: &str,
    number: &str,
) -> Result<Used> {
    Ok(sqlx::query_as!(
        Used,
        r#"SELECT EXISTS (SELECT FROM project WHERE name = $2 AND id IS DISTINCT FROM $1) AS "name!",
                  EXISTS (SELECT FROM project WHERE slug = $3 AND id IS DISTINCT FROM $1) AS "slug!",
                  EXISTS (SELECT FROM project WHERE number = $4 AND id IS DISTINCT FROM $1) AS "number!""#,
        but_id,
        name,
        slug,
        number
    )
    .fetch_one(conn)
    .await?)
}

/// The names of those of these organisations that exist; nobody deletes them before the commit.
pub(super) async fn org_names(conn: &mut PgConnection, ids: &[i32]) -> Result<Vec<String>> {
    Ok(sqlx::query_scalar!(
        "SELECT name FROM org WHERE id = ANY ($1) ORDER BY id FOR KEY SHARE",
        ids
    )
    .fetch_all(conn)
    .await?)
}

/// Those of these organisations that exist, by name, as ids and names; nobody deletes them before the commit.
pub(super) async fn orgs_by_name(conn: &mut PgConnection, ids: &[i32]) -> Result<Vec<(i32, String)>> {
    let rows = sqlx::query!(
        "SELECT id, name FROM org WHERE id = ANY ($1) ORDER BY lower(name), id FOR KEY SHARE",
        ids
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(|row| (row.id, row.name)).collect())
}

/// Whether there is a user of this id who may sign in.
pub(super) async fn is_active(conn: &mut PgConnection, user_id: i32) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM "user" WHERE id = $1 AND is_active) AS "is!""#,
        user_id
    )
    .fetch_one(conn)
    .await?)
}

/// Whether somebody may enter the staff area.
pub(super) async fn can_be_copilot(conn: &mut PgConnection, user_id: i32) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM "user" WHERE id = $1 AND is_active AND roles && $2) AS "may!""#,
        user_id,
        &staff_roles()
    )
    .fetch_one(conn)
    .await?)
}

/// A user's name; empty for nobody.
pub(super) async fn username(conn: &mut PgConnection, id: Option<i32>) -> Result<String> {
    let Some(id) = id else {
        return Ok(String::new());
    };
    let name = sqlx::query_scalar!(r#"SELECT username FROM "user" WHERE id = $1"#, id)
        .fetch_optional(conn)
        .await?;
    Ok(name.unwrap_or_default())
}

/// A project that is stored for the first time.
pub(super) struct NewRow<'a> {
    pub name: &'a str,
    pub slug: &'a str,
    pub number: Option<&'a str>,
    pub copilot_id: Option<i32>,
    pub application_url: &'a str,
    pub by_id: i32,
}

pub(super) async fn insert(conn: &mut PgConnection, new: &NewRow<'_>) -> Result<i32, sqlx::Error> {
    sqlx::query_scalar!(
        "INSERT INTO project (name, slug, number, copilot_id, application_url, created_by_id, updated_by_id)
         VALUES ($1, $2, $3, $4, $5, $6, $6) RETURNING id",
        new.name,
        new.slug,
        new.number,
        new.copilot_id,
        new.application_url,
        new.by_id
    )
    .fetch_one(conn)
    .await
}

pub(super) async fn add_org(
    conn: &mut PgConnection,
    project_id: i32,
    org_id: i32,
    is_lead: bool,
    by_id: i32,
) -> Result<()> {
    sqlx::query!(
        "INSERT INTO project_collaboration (org_id, project_id, is_lead, created_by_id, updated_by_id)
         VALUES ($1, $2, $3, $4, $4)",
        org_id,
        project_id,
        is_lead,
        by_id
    )
    .execute(conn)
    .await?;
    Ok(())
}

pub(super) async fn update(
    conn: &mut PgConnection,
    id: i32,
    form: &ProjectForm,
    by_id: i32,
) -> Result<(), sqlx::Error> {
    let ends_at = form
        .copilot_support_ends_on
        .map(|day| day.with_time(Time::MIDNIGHT).assume_utc());
    let number = Some(&*form.number).filter(|number| !number.is_empty());
    sqlx::query!(
        "UPDATE project
            SET name = $2, slug = $3, number = $4, application_url = $5, copilot_id = $6,
                copilot_support_ends_at = CASE WHEN (copilot_support_ends_at AT TIME ZONE 'UTC')::date
                                                    IS NOT DISTINCT FROM ($7::timestamptz AT TIME ZONE 'UTC')::date
                                               THEN copilot_support_ends_at ELSE $7 END,
                copilot_notes = $8, status = $9, status_description = $10, updated_at = now(), updated_by_id = $11
          WHERE id = $1",
        id,
        form.name,
        form.slug,
        number,
        form.application_url,
        form.copilot_id,
        ends_at,
        form.copilot_notes,
        form.status,
        form.status_description,
        by_id
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// An organisation's id and name.
pub(super) type Named = (i32, String);

/// The organisations that were added and removed, and the one that led and the one that does, when those differ.
#[derive(Debug, Default)]
pub(super) struct OrgChanges {
    pub added: Vec<Named>,
    pub removed: Vec<Named>,
    pub lead: Option<(Option<Named>, Option<Named>)>,
}

/// Makes a project's organisations those of `after`. What stays keeps its row.
pub(super) async fn set_orgs(
    conn: &mut PgConnection,
    id: i32,
    before: &ProjectForm,
    after: &ProjectForm,
    by_id: i32,
) -> Result<OrgChanges> {
    let removed = sqlx::query!(
        "DELETE FROM project_collaboration c USING org o
          WHERE o.id = c.org_id AND c.project_id = $1 AND c.org_id <> ALL ($2) RETURNING o.id, o.name",
        id,
        &after.org_ids
    )
    .fetch_all(&mut *conn)
    .await?;
    let mut changes = OrgChanges {
        removed: removed.into_iter().map(|org| (org.id, org.name)).collect(),
        ..OrgChanges::default()
    };
    if before.lead_id != after.lead_id {
        // First there is none, as there are never two.
        sqlx::query!(
            "UPDATE project_collaboration SET is_lead = false, updated_at = now(), updated_by_id = $2
              WHERE project_id = $1 AND is_lead",
            id,
            by_id
        )
        .execute(&mut *conn)
        .await?;
    }
    for org_id in after.org_ids.iter().filter(|org_id| !before.org_ids.contains(org_id)) {
        add_org(conn, id, *org_id, false, by_id).await?;
        let names = org_names(conn, &[*org_id]).await?;
        changes.added.extend(names.into_iter().map(|name| (*org_id, name)));
    }
    if before.lead_id != after.lead_id {
        sqlx::query!(
            "UPDATE project_collaboration SET is_lead = true, updated_at = now(), updated_by_id = $3
              WHERE project_id = $1 AND org_id = $2",
            id,
            after.lead_id,
            by_id
        )
        .execute(&mut *conn)
        .await?;
        changes.lead = Some((
            org_named(conn, before.lead_id).await?,
            org_named(conn, after.lead_id).await?,
        ));
    }
    Ok(changes)
}

async fn org_named(conn: &mut PgConnection, id: Option<i32>) -> Result<Option<Named>> {
    let Some(id) = id else { return Ok(None) };
    let name = org_names(conn, &[id]).await?.pop();
    Ok(name.map(|name| (id, name)))
}
