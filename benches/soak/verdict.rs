//! What arrived, beside what was promised.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use sqlx::Row;

use crate::chaos::Tolls;
use crate::clients::{Promised, REPO};
use crate::programs::{Machine, Services, said};

pub struct Outcome {
    /// Completions and release requests that there should be.
    pub wanted: (usize, usize),
    pub promised: Promised,
    pub tolls: Tolls,
    pub reported: Duration,
    pub settled: Duration,
    /// Whether nothing waits any more.
    pub quiet: bool,
}

/// A run proves something when each of them was killed.
const VICTIMS: [&str; 4] = [
    "killed worker",
    "killed web",
    "killed database connection",
    "killed PostgreSQL",
];

/// How often what arrived, under which keys.
type Arrivals = BTreeMap<String, Vec<String>>;

impl Outcome {
    /// Prints the figures. True when nothing was lost and nothing came twice under two keys.
    pub async fn judge(&self, machine: &Machine, services: &Services) -> Result<bool, String> {
        let pool = machine.pool().await?;
        let states =
            sqlx::query("SELECT service, state, count(*), sum(attempts) FROM message GROUP BY 1, 2 ORDER BY 1, 2")
                .fetch_all(&pool)
                .await
                .map_err(said)?;
        let attempts: BTreeMap<String, i32> = sqlx::query_as("SELECT key, attempts FROM message")
            .fetch_all(&pool)
            .await
            .map_err(said)?
            .into_iter()
            .collect();
        let queue: i64 = sqlx::query_scalar("SELECT count(*) FROM graphile_worker._private_jobs")
            .fetch_one(&pool)
            .await
            .map_err(said)?;

        println!();
        println!("what was done to it");
        for (what, times) in &self.tolls.0 {
            println!("  {times:>6}  {what}");
        }
        println!(
            "  {:>6}  calls of clients that had to be made again",
            self.promised.repeated
        );
        println!("how long it took");
        println!("  {:>6.0} s until everything was reported", self.reported.as_secs_f64());
        println!("  {:>6.0} s until everything had arrived", self.settled.as_secs_f64());
        println!("messages");
        for row in &states {
            let (service, state): (String, String) = (row.get(0), row.get(1));
            let (count, attempts): (i64, i64) = (row.get(2), row.get(3));
            println!("  {count:>6}  {service} {state}, in {attempts} attempts");
        }
        println!("  {queue:>6}  left in the engine's queue");

        let mut bad = Vec::new();
        let promised = (self.promised.jobs.len(), self.promised.releases.len());
        if promised != self.wanted {
            bad.push(format!(
                "{promised:?} completions and release requests were reported, not {:?}",
                self.wanted
            ));
        }
        for victim in VICTIMS {
            if !self.tolls.0.contains_key(victim) {
                bad.push(format!("nothing was {victim}: let it run longer"));
            }
        }
        if queue > 0 {
            bad.push("the engine's queue is not empty".to_owned());
        }
        if !self.quiet {
            bad.push("messages still wait".to_owned());
        }
        if states.iter().any(|row| row.get::<String, _>(1) != "delivered") {
            bad.push("not every message is delivered".to_owned());
        }
        let mails = self.mails(services);
        let jobs = self.promised.jobs.iter().map(|job| format!("job {job}"));
        let returned = self
            .promised
            .releases
            .iter()
            .flat_map(|id| [format!("returned {id}"), format!("released {id}")]);
        check("mail", &mails, &jobs.chain(returned).collect(), &attempts, &mut bad);
        let posts = self.posts(services);
        let told = ["returned", "resubmitted", "reviewed"];
        let expected = self
            .promised
            .releases
            .iter()
            .flat_map(|id| told.map(|event| format!("{event} {id}")));
        check("Slack", &posts, &expected.collect(), &attempts, &mut bad);
        self.issues(services, &mut bad);

        println!();
        for fault in &bad {
            println!("LOST OR WRONG: {fault}");
        }
        if bad.is_empty() {
            println!("Nothing is lost.");
        }
        Ok(bad.is_empty())
    }

