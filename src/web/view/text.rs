//! Text that people wrote, as HTML that is safe to show.

/// Text as HTML that shows exactly it.
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

/// Plain text as one paragraph of HTML: line breaks are kept, addresses of the web become links.
pub fn plain_html(text: &str) -> String {
    let lines: Vec<String> = text.lines().map(line_html).collect();
    format!("<p>{}</p>", lines.join("<br>"))
}

fn line_html(line: &str) -> String {
    let mut html = String::new();
    for word in line.split_inclusive(char::is_whitespace) {
        let begin = word.find("https://").or_else(|| word.find("http://"));
        let Some(begin) = begin else {
            html.push_str(&escape(word));
            continue;
        };
        let (before, rest) = word.split_at(begin);
        // Punctuation after an address belongs to the sentence.
        let address = rest.trim_end_matches(|c: char| c.is_whitespace() || ".,;:!?)]}>\"'".contains(c));
        let after = &rest[address.len()..];
        html.push_str(&escape(before));
        match url::Url::parse(address) {
            Ok(url) if url.has_host() => {
                html.push_str("<a rel=\"nofollow noopener\" href=\"");
                html.push_str(&escape(url.as_str()));
                html.push_str("\">");
                html.push_str(&escape(address));
                html.push_str("</a>");
            }
            _ => html.push_str(&escape(address)),
        }
        html.push_str(&escape(after));
    }
    html
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn lines_are_kept_and_addresses_linked() {
        assert_eq!(
            plain_html("a\nsee https://example.org/p?a=1&b=2. (http://x.org)"),
            "<p>a<br>see <a rel=\"nofollow noopener\" href=\"https://example.org/p?a=1&amp;b=2\">\
             https://example.org/p?a=1&amp;b=2</a>. \
             (<a rel=\"nofollow noopener\" href=\"http://x.org/\">http://x.org</a>)</p>"
        );
        assert_eq!(plain_html("https:// javascript:x"), "<p>https:// javascript:x</p>");
    }

    proptest! {
        #[test]
        fn no_markup_comes_through(text in "[<>\"'& a-z:/.\n]{0,60}|\\PC{0,40}") {
            let html = plain_html(&format!("https://x/{text}"));
            let fragment = scraper::Html::parse_fragment(&html);
            for element in fragment.root_element().descendants().filter_map(|node| node.value().as_element()) {
                prop_assert!(matches!(element.name(), "html" | "p" | "br" | "a"), "{}", element.name());
                if let Some(href) = element.attr("href") {
                    prop_assert!(href.starts_with("http://") || href.starts_with("https://"), "{}", href);
                }
            }
        }
    }
}
