//! What all fakes have in common: a listener, the calls that came, and the faults that were ordered.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// One call as it came.
#[derive(Debug, Clone)]
pub struct Call {
    pub method: String,
    pub path: String,
    /// Decoded, in order.
    pub query: Vec<(String, String)>,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Call {
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        headers.find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    pub fn query(&self, name: &str) -> Option<&str> {
        let mut query = self.query.iter();
        query.find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }

    /// The fields of a form, in order.
    pub fn form(&self) -> Vec<(String, String)> {
        url::form_urlencoded::parse(&self.body).into_owned().collect()
    }
}

/// An answer.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn json(status: u16, body: &Value) -> Self {
        let kind = "application/json; charset=utf-8";
        Self::text(status, &body.to_string()).with("content-type", kind)
    }

    pub fn text(status: u16, body: &str) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: body.as_bytes().to_vec(),
        }
    }

    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }
}

/// What goes wrong with a call.
#[derive(Debug, Clone)]
pub enum Fault {
    /// This is answered and nothing is done.
    Answer(Answer),
    /// Nothing is done and the connection is closed.
    CloseBefore,
    /// It is done and the connection is closed without an answer.
    CloseAfter,
    /// Nothing is done until [`Server::release`]; then it is, if the caller is still there.
    HangBefore,
    /// It is done, and answered after [`Server::release`].
    HangAfter,
}

impl Fault {
    /// A refusal with this status and an empty object.
    pub fn status(status: u16) -> Self {
        Self::json(status, "{}")
    }

    pub fn json(status: u16, body: &str) -> Self {
        Self::Answer(Answer::text(status, body).with("content-type", "application/json"))
    }

    /// Too many calls; the next is welcome in so many seconds.
    pub fn too_many(seconds: u64) -> Self {
        Self::Answer(Answer::text(429, "").with("retry-after", &seconds.to_string()))
    }
}

/// What a fake does when nothing is wrong.
#[async_trait::async_trait]
pub trait Service: Send + Sync + 'static {
    async fn answer(&self, call: &Call) -> Answer;
}

struct Ordered {
    fault: Fault,
    /// `POST /the/path`: the calls it is for; empty for all.
    target: String,
    left: usize,
}

struct Shared<S> {
    service: S,
    calls: Mutex<Vec<Call>>,
    /// How many calls came.
    heard: watch::Sender<usize>,
    faults: Mutex<VecDeque<Ordered>>,
    /// How many calls hang.
    hanging: watch::Sender<usize>,
    /// How often those that hang were told to go on.
    released: watch::Sender<usize>,
}

/// A service that listens. Dropped, it listens no more.
pub struct Server<S> {
    shared: Arc<Shared<S>>,
    address: SocketAddr,
    listening: JoinHandle<()>,
}

impl<S> Drop for Server<S> {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

impl<S: Service> Server<S> {
    pub async fn start(service: S) -> Self {
        Self::start_with(|_| service).await
    }

    /// For a service that has to know its own address.
    pub async fn start_with(service: impl FnOnce(SocketAddr) -> S) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("its address");
        let shared = Arc::new(Shared {
            service: service(address),
            calls: Mutex::default(),
            heard: watch::Sender::new(0),
            faults: Mutex::default(),
            hanging: watch::Sender::new(0),
            released: watch::Sender::new(0),
        });
        let listening = tokio::spawn(listen(listener, shared.clone()));
        Self {
            shared,
            address,
            listening,
        }
    }

    pub fn service(&self) -> &S {
        &self.shared.service
    }

    /// `http://127.0.0.1:<port>`, without a final slash.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The next `times` calls go wrong like this. Faults are used up in the order they were ordered in.
    pub fn fail(&self, times: usize, fault: Fault) {
        self.fail_on("", times, fault);
    }

    /// The next `times` calls whose method and path begin like this go wrong: `POST /repos`.
    pub fn fail_on(&self, target: &str, times: usize, fault: Fault) {
        self.shared.faults.lock().unwrap().push_back(Ordered {
            fault,
            target: target.to_owned(),
            left: times,
        });
    }

    /// From now on nothing goes wrong.
    pub fn mend(&self) {
        self.shared.faults.lock().unwrap().clear();
        self.release();
    }

