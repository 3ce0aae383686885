//! `POST releases/release/<release>`: the content of one announced file.

use bytes::BytesMut;
use rocket::data::{ByteUnit, DataStream};
use rocket::http::Status;
use rocket::{Data, Request, post};
use sha2::{Digest as _, Sha256};
use tokio::io::{AsyncRead, AsyncSeekExt as _, AsyncWriteExt as _};

use super::named::readings;
use crate::core::access::{Can, UploadReleases};
use crate::core::error::Error;
use crate::core::jobs::backends::KnownBackend;
use crate::core::releases::actions::{
    Refused, Uploaded, begin_upload, files_without_header, is_announced_empty, name_of_content,
};
use crate::core::releases::store::release as find_release;
use crate::core::releases::{Release, names};
use crate::web::App;
use crate::web::api::answer::Answer;
use crate::web::api::csrf::NotForged;
use crate::web::api::negotiation::AsksForJson;
use crate::web::api::openapi::Detail;
use crate::web::api::pagination::origin;
use crate::web::database::Database;
use crate::web::guards::Uploader;
use crate::web::limits::{self, STALLED};
use crate::web::responders::{Failure, Outcome};

/// How much is read at once.
const CHUNK: usize = 256 * 1024;
/// With less room than that a new piece of memory is taken.
const LEAST: usize = 32 * 1024;

/// Why an upload ended without a file.
enum Ended {
    Refused(Refused),
    /// The connection ended before the body did, or nothing came any more.
    Cut,
    Failed(Error),
}

impl From<Error> for Ended {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

impl From<Refused> for Ended {
    fn from(refused: Refused) -> Self {
        Self::Refused(refused)
    }
}

/// Upload a file
///
/// The body is the content. Its name, folders and all, is the `filename` of `Content-Disposition`.
#[utoipa::path(
    tag = "Releases",
    path = "/api/v2/releases/release/{release}",
    params(
        ("release" = String, Path, description = "Id of the release"),
        ("OS-User" = String, Header, description = "Username of whoever releases"),
        ("Content-Disposition" = String, Header, description = "`attachment; filename=\"output/a.txt\"`"),
    ),
    security(("backend_token" = [])),
    request_body(content = Vec<u8>, description = "The content.", content_type = "application/octet-stream"),
    responses(
        (status = 201, description = "It is kept; the headers `File-Id` and `Location` say where."),
        (status = 400, body = Detail, description = "It was not announced, arrived before, or is not what was announced.",
         example = json!({"detail": "File output/b.txt not requested in release 01JDB8Q5ZCY5V0Q7M1M9N0A1B2"})),
        (status = 403, body = Detail, description = "No token, or nobody who may release from this backend.",
         example = json!({"detail": "Authentication credentials were not provided."})),
        (status = 404, body = Detail, description = "No such release.",
         example = json!({"detail": "No Release matches the given query."})),
    )
)]
#[post("/api/v2/releases/release/<release>", data = "<data>")]
pub async fn upload(
    _json: AsksForJson,
    _session: NotForged,
    release: &str,
    uploader: Uploader<'_>,
    app: &rocket::State<App>,
    db: &Database,
    data: Data<'_>,
) -> Outcome<Answer> {
    let (release, backend, can) = match let_in(&uploader, db, release).await {
        Ok(proven) => proven,
        Err(refused) => {
            limits::unwanted(data).await;
            return Err(refused);
        }
    };
    let asked = Asked {
        request: uploader.request(),
        app,
        db,
        release: &release,
        backend: &backend,
        can: &can,
        limit: app.settings.releases.file_size_limit,
    };
    match asked.answer(data).await {
        Ok(uploaded) => {
            let origin = origin(uploader.request(), Some(app));
            let location = format!("{origin}{}", super::files::file_url(&uploaded.file_id));
            Ok(Answer::empty(Status::Created)
                .with("File-Id", uploaded.file_id)
                .with("Location", location))
        }
        Err(Ended::Refused(refused)) => Ok(Answer::detail(Status::BadRequest, &refused.sentence())),
        Err(Ended::Cut) => Ok(Answer::detail(Status::BadRequest, "The file did not arrive whole.")),
        Err(Ended::Failed(error)) => Err(error.into()),
    }
}

/// What a content is uploaded to, and the proof that whoever sends it may.
async fn let_in(
    uploader: &Uploader<'_>,
    db: &Database,
    release: &str,
) -> Outcome<(Release, KnownBackend, Can<UploadReleases>)> {
    let release = find_release(&mut *db.read().await?, release)
        .await?
        .ok_or(Failure::not_found("Release"))?;
    let (backend, can) = uploader.of_project(release.project_id).await?;
    Ok((release, backend, can))
}

