//! Reading reports: what is taken, what is refused and in which words, and that both ways agree.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::refusal::Refusal;
use super::{checked, read, usual};

fn item() -> Value {
    json!({
        "job_request_id": "abcdefgh12345678", "identifier": "job1", "action": "generate", "run_command": "python:latest",
        "status": "running", "status_code": "executing", "status_message": "Running", "created_at": "2024-08-21T10:00:00Z",
        "updated_at": "2024-08-21T10:00:00Z", "started_at": null, "completed_at": null,
        "trace_context": {"traceparent": "00-1"}, "metrics": {}, "requires_db": true
    })
}

fn with(name: &str, raw: &str) -> String {
    let mut item = item();
    item[name] = json!("@@");
    json!([item]).to_string().replace("\"@@\"", raw)
}

/// The refusal's body.
fn refused(body: &str) -> String {
    match read(body.as_bytes()) {
        Ok(report) => panic!("taken: {report:?}"),
        Err(Refusal::Items(items)) => serde_json::to_string(&items).unwrap(),
        Err(other) => format!("{other:?}"),
    }
}

#[test]
fn what_runners_send_is_read_straight() {
    let body = json!([item(), item()]).to_string();
    let report = usual::read(body.as_bytes()).expect("usual");
    assert_eq!(report.len(), 2);
    assert_eq!(report[0].action, "generate");
    assert_eq!(
        format!("{report:?}"),
        format!("{:?}", checked::read(body.as_bytes()).unwrap())
    );
}

#[test]
fn an_empty_item_lists_everything_that_is_required() {
    let required = r#"["This field is required."]"#;
    let expected: Vec<String> = [
        "job_request_id",
        "identifier",
        "action",
        "run_command",
        "status",
        "status_code",
        "status_message",
        "created_at",
        "updated_at",
        "started_at",
        "completed_at",
    ]
    .iter()
    .map(|name| format!("\"{name}\":{required}"))
    .collect();
    assert_eq!(refused("[{}]"), format!("[{{{}}}]", expected.join(",")));
}

#[test]
fn items_are_told_apart() {
    let good = item().to_string();
    assert_eq!(
        refused(&format!("[{good},1,null,\"a\",[],true,1.5,{good}]")),
        concat!(
            r#"[{},{"non_field_errors":["Invalid data. Expected a dictionary, but got int."]},"#,
            r#"["This field may not be null."],"#,
            r#"{"non_field_errors":["Invalid data. Expected a dictionary, but got str."]},"#,
            r#"{"non_field_errors":["Invalid data. Expected a dictionary, but got list."]},"#,
            r#"{"non_field_errors":["Invalid data. Expected a dictionary, but got bool."]},"#,
            r#"{"non_field_errors":["Invalid data. Expected a dictionary, but got float."]},{}]"#
        )
    );
}

#[test]
fn a_list_of_values_is_no_item() {
    let listed = r#"[["request","job","a",null,"running","","","2024-08-21T10:00:00Z",null,null,null,null,null]]"#;
    assert_eq!(
        refused(listed),
        r#"[{"non_field_errors":["Invalid data. Expected a dictionary, but got list."]}]"#
    );
}

