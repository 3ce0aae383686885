//! What leaves the house, kept in memory: recorders in the places of mail, chat and issues. Each does what
//! it is told to do wrong, call by call.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use jobserver::config::Settings;
use jobserver::core::db::Db;
use jobserver::core::outbox::{Attempted, deliver_due};
use jobserver::core::ports::{
    Chat, ChatPost, Issue, IssueChange, IssueTracker, Mail, Mailer, NewIssue, Receipt, Undelivered,
};
use jobserver::core::sealed::Sealer;
use jobserver::delivery::{Couriers, Place, PostOffice};
use time::OffsetDateTime;

use super::logs::mail_must_not_be_logged;
use super::repos::RepoRecorder;

/// The recorders, and the post office that uses them.
#[derive(Debug)]
pub struct Post {
    pub mail: Arc<MailRecorder>,
    pub chat: Arc<ChatRecorder>,
    pub issues: Arc<IssueRecorder>,
    pub repos: Arc<RepoRecorder>,
    office: PostOffice,
}

impl Post {
    pub fn new(settings: &Settings, db: Db) -> Self {
        let (mail, chat, issues, repos) = (
            Arc::new(MailRecorder::default()),
            Arc::new(ChatRecorder::default()),
            Arc::new(IssueRecorder::default()),
            Arc::new(RepoRecorder::default()),
        );
        let couriers = Couriers {
            mail: mail.clone(),
            chat: chat.clone(),
            issues: issues.clone(),
            repos: repos.clone(),
        };
        let place = Place {
            base_url: settings.web.base_url.clone(),
            site_name: settings.web.site_name.clone(),
            mail_from: settings.mail.from.clone(),
            support_email: settings.web.support_email.clone(),
        };
        let sealer = Sealer::new(&settings.secrets.secret_key, settings.secrets.old_secret_key.as_ref()).unwrap();
        let office = PostOffice::new(couriers, db, place, sealer).unwrap_or_else(|error| panic!("{error}"));
        Self {
            mail,
            chat,
            issues,
            repos,
            office,
        }
    }

    /// Delivers everything that is due.
    pub async fn drain(&self, db: &Db) -> Vec<Attempted> {
        deliver_due(db, &self.office).await.unwrap()
    }
}

/// What goes wrong in one call.
#[derive(Debug, Clone)]
pub enum Trouble {
    /// None: for a call before the one that has some.
    Nothing,
    /// Nothing is taken over.
    Fails(Undelivered),
    /// It is taken over, and the connection ends before the answer.
    AnswerLost,
}

/// What a recorder is told to do wrong.
#[derive(Debug, Default)]
pub struct Script {
    next: Mutex<VecDeque<Trouble>>,
    always: Mutex<Option<Trouble>>,
    calls: Mutex<usize>,
}

impl Script {
    /// The next call that has no trouble before it has this one.
    pub fn next(&self, trouble: Trouble) {
        self.next.lock().unwrap().push_back(trouble);
    }

    /// Every call has this trouble from now on; `None` ends that.
    pub fn always(&self, trouble: Option<Trouble>) {
        *self.always.lock().unwrap() = trouble;
    }

    /// Calls made so far, also those that failed.
    pub fn calls(&self) -> usize {
        *self.calls.lock().unwrap()
    }

    pub(super) async fn run<T>(&self, work: impl FnOnce() -> Result<T, Undelivered>) -> Result<T, Undelivered> {
        *self.calls.lock().unwrap() += 1;
        let next = self.next.lock().unwrap().pop_front();
        let trouble = next.or_else(|| self.always.lock().unwrap().clone());
        match trouble {
            None | Some(Trouble::Nothing) => work(),
            Some(Trouble::Fails(error)) => Err(error),
            Some(Trouble::AnswerLost) => {
                work()?;
                Err(Undelivered::later("the connection ended before the answer"))
            }
        }
    }
}

/// Keeps mails.
#[derive(Debug, Default)]
pub struct MailRecorder {
    pub script: Script,
    sent: Mutex<Vec<Mail>>,
}

impl MailRecorder {
    /// What was taken over, in order; a repeat counts again.
    pub fn sent(&self) -> Vec<Mail> {
        self.sent.lock().unwrap().clone()
    }

    /// What was taken over since the last look.
    pub fn take(&self) -> Vec<Mail> {
        std::mem::take(&mut *self.sent.lock().unwrap())
    }
}

