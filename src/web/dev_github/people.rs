//! Who can be somebody here, and what can be made to go wrong with them.

use crate::core::ports::Identity;

/// An account as GitHub would have it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    pub id: u64,
    pub login: String,
    pub name: Option<String>,
    pub emails: Vec<Email>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Email {
    pub address: String,
    pub primary: bool,
    pub verified: bool,
}

impl Account {
    /// Somebody the site knows. `None` when their number is none, as GitHub's are.
    pub fn known(identity: Identity) -> Option<Self> {
        Some(Self {
            id: identity.uid.parse().ok()?,
            login: identity.login,
            name: identity.name,
            emails: identity.email.into_iter().map(Email::usual).collect(),
        })
    }

    /// The account as `trouble` makes it look.
    pub(super) fn seen_through(mut self, trouble: Trouble) -> Self {
        match trouble {
            Trouble::NoName => self.name = None,
            Trouble::NoEmail => self.emails.clear(),
            Trouble::UnverifiedEmail => self.emails.iter_mut().for_each(|email| email.verified = false),
            Trouble::Renamed => self.login.push_str("-renamed"),
            _ => {}
        }
        self
    }
}

impl Email {
    /// Verified, and the primary one.
    pub fn usual(address: String) -> Self {
        Self {
            address,
            primary: true,
            verified: true,
        }
    }
}

macro_rules! troubles {
    ($($(#[doc = $doc:literal])+ $variant:ident, $name:literal, $label:literal;)*) => {
        /// What is to go wrong with a login.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Trouble {
            $($(#[doc = $doc])+ $variant,)*
        }

        impl Trouble {
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// As forms send it.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),* }
            }

            /// As people read it.
            pub const fn label(self) -> &'static str {
                match self { $(Self::$variant => $label),* }
            }
        }
    };
}

troubles! {
    /// None.
    Nothing, "nothing", "Nothing";
    /// Comes back with `access_denied`.
    Denied, "denied", "They say no at GitHub";
    /// Comes back with an error that has nothing to do with the person.
    Suspended, "suspended", "GitHub has suspended the OAuth app";
    /// Comes back with somebody else's state.
    WrongState, "wrong_state", "They come back with a wrong state";
    /// Comes back without a state.
    NoState, "no_state", "They come back without a state";
    /// Comes back without a code.
    NoCode, "no_code", "They come back without a code";
    /// The code is refused, with status 200.
    CodeRefused, "code_refused", "GitHub refuses the code (200 with an error)";
    /// The client's secret is refused, with status 200.
    SecretRefused, "secret_refused", "GitHub refuses the OAuth app's secret (200 with an error)";
    /// The exchange of the code fails.
    ExchangeFails, "exchange_fails", "GitHub fails at the code (500)";
    /// The exchange of the code does not end.
    ExchangeHangs, "exchange_hangs", "GitHub does not answer";
    /// The exchange gives neither a token nor a refusal.
    ExchangeGarbled, "exchange_garbled", "GitHub answers the code with nonsense";
    /// The profile fails.
    ProfileFails, "profile_fails", "GitHub fails at the profile (502)";
    /// The profile does not come.
    ProfileHangs, "profile_hangs", "GitHub does not answer about the profile";
    /// The profile is refused.
    ProfileRefused, "profile_refused", "GitHub refuses the profile (401)";
    /// There are no more calls for now.
    TooMany, "too_many", "GitHub wants fewer calls (429)";
    /// There are no more calls for now, told like a refusal.
    UsedUp, "used_up", "GitHub has no calls left for the site (403)";
    /// The profile has no id.
    NoId, "no_id", "The profile has no id";
    /// The e-mail addresses fail.
    EmailsFail, "emails_fail", "GitHub fails at the e-mail addresses (500)";
    /// The e-mail addresses are not shown.
    EmailsRefused, "emails_refused", "GitHub shows no e-mail addresses (404)";
    /// There is no e-mail address.
    NoEmail, "no_email", "They have no e-mail address";
    /// No e-mail address is verified.
    UnverifiedEmail, "unverified_email", "Their e-mail address is not verified";
    /// There is no name.
    NoName, "no_name", "They have no name";
    /// The account has another login than before.
    Renamed, "renamed", "Their account was renamed";
}

impl Trouble {
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|trouble| trouble.name() == name)
    }
}
