//! Reports of errors to Sentry, when `SENTRY_DSN` is set.
//!
//! What is reported: each `error!` of the program, which a panic is, too (`panics`). With it go the request's
//! id, method and route, who was signed in (number and username, nothing else of a person), the environment
//! and the release. Every report is cleaned of secrets first (`scrub`), or not sent.
//!
//! Reports wait in a short queue for a thread of their own. When Sentry does not keep up, they are dropped.

use std::borrow::Cow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use sentry::integrations::backtrace::{AttachStacktraceIntegration, ProcessStacktraceIntegration};
use sentry::integrations::contexts::ContextIntegration;
use sentry::protocol::{Envelope, EnvelopeItem, Event, User};
use sentry::transports::ReqwestHttpTransportOptions;
use sentry::types::Dsn;
use sentry::{Client, ClientOptions, Hub, Transport, TransportFactory, TransportOptions};
use tracing::{Level, Metadata, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::FilterFn;
use tracing_subscriber::registry::LookupSpan;

use super::TelemetryError;
use super::scrub::Scrubber;
use crate::config::SentrySettings;

/// How long one report may be on its way. The next one waits for it.
const SEND_TIMEOUT: Duration = Duration::from_secs(5);
/// Reports that may wait.
const QUEUE: usize = 100;

static CLIENT: OnceLock<Arc<Client>> = OnceLock::new();

/// Whether anybody is told.
pub(super) fn is_on() -> bool {
    CLIENT.get().is_some()
}

/// Starts reporting. Call it before any other thread is started: threads find what to report to in the first
/// one's.
///
/// # Errors
/// When the address is not one of Sentry's (`https://key@host/number`).
pub(super) fn start(settings: &SentrySettings, release: String) -> Result<bool, TelemetryError> {
    let Some(dsn) = &settings.dsn else {
        return Ok(false);
    };
    let dsn: Dsn = dsn
        .expose()
        .as_str()
        .parse()
        .map_err(|_| TelemetryError::SentryAddress)?;
    let client = reqwest::Client::builder()
        .timeout(SEND_TIMEOUT)
        .build()
        .map_err(|error| TelemetryError::HttpClient(error.to_string()))?;
    let scrubber = Scrubber::new(&settings.hidden);
    let mut options = ClientOptions::new()
        .release(release)
        .environment(settings.environment.clone())
        .default_integrations(false)
        .add_integration(AttachStacktraceIntegration)
        .add_integration(ContextIntegration::new().add_os(true).add_device(false))
        .add_integration(ProcessStacktraceIntegration)
        .in_app_include(["jobserver"])
        .attach_stacktrace(true)
        .max_breadcrumbs(0)
        .before_send(move |event| scrubbed(&scrubber, event))
        .transport(Carrier(client))
        .transport_channel_capacity(QUEUE);
    options.dsn = Some(dsn);
    let client = Arc::new(Client::with_options(options));
    Hub::main().bind_client(Some(Arc::clone(&client)));
    CLIENT.set(client).map_err(|_| TelemetryError::StartedTwice)?;
    Ok(true)
}

/// The event without secrets; nothing when that cannot be told for sure.
fn scrubbed(scrubber: &Scrubber, event: Event<'static>) -> Option<Event<'static>> {
    catch_unwind(AssertUnwindSafe(|| scrubber.event(event))).ok().flatten()
}

/// Sends by the library's own thread, with our HTTP client: that one gives up.
struct Carrier(reqwest::Client);

impl TransportFactory for Carrier {
    fn create_transport_with_options(&self, options: TransportOptions) -> Arc<dyn Transport> {
        Arc::new(
            ReqwestHttpTransportOptions::from(options)
                .with_client(self.0.clone())
                .build(),
        )
    }
}

/// Turns the program's own errors, and those of its libraries, into reports.
pub(super) fn layer<S>() -> impl Layer<S> + Send + Sync
where
    S: Subscriber + for<'s> LookupSpan<'s>,
{
    sentry::integrations::tracing::ErrorLayer::new()
        .with_filter(FilterFn::new(is_reported).with_max_level_hint(Level::ERROR))
}

/// What comes through `log` is Rocket's, which says again what we said already.
fn is_reported(metadata: &Metadata<'_>) -> bool {
    let silent = ["log", "rocket", "opentelemetry", "sentry"];
    let target = metadata.target();
    let crate_name = target.split("::").next().unwrap_or(target);
    metadata.is_event() && *metadata.level() == Level::ERROR && !silent.contains(&crate_name)
}

/// Sends what is not an event; `make` is given the environment.
pub(super) fn send(make: impl FnOnce(Option<String>) -> EnvelopeItem) {
    if let Some(client) = CLIENT.get() {
        let mut envelope = Envelope::new();
        envelope.add_item(make(client.options().environment.clone().map(Cow::into_owned)));
        client.send_envelope(envelope);
    }
}

/// A hub for the work on one request, which knows the request.
pub(super) fn hub_of_request(request_id: &str, method: &'static str) -> Option<Arc<Hub>> {
    CLIENT.get()?;
    let hub = Hub::new_from_top(Hub::main());
    hub.configure_scope(|scope| {
        scope.set_tag("request_id", request_id);
        scope.set_tag("method", method);
    });
    Some(Arc::new(hub))
}

pub(super) fn set_route(hub: &Hub, route: &str) {
    hub.configure_scope(|scope| {
        scope.set_transaction(Some(route));
        scope.set_tag("route", route);
    });
}

pub(super) fn set_user(hub: &Hub, id: i32, username: &str) {
    let user = User {
        id: Some(id.to_string()),
        username: Some(username.to_owned()),
        ..User::default()
    };
    hub.configure_scope(|scope| scope.set_user(Some(user)));
}

/// Sends what still waits. May block for longer than `bound`, when the queue is full and Sentry silent: call
/// it from a thread that nobody waits for.
pub(super) fn flush(bound: Duration) {
    if let Some(client) = CLIENT.get() {
        client.flush(Some(bound));
    }
}