#[async_trait]
impl Mailer for MailRecorder {
    async fn send(&self, mail: &Mail) -> Result<Receipt, Undelivered> {
        let taken = || {
            mail_must_not_be_logged(&mail.text);
            self.sent.lock().unwrap().push(mail.clone());
            Ok(Receipt::default())
        };
        self.script.run(taken).await
    }
}

/// Keeps posts, each key once, as Slack does.
#[derive(Debug, Default)]
pub struct ChatRecorder {
    pub script: Script,
    posted: Mutex<Vec<ChatPost>>,
}

impl ChatRecorder {
    /// What channels show, in order.
    pub fn posted(&self) -> Vec<ChatPost> {
        self.posted.lock().unwrap().clone()
    }

    /// What was posted since the last look.
    pub fn take(&self) -> Vec<ChatPost> {
        std::mem::take(&mut *self.posted.lock().unwrap())
    }
}

#[async_trait]
impl Chat for ChatRecorder {
    async fn post(&self, post: &ChatPost) -> Result<Receipt, Undelivered> {
        let taken = || {
            let mut posted = self.posted.lock().unwrap();
            let place = match posted.iter().position(|earlier| earlier.key == post.key) {
                Some(place) => place,
                None => {
                    posted.push(post.clone());
                    posted.len() - 1
                }
            };
            Ok(Receipt {
                id: Some(format!("1700000000.{place:06}")),
                url: Some(format!("https://slack.example/archives/{}/p{place}", post.channel)),
            })
        };
        self.script.run(taken).await
    }
}

/// An issue as its page shows it.
#[derive(Debug, Clone)]
pub struct KeptIssue {
    pub number: i64,
    pub title: String,
    pub body: String,
    pub labels: Vec<String>,
    pub is_closed: bool,
    pub comments: Vec<String>,
    opened_at: OffsetDateTime,
    commented_at: Vec<OffsetDateTime>,
}

/// Keeps issues. Every repository exists, until one is said not to.
#[derive(Debug, Default)]
pub struct IssueRecorder {
    pub script: Script,
    issues: Mutex<BTreeMap<String, Vec<KeptIssue>>>,
    labels: Mutex<BTreeMap<String, Vec<String>>>,
    missing: Mutex<Vec<String>>,
}

impl IssueRecorder {
    /// The issues of a repository (`owner/name`), oldest first.
    pub fn of(&self, repo: &str) -> Vec<KeptIssue> {
        self.issues.lock().unwrap().get(repo).cloned().unwrap_or_default()
    }

    /// The labels that a repository has; without this, none.
    pub fn offer_labels(&self, repo: &str, labels: &[&str]) {
        let labels = labels.iter().map(|label| (*label).to_owned()).collect();
        self.labels.lock().unwrap().insert(repo.to_owned(), labels);
    }

    /// An issue that was there before us; returns its number.
    pub fn put(&self, repo: &str, title: &str) -> i64 {
        let issue = NewIssue {
            title: title.to_owned(),
            body: String::new(),
            labels: Vec::new(),
        };
        self.add(repo, &issue).number
    }

    /// Gives an issue labels, as somebody would on its page.
    pub fn label(&self, repo: &str, number: i64, labels: &[&str]) {
        let labels = labels.iter().map(|label| (*label).to_owned()).collect();
        self.with(repo, number, |issue| issue.labels = labels).unwrap();
    }

    /// Lets an issue be gone.
    pub fn delete(&self, repo: &str, number: i64) {
        if let Some(issues) = self.issues.lock().unwrap().get_mut(repo) {
            issues.retain(|issue| issue.number != number);
        }
    }

    /// Lets a repository be out of sight.
    pub fn hide_repo(&self, repo: &str) {
        self.missing.lock().unwrap().push(repo.to_owned());
    }

    /// Lets a repository be seen again, with everything in it.
    pub fn show_repo(&self, repo: &str) {
        self.missing.lock().unwrap().retain(|missing| missing != repo);
    }

    fn add(&self, repo: &str, issue: &NewIssue) -> Issue {
        let mut issues = self.issues.lock().unwrap();
        let issues = issues.entry(repo.to_owned()).or_default();
        let number = issues.last().map_or(0, |last| last.number) + 1;
        issues.push(KeptIssue {
            number,
            title: issue.title.clone(),
            body: issue.body.clone(),
            labels: issue.labels.clone(),
            is_closed: false,
            comments: Vec::new(),
            opened_at: OffsetDateTime::now_utc(),
            commented_at: Vec::new(),
        });
        page_of(repo, number)
    }

