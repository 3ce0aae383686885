//! The visitors: everybody who could be at the door.

use bytes::Bytes;
use jobserver::core::access::Operator;
use jobserver::core::people::tokens::create_bot;
use rocket::http::Method;
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use super::rules::LOGIN;
use crate::support::{Answer, Job, Request, Site, Visitor};

/// How somebody proves who they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proof {
    Nothing,
    Session,
    /// A session whose user was deactivated since.
    DeadSession,
    /// This backend's token, and no cookies.
    Backend(&'static str),
    /// A personal token, as bots have, and no cookies.
    PersonalToken,
}

pub struct Actor {
    /// The username, where there is one.
    pub name: &'static str,
    pub what: &'static str,
    pub proof: Proof,
    pub global: &'static [&'static str],
    /// Projects and the roles there: `project` is the one that the table's addresses name.
    pub memberships: &'static [(&'static str, &'static [&'static str])],
    /// Whether the jobs in the table's addresses are theirs.
    pub asked: bool,
}

const fn stranger(name: &'static str, what: &'static str, proof: Proof) -> Actor {
    Actor {
        name,
        what,
        proof,
        global: &[],
        memberships: &[],
        asked: false,
    }
}

const fn member(
    name: &'static str,
    what: &'static str,
    memberships: &'static [(&'static str, &'static [&'static str])],
) -> Actor {
    Actor {
        memberships,
        ..stranger(name, what, Proof::Session)
    }
}

const fn everywhere(name: &'static str, what: &'static str, global: &'static [&'static str]) -> Actor {
    Actor {
        global,
        ..stranger(name, what, Proof::Session)
    }
}

/// Those who are nobody to the site, and programs.
#[rustfmt::skip]
pub const OUTSIDE: &[Actor] = &[
    stranger("anonymous", "not signed in", Proof::Nothing),
    stranger("nobody", "signed in, without any right", Proof::Session),
    stranger("gone", "a session of somebody who was deactivated", Proof::DeadSession),
    stranger("tpp", "the token of the backend where the jobs run", Proof::Backend("tpp")),
    stranger("emis", "the token of another backend", Proof::Backend("emis")),
    stranger("bot", "a bot with its personal token", Proof::PersonalToken),
];

/// Those with a part in a project.
#[rustfmt::skip]
pub const MEMBERS: &[Actor] = &[
    member("ada", "a developer of the project", &[("project", &["ProjectDeveloper"])]),
    member("collaborator", "a collaborator of the project", &[("project", &["ProjectCollaborator"])]),
    member("reporter", "an interactive reporter of the project", &[("project", &["InteractiveReporter"])]),
    Actor { asked: true, ..member("asker", "a member without a role, who asked for the jobs", &[("project", &[])]) },
    member("member", "a member without a role", &[("project", &[])]),
    member("foreign-developer", "a developer of another project", &[("another", &["ProjectDeveloper"])]),
    member("foreign-collaborator", "a collaborator of another project", &[("another", &["ProjectCollaborator"])]),
    member("foreign-reporter", "an interactive reporter of another project", &[("another", &["InteractiveReporter"])]),
    member("foreign-member", "a member without a role of another project", &[("another", &[])]),
];

/// Those with a role everywhere.
#[rustfmt::skip]
pub const GLOBAL: &[Actor] = &[
    everywhere("administrator", "Staff Area Administrator alone", &["StaffAreaAdministrator"]),
    everywhere("support", "Tech Support alone", &["TechSupport"]),
    everywhere("service", "Service Administrator alone", &["ServiceAdministrator"]),
    everywhere("deployment", "Deployment Administrator", &["DeploymentAdministrator"]),
    everywhere("checker", "Output Checker", &["OutputChecker"]),
    everywhere("publisher", "Output Publisher", &["OutputPublisher"]),
    everywhere("global-reporter", "Interactive Reporter everywhere", &["InteractiveReporter"]),
    everywhere("sign-off", "Sign Off Repos with Outputs alone", &["SignOffRepoWithOutputs"]),
    everywhere("global-collaborator", "Project Collaborator everywhere", &["ProjectCollaborator"]),
    everywhere("stan", "the three roles of the staff", &["ServiceAdministrator", "StaffAreaAdministrator", "TechSupport"]),
];

