//! HTML that templates may show as it is, made of text that people wrote.

use serde::Serialize;

/// HTML that a template may show as it is: the only type of a field whose name ends in `_html`. It grows by
/// text, which is escaped, and by markup that stands in the program itself.
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

    /// What is harmless of HTML that staff wrote: emphasis, lists, code, line breaks, and links of the web
    /// and of mail. Other elements go, their text stays; of scripts and styles nothing does.
    pub fn from_html(html: &str) -> Self {
        let mut cleaner = ammonia::Builder::default();
        let tags = ["a", "b", "br", "code", "em", "i", "li", "ol", "p", "strong", "ul"];
        cleaner
            .tags(tags.into())
            .generic_attributes([].into())
            .tag_attributes([("a", ["href"].into())].into())
            .url_schemes(["http", "https", "mailto"].into())
            .link_rel(Some("nofollow noopener noreferrer"));
        Self(cleaner.clean(html).to_string())
    }

    /// The words of HTML that staff wrote, without its elements: text, which is not escaped.
    pub fn words_of(html: &str) -> String {
        let cleaned = ammonia::Builder::default().tags([].into()).clean(html).to_string();
        let entities = [
            ("&lt;", "<"),
            ("&gt;", ">"),
            ("&quot;", "\""),
            ("&nbsp;", " "),
            ("&amp;", "&"),
        ];
        entities
            .iter()
            .fold(cleaned, |text, (entity, character)| text.replace(entity, character))
    }

    /// A value as JSON for a data element; it cannot end the element it stands in.
    ///
    /// # Errors
    /// When the value has no form in JSON.
    pub fn json(value: &impl Serialize) -> Result<Self, serde_json::Error> {
        let json = serde_json::to_string(value)?;
        Ok(Self(
            json.replace('<', "\\u003c")
                .replace('>', "\\u003e")
                .replace('&', "\\u0026"),
        ))
    }

    /// Adds text: it shows exactly as it is written.
    pub fn text(&mut self, text: &str) -> &mut Self {
        for c in text.chars() {
            match c {
                '&' => self.0.push_str("&amp;"),
                '<' => self.0.push_str("&lt;"),
                '>' => self.0.push_str("&gt;"),
                '"' => self.0.push_str("&quot;"),
                '\'' => self.0.push_str("&#39;"),
                c => self.0.push(c),
            }
        }
        self
    }

    /// Adds markup of the program's own.
    pub fn markup(&mut self, markup: &'static str) -> &mut Self {
        self.0.push_str(markup);
        self
    }

    /// Adds a link to an address of the web; any other address is left out and its text shown.
    pub fn link(&mut self, href: &str, text: &str) -> &mut Self {
        if !href.starts_with("https://") && !href.starts_with("http://") {
            return self.text(text);
        }
        self.markup("<a rel=\"nofollow noopener\" href=\"")
            .text(href)
            .markup("\">")
            .text(text)
            .markup("</a>")
    }

    /// Adds other HTML that may be shown.
    pub fn join(&mut self, other: &Self) -> &mut Self {
        self.0.push_str(&other.0);
        self
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether nothing of it can be read: only elements and white space, if anything.
    pub fn is_blank(&self) -> bool {
        let mut is_markup = false;
        let text = self.0.replace("&nbsp;", " ");
        !text.chars().any(|c| {
            match c {
                '<' => is_markup = true,
                '>' if is_markup => is_markup = false,
                c => return !is_markup && !c.is_whitespace(),
            }
            false
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn words_of_html_have_no_elements() {
        let html = "<p>Down <b>now</b> &amp; <a href=\"/x/\">later</a></p><script>x()</script>";
        assert_eq!(SafeHtml::words_of(html), "Down now & later");
    }

    #[test]
    fn text_shows_as_it_is_and_links_lead_to_the_web_alone() {
        let mut html = SafeHtml::default();
        html.markup("<p>")
            .text("a<b>&\"'")
            .link("https://x/?a=1&b=\"", "<x>")
            .markup("</p>");
        assert_eq!(
            html.as_str(),
            "<p>a&lt;b&gt;&amp;&quot;&#39;<a rel=\"nofollow noopener\" href=\"https://x/?a=1&amp;b=&quot;\">&lt;x&gt;</a></p>"
        );
        let mut html = SafeHtml::default();
        html.link("javascript:alert(1)", "click");
        assert_eq!(html.as_str(), "click");
    }

    #[test]
    fn what_only_looks_like_something_is_blank() {
        for html in [
            "",
            " <script>alert(1)</script> ",
            "<p><br>&nbsp;</p>",
            "<a href=\"https://x/\"></a>",
            "<!-- x -->",
        ] {
            assert!(SafeHtml::from_html(html).is_blank(), "{html}");
        }
        for html in ["x", "<b>x</b>", "a < b", "1 > 0", ">"] {
            assert!(!SafeHtml::from_html(html).is_blank(), "{html}");
        }
    }

    #[test]
    fn json_ends_no_element() {
        let html = SafeHtml::json(&["</script><!-- &"]).unwrap();
        assert!(!html.as_str().contains(['<', '>', '&']), "{}", html.as_str());
        assert_eq!(
            serde_json::from_str::<Vec<String>>(html.as_str()).unwrap(),
            ["</script><!-- &"]
        );
    }

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
    fn of_html_only_what_is_harmless_stays() {
        for (html, shown) in [
            ("Back at <b>ten</b> &amp; on time", "Back at <b>ten</b> &amp; on time"),
            (
                r#"<a href="https://example.org/" onclick="x()" style="color:red" class="btn">more</a>"#,
                r#"<a href="https://example.org/" rel="nofollow noopener noreferrer">more</a>"#,
            ),
            (
                r#"<a href="/status/">status</a>"#,
                r#"<a href="/status/" rel="nofollow noopener noreferrer">status</a>"#,
            ),
            (
                "<a href=javascript:alert(1)>x</a>",
                r#"<a rel="nofollow noopener noreferrer">x</a>"#,
            ),
            ("<h1>Big</h1><img src=x onerror=alert(1)>", "Big"),
            ("a<script>alert(1)</script>b<style>*{}</style>", "ab"),
            ("<p>one<form><input></form>", "<p>one</p>"),
        ] {
            assert_eq!(SafeHtml::from_html(html).as_str(), shown, "{html}");
        }
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