    /// Calls that hang go on.
    pub fn release(&self) {
        self.shared.released.send_modify(|times| *times += 1);
    }

    /// Waits until so many calls have come.
    pub async fn heard(&self, count: usize) {
        let mut heard = self.shared.heard.subscribe();
        heard.wait_for(|now| *now >= count).await.expect("the fake lives");
    }

    /// Waits until so many calls hang.
    pub async fn hanging(&self, count: usize) {
        let mut hanging = self.shared.hanging.subscribe();
        hanging.wait_for(|now| *now >= count).await.expect("the fake lives");
    }

    /// Every call so far, in the order they came in, those that went wrong too.
    pub fn calls(&self) -> Vec<Call> {
        self.shared.calls.lock().unwrap().clone()
    }

    pub fn count(&self) -> usize {
        self.shared.calls.lock().unwrap().len()
    }
}

/// Until the fake is dropped; connections that are open then end with their clients.
async fn listen<S: Service>(listener: TcpListener, shared: Arc<Shared<S>>) {
    while let Ok((connection, _)) = listener.accept().await {
        let shared = shared.clone();
        tokio::spawn(async move {
            let handler = service_fn(move |request| handle(shared.clone(), request));
            let connection =
                hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(connection), handler);
            // Closing without an answer is an error here, and meant.
            let _ = connection.await;
        });
    }
}

/// The connection is closed without an answer.
#[derive(Debug, thiserror::Error)]
#[error("closed on purpose")]
struct Closed;

async fn handle<S: Service>(
    shared: Arc<Shared<S>>,
    request: hyper::Request<Incoming>,
) -> Result<hyper::Response<Full<Bytes>>, Closed> {
    let call = read(request).await.map_err(|_| Closed)?;
    shared.calls.lock().unwrap().push(call.clone());
    shared.heard.send_modify(|now| *now += 1);
    let answer = match shared.next_fault(&call) {
        None => shared.service.answer(&call).await,
        Some(Fault::Answer(answer)) => answer,
        Some(Fault::CloseBefore) => return Err(Closed),
        Some(Fault::CloseAfter) => {
            shared.service.answer(&call).await;
            return Err(Closed);
        }
        Some(Fault::HangBefore) => {
            shared.hang().await;
            shared.service.answer(&call).await
        }
        Some(Fault::HangAfter) => {
            let answer = shared.service.answer(&call).await;
            shared.hang().await;
            answer
        }
    };
    let mut response = hyper::Response::builder().status(answer.status);
    for (name, value) in &answer.headers {
        response = response.header(name, value);
    }
    response.body(Full::from(answer.body)).map_err(|_| Closed)
}

impl<S> Shared<S> {
    fn next_fault(&self, call: &Call) -> Option<Fault> {
        let name = format!("{} {}", call.method, call.path);
        let mut faults = self.faults.lock().unwrap();
        let place = faults.iter().position(|ordered| name.starts_with(&ordered.target))?;
        let ordered = &mut faults[place];
        ordered.left = ordered.left.saturating_sub(1);
        let fault = ordered.fault.clone();
        if ordered.left == 0 {
            faults.remove(place);
        }
        Some(fault)
    }

    async fn hang(&self) {
        let mut released = self.released.subscribe();
        let before = *released.borrow_and_update();
        self.hanging.send_modify(|now| *now += 1);
        // Also when the client goes away, and this is dropped.
        let _gone = Defer(|| self.hanging.send_modify(|now| *now -= 1));
        let _ = released.wait_for(|times| *times > before).await;
    }
}

struct Defer<F: FnMut()>(F);

impl<F: FnMut()> Drop for Defer<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}

async fn read(request: hyper::Request<Incoming>) -> Result<Call, hyper::Error> {
    let (head, body) = request.into_parts();
    let query = head.uri.query().unwrap_or_default();
    let headers = head.headers.iter().map(|(name, value)| {
        let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
        (name.as_str().to_owned(), value)
    });
    Ok(Call {
        method: head.method.as_str().to_owned(),
        path: head.uri.path().to_owned(),
        query: url::form_urlencoded::parse(query.as_bytes()).into_owned().collect(),
        headers: headers.collect(),
        body: body.collect().await?.to_bytes().to_vec(),
    })
}
