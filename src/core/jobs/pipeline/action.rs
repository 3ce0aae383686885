//! The rules of one action.

use std::collections::{BTreeSet, HashMap};

use super::Action;
use super::command::Command;
use super::extraction;
use super::outputs::{self, Level, Moderate, Output};
use super::problem::{Place, RefusedBy, clean};
use super::rules::{About, Reader, Seen, entry};
use super::yaml::{self, Node, Tree};

/// Names of all actions with their position.
pub(super) type Known<'a> = HashMap<&'a str, usize>;

const KEYS: [&str; 5] = ["run", "needs", "outputs", "config", "dummy_data_file"];
const COMMAND: &str = "a command such as `python:v2 python analysis/model.py`";
const OUTPUTS: &str = "a mapping from levels to outputs";

/// Reads actions one after another, remembering what may not be repeated.
pub(super) struct ActionRules<'a> {
    version: Option<f64>,
    known: &'a Known<'a>,
    runs: Seen,
    paths: Seen,
}

/// The outputs of one action while they are checked.
pub(super) struct Written {
    pub outputs: Vec<Output>,
    /// Levels that are present with a mapping, even an empty one.
    pub levels: Vec<Level>,
    pub place: Option<Place>,
}

impl<'a> ActionRules<'a> {
    pub fn new(version: Option<f64>, known: &'a Known<'a>) -> Self {
        Self {
            version,
            known,
            runs: Seen::new(),
            paths: Seen::new(),
        }
    }

    fn since(&self, version: f64) -> bool {
        self.version.is_some_and(|declared| declared >= version)
    }

    /// The needs, and the action when enough of it could be read.
    pub fn read(
        &mut self,
        reader: &mut Reader<'_>,
        name: &str,
        key: &Node,
        value: &Node,
    ) -> (Vec<String>, Option<Action>) {
        let whole = About {
            action: Some(name),
            key: "",
        };
        let Tree::Map(map) = &value.value else {
            reader.mistyped(
                RefusedBy::Both,
                value,
                whole,
                "a mapping with the keys `run` and `outputs`",
            );
            return (Vec::new(), None);
        };
        reader.unknown_keys(map, Some(name), &KEYS);
        let run = self.run(reader, name, key, entry(map, "run"));
        let needs = self.needs(reader, name, entry(map, "needs"));
        if let Some(node) = entry(map, "config")
            && !matches!(node.value, Tree::Map(_) | Tree::Null)
        {
            reader.mistyped(
                RefusedBy::Both,
                node,
                About {
                    action: Some(name),
                    key: "config",
                },
                "a mapping",
            );
        }
        let dummy_data_file = dummy_data_file(reader, name, entry(map, "dummy_data_file"));
        let written = self.outputs(reader, name, key, entry(map, "outputs"));
        if let (Some((run, command, place)), Some(written)) = (&run, &written) {
            extraction::cohort_rules(reader, name, command, written);
            extraction::dataset_rules(reader, name, run, command, *place, written);
        }
        let action = run.zip(written).map(|((run, command, _), written)| Action {
            name: name.to_owned(),
            run,
            command,
            needs: needs.clone(),
            outputs: written.outputs,
            dummy_data_file,
        });
        (needs, action)
    }

    fn run(
        &mut self,
        reader: &mut Reader<'_>,
        name: &str,
        key: &Node,
        node: Option<&Node>,
    ) -> Option<(String, Command, Option<Place>)> {
        let about = About {
            action: Some(name),
            key: "run",
        };
        let Some(node) = node else {
            reader.refuse(
                RefusedBy::Both,
                yaml::place(key),
                about,
                format!("expected {COMMAND}, found no such key"),
            );
            return None;
        };
        let place = yaml::place(node);
        let Tree::Text(run) = &node.value else {
            reader.mistyped(RefusedBy::Both, node, about, COMMAND);
            return None;
        };
        if let Some(first) = self.runs.get(run) {
            let message = format!(
                "the action `{}` has the same command; every command must differ",
                clean(first)
            );
            reader.refuse(RefusedBy::Both, place, about, message);
        } else if !run.trim().is_empty() {
            self.runs.insert(run.clone(), name.to_owned());
        }
        let command = match Command::parse(run) {
            Ok(command) => command,
            Err(error) => {
                reader.refuse(RefusedBy::Both, place, about, error.to_string());
                return None;
            }
        };
        self.image(reader, &command, place, about);
        Some((run.clone(), command, place))
    }

    /// What the newer edition asks of the image and its version.
    fn image(&self, reader: &mut Reader<'_>, command: &Command, place: Option<Place>, about: About<'_>) {
        let mut refuse = |message| reader.refuse(RefusedBy::Newer, place, about, message);
        if !command.has_usual_version() {
            refuse(format!(
                "expected an image version such as `v2`, `v1.4-pre`, `dev` or `latest` after the colon, found `{}`",
                clean(&command.version)
            ));
        }
        if command.version == "latest" && self.since(5.0) {
            refuse("from version 5 `latest` is not allowed; name an image version such as `v2`".to_owned());
        }
        if command.image == "cohortextractor" && self.since(4.0) {
            refuse("from version 4 cohortextractor is not supported; use ehrql".to_owned());
        }
    }

