//! A report as runners write it, read straight into place. Anything else gives `None`, and is then
//! read value by value: both ways agree wherever this one has an answer.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, Error, MapAccess, Visitor};
use serde_json::value::RawValue;
use time::OffsetDateTime;

use crate::core::jobs::sync::{Free, LONGEST_KEY, ReportedJob};
use crate::web::api::dates;
use crate::web::api::fields::trimmed;
use crate::web::api::json::free_json_problem;

pub fn read(body: &[u8]) -> Option<Vec<ReportedJob>> {
    let items: Vec<Object<'_>> = serde_json::from_slice(body).ok()?;
    items.into_iter().map(|Object(item)| item.into_job()).collect()
}

/// An item written as an object: a derived reader alone would also take its values as a list.
struct Object<'a>(Item<'a>);

impl<'de: 'a, 'a> Deserialize<'de> for Object<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members<'a>(PhantomData<&'a ()>);
        impl<'de: 'a, 'a> Visitor<'de> for Members<'a> {
            type Value = Object<'a>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Object<'a>, A::Error> {
                Item::deserialize(MapAccessDeserializer::new(map)).map(Object)
            }
        }
        deserializer.deserialize_map(Members(PhantomData))
    }
}

#[derive(Deserialize)]
struct Item<'a> {
    #[serde(borrow)]
    job_request_id: Cow<'a, str>,
    #[serde(borrow)]
    identifier: Cow<'a, str>,
    #[serde(borrow)]
    action: Cow<'a, str>,
    #[serde(borrow, deserialize_with = "text_or_null")]
    run_command: Option<Cow<'a, str>>,
    #[serde(borrow)]
    status: Cow<'a, str>,
    #[serde(borrow)]
    status_code: Cow<'a, str>,
    #[serde(borrow)]
    status_message: Cow<'a, str>,
    created_at: Moment,
    #[serde(deserialize_with = "moment_or_null")]
    updated_at: Option<Moment>,
    #[serde(deserialize_with = "moment_or_null")]
    started_at: Option<Moment>,
    #[serde(deserialize_with = "moment_or_null")]
    completed_at: Option<Moment>,
    #[serde(borrow, default, deserialize_with = "present")]
    trace_context: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "present")]
    metrics: Option<&'a RawValue>,
}

// A function to read with, and a field without one becomes a fault: for `Option` alone, serde would
// take an absent field for null.
fn text_or_null<'de: 'a, 'a, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Cow<'a, str>>, D::Error> {
    #[derive(Deserialize)]
    struct Text<'a>(#[serde(borrow)] Cow<'a, str>);
    Ok(Option::<Text<'a>>::deserialize(deserializer)?.map(|text| text.0))
}

fn moment_or_null<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Moment>, D::Error> {
    Option::deserialize(deserializer)
}

fn present<'de: 'a, 'a, D: Deserializer<'de>>(deserializer: D) -> Result<Option<&'a RawValue>, D::Error> {
    <&RawValue>::deserialize(deserializer).map(Some)
}

struct Moment(OffsetDateTime);

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Usual;
        impl Visitor<'_> for Usual {
            type Value = Moment;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a moment in the usual form")
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<Moment, E> {
                dates::read_usual(text)
                    .map(Moment)
                    .ok_or_else(|| E::custom("another form"))
            }
        }
        deserializer.deserialize_str(Usual)
    }
}

impl Item<'_> {
    fn into_job(self) -> Option<ReportedJob> {
        Some(ReportedJob {
            job_request: filled(self.job_request_id)?,
            identifier: filled(self.identifier).filter(|text| text.len() <= LONGEST_KEY)?,
            action: plain(self.action).filter(|text| text.len() <= LONGEST_KEY)?,
            run_command: plain(self.run_command.unwrap_or_default())?,
            status: filled(self.status)?,
            status_code: plain(self.status_code)?,
            status_message: plain(self.status_message)?,
            created_at: self.created_at.0,
            updated_at: self.updated_at.map(|moment| moment.0),
            started_at: self.started_at.map(|moment| moment.0),
            completed_at: self.completed_at.map(|moment| moment.0),
            trace_context: free(self.trace_context)?,
            metrics: free(self.metrics)?,
        })
    }
}

/// A text that is stored as it is: no white space at its ends, no NUL.
fn plain(text: Cow<'_, str>) -> Option<String> {
    let is_plain = trimmed(&text).len() == text.len() && !text.contains('\0');
    is_plain.then(|| text.into_owned())
}

fn filled(text: Cow<'_, str>) -> Option<String> {
    plain(text).filter(|text| !text.is_empty())
}

fn free(raw: Option<&RawValue>) -> Option<Free> {
    match raw {
        None => Some(Free::Absent),
        Some(raw) if raw.get() == "null" => Some(Free::Null),
        Some(raw) => free_json_problem(raw.get())
            .is_none()
            .then(|| Free::Value(raw.to_owned())),
    }
}
