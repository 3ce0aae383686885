//! GitHub, as people who sign in meet it: the stand-in's calls at a port of their own, and its pages played
//! by the test.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use jobserver::adapters::github_login::{CALLBACK, GithubLogin, GithubLoginSettings};
use jobserver::config::{GitHubLoginSettings, Settings};
use jobserver::core::ports::IdentityProvider;
use jobserver::web::dev_github::{Account, Asked, Email, StandIn, Trouble};
use rocket::fairing::AdHoc;
use sqlx::PgPool;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::{Answer, Site, Visitor};

pub const CLIENT_ID: &str = "Iv1.test";
pub const CLIENT_SECRET: &str = "the-oauth-apps-own-secret";

/// GitHub, at a port of its own as long as it lives.
pub struct Github {
    pub stand_in: Arc<StandIn>,
    address: SocketAddr,
    serving: JoinHandle<()>,
}

impl Drop for Github {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl Github {
    /// `site` is the address of the site whose people come here.
    pub async fn start(site: &str) -> Self {
        // Before Rocket has a logger of its own.
        super::logs::listen();
        let callback = format!("{}{CALLBACK}", site.trim_end_matches('/'));
        let stand_in = Arc::new(StandIn::new(CLIENT_ID, CLIENT_SECRET.into(), &callback));
        let (told, port) = oneshot::channel();
        let told = std::sync::Mutex::new(Some(told));
        let program = stand_in
            .clone()
            .program(0)
            .attach(AdHoc::on_liftoff("port", move |rocket| {
                if let Some(told) = told.lock().unwrap().take() {
                    told.send(rocket.config().port).unwrap();
                }
                Box::pin(async {})
            }));
        let serving = tokio::spawn(async move {
            program.launch().await.unwrap();
        });
        let address = SocketAddr::from(([127, 0, 0, 1], port.await.expect("the stand-in listens")));
        Self {
            stand_in,
            address,
            serving,
        }
    }

    /// A site whose people sign in here, and this.
    pub async fn and_site(pool: PgPool) -> (Self, Site) {
        Self::and_site_with(pool, |_| ()).await
    }

    pub async fn and_site_with(pool: PgPool, change: impl FnOnce(&mut Settings)) -> (Self, Site) {
        let github = Self::start("http://localhost:8000").await;
        let site = Site::start_with(pool, |settings| {
            settings.github.login = github.login();
            change(settings);
        })
        .await;
        (github, site)
    }

    /// The settings of a site whose people come here.
    pub fn login(&self) -> GitHubLoginSettings {
        GitHubLoginSettings {
            key: CLIENT_ID.to_owned(),
            secret: CLIENT_SECRET.into(),
            web_url: format!("http://{}", self.address).parse().unwrap(),
            api_url: format!("http://{}/api", self.address).parse().unwrap(),
            is_stand_in: false,
        }
    }

    /// Where the visitor comes back to, a path of the site, when they say who they are on the page that
    /// they were sent to.
    pub fn come_back(&self, page: &str, account: Account, trouble: Trouble) -> String {
        let page: url::Url = page.parse().unwrap_or_else(|_| panic!("sent to {page:?}"));
        let asked = Asked::read(page.query().unwrap_or_default()).unwrap();
        self.stand_in.check(&asked).unwrap();
        let back = self.stand_in.decide(&asked, account, trouble);
        let path = back.strip_prefix("http://localhost:8000");
        path.unwrap_or_else(|| panic!("sent back to {back}")).to_owned()
    }

    /// The whole way of a login that wants to go to `next`; returns what the callback answers.
    pub async fn login_with(&self, visitor: &Visitor, next: &str, account: Account, trouble: Trouble) -> Answer {
        let page = set_off(visitor, next).await;
        visitor.get(&self.come_back(&page, account, trouble)).await
    }

    /// As [`Github::login_with`], to the front page, with nothing going wrong.
    pub async fn sign_in(&self, visitor: &Visitor, account: Account) -> Answer {
        self.login_with(visitor, "/", account, Trouble::Nothing).await
    }
}

/// Presses the button; returns the address that the visitor is sent to.
pub async fn set_off(visitor: &Visitor, next: &str) -> String {
    let answer = visitor.post_without_token("/login/github/", &[("next", next)]).await;
    answer.expect(302).location().to_owned()
}

/// Somebody with a name and one verified address.
pub fn account(id: u64, login: &str) -> Account {
    Account {
        id,
        login: login.to_owned(),
        name: Some(format!("{} of GitHub", login.to_uppercase())),
        emails: vec![Email::usual(format!("{login}@github.example"))],
    }
}

/// Who vouches for people on a site with these settings.
pub fn identity_provider(settings: &Settings) -> Arc<dyn IdentityProvider> {
    let login = &settings.github.login;
    let wanted = GithubLoginSettings {
        client_id: login.key.clone(),
        client_secret: login.secret.clone(),
        web: login.web_url.clone(),
        api: login.api_url.clone(),
        callback: settings.web.absolute(CALLBACK).parse().unwrap(),
        timeout: settings.github.timeout,
    };
    Arc::new(GithubLogin::new(login_client(), wanted))
}

/// A client as the program has it for this.
pub fn login_client() -> reqwest::Client {
    // Another test of this process may have installed it.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::builder()
        .no_proxy()
        .user_agent("OpenSAFELY Jobs")
        .redirect(reqwest::redirect::Policy::none());
    client.build().unwrap()
}

/// For a GitHub that never answers.
pub const IMPATIENT: Duration = Duration::from_millis(200);
