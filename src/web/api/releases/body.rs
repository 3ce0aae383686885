//! The body that announces a release, and the one that reviews it: they have one form.

use serde::{Serialize, Serializer};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::core::releases::Decision;
use crate::core::releases::actions::{FileReview, NewFile, NewRelease, in_megabytes};
use crate::web::api::fields::{self, Fields, NULL, NoObject, REQUIRED, Rule};
use crate::web::api::json::{Kind, Members, Text, compact, free_json_problem, number_text};

/// What is wrong with a value, and with what is in it.
#[derive(Debug, Clone, PartialEq)]
pub enum Fault {
    Messages(Vec<String>),
    /// By member, in the order of the members.
    Members(Vec<(&'static str, Fault)>),
    /// Of each item, empty when nothing is.
    Items(Vec<Fault>),
}

impl Fault {
    fn one(message: impl Into<String>) -> Self {
        Self::Messages(vec![message.into()])
    }

    fn whole(message: String) -> Self {
        Self::Members(vec![("non_field_errors", Self::one(message))])
    }
}

impl Serialize for Fault {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Messages(messages) => messages.serialize(serializer),
            Self::Members(members) => serializer.collect_map(members.iter().map(|(name, fault)| (name, fault))),
            Self::Items(items) => items.serialize(serializer),
        }
    }
}

/// A body as it was understood.
#[derive(Debug)]
pub struct ReleaseBody {
    pub files: Vec<NewFile>,
    /// An object, without the client's id.
    pub metadata: Value,
    /// The client's own id, as it came.
    pub id: Option<Result<String, String>>,
    /// Null or an object.
    pub review: Value,
}

impl ReleaseBody {
    /// A release to be made.
    ///
    /// # Errors
    /// A sentence about the client's id.
    pub fn into_release(self) -> Result<NewRelease, String> {
        Ok(NewRelease {
            id: self.id.transpose()?,
            files: self.files,
            metadata: self.metadata,
        })
    }

    /// What was decided of each file.
    pub fn reviews(&self) -> Vec<FileReview> {
        let of = |file: &NewFile| FileReview {
            name: file.name.clone(),
            sha256: file.sha256.clone(),
            decision: file.review["status"]
                .as_str()
                .and_then(Decision::of)
                .map(|decision| (decision, file.review["comments"].clone())),
        };
        self.files.iter().map(of).collect()
    }
}

/// Why a body was refused.
#[derive(Debug)]
pub enum Refusal {
    NoObject(NoObject),
    Faults(Fault),
}

/// Reads a body. `limit` is the most bytes of a file.
///
/// # Errors
/// All that is wrong with it.
pub fn read(body: &[u8], limit: u64) -> Result<ReleaseBody, Refusal> {
    let fields = fields::object(body).map_err(Refusal::NoObject)?;
    let mut faults = Vec::new();
    let mut noted = |name: &'static str, fault: Fault| faults.push((name, fault));
    let files = match fields.raw("files") {
        None => Err(Fault::one(REQUIRED)),
        Some(raw) => files(raw, limit),
    };
    let files = files.map_err(|fault| noted("files", fault)).unwrap_or_default();
    let metadata = match fields.raw("metadata") {
        None => Err(Fault::one(REQUIRED)),
        Some(raw) => dictionary(raw),
    };
    let metadata = metadata.map_err(|fault| noted("metadata", fault)).unwrap_or_default();
    let review = match fields.raw("review") {
        None => Err(Fault::one(REQUIRED)),
        Some(raw) => review(raw),
    };
    let review = review.map_err(|fault| noted("review", fault)).unwrap_or_default();
    if !faults.is_empty() {
        return Err(Refusal::Faults(Fault::Members(faults)));
    }
    let (id, metadata) = without_id(fields.raw("metadata"), metadata);
    Ok(ReleaseBody {
        files,
        metadata,
        id,
        review,
    })
}

/// The client's own id, taken out of the metadata.
fn without_id(raw: Option<&RawValue>, mut metadata: Value) -> (Option<Result<String, String>>, Value) {
    let _ = metadata.as_object_mut().map(|object| object.remove("airlock_id"));
    let found = raw
        .and_then(|raw| Members::of(raw).ok())
        .and_then(|members| members.get("airlock_id").map(ToOwned::to_owned));
    let id = match found {
        Some(raw) => match Kind::of(&raw) {
            Kind::Null => None,
            Kind::Str => Some(Text::of(&raw).map(|text| text.text).map_err(|error| error.to_string())),
            Kind::Int => Some(Ok(number_text(raw.get()))),
            kind => Some(Err(format!("airlock_id must be a text, not {}", kind.name()))),
        },
        None => None,
    };
    (id, metadata)
}

