//! The staff area: the landing page, logs.

use super::Row;
use super::rules::{staff, staff_may};

#[rustfmt::skip]
pub const ROWS: &[Row] = &[
    ("GET", "/staff?<q>&<kind>", "/staff/", staff(200)),
    ("GET", "/staff/suggest/<kind>", "/staff/suggest/users/", staff(200)),
    ("GET", "/staff/suggest/people", "/staff/suggest/people/", staff(200)),
    ("GET", "/staff/events", "/staff/events/", staff(200)),
    ("GET", "/staff/projects/<slug>/audit-log", "/staff/projects/project/audit-log/", staff(200)),
    ("GET", "/staff/orgs/<slug>/audit-log", "/staff/orgs/acme/audit-log/", staff(200)),
    ("GET", "/staff/backends/<id>/audit-log", "/staff/backends/1/audit-log/", staff_may("backend_manage", 200)),
    ("GET", "/staff/users/<username>/audit-log", "/staff/users/ada/audit-log/", staff_may("user_manage", 200)),
];
