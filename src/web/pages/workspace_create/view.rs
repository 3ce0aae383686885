//! What the form for a new workspace shows.

use serde::Serialize;

use crate::core::error::FieldErrors;
use crate::core::projects::Project;
use crate::core::workspaces::facts::OfferedRepo;
use crate::web::pages::workspace::purpose_field;
use crate::web::view::{
    Banner, FormError, Link, OptionGroup, SafeHtml, Select, SelectOption, TextArea, TextField, field_id,
};

#[derive(Debug, Serialize)]
pub struct CreateView {
    pub project: Link,
    pub errors: Vec<FormError>,
    pub problem: Option<Banner>,
    pub name: TextField,
    pub purpose: TextArea,
    pub repo: Select,
    pub branch: Select,
    pub repos_json_html: SafeHtml,
}

/// What a new workspace can be made on.
#[derive(Debug)]
pub enum Offer {
    /// By organisation of the code host.
    Repos(Vec<(String, Vec<OfferedRepo>)>),
    /// The user belongs to no organisation.
    NoOrg,
    /// None of the user's organisations works at the code host.
    NoGitHubOrg,
    /// Those that do have no repositories there.
    NoRepos(Vec<String>),
    /// The code host does not answer and never did.
    NotKnown,
}

impl Offer {
    pub fn repos(&self) -> impl Iterator<Item = &OfferedRepo> {
        let groups = match self {
            Offer::Repos(groups) => groups.as_slice(),
            _ => &[],
        };
        groups.iter().flat_map(|(_, repos)| repos)
    }

    fn problem(&self) -> Option<Banner> {
        let (title, text, has_orgs) = match self {
            Offer::Repos(_) => return None,
            Offer::NoOrg => (
                "You belong to no organisation yet.",
                "A workspace uses a repository of your organisation. Ask the support team to add you to yours.".to_owned(),
                true,
            ),
            Offer::NoGitHubOrg => (
                "Your organisation has no place for code yet.",
                "None of your organisations is connected to an organisation at GitHub. Ask the support team to connect it.".to_owned(),
                true,
            ),
            Offer::NoRepos(orgs) => (
                "There are no repositories yet.",
                format!("Create one at GitHub in {}, then load this page again.", orgs.join(" or ")),
                false,
            ),
            Offer::NotKnown => (
                "GitHub cannot be reached at the moment.",
                "So it is not known which repositories there are. Wait a few minutes, then load this page again.".to_owned(),
                false,
            ),
        };
        Some(Banner {
            tone: "warning",
            title: Some(title.to_owned()),
            text,
            href: has_orgs.then(|| "/orgs/".to_owned()),
            link_text: has_orgs.then(|| "Your organisations".to_owned()),
        })
    }
}

/// What somebody filled in.
#[derive(Debug, Default)]
pub struct Filled {
    pub name: String,
    pub purpose: String,
    pub repo: String,
    pub branch: String,
}

/// A repository and its branches, for the script that makes one list follow the other.
#[derive(Serialize)]
struct RepoForScript<'a> {
    name: &'a str,
    url: String,
    branches: &'a [String],
}

pub fn view(project: &Project, offer: &Offer, filled: &Filled, errors: &FieldErrors) -> CreateView {
    CreateView {
        project: Link::new(project.title(), format!("/{}/", project.slug)),
        errors: FormError::list(errors),
        problem: offer.problem(),
        name: TextField {
            id: field_id("name"),
            name: "name",
            label: "Name",
            help: Some("Lower-case letters, digits, - and _. It must be one that no other workspace has."),
            value: filled.name.clone(),
            error: errors.get("name").map(str::to_owned),
            required: true,
            kind: "text",
            autocomplete: Some("off"),
            code: true,
        },
        purpose: purpose_field(&filled.purpose, errors),
        repo: repo_field(offer, filled, errors),
        branch: branch_field(offer, filled, errors),
        repos_json_html: repos_json(offer),
    }
}

fn repo_field(offer: &Offer, filled: &Filled, errors: &FieldErrors) -> Select {
    let mut groups = vec![OptionGroup {
        label: None,
        options: vec![SelectOption {
            value: String::new(),
            label: "Choose a repository".to_owned(),
            selected: filled.repo.is_empty(),
        }],
    }];
    if let Offer::Repos(offered) = offer {
        groups.extend(offered.iter().map(|(org, repos)| {
            OptionGroup {
                label: Some(org.clone()),
                options: repos
                    .iter()
                    .map(|repo| {
                        let value = repo.url.to_string();
                        SelectOption {
                            selected: value == filled.repo,
                            value,
                            label: if repo.private {
                                format!("{} (private)", repo.name)
                            } else {
                                repo.name.clone()
                            },
                        }
                    })
                    .collect(),
            }
        }));
    }
    Select {
        id: field_id("repo"),
        name: "repo",
        label: "Repository",
        help: Some("A new repository appears here within five minutes."),
        error: errors.get("repo").map(str::to_owned),
        required: true,
        groups,
    }
}

/// Without scripts every branch is there, by repository.
fn branch_field(offer: &Offer, filled: &Filled, errors: &FieldErrors) -> Select {
    let mut groups = vec![OptionGroup {
        label: None,
        options: vec![SelectOption {
            value: String::new(),
            label: "Choose a branch".to_owned(),
            selected: filled.branch.is_empty(),
        }],
    }];
    groups.extend(offer.repos().filter(|repo| !repo.branches.is_empty()).map(|repo| {
        let is_chosen = repo.url.to_string() == filled.repo;
        OptionGroup {
            label: Some(repo.name.clone()),
            options: repo
                .branches
                .iter()
                .map(|branch| SelectOption {
                    value: branch.clone(),
                    label: branch.clone(),
                    selected: is_chosen && *branch == filled.branch,
                })
                .collect(),
        }
    }));
    Select {
        id: field_id("branch"),
        name: "branch",
        label: "Branch",
        help: Some("Jobs run the newest commit of this branch."),
        error: errors.get("branch").map(str::to_owned),
        required: true,
        groups,
    }
}

fn repos_json(offer: &Offer) -> SafeHtml {
    let repos: Vec<RepoForScript<'_>> = offer
        .repos()
        .map(|repo| RepoForScript {
            name: &repo.name,
            url: repo.url.to_string(),
            branches: &repo.branches,
        })
        .collect();
    // Strings and lists always have a form in JSON; without it the page works as without scripts.
    SafeHtml::json(&repos).unwrap_or_default()
}
