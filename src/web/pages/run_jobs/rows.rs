//! The actions on offer, each with what became of it last.

use serde::Serialize;

use super::plan::{PlanView, Statuses};
use crate::core::jobs::pipeline::Pipeline;
use crate::core::jobs::store::last_runs::LastRun;
use crate::core::jobs::store::run_form::OfferedBackend;
use crate::core::jobs::{RUN_ALL, Runtime};
use crate::web::view::{Status, Time, count_of, option_id};

#[derive(Debug, Serialize)]
pub struct ActionChoice {
    pub id: String,
    pub name: String,
    pub checked: bool,
    pub is_run_all: bool,
    pub needs: Vec<String>,
    pub needs_count: String,
    pub needed_by: Vec<String>,
    pub needed_by_count: String,
    /// The needs as JSON, for the script; `None` for a `run_all` that the file does not define.
    pub needs_json: Option<String>,
    /// It reads the database, and the codelists are out of date.
    pub is_stale: bool,
    /// One for each backend on offer; none of `run_all`.
    pub last: Vec<LastView>,
    /// What `run_all` would run, on each backend on offer; none of other actions.
    pub plans: Vec<PlanView>,
}

/// What became of an action last on a backend.
#[derive(Debug, Serialize)]
pub struct LastView {
    pub action: String,
    /// The backend's slug.
    pub backend: String,
    /// The backend's name, where several are on offer.
    pub backend_name: Option<String>,
    /// The status as stored, for the script; empty when it never ran there.
    pub stored: String,
    pub status: Option<Status>,
    pub when: Option<Time>,
    pub took: Option<String>,
}

/// All actions in file order, then `run_all`.
pub fn rows(
    pipeline: &Pipeline,
    backends: &[OfferedBackend],
    runs: &[LastRun],
    chosen: &[String],
    is_stale: bool,
) -> Vec<ActionChoice> {
    let is_one = backends.len() == 1;
    let name_of = |backend: &OfferedBackend| (!is_one).then(|| backend.name.clone());
    let statuses: Vec<(&OfferedBackend, Statuses<'_>)> = backends
        .iter()
        .map(|backend| (backend, Statuses::on(backend.id, runs)))
        .collect();
    let row = |(index, listed): (usize, crate::core::jobs::pipeline::Listed<'_>)| {
        let name = listed.name;
        let is_run_all = name == RUN_ALL;
        let mut needs: Vec<String> = listed.needs.into_iter().map(str::to_owned).collect();
        if !is_run_all {
            needs.sort();
        }
        let needed_by: Vec<String> = pipeline
            .actions()
            .iter()
            .filter(|action| action.needs.iter().any(|need| need == name))
            .map(|action| action.name.clone())
            .collect();
        let last = statuses.iter().map(|(backend, statuses)| {
            let run = statuses.get(name);
            let runtime = Runtime::from_seconds(run.and_then(|run| run.seconds).unwrap_or_default());
            LastView {
                action: name.to_owned(),
                backend: backend.slug.clone(),
                backend_name: name_of(backend),
                stored: run.map(|run| run.status.clone()).unwrap_or_default(),
                status: run.map(|run| Status::of_job(&run.status)),
                when: run.and_then(|run| run.at).map(Time::new),
                took: (!runtime.is_zero()).then(|| runtime.words()),
            }
        });
        let plans = statuses
            .iter()
            .map(|(backend, statuses)| PlanView::of_all(pipeline, &backend.slug, name_of(backend), statuses));
        ActionChoice {
            id: option_id("requested_actions", index),
            checked: chosen.iter().any(|chosen| chosen == name),
            is_run_all,
            needs_count: count_of(needs.len(), "action"),
            needs_json: pipeline.action(name).and_then(|_| serde_json::to_string(&needs).ok()),
            needs,
            needed_by_count: count_of(needed_by.len(), "action"),
            needed_by,
            is_stale: is_stale && pipeline.action(name).is_some_and(|action| action.is_database_action()),
            last: if is_run_all { Vec::new() } else { last.collect() },
            plans: if is_run_all { plans.collect() } else { Vec::new() },
            name: name.to_owned(),
        }
    };
    pipeline.listing().into_iter().enumerate().map(row).collect()
}
