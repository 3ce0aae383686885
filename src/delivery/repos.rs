//! The words about repositories that are signed off.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;

use super::Place;
use super::mail::{Templates, short_line};
use super::slack::Mrkdwn;
use crate::core::outbox::{Letter, RepoSignedOff, RepoToPublish, RepoWithOutputs};
use crate::core::ports::Mail;

/// The most characters of a name.
const LONGEST: usize = 200;

const DOCUMENTATION: &str = "https://docs.opensafely.org/";

#[derive(Debug, Serialize)]
struct SignedOff<'a> {
    repo: String,
    url: Option<&'a str>,
    by: String,
    has_outputs: bool,
    contact: &'a str,
}

#[derive(Debug, Serialize)]
struct ToCheck<'a> {
    repo: String,
    url: Option<&'a str>,
    by: String,
    numbers: String,
    staff_url: String,
}

impl Templates {
    pub(super) fn repo_signed_off(
        &self,
        letter: &Letter,
        place: &Place,
        facts: &RepoSignedOff,
    ) -> Result<Mail, String> {
        let view = SignedOff {
            repo: name(&facts.repo),
            url: web_address(&facts.repo),
            by: short_line(&facts.by, LONGEST),
            has_outputs: facts.has_outputs,
            contact: &facts.contact,
        };
        let subject = format!("{} was signed off by {}", view.repo, view.by);
        let mail = self.mail(letter, place, "repo_signed_off", &subject, &view)?;
        let bcc = facts.bcc.clone();
        Ok(Mail { bcc, ..mail })
    }

    pub(super) fn repo_with_outputs(
        &self,
        letter: &Letter,
        place: &Place,
        facts: &RepoWithOutputs,
    ) -> Result<Mail, String> {
        let view = ToCheck {
            repo: name(&facts.repo),
            url: web_address(&facts.repo),
            by: short_line(&facts.by, LONGEST),
            numbers: numbers(&facts.numbers),
            staff_url: staff_page(place, &facts.repo),
        };
        let subject = format!("[{}] Outputs at GitHub need your sign-off: {}", view.numbers, view.repo);
        self.mail(letter, place, "repo_with_outputs", &subject, &view)
    }
}

pub fn to_publish(place: &Place, facts: &RepoToPublish) -> String {
    let repo = name(&facts.repo);
    let staff_page = staff_page(place, &facts.repo);
    let project = place.page(&["staff", "projects", &facts.project]);
    Mrkdwn::new(place)
        .link(&staff_page, &repo)
        .text(" was signed off by ")
        .said(&facts.by)
        .text(" and can be made public.")
        .bullet()
        .text("Project: ")
        .link(&project, &facts.project_title)
        .bullet()
        .text("Co-pilot: ")
        .said(facts.copilot.as_deref().unwrap_or("none"))
        .bullet()
        .link(DOCUMENTATION, "Documentation")
        .finish()
}

/// `101,POS-2025-2001`, or `X` when no project has a number.
fn numbers(numbers: &[String]) -> String {
    if numbers.is_empty() {
        return "X".to_owned();
    }
    let short: Vec<String> = numbers.iter().map(|number| short_line(number, 30)).collect();
    short.join(",")
}

/// `owner/name`, or the address when it is elsewhere.
pub(super) fn name(url: &str) -> String {
    short_line(url.strip_prefix("https://github.com/").unwrap_or(url), LONGEST)
}

/// A folder of a development copy is no address to go to.
pub(super) fn web_address(url: &str) -> Option<&str> {
    url.starts_with("https://").then_some(url)
}

/// The page in the staff area: the repository's address, encoded twice, is a part of its path.
pub(super) fn staff_page(place: &Place, url: &str) -> String {
    const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');
    let once = utf8_percent_encode(url, SEGMENT).to_string();
    place.page(&["staff", "repos", &once])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::delivery::tests::place;

    fn to_publish(change: impl FnOnce(&mut RepoToPublish)) -> String {
        let mut facts = RepoToPublish {
            repo: "https://github.com/opensafely/tea".to_owned(),
            by: "Ada".to_owned(),
            project: "tea".to_owned(),
            project_title: "7 - Tea".to_owned(),
            copilot: Some("Olga".to_owned()),
        };
        change(&mut facts);
        super::to_publish(&place(), &facts)
    }

    #[test]
    fn the_co_pilots_are_told_what_and_whose_it_is() {
        assert_eq!(
            to_publish(|_| ()),
            "<https://jobs.example.org/staff/repos/https%253A%252F%252Fgithub.com%252Fopensafely%252Ftea/|opensafely/tea> \
             was signed off by Ada and can be made public.\n\
             • Project: <https://jobs.example.org/staff/projects/tea/|7 - Tea>\n\
             • Co-pilot: Olga\n\
             • <https://docs.opensafely.org/|Documentation>"
        );
        assert!(to_publish(|facts| facts.copilot = None).contains("Co-pilot: none\n"));
    }

    #[test]
    fn what_people_are_called_stays_on_its_line_and_calls_nobody() {
        let text = to_publish(|facts| {
            facts.by = "<!channel>\n• faked".to_owned();
            facts.project_title = "a|b>".to_owned();
            facts.copilot = Some("<@U1>\r\nx".to_owned());
        });
        assert!(
            text.contains("signed off by &lt;!channel&gt; • faked and can"),
            "{text}"
        );
        assert!(
            text.contains("|a b&gt;>") && text.contains("Co-pilot: &lt;@U1&gt; x\n"),
            "{text}"
        );
        assert_eq!(text.lines().count(), 4);
    }

    #[test]
    fn numbers_are_joined_and_none_is_said() {
        let owned = |numbers: &[&str]| numbers.iter().map(|number| (*number).to_owned()).collect::<Vec<_>>();
        assert_eq!(numbers(&owned(&["7", "POS-2025-2001"])), "7,POS-2025-2001");
        assert_eq!(numbers(&[]), "X");
    }

    #[test]
    fn a_folder_of_a_development_copy_is_named_and_not_linked() {
        assert_eq!((name("/srv/tea").as_str(), web_address("/srv/tea")), ("/srv/tea", None));
    }
}
