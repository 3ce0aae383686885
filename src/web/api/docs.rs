//! The API's documentation for people, `/api/docs/`, and for programs, `/api/docs/openapi.json`.

use std::sync::LazyLock;

use rocket::get;
use rocket::http::Status;
use serde::Serialize;
use serde_json::Value;

use super::answer::Answer;
use super::openapi;
use crate::web::guards::Visit;
use crate::web::responders::Outcome;
use crate::web::view::Page;

const DOCUMENT_HREF: &str = "/api/docs/openapi.json";

/// Both are made once: the document does not change while the program runs.
static DOCUMENT: LazyLock<Value> = LazyLock::new(|| serde_json::to_value(openapi::document()).unwrap_or_default());
static VIEW: LazyLock<ApiDocsView> = LazyLock::new(|| ApiDocsView::of(&DOCUMENT));

/// The view of `pages/api_docs`.
#[derive(Debug, Serialize)]
struct ApiDocsView {
    title: String,
    version: String,
    description: String,
    spec_href: &'static str,
    tags: Vec<Tag>,
}

#[derive(Debug, Serialize)]
struct Tag {
    id: String,
    name: String,
    description: Option<String>,
    operations: Vec<Operation>,
}

#[derive(Debug, Serialize)]
struct Operation {
    id: String,
    method: String,
    path: String,
    summary: String,
    description: Option<String>,
    auth: &'static str,
    parameters: Vec<Parameter>,
    request_type: Option<String>,
    request_example: Option<String>,
    responses: Vec<Response>,
}

#[derive(Debug, Serialize)]
struct Parameter {
    name: String,
    place: String,
    required: bool,
    r#type: String,
    description: Option<String>,
}

#[derive(Debug, Serialize)]
struct Response {
    status: String,
    description: String,
    example: Option<String>,
    example_label: String,
}

#[get("/api/docs")]
pub fn page(visit: Visit<'_>) -> Page {
    let chrome = visit.chrome("API").here("Page", "API");
    visit.render("pages/api_docs", chrome, &*VIEW)
}

#[get("/api/docs/openapi.json")]
pub fn document() -> Outcome<Answer> {
    Answer::json(Status::Ok, &*DOCUMENT)
}

fn text(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}

fn entries(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}

fn items(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

/// A name for an anchor: small letters, digits and hyphens.
fn anchor(text: &str) -> String {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric());
    let words: Vec<String> = words
        .filter(|word| !word.is_empty())
        .map(str::to_ascii_lowercase)
        .collect();
    words.join("-")
}

impl ApiDocsView {
    fn of(document: &Value) -> Self {
        let info = &document["info"];
        let tags = items(&document["tags"]).map(|tag| {
            let name = text(&tag["name"]).unwrap_or_default();
            let operations = entries(&document["paths"]).flat_map(|(path, methods)| {
                entries(methods).map(move |(method, operation)| (path.as_str(), method.as_str(), operation))
            });
            Tag {
                id: anchor(&name),
                description: text(&tag["description"]),
                operations: operations
                    .filter(|(_, _, operation)| items(&operation["tags"]).any(|tag| *tag == name.as_str()))
                    .map(|(path, method, operation)| Operation::of(path, method, operation))
                    .collect(),
                name,
            }
        });
        Self {
            title: text(&info["title"]).unwrap_or_default(),
            version: text(&info["version"]).unwrap_or_default(),
            description: text(&info["description"]).unwrap_or_default(),
            spec_href: DOCUMENT_HREF,
            tags: tags.collect(),
        }
    }
}

impl Operation {
    fn of(path: &str, method: &str, operation: &Value) -> Self {
        let method = method.to_ascii_uppercase();
        let auth = match items(&operation["security"]).count() {
            0 => "Open to everybody",
            1 => "Backend token",
            _ => "Backend token, optional",
        };
        let request = entries(&operation["requestBody"]["content"]).next();
        let responses = entries(&operation["responses"]).map(|(status, response)| Response {
            status: status.clone(),
            description: text(&response["description"]).unwrap_or_default(),
            example: entries(&response["content"])
                .next()
                .and_then(|(_, content)| example(content)),
            example_label: format!("Example of a {status} answer of {method} {path}"),
        });
        Self {
            id: anchor(&format!("{path} {method}")),
            path: path.to_owned(),
            summary: text(&operation["summary"]).unwrap_or_default(),
            description: text(&operation["description"]),
            auth,
            parameters: items(&operation["parameters"]).map(Parameter::of).collect(),
            request_type: request.map(|(content_type, _)| content_type.clone()),
            request_example: request.and_then(|(_, content)| example(content)),
            responses: responses.collect(),
            method,
        }
    }
}

impl Parameter {
    fn of(parameter: &Value) -> Self {
        let kind = &parameter["schema"]["type"];
        // A parameter that may be left out is described as "integer or null".
        let kind = text(kind).or_else(|| items(kind).find(|kind| *kind != "null").and_then(text));
        Self {
            name: text(&parameter["name"]).unwrap_or_default(),
            place: text(&parameter["in"]).unwrap_or_default(),
            required: parameter["required"] == true,
            r#type: kind.unwrap_or_else(|| "string".to_owned()),
            description: text(&parameter["description"]),
        }
    }
}

fn example(content: &Value) -> Option<String> {
    let example = content.get("example")?;
    serde_json::to_string_pretty(example).ok()
}
