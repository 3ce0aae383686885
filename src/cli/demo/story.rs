//! Who and what there is in the demonstration. Everything is invented.

use serde::Serialize;

pub const ADMINISTRATOR: &str = "demo-admin";
pub const RESEARCHER: &str = "demo-researcher";

#[derive(Debug, Serialize)]
pub struct Person {
    pub username: &'static str,
    pub fullname: &'static str,
    pub roles: &'static [&'static str],
    /// Slugs of organisations.
    pub orgs: &'static [&'static str],
    /// Slugs of backends they may use.
    pub backends: &'static [&'static str],
}

const fn person(
    username: &'static str,
    fullname: &'static str,
    roles: &'static [&'static str],
    orgs: &'static [&'static str],
    backends: &'static [&'static str],
) -> Person {
    Person {
        username,
        fullname,
        roles,
        orgs,
        backends,
    }
}

const BOTH: &[&str] = &["tpp", "emis"];

pub const PEOPLE: &[Person] = &[
    person(
        ADMINISTRATOR,
        "Demo Administrator",
        &["StaffAreaAdministrator", "TechSupport", "ServiceAdministrator"],
        &["institute-for-open-evidence"],
        BOTH,
    ),
    person(RESEARCHER, "Demo Researcher", &[], &["northbridge-university"], BOTH),
    person(
        "amina-osei",
        "Amina Osei",
        &["OutputChecker"],
        &["institute-for-open-evidence"],
        BOTH,
    ),
    person(
        "bram-visser",
        "Bram Visser",
        &["OutputChecker", "OutputPublisher"],
        &["institute-for-open-evidence"],
        BOTH,
    ),
    person("chiara-ricci", "Chiara Ricci", &[], &["northbridge-university"], BOTH),
    person(
        "dev-malhotra",
        "Dev Malhotra",
        &[],
        &["northbridge-university"],
        &["tpp"],
    ),
    person("efua-mensah", "Efua Mensah", &[], &["harbour-health-research"], BOTH),
    person(
        "finn-larsen",
        "Finn Larsen",
        &[],
        &["harbour-health-research"],
        &["emis"],
    ),
    person(
        "grace-obi",
        "Grace Obi",
        &["TechSupport", "StaffAreaAdministrator"],
        &["institute-for-open-evidence"],
        BOTH,
    ),
    person("hana-sato", "Hana Sato", &[], &["northbridge-university"], &["tpp"]),
    person(
        "iwan-pritchard",
        "Iwan Pritchard",
        &[],
        &["harbour-health-research"],
        BOTH,
    ),
    person(
        "julia-nowak",
        "Julia Nowak",
        &[],
        &["northbridge-university", "harbour-health-research"],
        &["tpp"],
    ),
    person(
        "kofi-adu",
        "Kofi Adu",
        &["DeploymentAdministrator"],
        &["institute-for-open-evidence"],
        BOTH,
    ),
    person(
        "leila-haddad",
        "Leila Haddad",
        &[],
        &["harbour-health-research"],
        &["tpp"],
    ),
    person("tom-nobody-yet", "Tom Whitfield", &[], &[], &[]),
];

#[derive(Debug, Serialize)]
pub struct Org {
    pub slug: &'static str,
    pub name: &'static str,
    pub description: &'static str,
    pub is_internal: bool,
}

/// Logos, drawn for the demonstration, by the slugs of their organisations. The third has none.
pub const LOGOS: &[(&str, &str)] = &[
    (
        "northbridge-university",
        concat!(
            r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 48 48"><rect width="48" height="48" fill="#1f3a5f"/>"##,
            r##"<path d="M6 32a18 18 0 0 1 36 0M6 32h36M16 32v-14M24 32v-18M32 32v-14" fill="none" stroke="#fff" stroke-width="3"/></svg>"##
        ),
    ),
    (
        "harbour-health-research",
        concat!(
            r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 48 48"><rect width="48" height="48" fill="#e8f3f1"/>"##,
            r##"<path d="M24 8v30M14 18h20M8 28a16 12 0 0 0 32 0" fill="none" stroke="#0b6b5d" stroke-width="4"/></svg>"##
        ),
    ),
];

pub const ORGS: &[Org] = &[
    Org {
        slug: "northbridge-university",
        name: "Northbridge University",
        description: "Epidemiology and public health.",
        is_internal: false,
    },
    Org {
        slug: "harbour-health-research",
        name: "Harbour Health Research",
        description: "A partnership of coastal hospitals.",
        is_internal: false,
    },
    Org {
        slug: "institute-for-open-evidence",
        name: "Institute for Open Evidence",
        description: "Runs the service and helps others to use it.",
        is_internal: true,
    },
];

#[derive(Debug, Serialize)]
pub struct Project {
    pub slug: &'static str,
    pub name: &'static str,
    pub number: &'static str,
    pub status: &'static str,
    pub status_description: &'static str,
    /// The lead first.
    pub orgs: &'static [&'static str],
    pub developers: &'static [&'static str],
    pub collaborators: &'static [&'static str],
    pub permissions: &'static [&'static str],
    /// Which of the three studies its workspaces run: 0, 1 or 2.
    #[serde(skip)]
    pub study: usize,
    #[serde(skip)]
    pub workspaces: &'static [&'static str],
}

const fn project(slug: &'static str, name: &'static str, number: &'static str, study: usize) -> Project {
    Project {
        slug,
        name,
        number,
        status: "ongoing",
        status_description: "",
        orgs: &["northbridge-university"],
        developers: &[],
        collaborators: &[],
        permissions: &[],
        study,
        workspaces: &[],
    }
}

