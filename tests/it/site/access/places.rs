//! Addresses in which not everything belongs together: another project's workspace, request or job lead
//! nowhere, whoever asks.

use sqlx::PgPool;

use super::actors::{Actor, AtTheDoor, Proof, two_projects};
use super::{development_copy, table};

/// What stands in the table's addresses, and its like in another project.
const ALIKE: [(&str, &str); 8] = [
    ("project", "another"),
    ("ws", "other-ws"),
    ("1", "2"),
    ("3", "4"),
    ("job1", "job2"),
    ("release1", "release2"),
    ("public1", "public2"),
    ("0000000000000000000DELETE1", "0000000000000000000DELETE2"),
];

/// A developer of both projects who also checks and publishes outputs: nothing but the address is in the way.
const BOTH: Actor = Actor {
    name: "both",
    what: "a developer of both projects, who checks and publishes outputs",
    proof: Proof::Session,
    global: &["OutputChecker", "OutputPublisher"],
    memberships: &[("project", &["ProjectDeveloper"]), ("another", &["ProjectDeveloper"])],
    asked: false,
};

/// The addresses of a row in which some, and not all, are of the other project.
fn mixed(path: &str) -> Vec<String> {
    let segments: Vec<&str> = path.split('/').collect();
    if segments.get(1) != Some(&"project") {
        return Vec::new();
    }
    let places: Vec<(usize, &str)> = segments
        .iter()
        .enumerate()
        .filter_map(|(index, segment)| {
            let (_, foreign) = ALIKE.iter().find(|(own, _)| own == segment)?;
            Some((index, *foreign))
        })
        .collect();
    let all = (1_usize << places.len()) - 1;
    (1..all)
        .map(|chosen| {
            let mut segments = segments.clone();
            for (bit, (index, foreign)) in places.iter().enumerate() {
                if chosen & (1 << bit) != 0 {
                    segments[*index] = foreign;
                }
            }
            segments.join("/")
        })
        .collect()
}

#[test]
fn addresses_are_mixed_in_every_way() {
    assert_eq!(mixed("/project/"), Vec::<String>::new());
    assert_eq!(mixed("/users/ada/"), Vec::<String>::new());
    assert_eq!(
        mixed("/project/ws/edit/"),
        ["/another/ws/edit/", "/project/other-ws/edit/"]
    );
    assert_eq!(mixed("/project/ws/1/job1/").len(), 14);
}

#[sqlx::test]
async fn an_id_of_another_project_leads_nowhere(pool: PgPool) {
    let site = development_copy(pool).await;
    two_projects(&site).await;
    let mut door = AtTheDoor::new(&site, &BOTH).await;
    let mut wrong = Vec::new();
    // The staff area is about the whole service: its addresses name one thing each.
    for (method, route, path, rule) in table().filter(|row| !row.2.starts_with("/staff/")) {
        // What belongs together is there.
        if !mixed(path).is_empty() {
            let whole = path.replacen("/project/", "/another/", 1);
            let whole = ALIKE[1..].iter().fold(whole, |path, (own, foreign)| {
                path.replacen(&format!("/{own}/"), &format!("/{foreign}/"), 1)
            });
            let got = door.ask(method, &whole).await;
            if got != rule.status {
                wrong.push(format!("{method} {route} at {whole}: {got}, not {}", rule.status));
            }
        }
        for path in mixed(path) {
            let got = door.ask(method, &path).await;
            if got != 404 {
                wrong.push(format!("{method} {route} at {path}: {got}, not 404"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
