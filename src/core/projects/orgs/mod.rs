//! Organisations as staff look after them: made, changed, found, and who belongs to them.

pub mod actions;
pub mod members;
mod store;

pub use store::lists;

use time::OffsetDateTime;

use super::staff::check_url;
use crate::core::error::FieldErrors;
use crate::core::names::{NOT_READABLE, is_readable, is_slug, slugify};
use crate::core::versions::version;

/// The longest name, in characters.
pub const MAX_NAME: usize = 255;
/// The longest description, in characters.
pub const MAX_DESCRIPTION: usize = 10_000;
/// The most organisations of the code host that one works in.
pub const MOST_GITHUB_ORGS: usize = 50;
/// Words of the staff area where an organisation's slug would stand.
const STAFF_WORDS: [&str; 1] = ["add"];

/// Everything that staff say of an organisation in its form.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OrgForm {
    pub name: String,
    pub slug: String,
    pub description: String,
    /// The address of a picture elsewhere, or empty.
    pub logo: String,
    /// The path of an uploaded picture.
    pub logo_file: Option<String>,
    pub is_internal: bool,
    pub is_not_copiloted: bool,
    /// `owner/name`, or empty.
    pub output_checking_repo: String,
    /// Without `#`; may be empty.
    pub slack_channel: String,
}

/// An organisation as it stands, with who changed it last.
#[derive(Debug, Clone)]
pub struct Stored {
    pub id: i32,
    pub form: OrgForm,
    pub github_orgs: Vec<String>,
    pub updated_at: OffsetDateTime,
    /// Username and name.
    pub updated_by: Option<String>,
    pub created_at: OffsetDateTime,
    /// Username and name.
    pub created_by_username: Option<String>,
    pub created_by_fullname: Option<String>,
}

impl OrgForm {
    /// Of what a form shows.
    pub fn version(&self) -> String {
        version(&self.fields())
    }