    fn repo_exists(&self, repo: &str) -> Result<(), Undelivered> {
        if self.missing.lock().unwrap().iter().any(|missing| missing == repo) {
            return Err(Undelivered::missing(format!("there is no repository {repo}")));
        }
        Ok(())
    }

    fn with<T>(&self, repo: &str, number: i64, work: impl FnOnce(&mut KeptIssue) -> T) -> Result<T, Undelivered> {
        self.repo_exists(repo)?;
        let mut issues = self.issues.lock().unwrap();
        issues
            .get_mut(repo)
            .and_then(|issues| issues.iter_mut().find(|issue| issue.number == number))
            .map(work)
            .ok_or_else(|| Undelivered::missing(format!("{repo} has no issue {number}")))
    }
}

fn page_of(repo: &str, number: i64) -> Issue {
    Issue {
        number,
        url: format!("https://github.example/{repo}/issues/{number}"),
    }
}

fn comment_of(repo: &str, number: i64, place: usize) -> Receipt {
    Receipt {
        id: Some(place.to_string()),
        url: Some(format!("{}#issuecomment-{place}", page_of(repo, number).url)),
    }
}

#[async_trait]
impl IssueTracker for IssueRecorder {
    async fn open(&self, repo: &str, issue: &NewIssue) -> Result<Issue, Undelivered> {
        let taken = || {
            self.repo_exists(repo)?;
            Ok(self.add(repo, issue))
        };
        self.script.run(taken).await
    }

    async fn opened_since(&self, repo: &str, mark: &str, since: OffsetDateTime) -> Result<Option<Issue>, Undelivered> {
        let found = || {
            self.repo_exists(repo)?;
            let issues = self.of(repo);
            let fits = |issue: &&KeptIssue| issue.opened_at >= since && issue.body.contains(mark);
            Ok(issues.iter().find(fits).map(|issue| page_of(repo, issue.number)))
        };
        self.script.run(found).await
    }

    async fn titled(&self, repo: &str, title: &str) -> Result<Option<Issue>, Undelivered> {
        let found = || {
            self.repo_exists(repo)?;
            let issues = self.of(repo);
            let newest = issues.iter().rev().find(|issue| issue.title == title);
            Ok(newest.map(|issue| page_of(repo, issue.number)))
        };
        self.script.run(found).await
    }

    async fn comment(&self, repo: &str, number: i64, body: &str) -> Result<Receipt, Undelivered> {
        let taken = || {
            self.with(repo, number, |issue| {
                issue.comments.push(body.to_owned());
                issue.commented_at.push(OffsetDateTime::now_utc());
                comment_of(repo, number, issue.comments.len())
            })
        };
        self.script.run(taken).await
    }

    async fn commented_since(
        &self,
        repo: &str,
        number: i64,
        mark: &str,
        since: OffsetDateTime,
    ) -> Result<Option<Receipt>, Undelivered> {
        let found = || {
            self.with(repo, number, |issue| {
                let mut comments = issue.comments.iter().zip(&issue.commented_at);
                let place = comments.position(|(body, at)| *at >= since && body.contains(mark))?;
                Some(comment_of(repo, number, place + 1))
            })
        };
        self.script.run(found).await
    }

    async fn change(&self, repo: &str, number: i64, change: &IssueChange) -> Result<Receipt, Undelivered> {
        let taken = || {
            self.with(repo, number, |issue| {
                issue.is_closed |= change.close;
                if let Some(labels) = &change.labels {
                    issue.labels.clone_from(labels);
                }
                Receipt {
                    id: Some(number.to_string()),
                    url: Some(page_of(repo, number).url),
                }
            })
        };
        self.script.run(taken).await
    }

    async fn labels(&self, repo: &str) -> Result<Vec<String>, Undelivered> {
        let found = || {
            self.repo_exists(repo)?;
            Ok(self.labels.lock().unwrap().get(repo).cloned().unwrap_or_default())
        };
        self.script.run(found).await
    }

    async fn labels_of(&self, repo: &str, number: i64) -> Result<Vec<String>, Undelivered> {
        let found = || self.with(repo, number, |issue| issue.labels.clone());
        self.script.run(found).await
    }
}
