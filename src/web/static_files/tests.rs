use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use rocket::http::{ContentType, Header, Status};
use rocket::local::blocking::Client;
use rocket::{State, get, routes};

use super::answer::{Form, StaticFile};
use super::{Assets, ENTRIES, File};

/// A built front end, with these entries in its manifest.
fn built(entries: &[&str]) -> (PathBuf, Result<Assets, String>) {
    static NUMBER: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
    let number = NUMBER.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    let folder = std::env::temp_dir().join(format!("jobserver-assets-{}-{number}", std::process::id()));
    std::fs::create_dir_all(folder.join(".vite")).unwrap();
    std::fs::create_dir_all(folder.join("assets")).unwrap();
    let mut manifest = serde_json::Map::new();
    let style = serde_json::json!({"file": "assets/base-1.css", "isEntry": true});
    manifest.insert("src/base.css".to_owned(), style);
    for name in entries {
        let file = format!("assets/{name}-1.js");
        std::fs::write(folder.join(&file), "1").unwrap();
        let entry = serde_json::json!({"file": file, "name": name, "isEntry": true});
        manifest.insert(format!("src/scripts/{name}.js"), entry);
    }
    for (name, text) in [("base-1.css", "p{}"), ("base-1.css.br", "br"), ("base-1.css.gz", "gz")] {
        std::fs::write(folder.join("assets").join(name), text).unwrap();
    }
    let text = serde_json::to_vec(&manifest).unwrap();
    std::fs::write(folder.join(".vite/manifest.json"), text).unwrap();
    let assets = Assets::load(&folder).map_err(|error| error.to_string());
    (folder, assets)
}

#[test]
fn the_manifest_says_where_everything_is() {
    let (folder, assets) = built(ENTRIES);
    let assets = assets.unwrap();
    assert_eq!(assets.script("live"), "/static/assets/live-1.js");
    assert_eq!(assets.stylesheet(), "/static/assets/base-1.css");
    assert_eq!(assets.dev_client(), None);
    let style = &assets.files["assets/base-1.css"];
    assert_eq!(style.brotli.as_deref(), Some(b"br".as_slice()));
    assert_eq!(style.gzip.as_deref(), Some(b"gz".as_slice()));
    assert!(style.is_hashed && !assets.files.contains_key("assets/base-1.css.br"));
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn what_is_missing_is_named() {
    let (folder, assets) = built(&["theme", "base"]);
    let said = assets.unwrap_err();
    assert!(said.contains("there is no entry \"live\""), "{said}");
    std::fs::remove_file(folder.join("assets/base-1.css")).unwrap();
    let manifest = r#"{"a": {"file": "assets/base-1.css", "isEntry": true}}"#;
    std::fs::write(folder.join(".vite/manifest.json"), manifest).unwrap();
    let said = Assets::load(&folder).unwrap_err().to_string();
    assert!(said.contains("there is no entry"), "{said}");
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn the_best_form_that_is_taken() {
    let all = |_| true;
    for (accepted, form) in [
        ("gzip, deflate, br, zstd", Form::Brotli),
        ("gzip", Form::Gzip),
        ("br;q=0, gzip;q=0.5", Form::Gzip),
        ("BR", Form::Brotli),
        ("identity", Form::Plain),
        ("", Form::Plain),
    ] {
        assert_eq!(Form::best(Some(accepted), all), form, "{accepted}");
    }
    assert_eq!(Form::best(Some("br, gzip"), |form| form == Form::Gzip), Form::Gzip);
    assert_eq!(Form::best(None, all), Form::Plain);
}

#[test]
fn in_development_all_comes_from_its_server() {
    let public = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/public");
    let assets = Assets::dev(&public).unwrap();
    assert_eq!(
        assets.script("base"),
        "http://localhost:5173/static/src/scripts/base.js"
    );
    assert_eq!(assets.stylesheet(), "http://localhost:5173/static/src/base.css");
    assert!(assets.files.contains_key("robots.txt"));
}

/// Whatever a page asks for is in the list that start-up checks, and is there.
#[test]
fn entries_are_those_that_pages_ask_for() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut asked: BTreeSet<String> = ["theme", "base"].map(str::to_owned).into();
    scan(&root.join("src/web"), &mut asked);
    let listed: BTreeSet<String> = ENTRIES.iter().map(|name| (*name).to_owned()).collect();
    assert_eq!(asked, listed);
    for name in ENTRIES {
        let source = root.join(format!("assets/src/scripts/{name}.js"));
        assert!(source.is_file(), "{name}");
    }
}

/// Adds what the sources below a folder give to `.script(visit, "…")`.
fn scan(folder: &Path, asked: &mut BTreeSet<String>) {
    for item in std::fs::read_dir(folder).unwrap() {
        let path = item.unwrap().path();
        if path.is_dir() {
            scan(&path, asked);
        } else if path.extension().is_some_and(|extension| extension == "rs")
            && !path.ends_with("static_files/tests.rs")
        {
            let text = std::fs::read_to_string(&path).unwrap();
            for call in text.split(".script(").skip(1) {
                let arguments = call.split(')').next().unwrap_or_default();
                if let Some(name) = arguments.split('"').nth(1).filter(|_| arguments.contains("visit")) {
                    asked.insert(name.to_owned());
                }
            }
        }
    }
}

#[get("/")]
fn sent(file: &State<File>) -> StaticFile {
    StaticFile(file.inner().clone())
}

#[test]
fn a_file_is_sent_once_in_the_best_form() {
    let file = File {
        content_type: ContentType::CSS,
        plain: b"plain, and long".as_slice().into(),
        brotli: Some(b"brotli".as_slice().into()),
        gzip: Some(b"gzip".as_slice().into()),
        tag: "abc".to_owned(),
        is_hashed: false,
    };
    let client = Client::untracked(rocket::build().manage(file).mount("/", routes![sent])).unwrap();
    let plain = client.get("/").dispatch();
    let header = |name| plain.headers().get_one(name).map(str::to_owned);
    assert_eq!(header("Content-Encoding"), None);
    assert_eq!(header("Vary").as_deref(), Some("Accept-Encoding"));
    assert_eq!(header("Cache-Control").as_deref(), Some("public, max-age=3600"));
    assert_eq!(plain.into_string().unwrap(), "plain, and long");

    let small = client
        .get("/")
        .header(Header::new("Accept-Encoding", "gzip, br"))
        .dispatch();
    assert_eq!(small.headers().get_one("Content-Encoding"), Some("br"));
    assert_eq!(small.content_type(), Some(ContentType::CSS));
    let tag = small.headers().get_one("ETag").unwrap().to_owned();
    assert_eq!(small.into_string().unwrap(), "brotli");

    let head = client
        .head("/")
        .header(Header::new("Accept-Encoding", "gzip"))
        .dispatch();
    assert_eq!(head.headers().get_one("Content-Encoding"), Some("gzip"));
    assert_eq!(head.into_string().unwrap_or_default(), "");

    let known = |tag: &str, accepted: &'static str| {
        let request = client.get("/").header(Header::new("Accept-Encoding", accepted));
        let answer = request.header(Header::new("If-None-Match", tag.to_owned())).dispatch();
        let is_empty = answer.body().is_none();
        (answer.status(), is_empty)
    };
    assert_eq!(known(&tag, "br"), (Status::NotModified, true));
    assert_eq!(known(&format!("\"x\", W/{tag}"), "br"), (Status::NotModified, true));
    // Another form of it is another file to a cache.
    assert_eq!(known(&tag, "gzip").0, Status::Ok);
    assert_eq!(known("\"other\"", "br").0, Status::Ok);
}
