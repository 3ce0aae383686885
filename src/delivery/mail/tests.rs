mod addresses;
mod repos;

use super::*;
use crate::core::outbox::{FinishedJob, JobsFinished, RequestDecided, TestMail, Update};
use crate::delivery::tests::place;
use time::OffsetDateTime;

fn letter(content: Content) -> Letter {
    Letter {
        id: 1,
        key: "0b0e5f6c-key".to_owned(),
        recipient: "ada@example.com".to_owned(),
        content,
        attempt: 1,
        first_attempt_at: OffsetDateTime::UNIX_EPOCH,
        awaited: None,
    }
}

fn write(content: Content) -> Mail {
    Templates::new().unwrap().write(&letter(content), &place()).unwrap()
}

fn job(action: &str, status: &str) -> FinishedJob {
    FinishedJob {
        identifier: format!("{action}-id"),
        action: action.to_owned(),
        status: status.to_owned(),
        message: String::new(),
        seconds: None,
    }
}

fn facts(jobs: Vec<FinishedJob>) -> JobsFinished {
    let (jobs, rest) = JobsFinished::listed(jobs);
    JobsFinished {
        project: "A study of tea".to_owned(),
        workspace: "tea".to_owned(),
        job_request_id: 12,
        request_over: None,
        is_whole: false,
        jobs_over: jobs.len() + rest.all,
        jobs_in_all: jobs.len() + rest.all + 1,
        jobs,
        rest,
    }
}

fn subject_of(facts: JobsFinished) -> String {
    write(Content::JobsFinished(facts)).subject
}

#[test]
fn a_mail_about_one_job_says_all_of_it_in_both_parts() {
    let one = FinishedJob {
        message: "Job exited with an error".to_owned(),
        seconds: Some(252),
        ..job("brew", "failed")
    };
    let mail = write(Content::JobsFinished(facts(vec![one])));
    assert_eq!(mail.subject, "failed: [os tea] brew");
    assert_eq!(mail.message_id, "0b0e5f6c-key@jobs.example.org");
    assert_eq!(mail.from, "notifications@jobs.example.org");
    assert_eq!(mail.to, ["ada@example.com"]);
    assert!(
        mail.text.starts_with("brew failed.\n\nbrew: failed after 4 min 12 s\n"),
        "{}",
        mail.text
    );
    assert!(
        mail.text
            .ends_with("Job Server, a part of OpenSAFELY\nhttps://jobs.example.org/\n")
    );
    let shown = shown(&mail.html);
    for fact in [
        "brew failed.",
        "failed after 4 min 12 s",
        "Job exited with an error",
        "https://jobs.example.org/jobs/brew-id/",
        "Workspace: tea",
        "Project: A study of tea",
        "Job request: 12",
        "https://jobs.example.org/job-requests/12/",
        "1 of its 2 jobs is over. The rest is still to come.",
        "https://jobs.example.org/settings/",
        "team@example.org",
        "https://jobs.example.org/",
    ] {
        assert!(mail.text.contains(fact), "the text does not say {fact}\n{}", mail.text);
        assert!(shown.contains(fact), "the HTML does not say {fact}\n{shown}");
    }
}

/// What a reader of the HTML sees and can go to.
fn shown(html: &str) -> String {
    let page = scraper::Html::parse_document(html);
    let mut shown: String = page.root_element().text().collect();
    let links = scraper::Selector::parse("a[href]").unwrap();
    for link in page.select(&links) {
        shown.push('\n');
        shown.push_str(link.attr("href").unwrap());
    }
    shown
}

#[test]
fn subjects_name_the_worst_and_how_many() {
    for (jobs, subject) in [
        (vec![job("a", "succeeded")], "succeeded: [os tea] a"),
        (
            vec![job("a", "succeeded"), job("b", "succeeded")],
            "succeeded: [os tea] 2 jobs",
        ),
        (vec![job("a", "failed"), job("b", "failed")], "failed: [os tea] 2 jobs"),
        (
            vec![job("a", "succeeded"), job("b", "failed"), job("c", "succeeded")],
            "failed: [os tea] 1 of 3 jobs",
        ),
    ] {
        assert_eq!(subject_of(facts(jobs)), subject);
    }
    let whole = |status: &str, jobs| JobsFinished {
        is_whole: true,
        request_over: Some(status.to_owned()),
        ..facts(jobs)
    };
    for (status, jobs, subject) in [
        ("succeeded", vec![job("a", "succeeded")], "succeeded: [os tea] a"),
        (
            "succeeded",
            vec![job("a", "succeeded"), job("b", "succeeded")],
            "succeeded: [os tea] job request 12, 2 jobs",
        ),
        (
            "failed",
            vec![job("a", "succeeded"), job("b", "failed")],
            "failed: [os tea] job request 12, 1 of 2 jobs",
        ),
        (
            "nothing_to_do",
            vec![job("a", "nothing_to_do"), job("b", "nothing_to_do")],
            "nothing to do: [os tea] job request 12, 2 jobs",
        ),
    ] {
        assert_eq!(subject_of(whole(status, jobs)), subject);
    }
}

