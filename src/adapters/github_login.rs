//! Signing in with GitHub: where people are sent, and who GitHub says came back.
//!
//! The `oauth2` crate speaks the protocol; it is handed our HTTP client. GitHub has ways of its own: it
//! refuses with status 200 and a body that says so, and wants its secret in the form. The access token
//! lives as long as [`GithubLogin::identify`] runs.

mod profile;

use std::fmt;
use std::pin::Pin;
use std::time::Duration;

use async_trait::async_trait;
use oauth2::basic::{BasicClient, BasicErrorResponse};
use oauth2::{
    AsyncHttpClient, AuthType, AuthUrl, AuthorizationCode, ClientId, ClientSecret, CsrfToken, EndpointNotSet,
    EndpointSet, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, RequestTokenError, Scope, TokenResponse, TokenUrl,
};
use reqwest::RequestBuilder;
use reqwest::header::{ACCEPT, AUTHORIZATION, HeaderValue};
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use super::http::{self, Answer};
use crate::core::ports::{Departure, Identity, IdentityError, IdentityProvider, Undelivered};

/// What GitHub is called in logs.
const SERVICE: &str = "GitHub";
/// The right to see somebody's e-mail addresses, and which of them are verified.
const SCOPE: &str = "user:email";
/// The longest name of an error.
const LONGEST_NAME: usize = 60;
/// The path that people come back to.
pub const CALLBACK: &str = "/complete/github/";

/// What it takes to use GitHub's login.
#[derive(Clone)]
pub struct GithubLoginSettings {
    /// The OAuth app's client id and secret.
    pub client_id: String,
    pub client_secret: SecretString,
    /// GitHub's pages, `https://github.com` for the real one.
    pub web: Url,
    /// GitHub's API, `https://api.github.com` for the real one.
    pub api: Url,
    /// The absolute address of [`CALLBACK`] on this site.
    pub callback: Url,
    /// For one call.
    pub timeout: Duration,
}

type Client = BasicClient<EndpointSet, EndpointNotSet, EndpointNotSet, EndpointNotSet, EndpointSet>;

/// GitHub's login. The client that it is made with must follow no redirects: they could lead the secret
/// astray.
pub struct GithubLogin {
    http: reqwest::Client,
    oauth: Client,
    user: Url,
    emails: Url,
    timeout: Duration,
}

impl fmt::Debug for GithubLogin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GithubLogin")
            .field("authorize", &self.oauth.auth_uri().as_str())
            .field("user", &self.user.as_str())
            .finish_non_exhaustive()
    }
}

impl GithubLogin {
    pub fn new(http: reqwest::Client, settings: GithubLoginSettings) -> Self {
        let web = |path: &[&str]| below(&settings.web, path);
        let oauth = BasicClient::new(ClientId::new(settings.client_id))
            .set_client_secret(ClientSecret::new(settings.client_secret.expose_secret().to_owned()))
            .set_auth_uri(AuthUrl::from_url(web(&["login", "oauth", "authorize"])))
            .set_token_uri(TokenUrl::from_url(web(&["login", "oauth", "access_token"])))
            .set_redirect_uri(RedirectUrl::from_url(settings.callback))
            .set_auth_type(AuthType::RequestBody);
        Self {
            http,
            oauth,
            user: below(&settings.api, &["user"]),
            emails: below(&settings.api, &["user", "emails"]),
            timeout: settings.timeout,
        }
    }

    async fn access_token(&self, code: &str, verifier: SecretString) -> Result<SecretString, IdentityError> {
        let token = self
            .oauth
            .exchange_code(AuthorizationCode::new(code.to_owned()))
            .set_pkce_verifier(PkceCodeVerifier::new(verifier.expose_secret().to_owned()))
            .request_async(self)
            .await
            .map_err(not_exchanged)?;
        Ok(SecretString::from(token.access_token().secret().as_str()))
    }

    /// Asks the API for something about whoever the token is of.
    async fn ask(&self, url: &Url, token: &SecretString, template: &str) -> Result<Answer, IdentityError> {
        // The scheme of this service's OAuth apps: GitHub, and what stands for it elsewhere, knows them by it.
        let mut authorization = HeaderValue::try_from(format!("token {}", token.expose_secret()))
            .map_err(|_| IdentityError::Unreadable("an access token that fits no header".to_owned()))?;
        authorization.set_sensitive(true);
        let request = self
            .http
            .get(url.clone())
            .header(AUTHORIZATION, authorization)
            .header(ACCEPT, "application/vnd.github+json")
            .header("X-GitHub-Api-Version", "2022-11-28");
        let answer = http::call(SERVICE, self.timeout, request, template)
            .await
            .map_err(away)?;
        if answer.status.is_server_error() || answer.is_limit() {
            return Err(away(put_off(&answer)));
        }
        Ok(answer)
    }
}

