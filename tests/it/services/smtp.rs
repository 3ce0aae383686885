//! A mail server, in every mood.

use std::time::Duration;

use jobserver::adapters::mail::Smtp;
use jobserver::config::SecretUrl;
use jobserver::core::ports::{Mail, Mailer};

use super::{IMPATIENT, PATIENT, later, mail, refused};
use crate::fakes::smtp::{AUTHORITY, PASSWORD};
use crate::fakes::{FakeSmtp, SmtpFault};

fn at(url: &str, timeout: Duration) -> Smtp {
    let _ = rustls::crypto::ring::default_provider().install_default();
    Smtp::new(&SecretUrl::new(url.parse().unwrap()), timeout).unwrap()
}

fn to(fake: &FakeSmtp) -> Smtp {
    at(&fake.url(), PATIENT)
}

#[tokio::test]
async fn a_mail_arrives_in_both_forms_and_hides_its_blind_copies() {
    let fake = FakeSmtp::start().await;
    let receipt = to(&fake).send(&mail()).await.unwrap();
    assert_eq!(receipt.id, Some(mail().message_id));
    let letters = fake.letters();
    let letter = &letters[0];
    assert_eq!(letter.from, mail().from);
    assert_eq!(letter.to, ["alice@example.org", "bob@example.org", "carol@example.org"]);
    let text = &letter.text;
    assert!(
        text.contains("Message-ID: <01J0000000000000000000000A@jobs.example.org>"),
        "{text}"
    );
    assert!(text.contains("To: alice@example.org, bob@example.org"), "{text}");
    assert!(
        text.contains("Reply-To: ") && text.contains("<team@example.org>"),
        "{text}"
    );
    assert!(text.contains("multipart/alternative") && text.contains("text/plain") && text.contains("text/html"));
    assert!(!text.contains("carol"), "{text}");
    assert!(text.contains("Date: "), "{text}");
}

#[tokio::test]
async fn a_subject_is_one_line_whatever_is_in_it() {
    let fake = FakeSmtp::start().await;
    let sent = Mail {
        subject: "one\r\nBcc: eve@example.org\r\n\r\nbody".to_owned(),
        ..mail()
    };
    to(&fake).send(&sent).await.unwrap();
    let letter = fake.letters().remove(0);
    assert!(
        letter.text.contains("Subject: one Bcc: eve@example.org body\n"),
        "{}",
        letter.text
    );
    assert!(!letter.to.contains(&"eve@example.org".to_owned()));
}

#[tokio::test]
async fn connections_are_kept() {
    let fake = FakeSmtp::start().await;
    let smtp = to(&fake);
    for _ in 0..3 {
        smtp.send(&mail()).await.unwrap();
    }
    assert_eq!((fake.letters().len(), fake.connections()), (3, 1));
}

#[tokio::test]
async fn what_the_server_will_never_take_is_refused() {
    let fake = FakeSmtp::start().await;
    let smtp = to(&fake);
    for (step, reply) in [
        ("MAIL", "550 5.7.1 Sender not allowed"),
        ("RCPT", "550 5.1.1 <bob@example.org>: No such user"),
        ("DATA", "554 5.5.1 No valid recipients"),
        (".", "552 5.3.4 Message too big"),
    ] {
        fake.fail(step, SmtpFault::Reply(reply));
        let why = refused(smtp.send(&mail()).await);
        assert!(why.contains(reply.rsplit_once(' ').unwrap().1), "{why}");
        // Whom it was for is the message's to say.
        assert!(!why.contains('@'), "{why}");
    }
    assert_eq!(fake.letters(), []);
    smtp.send(&mail()).await.unwrap();
}

#[tokio::test]
async fn what_the_server_cannot_take_now_is_put_off() {
    let fake = FakeSmtp::start().await;
    let smtp = to(&fake);
    for (step, reply) in [
        ("hello", "421 4.3.2 Too busy"),
        ("RCPT", "450 4.2.0 Greylisted"),
        (".", "451 4.3.0 Out of memory"),
        ("MAIL", "nonsense"),
        ("MAIL", "999 nonsense"),
        ("MAIL", ""),
    ] {
        fake.fail(step, SmtpFault::Reply(reply));
        let (why, _) = later(smtp.send(&mail()).await);
        assert!(!why.contains("word"), "{why}");
    }
    for step in ["hello", "AUTH", "MAIL", "RCPT", "DATA", "."] {
        fake.fail(step, SmtpFault::Close);
        let smtp = to(&fake);
        later(smtp.send(&mail()).await);
    }
    assert_eq!(fake.letters(), []);
    fake.fail(".", SmtpFault::CloseAfter);
    later(smtp.send(&mail()).await);
    assert_eq!(fake.letters().len(), 1, "taken, and not told of");
}

