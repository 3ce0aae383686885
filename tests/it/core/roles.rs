//! Who may give and take what, and what is left behind: rights, records, sessions.

mod everywhere;
mod places;
mod races;

use jobserver::core::access::{Operator, Role, SignedIn};
use jobserver::core::error::Error;
use jobserver::core::people::roles::Granter;

use crate::support::Site;

const STAFF: &[&str] = &["ServiceAdministrator", "StaffAreaAdministrator", "TechSupport"];

fn somebody(id: i32, username: &str, roles: &[Role]) -> SignedIn {
    SignedIn {
        id,
        username: username.to_owned(),
        fullname: username.to_owned(),
        roles: roles.to_vec(),
        memberships: Vec::new(),
    }
}

/// Somebody who holds all the staff's roles, and the proof of it.
pub async fn staff(site: &Site, username: &str) -> (i32, Granter) {
    let id = site.world.global_roles(username, STAFF).await;
    let person = somebody(
        id,
        username,
        &[
            Role::StaffAreaAdministrator,
            Role::TechSupport,
            Role::ServiceAdministrator,
        ],
    );
    (id, Granter::Person(person.can_everywhere().unwrap()))
}

fn operator() -> Granter {
    Granter::Operator(Operator::at_the_command_line("olive"))
}

async fn held(site: &Site, id: i32) -> Vec<String> {
    sqlx::query_scalar(r#"SELECT roles FROM "user" WHERE id = $1"#)
        .bind(id)
        .fetch_one(site.db.pool())
        .await
        .unwrap()
}

/// Kind, who did it, to whom, from what to what: of every event about roles and memberships, in order.
async fn events(site: &Site) -> Vec<String> {
    sqlx::query_scalar(
        "SELECT concat_ws(' ', type, created_by, target_user, old || '→' || new) FROM auditable_event
          WHERE type LIKE '%role%' OR type LIKE '%member%' ORDER BY id",
    )
    .fetch_all(site.db.pool())
    .await
    .unwrap()
}

fn is_refused_at<T: std::fmt::Debug>(result: Result<T, Error>, field: &str) -> bool {
    matches!(&result, Err(Error::Invalid(errors)) if errors.get(field).is_some())
}
