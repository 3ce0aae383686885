mod actions;
mod hostile;
mod messages;
mod outputs;
mod rules;
mod study;

use super::*;

/// A project file around the text of its actions, in a version both editions know.
fn version_3(actions: &str) -> String {
    format!("version: 3\nexpectations: {{population_size: 1000}}\nactions:\n{actions}")
}

/// A file of one action with these pieces, as YAML.
fn one_action(run: &str, outputs: &str) -> String {
    version_3(&format!("  a:\n    run: {run}\n    outputs: {outputs}\n"))
}

/// The message for a file that must be refused.
#[track_caller]
fn refusal(text: &str) -> String {
    match Pipeline::parse(text) {
        Ok(_) => panic!("accepted:\n{text}"),
        Err(error) => error.to_string(),
    }
}

/// What is expected of a file.
#[derive(Debug)]
enum Who {
    Both,
    Older,
    Newer,
    /// Refused; the message holds this.
    Neither(&'static str),
}
use Who::{Both, Neither, Newer, Older};

#[track_caller]
fn check(text: &str, who: &Who) {
    match (Pipeline::parse(text), who) {
        (Ok(pipeline), Both | Older | Newer) => {
            let expected = Editions {
                older: !matches!(who, Newer),
                newer: !matches!(who, Older),
            };
            assert_eq!(pipeline.editions(), expected, "{who:?} expected:\n{text}");
        }
        (Err(error), Neither(part)) => {
            let message = error.to_string();
            assert!(message.contains(part), "{message:?} lacks {part:?}:\n{text}");
        }
        (Ok(pipeline), Neither(_)) => panic!("accepted by {:?}:\n{text}", pipeline.editions()),
        (Err(error), _) => panic!("{who:?} expected, but {error}:\n{text}"),
    }
}

const RUN: &str = "python:v2 python a.py";
const OUTPUTS: &str = "{highly_sensitive: {x: out/a.csv}}";
