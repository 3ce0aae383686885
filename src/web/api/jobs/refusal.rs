//! Why a report was refused, in the words that the real clients' authors know.

use rocket::http::Status;
use serde::{Serialize, Serializer};
use serde_json::json;

use crate::web::api::answer::Answer;
use crate::web::api::json::Kind;
use crate::web::responders::Outcome;

/// Why nothing of a report was stored.
#[derive(Debug)]
pub enum Refusal {
    /// It is no JSON.
    Syntax(String),
    /// It is JSON, but no list.
    NotAList(Kind),
    /// Items have faults; one entry each, in order.
    Items(Vec<ItemFaults>),
}

/// The faults of one item of a list.
#[derive(Debug)]
pub enum ItemFaults {
    /// By field, in the order of the fields; none for an item without fault.
    Fields(Vec<(&'static str, Vec<String>)>),
    NotAnObject(Kind),
    Null,
}

impl ItemFaults {
    pub fn is_fine(&self) -> bool {
        matches!(self, ItemFaults::Fields(fields) if fields.is_empty())
    }
}

impl Serialize for ItemFaults {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            ItemFaults::Fields(fields) => serializer.collect_map(fields.iter().map(|(name, faults)| (name, faults))),
            ItemFaults::NotAnObject(kind) => json!({
                "non_field_errors": [format!("Invalid data. Expected a dictionary, but got {}.", kind.name())]
            })
            .serialize(serializer),
            ItemFaults::Null => ["This field may not be null."].serialize(serializer),
        }
    }
}

impl Refusal {
    pub fn into_answer(self) -> Outcome<Answer> {
        match self {
            Refusal::Syntax(reason) => Ok(Answer::detail(
                Status::BadRequest,
                &format!("JSON parse error - {reason}"),
            )),
            Refusal::NotAList(Kind::Null) => {
                Answer::json(Status::BadRequest, &json!({"non_field_errors": ["No data provided"]}))
            }
            Refusal::NotAList(kind) => {
                let message = format!("Expected a list of items but got type \"{}\".", kind.name());
                Answer::json(Status::BadRequest, &json!({ "non_field_errors": [message] }))
            }
            Refusal::Items(items) => Answer::json(Status::BadRequest, &items),
        }
    }
}