/// Two projects, each with a workspace, a finished request, a job, a release of three files, a snapshot that is public and
/// one that is not: `project`, `ws`, 1, `job1`, `release1`, 1, 3 and `another`, `other-ws`, 2, `job2`, `release2`, 2, 4.
pub async fn two_projects(site: &Site) {
    let world = &site.world;
    world.usual().await;
    world.backend("emis").await;
    world.member("project", "asker", &[]).await;
    world.workspace("another", "other-ws").await;
    world
        .member("another", "foreign-developer", &["ProjectDeveloper"])
        .await;
    for (number, workspace, by, identifier) in
        [(1, "ws", "asker", "job1"), (2, "other-ws", "foreign-developer", "job2")]
    {
        let request = Request {
            workspace,
            by,
            status: "succeeded",
            ..Request::default()
        };
        let (id, _) = world.request(request).await;
        assert_eq!(id, number, "the tables name it");
        let job = Job {
            identifier,
            status: "succeeded",
            ..Job::default()
        };
        world.job(id, job).await;
    }
    for (number, workspace) in [(1, "ws"), (2, "other-ws")] {
        let to_delete = format!("{:0>26}", format!("DELETE{number}"));
        let mut ids = [format!("public{number}"), format!("draft{number}"), to_delete].into_iter();
        let files: &[(&str, &[u8])] = &[
            ("public.txt", b"public"),
            ("draft.txt", b"draft"),
            ("unwanted.txt", b"unwanted"),
        ];
        site.release_called(
            &format!("release{number}"),
            || ids.next().unwrap(),
            workspace,
            "tpp",
            "asker",
            files,
        )
        .await;
    }
    for (kind, is_published) in [("public", true), ("draft", false)] {
        for (number, workspace) in [(1, "ws"), (2, "other-ws")] {
            site.snapshot(workspace, "asker", &[format!("{kind}{number}")], is_published)
                .await;
        }
    }
    world
        .so("UPDATE backend SET level_4_url = 'https://l4.example.org' WHERE slug = 'tpp'")
        .await;
}

/// Undoes what the one before did with what was released: a deletion, and a snapshot taken back.
pub async fn as_before(site: &Site) {
    let world = &site.world;
    world
        .so("UPDATE release_file SET deleted_at = NULL, deleted_by_id = NULL")
        .await;
    let paths: Vec<String> = sqlx::query_scalar("SELECT path FROM release_file WHERE name = 'unwanted.txt'")
        .fetch_all(site.db.pool())
        .await
        .unwrap();
    for path in paths {
        let mut incoming = site.files.begin(&path).await.unwrap();
        incoming.write(Bytes::from_static(b"unwanted")).await.unwrap();
        incoming.finish().await.unwrap();
    }
    world
        .so("DELETE FROM publish_request WHERE decision = 'rejected'")
        .await;
}

/// Gives `actor` what its description says, and lets it run jobs on the backend, so that only rights count.
pub async fn introduce(site: &Site, actor: &Actor) {
    let world = &site.world;
    if !matches!(actor.proof, Proof::Session | Proof::DeadSession) {
        return;
    }
    world.global_roles(actor.name, actor.global).await;
    for (project, roles) in actor.memberships {
        world.member(project, actor.name, roles).await;
    }
    world.may_use("tpp", actor.name).await;
}

/// An actor at the door, with what they keep between two requests.
pub struct AtTheDoor<'s> {
    site: &'s Site,
    pub actor: &'s Actor,
    /// The cookie of a session that must not count any more.
    dead: Option<String>,
    /// What a program shows.
    header: String,
    signed_in: Option<(Visitor, String)>,
}

