//! How the parts of a worker learn that it is to stop.

use std::time::Duration;

use tokio::sync::watch;

/// Ends when the worker is told to stop; each part has one.
#[derive(Debug, Clone)]
pub struct Stop {
    told: watch::Receiver<bool>,
    grace: Duration,
}

/// Tells all of them. Dropped, it tells them, too.
#[derive(Debug)]
pub struct Teller(watch::Sender<bool>);

impl Stop {
    /// `grace` is how long what was begun may go on after the worker was told to stop.
    pub fn new(grace: Duration) -> (Teller, Self) {
        let (teller, told) = watch::channel(false);
        (Teller(teller), Self { told, grace })
    }

    pub fn grace(&self) -> Duration {
        self.grace
    }

    /// Whether the worker has been told to stop.
    pub fn is_told(&self) -> bool {
        *self.told.borrow() || self.told.has_changed().is_err()
    }

    /// Waits until the worker is told to stop.
    pub async fn told(&mut self) {
        // An error says that nobody is left to tell.
        let _ = self.told.wait_for(|stop| *stop).await;
    }

    /// Waits until whatever was begun has to be broken off.
    pub async fn out_of_patience(mut self) {
        self.told().await;
        tokio::time::sleep(self.grace).await;
    }
}

impl Teller {
    pub fn now(&self) {
        self.0.send_replace(true);
    }
}
