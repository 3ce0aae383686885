//! What the output checkers said of a release and its files.

use std::collections::HashMap;

use serde::Serialize;

use super::listed::Listed;
use super::viewer::{Badge, Fact};
use crate::core::releases::store::uploads::ReviewOfFile;
use crate::core::releases::{Decision, Release};
use crate::web::view::{Time, count_of};

/// The most files whose review is shown.
const MOST: usize = 200;

/// The context of `pages/outputs/reviews`.
#[derive(Debug, Serialize)]
pub struct Reviews {
    /// Of the release as a whole.
    whole: Option<Badge>,
    comments: Vec<Fact>,
    /// `2 files approved, 1 file rejected`
    summary: Option<String>,
    rows: Vec<Row>,
    more: Option<String>,
}

#[derive(Debug, Serialize)]
struct Row {
    name: String,
    badge: Badge,
    by: String,
    at: Time,
    comments: Vec<Fact>,
}

impl Reviews {
    /// `None` when nobody has said anything. `reviews` are the newest of each file.
    pub fn of(release: &Release, files: &[Listed], reviews: Vec<ReviewOfFile>) -> Option<Self> {
        let said = release.review.as_ref().filter(|review| !review.is_null());
        if said.is_none() && reviews.is_empty() {
            return None;
        }
        let status = said.and_then(|review| review.get("status")?.as_str());
        let decided = |decision| {
            reviews
                .iter()
                .filter(|review| review.decision == Some(decision))
                .count()
        };
        let words = [(Decision::Approved, "approved"), (Decision::Rejected, "rejected")]
            .map(|(decision, word)| (decided(decision), word))
            .into_iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, word)| format!("{} {word}", count_of(count, "file")))
            .collect::<Vec<_>>();
        let more = reviews.len().saturating_sub(MOST);
        let names: HashMap<&str, &str> = files
            .iter()
            .map(|listed| (listed.file.id.as_str(), listed.file.name.as_str()))
            .collect();
        let mut rows: Vec<Row> = reviews
            .into_iter()
            .filter_map(|review| {
                Some(Row {
                    name: (*names.get(review.file_id.as_str())?).to_owned(),
                    badge: badge(review.decision),
                    by: review.by,
                    at: Time::new(review.created_at),
                    comments: Fact::of_json(Some(&review.comments)),
                })
            })
            .collect();
        rows.sort_by(|a, b| a.name.cmp(&b.name));
        rows.truncate(MOST);
        Some(Self {
            whole: status.map(|status| badge(Decision::of(status))),
            comments: Fact::of_json(said.map(|review| review.get("comments").unwrap_or(review))),
            summary: (!words.is_empty()).then(|| words.join(", ")),
            rows,
            more: (more > 0).then(|| count_of(more, "more file")),
        })
    }
}

fn badge(decision: Option<Decision>) -> Badge {
    let (tone, label) = match decision {
        Some(Decision::Approved) => ("success", "Approved"),
        Some(Decision::Rejected) => ("danger", "Rejected"),
        None => ("neutral", "Reviewed"),
    };
    Badge { tone, label }
}
