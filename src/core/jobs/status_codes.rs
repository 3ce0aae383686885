//! What the codes of runners mean for the person who waits: the code says where a job stands more exactly
//! than its status does. The codes are those of job-runner and of the RAP controller.

/// What a code means, and what to do about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Meaning {
    /// What happened, as a sentence.
    pub means: &'static str,
    /// What to do next; empty when there is nothing.
    pub next: &'static str,
    /// Where the platform's documentation goes on.
    pub documentation: Option<&'static str>,
}

const JOBS_SITE: Option<&str> = Some("https://docs.opensafely.org/jobs-site/");
const PIPELINES: Option<&str> = Some("https://docs.opensafely.org/actions-pipelines/");

/// The code of a failure that a log inside the backend explains.
pub const NONZERO_EXIT: &str = "nonzero_exit";

/// `None` for a code that nobody has told us of.
pub fn meaning(code: &str) -> Option<Meaning> {
    let meaning = |means, next, documentation| {
        Some(Meaning {
            means,
            next,
            documentation,
        })
    };
    match code {
        NONZERO_EXIT => meaning(
            "The action's own code ended with an error.",
            "Read its log inside the backend, mend the code, and run the action again.",
            JOBS_SITE,
        ),
        "dependency_failed" => meaning(
            "An action that this one needs did not succeed, so this one was not run.",
            "Look at the other failed actions first. When they succeed, run this one again.",
            PIPELINES,
        ),
        "unmatched_patterns" | "unmatched_outputs" => meaning(
            "The action ran, but did not write all the files that project.yaml says it writes.",
            "Compare the outputs in project.yaml with the files that the code writes, names and folders to the letter.",
            PIPELINES,
        ),
        "stale_codelists" => meaning(
            "The codelists in the repository are older than those at OpenCodelists, so the database was not read.",
            "Update the codelists in the repository, push, and run the action again.",
            PIPELINES,
        ),
        "cancelled_by_user" => meaning(
            "It was cancelled before it could finish.",
            "Run it again when you need it.",
            None,
        ),
        "killed_by_admin" => meaning(
            "Somebody who looks after the backend stopped it, most often because it took more than its share.",
            "Ask the support team before you run it again.",
            None,
        ),
        "internal_error" => meaning(
            "The backend itself went wrong. Your code is not to blame.",
            "Run it again. If that fails too, tell the support team.",
            None,
        ),
        "job_error" => meaning(
            "The backend could not run the action.",
            "Read the message. If it says nothing that you can mend, tell the support team.",
            JOBS_SITE,
        ),
        "created" | "initiated" | "waiting_on_new_task" => meaning(
            "The backend knows of it and will start it when its turn comes.",
            "",
            None,
        ),
        "paused" => meaning("The backend is paused and starts nothing for now.", "", None),
        "waiting_db_maintenance" => meaning(
            "The database is under maintenance. The job starts when that is over.",
            "",
            None,
        ),
        "waiting_on_dependencies" => meaning("It waits for the actions that it needs.", "", None),
        "waiting_on_workers" => meaning("It waits until the backend has room for another job.", "", None),
        "waiting_on_db_workers" => meaning(
            "It waits until the backend has room for another job that reads the database.",
            "",
            None,
        ),
        "waiting_on_reboot" => meaning("The backend restarts. The job begins anew after that.", "", None),
        "preparing" | "prepared" => meaning(
            "The backend is getting the files ready that the action needs.",
            "",
            None,
        ),
        "executing" => meaning("The action's code is running.", "", None),
        "executed" | "finalizing" | "finalized" => {
            meaning("The code has ended. The backend is putting its files away.", "", None)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The codes that job-runner has.
    const RUNNERS: &[&str] = &[
        "created",
        "paused",
        "waiting_db_maintenance",
        "waiting_on_dependencies",
        "waiting_on_workers",
        "waiting_on_db_workers",
        "waiting_on_reboot",
        "preparing",
        "prepared",
        "executing",
        "executed",
        "finalizing",
        "finalized",
        "dependency_failed",
        "nonzero_exit",
        "cancelled_by_user",
        "unmatched_patterns",
        "internal_error",
        "killed_by_admin",
        "stale_codelists",
    ];

    #[test]
    fn every_code_of_the_runner_has_a_meaning_in_sentences() {
        for code in RUNNERS {
            let Some(meaning) = meaning(code) else { panic!("{code}") };
            assert!(meaning.means.ends_with('.'), "{code}");
            assert!(meaning.next.is_empty() || meaning.next.ends_with('.'), "{code}");
        }
        // What has succeeded needs no explanation, and what is unknown gets none.
        assert_eq!(meaning("succeeded"), None);
        assert_eq!(meaning("NONZERO_EXIT"), None);
        assert_eq!(meaning(""), None);
    }
}
