//! The list of users, the page of one, and the form there.

use sqlx::PgPool;

use super::{events, told, with_stan};
use crate::pages::lists::assert_accessible;
use crate::support::{Site, Visitor, count_statements};

const LIST: &str = "/staff/users/";
const EDITED: [&str; 3] = ["user_updated", "backend_member_added", "backend_member_removed"];

async fn rows(visitor: &Visitor, query: &str) -> Vec<String> {
    let html = visitor.get(&format!("{LIST}{query}")).await.expect(200).html();
    assert_accessible(&html);
    html.texts("tbody tr")
}

async fn seen(visitor: &Visitor, path: &str) -> String {
    let html = visitor.get(path).await.expect(200).html();
    html.attribute("input[name=seen]", "value").unwrap()
}

#[sqlx::test]
async fn everybody_is_listed_by_name_with_what_is_missing(pool: PgPool) {
    let (site, stan) = with_stan(pool).await;
    site.world.github("ada").await;
    site.world.github("grace").await;
    site.world.user("zoe").await;
    site.world
        .so(r#"UPDATE "user" SET is_active = false, fullname = 'Äda' WHERE username = 'zoe'"#)
        .await;
    let all = rows(&stan, "").await;
    let names: Vec<&str> = all
        .iter()
        .map(|row| row.split_whitespace().nth(1).unwrap_or_default())
        .collect();
    assert_eq!(all.len(), 5, "{names:?}");
    let of = |name: &str| all.iter().find(|row| row.contains(name)).unwrap().clone();
    let grace = of("grace");
    for badge in ["No backend", "No organisation", "No project", "No role", "GitHub"] {
        assert!(grace.contains(badge), "{badge}: {grace}");
    }
    let ada = of("ada@");
    assert!(!ada.contains("No backend") && !ada.contains("No role"), "{ada}");
    assert!(
        of("zoe").contains("Deactivated") && !of("zoe").contains("No backend"),
        "{}",
        of("zoe")
    );

    let backend = site.world.backend_id("tpp").await;
    for (query, count) in [
        ("?q=GRA", 1),
        ("?q=ada%40example", 1),
        ("?q=%25", 0),
        ("?any_roles=yes", 2),
        ("?any_roles=no", 3),
        ("?any_roles=perhaps", 5),
        ("?role=StaffAreaAdministrator", 1),
        ("?role=ProjectDeveloper", 0),
        ("?role=Nothing", 0),
        ("?missing=backend", 1),
        ("?missing=org", 1),
        ("?missing=project", 1),
        ("?missing=manners", 5),
        ("?org=acme", 1),
        ("?org=none", 0),
        ("?active=no", 1),
        ("?active=perhaps", 0),
        ("?active=yes&any_roles=no", 2),
    ] {
        assert_eq!(rows(&stan, query).await.len(), count, "{query}");
    }
    assert_eq!(rows(&stan, &format!("?backend={backend}")).await.len(), 1);
    for none in ["0", "99999999999", "-99999999999"] {
        assert!(rows(&stan, &format!("?backend={none}")).await.is_empty(), "{none}");
    }
    stan.get("/staff/users/?backend=tpp").await.expect(400);
    stan.get("/staff/users/?page=2").await.expect(404);
}

#[sqlx::test]
async fn who_is_invited_to_github_counts_as_who_signs_in_with_it(pool: PgPool) {
    let (_site, stan) = with_stan(pool).await;
    let fields = [("login", "octo"), ("name", "Octo Cat")];
    stan.post("/staff/users/create/", &fields).await.expect(302);
    let all = rows(&stan, "?q=octo").await;
    assert!(all[0].contains("GitHub") && all[0].contains("No backend"), "{all:?}");
    for missing in ["backend", "org", "project"] {
        let found = rows(&stan, &format!("?missing={missing}&q=octo")).await;
        assert_eq!(found.len(), 1, "{missing}");
    }
    let page = stan.get("/staff/users/octo/").await.expect(200).html().main();
    assert!(page.contains("They have no backend"), "{page}");
}

#[sqlx::test]
async fn however_many_they_are_the_list_takes_as_many_statements(pool: PgPool) {
    let (site, stan) = with_stan(pool).await;
    let (_, few) = count_statements(stan.get(LIST)).await;
    site.world
        .so(r#"INSERT INTO "user" (username, fullname) SELECT 'u' || n, 'U' || n FROM generate_series(1, 60) n"#)
        .await;
    let (answer, many) = count_statements(stan.get(LIST)).await;
    assert_eq!((few, answer.html().texts("tbody tr").len()), (many, 25));
    assert_eq!(rows(&stan, "?page=last").await.len(), 13);
    let file = stan
        .get("/staff/users/?format=csv&q=u1")
        .await
        .expect(200)
        .body
        .replace('"', "");
    assert_eq!(file.lines().count(), 12, "{file}");
    let headings = "Name,E-mail,Signs in with,To look at,Last sign-in,Username\n";
    assert!(file.starts_with(headings), "{file}");
    assert!(file.contains(",u17\n"), "{file}");
}

#[sqlx::test]
async fn one_page_has_everything_of_somebody(pool: PgPool) {
    let (site, stan) = with_stan(pool).await;
    site.world.github("ada").await;
    site.world.request(crate::support::Request::default()).await;
    site.world
        .so(r#"UPDATE project SET copilot_id = (SELECT id FROM "user" WHERE username = 'ada')"#)
        .await;
    let _there = site.sign_in("ada").await;
    let path = "/staff/users/ada/";
    let html = stan.get(path).await.expect(200).html();
    assert_accessible(&html);
    for shown in [
        "Acme",
        "Project Developer",
        "Co-pilot of",
        "ada@example.com",
        "Unknown",
        "ws",
    ] {
        assert!(html.main().contains(shown), "{shown}: {}", html.main());
    }
    for (label, href) in [
        ("Edit roles", "/staff/users/ada/roles/"),
        ("Audit log", "/staff/users/ada/audit-log/"),
        ("View on site", "/users/ada/"),
        ("Choose organisations", "/staff/users/ada/set-orgs/"),
        ("All job requests", "/staff/job-requests/?user=ada"),
    ] {
        assert_eq!(html.link(label).as_deref(), Some(href), "{label}");
    }
    let edit = html.link("Edit").unwrap();
    assert!(
        edit.starts_with("/staff/projects/project/members/") && edit.contains("?next=/staff/users/ada/")
            || edit.contains("?next=%2Fstaff%2Fusers%2Fada%2F"),
        "{edit}"
    );
    let (_, few) = count_statements(stan.get(path)).await;
    site.world
        .so(
            r#"INSERT INTO org (name, slug) SELECT 'O' || n, 'o' || n FROM generate_series(1, 30) n;
               INSERT INTO org_membership (org_id, user_id) SELECT o.id, u.id FROM org o, "user" u
                WHERE o.slug LIKE 'o%' AND u.username = 'ada';
               INSERT INTO session (token_hash, user_id, expires_at)
               SELECT ('x' || n)::bytea, u.id, now() + interval '1 day' FROM "user" u, generate_series(1, 20) n
                WHERE u.username = 'ada'"#,
        )
        .await;
    let (_, many) = count_statements(stan.get(path)).await;
    assert_eq!(few, many);
    for path in [
        "/staff/users/nobody/",
        "/staff/users/a%00b/",
        "/staff/users/nobody/roles/",
    ] {
        stan.get(path).await.expect(404);
    }
}

#[sqlx::test]
async fn somebody_with_github_has_a_name_and_backends(pool: PgPool) {
    let (site, stan) = with_stan(pool).await;
    site.world.github("ada").await;
    let emis = site.world.backend_id("emis").await.to_string();
    let path = "/staff/users/ada/";
    let html = stan.get(path).await.expect(200).html();
    assert!(html.has("input[name=backends]") && !html.has("#id_email"));
    let before = seen(&stan, path).await;
    let fields = [
        ("fullname", "Ada L"),
        ("backends", &*emis),
        ("seen", &*before),
        ("email", "x@example.org"),
    ];
    assert_eq!(stan.post(path, &fields).await.expect(302).location(), path);
    assert_eq!(
        events(&site, &EDITED).await,
        [
            told("user_updated", "fullname", "Ada", "Ada L", "ada", "stan"),
            told("backend_member_added", "", "", "", "ada", "stan"),
            told("backend_member_removed", "", "", "", "ada", "stan"),
        ]
    );
    // The same once more is no change, and a form without a version is not held up.
    stan.post(path, &[("fullname", "Ada L"), ("backends", &emis)])
        .await
        .expect(302);
    assert_eq!(events(&site, &EDITED).await.len(), 3);
    let html = stan
        .post(path, &[("fullname", "  "), ("backends", &emis)])
        .await
        .expect(200)
        .html();
    assert!(html.has(".summary a[href='#id_fullname']"));
    for strange in ["0", "tpp", "99999999999"] {
        let html = stan
            .post(path, &[("fullname", "Ada L"), ("backends", strange)])
            .await
            .expect(200)
            .html();
        assert!(html.main().contains("Choose backends that exist."), "{strange}");
    }
    site.world.github("stan").await;
    let own = [("fullname", "Stan"), ("backends", &*emis)];
    let html = stan.post("/staff/users/stan/", &own).await.expect(200).html();
    assert!(
        html.main().contains("You cannot let yourself use a backend."),
        "{}",
        html.main()
    );
}

#[sqlx::test]
async fn somebody_who_signs_in_by_mail_has_a_name_and_an_address(pool: PgPool) {
    let (site, stan) = with_stan(pool).await;
    site.world.user("eve").await;
    let path = "/staff/users/ada/";
    let html = stan.get(path).await.expect(200).html();
    assert!(html.has("#id_email") && !html.has("input[name=backends]"));
    for (email, said) in [
        ("", "Enter an e-mail address"),
        ("ada", "like ada@example.org"),
        ("EVE@example.com", "Somebody else has this e-mail address."),
    ] {
        let html = stan
            .post(path, &[("fullname", "Ada"), ("email", email)])
            .await
            .expect(200)
            .html();
        assert!(html.main().contains(said), "{said}: {}", html.main());
        assert_eq!(html.attribute("#id_email", "value").unwrap_or_default(), email);
    }
    stan.post(path, &[("fullname", "Ada"), ("email", "ada@example.net")])
        .await
        .expect(302);
    assert_eq!(
        events(&site, &EDITED).await,
        [told(
            "user_updated",
            "email",
            "ada@example.com",
            "ada@example.net",
            "ada",
            "stan"
        )]
    );
    site.drain().await;
    let mails = site.post().mail.take();
    assert_eq!(mails.len(), 1, "whoever reads the old address is told");
}

#[sqlx::test]
async fn of_two_who_change_somebody_the_second_sees_what_the_first_did(pool: PgPool) {
    let (site, stan) = with_stan(pool).await;
    site.world.global_roles("olga", &["StaffAreaAdministrator"]).await;
    let olga = site.sign_in("olga").await;
    let path = "/staff/users/ada/";
    let before = seen(&stan, path).await;
    let fields = |name: &'static str, seen: &str| {
        [
            ("fullname", name.to_owned()),
            ("email", "ada@example.com".to_owned()),
            ("seen", seen.to_owned()),
        ]
    };
    let send = async |who: &Visitor, name: &'static str, seen: &str| {
        let fields = fields(name, seen);
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        who.post(path, &fields).await
    };
    send(&olga, "Ada O", &before).await.expect(302);
    let html = send(&stan, "Ada S", &before).await.expect(200).html();
    assert!(
        html.main().contains("olga") && html.main().contains("Ada O"),
        "{}",
        html.main()
    );
    assert_eq!(html.attribute("#id_fullname", "value").as_deref(), Some("Ada S"));
    assert_eq!(events(&site, &EDITED).await.len(), 1);
    let again = html.attribute("input[name=seen]", "value").unwrap();
    send(&stan, "Ada S", &again).await.expect(302);
    assert_eq!(events(&site, &EDITED).await.len(), 2);
}

#[sqlx::test]
async fn organisations_are_chosen_by_differences(pool: PgPool) {
    let (site, stan) = with_stan(pool).await;
    let (acme, other) = (
        site.world.org("acme").await.to_string(),
        site.world.org("other").await.to_string(),
    );
    let path = "/staff/users/ada/set-orgs/";
    let before = seen(&stan, path).await;
    stan.post(path, &[("orgs", &acme), ("orgs", &other), ("seen", &before)])
        .await
        .expect(302);
    let html = stan.post(path, &[("seen", &before)]).await.expect(200).html();
    assert!(html.main().contains("Acme, Other"), "{}", html.main());
    let html = stan.post(path, &[("orgs", "0")]).await.expect(200).html();
    assert!(html.main().contains("Choose organisations that exist."));
    stan.post(path, &[("orgs", &other)]).await.expect(302);
    stan.post(path, &[("orgs", &other)]).await.expect(302);
    assert_eq!(
        events(&site, &["org_member_added", "org_member_removed"]).await,
        [
            told("org_member_added", "", "", "", "ada", "stan"),
            told("org_member_removed", "", "", "", "ada", "stan"),
        ]
    );
    let html = stan
        .post("/staff/users/stan/set-orgs/", &[("orgs", &acme)])
        .await
        .expect(200)
        .html();
    assert!(
        html.main().contains("You cannot add yourself to an organisation."),
        "{}",
        html.main()
    );
}

#[sqlx::test]
async fn nobody_without_the_right_learns_who_there_is(pool: PgPool) {
    let site = Site::start(pool).await;
    site.world.usual().await;
    site.world.global_roles("support", &["TechSupport"]).await;
    let support = site.sign_in("support").await;
    for path in [
        LIST,
        "/staff/users/ada/",
        "/staff/users/nobody/",
        "/staff/users/nobody/roles/",
    ] {
        support.get(path).await.expect(403);
        let answer = site.anonymous().get(path).await.expect(302);
        assert!(answer.location().starts_with("/login/?next="));
    }
}
