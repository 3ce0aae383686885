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
mod words;

pub(super) use releases::IN_CONFIDENCE;
pub use words::{field_words, title};

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

/// How the kinds begin that the log of a thing can show, by its model: what it tells of is done to the thing or to what
/// belongs to it.
const WITHIN: &[(&str, &[&str])] = &[
    ("jobserver.Backend", &["backend_"]),
    ("jobserver.Org", &["org_", "project_org_", "redirect_"]),
    (
        "jobserver.Project",
        &[
            "project_",
            "workspace_",
            "data_permission_",
            "redirect_",
            "job_",
            "release_",
            "snapshot_",
            "publish_",
            "message_retried",
        ],
    ),
    (
        "jobserver.Workspace",
        &["workspace_", "redirect_", "job_", "release_", "snapshot_", "publish_"],
    ),
];

/// The kinds that the log of a thing can show, by name; all of them for a model that has no log of its own.
pub fn kinds_of(model: &str) -> Vec<&'static str> {
    let within = WITHIN
        .iter()
        .find(|(known, _)| *known == model)
        .map(|(_, within)| *within);
    let mut kinds = kinds();
    kinds.retain(|kind| within.is_none_or(|within| within.iter().any(|beginning| kind.starts_with(beginning))));
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

    #[test]
    fn a_log_has_the_kinds_of_what_belongs_to_its_thing() {
        for kind in [
            "project_updated",
            "workspace_moved",
            "redirect_created",
            "job_request_cancelled",
            "release_created",
        ] {
            assert!(kinds_of("jobserver.Project").contains(&kind), "{kind}");
        }
        assert!(kinds_of("jobserver.Org").contains(&"project_org_added"));
        assert!(!kinds_of("jobserver.Org").contains(&"project_updated"));
        assert!(!kinds_of("jobserver.Backend").contains(&"user_signed_in"));
        assert_eq!(kinds_of("jobserver.User"), kinds());
        for (model, within) in WITHIN {
            for beginning in *within {
                assert!(
                    kinds().iter().any(|kind| kind.starts_with(beginning)),
                    "{model}: {beginning}"
                );
            }
        }
    }
}
