//! The repositories of a project's workspaces.

use std::collections::{BTreeMap, BTreeSet};

use crate::core::ids::RepoUrl;
use crate::core::workspaces::facts::{Known, Visibility};
use crate::web::view::Link;

/// By who can read them, each by name.
#[derive(Default)]
pub(super) struct Repos {
    pub public: Vec<Link>,
    pub private: Vec<Link>,
    /// Whether the code host has not said of every one.
    pub is_unknown: bool,
    pub is_none: bool,
}

/// One that the code host does not show us, or that is not on it, counts as private; one it has
/// never told of, because it does not answer, is in neither list.
pub(super) fn repos(urls: &BTreeSet<String>, known: &BTreeMap<RepoUrl, Known<Visibility>>) -> Repos {
    let mut repos = Repos {
        is_none: urls.is_empty(),
        ..Repos::default()
    };
    for url in urls {
        let link = Link::new(repo_name(url), url.as_str());
        match url.parse::<RepoUrl>().map(|url| known.get(&url)) {
            Ok(Some(known)) if known.value == Visibility::Public => repos.public.push(link),
            Ok(None) => repos.is_unknown = true,
            Ok(Some(_)) | Err(_) => repos.private.push(link),
        }
    }
    repos
}

/// `owner/name` of a repository's address.
pub(super) fn repo_name(url: &str) -> &str {
    url.strip_prefix("https://github.com/").unwrap_or(url)
}

#[cfg(test)]
mod tests {
    use time::OffsetDateTime;

    use super::*;

    #[test]
    fn what_is_not_known_to_be_public_is_not_called_so() {
        let url = |name: &str| format!("https://github.com/opensafely/{name}");
        let urls: BTreeSet<String> = ["a", "b", "c", "d"].map(url).into();
        let known = [
            ("a", Visibility::Public),
            ("b", Visibility::Private),
            ("c", Visibility::NotFound),
        ]
        .map(|(name, value)| {
            let fetched_at = OffsetDateTime::UNIX_EPOCH;
            (url(name).parse().unwrap(), Known { value, fetched_at })
        })
        .into();
        let labels = |links: &[Link]| links.iter().map(|link| link.label.clone()).collect::<Vec<_>>();
        let repos = super::repos(&urls, &known);
        assert_eq!(labels(&repos.public), ["opensafely/a"]);
        assert_eq!(labels(&repos.private), ["opensafely/b", "opensafely/c"]);
        assert!(repos.is_unknown && !repos.is_none);
        let elsewhere = super::repos(&["/srv/a".to_owned()].into(), &BTreeMap::new());
        assert_eq!(labels(&elsewhere.private), ["/srv/a"]);
        assert!(super::repos(&BTreeSet::new(), &BTreeMap::new()).is_none);
    }

    #[test]
    fn repositories_are_called_by_owner_and_name() {
        assert_eq!(repo_name("https://github.com/opensafely/a"), "opensafely/a");
        assert_eq!(repo_name("/srv/a"), "/srv/a");
    }
}
