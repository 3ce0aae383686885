//! A bucket of an S3-compatible service.

use std::sync::Arc;
use std::time::Duration;

use object_store::aws::AmazonS3Builder;
use object_store::{BackoffConfig, ClientOptions, RetryConfig};
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use super::Files;
use crate::adapters::USER_AGENT;
use crate::core::ports::FileStoreError;

/// Where the bucket is, and who we are to it.
#[derive(Debug, Clone)]
pub struct S3Settings {
    /// Of the service, without the bucket.
    pub endpoint: Url,
    pub region: String,
    pub bucket: String,
    pub access_key_id: String,
    pub secret_access_key: SecretString,
    /// Of one call, answer and all.
    pub timeout: Duration,
}

/// A bucket. It is not looked at yet.
///
/// # Errors
/// When the settings make no client.
pub fn bucket(settings: &S3Settings) -> Result<Files, FileStoreError> {
    let options = ClientOptions::new()
        .with_timeout(settings.timeout)
        .with_connect_timeout(Duration::from_secs(5))
        .with_allow_http(settings.endpoint.scheme() == "http")
        .with_user_agent(http::HeaderValue::from_static(USER_AGENT));
    let retry = RetryConfig {
        backoff: BackoffConfig {
            init_backoff: Duration::from_millis(100),
            max_backoff: Duration::from_secs(2),
            base: 2.0,
        },
        max_retries: 3,
        retry_timeout: settings.timeout,
    };
    let store = AmazonS3Builder::new()
        .with_endpoint(settings.endpoint.as_str().trim_end_matches('/'))
        .with_region(&settings.region)
        .with_bucket_name(&settings.bucket)
        .with_access_key_id(&settings.access_key_id)
        .with_secret_access_key(settings.secret_access_key.expose_secret())
        // Services of one's own rarely have a name for each bucket.
        .with_virtual_hosted_style_request(false)
        .with_allow_http(settings.endpoint.scheme() == "http")
        .with_client_options(options)
        .with_retry(retry)
        .build()
        .map_err(|error| FileStoreError::Unavailable(error.to_string()))?;
    Ok(Files::of(Arc::new(store)))
}
