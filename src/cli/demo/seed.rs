//! `jobserver demo seed`

use std::path::{Path, PathBuf};

use time::OffsetDateTime;

use super::history;
use super::released;
use super::repos::{self, STUDIES};
use super::store;
use super::story::{ADMINISTRATOR, ARCHIVED, LOGOS, ORGS, PEOPLE, PROJECTS, SIGNED_OFF, Workspace};
use crate::cli::CommandError;
use crate::cli::outfit::Outfit;
use crate::core::announcements::Level;
use crate::core::announcements::actions::{NewAlert, add as add_alert};
use crate::core::audit::By;
use crate::core::jobs::Pipeline;
use crate::core::jobs::backends::{BackendInput, create_backend};

/// Where the studies go when `LOCAL_GIT_REPOS` does not say.
const REPOS: &str = ".local/repos";

const BACKENDS: [(&str, &str); 2] = [("tpp", "TPP"), ("emis", "EMIS")];

/// Fills an empty database; leaves any other alone.
pub async fn run(outfit: &Outfit) -> Result<(), CommandError> {
    let db = &outfit.db;
    if !store::is_empty(&mut *db.read().await?).await? {
        println!("There are people in the database already: no demonstration data is added.");
        return Ok(());
    }
    let root = outfit.settings.github.local_git_repos.clone();
    let root = root.unwrap_or_else(|| PathBuf::from(REPOS));
    let mut commits = Vec::with_capacity(STUDIES.len());
    let mut pipelines = Vec::with_capacity(STUDIES.len());
    for study in &STUDIES {
        commits.push(repos::prepare(&root, study)?.commits);
        let pipeline = Pipeline::parse(study.project_yaml)
            .map_err(|error| CommandError::Said(format!("{}: {error}", study.name)))?;
        pipelines.push(pipeline);
    }
    let history = history::write(OffsetDateTime::now_utc(), &commits, &pipelines);
    let workspaces = workspaces();

    let logos = write_logos(&outfit.settings.media.storage)?;

    let by = By::operator("demo");
    for (slug, name) in BACKENDS {
        let input = BackendInput {
            slug: slug.to_owned(),
            name: Some(name.to_owned()),
            ..BackendInput::default()
        };
        create_backend(db, &outfit.sealer, &input, &by).await?;
    }
    let mut tx = db.begin().await?;
    if !store::lock_if_empty(&mut tx).await? {
        println!("Somebody else was quicker: no demonstration data is added.");
        return Ok(());
    }
    store::insert_orgs(&mut tx, ORGS).await?;
    store::insert_people(&mut tx, PEOPLE).await?;
    store::insert_projects(&mut tx, PROJECTS, ADMINISTRATOR).await?;
    store::insert_workspaces(&mut tx, &workspaces).await?;
    store::insert_requests(&mut tx, &history.requests).await?;
    store::insert_jobs(&mut tx, &history.jobs).await?;
    store::set_logos(&mut tx, &logos.0, &logos.1).await?;
    store::insert_samples(&mut tx).await?;
    tx.commit().await.map_err(crate::core::error::Error::from)?;
    let files = released::add(outfit).await?;
    add_alert(db, &by, &greeting()).await?;
    println!(
        "Demonstration data: {} organisations, {} people, {} projects, {} workspaces, {} job requests with {} jobs, \
         {files} released files; git repositories in {}.",
        ORGS.len(),
        PEOPLE.len(),
        PROJECTS.len(),
        workspaces.len(),
        history.requests.len(),
        history.jobs.len(),
        root.display()
    );
    Ok(())
}

/// What everybody signed in is told.
fn greeting() -> NewAlert {
    NewAlert {
        title: "This is a demonstration.".to_owned(),
        message: "Its people and projects are invented, and its jobs are only <em>played</em>. \
                  See <a href=\"/status/\">how the backends are</a>."
            .to_owned(),
        level: Level::Info,
        starts_at: None,
        ends_at: None,
    }
}

/// The logos of organisations that have one, put where uploads lie: their slugs, and the paths of the files.
fn write_logos(uploads: &Path) -> Result<(Vec<String>, Vec<String>), CommandError> {
    let mut logos = (Vec::new(), Vec::new());
    for (slug, drawing) in LOGOS {
        let path = format!("org_logos/{slug}.svg");
        repos::write(uploads, &path, drawing)?;
        logos.0.push((*slug).to_owned());
        logos.1.push(path);
    }
    Ok(logos)
}

fn workspaces() -> Vec<Workspace> {
    let mut age_days = 270;
    let mut all = Vec::new();
    for project in PROJECTS {
        for (place, name) in project.workspaces.iter().enumerate() {
            age_days -= 2;
            all.push(Workspace {
                name,
                project: project.slug,
                repo: STUDIES[project.study].url(),
                branch: if name.ends_with("sensitivity") {
                    "sensitivity"
                } else {
                    "main"
                },
                purpose: match place {
                    0 => format!("The main analysis of {}.", project.name),
                    _ => String::new(),
                },
                is_archived: ARCHIVED.contains(name),
                should_notify: place == 0,
                created_by: project.developer(place),
                signed_off_by: SIGNED_OFF.iter().find(|(signed, _)| signed == name).map(|(_, by)| *by),
                age_days,
            });
        }
    }
    all
}
