//! What staff type of a backend.

use super::network;
use crate::core::error::FieldErrors;
use crate::core::jobs::Transport;
use crate::core::jobs::store::backends::managing::Properties;
use crate::core::versions::version;

/// Seconds of silence after which a backend counts as late: from, to.
const ALERT_AFTER: (i64, i64) = (30, 7 * 86_400);
/// The longest address and folder, in characters.
const LONGEST_TEXT: usize = 500;
/// The most networks of one backend.
const MOST_NETWORKS: usize = 100;

/// What can be said of a backend, as it is typed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Input {
    pub is_active: bool,
    pub transport: String,
    pub level_4_url: String,
    /// Networks, one a line.
    pub addresses: String,
    /// In seconds.
    pub alert_after: String,
    pub parent_directory: String,
    pub obeys_disable_creating_jobs: bool,
    pub is_test: bool,
}

impl Input {
    /// What a new backend has unless somebody says otherwise.
    pub fn fresh() -> Self {
        Self {
            transport: Transport::Poll.name().to_owned(),
            alert_after: "300".to_owned(),
            ..Self::default()
        }
    }

    /// By field, as one line each.
    pub fn fields(&self) -> [(&'static str, String); 8] {
        let yes_no = |is_so: bool| if is_so { "yes" } else { "no" }.to_owned();
        [
            ("is_active", yes_no(self.is_active)),
            ("transport", self.transport.clone()),
            ("level_4_url", self.level_4_url.clone()),
            ("addresses", self.addresses.replace('\n', ",")),
            ("alert_after", self.alert_after.clone()),
            ("parent_directory", self.parent_directory.clone()),
            ("obeys_disable_creating_jobs", yes_no(self.obeys_disable_creating_jobs)),
            ("is_test", yes_no(self.is_test)),
        ]
    }

    /// Tells one state from another.
    pub fn version(&self) -> String {
        let fields = self.fields();
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        version(&fields)
    }

    /// # Errors
    /// `Invalid`, with each fault at its field.
    pub(super) fn checked(&self) -> Result<Properties, FieldErrors> {
        let mut errors = FieldErrors::default();
        if ![Transport::Poll, Transport::Rap]
            .iter()
            .any(|known| known.name() == self.transport)
        {
            errors.add("transport", "Choose how jobs reach the backend.");
        }
        if !self.level_4_url.is_empty() && !is_web_address(&self.level_4_url) {
            errors.add("level_4_url", not_a_web_address());
        }
        if self.parent_directory.chars().count() > LONGEST_TEXT || self.parent_directory.chars().any(char::is_control) {
            errors.add(
                "parent_directory",
                format!("Enter one path of at most {LONGEST_TEXT} characters."),
            );
        }
        let (least, most) = ALERT_AFTER;
        let alert_after = self
            .alert_after
            .parse()
            .ok()
            .filter(|seconds| (least..=most).contains(seconds));
        if alert_after.is_none() {
            errors.add(
                "alert_after",
                format!("Enter a whole number of seconds, from {least} to {most}."),
            );
        }
        let mut addresses = Vec::new();
        for line in self
            .addresses
            .split(['\n', ','])
            .map(str::trim)
            .filter(|line| !line.is_empty())
        {
            match network(line) {
                Ok(network) => addresses.push(network),
                Err(why) => {
                    let line: String = line.chars().take(60).collect();
                    errors.add("addresses", format!("{line:?} {why}"));
                    break;
                }
            }
        }
        addresses.sort_unstable();
        addresses.dedup();
        if addresses.len() > MOST_NETWORKS {
            errors.add("addresses", format!("Give at most {MOST_NETWORKS} networks."));
        }
        match alert_after {
            Some(alert_after) if errors.is_empty() => Ok(Properties {
                is_active: self.is_active,
                transport: self.transport.clone(),
                level_4_url: self.level_4_url.clone(),
                addresses,
                alert_after,
                parent_directory: self.parent_directory.clone(),
                obeys_disable_creating_jobs: self.obeys_disable_creating_jobs,
                is_test: self.is_test,
            }),
            _ => Err(errors),
        }
    }
}

impl From<&Properties> for Input {
    fn from(properties: &Properties) -> Self {
        let mut addresses = properties.addresses.clone();
        addresses.sort_unstable();
        Self {
            is_active: properties.is_active,
            transport: properties.transport.clone(),
            level_4_url: properties.level_4_url.clone(),
            addresses: addresses.join("\n"),
            alert_after: properties.alert_after.to_string(),
            parent_directory: properties.parent_directory.clone(),
            obeys_disable_creating_jobs: properties.obeys_disable_creating_jobs,
            is_test: properties.is_test,
        }
    }
}

/// Whether this is the address of a server, without anybody's name or password in it.
pub(super) fn is_web_address(text: &str) -> bool {
    let is_one = |url: &url::Url| {
        matches!(url.scheme(), "http" | "https")
            && url.host_str().is_some()
            && url.username().is_empty()
            && url.password().is_none()
    };
    text.chars().count() <= LONGEST_TEXT && url::Url::parse(text).is_ok_and(|url| is_one(&url))
}

pub(super) fn not_a_web_address() -> String {
    format!("Enter an address like https://host.example, of at most {LONGEST_TEXT} characters.")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong(change: impl FnOnce(&mut Input)) -> Vec<String> {
        let mut input = Input::fresh();
        change(&mut input);
        let errors = input.checked().err().unwrap_or_default();
        errors.iter().map(|(field, _)| field.to_owned()).collect()
    }

    #[test]
    fn what_is_typed_is_checked_field_by_field() {
        assert!(wrong(|_| ()).is_empty());
        assert_eq!(wrong(|input| input.transport = "pigeon".into()), ["transport"]);
        for address in [
            "release-hatch",
            "javascript:alert(1)",
            "https://",
            "ftp://host",
            "https://a:b@host",
        ] {
            assert_eq!(
                wrong(|input| input.level_4_url = address.into()),
                ["level_4_url"],
                "{address}"
            );
        }
        assert!(wrong(|input| input.level_4_url = "https://hatch.example:8001/x".into()).is_empty());
        for seconds in ["", "29", "604801", "1e3", "-60", "5 minutes"] {
            assert_eq!(
                wrong(|input| input.alert_after = seconds.into()),
                ["alert_after"],
                "{seconds}"
            );
        }
        assert_eq!(
            wrong(|input| input.addresses = "10.0.0.0/8\nnowhere".into()),
            ["addresses"]
        );
        assert_eq!(
            wrong(|input| input.parent_directory = "a\nb".into()),
            ["parent_directory"]
        );
    }

    #[test]
    fn networks_in_any_order_are_the_same_backend() {
        let mut input = Input::fresh();
        input.addresses = " 10.2.0.0/16\r\n10.1.0.0/16, 10.2.0.0/16\n".into();
        let one = Input::from(&input.checked().unwrap());
        assert_eq!(one.addresses, "10.1.0.0/16\n10.2.0.0/16");
        input.addresses = "10.1.0.0/16\n10.2.0.0/16".into();
        let other = Input::from(&input.checked().unwrap());
        assert_eq!(one.version(), other.version());
        assert_ne!(one.version(), Input::fresh().version());
    }
}
