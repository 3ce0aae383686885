//! Looking at pages as a person would: by words and roles, not by looks.

use scraper::{ElementRef, Html as Document, Selector};

/// A parsed page.
pub struct Html(Document);

fn selector(css: &str) -> Selector {
    Selector::parse(css).unwrap_or_else(|_| panic!("no selector: {css}"))
}

fn words(element: ElementRef<'_>) -> String {
    element
        .text()
        .collect::<Vec<_>>()
        .join(" ")
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
}

impl Html {
    pub fn parse(text: &str) -> Self {
        Self(Document::parse_document(text))
    }

    /// The words of the first element that fits.
    pub fn text(&self, css: &str) -> Option<String> {
        self.0.select(&selector(css)).next().map(words)
    }

    /// The words of every element that fits.
    pub fn texts(&self, css: &str) -> Vec<String> {
        self.0.select(&selector(css)).map(words).collect()
    }

    pub fn count(&self, css: &str) -> usize {
        self.0.select(&selector(css)).count()
    }

    pub fn has(&self, css: &str) -> bool {
        self.count(css) > 0
    }

    pub fn attribute(&self, css: &str, name: &str) -> Option<String> {
        self.0
            .select(&selector(css))
            .next()
            .and_then(|element| element.attr(name))
            .map(str::to_owned)
    }

    pub fn attributes(&self, css: &str, name: &str) -> Vec<String> {
        self.0
            .select(&selector(css))
            .filter_map(|element| element.attr(name))
            .map(str::to_owned)
            .collect()
    }

    /// Everything that `main` says.
    pub fn main(&self) -> String {
        self.text("main").unwrap_or_default()
    }

    /// Every form that is posted: where to, and its fields with the values they have.
    pub fn posted_forms(&self) -> Vec<(String, Vec<(String, String)>)> {
        let value = |field: ElementRef<'_>| {
            let chosen = selector("option[selected]");
            let chosen = field.select(&chosen).next().and_then(|option| option.attr("value"));
            field.attr("value").or(chosen).unwrap_or_default().to_owned()
        };
        self.0
            .select(&selector("form[method=post]"))
            .map(|form| {
                let fields = form
                    .select(&selector("input[name], select[name], textarea[name], button[name]"))
                    .map(|field| (field.attr("name").unwrap_or_default().to_owned(), value(field)))
                    .filter(|(name, _)| name != "csrfmiddlewaretoken")
                    .collect();
                (form.attr("action").unwrap_or_default().to_owned(), fields)
            })
            .collect()
    }

    /// Where a link with these words leads.
    pub fn link(&self, text: &str) -> Option<String> {
        self.0
            .select(&selector("a[href]"))
            .find(|a| words(*a) == text)
            .and_then(|a| a.attr("href"))
            .map(str::to_owned)
    }
}
