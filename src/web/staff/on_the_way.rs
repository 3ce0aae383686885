//! Making an organisation on the way to a project: what is typed of the project comes along, there and back.

use super::form::Elsewhere;
use super::guard::Staff;
use super::query;

/// In an address, that its fields are what was typed of a project. Without it they may be of another form's.
const MARK: (&str, &str) = ("typed", "project");

/// The button that leads to making an organisation, and from there back to the form at `path`.
pub fn new_org(staff: &Staff<'_>, path: &str, name: &'static str, carried: &'static str) -> Elsewhere {
    let mut fields = query::fields(staff.visit.query());
    if let Some(mark) = mark_of(&fields) {
        // What was typed before is not carried twice: what stood there before the mark is another form's.
        fields.truncate(mark);
    }
    let here = query::with(path, &fields, &["org-slug"], Some(MARK));
    Elsewhere {
        name,
        label: "New organisation",
        href: query::with("/staff/orgs/add/", &[], &[], Some(("next", &here))),
        carried,
    }
}

fn mark_of(fields: &[(String, String)]) -> Option<usize> {
    fields
        .iter()
        .position(|(name, value)| (name.as_str(), value.as_str()) == MARK)
}

/// What was typed before one went away from the form.
pub struct Carried<'a>(&'a [(String, String)]);

impl<'a> Carried<'a> {
    /// `None` when nobody went away.
    pub fn of(fields: &'a [(String, String)]) -> Option<Self> {
        mark_of(fields).map(|mark| Self(&fields[mark + 1..]))
    }

    pub fn text(&self, name: &str) -> String {
        self.all(name).into_iter().next().unwrap_or_default()
    }

    pub fn all(&self, name: &str) -> Vec<String> {
        let found = self.0.iter().filter(|(field, _)| field == name);
        found.map(|(_, value)| value.clone()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_before_the_mark_is_of_another_form() {
        let fields = query::fields(Some(
            "next=/staff/users/add/&name=Rea&typed=project&name=Tea&orgs=1&orgs=2",
        ));
        let carried = Carried::of(&fields).unwrap();
        assert_eq!(carried.text("name"), "Tea");
        assert_eq!(carried.all("orgs"), ["1", "2"]);
        assert_eq!(carried.text("number"), "");
        assert!(Carried::of(&fields[..2]).is_none());
    }
}
