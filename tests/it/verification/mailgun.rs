//! Mailgun, the fake and the real one. A run against the real Mailgun is in its test mode: mails are taken,
//! and sent to nobody.

use jobserver::adapters::mail::{Mailgun, MailgunSettings};
use jobserver::core::ports::{Mail, Mailer};

use super::{Answered, ask, assert_alike, given, unique};
use crate::fakes::FakeMailgun;
use crate::fakes::mailgun::{DOMAIN, KEY};
use crate::services::{PATIENT, client, later};

/// A Mailgun, and a domain that it sends for.
struct Place {
    api: String,
    key: String,
    domain: String,
}

async fn contract(place: &Place) {
    let at = |key: &str, domain: &str| {
        let settings = MailgunSettings {
            api: place.api.parse().unwrap(),
            key: key.into(),
            domain: domain.to_owned(),
            timeout: PATIENT,
            test_mode: true,
        };
        Mailgun::new(client(), settings)
    };
    let mail = Mail {
        message_id: format!("verification-{}@{}", unique(), place.domain),
        from: format!("verification@{}", place.domain),
        to: vec!["alice@example.org".to_owned(), "bob@example.org".to_owned()],
        bcc: vec!["carol@example.org".to_owned()],
        ..crate::services::mail()
    };
    let mailgun = at(&place.key, &place.domain);
    // Taken under the name it was given, however often.
    for _ in 0..2 {
        let receipt = mailgun.send(&mail).await.unwrap();
        assert_eq!(receipt.id.as_ref(), Some(&mail.message_id));
    }
    later(at("nobodys", &place.domain).send(&mail).await);
    later(at(&place.key, &format!("{}.example.org", unique())).send(&mail).await);
}

async fn answers(place: &Place) -> Vec<Answered> {
    let client = client();
    let url = format!("{}/{}/messages", place.api, place.domain);
    let from = format!("verification@{}", place.domain);
    let form = |to: &'static str| {
        [
            ("from", from.clone()),
            ("to", to.to_owned()),
            ("subject", "Verification".to_owned()),
            ("text", "A test of Job Server.".to_owned()),
            ("h:Message-Id", format!("<{}@{}>", unique(), place.domain)),
            ("o:testmode", "yes".to_owned()),
        ]
    };
    let send = |to| client.post(&url).basic_auth("api", Some(&place.key)).form(&form(to));
    let stranger = client
        .post(&url)
        .basic_auth("api", Some("nobodys"))
        .form(&form("alice@example.org"));
    vec![
        ask("send", send("alice@example.org")).await,
        ask("send to no address", send("nobody")).await,
        ask("a wrong key", stranger).await,
    ]
}

async fn fake() -> (FakeMailgun, Place) {
    let fake = FakeMailgun::start().await;
    let place = Place {
        api: fake.api(),
        key: KEY.to_owned(),
        domain: DOMAIN.to_owned(),
    };
    (fake, place)
}

#[tokio::test]
async fn the_fake_keeps_the_contract() {
    let (_fake, place) = fake().await;
    contract(&place).await;
    let statuses: Vec<u16> = answers(&place).await.iter().map(|answer| answer.status).collect();
    assert_eq!(statuses, [200, 400, 401]);
}

#[tokio::test]
#[ignore = "asks the real Mailgun: scripts/test-verification"]
async fn the_real_one_keeps_it_too_and_answers_alike() {
    let real = Place {
        api: std::env::var("MAILGUN_API_URL").unwrap_or_else(|_| "https://api.eu.mailgun.net/v3".to_owned()),
        key: given("MAILGUN_API_KEY"),
        domain: std::env::var("MAILGUN_SENDER_DOMAIN").unwrap_or_else(|_| "mg.jobs.opensafely.org".to_owned()),
    };
    contract(&real).await;
    let (_fake, place) = fake().await;
    assert_alike(&answers(&place).await, &answers(&real).await);
}
