//! One path under load from eight connections, each sending its next request when the last is answered.

use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use crate::CONNECTIONS;
use crate::client::Connection;
use crate::machine::{self, Spent, Tools};
use crate::paths::{HotPath, Work};
use crate::sync::{self, Report};

/// The server that is measured.
pub struct Server {
    /// Host and port.
    pub address: String,
    pub pid: u32,
    pub postmaster: u32,
}

pub struct Measured {
    pub per_second: f64,
    /// Milliseconds.
    pub p50: f64,
    pub p99: f64,
    /// CPU milliseconds of the server and of the database per request.
    pub server_cpu: f64,
    pub database_cpu: f64,
    /// Processors that were busy with something else, of all there are.
    pub others: f64,
    /// Resident megabytes of the server, at the end and at most.
    pub memory: Option<(f64, f64)>,
}

/// One connection's share: what it sends, and how long each answer took in the measured time.
enum Sender {
    Same(Vec<u8>),
    Changing(Report),
}

impl Sender {
    fn next(&mut self) -> &[u8] {
        match self {
            Sender::Same(request) => request,
            Sender::Changing(report) => report.next(),
        }
    }
}

pub fn measure(
    tools: &Tools,
    server: &Server,
    path: &HotPath,
    warm_up: Duration,
    time: Duration,
) -> Result<Measured, String> {
    let mut senders = Vec::new();
    for connection in 0..CONNECTIONS {
        senders.push(match path.work {
            Work::Get { .. } => Sender::Same(path.get_request(&server.address).ok_or("no request")?),
            Work::Sync { shared } => {
                let set = if shared { 0 } else { connection };
                Sender::Changing(Report::new(tools, &server.address, set, connection)?)
            }
        });
    }
    machine::forget_peak(server.pid);
    let stop = AtomicBool::new(false);
    let measuring = AtomicBool::new(false);
    let ready = Barrier::new(CONNECTIONS + 1);
    let mut took: Vec<Duration> = Vec::new();
    let mut before = Spent::default();
    let mut after = Spent::default();
    let mut lasted = Duration::ZERO;
    thread::scope(|scope| {
        let (failed, failure) = mpsc::channel();
        let threads: Vec<_> = senders
            .iter_mut()
            .map(|sender| {
                let (failed, stop, measuring, ready) = (failed.clone(), &stop, &measuring, &ready);
                scope.spawn(move || {
                    let done = drive(path, &server.address, sender, ready, measuring, stop);
                    if let Err(error) = &done {
                        let _ = failed.send(error.clone());
                    }
                    done
                })
            })
            .collect();
        ready.wait();
        // The channel is silent while all goes well: waiting on it lets a failure end the run at once.
        let wait = |time: Duration| matches!(failure.recv_timeout(time), Err(RecvTimeoutError::Timeout));
        if wait(warm_up) {
            before = machine::spent(server.pid, server.postmaster);
            let started = Instant::now();
            measuring.store(true, Ordering::Relaxed);
            wait(time);
            measuring.store(false, Ordering::Relaxed);
            lasted = started.elapsed();
            after = machine::spent(server.pid, server.postmaster);
        }
        stop.store(true, Ordering::Relaxed);
        for thread in threads {
            took.extend(thread.join().map_err(|_| "a connection's thread panicked")??);
        }
        Ok::<(), String>(())
    })
    .map_err(|error| format!("{}: {error}", path.name))?;

    if let Work::Sync { shared } = path.work {
        let reports: Vec<Report> = senders
            .into_iter()
            .filter_map(|sender| match sender {
                Sender::Changing(report) => Some(report),
                Sender::Same(_) => None,
            })
            .collect();
        sync::verify(tools, &reports, shared).map_err(|error| format!("{}: {error}", path.name))?;
    }
    summary(took, before, after, lasted, machine::memory(server.pid))
}

/// Sends until told to stop; the times of the answers that came while measuring.
fn drive(
    path: &HotPath,
    server: &str,
    sender: &mut Sender,
    ready: &Barrier,
    measuring: &AtomicBool,
    stop: &AtomicBool,
) -> Result<Vec<Duration>, String> {
    let first = (|| {
        let mut connection = Connection::open(server)?;
        let answer = connection.exchange(sender.next())?;
        path.check(&answer)?;
        let length = answer.body.len();
        Ok::<_, String>((connection, length))
    })();
    // Everybody comes to the barrier, or the others would wait there for ever.
    ready.wait();
    let (mut connection, length) = first?;
    let mut took = Vec::with_capacity(1 << 16);
    while !stop.load(Ordering::Relaxed) {
        let request = sender.next();
        let sent = Instant::now();
        let answer = connection.exchange(request)?;
        let time = sent.elapsed();
        if measuring.load(Ordering::Relaxed) {
            took.push(time);
        }
        if !path.is_like(&answer, length) {
            path.check(&answer)?;
            return Err(format!("{} bytes instead of about {length}", answer.body.len()));
        }
    }
    Ok(took)
}

fn summary(
    mut took: Vec<Duration>,
    before: Spent,
    after: Spent,
    lasted: Duration,
    memory: Option<(f64, f64)>,
) -> Result<Measured, String> {
    if took.is_empty() {
        return Err("no request was answered in the measured time".to_owned());
    }
    took.sort_unstable();
    let requests = took.len() as f64;
    let percentile = |part: f64| {
        let at = ((requests * part) as usize).min(took.len() - 1);
        took[at].as_secs_f64() * 1000.0
    };
    let own = |spent: &Spent| spent.server + spent.database + spent.client;
    let others = (after.everybody - before.everybody) - (own(&after) - own(&before));
    Ok(Measured {
        per_second: requests / lasted.as_secs_f64(),
        p50: percentile(0.5),
        p99: percentile(0.99),
        server_cpu: (after.server - before.server) * 1000.0 / requests,
        database_cpu: (after.database - before.database) * 1000.0 / requests,
        others: (others / lasted.as_secs_f64()).max(0.0),
        memory,
    })
}
