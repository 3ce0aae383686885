//! `POST /api/v2/releases/authenticate` and `releases/authorise`: signing in to Airlock.

use rocket::http::Status;
use rocket::post;
use secrecy::SecretString;
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use utoipa::ToSchema;

use super::answer::Answer;
use super::body::Body;
use super::fields::{self, Fields, Rule};
use super::negotiation::AsksForJson;
use super::openapi::{self, Detail};
use crate::core::airlock::login::{self, AirlockUser, AirlockWorkspace};
use crate::core::people::login_token::Refused;
use crate::web::database::Database;
use crate::web::guards::{BackendAuth, Client};
use crate::web::responders::Outcome;

/// Who somebody is to Airlock: all that any version of it reads.
#[derive(Serialize, ToSchema)]
#[schema(as = AirlockUser)]
pub struct UserBody<'a> {
    username: &'a str,
    fullname: &'a str,
    /// By name: those whose outputs the user may look at before a release.
    #[schema(value_type = std::collections::HashMap<String, WorkspaceBody<'static>>)]
    workspaces: ByName<'a>,
    /// By name: those of the projects that the user is co-pilot of.
    #[schema(value_type = std::collections::HashMap<String, WorkspaceBody<'static>>)]
    copiloted_workspaces: ByName<'a>,
    /// Whether the user checks outputs everywhere.
    output_checker: bool,
    /// Gives no right here.
    staff: bool,
    /// Whether the user may look at everything in Airlock, and change nothing.
    readonly_access: bool,
}

#[derive(Serialize, ToSchema)]
#[schema(as = AirlockWorkspace)]
pub struct WorkspaceBody<'a> {
    /// As `project_details.name`.
    project: &'a str,
    project_details: ProjectBody<'a>,
    archived: bool,
}

#[derive(Serialize, ToSchema)]
#[schema(as = AirlockProject)]
pub struct ProjectBody<'a> {
    name: &'a str,
    ongoing: bool,
    /// Names of its organisations, the leading one first.
    orgs: &'a [String],
}

/// Workspaces as one object.
pub struct ByName<'a>(&'a [AirlockWorkspace]);

impl Serialize for ByName<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for workspace in self.0 {
            let body = WorkspaceBody {
                project: &workspace.project,
                project_details: ProjectBody {
                    name: &workspace.project,
                    ongoing: workspace.is_ongoing,
                    orgs: &workspace.orgs,
                },
                archived: workspace.is_archived,
            };
            map.serialize_entry(&workspace.name, &body)?;
        }
        map.end()
    }
}

impl<'a> From<&'a AirlockUser> for UserBody<'a> {
    fn from(user: &'a AirlockUser) -> Self {
        Self {
            username: &user.username,
            fullname: &user.fullname,
            workspaces: ByName(&user.workspaces),
            copiloted_workspaces: ByName(&user.copiloted_workspaces),
            output_checker: user.is_output_checker,
            staff: user.is_staff,
            readonly_access: user.has_readonly_access,
        }
    }
}

/// What is sent to sign somebody in.
#[derive(ToSchema)]
#[expect(dead_code, reason = "only describes what is read elsewhere")]
pub struct Credentials {
    /// Username or e-mail address, in its letter case.
    user: String,
    /// The single-use token; spaces make no difference.
    token: String,
}

/// What is sent to ask about somebody.
#[derive(ToSchema)]
#[expect(dead_code, reason = "only describes what is read elsewhere")]
pub struct Username {
    /// Username, in its letter case.
    user: String,
}

