//! What is told on top of every page, kept in memory: a page asks no database for it, and shows what was last
//! known while the database is away.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use serde::Serialize;
use time::OffsetDateTime;

use super::guards::Visit;
use super::view::{Banner, SafeHtml};
use crate::core::announcements::{Board, SiteAlert, actions};
use crate::core::db::Db;
use crate::core::error::Result;

/// How often a process looks what there is to tell.
pub const EVERY: Duration = Duration::from_secs(20);

/// Pages on which it matters that a backend's database is being maintained, by their routes. The status page is
/// none of them: it says so of each backend.
pub const PAGES_ABOUT_JOBS: [&str; 4] = [
    "/<project>/<workspace>/<id>",
    "/<project>/<workspace>/<id>/<identifier>",
    "/<project>/<workspace>/logs",
    "/<project>/<workspace>/run-jobs/<reference..>",
];

/// The board of this process; cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Announcements(Arc<RwLock<Arc<Board>>>);

impl Announcements {
    /// What was last known.
    pub fn board(&self) -> Arc<Board> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Looks again.
    ///
    /// # Errors
    /// When the database does not answer; what was known stays.
    pub async fn refresh(&self, db: &Db) -> Result<()> {
        let board = Arc::new(actions::board(db).await?);
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = board;
        Ok(())
    }

    /// Looks again and again, until the process ends. Run as a task of its own.
    pub async fn keep(self, db: Db) {
        let mut answered = true;
        loop {
            let looked = self.refresh(&db).await;
            if let (true, Err(error)) = (answered, &looked) {
                tracing::warn!(%error, "cannot see what there is to announce; showing what was known");
            }
            answered = looked.is_ok();
            tokio::time::sleep(EVERY).await;
        }
    }
}

/// Something told on top of a page.
#[derive(Debug, Serialize)]
pub struct Announcement {
    #[serde(flatten)]
    banner: Banner,
    /// Shown in place of the banner's text.
    text_html: Option<SafeHtml>,
}

impl From<Banner> for Announcement {
    fn from(banner: Banner) -> Self {
        let text_html = None;
        Self { banner, text_html }
    }
}

/// What a visit's page tells: nothing to who is not signed in.
pub(super) fn banners(visit: &Visit<'_>) -> Vec<Announcement> {
    if visit.signed_in().is_none() {
        return Vec::new();
    }
    let board = visit.app.announcements.board();
    let now = OffsetDateTime::now_utc();
    let mut banners: Vec<Announcement> = board
        .alerts
        .iter()
        .filter(|alert| alert.is_shown(now))
        .map(Announcement::from)
        .collect();
    if is_about_jobs(visit) {
        banners.extend(maintenance(&board.maintained).map(Announcement::from));
    }
    banners
}

fn is_about_jobs(visit: &Visit<'_>) -> bool {
    let route = visit.request.route();
    route.is_some_and(|route| PAGES_ABOUT_JOBS.contains(&route.uri.path()))
}

fn maintenance(backends: &[String]) -> Option<Banner> {
    let names = match backends {
        [] => return None,
        [one] => format!("The database of {one} is"),
        [some @ .., last] => format!("The databases of {} and {last} are", some.join(", ")),
    };
    Some(Banner {
        href: Some("/status/#db-maintenance-mode".to_owned()),
        link_text: Some("What this means".to_owned()),
        ..Banner::warning(
            "Database maintenance.",
            format!("{names} being maintained. Jobs that read it wait, and start again by themselves."),
        )
    })
}

impl From<&SiteAlert> for Announcement {
    fn from(alert: &SiteAlert) -> Self {
        let banner = Banner {
            tone: alert.level.name(),
            title: Some(alert.title.clone()).filter(|title| !title.is_empty()),
            text: String::new(),
            href: None,
            link_text: None,
        };
        Self {
            banner,
            text_html: Some(SafeHtml::from_html(&alert.message)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn maintenance_names_whose_it_is() {
        let of = |names: &[&str]| {
            let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
            maintenance(&names).map(|banner| banner.text)
        };
        assert_eq!(of(&[]), None);
        let text = of(&["TPP"]).unwrap();
        assert!(text.starts_with("The database of TPP is being maintained."), "{text}");
        let text = of(&["A", "B", "C"]).unwrap();
        assert!(
            text.starts_with("The databases of A, B and C are being maintained."),
            "{text}"
        );
    }
}
