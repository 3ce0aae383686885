//! New users, made by staff.

use sqlx::PgPool;

use super::{events, told, with_stan};
use crate::pages::lists::assert_accessible;

const ADD: &str = "/staff/users/add/";
const CREATE: &str = "/staff/users/create/";

#[sqlx::test]
async fn a_reader_joins_project_and_organisations_and_is_told_by_mail(pool: PgPool) {
    let (site, stan) = with_stan(pool).await;
    assert!(
        stan.get(ADD)
            .await
            .expect(200)
            .html()
            .main()
            .contains("No project has an interactive workspace yet")
    );
    let project = site.world.project("project").await.to_string();
    site.world.workspace("project", "project-interactive").await;
    site.world.project("another").await;
    let html = stan
        .get(&format!("{ADD}?project-slug=project"))
        .await
        .expect(200)
        .html();
    assert_accessible(&html);
    assert_eq!(html.attributes("#id_project option", "value"), ["", project.as_str()]);
    assert_eq!(
        html.attribute("#id_project option[selected]", "value"),
        Some(project.clone())
    );
    let fields = [
        ("project", &*project),
        ("name", "Rea Der"),
        ("email", "rea@example.org"),
    ];
    let answer = stan.post(ADD, &fields).await.expect(302);
    assert_eq!(answer.location(), "/staff/users/rea@example.org/");
    let kinds = [
        "user_created",
        "org_member_added",
        "project_member_added",
        "project_member_updated_roles",
    ];
    let whom = "rea@example.org";
    assert_eq!(
        events(&site, &kinds).await,
        [
            told("user_created", "", "", "", whom, "stan"),
            told("org_member_added", "", "", "", whom, "stan"),
            told("project_member_added", "", "", "", whom, "stan"),
            told(
                "project_member_updated_roles",
                "roles",
                "",
                "InteractiveReporter",
                whom,
                "stan"
            ),
        ]
    );
    let html = stan.get("/staff/users/rea@example.org/").await.expect(200).html();
    assert!(
        html.main().contains("A link by mail") && html.main().contains("made by stan"),
        "{}",
        html.main()
    );
    site.drain().await;
    let mails = site.post().mail.take();
    assert_eq!(mails.len(), 1);
    assert_eq!(mails[0].to, [whom]);
    assert!(
        mails[0].text.contains("Rea Der") && mails[0].text.contains("/login/"),
        "{}",
        mails[0].text
    );
}

#[sqlx::test]
async fn a_reader_who_cannot_be_comes_back_as_typed(pool: PgPool) {
    let (site, stan) = with_stan(pool).await;
    site.world.workspace("project", "project-interactive").await;
    let project = site.world.project("project").await.to_string();
    let another = site.world.project("another").await.to_string();
    for (project, name, email, fields) in [
        ("", "", "", vec!["project", "name", "email"]),
        (&*another, "Rea", "rea@example.org", vec!["project"]),
        ("x", "Rea", "rea@example.org", vec!["project"]),
        (&*project, "Rea", "ADA@example.com", vec!["email"]),
        (&*project, "Rea", "o'hara@example.org", vec!["email"]),
        (&*project, "Rea", "a@example.org\nBcc: b@example.org", vec!["email"]),
    ] {
        let sent = [("project", project), ("name", name), ("email", email)];
        let html = stan.post(ADD, &sent).await.expect(200).html();
        for field in fields {
            assert!(
                html.has(&format!(".summary a[href='#id_{field}']")),
                "{field}: {}",
                html.main()
            );
        }
        assert_eq!(html.attribute("#id_name", "value").unwrap_or_default(), name);
    }
    assert!(events(&site, &["user_created"]).await.is_empty());
    site.drain().await;
    assert!(site.post().mail.take().is_empty());
    // Where it goes on to is a page of ours.
    let sent = [("project", &*project), ("name", "Rea"), ("email", "rea@example.org")];
    let answer = stan
        .post(&format!("{ADD}?next=https://evil.example/"), &sent)
        .await
        .expect(302);
    assert_eq!(answer.location(), "/staff/users/rea@example.org/");
    let sent = [("project", &*project), ("name", "Rob"), ("email", "rob@example.org")];
    let answer = stan
        .post(&format!("{ADD}?next=/staff/projects/"), &sent)
        .await
        .expect(302);
    assert_eq!(answer.location(), "/staff/projects/");
}

