//! Mails kept in a folder.

use std::path::Path;

use jobserver::adapters::mail::KeptMails;
use jobserver::core::ports::{Mail, Mailer};

use super::{later, mail, refused};

fn numbered(number: usize) -> Mail {
    Mail {
        message_id: format!("mail-{number}@jobs.example.org"),
        subject: format!("number {number}"),
        ..mail()
    }
}

fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[tokio::test]
async fn a_kept_mail_can_be_read_again_in_both_forms() {
    let folder = tempfile::tempdir().unwrap();
    let kept = KeptMails::new(folder.path().join("mail"));
    assert_eq!(
        kept.newest(10).await.unwrap(),
        [],
        "before the first there is no folder"
    );
    let receipt = kept.send(&mail()).await.unwrap();
    let id = receipt.id.unwrap();
    assert_eq!(id, mail().message_id);
    let read = kept.read(&id).await.unwrap().unwrap();
    assert_eq!(read.header.to, "alice@example.org, bob@example.org");
    assert_eq!(read.header.subject, mail().subject);
    assert_eq!(read.text.replace("\r\n", "\n").trim_end(), mail().text.trim_end());
    assert_eq!(read.html.trim_end(), mail().html);
    let header = |name: &str| {
        let mut headers = read.headers.iter();
        headers
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    };
    assert_eq!(
        header("Message-ID"),
        Some("<01J0000000000000000000000A@jobs.example.org>")
    );
    assert_eq!(header("From"), Some("notifications@jobs.example.org"));
    assert_eq!(header("Reply-To"), Some("\"The Team\" <team@example.org>"));
    assert_eq!(header("Bcc"), Some("carol@example.org"), "to be seen by the developer");
    assert_eq!(
        names(&folder.path().join("mail")),
        ["01J0000000000000000000000A@jobs.example.org.eml"]
    );
}

#[tokio::test]
async fn a_repeat_takes_the_place_of_the_first() {
    let folder = tempfile::tempdir().unwrap();
    let kept = KeptMails::new(folder.path());
    kept.send(&mail()).await.unwrap();
    let again = Mail {
        subject: "again".to_owned(),
        ..mail()
    };
    kept.send(&again).await.unwrap();
    let list = kept.newest(10).await.unwrap();
    assert_eq!(
        list.iter().map(|mail| mail.subject.as_str()).collect::<Vec<_>>(),
        ["again"]
    );
}

#[tokio::test]
async fn the_newest_come_first_and_no_more_than_wanted() {
    let folder = tempfile::tempdir().unwrap();
    let kept = KeptMails::new(folder.path());
    for number in 0..5 {
        kept.send(&numbered(number)).await.unwrap();
        // Files written within one tick of the clock have no order.
        let path = folder.path().join(format!("mail-{number}@jobs.example.org.eml"));
        let at = std::time::UNIX_EPOCH + std::time::Duration::from_secs(1_000_000 + number as u64);
        std::fs::File::open(path).unwrap().set_modified(at).unwrap();
    }
    std::fs::write(folder.path().join("notes.txt"), "no mail").unwrap();
    std::fs::write(folder.path().join("half@jobs.example.org.01.part"), "half a mail").unwrap();
    std::fs::create_dir(folder.path().join("folder@jobs.example.org.eml")).unwrap();
    let list = kept.newest(3).await.unwrap();
    let subjects: Vec<&str> = list.iter().map(|mail| mail.subject.as_str()).collect();
    assert_eq!(subjects, ["number 4", "number 3", "number 2"]);
    assert_eq!(list[0].at.unix_timestamp(), 1_000_004);
    assert_eq!(kept.newest(100).await.unwrap().len(), 5);
}

#[tokio::test]
async fn no_id_leads_out_of_the_folder() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("secret@x.eml"), "Subject: secret\r\n\r\nsecret").unwrap();
    let kept = KeptMails::new(folder.path().join("mail"));
    kept.send(&mail()).await.unwrap();
    for id in [
        "../secret@x",
        "..%2Fsecret@x",
        "/etc/passwd",
        "a@../secret",
        ".@.",
        "a/b@c",
        "a\\b@c",
        "a@b\0",
        "@",
        "",
        "missing@x",
        &"a".repeat(5000),
    ] {
        assert_eq!(kept.read(id).await.unwrap(), None, "{id}");
    }
    let escaping = Mail {
        message_id: "../escape@x".to_owned(),
        ..mail()
    };
    refused(kept.send(&escaping).await);
    assert_eq!(names(folder.path()), ["mail", "secret@x.eml"]);
}

#[tokio::test]
async fn rubbish_in_the_folder_is_shown_as_far_as_it_can_be() {
    let folder = tempfile::tempdir().unwrap();
    let kept = KeptMails::new(folder.path());
    for (number, bytes) in [
        &b""[..],
        b"\0\xff\xfe",
        b"Subject",
        b"Content-Type: multipart/mixed; boundary=x\r\n\r\n--x",
    ]
    .into_iter()
    .enumerate()
    {
        std::fs::write(folder.path().join(format!("r{number}@x.eml")), bytes).unwrap();
        // Neither is a panic; what cannot be parsed is an error of one page.
        let _ = kept.read(&format!("r{number}@x")).await;
    }
    kept.send(&mail()).await.unwrap();
    let list = kept.newest(10).await.unwrap();
    assert!(list.iter().any(|kept| kept.id == mail().message_id), "{list:?}");
}

#[tokio::test]
async fn a_folder_that_cannot_be_written_is_the_operators_to_mend() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, "").unwrap();
    let kept = KeptMails::new(file.join("mail"));
    let (why, _) = later(kept.send(&mail()).await);
    assert!(why.contains("MAIL_FOLDER"), "{why}");
    assert!(kept.newest(10).await.is_err());
}
