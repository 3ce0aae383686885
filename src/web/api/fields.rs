//! The fields of an object that a client sends: what each takes, and what is wrong with it, in the words
//! that the real clients' authors know.

use rocket::http::Status;
use serde::{Serialize, Serializer};
use serde_json::json;
use serde_json::value::RawValue;
use time::OffsetDateTime;

use super::answer::Answer;
use super::dates;
use super::json::{Kind, Members, NUL_MESSAGE, Text, free_json_problem, number_text, surrogate_message};
use crate::core::jobs::sync::Free;
use crate::web::responders::Outcome;

pub const REQUIRED: &str = "This field is required.";
pub const NULL: &str = "This field may not be null.";
const BLANK: &str = "This field may not be blank.";
const NOT_A_STRING: &str = "Not a valid string.";
const NOT_AN_INTEGER: &str = "A valid integer is required.";
const TOO_LONG: &str = "String value too large.";
/// The most characters of a number's text.
const LONGEST_NUMBER: usize = 1000;
const NOT_A_MOMENT: &str = "Datetime has wrong format. Use one of these formats instead: \
                            YYYY-MM-DDThh:mm[:ss[.uuuuuu]][+HH:MM|-HH:MM|Z].";

/// What a text field takes.
#[derive(Debug, Clone, Copy)]
pub struct Rule {
    null: bool,
    blank: bool,
    /// In characters; `None` takes any length.
    longest: Option<usize>,
}

impl Rule {
    pub const ANY: Rule = Rule {
        null: false,
        blank: true,
        longest: None,
    };
    pub const NULLABLE: Rule = Rule {
        null: true,
        ..Rule::ANY
    };
    pub const FILLED: Rule = Rule {
        blank: false,
        ..Rule::ANY
    };

    pub const fn at_most(self, characters: usize) -> Rule {
        Rule {
            longest: Some(characters),
            ..self
        }
    }
}

/// The faults of fields, in the order of the fields.
pub type Faults = Vec<(&'static str, Vec<String>)>;

/// An object's members, read field by field.
#[derive(Debug)]
pub struct Fields<'a> {
    members: Members<'a>,
    faults: Faults,
}

impl<'a> Fields<'a> {
    pub fn of(members: Members<'a>) -> Self {
        Self {
            members,
            faults: Vec::new(),
        }
    }

    /// # Errors
    /// The faults that were found, when there are any.
    pub fn end(self) -> Result<(), Faults> {
        if self.faults.is_empty() {
            Ok(())
        } else {
            Err(self.faults)
        }
    }

    /// A field's value as it came.
    pub fn raw(&self, name: &str) -> Option<&'a RawValue> {
        self.members.get(name)
    }

    pub fn fault(&mut self, name: &'static str, message: impl Into<String>) {
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

    pub fn text(&mut self, name: &'static str, rule: Rule) -> Option<String> {
        let raw = self.required(name, rule.null)?;
        match text(raw, rule) {
            Ok(text) => Some(text),
            Err(faults) => {
                for fault in faults {
                    self.fault(name, fault);
                }
                None
            }
        }
    }

    /// A whole number, also written as a text or with a fraction of zeros.
    pub fn integer(&mut self, name: &'static str) -> Option<i64> {
        let raw = self.required(name, false)?;
        match integer(raw) {
            Ok(number) => Some(number),
            Err(fault) => {
                self.fault(name, fault);
                None
            }
        }
    }

    pub fn moment(&mut self, name: &'static str, may_be_null: bool) -> Option<OffsetDateTime> {
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

    pub fn free(&mut self, name: &'static str) -> Free {
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

/// Why a body is not the object that it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoObject {
    /// It is no JSON.
    Syntax(String),
    Null,
    Other(Kind),
}

impl NoObject {
    /// In the words that clients know.
    pub fn message(&self) -> String {
        match self {
            Self::Syntax(reason) => format!("JSON parse error - {reason}"),
            Self::Null => "No data provided".to_owned(),
            Self::Other(kind) => format!("Invalid data. Expected a dictionary, but got {}.", kind.name()),
        }
    }
}

/// Reads a body that is an object.
///
/// # Errors
/// [`NoObject`].
pub fn object(body: &[u8]) -> Result<Fields<'_>, NoObject> {
    let syntax = |error: serde_json::Error| NoObject::Syntax(error.to_string());
    let whole: &RawValue = serde_json::from_slice(body).map_err(syntax)?;
    match Kind::of(whole) {
        Kind::Dict => Members::of(whole).map(Fields::of).map_err(syntax),
        Kind::Null => Err(NoObject::Null),
        kind => Err(NoObject::Other(kind)),
    }
}

/// Why a body was refused.
#[derive(Debug)]
pub enum Refusal {
    NoObject(NoObject),
    Fields(Faults),
}

/// Reads a body that is an object, and its fields.
///
/// # Errors
/// [`Refusal`], which knows its answer.
pub fn read_object<'a, T>(body: &'a [u8], read: impl FnOnce(Fields<'a>) -> Result<T, Faults>) -> Result<T, Refusal> {
    let fields = object(body).map_err(Refusal::NoObject)?;
    read(fields).map_err(Refusal::Fields)
}

impl Refusal {
    pub fn into_answer(self) -> Outcome<Answer> {
        match &self {
            Self::NoObject(error @ NoObject::Syntax(_)) => Ok(Answer::detail(Status::BadRequest, &error.message())),
            Self::NoObject(error) => {
                Answer::json(Status::BadRequest, &json!({ "non_field_errors": [error.message()] }))
            }
            Self::Fields(faults) => Answer::json(Status::BadRequest, &InOrder(faults)),
        }
    }
}

/// Faults in the order of the fields.
struct InOrder<'a>(&'a Faults);

