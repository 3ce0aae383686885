//! The rules for commands that extract data: their outputs must be what the command writes.

use std::collections::BTreeSet;

use super::action::Written;
use super::command::Command;
use super::outputs::{self, Level};
use super::problem::{Place, RefusedBy, clean};
use super::rules::{About, Reader};

/// `cohortextractor:* generate_cohort` writes one level and one folder.
pub(super) fn cohort_rules(reader: &mut Reader<'_>, name: &str, command: &Command, written: &Written) {
    if command.image != "cohortextractor" || command.subcommand() != "generate_cohort" {
        return;
    }
    let about = About {
        action: Some(name),
        key: "outputs",
    };
    one_level(reader, RefusedBy::Both, about, "generate_cohort", written);
    let folders: BTreeSet<&str> = written
        .outputs
        .iter()
        .map(|output| output.path.rsplit_once('/').map_or("", |(folder, _)| folder))
        .collect();
    if folders.len() > 1 && !command.args.iter().any(|arg| arg.starts_with("--output-dir")) {
        let named: Vec<String> = folders
            .iter()
            .take(10)
            .map(|folder| format!("`{}/`", clean(folder)))
            .collect();
        let message = format!(
            "generate_cohort writes to one folder, found {} ({}); put the outputs in one, or use `--output-dir`",
            folders.len(),
            named.join(", ")
        );
        reader.refuse(RefusedBy::Both, written.place, about, message);
    }
}

fn one_level(reader: &mut Reader<'_>, by: RefusedBy, about: About<'_>, what: &str, written: &Written) {
    if written.levels.len() > 1 {
        let found: Vec<&str> = written.levels.iter().map(|level| level.as_str()).collect();
        let message = format!("{what} must have outputs of one level only, found {}", found.join(", "));
        reader.refuse(by, written.place, about, message);
    }
}

/// What each edition asks of commands that extract a dataset.
pub(super) fn dataset_rules(
    reader: &mut Reader<'_>,
    name: &str,
    run: &str,
    command: &Command,
    place: Option<Place>,
    written: &Written,
) {
    let outputs = About {
        action: Some(name),
        key: "outputs",
    };
    let (image, subcommand) = (command.image.as_str(), command.subcommand());
    if run.starts_with("databuilder")
        || (image == "ehrql" && matches!(subcommand, "generate-dataset" | "generate_dataset"))
    {
        one_level(
            reader,
            RefusedBy::Older,
            outputs,
            "an action that generates a dataset",
            written,
        );
        if let Some(first) = written.outputs.first()
            && !run.contains(&first.path)
        {
            let message = format!(
                "expected the first output `{}` in the command (as `--output {0}`), found it nowhere there",
                clean(&first.path)
            );
            reader.refuse(RefusedBy::Older, written.place, outputs, message);
        }
    }
    if !matches!(image, "ehrql" | "databuilder") || subcommand != "generate-dataset" {
        return;
    }
    if written
        .outputs
        .iter()
        .any(|output| output.level != Level::HighlySensitive)
    {
        let message = "an action that generates a dataset may only have highly_sensitive outputs".to_owned();
        reader.refuse(RefusedBy::Newer, written.place, outputs, message);
    }
    match command.option("--output") {
        None => {
            let message = "expected `--output` with the path of the dataset, found no such option".to_owned();
            reader.refuse(
                RefusedBy::Newer,
                place,
                About {
                    action: Some(name),
                    key: "run",
                },
                message,
            );
        }
        Some(option) => {
            let paths = written.outputs.iter().map(|output| output.path.as_str());
            if !outputs::matches_output_option(option, paths) {
                let message = format!(
                    "expected `{}` as the only output path, to match `--output {}` in the command",
                    clean(&outputs::expected_path(option)),
                    clean(option)
                );
                reader.refuse(RefusedBy::Newer, written.place, outputs, message);
            }
        }
    }
}
