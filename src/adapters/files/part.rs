//! A content that is being written: small ones in one go, others part by part. One part is written while the next
//! arrives, and in a folder what is written goes to the disk meanwhile.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use object_store::path::Path as Key;
use object_store::{MultipartUpload, ObjectStore, ObjectStoreExt as _, PutPayload};
use tokio::task::JoinHandle;

use super::{not_written, staging};
use crate::core::ports::{FileStoreError, Incoming};

/// So much of a content in a folder is brought to the disk at once, before its end: object_store syncs at the end
/// alone, and whoever uploads would wait for all of it then.
const EARLY: usize = 4 * 1024 * 1024;

pub(super) struct Part {
    store: Arc<dyn ObjectStore>,
    key: Key,
    /// At most `part` bytes.
    gathered: Vec<Bytes>,
    length: usize,
    part: usize,
    upload: Option<Box<dyn MultipartUpload>>,
    writing: Option<JoinHandle<object_store::Result<()>>>,
    early: Option<Early>,
}

impl Part {
    /// `place` is where the content will be when it is a file.
    pub fn new(store: Arc<dyn ObjectStore>, key: Key, part: usize, place: Option<PathBuf>) -> Self {
        Self {
            store,
            key,
            gathered: Vec::new(),
            length: 0,
            part,
            upload: None,
            writing: None,
            early: place.map(Early::new),
        }
    }

    fn gather(&mut self, bytes: Bytes) {
        self.length += bytes.len();
        if !bytes.is_empty() {
            self.gathered.push(bytes);
        }
    }

    fn payload(&mut self) -> PutPayload {
        self.length = 0;
        std::mem::take(&mut self.gathered).into_iter().collect()
    }

    /// Waits until nothing is being written, and hands on what was gathered.
    async fn hand_on(&mut self) -> Result<(), FileStoreError> {
        self.written().await?;
        let length = self.length;
        let payload = self.payload();
        let upload = match &mut self.upload {
            Some(upload) => upload,
            none => none.insert(self.store.put_multipart(&self.key).await.map_err(not_written)?),
        };
        self.writing = Some(tokio::spawn(upload.put_part(payload)));
        if let Some(early) = &mut self.early {
            early.written(length);
        }
        Ok(())
    }

    async fn written(&mut self) -> Result<(), FileStoreError> {
        match self.writing.take() {
            Some(writing) => match writing.await {
                Ok(written) => written.map_err(not_written),
                Err(error) => Err(FileStoreError::Unavailable(error.to_string())),
            },
            None => Ok(()),
        }
    }
}

#[async_trait]
impl Incoming for Part {
    async fn write(&mut self, mut bytes: Bytes) -> Result<(), FileStoreError> {
        // Parts of one size, as some services want it; a content that is one part is not a part.
        while self.length + bytes.len() > self.part {
            let fitting = bytes.split_to(self.part - self.length);
            self.gather(fitting);
            self.hand_on().await?;
        }
        self.gather(bytes);
        Ok(())
    }

    async fn finish(mut self: Box<Self>) -> Result<(), FileStoreError> {
        if self.upload.is_none() {
            let whole = self.payload();
            return self.store.put(&self.key, whole).await.map(drop).map_err(not_written);
        }
        let done = async {
            if self.length > 0 {
                self.hand_on().await?;
            }
            self.written().await?;
            match &mut self.upload {
                Some(upload) => upload.complete().await.map(drop).map_err(not_written),
                None => Ok(()),
            }
        }
        .await;
        if done.is_ok() {
            self.upload = None;
            return Ok(());
        }
        self.discard().await;
        done
    }

    async fn discard(mut self: Box<Self>) {
        if let Some(upload) = self.upload.take() {
            give_up(upload, self.writing.take()).await;
        }
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        // A request that ends in the middle: nobody awaits anything for it any more.
        if let (Some(upload), Ok(runtime)) = (self.upload.take(), tokio::runtime::Handle::try_current()) {
            runtime.spawn(give_up(upload, self.writing.take()));
        }
    }
}

async fn give_up(mut upload: Box<dyn MultipartUpload>, writing: Option<JoinHandle<object_store::Result<()>>>) {
    // A part that is still on its way would outlive its upload.
    if let Some(writing) = writing {
        let _ = writing.await;
    }
    if let Err(error) = upload.abort().await {
        tracing::warn!(%error, "an upload that was broken off left something in the storage");
    }
}

/// Brings to the disk what is written of a file that is not finished. Whatever goes wrong here goes wrong at the end
/// too, where it is told.
struct Early {
    place: PathBuf,
    waiting: usize,
    syncing: Option<JoinHandle<()>>,
}

impl Early {
    fn new(place: PathBuf) -> Self {
        Self {
            place,
            waiting: 0,
            syncing: None,
        }
    }

    fn written(&mut self, length: usize) {
        self.waiting += length;
        let is_free = self.syncing.as_ref().is_none_or(JoinHandle::is_finished);
        if self.waiting >= EARLY && is_free {
            self.waiting = 0;
            let place = self.place.clone();
            self.syncing = Some(tokio::task::spawn_blocking(move || sync(&place)));
        }
    }
}

/// The file of another upload of the same content, if there is one, does not mind.
fn sync(place: &Path) {
    for staged in staging::of(place) {
        match File::open(staged) {
            Ok(file) => drop(file.sync_data()),
            Err(_) => return,
        }
    }
}
