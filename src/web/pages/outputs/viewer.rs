//! The page itself, whatever is looked at: its view, and how it is put together.

use std::sync::Arc;

use serde::Serialize;
use serde_json::Value;
use time::{Duration, OffsetDateTime};

use super::Asked;
use super::checked::Checked;
use super::deciding::Deciding;
use super::flat::flat;
use super::listed::{Listed, encoded, position, tally};
use super::opened::{self, Opened};
use super::reviews::Reviews;
use super::tree::{self, Shown, day, tree, why_closed};
use super::wanted::Wanted;
use crate::core::releases::{ReleaseFile, Standing};
use crate::core::workspaces::Workspace;
use crate::web::catchers::Support;
use crate::web::guards::Visit;
use crate::web::headers;
use crate::web::pages::places::under_workspace;
use crate::web::pages::releases::{State, amount};
use crate::web::responders::{Failure, Outcome};
use crate::web::view::{Chrome, Link, Page, SafeHtml, Time};
use crate::web::zip::{Archive, Entry, What};

/// What is looked at: everything that differs between a release, the latest outputs and a snapshot.
pub struct Looked {
    /// What it is called, such as `Release from TPP`.
    pub heading: String,
    /// Who brought it to where it stands, and when.
    pub deed: Option<Deed>,
    /// The same in a breadcrumb.
    pub kind: &'static str,
    pub label: String,
    /// Words and address of the list it is in, if it is in one.
    pub list: Option<(&'static str, String)>,
    pub badge: Option<Badge>,
    /// Its address, with a slash at the end; files are below.
    pub base: String,
    pub files: Vec<Listed>,
    pub facts: Vec<Fact>,
    /// Key and value of what the backend said of the whole.
    /// What was said of a release by those who checked it.
    pub reviews: Option<Reviews>,
    /// What happened to a release request until it was a release.
    pub checked: Option<Checked>,
    pub metadata: Vec<Fact>,
    pub sharing: Sharing,
    pub data: Data,
    pub prepare_href: Option<String>,
    pub deciding: Option<Deciding>,
    /// Where a file's content is, by its id.
    pub content: ContentAt,
    /// Where the archive of all is called so.
    pub download: Option<String>,
    /// Whether anybody may look at it.
    pub is_public: bool,
    /// Whether the visitor may see what was released, and so what the backend said of each file.
    pub sees_released: bool,
}

/// Who did something, and when.
#[derive(Debug, Serialize)]
pub struct Deed {
    /// Such as `Released by`.
    pub words: &'static str,
    pub by: Option<Link>,
    pub at: Time,
}

/// Where contents of files are.
#[derive(Debug, Clone)]
pub enum ContentAt {
    /// For those who may see what is released.
    Api,
    /// For everybody, below a workspace's address.
    Published(String),
}

impl ContentAt {
    fn of(&self, id: &str) -> String {
        match self {
            Self::Api => format!("/api/v2/releases/file/{id}"),
            Self::Published(workspace) => format!("{workspace}published/{id}/"),
        }
    }
}

#[derive(Debug, Serialize)]
pub struct Badge {
    pub tone: &'static str,
    pub label: &'static str,
}

impl From<Standing> for Badge {
    fn from(standing: Standing) -> Self {
        let State { text, variant } = standing.into();
        Self {
            tone: variant,
            label: text,
        }
    }
}

/// One thing that is known: a text, a link, or an instant.
#[derive(Debug, Default, Serialize)]
pub struct Fact {
    pub label: String,
    pub text: Option<String>,
    pub link: Option<Link>,
    pub time: Option<Time>,
    pub code: Option<String>,
}

impl Fact {
    pub fn text(label: impl Into<String>, text: impl Into<String>) -> Self {
        Self {
            label: label.into(),
            text: Some(text.into()),
            ..Self::default()
        }
    }

    pub fn link(label: impl Into<String>, text: impl Into<String>, href: impl Into<String>) -> Self {
        Self {
            label: label.into(),
            link: Some(Link::new(text, href)),
            ..Self::default()
        }
    }

    pub fn time(label: impl Into<String>, at: OffsetDateTime) -> Self {
        Self {
            label: label.into(),
            time: Some(Time::new(at)),
            ..Self::default()
        }
    }

    pub fn code(label: impl Into<String>, code: impl Into<String>) -> Self {
        Self {
            label: label.into(),
            code: Some(code.into()),
            ..Self::default()
        }
    }

