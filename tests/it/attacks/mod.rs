//! What attackers try, each as a test that fails when the defence is taken out.

mod address;
mod cookies;
mod errors;
mod forged;
mod headers;
mod host;
mod logs;
mod next;
mod others;
mod sizes;
mod tries;

use jobserver::web::forgery::changes_nothing;
use rocket::http::uri::Host;
use rocket::http::{ContentType, Header, Method};
use rocket::route::Route;

use crate::support::{Answer, Job, Request, Site};

/// One request, as an attacker makes it: nothing is added that browsers would add.
#[derive(Default)]
pub struct Ask<'a> {
    pub headers: Vec<(&'a str, &'a str)>,
    pub form: Vec<(&'a str, &'a str)>,
    pub json: Option<&'a str>,
    pub host: Option<&'a str>,
    /// The network's peer.
    pub peer: Option<&'a str>,
}

impl Ask<'_> {
    pub async fn send(&self, site: &Site, method: Method, path: &str) -> Answer {
        let mut request = site.client.req(method, path.to_owned());
        if let Some(host) = self.host {
            let host = Host::parse_owned(host.to_owned()).unwrap();
            request.inner_mut().set_host(host);
        }
        if let Some(peer) = self.peer {
            request = request.remote(std::net::SocketAddr::new(peer.parse().unwrap(), 4711));
        }
        for (name, value) in &self.headers {
            request = request.header(Header::new((*name).to_owned(), (*value).to_owned()));
            for pair in value.split(';').filter(|_| *name == "Cookie") {
                let (name, value) = pair.split_once('=').unwrap();
                request = request.cookie((name.trim().to_owned(), value.to_owned()));
            }
        }
        if let Some(json) = self.json {
            request = request.header(ContentType::JSON).body(json);
        } else if !changes_nothing(method) {
            let body = url::form_urlencoded::Serializer::new(String::new())
                .extend_pairs(&self.form)
                .finish();
            request = request.header(ContentType::Form).body(body);
        }
        Answer::of(request).await
    }
}

/// A site with somebody who may do much (`ada`), somebody of another project (`mallory`), and one thing of each
/// kind in either project.
pub async fn peopled(site: &Site) {
    let world = &site.world;
    world.usual().await;
    world.member("another", "mallory", &["ProjectDeveloper"]).await;
    world.org_member("acme", "mallory").await;
    world.workspace("another", "theirs").await;
    world.may_use("tpp", "mallory").await;
    for (workspace, by, identifier, status) in [
        ("ws", "ada", "job1", "running"),
        ("theirs", "mallory", "job2", "running"),
        ("ws", "ada", "job3", "succeeded"),
    ] {
        let (id, _) = world
            .request(Request {
                workspace,
                by,
                status,
                ..Request::default()
            })
            .await;
        let job = Job {
            identifier,
            status,
            ..Job::default()
        };
        world.job(id, job).await;
    }
    for (release, workspace, by) in [("1", "ws", "ada"), ("2", "theirs", "mallory")] {
        let file = file_id(release);
        let files: &[(&str, &[u8])] = &[("output/a.txt", b"some content")];
        site.release_called(release, || file.clone(), workspace, "tpp", by, files)
            .await;
        site.snapshot(workspace, by, std::slice::from_ref(&file), true).await;
    }
    world
        .so("UPDATE backend SET level_4_url = 'https://l4.example.org' WHERE slug = 'tpp'")
        .await;
    // One permission for data each, numbered as the projects are.
    for project in ["project", "another"] {
        sqlx::query(
            r#"INSERT INTO data_permission (project_id, kind, reason, created_by_id)
               SELECT p.id, 't1oo', 'Approved', (SELECT min(id) FROM "user") FROM project p WHERE p.slug = $1"#,
        )
        .bind(project)
        .execute(site.db.pool())
        .await
        .unwrap();
    }
}

/// The one file of a release, `1` or `2`.
pub fn file_id(release: &str) -> String {
    format!("{release:0>26}")
}

