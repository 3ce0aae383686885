//! The SQL that the program sends for one request, taken from PostgreSQL's log: the program runs as a
//! role of which every statement is logged with its parameters. So the floor is measured with what the
//! program does, not with a copy of it.

use std::fs;
use std::path::Path;

/// One statement with its parameters put in.
pub type Statement = String;

/// What `work` makes the program send.
pub fn sent_during(log: &Path, work: impl FnOnce() -> Result<(), String>) -> Result<Vec<Statement>, String> {
    let read = || fs::read_to_string(log).map_err(|error| format!("{}: {error}", log.display()));
    let before = read()?.len();
    work()?;
    let after = read()?;
    let added = after.get(before..).ok_or("the log was begun anew")?;
    parse(added)
}

/// A statement as logged: which process, its text, its parameters.
struct Logged {
    process: String,
    text: String,
    parameters: Option<String>,
}

fn parse(log: &str) -> Result<Vec<Statement>, String> {
    // Further lines of an entry begin with a tab that is not theirs.
    let log = log.replace("\n\t", "\u{0}");
    let mut logged: Vec<Logged> = Vec::new();
    for line in log.lines() {
        // "2026-11-24 10:00:00.000 UTC [123] LOG:  execute sqlx_s_1: SELECT …"
        let Some((process, entry)) = line.split_once(" [").and_then(|(_, rest)| rest.split_once("] ")) else {
            continue;
        };
        let entry = entry.replace('\u{0}', "\n");
        if let Some(text) = entry.strip_prefix("LOG:  ") {
            let text = match text.strip_prefix("execute ") {
                Some(named) => named.split_once(": ").map(|(_, text)| text),
                None => text.strip_prefix("statement: "),
            };
            if let Some(text) = text {
                logged.push(Logged {
                    process: process.to_owned(),
                    text: text.to_owned(),
                    parameters: None,
                });
            }
        } else if let Some(detail) = entry.strip_prefix("DETAIL:  ") {
            let parameters = detail
                .strip_prefix("parameters: ")
                .or(detail.strip_prefix("Parameters: "));
            let of = logged.iter_mut().rev().find(|statement| statement.process == process);
            if let (Some(parameters), Some(of)) = (parameters, of) {
                of.parameters = Some(parameters.to_owned());
            }
        }
    }
    logged
        .iter()
        .filter(|statement| !is_upkeep(&statement.text))
        .map(|statement| bind(&statement.text, statement.parameters.as_deref().unwrap_or_default()))
        .collect()
}

/// What no request asked for: connections tried after a rest, and the listener's own.
fn is_upkeep(text: &str) -> bool {
    text.contains("SQLx ping") || text.starts_with("LISTEN")
}

/// Puts the parameters where `$1` and so on stand, as literals that PostgreSQL types by their place.
fn bind(text: &str, parameters: &str) -> Result<Statement, String> {
    let values = values(parameters)?;
    let mut bound = String::with_capacity(text.len() + parameters.len());
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        bound.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        match rest[..digits].parse::<usize>() {
            Ok(number) => {
                let value = values
                    .get(number - 1)
                    .ok_or_else(|| format!("no value of ${number} in {text}"))?;
                bound.push_str(value);
                rest = &rest[digits..];
            }
            Err(_) => bound.push('$'),
        }
    }
    bound.push_str(rest);
    Ok(bound)
}

/// The literals of `$1 = 'a', $2 = NULL`, in order.
fn values(parameters: &str) -> Result<Vec<String>, String> {
    let fault = || format!("parameters that cannot be read: {parameters:.200}");
    let mut values = Vec::new();
    let mut rest = parameters;
    while !rest.is_empty() {
        rest = rest.split_once(" = ").ok_or_else(fault)?.1;
        if let Some(after) = rest.strip_prefix("NULL") {
            values.push("NULL".to_owned());
            rest = after;
        } else {
            rest = rest.strip_prefix('\'').ok_or_else(fault)?;
            let mut value = String::new();
            loop {
                let (part, after) = rest.split_once('\'').ok_or_else(fault)?;
                value.push_str(part);
                match after.strip_prefix('\'') {
                    Some(more) => {
                        value.push('\'');
                        rest = more;
                    }
                    None => {
                        rest = after;
                        break;
                    }
                }
            }
            values.push(literal(&value));
        }
        rest = rest.strip_prefix(", ").unwrap_or(rest);
    }
    Ok(values)
}

/// pgbench takes a colon for the start of a variable, even inside quotes: it is written as an escape.
fn literal(value: &str) -> String {
    let escaped = value.replace('\\', r"\\").replace('\'', "''").replace(':', r"\x3a");
    if escaped.contains('\\') {
        format!("E'{escaped}'")
    } else {
        format!("'{escaped}'")
    }
}

/// The statement as pgbench reads it right: in the program's own texts, too, a colon is an escape.
///
/// # Errors
/// When a colon is left that is no cast: pgbench would replace what follows it.
pub fn for_pgbench(statement: &str) -> Result<String, String> {
    let mut safe = String::with_capacity(statement.len());
    let mut rest = statement;
    while let Some((before, after)) = rest.split_once('\'') {
        let is_escaped = before.ends_with(['E', 'e']);
        safe.push_str(before);
        // A doubled quote ends one text and begins the next, which comes to the same.
        let (text, after) = after
            .split_once('\'')
            .ok_or_else(|| format!("a text has no end: {statement:.300}"))?;
        if is_escaped || !text.contains(':') {
            safe.push('\'');
            safe.push_str(&text.replace(':', r"\x3a"));
            safe.push('\'');
        } else {
            safe.push_str(&literal(text));
        }
        rest = after;
    }
    safe.push_str(rest);
    let mut colons = safe.replace("::", "");
    while let Some((_, after)) = colons.split_once(':') {
        if after.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_') {
            return Err(format!(
                "pgbench would take a part of this for a variable: {statement:.300}"
            ));
        }
        colons = after.to_owned();
    }
    Ok(safe)
}
