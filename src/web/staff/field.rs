//! The fields of forms.

use serde::Serialize;

use super::people::PeoplePicker;
use crate::core::error::FieldErrors;
use crate::web::view::{Choice, OptionGroup, Select, SelectOption, TextArea, TextField, field_id, option_id};

/// A field of a form.
#[derive(Debug)]
pub struct Field {
    name: &'static str,
    label: &'static str,
    help: Option<&'static str>,
    is_required: bool,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    Line {
        kind: &'static str,
        value: String,
        is_code: bool,
    },
    Area {
        value: String,
        rows: u8,
    },
    Select {
        options: Vec<(String, String)>,
        selected: String,
    },
    Radios {
        options: Vec<(String, String)>,
        selected: String,
    },
    Checkboxes(Vec<Tick>),
    Tick(bool),
    People(PeopleView),
    File {
        accept: &'static str,
        most: Option<usize>,
    },
}

/// One of several that can be ticked.
#[derive(Debug, Clone, Default)]
pub struct Tick {
    pub value: String,
    pub label: String,
    pub help: Option<&'static str>,
    pub checked: bool,
}

/// A field as its template takes it: one of these is there.
#[derive(Debug, Default, Serialize)]
pub struct FieldView {
    line: Option<TextField>,
    area: Option<TextArea>,
    select: Option<Select>,
    radios: Option<ChoicesView>,
    checkboxes: Option<ChoicesView>,
    tick: Option<TickView>,
    people: Option<PeopleView>,
    file: Option<FileView>,
}

impl FieldView {
    pub(super) fn looks_for_people(&self) -> bool {
        self.people.is_some()
    }

    /// Where somebody is invited who is not found, for who may do that.
    pub(super) fn lead_to_inviting(&mut self, href: &str) {
        if let Some(people) = &mut self.people {
            people.invite_href = Some(href.to_owned());
        }
    }

    /// Gives everything that has an id another one, which begins with `prefix`.
    pub(super) fn prefix_ids(&mut self, prefix: &str) {
        let mut ids: Vec<&mut String> = Vec::new();
        ids.extend(self.line.as_mut().map(|field| &mut field.id));
        ids.extend(self.area.as_mut().map(|field| &mut field.id));
        ids.extend(self.select.as_mut().map(|field| &mut field.id));
        ids.extend(self.tick.as_mut().map(|field| &mut field.id));
        ids.extend(self.file.as_mut().map(|field| &mut field.id));
        for choices in [&mut self.radios, &mut self.checkboxes].into_iter().flatten() {
            ids.push(&mut choices.id);
            ids.extend(choices.options.iter_mut().map(|option| &mut option.id));
        }
        if let Some(people) = &mut self.people {
            ids.push(&mut people.id);
            let options = people.chosen.iter_mut().chain(&mut people.found);
            ids.extend(options.map(|option| &mut option.id));
        }
        ids.into_iter().for_each(|id| *id = format!("{prefix}_{id}"));
    }
}

#[derive(Debug, Serialize)]
struct ChoicesView {
    id: String,
    label: &'static str,
    help: Option<&'static str>,
    error: Option<String>,
    options: Vec<Choice>,
}

#[derive(Debug, Serialize)]
struct TickView {
    id: String,
    name: &'static str,
    label: &'static str,
    value: &'static str,
    help: Option<&'static str>,
    checked: bool,
    error: Option<String>,
}

#[derive(Debug, Serialize)]
struct FileView {
    id: String,
    name: &'static str,
    label: &'static str,
    help: Option<&'static str>,
    accept: &'static str,
    /// The most bytes that are taken of it: scripts say so before it is sent.
    most: Option<usize>,
    required: bool,
    error: Option<String>,
}

#[derive(Debug, Serialize)]
pub(super) struct PeopleView {
    pub id: String,
    pub name: &'static str,
    pub label: &'static str,
    pub help: Option<&'static str>,
    pub error: Option<String>,
    /// Whose members are not to be suggested.
    pub not_in: String,
    pub typed: String,
    pub chosen: Vec<Choice>,
    pub found: Vec<Choice>,
    pub found_nobody: bool,
    pub invite_href: Option<String>,
    pub required: bool,
}

impl Field {
    fn new(name: &'static str, label: &'static str, kind: Kind) -> Self {
        Self {
            name,
            label,
            help: None,
            is_required: false,
            kind,
        }
    }

    fn line(kind: &'static str, name: &'static str, label: &'static str, value: impl Into<String>) -> Self {
        let value = value.into();
        let is_code = false;
        Self::new(name, label, Kind::Line { kind, value, is_code })
    }

    pub fn text(name: &'static str, label: &'static str, value: impl Into<String>) -> Self {
        Self::line("text", name, label, value)
    }

    pub fn email(name: &'static str, label: &'static str, value: impl Into<String>) -> Self {
        Self::line("email", name, label, value)
    }

    pub fn number(name: &'static str, label: &'static str, value: impl Into<String>) -> Self {
        Self::line("number", name, label, value)
    }

    pub fn url(name: &'static str, label: &'static str, value: impl Into<String>) -> Self {
        Self::line("url", name, label, value)
    }

    /// A day, as in `2026-11-29`.
    pub fn date(name: &'static str, label: &'static str, value: impl Into<String>) -> Self {
        Self::line("date", name, label, value)
    }

