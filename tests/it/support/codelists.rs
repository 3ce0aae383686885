//! A checker of codelists that says what a test tells it to.

use std::sync::Mutex;

use async_trait::async_trait;
use jobserver::core::ports::{CodelistCheckError, CodelistChecker, Codelists};

/// Says that codelists are up to date, until told otherwise.
#[derive(Debug, Default)]
pub struct FakeCodelists(Mutex<Answer>);

#[derive(Debug, Default, Clone, Copy)]
enum Answer {
    #[default]
    UpToDate,
    OutOfDate,
    Down,
    Never,
}

impl FakeCodelists {
    pub fn are_out_of_date(&self) {
        *self.0.lock().unwrap() = Answer::OutOfDate;
    }

    /// From now on there is no answer.
    pub fn are_waited_for(&self) {
        *self.0.lock().unwrap() = Answer::Never;
    }

    pub fn cannot_be_checked(&self) {
        *self.0.lock().unwrap() = Answer::Down;
    }
}

#[async_trait]
impl CodelistChecker for FakeCodelists {
    async fn check(&self, _: &str, _: &str) -> Result<Codelists, CodelistCheckError> {
        let answer = *self.0.lock().unwrap();
        match answer {
            Answer::Never => std::future::pending().await,
            Answer::UpToDate => Ok(Codelists::UpToDate),
            Answer::OutOfDate => Ok(Codelists::OutOfDate),
            Answer::Down => Err(CodelistCheckError("the test says so".into())),
        }
    }
}