#[test]
fn every_fault_has_its_message() {
    let format =
        "Datetime has wrong format. Use one of these formats instead: YYYY-MM-DDThh:mm[:ss[.uuuuuu]][+HH:MM|-HH:MM|Z].";
    let long = format!("\"{}\"", "x".repeat(501));
    for (name, raw, message) in [
        ("job_request_id", "null", "This field may not be null."),
        ("job_request_id", "\" \"", "This field may not be blank."),
        ("identifier", "\"\"", "This field may not be blank."),
        ("identifier", "true", "Not a valid string."),
        (
            "identifier",
            &long,
            "Ensure this field has no more than 500 characters.",
        ),
        ("action", "[]", "Not a valid string."),
        ("action", "null", "This field may not be null."),
        ("action", &long, "Ensure this field has no more than 500 characters."),
        ("run_command", "{}", "Not a valid string."),
        ("status", "\"\\u001c\"", "This field may not be blank."),
        ("status", r#""a\u0000b""#, "Null characters are not allowed."),
        ("status_code", "null", "This field may not be null."),
        (
            "status_message",
            r#""\ud800""#,
            "Surrogate characters are not allowed: U+D800.",
        ),
        ("created_at", "null", "This field may not be null."),
        ("created_at", "1724234400", format),
        ("created_at", "\"\"", format),
        ("updated_at", "\"\"", format),
        ("started_at", "\" 2024-08-21T10:00:00Z\"", format),
        ("completed_at", "false", format),
        ("metrics", r#"{"a":"\u0000"}"#, "Null characters are not allowed."),
        (
            "trace_context",
            r#"["\udc00"]"#,
            "Surrogate characters are not allowed: U+DC00.",
        ),
    ] {
        let expected = json!([{ name: [message] }]).to_string();
        assert_eq!(refused(&with(name, raw)), expected, "{name}: {raw}");
    }
    assert_eq!(
        refused(&with("status", r#""a\u0000\udfff""#)),
        r#"[{"status":["Null characters are not allowed.","Surrogate characters are not allowed: U+DFFF."]}]"#
    );
}

#[test]
fn values_are_made_to_fit() {
    let first = |name: &str, raw: &str| read(with(name, raw).as_bytes()).unwrap().remove(0);
    assert_eq!(first("identifier", "\"  a \\u00a0\"").identifier, "a");
    assert_eq!(first("identifier", "12").identifier, "12");
    assert_eq!(first("action", "1.50").action, "1.5");
    assert_eq!(first("action", "\"  \"").action, "");
    assert_eq!(first("run_command", "null").run_command, "");
    assert_eq!(first("status_message", "\"العربية 😀\"").status_message, "العربية 😀");
    assert_eq!(
        first("status_message", &format!("\"{}\"", "x".repeat(100_000)))
            .status_message
            .len(),
        100_000
    );
    assert_eq!(
        first("created_at", "\"2024-08-21\"").created_at.unix_timestamp(),
        1_724_198_400
    );
}

#[test]
fn what_is_no_list_of_json_is_refused() {
    for body in [
        "",
        "[",
        "[{}",
        "[NaN]",
        "[Infinity]",
        "nonsense",
        "[{}] x",
        "\u{feff}[]",
        "[\"\u{1}\"]",
    ] {
        assert!(matches!(read(body.as_bytes()), Err(Refusal::Syntax(_))), "{body}");
    }
    assert!(matches!(read(b"[\"\xff\"]"), Err(Refusal::Syntax(_))));
    for body in ["{}", "1", "1.5", "\"a\"", "true", "null"] {
        assert!(matches!(read(body.as_bytes()), Err(Refusal::NotAList(_))), "{body}");
    }
    assert!(read(b" [] ").unwrap().is_empty());
    // Depth alone is no fault where nothing is kept, and never a crash.
    let deep = "[".repeat(200_000) + &"]".repeat(200_000);
    assert!(read(with("unknown", &deep).as_bytes()).is_ok());
    assert!(matches!(
        read(with("metrics", &deep).as_bytes()),
        Err(Refusal::Items(_))
    ));
    assert!(read(deep.as_bytes()).is_err());
}

/// Raw JSON for one member, often usual, often not.
fn value() -> impl Strategy<Value = String> {
    prop_oneof![
        6 => Just("\"text\"".to_owned()),
        4 => Just("\"2024-08-21T10:00:00Z\"".to_owned()),
        2 => Just("null".to_owned()),
        1 => Just("\"2024-08-21 10:00\"".to_owned()),
        1 => Just("\" a \"".to_owned()),
        1 => Just("\"\"".to_owned()),
        1 => Just("\"\\u0000\"".to_owned()),
        1 => Just("\"\\ud800\"".to_owned()),
        1 => Just("\"a\\\\b\\n\\u00e9\"".to_owned()),
        1 => any::<i64>().prop_map(|number| number.to_string()),
        1 => Just("1e400".to_owned()),
        1 => Just("{\"a\": [1, {\"b\": null}]}".to_owned()),
        1 => Just("true".to_owned()),
        1 => ".{0,12}".prop_map(|text| Value::from(text).to_string()),
        1 => "[0-9T:Z. -]{8,27}".prop_map(|text| Value::from(text).to_string()),
    ]
}

const NAMES: &[&str] = &[
    "job_request_id",
    "identifier",
    "action",
    "run_command",
    "status",
    "status_code",
    "status_message",
    "created_at",
    "updated_at",
    "started_at",
    "completed_at",
    "trace_context",
    "metrics",
    "other",
];

/// An item that is usual but for a few members: changed, doubled or left out.
fn body() -> impl Strategy<Value = String> {
    let change = (
        proptest::sample::select(NAMES),
        proptest::option::weighted(0.8, value()),
        any::<bool>(),
    );
    let item = proptest::collection::vec(change, 0..4).prop_map(|changes| {
        let mut members: Vec<(String, String)> = item()
            .as_object()
            .unwrap()
            .iter()
            .map(|(name, value)| (name.clone(), value.to_string()))
            .collect();
        for (name, value, doubled) in changes {
            if !doubled {
                members.retain(|(found, _)| found != name);
            }
            members.extend(value.map(|value| (name.to_owned(), value)));
        }
        let members: Vec<String> = members
            .iter()
            .map(|(name, value)| format!("\"{name}\": {value}"))
            .collect();
        format!("{{{}}}", members.join(", "))
    });
    proptest::collection::vec(item, 0..3).prop_map(|items| format!("[{}]", items.join(",")))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn both_ways_agree(body in body()) {
        let slowly = checked::read(body.as_bytes());
        if let Some(report) = usual::read(body.as_bytes()) {
            let slowly = slowly.map_err(|refusal| TestCaseError::fail(format!("{refusal:?}: {body}")))?;
            prop_assert_eq!(format!("{:?}", report), format!("{:?}", slowly));
        }
    }

    #[test]
    fn no_bytes_make_it_stumble(body in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = read(&body);
    }
}
