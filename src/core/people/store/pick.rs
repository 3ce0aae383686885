//! Finding people by name, for forms that choose some of them.

use sqlx::PgConnection;

use crate::core::error::Result;
use crate::core::paging::containing;

/// Somebody who can be chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picked {
    pub id: i32,
    pub username: String,
    pub fullname: String,
    pub is_active: bool,
}

/// Those who belong to something: they need not be offered to it again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Circle {
    Project(i32),
    Org(i32),
    Backend(i32),
}

impl Circle {
    /// As in the address of suggestions: `project:7`.
    pub fn name(self) -> String {
        match self {
            Self::Project(id) => format!("project:{id}"),
            Self::Org(id) => format!("org:{id}"),
            Self::Backend(id) => format!("backend:{id}"),
        }
    }

    pub fn named(name: &str) -> Option<Self> {
        let (kind, id) = name.split_once(':')?;
        let id = id.parse().ok()?;
        match kind {
            "project" => Some(Self::Project(id)),
            "org" => Some(Self::Org(id)),
            "backend" => Some(Self::Backend(id)),
            _ => None,
        }
    }
}

impl Picked {
    /// `Ada Lovelace (ada)`.
    pub fn label(&self) -> String {
        format!("{} ({})", self.fullname, self.username)
    }
}

/// Those with these ids, or these usernames; by name. What is neither is left out.
pub async fn people(conn: &mut PgConnection, wanted: &[String]) -> Result<Vec<Picked>> {
    let ids: Vec<i32> = wanted.iter().filter_map(|text| text.parse().ok()).collect();
    Ok(sqlx::query_as!(
        Picked,
        r#"SELECT id, username, fullname, is_active FROM "user" WHERE id = ANY ($1) OR username = ANY ($2)
            ORDER BY lower(fullname), lower(username)"#,
        &ids,
        wanted
    )
    .fetch_all(conn)
    .await?)
}

/// The active ones with this text in their name or username, by name; a few. Those of the circle are left out.
pub async fn people_like(conn: &mut PgConnection, text: &str, but: Option<Circle>) -> Result<Vec<Picked>> {
    let (project, org, backend) = match but {
        None => (None, None, None),
        Some(Circle::Project(id)) => (Some(id), None, None),
        Some(Circle::Org(id)) => (None, Some(id), None),
        Some(Circle::Backend(id)) => (None, None, Some(id)),
    };
    Ok(sqlx::query_as!(
        Picked,
        r#"SELECT id, username, fullname, is_active FROM "user" u
            WHERE is_active AND (fullname ILIKE $1 OR username ILIKE $1)
              AND NOT EXISTS (SELECT FROM project_membership WHERE project_id = $3 AND user_id = u.id)
              AND NOT EXISTS (SELECT FROM org_membership WHERE org_id = $4 AND user_id = u.id)
              AND NOT EXISTS (SELECT FROM backend_membership WHERE backend_id = $5 AND user_id = u.id)
            ORDER BY username <> $2, lower(fullname), lower(username) LIMIT 20"#,
        containing(text),
        text,
        project,
        org,
        backend
    )
    .fetch_all(conn)
    .await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_circle_is_called_what_it_is_found_by() {
        for circle in [Circle::Project(7), Circle::Org(1), Circle::Backend(2)] {
            assert_eq!(Circle::named(&circle.name()), Some(circle));
        }
        for other in ["", "project", "project:", "project:x", "user:1", "project:99999999999"] {
            assert_eq!(Circle::named(other), None, "{other}");
        }
    }
}
