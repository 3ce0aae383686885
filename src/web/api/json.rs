//! JSON as it came, value by value, for input whose every fault has a message of its own.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// How deep free JSON may nest; what backends send is two or three deep.
const DEEPEST: usize = 100;

pub const NUL_MESSAGE: &str = "Null characters are not allowed.";

/// The kinds of JSON values, by the names that messages give them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Null,
    Bool,
    Int,
    Float,
    Str,
    List,
    Dict,
}

impl Kind {
    pub fn of(raw: &RawValue) -> Self {
        let text = raw.get();
        match text.as_bytes().first() {
            Some(b'n') => Kind::Null,
            Some(b't' | b'f') => Kind::Bool,
            Some(b'"') => Kind::Str,
            Some(b'[') => Kind::List,
            Some(b'{') => Kind::Dict,
            _ if text.bytes().any(|byte| matches!(byte, b'.' | b'e' | b'E')) => Kind::Float,
            _ => Kind::Int,
        }
    }

    pub const fn name(self) -> &'static str {
        match self {
            Kind::Null => "NoneType",
            Kind::Bool => "bool",
            Kind::Int => "int",
            Kind::Float => "float",
            Kind::Str => "str",
            Kind::List => "list",
            Kind::Dict => "dict",
        }
    }
}

/// The text of a JSON string, and its first lone surrogate, which no UTF-8 text can hold and which is
/// left out.
#[derive(Debug, PartialEq, Eq)]
pub struct Text {
    pub text: String,
    pub surrogate: Option<u16>,
}

impl Text {
    /// # Errors
    /// When `raw` is not a string.
    pub fn of(raw: &RawValue) -> Result<Self, serde_json::Error> {
        let Loose(bytes) = serde_json::from_str(raw.get())?;
        Ok(match String::from_utf8(bytes) {
            Ok(text) => Self { text, surrogate: None },
            Err(error) => Self::without_surrogates(error.as_bytes()),
        })
    }

    fn without_surrogates(bytes: &[u8]) -> Self {
        let surrogate = bytes
            .windows(3)
            .find(|bytes| bytes[0] == 0xED && bytes[1] >= 0xA0)
            .map(|bytes| 0xD000 | (u16::from(bytes[1] & 0x3F) << 6) | u16::from(bytes[2] & 0x3F));
        Self {
            text: bytes.utf8_chunks().map(|chunk| chunk.valid()).collect(),
            surrogate,
        }
    }
}

/// A string's bytes, lone surrogates encoded as if they were characters.
struct Loose(Vec<u8>);

impl<'de> Deserialize<'de> for Loose {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Bytes;
        impl Visitor<'_> for Bytes {
            type Value = Loose;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }
            fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Loose, E> {
                Ok(Loose(bytes.to_vec()))
            }
            fn visit_str<E>(self, text: &str) -> Result<Loose, E> {
                Ok(Loose(text.as_bytes().to_vec()))
            }
        }
        deserializer.deserialize_bytes(Bytes)
    }
}

/// An object's members as they came. Of members with one name the last counts.
#[derive(Debug)]
pub struct Members<'a>(Vec<(Vec<u8>, &'a RawValue)>);

impl<'a> Members<'a> {
    /// # Errors
    /// When `raw` is not an object.
    pub fn of(raw: &'a RawValue) -> Result<Self, serde_json::Error> {
        serde_json::from_str(raw.get())
    }

    pub fn get(&self, name: &str) -> Option<&'a RawValue> {
        self.0
            .iter()
            .rev()
            .find(|(found, _)| found == name.as_bytes())
            .map(|(_, raw)| *raw)
    }
}

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;
        impl<'de> Visitor<'de> for Object {
            type Value = Members<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members<'de>, A::Error> {
                let mut members = Vec::new();
                while let Some((Loose(name), raw)) = map.next_entry::<Loose, &RawValue>()? {
                    members.push((name, raw));
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Object)
    }
}

/// A number as text: what is written for a whole number, the shortest decimal form for another.
pub fn number_text(raw: &str) -> String {
    if raw.bytes().all(|byte| byte == b'-' || byte.is_ascii_digit()) {
        return if raw == "-0" { "0".to_owned() } else { raw.to_owned() };
    }
    let Ok(number) = raw.parse::<f64>() else {
        return raw.to_owned();
    };
    if number.is_infinite() {
        return if number > 0.0 { "inf" } else { "-inf" }.to_owned();
    }
    let scientific = format!("{number:e}");
    let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    match exponent.parse::<i32>() {
        Ok(exponent) if !(-4..16).contains(&exponent) => {
            let sign = if exponent < 0 { '-' } else { '+' };
            format!("{digits}e{sign}{:02}", exponent.abs())
        }
        _ => {
            let plain = number.to_string();
            if plain.contains('.') { plain } else { plain + ".0" }
        }
    }
}

/// JSON without white space between its parts. The text is known to be JSON.
pub fn compact(raw: &str) -> String {
    let (mut compact, mut in_string, mut is_escaped) = (String::with_capacity(raw.len()), false, false);
    for c in raw.chars() {
        if in_string {
            in_string = is_escaped || c != '"';
            is_escaped = !is_escaped && c == '\\';
        } else if c.is_ascii_whitespace() {
            continue;
        } else {
            in_string = c == '"';
        }
        compact.push(c);
    }
    compact
}

