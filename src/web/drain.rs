//! Knowing when every request that came in has been answered, so that a server that is told to stop need
//! not wait for connections on which nobody asks anything. Browsers keep such connections open, and
//! Rocket alone would give them the whole grace period.

use std::time::Duration;

use rocket::fairing::{Fairing, Info, Kind};
use rocket::{Data, Request, Shutdown};
use tokio::sync::watch;

/// How long nothing must be open before the server counts as drained: the last answer is still on its
/// way to the socket when its request is over.
const QUIET: Duration = Duration::from_millis(300);

/// Counts open requests, with the sending of their answers.
#[derive(Clone)]
pub struct Drain(watch::Sender<usize>);

impl Default for Drain {
    fn default() -> Self {
        Self(watch::channel(0).0)
    }
}

/// Lives in a request's cache, and with it until the answer is sent.
struct Open(Drain);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.0.send_modify(|open| *open = open.saturating_sub(1));
    }
}

impl Drain {
    /// Ends when the server was told to stop and has answered everybody.
    pub async fn finished(&self, told_to_stop: Shutdown) {
        told_to_stop.await;
        let mut open = self.0.subscribe();
        loop {
            // The sender is ours: there is always a value to come.
            let _ = open.wait_for(|open| *open == 0).await;
            tokio::time::sleep(QUIET).await;
            if *open.borrow() == 0 {
                return;
            }
        }
    }
}

#[rocket::async_trait]
impl Fairing for Drain {
    fn info(&self) -> Info {
        Info {
            name: "Drain",
            kind: Kind::Request,
        }
    }

    async fn on_request(&self, request: &mut Request<'_>, _: &mut Data<'_>) {
        request.local_cache(|| {
            self.0.send_modify(|open| *open += 1);
            Open(self.clone())
        });
    }
}
