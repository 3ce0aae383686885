//! The pipeline of a study: `project.yaml`, read and checked as the runner does.
//!
//! Pure: text in, a [`Pipeline`] or a [`PipelineError`] for the researcher out.
//!
//! # Which files are accepted
//!
//! Runners use one of two editions of the shared pipeline library: the older of March 2024 or the
//! newer of April 2026. A file is accepted when **either** edition accepts the whole of it for the
//! `version` it declares, as some runner can then run it. Each rule below therefore says which edition
//! refuses; a file is refused when both have a complaint, and the complaints shown are those of the
//! edition that needs fewer changes. [`Pipeline::editions`] tells who accepts.
//!
//! | Rule | Older | Newer | Why both, or what follows |
//! |---|---|---|---|
//! | unknown keys (project, expectations, action, outputs) | ignored | refused | accepted as long as nothing else needs the newer edition |
//! | `version` | a number, as number or text | the same, at most 5 | missing or no number: nobody knows the rules, refused |
//! | `expectations`, version below 3 | not read | not read | |
//! | `expectations.population_size`, version 3 | required, integer-like | same | |
//! | `expectations`, version 4 and later | required | refused | with the section the older edition's rules count, without it the newer's |
//! | `actions` | a mapping, may be empty | same | |
//! | an action | a mapping with `run` and `outputs` | same | |
//! | `needs` (absent and null mean none) | list of names of actions; no spaces (missing comma) | same | |
//! | `config` | mapping | same | |
//! | `dummy_data_file` | any | text | |
//! | `run` | text, shell words, starts with `name:version` | same | |
//! | image version | any | `v` digits and dots, optional `-pre`; `dev`; `latest` | |
//! | image version `latest` | allowed | refused from 5 | |
//! | `cohortextractor` | allowed | refused from 4 | whether the *project* may use it is a [`Policy`] |
//! | same `run` text in two actions | refused | refused | |
//! | action named `run_all` | allowed | a warning, refused from 5 | it is listed, and choosing it means all |
//! | levels of `outputs` | at least one output in all | at least one level with a mapping | |
//! | output paths | see below | same | |
//! | `moderately_sensitive` file types | `.csv .jpg .jpeg .png .svg .svgz .html .pdf .txt .log .json .md` | without `.pdf` | case-sensitive |
//! | same output path twice | refused from 2 | refused from 2 | over all actions and levels |
//! | `cohortextractor:* generate_cohort` | one level; one folder, or `--output-dir` | same | |
//! | `databuilder…`, `ehrql:* generate-dataset` or `generate_dataset` | one level; the first output's path occurs in `run` | | |
//! | `ehrql` or `databuilder` `generate-dataset` | | only `highly_sensitive`; `--output` required and matched by every output (`folder:type` means `folder/*.type`) | |
//!
//! Output paths: `/` between folders, `*` the only wildcard and not `**`, a file type at the end that
//! does not end in `*`, shortest form without `..`, relative (POSIX and Windows), not under `metadata`.
//!
//! Three refusals are this program's own, as the file would fail later and less clearly: actions
//! that need each other in a circle; names of actions that are empty or no text (`1:`; write `"1":`),
//! as a request names its actions by text; and two outputs of a level whose names become the same
//! text. All YAML mappings refuse duplicate keys.
//!
//! # Hostile input
//!
//! Bounded before anything is built: [`MAX_BYTES`], [`MAX_DEPTH`], [`MAX_NODES`] with aliases expanded.
//! No recursion depends on the file beyond [`MAX_DEPTH`], work grows in proportion to the file, and
//! messages quote it shortened and without control characters.

use std::collections::HashMap;

mod action;
mod command;
mod extraction;
mod graph;
mod layout;
mod outputs;
mod plan;
mod policy;
mod problem;
mod rules;
mod yaml;

#[cfg(test)]
mod tests;

pub use command::{Command, CommandError};
pub use layout::{Layout, Line, MAX_DRAWN, Node};
pub use outputs::{Level, Output};
pub use plan::{Last, Plan};
pub use policy::{Policy, PolicyRefusal, Tool};
pub use problem::{Editions, MAX_PROBLEMS, PipelineError, Place, Problem};
pub use yaml::{MAX_BYTES, MAX_DEPTH, MAX_NODES};

/// The name that stands for all actions.
pub const RUN_ALL: &str = "run_all";

/// A valid `project.yaml`.
#[derive(Clone, Debug, PartialEq)]
pub struct Pipeline {
    version: f64,
    actions: Vec<Action>,
    by_name: HashMap<String, usize>,
    editions: Editions,
    warnings: Vec<Problem>,
}

