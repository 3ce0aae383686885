//! What is measured: the paths, what their answers must look like, and what they have to reach.

use crate::client::{Answer, count, find};

/// The token of "north", the backend with 240 active job requests; see benches/data/make.sql.
pub const TOKEN: &str = "0000000000000000000000000000000000000000";

/// Active requests of "north".
const ACTIVE: usize = 240;

pub enum Work {
    /// One GET; `must` are words of every right answer.
    Get {
        path: &'static str,
        token: bool,
        must: &'static [&'static str],
    },
    /// A POST of 300 jobs of which each changes; with `shared`, all connections report the same 300.
    Sync { shared: bool },
}

pub struct HotPath {
    /// Also the name of its file of statements.
    pub name: &'static str,
    pub work: Work,
    /// Requests per second of the reference on this data.
    pub reference: f64,
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
            token: true,
            must: &["\"count\":240,", "\"codelists_ok\":true}]}"],
        },
        reference: 2.5,
        wanted: Some(100.0),
        half_of_floor: true,
    },
    HotPath {
        name: "sync",
        work: Work::Sync { shared: false },
        reference: 1.2,
        wanted: Some(100.0),
        half_of_floor: true,
    },
    HotPath {
        name: "sync-one-set",
        work: Work::Sync { shared: true },
        reference: 1.2,
        wanted: None,
        half_of_floor: false,
    },
];

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
            token: false,
            must,
        },
        reference,
        wanted: Some(wanted),
        half_of_floor: false,
    }
}

impl HotPath {
    /// The bytes of its GET; nothing for a sync, whose every request is another.
    pub fn get_request(&self, server: &str) -> Option<Vec<u8>> {
        let Work::Get { path, token, .. } = self.work else {
            return None;
        };
        let authorization = if token {
            format!("Authorization: {TOKEN}\r\n")
        } else {
            String::new()
        };
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
            Work::Get { token, must, .. } => {
                if let Some(missing) = must.iter().find(|word| find(answer.body, word.as_bytes()).is_none()) {
                    return fault(format!("{missing:?} is not in the answer"));
                }
                let requests = count(answer.body, b"\"identifier\":");
                if token && requests != ACTIVE {
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
