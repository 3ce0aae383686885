//! The public API as runners use it. Every call ends within [`TIMEOUT`].

use std::collections::HashMap;
use std::time::Duration;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::job::Report;
use crate::cli::CommandError;

const TIMEOUT: Duration = Duration::from_secs(10);

/// A job request as the site lists it; the rest of it is not needed.
#[derive(Debug, Clone, Deserialize)]
pub struct JobRequest {
    pub identifier: String,
    pub sha: String,
    pub requested_actions: Vec<String>,
    pub cancelled_actions: Vec<String>,
    pub force_run_dependencies: bool,
    pub codelists_ok: bool,
    pub created_by: String,
    pub workspace: Workspace,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Workspace {
    pub name: String,
    pub repo: String,
}

#[derive(Deserialize)]
struct JobRequests {
    results: Vec<JobRequest>,
}

pub struct Api {
    client: reqwest::Client,
    base: String,
    backend: String,
    token: String,
}

impl Api {
    pub fn new(url: &str, backend: &str, token: &str) -> Result<Self, CommandError> {
        let client = reqwest::Client::builder()
            .timeout(TIMEOUT)
            .connect_timeout(TIMEOUT / 3)
            .build()
            .map_err(|error| CommandError::Said(format!("Cannot make an HTTP client: {error}")))?;
        Ok(Self {
            client,
            base: format!("{}/api/v2", url.trim_end_matches('/')),
            backend: backend.to_owned(),
            token: token.to_owned(),
        })
    }

    /// The requests that the site counts as active for this backend.
    pub async fn job_requests(&self) -> Result<Vec<JobRequest>, String> {
        let url = format!("{}/job-requests/", self.base);
        let request = self.client.get(url).query(&[("backend", &self.backend)]);
        Ok(self.answer::<JobRequests>(request).await?.results)
    }

    /// How each action of a workspace last ended on this backend: the memory of a program without one.
    pub async fn statuses(&self, workspace: &str) -> Result<HashMap<String, String>, String> {
        let url = format!("{}/workspaces/{workspace}/statuses/", self.base);
        self.answer(self.client.get(url).query(&[("backend", &self.backend)]))
            .await
    }

    /// Tells the site how all these jobs fare.
    pub async fn report(&self, jobs: &[Report<'_>]) -> Result<(), String> {
        let request = self.client.post(format!("{}/jobs/", self.base)).json(jobs);
        self.answer::<serde_json::Value>(request).await.map(drop)
    }

    async fn answer<T: DeserializeOwned>(&self, request: reqwest::RequestBuilder) -> Result<T, String> {
        let request = request.header("Authorization", &self.token).header("Flags", "{}");
        let answer = request.send().await.map_err(|error| told(&error))?;
        if answer.status().is_success() {
            return answer.json().await.map_err(|error| told(&error));
        }
        let status = answer.status();
        let text = answer.text().await.unwrap_or_default();
        let start: String = text.chars().take(200).collect();
        Err(format!("the site answers {status}: {start}"))
    }
}

/// Without the address, which says nothing new.
fn told(error: &reqwest::Error) -> String {
    match () {
        () if error.is_timeout() => "the site takes too long to answer".to_owned(),
        () if error.is_connect() => "the site cannot be reached".to_owned(),
        () if error.is_decode() => "the site's answer is not what a runner expects".to_owned(),
        () => format!("the site cannot be asked: {error}"),
    }
}
