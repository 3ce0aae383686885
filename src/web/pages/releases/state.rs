//! How a snapshot stands, as every list and page says it.

use serde::Serialize;

use crate::core::releases::Standing;

/// How a snapshot stands, as the component `pill` takes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct State {
    pub text: &'static str,
    pub variant: &'static str,
}

impl From<Standing> for State {
    fn from(standing: Standing) -> Self {
        let (text, variant) = match standing {
            Standing::Draft => ("Draft", "neutral"),
            Standing::Waiting => ("Waiting for a decision", "waiting"),
            Standing::Published => ("Published", "success"),
            Standing::Rejected => ("Rejected", "danger"),
            Standing::Withdrawn => ("Withdrawn", "danger"),
        };
        Self { text, variant }
    }
}