#[test]
fn a_whole_request_is_told_with_all_its_jobs_the_failed_first() {
    let jobs: Vec<FinishedJob> = (0..60)
        .map(|n| job(&format!("action{n:02}"), if n == 59 { "failed" } else { "succeeded" }))
        .collect();
    let mail = write(Content::JobsFinished(JobsFinished {
        is_whole: true,
        request_over: Some("failed".to_owned()),
        jobs_in_all: 60,
        ..facts(jobs)
    }));
    for part in [&mail.text, &shown(&mail.html)] {
        assert!(part.contains("Job request 12 is over. 1 of 60 jobs failed."), "{part}");
        assert!(part.contains("All 60 jobs are over. Its status is: failed."));
        assert!(part.contains("And 10 more, on the page of the job request."));
        assert!(part.find("action59").unwrap() < part.find("action00").unwrap());
        assert!(part.contains("action48") && !part.contains("action49"), "{part}");
    }
}

#[test]
fn what_people_call_things_stays_text() {
    let hostile = FinishedJob {
        identifier: "a/../b?c#d\"'<é".to_owned(),
        action: "</li><script>alert('x')</script>\r\nBcc: victim@example.com\u{202e}".to_owned(),
        status: "failed".to_owned(),
        message: "<img src=x onerror=alert(1)>\n\n& \"quoted\" {{facts}}".to_owned(),
        seconds: None,
    };
    let mail = write(Content::JobsFinished(JobsFinished {
        project: "R&D <b>\"x\"</b>".to_owned(),
        ..facts(vec![hostile])
    }));
    assert_eq!(
        mail.subject,
        "failed: [os tea] </li><script>alert('x')</script> Bcc: victim@example.com"
    );
    // The text part is no HTML, so nothing in it is escaped.
    assert!(
        mail.text
            .contains("</li><script>alert('x')</script> Bcc: victim@example.com: failed\n")
    );
    assert!(
        mail.text
            .contains("<img src=x onerror=alert(1)> & \"quoted\" {{facts}}\n")
    );
    assert!(mail.text.contains("Project: R&D <b>\"x\"</b>\n"));
    assert!(!mail.text.contains('\u{202e}') && !mail.text.contains('\r'));
    let page = scraper::Html::parse_document(&mail.html);
    for none in ["script", "img", "b", "[onerror]"] {
        let selector = scraper::Selector::parse(none).unwrap();
        assert_eq!(page.select(&selector).count(), 0, "{none}: {}", mail.html);
    }
    let shown = shown(&mail.html);
    assert!(
        shown.contains("<img src=x onerror=alert(1)> & \"quoted\" {{facts}}"),
        "{shown}"
    );
    assert!(shown.contains("Project: R&D <b>\"x\"</b>"), "{shown}");
    let address = "https://jobs.example.org/jobs/a%2F..%2Fb%3Fc%23d%22'%3C%C3%A9/";
    assert!(mail.text.contains(address), "{}", mail.text);
    assert!(shown.contains(address), "{shown}");
}

#[test]
fn how_far_a_request_is_reads_well() {
    for (over, all, status, words) in [
        (
            1,
            1,
            Some("succeeded"),
            "Its only job is over. Its status is: succeeded.",
        ),
        (2, 3, None, "2 of its 3 jobs are over. The rest is still to come."),
        (3, 3, None, "All 3 jobs are over."),
    ] {
        let mail = write(Content::JobsFinished(JobsFinished {
            jobs_over: over,
            jobs_in_all: all,
            request_over: status.map(str::to_owned),
            ..facts(vec![job("a", "succeeded")])
        }));
        assert!(mail.text.contains(words), "{words}\n{}", mail.text);
    }
}

#[test]
fn long_words_are_cut() {
    let long = FinishedJob {
        message: "é".repeat(5000),
        ..job(&"a".repeat(500), "failed")
    };
    let mail = write(Content::JobsFinished(facts(vec![long])));
    assert_eq!(mail.subject, format!("failed: [os tea] {}…", "a".repeat(119)));
    let cut = format!("{}…", "é".repeat(299));
    assert!(mail.text.contains(&format!("\n{cut}\n")), "{}", mail.text);
    assert!(shown(&mail.html).contains(&cut));
    assert_eq!(short_line("one two", 5), "one…");
    assert_eq!(short_line("one two", 7), "one two");
}

