//! Every named rule of the schema, in each of its states.

use std::collections::BTreeSet;

use OnDelete::{Cascade, Restrict, SetNull};
use sqlx::PgPool;

use super::cases::{ACCEPTED, REFUSED};
use crate::support::{Job, Request, Site};

/// What becomes of a row when the one that it names is deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum OnDelete {
    Cascade,
    Restrict,
    SetNull,
}

/// By the foreign key's name.
const FOREIGN_KEYS: &[(&str, OnDelete)] = &[
    ("airlock_event_author_fk", SetNull),
    ("airlock_event_backend_fk", Restrict),
    ("airlock_event_user_fk", SetNull),
    ("airlock_event_workspace_fk", SetNull),
    ("backend_membership_backend_fk", Cascade),
    ("backend_membership_created_by_fk", SetNull),
    ("backend_membership_user_fk", Cascade),
    ("backend_sample_backend_fk", Cascade),
    ("data_permission_created_by_fk", Restrict),
    ("data_permission_ended_by_fk", Restrict),
    ("data_permission_project_fk", Restrict),
    ("email_change_user_fk", Cascade),
    ("interactive_workspace_workspace_fk", Cascade),
    ("job_job_request_fk", Restrict),
    ("job_request_backend_fk", Restrict),
    ("job_request_created_by_fk", Cascade),
    ("job_request_workspace_fk", Cascade),
    ("login_link_user_fk", Cascade),
    ("message_waits_for_fk", SetNull),
    ("org_created_by_fk", SetNull),
    ("org_membership_created_by_fk", SetNull),
    ("org_membership_org_fk", Cascade),
    ("org_membership_user_fk", Cascade),
    ("org_updated_by_fk", SetNull),
    ("personal_token_created_by_fk", SetNull),
    ("personal_token_user_fk", Cascade),
    ("project_collaboration_created_by_fk", Restrict),
    ("project_collaboration_org_fk", Restrict),
    ("project_collaboration_project_fk", Restrict),
    ("project_collaboration_updated_by_fk", Restrict),
    ("project_copilot_fk", SetNull),
    ("project_created_by_fk", Restrict),
    ("project_membership_created_by_fk", SetNull),
    ("project_membership_project_fk", Cascade),
    ("project_membership_user_fk", Cascade),
    ("project_updated_by_fk", Restrict),
    ("publish_request_created_by_fk", Cascade),
    ("publish_request_decision_by_fk", Restrict),
    ("publish_request_snapshot_fk", Cascade),
    ("publish_request_updated_by_fk", Restrict),
    ("redirect_created_by_fk", Restrict),
    ("redirect_deleted_by_fk", Restrict),
    ("redirect_org_fk", Cascade),
    ("redirect_project_fk", Cascade),
    ("redirect_workspace_fk", Cascade),
    ("release_backend_fk", Restrict),
    ("release_created_by_fk", Restrict),
    ("release_file_created_by_fk", Restrict),
    ("release_file_deleted_by_fk", Restrict),
    ("release_file_release_fk", Restrict),
    ("release_file_review_created_by_fk", Cascade),
    ("release_file_review_file_fk", Cascade),
    ("release_workspace_fk", Restrict),
    ("repo_internal_signed_off_by_fk", Restrict),
    ("repo_researcher_signed_off_by_fk", Restrict),
    ("session_user_fk", Cascade),
    ("site_alert_created_by_fk", SetNull),
    ("site_alert_updated_by_fk", SetNull),
    ("snapshot_created_by_fk", Restrict),
    ("snapshot_file_file_fk", Restrict),
    ("snapshot_file_snapshot_fk", Cascade),
    ("snapshot_published_by_fk", Restrict),
    ("snapshot_workspace_fk", Restrict),
    ("social_account_user_fk", Cascade),
    ("stats_backend_fk", Restrict),
    ("user_created_by_fk", SetNull),
    ("user_invitation_created_by_fk", SetNull),
    ("user_invitation_user_fk", Cascade),
    ("workspace_created_by_fk", Cascade),
    ("workspace_project_fk", Restrict),
    ("workspace_repo_fk", Restrict),
    ("workspace_signed_off_by_fk", Restrict),
    ("workspace_tally_workspace_fk", Cascade),
    ("workspace_updated_by_fk", Restrict),
];

async fn filled(pool: PgPool) -> Site {
    let site = Site::start(pool).await;
    site.world.usual().await;
    site.world.org("second").await;
    site.world.project("second").await;
    site.world.may_use("emis", "ada").await;
    let (id, _) = site.world.request(Request::default()).await;
    site.world.request(Request::default()).await;
    site.world.job(id, Job::default()).await;
    site
}

/// As [`filled`], with a release of a file that waits to be published. Nothing above it can be deleted any more.
async fn filled_with_outputs(pool: PgPool) -> Site {
    let site = filled(pool).await;
    let released = site.release("ws", "tpp", "ada", &[("a.txt", b"1")]).await;
    site.snapshot("ws", "ada", &released.files, false).await;
    site
}

