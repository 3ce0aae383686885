//! One file that is open: what it is, and as much of it as a page can show without scripts.

use serde::Serialize;
use serde_json::Value;

use super::content::{self, Kind, ROWS, Rows, TEXT_SHOWN, Text, Unreadable};
use super::tree::day;
use super::viewer::Fact;
use crate::core::ports::FileStore;
use crate::core::releases::{self, ReleaseFile, names, size_in_words};
use crate::web::catchers::Support;
use crate::web::responders::{Failure, Outcome};
use crate::web::view::{Pagination, Time, page_number, thousands};

/// Where a file stands.
pub struct Place<'a> {
    /// Its name in the list, with folders.
    pub name: &'a str,
    /// Its content's address.
    pub raw_href: String,
    /// The site's own address, without a slash at the end.
    pub site: &'a str,
    /// Its page's whole address.
    pub address: String,
    pub query: Option<&'a str>,
    /// Whether its release is worth a word.
    pub shows_release: bool,
    /// The address of its workspace, without a slash at the end.
    pub workspace: &'a str,
    pub is_public: bool,
    /// Whether what the backend said of it is for the visitor.
    pub shows_metadata: bool,
    /// Whom to write to when something is wrong with it.
    pub support: Option<Support>,
}

#[derive(Serialize)]
pub struct Opened {
    folders: String,
    name: String,
    /// As it is saved.
    saved_as: String,
    kind: &'static str,
    size: String,
    modified: Time,
    raw_href: String,
    address: String,
    facts: Vec<Fact>,
    table: Option<Table>,
    text: Option<Shown>,
    image: Option<&'static str>,
    frame: Option<&'static str>,
    pdf: Option<&'static str>,
    nothing: Option<Nothing>,
    /// Whether its content cannot be had at all.
    is_gone: bool,
}

#[derive(Serialize)]
struct Table {
    #[serde(flatten)]
    rows: Rows,
    summary: String,
    note: Option<String>,
    delimiter: char,
    pagination: Pagination,
}

#[derive(Serialize)]
struct Shown {
    text: String,
    is_laid_out: bool,
    note: Option<String>,
    /// Only its beginning is on the page.
    is_cut: bool,
}

/// Why nothing is shown.
#[derive(Serialize)]
struct Nothing {
    title: &'static str,
    text: String,
    is_fault: bool,
    support: Option<Support>,
}

impl Opened {
    /// What the page shows of it in a frame.
    pub fn framed(&self) -> Option<&str> {
        (self.frame.is_some() || self.pdf.is_some()).then_some(self.raw_href.as_str())
    }
}

/// Looks into a file.
///
/// # Errors
/// 404 for a page of a table that there is not.
pub async fn open(store: &dyn FileStore, file: &ReleaseFile, place: Place<'_>, page: Option<&str>) -> Outcome<Opened> {
    let kind = Kind::of(&file.name);
    let base_name = names::base_name(place.name);
    let mut opened = Opened {
        folders: place.name[..place.name.len() - base_name.len()].to_owned(),
        name: base_name.to_owned(),
        saved_as: names::base_name(&file.name).to_owned(),
        kind: kind.name(),
        size: size_in_words(file.size),
        modified: Time::new(file.mtime),
        facts: facts(file, &place),
        raw_href: place.raw_href,
        address: place.address,
        table: None,
        text: None,
        image: None,
        frame: None,
        pdf: None,
        nothing: None,
        is_gone: false,
    };
    if let Err(why) = fill(&mut opened, store, file, kind, page, place.query).await? {
        opened.nothing = Some(Nothing::of_fault(&why, place.support));
        opened.is_gone = true;
    }
    Ok(opened)
}

/// Shows as much of a file as a page can, or says why it shows nothing.
async fn fill(
    opened: &mut Opened,
    store: &dyn FileStore,
    file: &ReleaseFile,
    kind: Kind,
    page: Option<&str>,
    query: Option<&str>,
) -> Outcome<Result<(), Unreadable>> {
    if file.size > kind.largest() {
        // Of so much only the size is looked at.
        if let Err(error) = releases::content::check_size(store, file).await {
            return Ok(Err(error.into()));
        }
        opened.nothing = Some(Nothing::because(
            "Too large to show here",
            format!("It has {}. Download it to look at it.", size_in_words(file.size)),
        ));
        return Ok(Ok(()));
    }
    match kind {
        Kind::Table(delimiter) => match table(store, file, delimiter, page, query).await? {
            Ok(table) => opened.table = Some(table),
            Err(why) => return Ok(Err(why)),
        },
        Kind::Text | Kind::Json => match content::text(store, file, kind).await {
            Ok(text) => opened.text = Some(text.into()),
            Err(why) => return Ok(Err(why)),
        },
        Kind::Image | Kind::Report | Kind::Pdf | Kind::Other => {
            // The browser fetches it by itself, and could not say what is wrong with it.
            if let Err(error) = releases::content::check(store, file).await {
                return Ok(Err(error.into()));
            }
            match kind {
                Kind::Image => opened.image = Some("shown"),
                Kind::Report => opened.frame = Some("shown"),
                // No browser's viewer of PDFs works in a sandbox. It runs nothing as a page of ours.
                Kind::Pdf => opened.pdf = Some("shown"),
                _ => {
                    let text = "Files of this kind are not shown here. Download it to look at it.".to_owned();
                    opened.nothing = Some(Nothing::because("No preview", text));
                }
            }
        }
    }
    Ok(Ok(()))
}

