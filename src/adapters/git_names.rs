//! Which texts can be a reference or a path in git. Anything else is refused before it reaches a
//! URL or a command.

/// Longer names fit neither GitHub nor a file system.
const MAX_REFERENCE: usize = 255;
const MAX_PATH: usize = 4096;
/// Git's own shortest abbreviation of a commit.
const SHORTEST_SHA: usize = 4;
const LONGEST_SHA: usize = 40;

/// Whether `text` can be the name of a branch or a tag: git's rules for references, and not
/// starting with a hyphen.
#[allow(clippy::case_sensitive_file_extension_comparisons)] // git's rule is about `.lock` alone
pub(super) fn is_reference(text: &str) -> bool {
    let component_is_allowed =
        |component: &str| !component.is_empty() && !component.starts_with('.') && !component.ends_with(".lock");
    text.len() <= MAX_REFERENCE
        && text != "@"
        && !text.starts_with('-')
        && !text.ends_with('.')
        && !text.contains("..")
        && !text.contains("@{")
        && !text.contains(|c: char| c.is_ascii_control() || " ~^:?*[\\".contains(c))
        && text.split('/').all(component_is_allowed)
}

/// Whether `text` can be the beginning of a commit's name, or all of it.
pub(super) fn may_be_sha(text: &str) -> bool {
    (SHORTEST_SHA..=LONGEST_SHA).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Whether `text` is a path below the root of a repository, in normal form.
pub(super) fn is_path(text: &str) -> bool {
    text.len() <= MAX_PATH
        && !text.contains(|c: char| c.is_ascii_control())
        && text.split('/').all(|part| !matches!(part, "" | "." | ".."))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn references_follow_gits_rules() {
        for good in [
            "main",
            "feature/new-codes",
            "v1.0",
            "odd#name",
            "ünïcode",
            "a@b",
            "heads/x",
            "1.2.3",
        ] {
            assert!(is_reference(good), "{good}");
        }
        for bad in [
            "",
            "@",
            "-x",
            "--upload-pack=touch /tmp/x",
            "a..b",
            "..",
            "@{upstream}",
            "main@{1}",
            "main~1",
            "main^",
            "a:b",
            "a b",
            "a?",
            "a*",
            "a[b",
            "a\\b",
            "/a",
            "a/",
            "a//b",
            ".a",
            "a/.b",
            "a.lock",
            "a.lock/b",
            "a.",
            "a\nb",
            "a\0b",
            "a\x7f",
        ] {
            assert!(!is_reference(bad), "{bad:?}");
        }
        assert!(!is_reference(&"a".repeat(256)));
    }

    #[test]
    fn paths_stay_below_the_root() {
        for good in [
            "project.yaml",
            "codelists/codelists.txt",
            "a b/ü.txt",
            "..a/b..",
            "-x",
            "a:b",
        ] {
            assert!(is_path(good), "{good}");
        }
        for bad in [
            "",
            "/",
            "/etc/passwd",
            "a/",
            "a//b",
            ".",
            "..",
            "../a",
            "a/../b",
            "a/./b",
            "a\nb",
            "a\0",
        ] {
            assert!(!is_path(bad), "{bad:?}");
        }
    }

    #[test]
    fn abbreviated_commits_are_hexadecimal() {
        assert!(may_be_sha("abcd") && may_be_sha("ABCD0123") && may_be_sha(&"0".repeat(40)));
        assert!(!may_be_sha("abc") && !may_be_sha("main") && !may_be_sha(&"0".repeat(41)));
    }

    proptest! {
        // Each case starts a process.
        #![proptest_config(ProptestConfig::with_cases(64))]

        /// Git itself is the judge, through its own command for checking names.
        #[test]
        fn git_agrees_about_branch_names(text in "[a-c@{}.~^:?*\\[\\\\/ -]{1,8}(\\.lock)?") {
            let status = std::process::Command::new("git")
                .args(["check-ref-format", &format!("refs/heads/{text}")])
                .status()
                .unwrap();
            // Stricter than git: a lone @ and a leading hyphen are refused by its porcelain only.
            let expected = status.success() && text != "@" && !text.starts_with('-');
            prop_assert_eq!(is_reference(&text), expected, "{:?}", text);
        }
    }
}
