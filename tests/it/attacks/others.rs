//! Things of one project under the address of another, and fields that a form does not have.

use rocket::http::Method;
use sqlx::PgPool;

use super::{Ask, address, everything, is_of_api, parameters, peopled, usual};
use crate::support::Site;

/// The same kind of thing in the other project.
fn other(parameter: &str) -> String {
    match parameter {
        "project" => "another",
        "workspace" => "theirs",
        "id" | "n" | "release" => "2",
        "file" | "file_id" => return super::file_id("2"),
        // `_identifier` is of no interest to its route.
        "identifier" => "job2",
        _ => "",
    }
    .to_owned()
}

/// Somebody who may do everything in both projects: it is the address alone that is wrong.
#[sqlx::test]
async fn a_thing_is_found_in_its_own_project_only(pool: PgPool) {
    let site = Site::start(pool).await;
    peopled(&site).await;
    let both = ["project", "another"];
    for project in both {
        site.world.member(project, "both", &["ProjectDeveloper"]).await;
    }
    site.world.may_use("tpp", "both").await;
    let everything_else = [
        "StaffAreaAdministrator",
        "TechSupport",
        "ServiceAdministrator",
        "OutputChecker",
        "OutputPublisher",
    ];
    site.world.global_roles("both", &everything_else).await;
    let visitor = site.sign_in("both").await;
    let routes: Vec<_> = site.client.rocket().routes().cloned().collect();
    let before = everything(&site).await;
    let mut asked = 0;
    for route in routes.iter().filter(|route| !is_of_api(route)) {
        let names: Vec<String> = parameters(route)
            .into_iter()
            .filter(|name| !other(name).is_empty())
            .collect();
        for odd in names.iter().filter(|_| names.len() > 1) {
            let path = address(route, |name| if name == odd { other(name) } else { usual(name) });
            let answer = match route.method {
                Method::Get => visitor.get(&path).await,
                _ => {
                    visitor
                        .post(&path, &[("jobs", "all"), ("name", "x"), ("status", "retired")])
                        .await
                }
            };
            assert_eq!(answer.status, 404, "{route}: {path} {}", answer.location());
            asked += 1;
        }
        // All from the other one is right again. News of what runs have no end.
        if names.len() > 1 && route.method == Method::Get && !route.uri.path().ends_with("/events") {
            let path = address(route, |name| {
                Some(other(name))
                    .filter(|o| !o.is_empty())
                    .unwrap_or_else(|| usual(name))
            });
            let answer = visitor.get(&path).await;
            assert_eq!(answer.status, 200, "{route}: {path}");
        }
    }
    assert_eq!(everything(&site).await, before);
    assert!(asked > 15, "{asked}");
}

/// Fields that other forms have, or that a column is called.
const EXTRA: &[(&str, &str)] = &[
    ("id", "2"),
    ("pk", "2"),
    ("user", "2"),
    ("user_id", "2"),
    ("username", "admin"),
    ("email", "evil@evil.com"),
    ("roles", "ServiceAdministrator"),
    ("roles", "StaffAreaAdministrator"),
    ("roles[]", "ServiceAdministrator"),
    ("role", "ServiceAdministrator"),
    ("is_staff", "true"),
    ("is_superuser", "1"),
    ("is_active", "false"),
    ("created_by", "2"),
    ("created_by_id", "2"),
    ("project", "another"),
    ("project_id", "2"),
    ("workspace", "theirs"),
    ("org", "1"),
    ("slug", "evil"),
    ("repo_id", "2"),
    ("status", "succeeded"),
    ("created_at", "2000-01-01"),
    ("is_archived", "true"),
    ("next", "https://evil.com/"),
];

