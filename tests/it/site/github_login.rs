//! Signing in with GitHub, with the executable: in a development copy as anybody, and without a word of it
//! in the log that opens anything.

use std::collections::BTreeMap;

use jobserver::web::dev_github::Trouble;
use reqwest::header::{COOKIE, ORIGIN};
use sqlx::PgPool;
use tokio::net::{TcpListener, TcpStream};

use super::serving::server;
use crate::support::Html;
use crate::support::github::{CLIENT_ID, CLIENT_SECRET, Github, account, login_client};

/// A browser: keeps cookies, follows nothing by itself.
struct Browser {
    client: reqwest::Client,
    /// The site's own address, and where it is to be had.
    base: String,
    address: String,
    cookies: BTreeMap<String, String>,
}

struct Seen {
    status: u16,
    location: String,
    body: String,
}

impl Browser {
    fn new(base: &str, address: &str) -> Self {
        Self {
            client: login_client(),
            base: base.to_owned(),
            address: address.to_owned(),
            cookies: BTreeMap::new(),
        }
    }

    /// Goes to a path or an address of the site; with a form, sends that.
    async fn go(&mut self, to: &str, form: Option<&[(&str, &str)]>) -> Seen {
        let path = to.strip_prefix(&self.base).unwrap_or(to);
        let url = format!("http://{}{path}", self.address);
        let mut request = match form {
            Some(fields) => self.client.post(url).form(fields).header(ORIGIN, &self.base),
            None => self.client.get(url),
        };
        let cookies: Vec<String> = self
            .cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        request = request.header(COOKIE, cookies.join("; "));
        let answer = request.send().await.unwrap();
        for header in answer.headers().get_all("set-cookie") {
            let (name, value) = header
                .to_str()
                .unwrap()
                .split(';')
                .next()
                .unwrap()
                .split_once('=')
                .unwrap();
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
        Seen {
            status: answer.status().as_u16(),
            location: answer
                .headers()
                .get("location")
                .map(|location| location.to_str().unwrap().to_owned())
                .unwrap_or_default(),
            body: answer.text().await.unwrap(),
        }
    }
}

/// Takes connections at an address that is known before the program's is, and passes them on to it.
async fn door() -> (String, tokio::sync::watch::Sender<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let (behind, target) = tokio::sync::watch::channel(String::new());
    tokio::spawn(async move {
        while let Ok((mut here, _)) = listener.accept().await {
            let mut target = target.clone();
            tokio::spawn(async move {
                let there = target.wait_for(|address| !address.is_empty()).await.unwrap().clone();
                let mut there = TcpStream::connect(there).await.unwrap();
                let _ = tokio::io::copy_bidirectional(&mut here, &mut there).await;
            });
        }
    });
    (address, behind)
}

#[sqlx::test]
async fn a_newcomer_signs_in_as_anybody_without_leaving_the_machine(pool: PgPool) {
    let (address, behind) = door().await;
    let base = format!("http://{address}");
    let program = server(&pool)
        .with("LOCAL_GIT_REPOS", "repos")
        .with("SOCIAL_AUTH_GITHUB_KEY", "")
        .with("SOCIAL_AUTH_GITHUB_SECRET", "")
        .with("BASE_URL", &base);
    program.run(&["demo", "seed"]).await.ok();
    let running = program.start(&["serve", "0"], "listening on").await;
    behind.send(running.address()).unwrap();

    let mut browser = Browser::new(&base, &address);
    let sent = browser.go("/login/github/", Some(&[("next", "/settings/")])).await;
    assert_eq!(sent.status, 302, "{}", sent.body);
    let page = browser.go(&sent.location, None).await;
    let html = Html::parse(&page.body);
    let names = html.texts(".person strong");
    for name in ["Demo Administrator", "Demo Researcher", "Amina Osei", "Tom Whitfield"] {
        assert!(names.iter().any(|known| known == name), "{name} is not among {names:?}");
    }
    let csrf = html.attribute("input[name=csrfmiddlewaretoken]", "value").unwrap();
    let query = html.attribute("input[name=query]", "value").unwrap();
    let place = names.iter().position(|name| name == "Amina Osei").unwrap();
    let who = &html.attributes(".person", "value")[place];
    let action = html.attribute("main form", "action").unwrap();
    let fields = [
        ("csrfmiddlewaretoken", csrf.as_str()),
        ("query", query.as_str()),
        ("trouble", "nothing"),
        ("who", who.as_str()),
    ];
    let back = browser.go(&action, Some(&fields)).await;
    assert_eq!(back.status, 302, "{}", back.body);
    let signed_in = browser.go(&back.location, None).await;
    assert_eq!(
        (signed_in.status, signed_in.location.as_str()),
        (302, "/settings/"),
        "{}",
        signed_in.body
    );
    let settings = browser.go("/settings/", None).await;
    let html = Html::parse(&settings.body);
    assert_eq!(html.text(".menu-who").as_deref(), Some("Signed in as amina-osei"));
}

#[sqlx::test]
async fn no_secret_of_a_login_is_in_the_log_however_loud_it_is(pool: PgPool) {
    let github = Github::start("http://jobs.test").await;
    let login = github.login();
    let program = server(&pool)
        .with("SOCIAL_AUTH_GITHUB_KEY", CLIENT_ID)
        .with("SOCIAL_AUTH_GITHUB_SECRET", CLIENT_SECRET)
        .with("GITHUB_WEB_URL", login.web_url.as_str())
        .with("GITHUB_API_URL", login.api_url.as_str())
        .with("LOG_FORMAT", "json")
        .with("RUST_LOG", "trace");
    let mut running = program.start(&["serve", "0"], "listening on").await;
    let mut secrets = vec![CLIENT_SECRET.to_owned()];
    for trouble in [
        Trouble::NoName,
        Trouble::Nothing,
        Trouble::CodeRefused,
        Trouble::ProfileRefused,
    ] {
        let mut browser = Browser::new("http://jobs.test", &running.address());
        let sent = browser.go("/login/github/", Some(&[("next", "/")])).await;
        assert_eq!(sent.status, 302, "{}", sent.body);
        let page: url::Url = sent.location.parse().unwrap();
        let pairs: BTreeMap<_, _> = page.query_pairs().into_owned().collect();
        let (state, challenge) = (pairs["state"].clone(), pairs["code_challenge"].clone());
        secrets.extend([state, challenge]);
        let asked = jobserver::web::dev_github::Asked::read(page.query().unwrap()).unwrap();
        let back = github.stand_in.decide(&asked, account(7, "mona"), trouble);
        secrets.extend(github.stand_in.secrets());
        let came = browser.go(&back, None).await;
        secrets.extend(github.stand_in.secrets());
        if trouble == Trouble::NoName {
            assert_eq!(came.status, 302, "{}", came.body);
            let html = Html::parse(&browser.go(&came.location, None).await.body);
            let csrf = html.attribute("main input[name=csrfmiddlewaretoken]", "value").unwrap();
            let token = html.attribute("input[name=partial_token]", "value").unwrap();
            let fields = [
                ("csrfmiddlewaretoken", &*csrf),
                ("partial_token", &*token),
                ("name", "Mona"),
            ];
            let named = browser.go("/complete/github/", Some(&fields)).await;
            assert_eq!(named.status, 302, "{}", named.body);
            secrets.extend([csrf, token]);
        }
        let kept = browser.cookies.into_iter().filter(|(name, _)| name != "message");
        secrets.extend(kept.map(|(_, value)| value).filter(|value| !value.is_empty()));
    }
    assert!(secrets.len() >= 20, "{}", secrets.len());
    running.terminate();
    let (_, lines) = running.ended().await;
    let log = lines.join("\n");
    assert!(
        log.contains("sqlx::query") && log.contains("a login with GitHub failed"),
        "it was loud"
    );
    for secret in secrets {
        assert!(!log.contains(&secret), "{secret} is in the log");
    }
}
