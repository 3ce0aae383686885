//! Where the area begins.

use sqlx::PgPool;

use crate::pages::lists::assert_accessible;
use crate::support::{Html, Site, count_statements};

async fn with_staff(pool: PgPool) -> Site {
    let site = Site::start(pool).await;
    site.world.global_roles("stan", &["StaffAreaAdministrator"]).await;
    site
}

/// What stands in one step of the set-up.
fn step(html: &Html, title: &str) -> String {
    let steps = html.texts(".staff-steps li");
    let found = steps.iter().find(|step| step.contains(title));
    found
        .unwrap_or_else(|| panic!("no step {title:?} in {steps:?}"))
        .clone()
}

#[sqlx::test]
async fn an_empty_installation_says_what_to_do_first(pool: PgPool) {
    let site = with_staff(pool).await;
    let stan = site.sign_in("stan").await;
    let html = stan.get("/staff/").await.expect(200).html();
    assert_accessible(&html);
    let steps = html.texts(".staff-steps strong");
    assert_eq!(steps.len(), 12, "{steps:?}");
    assert_eq!(html.count(".staff-steps li[data-done]"), 0);
    // Where nothing can be chosen yet, no button leads.
    assert!(html.link("New project").is_none() && html.link("Add members").is_none());
    assert!(step(&html, "Create a project").contains("Waits for an organisation."));
    assert!(step(&html, "Add a project developer").contains("Waits for a project."));
    assert!(step(&html, "Create a workspace").contains("Waits for a project."));
    let next = async || {
        let html = stan.get("/staff/").await.expect(200).html();
        html.texts(".staff-steps li[aria-current=step] strong")
    };
    assert_eq!(next().await, ["Create a backend"]);
    assert_eq!(
        html.attributes(".staff-steps a", "href"),
        ["/staff/backends/add/", "/staff/orgs/add/", "/staff/users/create/"]
    );
    // What somebody can do comes before what takes a role that they do not have.
    site.world.backend("tpp").await;
    site.world.so("UPDATE backend SET token_last_used_at = now()").await;
    site.world.org("acme").await;
    assert_eq!(next().await, ["Invite a second person"]);
    let html = stan.get("/staff/").await.expect(200).html();
    let project = step(&html, "Create a project");
    assert!(
        project.contains("Staff Area Administrator can give it to you"),
        "{project}"
    );
    site.world
        .global_roles("stan", &["StaffAreaAdministrator", "ServiceAdministrator"])
        .await;
    let html = stan.get("/staff/").await.expect(200).html();
    assert_eq!(html.link("New project").as_deref(), Some("/staff/projects/create/"));
    site.world.project("project").await;
    site.world
        .so("UPDATE \"user\" SET is_active = false WHERE username <> 'stan'")
        .await;
    let html = stan.get("/staff/").await.expect(200).html();
    assert!(step(&html, "Add a project developer").contains("Waits for a second person."));
    site.world.user("ada").await;
    let html = stan.get("/staff/").await.expect(200).html();
    assert_eq!(
        html.link("Add members").as_deref(),
        Some("/staff/projects/project/add-member/")
    );
}

#[sqlx::test]
async fn a_backend_that_is_not_active_is_to_be_switched_on(pool: PgPool) {
    let site = with_staff(pool).await;
    site.world
        .global_roles("stan", &["StaffAreaAdministrator", "TechSupport"])
        .await;
    let stan = site.sign_in("stan").await;
    site.world.backend("tpp").await;
    site.world.so("UPDATE backend SET is_active = false").await;
    let page = format!("/staff/backends/{}/", site.world.backend_id("tpp").await);
    let html = stan.get("/staff/").await.expect(200).html();
    assert_eq!(html.link("Edit the backend"), Some(format!("{page}edit/")));
    assert!(!html.has(".staff-steps li[data-done] + li[data-done]"));
    let html = stan.get(&page).await.expect(200).html();
    assert!(html.main().contains("No jobs can be asked for here"), "{}", html.main());
    assert!(
        stan.get(&format!("{page}edit/"))
            .await
            .html()
            .main()
            .contains("take jobs")
    );
    // Of several the one that takes jobs is led to.
    site.world.backend("emis").await;
    let active = format!("/staff/backends/{}/", site.world.backend_id("emis").await);
    let html = stan.get("/staff/").await.expect(200).html();
    assert!(html.link("Edit the backend").is_none());
    assert_eq!(html.link("Look at the backend").as_deref(), Some(&*active));
    let html = stan.get(&active).await.expect(200).html();
    assert!(!html.main().contains("No jobs can be asked for here"));
}

