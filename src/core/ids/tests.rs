use proptest::prelude::*;

use super::*;

#[test]
fn a_repo_url_is_taken_apart_and_put_together() {
    let url: RepoUrl = "https://github.com/opensafely/my-study".parse().unwrap();
    assert_eq!((url.owner(), url.name()), ("opensafely", "my-study"));
    assert_eq!(url.to_string(), "https://github.com/opensafely/my-study");
    assert_eq!(RepoUrl::from_parts("opensafely", "my-study").unwrap(), url);
}

#[test]
fn a_final_slash_and_dot_git_are_normalised_away() {
    for text in [
        "https://github.com/opensafely/My_Study.2",
        "https://github.com/opensafely/My_Study.2/",
        "https://github.com/opensafely/My_Study.2.git",
        "https://github.com/opensafely/My_Study.2.git/",
    ] {
        let url: RepoUrl = text.parse().unwrap();
        assert_eq!(url.to_string(), "https://github.com/opensafely/My_Study.2", "{text}");
    }
}

#[test]
fn what_github_allows_is_accepted() {
    for text in [
        "https://github.com/a/b",
        "https://github.com/opensafely/.github",
        "https://github.com/0x/-",
        "https://github.com/someone_company/x",
    ] {
        assert!(text.parse::<RepoUrl>().is_ok(), "{text}");
    }
    let longest = format!("https://github.com/{}/{}", "a".repeat(39), "b".repeat(100));
    assert!(longest.parse::<RepoUrl>().is_ok());
}

#[test]
fn anything_else_is_refused() {
    for text in [
        "",
        "https://github.com",
        "https://github.com/",
        "https://github.com/opensafely",
        "https://github.com/opensafely/",
        "https://github.com//study",
        "https://github.com/opensafely//",
        "https://github.com/opensafely/.git",
        "https://github.com/opensafely/study.git.git",
        "https://github.com/opensafely/study.GIT",
        "https://github.com/opensafely/study//",
        "https://github.com/opensafely/study/tree/main",
        "https://github.com/opensafely/..",
        "https://github.com/opensafely/.",
        "https://github.com/../study",
        "https://github.com/opensafely/a%2fb",
        "https://github.com/opensafely/a b",
        "https://github.com/opensafely/a\n",
        "https://github.com/opensafely/a?x=1",
        "https://github.com/opensafely/a#x",
        "https://github.com/opensafely/stüdy",
        "https://github.com/-opensafely/study",
        "https://github.com:443/opensafely/study",
        "https://me:secret@github.com/opensafely/study",
        "https://github.com@evil.example/opensafely/study",
        "https://github.com.evil.example/opensafely/study",
        "https://example.com/opensafely/study",
        "http://github.com/opensafely/study",
        "HTTPS://GITHUB.COM/opensafely/study",
        "git@github.com:opensafely/study.git",
        "ssh://git@github.com/opensafely/study",
        "file:///srv/opensafely/study",
        "/srv/opensafely/study",
        " https://github.com/opensafely/study",
        "https://github.com/opensafely/study ",
        "--upload-pack=x",
    ] {
        assert_eq!(text.parse::<RepoUrl>(), Err(NotARepoUrl), "{text:?}");
    }
    let owner_too_long = format!("https://github.com/{}/b", "a".repeat(40));
    assert!(owner_too_long.parse::<RepoUrl>().is_err());
    let name_too_long = format!("https://github.com/a/{}", "b".repeat(101));
    assert!(name_too_long.parse::<RepoUrl>().is_err());
}

#[test]
fn serde_uses_the_text_and_checks_it() {
    let url: RepoUrl = serde_json::from_str(r#""https://github.com/a/b.git""#).unwrap();
    assert_eq!(serde_json::to_string(&url).unwrap(), r#""https://github.com/a/b""#);
    assert!(serde_json::from_str::<RepoUrl>(r#""https://gitlab.com/a/b""#).is_err());
    assert!(serde_json::from_str::<CommitSha>(r#""main""#).is_err());
}

#[test]
fn a_commit_is_forty_lower_case_digits() {
    let text = "0123456789abcdef0123456789abcdef01234567";
    let sha: CommitSha = text.parse().unwrap();
    assert_eq!(sha.as_str(), text);
    assert_eq!(sha.short(), "0123456");
    assert_eq!(sha.to_string(), text);
    let upper = text.to_uppercase();
    let seventh_is_wide = format!("012345ü{}", "0".repeat(32));
    let newline = format!("{}\n", &text[..39]);
    let long = format!("{text}0");
    for bad in ["", "main", &text[..39], &long, &upper, &seventh_is_wide, &newline] {
        assert_eq!(bad.parse::<CommitSha>(), Err(NotACommitSha), "{bad:?}");
    }
}

proptest! {
    #[test]
    fn what_is_accepted_is_stable_and_safe_in_a_path(text in "(https://github.com/)?[ -~/.]{0,30}(/[A-Za-z.-]{0,8}){0,3}(\\.git)?/?") {
        if let Ok(url) = text.parse::<RepoUrl>() {
            prop_assert_eq!(url.to_string().parse::<RepoUrl>(), Ok(url.clone()));
            for part in [url.owner(), url.name()] {
                prop_assert!(!part.is_empty() && !part.contains('/'));
                prop_assert!(part != "." && part != ".." && part != ".git");
            }
        }
    }

    #[test]
    fn every_allowed_pair_of_names_survives(owner in "[A-Za-z0-9][A-Za-z0-9-]{0,38}", name in "[A-Za-z0-9._-]{1,96}x") {
        let url = RepoUrl::from_parts(&owner, &name).unwrap();
        prop_assert_eq!(url.to_string().parse::<RepoUrl>().unwrap(), url.clone());
        prop_assert_eq!(format!("{url}.git/").parse::<RepoUrl>().unwrap(), url);
    }

    #[test]
    fn parsing_never_panics(text in any::<String>()) {
        let _ = text.parse::<RepoUrl>();
        let _ = text.parse::<CommitSha>();
    }
}
