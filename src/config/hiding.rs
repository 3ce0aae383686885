//! What must never leave the program in a report: the values of secret variables, as they were written and
//! in every form in which a library may repeat them.

use data_encoding::BASE64;
use percent_encoding::percent_decode_str;
use secrecy::SecretString;
use url::Url;

use super::kind::Parsed;
use super::variables::Variable;

/// The texts by which a variable's value could be told; none for one that is no secret.
pub(super) fn texts(variable: &Variable, raw: &str, parsed: Option<&Parsed>) -> Vec<SecretString> {
    let mut texts = Vec::new();
    if variable.secret {
        texts.extend([raw.to_owned(), raw.trim().to_owned()]);
    }
    match parsed {
        Some(Parsed::Url(url)) => of_url(variable, url, &mut texts),
        Some(Parsed::Headers(headers)) if variable.secret => {
            texts.extend(headers.iter().map(|(_, value)| value.clone()));
            // `Bearer abc` may be told without its first word.
            texts.extend(
                headers
                    .iter()
                    .filter_map(|(_, value)| Some(value.split_once(' ')?.1.to_owned())),
            );
        }
        Some(Parsed::Bytes(bytes)) if variable.secret => texts.push(BASE64.encode(bytes)),
        _ => {}
    }
    texts.retain(|text| !text.is_empty());
    texts.sort();
    texts.dedup();
    texts.into_iter().map(SecretString::from).collect()
}

/// A password is a secret wherever an operator put it; a secret http(s) address has its key in place of the
/// user's name.
fn of_url(variable: &Variable, url: &Url, texts: &mut Vec<String>) {
    let mut both = |text: &str| {
        texts.push(text.to_owned());
        texts.push(percent_decode_str(text).decode_utf8_lossy().into_owned());
    };
    if let Some(password) = url.password() {
        both(password);
    }
    if variable.secret {
        if matches!(url.scheme(), "http" | "https") {
            both(url.username());
        }
        both(url.as_str());
        for (name, value) in url.query_pairs() {
            if name.to_ascii_lowercase().contains("pass") {
                texts.push(value.into_owned());
            }
        }
    }
}
