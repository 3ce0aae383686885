//! Forms with files: read whole, never without the proof that our own page sent them. Such a form may also come
//! without its files, as any other does.

use rocket::data::{ByteUnit, FromData, ToByteUnit};
use rocket::form::{DataField, Form, FromForm, Options, ValueField};
use rocket::http::Status;
use rocket::outcome::Outcome;
use rocket::{Data, Request};

use super::App;
use super::forgery;
use super::forms::{CSRF_REFUSED, CsrfForm, MOST_FIELDS, refused};
use super::limits;

/// A form's fields, and the files that came with it.
#[derive(Debug, Default)]
pub struct UploadForm {
    pub fields: CsrfForm,
    files: Vec<(String, Vec<u8>)>,
    /// The fields whose file is larger than what is taken of one. Nothing of it is kept.
    too_large: Vec<String>,
}

impl UploadForm {
    /// Whether a field's file was larger than what is taken of one: it was not read, and everything else was.
    pub fn is_too_large(&self, name: &str) -> bool {
        self.too_large.iter().any(|field| field == name)
    }

    /// The content of the file of a field; `None` when none was chosen.
    pub fn file(&self, name: &str) -> Option<&[u8]> {
        let found = self
            .files
            .iter()
            .find(|(field, bytes)| field == name && !bytes.is_empty());
        found.map(|(_, bytes)| bytes.as_slice())
    }
}

/// What a form of several parts holds.
struct Parts {
    fields: Vec<(String, String)>,
    files: Vec<(String, Vec<u8>)>,
    /// The fields whose file had more than is taken of one.
    too_large: Vec<String>,
    /// Something could not be read, or came after the most that is.
    is_broken: bool,
}

#[rocket::async_trait]
impl<'r> FromForm<'r> for Parts {
    type Context = Parts;

    fn init(_: Options) -> Parts {
        Parts {
            too_large: Vec::new(),
            is_broken: false,
            fields: Vec::new(),
            files: Vec::new(),
        }
    }

    fn push_value(parts: &mut Parts, field: ValueField<'r>) {
        parts
            .fields
            .push((field.name.source().to_string(), field.value.to_owned()));
    }

    async fn push_data(parts: &mut Parts, field: DataField<'r, '_>) {
        let name = field.name.source().to_string();
        let limit = field.request.limits().get("file").unwrap_or(1.mebibytes());
        match field.data.open(limit).into_bytes().await {
            Ok(bytes) if bytes.is_complete() => parts.files.push((name, bytes.into_inner())),
            // Whatever follows of it is passed over on the way to the next field.
            Ok(_) => parts.too_large.push(name),
            Err(_) => parts.is_broken = true,
        }
    }

    fn push_error(parts: &mut Parts, _: rocket::form::Error<'r>) {
        parts.is_broken = true;
    }

    fn finalize(parts: Parts) -> rocket::form::Result<'r, Self> {
        Ok(parts)
    }
}

#[rocket::async_trait]
impl<'r> FromData<'r> for UploadForm {
    type Error = ();

    async fn from_data(request: &'r Request<'_>, data: Data<'r>) -> rocket::data::Outcome<'r, Self> {
        if !request.content_type().is_some_and(|kind| kind.is_form_data()) {
            return CsrfForm::from_data(request, data).await.map(|fields| Self {
                fields,
                ..Self::default()
            });
        }
        let Some(app) = request.rocket().state::<App>() else {
            return Outcome::Error((Status::InternalServerError, ()));
        };
        let web = &app.settings.web;
        if forgery::is_suspect(&forgery::sender(request, web), web) {
            return refused(request, Status::Forbidden, CSRF_REFUSED);
        }
        let limit = request.limits().get("data-form").unwrap_or(1.mebibytes());
        // What is cut off looks as if it ended too early: it did when the browser said that there is less.
        let broken = || match is_announced_within(request, limit) {
            true => refused(
                request,
                Status::BadRequest,
                "The form did not arrive whole. Send it again.",
            ),
            false => refused(request, Status::PayloadTooLarge, &too_large(limit)),
        };
        let Outcome::Success(parts) = Form::<Parts>::from_data(request, data).await else {
            return broken();
        };
        let parts = parts.into_inner();
        if parts.fields.len() > MOST_FIELDS {
            return refused(request, Status::PayloadTooLarge, &too_large(limit));
        }
        if parts.is_broken {
            return broken();
        }
        match CsrfForm::proven(request, parts.fields) {
            Ok(fields) => Outcome::Success(Self {
                fields,
                files: parts.files,
                too_large: parts.too_large,
            }),
            Err((status, why)) => refused(request, status, why),
        }
    }
}

/// Whether a body was said to be no larger than that.
fn is_announced_within(request: &Request<'_>, limit: ByteUnit) -> bool {
    let length = request.headers().get_one("Content-Length");
    length
        .and_then(|length| length.parse().ok())
        .is_some_and(|length: u64| length <= limit.as_u64())
}

fn too_large(limit: ByteUnit) -> String {
    let most = limits::in_words(limit);
    format!("The form you sent is larger than {most}, which is the most this site takes. Choose a smaller file.")
}
