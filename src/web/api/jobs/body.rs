//! The body of a report, as bytes of JSON.

use std::collections::BTreeMap;

use rocket::data::{FromData, ToByteUnit};
use rocket::form::{self, DataField, Form, FromForm, Options, ValueField};
use rocket::http::Status;
use rocket::outcome::Outcome;
use rocket::{Data, Request};

use crate::web::responders::Told;

/// JSON bytes. A form's fields are written as the JSON that they stand for.
pub struct Body(pub Vec<u8>);

#[rocket::async_trait]
impl<'r> FromData<'r> for Body {
    type Error = ();

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
            // Nothing at all is an empty object, or a form without fields, which stands for no items.
            return Outcome::Success(Self(if is_form { b"[]".to_vec() } else { b"{}".to_vec() }));
        }
        let refuse = |status: Status, why: String| {
            request.local_cache(|| Told(Some(why)));
            Outcome::Error((status, ()))
        };
        if is_form {
            return match Form::<Fields>::from_data(request, data).await {
                Outcome::Success(form) => Outcome::Success(Self(form.into_inner().into_json())),
                Outcome::Error((Status::PayloadTooLarge, _)) => {
                    refuse(Status::PayloadTooLarge, "The form is too large. Send JSON.".to_owned())
                }
                _ => refuse(Status::BadRequest, "The form could not be read. Send JSON.".to_owned()),
            };
        }
        if essence != "application/json" {
            return refuse(
                Status::UnsupportedMediaType,
                format!("Unsupported media type \"{content_type}\" in request."),
            );
        }
        let limit = request.limits().get("json").unwrap_or(32.mebibytes());
        match data.open(limit).into_bytes().await {
            Ok(body) if body.is_complete() => Outcome::Success(Self(body.into_inner())),
            Ok(_) => refuse(
                Status::PayloadTooLarge,
                format!("The body is too large: {limit} are allowed."),
            ),
            Err(_) => refuse(Status::BadRequest, "The body did not arrive whole.".to_owned()),
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

impl Fields {
    /// `[0]identifier=a&[0]action=b` stands for a list of one object.
    fn into_json(self) -> Vec<u8> {
        let mut items: BTreeMap<u32, BTreeMap<String, String>> = BTreeMap::new();
        for (name, value) in self.0 {
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
}
