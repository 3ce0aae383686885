//! Calls to GitHub: where they go, how much of an answer is read, and what a refusal means.

use std::error::Error;
use std::sync::Arc;

use octocrab::service::middleware::auth_header::AuthHeaderLayer;
use octocrab::service::middleware::extra_headers::ExtraHeadersLayer;
use octocrab::service::middleware::reqwest_connector::ReqwestConnector;
use octocrab::{AuthState, Octocrab, OctocrabBuilder};
use reqwest::header::{ACCEPT, HeaderMap, HeaderValue, LINK, LOCATION, RETRY_AFTER, USER_AGENT};
use reqwest::{Response, StatusCode};
use secrecy::ExposeSecret;
use serde::de::DeserializeOwned;
use serde_json::Value;
use time::OffsetDateTime;
use url::Url;

use super::answers::RefusalBody;
use super::observed::Observed;
use super::settings::{GitHubSettings, GitHubSettingsError};
use crate::core::ports::CodeHostError;

pub(super) const JSON: &str = "application/vnd.github+json";
/// A file or a folder as one kind of object, where the plain form of a file and of a folder differ.
pub(super) const OBJECT: &str = "application/vnd.github.object+json";
/// The bytes and nothing else.
pub(super) const RAW: &str = "application/vnd.github.raw+json";
/// The name of a commit and nothing else.
pub(super) const SHA: &str = "application/vnd.github.sha";

/// The most read of an answer in JSON: 100 repositories with 100 branches each, or a file of 1 MB
/// in base64, stay far below.
const MAX_JSON: usize = 8 * 1024 * 1024;
/// The most read of a refusal or of one commit's name.
const MAX_TEXT: usize = 64 * 1024;
/// A repository that was renamed twice is still found.
const MAX_REDIRECTS: usize = 4;
/// A name long enough to tell what GitHub said, for the logs.
const MAX_MESSAGE: usize = 300;

/// What a call can end with besides an answer.
#[derive(Debug)]
pub(super) enum Failure {
    /// GitHub knows no such thing; what that means depends on what was asked for.
    NotThere {
        /// 404, 409, 410, 422 or 451.
        status: u16,
        /// GitHub's own words.
        message: String,
    },
    /// GitHub does not give out files of this size.
    TooLarge,
    /// GitHub does not take the token, or the token may not do this, or nobody may.
    Forbidden {
        /// 401 or 403.
        status: u16,
        /// GitHub's own words.
        message: String,
    },
    /// It means the same whatever was asked for.
    Host(CodeHostError),
}

impl Failure {
    /// For calls where the thing asked for can be neither missing nor too large.
    pub fn into_host_error(self) -> CodeHostError {
        match self {
            Self::Host(error) => error,
            Self::Forbidden { .. } => CodeHostError::Unauthorised,
            Self::NotThere { status, message } => {
                CodeHostError::unavailable(format!("unexpected status {status}: {message}"))
            }
            Self::TooLarge => CodeHostError::unavailable("unexpected refusal: too large"),
        }
    }
}

impl From<CodeHostError> for Failure {
    fn from(error: CodeHostError) -> Self {
        Self::Host(error)
    }
}

/// One answer in JSON.
#[derive(Debug)]
pub(super) struct Page<T> {
    pub value: T,
    /// Where the next page is, always at the same place as the first.
    pub next: Option<Url>,
    /// When the allowance of calls begins anew.
    pub reset: Option<OffsetDateTime>,
}

/// How something is changed.
#[derive(Clone, Copy)]
enum Write {
    Post,
    Patch,
    Put,
}

pub(super) struct Transport {
    client: Octocrab,
    api: Url,
}

impl Transport {
    /// The middleware is put together by hand rather than by the default builder: that one would
    /// retry every call, follow redirects a second time above the HTTP client, and send a second
    /// user agent.
    pub fn new(client: reqwest::Client, settings: GitHubSettings) -> Result<Self, GitHubSettingsError> {
        let api = settings.api;
        let bad_address = || GitHubSettingsError::Address(api.to_string());
        let is_plain = api.query().is_none() && api.fragment().is_none() && api.username().is_empty();
        if !matches!(api.scheme(), "https" | "http") || !api.has_host() || !is_plain {
            return Err(bad_address());
        }
        let user_agent = HeaderValue::try_from(settings.user_agent).map_err(|_| GitHubSettingsError::UserAgent)?;
        let token = settings.token.filter(|token| !token.expose_secret().is_empty());
        let authorization = match token {
            None => None,
            Some(token) => {
                let text = format!("Bearer {}", token.expose_secret());
                let mut value = HeaderValue::try_from(text).map_err(|_| GitHubSettingsError::Token)?;
                value.set_sensitive(true);
                Some(value)
            }
        };
        let uri = |text: &str| text.parse().map_err(|_| bad_address());
        let auth = AuthHeaderLayer::new(authorization, uri(api.as_str())?, uri(api.as_str())?);
        let Ok(client) = OctocrabBuilder::new_empty()
            .with_service(Observed(ReqwestConnector::new(client)))
            .with_layer(&ExtraHeadersLayer::new(Arc::new(vec![(USER_AGENT, user_agent)])))
            .with_layer(&auth)
            .with_auth(AuthState::None)
            .build();
        Ok(Self { client, api })
    }

