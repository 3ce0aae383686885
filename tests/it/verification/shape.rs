//! Comparing answers by their keys and types.

use serde_json::Value;

/// What of the fake's answer is not in the real one, or is of another type there. A null of the fake may
/// be anything; of a list every element of the fake is compared with the first real one.
pub fn differences(place: &str, fake: &Value, real: &Value) -> Vec<String> {
    match (fake, real) {
        (Value::Null, _) => Vec::new(),
        (Value::Object(fake), Value::Object(real)) => fake
            .iter()
            .flat_map(|(key, value)| {
                let place = format!("{place}.{key}");
                match real.get(key) {
                    Some(real) => differences(&place, value, real),
                    None => vec![format!("{place}: the real answer has no such key")],
                }
            })
            .collect(),
        (Value::Array(fake), Value::Array(real)) => match real.first() {
            Some(first) => fake
                .iter()
                .flat_map(|value| differences(&format!("{place}[]"), value, first))
                .collect(),
            None => Vec::new(),
        },
        (fake, real) if kind(fake) == kind(real) => Vec::new(),
        (fake, real) => vec![format!(
            "{place}: {} of the fake is {} in the real answer",
            kind(fake),
            kind(real)
        )],
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a flag",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

#[test]
fn what_the_fake_has_and_the_real_answer_has_not_is_found() {
    use serde_json::json;
    let real = json!({ "id": 1, "name": "x", "closed": null, "user": { "login": "a" }, "labels": [{ "name": "b" }] });
    let alike = |fake: Value| differences("answer", &fake, &real);
    assert!(alike(json!({ "id": 7, "user": { "login": "b" }, "closed": null, "labels": [] })).is_empty());
    assert!(alike(json!({ "name": null, "labels": [{ "name": "c" }, { "name": "d" }] })).is_empty());
    assert_eq!(
        alike(json!({ "url": "x" })),
        ["answer.url: the real answer has no such key"]
    );
    assert_eq!(
        alike(json!({ "id": "1", "closed": "now", "user": { "login": 1 }, "labels": [{ "colour": "red" }] })),
        [
            "answer.closed: a text of the fake is null in the real answer",
            "answer.id: a text of the fake is a number in the real answer",
            "answer.labels[].colour: the real answer has no such key",
            "answer.user.login: a number of the fake is a text in the real answer",
        ]
    );
    assert_eq!(
        alike(json!([])),
        ["answer: a list of the fake is an object in the real answer"]
    );
}
