//! Saying how a project stands.

use rocket::{get, post};
use serde::Serialize;

use crate::core::access::{Can, ManageProjects};
use crate::core::error::{Error, FieldErrors};
use crate::core::projects::actions::{STATUSES, change_status};
use crate::core::projects::{self, Project};
use crate::web::database::Database;
use crate::web::forms::CsrfForm;
use crate::web::guards::{User, safe_next_or};
use crate::web::pages::answer::Answer;
use crate::web::responders::{Failure, Outcome};
use crate::web::view::{FormError, Link, OptionGroup, Page, Select, SelectOption, TextArea, field_id};

#[derive(Debug, Serialize)]
pub struct EditView {
    pub project: Link,
    pub errors: Vec<FormError>,
    pub status: Select,
    pub status_description: TextArea,
}

#[get("/<project>/edit")]
pub async fn form(user: User<'_>, db: &Database, project: &str) -> Outcome<Page> {
    let (project, _) = prove(&user, db, project).await?;
    let errors = FieldErrors::default();
    Ok(render(
        &user,
        &project,
        &project.status,
        &project.status_description,
        &errors,
    ))
}

#[post("/<project>/edit?<next>", data = "<form>")]
pub async fn save(user: User<'_>, db: &Database, project: &str, next: Option<&str>, form: CsrfForm) -> Outcome<Answer> {
    let (project, can) = prove(&user, db, project).await?;
    let (status, description) = (form.text("status"), form.text("status_description"));
    match change_status(db, &can, project.id, status, description).await {
        Ok(()) => {
            let project_page = format!("/{}/", project.slug);
            let to = safe_next_or(next, &project_page);
            Ok(Answer::told(to, "success", "The project's status is saved."))
        }
        Err(Error::Invalid(errors)) => Ok(render(&user, &project, status, description, &errors).into()),
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

fn render(user: &User<'_>, project: &Project, status: &str, description: &str, errors: &FieldErrors) -> Page {
    let href = format!("/{}/", project.slug);
    let chrome = user
        .visit
        .chrome(format!("Edit {}", project.name))
        .crumb("Project", project.title(), href.clone())
        .here("Page", "Edit")
        .with_errors(!errors.is_empty());
    let options = STATUSES.iter().map(|(value, label)| SelectOption {
        value: (*value).to_owned(),
        label: (*label).to_owned(),
        selected: *value == status,
    });
    let view = EditView {
        project: Link::new(project.title(), href),
        errors: FormError::list(errors),
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
            value: description.to_owned(),
            error: errors.get("status_description").map(str::to_owned),
            required: false,
            rows: 5,
        },
    };
    user.visit.render("pages/project_edit", chrome, &view)
}
