//! What the machine tells: memory and CPU time of the processes, and answers of psql and pgbench.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// The programs and addresses that a measurement needs.
pub struct Tools {
    pub psql: PathBuf,
    pub pgbench: PathBuf,
    /// Of the role whose statements are not logged.
    pub database: String,
    /// Where files of statements lie.
    pub work: PathBuf,
}

impl Tools {
    /// Runs one statement; its rows as psql prints them bare.
    pub fn sql(&self, statement: &str) -> Result<String, String> {
        let output = Command::new(&self.psql)
            .args([
                "-X",
                "-q",
                "-A",
                "-t",
                "-v",
                "ON_ERROR_STOP=1",
                "-d",
                &self.database,
                "-c",
                statement,
            ])
            .stdin(Stdio::null())
            .output()
            .map_err(|error| format!("psql: {error}"))?;
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).trim().to_owned());
        }
        Ok(String::from_utf8_lossy(&output.stdout).trim_end().to_owned())
    }

    pub fn sql_file(&self, file: &str) -> Result<(), String> {
        let output = Command::new(&self.psql)
            .args(["-X", "-q", "-d", &self.database, "-f", file])
            .stdin(Stdio::null())
            .output()
            .map_err(|error| format!("psql: {error}"))?;
        if output.status.success() {
            Ok(())
        } else {
            Err(String::from_utf8_lossy(&output.stderr).trim().to_owned())
        }
    }
}

/// Resident memory in MB: now and at most since [`forget_peak`]. Nothing where there is no /proc.
pub fn memory(pid: u32) -> Option<(f64, f64)> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let megabytes = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name))?;
        let kibibytes: f64 = line.trim().strip_suffix(" kB")?.trim().parse().ok()?;
        Some(kibibytes * 1024.0 / 1e6)
    };
    Some((megabytes("VmRSS:")?, megabytes("VmHWM:")?))
}

/// Makes the peak of [`memory`] start anew; that of the whole run is kept by the caller.
pub fn forget_peak(pid: u32) {
    // Where it cannot be done the peak is that of the whole life, which is no better than the truth.
    let _ = fs::write(format!("/proc/{pid}/clear_refs"), "5");
}

/// CPU time in seconds, of whom it was spent by. Zeroes where there is no /proc.
#[derive(Clone, Copy, Default)]
pub struct Spent {
    pub server: f64,
    pub database: f64,
    pub client: f64,
    pub everybody: f64,
}

/// The clock that /proc counts in.
const TICKS_PER_SECOND: f64 = 100.0;

pub fn spent(server: u32, postmaster: u32) -> Spent {
    Spent {
        server: process(server).map_or(0.0, |(_, seconds)| seconds),
        database: children(postmaster),
        client: process(std::process::id()).map_or(0.0, |(_, seconds)| seconds),
        everybody: whole_machine().unwrap_or_default(),
    }
}

/// The parent and the CPU time of a process.
fn process(pid: u32) -> Option<(u32, f64)> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name, in brackets, may hold anything.
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace();
    let parent = fields.nth(1)?.parse().ok()?;
    let user: f64 = fields.nth(9)?.parse().ok()?;
    let system: f64 = fields.next()?.parse().ok()?;
    Some((parent, (user + system) / TICKS_PER_SECOND))
}

fn children(parent: u32) -> f64 {
    let Ok(entries) = fs::read_dir("/proc") else {
        return 0.0;
    };
    entries
        .flatten()
        .filter_map(|entry| process(entry.file_name().to_str()?.parse().ok()?))
        .filter(|(of, _)| *of == parent)
        .map(|(_, seconds)| seconds)
        .sum()
}

fn whole_machine() -> Option<f64> {
    let stat = fs::read_to_string("/proc/stat").ok()?;
    let fields: Vec<f64> = stat
        .lines()
        .next()?
        .split_whitespace()
        .skip(1)
        .filter_map(|field| field.parse().ok())
        .collect();
    // user, nice, system, then idle and iowait, then irq, softirq, steal.
    let busy: f64 = fields.get(..3)?.iter().sum::<f64>() + fields.get(5..8)?.iter().sum::<f64>();
    Some(busy / TICKS_PER_SECOND)
}
