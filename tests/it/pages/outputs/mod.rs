//! What was released, looked at.

mod archives;
mod checked;
mod level_4;
mod lists;
mod opened;
mod who;

use jobserver::web::App;
use jobserver::web::cookies::Kind;
use rocket::http::Cookie;
use sqlx::PgPool;

use crate::support::Site;

/// A project with a developer, somebody who publishes, and somebody who belongs to nothing.
async fn site(pool: PgPool) -> Site {
    let site = Site::start(pool).await;
    people(&site).await;
    site
}

async fn people(site: &Site) {
    site.world.usual().await;
    site.world.global_roles("publisher", &["OutputPublisher"]).await;
    site.world.user("nobody").await;
}

/// What is downloaded: status, the header that names it, and the bytes; none when it was broken off.
async fn download(site: &Site, username: Option<&str>, path: &str) -> (u16, String, Option<Vec<u8>>) {
    let mut request = site.client.get(path.to_owned());
    if let Some(username) = username {
        let name = Kind::Session.name(&site.client.rocket().state::<App>().unwrap().settings.web);
        request = request.cookie(Cookie::new(name, site.world.session(username).await));
    }
    let response = request.dispatch().await;
    let named = response
        .headers()
        .get_one("Content-Disposition")
        .unwrap_or_default()
        .to_owned();
    (response.status().code, named, response.into_bytes().await)
}
