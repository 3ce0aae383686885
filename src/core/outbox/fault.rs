//! Where a worker can be made to die, for the tests that prove that nothing is lost then.

/// Every step there is, in the order in which a delivery takes them. Those that begin with `github.` lie
/// between the calls of which a message to GitHub is made.
pub const STEPS: [&str; 11] = [
    "claimed",
    "github.opened",
    "github.remembered",
    "github.commented",
    "github.changed",
    "github.repo_made",
    "github.repo_labelled",
    "github.repo_shared",
    "github.repo_noted",
    "sent",
    "recorded",
];

/// A step of a delivery at which the process ends, as if it had been killed. Without one, and in release
/// builds always, reaching a step does nothing.
#[derive(Debug, Clone, Default)]
pub struct FaultPoint {
    #[cfg(debug_assertions)]
    step: Option<String>,
}

impl FaultPoint {
    /// Dies at this step of [`STEPS`].
    #[cfg(debug_assertions)]
    pub fn at(step: impl Into<String>) -> Self {
        Self {
            step: Some(step.into()),
        }
    }

    /// Says that a step is reached.
    pub fn reached(&self, step: &str) {
        debug_assert!(STEPS.contains(&step), "{step} is missing in STEPS");
        #[cfg(debug_assertions)]
        if self.step.as_deref() == Some(step) {
            eprintln!("dying at {step}, as told");
            std::process::abort();
        }
        #[cfg(not(debug_assertions))]
        let _ = step;
    }
}
