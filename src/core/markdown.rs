//! Markdown that people wrote, as HTML that is safe to show.

use serde::Serialize;

/// HTML that a template may show as it is. Only [`SafeHtml::from_markdown`] makes it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct SafeHtml(String);

impl SafeHtml {
    /// CommonMark as HTML. Raw HTML in the text is dropped before, and what is left is cleaned
    /// after: no scripts, styles, event handlers or addresses other than of the web and of mail.
    pub fn from_markdown(text: &str) -> Self {
        let mut options = comrak::Options::default();
        options.extension.autolink = true;
        options.render.r#unsafe = false;
        let html = comrak::markdown_to_html(text, &options);
        let mut cleaner = ammonia::Builder::default();
        cleaner
            .url_schemes(["http", "https", "mailto"].into())
            .link_rel(Some("nofollow noopener noreferrer"));
        Self(cleaner.clean(&html).to_string())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn markdown_becomes_html() {
        let html = SafeHtml::from_markdown("*now* with [a paper](https://example.org/p)\n\n- one");
        assert!(html.as_str().contains("<em>now</em>"), "{}", html.as_str());
        assert!(
            html.as_str().contains(r#"<a href="https://example.org/p""#),
            "{}",
            html.as_str()
        );
        assert!(html.as_str().contains("<li>one</li>"));
    }

    #[test]
    fn nothing_that_acts_gets_through() {
        for hostile in [
            "<script>alert(1)</script>",
            "<img src=x onerror=alert(1)>",
            "[a](javascript:alert(1))",
            "[a](data:text/html;base64,PHNjcmlwdD4=)",
            "<a href='javascript:alert(1)'>a</a>",
            "![a](javascript:alert(1))",
            "<style>*{display:none}</style>",
            "<iframe src=https://example.org></iframe>",
            "<!-- --!><script>alert(1)</script>",
        ] {
            let html = SafeHtml::from_markdown(hostile);
            for part in ["<script", "onerror=", "javascript:", "<style", "<iframe", "data:"] {
                assert!(!html.as_str().contains(part), "{hostile}: {}", html.as_str());
            }
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_a_script(text in "[<>/a-z\"'=()\\[\\]!*_` \\n-]{0,60}") {
            let html = SafeHtml::from_markdown(&format!("{text}<script>{text}"));
            prop_assert!(!html.as_str().contains("<script"));
        }
    }
}
