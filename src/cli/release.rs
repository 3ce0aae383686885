//! `jobserver release`, `publish_files`, `inflate_release_files`, `unpublish_snapshot` and
//! `remove_files_from_publish_request`

use std::path::PathBuf;

use super::files::failed;
use super::outfit::{Outfit, file_store};
use super::{ByOption, CommandError};
use crate::core::error::Error;
use crate::core::people::store::{User, user_by_username};
use crate::core::releases::Snapshot;
use crate::core::releases::actions::{
    self, Belonging, Missing, can_be_released, files_below, release_as_operator, stage,
};
use crate::core::releases::store::files::latest_files;
use crate::core::releases::store::publishing::snapshot_of_id;
use crate::core::releases::store::uploads::{Place, place};

/// The project and the code of a workspace that `release --create` makes.
const TEST_PROJECT: &str = "test-project";
const TEST_REPO: &str = "https://github.com/opensafely/test-repo";

#[derive(Debug, clap::Args)]
pub struct Release {
    /// The folder whose files, sub-folders' too, are released.
    directory: PathBuf,
    /// The workspace they are of.
    #[arg(short, long, default_value = "test-workspace")]
    workspace: String,
    /// The backend they come from.
    #[arg(short, long, default_value = "test-backend")]
    backend: String,
    /// Who releases them.
    #[arg(short, long, default_value = "test-user")]
    user: String,
    /// Make the user, backend and workspace that are not there.
    #[arg(short, long)]
    create: bool,
    #[command(flatten)]
    by: ByOption,
}

impl Release {
    pub async fn run(self) -> Result<(), CommandError> {
        let outfit = Outfit::new().await?;
        let files = files_below(&self.directory, outfit.settings.releases.file_size_limit).await?;
        let store = file_store(&outfit.settings)?;
        let operator = self.by.operator();
        let belonging = Belonging {
            workspace: self.workspace,
            backend: self.backend,
            username: self.user,
        };
        let missing = self.create.then_some(Missing {
            sealer: &outfit.sealer,
            project: TEST_PROJECT,
            repo: TEST_REPO,
        });
        // Before any content is kept: what cannot be released leaves nothing behind.
        can_be_released(&outfit.db, &operator, &belonging, missing, &files).await?;
        let staged = stage(&*store, &files).await.map_err(not_released)?;
        let made = release_as_operator(&outfit.db, &*store, &operator, &belonging, missing, staged)
            .await
            .map_err(not_released)?;
        for what in &made.made {
            println!("{what} created.");
        }
        let workspace = format!("/{}/{}/", made.project_slug, belonging.workspace);
        match made.files {
            1 => println!("Released 1 file."),
            files => println!("Released {files} files."),
        }
        println!(
            "Release: {}",
            outfit
                .settings
                .web
                .absolute(&format!("{workspace}releases/{}/", made.id))
        );
        println!("Workspace: {}", outfit.settings.web.absolute(&workspace));
        Ok(())
    }
}

/// A release is made whole or not at all.
fn not_released(error: Error) -> CommandError {
    match error {
        Error::Unavailable(why) => CommandError::Said(format!(
            "The storage or the database does not answer: {why}\nNothing was released."
        )),
        Error::Full(why) => CommandError::Said(format!(
            "The storage is full: {why}\nNothing was released. Make room, and run this again."
        )),
        error => error.into(),
    }
}

#[derive(Debug, clap::Args)]
pub struct PublishFiles {
    /// In whose name publishing is asked for.
    username: String,
    /// The workspace.
    workspace: String,
    /// Names of released files, as researchers know them. Of each the newest version is taken.
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<String>,
    #[command(flatten)]
    by: ByOption,
}

