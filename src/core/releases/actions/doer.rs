//! Who publishes and withdraws.

use crate::core::access::{Can, Operator, Right};
use crate::core::audit::{By, Event, Subject};
use crate::core::people::store::User;

/// Who does something, and in whose name: an operator does it in somebody else's, whom the record names too.
pub(super) struct Doer {
    by: By,
    pub user_id: i32,
    /// Id and username; of whoever acts for themselves the record knows them already.
    of_user: Option<(i32, String)>,
}

impl Doer {
    pub fn of<R: Right>(can: &Can<R>) -> Self {
        Self::oneself(can.user_id(), can.username())
    }

    pub fn oneself(user_id: i32, username: &str) -> Self {
        Self {
            by: By::user(user_id, username),
            user_id,
            of_user: None,
        }
    }

    pub fn operator(operator: &Operator, user: &User) -> Self {
        Self {
            by: operator.into(),
            user_id: user.id,
            of_user: Some((user.id, user.username.clone())),
        }
    }

    /// An event about a snapshot.
    pub fn event(&self, kind: &'static str, snapshot: i32, workspace: i32) -> Event<'_> {
        let event = Event::new(kind, &self.by, Subject::snapshot(snapshot)).within(Subject::workspace(workspace));
        match &self.of_user {
            Some((id, username)) => event.of_user(*id, username),
            None => event,
        }
    }
}
