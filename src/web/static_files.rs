//! The built front end: what its manifest names, and nothing else.
//!
//! Built files are compressed when they are built, each in two forms, and sent in the best that a browser
//! takes. Pages are not compressed: they hold a form's token beside what a visitor can choose, and the length
//! of a compressed page would tell the token bit by bit to who can see the length and have pages asked for.

mod answer;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rocket::http::ContentType;
use rocket::{State, get};
use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::App;
use super::responders::{Failure, Outcome};
use crate::config::WebSettings;
use crate::core::error::Error;
use answer::StaticFile;

/// Where the development server of the front end listens.
pub const DEV_SERVER: &str = "http://localhost:5173";

/// The scripts that pages ask for, by the name of their entry; `theme` and `base` are on every page.
pub const ENTRIES: &[&str] = &[
    "theme",
    "base",
    "live",
    "multiselect",
    "outputs",
    "run-jobs",
    "staff",
    "tables",
    "workspace-create",
];

/// The built files, in memory: a few hundred kilobytes, read once.
#[derive(Debug, Default)]
pub struct Assets {
    files: HashMap<String, File>,
    entries: BTreeMap<String, String>,
    stylesheets: Vec<String>,
    is_dev: bool,
}

/// A file in the forms that it is sent in.
#[derive(Debug, Clone)]
struct File {
    content_type: ContentType,
    plain: Arc<[u8]>,
    brotli: Option<Arc<[u8]>>,
    gzip: Option<Arc<[u8]>>,
    /// Names what it holds.
    tag: String,
    is_hashed: bool,
}

#[derive(Deserialize)]
struct ManifestEntry {
    file: String,
    name: Option<String>,
    #[serde(default)]
    css: Vec<String>,
    #[serde(default, rename = "isEntry")]
    is_entry: bool,
}

/// Why the front end cannot be served.
#[derive(Debug, thiserror::Error)]
#[error("the front end is not built: {reason} at {path}. Run `npm ci && npm run build` in assets/, or scripts/run.")]
pub struct NotBuilt {
    path: String,
    reason: String,
}

impl NotBuilt {
    fn new(path: &Path, reason: impl ToString) -> Self {
        Self {
            path: path.display().to_string(),
            reason: reason.to_string(),
        }
    }
}

impl Assets {
    /// The front end as the settings say: built, or from its development server.
    ///
    /// # Errors
    /// As [`Assets::load`]; from the development server, only the files that it does not change are read.
    pub fn of(settings: &WebSettings) -> Result<Self, NotBuilt> {
        if settings.assets_dev_mode {
            let public = settings.assets_dir.with_file_name("public");
            Self::dev(&public)
        } else {
            Self::load(&settings.assets_dir)
        }
    }

    /// Reads Vite's output folder.
    ///
    /// # Errors
    /// When the manifest or a file it names is missing or malformed, or an entry that pages ask for.
    pub fn load(folder: &Path) -> Result<Self, NotBuilt> {
        let manifest = folder.join(".vite/manifest.json");
        let text = std::fs::read(&manifest).map_err(|error| NotBuilt::new(&manifest, error))?;
        let parsed: BTreeMap<String, ManifestEntry> =
            serde_json::from_slice(&text).map_err(|error| NotBuilt::new(&manifest, error))?;
        let mut assets = Self::default();
        for entry in parsed.values().filter(|entry| entry.is_entry) {
            if entry.file.ends_with(".css") {
                assets.stylesheets.push(address(&entry.file));
            } else if let Some(name) = &entry.name {
                assets.entries.insert(name.clone(), address(&entry.file));
            }
            assets.stylesheets.extend(entry.css.iter().map(|file| address(file)));
        }
        assets.stylesheets.sort();
        assets.stylesheets.dedup();
        let missing = ENTRIES.iter().find(|name| !assets.entries.contains_key(**name));
        if let Some(name) = missing {
            return Err(NotBuilt::new(&manifest, format!("there is no entry {name:?}")));
        }
        if assets.stylesheets.is_empty() {
            return Err(NotBuilt::new(&manifest, "there is no stylesheet"));
        }
        assets.read(folder)?;
        for entry in parsed.values() {
            if !assets.files.contains_key(&entry.file) {
                return Err(NotBuilt::new(
                    &folder.join(&entry.file),
                    "the manifest names a file that is missing",
                ));
            }
        }
        Ok(assets)
    }

