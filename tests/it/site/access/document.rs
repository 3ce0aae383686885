//! `docs/access.md`: the roles and the table, for people. `UPDATE_ACCESS=1` writes it anew.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

use jobserver::core::access::{Permission, Place, Role};

use super::rules::Gate;
use super::table;

const OPENING: &str = "\
# Who may do what

Written by a test from the table of roles in `src/core/access` and the table of routes in
`tests/it/site/access.rs`; that test also asks every route as every kind of visitor. To change this page, change
those, and run `UPDATE_ACCESS=1 scripts/test access::document`.

Somebody holds a role *everywhere*, or *in a project* of which they are a member. A role that is held in a project
counts in that project only. Being a member without a role gives nothing by itself, except that who asked for jobs
may cancel them. What is done in the staff area takes `staff_area_access`, held everywhere, besides the permission
itself: those permissions are marked *staff*.

Roles held everywhere are granted by people with `user_manage`, never to themselves; roles in a project by people
with `user_edit_project_roles`. Operators grant both with `jobserver grant_role`. Of the active Staff Area
Administrators the last cannot lose that role or be deactivated. Every grant and every removal is in the audit
record.
";

fn document() -> String {
    let mut page = OPENING.to_owned();
    roles(&mut page);
    permissions(&mut page);
    routes(&mut page);
    page
}

fn place_of(role: Role) -> &'static str {
    match (role.is_grantable(Place::Everywhere), role.is_grantable(Place::Project)) {
        (true, true) => "everywhere or in a project",
        (true, false) => "everywhere",
        (false, true) => "in a project",
        (false, false) => "nowhere",
    }
}

fn roles(page: &mut String) {
    *page += "\n## Roles\n";
    for role in Role::ALL {
        let permissions: Vec<String> = role.permissions().map(|permission| code(permission.name())).collect();
        write!(
            page,
            "\n**{}** (`{}`), granted {}. {}\nPermits {}.\n",
            role.title(),
            role.name(),
            place_of(*role),
            role.description(),
            permissions.join(", "),
        )
        .unwrap();
    }
}

fn permissions(page: &mut String) {
    *page += "\n## Permissions\n\n| Permission | Held by |\n|---|---|\n";
    for permission in Permission::ALL {
        let staff = if permission.needs_staff_area() { " *staff*" } else { "" };
        let name = code(permission.name());
        writeln!(page, "| {name}{staff} | {} |", holders(*permission)).unwrap();
    }
}

fn holders(permission: Permission) -> String {
    let mut titles: Vec<&str> = permission.holders().iter().map(|role| role.title()).collect();
    titles.sort_unstable();
    titles.join(", ")
}

fn routes(page: &mut String) {
    let mut by_gate: BTreeMap<Gate, Vec<(&str, &str)>> = BTreeMap::new();
    for (method, route, _, rule) in table() {
        // Whatever is said beside "not signed in" is said once.
        let gate = match rule.gate {
            Gate::NotSignedIn(_) => Gate::NotSignedIn(0),
            Gate::LoginForm(_) => Gate::LoginForm(0),
            gate => gate,
        };
        by_gate.entry(gate).or_default().push((*method, *route));
    }
    *page += "\n## Pages and the API\n\nA page that takes a right sends those who are not signed in to the login page, \
              and answers 403 to those\nwithout the right, or 404 where they may not know that there is such a thing. \
              The API always answers 403.\nThe token of a backend or a bot opens no page, and a session opens nothing \
              that takes a token.\n";
    for (gate, routes) in by_gate {
        writeln!(page, "\n### {}\n", heading(gate)).unwrap();
        for (method, route) in routes {
            let path = route.split('?').next().unwrap_or_default();
            writeln!(page, "- {method} {}", code(path)).unwrap();
        }
    }
}

fn heading(gate: Gate) -> String {
    let permission = |name: &str| name.parse().map(holders).unwrap();
    match gate {
        Gate::Everybody => "Everybody".to_owned(),
        Gate::NotSignedIn(_) => "Who is not signed in; others are sent on".to_owned(),
        Gate::LoginForm(_) => "Who has the form of the login page; others who are signed in are sent on".to_owned(),
        Gate::WithForm => {
            "Who has the form, on a page that they may see: mostly one for people who are signed in".to_owned()
        }
        Gate::SignedIn => "Who is signed in".to_owned(),
        Gate::May(name) => format!("Who holds {} in the project: {}", code(name), permission(name)),
        Gate::MayEither(one, other) => format!(
            "Who holds {} or {} in the project: {}; {}",
            code(one),
            code(other),
            permission(one),
            permission(other)
        ),
        Gate::MayOfThoseWhoSee(sees, name) => format!(
            "Who holds {} in the project, of those who hold {} there; nobody else learns that there is such a thing: {}",
            code(name),
            code(sees),
            permission(name)
        ),
        Gate::MayOrAsked(name) => format!(
            "Who asked for the jobs and still is a member, or holds {} in the project: {}",
            code(name),
            permission(name)
        ),
        Gate::Staff(name) => format!(
            "Who holds {} everywhere, besides `staff_area_access`: {}",
            code(name),
            permission(name)
        ),
        Gate::Sees(name) => format!(
            "Who holds {} in the project, and nobody else learns that there is such a thing: {}",
            code(name),
            permission(name)
        ),
        Gate::SeesToo(name) => format!(
            "Who holds {} in the project, where it is not public: {}",
            code(name),
            permission(name)
        ),
        Gate::MayThroughApi(name) => format!(
            "Who holds {} in the project, by a session: {}",
            code(name),
            permission(name)
        ),
        Gate::Reads => format!(
            "Who holds {} in the project, by a session, and bots by their token: {}",
            code("release_file_view"),
            permission("release_file_view")
        ),
        Gate::TokenAndUser => format!(
            "A backend, by its token, in the name of one of its users who holds {} in the project: {}",
            code("release_file_upload"),
            permission("release_file_upload")
        ),
        Gate::Member => "Who is a member of a project that uses the repository, whatever their roles".to_owned(),
        Gate::Token => "A backend, by its token".to_owned(),
        Gate::MaybeToken => "Everybody; a token that is shown must be a backend's".to_owned(),
    }
}

fn code(text: &str) -> String {
    format!("`{text}`")
}

#[test]
fn the_page_says_what_is_so() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/access.md");
    let should_be = document();
    if std::env::var_os("UPDATE_ACCESS").is_some() {
        std::fs::write(&path, &should_be).unwrap();
    }
    let is = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        is == should_be,
        "docs/access.md is not what it should be; UPDATE_ACCESS=1 writes it anew"
    );
}
