use super::*;

fn form() -> ProjectForm {
    ProjectForm {
        name: "Tea".to_owned(),
        slug: "tea".to_owned(),
        org_ids: vec![1, 2],
        lead_id: Some(2),
        status: "ongoing".to_owned(),
        ..ProjectForm::default()
    }
}

fn fields(errors: &FieldErrors) -> Vec<&str> {
    errors.iter().map(|(field, _)| field).collect()
}

#[test]
fn each_fault_stands_beside_its_field() {
    assert!(form().check(&ProjectForm::default()).is_empty());
    let wrong = ProjectForm {
        name: String::new(),
        slug: "staff".to_owned(),
        number: "007".to_owned(),
        org_ids: Vec::new(),
        application_url: "javascript:alert(1)".to_owned(),
        copilot_notes: "x".repeat(MAX_NOTES + 1),
        status: "happy".to_owned(),
        status_description: "x".repeat(MAX_STATUS_DESCRIPTION + 1),
        ..form()
    };
    let errors = wrong.check(&form());
    assert_eq!(
        fields(&errors),
        [
            "name",
            "slug",
            "number",
            "orgs",
            "application_url",
            "copilot_notes",
            "status",
            "status_description"
        ]
    );
}

#[test]
fn what_was_stored_before_the_rules_may_stay() {
    let before = ProjectForm {
        slug: "add".to_owned(),
        number: "12345678901234567890".to_owned(),
        application_url: "somewhere".to_owned(),
        ..form()
    };
    assert!(before.check(&before).is_empty());
}

#[test]
fn one_organisation_leads() {
    assert_eq!(form().lead(None).unwrap(), 2);
    let chosen = |org_ids: &[i32], lead_id| ProjectForm {
        org_ids: org_ids.to_vec(),
        lead_id,
        ..form()
    };
    assert_eq!(chosen(&[1, 2], None).lead(Some(1)).unwrap(), 1);
    assert_eq!(chosen(&[3], None).lead(Some(1)).unwrap(), 3);
    assert_eq!(chosen(&[3, 2], None).lead(Some(1)).unwrap(), 3, "the first");
    // The field still says who led when the form was shown.
    assert_eq!(chosen(&[3, 2], Some(1)).lead(Some(1)).unwrap(), 3);
    assert_eq!(chosen(&[2], Some(1)).lead(Some(1)).unwrap(), 2);
    assert!(chosen(&[2, 3], Some(4)).lead(Some(1)).is_err());
    assert!(chosen(&[], None).lead(Some(1)).is_err());
}

#[test]
fn a_new_project_can_be_reached_and_has_a_co_pilot_when_its_number_asks_for_one() {
    let errors = |name: &str, number: NewNumber, copilot_id| {
        let new = NewProject {
            name: name.to_owned(),
            number,
            org_ids: vec![1],
            copilot_id,
            application_url: String::new(),
        };
        let errors = new.check();
        fields(&errors).join(" ")
    };
    assert_eq!(errors("Tea", NewNumber::Next, None), "");
    let long = "x".repeat(MAX_NAME + 1);
    for name in [
        "",
        "日本",
        "Create",
        "Staff",
        "Tea\nand",
        "Tea\u{202e}",
        "Tea\u{200b}",
        &long,
    ] {
        assert_eq!(errors(name, NewNumber::None, None), "name", "{name}");
    }
    let pos = || NewNumber::Given("POS-2026-3001".to_owned());
    assert_eq!(errors("Tea", pos(), None), "copilot");
    assert_eq!(errors("Tea", pos(), Some(1)), "");
    assert_eq!(errors("Tea", NewNumber::Given("0".to_owned()), None), "number");
}

#[test]
fn all_is_said_of_a_new_interactive_project() {
    let new = NewProject {
        name: "Tea".to_owned(),
        number: NewNumber::Given("12".to_owned()),
        org_ids: vec![1],
        copilot_id: Some(1),
        application_url: "https://example.org/".to_owned(),
    };
    let errors = |change: &dyn Fn(&mut NewProject)| {
        let mut changed = new.clone();
        change(&mut changed);
        fields(&changed.check_interactive()).join(" ")
    };
    assert_eq!(errors(&|_| ()), "");
    assert_eq!(errors(&|new| new.number = NewNumber::Next), "");
    assert_eq!(
        errors(&|new| *new = NewProject::default()),
        "name number orgs copilot application_url"
    );
    assert_eq!(errors(&|new| new.name = "x".repeat(88)), "");
    assert_eq!(errors(&|new| new.name = "x".repeat(89)), "name");
    for number in ["POS-2026-3001", "0", "x", "1000000000"] {
        assert_eq!(
            errors(&|new| new.number = NewNumber::Given(number.to_owned())),
            "number"
        );
    }
    assert_eq!(errors(&|new| new.org_ids = (0..=50).collect()), "orgs");
    for url in ["ftp://example.org/", "example.org", "javascript:alert(1)"] {
        assert_eq!(errors(&|new| new.application_url = url.to_owned()), "application_url");
    }
}

#[test]
fn a_version_is_of_all_that_the_form_shows() {
    let other = |change: fn(&mut ProjectForm)| {
        let mut other = form();
        change(&mut other);
        other.version()
    };
    assert_eq!(form().version(), other(|form| form.org_ids = vec![2, 1]));
    let changed = [
        other(|form| form.name.push('x')),
        other(|form| form.slug.push('x')),
        other(|form| form.number.push('1')),
        other(|form| form.org_ids = vec![1]),
        other(|form| form.lead_id = Some(1)),
        other(|form| form.application_url.push('x')),
        other(|form| form.copilot_id = Some(1)),
        other(|form| form.copilot_support_ends_on = Some(Date::MAX)),
        other(|form| form.copilot_notes.push('x')),
        other(|form| form.status.push('x')),
        other(|form| form.status_description.push('x')),
    ];
    assert!(changed.iter().all(|version| *version != form().version()));
}
