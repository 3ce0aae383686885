//! The addresses of pages about a repository, which have its own address in their path.

use super::encode_segment;

/// The page that leads from a repository to its projects; `url` is the repository's own address, as stored.
pub fn repo_href(url: &str) -> String {
    format!("/repo/{}/", encoded_twice(url))
}

/// The page on which a repository is signed off; `url` is the repository's own address, as stored.
pub fn sign_off_href(url: &str) -> String {
    format!("/publish-repo/{}/", encoded_twice(url))
}

/// The staff's page of a repository; `url` is the repository's own address, as stored.
pub fn staff_repo_href(url: &str) -> String {
    format!("/staff/repos/{}/", encoded_twice(url))
}

/// Once for the path; once more so that what stands in front of us (proxies, servers that undo the first) finds no
/// slash in it.
fn encoded_twice(url: &str) -> String {
    encode_segment(&encode_segment(url))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_encoded_twice() {
        assert_eq!(
            repo_href("https://github.com/opensafely/my-study"),
            "/repo/https%253A%252F%252Fgithub.com%252Fopensafely%252Fmy-study/"
        );
        assert_eq!(
            sign_off_href("/srv/git/a b"),
            "/publish-repo/%252Fsrv%252Fgit%252Fa%2520b/"
        );
    }
}
