//! Data permissions from a file of three columns: a project's number or slug, a kind, a reason. What it would change
//! is shown before anything is.

use std::collections::{BTreeMap, BTreeSet};

use sqlx::PgConnection;

use super::{MAX_REASON, is_kind, store};
use crate::core::access::{CanEverywhere, ManageDataPermissions};
use crate::core::db::Db;
use crate::core::error::{FieldErrors, Result};
use crate::core::versions::{Saved, is_overtaken, version};

/// The most lines of a file.
pub const MOST_LINES: usize = 2000;
/// The largest file, in bytes: its preview sends it once more, percent-encoded.
pub const LARGEST: usize = 80 * 1024;
/// The most faults that are told of one file.
const MOST_FAULTS: usize = 20;

/// A file as somebody sent it, and what is to become of what it does not list.
#[derive(Debug, Clone, Default)]
pub struct Import<'a> {
    pub csv: &'a str,
    /// Ends what the file does not list, of the kinds that it has.
    pub ends_others: bool,
    /// Why those end.
    pub ending_reason: &'a str,
}

/// What an import would change.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Plan {
    pub granted: Vec<Change>,
    pub ended: Vec<Change>,
    /// How many are so already.
    pub same: usize,
    /// Projects that are not here, as the file has them.
    pub unknown: Vec<String>,
}

/// One permission that is granted or ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Of the permission that ends; 0 for a new one.
    id: i32,
    project_id: i32,
    pub project_slug: String,
    pub project_title: String,
    pub kind: String,
    pub reason: String,
}

impl Plan {
    /// Of what a preview shows.
    pub fn version(&self) -> String {
        let line = |change: &Change| {
            let Change {
                id,
                project_id,
                kind,
                reason,
                ..
            } = change;
            format!("{id} {project_id} {kind} {reason}")
        };
        let lines: Vec<String> = self.granted.iter().chain(&self.ended).map(line).collect();
        let fields: Vec<(&str, &str)> = lines.iter().map(|line| ("line", &**line)).collect();
        version(&fields)
    }

    pub fn is_nothing(&self) -> bool {
        self.granted.is_empty() && self.ended.is_empty()
    }
}

#[derive(Debug, PartialEq, Eq)]
struct Line {
    project: String,
    kind: String,
    reason: String,
}

/// What an import would change now.
///
/// # Errors
/// `Invalid` at `csv` with the lines that cannot be read, or at `ending_reason`.
pub async fn preview(conn: &mut PgConnection, import: &Import<'_>) -> Result<Plan> {
    plan(conn, import).await
}

/// Does what was previewed, all of it or nothing. `seen` is the [`Plan::version`] of the preview.
///
/// # Errors
/// As [`preview`].
pub async fn apply(
    db: &Db,
    can: &CanEverywhere<ManageDataPermissions>,
    import: &Import<'_>,
    seen: &str,
) -> Result<Saved<Plan>> {
    let mut tx = db.begin().await?;
    store::lock_all(&mut tx).await?;
    let plan = plan(&mut tx, import).await?;
    if is_overtaken(seen, &plan.version()) {
        return Ok(Saved::Overtaken(plan));
    }
    if plan.is_nothing() {
        return Ok(Saved::Unchanged);
    }
    let by = can.by();
    for change in &plan.granted {
        let Change {
            project_id,
            kind,
            reason,
            ..
        } = change;
        super::actions::insert(&mut tx, *project_id, kind, reason, &by, can.user_id()).await?;
    }
    for change in &plan.ended {
        let Change {
            project_id, id, reason, ..
        } = change;
        super::actions::end_in(&mut tx, *project_id, *id, reason, &by, can.user_id()).await?;
    }
    tx.commit().await?;
    Ok(Saved::Done)
}

async fn plan(conn: &mut PgConnection, import: &Import<'_>) -> Result<Plan> {
    let read = read(import.csv);
    let mut errors = read.as_ref().err().cloned().unwrap_or_default();
    let length = import.ending_reason.chars().count();
    if import.ends_others && length == 0 {
        errors.add("ending_reason", "Say why what the file does not list ends.");
    } else if length > MAX_REASON {
        errors.add(
            "ending_reason",
            format!("Shorten this to {MAX_REASON} characters; it has {length}."),
        );
    }
    errors.into_result()?;
    let lines = read.unwrap_or_default();
    let names: BTreeSet<String> = lines.iter().map(|line| line.project.clone()).collect();
    let kinds: BTreeSet<String> = lines.iter().map(|line| line.kind.clone()).collect();
    let names: Vec<String> = names.into_iter().collect();
    let found = store::named(conn, &names).await?;
    let active = store::active(conn, &kinds.into_iter().collect::<Vec<_>>()).await?;
    Ok(compare(&lines, &names, found, active, import))
}

