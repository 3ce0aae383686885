//! Backends, as staff look after them.

use sqlx::PgPool;

use super::{events, told, with_stan};
use crate::pages::lists::assert_accessible;
use crate::support::{Site, Visitor, count_statements};

const EDITED: [&str; 2] = ["backend_updated", "backend_addresses_changed"];

/// What the form of a backend holds.
async fn form_of(visitor: &Visitor, path: &str) -> Vec<(String, String)> {
    let html = visitor.get(path).await.expect(200).html();
    assert_accessible(&html);
    let forms = html.posted_forms();
    let found = forms.into_iter().map(|(_, fields)| fields);
    found
        .into_iter()
        .find(|fields| fields.iter().any(|(name, _)| name == "seen"))
        .unwrap()
}

fn seen(form: &[(String, String)]) -> &str {
    &form.iter().find(|(name, _)| name == "seen").unwrap().1
}

const USUAL: [(&str, &str); 4] = [
    ("is_active", "on"),
    ("transport", "poll"),
    ("alert_after", "300"),
    ("level_4_url", ""),
];

fn with<'a>(fields: &[(&'a str, &'a str)], more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let kept = fields
        .iter()
        .filter(|(name, _)| !more.iter().any(|(other, _)| other == name));
    kept.chain(more).copied().collect()
}

