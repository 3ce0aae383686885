//! From a release to a published page.

mod asking;
mod deleting;
mod lists;
mod outputs;
mod parts;
mod preparing;
mod published;
mod publishing;
mod waiting;

use sqlx::PgPool;

use crate::support::{Answer, Site, Visitor};

const WORKSPACE: &str = "/project/ws/";
const RELEASES: &str = "/project/ws/releases/";
const OUTPUTS: &str = "/project/ws/outputs/";
const PREPARE: &str = "/project/ws/outputs/latest/prepare/";

/// A site with a project `project` and its workspace `ws`, a backend `tpp`, a developer `ada`, an output checker
/// `checker` and an output publisher `publisher`.
async fn site(pool: PgPool) -> Site {
    let site = Site::start(pool).await;
    site.world.usual().await;
    site.code_host.commit("opensafely/ws", "main", &[]);
    site.world.global_roles("checker", &["OutputChecker"]).await;
    site.world
        .global_roles("publisher", &["OutputPublisher", "ProjectCollaborator"])
        .await;
    site
}

/// Signed in, without any right.
async fn nobody(site: &Site) -> Visitor {
    site.world.user("nobody").await;
    site.sign_in("nobody").await
}

/// Posts to a snapshot's address, with a token of whoever it is.
async fn act(who: &Visitor, snapshot: i32, what: &str) -> Answer {
    let token = who.csrf_token("/settings/").await;
    let path = format!("{OUTPUTS}{snapshot}/{what}/");
    who.post_without_token(&path, &[("csrfmiddlewaretoken", &token)]).await
}

/// How a snapshot stands, as the list says to those who see drafts.
async fn states(site: &Site) -> Vec<String> {
    let ada = site.sign_in("ada").await;
    ada.get(OUTPUTS).await.expect(200).html().texts("main .pill")
}
