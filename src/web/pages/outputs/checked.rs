//! How a release was checked before it was one: what Airlock told of its release request, and where that was talked
//! about.

use serde::Serialize;
use sqlx::PgConnection;

use crate::core::airlock::{EventType, Told, told_of};
use crate::core::error::Result;
use crate::core::outbox::{OutputCheck, tracked_issue};
use crate::core::releases::Release;
use crate::web::view::{Link, Time, user_href};

/// The most events that are shown: the newest of them.
const MOST: i64 = 100;

/// The context of `pages/outputs/checked`.
#[derive(Debug, Serialize)]
pub struct Checked {
    issue: Option<Link>,
    rows: Vec<Row>,
    more: Option<String>,
}

#[derive(Debug, Serialize)]
struct Row {
    words: &'static str,
    by: String,
    /// Their page, when they are known here.
    href: Option<String>,
    at: Time,
}

impl Checked {
    /// `None` when nothing was told of it, as of a release that was made without Airlock.
    pub async fn of(conn: &mut PgConnection, release: &Release) -> Result<Option<Self>> {
        let mut told = told_of(conn, &release.id, release.workspace_id, release.backend_id, MOST + 1).await?;
        if told.is_empty() {
            return Ok(None);
        }
        let has_more = i64::try_from(told.len()).is_ok_and(|count| count > MOST);
        if has_more {
            // They come with the newest first.
            told.pop();
        }
        let issue = tracked_issue(conn, &OutputCheck::subject_of(&release.id)).await?;
        Ok(Some(Self {
            issue: issue.map(|issue| Link::new(format!("Issue {}#{}", issue.repo, issue.number), issue.url)),
            rows: told.into_iter().rev().map(row).collect(),
            more: has_more.then(|| format!("More was told of it before; these are the latest {MOST}.")),
        }))
    }
}

fn row(told: Told) -> Row {
    Row {
        words: words(told.event),
        href: told.name.is_some().then(|| user_href(&told.username)),
        by: told.name.unwrap_or(told.username),
        at: Time::new(told.at),
    }
}

/// What was done, as the beginning of a line.
fn words(event: EventType) -> &'static str {
    match event {
        EventType::Submitted => "Asked for",
        EventType::Withdrawn => "Withdrawn",
        EventType::Approved => "Approved",
        EventType::Released => "Released",
        EventType::Rejected => "Rejected",
        EventType::Returned => "Sent back for changes",
        EventType::Resubmitted => "Asked for again",
        EventType::PartiallyReviewed => "Reviewed in part",
        EventType::Reviewed => "Reviewed",
    }
}
