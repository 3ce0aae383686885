//! The rules of the project as a whole; [`super::action`] has those of one action.

use std::collections::HashMap;

use super::action::{ActionRules, Known};
use super::problem::{PipelineError, Place, Problem, RefusedBy, Report, clean};
use super::yaml::{self, Node, Tree};
use super::{Action, Pipeline, RUN_ALL, graph};

/// The highest version of the format the newer edition knows.
const LATEST_VERSION: f64 = 5.0;

/// Most actions named when they need each other in a circle.
const MAX_CYCLE_NAMED: usize = 20;

/// What a problem is about: an action and a key, when they are known.
#[derive(Clone, Copy, Default)]
pub(super) struct About<'a> {
    pub action: Option<&'a str>,
    pub key: &'a str,
}

impl<'a> About<'a> {
    /// A key of the project.
    pub fn key(key: &'a str) -> Self {
        Self { action: None, key }
    }
}

/// The text under check and what has been found wrong with it.
pub(super) struct Reader<'t> {
    text: &'t str,
    report: Report,
    warnings: Vec<Problem>,
}

impl Reader<'_> {
    pub fn refuse(&mut self, by: RefusedBy, place: Option<Place>, about: About<'_>, message: String) {
        self.report.add(by, problem(place, about, message));
    }

    /// "expected …, found …" for a value of the wrong shape.
    pub fn mistyped(&mut self, by: RefusedBy, node: &Node, about: About<'_>, expected: &str) {
        let message = format!("expected {expected}, found {}", yaml::found(self.text, node));
        self.refuse(by, yaml::place(node), about, message);
    }

    /// A key as text: itself, or for `1: …` or `true: …` the way the file spells it.
    pub fn key_text(&self, key: &Node) -> String {
        match &key.value {
            Tree::Text(text) => text.clone(),
            _ => yaml::source(self.text, key).unwrap_or_default().to_owned(),
        }
    }

    pub fn found(&self, node: &Node) -> String {
        yaml::found(self.text, node)
    }

    /// Unknown keys are ignored by the older edition and refused by the newer.
    pub fn unknown_keys(&mut self, map: &[(Node, Node)], action: Option<&str>, known: &[&str]) {
        for (key, _) in map {
            if !matches!(&key.value, Tree::Text(text) if known.contains(&text.as_str())) {
                let found = clean(&self.key_text(key));
                let message = format!("expected one of the keys {}, found `{found}`", known.join(", "));
                let about = About { action, key: "" };
                self.refuse(RefusedBy::Newer, yaml::place(key), about, message);
            }
        }
    }
}

fn problem(place: Option<Place>, about: About<'_>, message: String) -> Problem {
    let mut problem = Problem::new(place, message);
    if let Some(action) = about.action {
        problem = problem.action(action);
    }
    if !about.key.is_empty() {
        problem = problem.key(about.key);
    }
    problem
}

/// The key and value called `name`.
pub(super) fn entry<'n>(map: &'n [(Node, Node)], name: &str) -> Option<&'n Node> {
    map.iter()
        .find(|(key, _)| matches!(&key.value, Tree::Text(text) if text == name))
        .map(|(_, value)| value)
}

/// Parses and checks a whole file.
pub(super) fn read(text: &str) -> Result<Pipeline, PipelineError> {
    let root = yaml::tree(text)?;
    let mut reader = Reader {
        text,
        report: Report::default(),
        warnings: Vec::new(),
    };
    let (version, actions) = project(&mut reader, &root);
    let editions = reader.report.finish()?;
    let by_name = actions
        .iter()
        .enumerate()
        .map(|(index, action)| (action.name.clone(), index))
        .collect();
    Ok(Pipeline {
        version: version.unwrap_or_default(),
        actions,
        by_name,
        editions,
        warnings: reader.warnings,
    })
}

fn project(reader: &mut Reader<'_>, root: &Node) -> (Option<f64>, Vec<Action>) {
    let Tree::Map(map) = &root.value else {
        let found = match &root.value {
            Tree::Null => "an empty file".to_owned(),
            _ => reader.found(root),
        };
        let message = format!("expected a mapping with the keys `version` and `actions`, found {found}");
        reader.refuse(RefusedBy::Both, yaml::place(root), About::default(), message);
        return (None, Vec::new());
    };
    reader.unknown_keys(map, None, &["version", "expectations", "actions"]);
    let version = version(reader, root, entry(map, "version"));
    if let Some(version) = version {
        expectations(reader, version, root, entry(map, "expectations"));
    }
    let about = About::key("actions");
    let actions = match entry(map, "actions") {
        None => {
            let message = "expected a mapping with the actions by name, found no such key".to_owned();
            reader.refuse(RefusedBy::Both, yaml::place(root), about, message);
            Vec::new()
        }
        Some(node) => match &node.value {
            Tree::Map(entries) => read_actions(reader, version, entries),
            _ => {
                reader.mistyped(RefusedBy::Both, node, about, "a mapping with the actions by name");
                Vec::new()
            }
        },
    };
    (version, actions)
}

fn version(reader: &mut Reader<'_>, root: &Node, node: Option<&Node>) -> Option<f64> {
    let about = About::key("version");
    let Some(node) = node else {
        let message = "expected the version of the format such as `version: \"4.0\"`, found no such key";
        reader.refuse(RefusedBy::Both, yaml::place(root), about, message.to_owned());
        return None;
    };
    let Some(version) = number(node) else {
        reader.mistyped(RefusedBy::Both, node, about, "a number such as `\"4.0\"`");
        return None;
    };
    if version > LATEST_VERSION {
        let message = format!(
            "expected a version up to {LATEST_VERSION}, found {}",
            reader.found(node)
        );
        reader.refuse(RefusedBy::Newer, yaml::place(node), about, message);
    } else if version < LATEST_VERSION {
        let message = format!("this is version {version}; the latest is {LATEST_VERSION}");
        reader.warnings.push(problem(yaml::place(node), about, message));
    }
    Some(version)
}

