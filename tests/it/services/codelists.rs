//! OpenCodelists, in every mood.

use jobserver::adapters::opencodelists::OpenCodelists;
use jobserver::core::ports::{CodelistChecker, Codelists};

use super::{IMPATIENT, PATIENT, client, nowhere, troubles};
use crate::fakes::{FakeOpenCodelists, Fault};

fn to(fake: &FakeOpenCodelists) -> OpenCodelists {
    OpenCodelists::new(client(), &fake.url().parse().unwrap(), PATIENT)
}

#[tokio::test]
async fn codelists_are_compared_with_those_of_now() {
    let fake = FakeOpenCodelists::start().await;
    let site = to(&fake);
    let (list, manifest) = (
        "org/asthma/1a2b\r\nuser/x & y=é/3c",
        r#"{"files": {"a.csv": {"id": "org/asthma/1a2b"}, "b.csv": {"id": "user/x & y=é/3c"}}}"#,
    );
    assert_eq!(site.check(list, manifest).await.unwrap(), Codelists::UpToDate);
    fake.change("user/x & y=é/3c");
    assert_eq!(site.check(list, manifest).await.unwrap(), Codelists::OutOfDate);
    let asthma = r#"{"files": {"a.csv": {"id": "org/asthma/1a2b"}}}"#;
    assert_eq!(
        site.check("org/asthma/1a2b", asthma).await.unwrap(),
        Codelists::UpToDate
    );
    assert_eq!(
        site.check("org/asthma/1a2b", manifest).await.unwrap(),
        Codelists::OutOfDate
    );
    let call = &fake.calls()[0];
    assert_eq!(call.header("user-agent"), Some("Job Server (test)"));
    assert_eq!(call.form()[0], ("codelists".to_owned(), list.to_owned()));
    assert_eq!(call.form()[1], ("manifest".to_owned(), manifest.to_owned()));
}

#[tokio::test]
async fn a_site_below_a_path_is_found() {
    let fake = FakeOpenCodelists::start().await;
    for site in ["/lists", "/lists/"] {
        let site = format!("{}{site}", fake.url()).parse().unwrap();
        OpenCodelists::new(client(), &site, PATIENT)
            .check("", "{}")
            .await
            .unwrap_err();
    }
    let paths: Vec<String> = fake.calls().into_iter().map(|call| call.path).collect();
    assert_eq!(paths, ["/lists/api/v1/check/", "/lists/api/v1/check/"]);
}

#[tokio::test]
async fn every_other_status_means_out_of_date() {
    let fake = FakeOpenCodelists::start().await;
    for body in [
        r#"{"status": "error", "data": {}}"#,
        r#"{"status": "OK"}"#,
        r#"{"status": ""}"#,
    ] {
        fake.fail(1, Fault::json(200, body));
        assert_eq!(to(&fake).check("", "{}").await.unwrap(), Codelists::OutOfDate, "{body}");
    }
}

#[tokio::test]
async fn no_answer_that_can_be_used_is_an_error_with_its_cause() {
    let fake = FakeOpenCodelists::start().await;
    let mut faults = troubles();
    faults.extend([400, 403, 404, 429].map(Fault::status));
    faults.push(Fault::json(200, r#"{"status": 1}"#));
    faults.push(Fault::json(200, &" ".repeat(2 * 1024 * 1024)));
    for fault in faults {
        let calls = fake.count();
        fake.fail(1, fault.clone());
        let error = to(&fake).check("", "{}").await.unwrap_err();
        assert!(!error.0.to_string().is_empty(), "{fault:?}");
        assert_eq!(fake.count(), calls + 1, "{fault:?} was tried again");
    }
    fake.fail(1, Fault::HangBefore);
    let impatient = OpenCodelists::new(client(), &fake.url().parse().unwrap(), IMPATIENT);
    let error = impatient.check("", "{}").await.unwrap_err();
    assert!(error.0.to_string().contains("no answer within"), "{error:?}");
    let nobody = OpenCodelists::new(client(), &nowhere().parse().unwrap(), PATIENT);
    nobody.check("", "{}").await.unwrap_err();
}
