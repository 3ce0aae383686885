//! What tests are written with: a site, people and backends who use it, and the things they use.

mod actors;
mod bucket;
mod code_host;
mod codelists;
mod collector;
pub mod github;
mod html;
mod logs;
mod post;
mod program;
mod proxy;
mod releases;
mod repos;
mod waiting;
mod world;

pub use actors::{Answer, Backend, Visitor};
pub use bucket::{Bucket, files_at};
pub use code_host::FakeCodeHost;
pub use codelists::FakeCodelists;
pub use collector::{Collector, Sentry, Silent};
pub use html::Html;
pub use logs::{Mark, count_statements, must_not_be_logged};
pub use post::{KeptIssue, Post, Trouble};
pub use program::{Program, Running, SECRET_KEY};
pub use proxy::DatabaseProxy;
pub use releases::{Released, sha256};
pub use waiting::until_waiting;
pub use world::{Job, Request, World};

use std::path::Path;
use std::sync::Arc;

use jobserver::adapters::files::Files;
use jobserver::config::{MailBackend, Settings};
use jobserver::core::db::Db;
use jobserver::core::outbox::Attempted;
use jobserver::core::ports::FileStore;
use jobserver::core::sealed::Sealer;
use jobserver::web::{
    self, App, announcements::Announcements, live::Live, old_addresses::OldAddresses, static_files::Assets,
};
use rocket::local::asynchronous::Client;
use sqlx::PgPool;

/// For asking a program that runs, over HTTP.
pub fn http_client() -> reqwest::Client {
    // There may be one already: then that one is used.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().no_proxy().build().unwrap()
}

/// The program, started on a database of its own.
pub struct Site {
    pub client: Arc<Client>,
    pub db: Db,
    pub code_host: Arc<FakeCodeHost>,
    pub codelists: Arc<FakeCodelists>,
    pub live: Live,
    /// Where released files are kept: a folder of the site's own, below.
    pub files: Arc<dyn FileStore>,
    pub storage: tempfile::TempDir,
    pub announcements: Announcements,
    pub old_addresses: OldAddresses,
    pub world: World,
    post: Post,
    log: Mark,
}

impl Site {
    pub async fn start(pool: PgPool) -> Self {
        Self::start_with(pool, |_| ()).await
    }

    /// With released files kept by what `keep` makes of the site's folder.
    pub async fn start_keeping(pool: PgPool, keep: impl FnOnce(&Path) -> Arc<dyn FileStore>) -> Self {
        Self::start_all(pool, |_| (), Vec::new(), keep).await
    }

    /// With other settings than the usual ones.
    pub async fn start_with(pool: PgPool, change: impl FnOnce(&mut Settings)) -> Self {
        Self::start_mounting(pool, change, Vec::new()).await
    }

    /// With routes of a test beside the program's own.
    pub async fn start_mounting(pool: PgPool, change: impl FnOnce(&mut Settings), routes: Vec<rocket::Route>) -> Self {
        let folder = |path: &Path| -> Arc<dyn FileStore> {
            Arc::new(Files::folder(path).unwrap_or_else(|error| panic!("{error}")))
        };
        Self::start_all(pool, change, routes, folder).await
    }

    async fn start_all(
        pool: PgPool,
        change: impl FnOnce(&mut Settings),
        routes: Vec<rocket::Route>,
        keep: impl FnOnce(&Path) -> Arc<dyn FileStore>,
    ) -> Self {
        let mut settings = Settings::for_tests("postgres://localhost/unused").unwrap_or_else(|error| panic!("{error}"));
        // No test reads the mails of this checkout's own copy.
        settings.mail.backend = MailBackend::File {
            folder: std::env::temp_dir().join(format!("no-mails-{:016x}", rand::random::<u64>())),
        };
        let storage = tempfile::tempdir().expect("a folder for released files");
        settings.releases.storage = storage.path().to_owned();
        change(&mut settings);
        let files = keep(storage.path());
        logs::listen();
        let log = Mark::now();
        logs::settings_must_not_be_logged(&settings);
        let db = Db::from(pool);
        let code_host = Arc::new(FakeCodeHost::default());
        let codelists = Arc::new(FakeCodelists::default());
        let live = Live::default();
        let announcements = Announcements::default();
        let old_addresses = OldAddresses::default();
        let post = Post::new(&settings, db.clone());
        let identities = github::identity_provider(&settings);
        let sealer = Sealer::new(&settings.secrets.secret_key, settings.secrets.old_secret_key.as_ref()).unwrap();
        let app = App {
            settings: Arc::new(settings),
            db: db.clone(),
            code_host: code_host.clone(),
            codelists: codelists.clone(),
            identities,
            sealer: sealer.clone(),
            assets: Arc::new(Assets::default()),
            live: live.clone(),
            files: files.clone(),
            announcements: announcements.clone(),
            old_addresses: old_addresses.clone(),
        };
        let client = Client::untracked(web::build(app).mount("/", routes))
            .await
            .expect("the program starts");
        let world = World::new(db.clone(), sealer);
        Self {
            client: Arc::new(client),
            db,
            code_host,
            codelists,
            live,
            files,
            storage,
            announcements,
            old_addresses,
            world,
            post,
            log,
        }
    }

    /// What left the house, in memory.
    pub fn post(&self) -> &Post {
        &self.post
    }

    /// Does what the worker does: delivers everything that is due.
    pub async fn drain(&self) -> Vec<Attempted> {
        self.post.drain(&self.db).await
    }

    /// Somebody not signed in.
    pub fn anonymous(&self) -> Visitor {
        Visitor::new(self.client.clone(), None)
    }

    /// Somebody signed in; the user must exist.
    pub async fn sign_in(&self, username: &str) -> Visitor {
        let session = self.world.session(username).await;
        Visitor::new(self.client.clone(), Some(session))
    }

    /// A browser that has the cookie of this session.
    pub fn with_session(&self, session: &str) -> Visitor {
        Visitor::new(self.client.clone(), Some(session.to_owned()))
    }

    /// A backend, made when it does not exist, that shows its token.
    pub async fn backend(&self, slug: &str) -> Backend {
        let token = self.world.backend(slug).await;
        Backend::new(self.client.clone(), token)
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        logs::assert_nothing_told(&self.log.told());
    }
}
