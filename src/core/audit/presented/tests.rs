use super::*;

fn row(kind: &str) -> EventRow {
    EventRow {
        id: 1,
        kind: kind.to_owned(),
        old: String::new(),
        new: String::new(),
        target_model: "jobserver.Project".to_owned(),
        target_field: String::new(),
        target_id: "7".to_owned(),
        target_label: "12 - Asthma".to_owned(),
        target_user: String::new(),
        parent_model: String::new(),
        parent_id: String::new(),
        parent_label: String::new(),
        target_user_id: None,
        created_by: "ada".to_owned(),
        created_by_id: Some(3),
        created_at: OffsetDateTime::UNIX_EPOCH,
    }
}

fn said(presented: &Presented) -> String {
    presented.sentence.iter().map(|piece| piece.text.as_str()).collect()
}

fn living(model: &str, id: &str, key: &str, label: &str) -> Living {
    Living {
        model: model.to_owned(),
        id: id.to_owned(),
        key: key.to_owned(),
        label: label.to_owned(),
    }
}

#[test]
fn names_of_released_files_are_for_those_who_may_see_them() {
    let deleted = || EventRow {
        target_model: "jobserver.ReleaseFile".to_owned(),
        target_label: "output/a.csv".to_owned(),
        old: "output/a.csv".to_owned(),
        ..row("release_file_deleted")
    };
    let event = present(in_confidence(deleted()), &[]);
    assert_eq!(
        said(&event),
        "ada deleted the released file (its name is in confidence)"
    );
    assert_eq!((event.old.as_str(), event.new.as_str()), ("", ""));
    assert_eq!(
        said(&present(deleted(), &[])),
        "ada deleted the released file output/a.csv"
    );
    let other = in_confidence(row("project_created"));
    assert_eq!(other.target_label, "12 - Asthma");
}

#[test]
fn what_is_still_there_is_called_as_it_is_now_and_has_a_place() {
    let there = [
        living("jobserver.Project", "7", "asthma", "12 - Asthma and hay fever"),
        living("jobserver.User", "3", "ada", "Ada Lovelace (ada)"),
    ];
    let event = present(row("project_created"), &there);
    assert_eq!(
        said(&event),
        "Ada Lovelace (ada) created the project 12 - Asthma and hay fever"
    );
    assert_eq!(
        event.sentence[0].place,
        Some(("jobserver.User".to_owned(), "ada".to_owned()))
    );
    assert!(
        event
            .sentence
            .iter()
            .any(|piece| piece.place.as_ref().is_some_and(|(_, key)| key == "asthma"))
    );
}

#[test]
fn what_is_gone_is_called_as_it_was_and_leads_nowhere() {
    let event = present(row("project_created"), &[]);
    assert_eq!(said(&event), "ada created the project 12 - Asthma");
    assert!(event.sentence.iter().all(|piece| piece.place.is_none()));
    let mut nameless = row("project_created");
    nameless.target_label.clear();
    nameless.created_by.clear();
    nameless.created_by_id = None;
    assert_eq!(said(&present(nameless, &[])), "An unknown user created the project 7");
}

#[test]
fn a_kind_of_another_version_is_shown_plainly() {
    let mut strange = row("project_painted");
    strange.new = "green".to_owned();
    let event = present(strange, &[]);
    assert_eq!(said(&event), "ada did “project painted” to 12 - Asthma");
    assert_eq!(event.new, "green");
}

#[test]
fn roles_are_alike_whichever_way_they_are_stored() {
    let mut changed = row("user_updated_roles");
    changed.target_field = "roles".to_owned();
    changed.target_user = "grace".to_owned();
    changed.new = "jobserver.authorization.roles.OutputChecker,TechSupport".to_owned();
    let event = present(changed, &[]);
    assert_eq!(
        said(&event),
        "ada changed the global roles of grace, from none to Output Checker, Tech Support"
    );
    assert_eq!((event.old, event.new), (String::new(), String::new()));
    // A file has a column for each.
    assert_eq!(
        (event.told.old, event.told.new.as_str()),
        (String::new(), "Output Checker, Tech Support")
    );
}

#[test]
fn data_permissions_are_called_as_they_are_elsewhere() {
    let mut granted = row("data_permission_granted");
    granted.target_model = "jobserver.DataPermission".to_owned();
    granted.target_field = "kind".to_owned();
    granted.parent_model = "jobserver.Project".to_owned();
    granted.parent_label = "12 - Asthma".to_owned();
    granted.parent_id = "7".to_owned();
    granted.old = "t1oo".to_owned();
    granted.new = "the board said so".to_owned();
    assert_eq!(
        said(&present(granted, &[])),
        "ada granted 12 - Asthma the data permission Type 1 opt-outs, because: the board said so"
    );
}

#[test]
fn an_operator_is_not_the_user_who_has_that_name() {
    let there = [living("jobserver.User", "3", "ada", "Ada Lovelace (ada)")];
    let mut by_command = row("project_created");
    by_command.created_by_id = None;
    let event = present(by_command.clone(), &there);
    assert_eq!(said(&event), "ada, by a command, created the project 12 - Asthma");
    assert!(event.sentence.iter().all(|piece| piece.place.is_none()));
    // Another program wrote names alone, also of whom it happened to.
    by_command.target_user = "ada".to_owned();
    assert_eq!(
        said(&present(by_command.clone(), &there)),
        "Ada Lovelace (ada) created the project 12 - Asthma"
    );
    // Ours writes that one's id.
    by_command.target_user_id = Some(3);
    assert_eq!(
        said(&present(by_command, &there)),
        "ada, by a command, created the project 12 - Asthma"
    );
    let mut by_itself = row("sign_in_refused");
    by_itself.created_by_id = None;
    by_itself.created_by = crate::core::audit::NOT_SIGNED_IN.to_owned();
    assert!(said(&present(by_itself, &there)).starts_with("somebody not signed in was refused"));
}

#[test]
fn somebody_is_who_had_the_id_and_not_who_has_the_name() {
    let there = [
        living("jobserver.User", "3", "ada-l", "Ada Lovelace (ada-l)"),
        living("jobserver.User", "4", "ada", "Another Ada (ada)"),
    ];
    assert!(said(&present(row("project_created"), &there)).starts_with("Ada Lovelace (ada-l) created"));
}
