//! What would run, as the page tells it.

use std::collections::HashMap;

use serde::Serialize;

use crate::core::jobs::pipeline::{Last, Plan};
use crate::core::jobs::store::last_runs::LastRun;
use crate::core::jobs::{Pipeline, RUN_ALL};
use crate::web::view::count_of;

/// The statuses of a workspace's actions on one backend.
#[derive(Debug, Default)]
pub struct Statuses<'a>(HashMap<&'a str, &'a LastRun>);

impl<'a> Statuses<'a> {
    pub fn on(backend_id: i32, runs: &'a [LastRun]) -> Self {
        let there = runs.iter().filter(|run| run.backend_id == backend_id);
        Self(there.map(|run| (run.action.as_str(), run)).collect())
    }

    pub fn get(&self, action: &str) -> Option<&'a LastRun> {
        self.0.get(action).copied()
    }

    pub fn last(&self, action: &str) -> Last {
        self.get(action)
            .map(|run| Last::of_status(&run.status))
            .unwrap_or_default()
    }

    /// As the core asks for them.
    pub fn by_action(&self) -> HashMap<String, String> {
        let runs = self.0.values();
        runs.map(|run| (run.action.clone(), run.status.clone())).collect()
    }
}

/// The context of `pages/run_jobs/plan`. Every part is there, hidden while it is empty, so that a script can fill it.
#[derive(Debug, Default, Serialize)]
pub struct PlanView {
    /// The slug of the backend it is about; empty when none is chosen.
    pub backend: String,
    /// The backend's name, where several are told of.
    pub backend_name: Option<String>,
    /// How much would run, in words.
    pub count: String,
    pub selected: Vec<String>,
    pub needed: Vec<String>,
    pub under_way: Vec<String>,
    pub kept: Vec<String>,
    pub refused: Vec<String>,
    /// What reads the database with codelists that are out of date.
    pub stale: Vec<String>,
    /// Something is chosen, and nothing would run.
    pub nothing: bool,
    /// Nothing is chosen, or no backend.
    pub hint: bool,
}

impl PlanView {
    /// What the choice would run; a hint how to choose when there is no backend or no action.
    pub fn of_choice(
        pipeline: &Pipeline,
        chosen: &[String],
        force: bool,
        backend: Option<(&str, &Statuses<'_>)>,
        stale: Vec<String>,
    ) -> Self {
        let is_something = chosen.iter().any(|name| pipeline.offers(name));
        match backend {
            Some((slug, statuses)) if is_something => {
                let plan = pipeline.plan(chosen, force, |action| statuses.last(action));
                Self {
                    stale,
                    ..Self::new(plan, slug)
                }
            }
            _ => Self {
                hint: true,
                ..Self::default()
            },
        }
    }

    /// What `run_all` would run.
    pub fn of_all(pipeline: &Pipeline, slug: &str, name: Option<String>, statuses: &Statuses<'_>) -> Self {
        let plan = pipeline.plan(&[RUN_ALL], false, |action| statuses.last(action));
        Self {
            backend_name: name,
            ..Self::new(plan, slug)
        }
    }

    fn new(plan: Plan, slug: &str) -> Self {
        let runs = plan.runs().count();
        Self {
            backend: slug.to_owned(),
            backend_name: None,
            count: if runs == 0 {
                String::new()
            } else {
                count_of(runs, "action")
            },
            nothing: plan.runs_nothing() && plan.refused.is_empty(),
            selected: plan.selected,
            needed: plan.needed,
            under_way: plan.under_way,
            kept: plan.kept,
            refused: plan.refused,
            stale: Vec::new(),
            hint: false,
        }
    }
}
