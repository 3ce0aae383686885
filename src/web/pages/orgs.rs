//! Organisations: all of them, and each one's page.

use rocket::get;
use serde::Serialize;

use crate::core::paging::MOST_SHOWN;
use crate::core::projects::store::lists::{ProjectOfOrg, projects_of_org};
use crate::core::projects::store::orgs::{ListedOrg, all_orgs, org_by_slug};
use crate::web::database::Database;
use crate::web::guards::Visit;
use crate::web::pages::logos::Logos;
use crate::web::pages::org_tabs;
use crate::web::responders::{Failure, Outcome};
use crate::web::view::{Page, Tab, Time, counted, first_of, thousands};

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

impl OrgTile {
    /// `logos` are those of its page.
    pub(super) fn new(org: ListedOrg, logos: &mut Logos) -> Self {
        Self {
            href: format!("/orgs/{}/", org.slug),
            projects: counted(org.projects, "project", "projects"),
            logo_href: logos.href(&org.logo, org.logo_file.as_deref()),
            initials: initials(&org.name),
            name: org.name,
        }
    }
}

#[get("/organisations")]
pub async fn organisations(visit: Visit<'_>, db: &Database) -> Outcome<Page> {
    let orgs = all_orgs(&mut *db.read().await?).await?;
    let mut logos = Logos::default();
    let view = OrganisationsView {
        total: thousands(orgs.len() as i64),
        orgs: orgs.into_iter().map(|org| OrgTile::new(org, &mut logos)).collect(),
    };
    logos.allow(&visit);
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
    /// That there are more than these.
    pub rest: Option<String>,
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
    let projects = projects_of_org(&mut conn, org.id, MOST_SHOWN).await?;
    drop(conn);
    let mut logos = Logos::default();
    let logo_href = logos.href(&org.logo, org.logo_file.as_deref());
    logos.allow(&visit);
    let chrome = visit
        .chrome(org.name.as_str())
        .describe(format!(
            "{} and its projects on {}",
            org.name, visit.app.settings.web.site_name
        ))
        .crumb("Page", "Organisations", "/organisations/")
        .here("Organisation", org.name.as_str());
    let view = OrgView {
        logo_href,
        description: if org.description.trim().is_empty() {
            format!("Projects that {} takes part in, and what was run for them.", org.name)
        } else {
            org.description
        },
        staff_href: visit.staff_href(format!("/staff/orgs/{}/", org.slug)),
        tabs: org_tabs(&format!("/orgs/{}/", org.slug), 0),
        total: thousands(projects.total),
        rest: first_of(&projects),
        projects: projects.rows.into_iter().map(ProjectRow::from).collect(),
        name: org.name,
    };
    Ok(visit.render("pages/org", chrome, &view))
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
}
