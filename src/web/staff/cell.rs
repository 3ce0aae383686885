//! What stands in one cell of a table, or beside the name of a fact; and what can be done from there.

use serde::Serialize;
use time::OffsetDateTime;

use crate::web::view::{Link, Status, Time, thousands};

/// A cell. As a part of an exported list it is one text.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Cell {
    text: Option<String>,
    code: Option<String>,
    links: Vec<Link>,
    /// Links, each with how it stands.
    marked: Vec<Marked>,
    /// The address of a picture.
    picture: Option<String>,
    /// Texts, one below the other.
    lines: Vec<String>,
    /// Text with links within it.
    parts: Vec<Part>,
    time: Option<Time>,
    status: Option<Status>,
    pills: Vec<Pill>,
    /// A quiet line below.
    note: Option<String>,
    /// The note is an identifier, which stays on one line.
    is_note_code: bool,
    asks: Vec<Ask>,
    buttons: Vec<Button>,
    is_number: bool,
    /// A dash is shown.
    is_empty: bool,
    #[serde(skip)]
    exported: String,
}

/// A piece of a text: a link, where it leads somewhere.
#[derive(Debug, Clone, Serialize)]
pub struct Part {
    pub text: String,
    pub href: Option<String>,
}

#[derive(Debug, Clone, Serialize)]
struct Marked {
    link: Link,
    pill: Pill,
}

#[derive(Debug, Clone, Serialize)]
struct Pill {
    variant: &'static str,
    text: String,
}

impl Cell {
    /// Nothing: shown as a dash.
    pub fn none() -> Self {
        Self {
            is_empty: true,
            ..Self::default()
        }
    }

    pub fn text(text: impl Into<String>) -> Self {
        let text = text.into();
        Self {
            exported: text.clone(),
            is_empty: text.is_empty(),
            text: (!text.is_empty()).then_some(text),
            ..Self::default()
        }
    }

    /// An identifier, an address, a command: in the font of code.
    pub fn code(text: impl Into<String>) -> Self {
        let text = text.into();
        Self {
            exported: text.clone(),
            is_empty: text.is_empty(),
            code: (!text.is_empty()).then_some(text),
            ..Self::default()
        }
    }

    pub fn link(label: impl Into<String>, href: impl Into<String>) -> Self {
        Self::links([Link::new(label, href)])
    }

    /// How a job or a request of jobs stands, as it looks everywhere.
    pub fn status(status: Status) -> Self {
        Self {
            exported: status.label.clone(),
            status: Some(status),
            ..Self::default()
        }
    }

    /// Several links, one below the other.
    pub fn links(links: impl IntoIterator<Item = Link>) -> Self {
        let links: Vec<Link> = links.into_iter().collect();
        Self {
            exported: links
                .iter()
                .map(|link| link.label.as_str())
                .collect::<Vec<_>>()
                .join("; "),
            is_empty: links.is_empty(),
            links,
            ..Self::default()
        }
    }

    /// Several links, one below the other, each with a word in a frame that says how it stands.
    pub fn marked_links(links: impl IntoIterator<Item = (Link, &'static str, &'static str)>) -> Self {
        let marked = links.into_iter().map(|(link, variant, text)| Marked {
            link,
            pill: Pill {
                variant,
                text: text.to_owned(),
            },
        });
        let marked: Vec<Marked> = marked.collect();
        let exported = marked
            .iter()
            .map(|one| format!("{} ({})", one.link.label, one.pill.text));
        Self {
            exported: exported.collect::<Vec<_>>().join("; "),
            is_empty: marked.is_empty(),
            marked,
            ..Self::default()
        }
    }

    /// A picture that says nothing that is not beside it.
    pub fn picture(href: impl Into<String>) -> Self {
        let href = href.into();
        Self {
            exported: href.clone(),
            picture: Some(href),
            ..Self::default()
        }
    }

    /// Several texts, one below the other. Beside the name of a fact they take the whole row.
    pub fn lines(lines: Vec<String>) -> Self {
        Self {
            exported: lines.join("; "),
            is_empty: lines.is_empty(),
            lines,
            ..Self::default()
        }
    }

    /// A sentence of pieces.
    pub fn parts(parts: Vec<Part>) -> Self {
        Self {
            exported: parts.iter().map(|part| part.text.as_str()).collect(),
            is_empty: parts.is_empty(),
            parts,
            ..Self::default()
        }
    }

    /// Text of which a page shows the beginning alone; exported whole.
    pub fn shortened(text: impl Into<String>, most: usize) -> Self {
        let text = text.into();
        let short: String = text.chars().take(most).collect();
        let shown = if short.len() < text.len() {
            format!("{short}…")
        } else {
            short
        };
        Self {
            exported: text,
            ..Self::text(shown)
        }
    }

    /// An instant, if there is one. Exported in full, in UTC.
    pub fn time(at: Option<OffsetDateTime>) -> Self {
        let time = at.map(Time::new);
        Self {
            exported: time.as_ref().map(|time| time.iso.clone()).unwrap_or_default(),
            is_empty: time.is_none(),
            time,
            ..Self::default()
        }
    }

