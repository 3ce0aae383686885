-- The data that scripts/bench measures on, made whole by a few statements on migrated, empty tables:
-- 25,000 job requests of two years with 6 jobs each, 1,500 workspaces, 300 projects of 20
-- organisations, 500 people, 2 backends. The newest 300 requests are active, 240 of them on "north".
-- Nothing is drawn at random: the same rows every time, but for dates, which end now.
\set ON_ERROR_STOP on
BEGIN;

CREATE TEMPORARY TABLE size ON COMMIT DROP AS
    SELECT 25000 AS requests, 300 AS active, 6 AS jobs, 1500 AS workspaces, 300 AS projects, 20 AS orgs,
           500 AS people, 400 AS repos;

INSERT INTO "user" (username, fullname, email, date_joined, last_login, roles)
SELECT 'user' || lpad(i::text, 4, '0'),
       (ARRAY['Ada', 'Ben', 'Chidi', 'Dana', 'Eve', 'Farid', 'Grace', 'Hana'])[i % 8 + 1] || ' Researcher ' || i,
       'user' || lpad(i::text, 4, '0') || '@example.org',
       now() - interval '3 years' + i * interval '1 day', now() - i * interval '1 hour',
       CASE WHEN i <= 3 THEN '{ServiceAdministrator}'::text[] ELSE '{}' END
  FROM generate_series(1, (SELECT people FROM size)) AS i;

INSERT INTO org (name, slug, created_by_id)
SELECT 'Institute ' || chr(64 + i), 'institute-' || i, 1 FROM generate_series(1, (SELECT orgs FROM size)) AS i;

INSERT INTO org_membership (org_id, user_id, created_by_id)
SELECT i % (SELECT orgs FROM size) + 1, i, 1 FROM generate_series(1, (SELECT people FROM size)) AS i;

INSERT INTO project (name, slug, number, status, category, created_at, created_by_id, updated_at, updated_by_id)
SELECT 'The effect of treatment ' || i || ' on outcomes in primary care', 'treatment-' || i, i::text,
       CASE WHEN i % 9 = 0 THEN 'retired' ELSE 'ongoing' END, 'approved',
       now() - interval '3 years' + i * interval '2 days', 1, now() - i * interval '1 day', 1
  FROM generate_series(1, (SELECT projects FROM size)) AS i;

INSERT INTO project_collaboration (org_id, project_id, is_lead, created_by_id, updated_by_id)
SELECT i % (SELECT orgs FROM size) + 1, i, true, 1, 1 FROM generate_series(1, (SELECT projects FROM size)) AS i
UNION ALL
SELECT (i + 7) % (SELECT orgs FROM size) + 1, i, false, 1, 1
  FROM generate_series(1, (SELECT projects FROM size)) AS i WHERE i % 3 = 0;

-- Everybody works on three projects.
INSERT INTO project_membership (project_id, user_id, created_by_id, roles)
SELECT (i * 7 + n * 101) % (SELECT projects FROM size) + 1, i, 1, '{ProjectDeveloper}'
  FROM generate_series(1, (SELECT people FROM size)) AS i, generate_series(0, 2) AS n
ON CONFLICT DO NOTHING;

-- Their tokens are written in benches/load/paths.rs; nothing ever opens the sealed copies.
INSERT INTO backend (slug, name, is_active, token_hash, token_sealed, level_4_url, last_seen_at)
VALUES ('north', 'North', true, sha256('0000000000000000000000000000000000000000'), '\x00', 'https://north.example.org', now()),
       ('south', 'South', true, sha256('1111111111111111111111111111111111111111'), '\x00', 'https://south.example.org', now());
INSERT INTO backend_membership (backend_id, user_id, created_by_id)
SELECT b, i, 1 FROM generate_series(1, 2) AS b, generate_series(1, (SELECT people FROM size)) AS i;
INSERT INTO stats (backend_id, url, api_last_seen)
SELECT b, url, now() FROM generate_series(1, 2) AS b,
       unnest(ARRAY['/api/v2/job-requests/', '/api/v2/jobs/']) AS url;

INSERT INTO repo (url)
SELECT 'https://github.com/opensafely/study-' || i FROM generate_series(1, (SELECT repos FROM size)) AS i;

INSERT INTO workspace (name, project_id, repo_id, branch, purpose, is_archived, created_at, created_by_id,
                       updated_at, updated_by_id)
SELECT 'treatment-' || i % (SELECT projects FROM size) + 1 || '-analysis-' || i, i % (SELECT projects FROM size) + 1,
       i % (SELECT repos FROM size) + 1, 'main', 'Analysis ' || i || ', for the main paper', i % 11 = 0,
       now() - interval '26 months' + i * interval '5 hours', i % (SELECT people FROM size) + 1,
       now() - i * interval '1 hour', i % (SELECT people FROM size) + 1
  FROM generate_series(1, (SELECT workspaces FROM size)) AS i;

