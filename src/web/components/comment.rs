//! The opening comment of a component:
//!
//! ```text
//! {{!-- A sentence that says what it is.
//! - name (kind = default): what it means
//! - other (kind, required): what it means
//! --}}
//! ```
//!
//! A kind is `text`, `address`, `number`, `yes/no`, `list`, `object`, `block`, `attributes`, or its values with bars
//! between them. Without a default a `yes/no` is no, and all others are absent.

use serde::Serialize;
use serde_json::Value;

/// A component, as its comment describes it.
#[derive(Debug, Clone, Serialize)]
pub struct Component {
    pub name: String,
    /// The name of its template.
    pub template: String,
    pub summary: String,
    pub attributes: Vec<Attribute>,
}

/// Something that a component can be given.
#[derive(Debug, Clone, Serialize)]
pub struct Attribute {
    pub name: String,
    pub kind: Kind,
    pub fallback: Fallback,
    pub description: String,
}

/// What an attribute takes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub enum Kind {
    /// `text`, `yes/no` and the like, by this name.
    Named(String),
    /// One of these.
    OneOf(Vec<String>),
}

/// What an attribute is when it is not given.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub enum Fallback {
    Required,
    Value(Value),
}

const KINDS: &[&str] = &[
    "text",
    "address",
    "number",
    "yes/no",
    "list",
    "object",
    "block",
    "attributes",
];

impl Kind {
    fn parse(text: &str) -> Result<Self, String> {
        if text.contains('|') {
            return Ok(Self::OneOf(
                text.split('|').map(|value| value.trim().to_owned()).collect(),
            ));
        }
        KINDS
            .iter()
            .find(|kind| **kind == text)
            .map(|kind| Self::Named((*kind).to_owned()))
            .ok_or_else(|| format!("{text:?} is no kind of attribute"))
    }

    /// Whether this is a value of this kind. A view's absent value is one of every kind.
    pub fn allows(&self, value: &Value) -> bool {
        match (self, value) {
            (_, Value::Null) => true,
            (Self::OneOf(values), Value::String(value)) => values.contains(value),
            (Self::OneOf(_), _) => false,
            (Self::Named(name), value) => match name.as_str() {
                "number" => value.is_number(),
                "yes/no" => value.is_boolean(),
                "list" | "attributes" => value.is_array(),
                "object" => value.is_object(),
                _ => value.is_string() || value.is_number(),
            },
        }
    }

    /// As the gallery shows it.
    pub fn words(&self) -> String {
        match self {
            Self::Named(name) => name.clone(),
            Self::OneOf(values) => values.join(", "),
        }
    }
}

impl Component {
    /// Reads the text of a comment.
    ///
    /// # Errors
    /// What is wrong with it, and in which line.
    pub fn parse(name: &str, template: &str, comment: &str) -> Result<Self, String> {
        let mut lines = comment.trim().lines();
        let summary = lines.next().unwrap_or_default().trim().to_owned();
        if !summary.ends_with('.') {
            return Err(format!("{name}: the first line is no sentence: {summary:?}"));
        }
        let attributes = lines
            .map(|line| Attribute::parse(line).map_err(|why| format!("{name}: {why}")))
            .collect::<Result<_, _>>()?;
        Ok(Self {
            name: name.to_owned(),
            template: template.to_owned(),
            summary,
            attributes,
        })
    }

    pub fn attribute(&self, name: &str) -> Option<&Attribute> {
        self.attributes.iter().find(|attribute| attribute.name == name)
    }
}

impl Attribute {
    fn parse(line: &str) -> Result<Self, String> {
        let unread = || format!("{line:?} is not like \"- name (kind = default): what it means\"");
        let rest = line.trim().strip_prefix("- ").ok_or_else(unread)?;
        let (name, rest) = rest.split_once(" (").ok_or_else(unread)?;
        let (kind, description) = rest.split_once("): ").ok_or_else(unread)?;
        let (kind, default) = if let Some(kind) = kind.strip_suffix(", required") {
            (Kind::parse(kind)?, Fallback::Required)
        } else if let Some((kind, default)) = kind.split_once(" = ") {
            let kind = Kind::parse(kind)?;
            let value = match &kind {
                Kind::Named(name) if name == "number" => serde_json::from_str(default).map_err(|_| unread())?,
                Kind::Named(name) if name == "yes/no" => Value::Bool(default == "yes"),
                _ => Value::String(default.to_owned()),
            };
            if !kind.allows(&value) {
                return Err(unread());
            }
            (kind, Fallback::Value(value))
        } else {
            let kind = Kind::parse(kind)?;
            let absent = match &kind {
                Kind::Named(name) if name == "yes/no" => Value::Bool(false),
                _ => Value::Null,
            };
            (kind, Fallback::Value(absent))
        };
        Ok(Self {
            name: name.to_owned(),
            kind,
            fallback: default,
            description: description.to_owned(),
        })
    }
}
