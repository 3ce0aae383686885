//! What a new project says of itself, which number it gets, and whom a form chooses.

use sqlx::PgPool;

use super::with_stan;
use crate::support::Site;

const CREATE: &str = "/staff/projects/create/";
const ADD: &str = "/staff/projects/add/";

async fn texts(site: &Site, sql: &'static str) -> Vec<String> {
    sqlx::query_scalar(sql).fetch_all(site.db.pool()).await.unwrap()
}

#[sqlx::test]
async fn the_projects_log_tells_how_it_was_made_and_that_its_repository_was_tried_again(pool: PgPool) {
    let (site, stan) = with_stan(pool).await;
    let (acme, another) = (site.world.org("acme").await, site.world.org("aardvark").await);
    let copilot = site.world.user("grace").await.to_string();
    let fields = [
        ("name", "Tea"),
        ("number", "12"),
        ("orgs", &*acme.to_string()),
        ("orgs", &*another.to_string()),
        ("copilot", &*copilot),
        ("application_url", "https://example.org/apply/1"),
    ];
    stan.post(ADD, &fields).await.expect(302);
    let retry = "/staff/projects/tea/interactive-repo/retry/";
    let first = site
        .world
        .number("SELECT id FROM message WHERE kind = 'interactive_repo'")
        .await;
    stan.post(retry, &[]).await.expect(302);
    site.world
        .so("DELETE FROM message WHERE kind = 'interactive_repo'")
        .await;
    stan.post(retry, &[]).await.expect(302);
    let second = site
        .world
        .number("SELECT id FROM message WHERE kind = 'interactive_repo'")
        .await;
    let repo = "interactive_repo to opensafely/tea-interactive";
    let said = stan
        .get("/staff/projects/tea/audit-log/")
        .await
        .expect(200)
        .html()
        .main();
    for told in [
        "https://example.org/apply/1",
        "made Aardvark the leading organisation of 12 - Tea",
        "added Acme to the organisations of 12 - Tea",
        "created the workspace tea-interactive in 12 - Tea",
        "https://github.com/opensafely/tea-interactive, branch main",
        &format!("had the message {first} ({repo}) tried again"),
        &format!("had the message {second} ({repo}) tried again"),
    ] {
        assert!(said.contains(told), "{told}: {said}");
    }
}

#[sqlx::test]
async fn after_the_highest_number_one_that_is_free_is_typed(pool: PgPool) {
    let (site, stan) = with_stan(pool).await;
    let org = site.world.org("acme").await.to_string();
    let next = |name| [("name", name), ("next_number", "on"), ("orgs", &*org)];
    // What was taken over from elsewhere may have more digits than can be typed; it does not count.
    site.world.project("long").await;
    site.world
        .so("UPDATE project SET number = '99999999999999999999' WHERE slug = 'long'")
        .await;
    site.world
        .so("UPDATE project SET number = '999999998' WHERE slug = 'project'")
        .await;
    stan.post(CREATE, &next("Last")).await.expect(302);
    assert_eq!(
        texts(&site, "SELECT number FROM project WHERE slug = 'last'").await,
        ["999999999"]
    );
    for _ in 0..2 {
        let html = stan.post(CREATE, &next("More")).await.expect(200).html();
        assert_eq!(html.attributes("main [aria-invalid=true]", "name"), ["number"]);
        assert!(html.main().contains("Enter a number that is free."), "{}", html.main());
    }
    assert!(stan.get(ADD).await.expect(200).html().main().contains("no next number"));
    let taken = [("name", "More"), ("number", "999999999"), ("orgs", &*org)];
    let html = stan.post(CREATE, &taken).await.expect(200).html();
    assert!(html.main().contains("Another project has this number."));
    let free = [("name", "More"), ("number", "17"), ("orgs", &*org)];
    stan.post(CREATE, &free).await.expect(302);
}

#[sqlx::test]
async fn what_is_typed_beside_somebody_ticked_is_never_passed_over(pool: PgPool) {
    let (site, stan) = with_stan(pool).await;
    let org = site.world.org("acme").await.to_string();
    let grace = site.world.user("grace").await.to_string();
    let olga = site.world.user("olga").await.to_string();
    let backend = format!("/staff/backends/{}/members/add/", site.world.backend_id("tpp").await);
    let project = [
        ("name", "Tea"),
        ("number", "12"),
        ("orgs", &*org),
        ("application_url", "https://example.org/"),
    ];
    let stored = "SELECT (SELECT count(*) FROM project) + (SELECT count(*) FROM project_membership)
                       + (SELECT count(*) FROM org_membership) + (SELECT count(*) FROM backend_membership)";
    for (path, name, others) in [
        (ADD, "copilot", &project[..]),
        ("/staff/projects/project/add-member/", "users", &[][..]),
        ("/staff/orgs/acme/", "users", &[][..]),
        (&*backend, "users", &[][..]),
    ] {
        let before = site.world.number(stored).await;
        let with = |typed| {
            let fields = [(name, &*grace), ("find_people", typed)];
            others.iter().copied().chain(fields).collect::<Vec<_>>()
        };
        // Nobody; a part of somebody else's name; somebody's id, which is no name.
        for (typed, found) in [("strange", false), ("olg", true), (&*olga, false)] {
            let html = stan.post(path, &with(typed)).await.expect(200).html();
            assert_eq!(
                html.attribute("input[name=find_people]", "value").as_deref(),
                Some(typed)
            );
            let inputs = format!("input[name={name}]");
            let wanted = if found { vec![&*grace, &*olga] } else { vec![&*grace] };
            assert_eq!(html.attributes(&inputs, "value"), wanted, "{path} {typed}");
            let ticked = html.attributes(&format!("{inputs}[checked]"), "value");
            assert_eq!(ticked, [grace.as_str()], "{path} {typed}");
            assert_eq!(html.main().contains("Nobody active is called that."), !found);
            assert_eq!(site.world.number(stored).await, before, "{path} {typed}");
        }
        // How the one who is ticked was found.
        stan.post(path, &with("GRA")).await.expect(302);
        assert!(site.world.number(stored).await > before, "{path}");
    }
}

#[sqlx::test]
async fn too_many_people_are_refused_and_not_cut_off(pool: PgPool) {
    let (site, stan) = with_stan(pool).await;
    site.world
        .so("INSERT INTO \"user\" (username, fullname) SELECT 'many' || n, 'Many ' || n FROM generate_series(1, 201) n")
        .await;
    let ids = texts(
        &site,
        "SELECT id::text FROM \"user\" WHERE username LIKE 'many%' ORDER BY id",
    )
    .await;
    let fields: Vec<(&str, &str)> = ids.iter().map(|id| ("users", id.as_str())).collect();
    let backend = format!("/staff/backends/{}/members/add/", site.world.backend_id("tpp").await);
    for path in ["/staff/projects/project/add-member/", "/staff/orgs/acme/", &backend] {
        let html = stan.post(path, &fields).await.expect(200).html();
        assert!(
            html.main().contains("Choose at most 200 people at once."),
            "{path}: {}",
            html.main()
        );
        stan.post(path, &fields[1..]).await.expect(302);
    }
    let members =
        "SELECT count(*) FROM org_membership m JOIN \"user\" u ON u.id = m.user_id WHERE u.username LIKE 'many%'";
    assert_eq!(site.world.number(members).await, 200);
}