impl<'s> AtTheDoor<'s> {
    pub async fn new(site: &'s Site, actor: &'s Actor) -> Self {
        introduce(site, actor).await;
        let header = match actor.proof {
            Proof::Backend(slug) => site.backend(slug).await.token,
            Proof::PersonalToken => {
                let operator = Operator::at_the_command_line("olive");
                let token = create_bot(&site.db, actor.name, &operator).await.unwrap().token;
                format!("{}:{}", actor.name, token.expose_secret())
            }
            _ => String::new(),
        };
        let mut dead = None;
        if actor.proof == Proof::DeadSession {
            dead = Some(site.world.session(actor.name).await);
            sqlx::query(r#"UPDATE "user" SET is_active = false WHERE username = $1"#)
                .bind(actor.name)
                .execute(site.db.pool())
                .await
                .unwrap();
        }
        Self {
            site,
            actor,
            dead,
            header,
            signed_in: None,
        }
    }

    /// Asks, and tells what came: a status, or [`LOGIN`].
    pub async fn ask(&mut self, method: &str, path: &str) -> u16 {
        let answer = match self.actor.proof {
            Proof::Nothing => ask_as(&self.site.anonymous(), method, path).await,
            Proof::DeadSession => {
                let visitor = Visitor::new(self.site.client.clone(), self.dead.clone());
                ask_as(&visitor, method, path).await
            }
            Proof::Session => self.ask_signed_in(method, path).await,
            Proof::Backend(_) | Proof::PersonalToken => self.ask_with_header(method, path).await,
        };
        if answer.status == 302 && answer.location().starts_with("/login/?next=") {
            LOGIN
        } else {
            answer.status
        }
    }

    async fn ask_signed_in(&mut self, method: &str, path: &str) -> Answer {
        if self.signed_in.is_none() {
            let visitor = self.site.sign_in(self.actor.name).await;
            let token = visitor.csrf_token("/").await;
            self.signed_in = Some((visitor, token));
        }
        let (visitor, token) = self.signed_in.as_ref().unwrap();
        let answer = match method {
            "GET" => visitor.get(path).await,
            _ if path.starts_with("/api/") => visitor.post_json(path, &body_for(path)).await,
            _ => {
                visitor
                    .post_without_token(path, &[("csrfmiddlewaretoken", token)])
                    .await
            }
        };
        let cookies = answer
            .headers
            .iter()
            .filter(|(name, _)| name.eq_ignore_ascii_case("set-cookie"));
        if cookies.into_iter().any(|(_, cookie)| cookie.starts_with("sessionid=")) {
            // Signed out, or in anew: the next request is for a new session.
            self.signed_in = None;
        }
        answer
    }

    async fn ask_with_header(&self, method: &str, path: &str) -> Answer {
        let backend = self.site.backend("tpp").await;
        let (method, body) = match method {
            "GET" => (Method::Get, String::new()),
            _ => (Method::Post, body_for(path).to_string()),
        };
        let headers = [
            ("Authorization", self.header.as_str()),
            ("Content-Type", "application/json"),
        ];
        backend.send(method, path, &headers, body.as_bytes()).await
    }
}

/// Asks as somebody without a session, with the token of the form at that address if there is one.
async fn ask_as(visitor: &Visitor, method: &str, path: &str) -> Answer {
    match method {
        "GET" => visitor.get(path).await,
        _ if path.starts_with("/api/") => visitor.post_json(path, &body_for(path)).await,
        _ => visitor.post(path, &[]).await,
    }
}

/// What a program sends: nothing that is right for most, which is told to those who are let in; a right body where
/// that is looked at before who asks.
fn body_for(path: &str) -> Value {
    match path.rsplit('/').find(|part| !part.is_empty()) {
        Some("snapshots") => json!({ "file_ids": ["draft1"] }),
        Some("reviews") => json!({ "files": [], "metadata": {}, "review": null }),
        _ => json!([]),
    }
}
