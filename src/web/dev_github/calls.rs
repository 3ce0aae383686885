//! The calls by which a site finds out who came back.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use rocket::data::ToByteUnit;
use rocket::http::{ContentType, Header, Status};
use rocket::request::{FromRequest, Outcome};
use rocket::response::Responder;
use rocket::{Data, Request, Response, Route, State, get, post, routes};
use serde_json::{Value, json};

use super::people::Trouble;
use super::stand_in::{Exchange, Granted, StandIn};

/// Longer than any site waits.
const NEVER: Duration = Duration::from_secs(60);

pub(super) fn routes() -> Vec<Route> {
    routes![access_token, user, emails]
}

/// An answer as GitHub's.
pub struct Reply {
    status: u16,
    kind: ContentType,
    body: String,
    /// What tells of a limit.
    limit: Option<(&'static str, u32)>,
}

impl Reply {
    fn json(status: u16, body: &Value) -> Self {
        Self {
            status,
            kind: ContentType::JSON,
            body: body.to_string(),
            limit: None,
        }
    }

    fn message(status: u16, message: &str) -> Self {
        Self::json(status, &json!({ "message": message }))
    }

    fn too_many() -> Self {
        Self {
            limit: Some(("Retry-After", 40)),
            ..Self::message(429, "API rate limit exceeded")
        }
    }

    fn used_up() -> Self {
        Self {
            limit: Some(("X-RateLimit-Remaining", 0)),
            ..Self::message(403, "API rate limit exceeded")
        }
    }

    async fn never() -> Self {
        tokio::time::sleep(NEVER).await;
        Self::message(504, "This took too long")
    }
}

impl<'r> Responder<'r, 'static> for Reply {
    fn respond_to(self, _: &'r Request<'_>) -> rocket::response::Result<'static> {
        let mut response = Response::build();
        response
            .status(Status::new(self.status))
            .header(self.kind)
            .sized_body(self.body.len(), std::io::Cursor::new(self.body));
        if let Some((name, value)) = self.limit {
            response.header(Header::new(name, value.to_string()));
        }
        response.ok()
    }
}

/// A header, empty when it is not there.
struct Headers<'r> {
    accept: &'r str,
    authorization: &'r str,
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Headers<'r> {
    type Error = std::convert::Infallible;

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, Self::Error> {
        let get = |name| request.headers().get_one(name).unwrap_or_default();
        Outcome::Success(Self {
            accept: get("Accept"),
            authorization: get("Authorization"),
        })
    }
}

/// Takes a code for a token. Refusals have status 200, as GitHub's have.
#[post("/login/oauth/access_token", data = "<data>")]
async fn access_token(stand_in: &State<Arc<StandIn>>, headers: Headers<'_>, data: Data<'_>) -> Reply {
    let body = match data.open(16.kibibytes()).into_bytes().await {
        Ok(body) if body.is_complete() => body.into_inner(),
        _ => return Reply::message(400, "Problems parsing the form"),
    };
    let form: HashMap<String, String> = url::form_urlencoded::parse(&body).into_owned().collect();
    let field = |name: &str| form.get(name).map(String::as_str).unwrap_or_default();
    match stand_in.trouble_of(field("code")) {
        Trouble::ExchangeFails => return Reply::message(500, "Something went wrong"),
        Trouble::ExchangeHangs => return Reply::never().await,
        Trouble::ExchangeGarbled => return Reply::json(200, &json!({ "colour": "green" })),
        _ => {}
    }
    let exchange = Exchange {
        client_id: field("client_id"),
        client_secret: field("client_secret"),
        code: field("code"),
        redirect_uri: field("redirect_uri"),
        verifier: field("code_verifier"),
    };
    let said = match stand_in.exchange(&exchange) {
        Ok((token, _)) => json!({ "access_token": token, "scope": "user:email", "token_type": "bearer" }),
        Err(refused) => json!({ "error": refused, "error_description": "A stand-in's refusal." }),
    };
    if headers.accept.contains("application/json") {
        return Reply::json(200, &said);
    }
    // What GitHub answers to who does not ask for JSON.
    let pairs = said.as_object().into_iter().flatten();
    let body = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(pairs.map(|(name, value)| (name, value.as_str().unwrap_or_default())))
        .finish();
    Reply {
        status: 200,
        kind: ContentType::Form,
        body,
        limit: None,
    }
}

/// Who shows a token, in exactly the words that this service has always used.
fn shown(stand_in: &StandIn, headers: &Headers<'_>) -> Option<Granted> {
    stand_in.of_token(headers.authorization.strip_prefix("token ")?)
}

#[get("/api/user")]
async fn user(stand_in: &State<Arc<StandIn>>, headers: Headers<'_>) -> Reply {
    let Some(Granted { account, trouble }) = shown(stand_in, &headers) else {
        return Reply::message(401, "Bad credentials");
    };
    match trouble {
        Trouble::ProfileFails => return Reply::message(502, "Server Error"),
        Trouble::ProfileHangs => return Reply::never().await,
        Trouble::ProfileRefused => return Reply::message(401, "Bad credentials"),
        Trouble::TooMany => return Reply::too_many(),
        Trouble::UsedUp => return Reply::used_up(),
        _ => {}
    }
    let mut profile = json!({
        "login": account.login,
        "id": account.id,
        "type": "User",
        "name": account.name,
        // What people show in public is no proof of anything.
        "email": account.emails.first().map(|email| email.address.as_str()),
    });
    if trouble == Trouble::NoId
        && let Some(profile) = profile.as_object_mut()
    {
        profile.remove("id");
    }
    Reply::json(200, &profile)
}

#[get("/api/user/emails")]
async fn emails(stand_in: &State<Arc<StandIn>>, headers: Headers<'_>) -> Reply {
    let Some(Granted { account, trouble }) = shown(stand_in, &headers) else {
        return Reply::message(401, "Bad credentials");
    };
    match trouble {
        Trouble::EmailsFail => return Reply::message(500, "Server Error"),
        Trouble::EmailsRefused => return Reply::message(404, "Not Found"),
        _ => {}
    }
    let list = account.emails.iter().map(|email| {
        json!({
            "email": email.address,
            "primary": email.primary,
            "verified": email.verified,
            "visibility": email.primary.then_some("public"),
        })
    });
    Reply::json(200, &Value::Array(list.collect()))
}
