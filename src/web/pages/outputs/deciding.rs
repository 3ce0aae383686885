//! What can be done about a snapshot, and what that would do to how many files.

use serde::Serialize;

use crate::core::releases::{Snapshot, Standing, Tally};
use crate::web::pages::releases::{May, file_count};

/// The context of `pages/outputs/deciding`.
#[derive(Debug, Default, Serialize)]
pub struct Deciding {
    publish: Option<Ask>,
    /// Why it cannot be published yet.
    too_early: Option<String>,
    reject: Option<Ask>,
    withdraw: Option<Ask>,
    ask: Option<Ask>,
}

/// A question before the deed.
#[derive(Debug, Serialize)]
struct Ask {
    action: String,
    /// What will happen.
    text: String,
    /// On the button that opens it.
    label: &'static str,
}

/// A public one can be withdrawn, and one that waits is decided. For any other somebody has to ask first, or again.
/// `None` for those who may do nothing of that.
pub fn deciding(snapshot: &Snapshot, files: &Tally, may: May) -> Option<Deciding> {
    let ask = |what: &str, label, text: String| {
        Some(Ask {
            action: format!("{}{what}/", snapshot.href()),
            text,
            label,
        })
    };
    // Nobody can have looked at what is not there, and what is not there cannot be published.
    let is_whole = files.awaited == 0;
    let (these, are) = match files.there {
        1 => ("this 1 file".to_owned(), "is"),
        many => (format!("these {}", file_count(many)), "are"),
    };
    match snapshot.standing() {
        Standing::Published if may.decide => Some(Deciding {
            withdraw: ask(
                "withdraw",
                "Withdraw…",
                format!(
                    "Nobody but the project will see {these} any more, unless other published outputs have them too. \
                     Their public addresses stop at once. Copies that somebody downloaded are not changed."
                ),
            ),
            ..Deciding::default()
        }),
        Standing::Waiting if may.decide => Some(Deciding {
            publish: match is_whole && files.there > 0 {
                true => ask(
                    "publish",
                    "Publish…",
                    format!(
                        "Everybody will be able to read {these}, without signing in.{}",
                        left_out(files)
                    ),
                ),
                false => None,
            },
            too_early: (!is_whole).then(|| {
                let (number, verb) = match files.awaited {
                    1 => ("1 file has".to_owned(), "it is"),
                    many => (format!("{} have", file_count(many)), "they are"),
                };
                format!("{number} not been uploaded yet. This can be published once {verb} there.")
            }),
            reject: ask(
                "reject",
                "Reject…",
                format!("{} will not be public. Somebody can ask again.", capital(&these)),
            ),
            ..Deciding::default()
        }),
        Standing::Draft | Standing::Rejected | Standing::Withdrawn
            if (may.prepare || may.decide) && is_whole && files.there > 0 =>
        {
            let label = match snapshot.standing() {
                Standing::Draft => "Ask to publish…",
                _ => "Ask again…",
            };
            Some(Deciding {
                ask: ask(
                    "ask",
                    label,
                    format!(
                        "{} {are} put before an output publisher, and not public before one has decided so.{}",
                        capital(&these),
                        left_out(files)
                    ),
                ),
                ..Deciding::default()
            })
        }
        _ => None,
    }
}

/// What was withdrawn stays out.
fn left_out(files: &Tally) -> String {
    match files.withdrawn {
        0 => String::new(),
        1 => " 1 file that was withdrawn is not among them.".to_owned(),
        many => format!(" {} that were withdrawn are not among them.", file_count(many)),
    }
}

fn capital(words: &str) -> String {
    let mut letters = words.chars();
    letters
        .next()
        .map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
