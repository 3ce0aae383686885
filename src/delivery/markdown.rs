//! Markdown for issues. Whatever came from a person is escaped: it is shown as it was written, makes no
//! link, mentions nobody and hides nothing.

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

use super::mail::short_line;

/// The most characters of one thing that somebody wrote.
const LONGEST: usize = 500;

/// What would end an address in angle brackets.
const IN_BRACKETS: &AsciiSet = &CONTROLS.add(b' ').add(b'<').add(b'>').add(b'\\');

/// Markdown, piece by piece.
#[derive(Debug, Default)]
pub struct Markdown {
    text: String,
}

impl Markdown {
    /// Words of our own, which may be Markdown.
    pub fn ours(mut self, text: &str) -> Self {
        self.text.push_str(text);
        self
    }

    /// What somebody wrote: on one line, cut when it is long, escaped.
    pub fn text(mut self, text: &str) -> Self {
        self.text.push_str(&escape(text));
        self
    }

    pub fn link(mut self, address: &str, label: &str) -> Self {
        let address = utf8_percent_encode(address, IN_BRACKETS);
        self.text.push_str(&format!("[{}](<{address}>)", escape(label)));
        self
    }

    pub fn paragraph(self) -> Self {
        self.ours("\n\n")
    }

    pub fn bullet(self) -> Self {
        self.ours("\n- ")
    }

    /// By which a message of ours is found again. Not shown.
    pub fn mark(self, mark: &str) -> Self {
        self.paragraph().ours(mark)
    }

    pub fn finish(self) -> String {
        self.text
    }
}

/// The mark of the message with this key.
pub fn mark(key: &str) -> String {
    format!("<!-- jobserver:{key} -->")
}

/// Every mark of Markdown and HTML with a backslash before it. GitHub looks for people and issues in the
/// finished page, where a backslash has gone: an invisible space keeps `@` and `#` from naming any.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len() + 8);
    for c in short_line(text, LONGEST).chars() {
        if c.is_ascii_punctuation() && !matches!(c, ',' | ';' | '\'' | '"' | '%' | '$' | '?' | '/') {
            escaped.push('\\');
        }
        escaped.push(c);
        if matches!(c, '@' | '#') {
            escaped.push('\u{200b}');
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use comrak::{Options, markdown_to_html};

    use super::*;

    fn text(text: &str) -> String {
        Markdown::default().text(text).finish()
    }

    fn page(markdown: &str) -> String {
        let mut options = Options::default();
        options.extension.autolink = true;
        options.extension.strikethrough = true;
        options.extension.table = true;
        options.extension.tasklist = true;
        options.render.r#unsafe = true;
        markdown_to_html(markdown, &options)
    }

    #[test]
    fn what_people_write_is_shown_as_they_wrote_it() {
        for hostile in [
            "plain",
            "<script>alert(1)</script>",
            "[click](https://evil.example)",
            "![picture](x)",
            "`code` *strong* _weak_ ~~gone~~ a|b",
            "# heading",
            "- list",
            "1. list",
            "> quote",
            "[ ] task",
            "--- | ---",
            "https://evil.example www.evil.example me@evil.example",
            "<!-- jobserver:1 -->",
            "&lt;b&gt; &amp; \\*",
            "[ref]: https://evil.example",
            "a\\",
        ] {
            let html = page(&text(hostile));
            let inside = html
                .trim()
                .strip_prefix("<p>")
                .and_then(|html| html.strip_suffix("</p>"));
            let shown = inside.unwrap_or_else(|| panic!("{hostile}: {html}"));
            assert!(!shown.contains('<'), "{hostile}: {shown}");
            let decoded = shown
                .replace("&lt;", "<")
                .replace("&gt;", ">")
                .replace("&quot;", "\"")
                .replace("&amp;", "&")
                .replace('\u{200b}', "");
            assert_eq!(decoded, hostile);
        }
    }

    #[test]
    fn nobody_is_mentioned_and_no_line_is_broken() {
        assert_eq!(text("@ada in #7"), "\\@\u{200b}ada in \\#\u{200b}7");
        assert_eq!(text("a\n\n# b\u{0}c"), "a \\#\u{200b} b c");
        assert_eq!(text(&"x".repeat(501)).chars().count(), LONGEST);
    }

    #[test]
    fn our_mark_cannot_be_written_by_others() {
        let mark = mark("0b0e");
        let body = Markdown::default()
            .text(&mark)
            .link("https://x.example/", &mark)
            .finish();
        assert!(!body.contains(&mark), "{body}");
        assert!(Markdown::default().mark(&mark).finish().ends_with(&mark));
    }

    #[test]
    fn links_lead_where_they_say() {
        let link = Markdown::default().link("https://x.example/a b>(c)\n", "x](y").finish();
        assert_eq!(
            page(&link).trim(),
            "<p><a href=\"https://x.example/a%20b%3E(c)%0A\">x](y</a></p>"
        );
    }
}