pub const PROJECTS: &[Project] = &[
    Project {
        developers: &[RESEARCHER, "chiara-ricci"],
        collaborators: &["hana-sato"],
        permissions: &["t1oo"],
        workspaces: &[
            "vaccine-uptake",
            "vaccine-uptake-sensitivity",
            "vaccine-uptake-care-homes",
            "vaccine-uptake-2024",
        ],
        ..project("influenza-vaccine-uptake", "Influenza vaccine uptake", "101", 0)
    },
    Project {
        orgs: &["northbridge-university", "harbour-health-research"],
        developers: &[RESEARCHER, "dev-malhotra"],
        collaborators: &["efua-mensah"],
        workspaces: &[
            "long-covid-work",
            "long-covid-work-sensitivity",
            "long-covid-return-to-work",
        ],
        ..project("long-covid-and-work", "Long COVID and work", "117", 1)
    },
    Project {
        orgs: &["institute-for-open-evidence"],
        developers: &["demo-admin", "grace-obi"],
        collaborators: &["kofi-adu"],
        permissions: &["ndoo"],
        workspaces: &[
            "data-checks",
            "data-checks-emis",
            "data-checks-next",
            "backend-smoke-test",
        ],
        ..project("data-quality-checks", "Data quality checks", "3", 0)
    },
    Project {
        orgs: &["harbour-health-research"],
        developers: &["efua-mensah", "finn-larsen"],
        workspaces: &["asthma-reviews", "asthma-reviews-children", "asthma-inhalers"],
        ..project(
            "asthma-reviews-in-primary-care",
            "Asthma reviews in primary care",
            "128",
            0,
        )
    },
    Project {
        developers: &["hana-sato", "julia-nowak"],
        collaborators: &["chiara-ricci"],
        workspaces: &["statins-75-plus", "statins-75-plus-main", "statins-side-effects"],
        ..project("statins-over-75", "Statins in people over 75", "134", 2)
    },
    Project {
        orgs: &["harbour-health-research"],
        status: "postponed",
        status_description: "Waiting for the new maternity table.",
        developers: &["iwan-pritchard"],
        workspaces: &["maternity-outcomes", "maternity-outcomes-twins"],
        ..project("maternity-outcomes", "Maternity outcomes", "140", 2)
    },
    Project {
        orgs: &["northbridge-university", "institute-for-open-evidence"],
        developers: &["julia-nowak", "leila-haddad"],
        workspaces: &["winter-pressures", "winter-pressures-2023", "winter-pressures-weekly"],
        ..project("winter-pressures", "Winter pressures", "POS-2025-2001", 0)
    },
    Project {
        status: "completed-and-linked",
        status_description: "The paper is out.",
        developers: &["chiara-ricci"],
        workspaces: &["shielding-2020", "shielding-2021", "shielding-final"],
        ..project("shielding-and-mental-health", "Shielding and mental health", "42", 2)
    },
];

/// Workspaces that are no longer used.
pub const ARCHIVED: &[&str] = &[
    "vaccine-uptake-2024",
    "winter-pressures-2023",
    "shielding-2020",
    "shielding-2021",
];

/// Workspaces that were signed off, by whom; those beside them on their private repository wait for that.
pub const SIGNED_OFF: &[(&str, &str)] = &[("long-covid-return-to-work", "dev-malhotra")];

impl Project {
    /// Somebody who may run its jobs; the `n`-th of them, round and round.
    pub fn developer(&self, n: usize) -> &'static str {
        let count = self.developers.len().max(1);
        self.developers.get(n % count).copied().unwrap_or(ADMINISTRATOR)
    }
}

#[derive(Debug, Serialize)]
pub struct Workspace {
    pub name: &'static str,
    pub project: &'static str,
    pub repo: String,
    pub branch: &'static str,
    pub purpose: String,
    pub is_archived: bool,
    pub should_notify: bool,
    pub created_by: &'static str,
    pub signed_off_by: Option<&'static str>,
    /// How many days ago it was made.
    pub age_days: i32,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::access::Role;
    use crate::core::names::{is_project_slug, is_workspace_name, slugify};

    #[test]
    fn the_story_keeps_the_rules_of_names_and_roles() {
        let people: Vec<&str> = PEOPLE.iter().map(|person| person.username).collect();
        for person in PEOPLE {
            for role in person.roles {
                assert!(role.parse::<Role>().is_ok(), "{role}");
            }
            for org in person.orgs {
                assert!(ORGS.iter().any(|known| known.slug == *org), "{org}");
            }
        }
        for org in ORGS {
            assert_eq!(slugify(org.name), org.slug);
        }
        for project in PROJECTS {
            assert!(is_project_slug(project.slug), "{}", project.slug);
            for member in project.developers.iter().chain(project.collaborators) {
                assert!(people.contains(member), "{member}");
            }
            for workspace in project.workspaces {
                assert!(is_workspace_name(workspace), "{workspace}");
            }
        }
        for archived in ARCHIVED {
            assert!(
                PROJECTS.iter().any(|project| project.workspaces.contains(archived)),
                "{archived}"
            );
        }
        for (workspace, person) in SIGNED_OFF {
            let project = PROJECTS.iter().find(|project| project.workspaces.contains(workspace));
            assert!(
                project.is_some_and(|project| project.developers.contains(person)),
                "{workspace}"
            );
        }
    }
}
