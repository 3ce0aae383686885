//! Drives the hot paths of a running server; scripts/bench starts everything and calls this twice:
//!
//! ```text
//! load record  --server HOST:PORT --log FILE …   writes the statements of each path, from PostgreSQL's log
//! load measure --server HOST:PORT --pid PID …    measures each path and the same statements by pgbench
//! ```
//!
//! It uses the standard library alone, so that the compiler makes it in seconds, and one thread per
//! connection, so that it takes little of the processors that it shares with what it measures.

mod client;
mod floor;
mod machine;
mod measure;
mod paths;
mod report;
mod statements;
mod sync;

use std::collections::HashMap;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use machine::Tools;
use paths::{HotPath, Work};

/// Connections that send at the same time.
pub const CONNECTIONS: usize = 8;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\nerror: {error}");
            ExitCode::FAILURE
        }
    }
}

struct Arguments(HashMap<String, String>);

impl Arguments {
    fn get(&self, name: &str) -> Result<&str, String> {
        self.0
            .get(name)
            .map(String::as_str)
            .ok_or_else(|| format!("--{name} is missing"))
    }

    fn number<T: std::str::FromStr>(&self, name: &str) -> Result<T, String> {
        let value = self.get(name)?;
        value.parse().map_err(|_| format!("--{name} {value} is no number"))
    }

    /// The paths of `--only`, a list with commas, or all.
    fn paths(&self) -> Result<Vec<&'static HotPath>, String> {
        let Some(only) = self.0.get("only").filter(|only| !only.is_empty()) else {
            return Ok(paths::ALL.iter().collect());
        };
        only.split(',')
            .map(|name| {
                let known = || paths::ALL.iter().map(|path| path.name).collect::<Vec<_>>().join(", ");
                paths::ALL
                    .iter()
                    .find(|path| path.name == name)
                    .ok_or_else(|| format!("{name} is none of {}", known()))
            })
            .collect()
    }
}

fn run() -> Result<(), String> {
    let mut words = std::env::args().skip(1).filter(|word| word != "--bench");
    let command = words
        .next()
        .ok_or("scripts/bench calls this; say record or measure to call it yourself")?;
    let mut named = HashMap::new();
    while let Some(name) = words.next() {
        let name = name.strip_prefix("--").ok_or_else(|| format!("{name} is no option"))?;
        named.insert(
            name.to_owned(),
            words.next().ok_or_else(|| format!("--{name} has no value"))?,
        );
    }
    let arguments = Arguments(named);
    let tools = Tools {
        psql: PathBuf::from(arguments.get("psql")?),
        pgbench: PathBuf::from(arguments.get("pgbench")?),
        database: arguments.get("database")?.to_owned(),
        work: PathBuf::from(arguments.get("work")?),
    };
    match command.as_str() {
        "record" => record(&arguments, &tools),
        "measure" => measure(&arguments, &tools),
        other => Err(format!("{other} is neither record nor measure")),
    }
}

fn record(arguments: &Arguments, tools: &Tools) -> Result<(), String> {
    let log = PathBuf::from(arguments.get("log")?);
    for path in arguments.paths()? {
        floor::record(tools, arguments.get("server")?, &log, path)?;
        eprintln!("    {}: {} statements", path.name, floor::statements(tools, path)?);
    }
    tools.sql_file(arguments.get("reset")?)
}

fn measure(arguments: &Arguments, tools: &Tools) -> Result<(), String> {
    let server = measure::Server {
        address: arguments.get("server")?.to_owned(),
        pid: arguments.number("pid")?,
        postmaster: arguments.number("postmaster")?,
    };
    let (warm_up, seconds): (u64, u64) = (arguments.number("warm-up")?, arguments.number("seconds")?);
    let reset = arguments.get("reset")?;
    let wants_floor = arguments.get("floor")? == "yes";
    let mut lines = Vec::new();
    for path in arguments.paths()? {
        let statements = floor::statements(tools, path)?;
        let is_sync = matches!(path.work, Work::Sync { .. });
        let measured = measure::measure(
            tools,
            &server,
            path,
            Duration::from_secs(warm_up),
            Duration::from_secs(seconds),
        )?;
        if is_sync {
            tools.sql_file(reset)?;
        }
        let floor = if statements > 0 && wants_floor {
            let floor = floor::measure(tools, path, warm_up, seconds)?;
            if is_sync {
                tools.sql_file(reset)?;
            }
            Some(floor)
        } else {
            None
        };
        eprintln!(
            "    {}: {:.1} requests/s, {}",
            path.name,
            measured.per_second,
            floor.map_or("no floor".to_owned(), |floor| format!("floor {floor:.1}/s"))
        );
        lines.push(report::Line {
            path,
            measured,
            statements,
            floor,
        });
    }
    println!("{}", report::tables(&lines));
    Ok(())
}
