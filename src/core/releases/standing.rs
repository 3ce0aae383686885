//! How a snapshot stands: the one answer that lists, pages and dialogs give.

use time::OffsetDateTime;

use super::Snapshot;

/// How a snapshot stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Nobody has asked for it to be published.
    Draft,
    /// Somebody asked, and nobody has decided.
    Waiting,
    Published,
    /// The newest decision was not to publish it.
    Rejected,
    /// The newest decision took it back after it was public.
    Withdrawn,
}

/// That somebody did something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deed {
    /// Username.
    pub by: String,
    pub by_name: String,
    pub at: OffsetDateTime,
}

/// The newest decision about a snapshot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decided {
    pub deed: Deed,
    /// Whether the decision before it was to publish.
    pub was_public: bool,
}

impl Snapshot {
    /// How it stands. What is public stays so while somebody asks for it once more.
    pub fn standing(&self) -> Standing {
        match (&self.decided, self.pending_request) {
            _ if self.is_published() => Standing::Published,
            (_, Some(_)) => Standing::Waiting,
            (Some(decided), None) if decided.was_public => Standing::Withdrawn,
            (Some(_), None) => Standing::Rejected,
            (None, None) => Standing::Draft,
        }
    }

    /// Whether somebody has to ask before it can be published.
    pub fn can_be_asked_for(&self) -> bool {
        matches!(
            self.standing(),
            Standing::Draft | Standing::Rejected | Standing::Withdrawn
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: OffsetDateTime = OffsetDateTime::UNIX_EPOCH;

    fn snapshot(published: bool, waits: bool, was_public: Option<bool>) -> Snapshot {
        let deed = || Deed {
            by: "ada".to_owned(),
            by_name: "Ada".to_owned(),
            at: AT,
        };
        Snapshot {
            id: 1,
            workspace_id: 1,
            workspace: "ws".to_owned(),
            project_id: 1,
            project_slug: "project".to_owned(),
            created_at: AT,
            created_by: "ada".to_owned(),
            created_by_name: "Ada".to_owned(),
            published_at: published.then_some(AT),
            pending_request: waits.then_some(1),
            asked: waits.then(deed),
            decided: was_public.map(|was_public| Decided {
                deed: deed(),
                was_public,
            }),
        }
    }

    #[test]
    fn a_snapshot_stands_as_the_newest_decision_and_request_say() {
        for (published, waits, was_public, standing) in [
            (false, false, None, Standing::Draft),
            (false, true, None, Standing::Waiting),
            (true, false, Some(false), Standing::Published),
            (true, true, Some(false), Standing::Published),
            (false, false, Some(false), Standing::Rejected),
            (false, false, Some(true), Standing::Withdrawn),
            (false, true, Some(true), Standing::Waiting),
            (true, false, Some(true), Standing::Published),
        ] {
            let snapshot = snapshot(published, waits, was_public);
            assert_eq!(snapshot.standing(), standing, "{published} {waits} {was_public:?}");
        }
    }
}
