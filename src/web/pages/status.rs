//! Health and status.

use rocket::get;
use rocket::http::{ContentType, Status};

use crate::web::database::Database;
use crate::web::responders::{Outcome, Plain};

/// Whether the process answers. Asks nothing of anybody, so that a platform's probe never kills a
/// healthy process for a sick database.
#[get("/health-check")]
pub fn health_check() -> Plain {
    Plain(Status::Ok, ContentType::HTML, String::new())
}

/// Whether the process can serve: the database answers.
#[get("/ready")]
pub async fn ready(db: &Database) -> Outcome<Plain> {
    db.ping().await?;
    Ok(Plain(Status::Ok, ContentType::Plain, "ready\n".to_owned()))
}
