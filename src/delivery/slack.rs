//! Slack: text in mrkdwn. Whatever came from a person is escaped; links are absolute.

use super::mail::{one_line, short_line};
use super::{Place, issues};
use crate::core::outbox::{
    Awaited, CheckUpdated, CopilotWindows, FileUploaded, ProjectCreated, ReleaseCreated, ReleaseNotified,
    UserRegistered,
};

/// The most characters of one thing that somebody wrote.
const LONGEST: usize = 300;
/// The most characters of a link's words: so many links fit into one message, which has 40,000 characters.
const LONGEST_LABEL: usize = 100;
/// The most lines about one event; the issue has the rest.
const MOST_LINES: usize = 21;

/// Text for Slack, piece by piece.
#[derive(Debug)]
pub struct Mrkdwn<'a> {
    place: &'a Place,
    text: String,
}

impl<'a> Mrkdwn<'a> {
    pub fn new(place: &'a Place) -> Self {
        Self {
            place,
            text: String::new(),
        }
    }

    /// What somebody wrote: on one line, cut when it is long, escaped.
    pub fn said(self, text: &str) -> Self {
        self.text(&short_line(text, LONGEST))
    }

    /// Text as it is, escaped.
    pub fn text(mut self, text: &str) -> Self {
        self.text.push_str(&escape(text));
        self
    }

    /// A name, a file, a path: in backticks.
    pub fn code(mut self, text: &str) -> Self {
        self.text.push('`');
        self.text.push_str(&escape(&one_line(&text.replace('`', " "))));
        self.text.push('`');
        self
    }

    /// A link to a path of the site (it starts with a slash) or to an address.
    pub fn link(mut self, to: &str, label: &str) -> Self {
        let address = if to.starts_with('/') {
            self.place.absolute(to)
        } else {
            to.to_owned()
        };
        let address = escape(&address).replace('|', "%7C");
        let label = escape(&short_line(&label.replace('|', " "), LONGEST_LABEL));
        self.text.push_str(&format!("<{address}|{label}>"));
        self
    }

    pub fn line(mut self) -> Self {
        self.text.push('\n');
        self
    }

    pub fn bullet(self) -> Self {
        self.line().text("• ")
    }

    pub fn finish(self) -> String {
        self.text
    }
}

/// Slack's three special characters.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

pub fn copilot_windows(place: &Place, facts: &CopilotWindows) -> String {
    let mut text = Mrkdwn::new(place).text("Co-pilot support ends soon for these projects:");
    for window in &facts.windows {
        text = text
            .bullet()
            .link(&format!("/staff/projects/{}/", window.project), &window.name)
            .text(&match window.in_days {
                Some(0) => format!(", today ({})", window.ends_on),
                Some(1) => format!(", tomorrow ({})", window.ends_on),
                Some(days) => format!(", in {days} days ({})", window.ends_on),
                None => format!(", on {}", window.ends_on),
            });
    }
    if facts.more > 0 {
        text = text.bullet().text(&format!("and {} more", facts.more));
    }
    text.finish()
}

/// `awaited` is what became of the comment on the issue.
pub fn check_updated(place: &Place, awaited: Option<&Awaited>, facts: &CheckUpdated) -> String {
    let comment = awaited.filter(|comment| comment.delivered);
    let mut text = Mrkdwn::new(place);
    text = match comment.and_then(|comment| comment.url.as_deref()) {
        Some(url) => text.link(url, &facts.title),
        None => text.said(&facts.title),
    };
    text = text.text(" has been updated:");
    let lines = issues::lines(&facts.event);
    for line in lines.iter().take(MOST_LINES) {
        text = text.bullet().said(line);
    }
    if lines.len() > MOST_LINES {
        text = text.bullet().text("and more, on the issue");
    }
    if let Some(failed) = awaited.filter(|comment| !comment.delivered) {
        let why = failed.last_error.as_deref().unwrap_or("the comment was not sent");
        text = text
            .line()
            .text("The issue does not say so yet. GitHub error: ")
            .said(why);
    }
    text.finish()
}

pub fn release_notified(place: &Place, facts: &ReleaseNotified) -> String {
    let what = match facts.files.as_ref().map(|files| files.count) {
        None => "outputs".to_owned(),
        Some(1) => "1 output".to_owned(),
        Some(count) => format!("{count} outputs"),
    };
    let mut text = Mrkdwn::new(place)
        .said(&facts.created_by)
        .text(&format!(" released {what} from "))
        .code(&short_line(&facts.path, LONGEST))
        .text(" on ")
        .said(&facts.backend);
    let Some(files) = &facts.files else {
        return text.finish();
    };
    for name in &files.names {
        text = text.bullet().code(&short_line(name, LONGEST));
    }
    let more = files.count.saturating_sub(files.names.len());
    if more > 0 {
        text = text.bullet().text(&format!("and {more} more"));
    }
    text.finish()
}

