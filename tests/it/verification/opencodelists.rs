//! OpenCodelists, the fake and the real one, of which nothing is asked that needs an account.

use jobserver::adapters::opencodelists::OpenCodelists;
use jobserver::core::ports::{CodelistChecker, Codelists};

use super::{Answered, ask, assert_alike, given};
use crate::fakes::FakeOpenCodelists;
use crate::services::{PATIENT, client};

const EMPTY: &str = r#"{"files": {}}"#;
const UNKNOWN: &str = "no-such-organisation/no-such-codelist/00000000";

async fn contract(site: &str) {
    let checker = OpenCodelists::new(client(), &site.parse().unwrap(), PATIENT);
    assert_eq!(checker.check("", EMPTY).await.unwrap(), Codelists::UpToDate);
    // Whether it says so or refuses to answer, it is not up to date.
    if let Ok(found) = checker.check(UNKNOWN, EMPTY).await {
        assert_eq!(found, Codelists::OutOfDate);
    }
}

async fn answers(site: &str) -> Vec<Answered> {
    let client = client();
    let check = client.post(format!("{site}/api/v1/check/"));
    vec![ask("check", check.form(&[("codelists", ""), ("manifest", EMPTY)])).await]
}

#[tokio::test]
async fn the_fake_keeps_the_contract() {
    let fake = FakeOpenCodelists::start().await;
    contract(&fake.url()).await;
    assert_eq!(answers(&fake.url()).await[0].status, 200);
}

#[tokio::test]
#[ignore = "asks the real OpenCodelists: scripts/test-verification"]
async fn the_real_one_keeps_it_too_and_answers_alike() {
    given("JOBSERVER_VERIFY_REAL");
    let real = "https://www.opencodelists.org";
    contract(real).await;
    let fake = FakeOpenCodelists::start().await;
    assert_alike(&answers(&fake.url()).await, &answers(real).await);
}
