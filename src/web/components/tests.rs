use std::collections::BTreeSet;
use std::path::Path;

use rocket_dyn_templates::handlebars::Handlebars;
use serde_json::json;

use super::{Component, Fallback, Kind, install};

fn engine() -> Handlebars<'static> {
    let mut engine = Handlebars::new();
    engine.set_strict_mode(true);
    for (name, text) in [
        (
            "components/note",
            "{{!-- A note.\n- tone (calm | loud = calm): how\n- title (text, required): what\n- class (text): more\n- more (attributes): passed on\n- block_html (block): content\n--}}<p class=\"{{tone}}{{#if class}} {{class}}{{/if}}\"{{#each more}} {{name}}=\"{{value}}\"{{/each}}>{{title}}{{#if block_html}}: {{{block_html}}}{{/if}}</p>",
        ),
        ("components/plain", "{{!-- No content.\n--}}<hr>"),
        ("components/unread", "{{!-- Not a list\n- of attributes --}}"),
    ] {
        engine.register_template_string(name, text).unwrap();
    }
    install(&mut engine);
    engine
}

fn shown(template: &str) -> Result<String, String> {
    let page = json!({"title": "of the page", "class": "of-the-page", "item": {"title": "<of the item>", "tone": "loud", "unknown": 1, "block_html": "<script>"}});
    engine()
        .render_template(template, &page)
        .map_err(|error| error.to_string())
}