pub fn release_created(place: &Place, facts: &ReleaseCreated) -> String {
    let what = match facts.files {
        1 => "1 file".to_owned(),
        count => format!("{count} files"),
    };
    let release = place.page(&[&facts.project, &facts.workspace, "releases", &facts.release]);
    let workspace = place.page(&[&facts.project, &facts.workspace]);
    let user = place.page(&["staff", "users", &facts.user]);
    Mrkdwn::new(place)
        .text("New ")
        .link(&release, "release")
        .text(" by ")
        .link(&user, &facts.user)
        .text(&format!(" of {what} from "))
        .link(&workspace, &facts.workspace)
        .text(" on ")
        .said(&facts.backend)
        .finish()
}

pub fn file_uploaded(place: &Place, facts: &FileUploaded) -> String {
    let release = [&*facts.project, &facts.workspace, "releases", &facts.release];
    let mut file = release.to_vec();
    file.extend(facts.name.split('/'));
    let user = place.page(&["staff", "users", &facts.user]);
    let size = crate::core::releases::actions::in_megabytes(facts.size);
    Mrkdwn::new(place)
        .link(&user, &facts.user)
        .text(" uploaded ")
        .link(place.page(&file).trim_end_matches('/'), &facts.name)
        .text(&format!(" ({size}) to a "))
        .link(&place.page(&release), "release")
        .text(" of ")
        .link(&place.page(&release[..2]), &facts.workspace)
        .text(" from ")
        .said(&facts.backend)
        .finish()
}

pub fn user_registered(place: &Place, facts: &UserRegistered) -> String {
    let page = place.page(&["staff", "users", &facts.username]);
    Mrkdwn::new(place)
        .text("New user: ")
        .link(&page, &facts.username)
        .text(" signed in with GitHub for the first time.")
        .finish()
}