/// Sign somebody in to Airlock
///
/// With the single-use token that they made on their settings page. They must be one of the users of the backend that
/// asks. Success uses the token up. A failure does not, but the fifth wrong token makes it useless.
#[utoipa::path(
    tag = "Releases",
    path = "/api/v2/releases/authenticate",
    security(("backend_token" = [])),
    request_body(content = Credentials, description = "Who, and their token.",
                 example = json!({"user": "ada-lovelace", "token": "apple banjo cedar"})),
    responses(
        (status = 200, body = UserBody<'static>, description = "Who it is.", example = json!(openapi::airlock_user())),
        (status = 400, description = "Faults by field, or of the whole.",
         example = json!({"token": ["This field is required."]})),
        (status = 403, body = Detail,
         description = "No token of a backend, or one that is not known; or the user is unknown, not active, has no \
                        GitHub login, may not use the backend that asks, or has no such single-use token.",
         example = json!({"detail": "Token for ada-lovelace was invalid"})),
        (status = 413, body = Detail, description = "More than 32 MiB."),
        (status = 415, body = Detail, description = "Neither JSON nor a form.",
         example = json!({"detail": "Unsupported media type \"text/plain\" in request."})),
        (status = 429, body = Detail, description = "Too many tries, of this account or from this address.",
         example = json!({"detail": "There were too many attempts to use a single-use token. Try again in 15 minutes."})),
    )
)]
#[post("/api/v2/releases/authenticate", data = "<body>")]
pub async fn authenticate(
    _json: AsksForJson,
    backend: BackendAuth,
    client: Client<'_>,
    db: &Database,
    body: Body,
) -> Outcome<Answer> {
    let BackendAuth(backend) = backend;
    let body = body.into_object(&[]);
    let read = |mut fields: Fields<'_>| {
        let user = fields.text("user", Rule::FILLED).unwrap_or_default();
        let token = fields.text("token", Rule::FILLED).unwrap_or_default();
        fields.end().map(|()| (user, SecretString::from(token)))
    };
    let (user, token) = match fields::read_object(&body, read) {
        Ok(read) => read,
        Err(refusal) => return refusal.into_answer(),
    };
    match login::authenticate(db, &backend, &user, &token, client.who_says(&user)).await? {
        Ok(user) => Answer::json(Status::Ok, &UserBody::from(&user)),
        Err(refused) => Ok(refuse(&refused, &user)),
    }
}

/// Ask what somebody may look at in Airlock
///
/// Of somebody who signed in before: no single-use token is needed. They must be one of the users of the backend that
/// asks.
#[utoipa::path(
    tag = "Releases",
    path = "/api/v2/releases/authorise",
    security(("backend_token" = [])),
    request_body(content = Username, description = "Who.", example = json!({"user": "ada-lovelace"})),
    responses(
        (status = 200, body = UserBody<'static>, description = "Who it is.", example = json!(openapi::airlock_user())),
        (status = 400, description = "Faults by field, or of the whole.",
         example = json!({"user": ["This field is required."]})),
        (status = 403, body = Detail,
         description = "No token of a backend, or one that is not known; or the user is not active, has no GitHub \
                        login or may not use the backend that asks.",
         example = json!({"detail": "User ada-lovelace does not have access to any backends"})),
        (status = 404, body = Detail, description = "No such user.",
         example = json!({"detail": "No User matches the given query."})),
        (status = 413, body = Detail, description = "More than 32 MiB."),
        (status = 415, body = Detail, description = "Neither JSON nor a form.",
         example = json!({"detail": "Unsupported media type \"text/plain\" in request."})),
    )
)]
#[post("/api/v2/releases/authorise", data = "<body>")]
pub async fn authorise(_json: AsksForJson, backend: BackendAuth, db: &Database, body: Body) -> Outcome<Answer> {
    let BackendAuth(backend) = backend;
    let body = body.into_object(&[]);
    let read = |mut fields: Fields<'_>| {
        let user = fields.text("user", Rule::FILLED).unwrap_or_default();
        fields.end().map(|()| user)
    };
    let user = match fields::read_object(&body, read) {
        Ok(user) => user,
        Err(refusal) => return refusal.into_answer(),
    };
    match login::authorise(db, &backend, &user).await? {
        Ok(user) => Answer::json(Status::Ok, &UserBody::from(&user)),
        Err(refused) => Ok(refuse(&refused, &user)),
    }
}

fn refuse(refused: &Refused, asked: &str) -> Answer {
    let detail = match refused {
        Refused::UnknownUser => "User matching query does not exist.".to_owned(),
        Refused::SeveralUsers => format!("Several users match {asked}"),
        Refused::Inactive(user) => format!("User {user} is not active"),
        Refused::NoGithub(user) => format!("User {user} is not a github user"),
        Refused::NoBackend(user) => format!("User {user} does not have access to any backends"),
        Refused::NoToken(user) => format!("No login token set for {user}"),
        Refused::Expired(user) => format!("Token for {user} has expired"),
        Refused::Wrong(user) => format!("Token for {user} was invalid"),
    };
    Answer::detail(Status::Forbidden, &detail)
}
