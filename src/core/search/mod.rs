//! Finding projects, workspaces, job requests, jobs, people and organisations by what is remembered of them.

pub mod store;

pub use store::staff;

/// What can be found, in the order in which groups are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    JobRequest,
    Job,
    Project,
    Workspace,
    Person,
    Organisation,
}

impl Kind {
    pub const ALL: [Self; 6] = [
        Self::JobRequest,
        Self::Job,
        Self::Project,
        Self::Workspace,
        Self::Person,
        Self::Organisation,
    ];

    /// As addresses and the store name it.
    pub fn word(self) -> &'static str {
        match self {
            Self::JobRequest => "job-requests",
            Self::Job => "jobs",
            Self::Project => "projects",
            Self::Workspace => "workspaces",
            Self::Person => "people",
            Self::Organisation => "organisations",
        }
    }

    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }
}

/// The most characters of a search that count.
const LONGEST: usize = 100;
/// The fewest characters by which names are searched: one letter is in nearly every name.
const SHORTEST: usize = 2;
/// The fewest characters of an identifier that choose: fewer begin too many of them.
const SHORTEST_IDENTIFIER: usize = 4;

/// What somebody looks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sought {
    /// Without spaces around it; no stored text holds a control character, so it holds none.
    pub text: String,
}

impl Sought {
    pub fn new(typed: &str) -> Self {
        let text: String = typed.trim().chars().filter(|c| !c.is_control()).take(LONGEST).collect();
        Self {
            text: text.trim().to_owned(),
        }
    }

    /// The number of a job request, also written `#12`.
    pub fn number(&self) -> Option<i32> {
        let digits = self.text.strip_prefix('#').unwrap_or(&self.text);
        digits
            .bytes()
            .all(|byte| byte.is_ascii_digit())
            .then(|| digits.parse().ok())
            .flatten()
    }

    /// Nothing is looked for by so little.
    pub fn is_too_short(&self) -> bool {
        self.number().is_none() && self.text.chars().count() < SHORTEST
    }

    /// How an identifier may begin.
    fn identifier(&self) -> Option<&str> {
        (self.text.len() >= SHORTEST_IDENTIFIER && self.text.bytes().all(|byte| byte.is_ascii_graphic()))
            .then_some(self.text.as_str())
    }
}

/// A piece of a text, marked where it is what was looked for.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Piece {
    pub text: String,
    pub is_match: bool,
}

/// `text` in pieces: each place that holds `sought`, whatever the case, is one of them.
pub fn pieces(text: &str, sought: &str) -> Vec<Piece> {
    let folded = |c: char| c.to_lowercase().next().unwrap_or(c);
    let sought: Vec<char> = sought.chars().map(folded).collect();
    let chars: Vec<char> = text.chars().collect();
    let mut found: Vec<Piece> = Vec::new();
    let mut push = |part: &[char], is_match: bool| {
        let part: String = part.iter().collect();
        match found.last_mut() {
            Some(last) if !is_match && !last.is_match => last.text.push_str(&part),
            _ => found.push(Piece { text: part, is_match }),
        }
    };
    let mut rest = chars.as_slice();
    while let Some((_, after)) = rest.split_first() {
        let begins = !sought.is_empty()
            && rest.len() >= sought.len()
            && rest.iter().zip(&sought).all(|(here, wanted)| folded(*here) == *wanted);
        if begins {
            let (part, after) = rest.split_at(sought.len());
            push(part, true);
            rest = after;
        } else {
            push(&rest[..1], false);
            rest = after;
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_typed_is_bounded_and_holds_no_control_character() {
        assert_eq!(Sought::new(" \0 a\0b\n ").text, "ab");
        assert_eq!(Sought::new(&"é".repeat(1000)).text.chars().count(), LONGEST);
        assert!(Sought::new("").is_too_short());
        assert!(Sought::new("a").is_too_short());
        assert!(!Sought::new("7").is_too_short());
        assert!(!Sought::new("ab").is_too_short());
    }

    #[test]
    fn numbers_and_identifiers_are_told_apart() {
        assert_eq!(Sought::new("12").number(), Some(12));
        assert_eq!(Sought::new("#12").number(), Some(12));
        for text in ["", "#", "1a", "-1", "+1", "99999999999"] {
            assert_eq!(Sought::new(text).number(), None, "{text}");
        }
        assert_eq!(Sought::new("abcd").identifier(), Some("abcd"));
        assert_eq!(Sought::new("abc").identifier(), None);
        assert_eq!(Sought::new("ab cd").identifier(), None);
    }

    #[test]
    fn pieces_make_the_text_again_and_mark_each_match() {
        let marked = |text, sought| {
            pieces(text, sought)
                .into_iter()
                .map(|piece| {
                    if piece.is_match {
                        format!("[{}]", piece.text)
                    } else {
                        piece.text
                    }
                })
                .collect::<String>()
        };
        assert_eq!(marked("Banana", "AN"), "B[an][an]a");
        assert_eq!(marked("<b>", "b"), "<[b]>");
        assert_eq!(marked("İstanbul É", "é"), "İstanbul [É]");
        assert_eq!(marked("abc", "abcd"), "abc");
        assert_eq!(marked("abc", ""), "abc");
    }

    #[test]
    fn kinds_are_known_by_their_words() {
        for kind in Kind::ALL {
            assert_eq!(Kind::parse(kind.word()), Some(kind));
        }
        assert_eq!(Kind::parse("drafts"), None);
    }
}
