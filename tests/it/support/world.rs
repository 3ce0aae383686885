//! The things that people use: users, projects, workspaces, backends, job requests, jobs. Each is made
//! when it is first named.

use jobserver::core::audit::By;
use jobserver::core::db::Db;
use jobserver::core::jobs::backends::{BackendInput, create_backend};
use jobserver::core::people::actions::{create_login_link, sign_in_with_link};
use jobserver::core::people::sessions::Place;
use jobserver::core::sealed::Sealer;
use secrecy::ExposeSecret;
use sqlx::PgPool;
use time::OffsetDateTime;

use super::logs::must_not_be_logged;

#[derive(Clone)]
pub struct World {
    db: Db,
    sealer: Sealer,
}

/// A job request to make; the rest is as usual.
#[derive(Debug, Clone)]
pub struct Request<'a> {
    pub workspace: &'a str,
    pub backend: &'a str,
    pub by: &'a str,
    pub actions: &'a [&'a str],
    pub status: &'a str,
    pub project_definition: &'a str,
    pub will_notify: bool,
}

impl Default for Request<'_> {
    fn default() -> Self {
        Self {
            workspace: "ws",
            backend: "tpp",
            by: "ada",
            actions: &["a"],
            status: "unknown",
            project_definition: "",
            will_notify: false,
        }
    }
}

/// A job to make; the rest is as usual.
#[derive(Debug, Clone)]
pub struct Job<'a> {
    pub identifier: &'a str,
    pub action: &'a str,
    pub status: &'a str,
    pub status_code: &'a str,
    pub status_message: &'a str,
    pub created_at: OffsetDateTime,
    pub updated_at: Option<OffsetDateTime>,
    pub started_at: Option<OffsetDateTime>,
    pub completed_at: Option<OffsetDateTime>,
}

impl Default for Job<'_> {
    fn default() -> Self {
        Self {
            identifier: "job1",
            action: "a",
            status: "pending",
            status_code: "created",
            status_message: "Created",
            created_at: OffsetDateTime::now_utc(),
            updated_at: Some(OffsetDateTime::now_utc()),
            started_at: None,
            completed_at: None,
        }
    }
}

impl World {
    pub fn new(db: Db, sealer: Sealer) -> Self {
        Self { db, sealer }
    }

    /// Beside the executable, which has the same database.
    pub fn of_program(pool: &PgPool) -> Self {
        let sealer = Sealer::new(&super::program::SECRET_KEY.into(), None).unwrap();
        Self::new(Db::from(pool.clone()), sealer)
    }

    /// A user, who is called by the username with a capital letter.
    pub async fn user(&self, username: &str) -> i32 {
        let fullname = username[..1].to_uppercase() + &username[1..];
        sqlx::query_scalar(
            r#"INSERT INTO "user" (username, fullname, email) VALUES ($1, $2, $1 || '@example.com')
               ON CONFLICT (username) DO UPDATE SET username = excluded.username RETURNING id"#,
        )
        .bind(username)
        .bind(fullname)
        .fetch_one(self.db.pool())
        .await
        .unwrap()
    }

