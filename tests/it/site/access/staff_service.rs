//! The staff area: jobs, repositories, dashboards, alerts, messages, schedules.

use super::Row;
use super::rules::staff;

const REPO: &str = "/staff/repos/https%253A%252F%252Fgithub.com%252Fopensafely%252Fws/";
const SIGN_OFF: &str = "/staff/repos/https%253A%252F%252Fgithub.com%252Fopensafely%252Fws/sign-off/";

#[rustfmt::skip]
pub const ROWS: &[Row] = &[
    ("GET", "/staff/job-requests", "/staff/job-requests/", staff(200)),
    ("GET", "/staff/job-requests/<id>", "/staff/job-requests/1/", staff(200)),
    ("POST", "/staff/job-requests/<id>/cancel", "/staff/job-requests/1/cancel/", staff(302)),
    ("POST", "/staff/job-requests/cancel", "/staff/job-requests/cancel/", staff(302)),
    ("GET", "/staff/repos", "/staff/repos/", staff(200)),
    ("GET", "/staff/repos/<repo_url>", REPO, staff(200)),
    // Whether it may be signed off is told by the message: outputs take a permission of their own.
    ("POST", "/staff/repos/<repo_url>/sign-off", SIGN_OFF, staff(302)),
    ("GET", "/staff/dashboards", "/staff/dashboards/", staff(200)),
    ("GET", "/staff/dashboards/copiloting", "/staff/dashboards/copiloting/", staff(200)),
    ("GET", "/staff/dashboards/project", "/staff/dashboards/project/", staff(200)),
    ("GET", "/staff/dashboards/repos", "/staff/dashboards/repos/", staff(200)),
    ("GET", "/staff/dashboards/repos-with-multiple-projects", "/staff/dashboards/repos-with-multiple-projects/", staff(200)),
    ("GET", "/staff/site-alerts", "/staff/site-alerts/", staff(200)),
    ("GET", "/staff/site-alerts/add", "/staff/site-alerts/add/", staff(200)),
    ("POST", "/staff/site-alerts/add", "/staff/site-alerts/add/", staff(200)),
    ("GET", "/staff/site-alerts/edit/<id>", "/staff/site-alerts/edit/4711/", staff(404)),
    ("POST", "/staff/site-alerts/edit/<id>", "/staff/site-alerts/edit/4711/", staff(404)),
    ("GET", "/staff/site-alerts/delete/<id>", "/staff/site-alerts/delete/4711/", staff(404)),
    ("POST", "/staff/site-alerts/delete/<id>", "/staff/site-alerts/delete/4711/", staff(404)),
    ("GET", "/staff/outbox", "/staff/outbox/", staff(200)),
    ("GET", "/staff/outbox/<id>", "/staff/outbox/4711/", staff(404)),
    ("POST", "/staff/outbox/<id>/retry", "/staff/outbox/4711/retry/", staff(404)),
    ("POST", "/staff/outbox/<id>/discard", "/staff/outbox/4711/discard/", staff(404)),
    ("POST", "/staff/outbox/retry", "/staff/outbox/retry/", staff(302)),
    ("POST", "/staff/outbox/discard", "/staff/outbox/discard/", staff(302)),
    ("GET", "/staff/schedules", "/staff/schedules/", staff(200)),
    ("POST", "/staff/schedules/<name>/run", "/staff/schedules/none/run/", staff(404)),
    ("GET", "/staff/sentry", "/staff/sentry/", staff(200)),
    ("GET", "/staff/sentry/error", "/staff/sentry/error", staff(500)),
    ("GET", "/staff/sentry/message", "/staff/sentry/message", staff(302)),
    ("POST", "/staff/sentry/error", "/staff/sentry/error", staff(500)),
    ("POST", "/staff/sentry/message", "/staff/sentry/message", staff(302)),
];
