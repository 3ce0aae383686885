//! A report read value by value: every fault of every item is found and told.

use serde_json::value::RawValue;
use time::OffsetDateTime;

use super::refusal::{ItemFaults, Refusal};
use crate::core::jobs::sync::{LONGEST_KEY, ReportedJob};
use crate::web::api::fields::{Fields, Rule};
use crate::web::api::json::{Kind, Members};

const KEY: Rule = Rule::FILLED.at_most(LONGEST_KEY);
const ACTION: Rule = Rule::ANY.at_most(LONGEST_KEY);

pub fn read(body: &[u8]) -> Result<Vec<ReportedJob>, Refusal> {
    let syntax = |error: serde_json::Error| Refusal::Syntax(error.to_string());
    let whole: &RawValue = serde_json::from_slice(body).map_err(syntax)?;
    let kind = Kind::of(whole);
    if kind != Kind::List {
        return Err(Refusal::NotAList(kind));
    }
    let items: Vec<&RawValue> = serde_json::from_str(whole.get()).map_err(syntax)?;
    let mut jobs = Vec::with_capacity(items.len());
    let mut faults = Vec::with_capacity(items.len());
    for item in items {
        match read_item(item) {
            Ok(job) => {
                jobs.push(job);
                faults.push(ItemFaults::Fields(Vec::new()));
            }
            Err(fault) => faults.push(fault),
        }
    }
    if faults.iter().all(ItemFaults::is_fine) {
        Ok(jobs)
    } else {
        Err(Refusal::Items(faults))
    }
}

fn read_item(item: &RawValue) -> Result<ReportedJob, ItemFaults> {
    match Kind::of(item) {
        Kind::Null => return Err(ItemFaults::Null),
        Kind::Dict => {}
        kind => return Err(ItemFaults::NotAnObject(kind)),
    }
    // The text was proved to be JSON, so this cannot fail; if it did, the item would be no object.
    let members = Members::of(item).map_err(|_| ItemFaults::NotAnObject(Kind::Dict))?;
    let mut fields = Fields::of(members);
    let job = ReportedJob {
        job_request: fields.text("job_request_id", Rule::FILLED).unwrap_or_default(),
        identifier: fields.text("identifier", KEY).unwrap_or_default(),
        action: fields.text("action", ACTION).unwrap_or_default(),
        run_command: fields.text("run_command", Rule::NULLABLE).unwrap_or_default(),
        status: fields.text("status", Rule::FILLED).unwrap_or_default(),
        status_code: fields.text("status_code", Rule::ANY).unwrap_or_default(),
        status_message: fields.text("status_message", Rule::ANY).unwrap_or_default(),
        created_at: fields.moment("created_at", false).unwrap_or(OffsetDateTime::UNIX_EPOCH),
        updated_at: fields.moment("updated_at", true),
        started_at: fields.moment("started_at", true),
        completed_at: fields.moment("completed_at", true),
        trace_context: fields.free("trace_context"),
        metrics: fields.free("metrics"),
    };
    fields.end().map(|()| job).map_err(ItemFaults::Fields)
}
