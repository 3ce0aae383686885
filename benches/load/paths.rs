//! What is measured: the paths, what their answers must look like, and what they have to reach.

use crate::client::{Answer, count, find};

/// The token of "north", the backend with 240 active job requests; see benches/data/make.sql.
pub const TOKEN: &str = "0000000000000000000000000000000000000000";

/// The session of somebody of the staff; see the same file.
const STAFF: &str = "sessionid=bench-session-of-the-staff";

/// The personal token of a bot; see the same file.
const BOT: &str = "user0001:2222222222222222222222222222222222222222";

/// Active requests of "north".
const ACTIVE: usize = 240;

pub enum Work {
    /// One GET; `must` are words of every right answer.
    Get {
        path: &'static str,
        /// The header `Authorization`, or a cookie, when it is sent.
        shown: Option<&'static str>,
        must: &'static [&'static str],
    },
    /// A POST of 300 jobs of which each changes; with `shared`, all connections report the same 300.
    Sync { shared: bool },
}

pub struct HotPath {
    /// Also the name of its file of statements.
    pub name: &'static str,
    pub work: Work,
    /// Requests per second of the reference on this data, where that was measured.
    pub reference: Option<f64>,
    /// How many times that is wanted, if anything is.
    pub wanted: Option<f64>,
    /// Whether at least half of the floor is wanted.
    pub half_of_floor: bool,
}

pub const ALL: &[HotPath] = &[
    get("health-check", "/health-check", &[], 133.0, 100.0),
    get("home", "/", &["</html>", "Event log"], 23.0, 60.0),
    get(
        "event-log",
        "/event-log/",
        &["</html>", "treatment-", "NORTH"],
        7.0,
        100.0,
    ),
    get("status", "/status/", &["</html>", "North", "South"], 3.4, 100.0),
    HotPath {
        name: "job-requests",
        work: Work::Get {
            path: "/api/v2/job-requests/",
            shown: Some(TOKEN),
            must: &["\"count\":240,", "\"codelists_ok\":true}]}"],
        },
        reference: Some(2.5),
        wanted: Some(100.0),
        half_of_floor: true,
    },
    HotPath {
        name: "sync",
        work: Work::Sync { shared: false },
        reference: Some(1.2),
        wanted: Some(100.0),
        half_of_floor: true,
    },
    HotPath {
        name: "sync-one-set",
        work: Work::Sync { shared: true },
        reference: Some(1.2),
        wanted: None,
        half_of_floor: false,
    },
    HotPath {
        name: "latest-outputs",
        work: Work::Get {
            path: "/api/v2/releases/workspace/treatment-2-analysis-1",
            shown: Some(BOT),
            must: &["output/table-9999.csv", "\"review\":null}]}"],
        },
        reference: None,
        wanted: None,
        half_of_floor: false,
    },
    HotPath {
        name: "releases",
        work: Work::Get {
            path: "/treatment-2/releases/",
            shown: None,
            must: &["</html>", "treatment-2-analysis-1"],
        },
        reference: None,
        wanted: None,
        half_of_floor: false,
    },
    staff("staff", "/staff/?q=analysis", None),
    staff("staff-users", "/staff/users/", Some(13.3)),
    staff("staff-users-search", "/staff/users/?q=0042", None),
    staff("staff-orgs", "/staff/orgs/", None),
    staff("staff-projects", "/staff/projects/", None),
    staff("staff-project", "/staff/projects/treatment-2/", Some(14.9)),
    staff("staff-workspaces", "/staff/workspaces/?q=analysis-3", None),
    staff("staff-job-requests", "/staff/job-requests/", None),
    staff("staff-job-requests-search", "/staff/job-requests/?q=12345", Some(3.5)),
    staff("staff-repos", "/staff/repos/", None),
    staff("staff-copiloting", "/staff/dashboards/copiloting/", None),
    staff("staff-dashboard-projects", "/staff/dashboards/project/", None),
    staff("staff-events", "/staff/events/", None),
    staff("staff-project-log", "/staff/projects/treatment-2/audit-log/", None),
];

/// A page of the staff area; ten times the reference is wanted where that was measured (one request at a time).
const fn staff(name: &'static str, path: &'static str, reference: Option<f64>) -> HotPath {
    HotPath {
        name,
        work: Work::Get {
            path,
            shown: Some(STAFF),
            must: &["</html>", "Staff area"],
        },
        reference,
        wanted: match reference {
            Some(_) => Some(10.0),
            None => None,
        },
        half_of_floor: false,
    }
}

const fn get(
    name: &'static str,
    path: &'static str,
    must: &'static [&'static str],
    reference: f64,
    wanted: f64,
) -> HotPath {
    HotPath {
        name,
        work: Work::Get {
            path,
            shown: None,
            must,
        },
        reference: Some(reference),
        wanted: Some(wanted),
        half_of_floor: false,
    }
}

impl HotPath {
    /// The bytes of its GET; nothing for a sync, whose every request is another.
    pub fn get_request(&self, server: &str) -> Option<Vec<u8>> {
        let Work::Get { path, shown, .. } = self.work else {
            return None;
        };
        let authorization = shown.map_or(String::new(), |shown| {
            let header = if shown.starts_with("sessionid=") {
                "Cookie"
            } else {
                "Authorization"
            };
            format!("{header}: {shown}\r\n")
        });
        Some(format!("GET {path} HTTP/1.1\r\nHost: {server}\r\nAccept: */*\r\n{authorization}\r\n").into_bytes())
    }

    /// Looks closely at one answer.
    pub fn check(&self, answer: &Answer<'_>) -> Result<(), String> {
        let fault = |what: String| {
            let start = &answer.body[..answer.body.len().min(300)];
            Err(format!(
                "{}: {what}; it begins {:?}",
                self.name,
                String::from_utf8_lossy(start)
            ))
        };
        if answer.status != 200 {
            return fault(format!("answered {}", answer.status));
        }
        match self.work {
            Work::Sync { .. } if answer.body != br#"{"status":"success"}"# => fault("is no success".to_owned()),
            Work::Sync { .. } => Ok(()),
            Work::Get { shown, must, .. } => {
                if let Some(missing) = must.iter().find(|word| find(answer.body, word.as_bytes()).is_none()) {
                    return fault(format!("{missing:?} is not in the answer"));
                }
                let requests = count(answer.body, b"\"identifier\":");
                if shown == Some(TOKEN) && requests != ACTIVE {
                    return fault(format!("{requests} requests instead of {ACTIVE}"));
                }
                Ok(())
            }
        }
    }

    /// Whether an answer is as good as the first, which [`HotPath::check`] looked at: times in words and
    /// random values may make it a little longer or shorter.
    pub fn is_like(&self, answer: &Answer<'_>, first: usize) -> bool {
        answer.status == 200 && answer.body.len().abs_diff(first) <= first / 20
    }
}
