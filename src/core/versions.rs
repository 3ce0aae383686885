//! Two people who edit one thing: whoever saves last is shown what the other saved, instead of overwriting it.

use sha2::{Digest, Sha256};

/// Tells one state of a thing from another: of what a form shows, by name and value. 32 characters.
pub fn version(fields: &[(&str, &str)]) -> String {
    let mut digest = Sha256::new();
    for (name, value) in fields {
        for text in [name, value] {
            digest.update((text.len() as u64).to_be_bytes());
            digest.update(text.as_bytes());
        }
    }
    data_encoding::HEXLOWER.encode(&digest.finalize()[..16])
}

/// What came of saving a form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Saved<T> {
    Done,
    /// It was so already.
    Unchanged,
    /// Somebody else has changed it since the form was shown; nothing is saved. This is how it stands now.
    Overtaken(T),
}

/// Whether what somebody saw is not how it stands. A form that did not say what it showed is not held up.
pub fn is_overtaken(seen: &str, now: &str) -> bool {
    !seen.is_empty() && seen != now
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_state_has_a_version_of_its_own() {
        let states: [&[(&str, &str)]; 6] = [
            &[],
            &[("name", "a")],
            &[("name", "b")],
            &[("nam", "ea")],
            &[("name", "a"), ("slug", "")],
            &[("name", ""), ("slug", "a")],
        ];
        let versions: std::collections::BTreeSet<String> = states.iter().map(|state| version(state)).collect();
        assert_eq!(versions.len(), states.len());
        assert!(versions.iter().all(|version| version.len() == 32));
        assert_eq!(version(states[1]), version(&[("name", "a")]));
    }

    #[test]
    fn only_a_form_that_showed_something_else_is_overtaken() {
        assert!(!is_overtaken("", "a"));
        assert!(!is_overtaken("a", "a"));
        assert!(is_overtaken("a", "b"));
    }
}
