//! Names that become part of an address: slugs, workspace names, and the words nobody may take.

use unicode_normalization::UnicodeNormalization;

/// First segments of the site's own pages: a project with such a slug could never be reached.
pub const RESERVED_PROJECT_SLUGS: &[&str] = &[
    "400",
    "403",
    "404",
    "413",
    "429",
    "500",
    "503",
    "analyses",
    "api",
    "applications",
    "apply",
    "complete",
    "dev",
    "disconnect",
    "enter-your-name",
    "event-list",
    "event-log",
    "favicon.ico",
    "health-check",
    "job-requests",
    "jobs",
    "login",
    "login-link",
    "login-with-token",
    "login-with-url",
    "logout",
    "organisations",
    "orgs",
    "projects",
    "publish-repo",
    "ready",
    "repo",
    "robots.txt",
    "search",
    "settings",
    "staff",
    "static",
    "status",
    "ui-components",
    "uploads",
    "users",
    "workspaces",
];

/// Words that mean a page of the project where a workspace's name would stand.
pub const RESERVED_WORKSPACE_NAMES: &[&str] = &[
    "edit",
    "interactive",
    "logs",
    "members",
    "new-workspace",
    "releases",
    "reports",
];

/// The slug of a name: compatibility-decomposed, ASCII only, lower case; everything but word
/// characters, white space and `-` removed; runs of white space and `-` become one `-`; no `-` or `_`
/// at the ends. Empty when nothing is left.
pub fn slugify(name: &str) -> String {
    let mut slug = String::with_capacity(name.len());
    for c in name.nfkd().filter(char::is_ascii).map(|c| c.to_ascii_lowercase()) {
        if c.is_ascii_alphanumeric() || c == '_' {
            slug.push(c);
        } else if (c.is_ascii_whitespace() || c == '-' || c == '\x0b') && !slug.ends_with('-') {
            slug.push('-');
        }
    }
    slug.trim_matches(['-', '_']).to_owned()
}

/// Whether `text` has only the characters of a slug: ASCII letters, digits, `-`, `_`; at least one.
pub fn is_slug(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}

/// Whether a project may have this slug: a slug of at most 255 characters that hides no page.
pub fn is_project_slug(slug: &str) -> bool {
    is_slug(slug) && slug.len() <= 255 && !RESERVED_PROJECT_SLUGS.contains(&slug)
}

/// Whether a workspace may have this name: a slug that hides no page of its project.
pub fn is_workspace_name(name: &str) -> bool {
    is_slug(name) && name.len() <= 255 && !RESERVED_WORKSPACE_NAMES.contains(&name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn slugs_of_names() {
        for (name, slug) in [
            ("Long Covid & Vaccination", "long-covid-vaccination"),
            ("  --Élan  vital__ ", "elan-vital"),
            ("ﬁve½ things", "five12-things"),
            ("日本", ""),
            ("a - b", "a-b"),
            ("_a_", "a"),
        ] {
            assert_eq!(slugify(name), slug, "{name}");
        }
    }

    #[test]
    fn names_of_pages_are_refused() {
        assert!(!is_project_slug("staff"));
        assert!(!is_project_slug("api"));
        assert!(is_project_slug("staffing"));
        assert!(!is_workspace_name("new-workspace"));
        assert!(!is_workspace_name("a b"));
        assert!(!is_workspace_name("a\n"));
        assert!(is_workspace_name("Ws_1-a"));
    }

    proptest! {
        #[test]
        fn a_slug_is_a_slug_and_its_own_slug(name in ".*") {
            let slug = slugify(&name);
            prop_assert!(slug.is_empty() || is_slug(&slug));
            prop_assert_eq!(slugify(&slug), slug);
        }
    }
}
