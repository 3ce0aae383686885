//! `POST /api/v2/airlock/events/`: what happens to release requests. Whoever shows a token is answered
//! 201, as Airlock takes anything else for a fault of the network; what was wrong is said in the body.

mod body;

use rocket::http::Status;
use rocket::post;
use serde::Serialize;
use utoipa::ToSchema;

use super::answer::Answer;
use super::body::{Body, Unread};
use super::csrf::NotForged;
use super::negotiation::AsksForJson;
use super::openapi::{self, Detail};
use crate::config::Settings;
use crate::core::airlock::actions::record_event;
use crate::core::airlock::{Defaults, Recorded};
use crate::core::error::Error;
use crate::web::App;
use crate::web::database::Database;
use crate::web::guards::BackendAuth;
use crate::web::responders::Outcome;

/// What became of an event.
#[derive(Serialize, ToSchema)]
#[schema(as = AirlockAnswer)]
pub struct EventAnswer<'a> {
    /// `ok`, or `error`.
    status: &'a str,
    /// What was wrong, when something was.
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<&'a str>,
}

/// Tell what happened to a release request
///
/// The event is kept and told on: an issue for the output checkers, their Slack channel, a mail to the
/// author. All of that is sent afterwards. Sent again within ten minutes, with no other event of the
/// request between, it is kept and told once.
#[utoipa::path(
    tag = "Releases",
    path = "/api/v2/airlock/events/",
    security(("backend_token" = [])),
    request_body(content = openapi::AirlockEvent, description = "The event.", example = json!(openapi::airlock_event())),
    responses(
        (status = 201, body = EventAnswer<'static>,
         description = "Kept, or not: the body tells. An unknown type, workspace or user is an error, and so is a \
                        body that is neither JSON nor a form, or has more than 32 MiB.",
         example = json!({"status": "error", "message": "Unknown event type 'NOPE'"})),
        (status = 403, body = Detail, description = "No token, or one that is not known.",
         example = json!({"detail": "Authorization header is missing"})),
    )
)]
#[post("/api/v2/airlock/events", data = "<body>")]
pub async fn event(
    _json: AsksForJson,
    _session: NotForged,
    backend: BackendAuth,
    app: &rocket::State<App>,
    db: &Database,
    body: Result<Body, Unread>,
) -> Outcome<Answer> {
    let BackendAuth(backend) = backend;
    let body = match body {
        Ok(body) => body,
        Err(Unread { why, .. }) => return refuse(&backend.slug, &why),
    };
    let event = match body::read(&body.into_object(&["updates"])) {
        Ok(event) => event,
        Err(message) => return refuse(&backend.slug, &message),
    };
    if event.more_updates > 0 {
        let (request, left_out) = (&event.request, event.more_updates);
        tracing::warn!(
            backend = backend.slug,
            request,
            left_out,
            "an event of Airlock has too many updates to keep"
        );
    }
    match record_event(db, &backend, &event, &defaults(&app.settings)).await {
        Ok(recorded) => {
            if recorded == Recorded::Repeat {
                tracing::info!(
                    backend = backend.slug,
                    request = event.request,
                    event_type = event.event_type.name(),
                    "an event of Airlock was told again"
                );
            }
            Answer::json(
                Status::Created,
                &EventAnswer {
                    status: "ok",
                    message: None,
                },
            )
        }
        Err(Error::Invalid(unknown)) => {
            let sentences: Vec<&str> = unknown.iter().map(|(_, sentence)| sentence).collect();
            refuse(&backend.slug, &sentences.join("; "))
        }
        Err(error) => Err(error.into()),
    }
}

fn refuse(backend: &str, message: &str) -> Outcome<Answer> {
    tracing::warn!(backend, why = message, "an event of Airlock was refused");
    Answer::json(
        Status::Created,
        &EventAnswer {
            status: "error",
            message: Some(message),
        },
    )
}

fn defaults(settings: &Settings) -> Defaults<'_> {
    Defaults {
        issue_repo: (
            &settings.output_checking.github_org,
            &settings.output_checking.github_repo,
        ),
        slack_channel: &settings.slack.channels.output_checking,
        patience: i32::try_from(settings.github.max_attempts).unwrap_or(i32::MAX),
    }
}
