//! Lists within a page that may be long: their beginning, and what finds the others.

use sqlx::PgPool;

use super::with_stan;
use crate::pages::lists::assert_accessible;
use crate::support::{Html, Site, Visitor, count_statements};

/// Fills the organisation and the project with people, projects and workspaces.
async fn filled(site: &Site) {
    site.world
        .so(r#"INSERT INTO "user" (username, fullname)
               SELECT 'm' || lpad(n::text, 3, '0'), 'Member ' || lpad(n::text, 3, '0') FROM generate_series(1, 119) n;
               INSERT INTO org_membership (org_id, user_id)
               SELECT o.id, u.id FROM org o, "user" u WHERE o.slug = 'acme' AND u.username LIKE 'm%';
               INSERT INTO project_membership (project_id, user_id, roles)
               SELECT p.id, u.id, '{}' FROM project p, "user" u WHERE p.slug = 'project' AND u.username LIKE 'm%';
               INSERT INTO project (name, slug, created_by_id, updated_by_id)
               SELECT 'P' || lpad(n::text, 3, '0'), 'p-' || n, (SELECT min(id) FROM "user"), (SELECT min(id) FROM "user")
                 FROM generate_series(1, 209) n;
               INSERT INTO project_collaboration (org_id, project_id, created_by_id, updated_by_id)
               SELECT o.id, p.id, p.created_by_id, p.created_by_id FROM org o, project p
                WHERE o.slug = 'acme' AND p.slug LIKE 'p-%';
               INSERT INTO workspace (name, project_id, repo_id, branch, created_by_id, updated_by_id)
               SELECT 'w-' || lpad(n::text, 3, '0'), w.project_id, w.repo_id, 'main', w.created_by_id, w.created_by_id
                 FROM workspace w, generate_series(1, 209) n WHERE w.name = 'ws'"#)
        .await;
}

fn names(html: &Html, section: &str) -> Vec<String> {
    html.texts(&format!("#{section} tbody th a"))
}

async fn asked(stan: &Visitor, page: &str, q: &str) -> Html {
    let html = stan.get(&format!("{page}?members={q}")).await.expect(200).html();
    assert_accessible(&html);
    html
}

#[sqlx::test]
async fn the_first_members_are_shown_and_the_others_found(pool: PgPool) {
    let (site, stan) = with_stan(pool).await;
    for page in ["/staff/orgs/acme/", "/staff/projects/project/"] {
        // Of a few, all are there and nothing is to be looked for.
        let (answer, few) = count_statements(stan.get(page)).await;
        let html = answer.expect(200).html();
        assert_eq!(names(&html, "members"), ["Ada (ada)"], "{page}");
        assert_eq!(html.count("#members form[method=get]"), 0, "{page}");
        assert_eq!(html.text("#members .count").as_deref(), Some("1"));
        // And nobody is found who is not there.
        let html = asked(&stan, page, "grace").await;
        assert!(
            html.text("#members").unwrap().contains("0 of 1 match."),
            "{}",
            html.main()
        );
        assert!(few > 0);
    }
    let counts = async || {
        let mut counts = Vec::new();
        for page in [
            "/staff/orgs/acme/",
            "/staff/projects/project/",
            "/staff/orgs/acme/?members=member",
        ] {
            let (answer, count) = count_statements(stan.get(page)).await;
            answer.expect(200);
            counts.push(count);
        }
        counts
    };
    let few = counts().await;
    filled(&site).await;
    assert_eq!(counts().await, few);
    for page in ["/staff/orgs/acme/", "/staff/projects/project/"] {
        let html = stan.get(page).await.expect(200).html();
        assert_accessible(&html);
        let shown = names(&html, "members");
        assert_eq!((shown.len(), shown[0].as_str()), (50, "Ada (ada)"), "{page}");
        let said = html.text("#members").unwrap();
        assert!(said.contains("120 in all; the first 50 are here."), "{page}: {said}");
        assert_eq!(
            html.attribute("#members form[method=get]", "action"),
            Some(format!("{page}#members"))
        );
        // By name or by username, whatever the letters' case.
        assert_eq!(
            names(&asked(&stan, page, "MEMBER+119").await, "members"),
            ["Member 119 (m119)"]
        );
        let html = asked(&stan, page, "m10").await;
        assert_eq!(names(&html, "members").len(), 10);
        assert!(html.text("#members").unwrap().contains("10 of 120 match."));
        assert_eq!(html.attribute("#find-members", "value").as_deref(), Some("m10"));
        assert_eq!(html.link("Show all"), Some(format!("{page}#members")));
        // More fit than are shown.
        let html = asked(&stan, page, "member").await;
        assert_eq!(names(&html, "members").len(), 50);
        assert!(
            html.text("#members")
                .unwrap()
                .contains("119 of 120 match; the first 50 are here.")
        );
        for nobody in ["%25", "%00", "_", &"x".repeat(400)] {
            let html = asked(&stan, page, nobody).await;
            assert!(html.text("#members").unwrap().contains("is called that"), "{nobody}");
        }
    }
    // Other lists lead to where all of them are.
    let html = stan.get("/staff/orgs/acme/").await.expect(200).html();
    assert_eq!(names(&html, "projects").len(), 50);
    assert!(
        html.text("#projects")
            .unwrap()
            .contains("The first 50 of 210 are here.")
    );
    assert_eq!(html.link("All projects").as_deref(), Some("/staff/projects/?orgs=acme"));
    let html = stan.get("/staff/projects/project/").await.expect(200).html();
    assert_eq!(names(&html, "workspaces").len(), 50);
    assert!(
        html.text("#workspaces")
            .unwrap()
            .contains("The first 50 of 210 are here.")
    );
    let all = html.link("All workspaces").unwrap();
    assert_eq!(all, "/staff/workspaces/?projects=project");
    let html = stan.get(&all).await.expect(200).html();
    assert_eq!(html.text("h1 .count").as_deref(), Some("210"));
}

#[sqlx::test]
async fn public_pages_show_so_many_and_say_so(pool: PgPool) {
    let (site, _) = with_stan(pool).await;
    let visitor = site.anonymous();
    for page in ["/project/", "/project/members/", "/orgs/acme/"] {
        let html = visitor.get(page).await.expect(200).html();
        assert!(!html.main().contains("are here."), "{page}: {}", html.main());
    }
    filled(&site).await;
    let html = visitor.get("/project/").await.expect(200).html();
    assert_accessible(&html);
    let said = html.main();
    assert_eq!(html.count("section[aria-labelledby=workspaces-title] tbody tr"), 200);
    assert!(said.contains("The first 200 of 210 are here."), "{said}");
    assert_eq!(html.count("section[aria-labelledby=members-title] li"), 50);
    assert!(said.contains("The first 50 of 120 are here."), "{said}");
    let html = visitor.get("/orgs/acme/").await.expect(200).html();
    assert_accessible(&html);
    assert_eq!(html.count("tbody tr"), 200);
    assert_eq!(html.text("h2 .count").as_deref(), Some("210"));
    assert!(
        html.main().contains("The first 200 of 210 are here."),
        "{}",
        html.main()
    );
    let html = visitor.get("/project/members/").await.expect(200).html();
    assert_eq!(
        (html.count("tbody tr"), html.text("h1").as_deref()),
        (120, Some("Members 120"))
    );
}
