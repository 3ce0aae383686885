//! The search of the staff area: over everything that staff look after, a few of each kind.

use sqlx::PgConnection;

use crate::core::error::Result;
use crate::core::paging::{Listed, PageAsked, containing};

/// The most of one kind that are shown at once; [`search_kind`] has the others.
pub const MOST_OF_A_KIND: i64 = 20;

/// A kind of thing that is found, in the order in which they are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StaffKind {
    Backend,
    Org,
    Project,
    User,
    Workspace,
}

/// Something found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StaffHit {
    pub kind: StaffKind,
    /// What it is called.
    pub label: String,
    /// What stands for it in its address: a number, a slug, a name.
    pub key: String,
    /// How many of its kind there are in all.
    pub total: i64,
}

struct Row {
    kind: i32,
    label: String,
    key: String,
    total: i64,
}

impl StaffKind {
    pub const ALL: [Self; 5] = [Self::Backend, Self::Org, Self::Project, Self::User, Self::Workspace];

    /// As addresses name it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Backend => "backends",
            Self::Org => "orgs",
            Self::Project => "projects",
            Self::User => "users",
            Self::Workspace => "workspaces",
        }
    }

    pub fn named(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }

    /// As the statement numbers it.
    const fn number(self) -> i32 {
        match self {
            Self::Backend => 0,
            Self::Org => 1,
            Self::Project => 2,
            Self::User => 3,
            Self::Workspace => 4,
        }
    }
}

/// The first things of each kind with this text in one of their fields: backends and organisations by name and slug,
/// projects by number too, people by their names and those of their organisations and projects, workspaces by name
/// and repository. People stand by username, others by name. One statement.
///
/// # Errors
/// When the database does not answer.
pub async fn search(conn: &mut PgConnection, text: &str) -> Result<Vec<StaffHit>> {
    found(conn, text, None, PageAsked::Number(1), MOST_OF_A_KIND).await
}

/// A page of what [`search`] finds of one kind. One statement.
///
/// # Errors
/// When the database does not answer.
pub async fn search_kind(
    conn: &mut PgConnection,
    text: &str,
    kind: StaffKind,
    page: PageAsked,
    per_page: i64,
) -> Result<Listed<StaffHit>> {
    let rows = found(conn, text, Some(kind), page, per_page).await?;
    Ok(Listed::new(rows, |hit| hit.total))
}

async fn found(
    conn: &mut PgConnection,
    text: &str,
    kind: Option<StaffKind>,
    page: PageAsked,
    per_page: i64,
) -> Result<Vec<StaffHit>> {
    let rows = sqlx::query_as!(
        Row,
        r#"SELECT kind AS "kind!", label AS "label!", key AS "key!", total AS "total!" FROM (
             SELECT kind, label, key, count(*) OVER (PARTITION BY kind) AS total,
                    row_number() OVER (PARTITION BY kind ORDER BY place, key) AS nth
               FROM (SELECT 0 AS kind, name AS label, id::text AS key, lower(name) AS place
                       FROM backend
                      WHERE coalesce($2::int, 0) = 0 AND (name ILIKE $1 OR slug ILIKE $1)
                  UNION ALL
                     SELECT 1, name, slug, lower(name)
                       FROM org
                      WHERE coalesce($2::int, 1) = 1 AND (name ILIKE $1 OR slug ILIKE $1)
                  UNION ALL
                     SELECT 2, coalesce(number || ' - ', '') || name, slug, lower(name)
                       FROM project
                      WHERE coalesce($2::int, 2) = 2 AND (name ILIKE $1 OR slug ILIKE $1 OR number ILIKE $1)
                  UNION ALL
                     SELECT 3, u.fullname || ' (' || u.username || ')', u.username, lower(u.username)
                       FROM "user" u
                      WHERE coalesce($2::int, 3) = 3
                        AND (u.fullname ILIKE $1 OR u.username ILIKE $1
                             OR u.id IN (SELECT m.user_id FROM org_membership m JOIN org o ON o.id = m.org_id
                                          WHERE o.name ILIKE $1)
                             OR u.id IN (SELECT m.user_id FROM project_membership m JOIN project p ON p.id = m.project_id
                                          WHERE p.name ILIKE $1))
                  UNION ALL
                     SELECT 4, w.name, w.name, lower(w.name)
                       FROM workspace w
                      WHERE coalesce($2::int, 4) = 4
                        AND (w.name ILIKE $1 OR w.repo_id IN (SELECT id FROM repo WHERE url ILIKE $1))) found) placed
            WHERE nth > (coalesce($3::bigint, (total + $4 - 1) / $4) - 1) * $4
              AND nth <= coalesce($3::bigint, (total + $4 - 1) / $4) * $4
            ORDER BY kind, nth"#,
        containing(text),
        kind.map(StaffKind::number),
        page.number(),
        per_page
    )
    .fetch_all(conn)
    .await?;
    let hits = rows.into_iter().filter_map(|row| {
        Some(StaffHit {
            kind: StaffKind::ALL.into_iter().find(|kind| kind.number() == row.kind)?,
            label: row.label,
            key: row.key,
            total: row.total,
        })
    });
    Ok(hits.collect())
}

/// Something that a filter may be for: what it is called, and what the filter takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suggestion {
    pub value: String,
    pub label: String,
}

/// What filters can be for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Suggested {
    Users,
    Projects,
    Orgs,
    Workspaces,
}

impl Suggested {
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "users" => Some(Self::Users),
            "projects" => Some(Self::Projects),
            "orgs" => Some(Self::Orgs),
            "workspaces" => Some(Self::Workspaces),
            _ => None,
        }
    }
}

/// A few things of this kind with this text in their name or address.
pub async fn suggestions(conn: &mut PgConnection, kind: Suggested, text: &str) -> Result<Vec<Suggestion>> {
    const MOST: i64 = 20;
    let pattern = containing(text);
    let found =
        match kind {
            Suggested::Users => {
                sqlx::query_as!(
                    Suggestion,
                    r#"SELECT username AS value, fullname AS label FROM "user"
                    WHERE username ILIKE $1 OR fullname ILIKE $1 ORDER BY lower(username) LIMIT $2"#,
                    pattern,
                    MOST
                )
                .fetch_all(conn)
                .await
            }
            Suggested::Projects => {
                sqlx::query_as!(
                    Suggestion,
                    r#"SELECT slug AS value, coalesce(number || ' - ', '') || name AS "label!" FROM project
                    WHERE slug ILIKE $1 OR name ILIKE $1 OR number ILIKE $1 ORDER BY lower(name) LIMIT $2"#,
                    pattern,
                    MOST
                )
                .fetch_all(conn)
                .await
            }
            Suggested::Orgs => {
                sqlx::query_as!(
                    Suggestion,
                    "SELECT slug AS value, name AS label FROM org
                  WHERE slug ILIKE $1 OR name ILIKE $1 ORDER BY lower(name) LIMIT $2",
                    pattern,
                    MOST
                )
                .fetch_all(conn)
                .await
            }
            Suggested::Workspaces => sqlx::query_as!(
                Suggestion,
                "SELECT name AS value, name AS label FROM workspace WHERE name ILIKE $1 ORDER BY lower(name) LIMIT $2",
                pattern,
                MOST
            )
            .fetch_all(conn)
            .await,
        };
    Ok(found?)
}
