//! Mails about repositories that are signed off.

use super::{shown, write};
use crate::core::outbox::{Content, RepoSignedOff, RepoWithOutputs};

fn signed_off(has_outputs: bool) -> RepoSignedOff {
    RepoSignedOff {
        repo: "https://github.com/opensafely/tea".to_owned(),
        by: "Ada <b>\r\nBcc: x@evil.example".to_owned(),
        has_outputs,
        contact: "publications@example.org".to_owned(),
        bcc: vec!["grace@example.com".to_owned(), "mo@example.com".to_owned()],
    }
}

#[test]
fn those_who_made_workspaces_are_told_what_comes_next() {
    for (has_outputs, next) in [
        (false, "Next, it is made public."),
        (true, "the publications team looks at it next"),
    ] {
        let mail = write(Content::RepoSignedOff(signed_off(has_outputs)));
        assert_eq!(mail.bcc, ["grace@example.com", "mo@example.com"]);
        assert_eq!(
            mail.subject,
            "opensafely/tea was signed off by Ada <b> Bcc: x@evil.example"
        );
        let shown = shown(&mail.html);
        for fact in [
            "Ada <b> Bcc: x@evil.example signed off the repository",
            "https://github.com/opensafely/tea",
            next,
            "publications@example.org",
        ] {
            assert!(mail.text.contains(fact), "the text does not say {fact}\n{}", mail.text);
            assert!(shown.contains(fact), "the HTML does not say {fact}\n{shown}");
        }
        assert!(!mail.html.contains("<b>"), "{}", mail.html);
    }
}

#[test]
fn those_who_publish_outputs_are_led_to_the_repository() {
    let mail = write(Content::RepoWithOutputs(RepoWithOutputs {
        repo: "https://github.com/opensafely/tea".to_owned(),
        by: "Ada".to_owned(),
        numbers: Vec::new(),
    }));
    assert_eq!(mail.subject, "[X] Outputs at GitHub need your sign-off: opensafely/tea");
    assert!(mail.bcc.is_empty());
    let shown = shown(&mail.html);
    for fact in [
        "Ada signed off the repository",
        "Projects: X",
        "https://jobs.example.org/staff/repos/https%253A%252F%252Fgithub.com%252Fopensafely%252Ftea/",
        "https://github.com/opensafely/tea",
    ] {
        assert!(mail.text.contains(fact), "the text does not say {fact}\n{}", mail.text);
        assert!(shown.contains(fact), "the HTML does not say {fact}\n{shown}");
    }
}