-- What a request is for is a study of six actions; its definition has some 3,000 characters.
CREATE TEMPORARY TABLE study ON COMMIT DROP AS
    SELECT n, (ARRAY['generate_dataset', 'clean_dataset', 'describe_population', 'fit_models', 'make_figures',
                     'write_report'])[n] AS action
      FROM generate_series(1, 6) AS n;

INSERT INTO job_request (identifier, backend_id, workspace_id, created_at, created_by_id, requested_actions,
                         force_run_dependencies, sha, project_definition, will_notify, status, status_message)
SELECT left(md5('request ' || i), 16),
       CASE WHEN i > requests - active THEN CASE WHEN i % 5 = 0 THEN 2 ELSE 1 END
            ELSE CASE WHEN i % 10 < 7 THEN 1 ELSE 2 END END,
       i * 37 % workspaces + 1,
       now() - (requests - i) * (interval '2 years' / requests) - interval '1 minute',
       i * 13 % people + 1,
       CASE WHEN i % 4 = 0 THEN '{run_all}'::text[] ELSE (SELECT array_agg(action ORDER BY n) FROM study) END,
       i % 20 = 0,
       encode(sha256(('commit ' || i)::bytea), 'hex')::varchar(40),
       (SELECT E'version: "4.0"\n\nactions:\n' || string_agg(
                   E'  ' || action || E':\n    run: >\n      ' ||
                   'ehrql:v1 generate-dataset analysis/' || action || '.py --output output/' || action || '/' ||
                   left(md5(action || i % 997), 12) || E'.csv.gz\n        -- --start-date 2019-03-01 --end-date 2024-02-29' ||
                   ' --population registered_adults --exclude ' || left(md5('x' || action || i % 499), 10) ||
                   E'\n    needs: [' || (SELECT string_agg(before.action, ', ' ORDER BY before.n) FROM study before
                                          WHERE before.n < study.n OR before.n = 1) ||
                   E']\n    outputs:\n      highly_sensitive:\n        cohort: output/' || action || E'/*.csv.gz\n' ||
                   E'      moderately_sensitive:\n        tables: output/' || action || E'/tables/*.csv\n        figures: output/' ||
                   action || E'/figures/*.svg\n        log: output/' || action || '/log-' || left(md5(i::text), 8) || E'.txt\n',
                   E'\n' ORDER BY n)
          FROM study),
       i % 3 = 0,
       CASE WHEN i > requests - active THEN CASE WHEN i % 2 = 0 THEN 'pending' ELSE 'running' END
            WHEN i % 7 = 0 THEN 'failed' ELSE 'succeeded' END,
       CASE WHEN i <= requests - active AND i % 7 = 0 THEN 'Failed because a job failed' END
  FROM size, generate_series(1, requests) AS i;

-- Of an active request that runs, two actions are done, one runs, three wait. Of a failed one, the last
-- but one failed and the last could not start.
INSERT INTO job (job_request_id, identifier, action, run_command, status, status_code, status_message,
                 created_at, updated_at, started_at, completed_at, trace_context, metrics)
SELECT request, left(md5('job ' || request || ' ' || n), 16), action,
       'ehrql:v1 generate-dataset analysis/' || action || '.py --output output/' || action ||
       '/cohort.csv.gz -- --start-date 2019-03-01 --end-date 2024-02-29',
       status,
       CASE status WHEN 'pending' THEN 'waiting_on_workers' WHEN 'running' THEN 'executing'
                   WHEN 'failed' THEN CASE n WHEN 5 THEN 'nonzero_exit' ELSE 'dependency_failed' END
                   ELSE 'succeeded' END,
       CASE status WHEN 'pending' THEN 'Waiting on available workers' WHEN 'running' THEN 'Executing job on the backend'
                   WHEN 'failed' THEN CASE n WHEN 5 THEN 'Job exited with an error' ELSE 'Not starting as dependency failed' END
                   ELSE 'Completed successfully' END,
       asked, asked + n * interval '7 minutes',
       CASE WHEN status IN ('running', 'succeeded') OR (status = 'failed' AND n = 5) THEN asked + n * interval '3 minutes' END,
       CASE WHEN status IN ('failed', 'succeeded') THEN asked + n * interval '7 minutes' END,
       json_build_object('traceparent', '00-' || md5(request::text) || '-' || left(md5(request || ' ' || n), 16) || '-01'),
       CASE WHEN status <> 'pending' THEN
           json_build_object('cpu_cumsum', request % 9000 + n / 7.0, 'cpu_peak', request % 400, 'cpu_mean', request % 200 + 0.5,
                             'mem_mb_cumsum', request % 70000 + 0.25, 'mem_mb_peak', request % 8000, 'mem_mb_mean', request % 4000)
       END
  FROM (SELECT r.id AS request, r.created_at + interval '20 seconds' AS asked, n, action,
               CASE WHEN r.status IN ('pending', 'succeeded') THEN r.status
                    WHEN r.status = 'failed' THEN CASE WHEN n < 5 THEN 'succeeded' ELSE 'failed' END
                    ELSE CASE WHEN n < 3 THEN 'succeeded' WHEN n = 3 THEN 'running' ELSE 'pending' END END AS status
          FROM job_request r CROSS JOIN study ORDER BY r.id, n) AS made;