#[sqlx::test]
async fn all_of_them_are_listed_narrowed_and_exported(pool: PgPool) {
    let (site, stan) = with_stan(pool).await;
    site.world.backend("emis").await;
    site.world
        .so(
            "UPDATE backend SET name = 'EMIS', is_active = false, transport = 'rap' WHERE slug = 'emis';
             INSERT INTO stats (backend_id, url, api_last_seen)
             SELECT id, '/api/v2/jobs/', now() - interval '1 hour' FROM backend WHERE slug = 'tpp'",
        )
        .await;
    let rows = async |query: &str| {
        let html = stan.get(&format!("/staff/backends/{query}")).await.expect(200).html();
        assert_accessible(&html);
        html.texts("tbody tr")
    };
    let all = rows("").await;
    assert_eq!(all.len(), 2, "{all:?}");
    assert!(
        all[0].starts_with("EMIS") && all[0].contains("Not active") && all[0].contains("RAP"),
        "{all:?}"
    );
    assert!(all[1].contains("tpp") && all[1].contains("Late"), "{all:?}");
    assert_eq!(rows("?q=em").await.len(), 1);
    assert_eq!(rows("?active=yes").await.len(), 1);
    assert_eq!(rows("?transport=rap").await.len(), 1);
    assert!(rows("?q=100%25").await.is_empty());
    assert!(rows("?transport=pigeon").await.is_empty());
    assert!(rows("?active=perhaps").await.is_empty());
    let file = stan
        .get("/staff/backends/?format=csv")
        .await
        .expect(200)
        .body
        .replace('"', "");
    assert!(file.starts_with("Name,Slug,Status"), "{file}");
    assert_eq!(file.lines().count(), 3);
    stan.get("/staff/backends/?page=2").await.expect(404);

    let (_, few) = count_statements(stan.get("/staff/backends/")).await;
    site.world
        .so("INSERT INTO backend (slug, name, token_hash, token_sealed)
             SELECT 'b' || n, 'B' || n, ('h' || n)::bytea, 's' FROM generate_series(1, 40) n")
        .await;
    let (answer, many) = count_statements(stan.get("/staff/backends/")).await;
    assert_eq!(few, many);
    assert_eq!(answer.html().texts("tbody tr").len(), 25);
    assert_eq!(rows("?page=2").await.len(), 17);
    assert_eq!(rows("?page=last").await.len(), 17);
}

#[sqlx::test]
async fn a_new_one_that_cannot_be_comes_back_as_it_was_typed(pool: PgPool) {
    let (site, stan) = with_stan(pool).await;
    let path = "/staff/backends/add/";
    stan.get(path).await.expect(200);
    let typed = [
        ("name", ""),
        ("slug", "t p p"),
        ("transport", "pigeon"),
        ("alert_after", "soon"),
        ("addresses", "10.0.0.0/8\nnowhere"),
        ("level_4_url", "javascript:alert(1)"),
        ("parent_directory", "/srv/level4"),
    ];
    let html = stan.post(path, &typed).await.expect(200).html();
    for field in ["name", "slug", "transport", "alert_after", "addresses", "level_4_url"] {
        assert!(
            html.has(&format!(".summary a[href='#id_{field}']")),
            "{field}: {}",
            html.main()
        );
    }
    assert_eq!(html.attribute("#id_slug", "value").as_deref(), Some("t p p"));
    assert_eq!(
        html.attribute("#id_parent_directory", "value").as_deref(),
        Some("/srv/level4")
    );
    assert!(html.text("#id_addresses").unwrap().contains("nowhere"));
    let taken = with(&USUAL, &[("name", "Another"), ("slug", "tpp")]);
    let html = stan.post(path, &taken).await.expect(200).html();
    assert!(html.main().contains("Another backend has this slug."));
    assert_eq!(html.attribute("#id_name", "value").as_deref(), Some("Another"));
    assert_eq!(site.world.number("SELECT count(*) FROM backend").await, 1);
    assert!(events(&site, &["backend_created"]).await.is_empty());
}

#[sqlx::test]
async fn what_is_changed_is_recorded_field_by_field(pool: PgPool) {
    let (site, stan) = with_stan(pool).await;
    let id = site.world.backend_id("tpp").await;
    let (page, edit) = (format!("/staff/backends/{id}/"), format!("/staff/backends/{id}/edit/"));
    let form = form_of(&stan, &edit).await;
    let same = with(&USUAL, &[("seen", seen(&form))]);
    assert_eq!(stan.post(&edit, &same).await.expect(302).location(), page);
    assert!(events(&site, &EDITED).await.is_empty(), "nothing was changed");
    let changed = [
        ("seen", seen(&form)),
        ("transport", "rap"),
        ("addresses", "10.2.0.0/16\r\n10.1.0.0/16"),
        ("is_test", "on"),
        ("alert_after", "600"),
    ];
    stan.post(&edit, &with(&USUAL, &changed)).await.expect(302);
    assert_eq!(
        events(&site, &EDITED).await,
        [
            told("backend_updated", "transport", "poll", "rap", "", "stan"),
            told(
                "backend_addresses_changed",
                "level_4_addresses",
                "",
                "10.1.0.0/16,10.2.0.0/16",
                "",
                "stan"
            ),
            told("backend_updated", "alert_after", "300", "600", "", "stan"),
            told("backend_updated", "is_test", "no", "yes", "", "stan"),
        ]
    );
    let html = stan.get(&page).await.expect(200).html();
    assert_accessible(&html);
    for shown in [
        "10.1.0.0/16, 10.2.0.0/16",
        "We call the RAP controller",
        "10 min",
        "Test",
    ] {
        assert!(html.main().contains(shown), "{shown}: {}", html.main());
    }
    // Two that have one network in common cannot be told apart there.
    assert!(!html.main().contains("It shares a network"), "{}", html.main());
    let emis = site.world.backend("emis").await;
    assert!(!emis.is_empty());
    site.world
        .so("UPDATE backend SET level_4_addresses = '{10.9.0.0/16,10.1.0.0/16}' WHERE slug = 'emis'")
        .await;
    let html = stan.get(&page).await.expect(200).html();
    assert!(html.main().contains("It shares a network with"), "{}", html.main());
    // Its slug and its name stay.
    let more = with(&USUAL, &[("slug", "other"), ("name", "Other")]);
    stan.post(&edit, &more).await.expect(302);
    assert_eq!(
        site.world
            .number("SELECT count(*) FROM backend WHERE slug = 'tpp'")
            .await,
        1
    );
    let html = stan.post(&edit, &[("transport", "poll")]).await.expect(200).html();
    assert!(html.has(".summary a[href='#id_alert_after']"));
}

#[sqlx::test]
async fn of_two_who_change_one_the_second_sees_what_the_first_did(pool: PgPool) {
    let (site, stan) = with_stan(pool).await;
    site.world.global_roles("olga", &["StaffAreaAdministrator"]).await;
    let olga = site.sign_in("olga").await;
    let id = site.world.backend_id("tpp").await;
    let edit = format!("/staff/backends/{id}/edit/");
    let form = form_of(&stan, &edit).await;
    let first = with(&USUAL, &[("seen", seen(&form)), ("alert_after", "900")]);
    olga.post(&edit, &first).await.expect(302);
    let second = with(&USUAL, &[("seen", seen(&form)), ("parent_directory", "/srv")]);
    let answer = stan.post(&edit, &second).await.expect(200);
    let html = answer.html();
    assert!(
        html.main().contains("olga") && html.main().contains("900"),
        "{}",
        html.main()
    );
    assert_eq!(html.attribute("#id_parent_directory", "value").as_deref(), Some("/srv"));
    assert_eq!(events(&site, &EDITED).await.len(), 1, "nothing of the second is saved");
    // Whoever sends it once more has seen it.
    let again = html.attribute("input[name=seen]", "value").unwrap();
    let second = with(&USUAL, &[("seen", again.as_str()), ("parent_directory", "/srv")]);
    stan.post(&edit, &second).await.expect(302);
    assert_eq!(events(&site, &EDITED).await.len(), 3);
}

#[sqlx::test]
async fn who_may_use_it_is_said_there(pool: PgPool) {
    let (site, stan) = with_stan(pool).await;
    let (id, grace) = (site.world.backend_id("tpp").await, site.world.user("grace").await);
    let page = format!("/staff/backends/{id}/");
    let (add, remove) = (format!("{page}members/add/"), format!("{page}members/remove/"));
    assert!(stan.get(&page).await.html().main().contains("Ada"));
    // Looking for somebody saves nothing.
    let html = stan
        .post(&add, &[("find_people", "gra"), ("look_for_people", "1")])
        .await
        .expect(200)
        .html();
    assert_eq!(html.attributes("input[name=users]", "value"), [grace.to_string()]);
    let none = stan.post(&add, &[]).await.expect(200).html();
    assert!(none.main().contains("Choose at least one person."));
    let strange = stan.post(&add, &[("find_people", "nobody")]).await.expect(200).html();
    assert!(strange.main().contains("Choose people who exist."));
    // Ticked, and typed.
    let ada_and_grace = [("users", &*grace.to_string()), ("find_people", "ada")];
    assert_eq!(stan.post(&add, &ada_and_grace).await.expect(302).location(), page);
    let html = stan.post(&add, &[("find_people", "stan")]).await.expect(200).html();
    assert!(
        html.main().contains("You cannot let yourself use a backend."),
        "{}",
        html.main()
    );
    stan.post(&remove, &[("username", "ada")]).await.expect(302);
    stan.post(&remove, &[("username", "ada")]).await.expect(302);
    assert_eq!(
        events(&site, &["backend_member_added", "backend_member_removed"]).await,
        [
            told("backend_member_added", "", "", "", "grace", "stan"),
            told("backend_member_removed", "", "", "", "ada", "stan"),
        ]
    );
    stan.post("/staff/backends/0/members/add/", &[("find_people", "ada")])
        .await
        .expect(404);
    stan.post("/staff/backends/0/members/remove/", &[("username", "ada")])
        .await
        .expect(404);
}

#[sqlx::test]
async fn maintenance_is_switched_once(pool: PgPool) {
    let (site, stan) = with_stan(pool).await;
    let id = site.world.backend_id("tpp").await;
    let path = format!("/staff/backends/{id}/maintenance/");
    for on in ["1", "1", "0"] {
        stan.post(&path, &[("on", on)]).await.expect(302);
    }
    let kind = "backend_maintenance_switched";
    assert_eq!(
        events(&site, &[kind]).await,
        [
            told(kind, "maintenance", "off", "on", "", "stan"),
            told(kind, "maintenance", "on", "off", "", "stan"),
        ]
    );
    // What does not say which switches nothing.
    for unclear in [&[][..], &[("on", "")], &[("on", "perhaps")]] {
        let answer = stan.post(&path, unclear).await.expect(400);
        assert!(answer.body.contains("Say whether maintenance is on"), "{}", answer.body);
    }
    stan.post("/staff/backends/0/maintenance/", &[("on", "1")])
        .await
        .expect(404);
}

#[sqlx::test]
async fn its_page_says_who_called_when_and_what_it_said(pool: PgPool) {
    let (site, stan) = with_stan(pool).await;
    let id = site.world.backend_id("tpp").await;
    let page = format!("/staff/backends/{id}/");
    assert!(stan.get(&page).await.html().main().contains("It has never called"));
    let backend = site.backend("tpp").await;
    let flags = r#"{"mode": {"v": "<b>paused", "ts": "2026-11-29"}}"#;
    let headers = [("Authorization", backend.token.as_str()), ("Flags", flags)];
    let answer = backend
        .send(rocket::http::Method::Get, "/api/v2/job-requests/", &headers, b"")
        .await;
    answer.expect(200);
    let html = stan.get(&page).await.expect(200).html();
    assert!(html.main().contains("/api/v2/job-requests/"), "{}", html.main());
    assert!(html.main().contains(r#""v": "<b>paused""#), "{}", html.main());
    let (_, few) = count_statements(stan.get(&page)).await;
    site.world
        .so(
            r#"INSERT INTO "user" (username, fullname) SELECT 'u' || n, 'U' || n FROM generate_series(1, 80) n;
               INSERT INTO backend_membership (backend_id, user_id)
               SELECT b.id, u.id FROM backend b, "user" u WHERE u.username LIKE 'u%' AND b.slug = 'tpp'"#,
        )
        .await;
    let (answer, many) = count_statements(stan.get(&page)).await;
    assert_eq!(few, many);
    let html = answer.html();
    assert!(html.link("All of them; these are the first 50").is_some());
    for path in ["/staff/backends/0/", "/staff/backends/0/edit/", "/staff/backends/x/"] {
        stan.get(path).await.expect(404);
    }
}

#[sqlx::test]
async fn an_empty_installation_is_told_what_to_do(pool: PgPool) {
    let site = Site::start(pool).await;
    site.world.global_roles("stan", &["StaffAreaAdministrator"]).await;
    let html = site
        .sign_in("stan")
        .await
        .get("/staff/backends/")
        .await
        .expect(200)
        .html();
    assert!(html.main().contains("No backend yet"));
    assert_eq!(html.link("New backend").as_deref(), Some("/staff/backends/add/"));
}
