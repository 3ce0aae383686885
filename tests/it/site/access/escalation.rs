//! Forms with more fields than they have: what a handler does not ask for changes nothing.

use sqlx::PgPool;

use super::actors::two_projects;
use super::{development_copy, table};

/// What somebody would add to a form to become more than they are.
const WISHES: &[(&str, &str)] = &[
    ("roles", "StaffAreaAdministrator"),
    ("roles", "jobserver.authorization.roles.CoreDeveloper"),
    ("roles[]", "StaffAreaAdministrator"),
    ("user.roles", "StaffAreaAdministrator"),
    ("user[roles]", "StaffAreaAdministrator"),
    ("is_staff", "true"),
    ("is_staff", "on"),
    ("is_superuser", "1"),
    ("is_active", "false"),
    ("username", "stan"),
    ("user", "stan"),
    ("user_id", "1"),
    ("id", "1"),
    ("project", "another"),
    ("project_id", "2"),
    ("projects", "another"),
    ("backends", "emis"),
    ("orgs", "other"),
    ("created_by", "stan"),
    ("created_by_id", "1"),
    ("pat_token", "x"),
    ("login_token", "x"),
];

/// What forms do ask for, so that they go through.
const NEEDED: &[(&str, &str)] = &[
    ("settings", ""),
    ("fullname", "Ada Lovelace"),
    ("email", "ada@example.com"),
    ("status", "postponed"),
    ("status_description", "Later."),
    ("purpose", "To see."),
    ("is_archived", "true"),
    ("should_notify", "true"),
];

/// Everything that says who is who and may do what.
async fn rights(pool: &PgPool) -> Vec<String> {
    sqlx::query_scalar(
        r#"SELECT 'user ' || (to_jsonb(u) - 'fullname' - 'last_login' - 'login_token_failures')::text FROM "user" u
           UNION ALL SELECT 'project member ' || to_jsonb(m)::text FROM project_membership m
           UNION ALL SELECT 'backend member ' || to_jsonb(m)::text FROM backend_membership m
           UNION ALL SELECT 'org member ' || to_jsonb(m)::text FROM org_membership m
           UNION ALL SELECT 'identity ' || to_jsonb(s)::text FROM social_account s
           UNION ALL SELECT 'token ' || to_jsonb(t)::text FROM personal_token t
           UNION ALL SELECT 'invitation ' || to_jsonb(i)::text FROM user_invitation i
           UNION ALL SELECT 'project of ' || name || project_id || created_by_id FROM workspace
           UNION ALL SELECT 'creator of ' || slug || created_by_id FROM project
           ORDER BY 1"#,
    )
    .fetch_all(pool)
    .await
    .unwrap()
}

#[sqlx::test]
async fn fields_that_a_form_does_not_have_change_nobodys_rights(pool: PgPool) {
    let site = development_copy(pool.clone()).await;
    two_projects(&site).await;
    site.world.global_roles("stan", &["StaffAreaAdministrator"]).await;
    let before = rights(&pool).await;
    let fields: Vec<(&str, &str)> = NEEDED.iter().chain(WISHES).copied().collect();
    let (mut tried, mut went_through) = (0, 0);
    for (method, route, path, _) in table() {
        if *method != "POST" {
            continue;
        }
        for username in ["ada", "asker", "foreign-developer"] {
            // As fields of the form and, in case something reads those, of the address.
            let query = url::form_urlencoded::Serializer::new(String::new())
                .extend_pairs(WISHES)
                .finish();
            for path in [(*path).to_owned(), format!("{path}?{query}")] {
                let answer = site.sign_in(username).await.post(&path, &fields).await;
                assert!(answer.status < 500, "{route}: {}", answer.status);
                tried += 1;
                went_through += usize::from(answer.status < 400);
                assert_eq!(rights(&pool).await, before, "{route} by {username}");
            }
        }
    }
    assert!(
        tried > 60 && went_through > 20,
        "{tried} forms were sent, {went_through} went through"
    );
}
