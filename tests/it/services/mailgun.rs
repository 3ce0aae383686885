//! Mailgun, in every mood.

use std::time::Duration;

use jobserver::adapters::mail::{Mailgun, MailgunSettings};
use jobserver::core::ports::{Mail, Mailer};

use super::{IMPATIENT, PATIENT, client, later, mail, nowhere, refused, troubles};
use crate::fakes::mailgun::{DOMAIN, KEY};
use crate::fakes::{FakeMailgun, Fault};

fn settings(api: &str) -> MailgunSettings {
    MailgunSettings {
        api: api.parse().unwrap(),
        key: KEY.into(),
        domain: DOMAIN.to_owned(),
        timeout: PATIENT,
        test_mode: false,
    }
}

fn to(fake: &FakeMailgun) -> Mailgun {
    Mailgun::new(client(), settings(&fake.api()))
}

#[tokio::test]
async fn a_mail_arrives_with_all_its_parts() {
    let fake = FakeMailgun::start().await;
    let receipt = to(&fake).send(&mail()).await.unwrap();
    assert_eq!(receipt.id, Some(mail().message_id));
    let taken = &fake.taken()[0];
    assert_eq!(taken.get("from"), mail().from);
    assert_eq!(taken.all("to"), mail().to);
    assert_eq!(taken.all("bcc"), mail().bcc);
    assert_eq!(taken.get("h:Reply-To"), "The Team <team@example.org>");
    assert_eq!(taken.get("h:Message-Id"), format!("<{}>", mail().message_id));
    assert_eq!(taken.get("subject"), mail().subject);
    assert_eq!((taken.get("text"), taken.get("html")), (&*mail().text, &*mail().html));
    assert_eq!(taken.all("o:testmode"), [""; 0]);
}

#[tokio::test]
async fn a_repeat_has_the_same_message_id() {
    let fake = FakeMailgun::start().await;
    let mailgun = to(&fake);
    for _ in 0..2 {
        mailgun.send(&mail()).await.unwrap();
    }
    let repeats = fake.repeats();
    assert_eq!(repeats.into_values().collect::<Vec<_>>(), [2]);
}

#[tokio::test]
async fn nothing_in_a_mail_becomes_a_header() {
    let fake = FakeMailgun::start().await;
    let mailgun = to(&fake);
    let subject = "one\r\nBcc: eve@example.org\ntwo\u{0}three";
    let sent = Mail {
        subject: subject.to_owned(),
        ..mail()
    };
    mailgun.send(&sent).await.unwrap();
    assert_eq!(fake.taken()[0].get("subject"), "one Bcc: eve@example.org two three");
    let with = |change: fn(&mut Mail)| {
        let mut mail = mail();
        change(&mut mail);
        mail
    };
    for bad in [
        with(|mail| mail.to = vec!["a@example.org\r\nBcc: eve@example.org".to_owned()]),
        with(|mail| mail.to = vec!["a@example.org, eve@example.org".to_owned()]),
        with(|mail| mail.to = vec![String::new()]),
        with(|mail| mail.to = Vec::new()),
        with(|mail| mail.bcc = vec!["nobody".to_owned()]),
        with(|mail| mail.from = "Job Server".to_owned()),
        with(|mail| mail.reply_to = Some("x\r\nBcc: eve@example.org".to_owned())),
        with(|mail| mail.message_id = "a b@example.org>\r\nBcc: eve@example.org".to_owned()),
        with(|mail| mail.message_id = "../../etc/passwd".to_owned()),
    ] {
        refused(mailgun.send(&bad).await);
    }
    assert_eq!(fake.count(), 1, "what is no mail was sent");
}

#[tokio::test]
async fn what_mailgun_says_of_the_mail_is_final() {
    let fake = FakeMailgun::start().await;
    let mailgun = to(&fake);
    fake.fail(
        1,
        Fault::json(400, r#"{"message": "to parameter is not a valid address"}"#),
    );
    let why = refused(mailgun.send(&mail()).await);
    assert!(why.contains("to parameter is not a valid address"), "{why}");
    fake.fail(1, Fault::status(413));
    refused(mailgun.send(&mail()).await);
}

#[tokio::test]
async fn what_an_operator_can_mend_is_put_off() {
    let fake = FakeMailgun::start().await;
    let wrong = |change: fn(&mut MailgunSettings)| {
        let mut settings = settings(&fake.api());
        change(&mut settings);
        Mailgun::new(client(), settings)
    };
    let (why, _) = later(wrong(|s| s.key = "another-key".into()).send(&mail()).await);
    assert!(why.contains("MAILGUN_API_KEY") && !why.contains("another-key"), "{why}");
    let (why, _) = later(wrong(|s| s.domain = "example.org".to_owned()).send(&mail()).await);
    assert!(why.contains("MAILGUN_SENDER_DOMAIN"), "{why}");
    assert!(!format!("{:?}", wrong(|_| ())).contains(KEY));
    assert_eq!(fake.taken(), []);
}

#[tokio::test]
async fn mailguns_troubles_pass() {
    let fake = FakeMailgun::start().await;
    let mailgun = to(&fake);
    fake.fail(1, Fault::too_many(7));
    assert_eq!(later(mailgun.send(&mail()).await).1, Some(Duration::from_secs(7)));
    for fault in troubles() {
        let calls = fake.count();
        fake.fail(1, fault.clone());
        let (why, _) = later(mailgun.send(&mail()).await);
        assert!(!why.contains(KEY), "{why}");
        assert_eq!(fake.count(), calls + 1, "{fault:?} was tried again");
    }
    let impatient = Mailgun::new(
        client(),
        MailgunSettings {
            timeout: IMPATIENT,
            ..settings(&fake.api())
        },
    );
    fake.fail(1, Fault::HangBefore);
    later(impatient.send(&mail()).await);
    later(Mailgun::new(client(), settings(&nowhere())).send(&mail()).await);
}
