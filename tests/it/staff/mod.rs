//! The staff area.

mod audit;
mod audit_guards;
mod backend_token;
mod backends;
mod dashboards;
mod data_permissions;
mod events;
mod filters;
mod home;
mod invitations;
mod job_requests;
mod members;
mod methods;
mod on_the_way;
mod orgs;
mod orgs_logo;
mod outbox;
mod project_members;
mod projects;
mod projects_add;
mod projects_made;
mod redirects;
mod repos;
mod schedules;
mod sentry;
mod setup;
mod site_alerts;
mod user_account;
mod user_bulk;
mod user_create;
mod user_roles;
mod users;
mod workspaces;

use crate::support::{Site, Visitor};

/// Events of kinds that begin so: kind, field, before, after, whom it was about, who did it; in order.
pub type Told = (String, String, String, String, String, String);

pub async fn events(site: &Site, kinds: &[&str]) -> Vec<Told> {
    let kinds: Vec<String> = kinds.iter().map(|kind| (*kind).to_owned()).collect();
    sqlx::query_as(
        "SELECT type, target_field, old, new, target_user, created_by FROM auditable_event
          WHERE type = ANY ($1) AND created_by NOT IN ('test', '') ORDER BY id",
    )
    .bind(kinds)
    .fetch_all(site.db.pool())
    .await
    .unwrap()
}

/// As [`events`] has one.
pub fn told(kind: &str, field: &str, old: &str, new: &str, user: &str, by: &str) -> Told {
    [kind, field, old, new, user, by].map(str::to_owned).into()
}

/// What is said on top of a page, once.
pub async fn said(visitor: &Visitor, path: &str) -> String {
    let html = visitor.get(path).await.expect(200).html();
    html.text(".alert").unwrap_or_default()
}

/// A site with its usual people, and `stan`, who holds every role of the staff.
pub async fn with_stan(pool: sqlx::PgPool) -> (Site, Visitor) {
    let site = Site::start(pool).await;
    site.world.usual().await;
    let roles = ["ServiceAdministrator", "StaffAreaAdministrator", "TechSupport"];
    site.world.global_roles("stan", &roles).await;
    let stan = site.sign_in("stan").await;
    (site, stan)
}
