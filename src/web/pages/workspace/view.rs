//! What a workspace's page shows.

use serde::Serialize;
use time::{Duration, OffsetDateTime};

use super::actions::ActionsView;
use crate::core::jobs::store::last_runs::FirstJob;
use crate::core::jobs::store::lists::ListedRequest;
use crate::core::projects::INTERNAL_PROJECT;
use crate::core::releases::store::lists::OutputsOfWorkspace;
use crate::core::workspaces::Workspace;
use crate::core::workspaces::facts::{Known, Visibility};
use crate::web::pages::releases::{outputs_heading, workspace_tabs};
use crate::web::view::{
    Banner, JobRequestsTable, Link, SafeHtml, Tab, Time, Without, branch_link, encode_segment, honeycomb, org_link,
    plain_html, relative, repo_link, sign_off_href, thousands,
};

#[derive(Debug, Serialize)]
pub struct WorkspaceView {
    pub name: String,
    pub badge: Option<&'static str>,
    pub project: Link,
    pub org: Option<Link>,
    pub tabs: Vec<Tab>,
    pub alerts: Vec<Banner>,
    pub staff_href: Option<String>,
    pub edit_href: Option<String>,
    pub run: Option<RunButton>,
    pub logs_href: String,
    pub purpose_html: Option<SafeHtml>,
    pub recent: JobRequestsTable,
    pub actions: Option<ActionsView>,
    pub publish: Option<Publish>,
    pub outputs: Vec<Output>,
    pub admin: bool,
    pub notify_form: Option<Toggle>,
    pub sign_off_href: Option<String>,
    pub archive_form: Option<Toggle>,
    pub repo: Link,
    pub repo_private: bool,
    /// Why, or since when, it is not known who may see the repository.
    pub repo_note: Option<String>,
    pub branch: Link,
    pub created: Option<Time>,
    pub created_by: Option<Link>,
    pub monitoring: Vec<Link>,
}

#[derive(Debug, Serialize)]
pub struct RunButton {
    pub href: String,
    pub enabled: bool,
    pub reason: Option<&'static str>,
}

#[derive(Debug, Serialize)]
pub struct Output {
    pub label: &'static str,
    /// `None` when there is nothing yet.
    pub href: Option<String>,
    pub note: Option<String>,
}

/// A button that sets something to the other value.
#[derive(Debug, Serialize)]
pub struct Toggle {
    pub text: &'static str,
    pub action: String,
    /// What the hidden field sends: `True`, or nothing for no.
    pub value: &'static str,
    pub label: &'static str,
}

/// Who looks, and what they may do here.
pub struct Viewer<'a> {
    pub has_any_role: bool,
    pub may_run: bool,
    pub has_backend: bool,
    pub is_member: bool,
    /// Whether they see what is inside a backend, before any release.
    pub sees_level_4: bool,
    /// Whether they see released files that are not public.
    pub sees_drafts: bool,
    pub may_publish: bool,
    pub may_edit: bool,
    pub may_archive: bool,
    pub may_toggle_notifications: bool,
    /// The base of telemetry links, for staff.
    pub honeycomb: Option<&'a url::Url>,
}

/// A repository that is private although its project ran its first job long ago.
#[derive(Debug, Serialize)]
pub struct Publish {
    /// The first job, and when it ran.
    pub first: Link,
    pub sign_off_href: String,
}

/// How long after the project's first job its members are reminded that a repository is private.
pub const PUBLISH_AFTER: Duration = Duration::days(330);

/// What is read for the page, beside the workspace itself.
pub struct Found<'a> {
    pub visibility: Option<&'a Known<Visibility>>,
    pub recent: Vec<ListedRequest>,
    pub actions: Option<ActionsView>,
    /// The project's first job; looked for only when a warning may follow from it.
    pub first_job: Option<FirstJob>,
    pub outputs: OutputsOfWorkspace,
}

pub fn view(workspace: &Workspace, found: Found<'_>, viewer: &Viewer<'_>) -> WorkspaceView {
    let visibility = found.visibility;
    let is_private = visibility.is_some_and(|known| known.value == Visibility::Private);
    // Whoever is no member would only be turned away there.
    let sign_off = (is_private && viewer.is_member).then(|| sign_off_href(&workspace.repo_url));
    let href = workspace.href();
    let logs_href = format!("{href}logs/");
    let (notify_form, archive_form) = toggles(workspace, viewer);
    WorkspaceView {
        name: workspace.name.clone(),
        badge: (workspace.is_archived && viewer.has_any_role).then_some("Archived"),
        project: Link::new(workspace.project_title(), workspace.project_href()),
        org: org_link(workspace.org_name.clone(), workspace.org_slug.clone()),
        tabs: workspace_tabs(&href, 0, found.outputs.has_releases, viewer.sees_drafts),
        alerts: alerts(workspace, viewer),
        staff_href: None,
        edit_href: viewer.may_edit.then(|| format!("{href}edit/")),
        run: run_button(workspace, viewer),
        logs_href,
        purpose_html: (!workspace.purpose.trim().is_empty()).then(|| plain_html(workspace.purpose.trim())),
        recent: JobRequestsTable::new(
            "The newest job requests of this workspace",
            Without::Workspace,
            found.recent,
        ),
        actions: found.actions,
        publish: publish(workspace, found.first_job, sign_off.clone()),
        outputs: outputs(&href, found.outputs, viewer),
        admin: notify_form.is_some() || archive_form.is_some(),
        notify_form,
        sign_off_href: sign_off,
        archive_form,
        repo: repo_link(&workspace.repo_url),
        repo_private: is_private,
        repo_note: repo_note(visibility),
        branch: branch_link(&workspace.repo_url, &workspace.branch),
        created: workspace.created_at.map(Time::new),
        created_by: workspace
            .created_by_fullname
            .clone()
            .zip(workspace.created_by_username.as_deref())
            .map(|(name, username)| Link::new(name, format!("/users/{}/", encode_segment(username)))),
        monitoring: viewer
            .honeycomb
            .map(|base| honeycomb::workspace(base, &workspace.name))
            .into_iter()
            .collect(),
    }
}

