//! Text that people wrote, as HTML that is safe to show.

use super::SafeHtml;

/// Plain text as one paragraph of HTML: line breaks are kept, addresses of the web become links.
pub fn plain_html(text: &str) -> SafeHtml {
    let mut html = SafeHtml::default();
    html.markup("<p>");
    for (number, line) in text.lines().enumerate() {
        if number > 0 {
            html.markup("<br>");
        }
        push_line(&mut html, line);
    }
    html.markup("</p>");
    html
}

fn push_line(html: &mut SafeHtml, line: &str) {
    for word in line.split_inclusive(char::is_whitespace) {
        let begin = word.find("https://").or_else(|| word.find("http://"));
        let Some(begin) = begin else {
            html.text(word);
            continue;
        };
        let (before, rest) = word.split_at(begin);
        // Punctuation after an address belongs to the sentence.
        let address = rest.trim_end_matches(|c: char| c.is_whitespace() || ".,;:!?)]}>\"'".contains(c));
        let after = &rest[address.len()..];
        html.text(before);
        match url::Url::parse(address) {
            Ok(url) if url.has_host() => html.link(url.as_str(), address),
            _ => html.text(address),
        };
        html.text(after);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn lines_are_kept_and_addresses_linked() {
        assert_eq!(
            plain_html("a\nsee https://example.org/p?a=1&b=2. (http://x.org)").as_str(),
            "<p>a<br>see <a rel=\"nofollow noopener\" href=\"https://example.org/p?a=1&amp;b=2\">\
             https://example.org/p?a=1&amp;b=2</a>. \
             (<a rel=\"nofollow noopener\" href=\"http://x.org/\">http://x.org</a>)</p>"
        );
        assert_eq!(
            plain_html("https:// javascript:x").as_str(),
            "<p>https:// javascript:x</p>"
        );
    }

    proptest! {
        #[test]
        fn no_markup_comes_through(text in "[<>\"'& a-z:/.\n]{0,60}|\\PC{0,40}") {
            let html = plain_html(&format!("https://x/{text}"));
            let fragment = scraper::Html::parse_fragment(html.as_str());
            for element in fragment.root_element().descendants().filter_map(|node| node.value().as_element()) {
                prop_assert!(matches!(element.name(), "html" | "p" | "br" | "a"), "{}", element.name());
                if let Some(href) = element.attr("href") {
                    prop_assert!(href.starts_with("http://") || href.starts_with("https://"), "{}", href);
                }
            }
        }
    }
}
