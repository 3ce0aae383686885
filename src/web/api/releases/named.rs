//! How an uploaded file is named: by a header that was made for something else, in bytes that need not be UTF-8.

/// What the `filename` of a `Content-Disposition` can be read as, the likeliest first. Empty when it names nothing.
///
/// Clients put the path between quotes as it is: quotes and semicolons of its own are not escaped, so a value that
/// begins with a quote runs to the last one. Bytes beyond ASCII are Latin-1 to most, UTF-8 to some.
pub fn readings(header: &str) -> Vec<String> {
    let mut readings: Vec<String> = Vec::new();
    let mut add = |name: &str| {
        let name = name.trim();
        if !name.is_empty() && !readings.iter().any(|known| known == name) {
            readings.push(name.to_owned());
        }
    };
    if let Some(value) = parameter(header, "filename") {
        for raw in plain(value) {
            // A header of bytes: each is a character of Latin-1.
            add(&raw.bytes().map(char::from).collect::<String>());
            add(&raw);
        }
    } else if let Some(name) = parameter(header, "filename*").and_then(extended) {
        add(&name);
    }
    readings
}

/// What follows `name=`, to the header's end.
fn parameter<'a>(header: &'a str, name: &str) -> Option<&'a str> {
    let lower = header.to_ascii_lowercase();
    let mut from = 0;
    while let Some(found) = lower[from..].find(name) {
        let at = from + found;
        let is_start = lower[..at].trim_end().is_empty() || lower[..at].trim_end().ends_with(';');
        let rest = header[at + name.len()..].trim_start();
        match rest.strip_prefix('=') {
            Some(value) if is_start => return Some(value.trim_start()),
            _ => from = at + name.len(),
        }
    }
    None
}

/// The readings of a plain value: between quotes with and without escapes, or a bare token.
fn plain(value: &str) -> Vec<String> {
    let Some(quoted) = value.strip_prefix('"') else {
        let token = value.split(';').next().unwrap_or_default();
        return vec![token.trim().to_owned()];
    };
    let mut readings = Vec::new();
    if let Some(end) = quoted.rfind('"') {
        let raw = &quoted[..end];
        readings.push(unescaped(raw));
        readings.push(raw.to_owned());
    }
    readings.push(to_first_quote(quoted));
    readings
}

fn unescaped(raw: &str) -> String {
    let mut text = String::with_capacity(raw.len());
    let mut chars = raw.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => text.extend(chars.next()),
            c => text.push(c),
        }
    }
    text
}

/// As the standard has it.
fn to_first_quote(quoted: &str) -> String {
    let mut text = String::new();
    let mut chars = quoted.chars();
    while let Some(c) = chars.next() {
        match c {
            '"' => break,
            '\\' => text.extend(chars.next()),
            c => text.push(c),
        }
    }
    text
}

/// `UTF-8''output%2Fa.txt`
fn extended(value: &str) -> Option<String> {
    let value = value.split(';').next().unwrap_or_default().trim().trim_matches('"');
    let mut parts = value.splitn(3, '\'');
    let (charset, _, encoded) = (parts.next()?, parts.next()?, parts.next()?);
    let bytes: Vec<u8> = percent_encoding::percent_decode_str(encoded).collect();
    if charset.eq_ignore_ascii_case("utf-8") {
        return String::from_utf8(bytes).ok();
    }
    charset
        .eq_ignore_ascii_case("iso-8859-1")
        .then(|| bytes.into_iter().map(char::from).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn first(header: &str) -> Option<String> {
        readings(header).into_iter().next()
    }

    #[test]
    fn names_come_in_every_form() {
        for (header, name) in [
            (r#"attachment; filename="output/a.txt""#, "output/a.txt"),
            (r#"attachment; filename=output/a.txt"#, "output/a.txt"),
            (r#"attachment;FILENAME = "a.txt" "#, "a.txt"),
            (r#"filename="a.txt""#, "a.txt"),
            (r#"attachment; filename="a;b"c.txt""#, r#"a;b"c.txt"#),
            (r#"attachment; filename="a\"b.txt""#, r#"a"b.txt"#),
            (r#"attachment; filename=" a.txt ""#, "a.txt"),
            ("attachment; filename*=UTF-8''output%2Fa.txt", "output/a.txt"),
            ("attachment; filename*=utf-8'en'%c3%a9.csv", "é.csv"),
            ("attachment; filename*=ISO-8859-1''%e9.csv", "é.csv"),
            (r#"attachment; filename*=UTF-8''b.txt; filename="a.txt""#, "a.txt"),
        ] {
            assert_eq!(first(header).as_deref(), Some(name), "{header}");
        }
        for header in [
            "",
            "attachment",
            r#"attachment; filename="""#,
            "attachment; filename=",
            "attachment; xfilename=a",
        ] {
            assert_eq!(first(header), None, "{header}");
        }
    }

    #[test]
    fn bytes_are_latin_1_first_and_utf_8_then() {
        assert_eq!(readings("attachment; filename=\"é.csv\""), ["Ã©.csv", "é.csv"]);
    }

    #[test]
    fn a_quote_in_a_later_parameter_leaves_the_standard_reading() {
        let readings = readings(r#"attachment; filename="a.txt"; size="5""#);
        assert!(readings.contains(&"a.txt".to_owned()), "{readings:?}");
    }
}
