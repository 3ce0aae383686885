//! The mail to somebody whom staff have made a user.

use serde::Serialize;

use super::{Templates, short_line};
use crate::core::outbox::{Letter, Welcome};
use crate::core::ports::Mail;
use crate::delivery::Place;

/// The most characters of a name.
const LONGEST: usize = 150;

#[derive(Serialize)]
struct View {
    name: String,
    project: String,
    login_url: String,
}

impl Templates {
    pub(super) fn welcome(&self, letter: &Letter, place: &Place, facts: &Welcome) -> Result<Mail, String> {
        let view = View {
            name: short_line(&facts.name, LONGEST),
            project: short_line(&facts.project, LONGEST),
            login_url: place.absolute("/login/"),
        };
        let subject = format!("Welcome to {}", place.site_name);
        self.mail(letter, place, "welcome", &subject, &view)
    }
}

#[cfg(test)]
mod tests {
    use time::OffsetDateTime;

    use super::*;
    use crate::core::outbox::Content;
    use crate::delivery::tests::place;

    #[test]
    fn it_says_where_to_sign_in_and_how() {
        let letter = Letter {
            id: 1,
            key: "key".to_owned(),
            recipient: "ada@example.com".to_owned(),
            content: Content::Welcome(Welcome {
                name: "Ada <i>".to_owned(),
                project: "Tea\r\nBcc: x@example.org".to_owned(),
            }),
            attempt: 1,
            first_attempt_at: OffsetDateTime::UNIX_EPOCH,
            awaited: None,
        };
        let mail = Templates::new().unwrap().write(&letter, &place()).unwrap();
        assert_eq!(mail.subject, "Welcome to Job Server");
        for part in [&mail.text, &mail.html] {
            assert!(part.contains("https://jobs.example.org/login/"), "{part}");
            assert!(part.contains("Tea Bcc: x@example.org"), "{part}");
        }
        assert!(
            mail.text.contains("Ada <i>") && !mail.html.contains("<i>"),
            "{}",
            mail.html
        );
    }
}