#[tokio::test]
async fn a_wrong_login_is_the_operators_to_mend() {
    let fake = FakeSmtp::start().await;
    let url = fake.url().replace("p%40ss", "wrong");
    let smtp = at(&url, PATIENT);
    let (why, _) = later(smtp.send(&mail()).await);
    assert!(why.contains("SMTP_URL") && !why.contains("wrong"), "{why}");
    assert!(!format!("{smtp:?} {:?}", to(&fake)).contains(PASSWORD));
}

#[tokio::test]
async fn without_tls_where_it_is_wanted_nothing_is_said() {
    let fake = FakeSmtp::start().await;
    let url = fake.url().replace("?tls=none", "");
    later(at(&url, PATIENT).send(&mail()).await);
    let url = url.replace("smtp://", "smtps://");
    fake.release();
    later(at(&url, IMPATIENT).send(&mail()).await);
    assert_eq!(fake.letters(), []);
}

#[tokio::test]
async fn mail_goes_through_tls_to_a_server_that_proves_its_name() {
    let offering = FakeSmtp::start_offering_tls().await;
    let in_tls = FakeSmtp::start_in_tls().await;
    for (scheme, fake) in [("smtp", &offering), ("smtps", &in_tls)] {
        let url = |host: &str| {
            let url = fake
                .url()
                .replace("?tls=none", "")
                .replace("smtp://", &format!("{scheme}://"));
            SecretUrl::new(url.replace("127.0.0.1", host).parse().unwrap())
        };
        let trusting = |host| Smtp::trusting(&url(host), PATIENT, Some(AUTHORITY)).unwrap();
        trusting("localhost").send(&mail()).await.unwrap();
        assert_eq!(fake.letters().len(), 1, "{scheme}");
        // Another name than the certificate's, and a certificate that nobody vouches for.
        later(trusting("127.0.0.1").send(&mail()).await);
        later(Smtp::new(&url("localhost"), PATIENT).unwrap().send(&mail()).await);
        assert_eq!(fake.letters().len(), 1, "{scheme}");
    }
    assert_eq!(offering.made_secret(), 1);
}

#[tokio::test]
async fn a_silent_server_is_given_up_and_its_late_answer_not_taken_for_the_next() {
    let fake = FakeSmtp::start().await;
    let smtp = at(&fake.url(), IMPATIENT);
    for step in ["hello", "MAIL", "."] {
        fake.fail(step, SmtpFault::Hang);
        later(smtp.send(&mail()).await);
    }
    fake.release();
    // The connections that were given up are not used again.
    fake.fail("RCPT", SmtpFault::Reply("550 5.1.1 No such user"));
    refused(smtp.send(&mail()).await);
    smtp.send(&mail()).await.unwrap();
}

#[tokio::test]
async fn a_caller_that_goes_away_leaves_no_half_conversation_behind() {
    let fake = FakeSmtp::start().await;
    let smtp = to(&fake);
    smtp.send(&mail()).await.unwrap();
    fake.fail("RCPT", SmtpFault::Hang);
    let unfinished = tokio::time::timeout(IMPATIENT, smtp.send(&mail())).await;
    assert!(unfinished.is_err());
    // Refused on a connection of its own, and not by the late answer about the first.
    fake.fail("MAIL", SmtpFault::Reply("550 5.7.1 Sender not allowed"));
    refused(smtp.send(&mail()).await);
    fake.release();
    smtp.send(&mail()).await.unwrap();
}

#[tokio::test]
async fn nobody_there_is_put_off() {
    let url = super::nowhere().replace("http://", "smtp://") + "?tls=none";
    later(at(&url, PATIENT).send(&mail()).await);
}
