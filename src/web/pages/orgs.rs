//! Organisations: all of them, and each one's page.

use rocket::get;
use serde::Serialize;

use crate::core::projects::store::lists::{ProjectOfOrg, projects_of_org};
use crate::core::projects::store::orgs::{ListedOrg, all_orgs, org_by_slug};
use crate::web::database::Database;
use crate::web::guards::Visit;
use crate::web::pages::org_tabs;
use crate::web::responders::{Failure, Outcome};
use crate::web::view::{Page, Tab, Time, counted, thousands};

#[derive(Serialize)]
pub struct OrganisationsView {
    pub total: String,
    pub orgs: Vec<OrgTile>,
}

#[derive(Serialize)]
pub struct OrgTile {
    pub name: String,
    pub href: String,
    pub projects: String,
    pub logo_href: Option<String>,
    pub initials: String,
}

impl From<ListedOrg> for OrgTile {
    fn from(org: ListedOrg) -> Self {
        Self {
            href: format!("/orgs/{}/", org.slug),
            projects: counted(org.projects, "project", "projects"),
            logo_href: logo_href(org.logo, org.logo_file),
            initials: initials(&org.name),
            name: org.name,
        }
    }
}

#[get("/organisations")]
pub async fn organisations(visit: Visit<'_>, db: &Database) -> Outcome<Page> {
    let orgs = all_orgs(&mut *db.read().await?).await?;
    let view = OrganisationsView {
        total: thousands(orgs.len() as i64),
        orgs: orgs.into_iter().map(OrgTile::from).collect(),
    };
    let chrome = visit.chrome("Organisations").here("Page", "Organisations");
    Ok(visit.render("pages/organisations", chrome, &view))
}

#[derive(Serialize)]
pub struct OrgView {
    pub name: String,
    pub logo_href: Option<String>,
    pub description: String,
    pub staff_href: Option<String>,
    pub tabs: Vec<Tab>,
    pub total: String,
    pub projects: Vec<ProjectRow>,
}

#[derive(Serialize)]
pub struct ProjectRow {
    pub name: String,
    pub href: String,
    pub members: String,
    pub workspaces: String,
    pub created: Time,
}

impl From<ProjectOfOrg> for ProjectRow {
    fn from(project: ProjectOfOrg) -> Self {
        Self {
            name: project.name,
            href: format!("/{}/", project.slug),
            members: thousands(project.members),
            workspaces: thousands(project.workspaces),
            created: Time::new(project.created_at),
        }
    }
}

#[get("/orgs/<slug>")]
pub async fn org(visit: Visit<'_>, db: &Database, slug: &str) -> Outcome<Page> {
    let mut conn = db.read().await?;
    let org = org_by_slug(&mut conn, slug)
        .await?
        .ok_or(Failure::not_found("Organisation"))?;
    let projects = projects_of_org(&mut conn, org.id).await?;
    drop(conn);
    let chrome = visit
        .chrome(org.name.as_str())
        .crumb("Page", "Organisations", "/organisations/")
        .here("Organisation", org.name.as_str());
    let view = OrgView {
        logo_href: logo_href(org.logo, org.logo_file),
        description: if org.description.trim().is_empty() {
            format!("Projects that {} takes part in, and what was run for them.", org.name)
        } else {
            org.description
        },
        staff_href: visit.staff_href(format!("/staff/orgs/{}/", org.slug)),
        tabs: org_tabs(&format!("/orgs/{}/", org.slug), 0),
        total: thousands(projects.len() as i64),
        projects: projects.into_iter().map(ProjectRow::from).collect(),
        name: org.name,
    };
    Ok(visit.render("pages/org", chrome, &view))
}

/// An uploaded picture goes before an address.
fn logo_href(logo: String, logo_file: Option<String>) -> Option<String> {
    match logo_file {
        Some(file) if !file.is_empty() => Some(format!("/uploads/{file}")),
        _ => Some(logo).filter(|logo| !logo.is_empty()),
    }
}

/// The first letters of the first two words that begin with a capital, else of the first word.
fn initials(name: &str) -> String {
    let capitals: String = name
        .split_whitespace()
        .filter_map(|word| word.chars().next())
        .filter(|letter| letter.is_uppercase())
        .take(2)
        .collect();
    if capitals.is_empty() {
        name.chars().next().into_iter().flat_map(char::to_uppercase).collect()
    } else {
        capitals
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn initials_stand_for_a_missing_logo() {
        for (name, letters) in [
            ("Bennett Institute", "BI"),
            ("Institute of Population Records", "IP"),
            ("acme", "A"),
            ("École", "É"),
            ("東京大学", "東"),
        ] {
            assert_eq!(initials(name), letters);
        }
    }

    #[test]
    fn an_uploaded_logo_goes_first() {
        let file = Some("org_logos/a.png".to_owned());
        assert_eq!(
            logo_href("https://example.org/a.svg".to_owned(), file).as_deref(),
            Some("/uploads/org_logos/a.png")
        );
        assert_eq!(logo_href(String::new(), Some(String::new())), None);
    }
}
