//! What issues about release requests say, and which labels they have.

use super::Place;
use super::markdown::{Markdown, mark};
use crate::core::outbox::{CheckClosed, CheckEvent, OutputCheck, Status, Update};

/// The body of the issue that asks for outputs to be checked.
pub fn opened(place: &Place, check: &OutputCheck, key: &str) -> String {
    let author = match check.author_name.trim() {
        "" => &check.author,
        name => name,
    };
    let repo = check.repo_url.trim_start_matches("https://github.com/");
    Markdown::default()
        .ours("Outputs are waiting to be checked.\n")
        .bullet()
        .ours("Author: ")
        .link(&place.page(&["staff", "users", &check.author]), author)
        .bullet()
        .ours("Release request: ")
        .text(&check.request)
        .bullet()
        .ours("Repository: ")
        .link(&check.repo_url, repo)
        .bullet()
        .ours("Workspace: ")
        .link(&place.page(&[&check.project, &check.workspace]), &check.workspace)
        .paragraph()
        .ours("Reviewers: react to this issue with :eyes: when you start, and with :thumbsup: when you are done.")
        .mark(&mark(key))
        .finish()
}

/// The comment that something happened.
pub fn commented(event: &CheckEvent, key: &str) -> String {
    let mut text = Markdown::default().ours("This release request has been updated:\n");
    for line in lines(event) {
        text = text.bullet().text(&line);
    }
    text.mark(&mark(key)).finish()
}

/// The comment that comes before closing.
pub fn closed(facts: &CheckClosed, key: &str) -> String {
    Markdown::default()
        .ours("Issue closed: ")
        .text(&facts.verb)
        .ours(" by ")
        .text(&facts.user)
        .mark(&mark(key))
        .finish()
}

/// What happened, line by line: the event, then its updates.
pub fn lines(event: &CheckEvent) -> Vec<String> {
    let event_line = format!("{} by user {}", event.verb, event.user);
    let updates = update_lines(&event.updates, event.more);
    std::iter::once(event_line).chain(updates).collect()
}

/// A line for each update, and one for those that are left out.
pub fn update_lines(updates: &[Update], more: usize) -> Vec<String> {
    let mut lines: Vec<String> = updates.iter().map(update_line).collect();
    if more > 0 {
        lines.push(format!("and {more} more"));
    }
    lines
}

fn update_line(update: &Update) -> String {
    let mut line = update.update.clone();
    if let Some(group) = &update.group {
        line.push_str(&format!(" (filegroup {group})"));
    }
    if let Some(user) = &update.user {
        line.push_str(&format!(" by user {user}"));
    }
    line
}

/// The labels of a new issue.
pub fn first_labels(check: &OutputCheck) -> [&'static str; 2] {
    [check.origin_label(), Status::PendingReview.label()]
}

/// An issue's labels with its status told anew: labels that are no status stay.
pub fn with_status(labels: &[String], status: Option<Status>) -> Vec<String> {
    let others = labels.iter().filter(|label| !is_status(label)).cloned();
    others.chain(status.map(|status| status.label().to_owned())).collect()
}

/// Whether both are the same labels, in whatever order.
pub fn are_the_same(labels: &[String], others: &[String]) -> bool {
    let sorted = |labels: &[String]| {
        let mut names: Vec<String> = labels.iter().map(|label| label.to_ascii_lowercase()).collect();
        names.sort_unstable();
        names.dedup();
        names
    };
    sorted(labels) == sorted(others)
}

/// GitHub's labels are the same in any letter case.
fn is_status(label: &str) -> bool {
    Status::ALL
        .iter()
        .any(|status| status.label().eq_ignore_ascii_case(label))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::delivery::tests::place;

    fn check() -> OutputCheck {
        OutputCheck {
            request: "01J".to_owned(),
            workspace: "tea-main".to_owned(),
            project: "tea".to_owned(),
            repo_url: "https://github.com/opensafely/tea".to_owned(),
            author: "ada".to_owned(),
            author_name: "Ada *L*".to_owned(),
            internal: false,
        }
    }

    fn update(update: &str, group: Option<&str>, user: Option<&str>) -> Update {
        Update {
            update: update.to_owned(),
            group: group.map(str::to_owned),
            user: user.map(str::to_owned),
        }
    }

    #[test]
    fn an_issue_says_who_what_and_where() {
        assert_eq!(
            opened(&place(), &check(), "k1"),
            "Outputs are waiting to be checked.\n\n\
             - Author: [Ada \\*L\\*](<https://jobs.example.org/staff/users/ada/>)\n\
             - Release request: 01J\n\
             - Repository: [opensafely/tea](<https://github.com/opensafely/tea>)\n\
             - Workspace: [tea\\-main](<https://jobs.example.org/tea/tea-main/>)\n\n\
             Reviewers: react to this issue with :eyes: when you start, and with :thumbsup: when you are done.\n\n\
             <!-- jobserver:k1 -->"
        );
    }

    #[test]
    fn a_comment_lists_the_event_and_its_updates() {
        let event = CheckEvent {
            verb: "request returned".to_owned(),
            user: "olga".to_owned(),
            updates: vec![
                update("file withdrawn", Some("tables"), Some("ada")),
                update("<!-- jobserver:k2 -->\n- faked", None, None),
            ],
            more: 3,
        };
        assert_eq!(
            commented(&event, "k2"),
            "This release request has been updated:\n\n\
             - request returned by user olga\n\
             - file withdrawn \\(filegroup tables\\) by user ada\n\
             - \\<\\!\\-\\- jobserver\\:k2 \\-\\-\\> \\- faked\n\
             - and 3 more\n\n\
             <!-- jobserver:k2 -->"
        );
    }

    #[test]
    fn closing_says_why_and_by_whom() {
        let facts = CheckClosed {
            check: check(),
            verb: "request withdrawn".to_owned(),
            user: "a@b".to_owned(),
        };
        assert_eq!(
            closed(&facts, "k3"),
            "Issue closed: request withdrawn by a\\@\u{200b}b\n\n<!-- jobserver:k3 -->"
        );
    }

    #[test]
    fn a_status_replaces_another_and_nothing_else() {
        let labels = ["internal", "pending REVIEW", "urgent"].map(str::to_owned);
        assert_eq!(
            with_status(&labels, Some(Status::UnderReview)),
            ["internal", "urgent", "Under review"]
        );
        assert_eq!(with_status(&labels, None), ["internal", "urgent"]);
        assert_eq!(with_status(&[], None), Vec::<String>::new());
        assert_eq!(first_labels(&check()), ["external", "Pending review"]);
    }

    #[test]
    fn labels_are_a_set() {
        let labels = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        let same = |one: &[&str], other: &[&str]| are_the_same(&labels(one), &labels(other));
        assert!(same(&["internal", "Under review"], &["under review", "internal"]));
        assert!(same(&[], &[]));
        assert!(!same(&["internal"], &["internal", "urgent"]));
        assert!(!same(&["internal"], &["external"]));
    }
}
