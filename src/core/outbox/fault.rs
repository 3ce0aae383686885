//! Where a worker can be made to die, for the tests that prove that nothing is lost then.

/// A step of a delivery at which the process ends, as if it had been killed. Without one, and in release
/// builds always, reaching a step does nothing.
#[derive(Debug, Clone, Default)]
pub struct FaultPoint {
    #[cfg(debug_assertions)]
    step: Option<String>,
}

impl FaultPoint {
    /// Dies at the step of this name: `claimed`, `sent`, `recorded`, or one of a kind's own.
    #[cfg(debug_assertions)]
    pub fn at(step: impl Into<String>) -> Self {
        Self {
            step: Some(step.into()),
        }
    }

    /// Says that a step is reached.
    pub fn reached(&self, step: &str) {
        #[cfg(debug_assertions)]
        if self.step.as_deref() == Some(step) {
            eprintln!("dying at {step}, as told");
            std::process::abort();
        }
        #[cfg(not(debug_assertions))]
        let _ = step;
    }
}
