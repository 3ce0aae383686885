//! Names that become part of an address: slugs, workspace names, and the words nobody may take. And what names that
//! people read are made of.

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

/// What is said of a name that [`is_readable`] refuses.
pub const NOT_READABLE: &str = "Enter the name on one line, without tabs and without characters that cannot be seen.";

/// Whether a character is not seen where it stands, or turns what is around it: controls, what formats text, ends of
/// lines, fillers. Joiners are none of these: some languages need them.
pub fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}' | '\u{feff}' | '\u{ffa0}' | '\u{fff9}'..='\u{fffb}'
            | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

/// Whether a name is one that people can read: one line, with something to be seen, and nothing hidden. A joiner
/// stands between two characters that it joins.
pub fn is_readable(name: &str) -> bool {
    let is_joiner = |c: char| matches!(c, '\u{200c}' | '\u{200d}');
    let is_seen = |c: char| !c.is_whitespace() && !is_joiner(c) && !is_hidden(c);
    let mut before = None;
    let mut characters = name.chars().peekable();
    let mut joins = true;
    while let Some(c) = characters.next() {
        joins &= !is_joiner(c) || (before.is_some_and(is_seen) && characters.peek().copied().is_some_and(is_seen));
        before = Some(c);
    }
    joins && name.chars().any(is_seen) && !name.chars().any(is_hidden)
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

    #[test]
    fn a_name_is_one_line_that_can_be_read() {
        for name in [
            "Ada",
            "  Élan & Co. ",
            "日本",
            "محمد\u{200c}رضا",
            "👩\u{200d}💻",
            "a\u{a0}b",
        ] {
            assert!(is_readable(name), "{name:?}");
        }
        for name in [
            "",
            " \u{a0}\u{3000}",
            "a\nb",
            "a\tb",
            "a\u{85}b",
            "a\u{2028}b",
            "a\u{202e}b",
            "a\u{2066}b",
            "a\u{200b}",
            "\u{200b}",
            "\u{200d}",
            "a\u{200d}",
            "\u{200c}a",
            "a\u{200d}\u{200d}b",
            "\u{feff}a",
            "\u{3164}",
            "\u{2800}",
            "a\u{ad}b",
            "a\u{e0041}",
        ] {
            assert!(!is_readable(name), "{name:?}");
        }
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
