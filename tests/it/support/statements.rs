//! Counting SQL statements. sqlx tells each one to `tracing`; a test's runtime has one thread, so what
//! this thread hears is what the test caused.

use std::cell::Cell;
use std::future::Future;
use std::sync::Once;

use tracing::{Event, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use tracing_subscriber::registry;

thread_local! {
    static HEARD: Cell<usize> = const { Cell::new(0) };
}

struct Counter;

impl<S: Subscriber> Layer<S> for Counter {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        if event.metadata().target() == "sqlx::query" {
            HEARD.with(|heard| heard.set(heard.get() + 1));
        }
    }
}

/// What `work` gave, and how many statements it took.
pub async fn count_statements<T>(work: impl Future<Output = T>) -> (T, usize) {
    static INSTALL: Once = Once::new();
    INSTALL.call_once(|| {
        tracing::subscriber::set_global_default(registry().with(Counter)).expect("no other subscriber in tests");
    });
    let before = HEARD.with(Cell::get);
    let result = work.await;
    (result, HEARD.with(Cell::get) - before)
}
