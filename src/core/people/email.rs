//! What can be an e-mail address.

/// The longest that is stored, in characters.
pub const LONGEST: usize = 254;

/// Whether mail could go to this: one mailbox at one host, and nothing that could be more than that in the
/// header of a mail. Whether somebody reads it is found out by writing to it.
pub fn is_address(text: &str) -> bool {
    let odd = |c: char| c.is_whitespace() || c.is_control() || "<>()[],;:\"\\".contains(c);
    if text.chars().any(odd) || text.chars().count() > LONGEST {
        return false;
    }
    let Some((mailbox, host)) = text.split_once('@') else {
        return false;
    };
    let is_label = |label: &str| {
        !label.is_empty()
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.chars().all(|c| c.is_alphanumeric() || c == '-')
    };
    !mailbox.is_empty() && host.split('.').all(is_label)
}

#[cfg(test)]
mod tests {
    use super::is_address;

    #[test]
    fn an_address_is_one_mailbox_at_one_host() {
        for address in [
            "ada@example.org",
            "a.b+c@mail.example.org",
            "o'hara@localhost",
            "ä@bücher.example",
        ] {
            assert!(is_address(address), "{address}");
        }
        let long = format!("{}@example.org", "a".repeat(254));
        for other in [
            "",
            "ada",
            "ada@",
            "@example.org",
            "a@b@c",
            "ada@example..org",
            "ada@.org",
            "ada@-example.org",
            "ada@exam ple.org",
            "ada@example.org\r\nBcc: eve@example.org",
            "ada@example.org,eve@example.org",
            "Ada <ada@example.org>",
            "ada@[127.0.0.1]",
            &long,
        ] {
            assert!(!is_address(other), "{other}");
        }
    }
}
