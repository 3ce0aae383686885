//! The way around the staff area, beside every page of it.

use serde::Serialize;

use super::guard::Staff;
use crate::core::access::Permission;
use crate::web::view::Chrome;

#[derive(Debug, Serialize)]
pub struct Bar {
    groups: Vec<Group>,
}

#[derive(Debug, Serialize)]
struct Group {
    label: &'static str,
    items: Vec<Item>,
}

#[derive(Debug, Serialize)]
struct Item {
    label: &'static str,
    href: &'static str,
    is_here: bool,
}

/// A part of the area: its name, its address, and the permission that it takes besides entering.
pub struct Part {
    pub label: &'static str,
    pub href: &'static str,
    pub takes: Option<Permission>,
    pub about: &'static str,
}

const fn part(label: &'static str, href: &'static str, about: &'static str) -> Part {
    Part {
        label,
        href,
        takes: None,
        about,
    }
}

const fn part_for(takes: Permission, label: &'static str, href: &'static str, about: &'static str) -> Part {
    Part {
        label,
        href,
        takes: Some(takes),
        about,
    }
}

/// Every part, in groups.
#[rustfmt::skip]
pub const PARTS: &[(&str, &[Part])] = &[
    ("People", &[
        part_for(Permission::UserManage, "Users", "/staff/users/", "Who has an account, and what they may do"),
        part_for(Permission::UserManage, "Invitations", "/staff/invitations/", "GitHub accounts that are awaited"),
        part("Organisations", "/staff/orgs/", "Members, logos and code on GitHub"),
    ]),
    ("Work", &[
        part("Projects", "/staff/projects/", "Numbers, status, members and co-pilots"),
        part_for(Permission::DataPermissionManage, "Data permissions", "/staff/data-permissions/", "What data each project may use"),
        part("Workspaces", "/staff/workspaces/", "Where each piece of code is run"),
        part("Job requests", "/staff/job-requests/", "Everything that was ever asked for"),
        part("Repositories", "/staff/repos/", "Code, and its sign-off"),
        part("Dashboards", "/staff/dashboards/", "Co-piloting and repositories at a glance"),
        part("Redirects", "/staff/redirects/", "Old addresses that lead on"),
    ]),
    ("Service", &[
        part_for(Permission::BackendManage, "Backends", "/staff/backends/", "The secure environments and their tokens"),
        part("Site alerts", "/staff/site-alerts/", "What everybody is told on every page"),
        part("Outbox", "/staff/outbox/", "Messages that wait or could not be sent"),
        part("Schedules", "/staff/schedules/", "What happens by itself, and when it last did"),
        part("Events", "/staff/events/", "Who changed what"),
        part("Error reporting", "/staff/sentry/", "Try whether errors are reported"),
    ]),
];

impl Bar {
    /// The parts that this person may open.
    pub fn of(staff: &Staff<'_>) -> Self {
        let path = staff.visit.path();
        let groups = PARTS.iter().map(|(label, parts)| Group {
            label,
            items: parts
                .iter()
                .filter(|part| part.takes.is_none_or(|permission| staff.holds(permission)))
                .map(|part| Item {
                    label: part.label,
                    href: part.href,
                    is_here: path.starts_with(part.href) || path == part.href.trim_end_matches('/'),
                })
                .collect(),
        });
        Self {
            groups: groups.filter(|group: &Group| !group.items.is_empty()).collect(),
        }
    }
}

impl Staff<'_> {
    /// The frame of a page of the area.
    pub fn chrome(&self, title: impl Into<String>) -> Chrome {
        let title = title.into();
        self.visit
            .chrome(format!("{title} · Staff"))
            .crumb("Page", "Staff area", "/staff/")
    }
}