/// An upload whose sender was let in.
struct Asked<'a> {
    request: &'a Request<'a>,
    app: &'a App,
    db: &'a Database,
    release: &'a Release,
    backend: &'a KnownBackend,
    can: &'a Can<UploadReleases>,
    /// In bytes.
    limit: u64,
}

impl Asked<'_> {
    async fn answer(&self, mut data: Data<'_>) -> Result<Uploaded, Ended> {
        let length = self.request.headers().get_one("Content-Length");
        let is_too_large = length
            .and_then(|length| length.parse::<u64>().ok())
            .is_some_and(|length| length > self.limit);
        let is_empty = data.peek(1).await.is_empty();
        // Whoever sends more than is taken is read on for a while, so that it reads our answer.
        let mut stream = data.open(ByteUnit::from(self.limit.saturating_mul(4).saturating_add(1)));
        let result = if is_too_large {
            Err(Refused::TooLarge { limit: self.limit }.into())
        } else {
            self.named(&mut stream, is_empty).await
        };
        if matches!(result, Err(Ended::Refused(_))) {
            limits::read_on(&mut stream).await;
        }
        result
    }

    async fn named(&self, stream: &mut DataStream<'_>, is_empty: bool) -> Result<Uploaded, Ended> {
        let header = self.request.headers().get_one("Content-Disposition");
        let names = header.map(readings).unwrap_or_default();
        if header.is_none() {
            // The server that we are built on drops headers that are not UTF-8.
            return self.by_content(stream, is_empty).await;
        }
        if is_empty && !is_announced_empty(self.db, self.release, &names).await? {
            return Err(Refused::NoData.into());
        }
        if names.is_empty() {
            return Err(Refused::NoName.into());
        }
        self.keep(stream, &names).await
    }

    /// Keeps what is read as the file of one of these names.
    async fn keep(&self, content: &mut (impl AsyncRead + Unpin), names: &[String]) -> Result<Uploaded, Ended> {
        let files = self.app.files.clone();
        let mut upload = begin_upload(self.db, files, self.backend, self.release, names, self.limit).await??;
        let mut chunk = BytesMut::new();
        loop {
            // What is split off keeps all of its room, so a small piece must not take a whole new one.
            if chunk.capacity() - chunk.len() < LEAST {
                chunk.reserve(CHUNK);
            }
            match limits::read_some(content, &mut chunk, STALLED).await {
                Ok(0) => break,
                Ok(_) => {
                    if let Err(refused) = upload.write(chunk.split().freeze()).await? {
                        upload.discard().await;
                        return Err(refused.into());
                    }
                }
                Err(_) => {
                    upload.discard().await;
                    return Err(Ended::Cut);
                }
            }
        }
        let channel = &self.app.settings.slack.channels.releases;
        Ok(upload.finish(self.db, self.can, self.release, channel).await??)
    }

    /// Keeps what is read as an announced file with this content whose name no header could carry.
    async fn by_content(&self, stream: &mut DataStream<'_>, is_empty: bool) -> Result<Uploaded, Ended> {
        let files = files_without_header(self.db, self.release).await?;
        if is_empty && !files.iter().any(|file| file.size == 0) {
            return Err(Refused::NoData.into());
        }
        if files.is_empty() {
            return Err(Refused::NoName.into());
        }
        let unwritable = |error: std::io::Error| Error::Unavailable(format!("no room for an upload: {error}"));
        let file = tempfile::tempfile().map_err(unwritable)?;
        let mut spool = tokio::fs::File::from_std(file);
        let (mut hasher, mut size, mut chunk) = (Sha256::new(), 0_u64, BytesMut::new());
        loop {
            chunk.reserve(CHUNK);
            match limits::read_some(stream, &mut chunk, STALLED).await {
                Ok(0) => break,
                Ok(read) => size += read as u64,
                Err(_) => return Err(Ended::Cut),
            }
            if size > self.limit {
                return Err(Refused::TooLarge { limit: self.limit }.into());
            }
            hasher.update(&chunk);
            spool.write_all(&chunk).await.map_err(unwritable)?;
            chunk.clear();
        }
        let sha256 = names::hex(&hasher.finalize());
        let name = name_of_content(&files, &sha256, self.backend, self.release)?;
        spool.rewind().await.map_err(unwritable)?;
        self.keep(&mut spool, &[name]).await
    }
}
