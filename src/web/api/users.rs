//! `GET /api/v2/users/<username>/`: what somebody is trusted with.

use rocket::get;
use rocket::http::Status;
use serde::Serialize;
use utoipa::ToSchema;

use super::answer::Answer;
use super::negotiation::AsksForJson;
use super::openapi::{self, Detail};
use crate::core::people::rights::{Rights, permission_names, role_names};
use crate::core::people::store::user_rights;
use crate::web::database::Database;
use crate::web::guards::BackendAuth;
use crate::web::responders::Outcome;

/// Roles by name, and the permissions that they give by themselves.
#[derive(Serialize, ToSchema)]
#[schema(as = UserRights)]
pub struct Body<'a> {
    permissions: Permissions<'a>,
    roles: Roles<'a>,
}

#[derive(Serialize, ToSchema)]
pub struct Permissions<'a> {
    global: Vec<&'static str>,
    orgs: Vec<PermissionsIn<'a>>,
    projects: Vec<PermissionsIn<'a>>,
}

#[derive(Serialize, ToSchema)]
pub struct PermissionsIn<'a> {
    slug: &'a str,
    permissions: Vec<&'static str>,
}

#[derive(Serialize, ToSchema)]
pub struct Roles<'a> {
    global: Vec<&'static str>,
    orgs: Vec<RolesIn<'a>>,
    projects: Vec<RolesIn<'a>>,
}

#[derive(Serialize, ToSchema)]
pub struct RolesIn<'a> {
    slug: &'a str,
    roles: Vec<&'static str>,
}

impl<'a> From<&'a Rights> for Body<'a> {
    fn from(rights: &'a Rights) -> Self {
        let permissions_in = |memberships: &'a [(String, Vec<_>)]| {
            let each = memberships.iter().map(|(slug, roles)| PermissionsIn {
                slug,
                permissions: permission_names(roles),
            });
            each.collect()
        };
        let roles_in = |memberships: &'a [(String, Vec<_>)]| {
            let each = memberships.iter().map(|(slug, roles)| RolesIn {
                slug,
                roles: role_names(roles),
            });
            each.collect()
        };
        Self {
            permissions: Permissions {
                global: permission_names(&rights.global),
                orgs: permissions_in(&rights.orgs),
                projects: permissions_in(&rights.projects),
            },
            roles: Roles {
                global: role_names(&rights.global),
                orgs: roles_in(&rights.orgs),
                projects: roles_in(&rights.projects),
            },
        }
    }
}

/// Roles and permissions of a user
///
/// Every membership is listed, with or without roles. Global permissions are not repeated in projects.
#[utoipa::path(
    tag = "People and workspaces",
    path = "/api/v2/users/{username}/",
    params(("username" = String, Path, description = "Username, in its letter case")),
    security(("backend_token" = [])),
    responses(
        (status = 200, body = Body<'static>, description = "What the user is trusted with.",
         example = json!(openapi::user_rights())),
        (status = 403, body = Detail, description = "No token, or one that is not known.",
         example = json!({"detail": "Authorization header is missing"})),
        (status = 404, body = Detail, description = "No such user.", example = json!({"detail": "Not found."})),
    )
)]
#[get("/api/v2/users/<username>")]
pub async fn rights(_json: AsksForJson, _backend: BackendAuth, username: &str, db: &Database) -> Outcome<Answer> {
    // No text of the database holds a NUL, and it would not take one to look for.
    let rights = match username.contains('\0') {
        true => None,
        false => user_rights(&mut *db.read().await?, username).await?,
    };
    match rights {
        Some(rights) => Answer::json(Status::Ok, &Body::from(&rights)),
        None => Ok(Answer::detail(Status::NotFound, "Not found.")),
    }
}
