//! What was released in the demonstration: a way from a release to a published page, and what can go wrong on it.

use bytes::Bytes;
use data_encoding::HEXLOWER;
use serde::Serialize;
use serde_json::json;
use sha2::{Digest as _, Sha256};

use super::store;
use super::story::RESEARCHER;
use crate::cli::CommandError;
use crate::cli::outfit::{Outfit, file_store};
use crate::core::access::Operator;
use crate::core::error::{Error, Result};
use crate::core::people::store::user_by_username;
use crate::core::ports::FileStore;
use crate::core::releases::actions::prepare_snapshot_as_operator;
use crate::core::releases::store::{publishing, uploads};
use crate::core::releases::{Decision, names};

const WORKSPACE: &str = "vaccine-uptake";
const CHECKER: &str = "amina-osei";
const PUBLISHER: &str = "bram-visser";

/// A release as it is stored.
#[derive(Debug, Serialize)]
pub struct Release {
    id: String,
    workspace: &'static str,
    backend: &'static str,
    created_by: &'static str,
    age_days: i32,
    metadata: serde_json::Value,
    review: serde_json::Value,
    files: Vec<File>,
}

#[derive(Debug, Serialize)]
struct File {
    id: String,
    name: &'static str,
    /// Empty when it has not arrived.
    path: String,
    filehash: String,
    size: usize,
    deleted_by: Option<&'static str>,
    is_latest: bool,
    #[serde(skip)]
    content: &'static [u8],
}

/// What becomes of a file.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate {
    There,
    /// A newer release has it too.
    Replaced,
    Withdrawn,
    NotUploaded,
}

fn file(name: &'static str, content: &'static [u8], fate: Fate) -> File {
    let (id, filehash) = (names::new_id(), HEXLOWER.encode(&Sha256::digest(content)));
    File {
        path: match fate {
            Fate::NotUploaded => String::new(),
            _ => names::key(&id, &filehash, name),
        },
        size: content.len(),
        deleted_by: (fate == Fate::Withdrawn).then_some(CHECKER),
        is_latest: fate != Fate::Replaced,
        id,
        name,
        filehash,
        content,
    }
}

fn release(backend: &'static str, age_days: i32, files: Vec<File>) -> Release {
    Release {
        id: names::new_id(),
        workspace: WORKSPACE,
        backend,
        created_by: CHECKER,
        age_days,
        metadata: json!({ "tool": "demonstration" }),
        review: json!({ "status": "APPROVED", "comments": { "checker": "Counts are rounded and small ones left out." } }),
        files,
    }
}

fn releases() -> [Release; 3] {
    let by_region: &[u8] = include_bytes!("releases/uptake_by_region.csv");
    [
        release(
            "tpp",
            60,
            vec![
                file(
                    "output/uptake_by_region.csv",
                    by_region.trim_ascii_end(),
                    Fate::Replaced,
                ),
                file("output/small_counts.csv", b"region,count\nNorth,3\n", Fate::Withdrawn),
            ],
        ),
        release(
            "tpp",
            20,
            vec![
                file("output/uptake_by_region.csv", by_region, Fate::There),
                file(
                    "output/uptake_by_age.csv",
                    include_bytes!("releases/uptake_by_age.csv"),
                    Fate::There,
                ),
                file(
                    "output/figures/uptake.png",
                    include_bytes!("releases/uptake.png"),
                    Fate::There,
                ),
                file(
                    "output/figures/uptake.svg",
                    include_bytes!("releases/uptake.svg"),
                    Fate::There,
                ),
                file(
                    "output/report.html",
                    include_bytes!("releases/report.html"),
                    Fate::There,
                ),
                file(
                    "output/summary.json",
                    include_bytes!("releases/summary.json"),
                    Fate::There,
                ),
            ],
        ),
        release(
            "emis",
            3,
            vec![
                file(
                    "output/uptake_by_age.csv",
                    b"age band,eligible,vaccinated\n65-69,30110,22180\n",
                    Fate::There,
                ),
                file(
                    "logs/describe.log",
                    include_bytes!("releases/describe.log"),
                    Fate::There,
                ),
                file(
                    "output/uptake_by_sex.csv",
                    b"sex,vaccinated\nF,81\nM,78\n",
                    Fate::NotUploaded,
                ),
            ],
        ),
    ]
}

/// Releases files, publishes some of them, rejects others, and leaves a request to be decided. Returns how many
/// files there are.
pub async fn add(outfit: &Outfit) -> Result<usize, CommandError> {
    let releases = releases();
    let files = file_store(&outfit.settings)?;
    for file in releases.iter().flat_map(|release| &release.files) {
        if !file.path.is_empty() && file.deleted_by.is_none() {
            keep(&*files, file).await?;
        }
    }
    let mut tx = outfit.db.begin().await?;
    store::insert_releases(&mut tx, &releases).await?;
    tx.commit().await.map_err(Error::from)?;
    let [_, second, third] = &releases;
    let ids = |files: &[File]| files.iter().map(|file| file.id.clone()).collect::<Vec<_>>();
    publish(outfit, &ids(&second.files[4..]), Some(Decision::Rejected)).await?;
    publish(outfit, &ids(&second.files[..4]), Some(Decision::Approved)).await?;
    publish(outfit, &ids(&third.files[..2]), None).await?;
    Ok(releases.iter().map(|release| release.files.len()).sum())
}

async fn keep(files: &dyn FileStore, file: &File) -> Result<(), CommandError> {
    let failed = |error: crate::core::ports::FileStoreError| CommandError::Said(error.to_string());
    let mut incoming = files.begin(&file.path).await.map_err(failed)?;
    incoming.write(Bytes::from_static(file.content)).await.map_err(failed)?;
    incoming.finish().await.map_err(failed)
}

/// Asks for these files to be published, and decides it or leaves it.
async fn publish(outfit: &Outfit, files: &[String], decision: Option<Decision>) -> Result<()> {
    let mut conn = outfit.db.read().await?;
    let place = uploads::place(&mut conn, WORKSPACE)
        .await?
        .ok_or(Error::NotFound("Workspace"))?;
    let mut user = async |username| {
        let user = user_by_username(&mut conn, username).await?;
        user.ok_or(Error::NotFound("User"))
    };
    let (researcher, publisher) = (user(RESEARCHER).await?, user(PUBLISHER).await?);
    drop(conn);
    let operator = Operator::at_the_command_line("demo");
    let prepared = prepare_snapshot_as_operator(&outfit.db, &operator, &researcher, place.workspace_id, files).await?;
    if let Some(decision) = decision {
        let mut tx = outfit.db.begin().await?;
        if let Some(request) = publishing::pending_request(&mut tx, prepared.snapshot_id).await? {
            publishing::decide(&mut tx, request, decision, publisher.id).await?;
        }
        tx.commit().await?;
    }
    Ok(())
}
