//! The body of an event.

use serde_json::value::RawValue;

use crate::core::airlock::{AirlockEvent, EventType, Update};
use crate::core::ids::RepoUrl;
use crate::web::api::fields::{self, Faults, Fields, NoObject, Rule};
use crate::web::api::json::Kind;

/// Ids, names: real ones have a tenth of this.
const NAME: Rule = Rule::FILLED.at_most(250);
/// The most characters that are kept of an update's sentence, and of the names in it. Airlock's users do
/// not see a refusal, so what is long is cut.
const LONGEST_SENTENCE: usize = 2000;
const LONGEST_NAME: usize = 250;
/// The most updates that are kept of one event; the rest is counted.
const MOST_UPDATES: usize = 5000;

/// Reads an event, or tells everything that is wrong with it, in one line.
pub fn read(body: &[u8]) -> Result<AirlockEvent, String> {
    let mut fields = fields::object(body).map_err(|error: NoObject| error.message())?;
    let kind = fields.text("event_type", NAME).map(|name| name.to_uppercase());
    let unknown_type = || {
        let name = kind.as_deref()?;
        EventType::named(name)
            .is_none()
            .then(|| format!("Unknown event type '{name}'"))
    };
    if let Some(unknown) = unknown_type() {
        return Err(unknown);
    }
    let event_type = kind.as_deref().and_then(EventType::named);
    let workspace = fields.text("workspace", NAME);
    let request = fields.text("request", NAME);
    let author = fields.text("request_author", NAME);
    let user = fields.text("user", NAME);
    let (updates, more_updates) = updates(&mut fields);
    let repo = repo(&mut fields);
    fields.end().map_err(in_one_line)?;
    let (Some(event_type), Some(workspace), Some(request), Some(author), Some(user)) =
        (event_type, workspace, request, author, user)
    else {
        return Err("Something is missing.".to_owned());
    };
    Ok(AirlockEvent {
        event_type,
        workspace,
        request,
        author,
        user,
        updates,
        more_updates,
        repo,
    })
}

fn in_one_line(faults: Faults) -> String {
    let lines: Vec<String> = faults
        .into_iter()
        .map(|(name, messages)| format!("{name}: {}", messages.join(" ")))
        .collect();
    lines.join("; ")
}

fn given(raw: Option<&RawValue>) -> Option<&RawValue> {
    raw.filter(|raw| Kind::of(raw) != Kind::Null)
}

/// Where the issue goes: `repo` counts only with `org`.
fn repo(fields: &mut Fields<'_>) -> Option<RepoUrl> {
    given(fields.raw("org"))?;
    let org = fields.text("org", NAME)?;
    let repo = fields.text("repo", NAME)?;
    let found = RepoUrl::from_parts(&org, &repo);
    if found.is_err() {
        fields.fault("repo", format!("'{org}/{repo}' is no repository at GitHub."));
    }
    found.ok()
}

/// The updates that are kept, and how many there are besides.
fn updates(fields: &mut Fields<'_>) -> (Vec<Update>, usize) {
    let Some(raw) = given(fields.raw("updates")) else {
        return (Vec::new(), 0);
    };
    let items: Option<Vec<&RawValue>> = match Kind::of(raw) {
        Kind::List => serde_json::from_str(raw.get()).ok(),
        _ => None,
    };
    let Some(items) = items else {
        let kind = Kind::of(raw).name();
        fields.fault("updates", format!("Expected a list of items but got type \"{kind}\"."));
        return (Vec::new(), 0);
    };
    let more = items.len().saturating_sub(MOST_UPDATES);
    let mut updates = Vec::with_capacity(items.len() - more);
    for (place, item) in items.into_iter().take(MOST_UPDATES).enumerate() {
        match update(item) {
            Ok(update) => updates.push(update),
            Err(why) => fields.fault("updates", format!("[{place}] {why}")),
        }
    }
    (updates, more)
}

fn update(item: &RawValue) -> Result<Update, String> {
    let mut fields = fields::object(item.get().as_bytes()).map_err(|error| error.message())?;
    // Both names are in use; the longer one is preferred.
    let name = match given(fields.raw("update_type")) {
        Some(_) => "update_type",
        None => "update",
    };
    let update = fields.text(name, Rule::FILLED).unwrap_or_default();
    let update = cut(update, LONGEST_SENTENCE);
    let group = optional(&mut fields, "group");
    let user = optional(&mut fields, "user");
    fields.end().map_err(in_one_line)?;
    Ok(Update { update, group, user })
}

fn optional(fields: &mut Fields<'_>, name: &'static str) -> Option<String> {
    given(fields.raw(name))?;
    fields
        .text(name, Rule::ANY)
        .map(|text| cut(text, LONGEST_NAME))
        .filter(|text| !text.is_empty())
}