impl PublishFiles {
    pub async fn run(self) -> Result<(), CommandError> {
        let outfit = Outfit::new().await?;
        let user = user(&outfit, &self.username).await?;
        let place = workspace(&outfit, &self.workspace).await?;
        let mut files = latest_files(&mut *outfit.db.read().await?, place.workspace_id).await?;
        // Of two backends' files of one name, the one that was released last.
        files.retain(|file| file.is_readable());
        files.sort_by(|a, b| (b.created_at, &b.id).cmp(&(a.created_at, &a.id)));
        let mut ids = Vec::new();
        let mut unknown = Vec::new();
        for path in &self.paths {
            match files.iter().find(|file| file.name == *path) {
                Some(file) => ids.push(file.id.clone()),
                None => unknown.push(path.as_str()),
            }
        }
        if !unknown.is_empty() {
            return Err(CommandError::Said(format!(
                "The workspace {} has no released file {}.",
                self.workspace,
                unknown.join(", ")
            )));
        }
        let prepared =
            actions::prepare_snapshot_as_operator(&outfit.db, &self.by.operator(), &user, place.workspace_id, &ids)
                .await?;
        if prepared.is_published {
            println!("Exactly these files are published already.");
        }
        let page = format!(
            "/{}/{}/outputs/{}/",
            place.project_slug, place.workspace, prepared.snapshot_id
        );
        println!("{}", outfit.settings.web.absolute(&page));
        Ok(())
    }
}

#[derive(Debug, clap::Args)]
pub struct InflateReleaseFiles {
    #[command(flatten)]
    by: ByOption,
}

impl InflateReleaseFiles {
    pub async fn run(self) -> Result<(), CommandError> {
        let outfit = Outfit::new().await?;
        if !outfit.settings.demo.allowed {
            return Err(CommandError::Said(
                "This replaces what is known of files whose content is missing, which is for copies alone: set \
                 ALLOW_DEMO=true if this is one."
                    .to_owned(),
            ));
        }
        let store = file_store(&outfit.settings)?;
        let said = &mut |line: &str| eprintln!("{line}");
        let sum = actions::inflate(&outfit.db, &*store, &self.by.operator(), said)
            .await
            .map_err(failed)?;
        println!(
            "{} contents made up, {} files have theirs, {} skipped.",
            sum.written, sum.there, sum.skipped
        );
        Ok(())
    }
}

#[derive(Debug, clap::Args)]
pub struct UnpublishSnapshot {
    /// The number at the end of the snapshot's address.
    snapshot_id: i32,
    /// In whose name it is withdrawn.
    username: String,
    #[command(flatten)]
    by: ByOption,
}

impl UnpublishSnapshot {
    pub async fn run(self) -> Result<(), CommandError> {
        let outfit = Outfit::new().await?;
        let user = user(&outfit, &self.username).await?;
        let snapshot = snapshot(&outfit, self.snapshot_id).await?;
        actions::withdraw_snapshot_as_operator(&outfit.db, &self.by.operator(), &user, &snapshot).await?;
        println!("Snapshot {} is no longer published.", snapshot.id);
        Ok(())
    }
}

#[derive(Debug, clap::Args)]
pub struct RemoveFilesFromPublishRequest {
    /// The number at the end of the snapshot's address.
    snapshot: i32,
    /// Names of files to take out of it.
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<String>,
    #[command(flatten)]
    by: ByOption,
}

impl RemoveFilesFromPublishRequest {
    pub async fn run(self) -> Result<(), CommandError> {
        let outfit = Outfit::new().await?;
        let snapshot = snapshot(&outfit, self.snapshot).await?;
        let removed = actions::remove_from_snapshot(&outfit.db, &self.by.operator(), &snapshot, &self.paths).await?;
        println!("Removed {removed} from snapshot {}.", snapshot.id);
        Ok(())
    }
}

async fn user(outfit: &Outfit, username: &str) -> Result<User, CommandError> {
    let found = user_by_username(&mut *outfit.db.read().await?, username).await?;
    found.ok_or_else(|| Error::NotFound("User").into())
}

async fn workspace(outfit: &Outfit, name: &str) -> Result<Place, CommandError> {
    let found = place(&mut *outfit.db.read().await?, name).await?;
    found.ok_or_else(|| Error::NotFound("Workspace").into())
}

async fn snapshot(outfit: &Outfit, id: i32) -> Result<Snapshot, CommandError> {
    let found = snapshot_of_id(&mut *outfit.db.read().await?, id).await?;
    found.ok_or_else(|| Error::NotFound("Snapshot").into())
}