fn compare(
    lines: &[Line],
    names: &[String],
    found: Vec<store::Named>,
    active: Vec<store::Active>,
    import: &Import<'_>,
) -> Plan {
    let projects: BTreeMap<String, store::Named> = found.into_iter().map(|named| (named.name.clone(), named)).collect();
    let held: BTreeSet<(i32, &str)> = active.iter().map(|one| (one.project_id, &*one.kind)).collect();
    let mut listed: BTreeSet<(i32, &str)> = BTreeSet::new();
    let mut plan = Plan {
        unknown: names
            .iter()
            .filter(|name| !projects.contains_key(*name))
            .cloned()
            .collect(),
        ..Plan::default()
    };
    for line in lines {
        let Some(project) = projects.get(&line.project) else {
            continue;
        };
        // A project may be named by its number and by its slug in one file.
        if !listed.insert((project.id, &line.kind)) {
            continue;
        }
        if held.contains(&(project.id, &*line.kind)) {
            plan.same += 1;
            continue;
        }
        plan.granted.push(Change {
            id: 0,
            project_id: project.id,
            project_slug: project.slug.clone(),
            project_title: project.title.clone(),
            kind: line.kind.clone(),
            reason: line.reason.clone(),
        });
    }
    if import.ends_others {
        let others = active
            .iter()
            .filter(|one| !listed.contains(&(one.project_id, &*one.kind)));
        plan.ended = others
            .map(|one| Change {
                id: one.id,
                project_id: one.project_id,
                project_slug: one.slug.clone(),
                project_title: one.title.clone(),
                kind: one.kind.clone(),
                reason: import.ending_reason.to_owned(),
            })
            .collect();
    }
    plan
}

/// The lines of a file, which may begin with the names of its columns.
fn read(csv: &str) -> Result<Vec<Line>, FieldErrors> {
    if csv.len() > LARGEST {
        let most = LARGEST / 1024;
        return Err(FieldErrors::one(
            "csv",
            format!("Import at most {most} KiB at once: take the file in parts."),
        ));
    }
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .trim(csv::Trim::All)
        .from_reader(csv.trim_start_matches('\u{feff}').as_bytes());
    let (mut lines, mut errors, mut faults) = (Vec::new(), FieldErrors::default(), 0);
    for (index, record) in reader.records().enumerate() {
        if index > MOST_LINES {
            errors.add("csv", format!("Import at most {MOST_LINES} lines at once."));
            break;
        }
        let line = match &record {
            Ok(record) if index == 0 && record.iter().take(2).eq(["project", "kind"]) => continue,
            Ok(record) => line_of(record),
            Err(error) => Err(error.to_string()),
        };
        match line {
            Ok(line) => lines.push(line),
            Err(fault) => {
                faults += 1;
                if faults <= MOST_FAULTS {
                    let number = record
                        .ok()
                        .and_then(|record| record.position().map(csv::Position::line));
                    let number = number.unwrap_or(index as u64 + 1);
                    errors.add("csv", format!("Line {number}: {fault}"));
                }
            }
        }
    }
    if faults > MOST_FAULTS {
        errors.add("csv", format!("… and {} lines more.", faults - MOST_FAULTS));
    }
    if lines.is_empty() && errors.is_empty() {
        errors.add(
            "csv",
            "Paste or choose a file with at least one line: a project, a kind and a reason.",
        );
    }
    if errors.is_empty() { Ok(lines) } else { Err(errors) }
}

fn line_of(record: &csv::StringRecord) -> Result<Line, String> {
    let column = |at: usize| record.get(at).unwrap_or_default().to_owned();
    if record.len() > 3 {
        return Err("there are more than three columns. Put a reason with commas into quotes.".to_owned());
    }
    let line = Line {
        project: column(0),
        kind: column(1),
        reason: column(2),
    };
    if line.project.is_empty() {
        return Err("the project is missing: its number or its slug.".to_owned());
    }
    if !is_kind(&line.kind) {
        return Err(format!(
            "“{}” is no kind: small letters, digits and _ only.",
            shortened(&line.kind)
        ));
    }
    match line.reason.chars().count() {
        0 => Err("the reason is missing.".to_owned()),
        length if length > MAX_REASON => Err(format!("the reason has more than {MAX_REASON} characters.")),
        _ => Ok(line),
    }
}