fn cut(text: String, longest: usize) -> String {
    match text.char_indices().nth(longest) {
        None => text,
        Some(_) => text.chars().take(longest - 1).chain(['…']).collect(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn with(change: fn(&mut Value)) -> Result<AirlockEvent, String> {
        let mut event = json!({
            "event_type": "request_submitted", "workspace": "ws", "request": "01J", "request_author": "ada",
            "user": "olga", "updates": null, "org": null, "repo": null
        });
        change(&mut event);
        read(event.to_string().as_bytes())
    }

    #[test]
    fn an_event_is_read() {
        let event = with(|event| {
            event["event_type"] = json!("Request_PARTIALLY_reviewed");
            event["updates"] = json!([
                {"update": "file added"},
                {"update": "old", "update_type": "new", "group": "tables", "user": "olga"},
                {"update": "file added", "update_type": null, "group": null, "user": ""},
            ]);
            event["org"] = json!("my-org");
            event["repo"] = json!("outputs");
            event["unheard_of"] = json!([1]);
        })
        .unwrap();
        assert_eq!(event.event_type, EventType::PartiallyReviewed);
        assert_eq!(event.repo.unwrap().to_string(), "https://github.com/my-org/outputs");
        let texts: Vec<_> = event
            .updates
            .iter()
            .map(|update| (update.update.as_str(), update.group.as_deref(), update.user.as_deref()))
            .collect();
        assert_eq!(
            texts,
            [
                ("file added", None, None),
                ("new", Some("tables"), Some("olga")),
                ("file added", None, None)
            ]
        );
    }

    #[test]
    fn a_repository_without_its_owner_is_not_looked_at() {
        let event = with(|event| event["repo"] = json!("outputs")).unwrap();
        assert_eq!(event.repo, None);
    }

    #[test]
    fn what_is_long_is_cut_and_what_is_much_counted() {
        let event = with(|event| {
            let long = json!({"update": "é".repeat(2001), "group": "g".repeat(251), "user": "u".repeat(250)});
            event["updates"] = Value::from(vec![long; 5003]);
        })
        .unwrap();
        assert_eq!((event.updates.len(), event.more_updates), (5000, 3));
        let update = &event.updates[0];
        assert_eq!(update.update, "é".repeat(1999) + "…");
        assert_eq!(update.group, Some("g".repeat(249) + "…"));
        assert_eq!(update.user, Some("u".repeat(250)));
        let event = with(|event| event["updates"] = json!([{"update": "é".repeat(2000)}])).unwrap();
        assert_eq!((event.updates[0].update.chars().count(), event.more_updates), (2000, 0));
        assert!(event.updates[0].update.ends_with('é'));
    }

    #[test]
    fn what_is_wrong_is_told_in_one_line() {
        type Case = (fn(&mut Value), &'static str);
        let cases: &[Case] = &[
            (|e| e["event_type"] = json!("nope"), "Unknown event type 'NOPE'"),
            (|e| e["event_type"] = json!(7), "Unknown event type '7'"),
            (
                |e| e["event_type"] = json!(null),
                "event_type: This field may not be null.",
            ),
            (|e| e["event_type"] = json!(["x"]), "event_type: Not a valid string."),
            (
                |e| {
                    e.as_object_mut().unwrap().remove("event_type");
                    e["user"] = json!(" ");
                },
                "event_type: This field is required.; user: This field may not be blank.",
            ),
            (
                |e| e["workspace"] = json!("a\u{0}b"),
                "workspace: Null characters are not allowed.",
            ),
            (
                |e| e["updates"] = json!("x"),
                "updates: Expected a list of items but got type \"str\".",
            ),
            (
                |e| e["updates"] = json!([{"update": "fine"}, {}, 5]),
                "updates: [1] update: This field is required. \
                 [2] Invalid data. Expected a dictionary, but got int.",
            ),
            (|e| e["org"] = json!("o"), "repo: This field may not be null."),
            (
                |e| {
                    e["org"] = json!("o/x");
                    e["repo"] = json!("r");
                },
                "repo: 'o/x/r' is no repository at GitHub.",
            ),
            (
                |e| e["request"] = json!("r".repeat(251)),
                "request: Ensure this field has no more than 250 characters.",
            ),
        ];
        for (change, message) in cases {
            assert_eq!(with(*change).unwrap_err(), *message);
        }
        for (body, message) in [
            ("[]", "Invalid data. Expected a dictionary, but got list."),
            ("null", "No data provided"),
            ("5", "Invalid data. Expected a dictionary, but got int."),
        ] {
            assert_eq!(read(body.as_bytes()).unwrap_err(), message);
        }
        assert!(read(b"{").unwrap_err().starts_with("JSON parse error - "));
        assert!(read(br#"{"event_type":"\ud800"}"#).unwrap_err().contains("U+D800"));
    }
}
