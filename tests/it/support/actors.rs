//! Those who use the site: test clients *are* actors.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use jobserver::web::App;
use jobserver::web::cookies::Kind;
use rocket::http::{ContentType, Cookie, Header, Method};
use rocket::local::asynchronous::{Client, LocalRequest};
use serde_json::Value;
use tokio::sync::Mutex;

use super::Html;
use super::logs::{address_must_not_be_logged, must_not_be_logged};

/// What came back.
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Answer {
    pub async fn of(request: LocalRequest<'_>) -> Self {
        let response = request.dispatch().await;
        let status = response.status().code;
        let headers = response
            .headers()
            .iter()
            .map(|header| (header.name().as_str().to_owned(), header.value().to_owned()))
            .collect();
        let body = response.into_string().await.unwrap_or_default();
        let answer = Self { status, headers, body };
        address_must_not_be_logged(answer.location());
        answer
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(n, _)| n.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    pub fn location(&self) -> &str {
        self.header("Location").unwrap_or_default()
    }

    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("not JSON ({error}): {}", self.body))
    }

    pub fn html(&self) -> Html {
        Html::parse(&self.body)
    }

    /// Asserts a status, showing the body when it is another.
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "Location {:?}\n{}", self.location(), self.body);
        self
    }
}

/// A person with a browser: keeps cookies, sends forms with their token.
pub struct Visitor {
    client: Arc<Client>,
    cookies: Mutex<Vec<(String, String)>>,
    /// The address they come from, when that counts.
    address: Option<IpAddr>,
    /// What their browser, or a proxy, says besides.
    headers: Vec<(&'static str, String)>,
}

impl Visitor {
    pub fn new(client: Arc<Client>, session: Option<String>) -> Self {
        let web = &client.rocket().state::<App>().unwrap().settings.web;
        let name = Kind::Session.name(web);
        let cookies = session.into_iter().map(|token| (name.to_owned(), token)).collect();
        Self {
            client,
            cookies: Mutex::new(cookies),
            address: None,
            headers: Vec::new(),
        }
    }

    /// Comes from this address.
    pub fn at(mut self, address: &str) -> Self {
        self.address = Some(address.parse().unwrap());
        self
    }

    /// Sends this header with everything.
    pub fn saying(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// The value of a cookie that the browser holds.
    pub async fn cookie(&self, wanted: &str) -> Option<String> {
        let jar = self.cookies.lock().await;
        let found = jar.iter().find(|(name, _)| name == wanted);
        found.map(|(_, value)| value.clone())
    }

    /// Has the browser hold this cookie.
    pub async fn set_cookie(&self, name: &str, value: &str) {
        let mut jar = self.cookies.lock().await;
        jar.retain(|(held, _)| held != name);
        jar.push((name.to_owned(), value.to_owned()));
    }

    /// The cookies that the browser has now.
    pub async fn cookies(&self) -> Vec<(String, String)> {
        self.cookies.lock().await.clone()
    }

    /// What a browser says of a form on a page of the site.
    fn origin(&self) -> String {
        let web = &self.client.rocket().state::<App>().unwrap().settings.web;
        web.base_url.origin().ascii_serialization()
    }

    async fn request<'c>(&'c self, method: Method, path: &str) -> LocalRequest<'c> {
        address_must_not_be_logged(path);
        let mut request = self.client.req(method, path.to_owned());
        if let Some(address) = self.address {
            request = request.remote(SocketAddr::new(address, 40000));
        }
        for (name, value) in &self.headers {
            request.add_header(Header::new(*name, value.clone()));
        }
        for (name, value) in self.cookies.lock().await.iter() {
            request = request.cookie(Cookie::new(name.clone(), value.clone()));
        }
        request
    }

    async fn send(&self, request: LocalRequest<'_>) -> Answer {
        let answer = Answer::of(request).await;
        let mut jar = self.cookies.lock().await;
        for (_, value) in answer
            .headers
            .iter()
            .filter(|(name, _)| name.eq_ignore_ascii_case("set-cookie"))
        {
            let cookie = Cookie::parse_encoded(value.clone()).unwrap();
            if !cookie.name().contains("flash") {
                must_not_be_logged(cookie.value());
            }
            jar.retain(|(name, _)| name != cookie.name());
            if !cookie.value().is_empty() && cookie.max_age().is_none_or(|age| age.is_positive()) {
                jar.push((cookie.name().to_owned(), cookie.value().to_owned()));
            }
        }
        answer
    }

    pub async fn get(&self, path: &str) -> Answer {
        let request = self.request(Method::Get, path).await;
        self.send(request).await
    }