#[async_trait]
impl IdentityProvider for GithubLogin {
    fn depart(&self, state: &str) -> Departure {
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let state = state.to_owned();
        let (url, _) = self
            .oauth
            .authorize_url(move || CsrfToken::new(state))
            .add_scope(Scope::new(SCOPE.to_owned()))
            .set_pkce_challenge(challenge)
            .url();
        Departure {
            url: url.into(),
            verifier: SecretString::from(verifier.into_secret()),
        }
    }

    async fn identify(&self, code: &str, verifier: SecretString) -> Result<Identity, IdentityError> {
        let token = self.access_token(code, verifier).await?;
        let (user, emails) = tokio::join!(
            self.ask(&self.user, &token, "/user"),
            self.ask(&self.emails, &token, "/user/emails"),
        );
        profile::read(&user?, &emails?)
    }
}

/// The `oauth2` crate's calls, made like all others.
impl<'c> AsyncHttpClient<'c> for GithubLogin {
    type Error = Unanswered;
    type Future = Pin<Box<dyn Future<Output = Result<oauth2::HttpResponse, Unanswered>> + Send + 'c>>;

    fn call(&'c self, request: oauth2::HttpRequest) -> Self::Future {
        Box::pin(async move {
            let request = reqwest::Request::try_from(request)
                .map_err(|error| Unanswered(Undelivered::later(http::causes(&error))))?;
            let request = RequestBuilder::from_parts(self.http.clone(), request);
            let answer = http::call(SERVICE, self.timeout, request, "/login/oauth/access_token")
                .await
                .map_err(Unanswered)?;
            if answer.status.is_server_error() || answer.is_limit() {
                return Err(Unanswered(put_off(&answer)));
            }
            Ok(answer.into_http())
        })
    }
}

/// Why there is no answer; for the `oauth2` crate, which wants an error of its own for this.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Unanswered(Undelivered);

fn away(error: Undelivered) -> IdentityError {
    match error {
        Undelivered::Later { why, after } => IdentityError::Away { why, after },
        other => IdentityError::Away {
            why: other.to_string(),
            after: None,
        },
    }
}

fn put_off(answer: &Answer) -> Undelivered {
    Undelivered::Later {
        why: format!("{SERVICE} fails with status {}", answer.status.as_u16()),
        after: answer.retry_after(),
    }
}

/// What an answer to the exchange means that is no token. Never its body: that could hold one.
fn not_exchanged(error: RequestTokenError<Unanswered, BasicErrorResponse>) -> IdentityError {
    match error {
        RequestTokenError::Request(Unanswered(error)) => away(error),
        RequestTokenError::ServerResponse(said) => refused(said.error().as_ref()),
        // With status 200, GitHub's refusals read as tokens that lack everything.
        RequestTokenError::Parse(_, body) => {
            let said: serde_json::Value = serde_json::from_slice(&body).unwrap_or_default();
            match said.get("error").and_then(serde_json::Value::as_str) {
                Some(error) => refused(error),
                None => IdentityError::Unreadable("neither a token nor a refusal".to_owned()),
            }
        }
        RequestTokenError::Other(_) => IdentityError::Unreadable("not JSON, or nothing, for a code".to_owned()),
    }
}

/// By the names that GitHub documents for what goes wrong with a code.
fn refused(error: &str) -> IdentityError {
    let is_name = error.len() <= LONGEST_NAME && error.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
    // What is no name could be anything.
    let name = if is_name { error } else { "an error without a name" }.to_owned();
    match name.as_str() {
        "incorrect_client_credentials" | "invalid_client" => IdentityError::Misconfigured(format!(
            "SOCIAL_AUTH_GITHUB_KEY or SOCIAL_AUTH_GITHUB_SECRET is wrong: {name}"
        )),
        "redirect_uri_mismatch" => {
            IdentityError::Misconfigured(format!("the OAuth app's callback is not BASE_URL{CALLBACK}: {name}"))
        }
        "application_suspended" | "unauthorized_client" => {
            IdentityError::Misconfigured(format!("the OAuth app may not be used: {name}"))
        }
        "temporarily_unavailable" | "server_error" => IdentityError::Away { why: name, after: None },
        _ => IdentityError::CodeRefused(name),
    }
}

/// An address below another one, whether that ends with a slash or not.
fn below(base: &Url, path: &[&str]) -> Url {
    let mut url = base.clone();
    // Only an address that cannot have a path is refused here: the settings let http and https in.
    if let Ok(mut segments) = url.path_segments_mut() {
        segments.pop_if_empty().extend(path);
    }
    url
}
