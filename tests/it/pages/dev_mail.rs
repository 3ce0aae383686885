//! Mails that a development copy keeps.

use std::path::Path;

use jobserver::adapters::mail::KeptMails;
use jobserver::config::MailBackend;
use jobserver::core::ports::{Mail, Mailer};
use sqlx::PgPool;

use super::lists::assert_accessible;
use crate::support::Site;

async fn site_with(pool: PgPool, folder: &Path) -> Site {
    let folder = folder.to_owned();
    Site::start_with(pool, |settings| {
        settings.mail.backend = MailBackend::File { folder };
        settings.web.debug = true;
    })
    .await
}

fn mail(id: &str, subject: &str) -> Mail {
    Mail {
        message_id: format!("{id}@jobs.example.org"),
        from: "notifications@example.org".to_owned(),
        to: vec!["ada@example.com".to_owned()],
        bcc: Vec::new(),
        reply_to: None,
        subject: subject.to_owned(),
        text: "See https://jobs.example.org/jobs/1/ <b>now</b>\n".to_owned(),
        html: "<html><head></head><body><p style=\"color: red\">Hello</p><script>alert(1)</script></body></html>"
            .to_owned(),
    }
}

#[sqlx::test]
async fn kept_mails_are_listed_and_shown(pool: PgPool) {
    let folder = tempfile::tempdir().unwrap();
    let site = site_with(pool, &folder.path().join("mails")).await;
    let visitor = site.anonymous();
    let html = visitor.get("/dev/mail/").await.expect(200).html();
    assert_accessible(&html);
    assert!(html.main().contains("No mails yet"));
    assert_eq!(
        visitor.get("/").await.html().link("Kept mails").as_deref(),
        Some("/dev/mail/")
    );

    let kept = KeptMails::new(folder.path().join("mails"));
    kept.send(&mail("one", "First & <b>foremost</b>")).await.unwrap();
    let html = visitor.get("/dev/mail/").await.expect(200).html();
    assert_accessible(&html);
    assert_eq!(html.count("tbody tr"), 1);
    assert!(
        html.text("tbody tr")
            .unwrap()
            .contains("First & <b>foremost</b> ada@example.com")
    );
    let href = html.link("First & <b>foremost</b>").unwrap();

    let answer = visitor.get(&href).await.expect(200);
    let policy = answer.header("Content-Security-Policy").unwrap().to_owned();
    let html = answer.html();
    let framed = html.attribute("iframe", "src").unwrap();
    assert!(
        policy.ends_with(&format!("; frame-src http://localhost:8000{framed}")),
        "{policy}"
    );
    assert_accessible(&html);
    assert_eq!(html.text("h1").as_deref(), Some("First & <b>foremost</b>"));
    assert!(html.main().contains("To ada@example.com"), "{}", html.main());
    assert!(html.main().contains("<b>now</b>"));
    assert_eq!(
        html.link("https://jobs.example.org/jobs/1/").as_deref(),
        Some("https://jobs.example.org/jobs/1/")
    );
    let sandbox = html.attribute("iframe", "sandbox").unwrap();
    assert!(
        !sandbox.contains("allow-scripts") && !sandbox.contains("allow-same-origin"),
        "{sandbox}"
    );
    // The frame's document: what it may do is said by its own answer too.
    let part = visitor.get(&html.attribute("iframe", "src").unwrap()).await.expect(200);
    assert!(part.body.contains("<p style=\"color: red\">Hello</p>"));
    let policy = part.header("Content-Security-Policy").unwrap();
    assert!(
        policy.starts_with("sandbox ") && policy.contains("default-src 'none'"),
        "{policy}"
    );
    assert!(
        !policy.contains("script") && !policy.contains("same-origin"),
        "{policy}"
    );
    // Other pages show no frames.
    let policy = visitor.get("/dev/mail/").await;
    assert!(!policy.header("Content-Security-Policy").unwrap().contains("frame-src"));
}

#[sqlx::test]
async fn the_list_is_bounded(pool: PgPool) {
    let folder = tempfile::tempdir().unwrap();
    let site = site_with(pool, folder.path()).await;
    let kept = KeptMails::new(folder.path());
    for n in 0..101 {
        kept.send(&mail(&format!("m{n}"), &format!("Mail {n}"))).await.unwrap();
    }
    let html = site.anonymous().get("/dev/mail/").await.expect(200).html();
    assert_eq!(html.count("tbody tr"), 100);
    assert!(html.main().contains("These are the newest"));
}

#[sqlx::test]
async fn no_other_file_is_shown(pool: PgPool) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("secret.txt"), "secret").unwrap();
    std::fs::write(folder.path().join("secret.eml"), "secret").unwrap();
    let mails = folder.path().join("mails");
    let site = site_with(pool, &mails).await;
    std::fs::create_dir_all(&mails).unwrap();
    for path in [
        "/dev/mail/none@example.org/",
        "/dev/mail/..%2Fsecret.txt/",
        "/dev/mail/..%2Fsecret/",
        "/dev/mail/..%2Fsecret/html/",
        "/dev/mail/%2E%2E%2Fsecret@x/",
        "/dev/mail/a%00@example.org/",
    ] {
        let answer = site.anonymous().get(path).await;
        assert!(matches!(answer.status, 400 | 404), "{path}: {}", answer.status);
        assert!(!answer.body.contains("secret\n"), "{path}");
    }
}

#[sqlx::test]
async fn only_a_development_copy_that_keeps_mails_has_these_pages(pool: PgPool) {
    let folder = tempfile::tempdir().unwrap();
    KeptMails::new(folder.path())
        .send(&mail("one", "Secret"))
        .await
        .unwrap();
    let path = folder.path().to_owned();
    let console = Site::start_with(pool.clone(), |settings| {
        settings.mail.backend = MailBackend::Console;
        settings.web.debug = true;
    })
    .await;
    let production = Site::start_with(pool, |settings| {
        settings.mail.backend = MailBackend::File { folder: path };
        settings.web.debug = false;
    })
    .await;
    for site in [console, production] {
        let ada = site.sign_in("ada").await;
        for path in [
            "/dev/mail/",
            "/dev/mail/one@jobs.example.org/",
            "/dev/mail/one@jobs.example.org/html/",
        ] {
            ada.get(path).await.expect(404);
        }
        assert!(ada.get("/").await.html().link("Kept mails").is_none());
    }
}