fn files(raw: &RawValue, limit: u64) -> Result<Vec<NewFile>, Fault> {
    let items: Vec<&RawValue> = match Kind::of(raw) {
        Kind::Null => return Err(Fault::one(NULL)),
        Kind::List => serde_json::from_str(raw.get()).map_err(|error| Fault::one(error.to_string()))?,
        kind => {
            let name = kind.name();
            return Err(Fault::whole(format!(
                "Expected a list of items but got type \"{name}\"."
            )));
        }
    };
    let mut files = Vec::with_capacity(items.len());
    let mut faults = Vec::with_capacity(items.len());
    for item in items {
        match file(item, limit) {
            Ok(file) => {
                files.push(file);
                faults.push(Fault::Members(Vec::new()));
            }
            Err(fault) => faults.push(fault),
        }
    }
    if files.len() == faults.len() {
        Ok(files)
    } else {
        Err(Fault::Items(faults))
    }
}

fn object(raw: &RawValue) -> Result<Fields<'_>, Fault> {
    fields::object(raw.get().as_bytes()).map_err(|error| match error {
        NoObject::Null => Fault::one(NULL),
        error => Fault::whole(error.message()),
    })
}

/// The members of a file, in this order.
const MEMBERS: [&str; 7] = ["name", "url", "size", "sha256", "date", "metadata", "review"];

fn file(raw: &RawValue, limit: u64) -> Result<NewFile, Fault> {
    let mut fields = object(raw)?;
    let name = fields.text("name", Rule::FILLED);
    let url = fields.text("url", Rule::FILLED);
    let size = fields.integer("size");
    if let Some(size) = size.filter(|size| u64::try_from(*size).is_ok_and(|size| size > limit)) {
        let bytes = u64::try_from(size).unwrap_or_default();
        let (most, is) = (limit / 1_048_576, in_megabytes(bytes));
        let name = name.as_deref().unwrap_or_default();
        fields.fault("size", format!("File size should be <{most}Mb. {name} is {is}"));
    }
    if size.is_some_and(|size| size < 0) {
        fields.fault("size", "Ensure this value is greater than or equal to 0.");
    }
    let sha256 = fields.text("sha256", Rule::FILLED.at_most(200));
    let date = fields.moment("date", false);
    let metadata = match fields.raw("metadata") {
        None => Err(Fault::one(REQUIRED)),
        Some(raw) => dictionary(raw).map(|_| raw),
    };
    let review = match fields.raw("review") {
        None => Err(Fault::one(REQUIRED)),
        Some(raw) => review(raw),
    };
    let mut faults: Vec<(&'static str, Fault)> = match fields.end() {
        Ok(()) => Vec::new(),
        Err(faults) => faults
            .into_iter()
            .map(|(name, messages)| (name, Fault::Messages(messages)))
            .collect(),
    };
    match (name, url, size, sha256, date, metadata, review) {
        (Some(name), Some(url), Some(size), Some(sha256), Some(date), Ok(metadata), Ok(review))
            if faults.is_empty() =>
        {
            let metadata = RawValue::from_string(compact(metadata.get()))
                .map_err(|error| Fault::whole(format!("JSON parse error - {error}")))?;
            Ok(NewFile {
                name,
                url,
                size,
                sha256,
                date,
                metadata,
                review,
            })
        }
        (.., metadata, review) => {
            faults.extend(metadata.err().map(|fault| ("metadata", fault)));
            faults.extend(review.err().map(|fault| ("review", fault)));
            faults.sort_by_key(|(name, _)| MEMBERS.iter().position(|member| member == name));
            Err(Fault::Members(faults))
        }
    }
}

/// An object of anything.
fn dictionary(raw: &RawValue) -> Result<Value, Fault> {
    match Kind::of(raw) {
        Kind::Null => return Err(Fault::one(NULL)),
        Kind::Dict => {}
        kind => {
            let name = kind.name();
            return Err(Fault::one(format!(
                "Expected a dictionary of items but got type \"{name}\"."
            )));
        }
    }
    if let Some(problem) = free_json_problem(raw.get()) {
        return Err(Fault::one(problem));
    }
    serde_json::from_str(raw.get()).map_err(|error| Fault::one(error.to_string()))
}

