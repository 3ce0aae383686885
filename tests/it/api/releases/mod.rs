//! Releases through the API, as Airlock, release-hatch, osrelease, bots and the viewer use it.

mod create;
mod faults;
mod flows;
mod read;
mod refusals;
mod reviews;
mod snapshots;
mod upload;

use rocket::http::Method;
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::support::{Answer, Backend, Site, sha256};

/// A site where `olga` checks outputs of every project and belongs to `tpp`.
pub async fn site(pool: PgPool) -> Site {
    with_checker(Site::start(pool).await).await
}

pub async fn with_checker(site: Site) -> Site {
    site.world.usual().await;
    site.world.global_roles("olga", &["OutputChecker"]).await;
    site.world.may_use("tpp", "olga").await;
    site
}

pub fn file(name: &str, content: &[u8]) -> Value {
    json!({
        "name": name, "url": name, "size": content.len(), "sha256": sha256(content),
        "date": "2026-01-15T09:29:58.123456+00:00", "metadata": {"tool": "airlock"}, "review": null
    })
}

pub fn body(id: Option<&str>, files: &[Value]) -> Value {
    let metadata = match id {
        Some(id) => json!({"tool": "airlock", "airlock_id": id}),
        None => json!({"tool": "osrelease"}),
    };
    json!({"files": files, "metadata": metadata, "review": null})
}

/// Announces a release in the name of `user`.
pub async fn announce(backend: &Backend, user: &str, workspace: &str, body: &Value) -> Answer {
    let headers = [
        ("Authorization", backend.token.as_str()),
        ("OS-User", user),
        ("Content-Type", "application/json"),
        ("Accept", "application/json"),
    ];
    let path = format!("/api/v2/releases/workspace/{workspace}");
    backend
        .send(Method::Post, &path, &headers, body.to_string().as_bytes())
        .await
}

/// Uploads a content in the name of `olga`.
pub async fn upload(backend: &Backend, release: &str, name: &str, content: &[u8]) -> Answer {
    let disposition = format!("attachment; filename=\"{name}\"");
    upload_as(backend, release, Some(&disposition), content).await
}

/// With a `Content-Disposition` of one's own choice.
pub async fn upload_as(backend: &Backend, release: &str, disposition: Option<&str>, content: &[u8]) -> Answer {
    let mut headers = vec![
        ("Authorization", backend.token.as_str()),
        ("OS-User", "olga"),
        ("Content-Type", "application/octet-stream"),
    ];
    headers.extend(disposition.map(|value| ("Content-Disposition", value)));
    let path = format!("/api/v2/releases/release/{release}");
    backend.send(Method::Post, &path, &headers, content).await
}

/// The reason of a refusal.
pub fn detail(answer: Answer, status: u16) -> String {
    let answer = answer.expect(status);
    assert_eq!(answer.header("Content-Type"), Some("application/json"));
    answer.json()["detail"]
        .as_str()
        .unwrap_or_else(|| panic!("{}", answer.body))
        .to_owned()
}

/// Keys of everything in the storage.
pub async fn kept(site: &Site) -> Vec<String> {
    use futures::TryStreamExt as _;
    let kept: Vec<_> = site.files.list().try_collect().await.unwrap();
    kept.into_iter().map(|kept| kept.key).collect()
}
