//! OpenCodelists: whether the codelists of a study are up to date.

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use serde::Deserialize;
use url::Url;

use super::http;
use crate::core::ports::{CodelistCheckError, CodelistChecker, Codelists};

/// Asks OpenCodelists, which anybody may.
pub struct OpenCodelists {
    client: reqwest::Client,
    check: Url,
    timeout: Duration,
}

impl fmt::Debug for OpenCodelists {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpenCodelists")
            .field("check", &self.check.as_str())
            .finish_non_exhaustive()
    }
}

impl OpenCodelists {
    /// `site` is its address, `https://www.opencodelists.org` for the real one; `timeout` is for one whole
    /// call. The client says who is asking.
    pub fn new(client: reqwest::Client, site: &Url, timeout: Duration) -> Self {
        let mut check = site.clone();
        // Only an address that cannot have a path is refused here: the settings let http and https in.
        if let Ok(mut path) = check.path_segments_mut() {
            // The last, empty one is the final slash; without it the text would be lost in a redirect.
            path.pop_if_empty().extend(["api", "v1", "check", ""]);
        }
        Self { client, check, timeout }
    }
}

#[derive(Debug, Deserialize)]
struct Found {
    status: String,
}

#[async_trait]
impl CodelistChecker for OpenCodelists {
    async fn check(&self, list: &str, manifest: &str) -> Result<Codelists, CodelistCheckError> {
        let request = self.client.post(self.check.clone());
        let request = request.form(&[("codelists", list), ("manifest", manifest)]);
        let answer = http::call("OpenCodelists", self.timeout, request, "/check/")
            .await
            .map_err(|error| CodelistCheckError(error.into()))?;
        if !answer.status.is_success() {
            let detail = format!("status {}: {}", answer.status, answer.words());
            return Err(CodelistCheckError(detail.into()));
        }
        match answer.json::<Found>() {
            Some(found) if found.status == "ok" => Ok(Codelists::UpToDate),
            Some(_) => Ok(Codelists::OutOfDate),
            None => Err(CodelistCheckError(
                format!("the answer makes no sense: {}", answer.words()).into(),
            )),
        }
    }
}