    /// Mails by what they tell, with the `Message-ID` of each copy.
    fn mails(&self, services: &Services) -> Arrivals {
        let mut arrivals = Arrivals::new();
        for mail in services.mailgun.taken() {
            let (text, subject) = (mail.get("text"), mail.get("subject"));
            let key = mail.get("h:Message-Id").trim_matches(['<', '>']);
            let key = key.split('@').next().unwrap_or_default().to_owned();
            for told in tells(&format!("{subject}\n{text}")) {
                arrivals.entry(told).or_default().push(key.clone());
            }
        }
        arrivals
    }

    /// Slack's posts by what they tell, with the `client_msg_id` of each copy.
    fn posts(&self, services: &Services) -> Arrivals {
        let mut arrivals = Arrivals::new();
        for post in services.slack.posted() {
            for told in tells(&post.text) {
                arrivals.entry(told).or_default().push(post.client_msg_id.clone());
            }
        }
        arrivals
    }

    /// Each release request has one issue, with one comment for each event that is told there, closed.
    fn issues(&self, services: &Services, bad: &mut Vec<String>) {
        let issues = services.github.issues(REPO);
        let mut comments = 0;
        for id in &self.promised.releases {
            let of_request: Vec<_> = issues
                .iter()
                .filter(|issue| issue.title == format!("soak {id}"))
                .collect();
            let [issue] = of_request.as_slice() else {
                bad.push(format!("{} issues about {id}", of_request.len()));
                continue;
            };
            comments += issue.comments.len();
            let said: Vec<usize> = ["returned it", "resubmitted it", "reviewed it", "Issue closed"]
                .iter()
                .map(|event| {
                    issue
                        .comments
                        .iter()
                        .filter(|comment| comment.body.contains(event))
                        .count()
                })
                .collect();
            if said != [1, 1, 1, 1] || issue.is_open {
                bad.push(format!(
                    "issue {} has {said:?} of its comments, open: {}",
                    issue.number, issue.is_open
                ));
            }
        }
        println!("GitHub");
        println!(
            "  {:>6}  issues for {} release requests",
            issues.len(),
            self.promised.releases.len()
        );
        println!("  {comments:>6}  comments");
    }
}

/// What a text tells: the jobs it names, or the release request and what happened to it.
fn tells(text: &str) -> BTreeSet<String> {
    let words = || text.split(|c: char| !c.is_ascii_alphanumeric() && c != '-');
    let jobs = words().filter(|word| word.starts_with("soak-") && word.len() == "soak-00000-00x".len());
    let mut told: BTreeSet<String> = jobs.map(|job| format!("job {job}")).collect();
    let release = words().find(|word| word.starts_with("01SOAK"));
    // The longest first: one of them is the end of another.
    let event = ["resubmitted", "returned", "reviewed", "released"]
        .into_iter()
        .find(|event| text.contains(&format!("{event} it")) || text.to_lowercase().contains(event));
    if let (Some(release), Some(event)) = (release, event) {
        told.insert(format!("{event} {release}"));
    }
    told
}

/// Everything expected arrived, each under one key, and what came twice had been attempted twice.
fn check(
    service: &str,
    arrivals: &Arrivals,
    expected: &BTreeSet<String>,
    attempts: &BTreeMap<String, i32>,
    bad: &mut Vec<String>,
) {
    let lost: Vec<_> = expected.iter().filter(|told| !arrivals.contains_key(*told)).collect();
    let unexpected = arrivals.keys().filter(|told| !expected.contains(*told)).count();
    let copies: usize = arrivals.values().map(|keys| keys.len() - 1).sum();
    println!("{service}");
    println!("  {:>6}  expected", expected.len());
    println!("  {:>6}  lost", lost.len());
    println!("  {copies:>6}  copies");
    if let Some(first) = lost.first() {
        bad.push(format!("{service}: {} lost, {first} among them", lost.len()));
    }
    if unexpected > 0 {
        bad.push(format!("{service}: {unexpected} that nobody was promised"));
    }
    for (told, keys) in arrivals {
        let different: BTreeSet<_> = keys.iter().collect();
        if different.len() > 1 {
            bad.push(format!("{service}: {told} came under {} keys", different.len()));
        }
        if keys.len() > 1 && attempts.get(&keys[0]).is_none_or(|attempts| *attempts < 2) {
            bad.push(format!("{service}: {told} came twice at one attempt"));
        }
    }
}