/// What keeps free JSON from being stored: a NUL or a lone surrogate in a string, or nesting without
/// end. The text is known to be JSON.
pub fn free_json_problem(raw: &str) -> Option<String> {
    let bytes = raw.as_bytes();
    let (mut depth, mut in_string, mut at) = (0_usize, false, 0);
    while let Some(&byte) = bytes.get(at) {
        at += 1;
        match byte {
            b'\\' => match escape(&bytes[at..]) {
                Escape::Short => at += 1,
                Escape::Unit(0) => return Some(NUL_MESSAGE.to_owned()),
                Escape::Unit(unit @ 0xD800..0xDC00) => {
                    let follows = bytes.get(at + 5) == Some(&b'\\')
                        && matches!(escape(&bytes[at + 6..]), Escape::Unit(0xDC00..0xE000));
                    if !follows {
                        return Some(surrogate_message(unit));
                    }
                    at += 11;
                }
                Escape::Unit(unit @ 0xDC00..0xE000) => return Some(surrogate_message(unit)),
                Escape::Unit(_) => at += 5,
            },
            b'"' => in_string = !in_string,
            b'{' | b'[' if !in_string => {
                depth += 1;
                if depth > DEEPEST {
                    return Some(format!("Nested too deeply: {DEEPEST} levels are allowed."));
                }
            }
            b'}' | b']' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    None
}

pub fn surrogate_message(unit: u16) -> String {
    format!("Surrogate characters are not allowed: U+{unit:04X}.")
}

enum Escape {
    /// Backslash and one character.
    Short,
    /// Backslash, `u` and four digits.
    Unit(u16),
}

fn escape(after_backslash: &[u8]) -> Escape {
    let digits = after_backslash.strip_prefix(b"u").and_then(|rest| rest.get(..4));
    digits
        .and_then(|digits| std::str::from_utf8(digits).ok())
        .and_then(|digits| u16::from_str_radix(digits, 16).ok())
        .map_or(Escape::Short, Escape::Unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw(text: &str) -> Box<RawValue> {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn kinds_have_their_names() {
        for (text, name) in [
            ("null", "NoneType"),
            ("true", "bool"),
            ("-1", "int"),
            ("1.5", "float"),
            ("1E3", "float"),
            ("\"a\"", "str"),
            ("[]", "list"),
            ("{}", "dict"),
        ] {
            assert_eq!(Kind::of(&raw(text)).name(), name);
        }
    }

    #[test]
    fn texts_are_decoded_and_lone_surrogates_found() {
        let text = |json: &str| Text::of(&raw(json)).unwrap();
        assert_eq!(text(r#""caf\u00e9 \ud83d\ude00""#).text, "café 😀");
        assert_eq!(text(r#""\ud800""#).surrogate, Some(0xD800));
        assert_eq!(text(r#""a\udfffb""#).surrogate, Some(0xDFFF));
        assert_eq!(text(r#""a\udfffb""#).text, "ab");
        assert_eq!(text(r#""\u0000""#).text, "\0");
        assert!(Text::of(&raw("1")).is_err());
    }

    #[test]
    fn numbers_have_one_text() {
        for (raw, text) in [
            ("5", "5"),
            ("-0", "0"),
            ("123456789012345678901234567890", "123456789012345678901234567890"),
            ("1.0", "1.0"),
            ("1.50", "1.5"),
            ("-0.0", "-0.0"),
            ("1e3", "1000.0"),
            ("1e16", "1e+16"),
            ("0.0001", "0.0001"),
            ("0.00001", "1e-05"),
            ("12345678901234567.0", "1.2345678901234568e+16"),
            ("1e999", "inf"),
        ] {
            assert_eq!(number_text(raw), text, "{raw}");
        }
    }

    #[test]
    fn free_json_holds_what_can_be_stored() {
        for fine in ["null", r#"{"a":[1,"\n\u00e9\\u0000\ud83d\ude00"]}"#, r#""]]}}{{""#] {
            assert_eq!(free_json_problem(fine), None, "{fine}");
        }
        for (text, part) in [
            (r#""\u0000""#, "Null"),
            (r#"{"\u0000":1}"#, "Null"),
            (r#""\ud800""#, "U+D800"),
            (r#""\ud800\u0041""#, "U+D800"),
            (r#""\ud83d\ude00\ude00""#, "U+DE00"),
            (r#""\\\u0000""#, "Null"),
        ] {
            assert!(
                free_json_problem(text).is_some_and(|problem| problem.contains(part)),
                "{text}"
            );
        }
        let deep = |levels: usize| "[".repeat(levels) + &"]".repeat(levels);
        assert_eq!(free_json_problem(&deep(DEEPEST)), None);
        assert!(free_json_problem(&deep(DEEPEST + 1)).is_some());
    }

    #[test]
    fn white_space_goes_where_it_says_nothing() {
        let raw = "{ \"a b\" :\n[1, \"\\\" \\\\\" ] ,\t\"c\":null }";
        assert_eq!(compact(raw), r#"{"a b":[1,"\" \\"],"c":null}"#);
    }

    #[test]
    fn of_members_with_one_name_the_last_counts() {
        let raw = raw(r#"{"a": 1, "\ud800": 2, "a": 3}"#);
        let members = Members::of(&raw).unwrap();
        assert_eq!(members.get("a").unwrap().get(), "3");
        assert!(members.get("b").is_none());
    }
}