#[sqlx::test]
async fn steps_of_researchers_are_offered_to_those_who_may(pool: PgPool) {
    let site = with_staff(pool).await;
    let stan = site.sign_in("stan").await;
    site.world.project("project").await;
    let html = stan.get("/staff/").await.expect(200).html();
    assert!(html.link("New workspace").is_none() && html.link("Look at the project").is_none());
    assert!(step(&html, "Create a workspace").contains("Waits for a project developer."));
    site.world.user("dan").await;
    site.world.member("project", "dan", &["ProjectDeveloper"]).await;
    let html = stan.get("/staff/").await.expect(200).html();
    assert!(html.link("New workspace").is_none());
    assert!(html.main().contains("dan does this"), "{}", html.main());
    site.world.member("project", "stan", &["ProjectDeveloper"]).await;
    let html = stan.get("/staff/").await.expect(200).html();
    assert_eq!(html.link("New workspace").as_deref(), Some("/project/new-workspace/"));
    assert!(step(&html, "Run the first jobs").contains("Waits for a workspace."));
    site.world.workspace("project", "ws").await;
    site.world.backend("tpp").await;
    let html = stan.get("/staff/").await.expect(200).html();
    assert!(step(&html, "Run the first jobs").contains("Waits for somebody who may use the backend."));
    site.world.may_use("tpp", "dan").await;
    let html = stan.get("/staff/").await.expect(200).html();
    assert_eq!(html.link("Look at the project").as_deref(), Some("/project/"));
}

#[sqlx::test]
async fn each_step_checks_itself_off(pool: PgPool) {
    let site = with_staff(pool).await;
    let stan = site.sign_in("stan").await;
    let mut done = 0_usize;
    let mut now_done = async |more: isize| {
        let html = stan.get("/staff/").await.expect(200).html();
        done = done.checked_add_signed(more).unwrap();
        assert_eq!(
            html.count(".staff-steps li[data-done]"),
            done,
            "{:?}",
            html.texts(".staff-steps li")
        );
    };
    site.world.backend("tpp").await;
    now_done(2).await;
    site.world.so("UPDATE backend SET is_active = false").await;
    now_done(-1).await;
    site.world.so("UPDATE backend SET is_active = true").await;
    now_done(1).await;
    site.world.so("UPDATE backend SET token_last_used_at = now()").await;
    now_done(1).await;
    site.world.org("acme").await;
    now_done(1).await;
    site.world.project("project").await;
    site.world
        .so("UPDATE \"user\" SET is_active = false WHERE username <> 'stan'")
        .await;
    now_done(1).await;
    site.world.user("ada").await;
    now_done(1).await;
    site.world.may_use("tpp", "ada").await;
    now_done(1).await;
    site.world.org_member("acme", "ada").await;
    now_done(1).await;
    site.world.member("project", "ada", &["ProjectDeveloper"]).await;
    now_done(1).await;
    site.world.user("grace").await;
    site.world.member("project", "grace", &["ProjectCollaborator"]).await;
    now_done(1).await;
    site.world.workspace("project", "ws").await;
    now_done(1).await;
    site.world.request(crate::support::Request::default()).await;
    // With the last step the list goes away.
    let html = stan.get("/staff/").await.expect(200).html();
    assert_eq!(html.count(".staff-steps"), 0);
}

#[sqlx::test]
async fn everything_is_found_from_one_field(pool: PgPool) {
    let site = with_staff(pool).await;
    site.world.usual().await;
    let stan = site.sign_in("stan").await;
    let html = stan.get("/staff/?q=PROJECT").await.expect(200).html();
    assert_accessible(&html);
    assert_eq!(html.link("Project").as_deref(), Some("/staff/projects/project/"));
    let html = stan.get("/staff/?q=100%25").await.expect(200).html();
    assert!(html.main().contains("Nothing is called that"));
    // What is typed is text, whatever it looks like.
    let html = stan.get("/staff/?q=%3Cb%3E").await.expect(200).html();
    assert_eq!(html.attribute("main input[name=q]", "value").as_deref(), Some("<b>"));
    stan.get("/staff/?q=%00").await.expect(200);
    let (_, few) = count_statements(stan.get("/staff/?q=a")).await;
    for n in 0..30 {
        site.world.user(&format!("adaline{n}")).await;
    }
    let (answer, many) = count_statements(stan.get("/staff/?q=a")).await;
    assert_eq!(few, many);
    let html = answer.expect(200).html();
    assert_eq!(html.link("Show all of them").as_deref(), Some("/staff/?q=a&kind=users"));
}