/// A finite number, written as such or as text.
fn number(node: &Node) -> Option<f64> {
    let number = match &node.value {
        // A rounding above 2^53 does not matter: such a version is refused, such a size not kept.
        Tree::Int(value) => value.to_string().parse().ok(),
        Tree::Float(value) => Some(*value),
        Tree::Text(text) => text.trim().parse().ok(),
        _ => None,
    };
    number.filter(|number: &f64| number.is_finite())
}

/// Below version 3 the section is not looked at. Version 3 requires it. From version 4 the older
/// edition still requires it and the newer refuses it: either is accepted.
fn expectations(reader: &mut Reader<'_>, version: f64, root: &Node, node: Option<&Node>) {
    let about = About::key("expectations");
    let by = match version {
        ..3.0 => return,
        ..4.0 => RefusedBy::Both,
        _ => RefusedBy::Older,
    };
    let Some(node) = node else {
        let message = "expected a mapping with the key `population_size`, found no such key".to_owned();
        reader.refuse(by, yaml::place(root), about, message);
        return;
    };
    if by == RefusedBy::Older {
        let message = "from version 4 there is no such section; remove it".to_owned();
        reader.refuse(RefusedBy::Newer, yaml::place(node), about, message);
    }
    let Tree::Map(map) = &node.value else {
        reader.mistyped(by, node, about, "a mapping with the key `population_size`");
        return;
    };
    reader.unknown_keys(map, None, &["population_size"]);
    let about = About::key("expectations.population_size");
    match entry(map, "population_size") {
        None => {
            let message = "expected a whole number such as 1000, found no such key".to_owned();
            reader.refuse(by, yaml::place(node), about, message);
        }
        Some(size) if !integer_like(size) => reader.mistyped(by, size, about, "a whole number such as 1000"),
        Some(_) => {}
    }
}

/// What the runner turns into an integer: a number (a fraction is cut off), or text holding one.
fn integer_like(node: &Node) -> bool {
    match &node.value {
        Tree::Int(_) => true,
        Tree::Float(value) => value.is_finite(),
        Tree::Text(text) => {
            let digits = text.trim();
            let digits = digits.strip_prefix(['+', '-']).unwrap_or(digits);
            // Groups of digits joined by single underscores.
            digits
                .split('_')
                .all(|group| !group.is_empty() && group.bytes().all(|byte| byte.is_ascii_digit()))
        }
        _ => false,
    }
}

fn read_actions(reader: &mut Reader<'_>, version: Option<f64>, entries: &[(Node, Node)]) -> Vec<Action> {
    let mut named: Vec<(&str, &Node, &Node)> = Vec::new();
    for (key, value) in entries {
        match &key.value {
            Tree::Text(name) if !name.is_empty() => named.push((name, key, value)),
            _ => {
                let found = reader.found(key);
                let message = format!(
                    "expected the name of an action as text, found {found}; put a name that is a number, \
                     true, false or null in quotes"
                );
                reader.refuse(RefusedBy::Both, yaml::place(key), About::key("actions"), message);
            }
        }
    }
    let known: Known<'_> = named
        .iter()
        .enumerate()
        .map(|(index, (name, ..))| (*name, index))
        .collect();
    let mut rules = ActionRules::new(version, &known);
    let mut actions = Vec::new();
    let mut edges = Vec::new();
    for (name, key, value) in &named {
        if *name == RUN_ALL {
            run_all(reader, version, key);
        }
        let (needs, action) = rules.read(reader, name, key, value);
        edges.push(
            needs
                .iter()
                .filter_map(|need| known.get(need.as_str()).copied())
                .collect(),
        );
        actions.extend(action);
    }
    if let Some(cycle) = graph::cycle(&edges) {
        let names: Vec<&str> = cycle
            .iter()
            .filter_map(|index| named.get(*index))
            .map(|(name, ..)| *name)
            .collect();
        let first = cycle.first().and_then(|index| named.get(*index));
        let about = About {
            action: names.first().copied(),
            key: "needs",
        };
        let place = first.and_then(|(_, key, _)| yaml::place(key));
        reader.refuse(RefusedBy::Both, place, about, circle(&names));
    }
    actions
}

fn circle(names: &[&str]) -> String {
    let mut walk: Vec<String> = names.iter().take(MAX_CYCLE_NAMED).map(|name| clean(name)).collect();
    if names.len() > MAX_CYCLE_NAMED {
        walk.push(format!("{} more", names.len() - MAX_CYCLE_NAMED));
    }
    walk.extend(names.first().map(|name| clean(name)));
    format!(
        "actions need each other in a circle, so none of them could start: {}",
        walk.join(" → ")
    )
}

fn run_all(reader: &mut Reader<'_>, version: Option<f64>, key: &Node) {
    let about = About {
        action: Some(RUN_ALL),
        key: "",
    };
    if version.is_some_and(|version| version >= 5.0) {
        let message = "from version 5 no action may have this name, as it stands for all actions".to_owned();
        reader.refuse(RefusedBy::Newer, yaml::place(key), about, message);
    } else {
        let message = "choosing this action runs all actions, not only this one; better give it another name";
        reader
            .warnings
            .push(problem(yaml::place(key), about, message.to_owned()));
    }
}

/// First use of a text by an action, to tell of repetitions.
pub(super) type Seen = HashMap<String, String>;
