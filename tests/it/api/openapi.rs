//! The API's document: in step with the program, and served.

use std::collections::BTreeSet;

use jobserver::web::api::{ENDPOINTS, openapi};
use serde_json::Value;
use sqlx::PgPool;

use crate::support::Site;

const COPY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/openapi.json");

/// Set, the copy is written anew instead of compared.
const UPDATE: &str = "UPDATE_OPENAPI";

#[test]
fn the_copy_is_what_the_code_says() {
    // Compared as what it says: the order of keys depends on features that some crate may switch on.
    let document = serde_json::to_value(openapi::document()).unwrap();
    let copy = || -> Option<Value> { serde_json::from_slice(&std::fs::read(COPY).ok()?).ok() };
    if copy().as_ref() != Some(&document) && std::env::var_os(UPDATE).is_some() {
        std::fs::write(COPY, serde_json::to_string_pretty(&document).unwrap() + "\n").unwrap();
    }
    assert!(
        copy() == Some(document),
        "docs/openapi.json is out of date: run {UPDATE}=1 cargo nextest run the_copy_is_what_the_code_says"
    );
}

/// Path without a final slash, and method.
fn described() -> BTreeSet<(String, String)> {
    let document = serde_json::to_value(openapi::document()).unwrap();
    let paths = document["paths"].as_object().unwrap().clone();
    paths
        .into_iter()
        .flat_map(|(path, methods)| {
            let path = path.trim_end_matches('/').to_owned();
            let methods: Vec<String> = methods
                .as_object()
                .unwrap()
                .keys()
                .map(|method| method.to_uppercase())
                .collect();
            methods.into_iter().map(move |method| (path.clone(), method))
        })
        .collect()
}

#[sqlx::test]
async fn what_is_described_is_what_is_mounted(pool: PgPool) {
    let site = Site::start(pool).await;
    let braced = |path: &str| path.replace('<', "{").replace('>', "}");
    let mounted: BTreeSet<(String, String)> = site
        .client
        .rocket()
        .routes()
        .filter(|route| route.uri.path().starts_with("/api/v2"))
        .map(|route| (braced(route.uri.path()), route.method.to_string()))
        .collect();
    assert_eq!(described(), mounted);
    let known: BTreeSet<(String, String)> = ENDPOINTS
        .iter()
        .flat_map(|endpoint| {
            endpoint
                .methods
                .iter()
                .map(|method| (braced(endpoint.path), method.to_string()))
        })
        .collect();
    assert_eq!(known, mounted);
}

#[sqlx::test]
async fn it_is_served_to_programs_and_people(pool: PgPool) {
    let site = Site::start(pool).await;
    let answer = site.anonymous().get("/api/docs/openapi.json").await.expect(200);
    assert_eq!(answer.header("Content-Type"), Some("application/json"));
    let copy: Value = serde_json::from_str(&std::fs::read_to_string(COPY).unwrap()).unwrap();
    assert_eq!(answer.json(), copy);

    for path in ["/api/docs/", "/api/docs"] {
        let answer = site.anonymous().get(path).await.expect(200);
        assert!(answer.header("Content-Security-Policy").is_some());
        let html = answer.html();
        for endpoint in ENDPOINTS {
            let path = endpoint.path.replace('<', "{").replace('>', "}");
            assert!(html.main().contains(&path), "{path}");
        }
        assert!(html.main().contains("Report the state of jobs"));
        assert_eq!(html.link("OpenAPI document").as_deref(), Some("/api/docs/openapi.json"));
    }
}
