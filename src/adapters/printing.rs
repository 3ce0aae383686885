//! What would be said outside, printed for the developer instead.

use std::fmt;
use std::io::Write;
use std::sync::{Mutex, PoisonError};

/// Where it is printed.
pub struct Printer(Mutex<Out>);

enum Out {
    /// Blocks of lines, for people.
    Text(Box<dyn Write + Send>),
    /// One line each in the log, for a site that runs without the service.
    Log,
}

impl fmt::Debug for Printer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Printer")
    }
}

impl Printer {
    pub fn stdout() -> Self {
        Self::to(std::io::stdout())
    }

    pub fn to(out: impl Write + Send + 'static) -> Self {
        Self(Mutex::new(Out::Text(Box::new(out))))
    }

    /// Into the log, so that its lines stay in one format: what it was and where it went. Texts and
    /// addresses are nothing for a log.
    pub fn log() -> Self {
        Self(Mutex::new(Out::Log))
    }

    /// Prints one message: what it is, and its named parts. `brief` is what a log may have of it: no
    /// text, and nobody's address.
    pub fn print(&self, what: &str, brief: &[(&str, &str)], parts: &[(&str, &str)]) {
        match &mut *self.0.lock().unwrap_or_else(PoisonError::into_inner) {
            Out::Log => {
                let brief =
                    serde_json::Map::from_iter(brief.iter().map(|(name, text)| ((*name).into(), (*text).into())));
                tracing::info!(brief = %serde_json::Value::Object(brief), "not sent: {what}");
            }
            Out::Text(out) => {
                let mut text = format!("--- {what} ---\n");
                for (name, part) in parts {
                    let gap = if part.contains('\n') { '\n' } else { ' ' };
                    text.push_str(&format!("{name}:{gap}{}\n", part.trim_end()));
                }
                // Nobody reads it: then it is as good as printed.
                if let Err(error) = out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
                    tracing::debug!(%error, "cannot print a message");
                }
            }
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::sync::Arc;

    use super::*;

    /// What was printed.
    #[derive(Clone, Default)]
    pub struct Paper(Arc<Mutex<Vec<u8>>>);

    impl Paper {
        pub fn printer(&self) -> Printer {
            Printer::to(self.clone())
        }

        pub fn text(&self) -> String {
            String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
        }
    }

    impl Write for Paper {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn each_part_is_printed_under_its_name() {
        let paper = Paper::default();
        paper
            .printer()
            .print("A post", &[], &[("channel", "releases"), ("text", "one\ntwo\n")]);
        assert_eq!(paper.text(), "--- A post ---\nchannel: releases\ntext:\none\ntwo\n");
    }

    #[test]
    fn a_log_has_neither_texts_nor_addresses() {
        let paper = Paper::default();
        let log = paper.clone();
        let subscriber = tracing_subscriber::fmt().with_writer(move || log.clone()).finish();
        tracing::subscriber::with_default(subscriber, || {
            let parts = [("to", "ada@example.com"), ("text", "private words")];
            Printer::log().print("Mail", &[("recipients", "1"), ("message-id", "k@jobs")], &parts);
        });
        let text = paper.text();
        assert!(text.contains("not sent: Mail") && text.contains("k@jobs"), "{text}");
        assert!(!text.contains("ada@") && !text.contains("private"), "{text}");
    }
}
