-- Takes back what syncs changed, and removes their dead rows, so that every measurement starts alike.
\set ON_ERROR_STOP on
UPDATE job j SET status = b.status, status_code = b.status_code, status_message = b.status_message,
                 created_at = b.created_at, updated_at = b.updated_at, started_at = b.started_at,
                 completed_at = b.completed_at, trace_context = b.trace_context, metrics = b.metrics
  FROM bench.sync_before b WHERE j.id = b.id AND (j.status, j.status_message) <> (b.status, b.status_message);
UPDATE job_request r SET status = 'succeeded', status_message = NULL
  FROM bench.sync_set s WHERE r.id = s.job_request_id AND r.status <> 'succeeded';
VACUUM (ANALYZE) job;
VACUUM (ANALYZE) job_request;
VACUUM (ANALYZE) stats;
