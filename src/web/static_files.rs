//! The built front end: what its manifest names, and nothing else.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rocket::http::{ContentType, Header};
use rocket::response::Responder;
use rocket::{Request, State, get};
use serde::Deserialize;

use super::App;
use super::responders::{Failure, Outcome};
use crate::core::error::Error;

/// The built files, in memory: a few hundred kilobytes, read once.
#[derive(Debug, Default)]
pub struct Assets {
    files: HashMap<String, File>,
    entries: BTreeMap<String, String>,
    stylesheets: Vec<String>,
}

#[derive(Debug)]
struct File {
    content_type: ContentType,
    body: Arc<[u8]>,
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

impl Assets {
    /// Reads Vite's output folder.
    ///
    /// # Errors
    /// When the manifest or a file it names is missing or malformed.
    pub fn load(folder: &Path) -> Result<Self, NotBuilt> {
        let manifest = folder.join(".vite/manifest.json");
        let not_built = |path: &Path, reason: String| NotBuilt {
            path: path.display().to_string(),
            reason,
        };
        let text = std::fs::read(&manifest).map_err(|error| not_built(&manifest, error.to_string()))?;
        let parsed: BTreeMap<String, ManifestEntry> =
            serde_json::from_slice(&text).map_err(|error| not_built(&manifest, error.to_string()))?;
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
        assets
            .read_folder(folder, &PathBuf::new())
            .map_err(|error| not_built(folder, error.to_string()))?;
        Ok(assets)
    }

    fn read_folder(&mut self, root: &Path, below: &Path) -> std::io::Result<()> {
        for item in std::fs::read_dir(root.join(below))? {
            let item = item?;
            let relative = below.join(item.file_name());
            let name = relative.to_string_lossy().into_owned();
            if item.file_type()?.is_dir() {
                if name != ".vite" {
                    self.read_folder(root, &relative)?;
                }
            } else {
                let extension = relative
                    .extension()
                    .and_then(|e| e.to_str())
                    .unwrap_or_default()
                    .to_owned();
                let content_type = match extension.as_str() {
                    "webmanifest" => ContentType::new("application", "manifest+json"),
                    extension => ContentType::from_extension(extension).unwrap_or(ContentType::Binary),
                };
                // Vite puts what carries a hash in its name below assets/.
                let is_hashed = name.starts_with("assets/");
                let body = std::fs::read(item.path())?.into();
                self.files.insert(
                    name,
                    File {
                        content_type,
                        body,
                        is_hashed,
                    },
                );
            }
        }
        Ok(())
    }

    /// The script that the development server of the front end adds to each page; none elsewhere.
    pub fn dev_client(&self) -> Option<String> {
        None
    }

    /// The address of a script by its entry's name, such as `base`.
    pub fn script(&self, name: &str) -> String {
        self.entries.get(name).cloned().unwrap_or_default()
    }

    /// The address of the stylesheet.
    pub fn stylesheet(&self) -> String {
        self.stylesheets.first().cloned().unwrap_or_default()
    }
}

fn address(file: &str) -> String {
    format!("/static/{file}")
}

/// A file of the front end.
pub struct StaticFile {
    content_type: ContentType,
    body: Arc<[u8]>,
    cache: &'static str,
}

impl<'r> Responder<'r, 'static> for StaticFile {
    fn respond_to(self, _: &'r Request<'_>) -> rocket::response::Result<'static> {
        let length = self.body.len();
        rocket::Response::build()
            .header(self.content_type)
            .header(Header::new("Cache-Control", self.cache))
            .sized_body(length, std::io::Cursor::new(self.body))
            .ok()
    }
}

#[get("/static/<path..>")]
pub fn file(path: PathBuf, app: &State<App>) -> Outcome<StaticFile> {
    find(app, &path.to_string_lossy())
}

#[get("/favicon.ico")]
pub fn favicon() -> rocket::response::Redirect {
    rocket::response::Redirect::found("/static/favicon.svg")
}

#[get("/robots.txt")]
pub fn robots() -> rocket::response::Redirect {
    rocket::response::Redirect::found("/static/robots.txt")
}

fn find(app: &App, name: &str) -> Outcome<StaticFile> {
    let file = app.assets.files.get(name).ok_or(Failure(Error::NotFound("File")))?;
    Ok(StaticFile {
        content_type: file.content_type.clone(),
        body: file.body.clone(),
        cache: if file.is_hashed {
            "public, max-age=31536000, immutable"
        } else {
            "public, max-age=3600"
        },
    })
}
