//! The mails about another e-mail address.

use super::*;
use crate::core::outbox::{EmailChanged, EmailConfirm};

#[test]
fn an_address_is_confirmed_by_a_link_whatever_somebody_calls_themselves() {
    let name = "<b>Eve</b>\r\nhttps://evil.example/ \u{202e}";
    let facts = EmailConfirm {
        change_id: 7,
        username: "eve".to_owned(),
        name: name.to_owned(),
        until: "3 December 2026, 09:30 UTC".to_owned(),
    };
    let letter = letter(Content::EmailConfirm(facts.clone()));
    let link = "https://jobs.example.org/settings/confirm-email/7.signature/".to_owned();
    let templates = Templates::new().unwrap();
    let mail = templates
        .email_confirm(&letter, &place(), &facts, link.clone())
        .unwrap();
    assert_eq!(mail.subject, "Confirm your e-mail address for Job Server");
    for part in [&mail.text, &mail.html] {
        for fact in [link.as_str(), "eve", "ada@example.com", "3 December 2026, 09:30 UTC"] {
            assert!(part.contains(fact), "{fact}: {part}");
        }
        assert!(!part.contains('\u{202e}'), "{part}");
    }
    assert!(!mail.html.contains("<b>Eve"), "{}", mail.html);
    assert!(
        !mail.text.lines().any(|line| line.starts_with("https://evil")),
        "{}",
        mail.text
    );
    // Without its link it is no mail.
    assert!(templates.write(&letter, &place()).is_err());
}

#[test]
fn the_address_from_before_is_told_and_does_not_learn_the_new_one() {
    for (is_removed, by_staff, subject, says) in [
        (
            false,
            true,
            "Your e-mail address for Job Server was changed",
            "uses another e-mail address",
        ),
        (
            false,
            false,
            "Your e-mail address for Job Server was changed",
            "uses another e-mail address",
        ),
        (
            true,
            false,
            "Your e-mail address for Job Server was removed",
            "has no e-mail address any more",
        ),
    ] {
        let mail = write(Content::EmailChanged(EmailChanged {
            username: "ada".to_owned(),
            name: "Ada <i>L</i>".to_owned(),
            is_removed,
            by_staff,
        }));
        assert_eq!(mail.subject, subject);
        for part in [&mail.text, &mail.html] {
            assert!(part.contains(says), "{part}");
            // Nobody is to end their sessions because staff have corrected an address.
            let alarms = part.contains("https://jobs.example.org/settings/") && part.contains("end their sessions");
            assert_eq!(alarms, !by_staff, "{part}");
            assert_eq!(part.contains("looks after users"), by_staff, "{part}");
        }
        assert!(mail.html.contains("&lt;i&gt;"), "{}", mail.html);
    }
}
