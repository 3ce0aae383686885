//! Asking for jobs, and taking it back.

use super::status::JobRequestStatus;
use super::store::requests as store;
use super::{Pipeline, Transport, new_identifier};
use crate::core::access::{Can, CanCancel, RunJobs};
use crate::core::audit::{self, By, Event, Subject};
use crate::core::db::Db;
use crate::core::error::{Error, Result};

/// What somebody asks to be run.
#[derive(Debug, Clone)]
pub struct NewJobRequest {
    pub workspace_id: i32,
    pub backend_id: i32,
    pub transport: Transport,
    /// Action names in the order chosen, or `run_all`; at least one.
    pub requested_actions: Vec<String>,
    pub force_run_dependencies: bool,
    pub will_notify: bool,
    /// The full commit that everything was read at.
    pub sha: String,
    /// `project.yaml` at that commit, to the letter.
    pub project_definition: String,
    pub codelists_ok: bool,
    /// One value per rendered form: the same form sent twice makes one request.
    pub form_key: Option<String>,
}

/// A job request that was made, now or by the first sending of the same form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreatedJobRequest {
    pub id: i32,
    pub identifier: String,
    pub is_new: bool,
}

/// Stores a job request for its backend to pick up.
///
/// # Errors
/// `Conflict` when the workspace was archived meanwhile.
pub async fn create_job_request(db: &Db, can: &Can<RunJobs>, input: &NewJobRequest) -> Result<CreatedJobRequest> {
    let mut tx = db.begin().await?;
    let workspace = store::share_workspace(&mut tx, input.workspace_id)
        .await?
        .ok_or(Error::NotFound("Workspace"))?;
    can.covers(workspace.project_id)?;
    if workspace.is_archived {
        return Err(Error::Conflict(
            "This workspace was archived, so no jobs can be run in it.".into(),
        ));
    }
    let by = By::user(can.user_id(), can.username());
    let created = insert(&mut tx, input, can.user_id(), &by).await?;
    tx.commit().await?;
    Ok(created)
}

/// As [`create_job_request`], for an operator at a command line, in somebody's name: no right, and
/// not whether the workspace is archived, is asked for.
pub async fn create_job_request_as_operator(
    db: &Db,
    input: &NewJobRequest,
    user_id: i32,
    by: &By,
) -> Result<CreatedJobRequest> {
    let mut tx = db.begin().await?;
    let created = insert(&mut tx, input, user_id, by).await?;
    tx.commit().await?;
    Ok(created)
}

async fn insert(
    tx: &mut sqlx::PgConnection,
    input: &NewJobRequest,
    user_id: i32,
    by: &By,
) -> Result<CreatedJobRequest> {
    if input.requested_actions.is_empty() {
        return Err(Error::Internal("a job request without actions".into()));
    }
    let identifier = new_identifier();
    match store::insert_request(tx, input, &identifier, user_id).await? {
        Some(id) => {
            let event = Event::new("job_request_created", by, Subject::job_request(id))
                .change("requested_actions", "", input.requested_actions.join(", "))
                .within(Subject::workspace(input.workspace_id));
            audit::record(tx, &event).await?;
            store::notify_changed(tx, id).await?;
            Ok(CreatedJobRequest {
                id,
                identifier,
                is_new: true,
            })
        }
        None => {
            let key = input.form_key.as_deref().unwrap_or_default();
            let (id, identifier) = store::request_by_form_key(tx, user_id, key)
                .await?
                .ok_or_else(|| Error::Internal("a form key was taken and is gone".into()))?;
            Ok(CreatedJobRequest {
                id,
                identifier,
                is_new: false,
            })
        }
    }
}

/// What a cancellation did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cancelled {
    /// These actions were added to those to be cancelled.
    Actions(Vec<String>),
    /// Everything was over, or asked for before: nothing changed.
    NothingLeft,
    /// What there is to be cancelled is run by a RAP controller, and there is none that could be told: nothing
    /// changed.
    Unreachable,
}

