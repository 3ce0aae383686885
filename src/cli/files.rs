//! `jobserver files`: is every released file there and whole, and moving them to another storage.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::outfit::{Outfit, bucket, file_store, folder};
use super::{ByOption, CommandError};
use crate::adapters::files::staged;
use crate::core::error::Error;
use crate::core::ports::FileStore;
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
             {} young ones and {} that wait for their row were left alone.",
            sum.whole,
            sum.missing,
            sum.damaged,
            sum.left_over,
            sum.orphans,
            stale,
            sum.removed + removed,
            sum.young,
            sum.awaited
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
            if modified_at > before {
                continue;
            }
            stale += 1;
            println!("unfinished  {}: left by an upload that was broken off", path.display());
            if self.remove_orphans {
                std::fs::remove_file(&path).map_err(failed)?;
                removed += 1;
                println!("removed     {}", path.display());
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
        let say = &mut |line: &str| println!("{line}");
        let mut sum = transfer(&outfit.db, &*source, &*target, say).await.map_err(failed)?;
        println!(
            "{} copied ({} bytes), {} were there, {} faults.",
            sum.copied, sum.bytes, sum.there, sum.faults
        );
        if self.remove_source && sum.faults == 0 {
            if sum.copied > 0 {
                // What was just written is read back, before the only other copy goes.
                sum = transfer(&outfit.db, &*source, &*target, say).await.map_err(failed)?;
            }
            if sum.faults == 0 && sum.copied == 0 {
                removals::source_removed(&outfit.db, self.to_folder, &self.by.by()).await?;
                let removed = remove_source(&outfit.db, &*source).await.map_err(failed)?;
                println!(
                    "All {} are whole at the target; {removed} taken away from the source.",
                    sum.there
                );
            } else {
                return Err(CommandError::Said(
                    "Files were added or did not arrive whole meanwhile: nothing was taken away. Run this again."
                        .to_owned(),
                ));
            }
        }
        if sum.faults > 0 {
            return Err(CommandError::Said(
                "Some contents are missing or damaged where they were: see above, and `jobserver files verify`. Nothing \
                 was taken away."
                    .to_owned(),
            ));
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

/// Where contents are written it is rather the storage that does not answer than the database.
pub(super) fn failed(error: Error) -> CommandError {
    match error {
        Error::Unavailable(why) => CommandError::Said(format!(
            "The storage or the database does not answer: {why}\nWhat was done so far stays. Run this again."
        )),
        error => error.into(),
    }
}
