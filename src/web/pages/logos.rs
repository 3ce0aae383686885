//! Organisations' logos: an uploaded picture, else one at an address of the web.

use std::collections::BTreeSet;

use url::Url;

use crate::web::guards::Visit;
use crate::web::headers::show_pictures_from;
use crate::web::view::encode_segment;

/// Pictures from more hosts than that are not shown on one page: each is named in its headers.
const MOST_HOSTS: usize = 30;

/// The logos that a page shows. Its content security policy names the hosts they come from, and no others.
#[derive(Debug, Default)]
pub struct Logos(BTreeSet<String>);

impl Logos {
    /// The address of a logo, when there is one that a page can show. An uploaded picture goes first.
    pub fn href(&mut self, address: &str, file: Option<&str>) -> Option<String> {
        if let Some(file) = file.filter(|file| !file.is_empty()) {
            let segments: Vec<String> = file.split('/').map(encode_segment).collect();
            return Some(format!("/uploads/{}", segments.join("/")));
        }
        let url = Url::parse(address).ok()?;
        let origin = origin(&url)?;
        if !self.0.contains(&origin) && self.0.len() >= MOST_HOSTS {
            return None;
        }
        self.0.insert(origin);
        Some(url.into())
    }

    /// Lets the visit's page show them.
    pub fn allow(self, visit: &Visit<'_>) {
        show_pictures_from(visit.request, self.0);
    }
}

/// Where a picture comes from, as a content security policy says it. Other signs than those of host names could
/// mean something there.
fn origin(url: &Url) -> Option<String> {
    let host = url.host_str()?;
    let is_plain = host.bytes().all(|b| b.is_ascii_alphanumeric() || b"-.".contains(&b));
    (url.scheme() == "https" && is_plain).then(|| url.origin().ascii_serialization())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_uploaded_logo_goes_first() {
        let mut logos = Logos::default();
        assert_eq!(
            logos
                .href("https://example.org/a.svg", Some("org_logos/a b.png"))
                .as_deref(),
            Some("/uploads/org_logos/a%20b.png")
        );
        assert_eq!(logos.href("", Some("")), None);
        assert_eq!(logos.href("", None), None);
        assert!(logos.0.is_empty());
    }

    #[test]
    fn only_what_a_policy_can_name_is_shown() {
        let mut logos = Logos::default();
        for refused in [
            "http://example.org/a.png",
            "javascript:alert(1)",
            "data:image/png;base64,AA",
            "/a.png",
            "https://a;script-src/a.png",
            "https://*.example.org/a.png",
            "https://[::1]/a.png",
        ] {
            assert_eq!(logos.href(refused, None), None, "{refused}");
        }
        for shown in [
            "https://example.org:8443/a.png",
            "https://example.org:8443/b.png",
            "https://bücher.example/c",
        ] {
            assert!(logos.href(shown, None).is_some(), "{shown}");
        }
        let origins: Vec<&str> = logos.0.iter().map(String::as_str).collect();
        assert_eq!(origins, ["https://example.org:8443", "https://xn--bcher-kva.example"]);
    }

    #[test]
    fn a_page_names_no_more_hosts_than_fit() {
        let mut logos = Logos::default();
        let shown = (0..100).filter(|n| logos.href(&format!("https://h{n}.example/a.png"), None).is_some());
        assert_eq!(shown.count(), MOST_HOSTS);
    }
}