    /// Any method, without a body or a token.
    pub async fn bare(&self, method: Method, path: &str) -> Answer {
        let request = self.request(method, path).await;
        self.send(request).await
    }

    /// The token that this visitor's forms carry: from the frame of any page when signed in, else from
    /// the page at `path`.
    pub async fn csrf_token(&self, path: &str) -> String {
        for page in ["/no/such/page/at/all/", path] {
            let html = self.get(page).await.html();
            if let Some(token) = html.attribute("input[name=csrfmiddlewaretoken]", "value") {
                must_not_be_logged(&token);
                return token;
            }
        }
        "there is no form".to_owned()
    }

    /// Sends a form, with its token.
    pub async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let token = self.csrf_token(path).await;
        let mut fields = fields.to_vec();
        fields.push(("csrfmiddlewaretoken", &token));
        self.post_without_token(path, &fields).await
    }

    /// Sends a form of several parts, with its token: fields, and files by field and name.
    pub async fn post_files(&self, path: &str, fields: &[(&str, &str)], files: &[(&str, &str, &[u8])]) -> Answer {
        let token = self.csrf_token(path).await;
        let mut body = Vec::new();
        for (name, value) in fields.iter().copied().chain([("csrfmiddlewaretoken", &*token)]) {
            let head = format!("--parts\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
            body.extend_from_slice(head.as_bytes());
        }
        for (name, file, bytes) in files {
            let head = format!("--parts\r\nContent-Disposition: form-data; name=\"{name}\"; filename=\"{file}\"\r\n");
            body.extend_from_slice(head.as_bytes());
            body.extend_from_slice(b"Content-Type: application/octet-stream\r\n\r\n");
            body.extend_from_slice(bytes);
            body.extend_from_slice(b"\r\n");
        }
        body.extend_from_slice(b"--parts--\r\n");
        let request = self
            .request(Method::Post, path)
            .await
            .header(ContentType::new("multipart", "form-data").with_params([("boundary", "parts")]))
            .header(Header::new("Origin", self.origin()))
            .body(body);
        self.send(request).await
    }

    /// Sends JSON, as our scripts do: with the token in a header.
    pub async fn post_json(&self, path: &str, body: &Value) -> Answer {
        let token = self.csrf_token(path).await;
        let request = self
            .request(Method::Post, path)
            .await
            .header(ContentType::JSON)
            .header(Header::new("Origin", self.origin()))
            .header(Header::new("X-CSRFToken", token))
            .body(body.to_string());
        self.send(request).await
    }

    /// Sends a form as it is.
    pub async fn post_without_token(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        for (_, value) in fields.iter().filter(|(name, _)| name.contains("token")) {
            must_not_be_logged(value);
        }
        let body = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(fields)
            .finish();
        let request = self
            .request(Method::Post, path)
            .await
            .header(ContentType::Form)
            .header(Header::new("Origin", self.origin()))
            .body(body);
        self.send(request).await
    }
}

/// A backend's program: shows its token, speaks JSON, has no cookies.
pub struct Backend {
    client: Arc<Client>,
    pub token: String,
    /// The address that it calls from, when that counts.
    address: Option<IpAddr>,
}

impl Backend {
    pub fn new(client: Arc<Client>, token: String) -> Self {
        let address = None;
        Self { client, token, address }
    }

    /// Calls from this address.
    pub fn at(mut self, address: &str) -> Self {
        self.address = Some(address.parse().unwrap());
        self
    }

    pub async fn get(&self, path: &str) -> Answer {
        Answer::of(
            self.client
                .get(path.to_owned())
                .header(Header::new("Authorization", self.token.clone())),
        )
        .await
    }

    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        self.post_text(path, &body.to_string()).await
    }

    pub async fn post_text(&self, path: &str, body: &str) -> Answer {
        let mut request = self
            .client
            .post(path.to_owned())
            .header(ContentType::JSON)
            .header(Header::new("Authorization", self.token.clone()))
            .body(body);
        if let Some(address) = self.address {
            request = request.remote(SocketAddr::new(address, 40000));
        }
        Answer::of(request).await
    }

    /// With headers of one's own choice, the token not among them.
    pub async fn send(&self, method: Method, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        let mut request = self.client.req(method, path.to_owned()).body(body);
        for (name, value) in headers {
            if name.eq_ignore_ascii_case("Authorization") {
                must_not_be_logged(value);
            }
            request = request.header(Header::new((*name).to_owned(), (*value).to_owned()));
        }
        Answer::of(request).await
    }
}
