//! What the schema's rules refuse and allow, statement by statement. Each runs alone on a filled database.

/// A rule's name, and a statement that breaks it.
pub const REFUSED: &[(&str, &str)] = &[
    (
        "user_username_unique",
        r#"INSERT INTO "user" (username, fullname) VALUES ('ada', 'Ada')"#,
    ),
    ("user_username_form", r#"UPDATE "user" SET username = 'a b'"#),
    ("user_username_form", r#"UPDATE "user" SET username = ''"#),
    ("user_username_form", r#"UPDATE "user" SET username = 'a/b'"#),
    (
        "user_email_not_blank",
        r#"INSERT INTO "user" (username, fullname, email) VALUES ('new', 'New', '')"#,
    ),
    (
        "user_email_unique",
        r#"INSERT INTO "user" (username, fullname, email) VALUES ('new', 'New', 'ADA@Example.com')"#,
    ),
    ("user_fullname_not_blank", r#"UPDATE "user" SET fullname = ''"#),
    (
        "user_pat_token_unique",
        r#"UPDATE "user" SET pat_token = 'same', pat_expires_at = now()"#,
    ),
    (
        "user_both_pat_expires_at_and_pat_token_set",
        r#"INSERT INTO "user" (username, fullname, pat_token) VALUES ('new', 'New', 't')"#,
    ),
    (
        "user_both_pat_expires_at_and_pat_token_set",
        r#"INSERT INTO "user" (username, fullname, pat_expires_at) VALUES ('new', 'New', now())"#,
    ),
    (
        "user_both_login_token_and_expiry_set",
        r#"INSERT INTO "user" (username, fullname, login_token) VALUES ('new', 'New', 't')"#,
    ),
    (
        "user_both_login_token_and_expiry_set",
        r#"INSERT INTO "user" (username, fullname, login_token_expires_at) VALUES ('new', 'New', now())"#,
    ),
    (
        "social_account_provider_uid_unique",
        r#"INSERT INTO social_account (user_id, provider, uid) SELECT id, 'github', '1' FROM "user""#,
    ),
    (
        "session_token_hash_unique",
        r#"INSERT INTO session (token_hash, user_id, expires_at) SELECT 'x', id, now() FROM "user""#,
    ),
    (
        "login_link_token_hash_unique",
        r#"INSERT INTO login_link (token_hash, user_id, expires_at) SELECT 'x', id, now() FROM "user""#,
    ),
    (
        "org_name_unique",
        r#"INSERT INTO org (name, slug) VALUES ('Acme', 'new')"#,
    ),
    (
        "org_name_not_blank",
        r#"INSERT INTO org (name, slug) VALUES ('', 'new')"#,
    ),
    (
        "org_slug_unique",
        r#"INSERT INTO org (name, slug) VALUES ('New', 'acme')"#,
    ),
    ("org_slug_form", r#"INSERT INTO org (name, slug) VALUES ('New', 'a b')"#),
    ("org_slug_form", r#"INSERT INTO org (name, slug) VALUES ('New', '')"#),
    (
        "org_both_output_checking_set",
        r#"INSERT INTO org (name, slug, output_checking_repo) VALUES ('New', 'new', 'r')"#,
    ),
    (
        "org_both_output_checking_set",
        r#"INSERT INTO org (name, slug, output_checking_github_org) VALUES ('New', 'new', 'o')"#,
    ),
    (
        "org_membership_org_user_unique",
        r#"INSERT INTO org_membership (org_id, user_id) SELECT org_id, user_id FROM org_membership"#,
    ),
    (
        "project_name_unique",
        r#"INSERT INTO project (name, slug, created_at, created_by_id, updated_at, updated_by_id) VALUES ('Project', 'new', now(), (SELECT min(id) FROM "user"), now(), (SELECT min(id) FROM "user"))"#,
    ),
    (
        "project_name_not_blank",
        r#"INSERT INTO project (name, slug, created_at, created_by_id, updated_at, updated_by_id) VALUES ('', 'new', now(), (SELECT min(id) FROM "user"), now(), (SELECT min(id) FROM "user"))"#,
    ),
    (
        "project_slug_unique",
        r#"INSERT INTO project (name, slug, created_at, created_by_id, updated_at, updated_by_id) VALUES ('New', 'project', now(), (SELECT min(id) FROM "user"), now(), (SELECT min(id) FROM "user"))"#,
    ),
    (
        "project_slug_not_blank",
        r#"INSERT INTO project (name, slug, created_at, created_by_id, updated_at, updated_by_id) VALUES ('New', '', now(), (SELECT min(id) FROM "user"), now(), (SELECT min(id) FROM "user"))"#,
    ),
    (
        "project_slug_form",
        r#"INSERT INTO project (name, slug, created_at, created_by_id, updated_at, updated_by_id) VALUES ('New', 'a b', now(), (SELECT min(id) FROM "user"), now(), (SELECT min(id) FROM "user"))"#,
    ),
    (
        "project_number_form",
        r#"INSERT INTO project (name, slug, created_at, created_by_id, updated_at, updated_by_id, number) VALUES ('New', 'new', now(), (SELECT min(id) FROM "user"), now(), (SELECT min(id) FROM "user"), '')"#,
    ),
    (
        "project_number_form",
        r#"INSERT INTO project (name, slug, created_at, created_by_id, updated_at, updated_by_id, number) VALUES ('New', 'new', now(), (SELECT min(id) FROM "user"), now(), (SELECT min(id) FROM "user"), '0')"#,
    ),
    (
        "project_number_form",
        r#"INSERT INTO project (name, slug, created_at, created_by_id, updated_at, updated_by_id, number) VALUES ('New', 'new', now(), (SELECT min(id) FROM "user"), now(), (SELECT min(id) FROM "user"), '01')"#,
    ),
    (
        "project_number_form",
        r#"INSERT INTO project (name, slug, created_at, created_by_id, updated_at, updated_by_id, number) VALUES ('New', 'new', now(), (SELECT min(id) FROM "user"), now(), (SELECT min(id) FROM "user"), 'POS-2024-0001')"#,
    ),
    (
        "project_number_form",
        r#"INSERT INTO project (name, slug, created_at, created_by_id, updated_at, updated_by_id, number) VALUES ('New', 'new', now(), (SELECT min(id) FROM "user"), now(), (SELECT min(id) FROM "user"), 'POS-1999-1000')"#,
    ),
    (
        "project_number_form",
        r#"INSERT INTO project (name, slug, created_at, created_by_id, updated_at, updated_by_id, number) VALUES ('New', 'new', now(), (SELECT min(id) FROM "user"), now(), (SELECT min(id) FROM "user"), 'x')"#,
    ),
    ("project_number_unique", r#"UPDATE project SET number = '7'"#),
    ("project_category_known", r#"UPDATE project SET category = 'other'"#),
    ("project_status_known", r#"UPDATE project SET status = 'other'"#),
    (
        "project_both_created_at_and_created_by_set",
        r#"INSERT INTO project (name, slug, created_at, created_by_id, updated_at, updated_by_id) VALUES ('New', 'new', NULL, (SELECT min(id) FROM "user"), now(), (SELECT min(id) FROM "user"))"#,
    ),
    (
        "project_both_created_at_and_created_by_set",
        r#"INSERT INTO project (name, slug, created_at, created_by_id, updated_at, updated_by_id) VALUES ('New', 'new', now(), NULL, now(), (SELECT min(id) FROM "user"))"#,
    ),
    (
        "project_both_created_at_and_created_by_set",
        r#"INSERT INTO project (name, slug, created_at, created_by_id, updated_at, updated_by_id) VALUES ('New', 'new', NULL, NULL, now(), (SELECT min(id) FROM "user"))"#,
    ),
    (
        "project_both_updated_at_and_updated_by_set",
        r#"INSERT INTO project (name, slug, created_at, created_by_id, updated_at, updated_by_id) VALUES ('New', 'new', now(), (SELECT min(id) FROM "user"), NULL, (SELECT min(id) FROM "user"))"#,
    ),
    (
        "project_both_updated_at_and_updated_by_set",
        r#"INSERT INTO project (name, slug, created_at, created_by_id, updated_at, updated_by_id) VALUES ('New', 'new', now(), (SELECT min(id) FROM "user"), now(), NULL)"#,
    ),
    (
        "project_both_updated_at_and_updated_by_set",
        r#"INSERT INTO project (name, slug, created_at, created_by_id, updated_at, updated_by_id) VALUES ('New', 'new', now(), (SELECT min(id) FROM "user"), NULL, NULL)"#,
    ),
    (
        "project_collaboration_org_project_unique",
        r#"INSERT INTO project_collaboration (org_id, project_id, created_by_id, updated_by_id) SELECT org_id, project_id, created_by_id, updated_by_id FROM project_collaboration LIMIT 1"#,
    ),
    (
        "project_collaboration_one_lead",
        r#"INSERT INTO project_collaboration (org_id, project_id, is_lead, created_by_id, updated_by_id) SELECT (SELECT id FROM org WHERE slug = 'second'), project_id, true, created_by_id, updated_by_id FROM project_collaboration LIMIT 1"#,
    ),
    (
        "project_membership_project_user_unique",
        r#"INSERT INTO project_membership (project_id, user_id) SELECT project_id, user_id FROM project_membership"#,
    ),
    (
        "data_permission_kind_form",
        r#"INSERT INTO data_permission (project_id, kind, reason, created_by_id) VALUES ((SELECT min(id) FROM project), '', 'why', (SELECT min(id) FROM "user"))"#,
    ),
    (
        "data_permission_kind_form",
        r#"INSERT INTO data_permission (project_id, kind, reason, created_by_id) VALUES ((SELECT min(id) FROM project), 'A b', 'why', (SELECT min(id) FROM "user"))"#,
    ),
    (
        "data_permission_reason_not_blank",
        r#"INSERT INTO data_permission (project_id, kind, reason, created_by_id) VALUES ((SELECT min(id) FROM project), 't1oo', '', (SELECT min(id) FROM "user"))"#,
    ),
    (
        "data_permission_both_ended_at_and_ended_by_set",
        r#"INSERT INTO data_permission (project_id, kind, reason, created_by_id, ended_at) VALUES ((SELECT min(id) FROM project), 't1oo', 'why', (SELECT min(id) FROM "user"), now())"#,
    ),
    (
        "data_permission_both_ended_at_and_ended_by_set",
        r#"INSERT INTO data_permission (project_id, kind, reason, created_by_id, ended_by_id) VALUES ((SELECT min(id) FROM project), 't1oo', 'why', (SELECT min(id) FROM "user"), (SELECT min(id) FROM "user"))"#,
    ),
    (
        "data_permission_active_unique",
        r#"INSERT INTO data_permission (project_id, kind, reason, created_by_id) SELECT p.id, 't1oo', 'why', p.created_by_id FROM project p, generate_series(1, 2) WHERE p.slug = 'project'"#,
    ),
    (
        "backend_slug_unique",
        r#"INSERT INTO backend (slug, name, token_hash, token_sealed) VALUES ('tpp', 'New', 'new', 's')"#,
    ),
    (
        "backend_slug_form",
        r#"INSERT INTO backend (slug, name, token_hash, token_sealed) VALUES ('', 'New', 'new', 's')"#,
    ),
    (
        "backend_slug_form",
        r#"INSERT INTO backend (slug, name, token_hash, token_sealed) VALUES ('a b', 'New', 'new', 's')"#,
    ),
    (
        "backend_name_not_blank",
        r#"INSERT INTO backend (slug, name, token_hash, token_sealed) VALUES ('new', '', 'new', 's')"#,
    ),
    (
        "backend_token_hash_unique",
        r#"INSERT INTO backend (slug, name, token_hash, token_sealed) VALUES ('new', 'New', (SELECT token_hash FROM backend WHERE slug = 'tpp'), 's')"#,
    ),
    (
        "backend_old_token_hash_unique",
        r#"UPDATE backend SET old_token_hash = 'x', old_token_sealed = 'x', old_token_expires_at = now()"#,
    ),
    (
        "backend_transport_known",
        r#"INSERT INTO backend (slug, name, token_hash, token_sealed, transport) VALUES ('new', 'New', 'new', 's', 'other')"#,
    ),
    (
        "backend_old_token_all_or_none",
        r#"INSERT INTO backend (slug, name, token_hash, token_sealed, old_token_sealed, old_token_expires_at) VALUES ('new', 'New', 'new', 's', 's', now())"#,
    ),
    (
        "backend_old_token_all_or_none",
        r#"INSERT INTO backend (slug, name, token_hash, token_sealed, old_token_hash) VALUES ('new', 'New', 'new', 's', 'h')"#,
    ),
    (
        "backend_old_token_all_or_none",
        r#"INSERT INTO backend (slug, name, token_hash, token_sealed, old_token_hash, old_token_expires_at) VALUES ('new', 'New', 'new', 's', 'h', now())"#,
    ),
    (
        "backend_old_token_all_or_none",
        r#"INSERT INTO backend (slug, name, token_hash, token_sealed, old_token_sealed) VALUES ('new', 'New', 'new', 's', 's')"#,
    ),
    (
        "backend_old_token_all_or_none",
        r#"INSERT INTO backend (slug, name, token_hash, token_sealed, old_token_hash, old_token_sealed) VALUES ('new', 'New', 'new', 's', 'h', 's')"#,
    ),
    (
        "backend_old_token_all_or_none",
        r#"INSERT INTO backend (slug, name, token_hash, token_sealed, old_token_expires_at) VALUES ('new', 'New', 'new', 's', now())"#,
    ),
    (
        "backend_membership_backend_user_unique",
        r#"INSERT INTO backend_membership (backend_id, user_id) SELECT backend_id, user_id FROM backend_membership"#,
    ),
    (
        "stats_backend_url_unique",
        r#"INSERT INTO stats (backend_id, url) SELECT b.id, '/x/' FROM backend b, generate_series(1, 2) WHERE b.slug = 'tpp'"#,
    ),
    (
        "repo_url_unique",
        r#"INSERT INTO repo (url) VALUES ('https://github.com/opensafely/ws')"#,
    ),
    ("repo_url_not_blank", r#"INSERT INTO repo (url) VALUES ('')"#),
    (
        "repo_both_internal_signed_off_at_and_by_set",
        r#"INSERT INTO repo (url, internal_signed_off_at) VALUES ('u', now())"#,
    ),
    (
        "repo_both_internal_signed_off_at_and_by_set",
        r#"INSERT INTO repo (url, internal_signed_off_by_id) VALUES ('u', (SELECT min(id) FROM "user"))"#,
    ),
    (
        "repo_both_researcher_signed_off_at_and_by_set",
        r#"INSERT INTO repo (url, researcher_signed_off_at) VALUES ('u', now())"#,
    ),
    (
        "repo_both_researcher_signed_off_at_and_by_set",
        r#"INSERT INTO repo (url, researcher_signed_off_by_id) VALUES ('u', (SELECT min(id) FROM "user"))"#,
    ),
    (
        "workspace_name_unique",
        r#"INSERT INTO workspace (name, project_id, repo_id, branch, updated_by_id, created_at, created_by_id) VALUES ('ws', (SELECT min(id) FROM project), (SELECT min(id) FROM repo), 'main', (SELECT min(id) FROM "user"), now(), (SELECT min(id) FROM "user"))"#,
    ),
    (
        "workspace_name_form",
        r#"INSERT INTO workspace (name, project_id, repo_id, branch, updated_by_id, created_at, created_by_id) VALUES ('', (SELECT min(id) FROM project), (SELECT min(id) FROM repo), 'main', (SELECT min(id) FROM "user"), now(), (SELECT min(id) FROM "user"))"#,
    ),
    (
        "workspace_name_form",
        r#"INSERT INTO workspace (name, project_id, repo_id, branch, updated_by_id, created_at, created_by_id) VALUES ('a b', (SELECT min(id) FROM project), (SELECT min(id) FROM repo), 'main', (SELECT min(id) FROM "user"), now(), (SELECT min(id) FROM "user"))"#,
    ),
    (
        "workspace_both_signed_off_at_and_signed_off_by_set",
        r#"INSERT INTO workspace (name, project_id, repo_id, branch, updated_by_id, created_at, created_by_id, signed_off_at) VALUES ('new', (SELECT min(id) FROM project), (SELECT min(id) FROM repo), 'main', (SELECT min(id) FROM "user"), now(), (SELECT min(id) FROM "user"), now())"#,
    ),
    (
        "workspace_both_signed_off_at_and_signed_off_by_set",
        r#"INSERT INTO workspace (name, project_id, repo_id, branch, updated_by_id, created_at, created_by_id, signed_off_by_id) VALUES ('new', (SELECT min(id) FROM project), (SELECT min(id) FROM repo), 'main', (SELECT min(id) FROM "user"), now(), (SELECT min(id) FROM "user"), (SELECT min(id) FROM "user"))"#,
    ),
    (
        "workspace_both_created_at_and_created_by_set",
        r#"INSERT INTO workspace (name, project_id, repo_id, branch, updated_by_id, created_at, created_by_id) VALUES ('new', (SELECT min(id) FROM project), (SELECT min(id) FROM repo), 'main', (SELECT min(id) FROM "user"), NULL, (SELECT min(id) FROM "user"))"#,
    ),
    (
        "workspace_both_created_at_and_created_by_set",
        r#"INSERT INTO workspace (name, project_id, repo_id, branch, updated_by_id, created_at, created_by_id) VALUES ('new', (SELECT min(id) FROM project), (SELECT min(id) FROM repo), 'main', (SELECT min(id) FROM "user"), now(), NULL)"#,
    ),
    (
        "job_request_identifier_unique",
        r#"INSERT INTO job_request (identifier, backend_id, workspace_id, requested_actions, created_at, created_by_id) VALUES ((SELECT min(identifier) FROM job_request), (SELECT min(id) FROM backend), (SELECT min(id) FROM workspace), '{a}', now(), (SELECT min(id) FROM "user"))"#,
    ),
    (
        "job_request_identifier_not_blank",
        r#"INSERT INTO job_request (identifier, backend_id, workspace_id, requested_actions, created_at, created_by_id) VALUES ('', (SELECT min(id) FROM backend), (SELECT min(id) FROM workspace), '{a}', now(), (SELECT min(id) FROM "user"))"#,
    ),
    (
        "job_request_status_known",
        r#"INSERT INTO job_request (identifier, backend_id, workspace_id, requested_actions, created_at, created_by_id, status) VALUES ('new', (SELECT min(id) FROM backend), (SELECT min(id) FROM workspace), '{a}', now(), (SELECT min(id) FROM "user"), 'other')"#,
    ),
    (
        "job_request_status_known",
        r#"INSERT INTO job_request (identifier, backend_id, workspace_id, requested_actions, created_at, created_by_id, status) VALUES ('new', (SELECT min(id) FROM backend), (SELECT min(id) FROM workspace), '{a}', now(), (SELECT min(id) FROM "user"), 'Failed')"#,
    ),
    (
        "job_request_status_known",
        r#"INSERT INTO job_request (identifier, backend_id, workspace_id, requested_actions, created_at, created_by_id, status) VALUES ('new', (SELECT min(id) FROM backend), (SELECT min(id) FROM workspace), '{a}', now(), (SELECT min(id) FROM "user"), '')"#,
    ),
    (
        "job_request_transport_known",
        r#"INSERT INTO job_request (identifier, backend_id, workspace_id, requested_actions, created_at, created_by_id, transport) VALUES ('new', (SELECT min(id) FROM backend), (SELECT min(id) FROM workspace), '{a}', now(), (SELECT min(id) FROM "user"), 'other')"#,
    ),
    (
        "job_request_both_created_at_and_created_by_set",
        r#"INSERT INTO job_request (identifier, backend_id, workspace_id, requested_actions, created_at, created_by_id) VALUES ('new', (SELECT min(id) FROM backend), (SELECT min(id) FROM workspace), '{a}', NULL, (SELECT min(id) FROM "user"))"#,
    ),
    (
        "job_request_both_created_at_and_created_by_set",
        r#"INSERT INTO job_request (identifier, backend_id, workspace_id, requested_actions, created_at, created_by_id) VALUES ('new', (SELECT min(id) FROM backend), (SELECT min(id) FROM workspace), '{a}', now(), NULL)"#,
    ),
    (
        "job_request_form_key_unique",
        r#"UPDATE job_request SET form_key = 'same'"#,
    ),
    (
        "job_identifier_unique",
        r#"INSERT INTO job (job_request_id, identifier) VALUES ((SELECT min(id) FROM job_request), 'job1')"#,
    ),
    (
        "job_identifier_not_blank",
        r#"INSERT INTO job (job_request_id, identifier) VALUES ((SELECT min(id) FROM job_request), '')"#,
    ),
    (
        "job_request_tally_one_row",
        r#"INSERT INTO job_request_tally (only_row, total) VALUES (false, 1)"#,
    ),
    ("auditable_event_append_only", r#"UPDATE auditable_event SET old = 'x'"#),
    ("auditable_event_append_only", r#"DELETE FROM auditable_event"#),
    ("auditable_event_append_only", r#"TRUNCATE auditable_event"#),
];

/// Statements that keep every rule: of each pair both or neither, of each list every value.
pub const ACCEPTED: &[&str] = &[
    r#"INSERT INTO "user" (username, fullname, pat_token, pat_expires_at) VALUES ('new', 'New', 't', now())"#,
    r#"INSERT INTO "user" (username, fullname, email) VALUES ('new', 'New', NULL)"#,
    r#"INSERT INTO "user" (username, fullname, login_token, login_token_expires_at) VALUES ('new', 'New', 't', now())"#,
    r#"INSERT INTO org (name, slug) VALUES ('New', 'new')"#,
    r#"INSERT INTO org (name, slug, output_checking_repo, output_checking_github_org) VALUES ('New', 'new', 'r', 'o')"#,
    r#"INSERT INTO project (name, slug, created_at, created_by_id, updated_at, updated_by_id, number) VALUES ('New', 'new', now(), (SELECT min(id) FROM "user"), now(), (SELECT min(id) FROM "user"), '12')"#,
    r#"INSERT INTO project (name, slug, created_at, created_by_id, updated_at, updated_by_id, number) VALUES ('New', 'new', now(), (SELECT min(id) FROM "user"), now(), (SELECT min(id) FROM "user"), 'POS-2024-2001')"#,
    r#"INSERT INTO project (name, slug, created_at, created_by_id, updated_at, updated_by_id, number) VALUES ('New', 'new', now(), (SELECT min(id) FROM "user"), now(), (SELECT min(id) FROM "user"), NULL)"#,
    r#"INSERT INTO project (name, slug, created_at, created_by_id, updated_at, updated_by_id) VALUES ('New', 'new', now(), (SELECT min(id) FROM "user"), now(), (SELECT min(id) FROM "user"))"#,
    r#"UPDATE project SET category = 'internal'"#,
    r#"UPDATE project SET category = 'legacy'"#,
    r#"UPDATE project SET category = 'legacy_approved'"#,
    r#"UPDATE project SET category = 'approved'"#,
    r#"UPDATE project SET category = 'unknown'"#,
    r#"UPDATE project SET status = 'ongoing'"#,
    r#"UPDATE project SET status = 'postponed'"#,
    r#"UPDATE project SET status = 'retired'"#,
    r#"UPDATE project SET status = 'ongoing-and-linked'"#,
    r#"UPDATE project SET status = 'completed-and-linked'"#,
    r#"UPDATE project SET status = 'completed-and-awaiting'"#,
    r#"INSERT INTO project_collaboration (org_id, project_id, is_lead, created_by_id, updated_by_id) SELECT (SELECT id FROM org WHERE slug = 'second'), project_id, false, created_by_id, updated_by_id FROM project_collaboration LIMIT 1"#,
    r#"INSERT INTO data_permission (project_id, kind, reason, created_by_id) VALUES ((SELECT min(id) FROM project), 't1oo', 'why', (SELECT min(id) FROM "user"))"#,
    r#"INSERT INTO data_permission (project_id, kind, reason, created_by_id, ended_at, ended_by_id) VALUES ((SELECT min(id) FROM project), 't1oo', 'why', (SELECT min(id) FROM "user"), now(), (SELECT min(id) FROM "user"))"#,
    r#"INSERT INTO data_permission (project_id, kind, reason, created_by_id, ended_at, ended_by_id) SELECT p.id, 't1oo', 'why', p.created_by_id, now(), p.created_by_id FROM project p, generate_series(1, 2) WHERE p.slug = 'project'"#,
    r#"INSERT INTO backend (slug, name, token_hash, token_sealed) VALUES ('new', 'New', 'new', 's')"#,
    r#"INSERT INTO backend (slug, name, token_hash, token_sealed, transport) VALUES ('new', 'New', 'new', 's', 'rap')"#,
    r#"INSERT INTO backend (slug, name, token_hash, token_sealed, old_token_hash, old_token_sealed, old_token_expires_at) VALUES ('new', 'New', 'new', 's', 'h', 's', now())"#,
    r#"INSERT INTO repo (url, internal_signed_off_at, internal_signed_off_by_id) VALUES ('u', now(), (SELECT min(id) FROM "user"))"#,
    r#"INSERT INTO repo (url, researcher_signed_off_at, researcher_signed_off_by_id) VALUES ('u', now(), (SELECT min(id) FROM "user"))"#,
    r#"INSERT INTO repo (url) VALUES ('u')"#,
    r#"INSERT INTO workspace (name, project_id, repo_id, branch, updated_by_id, created_at, created_by_id) VALUES ('new', (SELECT min(id) FROM project), (SELECT min(id) FROM repo), 'main', (SELECT min(id) FROM "user"), now(), (SELECT min(id) FROM "user"))"#,
    r#"INSERT INTO workspace (name, project_id, repo_id, branch, updated_by_id, created_at, created_by_id) VALUES ('new', (SELECT min(id) FROM project), (SELECT min(id) FROM repo), 'main', (SELECT min(id) FROM "user"), NULL, NULL)"#,
    r#"INSERT INTO workspace (name, project_id, repo_id, branch, updated_by_id, created_at, created_by_id, signed_off_at, signed_off_by_id) VALUES ('new', (SELECT min(id) FROM project), (SELECT min(id) FROM repo), 'main', (SELECT min(id) FROM "user"), now(), (SELECT min(id) FROM "user"), now(), (SELECT min(id) FROM "user"))"#,
    r#"INSERT INTO job_request (identifier, backend_id, workspace_id, requested_actions, created_at, created_by_id, status) VALUES ('new', (SELECT min(id) FROM backend), (SELECT min(id) FROM workspace), '{a}', now(), (SELECT min(id) FROM "user"), 'pending')"#,
    r#"INSERT INTO job_request (identifier, backend_id, workspace_id, requested_actions, created_at, created_by_id, status) VALUES ('new', (SELECT min(id) FROM backend), (SELECT min(id) FROM workspace), '{a}', now(), (SELECT min(id) FROM "user"), 'running')"#,
    r#"INSERT INTO job_request (identifier, backend_id, workspace_id, requested_actions, created_at, created_by_id, status) VALUES ('new', (SELECT min(id) FROM backend), (SELECT min(id) FROM workspace), '{a}', now(), (SELECT min(id) FROM "user"), 'failed')"#,
    r#"INSERT INTO job_request (identifier, backend_id, workspace_id, requested_actions, created_at, created_by_id, status) VALUES ('new', (SELECT min(id) FROM backend), (SELECT min(id) FROM workspace), '{a}', now(), (SELECT min(id) FROM "user"), 'succeeded')"#,
    r#"INSERT INTO job_request (identifier, backend_id, workspace_id, requested_actions, created_at, created_by_id, status) VALUES ('new', (SELECT min(id) FROM backend), (SELECT min(id) FROM workspace), '{a}', now(), (SELECT min(id) FROM "user"), 'nothing_to_do')"#,
    r#"INSERT INTO job_request (identifier, backend_id, workspace_id, requested_actions, created_at, created_by_id, status) VALUES ('new', (SELECT min(id) FROM backend), (SELECT min(id) FROM workspace), '{a}', now(), (SELECT min(id) FROM "user"), 'unknown')"#,
    r#"INSERT INTO job_request (identifier, backend_id, workspace_id, requested_actions, created_at, created_by_id, status) VALUES ('new', (SELECT min(id) FROM backend), (SELECT min(id) FROM workspace), '{a}', now(), (SELECT min(id) FROM "user"), 'unknown_error_creating_jobs')"#,
    r#"INSERT INTO job_request (identifier, backend_id, workspace_id, requested_actions, created_at, created_by_id) VALUES ('new', (SELECT min(id) FROM backend), (SELECT min(id) FROM workspace), '{a}', NULL, NULL)"#,
    r#"INSERT INTO job_request (identifier, backend_id, workspace_id, requested_actions, created_at, created_by_id) VALUES ('new', (SELECT min(id) FROM backend), (SELECT min(id) FROM workspace), '{a}', now(), (SELECT min(id) FROM "user"))"#,
    r#"INSERT INTO job (job_request_id, identifier) VALUES ((SELECT min(id) FROM job_request), 'new')"#,
    r#"INSERT INTO auditable_event (type) VALUES ('x')"#,
];