/// Each form, as it is, and with everything that it does not ask for: what is stored must be the same.
#[sqlx::test]
async fn fields_that_a_form_does_not_have_change_nothing(pool: PgPool) {
    let site = Site::start(pool).await;
    peopled(&site).await;
    let ada = site.sign_in("ada").await;
    let mut forms = 0;
    for page in ["/settings/", "/project/edit/", "/project/ws/edit/", "/project/ws/"] {
        for (action, fields) in ada.get(page).await.expect(200).html().posted_forms() {
            if action.starts_with("/logout") {
                continue;
            }
            let action = if action.is_empty() { page } else { &action };
            let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (&**name, &**value)).collect();
            let people = async || -> Vec<String> {
                sqlx::query_scalar(
                    r#"SELECT concat_ws(' ', id, username, email, roles, is_active) FROM "user"
                       UNION ALL SELECT concat_ws(' ', 'member', project_id, user_id, roles) FROM project_membership
                       UNION ALL SELECT concat_ws(' ', 'workspace', id, name, project_id, repo_id, created_by_id) FROM workspace
                       UNION ALL SELECT concat_ws(' ', 'project', id, slug, created_by_id, created_at) FROM project
                       UNION ALL SELECT concat_ws(' ', 'request', id, workspace_id, created_by_id, status) FROM job_request
                       ORDER BY 1"#,
                )
                .fetch_all(site.db.pool())
                .await
                .unwrap()
            };
            let before = people().await;
            let with_extra: Vec<(&str, &str)> = fields
                .iter()
                .chain(
                    EXTRA
                        .iter()
                        .filter(|(name, _)| !fields.iter().any(|(known, _)| known == name)),
                )
                .copied()
                .collect();
            let answer = ada.post(action, &with_extra).await;
            assert!(answer.status < 400, "{action} {}", answer.status);
            assert!(!answer.location().contains("evil"), "{action} {}", answer.location());
            assert_eq!(people().await, before, "{action}");
            forms += 1;
        }
    }
    assert!(forms >= 5, "{forms}");
}

/// A backend's report about what is not its own.
#[sqlx::test]
async fn a_backend_touches_nothing_of_another_one(pool: PgPool) {
    let site = Site::start(pool).await;
    peopled(&site).await;
    let emis = site.backend("emis").await;
    let identifier: String = sqlx::query_scalar("SELECT identifier FROM job_request WHERE id = 1")
        .fetch_one(site.db.pool())
        .await
        .unwrap();
    let before = everything(&site).await;
    let report = serde_json::json!([{
        "job_request_id": identifier, "identifier": "job1", "action": "a", "run_command": "", "status": "failed",
        "status_code": "", "status_message": "", "created_at": "2026-03-01T12:00:00Z", "updated_at": null,
        "started_at": null, "completed_at": null
    }]);
    emis.post("/api/v2/jobs/", &report).await.expect(200);
    assert_eq!(everything(&site).await, before);
    let list = emis.get("/api/v2/job-requests/").await.expect(200);
    assert_eq!(list.json()["count"], 0);
}

/// Nothing tells a name that exists from one that does not, to whoever may know neither.
#[sqlx::test]
async fn what_is_closed_looks_the_same_whether_it_is_there_or_not(pool: PgPool) {
    let site = Site::start(pool).await;
    peopled(&site).await;
    let look = async |path: &str, cookie: Option<&str>, token: &str| {
        let mut headers = vec![("Authorization", token)];
        headers.extend(cookie.map(|cookie| ("Cookie", cookie)));
        let ask = Ask {
            headers,
            ..Ask::default()
        };
        let answer = ask.send(&site, Method::Get, path).await;
        let shown = answer
            .location()
            .replace("ada", "NAME")
            .replace("nobody-at-all", "NAME");
        (
            answer.status,
            shown,
            if answer.status == 302 {
                String::new()
            } else {
                answer.body.clone()
            },
        )
    };
    let there = look("/api/v2/users/ada/", None, "wrong").await;
    assert_eq!(there, look("/api/v2/users/nobody-at-all/", None, "wrong").await);
    for pattern in [
        "/NAME/edit/",
        "/NAME/new-workspace/",
        "/NAME/ws/edit/",
        "/NAME/ws/run-jobs/",
    ] {
        let there = look(&pattern.replace("NAME", "project"), None, "").await;
        let not_there = look(&pattern.replace("NAME", "no-project"), None, "").await;
        assert_eq!((there.0, not_there.0), (302, 302), "{pattern}");
    }
}
