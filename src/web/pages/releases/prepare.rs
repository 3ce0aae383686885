//! Choosing which of a workspace's latest outputs are to be published.

use std::collections::{BTreeMap, BTreeSet};

use rocket::{get, post};
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use sqlx::PgConnection;

use super::amounts::count;
use super::{May, find, outputs_heading};
use crate::core::access::{Can, CreateSnapshots};
use crate::core::error::{Error, FieldErrors};
use crate::core::releases::actions::prepare_snapshot;
use crate::core::releases::store::files::latest_files;
use crate::core::releases::{ReleaseFile, size_in_words};
use crate::core::workspaces::Workspace;
use crate::web::database::Database;
use crate::web::forms::CsrfForm;
use crate::web::guards::{ProjectSlug, User, WorkspaceName};
use crate::web::pages::answer::Answer;
use crate::web::pages::places::under_workspace;
use crate::web::responders::{Failure, Outcome};
use crate::web::view::{FormError, Link, Page, thousands};

/// Beyond so many files, folders are chosen and not each file; beyond so many folders, only all of them.
const MOST_CHOICES: usize = 1000;

/// The context of `pages/releases/prepare`.
#[derive(Debug, Serialize)]
pub struct PrepareView {
    pub workspace: Link,
    pub latest_href: String,
    pub errors: Vec<FormError>,
    /// `12 files`; nothing when there is none.
    pub count: Option<String>,
    /// By what the files are known again that were looked at.
    pub seen: String,
    pub has_choice: bool,
    /// Whether folders are chosen, and not each file.
    pub by_folder: bool,
    /// Why there is less to choose than one might think.
    pub why: Option<String>,
    pub is_all: bool,
    pub folders: Vec<Folder>,
    pub files_error: Option<String>,
}

/// Files of one folder.
#[derive(Debug, Serialize)]
pub struct Folder {
    pub name: String,
    /// As it is chosen.
    pub path: String,
    pub input_id: String,
    pub checked: bool,
    pub count: String,
    pub is_open: bool,
    pub files: Vec<FileChoice>,
}

#[derive(Debug, Serialize)]
pub struct FileChoice {
    pub id: String,
    pub input_id: String,
    /// Without its folder.
    pub name: String,
    pub note: String,
    pub checked: bool,
}

/// Somebody's choice.
struct Chosen<'a> {
    is_all: bool,
    files: BTreeSet<&'a str>,
    folders: BTreeSet<&'a str>,
}

impl Chosen<'_> {
    fn has(&self, file: &ReleaseFile) -> bool {
        self.is_all || self.files.contains(file.id.as_str()) || self.folders.contains(folder_of(file).0)
    }

    fn has_ticks(&self) -> bool {
        !self.files.is_empty() || !self.folders.is_empty()
    }
}

/// Its folder, and its name in it.
fn folder_of(file: &ReleaseFile) -> (&str, &str) {
    file.name.rsplit_once('/').unwrap_or(("", &file.name))
}

#[get("/<project>/<workspace>/outputs/latest/prepare")]
pub async fn form(
    user: User<'_>,
    db: &Database,
    project: ProjectSlug<'_>,
    workspace: WorkspaceName<'_>,
) -> Outcome<Page> {
    let mut conn = db.read().await?;
    let (workspace, _, files) = prove(&user, &mut conn, project, workspace).await?;
    drop(conn);
    let everything = Chosen {
        is_all: true,
        files: BTreeSet::new(),
        folders: BTreeSet::new(),
    };
    Ok(render(&user, &workspace, &files, &everything, &FieldErrors::default()))
}

#[post("/<project>/<workspace>/outputs/latest/prepare", data = "<form>")]
pub async fn send(
    user: User<'_>,
    db: &Database,
    project: ProjectSlug<'_>,
    workspace: WorkspaceName<'_>,
    form: CsrfForm,
) -> Outcome<Answer> {
    let mut conn = db.read().await?;
    let (workspace, can, files) = prove(&user, &mut conn, project, workspace).await?;
    drop(conn);
    let chosen = Chosen {
        is_all: form.text("choice") == "all",
        files: form.all("file").collect(),
        folders: form.all("folder").collect(),
    };
    let mut errors = FieldErrors::default();
    let ids: Vec<String> = files
        .iter()
        .filter(|file| chosen.has(file))
        .map(|file| file.id.clone())
        .collect();
    // What is published is what somebody looked at, and not what came or went since.
    if form.text("seen") != seen(&files) {
        errors.add(
            "choice",
            "The outputs have changed since you opened this page. Look at them again.",
        );
    } else if chosen.is_all && chosen.has_ticks() {
        errors.add(
            "choice",
            "You ticked some, and chose all of them too. Say which you mean.",
        );
    } else if ids.is_empty() {
        let what = if files.len() > MOST_CHOICES { "folder" } else { "file" };
        errors.add("choice", format!("Choose at least one {what}."));
    }
    if !errors.is_empty() {
        return Ok(render(&user, &workspace, &files, &chosen, &errors).into());
    }
    match prepare_snapshot(db, &can, workspace.id, workspace.project_id, &ids).await {
        Ok(prepared) => {
            let to = format!("{}outputs/{}/", workspace.href(), prepared.snapshot_id);
            let (tone, text) = if prepared.is_published {
                (
                    "info",
                    "Exactly these files are published already. Nothing was changed.",
                )
            } else {
                (
                    "success",
                    "These files wait for a decision now. Until then, nobody sees them here who did not before.",
                )
            };
            Ok(Answer::told(to, tone, text))
        }
        Err(Error::Conflict(why)) => {
            errors.add("choice", why);
            Ok(render(&user, &workspace, &files, &chosen, &errors).into())
        }
        Err(error) => Err(error.into()),
    }
}

