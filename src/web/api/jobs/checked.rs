//! A report read value by value: every fault of every item is found and told.

use serde_json::value::RawValue;
use time::OffsetDateTime;

use super::refusal::{ItemFaults, Refusal};
use crate::core::jobs::sync::{Free, LONGEST_KEY, ReportedJob};
use crate::web::api::dates;
use crate::web::api::json::{Kind, Members, NUL_MESSAGE, Text, free_json_problem, number_text, surrogate_message};

const REQUIRED: &str = "This field is required.";
const NULL: &str = "This field may not be null.";
const BLANK: &str = "This field may not be blank.";
const NOT_A_STRING: &str = "Not a valid string.";
const NOT_A_MOMENT: &str = "Datetime has wrong format. Use one of these formats instead: \
                            YYYY-MM-DDThh:mm[:ss[.uuuuuu]][+HH:MM|-HH:MM|Z].";

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
    let mut fields = Fields {
        members,
        faults: Vec::new(),
    };
    let job = ReportedJob {
        job_request: fields.text("job_request_id", Rule::FILLED).unwrap_or_default(),
        identifier: fields.text("identifier", Rule::KEY).unwrap_or_default(),
        action: fields.text("action", Rule::ACTION).unwrap_or_default(),
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
    if fields.faults.is_empty() {
        Ok(job)
    } else {
        Err(ItemFaults::Fields(fields.faults))
    }
}

/// What a text field takes.
#[derive(Debug, Clone, Copy)]
struct Rule {
    null: bool,
    blank: bool,
    /// In characters; `None` takes any length.
    longest: Option<usize>,
}

impl Rule {
    const ANY: Rule = Rule {
        null: false,
        blank: true,
        longest: None,
    };
    const NULLABLE: Rule = Rule {
        null: true,
        ..Rule::ANY
    };
    const FILLED: Rule = Rule {
        blank: false,
        ..Rule::ANY
    };
    const KEY: Rule = Rule {
        longest: Some(LONGEST_KEY),
        ..Rule::FILLED
    };
    const ACTION: Rule = Rule {
        longest: Some(LONGEST_KEY),
        ..Rule::ANY
    };
}

struct Fields<'a> {
    members: Members<'a>,
    faults: Vec<(&'static str, Vec<String>)>,
}

impl Fields<'_> {
    fn fault(&mut self, name: &'static str, message: impl Into<String>) {
        match self.faults.last_mut().filter(|(last, _)| *last == name) {
            Some((_, messages)) => messages.push(message.into()),
            None => self.faults.push((name, vec![message.into()])),
        }
    }

    /// The value of a field that must be there; `None` when it is null and may be, or has a fault.
    fn required(&mut self, name: &'static str, may_be_null: bool) -> Option<&RawValue> {
        match self.members.get(name) {
            None => {
                self.fault(name, REQUIRED);
                None
            }
            Some(raw) if Kind::of(raw) == Kind::Null => {
                if !may_be_null {
                    self.fault(name, NULL);
                }
                None
            }
            found => found,
        }
    }

    fn text(&mut self, name: &'static str, rule: Rule) -> Option<String> {
        let raw = self.required(name, rule.null)?;
        let found = match Kind::of(raw) {
            Kind::Str => Text::of(raw).ok(),
            Kind::Int | Kind::Float => Some(Text {
                text: number_text(raw.get()),
                surrogate: None,
            }),
            _ => None,
        };
        let Some(Text { text, surrogate }) = found else {
            self.fault(name, NOT_A_STRING);
            return None;
        };
        let text = trimmed(&text);
        if text.is_empty() && surrogate.is_none() {
            if !rule.blank {
                self.fault(name, BLANK);
            }
            return Some(String::new());
        }
        if let Some(longest) = rule.longest.filter(|longest| text.chars().count() > *longest) {
            self.fault(
                name,
                format!("Ensure this field has no more than {longest} characters."),
            );
        }
        if text.contains('\0') {
            self.fault(name, NUL_MESSAGE);
        }
        if let Some(unit) = surrogate {
            self.fault(name, surrogate_message(unit));
        }
        Some(text.to_owned())
    }

    fn moment(&mut self, name: &'static str, may_be_null: bool) -> Option<OffsetDateTime> {
        let raw = self.required(name, may_be_null)?;
        let moment = match Kind::of(raw) {
            Kind::Str => Text::of(raw).ok().filter(|text| text.surrogate.is_none()),
            _ => None,
        }
        .and_then(|text| dates::read(&text.text));
        if moment.is_none() {
            self.fault(name, NOT_A_MOMENT);
        }
        moment
    }

    fn free(&mut self, name: &'static str) -> Free {
        let Some(raw) = self.members.get(name) else {
            return Free::Absent;
        };
        if Kind::of(raw) == Kind::Null {
            return Free::Null;
        }
        if let Some(problem) = free_json_problem(raw.get()) {
            self.fault(name, problem);
        }
        Free::Value(raw.to_owned())
    }
}

/// Without the white space at its ends; four separators of ASCII count as such.
pub(super) fn trimmed(text: &str) -> &str {
    text.trim_matches(|c: char| c.is_whitespace() || ('\u{1c}'..='\u{1f}').contains(&c))
}