#[sqlx::test]
async fn everybody_who_is_found_can_be_reached_by_what_found_them(pool: PgPool) {
    let site = with_staff(pool).await;
    site.world.usual().await;
    site.world.org("lancet").await;
    for n in 0..30 {
        let name = format!("member{n:02}");
        site.world.user(&name).await;
        site.world.org_member("lancet", &name).await;
    }
    // By the name of their organisation, which is in none of theirs; in the order of usernames, not of full names.
    site.world
        .so(r#"UPDATE "user" SET fullname = 'Zoe' WHERE username = 'member00'"#)
        .await;
    let stan = site.sign_in("stan").await;
    let html = stan.get("/staff/?q=lancet").await.expect(200).html();
    let all = html.link("Show all of them").unwrap();
    assert_eq!(all, "/staff/?q=lancet&kind=users");
    let people = html.texts(".find-hits a");
    let first = people.iter().position(|label| label == "Zoe (member00)").unwrap();
    assert!(people[first + 1].contains("(member01)"), "{people:?}");
    let html = stan.get(&all).await.expect(200).html();
    assert_accessible(&html);
    assert_eq!(html.count("tbody tr"), 25);
    assert!(html.text("h1").unwrap().contains("30"), "{:?}", html.text("h1"));
    assert!(html.texts("tbody tr")[0].contains("Zoe (member00)"));
    let second = stan.get(&format!("{all}&page=2")).await.expect(200).html();
    assert_eq!(second.count("tbody tr"), 5);
    let last = stan.get(&format!("{all}&page=last")).await.expect(200).html();
    assert_eq!(last.texts("tbody tr"), second.texts("tbody tr"));
    stan.get(&format!("{all}&page=3")).await.expect(404);
    let none = stan.get("/staff/?q=lancet&kind=secrets").await.expect(200).html();
    assert_eq!(none.count("tbody tr"), 0);
    let (_, one_page) = count_statements(stan.get("/staff/?q=member29&kind=users")).await;
    let (_, pages) = count_statements(stan.get(&all)).await;
    assert_eq!(one_page, pages);
}

#[sqlx::test]
async fn fields_suggest_what_is_there(pool: PgPool) {
    let site = with_staff(pool).await;
    site.world.usual().await;
    site.world.user("grace").await;
    let stan = site.sign_in("stan").await;
    let found = stan.get("/staff/suggest/users/?user=GRA").await.expect(200).html();
    assert_eq!(found.attributes("option", "value"), ["grace"]);
    for kind in ["projects", "orgs", "workspaces"] {
        let found = stan.get(&format!("/staff/suggest/{kind}/?x=a")).await.expect(200);
        assert!(!found.body.contains("<script"), "{kind}");
    }
    stan.get("/staff/suggest/secrets/?x=a").await.expect(404);
    let found = stan
        .get("/staff/suggest/people/?as=users&find_people=grace")
        .await
        .expect(200)
        .html();
    assert_eq!(found.attributes("input", "name"), ["users"]);
    let id = found.attributes("input", "value").remove(0);
    let again = stan
        .get(&format!("/staff/suggest/people/?as=users&find_people=grace&users={id}"))
        .await;
    assert_eq!(again.expect(200).html().count("input"), 0);
    let name = stan
        .get("/staff/suggest/people/?as=%22%3E%3Cscript%3E&find_people=grace")
        .await
        .expect(200);
    assert!(!name.body.contains("<script"));
    assert_eq!(
        stan.get("/staff/suggest/people/?find_people=").await.expect(200).body,
        ""
    );
    // Nobody is found: whoever may invite people is led there.
    let page = "http://127.0.0.1/staff/orgs/acme/?find=x";
    let stan = stan.saying("HX-Current-URL", page);
    let nobody = stan.get("/staff/suggest/people/?find_people=nobody").await.expect(200);
    assert_eq!(
        nobody.html().link("Invite them").as_deref(),
        Some("/staff/users/create/?next=/staff/orgs/acme/")
    );
}