/// The workspace's latest outputs that can be published, for those who may ask for it. Those who may not look at the
/// latest outputs are not told that there are any, and those who only look are refused.
async fn prove(
    user: &User<'_>,
    conn: &mut PgConnection,
    project: ProjectSlug<'_>,
    workspace: WorkspaceName<'_>,
) -> Outcome<(Workspace, Can<CreateSnapshots>, Vec<ReleaseFile>)> {
    let workspace = find(conn, project, workspace).await?;
    if !May::of(&user.visit.actor, workspace.project_id).see_files {
        return Err(Failure::not_found("Outputs"));
    }
    let can = user.user.can::<CreateSnapshots>(workspace.project_id)?;
    let mut files = latest_files(conn, workspace.id).await?;
    files.retain(ReleaseFile::is_readable);
    Ok((workspace, can, files))
}

/// The same for the same files.
fn seen(files: &[ReleaseFile]) -> String {
    let mut hasher = Sha256::new();
    for file in files {
        hasher.update(file.id.as_bytes());
        hasher.update(b"\n");
    }
    data_encoding::HEXLOWER.encode(&hasher.finalize())
}

fn render(
    user: &User<'_>,
    workspace: &Workspace,
    files: &[ReleaseFile],
    chosen: &Chosen<'_>,
    errors: &FieldErrors,
) -> Page {
    let href = workspace.href();
    let by_folder = files.len() > MOST_CHOICES;
    let folders = folders(files, chosen, by_folder);
    let has_choice = match by_folder {
        true => (2..=MOST_CHOICES).contains(&folders.len()),
        false => files.len() > 1,
    };
    let amount = i64::try_from(files.len()).unwrap_or(i64::MAX);
    let view = PrepareView {
        workspace: Link::new(workspace.name.as_str(), href.as_str()),
        latest_href: format!("{href}outputs/latest/"),
        errors: FormError::list(errors),
        count: (amount > 0).then(|| count(amount)),
        seen: seen(files),
        has_choice,
        by_folder,
        why: by_folder.then(|| {
            let how = match (has_choice, folders.len()) {
                (true, _) => "Folders can be chosen, and not each file.",
                (false, 1) => "As all are in one folder, only all of them can be chosen.",
                (false, _) => "They are in too many folders as well: only all of them can be chosen.",
            };
            format!("There are more than {} files. {how}", thousands(1000))
        }),
        is_all: (chosen.is_all && !chosen.has_ticks()) || !has_choice,
        folders: if has_choice { folders } else { Vec::new() },
        files_error: errors.get("choice").map(str::to_owned),
    };
    let chrome = user.visit.chrome(format!("Prepare outputs of {}", workspace.name));
    let chrome = under_workspace(chrome, workspace)
        .crumb("Page", outputs_heading(true), format!("{href}outputs/"))
        .here("Page", "Prepare")
        .with_errors(!errors.is_empty());
    user.visit.render("pages/releases/prepare", chrome, &view)
}

/// From here on folders start folded.
const LONG: usize = 40;

fn folders(files: &[ReleaseFile], chosen: &Chosen<'_>, are_chosen: bool) -> Vec<Folder> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for file in files {
        *counts.entry(folder_of(file).0).or_default() += 1;
    }
    let mut choices = if are_chosen {
        BTreeMap::new()
    } else {
        choices(files, chosen)
    };
    let is_open = files.len() <= LONG;
    counts
        .into_iter()
        .enumerate()
        .map(|(index, (folder, amount))| {
            let files = choices.remove(folder).unwrap_or_default();
            Folder {
                name: match folder {
                    "" => "Without a folder".to_owned(),
                    folder => format!("{folder}/"),
                },
                path: folder.to_owned(),
                input_id: format!("folder-{index}"),
                checked: chosen.folders.contains(folder),
                count: count(i64::try_from(amount).unwrap_or(i64::MAX)),
                is_open: is_open || files.iter().any(|choice| choice.checked),
                files,
            }
        })
        .collect()
}

fn choices<'a>(files: &'a [ReleaseFile], chosen: &Chosen<'_>) -> BTreeMap<&'a str, Vec<FileChoice>> {
    let is_one_backend = files
        .windows(2)
        .all(|pair| pair[0].backend_slug == pair[1].backend_slug);
    let mut folders: BTreeMap<&str, Vec<FileChoice>> = BTreeMap::new();
    for (index, file) in files.iter().enumerate() {
        let (folder, name) = folder_of(file);
        let size = size_in_words(file.size);
        folders.entry(folder).or_default().push(FileChoice {
            id: file.id.clone(),
            input_id: format!("file-{index}"),
            name: name.to_owned(),
            note: if is_one_backend {
                size
            } else {
                format!("{}, {size}", file.backend_name)
            },
            checked: chosen.files.contains(file.id.as_str()),
        });
    }
    folders
}
