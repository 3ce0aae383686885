//! What staff see of people: the list of all of them, and one person whole. Nothing here changes anything.

mod store;

use store::detail;

use sqlx::PgConnection;

pub use detail::{
    BackendTick, CopilotOf, InOrg, InProject, MOST_SHOWN, OrgTick, Person, RecentRequest, org_choices, org_ticks,
    person,
};
pub use store::{Filter, ListedPerson, list};

use super::login_token::{self, Standing};
use super::sessions::OwnSession;
use super::tokens::Listed;
use super::{invitations, sessions, tokens};
use crate::core::error::Result;

/// What somebody may miss who signs in with GitHub: without it they cannot do what others do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Missing {
    Backend,
    Org,
    Project,
}

impl Missing {
    pub const ALL: [Self; 3] = [Self::Backend, Self::Org, Self::Project];

    /// As in the address of a list.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Backend => "backend",
            Self::Org => "org",
            Self::Project => "project",
        }
    }

    /// In words for people.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Backend => "no backend",
            Self::Org => "no organisation",
            Self::Project => "no project",
        }
    }

    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|missing| missing.name() == name)
    }
}

/// Those that are missing of backends, organisations and projects.
fn missing(has_backend: bool, has_org: bool, has_project: bool) -> Vec<Missing> {
    let has = [has_backend, has_org, has_project];
    let all = Missing::ALL.into_iter().zip(has);
    all.filter(|(_, has)| !has).map(|(missing, _)| missing).collect()
}

/// Somebody with everything that is theirs here. However much that is, it is a fixed number of statements.
#[derive(Debug)]
pub struct Everything {
    pub person: Person,
    pub orgs: Vec<InOrg>,
    pub projects: Vec<InProject>,
    /// All there are, by name, and which they may use.
    pub backends: Vec<BackendTick>,
    pub copilot_of: Vec<CopilotOf>,
    pub requests: Vec<RecentRequest>,
    pub sessions: Vec<OwnSession>,
    pub tokens: Vec<Listed>,
    pub invitations: Vec<invitations::Invitation>,
    pub login_token: Standing,
}

/// `None` for a username that is nobody's.
pub async fn everything(conn: &mut PgConnection, username: &str) -> Result<Option<Everything>> {
    let Some(person) = person(conn, username).await? else {
        return Ok(None);
    };
    let id = person.id;
    Ok(Some(Everything {
        orgs: detail::orgs(conn, id).await?,
        projects: detail::projects(conn, id).await?,
        backends: detail::backends(conn, id).await?,
        copilot_of: detail::copilot_of(conn, id).await?,
        requests: detail::requests(conn, id).await?,
        sessions: sessions::list(conn, id).await?,
        tokens: tokens::list(conn, id).await?,
        invitations: invitations::of_user(conn, id).await?,
        login_token: login_token::standing(conn, id).await?,
        person,
    }))
}

/// The projects in which somebody is a member, with their roles.
pub async fn projects_of(conn: &mut PgConnection, user_id: i32) -> Result<Vec<InProject>> {
    detail::projects(conn, user_id).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_what_is_not_there() {
        assert_eq!(missing(true, true, true), []);
        assert_eq!(missing(false, true, false), [Missing::Backend, Missing::Project]);
        for missing in Missing::ALL {
            assert_eq!(Missing::named(missing.name()), Some(missing));
        }
        assert_eq!(Missing::named("manners"), None);
    }
}