/// Asks the backend to cancel everything of a job request that is not over yet. Before any job
/// exists, that is all that was asked for and all that it needs.
pub async fn cancel_job_request(db: &Db, can: &CanCancel) -> Result<Cancelled> {
    let mut tx = db.begin().await?;
    let request = store::lock_request(&mut tx, can.job_request_id())
        .await?
        .ok_or(Error::NotFound("JobRequest"))?;
    if request.status.is_completed() {
        return Ok(Cancelled::NothingLeft);
    }
    let jobs = store::job_actions(&mut tx, request.id).await?;
    let actions: Vec<String> = if jobs.is_empty() {
        actions_to_come(&request.requested_actions, &request.project_definition)
    } else {
        jobs.into_iter()
            .filter(|job| !job.is_completed())
            .map(|job| job.action)
            .collect()
    };
    finish_cancelling(tx, can, request, actions).await
}

/// Asks the backend to cancel one action of a job request.
///
/// # Errors
/// `NotFound` when the job is not one of the request's.
pub async fn cancel_job(db: &Db, can: &CanCancel, job_identifier: &str) -> Result<Cancelled> {
    let mut tx = db.begin().await?;
    let request = store::lock_request(&mut tx, can.job_request_id())
        .await?
        .ok_or(Error::NotFound("JobRequest"))?;
    let jobs = store::job_actions(&mut tx, request.id).await?;
    let job = jobs
        .into_iter()
        .find(|job| job.identifier == job_identifier)
        .ok_or(Error::NotFound("Job"))?;
    if job.is_completed() {
        return Ok(Cancelled::NothingLeft);
    }
    finish_cancelling(tx, can, request, vec![job.action]).await
}

async fn finish_cancelling(
    mut tx: sqlx::Transaction<'static, sqlx::Postgres>,
    can: &CanCancel,
    request: store::LockedRequest,
    mut actions: Vec<String>,
) -> Result<Cancelled> {
    actions.retain(|action| !request.cancelled_actions.contains(action));
    actions.sort();
    actions.dedup();
    if actions.is_empty() {
        return Ok(Cancelled::NothingLeft);
    }
    if request.transport == Transport::Rap.name() {
        tracing::error!(
            job_request_id = request.id,
            "a job request cannot be cancelled: the RAP controller is not connected"
        );
        return Ok(Cancelled::Unreachable);
    }
    store::add_cancelled_actions(&mut tx, request.id, &actions).await?;
    let by = By::user(can.user_id(), can.username());
    let event = Event::new("job_request_cancelled", &by, Subject::job_request(request.id))
        .change(
            "cancelled_actions",
            request.cancelled_actions.join(", "),
            actions.join(", "),
        )
        .within(Subject::workspace(request.workspace_id));
    audit::record(&mut tx, &event).await?;
    store::notify_changed(&mut tx, request.id).await?;
    tx.commit().await?;
    Ok(Cancelled::Actions(actions))
}

/// The actions that a backend may still make jobs of: those asked for and all they need. A runner
/// compares names, so `run_all` is spelt out.
fn actions_to_come(requested: &[String], project_definition: &str) -> Vec<String> {
    match Pipeline::parse(project_definition) {
        Ok(pipeline) => pipeline.with_dependencies(requested),
        Err(_) => requested.to_vec(),
    }
}

/// Whether a request can still be cancelled in whole or part. One without jobs is cancelled whole, once.
pub fn can_still_cancel(status: JobRequestStatus, unfinished: &[String], cancelled: &[String]) -> bool {
    let something_is_left = match unfinished.is_empty() {
        true => cancelled.is_empty(),
        false => unfinished.iter().any(|action| !cancelled.contains(action)),
    };
    status.is_active() && something_is_left
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_cancelled_whole_is_not_offered_again() {
        let of = |unfinished: &[&str], cancelled: &[&str]| {
            let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
            can_still_cancel(JobRequestStatus::Running, &owned(unfinished), &owned(cancelled))
        };
        assert!(of(&[], &[]), "no job was made of it yet");
        assert!(!of(&[], &["one"]));
        assert!(of(&["one", "two"], &["one"]));
        assert!(!of(&["one"], &["one"]));
        assert!(!can_still_cancel(JobRequestStatus::Succeeded, &["one".to_owned()], &[]));
    }
}