    /// Scripts and styles from the development server, public files from their folder.
    fn dev(public: &Path) -> Result<Self, NotBuilt> {
        let mut assets = Self {
            is_dev: true,
            stylesheets: vec![format!("{DEV_SERVER}/static/src/base.css")],
            ..Self::default()
        };
        assets.read(public)?;
        Ok(assets)
    }

    fn read(&mut self, folder: &Path) -> Result<(), NotBuilt> {
        let mut bodies = BTreeMap::new();
        read_folder(folder, Path::new(""), &mut bodies).map_err(|error| NotBuilt::new(folder, error))?;
        for (name, plain) in &bodies {
            let compressed = |ending: &str| bodies.get(&format!("{name}{ending}")).cloned();
            let original = name.strip_suffix(".br").or_else(|| name.strip_suffix(".gz"));
            if original.is_some_and(|original| bodies.contains_key(original)) {
                continue;
            }
            let file = File {
                content_type: content_type(name),
                plain: plain.clone(),
                brotli: compressed(".br"),
                gzip: compressed(".gz"),
                tag: tag(plain),
                // Vite puts what carries a hash in its name below assets/.
                is_hashed: name.starts_with("assets/"),
            };
            self.files.insert(name.clone(), file);
        }
        Ok(())
    }

    /// The address of a script by its entry's name, such as `base`.
    pub fn script(&self, name: &str) -> String {
        if self.is_dev {
            return format!("{DEV_SERVER}/static/src/scripts/{name}.js");
        }
        self.entries.get(name).cloned().unwrap_or_default()
    }

    /// The address of the stylesheet.
    pub fn stylesheet(&self) -> String {
        self.stylesheets.first().cloned().unwrap_or_default()
    }

    /// The script that the development server of the front end adds to each page; none elsewhere.
    pub fn dev_client(&self) -> Option<String> {
        self.is_dev.then(|| format!("{DEV_SERVER}/static/@vite/client"))
    }
}

fn read_folder(root: &Path, below: &Path, bodies: &mut BTreeMap<String, Arc<[u8]>>) -> std::io::Result<()> {
    for item in std::fs::read_dir(root.join(below))? {
        let item = item?;
        let relative = below.join(item.file_name());
        let name = relative.to_string_lossy().into_owned();
        if item.file_type()?.is_dir() {
            if name != ".vite" {
                read_folder(root, &relative, bodies)?;
            }
        } else {
            bodies.insert(name, std::fs::read(item.path())?.into());
        }
    }
    Ok(())
}

/// Some digits of a hash: enough that no two versions of a file have the same.
fn tag(body: &[u8]) -> String {
    Sha256::digest(body)
        .iter()
        .take(8)
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

fn content_type(name: &str) -> ContentType {
    match name.rsplit_once('.').map_or("", |(_, extension)| extension) {
        "webmanifest" => ContentType::new("application", "manifest+json"),
        extension => ContentType::from_extension(extension).unwrap_or(ContentType::Binary),
    }
}

fn address(file: &str) -> String {
    format!("/static/{file}")
}

#[get("/static/<path..>")]
pub fn file(path: PathBuf, app: &State<App>) -> Outcome<StaticFile> {
    find(app, &path.to_string_lossy())
}

#[get("/favicon.ico")]
pub fn favicon() -> rocket::response::Redirect {
    rocket::response::Redirect::found("/static/favicon.ico")
}

#[get("/robots.txt")]
pub fn robots() -> rocket::response::Redirect {
    rocket::response::Redirect::found("/static/robots.txt")
}

fn find(app: &App, name: &str) -> Outcome<StaticFile> {
    let file = app.assets.files.get(name).ok_or(Failure(Error::NotFound("File")))?;
    Ok(StaticFile(file.clone()))
}
