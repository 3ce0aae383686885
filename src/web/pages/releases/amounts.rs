//! How many files something has, in the same words everywhere.

use crate::core::releases::{Tally, size_in_words};
use crate::web::view::thousands;

/// `1 file`, `1,234 files`.
pub fn count(files: i64) -> String {
    match files {
        1 => "1 file".to_owned(),
        many => format!("{} files", thousands(many)),
    }
}

/// `12 files, 3.4 MB, 1 withdrawn, 1 not uploaded yet`: the files that can be read and their size, and what became of
/// the others.
pub fn amount(files: &Tally) -> String {
    let mut words = vec![count(files.there)];
    if files.there > 0 {
        words.push(size_in_words(files.size));
    }
    for (number, what) in [(files.withdrawn, "withdrawn"), (files.awaited, "not uploaded yet")] {
        if number > 0 {
            words.push(format!("{} {what}", thousands(number)));
        }
    }
    words.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_there_is_told_beside_what_is() {
        for (there, size, withdrawn, awaited, words) in [
            (0, 0, 0, 0, "0 files"),
            (1, 1, 0, 0, "1 file, 1 byte"),
            (1234, 1536, 0, 0, "1,234 files, 1.5 KB"),
            (12, 1024, 1, 1, "12 files, 1.0 KB, 1 withdrawn, 1 not uploaded yet"),
            (0, 0, 1000, 2, "0 files, 1,000 withdrawn, 2 not uploaded yet"),
        ] {
            let files = Tally {
                there,
                size,
                withdrawn,
                awaited,
            };
            assert_eq!(amount(&files), words);
        }
    }
}
