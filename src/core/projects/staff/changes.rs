//! What is said of a new project, and what an edit changes, told as events.

use sqlx::PgConnection;

use super::{ProjectForm, store};
use crate::core::audit::{self, By, Event, Subject};
use crate::core::error::Result;

/// Writes an event for each part of a project that is not as it was. The lists of organisations are those of
/// [`store::Orgs`]; users are named, not numbered.
pub(super) async fn record(
    tx: &mut PgConnection,
    id: i32,
    before: &ProjectForm,
    after: &ProjectForm,
    orgs: &store::OrgChanges,
    by: &By,
) -> Result<()> {
    let subject = Subject::project(id);
    let event = Event::new("project_updated", by, subject).within(subject);
    let day = |form: &ProjectForm| {
        form.copilot_support_ends_on
            .map(|day| day.to_string())
            .unwrap_or_default()
    };
    let changes = [
        ("name", &*before.name, &*after.name),
        ("slug", &before.slug, &after.slug),
        ("number", &before.number, &after.number),
        ("application_url", &before.application_url, &after.application_url),
        ("copilot_support_ends_at", &day(before), &day(after)),
        ("copilot_notes", &before.copilot_notes, &after.copilot_notes),
    ];
    audit::record_changes(tx, &event, &changes).await?;
    let stands = [
        ("project_status_changed", "status", &before.status, &after.status),
        (
            "project_status_description_changed",
            "status_description",
            &before.status_description,
            &after.status_description,
        ),
    ];
    for (kind, field, old, new) in stands {
        let event = Event::new(kind, by, subject).within(subject);
        audit::record_changes(tx, &event, &[(field, old, new)]).await?;
    }
    if before.copilot_id != after.copilot_id {
        let old = store::username(tx, before.copilot_id).await?;
        let new = store::username(tx, after.copilot_id).await?;
        let mut event = Event::new("project_copilot_changed", by, subject)
            .within(subject)
            .change("copilot", old.as_str(), new.as_str());
        event.target_user = after.copilot_id.map(|id| (id, new.as_str()));
        audit::record(tx, &event).await?;
    }
    // Within the organisation, so that its log tells it too.
    let of_org = |kind, org: i32, old: &str, new: &str| {
        let event = Event::new(kind, by, subject).within(Subject::org(org));
        event.change("orgs", old, new)
    };
    for (org, name) in &orgs.added {
        audit::record(tx, &of_org("project_org_added", *org, "", name)).await?;
    }
    for (org, name) in &orgs.removed {
        audit::record(tx, &of_org("project_org_removed", *org, name, "")).await?;
    }
    if let Some((old, new)) = &orgs.lead
        && let Some((org, _)) = new.as_ref().or(old.as_ref())
    {
        let name = |org: &Option<store::Named>| org.as_ref().map(|(_, name)| name.clone()).unwrap_or_default();
        let event = of_org("project_org_lead_changed", *org, &name(old), &name(new));
        audit::record(tx, &event).await?;
    }
    Ok(())
}
