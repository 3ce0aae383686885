//! The `run` text of an action: split as the runner splits it, and what it means.

/// A parsed `run`: `image:version argument…`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    /// Image or program name, before the first colon of the first word; never empty.
    pub image: String,
    /// What follows that colon; never empty.
    pub version: String,
    /// The further words, unquoted.
    pub args: Vec<String>,
}

/// Why a `run` text is no command.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CommandError {
    /// Nothing, or only spaces.
    #[error("expected a command such as `python:v2 python analysis/model.py`, found an empty text")]
    Empty,
    /// A `'` or `"` without its partner.
    #[error("a quotation mark ({0}) is not closed")]
    UnclosedQuote(char),
    /// A backslash with nothing after it.
    #[error("the command ends with a backslash that has nothing to escape")]
    TrailingBackslash,
    /// The first word is not `name:version`.
    #[error("expected the command to start with a name, a colon and a version, such as `python:v2`, found `{0}`")]
    NoVersion(String),
}

impl Command {
    /// Parses a `run` text.
    ///
    /// # Errors
    ///
    /// See [`CommandError`].
    pub fn parse(run: &str) -> Result<Self, CommandError> {
        let mut words = split(run)?.into_iter();
        let first = words.next().ok_or(CommandError::Empty)?;
        match first.split_once(':') {
            Some((image, version)) if !image.is_empty() && !version.is_empty() => Ok(Self {
                image: image.to_owned(),
                version: version.to_owned(),
                args: words.collect(),
            }),
            _ => Err(CommandError::NoVersion(super::problem::clean(&first))),
        }
    }

    /// Whether the command reads the database, which stale codelists forbid.
    ///
    /// | Image | First argument |
    /// |---|---|
    /// | `ehrql` | `generate-dataset`, `generate-measures` |
    /// | `cohortextractor` | `generate_cohort`, `generate_codelist_report` |
    /// | `databuilder` | `generate-dataset` |
    /// | `sqlrunner` | any, or none |
    pub fn is_database_action(&self) -> bool {
        match self.image.as_str() {
            "ehrql" => matches!(self.subcommand(), "generate-dataset" | "generate-measures"),
            "cohortextractor" => {
                matches!(self.subcommand(), "generate_cohort" | "generate_codelist_report")
            }
            "databuilder" => self.subcommand() == "generate-dataset",
            "sqlrunner" => true,
            _ => false,
        }
    }

    /// The first argument, or `""`.
    pub(super) fn subcommand(&self) -> &str {
        self.args.first().map_or("", String::as_str)
    }

    /// Whether the image version is of a form the newer edition knows: `v` with digits and dots,
    /// optionally `-pre`; `dev`; `latest`.
    pub(super) fn has_usual_version(&self) -> bool {
        let numbered = self.version.strip_prefix('v').is_some_and(|rest| {
            let number = rest.strip_suffix("-pre").unwrap_or(rest);
            !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
        });
        numbered || matches!(self.version.as_str(), "dev" | "latest")
    }

    /// The value of `--name value` or `--name=value`; the last one counts, as for the programs run.
    pub(super) fn option(&self, name: &str) -> Option<&str> {
        let mut value = None;
        for (index, arg) in self.args.iter().enumerate() {
            if arg == name {
                value = self.args.get(index + 1).map(String::as_str);
            } else if let Some(rest) = arg.strip_prefix(name)
                && let Some(rest) = rest.strip_prefix('=')
            {
                value = Some(rest);
            }
        }
        value
    }
}

