//! One call over HTTP to a service that takes messages: within a limit of time and of bytes, and with its
//! failures said in words for operators. Addresses and tokens are not part of the words.

use std::time::Duration;

use reqwest::header::{HeaderMap, RETRY_AFTER};
use reqwest::{RequestBuilder, StatusCode};
use serde::de::DeserializeOwned;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc2822;

use crate::core::outbox::LONGEST_PAUSE;
use crate::core::ports::Undelivered;
use crate::telemetry::outgoing;

/// How many calls are left until a limit is lifted.
const REMAINING: &str = "x-ratelimit-remaining";
/// The most read of an answer.
const MAX_BODY: usize = 1024 * 1024;
/// Long enough to tell what a service said.
const MAX_WORDS: usize = 300;

/// What a service answered, whatever its status.
#[derive(Debug)]
pub(super) struct Answer {
    pub status: StatusCode,
    headers: HeaderMap,
    body: Vec<u8>,
}

/// Sends `request` to `service`, which is named in the failure. `template` is the path without what changes
/// in it, for traces.
///
/// # Errors
/// [`Undelivered::Later`] when there is no whole answer within `limit`.
pub(super) async fn call(
    service: &str,
    limit: Duration,
    request: RequestBuilder,
    template: &str,
) -> Result<Answer, Undelivered> {
    match tokio::time::timeout(limit, exchange(request, template)).await {
        Ok(Ok(Some(answer))) => Ok(answer),
        Ok(Ok(None)) => Err(Undelivered::later(format!("{service}'s answer is too large"))),
        Ok(Err(error)) if error.is_timeout() => Err(silent(service, limit)),
        Ok(Err(error)) => Err(Undelivered::later(format!(
            "{service} cannot be reached: {}",
            causes(&error.without_url())
        ))),
        Err(_) => Err(silent(service, limit)),
    }
}

fn silent(service: &str, limit: Duration) -> Undelivered {
    let seconds = limit.as_secs_f32();
    Undelivered::later(format!("{service} gave no answer within {seconds} seconds"))
}

async fn exchange(request: RequestBuilder, template: &str) -> Result<Option<Answer>, reqwest::Error> {
    let mut response = outgoing::send(request, template).await?;
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        if chunk.len() > MAX_BODY - body.len() {
            return Ok(None);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Some(Answer {
        status: response.status(),
        headers: response.headers().clone(),
        body,
    }))
}

impl Answer {
    /// The body as JSON, if it is that and has what is looked for.
    pub fn json<T: DeserializeOwned>(&self) -> Option<T> {
        serde_json::from_slice(&self.body).ok()
    }

    /// All of it, for a library that reads it.
    pub fn into_http(self) -> http::Response<Vec<u8>> {
        let mut response = http::Response::new(self.body);
        *response.status_mut() = self.status;
        *response.headers_mut() = self.headers;
        response
    }

    /// The body's beginning on one line, for operators.
    pub fn words(&self) -> String {
        one_line(&String::from_utf8_lossy(&self.body))
    }

    /// Whether the service wants fewer calls: some say so by 403, like a refusal, and tell which it is in headers.
    pub fn is_limit(&self) -> bool {
        let is_used_up = || {
            self.headers
                .get(REMAINING)
                .is_some_and(|left| left.as_bytes().trim_ascii() == b"0")
        };
        match self.status.as_u16() {
            429 => true,
            403 => self.headers.contains_key(RETRY_AFTER) || is_used_up(),
            _ => false,
        }
    }

    /// How long the service wants to be left alone, if it says so; no service is left alone for longer than
    /// [`LONGEST_PAUSE`].
    pub fn retry_after(&self) -> Option<Duration> {
        let text = self.headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
        let pause = match text.parse() {
            Ok(seconds) => Duration::from_secs(seconds),
            // The other form is a date, of which there is no point in the past.
            Err(_) => {
                let at = OffsetDateTime::parse(text, &Rfc2822).ok()?;
                (at - OffsetDateTime::now_utc()).try_into().ok()?
            }
        };
        Some(pause.min(LONGEST_PAUSE))
    }
}

/// The beginning of a text as one line without control characters.
pub(super) fn one_line(text: &str) -> String {
    let words = text.split(|c: char| c.is_whitespace() || c.is_control());
    let line = words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
    line.chars().take(MAX_WORDS).collect()
}

/// What is at the bottom of an error, on one line: the last two of its causes. Those above repeat them,
/// and say to whom the call was.
pub(super) fn causes(error: &dyn std::error::Error) -> String {
    let (mut above, mut last) = (String::new(), error.to_string());
    let mut cause = error.source();
    while let Some(current) = cause {
        above = std::mem::replace(&mut last, current.to_string());
        cause = current.source();
    }
    if above.is_empty() || above.contains("http://") || above.contains("https://") {
        one_line(&last)
    } else if above.contains(&last) {
        one_line(&above)
    } else {
        one_line(&format!("{above}: {last}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(retry_after: &str) -> Answer {
        Answer {
            status: StatusCode::OK,
            headers: HeaderMap::from_iter([(RETRY_AFTER, retry_after.parse().unwrap())]),
            body: b" Too\r\n many \x1b[0m requests ".to_vec(),
        }
    }

    #[test]
    fn a_pause_is_seconds_or_a_date_and_has_an_end() {
        assert_eq!(answer("30").retry_after(), Some(Duration::from_secs(30)));
        let soon = OffsetDateTime::now_utc() + Duration::from_mins(10);
        let pause = answer(&soon.format(&Rfc2822).unwrap()).retry_after().unwrap();
        assert!(
            pause > Duration::from_mins(9) && pause <= Duration::from_mins(10),
            "{pause:?}"
        );
        assert_eq!(answer("Wed, 21 Oct 2015 07:28:00 GMT").retry_after(), None);
        assert_eq!(answer("18446744073709551615").retry_after(), Some(LONGEST_PAUSE));
        for nonsense in ["", "-1", "soon", "1e9", "99999999999999999999"] {
            assert_eq!(answer(nonsense).retry_after(), None, "{nonsense}");
        }
    }

    #[test]
    fn what_a_service_says_becomes_one_line() {
        assert_eq!(answer("1").words(), "Too many [0m requests");
        assert_eq!(one_line(&"é".repeat(1000)).chars().count(), MAX_WORDS);
    }
}
