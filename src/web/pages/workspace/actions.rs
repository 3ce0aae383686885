//! What became of each action of a workspace last, at a glance.

use std::collections::{BTreeSet, HashMap};

use serde::Serialize;

use crate::core::jobs::store::last_runs::LastRun;
use crate::core::jobs::{Pipeline, Runtime};
use crate::core::workspaces::Workspace;
use crate::web::view::{Graph, Status, Time, ToldOfAction, count_of, encode_segment};

/// From this many actions on, the list and the picture start folded.
const LONG: usize = 15;

/// The most actions that are listed; what is beyond is counted.
const MOST: usize = 200;

/// The context of `pages/workspace/actions`.
#[derive(Debug, Serialize)]
pub struct ActionsView {
    /// `5 of 7 actions succeeded when last run`, of each backend.
    pub summary: String,
    /// The backends that were used, a column each.
    pub backends: Vec<String>,
    /// In the order of the newest `project.yaml`; by name when that cannot be read.
    pub rows: Vec<ActionRow>,
    /// How many are not listed, in words.
    pub more: Option<String>,
    pub is_open: bool,
    /// What ran before and is no longer in `project.yaml`.
    pub earlier: Vec<ActionRow>,
    pub earlier_count: String,
    pub graph: Option<Graph>,
}

#[derive(Debug, Serialize)]
pub struct ActionRow {
    pub name: String,
    /// One for each backend.
    pub cells: Vec<Cell>,
}

#[derive(Debug, Serialize)]
pub struct Cell {
    pub backend: String,
    pub status: Option<Status>,
    /// The job's page.
    pub href: String,
    pub when: Option<Time>,
    pub took: Option<String>,
}

/// `None` as long as no action ran. `runs` come by backend; `definition` is the newest request's `project.yaml`.
pub fn actions(workspace: &Workspace, runs: &[LastRun], definition: Option<&str>) -> Option<ActionsView> {
    if runs.is_empty() {
        return None;
    }
    let mut backends: Vec<(i32, &str)> = Vec::new();
    let mut found: HashMap<(&str, i32), &LastRun> = HashMap::new();
    let mut newest: HashMap<&str, &LastRun> = HashMap::new();
    for run in runs {
        if backends.last().is_none_or(|(id, _)| *id != run.backend_id) {
            backends.push((run.backend_id, &run.backend_name));
        }
        found.insert((&run.action, run.backend_id), run);
        let known = newest.entry(&run.action).or_insert(run);
        if run.at > known.at {
            *known = run;
        }
    }
    let href = |run: &LastRun| {
        let identifier = encode_segment(&run.identifier);
        format!("{}{}/{identifier}/", workspace.href(), run.request_id)
    };
    let row = |name: &str| ActionRow {
        name: name.to_owned(),
        cells: backends
            .iter()
            .map(|(id, backend)| {
                let run = found.get(&(name, *id)).copied();
                let runtime = Runtime::from_seconds(run.and_then(|run| run.seconds).unwrap_or_default());
                Cell {
                    backend: (*backend).to_owned(),
                    status: run.map(|run| Status::of_job(&run.status)),
                    href: run.map(href).unwrap_or_default(),
                    when: run.and_then(|run| run.at).map(Time::new),
                    took: (!runtime.is_zero()).then(|| runtime.words()),
                }
            })
            .collect(),
    };

    let pipeline = definition.and_then(|definition| Pipeline::parse(definition).ok());
    let ran: BTreeSet<&str> = newest.keys().copied().collect();
    let (names, earlier): (Vec<&str>, Vec<&str>) = match &pipeline {
        Some(pipeline) => (
            pipeline.actions().iter().map(|action| action.name.as_str()).collect(),
            ran.into_iter().filter(|name| pipeline.action(name).is_none()).collect(),
        ),
        None => (ran.into_iter().collect(), Vec::new()),
    };
    let done_on = |id: i32| {
        let runs = names.iter().filter_map(|name| found.get(&(*name, id)));
        runs.filter(|run| run.status.eq_ignore_ascii_case("succeeded")).count()
    };
    let all = names.len();
    let summary = match &backends[..] {
        [(id, _)] => format!(
            "{} of {} succeeded when last run",
            done_on(*id),
            count_of(all, "action")
        ),
        many => {
            let each = many
                .iter()
                .map(|(id, name)| format!("{name}: {} of {all}", done_on(*id)));
            format!("{} succeeded when last run", each.collect::<Vec<_>>().join(", "))
        }
    };
    let more = all.saturating_sub(MOST);
    let graph = pipeline.as_ref().and_then(|pipeline| {
        Graph::of(pipeline, |action| {
            let run = newest.get(action).copied();
            ToldOfAction {
                status: run.map(|run| Status::of_job(&run.status)),
                href: run.map(href),
                is_selected: false,
            }
        })
    });
    Some(ActionsView {
        summary,
        is_open: all < LONG,
        rows: names.into_iter().take(MOST).map(row).collect(),
        more: (more > 0).then(|| count_of(more, "more action")),
        earlier_count: count_of(earlier.len(), "action"),
        earlier: earlier.into_iter().take(MOST).map(row).collect(),
        backends: backends.into_iter().map(|(_, name)| name.to_owned()).collect(),
        graph,
    })
}
