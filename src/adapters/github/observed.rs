//! Every call to GitHub as a span of the trace it belongs to.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use http::{Request, Response};
use tower_service::Service;

use crate::telemetry::outgoing::Call;

/// What carries requests out, and tells of it.
#[derive(Clone, Debug)]
pub(super) struct Observed<S>(pub S);

impl<S, B, R> Service<Request<B>> for Observed<S>
where
    S: Service<Request<B>, Response = Response<R>>,
    S::Future: Send + 'static,
    S::Error: Send,
    R: Send,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        let host = request.uri().host().unwrap_or_default();
        let call = Call::new(request.method().as_str(), host, &template(request.uri().path()));
        call.tell(request.headers_mut());
        let answer = self.0.call(request);
        Box::pin(async move {
            let result = call.make(answer).await;
            call.ended(result.as_ref().ok().map(|answer| answer.status().as_u16()));
            result
        })
    }
}

/// The words of GitHub's paths that Job Server uses; what is none of them is somebody's name.
const WORDS: &[&str] = &[
    "api",
    "branches",
    "comments",
    "commits",
    "contents",
    "git",
    "graphql",
    "issues",
    "labels",
    "memberships",
    "orgs",
    "repos",
    "search",
    "teams",
    "topics",
    "trees",
    "user",
    "users",
    "v3",
];

/// The path with what changes left out: `/repos/{owner}/{repo}/branches/{}`.
fn template(path: &str) -> String {
    let mut template = String::with_capacity(path.len());
    let mut segments = path.split('/').filter(|segment| !segment.is_empty());
    while let Some(segment) = segments.next() {
        template.push('/');
        template.push_str(if WORDS.contains(&segment) { segment } else { "{}" });
        // A repository may be called like one of the words.
        let names: &[&str] = match segment {
            "repos" => &["{owner}", "{repo}"],
            "orgs" => &["{org}"],
            // What follows is a path or a name of the repository's own, of any length.
            "contents" | "branches" | "commits" => &["{}"],
            _ => &[],
        };
        for name in names {
            if segments.next().is_some() {
                template.push('/');
                template.push_str(name);
            }
        }
        if matches!(segment, "contents" | "branches" | "commits") {
            break;
        }
    }
    template
}

#[cfg(test)]
mod tests {
    use super::template;

    #[test]
    fn a_template_has_no_name_in_it() {
        for (path, expected) in [
            ("/repos/opensafely/study", "/repos/{owner}/{repo}"),
            (
                "/repos/issues/labels/issues/7/comments",
                "/repos/{owner}/{repo}/issues/{}/comments",
            ),
            ("/repos/o/r/contents/project.yaml", "/repos/{owner}/{repo}/contents/{}"),
            (
                "/repos/o/r/contents/codelists/codelists.txt",
                "/repos/{owner}/{repo}/contents/{}",
            ),
            ("/repos/o/r/branches", "/repos/{owner}/{repo}/branches"),
            ("/repos/o/r/commits/feature/secret", "/repos/{owner}/{repo}/commits/{}"),
            ("/orgs/teams/repos", "/orgs/{org}/repos"),
            ("/api/v3/graphql", "/api/v3/graphql"),
            ("/", ""),
        ] {
            assert_eq!(template(path), expected);
        }
    }
}
