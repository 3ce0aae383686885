//! What is typed into the form of an alert.

use time::macros::format_description;
use time::{OffsetDateTime, PrimitiveDateTime};

use crate::core::announcements::actions::NewAlert;
use crate::core::announcements::{Level, SiteAlert};
use crate::core::error::FieldErrors;
use crate::web::forms::CsrfForm;
use crate::web::view::SafeHtml;

/// What is typed, to the letter, so that a form that comes back shows it.
#[derive(Debug, Default)]
pub struct Typed {
    pub title: String,
    pub message: String,
    pub level: String,
    pub starts_at: String,
    pub ends_at: String,
}

impl Typed {
    pub fn new() -> Self {
        Self {
            level: Level::Warning.name().to_owned(),
            ..Self::default()
        }
    }

    pub fn read(form: &CsrfForm) -> Self {
        let text = |name: &str| form.text(name).to_owned();
        Self {
            title: text("title"),
            message: text("message"),
            level: text("level"),
            starts_at: text("starts_at"),
            ends_at: text("ends_at"),
        }
    }

    pub fn of(alert: &SiteAlert) -> Self {
        Self {
            title: alert.title.clone(),
            message: alert.message.clone(),
            level: alert.level.name().to_owned(),
            starts_at: alert.starts_at.map(written).unwrap_or_default(),
            ends_at: alert.ends_at.map(written).unwrap_or_default(),
        }
    }

    /// The alert, as far as it can be read; what is wrong with the rest is in `errors`.
    pub fn alert(&self, errors: &mut FieldErrors) -> NewAlert {
        let level = if self.level.is_empty() {
            Ok(Level::Warning)
        } else {
            self.level.parse()
        };
        if level.is_err() {
            errors.add("level", "Choose one of the levels.");
        }
        // An empty one has words of its own.
        if !self.message.trim().is_empty() && SafeHtml::from_html(&self.message).is_blank() {
            errors.add(
                "message",
                "Nothing of this message would be shown: write some text, too.",
            );
        }
        let mut time = |field: &'static str, text: &str| match text {
            "" => None,
            text => {
                let read = moment(text);
                if read.is_none() {
                    errors.add(field, "Enter a day and a time, as in 2026-11-29T09:30.");
                }
                read
            }
        };
        NewAlert {
            title: self.title.clone(),
            message: self.message.clone(),
            starts_at: time("starts_at", &self.starts_at),
            ends_at: time("ends_at", &self.ends_at),
            level: level.unwrap_or(Level::Warning),
        }
    }
}

/// As a browser's field has it, in UTC.
pub fn written(at: OffsetDateTime) -> String {
    let format = format_description!("[year]-[month]-[day]T[hour]:[minute]");
    at.to_offset(time::UtcOffset::UTC).format(format).unwrap_or_default()
}

fn moment(text: &str) -> Option<OffsetDateTime> {
    let to_the_minute = format_description!("[year]-[month]-[day]T[hour]:[minute]");
    let to_the_second = format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]");
    let text = text.replace(' ', "T");
    let read =
        PrimitiveDateTime::parse(&text, to_the_minute).or_else(|_| PrimitiveDateTime::parse(&text, to_the_second));
    let year_is_sane = |at: &PrimitiveDateTime| (2000..=9999).contains(&at.year());
    read.ok().filter(year_is_sane).map(PrimitiveDateTime::assume_utc)
}

/// The fields that are not as they were typed: labels, and how each is now.
pub fn differences(typed: &Typed, now: &Typed) -> Vec<(String, String)> {
    let fields = [
        ("Title", &typed.title, &now.title),
        ("Message", &typed.message, &now.message),
        ("Level", &typed.level, &now.level),
        ("Shown from", &typed.starts_at, &now.starts_at),
        ("Shown until", &typed.ends_at, &now.ends_at),
    ];
    let differ = fields.into_iter().filter(|(_, typed, now)| typed != now);
    differ.map(|(label, _, now)| (label.to_owned(), now.clone())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_read_as_browsers_write_them() {
        for (text, read) in [
            ("2026-11-29T09:30", Some("2026-11-29T09:30")),
            ("2026-11-29T09:30:15", Some("2026-11-29T09:30")),
            ("2026-11-29 09:30", Some("2026-11-29T09:30")),
            ("2026-11-29", None),
            ("0001-01-01T00:00", None),
            ("tomorrow", None),
        ] {
            assert_eq!(moment(text).map(written).as_deref(), read, "{text}");
        }
    }
}