#[test]
fn a_component_has_its_attributes_and_nothing_of_the_page() {
    assert_eq!(
        shown(r#"{{ui "note" title="One"}}"#).unwrap(),
        r#"<p class="calm">One</p>"#
    );
    assert_eq!(
        shown(r#"{{ui "note" title="One" tone="loud" class="x" data-a="b" hx-get="/"}}"#).unwrap(),
        r#"<p class="loud x" data-a="b" hx-get="/">One</p>"#
    );
}

#[test]
fn the_content_sees_the_page_and_nests() {
    assert_eq!(
        shown(r#"{{#ui "note" title="One"}}{{class}} {{#ui "note" title=title}}in{{/ui}}{{/ui}}"#).unwrap(),
        r#"<p class="calm">One: of-the-page <p class="calm">of the page: in</p></p>"#
    );
}

#[test]
fn an_object_gives_its_fields_but_no_html() {
    assert_eq!(
        shown(r#"{{ui "note" item class="x"}}"#).unwrap(),
        r#"<p class="loud x">&lt;of the item&gt;</p>"#
    );
}

#[test]
fn what_the_comment_does_not_say_is_refused() {
    for (template, why) in [
        (r#"{{ui "note" title="One" titel="x"}}"#, "no attribute \"titel\""),
        (r#"{{ui "note"}}"#, "attribute \"title\" is missing"),
        (
            r#"{{ui "note" title="One" tone="shrill"}}"#,
            "no value of attribute \"tone\"",
        ),
        (
            r#"{{ui "note" title="One" block_html="<b>"}}"#,
            "no attribute \"block_html\"",
        ),
        (r#"{{#ui "plain"}}x{{/ui}}"#, "it has no content"),
        (r#"{{ui "plain" data-a="b"}}"#, "no attribute \"data-a\""),
        (r#"{{ui "unread"}}"#, "no component \"unread\""),
        (r#"{{ui "missing"}}"#, "no component \"missing\""),
    ] {
        let error = shown(template).unwrap_err();
        assert!(error.contains(why), "{template}: {error}");
    }
}

#[test]
fn comments_are_read() {
    let text =
        "A thing.\n- a (text): one\n- b (number = 4): two\n- c (yes/no = yes): three\n- d (x | y, required): four";
    let component = Component::parse("thing", "components/thing", text).unwrap();
    let fallback = |name| component.attribute(name).unwrap().fallback.clone();
    assert_eq!(fallback("a"), Fallback::Value(json!(null)));
    assert_eq!(fallback("b"), Fallback::Value(json!(4)));
    assert_eq!(fallback("c"), Fallback::Value(json!(true)));
    assert_eq!(fallback("d"), Fallback::Required);
    assert_eq!(
        component.attribute("d").unwrap().kind,
        Kind::OneOf(vec!["x".to_owned(), "y".to_owned()])
    );
    for wrong in [
        "No sentence",
        "A thing.\n- a text",
        "A thing.\n- a (colour): b",
        "A thing.\n- a (x | y = z): b",
        "A thing.\nmore words",
    ] {
        assert!(Component::parse("thing", "", wrong).is_err(), "{wrong}");
    }
}

/// What a template reads from its own context: not what it reads from the items of a list.
fn read_by(text: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let mut inside = 0;
    for tag in text.split("{{").skip(1) {
        let tag = tag.split("}}").next().unwrap_or_default().trim_matches(['{', '~']);
        if tag.starts_with('!') {
            continue;
        }
        let is_list = tag.starts_with("#each") || tag.starts_with("#with");
        if inside == 0 && !tag.starts_with('/') {
            let first_name = match tag.split_whitespace().next() {
                // The name of a partial, or of a component.
                Some(">" | "ui" | "#ui" | "#>" | "else") => 2,
                Some(word) if word.starts_with('#') => 1,
                _ => 0,
            };
            for word in tag.split_whitespace().skip(first_name) {
                let word = word.rsplit('=').next().unwrap_or_default();
                let word = word.strip_prefix("this.").unwrap_or(word);
                let name = word.split('.').next().unwrap_or_default();
                let is_name = name.starts_with(|first: char| first.is_ascii_lowercase());
                if is_name && !["this", "else", "true", "false", "null"].contains(&name) {
                    names.insert(name.to_owned());
                }
            }
        }
        if is_list {
            inside += 1;
        } else if tag.starts_with("/each") || tag.starts_with("/with") {
            inside -= 1;
        }
    }
    names
}

#[test]
fn what_a_template_reads() {
    let text = "{{!-- no --}}{{#if a.b}}{{c}}{{else if d}}{{{e_html}}}{{else}}x{{/if}}{{#each f}}{{g}}{{/each}}\
                {{> components/x h.i}}{{> components/x this.o}}{{> components/y this}}{{ui \"z\" k=l m=\"n\"}}";
    let read: Vec<String> = read_by(text).into_iter().collect();
    assert_eq!(read, ["a", "c", "d", "e_html", "f", "h", "l", "o"]);
}

/// Every component describes itself, and every attribute that it reads.
#[test]
fn components_list_all_their_attributes() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("templates");
    let mut seen = 0;
    for folder in ["components", "icons"] {
        for item in std::fs::read_dir(root.join(folder)).unwrap() {
            let path = item.unwrap().path();
            let file = path.file_name().unwrap().to_string_lossy().into_owned();
            let Some(name) = file.strip_suffix(".html.hbs") else {
                panic!("{file} is no template of a page");
            };
            let text = std::fs::read_to_string(&path).unwrap();
            if text.trim().is_empty() || name == "brand" {
                continue;
            }
            let comment = text.strip_prefix("{{!--").and_then(|rest| rest.split_once("--}}"));
            let (comment, markup) = comment.unwrap_or_else(|| panic!("{file} does not begin with a comment"));
            let component =
                Component::parse(name, &format!("{folder}/{name}"), comment).unwrap_or_else(|why| panic!("{why}"));
            for read in read_by(markup) {
                assert!(
                    component.attribute(&read).is_some(),
                    "{file} reads {read:?} and does not list it"
                );
            }
            for attribute in &component.attributes {
                let is_read = read_by(markup).contains(&attribute.name)
                    || markup.contains(" this}}")
                    || markup.contains("#each this");
                assert!(is_read, "{file} lists {:?} and does not read it", attribute.name);
            }
            seen += 1;
        }
    }
    assert!(seen > 80, "{seen}");
}

/// Whatever a template includes is there: a page that is not tested would fail when somebody opens it.
#[test]
fn what_templates_include_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("templates");
    let mut folders = vec![root.clone()];
    let mut uses = 0;
    while let Some(folder) = folders.pop() {
        for item in std::fs::read_dir(folder).unwrap() {
            let path = item.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let text = std::fs::read_to_string(&path).unwrap();
            for tag in text.split("{{").skip(1) {
                let mut words = tag.split("}}").next().unwrap_or_default().split_whitespace();
                let names: Vec<String> = match (words.next(), words.next()) {
                    (Some(">" | "#>"), Some(name)) if name.contains('/') => vec![name.to_owned()],
                    (Some("ui" | "#ui"), Some(name)) => {
                        let name = name.trim_matches('"');
                        super::FOLDERS.iter().map(|folder| format!("{folder}{name}")).collect()
                    }
                    _ => continue,
                };
                let is_there = names.iter().any(|name| {
                    root.join(format!("{name}.html.hbs")).is_file() || root.join(format!("{name}.txt.hbs")).is_file()
                });
                assert!(is_there, "{} includes {}", path.display(), names[0]);
                uses += 1;
            }
        }
    }
    assert!(uses > 100, "{uses}");
}