#[sqlx::test]
async fn every_rule_refuses_what_breaks_it_by_name(pool: PgPool) {
    let site = filled_with_outputs(pool).await;
    for (constraint, sql) in REFUSED {
        let mut tx = site.db.begin().await.unwrap();
        let error = match sqlx::raw_sql(*sql).execute(&mut *tx).await {
            Ok(_) => panic!("{constraint} allows: {sql}"),
            Err(error) => error,
        };
        let violated = error.as_database_error().and_then(|error| error.constraint());
        assert_eq!(violated, Some(*constraint), "{sql}: {error}");
    }
}

#[sqlx::test]
async fn every_rule_allows_what_keeps_it(pool: PgPool) {
    let site = filled_with_outputs(pool).await;
    for sql in ACCEPTED {
        let mut tx = site.db.begin().await.unwrap();
        if let Err(error) = sqlx::raw_sql(*sql).execute(&mut *tx).await {
            panic!("{sql}: {error}");
        }
    }
}

#[sqlx::test]
async fn every_rule_has_its_test(pool: PgPool) {
    let rules: Vec<String> = sqlx::query_scalar(
        "SELECT conname::text FROM pg_constraint
          WHERE connamespace = 'public'::regnamespace AND contype IN ('c', 'u') AND conname NOT LIKE '\\_sqlx%'
         UNION
         SELECT indexrelid::regclass::text FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid
          WHERE indisunique AND NOT indisprimary AND relnamespace = 'public'::regnamespace
         UNION
         SELECT tgname::text FROM pg_trigger WHERE NOT tgisinternal AND tgname LIKE '%append_only'",
    )
    .fetch_all(&pool)
    .await
    .unwrap();
    let rules: BTreeSet<&str> = rules.iter().map(String::as_str).collect();
    let tested: BTreeSet<&str> = REFUSED.iter().map(|(constraint, _)| *constraint).collect();
    assert_eq!(rules, tested);
}

#[sqlx::test]
async fn every_foreign_key_does_as_it_should(pool: PgPool) {
    let keys: Vec<(String, String)> = sqlx::query_as(
        "SELECT conname::text, confdeltype::text FROM pg_constraint
          WHERE connamespace = 'public'::regnamespace AND contype = 'f' ORDER BY conname COLLATE \"C\"",
    )
    .fetch_all(&pool)
    .await
    .unwrap();
    let keys: Vec<(&str, OnDelete)> = keys
        .iter()
        .map(|(name, action)| {
            let action = match action.as_str() {
                "c" => Cascade,
                "r" => Restrict,
                "n" => SetNull,
                other => panic!("{name} does {other}"),
            };
            (name.as_str(), action)
        })
        .collect();
    assert_eq!(keys, FOREIGN_KEYS);
}

#[sqlx::test]
async fn deleting_follows_restricts_or_forgets(pool: PgPool) {
    let site = filled(pool).await;
    let pool = site.db.pool();
    for (constraint, sql) in [
        ("job_job_request_fk", "DELETE FROM job_request"),
        ("workspace_project_fk", "DELETE FROM project WHERE slug = 'project'"),
        ("job_request_backend_fk", "DELETE FROM backend WHERE slug = 'tpp'"),
        ("workspace_repo_fk", "DELETE FROM repo"),
    ] {
        let error = sqlx::raw_sql(sql).execute(pool).await.unwrap_err();
        // More than one rule may stand in the way of a project.
        let violated = error
            .as_database_error()
            .and_then(|error| error.constraint())
            .unwrap_or_default();
        assert!(violated == constraint || sql.contains("project"), "{sql}: {error}");
    }
    let count = async |sql: &'static str| -> i64 { sqlx::query_scalar(sql).fetch_one(pool).await.unwrap() };
    sqlx::raw_sql("DELETE FROM job; DELETE FROM workspace")
        .execute(pool)
        .await
        .unwrap();
    assert_eq!(count("SELECT count(*) FROM job_request").await, 0);
    assert_eq!(count("SELECT total FROM job_request_tally").await, 0);
    sqlx::raw_sql("UPDATE project_membership SET created_by_id = (SELECT id FROM \"user\" WHERE username = 'ada')")
        .execute(pool)
        .await
        .unwrap();
    site.world.member("second", "grace", &[]).await;
    sqlx::raw_sql(
        "UPDATE project_membership SET created_by_id = (SELECT id FROM \"user\" WHERE username = 'ada');
         DELETE FROM \"user\" WHERE username = 'ada'",
    )
    .execute(pool)
    .await
    .unwrap();
    assert_eq!(count("SELECT count(*) FROM project_membership").await, 1);
    assert_eq!(
        count("SELECT count(*) FROM project_membership WHERE created_by_id IS NULL").await,
        1
    );
    assert_eq!(count("SELECT count(*) FROM backend_membership").await, 0);
    assert_eq!(count("SELECT count(*) FROM org_membership").await, 0);
}