-- 5,000 releases with 100,000 files: 100 files in each of the first 100, which are of one workspace and make up its
-- 10,000 latest outputs; 18 or 19 in each of the others. Their contents are nowhere; scripts/bench uploads some itself.
INSERT INTO release (id, workspace_id, backend_id, requested_files, metadata, created_at, created_by_id)
SELECT 'R' || lpad(i::text, 6, '0'), CASE WHEN i <= 100 THEN 1 ELSE i % 1499 + 2 END, i % 2 + 1, '[]',
       '{"tool":"airlock"}', now() - (5001 - i) * interval '3 hours', i % (SELECT people FROM size) + 1
  FROM generate_series(1, 5000) AS i;
INSERT INTO release_file (id, release_id, workspace_id, backend_id, name, path, filehash, size, mtime, metadata,
                          created_at, created_by_id, uploaded_at, is_latest)
SELECT 'F' || f, 'R' || lpad(r::text, 6, '0'), CASE WHEN r <= 100 THEN 1 ELSE r % 1499 + 2 END, r % 2 + 1,
       CASE WHEN r <= 100 THEN 'output/table-' || f || '.csv' ELSE 'output/table-' || n || '.csv' END,
       left(md5(f::text), 2) || '/F' || f || '.csv', encode(sha256(f::text::bytea), 'hex'), 1000 + f, now(),
       ('{"tool":"airlock","airlock_id":"R' || lpad(r::text, 6, '0') || '"}')::json,
       now() - (5001 - r) * interval '3 hours', r % (SELECT people FROM size) + 1, now(), false
  FROM (SELECT r, n, row_number() OVER (ORDER BY r, n) - 1 AS f
          FROM generate_series(1, 5000) AS r,
               LATERAL generate_series(1, CASE WHEN r <= 100 THEN 100 WHEN r <= 1900 THEN 19 ELSE 18 END) AS n) AS made;
UPDATE release_file SET is_latest = true
  FROM (SELECT DISTINCT ON (workspace_id, backend_id, name) id
          FROM release_file ORDER BY workspace_id, backend_id, name, created_at DESC) AS newest
 WHERE release_file.id = newest.id;
-- A bot that reads, a checker who uploads for "north", and the checker's session: see benches/load/paths.rs and
-- scripts/bench.
UPDATE "user" SET roles = '{OutputChecker}' WHERE id = 4;
INSERT INTO personal_token (user_id, hash, created_by, expires_on)
SELECT 1, 'sha256$' || encode(sha256('2222222222222222222222222222222222222222'), 'hex'), 'bench', current_date + 3650;
INSERT INTO session (token_hash, user_id, expires_at)
SELECT sha256('bench-session-of-the-checker'), 4, now() + interval '10 years';

-- Somebody of the staff with every permission there, and their session.
UPDATE "user" SET roles = '{ServiceAdministrator,StaffAreaAdministrator,TechSupport}' WHERE id = 5;
INSERT INTO session (token_hash, user_id, expires_at)
SELECT sha256('bench-session-of-the-staff'), 5, now() + interval '10 years';

-- 100,000 events of two years.
INSERT INTO auditable_event (type, target_model, target_field, target_id, target_user, target_user_id, parent_model,
                             parent_id, old, new, created_by, created_by_id, created_at)
SELECT 'project_member_updated_roles', 'jobserver.ProjectMembership', 'roles', n::text, u.username, u.id,
       'jobserver.Project', (1 + n % 300)::text, '', 'ProjectDeveloper', b.username, b.id,
       now() - (100000 - n) * interval '10 minutes'
  FROM generate_series(1, 100000) n
  JOIN "user" u ON u.id = 1 + n % 500
  JOIN "user" b ON b.id = 1 + n % 7;

-- What the syncs of the eight connections change: 50 requests each that were over, all of "north".
CREATE SCHEMA bench;
CREATE TABLE bench.sync_set AS
    SELECT ((row_number() OVER (ORDER BY id DESC) - 1) / 50)::int AS connection, id AS job_request_id
      FROM (SELECT id FROM job_request WHERE backend_id = 1 AND status = 'succeeded' ORDER BY id DESC LIMIT 400) AS late;
CREATE TABLE bench.sync_before AS
    SELECT j.* FROM job j JOIN bench.sync_set s USING (job_request_id);
COMMIT;