    /// What was said in JSON: each key of an object, or the whole.
    pub fn of_json(value: Option<&Value>) -> Vec<Self> {
        let said = |value: &Value| match value {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        match value {
            None | Some(Value::Null) => Vec::new(),
            Some(Value::Object(fields)) => fields.iter().map(|(key, value)| Self::text(key, said(value))).collect(),
            Some(other) => vec![Self::text("Metadata", said(other))],
        }
    }
}

/// Who may see the files, and what they may do with them.
#[derive(Debug, Serialize)]
pub struct Sharing {
    pub tone: &'static str,
    pub title: &'static str,
    pub text: String,
}

/// What scripts are told.
#[derive(Debug, Default, Serialize)]
pub struct Data {
    pub files_url: String,
    pub auth_token: String,
    pub prepare_url: String,
    pub publish_url: String,
    pub review_url: String,
}

/// The context of `pages/outputs/viewer`.
#[derive(Serialize)]
pub struct ViewerView {
    heading: String,
    deed: Option<Deed>,
    badge: Option<Badge>,
    workspace: Link,
    totals: String,
    data: Data,
    base: String,
    download: Option<String>,
    prepare_href: Option<String>,
    deciding: Option<Deciding>,
    has_files: bool,
    /// The list has more files than the page shows.
    is_part: bool,
    is_by_date: bool,
    by_name_href: String,
    by_date_href: String,
    overview_query: String,
    filter: String,
    /// How many files fit the filter, in words.
    found: Option<String>,
    tree_html: SafeHtml,
    overview: Option<Overview>,
    opened: Option<Opened>,
    closed: Option<Closed>,
}

#[derive(Serialize)]
struct Overview {
    facts: Vec<Fact>,
    reviews: Option<Reviews>,
    checked: Option<Checked>,
    metadata: Vec<Fact>,
    sharing: Sharing,
}

/// After so long, whoever waits for a file should ask.
const SHOULD_ARRIVE: Duration = Duration::days(1);

/// A file that cannot be opened.
#[derive(Serialize)]
struct Closed {
    name: String,
    title: &'static str,
    text: String,
    /// What can be done about it.
    advice: Option<&'static str>,
    support: Option<Support>,
}

impl Closed {
    /// `None` when it can be opened.
    fn of(visit: &Visit<'_>, file: &ReleaseFile) -> Option<Self> {
        let why = why_closed(file)?;
        let name = file.name.clone();
        if file.is_deleted() {
            return Some(Self {
                name,
                title: "This file was withdrawn",
                text: format!("It was {why}. Its content is gone from this site; only its name is kept."),
                advice: None,
                support: None,
            });
        }
        Some(Self {
            name,
            title: "This file has not been uploaded yet",
            text: format!(
                "{} announced it on {}. Its content follows by itself, usually within minutes.",
                file.backend_name,
                day(file.created_at)
            ),
            advice: Some(match OffsetDateTime::now_utc() - file.created_at < SHOULD_ARRIVE {
                true => "Nothing is wrong so far: look again later.",
                false => "It should be here by now. Ask whoever released it to send it again.",
            }),
            support: Support::about(visit.app, &format!("File {}", file.id)),
        })
    }
}

/// The page of what is looked at, with the file at `path` open; none when it is empty.
///
/// # Errors
/// 404 for a file that is not in the list, and for a page of a table beyond its end.
pub async fn page(
    visit: &Visit<'_>,
    workspace: &Workspace,
    looked: Looked,
    path: &str,
    asked: Asked<'_>,
) -> Outcome<Page> {
    let index = match path {
        "" => None,
        _ => Some(position(&looked.files, path).ok_or(Failure::not_found("File"))?),
    };
    let listed = index.and_then(|index| looked.files.get(index));
    let closed = listed.and_then(|listed| Closed::of(visit, &listed.file));
    let opened = match listed.filter(|listed| listed.file.is_readable()) {
        Some(listed) => Some(open(visit, &looked, listed, asked).await?),
        None => None,
    };
    if let Some(framed) = opened.as_ref().and_then(Opened::framed) {
        headers::frame_our_own(visit.request, &visit.app.settings.web.base_url, framed);
    }
    let shown = Shown {
        opened: index,
        folder: asked.folder,
        from: asked.from.unwrap_or(0),
    };
    let title = match listed {
        Some(listed) => format!("{} in {}", listed.file.name, looked.heading),
        None => looked.heading.clone(),
    };
    let chrome = chrome(visit, workspace, &looked, title, listed);
    let wanted = Wanted::of(visit.query());
    let view = ViewerView {
        is_by_date: wanted.is_by_date,
        by_name_href: wanted.ordered(Some("name"), 0),
        by_date_href: wanted.ordered(Some("date"), 0),
        overview_query: wanted.query(),
        found: wanted.found(&looked.files),
        tree_html: match wanted.is_by_date {
            true => flat(&looked.files, &looked.base, index, asked.from, &wanted),
            false => tree(&looked.files, &looked.base, shown, &wanted),
        },
        filter: wanted.filter,
        totals: amount(&tally(&looked.files)),
        has_files: !looked.files.is_empty(),
        is_part: looked.files.len() > tree::WHOLE,
        overview: listed.is_none().then_some(Overview {
            facts: looked.facts,
            reviews: looked.reviews,
            checked: looked.checked,
            metadata: looked.metadata,
            sharing: looked.sharing,
        }),
        opened,
        closed,
        heading: looked.heading,
        deed: looked.deed,
        badge: looked.badge,
        workspace: Link::new(workspace.name.as_str(), workspace.href()),
        data: looked.data,
        download: looked.download.map(|_| format!("{}download/", looked.base)),
        base: looked.base,
        prepare_href: looked.prepare_href,
        deciding: looked.deciding,
    };
    Ok(visit.render("pages/outputs/viewer", chrome, &view))
}

async fn open(visit: &Visit<'_>, looked: &Looked, listed: &Listed, asked: Asked<'_>) -> Outcome<Opened> {
    let site = visit.app.settings.web.base_url.as_str().trim_end_matches('/');
    let place = opened::Place {
        name: &listed.path,
        raw_href: looked.content.of(&listed.file.id),
        site,
        address: format!("{site}{}{}", looked.base, encoded(&listed.path)),
        query: visit.query(),
        shows_release: looked.kind != "Release",
        workspace: looked.base.split("/outputs/").next().unwrap_or_default(),
        is_public: looked.is_public,
        shows_metadata: looked.sees_released,
        support: Support::about(visit.app, &format!("File {}", listed.file.id)),
    };
    opened::open(&*visit.app.files, &listed.file, place, asked.page).await
}

fn chrome(visit: &Visit<'_>, workspace: &Workspace, looked: &Looked, title: String, listed: Option<&Listed>) -> Chrome {
    let mut chrome = under_workspace(visit.chrome(title), workspace).script(visit, "outputs");
    // A file has one address, which ends as its name does.
    let site = visit.app.settings.web.base_url.as_str().trim_end_matches('/');
    let path = listed.map_or_else(String::new, |listed| encoded(&listed.path));
    chrome.canonical = format!("{site}{}{path}", looked.base);
    let chrome = match &looked.list {
        Some((words, href)) => chrome.crumb("List", *words, href.clone()),
        None => chrome,
    };
    match listed {
        Some(listed) => chrome
            .crumb(looked.kind, looked.label.clone(), looked.base.clone())
            .here("File", listed.file.name.clone()),
        None => chrome.here(looked.kind, looked.label.clone()),
    }
}

/// All of them as an archive. What has not arrived is left out, and words stand for what was withdrawn or is damaged.
///
/// # Errors
/// 404 when there is no file, 503 when the storage does not answer.
pub async fn archive(visit: &Visit<'_>, filename: String, base: &str, files: Vec<Listed>) -> Outcome<Archive> {
    if files.is_empty() {
        return Err(Failure::not_found("File"));
    }
    let site = visit.app.settings.web.base_url.as_str().trim_end_matches('/');
    let entries = files.into_iter().filter_map(|listed| {
        let Listed { path, file } = listed;
        let what = match why_closed(&file) {
            None => What::File(Box::new(file)),
            Some(why) if file.is_deleted() => {
                What::Note(format!("This file was {why}.\n{site}{base}{}\n", encoded(&path)))
            }
            Some(_) => return None,
        };
        Some(Entry { name: path, what })
    });
    Ok(Archive::new(filename, entries.collect(), Arc::clone(&visit.app.files)).await?)
}