    pub fn api(&self) -> &Url {
        &self.api
    }

    /// The address of `segments` below the interface, each encoded for itself.
    pub fn url(&self, segments: &[&str]) -> Url {
        let mut url = self.api.clone();
        // Only an address that cannot have a path is refused here, and `new` lets none in.
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(segments);
        }
        url
    }

    pub async fn json<T: DeserializeOwned>(&self, url: Url) -> Result<Page<T>, Failure> {
        self.page(self.get(url, JSON).await?).await
    }

    pub async fn object<T: DeserializeOwned>(&self, url: Url) -> Result<T, Failure> {
        self.page(self.get(url, OBJECT).await?).await.map(|page| page.value)
    }

    pub async fn post_json<T: DeserializeOwned>(&self, url: Url, body: &Value) -> Result<Page<T>, Failure> {
        self.write(Write::Post, url, body).await
    }

    pub async fn patch_json<T: DeserializeOwned>(&self, url: Url, body: &Value) -> Result<Page<T>, Failure> {
        self.write(Write::Patch, url, body).await
    }

    /// What is answered is of no interest, and may be nothing.
    pub async fn put(&self, url: Url, body: &Value) -> Result<(), Failure> {
        self.send(Write::Put, url, body).await.map(|_| ())
    }

    async fn write<T: DeserializeOwned>(&self, method: Write, url: Url, body: &Value) -> Result<Page<T>, Failure> {
        self.page(self.send(method, url, body).await?).await
    }

    /// One call that changes something. The HTTP client does not repeat a body at another address, which
    /// GitHub asks for when a repository has been renamed: that is done here, at the same host only.
    async fn send(&self, method: Write, mut url: Url, body: &Value) -> Result<Response, Failure> {
        for _ in 0..MAX_REDIRECTS {
            let answer = match method {
                Write::Post => self.client._post(url.as_str(), Some(body)).await,
                Write::Patch => self.client._patch(url.as_str(), Some(body)).await,
                Write::Put => self.client._put(url.as_str(), Some(body)).await,
            };
            let answer = answer.map_err(|error| unreachable(error.into()))?;
            let response = Response::from(answer.map(reqwest::Body::wrap));
            match self.moved(&url, &response) {
                Some(elsewhere) => url = elsewhere,
                None => return accepted(response).await,
            }
        }
        Err(CodeHostError::unavailable("GitHub sends from one address to the next").into())
    }

    /// Where GitHub wants the same call made instead.
    fn moved(&self, url: &Url, response: &Response) -> Option<Url> {
        let same_call = [StatusCode::TEMPORARY_REDIRECT, StatusCode::PERMANENT_REDIRECT];
        if !same_call.contains(&response.status()) {
            return None;
        }
        let place = response.headers().get(LOCATION)?.to_str().ok()?;
        let elsewhere = url.join(place).ok()?;
        (elsewhere.origin() == self.api.origin()).then_some(elsewhere)
    }

    pub async fn text(&self, url: Url, accept: &'static str) -> Result<String, Failure> {
        let bytes = self.bytes(url, accept, MAX_TEXT).await?.ok_or_else(too_much)?;
        String::from_utf8(bytes).map_err(|error| CodeHostError::unavailable(error).into())
    }

    /// `None` when the answer has more than `limit` bytes.
    pub async fn bytes(&self, url: Url, accept: &'static str, limit: usize) -> Result<Option<Vec<u8>>, Failure> {
        read(self.get(url, accept).await?, limit).await
    }

    async fn get(&self, url: Url, accept: &'static str) -> Result<Response, Failure> {
        let headers = HeaderMap::from_iter([(ACCEPT, HeaderValue::from_static(accept))]);
        let answer = self.client._get_with_headers(url.as_str(), Some(headers)).await;
        let answer = answer.map_err(|error| unreachable(error.into()))?;
        // The library reads answers whole; this one can stop early.
        accepted(Response::from(answer.map(reqwest::Body::wrap))).await
    }

    async fn page<T: DeserializeOwned>(&self, response: Response) -> Result<Page<T>, Failure> {
        let next = self.next_page(response.headers())?;
        let reset = reset(response.headers());
        let bytes = read(response, MAX_JSON).await?.ok_or_else(too_much)?;
        let value = serde_json::from_slice(&bytes).map_err(CodeHostError::unavailable)?;
        Ok(Page { value, next, reset })
    }

    /// The address after this page, from the `Link` header: `<address>; rel="next", …`.
    fn next_page(&self, headers: &HeaderMap) -> Result<Option<Url>, CodeHostError> {
        let links = headers.get_all(LINK).iter().filter_map(|value| value.to_str().ok());
        let next = links.flat_map(|value| value.split(',')).find_map(|link| {
            let (address, parameters) = link.split_once(';')?;
            let is_next = parameters
                .split(';')
                .any(|parameter| matches!(parameter.trim(), r#"rel="next""# | "rel=next"));
            if is_next {
                address.trim().strip_prefix('<')?.strip_suffix('>')
            } else {
                None
            }
        });
        let Some(next) = next else { return Ok(None) };
        let url = Url::parse(next).map_err(CodeHostError::unavailable)?;
        // Nothing GitHub says may send this server to another machine.
        if url.origin() != self.api.origin() {
            return Err(CodeHostError::unavailable("the next page is at another host"));
        }
        Ok(Some(url))
    }
}

fn too_much() -> Failure {
    Failure::Host(CodeHostError::unavailable("GitHub's answer is too large"))
}

/// Nothing arrived, or it broke off.
fn unreachable(error: Box<dyn Error + Send + Sync>) -> Failure {
    let mut cause: Option<&(dyn Error + 'static)> = Some(error.as_ref());
    while let Some(current) = cause {
        if current
            .downcast_ref::<reqwest::Error>()
            .is_some_and(reqwest::Error::is_timeout)
        {
            return Failure::Host(CodeHostError::TimedOut);
        }
        cause = current.source();
    }
    Failure::Host(CodeHostError::unavailable(error))
}

/// At most `limit` bytes of the body, `None` when it has more.
async fn read(mut response: Response, limit: usize) -> Result<Option<Vec<u8>>, Failure> {
    if response.content_length().is_some_and(|length| length > limit as u64) {
        return Ok(None);
    }
    let mut bytes = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| unreachable(error.into()))? {
        if chunk.len() > limit - bytes.len() {
            return Ok(None);
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(Some(bytes))
}

/// The response if it is one of success, else what the refusal means.
async fn accepted(response: Response) -> Result<Response, Failure> {
    let status = response.status();
    if status.is_success() {
        return Ok(response);
    }
    let headers = response.headers().clone();
    // A refusal whose body cannot be read is still that refusal.
    let bytes = read(response, MAX_TEXT).await.ok().flatten().unwrap_or_default();
    let body: RefusalBody = serde_json::from_slice(&bytes).unwrap_or_default();
    let message: String = body.words().chars().take(MAX_MESSAGE).collect();
    let too_large = body.has_error("too_large");
    Err(match status {
        StatusCode::FORBIDDEN | StatusCode::TOO_MANY_REQUESTS if is_rate_limited(status, &headers, &message) => {
            CodeHostError::RateLimited { reset: pause(&headers) }.into()
        }
        StatusCode::FORBIDDEN if too_large => Failure::TooLarge,
        StatusCode::FORBIDDEN | StatusCode::UNAUTHORIZED => Failure::Forbidden {
            status: status.as_u16(),
            message,
        },
        StatusCode::NOT_FOUND
        | StatusCode::CONFLICT
        | StatusCode::GONE
        | StatusCode::UNPROCESSABLE_ENTITY
        | StatusCode::UNAVAILABLE_FOR_LEGAL_REASONS => Failure::NotThere {
            status: status.as_u16(),
            message,
        },
        _ => CodeHostError::unavailable(format!("status {status}: {message}")).into(),
    })
}

/// GitHub refuses with 403 both for the hourly allowance and for too many calls at once.
fn is_rate_limited(status: StatusCode, headers: &HeaderMap, message: &str) -> bool {
    status == StatusCode::TOO_MANY_REQUESTS
        || headers.contains_key(RETRY_AFTER)
        || number(headers, "x-ratelimit-remaining") == Some(0)
        || message.to_ascii_lowercase().contains("rate limit")
}

/// How long a refused caller has to wait. The time at which the hourly allowance begins anew comes with
/// every answer, and says nothing when the allowance is not used up.
fn pause(headers: &HeaderMap) -> Option<OffsetDateTime> {
    let used_up = number(headers, "x-ratelimit-remaining").is_none_or(|left| left <= 0);
    (used_up || headers.contains_key(RETRY_AFTER)).then(|| reset(headers))?
}

fn reset(headers: &HeaderMap) -> Option<OffsetDateTime> {
    if let Some(seconds) = number(headers, RETRY_AFTER.as_str()) {
        return OffsetDateTime::now_utc().checked_add(time::Duration::seconds(seconds));
    }
    OffsetDateTime::from_unix_timestamp(number(headers, "x-ratelimit-reset")?).ok()
}

fn number(headers: &HeaderMap, name: &str) -> Option<i64> {
    headers.get(name)?.to_str().ok()?.parse().ok()
}