pub fn project_created(place: &Place, facts: &ProjectCreated) -> String {
    let project = place.page(&["staff", "projects", &facts.project]);
    let by = place.page(&["staff", "users", &facts.by]);
    let copilot = place.page(&["staff", "users", &facts.copilot]);
    Mrkdwn::new(place)
        .text("New project ")
        .link(&project, &facts.title)
        .text(", created by ")
        .link(&by, &facts.by)
        .text(". Its co-pilot is ")
        .link(&copilot, &facts.copilot)
        .text(".")
        .bullet()
        .text("Please add it to the tracking board.")
        .bullet()
        .text("Please get in touch with its researchers.")
        .finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::outbox::{CheckEvent, CopilotWindow, ReleasedFiles, Update};
    use crate::delivery::tests::place;

    fn updated(updates: &[&str]) -> CheckUpdated {
        let update = |update: &&str| Update {
            update: (*update).to_owned(),
            group: None,
            user: None,
        };
        CheckUpdated {
            title: "tea 01J".to_owned(),
            event: CheckEvent {
                verb: "request reviewed".to_owned(),
                user: "olga".to_owned(),
                updates: updates.iter().map(update).collect(),
                more: 0,
            },
        }
    }

    fn awaited(delivered: bool, url: Option<&str>, last_error: Option<&str>) -> Awaited {
        Awaited {
            delivered,
            url: url.map(str::to_owned),
            last_error: last_error.map(str::to_owned),
        }
    }

    #[test]
    fn news_of_an_issue_link_the_comment() {
        let comment = awaited(true, Some("https://github.example/o/r/issues/1#c2"), None);
        assert_eq!(
            check_updated(&place(), Some(&comment), &updated(&["file added"])),
            "<https://github.example/o/r/issues/1#c2|tea 01J> has been updated:\n\
             • request reviewed by user olga\n\
             • file added"
        );
    }

    #[test]
    fn without_a_comment_they_go_out_with_the_reason() {
        let event = updated(&[]);
        let refused = awaited(false, None, Some("GitHub answered 500 <html>\n<!channel>"));
        assert_eq!(
            check_updated(&place(), Some(&refused), &event),
            "tea 01J has been updated:\n• request reviewed by user olga\n\
             The issue does not say so yet. GitHub error: GitHub answered 500 &lt;html&gt; &lt;!channel&gt;"
        );
        let dropped = check_updated(&place(), Some(&awaited(false, None, None)), &event);
        assert!(dropped.ends_with("GitHub error: the comment was not sent"), "{dropped}");
        let unknown = check_updated(&place(), None, &event);
        assert!(unknown.ends_with("by user olga"), "{unknown}");
    }

    #[test]
    fn what_people_write_stays_on_its_line_and_calls_nobody() {
        let mut event = updated(&["<!channel>\n• faked <https://evil.example|here> `x`|"]);
        event.title = "a|b>\n<!here>".to_owned();
        let comment = awaited(true, Some("https://github.example/1|x"), None);
        assert_eq!(
            check_updated(&place(), Some(&comment), &event),
            "<https://github.example/1%7Cx|a b&gt; &lt;!here&gt;> has been updated:\n\
             • request reviewed by user olga\n\
             • &lt;!channel&gt; • faked &lt;https://evil.example|here&gt; `x`|"
        );
        let many = updated(&["x"; 40]);
        let text = check_updated(&place(), None, &many);
        assert_eq!(text.lines().count(), 1 + MOST_LINES + 1);
        assert!(text.ends_with("\n• and more, on the issue"));
    }

    #[test]
    fn so_many_projects_are_named_with_short_names() {
        let window = |number: usize| CopilotWindow {
            project: format!("p{number}"),
            name: "é".repeat(500),
            ends_on: "3 December 2026".to_owned(),
            in_days: None,
        };
        let mut facts = CopilotWindows {
            windows: (0..2).map(window).collect(),
            more: 0,
        };
        let text = copilot_windows(&place(), &facts);
        let label = format!("{}…", "é".repeat(LONGEST_LABEL - 1));
        assert!(text.ends_with(&format!("p1/|{label}>, on 3 December 2026")), "{text}");
        facts.more = 7;
        assert!(copilot_windows(&place(), &facts).ends_with("\n• and 7 more"));
        facts.more = 0;
        for (days, told) in [(0, "today"), (1, "tomorrow"), (5, "in 5 days")] {
            facts.windows[1].in_days = Some(days);
            let text = copilot_windows(&place(), &facts);
            assert!(text.ends_with(&format!(">, {told} (3 December 2026)")), "{text}");
        }
    }

    #[test]
    fn a_newcomer_is_told_with_their_page() {
        let facts = UserRegistered {
            username: "a<b|c@example.org".to_owned(),
        };
        let text = user_registered(&place(), &facts);
        assert!(
            text.starts_with(
                "New user: <https://jobs.example.org/staff/users/a%3Cb%7Cc@example.org/|a&lt;b c@example.org> signed in"
            ),
            "{text}"
        );
    }

    #[test]
    fn a_new_project_is_told_with_who_helps_it() {
        let facts = ProjectCreated {
            project: "tea".to_owned(),
            title: "7 - Tea & <cake>".to_owned(),
            by: "sam".to_owned(),
            copilot: "olga".to_owned(),
        };
        assert_eq!(
            project_created(&place(), &facts),
            "New project <https://jobs.example.org/staff/projects/tea/|7 - Tea &amp; &lt;cake&gt;>, created by \
             <https://jobs.example.org/staff/users/sam/|sam>. Its co-pilot is \
             <https://jobs.example.org/staff/users/olga/|olga>.\n\
             • Please add it to the tracking board.\n• Please get in touch with its researchers."
        );
    }

    fn notified(files: Option<(usize, &[&str])>) -> String {
        let facts = ReleaseNotified {
            created_by: "ada <!channel>".to_owned(),
            path: "/srv/`x`\n/ws".to_owned(),
            backend: "TPP".to_owned(),
            files: files.map(|(count, names)| ReleasedFiles {
                count,
                names: names.iter().map(|name| (*name).to_owned()).collect(),
            }),
        };
        release_notified(&place(), &facts)
    }

    #[test]
    fn a_release_is_told_with_as_much_as_is_known() {
        assert_eq!(
            notified(None),
            "ada &lt;!channel&gt; released outputs from `/srv/ x /ws` on TPP"
        );
        assert_eq!(
            notified(Some((1, &["a`b.csv"]))),
            "ada &lt;!channel&gt; released 1 output from `/srv/ x /ws` on TPP\n• `a b.csv`"
        );
        assert_eq!(
            notified(Some((0, &[]))),
            "ada &lt;!channel&gt; released 0 outputs from `/srv/ x /ws` on TPP"
        );
        assert!(notified(Some((5, &["a", "b"]))).ends_with("• `a`\n• `b`\n• and 3 more"));
    }
}