    /// A day and a time of day in UTC, as in `2026-11-29T09:30`.
    pub fn datetime(name: &'static str, label: &'static str, value: impl Into<String>) -> Self {
        Self::line("datetime-local", name, label, value)
    }

    pub fn area(name: &'static str, label: &'static str, value: impl Into<String>) -> Self {
        let value = value.into();
        Self::new(name, label, Kind::Area { value, rows: 4 })
    }

    /// One of these: values and labels. Without an empty value among them, the first is chosen when none is.
    pub fn select(name: &'static str, label: &'static str, options: Vec<(String, String)>, selected: &str) -> Self {
        let selected = selected.to_owned();
        Self::new(name, label, Kind::Select { options, selected })
    }

    /// As [`Field::select`], all of them in sight.
    pub fn radios(name: &'static str, label: &'static str, options: Vec<(String, String)>, selected: &str) -> Self {
        let selected = selected.to_owned();
        Self::new(name, label, Kind::Radios { options, selected })
    }

    pub fn checkboxes(name: &'static str, label: &'static str, options: Vec<Tick>) -> Self {
        Self::new(name, label, Kind::Checkboxes(options))
    }

    /// A yes or no.
    pub fn tick(name: &'static str, label: &'static str, checked: bool) -> Self {
        Self::new(name, label, Kind::Tick(checked))
    }

    /// People, found by name: see [`PeoplePicker`].
    pub fn people(name: &'static str, label: &'static str, picker: &PeoplePicker) -> Self {
        Self::new(name, label, Kind::People(picker.view(name, label)))
    }

    /// A file; `accept` as HTML has it.
    pub fn file(name: &'static str, label: &'static str, accept: &'static str) -> Self {
        Self::new(name, label, Kind::File { accept, most: None })
    }

    /// So many bytes of a file are taken, which a script says before it is sent; whoever reads the form looks, too.
    pub fn at_most(mut self, bytes: usize) -> Self {
        if let Kind::File { most, .. } = &mut self.kind {
            *most = Some(bytes);
        }
        self
    }

    /// May not be left out; other fields say that they may.
    pub fn required(mut self) -> Self {
        self.is_required = true;
        self
    }

    /// What to write or choose, and what it is for.
    pub fn help(mut self, help: &'static str) -> Self {
        self.help = Some(help);
        self
    }

    /// The height of several lines of text.
    pub fn rows(mut self, lines: u8) -> Self {
        if let Kind::Area { rows, .. } = &mut self.kind {
            *rows = lines;
        }
        self
    }

    /// An identifier: in the font of code, without spell-checking.
    pub fn code(mut self) -> Self {
        if let Kind::Line { is_code, .. } = &mut self.kind {
            *is_code = true;
        }
        self
    }

    pub(super) fn is_file(&self) -> bool {
        matches!(self.kind, Kind::File { .. })
    }

    pub(super) fn view(self, errors: &FieldErrors) -> FieldView {
        let Self {
            name,
            label,
            help,
            is_required: required,
            kind,
        } = self;
        let error = errors.get(name).map(str::to_owned);
        let id = field_id(name);
        let mut view = FieldView::default();
        match kind {
            Kind::Line { kind, value, is_code } => {
                view.line = Some(TextField {
                    id,
                    name,
                    label,
                    help,
                    value,
                    error,
                    required,
                    kind,
                    autocomplete: Some("off"),
                    code: is_code,
                });
            }
            Kind::Area { value, rows } => {
                view.area = Some(TextArea {
                    id,
                    name,
                    label,
                    help,
                    value,
                    error,
                    required,
                    rows,
                });
            }
            Kind::Select { options, selected } => {
                let options = options.into_iter().map(|(value, label)| SelectOption {
                    selected: value == selected,
                    value,
                    label,
                });
                let options = options.collect();
                view.select = Some(Select {
                    id,
                    name,
                    label,
                    help,
                    error,
                    required,
                    groups: vec![OptionGroup { label: None, options }],
                });
            }
            Kind::Radios { options, selected } => {
                let ticks = options.into_iter().map(|(value, label)| Tick {
                    checked: value == selected,
                    value,
                    label,
                    help: None,
                });
                view.radios = Some(choices(name, label, help, error, ticks));
            }
            Kind::Checkboxes(ticks) => view.checkboxes = Some(choices(name, label, help, error, ticks)),
            Kind::Tick(checked) => {
                view.tick = Some(TickView {
                    id,
                    name,
                    label,
                    value: "on",
                    help,
                    checked,
                    error,
                });
            }
            Kind::People(mut people) => {
                people.help = help;
                people.error = error;
                people.required = required;
                view.people = Some(people);
            }
            Kind::File { accept, most } => {
                view.file = Some(FileView {
                    id,
                    name,
                    label,
                    help,
                    accept,
                    most,
                    required,
                    error,
                });
            }
        }
        view
    }
}

fn choices(
    name: &'static str,
    label: &'static str,
    help: Option<&'static str>,
    error: Option<String>,
    ticks: impl IntoIterator<Item = Tick>,
) -> ChoicesView {
    let options = ticks.into_iter().enumerate().map(|(index, tick)| Choice {
        id: option_id(name, index),
        name,
        value: tick.value,
        label: tick.label,
        help: tick.help,
        checked: tick.checked,
    });
    ChoicesView {
        id: field_id(name),
        label,
        help,
        error,
        options: options.collect(),
    }
}