/// Splits into words by POSIX shell quoting, exactly as the runner does.
///
/// The runner is a Python program and uses its standard library's splitter, which differs from a
/// shell (and from the `shlex` crate) in four ways that can change an argument: `#` starts no
/// comment, a backslash before a line end keeps the line end, within double quotes only `"` and `\`
/// can be escaped, and a carriage return separates words.
fn split(text: &str) -> Result<Vec<String>, CommandError> {
    let mut words = Vec::new();
    // `None` between words; a quoted empty text is a word, too.
    let mut word: Option<String> = None;
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match character {
            ' ' | '\t' | '\r' | '\n' => words.extend(word.take()),
            '\\' => {
                let escaped = characters.next().ok_or(CommandError::TrailingBackslash)?;
                word.get_or_insert_default().push(escaped);
            }
            quote @ ('\'' | '"') => {
                let word = word.get_or_insert_default();
                loop {
                    match characters.next().ok_or(CommandError::UnclosedQuote(quote))? {
                        end if end == quote => break,
                        '\\' if quote == '"' => {
                            let escaped = characters.next().ok_or(CommandError::TrailingBackslash)?;
                            if !matches!(escaped, '"' | '\\') {
                                word.push('\\');
                            }
                            word.push(escaped);
                        }
                        other => word.push(other),
                    }
                }
            }
            other => word.get_or_insert_default().push(other),
        }
    }
    words.extend(word);
    Ok(words)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn splits_as_the_runner_does() {
        // Expected values taken from Python's own splitter.
        let cases: &[(&str, &[&str])] = &[
            ("a:v1 b c", &["a:v1", "b", "c"]),
            ("  a\t b\r\nc\n", &["a", "b", "c"]),
            ("a 'b c' \"d e\"", &["a", "b c", "d e"]),
            ("a ''", &["a", ""]),
            ("a\"b\"'c'", &["abc"]),
            ("a # b", &["a", "#", "b"]),
            ("a \\\n b", &["a", "\n", "b"]),
            ("a \\\nb", &["a", "\nb"]),
            ("a \\  b", &["a", " ", "b"]),
            (r#""\$x \"y\" \\ \n""#, &["\\$x \"y\" \\ \\n"]),
            (r"'\'", &["\\"]),
            ("é\u{a0}ü", &["é\u{a0}ü"]),
            ("a;b|c && d", &["a;b|c", "&&", "d"]),
            ("", &[]),
        ];
        for (text, words) in cases {
            assert_eq!(split(text).unwrap(), *words, "{text:?}");
        }
    }

    #[test]
    fn refuses_what_is_no_command() {
        let cases = [
            ("", CommandError::Empty),
            (" \t\n", CommandError::Empty),
            ("a:v1 'b", CommandError::UnclosedQuote('\'')),
            ("a:v1 \"b", CommandError::UnclosedQuote('"')),
            ("a:v1 b\\", CommandError::TrailingBackslash),
            ("a:v1 \"b\\", CommandError::TrailingBackslash),
            ("python x", CommandError::NoVersion("python".into())),
            ("python: x", CommandError::NoVersion("python:".into())),
            (":v1 x", CommandError::NoVersion(":v1".into())),
            ("'' x", CommandError::NoVersion(String::new())),
        ];
        for (run, error) in cases {
            assert_eq!(Command::parse(run), Err(error), "{run:?}");
        }
    }

    #[test]
    fn name_version_and_arguments() {
        let command = Command::parse("python:v1:b 'a b' --x=1").unwrap();
        assert_eq!((command.image.as_str(), command.version.as_str()), ("python", "v1:b"));
        assert_eq!(command.args, ["a b", "--x=1"]);
        let bare = Command::parse("python:latest").unwrap();
        assert!(bare.args.is_empty());
    }

    #[test]
    fn options_in_both_spellings() {
        let value = |run: &str| Command::parse(run).unwrap().option("--output").map(str::to_owned);
        assert_eq!(value("a:v1 --output x").as_deref(), Some("x"));
        assert_eq!(value("a:v1 --output=x=y").as_deref(), Some("x=y"));
        assert_eq!(value("a:v1 --output=x --output y").as_deref(), Some("y"));
        assert_eq!(value("a:v1 --output-dir=x --outputs y"), None);
        assert_eq!(value("a:v1 --output"), None);
    }

    #[test]
    fn database_actions() {
        let database = [
            "ehrql:v1 generate-dataset a.py",
            "ehrql:v1 generate-measures a.py",
            "cohortextractor:latest generate_cohort",
            "cohortextractor:latest generate_codelist_report",
            "databuilder:v0 generate-dataset a.py",
            "sqlrunner:latest --output a.csv a.sql",
            "sqlrunner:latest",
        ];
        let other = [
            "ehrql:v1",
            "ehrql:v1 generate_dataset a.py",
            "ehrql:v1 create-dummy-tables a.py",
            "ehrql:v1 --x generate-dataset",
            "cohortextractor:latest generate_measures",
            "databuilder:v0 generate-measures a.py",
            "python:v2 generate-dataset",
            "ehrql-next:v1 generate-dataset",
            "EHRQL:v1 generate-dataset",
        ];
        for run in database {
            assert!(Command::parse(run).unwrap().is_database_action(), "{run}");
        }
        for run in other {
            assert!(!Command::parse(run).unwrap().is_database_action(), "{run}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_split_or_refused(text in any::<String>()) {
            let _ = Command::parse(&text);
        }

        /// Quoting any words and splitting them again gives the words.
        #[test]
        fn quoted_words_come_back(words in prop::collection::vec(any::<String>(), 0..6)) {
            let text: Vec<String> =
                words.iter().map(|word| format!("'{}'", word.replace('\'', r#"'"'"'"#))).collect();
            prop_assert_eq!(split(&text.join(" ")).unwrap(), words);
        }

        /// Where the four differences cannot matter, the well-known crate agrees.
        #[test]
        fn agrees_with_the_crate(text in r#"[a-z:='" ]{0,40}"#) {
            prop_assert_eq!(split(&text).ok(), shlex::split(&text));
        }
    }
}