#[sqlx::test]
async fn a_github_user_is_made_and_invited(pool: PgPool) {
    let (site, stan) = with_stan(pool).await;
    stan.get(CREATE).await.expect(200);
    for (login, name, email, field) in [
        ("", "Octo", "", "login"),
        ("octo cat", "Octo", "", "login"),
        ("create", "Octo", "", "login"),
        ("ADA", "Octo", "", "login"),
        ("octo", "", "", "name"),
        ("octo", "Octo", "octo", "email"),
        ("octo", "Octo", "Ada@example.com", "email"),
    ] {
        let sent = [("login", login), ("name", name), ("email", email)];
        let html = stan.post(CREATE, &sent).await.expect(200).html();
        assert!(
            html.has(&format!(".summary a[href='#id_{field}']")),
            "{login} {field}: {}",
            html.main()
        );
        assert_eq!(html.attribute("#id_login", "value").unwrap_or_default(), login);
    }
    let sent = [("login", "octo"), ("name", "Octo Cat"), ("email", "")];
    assert_eq!(
        stan.post(CREATE, &sent).await.expect(302).location(),
        "/staff/users/octo/"
    );
    assert_eq!(
        events(&site, &["user_created", "user_invited"]).await,
        [
            told("user_created", "", "", "", "octo", "stan"),
            told("user_invited", "login", "", "octo", "octo", "stan"),
        ]
    );
    // Backends can be given before the first login.
    let html = stan.get("/staff/users/octo/").await.expect(200).html();
    assert!(html.has("input[name=backends]") && html.main().contains("once the invited account signs in"));
}

#[sqlx::test]
async fn a_project_that_is_missing_is_made_on_the_way(pool: PgPool) {
    let (site, stan) = with_stan(pool).await;
    let org = site.world.org("acme").await.to_string();
    let pressed = [("name", "Rea"), ("email", "rea@example.org"), ("new_project", "1")];
    let led = stan
        .post(&format!("{ADD}?project-slug=old&next=/staff/"), &pressed)
        .await
        .expect(302);
    let create = led.location().to_owned();
    assert_eq!(
        create,
        "/staff/projects/add/?next=%2Fstaff%2Fusers%2Fadd%2F%3Fnext%3D%252Fstaff%252F&name=Rea&email=rea%40example.org"
    );
    // An organisation that is missing for that comes before, and leads back here too.
    let html = stan.get(&create).await.expect(200).html();
    let opens = html.attribute("main form button[name=new_org]", "hx-get").unwrap();
    let made = stan.post(&opens, &[("name", "Newer")]).await.expect(302);
    assert_eq!(made.location(), format!("{create}&typed=project&org-slug=newer"));
    let copilot = site.world.user("grace").await.to_string();
    let fields = [
        ("name", "Tea"),
        ("number", "7001"),
        ("orgs", &*org),
        ("copilot", &*copilot),
        ("application_url", "https://example.org/apply/1"),
    ];
    let made = stan.post(&create, &fields).await.expect(302);
    let back = made.location().to_owned();
    assert_eq!(
        back,
        "/staff/users/add/?next=%2Fstaff%2F&name=Rea&email=rea%40example.org&project-slug=tea"
    );
    let html = stan.get(&back).await.expect(200).html();
    assert!(html.text("#id_project option[selected]").unwrap().contains("Tea"));
    // Nobody is led elsewhere.
    let fields = [("name", "Coffee"), ("number", "7002"), ("orgs", &*org)];
    let made = stan
        .post("/staff/projects/create/?next=//evil.example", &fields)
        .await
        .expect(302);
    assert_eq!(made.location(), "/staff/projects/coffee/created/");
}

#[sqlx::test]
async fn somebody_is_invited_on_the_way_through_another_form(pool: PgPool) {
    let (site, stan) = with_stan(pool).await;
    site.world.project("project").await;
    site.world
        .global_roles("stan", &["StaffAreaAdministrator", "ServiceAdministrator"])
        .await;
    let add = "/staff/projects/project/add-member/";
    let invite = format!("{CREATE}?next={add}");
    let html = stan.get(add).await.expect(200).html();
    assert_eq!(html.link("New user").as_deref(), Some(&*invite));
    let html = stan
        .post(add, &[("find_people", "newton"), ("look_for_people", "1")])
        .await;
    let html = html.expect(200).html();
    assert_eq!(html.link("Invite them").as_deref(), Some(&*invite));
    // Whichever form they need, it leads back.
    let html = stan.get(&invite).await.expect(200).html();
    assert_eq!(html.link("Back").as_deref(), Some(add));
    let other = html.link("New interactive user instead").unwrap();
    assert_eq!(
        other,
        format!("{ADD}?next=%2Fstaff%2Fprojects%2Fproject%2Fadd-member%2F")
    );
    let html = stan.get(&other).await.expect(200).html();
    assert!(html.link("Invite a GitHub user instead").unwrap().contains("next="));
    let fields = [("login", "newton"), ("name", "Newton")];
    assert_eq!(stan.post(&invite, &fields).await.expect(302).location(), add);
    let fields = [("login", "leibniz"), ("name", "Leibniz")];
    let elsewhere = stan.post(&format!("{CREATE}?next=//evil.example"), &fields).await;
    assert_eq!(elsewhere.expect(302).location(), "/staff/users/leibniz/");
}