    fn needs(&self, reader: &mut Reader<'_>, name: &str, node: Option<&Node>) -> Vec<String> {
        let about = About {
            action: Some(name),
            key: "needs",
        };
        let mut needs: Vec<String> = Vec::new();
        let mut seen = BTreeSet::new();
        let items = match node.map(|node| (node, &node.value)) {
            None | Some((_, Tree::Null)) => return needs,
            Some((_, Tree::List(items))) => items,
            Some((node, _)) => {
                reader.mistyped(
                    RefusedBy::Both,
                    node,
                    about,
                    "a list of action names such as `[prepare, model]`",
                );
                return needs;
            }
        };
        for item in items {
            let Tree::Text(need) = &item.value else {
                reader.mistyped(RefusedBy::Both, item, about, "the name of an action as text");
                continue;
            };
            if need.contains(' ') {
                let message = format!(
                    "found a space in `{}`; separate the names of actions by commas",
                    clean(need)
                );
                reader.refuse(RefusedBy::Both, yaml::place(item), about, message);
            } else if !self.known.contains_key(need.as_str()) {
                let message = format!("expected the name of an action in this file, found `{}`", clean(need));
                reader.refuse(RefusedBy::Both, yaml::place(item), about, message);
            } else if seen.insert(need) {
                needs.push(need.clone());
            }
        }
        needs
    }

    fn outputs(&mut self, reader: &mut Reader<'_>, name: &str, key: &Node, node: Option<&Node>) -> Option<Written> {
        let about = About {
            action: Some(name),
            key: "outputs",
        };
        let Some(node) = node else {
            reader.refuse(
                RefusedBy::Both,
                yaml::place(key),
                about,
                format!("expected {OUTPUTS}, found no such key"),
            );
            return None;
        };
        let Tree::Map(map) = &node.value else {
            reader.mistyped(RefusedBy::Both, node, about, OUTPUTS);
            return None;
        };
        reader.unknown_keys(map, Some(name), &Level::ALL.map(Level::as_str));
        let mut written = Written {
            outputs: Vec::new(),
            levels: Vec::new(),
            place: yaml::place(node),
        };
        let mut entries = 0;
        for (key, value) in map {
            let Tree::Text(text) = &key.value else {
                continue;
            };
            let Some(level) = Level::from_key(text) else {
                continue;
            };
            match &value.value {
                Tree::Null => {}
                Tree::Map(outputs) => {
                    written.levels.push(level);
                    entries += outputs.len();
                    self.level(reader, name, level, outputs, &mut written.outputs);
                }
                _ => {
                    // Counted as present: it is told about here, not as a missing level as well.
                    written.levels.push(level);
                    entries += 1;
                    let key = format!("outputs.{level}");
                    let about = About {
                        action: Some(name),
                        key: &key,
                    };
                    reader.mistyped(RefusedBy::Both, value, about, "a mapping from names to paths");
                }
            }
        }
        if entries == 0 {
            let by = if written.levels.is_empty() {
                RefusedBy::Both
            } else {
                RefusedBy::Older
            };
            let message = format!(
                "expected at least one output of {}, found none",
                Level::ALL.map(Level::as_str).join(", ")
            );
            reader.refuse(by, written.place, about, message);
        }
        Some(written)
    }

    fn level(
        &mut self,
        reader: &mut Reader<'_>,
        action: &str,
        level: Level,
        entries: &[(Node, Node)],
        outputs: &mut Vec<Output>,
    ) {
        let mut names = BTreeSet::new();
        for (key, value) in entries {
            let name = reader.key_text(key);
            let dotted = format!("outputs.{level}.{}", clean(&name));
            let about = About {
                action: Some(action),
                key: &dotted,
            };
            if !names.insert(name.clone()) {
                let message = "this name is used twice within the level; rename one of the outputs".to_owned();
                reader.refuse(RefusedBy::Both, yaml::place(key), about, message);
            }
            let Tree::Text(path) = &value.value else {
                reader.mistyped(RefusedBy::Both, value, about, "a path such as `output/model.csv`");
                continue;
            };
            let place = yaml::place(value);
            if let Some(message) = outputs::path_problem(path) {
                reader.refuse(RefusedBy::Both, place, about, message);
            } else if level == Level::ModeratelySensitive {
                moderate(reader, path, place, about);
            }
            if self.since(2.0) {
                if let Some(first) = self.paths.get(path) {
                    let message = format!(
                        "the path `{}` is already an output of the action `{}`",
                        clean(path),
                        clean(first)
                    );
                    reader.refuse(RefusedBy::Both, place, about, message);
                } else {
                    self.paths.insert(path.clone(), action.to_owned());
                }
            }
            outputs.push(Output {
                level,
                name,
                path: path.clone(),
            });
        }
    }
}

fn moderate(reader: &mut Reader<'_>, path: &str, place: Option<Place>, about: About<'_>) {
    let by = match outputs::moderate(path) {
        Moderate::Allowed => return,
        Moderate::OlderOnly => RefusedBy::Newer,
        Moderate::Refused => RefusedBy::Both,
    };
    let message = format!(
        "moderately sensitive outputs must be of a type that can be checked ({}), found `{}`",
        outputs::moderate_types(),
        clean(path)
    );
    reader.refuse(by, place, about, message);
}

fn dummy_data_file(reader: &mut Reader<'_>, name: &str, node: Option<&Node>) -> Option<String> {
    let node = node?;
    match &node.value {
        Tree::Text(path) => return Some(path.clone()),
        Tree::Null => {}
        _ => {
            let about = About {
                action: Some(name),
                key: "dummy_data_file",
            };
            reader.mistyped(RefusedBy::Newer, node, about, "a path as text");
        }
    }
    None
}
