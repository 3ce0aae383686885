//! A real server that speaks S3, with one empty bucket. `scripts/test` installs it.

use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use jobserver::adapters::files::{Files, S3Settings, bucket};

use super::{Program, http_client};

const NAME: &str = "released";
const REGION: &str = "us-east-1";
const ACCESS_KEY_ID: &str = "an-access-key-id-for-tests";
const SECRET: &str = "a-secret-access-key-for-tests";

pub struct Bucket {
    server: Child,
    endpoint: String,
}

impl Bucket {
    pub async fn start() -> Self {
        let program = Path::new(env!("CARGO_MANIFEST_DIR")).join(".local/storage/venv/bin/moto_server");
        assert!(
            program.exists(),
            "there is no {}: scripts/test installs it",
            program.display()
        );
        let port = {
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            listener.local_addr().unwrap().port().to_string()
        };
        let server = Command::new(program)
            .args(["-H", "127.0.0.1", "-p", &port])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let this = Self {
            server,
            endpoint: format!("http://127.0.0.1:{port}"),
        };
        let started = Instant::now();
        // It is asked for its bucket until it answers.
        loop {
            let answer = http_client().put(format!("{}/{NAME}", this.endpoint)).send().await;
            if answer.is_ok_and(|answer| answer.status().is_success()) {
                return this;
            }
            assert!(
                started.elapsed() < Duration::from_secs(60),
                "the S3 server does not start"
            );
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    pub fn files(&self, timeout: Duration) -> Files {
        files_at(&self.endpoint, timeout)
    }

    /// Another bucket of the same service, which is not there.
    pub fn missing(&self, timeout: Duration) -> Files {
        files_in("never-made", &self.endpoint, timeout)
    }

    /// The program with this bucket in its settings.
    pub fn of(&self, program: Program) -> Program {
        program
            .with("RELEASE_S3_ENDPOINT", &self.endpoint)
            .with("RELEASE_S3_BUCKET", NAME)
            .with("RELEASE_S3_REGION", REGION)
            .with("RELEASE_S3_ACCESS_KEY_ID", ACCESS_KEY_ID)
            .with("RELEASE_S3_SECRET_ACCESS_KEY", SECRET)
    }

    /// Uploads in parts that were neither finished nor broken off.
    pub async fn unfinished(&self) -> usize {
        let answer = http_client()
            .get(format!("{}/{NAME}?uploads", self.endpoint))
            .send()
            .await
            .unwrap();
        answer.text().await.unwrap().matches("<UploadId>").count()
    }
}

/// A bucket that may not be there.
pub fn files_at(endpoint: &str, timeout: Duration) -> Files {
    files_in(NAME, endpoint, timeout)
}

fn files_in(name: &str, endpoint: &str, timeout: Duration) -> Files {
    let _ = rustls::crypto::ring::default_provider().install_default();
    bucket(&S3Settings {
        endpoint: endpoint.parse().unwrap(),
        region: REGION.to_owned(),
        bucket: name.to_owned(),
        access_key_id: ACCESS_KEY_ID.to_owned(),
        secret_access_key: SECRET.into(),
        timeout,
    })
    .unwrap()
}

impl Drop for Bucket {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}