impl Serialize for InOrder<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, faults)| (name, faults)))
    }
}

/// A text, without the white space at its ends. Numbers count as their text.
///
/// # Errors
/// What is wrong with it. Whether it is null is for the caller to look at.
pub fn text(raw: &RawValue, rule: Rule) -> Result<String, Vec<String>> {
    let found = match Kind::of(raw) {
        Kind::Str => Text::of(raw).ok(),
        Kind::Int | Kind::Float => Some(Text {
            text: number_text(raw.get()),
            surrogate: None,
        }),
        _ => None,
    };
    let Some(Text { text, surrogate }) = found else {
        return Err(vec![NOT_A_STRING.to_owned()]);
    };
    let text = trimmed(&text);
    if text.is_empty() && surrogate.is_none() {
        return if rule.blank {
            Ok(String::new())
        } else {
            Err(vec![BLANK.to_owned()])
        };
    }
    let mut faults = Vec::new();
    if let Some(longest) = rule.longest.filter(|longest| text.chars().count() > *longest) {
        faults.push(format!("Ensure this field has no more than {longest} characters."));
    }
    if text.contains('\0') {
        faults.push(NUL_MESSAGE.to_owned());
    }
    if let Some(unit) = surrogate {
        faults.push(surrogate_message(unit));
    }
    if faults.is_empty() {
        Ok(text.to_owned())
    } else {
        Err(faults)
    }
}

/// A whole number. One beyond 64 bits counts as the nearest that is not.
fn integer(raw: &RawValue) -> Result<i64, &'static str> {
    let written = match Kind::of(raw) {
        Kind::Int | Kind::Float => raw.get().to_owned(),
        Kind::Str => Text::of(raw).map_err(|_| NOT_AN_INTEGER)?.text,
        _ => return Err(NOT_AN_INTEGER),
    };
    if Kind::of(raw) == Kind::Str && written.chars().count() > LONGEST_NUMBER {
        return Err(TOO_LONG);
    }
    let written = trimmed(&written);
    let (whole, fraction) = written.split_once('.').unwrap_or((written, ""));
    let digits = whole.strip_prefix(['-', '+']).unwrap_or(whole);
    let is_whole = !digits.is_empty()
        && digits.bytes().all(|byte| byte.is_ascii_digit())
        && fraction.bytes().all(|byte| byte == b'0')
        && written.contains('.') != fraction.is_empty();
    if is_whole {
        let end = if whole.starts_with('-') { i64::MIN } else { i64::MAX };
        return Ok(whole.parse().unwrap_or(end));
    }
    // `1e3` is a number of JSON, and a whole one.
    match raw.get().parse::<f64>() {
        #[allow(clippy::cast_possible_truncation)]
        Ok(number) if Kind::of(raw) == Kind::Float && number.is_finite() && number.fract() == 0.0 => Ok(number as i64),
        _ => Err(NOT_AN_INTEGER),
    }
}

/// Without the white space at its ends; four separators of ASCII count as such.
pub fn trimmed(text: &str) -> &str {
    text.trim_matches(|c: char| c.is_whitespace() || ('\u{1c}'..='\u{1f}').contains(&c))
}

/// What is wrong with a list of texts.
#[derive(Debug)]
pub enum ListFaults {
    Whole(String),
    /// By place in the list.
    Items(Vec<(usize, Vec<String>)>),
}

impl Serialize for ListFaults {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Whole(fault) => [fault].serialize(serializer),
            Self::Items(items) => {
                serializer.collect_map(items.iter().map(|(place, faults)| (place.to_string(), faults)))
            }
        }
    }
}

/// A list of texts that are not blank.
///
/// # Errors
/// What is wrong with it.
pub fn texts(raw: &RawValue) -> Result<Vec<String>, ListFaults> {
    let items: Vec<&RawValue> = match Kind::of(raw) {
        Kind::List => serde_json::from_str(raw.get()).map_err(|error| ListFaults::Whole(error.to_string()))?,
        Kind::Null => return Err(ListFaults::Whole(NULL.to_owned())),
        kind => {
            let name = kind.name();
            return Err(ListFaults::Whole(format!(
                "Expected a list of items but got type \"{name}\"."
            )));
        }
    };
    let mut names = Vec::with_capacity(items.len());
    let mut faults = Vec::new();
    for (place, item) in items.into_iter().enumerate() {
        let name = match Kind::of(item) {
            Kind::Null => Err(vec![NULL.to_owned()]),
            _ => text(item, Rule::FILLED),
        };
        match name {
            Ok(name) => names.push(name),
            Err(why) => faults.push((place, why)),
        }
    }
    if faults.is_empty() {
        Ok(names)
    } else {
        Err(ListFaults::Items(faults))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_in_every_form() {
        let read = |text: &str| integer(&serde_json::from_str::<Box<RawValue>>(text).unwrap());
        for (text, number) in [
            ("5", 5),
            ("-5", -5),
            ("5.0", 5),
            ("5.00", 5),
            ("1e3", 1000),
            (r#""5""#, 5),
            (r#"" 5 ""#, 5),
            (r#""5.0""#, 5),
            (r#""-7""#, -7),
            ("123456789012345678901234567890", i64::MAX),
        ] {
            assert_eq!(read(text), Ok(number), "{text}");
        }
        for text in [
            "5.5", r#""""#, r#""5.5""#, r#""5.""#, r#""x""#, "true", "[]", "{}", r#""1e3""#, r#""-""#,
        ] {
            assert_eq!(read(text), Err(NOT_AN_INTEGER), "{text}");
        }
        assert_eq!(read(&format!("\"{}\"", "1".repeat(1001))), Err(TOO_LONG));
    }
}