fn facts(file: &ReleaseFile, place: &Place<'_>) -> Vec<Fact> {
    let mut facts = vec![
        Fact::text("Backend", file.backend_name.as_str()),
        Fact::text("Size", format!("{} bytes", thousands(file.size))),
        Fact::time("Written in the backend", file.mtime),
        Fact::time("Released", file.created_at),
    ];
    if place.shows_release && !place.is_public {
        let href = format!("{}/releases/{}/", place.workspace, file.release_id);
        let words = format!("From {}, {}", file.backend_name, day(file.created_at));
        facts.push(Fact::link("Release", words, href));
    }
    if place.is_public {
        let address = format!("{}{}", place.site, place.raw_href);
        facts.push(Fact::link("Public address", address.clone(), address));
    }
    facts.push(Fact::code("SHA-256", file.filehash.as_str()));
    facts.push(Fact::code("Identifier", file.id.as_str()));
    if place.shows_metadata {
        let said = file.metadata.as_deref();
        let said = said.and_then(|said| serde_json::from_str::<Value>(said.get()).ok());
        facts.extend(Fact::of_json(said.as_ref()));
    }
    facts
}

async fn table(
    store: &dyn FileStore,
    file: &ReleaseFile,
    delimiter: u8,
    page: Option<&str>,
    query: Option<&str>,
) -> Outcome<Result<Table, Unreadable>> {
    let number = match page {
        None => 1,
        // Which page that is, is known when all rows are.
        Some("last") => usize::MAX,
        Some(number) => number.parse().map_err(|_| Failure::not_found("Page"))?,
    };
    let mut rows = match content::rows(store, file, delimiter, number).await {
        Ok(rows) => rows,
        Err(why) => return Ok(Err(why)),
    };
    let total = i64::try_from(rows.total).unwrap_or(i64::MAX);
    let per_page = i64::try_from(ROWS).unwrap_or(i64::MAX);
    let page = page_number(page, total, per_page).ok_or(Failure::not_found("Page"))?;
    if number == usize::MAX {
        let last = usize::try_from(page).unwrap_or(1);
        rows = match content::rows(store, file, delimiter, last).await {
            Ok(rows) => rows,
            Err(why) => return Ok(Err(why)),
        };
    }
    let shown = rows.head.len();
    let note = (rows.columns > shown).then(|| {
        format!(
            "It has {} columns, of which the first {shown} are shown.",
            thousands(i64::try_from(rows.columns).unwrap_or(i64::MAX))
        )
    });
    let plural = |number: usize, word: &str| {
        let ending = if number == 1 { "" } else { "s" };
        format!(
            "{} {word}{ending}",
            thousands(i64::try_from(number).unwrap_or(i64::MAX))
        )
    };
    Ok(Ok(Table {
        summary: match rows.columns {
            0 => "This table is empty.".to_owned(),
            columns => format!(
                "{} below the first, {}",
                plural(rows.total, "row"),
                plural(columns, "column")
            ),
        },
        note,
        delimiter: char::from(delimiter),
        pagination: Pagination::new(page, total, per_page, query),
        rows,
    }))
}

impl From<Text> for Shown {
    fn from(text: Text) -> Self {
        let note = match (text.is_whole, text.text.is_empty()) {
            (false, _) => Some(format!("These are the first {} KB of it.", TEXT_SHOWN / 1024)),
            (true, true) => Some("This file is empty.".to_owned()),
            (true, false) => None,
        };
        Self {
            text: text.text,
            is_laid_out: text.is_laid_out,
            note,
            is_cut: !text.is_whole,
        }
    }
}

impl Nothing {
    fn because(title: &'static str, text: String) -> Self {
        Self {
            title,
            text,
            is_fault: false,
            support: None,
        }
    }

    fn of_fault(why: &Unreadable, support: Option<Support>) -> Self {
        let (title, text) = match why {
            Unreadable::Damaged => (
                "This file is damaged",
                "Its content is missing, or is not what was uploaded, so it is neither shown nor sent. It has been \
                 reported. Ask for the file to be released again.",
            ),
            Unreadable::Away => (
                "This file cannot be read at the moment",
                "The storage does not answer. The file itself is most likely all right: try again in a few minutes.",
            ),
        };
        Self {
            is_fault: true,
            support,
            ..Self::because(title, text.to_owned())
        }
    }
}