/// Null, or a decision with comments.
fn review(raw: &RawValue) -> Result<Value, Fault> {
    if Kind::of(raw) == Kind::Null {
        return Ok(Value::Null);
    }
    let fields = object(raw)?;
    let status = match fields.raw("status") {
        None => Err(Fault::one(REQUIRED)),
        Some(raw) => match Kind::of(raw) {
            Kind::Null => Err(Fault::one(NULL)),
            Kind::Str => match Text::of(raw).map(|text| text.text).unwrap_or_default() {
                status if matches!(status.as_str(), "APPROVED" | "REJECTED") => Ok(status),
                other => Err(Fault::one(format!("\"{other}\" is not a valid choice."))),
            },
            _ => Err(Fault::one(format!("\"{}\" is not a valid choice.", compact(raw.get())))),
        },
    };
    let comments = match fields.raw("comments") {
        None => Err(Fault::one(REQUIRED)),
        Some(raw) => dictionary(raw),
    };
    match (status, comments) {
        (Ok(status), Ok(comments)) => Ok(serde_json::json!({ "status": status, "comments": comments })),
        (status, comments) => {
            let mut faults = Vec::new();
            faults.extend(status.err().map(|fault| ("status", fault)));
            faults.extend(comments.err().map(|fault| ("comments", fault)));
            Err(Fault::Members(faults))
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn file() -> Value {
        json!({"name": " output/a.txt ", "url": "u", "size": "12", "sha256": "ab", "date": "2024-08-21T10:00:00Z",
               "metadata": {"tool": "airlock"}, "review": null})
    }

    fn body(change: impl FnOnce(&mut Value)) -> Value {
        let mut body = json!({"files": [file()], "metadata": {"tool": "airlock", "airlock_id": "01A"}, "review": null});
        change(&mut body);
        body
    }

    fn refused(body: &Value) -> Value {
        match read(body.to_string().as_bytes(), 16_777_216) {
            Err(Refusal::Faults(fault)) => serde_json::to_value(fault).unwrap(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_release_is_read() {
        let read = read(body(|_| ()).to_string().as_bytes(), 16_777_216).unwrap();
        assert_eq!(read.metadata, json!({"tool": "airlock"}));
        assert_eq!((read.files[0].name.as_str(), read.files[0].size), ("output/a.txt", 12));
        assert_eq!(read.into_release().unwrap().id.as_deref(), Some("01A"));
    }

    #[test]
    fn the_clients_id_may_be_a_number_and_may_be_missing() {
        for (id, expected) in [
            (json!(null), Ok(None)),
            (json!(12), Ok(Some("12"))),
            (json!(""), Ok(Some(""))),
            (json!([]), Err("airlock_id must be a text, not list")),
            (json!(true), Err("airlock_id must be a text, not bool")),
        ] {
            let read = read(
                body(|body| body["metadata"]["airlock_id"] = id).to_string().as_bytes(),
                1000,
            )
            .unwrap();
            let release = read.into_release();
            let id = release.as_ref().map(|release| release.id.as_deref());
            assert_eq!(id.map_err(String::as_str), expected);
        }
    }

    #[test]
    fn all_faults_are_told_where_they_are() {
        let required = json!(["This field is required."]);
        assert_eq!(
            refused(&json!({})),
            json!({"files": required, "metadata": required, "review": required})
        );
        let nothing = json!({"files": null, "metadata": null, "review": null});
        assert_eq!(
            refused(&nothing),
            json!({"files": ["This field may not be null."], "metadata": ["This field may not be null."]})
        );
        assert_eq!(
            refused(&body(|body| body["files"] = json!("x"))),
            json!({"files": {"non_field_errors": ["Expected a list of items but got type \"str\"."]}})
        );
        let items = json!([file(), 5, null, {"name": "", "url": "u", "size": "x", "sha256": "a",
            "date": "2024-08-21T10:00:00Z", "metadata": "x", "review": {"status": "approved"}}]);
        assert_eq!(
            refused(&body(|body| body["files"] = items)),
            json!({"files": [
                {},
                {"non_field_errors": ["Invalid data. Expected a dictionary, but got int."]},
                ["This field may not be null."],
                {"name": ["This field may not be blank."], "size": ["A valid integer is required."],
                 "metadata": ["Expected a dictionary of items but got type \"str\"."],
                 "review": {"status": ["\"approved\" is not a valid choice."], "comments": ["This field is required."]}}
            ]})
        );
        assert_eq!(
            refused(&body(|body| body["review"] = json!("x"))),
            json!({"review": {"non_field_errors": ["Invalid data. Expected a dictionary, but got str."]}})
        );
    }

    #[test]
    fn nothing_is_smaller_than_nothing() {
        for size in [json!(-1), json!("-12"), json!(i64::MIN)] {
            assert_eq!(
                refused(&body(|body| body["files"][0]["size"] = size)),
                json!({"files": [{"size": ["Ensure this value is greater than or equal to 0."]}]})
            );
        }
        assert!(
            read(
                body(|body| body["files"][0]["size"] = json!(0)).to_string().as_bytes(),
                1000
            )
            .is_ok()
        );
    }

    #[test]
    fn what_is_too_large_is_told_with_its_size() {
        let size = |size: i64| body(|body| body["files"][0]["size"] = json!(size));
        assert!(read(size(16_777_216).to_string().as_bytes(), 16_777_216).is_ok());
        assert_eq!(
            refused(&size(16_777_217)),
            json!({"files": [{"size": ["File size should be <16Mb. output/a.txt is 16.0Mb"]}]})
        );
    }
}