/// From inside a backend to the public.
fn outputs(href: &str, found: OutputsOfWorkspace, viewer: &Viewer<'_>) -> Vec<Output> {
    let mut outputs = Vec::new();
    if viewer.sees_level_4 {
        outputs.push(Output {
            label: "Level 4 files",
            href: Some(format!("{href}files/")),
            note: Some("Not released yet; they open inside the secure environment only.".to_owned()),
        });
    }
    outputs.push(Output {
        label: "Releases",
        href: found.has_releases.then(|| format!("{href}releases/")),
        note: (!found.has_releases).then(|| "Nothing has been released yet.".to_owned()),
    });
    let published = match found.published {
        0 => "Nothing is public yet.".to_owned(),
        1 => "1 set of files is public.".to_owned(),
        many => format!("{} sets of files are public.", thousands(many)),
    };
    let waiting = match found.waiting {
        // Whoever decides elsewhere does not learn here what they could not open.
        _ if !viewer.sees_drafts => None,
        0 => None,
        1 if viewer.may_publish => Some("1 waits for your decision.".to_owned()),
        many if viewer.may_publish => Some(format!("{} wait for your decision.", thousands(many))),
        1 => Some("1 waits for a decision.".to_owned()),
        many => Some(format!("{} wait for a decision.", thousands(many))),
    };
    outputs.push(Output {
        label: outputs_heading(viewer.sees_drafts),
        href: Some(format!("{href}outputs/")),
        note: Some(
            [Some(published), waiting]
                .into_iter()
                .flatten()
                .collect::<Vec<_>>()
                .join(" "),
        ),
    });
    outputs
}

fn publish(workspace: &Workspace, first: Option<FirstJob>, sign_off: Option<String>) -> Option<Publish> {
    let (first, sign_off_href) = first.zip(sign_off)?;
    let ago = OffsetDateTime::now_utc() - first.at;
    let identifier = encode_segment(&first.identifier);
    (ago > PUBLISH_AFTER).then(|| Publish {
        first: Link::new(
            relative(ago),
            format!(
                "/{}/{}/{}/{identifier}/",
                workspace.project_slug, first.workspace_name, first.request_id
            ),
        ),
        sign_off_href,
    })
}

fn repo_note(visibility: Option<&Known<Visibility>>) -> Option<String> {
    let Some(known) = visibility else {
        return Some("It is not known at the moment whether it is private.".to_owned());
    };
    let age = OffsetDateTime::now_utc() - known.fetched_at;
    match known.value {
        Visibility::NotFound => Some("It could not be found when last looked for.".to_owned()),
        _ if known.is_stale() => Some(format!(
            "As known {}; the code host does not answer now.",
            relative(age)
        )),
        _ => None,
    }
}

fn alerts(workspace: &Workspace, viewer: &Viewer<'_>) -> Vec<Banner> {
    let mut alerts = Vec::new();
    if workspace.is_archived && viewer.has_any_role {
        let text = if viewer.may_archive {
            "It runs no jobs any more. You can take it out of the archive below."
        } else {
            "It runs no jobs any more. A developer of the project can take it out of the archive."
        };
        alerts.push(Banner::warning("This workspace is archived.", text));
    }
    if workspace.project_slug == INTERNAL_PROJECT {
        alerts.push(Banner {
            tone: "info",
            title: Some("An internal project.".to_owned()),
            text: "Its workspaces are for maintaining and testing the service.".to_owned(),
            href: None,
            link_text: None,
        });
    }
    alerts
}

/// For members and those who may run jobs: greyed with the first reason that applies.
fn run_button(workspace: &Workspace, viewer: &Viewer<'_>) -> Option<RunButton> {
    if !viewer.is_member && !viewer.may_run {
        return None;
    }
    let reason = if workspace.is_archived {
        Some("It is archived.")
    } else if !viewer.may_run {
        Some("You need the role of a developer in this project.")
    } else if !viewer.has_backend {
        Some("You are a member of no backend that takes jobs at the moment.")
    } else {
        None
    };
    Some(RunButton {
        href: format!("{}run-jobs/", workspace.href()),
        enabled: reason.is_none(),
        reason,
    })
}

fn toggles(workspace: &Workspace, viewer: &Viewer<'_>) -> (Option<Toggle>, Option<Toggle>) {
    let href = workspace.href();
    let notify = viewer.may_toggle_notifications.then(|| {
        let (text, value, label) = if workspace.should_notify {
            (
                "Whoever runs jobs here is told by e-mail when they have finished, unless they choose otherwise.",
                "",
                "Stop telling them",
            )
        } else {
            (
                "Nobody is told by e-mail when jobs have finished, unless they choose to be.",
                "True",
                "Tell them",
            )
        };
        Toggle {
            text,
            action: format!("{href}notifications-toggle/"),
            value,
            label,
        }
    });
    let archive = viewer.may_archive.then(|| {
        let (text, value, label) = if workspace.is_archived {
            (
                "Jobs can be run again once it is out of the archive.",
                "",
                "Take out of the archive",
            )
        } else {
            (
                "An archived workspace runs no jobs any more. Its logs and outputs stay.",
                "True",
                "Archive",
            )
        };
        Toggle {
            text,
            action: format!("{href}archive-toggle/"),
            value,
            label,
        }
    });
    (notify, archive)
}