/// Every mounted route that changes something. A development copy's stand-in for GitHub is another site.
/// What only leads on answers any method, and changes nothing by any.
/// Nor does what tells the staff that a page of theirs does not answer a method.
const LEADS_ON: [&str; 7] = [
    "/event-list",
    "/favicon.ico",
    "/job-requests/<id>",
    "/jobs",
    "/jobs/<identifier>",
    "/robots.txt",
    "/staff/<rest..>",
];

pub fn changing(site: &Site) -> Vec<Route> {
    let routes = site.client.rocket().routes();
    let is_ours = |route: &&Route| !route.uri.path().starts_with("/dev/");
    routes
        .filter(|route| !changes_nothing(route.method))
        .filter(is_ours)
        .filter(|route| !LEADS_ON.contains(&route.uri.path()))
        .cloned()
        .collect()
}

pub fn is_of_api(route: &Route) -> bool {
    route.uri.path().starts_with("/api/")
}

/// The parameters in a route's path, in order.
pub fn parameters(route: &Route) -> Vec<String> {
    let segments = route.uri.path().split('/');
    segments
        .filter_map(|segment| {
            Some(
                segment
                    .strip_prefix('<')?
                    .trim_end_matches('>')
                    .trim_end_matches("..")
                    .to_owned(),
            )
        })
        .collect()
}

/// A route's address with `fill` in the places of its parameters.
pub fn address(route: &Route, fill: impl Fn(&str) -> String) -> String {
    let filled = route
        .uri
        .path()
        .split('/')
        .map(|segment| match segment.strip_prefix('<') {
            Some(name) => fill(name.trim_end_matches('>').trim_end_matches("..")),
            None => segment.to_owned(),
        });
    filled.collect::<Vec<_>>().join("/")
}

/// The address of something that exists. News of what runs have no end, so it is what is over.
pub fn usual_address(route: &Route) -> String {
    let is_news = route.uri.path().ends_with("/events");
    address(route, |name| match name {
        "id" if is_news => "3".to_owned(),
        "identifier" | "_identifier" if is_news => "job3".to_owned(),
        name => usual(name),
    })
}

/// What exists, for a parameter of a route.
pub fn usual(parameter: &str) -> String {
    match parameter {
        "project" => "project",
        "workspace" | "name" => "ws",
        "id" | "n" | "release" => "1",
        "file" | "file_id" => return file_id("1"),
        "backend" => "tpp",
        "path" => "",
        "identifier" | "_identifier" => "job1",
        "username" => "ada",
        "slug" => "acme",
        "reference" => "",
        _ => "none",
    }
    .to_owned()
}

/// Every row of every table that people change, as one text: compared before and after an attack.
pub async fn everything(site: &Site) -> String {
    let mut all = String::new();
    for table in [
        "project",
        "workspace",
        "interactive_workspace",
        "job_request",
        "job",
        "release",
        "release_file",
        "release_file_review",
        "snapshot",
        "snapshot_file",
        "publish_request",
        "auditable_event",
        "org",
        "project_collaboration",
        "project_membership",
        "data_permission",
        "redirect",
        "org_membership",
        "backend_membership",
        "personal_token",
        "email_change",
        "email_login",
    ] {
        // The names are the test's own.
        let rows: Vec<String> =
            sqlx::query_scalar(sqlx::AssertSqlSafe(format!("SELECT t::text FROM {table} t ORDER BY 1")))
                .fetch_all(site.db.pool())
                .await
                .unwrap();
        all.push_str(&format!("{table}: {rows:?}\n"));
    }
    let people: Vec<String> = sqlx::query_scalar(
        r#"SELECT concat_ws(' ', id, username, fullname, email, roles, notify, is_active, login_token) FROM "user" ORDER BY id"#,
    )
    .fetch_all(site.db.pool())
    .await
    .unwrap();
    all.push_str(&format!("people: {people:?}\n"));
    all
}
