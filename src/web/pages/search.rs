//! The search: one box over everything that has a page, and the page of what it found.

use rocket::http::Header;
use rocket::response::Redirect;
use rocket::{Responder, get};
use serde::Serialize;

use crate::core::search::store::{Hit, search};
use crate::core::search::{Kind, Piece, Sought, pieces};
use crate::web::database::Database;
use crate::web::guards::Visit;
use crate::web::responders::{Outcome, found};
use crate::web::view::{Page, encode_segment, user_href};

/// How many of each kind are shown together.
const OF_EACH: usize = 5;
/// How many of one kind are shown alone.
const OF_ONE: usize = 100;

/// The context of `pages/search`.
#[derive(Serialize)]
pub struct SearchView {
    pub q: String,
    pub groups: Vec<Group>,
    /// Only one kind is shown.
    pub is_one_kind: bool,
    pub all_href: String,
    /// What to do when nothing is shown, and why.
    pub empty: Option<Empty>,
}

#[derive(Serialize)]
pub struct Empty {
    pub heading: &'static str,
    pub advice: &'static str,
}

#[derive(Serialize)]
pub struct Group {
    pub id: &'static str,
    pub label: &'static str,
    pub hits: Vec<HitRow>,
    pub more_href: Option<String>,
    /// There are more than are shown alone.
    pub is_cut: bool,
}

#[derive(Serialize)]
pub struct HitRow {
    pub href: String,
    /// Before the name, such as "Job request".
    pub prefix: Option<&'static str>,
    pub name: Vec<Piece>,
    /// Where it is, or how else it is called.
    pub detail: Vec<Piece>,
}

/// A page that search engines leave out, or on to the one thing that was meant.
#[derive(Responder)]
pub enum Answer {
    Page(Box<Page>, Header<'static>),
    Go(Box<Redirect>),
}

#[get("/search?<q>&<kind>")]
pub async fn page(visit: Visit<'_>, db: &Database, q: Option<&str>, kind: Option<&str>) -> Outcome<Answer> {
    let sought = Sought::new(q.unwrap_or_default());
    let kind = kind.and_then(Kind::parse);
    let hits = if sought.is_too_short() {
        Vec::new()
    } else {
        let most = if kind.is_some() { OF_ONE } else { OF_EACH };
        // One more tells that there are more.
        let most = i64::try_from(most + 1).unwrap_or(i64::MAX);
        search(&mut *db.read().await?, &sought, kind, most).await?
    };
    if kind.is_none()
        && let Some(meant) = meant(&hits, &sought)
    {
        return Ok(Answer::Go(Box::new(found(href(meant)))));
    }
    let view = SearchView {
        groups: groups(hits, &sought, kind),
        is_one_kind: kind.is_some(),
        all_href: address(&sought, None),
        empty: None,
        q: sought.text.clone(),
    };
    let view = SearchView {
        empty: view.groups.is_empty().then(|| empty(&sought)),
        ..view
    };
    let title = if view.q.is_empty() {
        "Search".to_owned()
    } else {
        format!("Search for “{}”", view.q)
    };
    let chrome = visit.chrome(title).here("Page", "Search");
    let page = visit.render("pages/search", chrome, &view);
    Ok(Answer::Page(Box::new(page), Header::new("X-Robots-Tag", "noindex")))
}

/// The job or job request whose whole identifier was typed: nobody means anything else by it.
fn meant<'a>(hits: &'a [Hit], sought: &Sought) -> Option<&'a Hit> {
    let is_identified =
        |hit: &&Hit| [Kind::JobRequest.word(), Kind::Job.word()].contains(&hit.kind.as_str()) && hit.key == sought.text;
    let mut meant = hits.iter().filter(|hit| hit.is_exact);
    match (meant.next(), meant.next()) {
        (Some(only), None) => Some(only).filter(is_identified),
        _ => None,
    }
}

fn empty(sought: &Sought) -> Empty {
    match sought.text.as_str() {
        "" => Empty {
            heading: "What are you looking for?",
            advice: "Type part of a name, the number of a job request or project, or how an identifier begins.",
        },
        _ if sought.is_too_short() => Empty {
            heading: "Type a little more",
            advice: "Names are searched by two letters or more.",
        },
        _ => Empty {
            heading: "Nothing matches",
            advice: "Check the spelling, or type a shorter part of the name. An identifier is found by its first four characters or more.",
        },
    }
}

fn groups(hits: Vec<Hit>, sought: &Sought, only: Option<Kind>) -> Vec<Group> {
    let mut of_kind: Vec<(Kind, Vec<Hit>)> = Kind::ALL.map(|kind| (kind, Vec::new())).into();
    for hit in hits {
        if let Some((_, group)) = of_kind.iter_mut().find(|(kind, _)| kind.word() == hit.kind) {
            group.push(hit);
        }
    }
    of_kind.retain(|(_, hits)| !hits.is_empty());
    // The sort is stable: what is called exactly so comes first, and the rest keeps its order.
    of_kind.sort_by_key(|(_, hits)| !hits.iter().any(|hit| hit.is_exact));
    let most = if only.is_some() { OF_ONE } else { OF_EACH };
    of_kind
        .into_iter()
        .map(|(kind, hits)| {
            let has_more = hits.len() > most;
            Group {
                id: kind.word(),
                label: label(kind),
                hits: hits
                    .into_iter()
                    .take(most)
                    .map(|hit| HitRow::new(kind, hit, &sought.text))
                    .collect(),
                more_href: (has_more && only.is_none()).then(|| address(sought, Some(kind))),
                is_cut: has_more && only.is_some(),
            }
        })
        .collect()
}

fn label(kind: Kind) -> &'static str {
    match kind {
        Kind::JobRequest => "Job requests",
        Kind::Job => "Jobs",
        Kind::Project => "Projects",
        Kind::Workspace => "Workspaces",
        Kind::Person => "People",
        Kind::Organisation => "Organisations",
    }
}

impl HitRow {
    fn new(kind: Kind, hit: Hit, sought: &str) -> Self {
        let href = href(&hit);
        let detail = match kind {
            Kind::JobRequest | Kind::Job => {
                let place = hit
                    .detail
                    .map(|workspace| format!(" in {workspace}"))
                    .unwrap_or_default();
                format!("{}{place}", hit.key)
            }
            _ => hit.detail.unwrap_or_default(),
        };
        Self {
            href,
            prefix: (kind == Kind::JobRequest).then_some("Job request"),
            name: pieces(&hit.name, sought.strip_prefix('#').unwrap_or(sought)),
            detail: pieces(&detail, sought),
        }
    }
}

/// Where the thing has its page.
fn href(hit: &Hit) -> String {
    let mut place = String::from("/");
    for part in [hit.project_slug.as_deref(), hit.workspace.as_deref()]
        .into_iter()
        .flatten()
    {
        place.push_str(&encode_segment(part));
        place.push('/');
    }
    if let Some(id) = hit.request_id {
        place.push_str(&format!("{id}/"));
    }
    match Kind::parse(&hit.kind) {
        Some(Kind::Job) => format!("{place}{}/", encode_segment(&hit.key)),
        Some(Kind::Person) => user_href(&hit.key),
        Some(Kind::Organisation) => format!("/orgs/{}/", encode_segment(&hit.key)),
        _ => place,
    }
}

fn address(sought: &Sought, kind: Option<Kind>) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.append_pair("q", &sought.text);
    if let Some(kind) = kind {
        query.append_pair("kind", kind.word());
    }
    format!("/search/?{}", query.finish())
}
