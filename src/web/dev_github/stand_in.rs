//! What stands for GitHub: codes and tokens, given out and taken back.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use url::Url;

use super::people::{Account, Trouble};
use crate::core::sealed::random_token;

/// How long a code works; GitHub's own limit.
const CODE_LIFETIME: Duration = Duration::from_secs(600);
/// The most codes, tokens and people that are kept.
const MOST: usize = 1000;

/// One GitHub, with one OAuth app.
pub struct StandIn {
    client_id: String,
    client_secret: SecretString,
    /// Where the app's people come back to.
    callback: String,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    codes: HashMap<String, Grant>,
    tokens: HashMap<String, Granted>,
    /// People who were thought up here, the newest last.
    typed: Vec<Account>,
}

/// What a code stands for.
struct Grant {
    granted: Granted,
    redirect_uri: String,
    challenge: String,
    at: Instant,
}

/// Who a token is of.
#[derive(Debug, Clone)]
pub(super) struct Granted {
    pub account: Account,
    pub trouble: Trouble,
}

/// What a site asks for when it sends somebody.
#[derive(Debug, Clone)]
pub struct Asked {
    pub client_id: String,
    pub redirect_uri: Url,
    pub state: String,
    pub challenge: String,
}

impl Asked {
    /// Reads the query of the address that somebody was sent to.
    ///
    /// # Errors
    /// Says in a sentence what is missing.
    pub fn read(query: &str) -> Result<Self, String> {
        let pairs: HashMap<String, String> = url::form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        let get = |name: &str| pairs.get(name).filter(|value| !value.is_empty()).cloned();
        let need = |name: &str| get(name).ok_or_else(|| format!("The parameter {name} is missing."));
        if need("response_type")? != "code" {
            return Err("The parameter response_type is not code.".to_owned());
        }
        if need("code_challenge_method")? != "S256" {
            return Err("The parameter code_challenge_method is not S256.".to_owned());
        }
        if !need("scope")?.split_whitespace().any(|scope| scope == "user:email") {
            return Err("The parameter scope does not ask for user:email.".to_owned());
        }
        Ok(Self {
            client_id: need("client_id")?,
            redirect_uri: Url::parse(&need("redirect_uri")?)
                .map_err(|_| "The parameter redirect_uri is no address.".to_owned())?,
            state: get("state").unwrap_or_default(),
            challenge: need("code_challenge")?,
        })
    }
}

/// What a site sends to exchange a code.
pub(super) struct Exchange<'a> {
    pub client_id: &'a str,
    pub client_secret: &'a str,
    pub code: &'a str,
    pub redirect_uri: &'a str,
    pub verifier: &'a str,
}

/// Why a code is not exchanged: GitHub's name for it.
pub(super) type Refused = &'static str;

impl StandIn {
    pub fn new(client_id: &str, client_secret: SecretString, callback: &str) -> Self {
        Self {
            client_id: client_id.to_owned(),
            client_secret,
            callback: callback.to_owned(),
            state: Mutex::default(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether this site may send people here, with this address to come back to.
    ///
    /// # Errors
    /// Says in a sentence what is wrong.
    pub fn check(&self, asked: &Asked) -> Result<(), String> {
        if asked.client_id != self.client_id {
            return Err("No OAuth app has this client_id.".to_owned());
        }
        if asked.redirect_uri.as_str() != self.callback {
            return Err("The redirect_uri is not the OAuth app's.".to_owned());
        }
        Ok(())
    }

    /// Somebody said who they are: where their browser is sent now.
    pub fn decide(&self, asked: &Asked, account: Account, trouble: Trouble) -> String {
        let mut back = asked.redirect_uri.clone();
        let error = match trouble {
            Trouble::Denied => Some(("access_denied", "The user has denied your application access.")),
            Trouble::Suspended => Some(("application_suspended", "Your application has been suspended.")),
            _ => None,
        };
        if let Some((error, description)) = error {
            back.query_pairs_mut()
                .append_pair("error", error)
                .append_pair("error_description", description)
                .append_pair("state", &asked.state);
            return back.into();
        }
        let code = random_token();
        let grant = Grant {
            granted: Granted {
                account: account.seen_through(trouble),
                trouble,
            },
            redirect_uri: asked.redirect_uri.to_string(),
            challenge: asked.challenge.clone(),
            at: Instant::now(),
        };
        let mut state = self.state();
        state.codes.retain(|_, grant| grant.at.elapsed() < CODE_LIFETIME);
        if state.codes.len() < MOST {
            state.codes.insert(code.clone(), grant);
        }
        if trouble != Trouble::NoCode {
            back.query_pairs_mut().append_pair("code", &code);
        }
        match trouble {
            Trouble::NoState => {}
            Trouble::WrongState => drop(back.query_pairs_mut().append_pair("state", &random_token())),
            _ => drop(back.query_pairs_mut().append_pair("state", &asked.state)),
        }
        back.into()
    }

    /// Exchanges a code for a token. Whatever comes of it, the code is used up.
    pub(super) fn exchange(&self, exchange: &Exchange<'_>) -> Result<(String, Granted), Refused> {
        if exchange.client_id != self.client_id || exchange.client_secret != self.client_secret.expose_secret() {
            return Err("incorrect_client_credentials");
        }
        let mut state = self.state();
        let grant = state.codes.remove(exchange.code).ok_or("bad_verification_code")?;
        if grant.at.elapsed() >= CODE_LIFETIME {
            return Err("bad_verification_code");
        }
        if exchange.redirect_uri != grant.redirect_uri {
            return Err("redirect_uri_mismatch");
        }
        let proof = data_encoding::BASE64URL_NOPAD.encode(&Sha256::digest(exchange.verifier.as_bytes()));
        if proof != grant.challenge {
            return Err("bad_verification_code");
        }
        match grant.granted.trouble {
            Trouble::CodeRefused => return Err("bad_verification_code"),
            Trouble::SecretRefused => return Err("incorrect_client_credentials"),
            _ => {}
        }
        let token = format!("gho_{}", random_token());
        if state.tokens.len() >= MOST {
            state.tokens.clear();
        }
        state.tokens.insert(token.clone(), grant.granted.clone());
        Ok((token, grant.granted))
    }

    /// What is to go wrong with the exchange of this code.
    pub(super) fn trouble_of(&self, code: &str) -> Trouble {
        self.state()
            .codes
            .get(code)
            .map_or(Trouble::Nothing, |grant| grant.granted.trouble)
    }

    /// Who showed this token.
    pub(super) fn of_token(&self, token: &str) -> Option<Granted> {
        self.state().tokens.get(token).cloned()
    }

    /// People who were thought up here.
    pub(super) fn typed(&self) -> Vec<Account> {
        self.state().typed.clone()
    }

    /// Keeps somebody who was thought up here, in place of who had their id before.
    pub(super) fn keep(&self, account: Account) {
        let mut state = self.state();
        state.typed.retain(|known| known.id != account.id);
        if state.typed.len() < MOST {
            state.typed.push(account);
        }
    }

    /// Every secret that it gave out, for tests that look for them where they must not be.
    pub fn secrets(&self) -> Vec<String> {
        let state = self.state();
        state.codes.keys().chain(state.tokens.keys()).cloned().collect()
    }
}
