//! `jobserver files`: is every released file there and whole, and moving them to another storage.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::outfit::{Outfit, bucket, file_store, folder};
use super::{ByOption, CommandError};
use crate::adapters::files::{key_of, staged};
use crate::core::error::Error;
use crate::core::ports::{FileStore, FileStoreError};
use crate::core::releases::names;
use crate::core::releases::storage::{removals, remove_source, transfer, verify};

/// A staging file that was not written to for so long belongs to no upload that runs.
const STALE: Duration = Duration::from_secs(60 * 60);

#[derive(Debug, clap::Args)]
pub struct Files {
    #[command(subcommand)]
    command: FilesCommand,
}

#[derive(Debug, clap::Subcommand)]
enum FilesCommand {
    /// Compare every row with its content, and every content with its row. Fails when something is wrong.
    Verify(Verify),
    /// Copy the contents from the folder to the bucket, or back. Can be broken off and run again.
    Move(Move),
}

#[derive(Debug, clap::Args)]
struct Verify {
    /// Take away contents that no file has, those of deleted files, and what broken uploads left.
    #[arg(long)]
    remove_orphans: bool,
    #[command(flatten)]
    by: ByOption,
}

#[derive(Debug, clap::Args)]
struct Move {
    /// From the bucket to the folder.
    #[arg(long)]
    to_folder: bool,
    /// Take the contents away from where they were, once all of them were found whole at the target.
    #[arg(long)]
    remove_source: bool,
    #[command(flatten)]
    by: ByOption,
}

impl Files {
    pub async fn run(self) -> Result<(), CommandError> {
        match self.command {
            FilesCommand::Verify(verify) => verify.run().await,
            FilesCommand::Move(moving) => moving.run().await,
        }
    }
}

impl Verify {
    async fn run(self) -> Result<(), CommandError> {
        let outfit = Outfit::new().await?;
        let store = file_store(&outfit.settings)?;
        // Without an answer every file would seem to be lost.
        store.probe().await.map_err(silent)?;
        if self.remove_orphans {
            removals::orphans_removed(&outfit.db, &self.by.by()).await?;
        }
        let say = &mut |line: &str| println!("{line}");
        let sum = verify(&outfit.db, &*store, self.remove_orphans, say)
            .await
            .map_err(failed)?;
        let (stale, removed) = self.staging(&*store)?;
        println!(
            "{} whole, {} missing, {} damaged, {} left over, {} orphans, {} of broken uploads; {} removed. \
             {} young ones, {} that wait for their row and {} that are not ours were left alone.",
            sum.whole,
            sum.missing,
            sum.damaged,
            sum.left_over,
            sum.orphans,
            stale,
            sum.removed + removed,
            sum.young,
            sum.awaited,
            sum.foreign
        );
        match sum.faults() + stale - removed {
            0 => Ok(()),
            1 => Err(CommandError::Said("1 fault.".to_owned())),
            faults => Err(CommandError::Said(format!("{faults} faults."))),
        }
    }

    /// What broken uploads left in a folder: how many there are, and how many were taken away.
    fn staging(&self, store: &dyn FileStore) -> Result<(u64, u64), CommandError> {
        let Some(folder) = store.folder() else {
            return Ok((0, 0));
        };
        let failed = |error: std::io::Error| {
            CommandError::Said(format!("The folder {} cannot be read: {error}", folder.display()))
        };
        let before = SystemTime::now() - STALE;
        let (mut stale, mut removed) = (0, 0);
        for (path, modified_at) in staged(folder).map_err(failed)? {
            let is_ours = key_of(folder, &path).is_some_and(|key| names::id_in_key(&key).is_some());
            if !is_ours {
                println!("not ours    {}: left alone", shown(&path));
                continue;
            }
            if modified_at > before {
                continue;
            }
            stale += 1;
            println!("unfinished  {}: left by an upload that was broken off", shown(&path));
            if self.remove_orphans {
                std::fs::remove_file(&path).map_err(failed)?;
                removed += 1;
                println!("removed     {}", shown(&path));
            }
        }
        Ok((stale, removed))
    }
}

impl Move {
    async fn run(self) -> Result<(), CommandError> {
        let outfit = Outfit::new().await?;
        let releases = &outfit.settings.releases;
        let Some(wanted) = &releases.bucket else {
            return Err(CommandError::Said(
                "There is no bucket: set RELEASE_S3_ENDPOINT and its kin, and RELEASE_STORAGE to the folder."
                    .to_owned(),
            ));
        };
        let (folder, bucket) = (folder(&releases.storage)?, bucket(wanted)?);
        let (source, target): (Arc<dyn FileStore>, Arc<dyn FileStore>) = match self.to_folder {
            true => (bucket, folder),
            false => (folder, bucket),
        };
        for store in [&source, &target] {
            store.probe().await.map_err(silent)?;
        }
        let say = &mut |line: &str| println!("{line}");
        let sum = transfer(&outfit.db, &*source, &*target, say).await.map_err(failed)?;
        println!(
            "{} copied ({} bytes), {} were there, {} faults.",
            sum.copied, sum.bytes, sum.there, sum.faults
        );
        if sum.faults > 0 {
            return Err(CommandError::Said(
                "Some contents are missing or damaged where they were: see above, and `jobserver files verify`. Nothing \
                 was taken away."
                    .to_owned(),
            ));
        }
        if self.remove_source {
            removals::source_removed(&outfit.db, self.to_folder, &self.by.by()).await?;
            // Each is read at the target once more, what was just written too, before the only other copy goes.
            let gone = remove_source(&outfit.db, &*source, &*target, say)
                .await
                .map_err(failed)?;
            if gone.left > 0 {
                return Err(CommandError::Said(format!(
                    "{} taken away from the source. {} arrived there meanwhile, or are not whole at the target, and \
                     were left: run this again.",
                    gone.removed, gone.left
                )));
            }
            println!(
                "All are whole at the target; {} taken away from the source.",
                gone.removed
            );
            return Ok(());
        }
        println!("{}", self.how_to_switch());
        Ok(())
    }

    fn how_to_switch(&self) -> &'static str {
        match self.to_folder {
            true => {
                "To switch: unset RELEASE_S3_ENDPOINT and its kin, restart every process, and run this once more with \
                 them set for it alone, for what was uploaded meanwhile."
            }
            false => {
                "To switch: set RELEASE_S3_ENDPOINT and its kin for every process, restart them, and run this once \
                 more, for what was uploaded meanwhile."
            }
        }
    }
}

/// A path on a terminal, which nothing in it steers.
fn shown(path: &Path) -> String {
    path.display().to_string().escape_debug().to_string()
}

/// A storage that was asked before anything was done.
fn silent(error: FileStoreError) -> CommandError {
    CommandError::Said(format!(
        "The storage does not answer: {error}\nNothing was done. `jobserver check` tells more."
    ))
}

/// Where contents are written it is rather the storage that does not answer than the database.
pub(super) fn failed(error: Error) -> CommandError {
    match error {
        Error::Unavailable(why) => CommandError::Said(format!(
            "The storage or the database does not answer: {why}\nWhat was done so far stays. Run this again."
        )),
        Error::Full(why) => CommandError::Said(format!(
            "The storage is full: {why}\nWhat was done so far stays. Make room, and run this again."
        )),
        error => error.into(),
    }
}
