//! No page leads nowhere: everything that a page links to, loads or shows answers.

use std::collections::{BTreeMap, BTreeSet};

use jobserver::adapters::mail::KeptMails;
use jobserver::config::MailBackend;
use jobserver::core::ports::{Mail, Mailer};
use sqlx::PgPool;

use crate::support::{Job, Request, Site, Visitor};

/// Follows every address of ours from the home page on; returns those that failed, each with the page
/// that names it, and how many were good.
async fn broken(visitor: &Visitor) -> (BTreeMap<String, String>, usize) {
    let mut waiting = vec![("/".to_owned(), "the start".to_owned())];
    let mut asked = BTreeSet::new();
    let mut broken = BTreeMap::new();
    while let Some((address, from)) = waiting.pop() {
        // One page is there to fail, so that staff see whether that is reported.
        if address == "/staff/sentry/error" || !asked.insert(address.clone()) {
            continue;
        }
        assert!(asked.len() < 500, "there is no end of addresses: {address}");
        let answer = visitor.get(&address).await;
        if answer.status >= 400 {
            broken.insert(address, from);
            continue;
        }
        if !answer
            .header("Content-Type")
            .unwrap_or_default()
            .starts_with("text/html")
        {
            continue;
        }
        let html = answer.html();
        let named = [("[href]", "href"), ("[src]", "src")]
            .into_iter()
            .flat_map(|(css, name)| html.attributes(css, name));
        // Pages link to ours by path. The front end is not built here: its files have a test of their own.
        waiting.extend(
            named
                .filter(|link| link.starts_with('/') && !link.starts_with("/static/"))
                .map(|link| (link.split('#').next().unwrap_or_default().to_owned(), address.clone())),
        );
    }
    let good = asked.len() - broken.len();
    (broken, good)
}

#[sqlx::test]
async fn no_page_links_to_one_that_is_not_there(pool: PgPool) {
    // A development copy, which has pages of its own, and a mail to show there.
    let mails = tempfile::tempdir().unwrap();
    let folder = mails.path().to_owned();
    let site = Site::start_with(pool, |settings| {
        settings.mail.backend = MailBackend::File { folder };
        settings.web.debug = true;
    })
    .await;
    let mail = Mail {
        message_id: "one@example.org".to_owned(),
        from: "notifications@example.org".to_owned(),
        to: vec!["ada@example.com".to_owned()],
        bcc: Vec::new(),
        reply_to: None,
        subject: "Mail".to_owned(),
        text: "Text".to_owned(),
        html: "<p>HTML</p>".to_owned(),
    };
    KeptMails::new(mails.path()).send(&mail).await.unwrap();
    site.world.usual().await;
    for (status, job_status) in [("running", "running"), ("failed", "failed"), ("succeeded", "succeeded")] {
        let (id, identifier) = site
            .world
            .request(Request {
                status,
                actions: &["act"],
                ..Request::default()
            })
            .await;
        let job = Job {
            identifier: &identifier,
            action: "act",
            status: job_status,
            ..Job::default()
        };
        site.world.job(id, job).await;
    }
    site.world
        .global_roles(
            "staff",
            &["StaffAreaAdministrator", "TechSupport", "ServiceAdministrator"],
        )
        .await;
    let visitors = [
        ("anonymous", site.anonymous()),
        ("ada", site.sign_in("ada").await),
        ("staff", site.sign_in("staff").await),
    ];
    for (who, visitor) in visitors {
        let (broken, good) = broken(&visitor).await;
        assert_eq!(broken, BTreeMap::new(), "{who}");
        // The site was walked through, not only its door.
        assert!(good > 20, "{who} reached {good} addresses");
    }
}
