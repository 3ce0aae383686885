//! Fields of forms, as the components' templates name them.

use std::borrow::Cow;

use serde::Serialize;

use crate::core::error::FieldErrors;

/// One line of text.
#[derive(Debug, Serialize)]
pub struct TextField {
    pub id: String,
    pub name: &'static str,
    pub label: &'static str,
    pub help: Option<&'static str>,
    pub value: String,
    pub error: Option<String>,
    pub required: bool,
    #[serde(rename = "type")]
    pub kind: &'static str,
    pub autocomplete: Option<&'static str>,
    pub code: bool,
}

/// Several lines of text.
#[derive(Debug, Serialize)]
pub struct TextArea {
    pub id: String,
    pub name: &'static str,
    pub label: &'static str,
    pub help: Option<&'static str>,
    pub value: String,
    pub error: Option<String>,
    pub required: bool,
    pub rows: u8,
}

/// One of a list, in groups.
#[derive(Debug, Serialize)]
pub struct Select {
    pub id: String,
    pub name: &'static str,
    pub label: &'static str,
    pub help: Option<&'static str>,
    pub error: Option<String>,
    pub required: bool,
    pub groups: Vec<OptionGroup>,
}

#[derive(Debug, Serialize)]
pub struct OptionGroup {
    /// `None` shows the options flat.
    pub label: Option<String>,
    pub options: Vec<SelectOption>,
}

#[derive(Debug, Serialize)]
pub struct SelectOption {
    pub value: String,
    pub label: String,
    pub selected: bool,
}

/// One of a few, or some of a few.
#[derive(Debug, Serialize)]
pub struct Choices {
    pub id: String,
    pub name: &'static str,
    pub label: &'static str,
    pub help: Option<Cow<'static, str>>,
    pub error: Option<String>,
    pub options: Vec<Choice>,
}

#[derive(Debug, Serialize)]
pub struct Choice {
    pub id: String,
    pub name: &'static str,
    pub value: String,
    pub label: String,
    pub help: Option<&'static str>,
    pub checked: bool,
}

impl Choices {
    /// The first option carries the field's own id, so that the summary of errors can lead to it.
    pub fn new(
        name: &'static str,
        label: &'static str,
        options: impl IntoIterator<Item = (String, String, bool)>,
    ) -> Self {
        let options = options
            .into_iter()
            .enumerate()
            .map(|(index, (value, label, checked))| Choice {
                id: option_id(name, index),
                name,
                value,
                label,
                help: None,
                checked,
            })
            .collect();
        Self {
            id: field_id(name),
            name,
            label,
            help: None,
            error: None,
            options,
        }
    }

    pub fn help(mut self, help: impl Into<Cow<'static, str>>) -> Self {
        self.help = Some(help.into());
        self
    }

    pub fn error(mut self, errors: &FieldErrors) -> Self {
        self.error = errors.get(self.name).map(str::to_owned);
        self
    }
}

/// The id of a field of this name.
pub fn field_id(name: &str) -> String {
    format!("id_{name}")
}

/// The id of a field's n-th option.
pub fn option_id(name: &str, index: usize) -> String {
    match index {
        0 => field_id(name),
        _ => format!("id_{name}_{index}"),
    }
}

/// A line of the summary of errors, leading to its field.
#[derive(Debug, Serialize)]
pub struct FormError {
    pub href: Option<String>,
    pub text: String,
}

impl FormError {
    pub fn list(errors: &FieldErrors) -> Vec<Self> {
        errors
            .iter()
            .map(|(field, message)| Self {
                href: (!field.is_empty()).then(|| format!("#{}", field_id(field))),
                text: message.to_owned(),
            })
            .collect()
    }
}
