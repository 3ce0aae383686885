//! Saying anew what a workspace is for.

use rocket::{get, post};
use serde::Serialize;

use crate::core::access::CreateWorkspaces;
use crate::core::error::FieldErrors;
use crate::core::workspaces::{Workspace, actions, check_purpose};
use crate::web::database::Database;
use crate::web::forms::CsrfForm;
use crate::web::guards::User;
use crate::web::pages::answer::Answer;
use crate::web::pages::places;
use crate::web::responders::Outcome;
use crate::web::view::{FormError, Link, Page, TextArea, field_id};

#[derive(Debug, Serialize)]
pub struct EditView {
    pub workspace: Link,
    pub errors: Vec<FormError>,
    pub purpose: TextArea,
}

#[get("/<project>/<workspace>/edit")]
pub async fn edit_form(user: User<'_>, db: &Database, project: &str, workspace: &str) -> Outcome<Page> {
    let workspace = places::workspace(&mut *db.read().await?, project, workspace).await?;
    user.user.can::<CreateWorkspaces>(workspace.project_id)?;
    let purpose = workspace.purpose.clone();
    Ok(render(&user, &workspace, &purpose, &FieldErrors::default()))
}

#[post("/<project>/<workspace>/edit", data = "<form>")]
pub async fn edit_save(
    user: User<'_>,
    db: &Database,
    project: &str,
    workspace: &str,
    form: CsrfForm,
) -> Outcome<Answer> {
    let workspace = places::workspace(&mut *db.read().await?, project, workspace).await?;
    let can = user.user.can::<CreateWorkspaces>(workspace.project_id)?;
    let purpose = form.text("purpose");
    let mut errors = FieldErrors::default();
    check_purpose(purpose, &mut errors);
    if !errors.is_empty() {
        return Ok(render(&user, &workspace, purpose, &errors).into());
    }
    actions::change_purpose(db, &can, workspace.id, purpose).await?;
    Ok(Answer::told(workspace.href(), "success", "The purpose is saved."))
}

fn render(user: &User<'_>, workspace: &Workspace, purpose: &str, errors: &FieldErrors) -> Page {
    let chrome = user.visit.chrome(format!("Edit {}", workspace.name));
    let chrome = places::under_workspace(chrome, workspace)
        .here("Page", "Edit")
        .with_errors(!errors.is_empty());
    let view = EditView {
        workspace: Link::new(workspace.name.clone(), workspace.href()),
        errors: FormError::list(errors),
        purpose: purpose_field(purpose, errors),
    };
    user.visit.render("pages/workspace_edit", chrome, &view)
}

/// The field of a workspace's purpose, which the form for a new one has too.
pub fn purpose_field(purpose: &str, errors: &FieldErrors) -> TextArea {
    TextArea {
        id: field_id("purpose"),
        name: "purpose",
        label: "Purpose",
        help: Some("What the jobs of this workspace are for. Everybody can read it."),
        value: purpose.to_owned(),
        error: errors.get("purpose").map(str::to_owned),
        required: true,
        rows: 5,
    }
}
