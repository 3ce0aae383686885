//! A release in a list, and its files for those who may see them.

use serde::Serialize;

use super::May;
use super::amounts::amount;
use crate::core::releases::store::lists::ListedRelease;
use crate::core::releases::{ReleaseFile, size_in_words};
use crate::web::view::{Link, Time, absolute, encode_segment, thousands, user_href};

/// The most files that are listed of one release; the others are behind a link.
pub const MOST_FILES: i64 = 100;

/// The context of `pages/releases/entry`.
#[derive(Debug, Serialize)]
pub struct Entry {
    pub id: String,
    pub title: String,
    pub by: Link,
    pub created: Time,
    pub workspace: Option<Link>,
    /// `None` for those who may not know what a release holds.
    pub files: Option<Files>,
    /// For those who may know: there is nothing in it.
    pub is_empty: bool,
}

/// What is in a release.
#[derive(Debug, Serialize)]
pub struct Files {
    pub href: String,
    pub download_href: String,
    /// Which of several, for screen readers.
    pub which: String,
    pub count: String,
    pub is_open: bool,
    pub rows: Vec<FileRow>,
    /// How many more there are, in words.
    pub more: Option<String>,
}

#[derive(Debug, Serialize)]
pub struct FileRow {
    pub name: String,
    /// Where it is shown, when there is something to show.
    pub href: Option<String>,
    pub size: String,
    /// What became of it, when it is not there.
    pub gone: Option<String>,
    pub gone_at: Option<Time>,
    pub delete_href: Option<String>,
}

/// Where the entry stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    Project,
    Workspace,
}

impl Entry {
    /// `files` are the release's first files, for those who may see them.
    pub fn new(release: ListedRelease, files: Vec<ReleaseFile>, may: May, place: Place) -> Self {
        let workspace_href = format!("/{}/{}/", release.project_slug, release.workspace);
        let href = format!("{workspace_href}releases/{}/", release.id);
        let has_files = may.see_files && release.files.total() > 0;
        let beyond = release.files.total() - i64::try_from(files.len()).unwrap_or(i64::MAX);
        let rows = files.into_iter().map(|file| FileRow::new(file, &href, may)).collect();
        Self {
            title: format!("Released from {}", release.backend_name),
            by: Link::new(release.created_by_name, user_href(&release.created_by)),
            created: Time::new(release.created_at),
            workspace: (place == Place::Project).then(|| Link::new(release.workspace, workspace_href)),
            is_empty: may.see_files && release.files.total() == 0,
            files: has_files.then(|| Files {
                download_href: format!("{href}download/"),
                which: format!(
                    " of the release from {} on {}",
                    release.backend_name,
                    absolute(release.created_at)
                ),
                count: amount(&release.files),
                is_open: place == Place::Project,
                rows,
                more: (beyond > 0).then(|| format!("{} more", thousands(beyond))),
                href,
            }),
            id: release.id,
        }
    }
}

impl FileRow {
    fn new(file: ReleaseFile, release_href: &str, may: May) -> Self {
        let is_readable = file.is_readable();
        let gone = match (&file.deleted_at, &file.uploaded_at) {
            (Some(_), _) => Some(format!(
                "withdrawn by {}",
                file.deleted_by.as_deref().unwrap_or("somebody")
            )),
            (None, None) => Some("not uploaded yet".to_owned()),
            (None, Some(_)) => None,
        };
        Self {
            href: is_readable.then(|| format!("{release_href}{}", encode_path(&file.name))),
            size: size_in_words(file.size),
            gone,
            gone_at: file.deleted_at.map(Time::new),
            delete_href: (is_readable && may.delete).then(|| format!("{release_href}{}/delete/", file.id)),
            name: file.name,
        }
    }
}

/// A file's name as the rest of an address; its slashes stay.
pub fn encode_path(name: &str) -> String {
    name.split('/').map(encode_segment).collect::<Vec<_>>().join("/")
}
