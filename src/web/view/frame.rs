//! What is around every page, as the layout and its components name it.

use serde::Serialize;

use crate::web::message::CODELISTS_OUT_OF_DATE;
use crate::web::static_files::Assets;

#[derive(Debug, Serialize)]
pub struct SocialPreview {
    pub title: String,
    pub url: String,
    pub description: String,
}

#[derive(Debug, Serialize)]
pub struct AccountMenu {
    pub username: String,
    pub name: String,
    pub href: String,
    /// Where they sign in, such as `GitHub`, if it is not here.
    pub via: Option<&'static str>,
    pub is_staff: bool,
    pub staff_href: Option<String>,
}

#[derive(Debug, Serialize)]
pub struct NavItem {
    pub label: &'static str,
    pub href: &'static str,
    pub active: bool,
}

/// A step of the way to a page, as the component `breadcrumb` takes it.
#[derive(Debug, Serialize)]
pub struct Crumb {
    pub location: Option<&'static str>,
    pub title: String,
    pub url: Option<String>,
    pub id: String,
    pub active: bool,
}

#[derive(Debug, Serialize)]
pub struct Notice {
    pub tone: &'static str,
    pub title: Option<String>,
    pub text: String,
    pub dismissible: bool,
}

impl Notice {
    /// A message by its tone. What codelists are out of date is said in the same words always, and stays.
    pub fn of_message(tone: &'static str, text: String) -> Self {
        if tone == CODELISTS_OUT_OF_DATE {
            return Self {
                tone: "warning",
                title: Some("Codelists are out of date.".to_owned()),
                text: "The jobs run with the codelists as they are in the repository. Run \"opensafely codelists \
                       update\" on your machine, commit what it changes, and run the jobs again to use the newest."
                    .to_owned(),
                dismissible: false,
            };
        }
        Self {
            tone,
            title: None,
            text,
            dismissible: true,
        }
    }
}

/// The service that counts visits of pages, where it is configured.
#[derive(Debug, Serialize)]
pub struct Analytics {
    pub script: String,
    /// This site's name there.
    pub domain: String,
}

#[derive(Debug, Serialize)]
pub struct Banner {
    pub tone: &'static str,
    pub title: Option<String>,
    pub text: String,
    pub href: Option<String>,
    pub link_text: Option<String>,
}

impl Banner {
    pub fn warning(title: impl Into<String>, text: impl Into<String>) -> Self {
        Self {
            tone: "warning",
            title: Some(title.into()),
            text: text.into(),
            href: None,
            link_text: None,
        }
    }
}

#[derive(Debug, Serialize)]
pub struct AssetLinks {
    /// What the development server of the front end adds to a page; none elsewhere.
    pub dev_client: Option<String>,
    pub theme_js: String,
    pub css: String,
    pub base_js: String,
}

impl Assets {
    pub fn links(&self) -> AssetLinks {
        AssetLinks {
            dev_client: self.dev_client(),
            theme_js: self.script("theme"),
            css: self.stylesheet(),
            base_js: self.script("base"),
        }
    }
}