/// One action.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Action {
    /// Its name, unique, never empty.
    pub name: String,
    /// The `run` text as written.
    pub run: String,
    /// The same, parsed.
    pub command: Command,
    /// Names of the actions it needs, in file order, each once.
    pub needs: Vec<String>,
    /// In file order.
    pub outputs: Vec<Output>,
    /// The `dummy_data_file` path, when given.
    pub dummy_data_file: Option<String>,
}

impl Action {
    /// Whether it reads the database itself; see [`Command::is_database_action`].
    pub fn is_database_action(&self) -> bool {
        self.command.is_database_action()
    }
}

/// An entry of the list of actions on offer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed<'a> {
    /// What a request names.
    pub name: &'a str,
    /// Needed actions, in file order.
    pub needs: Vec<&'a str>,
}

impl Pipeline {
    /// Reads and checks the text of a `project.yaml`.
    ///
    /// # Errors
    ///
    /// [`PipelineError`], with as many problems as can be told at once.
    pub fn parse(text: &str) -> Result<Self, PipelineError> {
        rules::read(text)
    }

    /// The `version` declared.
    pub fn version(&self) -> f64 {
        self.version
    }

    /// All actions in file order.
    pub fn actions(&self) -> &[Action] {
        &self.actions
    }

    /// The action of that name, if the file defines it.
    pub fn action(&self, name: &str) -> Option<&Action> {
        self.by_name.get(name).and_then(|index| self.actions.get(*index))
    }

    /// Which editions of the runner's library accept the file.
    pub fn editions(&self) -> Editions {
        self.editions
    }

    /// What a researcher may want to change although the file is accepted.
    pub fn warnings(&self) -> &[Problem] {
        &self.warnings
    }

    /// What may be requested: the actions in file order and, when none of them is called `run_all`, a
    /// last entry of that name which needs all of them.
    pub fn listing(&self) -> Vec<Listed<'_>> {
        let mut listing: Vec<Listed<'_>> = self
            .actions
            .iter()
            .map(|action| Listed {
                name: &action.name,
                needs: action.needs.iter().map(String::as_str).collect(),
            })
            .collect();
        if self.action(RUN_ALL).is_none() {
            let needs = self.actions.iter().map(|action| action.name.as_str()).collect();
            listing.push(Listed { name: RUN_ALL, needs });
        }
        listing
    }

    /// Whether a request may name this: an action or `run_all`.
    pub fn offers(&self, name: &str) -> bool {
        name == RUN_ALL || self.by_name.contains_key(name)
    }

    /// The actions that read the database themselves, in file order.
    pub fn database_actions(&self) -> impl Iterator<Item = &Action> {
        self.actions.iter().filter(|action| action.is_database_action())
    }

    /// The names of all actions, in file order: what `run_all` stands for.
    pub fn action_names(&self) -> Vec<String> {
        self.actions.iter().map(|action| action.name.clone()).collect()
    }

    /// The names of the selected actions and of all they need, directly or not, in file order, each
    /// once. `run_all` selects everything, even when the file defines an action of that name.
    ///
    /// Names the file does not know come last, as given, so that nothing selected is lost; a form that
    /// must refuse them asks [`Self::offers`].
    pub fn with_dependencies<S: AsRef<str>>(&self, selected: &[S]) -> Vec<String> {
        let mut indices = Vec::new();
        let mut unknown: Vec<String> = Vec::new();
        for name in selected.iter().map(AsRef::as_ref) {
            match self.by_name.get(name) {
                _ if name == RUN_ALL => indices.extend(0..self.actions.len()),
                Some(index) => indices.push(*index),
                None if unknown.iter().any(|known| known == name) => {}
                None => unknown.push(name.to_owned()),
            }
        }
        let edges: Vec<Vec<usize>> = self
            .actions
            .iter()
            .map(|action| {
                action
                    .needs
                    .iter()
                    .filter_map(|need| self.by_name.get(need))
                    .copied()
                    .collect()
            })
            .collect();
        let wanted = graph::reachable(&edges, indices);
        let known = self.actions.iter().zip(wanted).filter(|(_, wanted)| *wanted);
        known.map(|(action, _)| action.name.clone()).chain(unknown).collect()
    }

    /// The actions whose `run` text mentions a tool, in file order.
    pub fn actions_using(&self, tool: Tool) -> impl Iterator<Item = &Action> {
        self.actions
            .iter()
            .filter(move |action| action.run.contains(tool.marker()))
    }

    /// Whether any `run` text mentions cohort-extractor.
    pub fn uses_cohortextractor(&self) -> bool {
        self.actions_using(Tool::Cohortextractor).next().is_some()
    }

    /// Whether any `run` text mentions SQL Runner.
    pub fn uses_sqlrunner(&self) -> bool {
        self.actions_using(Tool::Sqlrunner).next().is_some()
    }
}
