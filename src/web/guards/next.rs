//! Where somebody is sent after a form, when the address came with the request.

use std::borrow::Cow;

use rocket::http::uri::Origin;
use url::Url;

/// The longest address that is gone back to, in bytes.
const LONGEST: usize = 2048;

/// Signed links of mails, which are not kept: where a login leads is kept in clear until it is over.
const CONFIRM_EMAIL: &str = "/settings/confirm-email/";
/// Where somebody goes instead.
const AFTER_CONFIRM_EMAIL: &str = "/settings/";

/// Where to send somebody: a path of ours, else `/`. See [`safe_next_or`].
pub fn safe_next(next: Option<&str>) -> Cow<'_, str> {
    safe_next_or(next, "/")
}

/// Where to send somebody: `next` when it is a path of ours, else `default`. A path begins with one slash, not
/// with two, and holds no backslash or control character, which some browsers read as another host's
/// address; nor does it become one when its dots are followed. What may not stand in an address is
/// percent-encoded; what is none or is endless is not gone to. A signed link that confirms
/// an e-mail address becomes the settings.
pub fn safe_next_or<'a>(next: Option<&'a str>, default: &'a str) -> Cow<'a, str> {
    next.and_then(own_path).unwrap_or(Cow::Borrowed(default))
}

fn own_path(next: &str) -> Option<Cow<'_, str>> {
    let is_path = next.starts_with('/')
        && !next.starts_with("//")
        && next.len() <= LONGEST
        && !next.contains('\\')
        && !next.chars().any(char::is_control);
    if !is_path {
        return None;
    }
    // As a browser reads it from a page of ours, whatever we are called.
    let read = Url::parse("http://ours.invalid/").ok()?.join(next).ok()?;
    if read.host_str() != Some("ours.invalid") || read.port().is_some() || read.path().starts_with("//") {
        return None;
    }
    if read.path().starts_with(CONFIRM_EMAIL) {
        return Some(Cow::Borrowed(AFTER_CONFIRM_EMAIL));
    }
    let path = &read[url::Position::BeforePath..];
    Origin::parse(path.split('#').next().unwrap_or_default()).ok()?;
    Some(if path == next {
        Cow::Borrowed(next)
    } else {
        Cow::Owned(path.to_owned())
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn our_own_paths_are_gone_back_to() {
        for (own, to) in [
            ("/", "/"),
            ("/settings/?a=1", "/settings/?a=1"),
            ("/x/?b=2&a=1", "/x/?b=2&a=1"),
            ("/project/ws/logs/?q=a%20b#page", "/project/ws/logs/?q=a%20b#page"),
            ("/a b/ü", "/a%20b/%C3%BC"),
            ("/a/../b/", "/b/"),
            // Nobody but us decodes these, and to us a slash within a name is no slash.
            ("/%2F%2Fevil.com", "/%2F%2Fevil.com"),
            ("/%5Cevil.com", "/%5Cevil.com"),
            ("/%0d%0aLocation:%20x", "/%0d%0aLocation:%20x"),
            ("/%09/evil.com", "/%09/evil.com"),
            // Slashes of other scripts are letters.
            ("/\u{ff0f}evil.com", "/%EF%BC%8Fevil.com"),
            ("/\u{2044}evil.com", "/%E2%81%84evil.com"),
            ("/@evil.com", "/@evil.com"),
            ("/?next=//evil.com", "/?next=//evil.com"),
            ("/a//b", "/a//b"),
            // What confirms an address is kept nowhere.
            ("/settings/confirm-email/7.c2lnbmF0dXJl/", "/settings/"),
            ("/settings/x/../confirm-email/7.c2lnbmF0dXJl?a=b", "/settings/"),
            ("/settings/confirm-emails/", "/settings/confirm-emails/"),
        ] {
            assert_eq!(safe_next(Some(own)), to, "{own:?}");
        }
    }

    #[test]
    fn nothing_else_is() {
        let long = format!("/{}", "a".repeat(LONGEST));
        for foreign in [
            "",
            " ",
            "evil.com",
            "//evil.com",
            "///evil.com",
            "////evil.com",
            "/\\evil.com",
            "\\\\evil.com",
            "\\/evil.com",
            "/\\/evil.com",
            "https://evil.com/",
            "HTTPS://evil.com/",
            "http:evil.com",
            "https:/evil.com",
            "javascript:alert(1)",
            "data:text/html,x",
            "evil",
            "?next=/",
            "#a",
            "/a\nb",
            "/\r\nSet-Cookie: a=b",
            "/\t/evil.com",
            "\t//evil.com",
            " //evil.com",
            "\u{0}/evil.com",
            "/\u{7f}a",
            "/\u{85}/evil.com",
            "/.//evil.com",
            "/..//evil.com",
            "/x/../..//evil.com",
            "/x/..//evil.com",
            "/%2e//evil.com",
            "/%2E%2e//evil.com",
            &long,
        ] {
            assert_eq!(safe_next(Some(foreign)), "/", "{foreign:?}");
            assert_eq!(safe_next_or(Some(foreign), "/project/"), "/project/", "{foreign:?}");
        }
        assert_eq!(safe_next(None), "/");
    }

    proptest! {
        #[test]
        fn a_browser_stays_with_us(next in "[/\\\\.%a-f0-9:@?# \t\u{2044}-]{0,12}|\\PC{0,20}") {
            let base = Url::parse("https://jobs.example.org/login/").unwrap();
            let to = safe_next(Some(&next));
            let there = base.join(&to).unwrap();
            prop_assert_eq!(there.origin(), base.origin());
            prop_assert!(!there.path().starts_with("//"));
            // Gone to twice, it is the same place.
            prop_assert_eq!(safe_next(Some(&to)), &*to);
            prop_assert!(Origin::parse(to.split('#').next().unwrap()).is_ok());
        }
    }
}
