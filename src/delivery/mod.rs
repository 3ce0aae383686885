//! The post office: finds words for messages, and hands them to what carries them. Runs in the worker.
//!
//! Facts come from the outbox, as they were when their cause happened; wording is here, so that a better
//! word also reaches messages that still wait.

mod github;
mod interactive;
mod issues;
mod login;
mod mail;
mod markdown;
mod opening;
mod repos;
mod slack;

use async_trait::async_trait;
use url::Url;

use crate::core::db::Db;
use crate::core::outbox::fault::FaultPoint;
use crate::core::outbox::{Content, Courier, Letter};
use crate::core::people::email_change;
pub use crate::core::ports::Couriers;
use crate::core::ports::{ChatPost, Receipt, Undelivered};
use crate::core::sealed::Sealer;

/// What words need to know of this installation.
#[derive(Debug, Clone)]
pub struct Place {
    /// Scheme, host and port of the site, for links.
    pub base_url: Url,
    pub site_name: String,
    /// Sender of every mail.
    pub mail_from: String,
    /// Where people who need help write to.
    pub support_email: String,
}

impl Place {
    /// The absolute address of a path of the site; `path` starts with a slash.
    pub fn absolute(&self, path: &str) -> String {
        format!("{}{path}", self.base_url.as_str().trim_end_matches('/'))
    }

    /// The absolute address of a page, by the parts of its path, which may be any text.
    pub fn page(&self, parts: &[&str]) -> String {
        let mut url = self.base_url.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.clear().extend(parts).push("");
        }
        url.into()
    }

    /// The host that message ids end in.
    pub fn host(&self) -> &str {
        self.base_url.host_str().unwrap_or("localhost")
    }
}

/// Delivers every kind of message.
#[derive(Debug)]
pub struct PostOffice {
    couriers: Couriers,
    /// For the numbers of issues, and for whom an address belongs to.
    db: Db,
    place: Place,
    /// Signs links.
    sealer: Sealer,
    templates: mail::Templates,
    fault: FaultPoint,
}

impl PostOffice {
    /// # Errors
    /// When a mail template cannot be read; the text names it.
    pub fn new(couriers: Couriers, db: Db, place: Place, sealer: Sealer) -> Result<Self, String> {
        Ok(Self {
            couriers,
            db,
            place,
            sealer,
            templates: mail::Templates::new()?,
            fault: FaultPoint::default(),
        })
    }

    /// Dies at that step of a delivery, of [`fault::STEPS`](crate::core::outbox::fault::STEPS): those that begin with
    /// `github.` lie between what is done there.
    pub fn with_fault(mut self, fault: FaultPoint) -> Self {
        self.fault = fault;
        self
    }
}

impl PostOffice {
    async fn post(&self, letter: &Letter, text: String) -> Result<Receipt, Undelivered> {
        let post = ChatPost {
            key: letter.key.clone(),
            channel: letter.recipient.clone(),
            text,
        };
        self.couriers.chat.post(&post).await
    }
}

#[async_trait]
impl Courier for PostOffice {
    async fn deliver(&self, letter: &Letter) -> Result<Receipt, Undelivered> {
        match &letter.content {
            Content::JobsFinished(_)
            | Content::TestMail(_)
            | Content::RequestApproved(_)
            | Content::FilesReleased(_)
            | Content::RequestRejected(_)
            | Content::RequestReturned(_)
            | Content::EmailChanged(_)
            | Content::LoginTokenMade(_)
            | Content::LoginTokenUsed(_)
            | Content::Welcome(_)
            | Content::RepoSignedOff(_)
            | Content::RepoWithOutputs(_) => {
                let mail = self.templates.write(letter, &self.place).map_err(Undelivered::later)?;
                self.couriers.mail.send(&mail).await
            }
            Content::EmailConfirm(facts) => {
                let link = self
                    .place
                    .absolute(&email_change::link_path(&self.sealer, facts.change_id));
                let mail = self.templates.email_confirm(letter, &self.place, facts, link);
                self.couriers.mail.send(&mail.map_err(Undelivered::later)?).await
            }
            Content::LoginLink(facts) => self.login_link(letter, facts).await,
            Content::CopilotWindows(facts) => self.post(letter, slack::copilot_windows(&self.place, facts)).await,
            Content::CheckUpdated(facts) => {
                let text = slack::check_updated(&self.place, letter.awaited.as_ref(), facts);
                self.post(letter, text).await
            }
            Content::ReleaseNotified(facts) => self.post(letter, slack::release_notified(&self.place, facts)).await,
            Content::ReleaseCreated(facts) => self.post(letter, slack::release_created(&self.place, facts)).await,
            Content::FileUploaded(facts) => self.post(letter, slack::file_uploaded(&self.place, facts)).await,
            Content::UserRegistered(facts) => self.post(letter, slack::user_registered(&self.place, facts)).await,
            Content::ProjectCreated(facts) => self.post(letter, slack::project_created(&self.place, facts)).await,
            Content::RepoToPublish(facts) => self.post(letter, repos::to_publish(&self.place, facts)).await,
            Content::CheckOpened(facts) => self.check_opened(letter, facts).await,
            Content::CheckCommented(facts) => self.check_commented(letter, facts).await,
            Content::CheckClosed(facts) => self.check_closed(letter, facts).await,
            Content::RepoOpeningAsked(facts) => self.repo_opening_asked(letter, facts).await,
            Content::InteractiveRepo(facts) => self.interactive_repo(facts).await,
        }
    }
}

#[cfg(test)]
pub(in crate::delivery) mod tests {
    use super::Place;

    /// The site that wordings are tested for.
    pub fn place() -> Place {
        Place {
            base_url: "https://jobs.example.org/".parse().unwrap(),
            site_name: "Job Server".to_owned(),
            mail_from: "notifications@jobs.example.org".to_owned(),
            support_email: "team@example.org".to_owned(),
        }
    }
}
