//! `jobserver serve` and `jobserver worker`

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use rocket::error::ErrorKind;
use rocket::fairing::AdHoc;

use super::CommandError;
use super::outfit::{
    block_on, code_host, codelist_checker, file_store, identity_provider, post_office, start_telemetry,
};
use crate::config::{self, Settings};
use crate::core::db::Db;
use crate::core::jobs::sealed_tokens;
use crate::core::outbox::fault::FaultPoint;
#[cfg(debug_assertions)]
use crate::core::outbox::fault::STEPS;
use crate::core::ports::CodeHost;
use crate::core::sealed::Sealer;
use crate::web::announcements::Announcements;
use crate::web::drain::Drain;
use crate::web::live::Live;
use crate::web::old_addresses::OldAddresses;
use crate::web::static_files::Assets;
use crate::web::{self, App};
use crate::worker::{self, Worker};

/// How long visitors who are connected when the program is told to stop may still be answered.
const LAST_ANSWERS: Duration = Duration::from_secs(20);

#[derive(Debug, clap::Args)]
pub struct Serve {
    /// Where to listen: `PORT` or `ADDRESS:PORT` [default: the setting PORT on every address].
    bind: Option<String>,
}

impl Serve {
    pub fn run(self) -> Result<(), CommandError> {
        let loaded = config::load()?;
        let mut settings = loaded.settings;
        let _telemetry = start_telemetry(&settings)?;
        for warning in &loaded.warnings {
            tracing::warn!("{warning}");
        }
        if let Some(bind) = &self.bind {
            listen_at(&mut settings, bind)?;
        }
        rocket::execute(serve(settings))
    }
}

fn listen_at(settings: &mut Settings, bind: &str) -> Result<(), CommandError> {
    if let Ok(port) = bind.parse() {
        settings.web.port = port;
        return Ok(());
    }
    let address: SocketAddr = bind
        .replace("localhost:", "127.0.0.1:")
        .parse()
        .map_err(|_| CommandError::Said(format!("{bind:?} is neither a port nor ADDRESS:PORT.")))?;
    settings.web.address = address.ip();
    settings.web.port = address.port();
    Ok(())
}

async fn serve(settings: Settings) -> Result<(), CommandError> {
    let assets = match Assets::of(&settings.web) {
        Ok(assets) => assets,
        Err(error) => return Err(CommandError::Said(error.to_string())),
    };
    let database = &settings.database;
    let db = Db::connect_lazy(
        database.url.expose().as_str(),
        database.web_max_connections,
        database.acquire_timeout,
    )?;
    let live = Live::default();
    let listener = Db::connect_lazy(database.url.expose().as_str(), 1, database.acquire_timeout)?;
    tokio::spawn(live.clone().listen(listener));
    let announcements = Announcements::default();
    tokio::spawn(announcements.clone().keep(db.clone()));
    let old_addresses = OldAddresses::default();
    tokio::spawn(old_addresses.clone().keep(db.clone()));
    let sealer = Sealer::new(&settings.secrets.secret_key, settings.secrets.old_secret_key.as_ref())?;
    tokio::spawn(warn_of_keys(db.clone(), sealer.clone()));
    let code_host = code_host(&settings)?;
    let codelists = codelist_checker(&settings)?;
    let identities = identity_provider(&settings)?;
    let files = file_store(&settings)?;
    let settings = Arc::new(settings);
    let worker = if settings.worker.run_in_serve {
        let worker = worker_of(settings.clone(), code_host.clone(), FaultPoint::default())?;
        Some(tokio::spawn(worker::run(worker, stop_signal())))
    } else {
        None
    };
    let app = App {
        settings,
        db,
        code_host,
        codelists,
        identities,
        sealer,
        assets: Arc::new(assets),
        live,
        files,
        announcements,
        old_addresses,
    };
    let address = format!("{}:{}", app.settings.web.address, app.settings.web.port);
    let failed = |error: rocket::Error| CommandError::Said(launch_failure(&error, &address));
    let drain = Drain::default();
    let rocket = web::build(app).attach(announcement()).attach(drain.clone());
    let rocket = rocket.ignite().await.map_err(failed)?;
    let finished = drain.finished(rocket.shutdown());
    tokio::pin!(finished);
    let served = tokio::select! {
        result = rocket.launch() => match result {
            Ok(_) => Ok(()),
            // Told to stop at a moment when visitors were connected, Rocket may give up waiting for them.
            // They are served on, for as long as it would have waited.
            Err(error) if matches!(error.kind(), ErrorKind::Shutdown(_, None)) => {
                let _ = tokio::time::timeout(LAST_ANSWERS, &mut finished).await;
                Ok(())
            }
            Err(error) => Err(failed(error)),
        },
        () = &mut finished => {
            tracing::info!("everybody is answered, stopping");
            Ok(())
        }
    };
    if let Some(worker) = worker
        && served.is_ok()
    {
        // It was told by the same signal, and breaks off what takes longer than its own grace.
        let _ = worker.await;
    }
    served
}

