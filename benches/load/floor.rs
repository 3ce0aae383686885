//! The floor: the same statements sent by pgbench, prepared once, by as many connections.

use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use crate::CONNECTIONS;
use crate::client::Connection;
use crate::machine::Tools;
use crate::paths::{HotPath, Work};
use crate::statements::{Statement, for_pgbench, sent_during};
use crate::sync::Report;

/// Sends each path's request to the server whose statements are logged, and writes what it sent as a
/// script for pgbench, its number of statements in the first line.
pub fn record(tools: &Tools, server: &str, log: &std::path::Path, path: &HotPath) -> Result<(), String> {
    let mut connection = Connection::open(server)?;
    // The first request of a connection also prepares statements and asks for types.
    let (count, script) = match path.work {
        Work::Get { .. } => {
            let request = path.get_request(server).ok_or("no request")?;
            path.check(&connection.exchange(&request)?)?;
            let sent = sent_during(log, || path.check(&connection.exchange(&request)?))?;
            (sent.len(), script(&sent)?)
        }
        Work::Sync { shared } => {
            let mut count = 0;
            let mut script_of_all = "\\set parity 1 - :parity\n".to_owned();
            for from in 0..CONNECTIONS {
                let mut report = Report::new(tools, server, if shared { 0 } else { from }, from)?;
                path.check(&connection.exchange(report.next())?)?;
                for parity in 0..2 {
                    let sent = sent_during(log, || path.check(&connection.exchange(report.next())?))?;
                    count = sent.len();
                    let condition = if from + parity == 0 { "if" } else { "elif" };
                    let _ = write!(
                        script_of_all,
                        "\\{condition} :client_id = {from} and :parity = {parity}\n{}",
                        script(&sent)?
                    );
                }
            }
            script_of_all.push_str("\\endif\n");
            (count, script_of_all)
        }
    };
    fs::write(file(tools, path), format!("-- {count} statements\n{script}")).map_err(|error| error.to_string())
}

fn script(sent: &[Statement]) -> Result<String, String> {
    let mut script = String::new();
    for statement in sent {
        script.push_str(for_pgbench(statement)?.trim_end_matches([';', ' ', '\n']));
        script.push_str(";\n");
    }
    Ok(script)
}

fn file(tools: &Tools, path: &HotPath) -> PathBuf {
    tools.work.join(format!("{}.sql", path.name))
}

/// How many statements a request of this path sends.
pub fn statements(tools: &Tools, path: &HotPath) -> Result<usize, String> {
    let script = fs::read_to_string(file(tools, path)).map_err(|error| error.to_string())?;
    script
        .strip_prefix("-- ")
        .and_then(|script| script.split(' ').next())
        .and_then(|count| count.parse().ok())
        .ok_or_else(|| format!("no number of statements in {}", file(tools, path).display()))
}

/// Transactions per second of pgbench, after a warm-up.
pub fn measure(tools: &Tools, path: &HotPath, warm_up: u64, seconds: u64) -> Result<f64, String> {
    let output = Command::new(&tools.pgbench)
        .args(["-n", "-j", "2", "-M", "prepared", "-P", "1", "-D", "parity=0"])
        .args(["-c", &CONNECTIONS.to_string(), "-T", &(warm_up + seconds).to_string()])
        .arg("-f")
        .arg(file(tools, path))
        .arg(&tools.database)
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("pgbench: {error}"))?;
    let said = String::from_utf8_lossy(&output.stderr);
    if !output.status.success() || said.contains("aborted") {
        let end: Vec<&str> = said.lines().rev().take(4).collect();
        return Err(format!("pgbench {}: {end:.400?}", path.name));
    }
    // "progress: 3.0 s, 1234.5 tps, lat 6.4 ms stddev 1.2"
    let each: Vec<f64> = said
        .lines()
        .filter_map(|line| line.strip_prefix("progress: "))
        .filter_map(|line| {
            let (at, rest) = line.split_once(" s, ")?;
            let per_second = rest.split_once(" tps")?.0;
            (at.parse::<f64>().ok()? > warm_up as f64 + 0.5).then_some(per_second.parse::<f64>().ok()?)
        })
        .collect();
    if each.is_empty() {
        return Err(format!("pgbench {} said nothing of its progress", path.name));
    }
    Ok(each.iter().sum::<f64>() / each.len() as f64)
}
