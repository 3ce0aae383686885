//! Mails that were kept instead of sent, for those who develop. Only mounted in a development copy that
//! keeps its mails.

use rocket::http::{ContentType, Header, Status};
use rocket::response::Responder;
use rocket::{Request, Response, Route, State, get, routes};
use serde::Serialize;

use crate::adapters::mail::{KeptHeader, KeptMail, KeptMails};
use crate::config::{MailBackend, Settings};
use crate::core::error::Error;
use crate::web::fairings;
use crate::web::forgery;
use crate::web::guards::Visit;
use crate::web::responders::{Failure, Outcome};
use crate::web::view::{Page, SafeHtml, Time, encode_segment, plain_html, thousands};

/// The most mails that are listed.
const LISTED: usize = 100;

/// The list's address, for links to it.
pub const HREF: &str = "/dev/mail/";

/// Whether this is a development copy that keeps its mails.
pub fn is_mounted(settings: &Settings) -> bool {
    mounted(settings).is_some()
}

/// The routes, and the mails they show; nothing unless this is a development copy that keeps its mails.
pub fn mounted(settings: &Settings) -> Option<(KeptMails, Vec<Route>)> {
    match &settings.mail.backend {
        MailBackend::File { folder } if settings.web.debug => {
            let routes = routes![list, one, html_part].into_iter().map(forgery::guarded);
            Some((KeptMails::new(folder), routes.collect()))
        }
        _ => None,
    }
}

#[derive(Debug, Serialize)]
pub struct ListView {
    pub mails: Vec<MailRow>,
    pub count: String,
    /// There may be more than are listed.
    pub is_cut: bool,
}

#[derive(Debug, Serialize)]
pub struct MailRow {
    pub subject: String,
    pub href: String,
    pub to: String,
    pub at: Time,
}

impl From<KeptHeader> for MailRow {
    fn from(mail: KeptHeader) -> Self {
        Self {
            href: href(&mail.id),
            subject: subject(mail.subject),
            to: mail.to,
            at: Time::new(mail.at),
        }
    }
}

#[derive(Debug, Serialize)]
pub struct MailView {
    pub subject: String,
    pub at: Time,
    pub headers: Vec<HeaderRow>,
    pub text_html: SafeHtml,
    /// The address of the HTML part alone; `None` when there is none.
    pub html_href: Option<String>,
}

#[derive(Debug, Serialize)]
pub struct HeaderRow {
    pub name: String,
    pub value: String,
}

#[get("/dev/mail")]
pub async fn list(visit: Visit<'_>, mails: &State<KeptMails>) -> Outcome<Page> {
    let mails = mails.newest(LISTED).await.map_err(unreadable)?;
    let view = ListView {
        count: thousands(i64::try_from(mails.len()).unwrap_or(i64::MAX)),
        is_cut: mails.len() == LISTED,
        mails: mails.into_iter().map(MailRow::from).collect(),
    };
    let chrome = visit.chrome("Kept mails").here("Page", "Kept mails");
    Ok(visit.render("pages/dev_mails", chrome, &view))
}

#[get("/dev/mail/<id>")]
pub async fn one(visit: Visit<'_>, mails: &State<KeptMails>, id: &str) -> Outcome<Page> {
    let mail = read(mails, id).await?;
    let subject = subject(mail.header.subject);
    let view = MailView {
        at: Time::new(mail.header.at),
        headers: mail
            .headers
            .into_iter()
            .map(|(name, value)| HeaderRow { name, value })
            .collect(),
        text_html: plain_html(mail.text.trim_end()),
        html_href: (!mail.html.is_empty()).then(|| format!("{}html/", href(id))),
        subject,
    };
    if let Some(html) = &view.html_href {
        fairings::frame_our_own(visit.request, &visit.app.settings.web.base_url, html);
    }
    let chrome = visit
        .chrome(view.subject.clone())
        .crumb("Page", "Kept mails", HREF)
        .here("Mail", view.subject.clone());
    Ok(visit.render("pages/dev_mail", chrome, &view))
}

#[get("/dev/mail/<id>/html")]
pub async fn html_part(mails: &State<KeptMails>, id: &str) -> Outcome<HtmlPart> {
    let html = read(mails, id).await?.html;
    // What a mail links to opens beside it, as in a mail program.
    Ok(HtmlPart(html.replacen("<head>", "<head><base target=\"_blank\">", 1)))
}

async fn read(mails: &KeptMails, id: &str) -> Outcome<KeptMail> {
    let mail = mails.read(id).await.map_err(unreadable)?;
    mail.ok_or_else(|| Failure::not_found("Mail"))
}

fn unreadable(error: std::io::Error) -> Error {
    Error::Internal(format!("kept mails cannot be read: {error}"))
}

fn href(id: &str) -> String {
    format!("{HREF}{}/", encode_segment(id))
}

fn subject(subject: String) -> String {
    if subject.trim().is_empty() {
        "(no subject)".to_owned()
    } else {
        subject
    }
}

/// A mail's HTML as it is, for a frame: it may have styles of its own, and do nothing, load nothing, be
/// nobody's page.
pub struct HtmlPart(String);

/// What the frame's document may do, whatever is in it: show its own inline styles.
const PART_POLICY: &str = "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'";

impl<'r> Responder<'r, 'static> for HtmlPart {
    fn respond_to(self, _: &'r Request<'_>) -> rocket::response::Result<'static> {
        Response::build()
            .status(Status::Ok)
            .header(ContentType::HTML)
            .header(Header::new("Content-Security-Policy", PART_POLICY))
            .sized_body(self.0.len(), std::io::Cursor::new(self.0))
            .ok()
    }
}
