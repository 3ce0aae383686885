//! The endpoints of the API, as far as they are alike.

use rocket::http::Method;
use rocket::http::uri::Path;

/// What answers at one address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Endpoint {
    /// The route's path, without a final slash.
    pub path: &'static str,
    pub name: &'static str,
    /// The methods of its routes; HEAD goes where GET does, OPTIONS everywhere.
    pub methods: &'static [Method],
    /// Whether the backend's token is looked at before the method.
    pub token_first: bool,
    /// Whether a session's cookie counts, and so must be protected against forged requests.
    pub knows_sessions: bool,
}

pub const ENDPOINTS: &[Endpoint] = &[
    Endpoint {
        path: "/api/v2/airlock/events",
        name: "Airlock events",
        methods: &[Method::Post],
        token_first: false,
        knows_sessions: true,
    },
    Endpoint {
        path: "/api/v2/job-requests",
        name: "Job requests",
        methods: &[Method::Get],
        token_first: false,
        knows_sessions: false,
    },
    Endpoint {
        path: "/api/v2/jobs",
        name: "Jobs",
        methods: &[Method::Post],
        token_first: true,
        knows_sessions: true,
    },
    Endpoint {
        path: "/api/v2/release-notifications",
        name: "Release notifications",
        methods: &[Method::Post],
        token_first: true,
        knows_sessions: true,
    },
    Endpoint {
        path: "/api/v2/releases/authenticate",
        name: "Releases authenticate",
        methods: &[Method::Post],
        token_first: false,
        knows_sessions: false,
    },
    Endpoint {
        path: "/api/v2/releases/authorise",
        name: "Releases authorise",
        methods: &[Method::Post],
        token_first: false,
        knows_sessions: false,
    },
    Endpoint {
        path: "/api/v2/users/<username>",
        name: "User",
        methods: &[Method::Get],
        token_first: true,
        knows_sessions: false,
    },
    Endpoint {
        path: "/api/v2/workspaces/<name>/statuses",
        name: "Workspace statuses",
        methods: &[Method::Get],
        token_first: false,
        knows_sessions: true,
    },
    Endpoint {
        path: "/api/v2/workspaces/<name>/status",
        name: "Workspace status",
        methods: &[Method::Get],
        token_first: false,
        knows_sessions: true,
    },
    Endpoint {
        path: "/api/v2/releases/workspace/<workspace>",
        name: "Releases of a workspace",
        methods: &[Method::Get, Method::Post],
        token_first: false,
        knows_sessions: true,
    },
    Endpoint {
        path: "/api/v2/releases/release/<release>",
        name: "Release",
        methods: &[Method::Get, Method::Post],
        token_first: false,
        knows_sessions: true,
    },
    Endpoint {
        path: "/api/v2/releases/release/<release>/reviews",
        name: "Release reviews",
        methods: &[Method::Post],
        token_first: false,
        knows_sessions: true,
    },
    Endpoint {
        path: "/api/v2/releases/file/<file>",
        name: "Released file",
        methods: &[Method::Get],
        token_first: false,
        knows_sessions: true,
    },
    Endpoint {
        path: "/api/v2/workspaces/<name>/snapshots",
        name: "Snapshots",
        methods: &[Method::Post],
        token_first: false,
        knows_sessions: true,
    },
    Endpoint {
        path: "/api/v2/workspaces/<name>/snapshots/<id>",
        name: "Snapshot",
        methods: &[Method::Get],
        token_first: false,
        knows_sessions: true,
    },
    Endpoint {
        path: "/api/v2/workspaces/<name>/snapshots/<id>/publish",
        name: "Snapshot publish",
        methods: &[Method::Post],
        token_first: false,
        knows_sessions: true,
    },
];

impl Endpoint {
    /// The endpoint at a request's path.
    pub fn at(path: Path<'_>) -> Option<&'static Endpoint> {
        ENDPOINTS.iter().find(|endpoint| {
            let mut pattern = endpoint.path.split('/').filter(|segment| !segment.is_empty());
            let mut asked = path.segments();
            loop {
                match (pattern.next(), asked.next()) {
                    (None, None) => return true,
                    // A number that is none leads nowhere, for any method.
                    (Some("<id>"), Some(asked)) if asked.parse::<i32>().is_err() => return false,
                    (Some(pattern), Some(asked)) if pattern.starts_with('<') || asked == pattern => {}
                    _ => return false,
                }
            }
        })
    }

    /// The value of `Allow`.
    pub fn allow(&self) -> String {
        let mut names = Vec::new();
        for method in self.methods {
            names.push(method.as_str());
            if *method == Method::Get {
                names.push("HEAD");
            }
        }
        names.push("OPTIONS");
        names.join(", ")
    }
}
