//! What somebody filled in, from a form that was sent or from the address that led here.

use crate::core::sealed::random_token;
use crate::web::forms::CsrfForm;

/// What was filled in, or the form's own defaults.
#[derive(Debug, Clone, Default)]
pub struct Filled {
    pub form_key: String,
    /// Each once, in the order chosen.
    pub actions: Vec<String>,
    /// The backend's slug; `None` as long as nobody could choose.
    pub backend: Option<String>,
    pub force: bool,
    pub will_notify: bool,
}

/// The longest form key that is remembered; ours are shorter.
const MAX_FORM_KEY: usize = 100;

impl Filled {
    /// A new form, with what the address chose: `backend` (a slug), `actions` (names, repeated) and `force`. Whether such
    /// a backend and such actions are offered shows only later; what is not is passed over.
    pub fn of_query(query: Option<&str>, will_notify: bool) -> Self {
        let mut filled = Self {
            form_key: random_token(),
            will_notify,
            ..Self::default()
        };
        for (name, value) in url::form_urlencoded::parse(query.unwrap_or_default().as_bytes()) {
            match &*name {
                "backend" if filled.backend.is_none() => filled.backend = Some(value.into_owned()),
                "actions" => filled.choose(&value),
                "force" => filled.force = matches!(&*value.to_lowercase(), "1" | "true" | "on"),
                _ => {}
            }
        }
        filled
    }

    pub fn of_form(form: &CsrfForm) -> Self {
        let key = form.text("form_key");
        let mut filled = Self {
            form_key: if key.len() <= MAX_FORM_KEY {
                key.to_owned()
            } else {
                String::new()
            },
            actions: Vec::new(),
            backend: Some(form.text("backend").to_owned()),
            force: form.flag("force_run_dependencies"),
            will_notify: form.flag("will_notify"),
        };
        for name in form.all("requested_actions") {
            filled.choose(name);
        }
        filled
    }

    fn choose(&mut self, name: &str) {
        if !name.is_empty() && !self.actions.iter().any(|action| action == name) {
            self.actions.push(name.to_owned());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_chooses() {
        let query = "backend=tpp&actions=a+b&actions=c%26d&actions=a%20b&actions=&backend=emis&force=True&x=y";
        let filled = Filled::of_query(Some(query), true);
        assert_eq!(filled.actions, ["a b", "c&d"]);
        assert_eq!(filled.backend.as_deref(), Some("tpp"));
        assert!(filled.force && filled.will_notify && !filled.form_key.is_empty());
        let nothing = Filled::of_query(None, false);
        assert!(nothing.actions.is_empty() && nothing.backend.is_none() && !nothing.force);
    }
}