    pub async fn global_roles(&self, username: &str, roles: &[&str]) -> i32 {
        let id = self.user(username).await;
        sqlx::query(r#"UPDATE "user" SET roles = $2 WHERE id = $1"#)
            .bind(id)
            .bind(roles)
            .execute(self.db.pool())
            .await
            .unwrap();
        id
    }

    pub async fn org(&self, slug: &str) -> i32 {
        sqlx::query_scalar(
            "INSERT INTO org (name, slug) VALUES (initcap($1), $1)
             ON CONFLICT (slug) DO UPDATE SET slug = excluded.slug RETURNING id",
        )
        .bind(slug)
        .fetch_one(self.db.pool())
        .await
        .unwrap()
    }

    pub async fn org_member(&self, org: &str, username: &str) {
        let (org, user) = (self.org(org).await, self.user(username).await);
        sqlx::query("INSERT INTO org_membership (org_id, user_id) VALUES ($1, $2) ON CONFLICT DO NOTHING")
            .bind(org)
            .bind(user)
            .execute(self.db.pool())
            .await
            .unwrap();
    }

    /// A project, carried by the organisation `acme`.
    pub async fn project(&self, slug: &str) -> i32 {
        let (org, admin) = (self.org("acme").await, self.user("admin").await);
        let id: i32 = sqlx::query_scalar(
            "INSERT INTO project (name, slug, created_by_id, updated_by_id) VALUES (initcap($1), $1, $2, $2)
             ON CONFLICT (slug) DO UPDATE SET slug = excluded.slug RETURNING id",
        )
        .bind(slug)
        .bind(admin)
        .fetch_one(self.db.pool())
        .await
        .unwrap();
        sqlx::query(
            "INSERT INTO project_collaboration (org_id, project_id, is_lead, created_by_id, updated_by_id)
             VALUES ($1, $2, true, $3, $3) ON CONFLICT DO NOTHING",
        )
        .bind(org)
        .bind(id)
        .bind(admin)
        .execute(self.db.pool())
        .await
        .unwrap();
        id
    }

    /// Makes somebody a member of a project, with these roles.
    pub async fn member(&self, project: &str, username: &str, roles: &[&str]) -> i32 {
        let (project, user) = (self.project(project).await, self.user(username).await);
        sqlx::query(
            "INSERT INTO project_membership (project_id, user_id, roles) VALUES ($1, $2, $3)
             ON CONFLICT (project_id, user_id) DO UPDATE SET roles = excluded.roles",
        )
        .bind(project)
        .bind(user)
        .bind(roles)
        .execute(self.db.pool())
        .await
        .unwrap();
        user
    }

    /// A workspace of a project, on the branch `main` of `https://github.com/opensafely/<name>`.
    pub async fn workspace(&self, project: &str, name: &str) -> i32 {
        let (project, admin) = (self.project(project).await, self.user("admin").await);
        let repo: i32 = sqlx::query_scalar(
            "INSERT INTO repo (url) VALUES ('https://github.com/opensafely/' || $1)
             ON CONFLICT (url) DO UPDATE SET url = excluded.url RETURNING id",
        )
        .bind(name)
        .fetch_one(self.db.pool())
        .await
        .unwrap();
        sqlx::query_scalar(
            "INSERT INTO workspace (name, project_id, repo_id, branch, created_by_id, updated_by_id)
             VALUES ($1, $2, $3, 'main', $4, $4)
             ON CONFLICT (name) DO UPDATE SET name = excluded.name RETURNING id",
        )
        .bind(name)
        .bind(project)
        .bind(repo)
        .bind(admin)
        .fetch_one(self.db.pool())
        .await
        .unwrap()
    }

    /// A backend; returns its token, the same each time.
    pub async fn backend(&self, slug: &str) -> String {
        let input = BackendInput {
            slug: slug.to_owned(),
            ..BackendInput::default()
        };
        let token = create_backend(&self.db, &self.sealer, &input, &By::operator("test"))
            .await
            .unwrap();
        must_not_be_logged(token.expose_secret());
        token.expose_secret().to_owned()
    }

    pub async fn backend_id(&self, slug: &str) -> i32 {
        self.backend(slug).await;
        sqlx::query_scalar("SELECT id FROM backend WHERE slug = $1")
            .bind(slug)
            .fetch_one(self.db.pool())
            .await
            .unwrap()
    }

    /// Lets somebody run jobs on a backend.
    pub async fn may_use(&self, backend: &str, username: &str) {
        self.user(username).await;
        let input = BackendInput {
            slug: backend.to_owned(),
            member: Some(username.to_owned()),
            ..BackendInput::default()
        };
        create_backend(&self.db, &self.sealer, &input, &By::operator("test"))
            .await
            .unwrap();
    }

    /// Gives somebody a login at GitHub.
    pub async fn github(&self, username: &str) {
        let id = self.user(username).await;
        sqlx::query(
            "INSERT INTO social_account (user_id, provider, uid) VALUES ($1, 'github', $1::text)
             ON CONFLICT DO NOTHING",
        )
        .bind(id)
        .execute(self.db.pool())
        .await
        .unwrap();
    }

    /// Says which networks are inside a backend.
    pub async fn inside(&self, backend: &str, networks: &[&str]) {
        let input = BackendInput {
            slug: backend.to_owned(),
            addresses: Some(networks.iter().map(|network| (*network).to_owned()).collect()),
            ..BackendInput::default()
        };
        create_backend(&self.db, &self.sealer, &input, &By::operator("test"))
            .await
            .unwrap();
    }

    /// Runs statements that make something so.
    pub async fn so(&self, sql: &'static str) {
        sqlx::raw_sql(sql).execute(self.db.pool()).await.unwrap();
    }

    /// What a statement says, as a number.
    pub async fn number(&self, sql: &'static str) -> i64 {
        sqlx::query_scalar(sql).fetch_one(self.db.pool()).await.unwrap()
    }

    /// A developer of project `project` who may use backend `tpp`: `ada`, with workspace `ws`.
    pub async fn usual(&self) {
        self.member("project", "ada", &["ProjectDeveloper"]).await;
        self.org_member("acme", "ada").await;
        self.workspace("project", "ws").await;
        self.may_use("tpp", "ada").await;
    }

    /// A job request in an existing workspace; returns its id and identifier.
    pub async fn request(&self, request: Request<'_>) -> (i32, String) {
        let backend = self.backend_id(request.backend).await;
        let user = self.user(request.by).await;
        sqlx::query_as(
            "INSERT INTO job_request (identifier, backend_id, workspace_id, created_by_id, requested_actions, sha,
                                      status, project_definition, will_notify)
             VALUES ($1, $2, (SELECT id FROM workspace WHERE name = $3), $4, $5, repeat('a', 40), $6, $7, $8)
             RETURNING id, identifier",
        )
        .bind(jobserver::core::jobs::new_identifier())
        .bind(backend)
        .bind(request.workspace)
        .bind(user)
        .bind(request.actions)
        .bind(request.status)
        .bind(request.project_definition)
        .bind(request.will_notify)
        .fetch_one(self.db.pool())
        .await
        .unwrap()
    }

    /// A job of a request. The request's stored status does not follow: say it with the request.
    pub async fn job(&self, request_id: i32, job: Job<'_>) -> i32 {
        sqlx::query_scalar(
            "INSERT INTO job (job_request_id, identifier, action, status, status_code, status_message, created_at,
                              updated_at, started_at, completed_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) RETURNING id",
        )
        .bind(request_id)
        .bind(job.identifier)
        .bind(job.action)
        .bind(job.status)
        .bind(job.status_code)
        .bind(job.status_message)
        .bind(job.created_at)
        .bind(job.updated_at)
        .bind(job.started_at)
        .bind(job.completed_at)
        .fetch_one(self.db.pool())
        .await
        .unwrap()
    }

    /// A session's cookie for somebody.
    pub async fn session(&self, username: &str) -> String {
        self.user(username).await;
        let link = create_login_link(&self.db, username, &By::operator("test"))
            .await
            .unwrap();
        let session = sign_in_with_link(&self.db, &link, Place::default()).await.unwrap();
        must_not_be_logged(link.expose_secret());
        must_not_be_logged(session.token.expose_secret());
        session.token.expose_secret().to_owned()
    }
}
