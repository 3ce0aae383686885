//! Who works on a project. Everybody may see that; as what, only people of an organisation that takes part.
//! Changing it is for staff, whose pages are elsewhere.

use rocket::get;
use serde::Serialize;

use crate::core::access::{Permission, Role};
use crate::core::projects::store::detail::{self, Member};
use crate::core::projects::store::project_by_slug;
use crate::core::releases::store::lists::project_has_releases;
use crate::web::database::Database;
use crate::web::guards::{ProjectSlug, Visit};
use crate::web::pages::project_tabs;
use crate::web::responders::{Failure, Outcome};
use crate::web::view::{Link, Page, Tab, Time, first_of, sentence, thousands, user_href};

/// The most members of a project that its page of them has.
const MOST: i64 = 500;

#[derive(Serialize)]
pub struct MembersView {
    pub project: Link,
    pub total: String,
    /// That there are more than these.
    pub rest: Option<String>,
    pub tabs: Vec<Tab>,
    pub members: Vec<MemberRow>,
    pub shows_roles: bool,
    /// The roles that members hold, and what each is for; empty where roles are not shown.
    pub roles: Vec<RoleRow>,
    /// Whether the visitor looks after the project, and so may wonder how people are added.
    pub manages: bool,
    pub staff_href: Option<String>,
    pub support_email: String,
}

#[derive(Serialize)]
pub struct MemberRow {
    pub label: String,
    pub href: String,
    pub username: String,
    /// `None` for no role, and where roles are not shown.
    pub roles: Option<String>,
    pub joined: Time,
}

#[derive(Serialize)]
pub struct RoleRow {
    pub name: String,
    pub description: &'static str,
}

#[get("/<project>/members")]
pub async fn members(visit: Visit<'_>, db: &Database, project: ProjectSlug<'_>) -> Outcome<Page> {
    let mut conn = db.read().await?;
    let project = project_by_slug(&mut conn, project.0)
        .await?
        .ok_or(Failure::not_found("Project"))?;
    let members = detail::members(&mut conn, project.id, MOST).await?;
    let has_releases = project_has_releases(&mut conn, project.id).await?;
    let shows_roles = match visit.actor.id() {
        Some(viewer_id) => detail::shares_org(&mut conn, project.id, viewer_id).await?,
        None => false,
    };
    drop(conn);
    let href = format!("/{}/", project.slug);
    let chrome = visit
        .chrome(format!("Members of {}", project.name))
        .crumb("Project", project.title(), href.clone())
        .here("Page", "Members");
    let view = MembersView {
        total: thousands(members.total),
        rest: first_of(&members),
        tabs: project_tabs(&href, 2, has_releases),
        roles: if shows_roles {
            roles_of(&members.rows)
        } else {
            Vec::new()
        },
        members: members
            .rows
            .into_iter()
            .map(|member| MemberRow::new(member, shows_roles))
            .collect(),
        shows_roles,
        manages: visit.actor.has_permission(Permission::ProjectManage, Some(project.id)),
        staff_href: visit.staff_href(format!("/staff/projects/{}/", project.slug)),
        support_email: visit.app.settings.web.support_email.clone(),
        project: Link::new(project.title(), href),
    };
    Ok(visit.render("pages/project_members", chrome, &view))
}

/// Each role that somebody holds, once.
fn roles_of(members: &[Member]) -> Vec<RoleRow> {
    let held: Vec<&String> = members.iter().flat_map(|member| &member.roles).collect();
    Role::parse_all(&held)
        .into_iter()
        .map(|role| RoleRow {
            name: sentence(&role_word(role)),
            description: role.description(),
        })
        .collect()
}

impl MemberRow {
    pub(super) fn new(member: Member, shows_roles: bool) -> Self {
        Self {
            href: user_href(&member.username),
            label: member.fullname,
            username: member.username,
            joined: Time::new(member.joined_at),
            roles: if shows_roles { role_words(&member.roles) } else { None },
        }
    }
}

/// `Project collaborator, project developer`; nothing for no role.
fn role_words(names: &[String]) -> Option<String> {
    let words: Vec<String> = Role::parse_all(names).into_iter().map(role_word).collect();
    (!words.is_empty()).then(|| sentence(&words.join(", ")))
}

/// `ProjectDeveloper` as `project developer`.
fn role_word(role: Role) -> String {
    let mut word = String::new();
    for letter in role.name().chars() {
        if letter.is_uppercase() && !word.is_empty() {
            word.push(' ');
        }
        word.extend(letter.to_lowercase());
    }
    word
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_read_as_words() {
        let names = ["ProjectDeveloper", "Wizard", "OutputChecker"].map(String::from);
        assert_eq!(role_words(&names).as_deref(), Some("Output checker, project developer"));
        assert_eq!(role_words(&[]), None);
    }
}
