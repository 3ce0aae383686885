//! The staff area: people and backends.

use super::Row;
use super::rules::staff_may;

#[rustfmt::skip]
pub const ROWS: &[Row] = &[
    // What a form of nothing does: it is invalid (200), changes nothing or little (302), or names nothing (404).
    ("GET", "/staff/backends", "/staff/backends/", staff_may("backend_manage", 200)),
    ("GET", "/staff/backends/add", "/staff/backends/add/", staff_may("backend_manage", 200)),
    ("POST", "/staff/backends/add", "/staff/backends/add/", staff_may("backend_manage", 200)),
    ("GET", "/staff/backends/<id>", "/staff/backends/1/", staff_may("backend_manage", 200)),
    ("GET", "/staff/backends/<id>/edit", "/staff/backends/1/edit/", staff_may("backend_manage", 200)),
    ("POST", "/staff/backends/<id>/edit", "/staff/backends/1/edit/", staff_may("backend_manage", 200)),
    ("POST", "/staff/backends/<id>/members/add", "/staff/backends/1/members/add/", staff_may("backend_manage", 200)),
    ("POST", "/staff/backends/<id>/members/remove", "/staff/backends/1/members/remove/", staff_may("backend_manage", 302)),
    ("POST", "/staff/backends/<id>/maintenance", "/staff/backends/1/maintenance/", staff_may("backend_manage", 400)),
    ("GET", "/staff/backends/<id>/rotate-token", "/staff/backends/1/rotate-token/", staff_may("backend_manage", 200)),
    ("POST", "/staff/backends/<id>/rotate-token", "/staff/backends/0/rotate-token/", staff_may("backend_manage", 404)),
    ("POST", "/staff/backends/<id>/end-old-token", "/staff/backends/1/end-old-token/", staff_may("backend_manage", 302)),
    ("GET", "/staff/users", "/staff/users/", staff_may("user_manage", 200)),
    ("POST", "/staff/users?<act>", "/staff/users/", staff_may("user_manage", 302)),
    ("GET", "/staff/users/add", "/staff/users/add/", staff_may("user_manage", 200)),
    ("POST", "/staff/users/add?<next>", "/staff/users/add/", staff_may("user_manage", 200)),
    ("GET", "/staff/users/create", "/staff/users/create/", staff_may("user_manage", 200)),
    ("POST", "/staff/users/create?<next>", "/staff/users/create/", staff_may("user_manage", 200)),
    ("GET", "/staff/users/<username>", "/staff/users/ada/", staff_may("user_manage", 200)),
    ("POST", "/staff/users/<username>", "/staff/users/ada/", staff_may("user_manage", 200)),
    ("GET", "/staff/users/<username>/roles", "/staff/users/ada/roles/", staff_may("user_manage", 200)),
    ("POST", "/staff/users/<username>/roles", "/staff/users/ada/roles/", staff_may("user_manage", 302)),
    ("POST", "/staff/users/<username>/roles/clear?<next>", "/staff/users/admin/roles/clear/", staff_may("user_manage", 302)),
    ("GET", "/staff/users/<username>/set-orgs", "/staff/users/ada/set-orgs/", staff_may("user_manage", 200)),
    ("POST", "/staff/users/<username>/set-orgs", "/staff/users/admin/set-orgs/", staff_may("user_manage", 302)),
    ("POST", "/staff/users/<username>/invite", "/staff/users/admin/invite/", staff_may("user_manage", 200)),
    ("POST", "/staff/users/<username>/sessions/<id>/revoke", "/staff/users/admin/sessions/0/revoke/", staff_may("user_manage", 404)),
    ("POST", "/staff/users/<username>/sessions/revoke-all", "/staff/users/admin/sessions/revoke-all/", staff_may("user_manage", 302)),
    ("POST", "/staff/users/<username>/tokens/<id>/revoke", "/staff/users/admin/tokens/0/revoke/", staff_may("user_manage", 404)),
    ("POST", "/staff/users/<username>/deactivate", "/staff/users/admin/deactivate/", staff_may("user_manage", 302)),
    ("POST", "/staff/users/<username>/activate", "/staff/users/admin/activate/", staff_may("user_manage", 302)),
    ("GET", "/staff/invitations", "/staff/invitations/", staff_may("user_manage", 200)),
    ("GET", "/staff/invitations/add", "/staff/invitations/add/", staff_may("user_manage", 200)),
    ("POST", "/staff/invitations/add", "/staff/invitations/add/", staff_may("user_manage", 200)),
    ("GET", "/staff/invitations/<id>", "/staff/invitations/0/", staff_may("user_manage", 404)),
    ("POST", "/staff/invitations/<id>/revoke", "/staff/invitations/0/revoke/", staff_may("user_manage", 404)),
];
