-- What the staff area's lists and dashboards read.

-- What was run and released in each workspace, summed up every ten minutes by the schedule sum_up_workspaces: a
-- dashboard of every project would else read every job and every file that there is.
CREATE TABLE workspace_tally (
    workspace_id integer CONSTRAINT workspace_tally_pk PRIMARY KEY
        CONSTRAINT workspace_tally_workspace_fk REFERENCES workspace (id) ON DELETE CASCADE,
    -- Of its jobs: when each started, or was made when it never did. NULL without any.
    first_run_at timestamptz,
    last_run_at timestamptz,
    -- Files that were ever released, those deleted since among them.
    files bigint NOT NULL,
    -- When this was so, and the newest job request that there was then.
    summed_up_at timestamptz NOT NULL,
    up_to integer NOT NULL,
    CONSTRAINT workspace_tally_both_first_and_last_set CHECK ((first_run_at IS NULL) = (last_run_at IS NULL)),
    CONSTRAINT workspace_tally_files_not_negative CHECK (files >= 0)
);

-- The files that were released since.
CREATE INDEX release_file_created_at_idx ON release_file (created_at) INCLUDE (workspace_id);

-- Every workspace's figures as they are now: what was summed up, and what is newer or still running.
CREATE VIEW workspace_figures AS
SELECT w.id AS workspace_id, w.project_id, w.repo_id,
       coalesce(q.requests, 0) AS requests,
       least(t.first_run_at, n.first_run_at) AS first_run_at,
       greatest(t.last_run_at, n.last_run_at) AS last_run_at,
       coalesce(t.files, 0) + coalesce(f.files, 0) AS files
  FROM workspace w
  LEFT JOIN workspace_tally t ON t.workspace_id = w.id
  LEFT JOIN (SELECT workspace_id, count(*) AS requests FROM job_request GROUP BY workspace_id) q
         ON q.workspace_id = w.id
  LEFT JOIN (SELECT workspace_id, count(*) AS files FROM release_file
              WHERE created_at > (SELECT coalesce(max(summed_up_at), '-infinity') FROM workspace_tally)
              GROUP BY workspace_id) f
         ON f.workspace_id = w.id
  LEFT JOIN (SELECT r.workspace_id, min(j.first_run_at) AS first_run_at, max(j.last_run_at) AS last_run_at
               FROM (SELECT id, workspace_id FROM job_request
                      WHERE id > (SELECT coalesce(max(up_to), 0) FROM workspace_tally)
                     UNION
                     SELECT id, workspace_id FROM job_request WHERE is_active) r
              CROSS JOIN LATERAL (SELECT min(coalesce(started_at, created_at)) AS first_run_at,
                                         max(coalesce(started_at, created_at)) AS last_run_at
                                    FROM job WHERE job_request_id = r.id) j
              GROUP BY r.workspace_id) n
         ON n.workspace_id = w.id;

-- Lists of repositories are in this order.
CREATE INDEX repo_lower_url_idx ON repo (lower(url), id);
