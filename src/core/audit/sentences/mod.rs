//! What happened, in words: one sentence for each kind of event, continuing the name of whoever did it.
//!
//! In a sentence `{user}` stands for whom it happened to, `{target}` for the thing itself, `{parent}` for what that
//! belongs to, `{field}` for what was changed, `{old}` and `{new}` for how it was and is. What changed is told after
//! the sentence when it says neither `{old}` nor `{new}`.

mod backends;
mod people;
mod places;
mod projects;
mod releases;
mod service;

pub(super) use releases::IN_CONFIDENCE;

/// A kind of event, and its sentence.
pub(super) type Sentence = (&'static str, &'static str);

const ALL: [&[Sentence]; 6] = [
    backends::SENTENCES,
    people::SENTENCES,
    places::SENTENCES,
    projects::SENTENCES,
    releases::SENTENCES,
    service::SENTENCES,
];

/// The sentence of a kind; `None` for one that no program of this version writes.
pub fn sentence(kind: &str) -> Option<&'static str> {
    all().find(|(known, _)| *known == kind).map(|(_, sentence)| *sentence)
}

/// Every kind, for a filter to offer, by name.
pub fn kinds() -> Vec<&'static str> {
    let mut kinds: Vec<_> = all().map(|(kind, _)| *kind).collect();
    kinds.sort_unstable();
    kinds
}

fn all() -> impl Iterator<Item = &'static Sentence> {
    ALL.into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_has_one_sentence_with_holes_that_are_filled() {
        let kinds = kinds();
        assert!(
            kinds.windows(2).all(|pair| pair[0] != pair[1]),
            "one of them comes twice"
        );
        for (kind, sentence) in all() {
            assert!(
                !kind.is_empty() && kind.chars().all(|c| c.is_ascii_lowercase() || c == '_'),
                "{kind}"
            );
            for hole in sentence.split('{').skip(1) {
                let name = hole.split('}').next().unwrap_or_default();
                let known = ["user", "target", "parent", "field", "old", "new"];
                assert!(known.contains(&name), "{kind}: {{{name}}}");
            }
            assert!(!sentence.ends_with('.'), "{kind}");
        }
        assert_eq!(sentence("a_kind_of_tomorrow"), None);
    }
}
