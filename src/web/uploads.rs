//! Uploaded pictures: the logos of organisations, and nothing else that lies in the folder.

use std::io;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;
use std::time::UNIX_EPOCH;

use rocket::http::{ContentType, Header, Status};
use rocket::response::Responder;
use rocket::{Request, Response, State, get};
use tokio::fs;

use super::App;
use super::database::Database;
use super::responders::{Failure, Outcome};
use crate::core::projects::store::orgs::is_logo_file;

/// No logo is larger, in bytes.
const LARGEST: u64 = 5 * 1024 * 1024;

/// A picture may be a drawing, which is a document: opened by itself it does nothing and loads nothing.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; sandbox";

/// A picture, and what tells it from an earlier one of the same name.
pub struct Picture {
    content_type: ContentType,
    body: Arc<[u8]>,
    etag: String,
}

/// The picture at this path below the folder of uploads, if it is some organisation's logo.
#[get("/uploads/<path..>")]
pub async fn logo(path: PathBuf, db: &Database, app: &State<App>) -> Outcome<Picture> {
    let not_found = || Failure::not_found("File");
    let (name, content_type) = named(&path).ok_or_else(not_found)?;
    if !is_logo_file(&mut *db.read().await?, name).await? {
        return Err(not_found());
    }
    let storage = &app.settings.media.storage;
    match read(storage, &path).await {
        Ok((body, etag)) => Ok(Picture {
            content_type,
            body,
            etag,
        }),
        Err(error) => {
            tracing::warn!(%error, name, "an organisation's logo cannot be read");
            Err(not_found())
        }
    }
}

/// The path as it is stored, and its type, for a path that can be a picture's.
fn named(path: &Path) -> Option<(&str, ContentType)> {
    let is_plain = path.components().all(|part| matches!(part, Component::Normal(_)));
    let name = path.to_str().filter(|name| is_plain && !name.contains('\0'))?;
    let content_type = match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
        "gif" => ContentType::GIF,
        "jpeg" | "jpg" => ContentType::JPEG,
        "png" => ContentType::PNG,
        "svg" => ContentType::SVG,
        "webp" => ContentType::WEBP,
        _ => return None,
    };
    Some((name, content_type))
}

/// Reads a file below the folder, to which no link leads out of it.
async fn read(storage: &Path, path: &Path) -> io::Result<(Arc<[u8]>, String)> {
    let storage = fs::canonicalize(storage).await?;
    let file = fs::canonicalize(storage.join(path)).await?;
    let about = fs::metadata(&file).await?;
    if !file.starts_with(&storage) || !about.is_file() {
        return Err(io::Error::other("it is no file below the folder of uploads"));
    }
    if about.len() > LARGEST {
        return Err(io::Error::other("it is too large for a logo"));
    }
    let changed = about.modified()?.duration_since(UNIX_EPOCH).unwrap_or_default();
    let etag = format!("\"{:x}-{:x}\"", about.len(), changed.as_nanos());
    Ok((fs::read(&file).await?.into(), etag))
}

/// Keeps a picture under a path of ours, which its content decides: one that is there already is the same.
///
/// # Errors
/// When it cannot be written.
pub async fn keep(storage: &Path, path: &str, bytes: &[u8]) -> io::Result<()> {
    let file = storage.join(path);
    if fs::try_exists(&file).await? {
        return Ok(());
    }
    let folder = file.parent().unwrap_or(storage).to_owned();
    fs::create_dir_all(&folder).await?;
    let bytes = bytes.to_owned();
    // Nobody ever sees a half of it.
    let written = tokio::task::spawn_blocking(move || {
        let mut part = tempfile::NamedTempFile::new_in(folder)?;
        io::Write::write_all(&mut part, &bytes)?;
        part.as_file().sync_all()?;
        part.persist(file)?;
        Ok(())
    });
    written.await.map_err(io::Error::other)?
}

impl<'r> Responder<'r, 'static> for Picture {
    fn respond_to(self, request: &'r Request<'_>) -> rocket::response::Result<'static> {
        let mut response = Response::build();
        response
            .header(self.content_type)
            .header(Header::new("Cache-Control", "public, max-age=3600"))
            .header(Header::new("Content-Security-Policy", POLICY))
            .header(Header::new("ETag", self.etag.clone()));
        let known = request.headers().get("If-None-Match");
        let is_known = known
            .flat_map(|tags| tags.split(','))
            .any(|tag| tag.trim().trim_start_matches("W/") == self.etag);
        if is_known {
            return response.status(Status::NotModified).ok();
        }
        response.sized_body(self.body.len(), io::Cursor::new(self.body)).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_pictures_have_a_type() {
        for (path, known) in [
            ("org_logos/a.png", true),
            ("a.SVG", true),
            ("org_logos/a.html", false),
            ("org_logos/png", false),
            ("../a.png", false),
            ("/etc/a.png", false),
            ("a\0.png", false),
            ("", false),
        ] {
            assert_eq!(named(Path::new(path)).is_some(), known, "{path:?}");
        }
    }

    #[tokio::test]
    async fn what_is_kept_is_read_again() {
        let folder = tempfile::tempdir().unwrap();
        for _ in 0..2 {
            keep(folder.path(), "org_logos/a.png", b"picture").await.unwrap();
        }
        let (body, _) = read(folder.path(), Path::new("org_logos/a.png")).await.unwrap();
        assert_eq!(&*body, b"picture");
        let kept = std::fs::read_dir(folder.path().join("org_logos")).unwrap().count();
        assert_eq!(kept, 1);
    }

    #[tokio::test]
    async fn nothing_outside_of_the_folder_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let storage = folder.path().join("uploads");
        std::fs::create_dir(&storage).unwrap();
        std::fs::write(folder.path().join("secret.png"), "secret").unwrap();
        std::fs::write(storage.join("good.png"), "good").unwrap();
        std::fs::create_dir(storage.join("folder.png")).unwrap();
        std::os::unix::fs::symlink("../secret.png", storage.join("link.png")).unwrap();
        let large = std::fs::File::create(storage.join("large.png")).unwrap();
        large.set_len(LARGEST + 1).unwrap();
        assert_eq!(&*read(&storage, Path::new("good.png")).await.unwrap().0, b"good");
        for refused in ["link.png", "folder.png", "large.png", "none.png", "../secret.png"] {
            assert!(read(&storage, Path::new(refused)).await.is_err(), "{refused}");
        }
    }
}