fn shortened(text: &str) -> String {
    text.chars().take(40).collect()
}

#[cfg(test)]
mod tests {
    use super::super::STARTING_VALUES;
    use super::*;

    #[test]
    fn a_file_is_read_with_its_columns_names_or_without() {
        let expected = Line {
            project: "9".to_owned(),
            kind: "isaric".to_owned(),
            reason: "Approved, see the minutes".to_owned(),
        };
        for file in [
            "project,kind,reason\n9,isaric,\"Approved, see the minutes\"\n",
            "\u{feff}9 , isaric ,\"Approved, see the minutes\"\r\n\r\n",
        ] {
            assert_eq!(
                read(file).unwrap(),
                [&expected].map(|line| Line { ..clone(line) }),
                "{file}"
            );
        }
    }

    fn clone(line: &Line) -> Line {
        Line {
            project: line.project.clone(),
            kind: line.kind.clone(),
            reason: line.reason.clone(),
        }
    }

    #[test]
    fn each_line_that_cannot_be_read_is_told() {
        let errors = read("9,Isaric,why\n,t1oo,why\n9,t1oo\n9,t1oo,a,b\n9,t1oo,why\n").unwrap_err();
        let lines: Vec<&str> = errors
            .iter()
            .map(|(_, message)| message.split(':').next().unwrap())
            .collect();
        assert_eq!(lines, ["Line 1", "Line 2", "Line 3", "Line 4"]);
        assert!(read("").is_err());
        assert!(read("project,kind,reason\n").is_err());
        let many = "x,y z,w\n".repeat(MOST_FAULTS + 5);
        assert_eq!(read(&many).unwrap_err().iter().count(), MOST_FAULTS + 1);
        assert!(read(&"9,t1oo,why\n".repeat(MOST_LINES + 2)).is_err());
    }

    #[test]
    fn only_differences_are_planned() {
        let line = |project: &str, kind: &str| Line {
            project: project.to_owned(),
            kind: kind.to_owned(),
            reason: "why".to_owned(),
        };
        let named = |name: &str, id: i32| store::Named {
            name: name.to_owned(),
            id,
            slug: format!("p{id}"),
            title: format!("P{id}"),
        };
        let active = |id: i32, project_id: i32, kind: &str| store::Active {
            id,
            project_id,
            slug: format!("p{project_id}"),
            title: format!("P{project_id}"),
            kind: kind.to_owned(),
        };
        let lines = [
            line("1", "t1oo"),
            line("p1", "t1oo"),
            line("2", "t1oo"),
            line("3", "t1oo"),
        ];
        let names = ["1", "2", "3", "p1"].map(str::to_owned);
        let found = || vec![named("1", 1), named("2", 2), named("p1", 1)];
        let held = || vec![active(7, 2, "t1oo"), active(8, 4, "t1oo")];
        let import = Import::default();
        let plan = compare(&lines, &names, found(), held(), &import);
        assert_eq!(plan.granted.len(), 1);
        assert_eq!((plan.granted[0].project_id, plan.same), (1, 1));
        assert_eq!(plan.unknown, ["3"]);
        assert!(plan.ended.is_empty());
        let import = Import {
            ends_others: true,
            ending_reason: "gone",
            ..Import::default()
        };
        let with_ends = compare(&lines, &names, found(), held(), &import);
        assert_eq!(with_ends.ended.iter().map(|change| change.id).collect::<Vec<_>>(), [8]);
        assert_ne!(plan.version(), with_ends.version());
    }

    #[test]
    fn the_starting_values_can_be_read() {
        let lines = read(STARTING_VALUES).unwrap();
        let has = |project: &str, kind: &str| lines.iter().any(|line| line.project == project && line.kind == kind);
        let count = |kind: &str| lines.iter().filter(|line| line.kind == kind).count();
        assert!(has("2", "t1oo") && has("155", "t1oo") && !has("156", "t1oo") && !has("opensafely-internal", "t1oo"));
        assert!(has("opensafely-internal", "cohortextractor") && count("sqlrunner") == 1);
        assert!(has("POS-2026-3008", "ndoo") && !has("POS-2026-3001", "gp_activations"));
        assert_eq!(count("cohortextractor"), count("t1oo") + 1);
        assert_eq!((count("ndoo"), count("gp_activations")), (63, 55));
        assert!(has("177", "covid_therapeutics") && has("209", "sgss_covid_all_tests"));
        let each: BTreeSet<(&str, &str)> = lines.iter().map(|line| (&*line.project, &*line.kind)).collect();
        assert_eq!(each.len(), lines.len());
    }
}