/// Says once when a key is needed that should go, or one is gone that is needed. Nothing waits for it: the
/// site starts while the database is away.
async fn warn_of_keys(db: Db, sealer: Sealer) {
    let standing = async { sealed_tokens::standing(&mut *db.read().await?, &sealer).await };
    match standing.await {
        Ok(standing) => {
            for warning in standing.warnings() {
                tracing::warn!("{warning}");
            }
        }
        Err(error) => tracing::warn!(%error, "could not look at how tokens are sealed"),
    }
}

/// Says where the site is once it is there. Port 0 in the settings takes any free one: only now is it
/// known which.
fn announcement() -> AdHoc {
    AdHoc::on_liftoff("Announcement", |rocket| {
        Box::pin(async {
            let config = rocket.config();
            let address = SocketAddr::new(config.address, config.port);
            tracing::info!("listening on http://{address}");
        })
    })
}

fn launch_failure(error: &rocket::Error, address: &str) -> String {
    match error.kind() {
        ErrorKind::Bind(cause) | ErrorKind::Io(cause) => {
            format!("Cannot listen at {address}: {cause}\nAnother program may use the port; set PORT to a free one.")
        }
        other => format!("Cannot start: {other}"),
    }
}

/// Puts a worker together, with connections of its own: what it does takes none from visitors.
fn worker_of(settings: Arc<Settings>, code_host: Arc<dyn CodeHost>, fault: FaultPoint) -> Result<Worker, CommandError> {
    let database = &settings.database;
    let db = Db::connect_lazy(
        database.url.expose().as_str(),
        database.worker_max_connections,
        database.acquire_timeout,
    )?;
    Ok(Worker {
        courier: Arc::new(post_office(&settings, &db, fault.clone())?),
        db,
        code_host,
        settings,
        fault,
        monitor: worker::monitor(),
    })
}

#[derive(Debug, clap::Args)]
pub struct RunWorker {
    #[cfg(debug_assertions)]
    #[command(flatten)]
    faults: Faults,
}

/// What tests make go wrong, and how long they have to wait for it.
#[cfg(debug_assertions)]
#[derive(Debug, clap::Args)]
struct Faults {
    /// The step of a delivery at which to die.
    #[arg(long, hide = true, value_name = "STEP", value_parser = STEPS)]
    die_at: Option<String>,
    /// How long outside services are waited for.
    #[arg(long, hide = true, value_name = "MILLISECONDS")]
    patience: Option<u64>,
    /// How long a connection to the database is waited for.
    #[arg(long, hide = true, value_name = "MILLISECONDS")]
    database_patience: Option<u64>,
    /// How long what was begun may go on after being told to stop.
    #[arg(long, hide = true, value_name = "MILLISECONDS")]
    grace: Option<u64>,
}

#[cfg(debug_assertions)]
impl Faults {
    fn hurry(&self, settings: &mut Settings) {
        if let Some(patience) = self.patience.map(Duration::from_millis) {
            settings.mail.timeout = patience;
            settings.slack.timeout = patience;
            settings.github.timeout = patience;
        }
        if let Some(patience) = self.database_patience.map(Duration::from_millis) {
            settings.database.acquire_timeout = patience;
        }
        if let Some(grace) = self.grace.map(Duration::from_millis) {
            settings.worker.grace = grace;
        }
    }
}

impl RunWorker {
    /// Does what is due outside of requests until it is told to stop.
    pub fn run(self) -> Result<(), CommandError> {
        let loaded = config::load()?;
        let mut settings = loaded.settings;
        let _telemetry = start_telemetry(&settings)?;
        let fault = self.fault(&mut settings);
        block_on(async {
            let stop = stop_signal();
            let code_host = code_host(&settings)?;
            let sealer = Sealer::new(&settings.secrets.secret_key, settings.secrets.old_secret_key.as_ref())?;
            let worker = worker_of(Arc::new(settings), code_host, fault)?;
            tokio::spawn(warn_of_keys(worker.db.clone(), sealer));
            tracing::info!("worker started");
            worker::run(worker, stop).await;
            tracing::info!("worker stopped");
            Ok(())
        })
    }

    #[cfg(debug_assertions)]
    fn fault(self, settings: &mut Settings) -> FaultPoint {
        self.faults.hurry(settings);
        self.faults.die_at.map_or_else(FaultPoint::default, FaultPoint::at)
    }

    #[cfg(not(debug_assertions))]
    fn fault(self, _: &mut Settings) -> FaultPoint {
        FaultPoint::default()
    }
}

/// Ends when the process is told to stop, also when it is told before anybody waits for it.
pub fn stop_signal() -> impl Future<Output = ()> {
    use tokio::signal::unix::{SignalKind, signal};
    // Listened for from now on, not from the first look.
    let signals = [signal(SignalKind::terminate()), signal(SignalKind::interrupt())];
    async {
        let [Ok(mut terminate), Ok(mut interrupt)] = signals else {
            return;
        };
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    }
}
