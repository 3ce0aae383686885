//! The `outputs` of an action: levels, names and paths.

use std::fmt;

use super::problem::clean;

/// How sensitive an output is, from most to least.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Never leaves the secure environment.
    HighlySensitive,
    /// Seen by output checkers and the project's researchers inside it.
    ModeratelySensitive,
    /// Meant to be seen more widely.
    MinimallySensitive,
}

impl Level {
    /// All levels, most sensitive first.
    pub const ALL: [Self; 3] = [
        Self::HighlySensitive,
        Self::ModeratelySensitive,
        Self::MinimallySensitive,
    ];

    /// The key in `project.yaml`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::HighlySensitive => "highly_sensitive",
            Self::ModeratelySensitive => "moderately_sensitive",
            Self::MinimallySensitive => "minimally_sensitive",
        }
    }

    pub(super) fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|level| level.as_str() == key)
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One output of an action.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    /// Its sensitivity.
    pub level: Level,
    /// Its name within the level.
    pub name: String,
    /// Path within the workspace, in normal form; may hold `*`.
    pub path: String,
}

/// What is wrong with an output path whatever its level; `None` for a good one.
///
/// The order is the one in which a reader would put things right.
pub(super) fn path_problem(path: &str) -> Option<String> {
    let quoted = clean(path);
    let windows_drive = matches!(path.as_bytes(), [drive, b':', b'/', ..] if drive.is_ascii_alphabetic());
    if path.is_empty() {
        return Some("expected a path such as `output/model.csv`, found an empty text".to_owned());
    }
    if path.contains('\\') {
        return Some(format!("expected `/` between folders, found a backslash in `{quoted}`"));
    }
    if path.starts_with('/') || windows_drive {
        return Some(format!(
            "expected a path within the workspace such as `output/model.csv`, found the absolute path `{quoted}`"
        ));
    }
    if let Some(wildcard) = ["**", "?", "["].into_iter().find(|wildcard| path.contains(wildcard)) {
        return Some(format!(
            "`*` is the only wildcard allowed, found `{wildcard}` in `{quoted}`"
        ));
    }
    if path.split('/').any(|part| matches!(part, "" | "." | "..")) {
        return Some(format!(
            "expected a path in its shortest form (no `//`, `./`, `..` or `/` at the end), found `{quoted}`"
        ));
    }
    if path == "metadata" || path.starts_with("metadata/") {
        return Some(format!(
            "the folder `metadata` is kept for the runner's own files; choose another folder than in `{quoted}`"
        ));
    }
    match extension(path) {
        None => Some(format!(
            "expected a file type at the end such as `.csv`, found none in `{quoted}`"
        )),
        Some(extension) if extension.ends_with('*') => Some(format!(
            "expected a whole file type at the end such as `.csv`, found one ending in `*` in `{quoted}`"
        )),
        Some(_) => None,
    }
}

/// The last extension with its dot; `None` for `a`, `a.` and `.a`. Names of nothing but leading dots
/// followed by text (`..csv`) have one, as for the runner.
pub(super) fn extension(path: &str) -> Option<&str> {
    let name = path.rsplit('/').next().unwrap_or(path);
    let dot = name.rfind('.')?;
    (dot > 0 && dot + 1 < name.len()).then(|| &name[dot..])
}

/// File types allowed at `moderately_sensitive`, case-sensitive. The newer edition drops `.pdf`.
const MODERATE: [&str; 11] = [
    ".csv", ".jpg", ".jpeg", ".png", ".svg", ".svgz", ".html", ".txt", ".log", ".json", ".md",
];

/// Which editions allow a file type at `moderately_sensitive`: all, the older only, or none.
pub(super) enum Moderate {
    Allowed,
    OlderOnly,
    Refused,
}

pub(super) fn moderate(path: &str) -> Moderate {
    match extension(path) {
        Some(".pdf") => Moderate::OlderOnly,
        Some(extension) if MODERATE.contains(&extension) => Moderate::Allowed,
        _ => Moderate::Refused,
    }
}

/// The allowed file types as a list in words.
pub(super) fn moderate_types() -> String {
    MODERATE.join(" ")
}

/// Whether every output is what `--output` of a dataset command writes: the very path, or for
/// `folder:type` (or `folder/:type`) the files `folder/*.type`.
pub(super) fn matches_output_option<'a>(option: &str, mut paths: impl Iterator<Item = &'a str>) -> bool {
    let expected = expected_path(option);
    paths.all(|path| path == expected)
}

/// The output path that goes with an `--output` value.
pub(super) fn expected_path(option: &str) -> String {
    match option.split_once(':') {
        Some((folder, kind)) => format!("{}/*.{kind}", folder.trim_end_matches('/')),
        None => option.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn good_paths() {
        for path in [
            "a.csv",
            "out/a.csv",
            "a.tar.gz",
            "*.csv",
            "out/fig_*.png",
            "a.*c",
            "a].csv",
            "a b.csv",
            "é/ü.csv",
            "metadata.csv",
            "Metadata/a.csv",
            "x/metadata/a.csv",
            "metadata.d/a.csv",
            "C:a.csv",
            "~/a.csv",
            "..csv",
            "d.x/a.csv",
        ] {
            assert_eq!(path_problem(path), None, "{path}");
        }
    }

    #[test]
    fn bad_paths_say_why() {
        for (path, why) in [
            ("", "empty"),
            ("out\\a.csv", "backslash"),
            ("C:\\a.csv", "backslash"),
            ("/out/a.csv", "absolute"),
            ("//a/b.csv", "absolute"),
            ("C:/a.csv", "absolute"),
            ("**.csv", "`**`"),
            ("out/**/a.csv", "`**`"),
            ("a?.csv", "`?`"),
            ("a[1].csv", "`[`"),
            ("./a.csv", "shortest form"),
            ("../a.csv", "shortest form"),
            ("a/../b.csv", "shortest form"),
            ("a//b.csv", "shortest form"),
            ("a.csv/", "shortest form"),
            (".", "shortest form"),
            ("metadata", "metadata"),
            ("metadata/a.csv", "metadata"),
            ("a", "file type"),
            ("a.", "file type"),
            (".csv", "file type"),
            ("out/.csv", "file type"),
            ("d.x/a", "file type"),
            ("d.x/*", "file type"),
            ("a.*", "ending in `*`"),
            ("a.csv*", "ending in `*`"),
        ] {
            let problem = path_problem(path).unwrap_or_default();
            assert!(problem.contains(why), "{path:?}: {problem}");
        }
    }

    #[test]
    fn output_option_forms() {
        let matches = |option, paths: &[&str]| matches_output_option(option, paths.iter().copied());
        assert!(matches("out/a.csv", &["out/a.csv"]));
        assert!(!matches("out/a.csv", &["out/a.csv", "out/b.csv"]));
        assert!(!matches("out/b.csv", &["out/a.csv"]));
        assert!(matches("out/d:csv", &["out/d/*.csv"]));
        assert!(matches("out/d/:csv.gz", &["out/d/*.csv.gz"]));
        assert!(!matches("out/d:csv", &["out/d/*.csv", "out/d/a.csv"]));
        assert!(matches("out/a.csv", &[]));
    }
}
