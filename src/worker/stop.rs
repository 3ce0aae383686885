//! How the parts of a worker learn that it is to stop.

use std::time::Duration;

use tokio::sync::watch;

/// How long what was begun may go on after the worker was told to stop. The platform kills after 30 s.
pub const GRACE: Duration = Duration::from_secs(15);

/// Ends when the worker is told to stop; each part has one.
#[derive(Debug, Clone)]
pub struct Stop(watch::Receiver<bool>);

/// Tells all of them. Dropped, it tells them, too.
#[derive(Debug)]
pub struct Teller(watch::Sender<bool>);

impl Stop {
    pub fn new() -> (Teller, Self) {
        let (teller, stop) = watch::channel(false);
        (Teller(teller), Self(stop))
    }

    /// Whether the worker has been told to stop.
    pub fn is_told(&self) -> bool {
        *self.0.borrow() || self.0.has_changed().is_err()
    }

    /// Waits until the worker is told to stop.
    pub async fn told(&mut self) {
        // An error says that nobody is left to tell.
        let _ = self.0.wait_for(|stop| *stop).await;
    }

    /// Waits until whatever was begun has to be broken off.
    pub async fn out_of_patience(mut self) {
        self.told().await;
        tokio::time::sleep(GRACE).await;
    }
}

impl Teller {
    pub fn now(&self) {
        self.0.send_replace(true);
    }
}
