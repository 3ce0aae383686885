//! Saying how a project stands.

use rocket::{get, post};
use serde::Serialize;

use crate::core::access::{Can, ManageProjects};
use crate::core::error::{Error, FieldErrors};
use crate::core::projects::actions::{NewStatus, STATUSES, Saved, Standing, change_status, fingerprint};
use crate::core::projects::{self, Project, status_label};
use crate::web::database::Database;
use crate::web::forms::CsrfForm;
use crate::web::guards::{User, safe_next_or};
use crate::web::pages::answer::Answer;
use crate::web::responders::{Failure, Outcome};
use crate::web::view::{FormError, Link, OptionGroup, Page, Select, SelectOption, TextArea, Time, field_id};

#[derive(Debug, Serialize)]
pub struct EditView {
    pub project: Link,
    pub errors: Vec<FormError>,
    /// What somebody else saved while this was being written.
    pub overtaken: Option<Overtaken>,
    /// Tells what the person saw while writing.
    pub seen: String,
    pub status: Select,
    pub status_description: TextArea,
}

/// How the project stands by what somebody else has just saved.
#[derive(Debug, Serialize)]
pub struct Overtaken {
    pub by: String,
    pub at: Time,
    pub status: &'static str,
    pub description: String,
}

impl From<&Standing> for Overtaken {
    fn from(standing: &Standing) -> Self {
        Self {
            by: standing.by.clone(),
            at: Time::new(standing.at),
            status: status_label(&standing.status),
            description: standing.status_description.clone(),
        }
    }
}

/// What the form shows.
struct Draft<'a> {
    status: &'a str,
    description: &'a str,
    /// As the form sends it back.
    seen: String,
}

#[get("/<project>/edit")]
pub async fn form(user: User<'_>, db: &Database, project: &str) -> Outcome<Page> {
    let (project, _) = prove(&user, db, project).await?;
    let draft = Draft {
        status: &project.status,
        description: &project.status_description,
        seen: fingerprint(&project.status, &project.status_description),
    };
    Ok(render(&user, &project, &draft, &FieldErrors::default(), None))
}

#[post("/<project>/edit?<next>", data = "<form>")]
pub async fn save(user: User<'_>, db: &Database, project: &str, next: Option<&str>, form: CsrfForm) -> Outcome<Answer> {
    let (project, can) = prove(&user, db, project).await?;
    let (status, description) = (form.text("status"), form.text("status_description"));
    let seen = Some(form.text("seen")).filter(|seen| !seen.is_empty());
    let new = NewStatus {
        status,
        description,
        seen,
    };
    let draft = |seen: String| Draft {
        status,
        description,
        seen,
    };
    match change_status(db, &can, project.id, new).await {
        Ok(Saved::Done) => {
            let project_page = format!("/{}/", project.slug);
            let to = safe_next_or(next, &project_page);
            Ok(Answer::told(to, "success", "The project's status is saved."))
        }
        // What they wrote stays. Sent again, it is saved: now they have seen what it replaces.
        Ok(Saved::Overtaken(standing)) => {
            let draft = draft(fingerprint(&standing.status, &standing.status_description));
            Ok(render(&user, &project, &draft, &FieldErrors::default(), Some(&standing)).into())
        }
        Err(Error::Invalid(errors)) => {
            let draft = draft(seen.unwrap_or_default().to_owned());
            Ok(render(&user, &project, &draft, &errors, None).into())
        }
        Err(error) => Err(error.into()),
    }
}

async fn prove(user: &User<'_>, db: &Database, slug: &str) -> Outcome<(Project, Can<ManageProjects>)> {
    let project = projects::store::project_by_slug(&mut *db.read().await?, slug)
        .await?
        .ok_or_else(|| Failure::not_found("Project"))?;
    let can = user.user.can::<ManageProjects>(project.id)?;
    Ok((project, can))
}

fn render(
    user: &User<'_>,
    project: &Project,
    draft: &Draft<'_>,
    errors: &FieldErrors,
    overtaken: Option<&Standing>,
) -> Page {
    let href = format!("/{}/", project.slug);
    let chrome = user
        .visit
        .chrome(format!("Edit {}", project.name))
        .crumb("Project", project.title(), href.clone())
        .here("Page", "Edit")
        .with_errors(!errors.is_empty() || overtaken.is_some());
    let options = STATUSES.iter().map(|(value, label)| SelectOption {
        value: (*value).to_owned(),
        label: (*label).to_owned(),
        selected: *value == draft.status,
    });
    let view = EditView {
        project: Link::new(project.title(), href),
        errors: FormError::list(errors),
        overtaken: overtaken.map(Overtaken::from),
        seen: draft.seen.clone(),
        status: Select {
            id: field_id("status"),
            name: "status",
            label: "Status",
            help: None,
            error: errors.get("status").map(str::to_owned),
            required: true,
            groups: vec![OptionGroup {
                label: None,
                options: options.collect(),
            }],
        },
        status_description: TextArea {
            id: field_id("status_description"),
            name: "status_description",
            label: "More about the status",
            help: Some("For example a link to the paper. Markdown can be used."),
            value: draft.description.to_owned(),
            error: errors.get("status_description").map(str::to_owned),
            required: false,
            rows: 5,
        },
    };
    user.visit.render("pages/project_edit", chrome, &view)
}
