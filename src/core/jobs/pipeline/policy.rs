//! Which tools a project may use. The rules of `project.yaml` do not depend on it.

use std::fmt;

use super::{Action, Pipeline};

/// A tool a project needs permission for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Tool {
    /// cohort-extractor, the predecessor of ehrQL.
    Cohortextractor,
    /// SQL Runner, for queries written by hand.
    Sqlrunner,
}

impl Tool {
    /// The text whose presence anywhere in a `run` counts as use, even in an argument or a file name:
    /// what matters is that no use is missed.
    pub fn marker(self) -> &'static str {
        match self {
            Self::Cohortextractor => "cohortextractor",
            Self::Sqlrunner => "sqlrunner",
        }
    }
}

impl fmt::Display for Tool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Cohortextractor => "cohort-extractor",
            Self::Sqlrunner => "SQL Runner",
        })
    }
}

/// What a project is permitted to use, from its data permissions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    /// May use cohort-extractor.
    pub cohortextractor: bool,
    /// May use SQL Runner.
    pub sqlrunner: bool,
}

/// A pipeline uses tools its project has no permission for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", sentences(.refused))]
pub struct PolicyRefusal {
    /// Each refused tool with the names of the actions that use it, in file order; never empty.
    pub refused: Vec<(Tool, Vec<String>)>,
}

impl Policy {
    /// Checks every action of the pipeline, whichever are going to be run.
    ///
    /// # Errors
    ///
    /// [`PolicyRefusal`] with all refused tools.
    pub fn check(self, pipeline: &Pipeline) -> Result<(), PolicyRefusal> {
        let refused: Vec<_> = [
            (Tool::Cohortextractor, self.cohortextractor),
            (Tool::Sqlrunner, self.sqlrunner),
        ]
        .into_iter()
        .filter(|(_, permitted)| !permitted)
        .map(|(tool, _)| (tool, names(pipeline.actions_using(tool))))
        .filter(|(_, actions)| !actions.is_empty())
        .collect();
        if refused.is_empty() {
            Ok(())
        } else {
            Err(PolicyRefusal { refused })
        }
    }
}

fn names<'a>(actions: impl Iterator<Item = &'a Action>) -> Vec<String> {
    actions.map(|action| action.name.clone()).collect()
}

/// Most actions named in a refusal.
const MAX_NAMED: usize = 10;

fn sentences(refused: &[(Tool, Vec<String>)]) -> String {
    let sentences: Vec<String> = refused
        .iter()
        .map(|(tool, actions)| {
            let mut named: Vec<String> = actions
                .iter()
                .take(MAX_NAMED)
                .map(|name| super::problem::clean(name))
                .collect();
            if actions.len() > MAX_NAMED {
                named.push(format!("and {} more", actions.len() - MAX_NAMED));
            }
            format!(
                "This project has no permission to use {tool}. It is used by: {}.",
                named.join(", ")
            )
        })
        .collect();
    sentences.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pipeline(runs: &[&str]) -> Pipeline {
        let mut text = "version: 3\nexpectations: {population_size: 10}\nactions:\n".to_owned();
        for (index, run) in runs.iter().enumerate() {
            text +=
                &format!("  a{index}:\n    run: '{run}'\n    outputs: {{highly_sensitive: {{x: o/{index}.csv}}}}\n");
        }
        Pipeline::parse(&text).unwrap()
    }

    #[test]
    fn every_combination() {
        let neither = pipeline(&["python:v2 a.py"]);
        let cohort = pipeline(&["python:v2 a.py", "cohortextractor:latest generate_measures"]);
        let sql = pipeline(&["sqlrunner:latest --output o/0.csv q.sql"]);
        let both = pipeline(&["python:v2 run-cohortextractor.py", "python:v2 sqlrunner/x.py"]);
        for (pipeline, uses) in [
            (&neither, [false, false]),
            (&cohort, [true, false]),
            (&sql, [false, true]),
            (&both, [true, true]),
        ] {
            assert_eq!([pipeline.uses_cohortextractor(), pipeline.uses_sqlrunner()], uses);
            for cohortextractor in [false, true] {
                for sqlrunner in [false, true] {
                    let permitted = (cohortextractor || !uses[0]) && (sqlrunner || !uses[1]);
                    let policy = Policy {
                        cohortextractor,
                        sqlrunner,
                    };
                    assert_eq!(policy.check(pipeline).is_ok(), permitted, "{policy:?} {uses:?}");
                }
            }
        }
    }

    #[test]
    fn the_refusal_names_tools_and_actions() {
        let both = pipeline(&[
            "python:v2 a.py",
            "cohortextractor:v1 generate_measures",
            "sqlrunner:v1 q.sql",
        ]);
        let refusal = Policy::default().check(&both).unwrap_err();
        assert_eq!(
            refusal.to_string(),
            "This project has no permission to use cohort-extractor. It is used by: a1.\n\
             This project has no permission to use SQL Runner. It is used by: a2."
        );
    }

    #[test]
    fn the_substring_is_case_sensitive_and_only_in_run() {
        let text = "version: 3\nexpectations: {population_size: 10}\nactions:\n  sqlrunner:\n    \
                    run: python:v2 SqlRunner.py\n    outputs: {highly_sensitive: {x: sqlrunner.csv}}\n";
        assert!(!Pipeline::parse(text).unwrap().uses_sqlrunner());
    }
}
