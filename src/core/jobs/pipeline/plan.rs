//! What a request would run, decided as runners decide it when they take it up.
//!
//! The page of the form decides the same while somebody chooses (`assets/src/modules/plan.js`); the cases in
//! `assets/tests/plans.json` hold for both.

use super::{Pipeline, RUN_ALL};

/// How the newest job of an action ended on the backend that is asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Last {
    /// It never ran there, or nothing is known that counts as an end.
    #[default]
    Never,
    Failed,
    Succeeded,
    /// It waits or runs: the backend makes no second job of it.
    UnderWay,
}

impl Last {
    /// From a job's status, whatever its letter case.
    pub fn of_status(status: &str) -> Self {
        match status.to_lowercase().as_str() {
            "succeeded" => Self::Succeeded,
            "failed" => Self::Failed,
            "pending" | "running" => Self::UnderWay,
            _ => Self::Never,
        }
    }
}

/// What becomes of the actions that a request reaches, each in one place, in file order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// Run because they are asked for, by name or by `run_all`.
    pub selected: Vec<String>,
    /// Run because what runs needs them.
    pub needed: Vec<String>,
    /// Wait or run already.
    pub under_way: Vec<String>,
    /// Have succeeded, and their outputs are used as they are. What these need in turn is not looked at.
    pub kept: Vec<String>,
    /// Failed last, so that the backend refuses `run_all` unless everything is run again. Nothing runs then.
    pub refused: Vec<String>,
}

impl Plan {
    /// All that would run.
    pub fn runs(&self) -> impl Iterator<Item = &String> {
        self.selected.iter().chain(&self.needed)
    }

    pub fn runs_nothing(&self) -> bool {
        self.selected.is_empty() && self.needed.is_empty()
    }
}

impl Pipeline {
    /// What a request for `selected` would run, where `last` tells how each action last ended.
    ///
    /// An action chosen by name always runs. What it needs runs unless it has succeeded; `run_all` stands for all that
    /// has not succeeded. With `force` everything that is reached runs. What is under way is left alone. Names the file
    /// does not know are passed over.
    pub fn plan<S: AsRef<str>>(&self, selected: &[S], force: bool, last: impl Fn(&str) -> Last) -> Plan {
        let is_chosen: Vec<bool> = self
            .actions
            .iter()
            .map(|action| action.name != RUN_ALL && selected.iter().any(|name| name.as_ref() == action.name))
            .collect();
        let is_whole = selected.iter().any(|name| name.as_ref() == RUN_ALL);
        let lasts: Vec<Last> = self.actions.iter().map(|action| last(&action.name)).collect();

        let mut is_reached = vec![false; self.actions.len()];
        let mut waiting: Vec<usize> = (0..self.actions.len()).filter(|n| is_whole || is_chosen[*n]).collect();
        let runs = |n: usize| match lasts[n] {
            Last::UnderWay => false,
            Last::Succeeded => force || is_chosen[n],
            Last::Never | Last::Failed => true,
        };
        while let Some(n) = waiting.pop() {
            if is_reached[n] {
                continue;
            }
            is_reached[n] = true;
            if runs(n) {
                let needs = self.actions[n].needs.iter();
                waiting.extend(needs.filter_map(|need| self.by_name.get(need)).copied());
            }
        }

        let mut plan = Plan::default();
        for (n, action) in self.actions.iter().enumerate().filter(|(n, _)| is_reached[*n]) {
            let name = action.name.clone();
            if is_whole && !force && !is_chosen[n] && lasts[n] == Last::Failed {
                plan.refused.push(name);
            } else if runs(n) && (is_whole || is_chosen[n]) {
                plan.selected.push(name);
            } else if runs(n) {
                plan.needed.push(name);
            } else if lasts[n] == Last::UnderWay {
                plan.under_way.push(name);
            } else {
                plan.kept.push(name);
            }
        }
        if !plan.refused.is_empty() {
            plan.selected.clear();
            plan.needed.clear();
        }
        plan
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use serde::Deserialize;

    use super::*;

    #[derive(Deserialize)]
    struct Case {
        why: String,
        needs: HashMap<String, Vec<String>>,
        #[serde(default)]
        last: HashMap<String, String>,
        selected: Vec<String>,
        #[serde(default)]
        force: bool,
        plan: Expected,
    }

    #[derive(Debug, Default, PartialEq, Deserialize)]
    #[serde(default)]
    struct Expected {
        selected: Vec<String>,
        needed: Vec<String>,
        under_way: Vec<String>,
        kept: Vec<String>,
        refused: Vec<String>,
    }

    fn pipeline(needs: &HashMap<String, Vec<String>>) -> Pipeline {
        let mut names: Vec<&String> = needs.keys().collect();
        names.sort();
        let actions: String = names
            .into_iter()
            .map(|name| {
                let needs = &needs[name];
                format!(
                    "  {name}:\n    run: python:v2 {name}.py\n    needs: {needs:?}\n    \
                     outputs: {{moderately_sensitive: {{o: output/{name}.csv}}}}\n"
                )
            })
            .collect();
        Pipeline::parse(&format!("version: 4\nactions:\n{actions}")).unwrap()
    }

    #[test]
    fn the_cases_that_hold_for_the_page_too() {
        let cases: Vec<Case> = serde_json::from_str(include_str!("../../../../assets/tests/plans.json")).unwrap();
        assert!(cases.len() > 10);
        for case in cases {
            let plan = pipeline(&case.needs).plan(&case.selected, case.force, |name| {
                case.last
                    .get(name)
                    .map(|status| Last::of_status(status))
                    .unwrap_or_default()
            });
            let found = Expected {
                selected: plan.selected,
                needed: plan.needed,
                under_way: plan.under_way,
                kept: plan.kept,
                refused: plan.refused,
            };
            assert_eq!(found, case.plan, "{}", case.why);
        }
    }

    #[test]
    fn a_long_chain_needs_no_stack() {
        let needs = (0..2000)
            .map(|n| {
                (
                    format!("a{n:04}"),
                    if n == 0 { vec![] } else { vec![format!("a{:04}", n - 1)] },
                )
            })
            .collect();
        let plan = pipeline(&needs).plan(&["a1999"], false, |_| Last::Never);
        assert_eq!((plan.selected.len(), plan.needed.len()), (1, 1999));
    }
}
