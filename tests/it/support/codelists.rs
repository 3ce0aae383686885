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
}

impl FakeCodelists {
    pub fn are_out_of_date(&self) {
        *self.0.lock().unwrap() = Answer::OutOfDate;
    }

    pub fn cannot_be_checked(&self) {
        *self.0.lock().unwrap() = Answer::Down;
    }
}

#[async_trait]
impl CodelistChecker for FakeCodelists {
    async fn check(&self, _: &str, _: &str) -> Result<Codelists, CodelistCheckError> {
        match *self.0.lock().unwrap() {
            Answer::UpToDate => Ok(Codelists::UpToDate),
            Answer::OutOfDate => Ok(Codelists::OutOfDate),
            Answer::Down => Err(CodelistCheckError("the test says so".into())),
        }
    }
}