    /// What the record tells apart, by name.
    fn fields(&self) -> [(&'static str, &str); 9] {
        let flag = |is_set: bool| if is_set { "true" } else { "false" };
        [
            ("name", &self.name),
            ("slug", &self.slug),
            ("description", &self.description),
            ("logo", &self.logo),
            ("logo_file", self.logo_file.as_deref().unwrap_or_default()),
            ("is_internal", flag(self.is_internal)),
            ("is_not_copiloted", flag(self.is_not_copiloted)),
            ("output_checking_repo", &self.output_checking_repo),
            ("slack_channel", &self.slack_channel),
        ]
    }

    /// What is wrong with it by itself; what stays as it was is let be.
    fn check(&self, before: &OrgForm) -> FieldErrors {
        let mut errors = FieldErrors::default();
        if self.name != before.name {
            check_name(&self.name, &mut errors);
        }
        if self.slug != before.slug {
            check_slug(&self.slug, "slug", &mut errors);
        }
        let length = self.description.chars().count();
        if length > MAX_DESCRIPTION {
            errors.add(
                "description",
                format!("Shorten this to {MAX_DESCRIPTION} characters; it has {length}."),
            );
        }
        if self.logo != before.logo {
            check_url(&self.logo, "logo", &mut errors);
        }
        if self.output_checking_repo != before.output_checking_repo && !is_repo(&self.output_checking_repo) {
            errors.add(
                "output_checking_repo",
                "Enter owner and name, as in opensafely/output-checking.",
            );
        }
        let is_channel = |name: &str| {
            name.len() <= 80
                && name
                    .bytes()
                    .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-_.".contains(&b))
        };
        if self.slack_channel != before.slack_channel && !is_channel(&self.slack_channel) {
            errors.add(
                "slack_channel",
                "Enter the channel's name without #: small letters, digits, - _ and . only.",
            );
        }
        errors
    }

    /// Owner and name of the repository for output checks.
    fn output_checking(&self) -> (Option<&str>, Option<&str>) {
        self.output_checking_repo.split_once('/').unzip()
    }
}

fn check_name(name: &str, errors: &mut FieldErrors) {
    let length = name.chars().count();
    if length == 0 {
        errors.add("name", "Enter a name.");
    } else if length > MAX_NAME {
        errors.add(
            "name",
            format!("Shorten the name to {MAX_NAME} characters; it has {length}."),
        );
    } else if !is_readable(name) {
        errors.add("name", NOT_READABLE);
    }
}

/// `field` is where the message stands.
fn check_slug(slug: &str, field: &'static str, errors: &mut FieldErrors) {
    if slug.is_empty() && field == "name" {
        errors.add(
            field,
            "Use a name with some letters a to z or digits: the organisation's address is made of them.",
        );
    } else if !is_slug(slug) || slug.len() > 255 {
        errors.add(field, "Use at most 255 letters, digits, - and _, without spaces.");
    } else if STAFF_WORDS.contains(&slug) {
        errors.add(
            field,
            format!("“{slug}” is the address of another page. Choose another."),
        );
    }
}

/// The slug of a new organisation, or what is wrong with its name.
fn slug_of(name: &str) -> (String, FieldErrors) {
    let mut errors = FieldErrors::default();
    check_name(name, &mut errors);
    let slug = slugify(name);
    if errors.is_empty() {
        check_slug(&slug, "name", &mut errors);
    }
    (slug, errors)
}

/// Empty, or `owner/name` as GitHub has them.
fn is_repo(text: &str) -> bool {
    let is_name = |name: &str| {
        (1..=100).contains(&name.len())
            && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
            && name != "."
            && name != ".."
    };
    text.is_empty()
        || text
            .split_once('/')
            .is_some_and(|(owner, name)| is_github_org(owner) && is_name(name))
}

/// Whether GitHub could have an organisation of this name.
pub fn is_github_org(name: &str) -> bool {
    (1..=39).contains(&name.len())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        && !name.starts_with('-')
        && !name.ends_with('-')
        && !name.contains("--")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form() -> OrgForm {
        OrgForm {
            name: "Acme".to_owned(),
            slug: "acme".to_owned(),
            ..OrgForm::default()
        }
    }

    #[test]
    fn each_fault_stands_beside_its_field() {
        assert!(form().check(&OrgForm::default()).is_empty());
        let wrong = OrgForm {
            name: "x".repeat(MAX_NAME + 1),
            slug: "add".to_owned(),
            description: "x".repeat(MAX_DESCRIPTION + 1),
            logo: "data:image/png;base64,".to_owned(),
            output_checking_repo: "opensafely".to_owned(),
            slack_channel: "#General".to_owned(),
            ..form()
        };
        let errors = wrong.check(&form());
        let fields: Vec<&str> = errors.iter().map(|(field, _)| field).collect();
        assert_eq!(
            fields,
            [
                "name",
                "slug",
                "description",
                "logo",
                "output_checking_repo",
                "slack_channel"
            ]
        );
        assert!(wrong.check(&wrong).get("slug").is_none());
    }

    #[test]
    fn a_new_one_can_be_reached() {
        assert_eq!(slug_of("Acme & Co").0, "acme-co");
        assert!(slug_of("Acme & Co").1.is_empty());
        for name in ["", "日本", "Add", "Acme\nCo", "Acme\u{202e}", "Ac\tme"] {
            assert!(slug_of(name).1.get("name").is_some(), "{name}");
        }
    }

    #[test]
    fn names_at_the_code_host() {
        for name in ["opensafely", "a", "A-1", &"a".repeat(39)] {
            assert!(is_github_org(name), "{name}");
        }
        for name in ["", "-a", "a-", "a--b", "a b", "a/b", "é", "a_b", &"a".repeat(40)] {
            assert!(!is_github_org(name), "{name}");
        }
        for repo in ["", "opensafely/output-checking", "a/b_c.d"] {
            assert!(is_repo(repo), "{repo}");
        }
        for repo in ["a", "a/", "/b", "a/b/c", "a/..", "https://github.com/a/b"] {
            assert!(!is_repo(repo), "{repo}");
        }
    }

    #[test]
    fn a_version_is_of_all_that_the_form_shows() {
        let fields = form().fields().len();
        let versions: std::collections::BTreeSet<String> = (0..=fields)
            .map(|changed| {
                let mut form = form();
                match changed {
                    0 => (),
                    1 => form.name.push('x'),
                    2 => form.slug.push('x'),
                    3 => form.description.push('x'),
                    4 => form.logo.push('x'),
                    5 => form.logo_file = Some("x".to_owned()),
                    6 => form.is_internal = true,
                    7 => form.is_not_copiloted = true,
                    8 => form.output_checking_repo.push('x'),
                    _ => form.slack_channel.push('x'),
                }
                form.version()
            })
            .collect();
        assert_eq!(versions.len(), fields + 1);
    }
}