    pub fn number(number: i64) -> Self {
        Self {
            exported: number.to_string(),
            text: Some(thousands(number)),
            is_number: true,
            ..Self::default()
        }
    }

    pub fn yes_no(is_so: bool) -> Self {
        Self::text(if is_so { "Yes" } else { "No" })
    }

    /// A word in a frame. `variant` is one of neutral, accent, success, running, waiting and danger; all but the
    /// first two are for how something stands.
    pub fn pill(variant: &'static str, text: impl Into<String>) -> Self {
        Self::default().pill_too(variant, text)
    }

    pub fn ask(ask: Ask) -> Self {
        Self::default().ask_too(ask)
    }

    pub fn button(button: Button) -> Self {
        Self::default().button_too(button)
    }

    /// A quiet line below, for the page alone: what a file is to have of it is a column of its own
    /// ([`super::list::List::filed`]).
    pub fn note(mut self, note: impl Into<String>) -> Self {
        let note = note.into();
        self.note = (!note.is_empty()).then_some(note);
        self
    }

    pub fn note_code(self, note: impl Into<String>) -> Self {
        Self {
            is_note_code: true,
            ..self.note(note)
        }
    }

    pub fn pill_too(mut self, variant: &'static str, text: impl Into<String>) -> Self {
        let text = text.into();
        if !self.exported.is_empty() {
            self.exported += "; ";
        }
        self.exported += &text;
        self.is_empty = false;
        self.pills.push(Pill { variant, text });
        self
    }

    /// As [`Cell::pill_too`], for the page alone: how something stands is a column of its own in a file
    /// ([`super::list::List::filed`]), not a part of its name.
    pub fn badge(mut self, variant: &'static str, text: impl Into<String>) -> Self {
        let text = text.into();
        self.is_empty = false;
        self.pills.push(Pill { variant, text });
        self
    }

    pub fn ask_too(mut self, ask: Ask) -> Self {
        self.is_empty = false;
        self.asks.push(ask);
        self
    }

    pub fn button_too(mut self, button: Button) -> Self {
        self.is_empty = false;
        self.buttons.push(button);
        self
    }

    pub(super) fn is_number(&self) -> bool {
        self.is_number
    }

    pub(super) fn is_time(&self) -> bool {
        self.time.is_some()
    }

    /// As it stands in an exported list.
    pub fn exported(&self) -> &str {
        &self.exported
    }

    /// Whether it says this, which is in small letters: as shown or as exported.
    pub fn says(&self, wanted: &str) -> bool {
        let holds = |text: &str| text.to_lowercase().contains(wanted);
        holds(&self.exported)
            || self.note.as_deref().is_some_and(holds)
            || self
                .time
                .as_ref()
                .is_some_and(|time| holds(&time.absolute) || holds(&time.relative))
    }
}

/// A field that is sent and not seen.
#[derive(Debug, Clone, Serialize)]
pub struct Hidden {
    pub name: &'static str,
    pub value: String,
}

/// A button that changes something at once.
#[derive(Debug, Clone, Serialize)]
pub struct Button {
    label: String,
    action: String,
    hidden: Vec<Hidden>,
}

impl Button {
    pub fn new(label: impl Into<String>, action: impl Into<String>) -> Self {
        Self {
            label: label.into(),
            action: action.into(),
            hidden: Vec::new(),
        }
    }

    pub fn hidden(mut self, name: &'static str, value: impl Into<String>) -> Self {
        let value = value.into();
        self.hidden.push(Hidden { name, value });
        self
    }
}

/// A button that first says what will happen, in place; only then does another one do it. Works without scripts.
#[derive(Debug, Clone, Serialize)]
pub struct Ask {
    label: String,
    action: String,
    text: String,
    button: String,
    /// The words of the way out: beside a button that cancels something, "Cancel" would say the opposite.
    leave: &'static str,
    hidden: Vec<Hidden>,
    is_danger: bool,
}

impl Ask {
    pub fn new(label: impl Into<String>, action: impl Into<String>) -> Self {
        let label = label.into();
        Self {
            button: label.clone(),
            leave: if label.starts_with("Cancel") {
                "Keep it"
            } else {
                "Cancel"
            },
            label,
            action: action.into(),
            text: String::new(),
            hidden: Vec::new(),
            is_danger: true,
        }
    }

    /// What will happen, and to how many.
    pub fn text(mut self, text: impl Into<String>) -> Self {
        self.text = text.into();
        self
    }

    /// The words of the button that does it; without, those of the one that asks.
    pub fn button(mut self, button: impl Into<String>) -> Self {
        self.button = button.into();
        self
    }

    pub fn hidden(mut self, name: &'static str, value: impl Into<String>) -> Self {
        let value = value.into();
        self.hidden.push(Hidden { name, value });
        self
    }

    /// Nothing is lost by it.
    pub fn harmless(mut self) -> Self {
        self.is_danger = false;
        self
    }
}

#[cfg(test)]
mod tests;
