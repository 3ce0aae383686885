//! Reports of 300 jobs, made once per connection and changed in place for every request: each job's
//! status goes from pending to running or back, and its message and time of change are new each time.

use crate::client::find;
use crate::machine::Tools;
use crate::paths::TOKEN;

const JOBS: usize = 300;
const STATUSES: [&[u8; 7]; 2] = [b"pending", b"running"];

/// What a runner of our data sends, with round 0 wherever the round shows. `{set}` is the set of jobs,
/// `{from}` the connection that reports them.
const REPORT: &str = r##"
SELECT jsonb_agg(jsonb_build_object(
           'job_request_id', r.identifier, 'identifier', j.identifier, 'action', j.action,
           'run_command', j.run_command, 'status', 'pending', 'status_code', 'waiting_on_workers',
           'status_message', 'Report #0000000 from {from}',
           'created_at', to_char(j.created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
           'updated_at', to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS') || '.000000Z',
           'started_at', to_char(j.started_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
           'completed_at', NULL, 'trace_context', j.trace_context, 'metrics', j.metrics, 'requires_db', true)
       ORDER BY r.id, j.id)
  FROM bench.sync_set s JOIN job_request r ON r.id = s.job_request_id JOIN job j ON j.job_request_id = r.id
 WHERE s.connection = {set}"##;

pub struct Report {
    request: Vec<u8>,
    set: usize,
    from: usize,
    round: usize,
    statuses: Vec<usize>,
    rounds: Vec<usize>,
    microseconds: Vec<usize>,
}

impl Report {
    /// The report on the jobs of `set` by connection `from`.
    pub fn new(tools: &Tools, server: &str, set: usize, from: usize) -> Result<Self, String> {
        let sql = REPORT
            .replace("{set}", &set.to_string())
            .replace("{from}", &from.to_string());
        let body = tools.sql(&sql)?;
        let mut request = format!(
            "POST /api/v2/jobs/ HTTP/1.1\r\nHost: {server}\r\nAccept: */*\r\nAuthorization: {TOKEN}\r\n\
             Flags: {{\"mode\": {{\"v\": null, \"ts\": \"2026-11-24T10:00:00\"}}, \"paused\": {{\"v\": null}}}}\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n",
            body.len()
        )
        .into_bytes();
        request.extend_from_slice(body.as_bytes());
        let places = |before: &str, skip: usize| {
            let mut found = Vec::new();
            let mut from = 0;
            while let Some(at) = find(&request[from..], before.as_bytes()) {
                from += at + before.len();
                found.push(from + skip);
            }
            if found.len() == JOBS {
                Ok(found)
            } else {
                Err(format!("{} jobs in a report instead of {JOBS}", found.len()))
            }
        };
        Ok(Self {
            statuses: places(r#""status": ""#, 0)?,
            rounds: places("Report #", 0)?,
            microseconds: places(r#""updated_at": ""#, "2026-11-24T10:00:00.".len())?,
            request,
            set,
            from,
            round: 0,
        })
    }

    /// The next request: other than the one before in every job.
    pub fn next(&mut self) -> &[u8] {
        self.round += 1;
        let status = STATUSES[self.round % 2];
        let round = format!("{:07}", self.round);
        for &at in &self.statuses {
            self.request[at..at + 7].copy_from_slice(status);
        }
        for &at in &self.rounds {
            self.request[at..at + 7].copy_from_slice(round.as_bytes());
        }
        for &at in &self.microseconds {
            self.request[at..at + 6].copy_from_slice(&round.as_bytes()[1..]);
        }
        &self.request
    }

    /// How many jobs and requests of its set are stored as its last request said.
    pub fn stored(&self, tools: &Tools) -> Result<(usize, usize), String> {
        let status = String::from_utf8_lossy(STATUSES[self.round % 2]);
        let answer = tools.sql(&format!(
            "SELECT count(*) FILTER (WHERE j.status = '{status}' AND j.status_message = 'Report #{:07} from {}'
                                       AND extract(microseconds FROM j.updated_at)::int % 1000000 = {}),
                    count(DISTINCT r.id) FILTER (WHERE r.status = '{status}')
               FROM bench.sync_set s JOIN job_request r ON r.id = s.job_request_id JOIN job j ON j.job_request_id = r.id
              WHERE s.connection = {}",
            self.round,
            self.from,
            self.round % 1_000_000,
            self.set
        ))?;
        let (jobs, requests) = answer.split_once('|').ok_or("no two numbers")?;
        match (jobs.parse(), requests.parse()) {
            (Ok(jobs), Ok(requests)) => Ok((jobs, requests)),
            _ => Err(format!("{answer:?} are no two numbers")),
        }
    }
}

/// Fails unless the database holds what the last answered requests said: those of every connection, or,
/// when all report the same jobs, those of exactly one.
pub fn verify(tools: &Tools, reports: &[Report], shared: bool) -> Result<(), String> {
    let mut whole = 0;
    for report in reports {
        match report.stored(tools)? {
            (JOBS, 50) => whole += 1,
            (0, _) if shared => {}
            (jobs, requests) => {
                return Err(format!(
                    "connection {}: {jobs} of {JOBS} jobs and {requests} of 50 requests are stored as its report {} said",
                    report.from, report.round
                ));
            }
        }
    }
    let wanted = if shared { 1 } else { reports.len() };
    if whole == wanted {
        Ok(())
    } else {
        Err(format!("{whole} reports are stored whole instead of {wanted}"))
    }
}