#[test]
fn jobs_that_could_not_be_created_are_told_as_such() {
    let mail = write(Content::JobsFinished(facts(vec![job("__error__", "failed")])));
    assert_eq!(mail.subject, "failed: [os tea] __error__");
    for part in [&mail.text, &shown(&mail.html)] {
        assert!(part.contains("The backend could not create the jobs."), "{part}");
        assert!(part.contains("Creating the jobs: failed"), "{part}");
    }
}

#[test]
fn a_test_mail_says_who_asked() {
    let mail = write(Content::TestMail(TestMail {
        by: "operator <root>".to_owned(),
    }));
    assert_eq!(mail.subject, "Test mail from Job Server");
    assert!(
        mail.text
            .starts_with("This is a test mail. It arrived.\n\noperator <root> asked Job Server")
    );
    assert!(mail.html.contains("operator &lt;root&gt; asked Job Server"));
}

#[test]
fn what_is_no_mail_is_not_written_as_one() {
    let windows = crate::core::outbox::CopilotWindows {
        windows: Vec::new(),
        more: 0,
    };
    let written = Templates::new()
        .unwrap()
        .write(&letter(Content::CopilotWindows(windows)), &place());
    assert!(written.is_err());
}

fn decided() -> RequestDecided {
    let update = |update: &str, group: Option<&str>, user: Option<&str>| Update {
        update: update.to_owned(),
        group: group.map(str::to_owned),
        user: user.map(str::to_owned),
    };
    RequestDecided {
        request: "01JTEA".to_owned(),
        workspace: "tea".to_owned(),
        path: "/tea-study/tea/".to_owned(),
        updates: vec![
            update("file withdrawn", Some("tables"), Some("ada")),
            update("<b>bold</b>\n- faked {{site_name}}", None, None),
        ],
        more: 2,
    }
}

#[test]
fn authors_are_told_what_was_decided_in_both_parts() {
    for (content, subject, headline) in [
        (
            Content::RequestApproved(decided()),
            "Release request approved: workspace tea, request 01JTEA",
            "Your release request was approved",
        ),
        (
            Content::FilesReleased(decided()),
            "Files released from workspace tea",
            "Files were released",
        ),
        (
            Content::RequestRejected(decided()),
            "Release request rejected: workspace tea, request 01JTEA",
            "Your release request was rejected",
        ),
        (
            Content::RequestReturned(decided()),
            "Release request returned to you: workspace tea, request 01JTEA",
            "Your release request was returned to you",
        ),
    ] {
        let mail = write(content);
        assert_eq!(mail.subject, subject);
        assert_eq!(mail.to, ["ada@example.com"]);
        assert!(mail.text.starts_with(&format!("{headline}.\n\n")), "{}", mail.text);
        let shown = shown(&mail.html);
        assert!(shown.contains(headline), "{shown}");
        for fact in [
            "01JTEA",
            "workspace tea",
            "file withdrawn (filegroup tables) by user ada",
            "and 2 more",
        ] {
            assert!(
                mail.text.contains(fact) && shown.contains(fact),
                "{fact}\n{}\n{shown}",
                mail.text
            );
        }
        assert!(
            mail.text.contains("\n- <b>bold</b> - faked {{site_name}}\n"),
            "{}",
            mail.text
        );
        assert!(!mail.html.contains("<b>"), "{}", mail.html);
        assert!(
            mail.text.contains("\nhttps://jobs.example.org/tea-study/tea/\n"),
            "{}",
            mail.text
        );
        assert!(
            mail.html.contains("href=\"https://jobs.example.org/tea-study/tea/\""),
            "{}",
            mail.html
        );
        assert!(mail.text.contains("team@example.org"), "{}", mail.text);
    }
}

#[test]
fn a_decision_without_updates_has_no_list() {
    let mail = write(Content::RequestRejected(RequestDecided {
        updates: Vec::new(),
        more: 0,
        ..decided()
    }));
    assert!(!mail.text.contains("What changed"), "{}", mail.text);
    assert!(!mail.html.contains("<ul"), "{}", mail.html);
}

#[test]
fn every_template_of_the_folder_is_used() {
    let mut files: Vec<String> = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/templates/mail"))
        .unwrap()
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .collect();
    files.sort();
    let mut used: Vec<String> = PAIRS
        .iter()
        .flat_map(|(name, ..)| [format!("{name}_html.html.hbs"), format!("{name}_text.txt.hbs")])
        .collect();
    used.sort();
    assert_eq!(files, used);
}
