//! People: all of them, and each one's page.

use rocket::get;
use serde::Serialize;

use crate::core::people::store::lists::{ListedUser, USERS_PER_PAGE, all_users};
use crate::core::people::store::user_by_username;
use crate::core::projects::store::lists::{ProjectOfUser, projects_of_user};
use crate::core::projects::store::orgs::orgs_of_user;
use crate::web::database::Database;
use crate::web::guards::Visit;
use crate::web::pages::paged::{asked, pagination};
use crate::web::pages::user_tabs;
use crate::web::responders::{Failure, Outcome};
use crate::web::view::{Link, Page, Pagination, Tab, encode_segment, thousands, user_href};

#[derive(Serialize)]
pub struct UsersView {
    pub users: Vec<UserRow>,
    pub pagination: Pagination,
}

#[derive(Serialize)]
pub struct UserRow {
    pub name: String,
    pub username: String,
    pub href: String,
    pub projects: String,
}

impl From<ListedUser> for UserRow {
    fn from(user: ListedUser) -> Self {
        Self {
            name: user.fullname,
            href: user_href(&user.username),
            username: user.username,
            projects: thousands(user.projects),
        }
    }
}

#[get("/users?<page>")]
pub async fn users(visit: Visit<'_>, db: &Database, page: Option<&str>) -> Outcome<Page> {
    let listed = all_users(&mut *db.read().await?, asked(page)?).await?;
    let view = UsersView {
        pagination: pagination(&visit, page, listed.total, USERS_PER_PAGE)?,
        users: listed.rows.into_iter().map(UserRow::from).collect(),
    };
    let chrome = visit.chrome("People").here("Page", "People");
    Ok(visit.render("pages/users", chrome, &view))
}

#[derive(Serialize)]
pub struct UserView {
    pub name: String,
    pub username: String,
    pub orgs: Vec<Link>,
    pub staff_href: Option<String>,
    pub tabs: Vec<Tab>,
    pub projects: Vec<ProjectRow>,
}

#[derive(Serialize)]
pub struct ProjectRow {
    pub name: String,
    pub href: String,
    pub org: Option<String>,
}

impl From<ProjectOfUser> for ProjectRow {
    fn from(project: ProjectOfUser) -> Self {
        Self {
            name: project.name,
            href: format!("/{}/", project.slug),
            org: project.org_name,
        }
    }
}

#[get("/users/<username>")]
pub async fn user(visit: Visit<'_>, db: &Database, username: &str) -> Outcome<Page> {
    let mut conn = db.read().await?;
    let user = user_by_username(&mut conn, username)
        .await?
        .ok_or(Failure::not_found("User"))?;
    let orgs = orgs_of_user(&mut conn, user.id).await?;
    let projects = projects_of_user(&mut conn, user.id).await?;
    drop(conn);
    let view = UserView {
        orgs: orgs
            .into_iter()
            .map(|org| Link::new(org.name, format!("/orgs/{}/", org.slug)))
            .collect(),
        staff_href: visit.staff_href(format!("/staff/users/{}/", encode_segment(&user.username))),
        tabs: user_tabs(&user_href(&user.username), 0),
        projects: projects.into_iter().map(ProjectRow::from).collect(),
        name: user.fullname.clone(),
        username: user.username,
    };
    let chrome = visit
        .chrome(user.fullname.as_str())
        .crumb("Page", "People", "/users/")
        .here("User", user.fullname);
    Ok(visit.render("pages/user", chrome, &view))
}
