//! The body of a request: JSON, or a form whose fields stand for it.

use std::collections::BTreeMap;
use std::time::Duration;

use rocket::data::{FromData, ToByteUnit};
use rocket::form::{self, DataField, Form, FromForm, Options, ValueField};
use rocket::http::Status;
use rocket::outcome::Outcome;
use rocket::{Data, Request};
use serde_json::Value;
use tokio::time::timeout;

use crate::web::limits::{self, NotTaken};
use crate::web::responders::Told;

/// How long a form may take to arrive; no program of those that we know sends any.
const FORM_PATIENCE: Duration = Duration::from_secs(60);

/// A body as it came. Nothing at all is an empty object.
#[derive(Debug)]
pub enum Body {
    Json(Vec<u8>),
    /// A form's fields, by name and value.
    Form(Vec<(String, String)>),
}

/// Why a body was not read, in a sentence. A handler that takes a `Result` tells it itself; otherwise it
/// is the detail of an answer 400, 413 or 415.
#[derive(Debug)]
pub struct Unread {
    pub status: Status,
    pub why: String,
}

#[rocket::async_trait]
impl<'r> FromData<'r> for Body {
    type Error = Unread;

    async fn from_data(request: &'r Request<'_>, mut data: Data<'r>) -> rocket::data::Outcome<'r, Self> {
        let content_type = request.headers().get_one("Content-Type").unwrap_or_default();
        let essence = content_type
            .split(';')
            .next()
            .unwrap_or_default()
            .trim()
            .to_ascii_lowercase();
        let is_form = matches!(
            essence.as_str(),
            "application/x-www-form-urlencoded" | "multipart/form-data"
        );
        if data.peek(1).await.is_empty() {
            return Outcome::Success(match is_form {
                true => Self::Form(Vec::new()),
                false => Self::Json(b"{}".to_vec()),
            });
        }
        let refuse = |status: Status, why: String| {
            request.local_cache(|| Told(Some(why.clone())));
            Outcome::Error((status, Unread { status, why }))
        };
        if is_form {
            // Rocket reads it, and would wait for ever.
            let Ok(form) = timeout(FORM_PATIENCE, Form::<Fields>::from_data(request, data)).await else {
                return refuse(Status::BadRequest, "The body did not arrive whole.".to_owned());
            };
            return match form {
                Outcome::Success(form) => Outcome::Success(Self::Form(form.into_inner().0)),
                Outcome::Error((Status::PayloadTooLarge, _)) => {
                    refuse(Status::PayloadTooLarge, "The form is too large. Send JSON.".to_owned())
                }
                _ => refuse(Status::BadRequest, "The form could not be read. Send JSON.".to_owned()),
            };
        }
        if essence != "application/json" {
            limits::unwanted(data).await;
            return refuse(
                Status::UnsupportedMediaType,
                format!("Unsupported media type \"{content_type}\" in request."),
            );
        }
        let limit = request.limits().get("json").unwrap_or(32.mebibytes());
        match limits::whole(data, limit).await {
            Ok(body) => Outcome::Success(Self::Json(body)),
            Err(NotTaken::TooLarge) => refuse(
                Status::PayloadTooLarge,
                format!("The body is too large: {limit} are allowed."),
            ),
            Err(NotTaken::Broken) => refuse(Status::BadRequest, "The body did not arrive whole.".to_owned()),
        }
    }
}

/// A form's fields as sent.
struct Fields(Vec<(String, String)>);

#[rocket::async_trait]
impl<'r> FromForm<'r> for Fields {
    type Context = Vec<(String, String)>;

    fn init(_: Options) -> Self::Context {
        Vec::new()
    }

    fn push_value(fields: &mut Self::Context, field: ValueField<'r>) {
        fields.push((field.name.source().to_string(), field.value.to_owned()));
    }

    async fn push_data(_: &mut Self::Context, _: DataField<'r, '_>) {
        // A file stands for no field of a job.
    }

    fn finalize(fields: Self::Context) -> form::Result<'r, Self> {
        Ok(Self(fields))
    }
}

impl Body {
    /// Reads the body of a request whose handler looks at other things first.
    ///
    /// # Errors
    /// [`Unread`].
    pub async fn read<'r>(request: &'r Request<'_>, data: Data<'r>) -> Result<Self, Unread> {
        match Self::from_data(request, data).await {
            Outcome::Success(body) => Ok(body),
            Outcome::Error((_, unread)) => Err(unread),
            Outcome::Forward((_, status)) => Err(Unread {
                status,
                why: "The body could not be read.".to_owned(),
            }),
        }
    }

    /// JSON for an endpoint that takes a list. In a form, `[0]identifier=a&[0]action=b` stands for a list of
    /// one object.
    pub fn into_list(self) -> Vec<u8> {
        let fields = match self {
            Self::Json(body) => return body,
            Self::Form(fields) => fields,
        };
        let mut items: BTreeMap<u32, BTreeMap<String, String>> = BTreeMap::new();
        for (name, value) in fields {
            let place = name
                .strip_prefix('[')
                .and_then(|rest| rest.split_once(']'))
                .and_then(|(place, key)| Some((place.parse().ok()?, key)));
            if let Some((place, key)) = place {
                let key = key.trim_start_matches('.').to_owned();
                items.entry(place).or_default().insert(key, value);
            }
        }
        let items: Vec<_> = items.into_values().collect();
        serde_json::to_vec(&items).unwrap_or_default()
    }

    /// JSON for an endpoint that takes an object, in which the fields of these names are lists. In a form,
    /// a list is its field several times; of several others of one name the last counts.
    pub fn into_object(self, lists: &[&str]) -> Vec<u8> {
        let fields = match self {
            Self::Json(body) => return body,
            Self::Form(fields) => fields,
        };
        let mut object = serde_json::Map::new();
        for (name, value) in fields {
            let value = Value::from(value);
            match object.get_mut(&name) {
                Some(Value::Array(items)) => items.push(value),
                _ if lists.contains(&name.as_str()) => {
                    object.insert(name, Value::Array(vec![value]));
                }
                _ => {
                    object.insert(name, value);
                }
            }
        }
        Value::Object(object).to_string().into_bytes()
    }
}
