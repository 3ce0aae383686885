//! What somebody is trusted with everywhere, as staff say it.

use sqlx::PgPool;

use super::{events, said, told, with_stan};
use crate::pages::lists::assert_accessible;

const KINDS: [&str; 2] = ["user_updated_roles", "project_member_updated_roles"];

#[sqlx::test]
async fn roles_are_given_and_taken(pool: PgPool) {
    let (site, stan) = with_stan(pool).await;
    let path = "/staff/users/ada/roles/";
    let html = stan.get(path).await.expect(200).html();
    assert_accessible(&html);
    assert_eq!(html.count("input[name=roles]"), 9, "those that are given everywhere");
    assert!(
        html.main().contains("Project Developer") && html.link("Edit").is_some(),
        "{}",
        html.main()
    );
    assert_eq!(
        stan.post(path, &[("roles", "OutputChecker")])
            .await
            .expect(302)
            .location(),
        path
    );
    stan.post(path, &[("roles", "OutputChecker")]).await.expect(302);
    for wrong in [
        "ProjectDeveloper",
        "Nothing",
        "jobserver.authorization.roles.OutputChecker",
    ] {
        let html = stan.post(path, &[("roles", wrong)]).await.expect(200).html();
        assert!(html.has(".summary a[href='#id_roles']"), "{wrong}: {}", html.main());
    }
    stan.post(path, &[]).await.expect(302);
    assert_eq!(
        events(&site, &KINDS).await,
        [
            told("user_updated_roles", "roles", "", "OutputChecker", "ada", "stan"),
            told("user_updated_roles", "roles", "OutputChecker", "", "ada", "stan"),
        ]
    );
}

#[sqlx::test]
async fn nobody_gives_themselves_a_role_and_the_last_administrator_stays(pool: PgPool) {
    let (site, stan) = with_stan(pool).await;
    let path = "/staff/users/stan/roles/";
    let held = ["ServiceAdministrator", "StaffAreaAdministrator", "TechSupport"];
    let mut more: Vec<(&str, &str)> = held.iter().map(|role| ("roles", *role)).collect();
    more.push(("roles", "OutputPublisher"));
    let html = stan.post(path, &more).await.expect(200).html();
    assert!(
        html.main().contains("You cannot give roles to yourself."),
        "{}",
        html.main()
    );
    assert!(
        html.has("input[value=OutputPublisher][checked]"),
        "what was ticked stays ticked"
    );
    let html = stan.post(path, &[("roles", "TechSupport")]).await.expect(200).html();
    assert!(
        html.main()
            .contains("Nobody else who is active is a Staff Area Administrator."),
        "{}",
        html.main()
    );
    stan.post("/staff/users/stan/roles/clear/", &[]).await.expect(302);
    assert!(said(&stan, path).await.contains("Nobody else who is active"));
    assert!(events(&site, &KINDS).await.is_empty());
}

#[sqlx::test]
async fn of_two_who_say_it_the_second_sees_what_the_first_did(pool: PgPool) {
    let (site, stan) = with_stan(pool).await;
    let path = "/staff/users/ada/roles/";
    let seen = stan
        .get(path)
        .await
        .html()
        .attribute("input[name=seen]", "value")
        .unwrap();
    site.world.global_roles("ada", &["OutputChecker"]).await;
    let html = stan
        .post(path, &[("roles", "TechSupport"), ("seen", &seen)])
        .await
        .expect(200)
        .html();
    assert!(html.main().contains("Output Checker"), "{}", html.main());
    assert!(html.has("input[value=TechSupport][checked]"));
    assert!(events(&site, &KINDS).await.is_empty());
}

#[sqlx::test]
async fn a_role_that_is_not_given_any_more_is_kept_until_it_is_taken(pool: PgPool) {
    let (site, stan) = with_stan(pool).await;
    site.world.global_roles("ada", &["ProjectDeveloper", "Retired"]).await;
    let path = "/staff/users/ada/roles/";
    let html = stan.get(path).await.html();
    assert!(html.has("input[value=Retired][checked]") && html.has("input[value=ProjectDeveloper][checked]"));
    let kept = [
        ("roles", "ProjectDeveloper"),
        ("roles", "Retired"),
        ("roles", "OutputChecker"),
    ];
    stan.post(path, &kept).await.expect(302);
    stan.post(path, &[("roles", "ProjectDeveloper")]).await.expect(302);
    let after: Vec<String> = events(&site, &KINDS).await.into_iter().map(|event| event.3).collect();
    assert_eq!(after, ["OutputChecker,ProjectDeveloper,Retired", "ProjectDeveloper"]);
}

#[sqlx::test]
async fn everything_is_cleared_at_once_and_memberships_stay(pool: PgPool) {
    let (site, stan) = with_stan(pool).await;
    site.world.global_roles("ada", &["OutputChecker"]).await;
    let path = "/staff/users/ada/roles/";
    let clear = format!("{path}clear/");
    let html = stan.get(path).await.html();
    assert!(
        html.main()
            .contains("loses 1 role everywhere and the roles in 1 project"),
        "{}",
        html.main()
    );
    assert!(html.main().contains("They stay a member of the project."));
    // The way out of the question works without scripts, too: it leads to the page as it is.
    assert_eq!(
        html.attribute("[role=dialog] a[data-close]", "href").as_deref(),
        Some("")
    );
    assert_eq!(html.texts("[role=dialog] h2"), ["Clear all roles?"]);
    assert_eq!(stan.post(&clear, &[]).await.expect(302).location(), path);
    for (next, to) in [("/staff/", "/staff/"), ("//evil.example", path)] {
        let answer = stan.post(&format!("{clear}?next={next}"), &[]).await.expect(302);
        assert_eq!(answer.location(), to);
    }
    assert_eq!(
        events(&site, &KINDS).await,
        [
            told("user_updated_roles", "roles", "OutputChecker", "", "ada", "stan"),
            told(
                "project_member_updated_roles",
                "roles",
                "ProjectDeveloper",
                "",
                "ada",
                "stan"
            ),
        ]
    );
    assert_eq!(site.world.number("SELECT count(*) FROM project_membership").await, 1);
}

#[sqlx::test]
async fn clearing_leaves_projects_to_those_who_may_change_roles_there(pool: PgPool) {
    let (site, stan) = with_stan(pool).await;
    site.world.global_roles("stan", &["StaffAreaAdministrator"]).await;
    site.world.global_roles("ada", &["OutputChecker"]).await;
    let path = "/staff/users/ada/roles/";
    let html = stan.get(path).await.expect(200).html();
    assert!(
        html.main()
            .contains("Roles in projects stay: you may not change those."),
        "{}",
        html.main()
    );
    stan.post(&format!("{path}clear/"), &[]).await.expect(302);
    assert!(said(&stan, path).await.contains("Roles in projects stay"));
    assert_eq!(
        events(&site, &KINDS).await,
        [told("user_updated_roles", "roles", "OutputChecker", "", "ada", "stan")]
    );
    let kept = "SELECT count(*) FROM project_membership WHERE roles <> '{}'";
    assert_eq!(site.world.number(kept).await, 1);
}

#[sqlx::test]
async fn what_would_be_refused_is_not_offered(pool: PgPool) {
    let (site, stan) = with_stan(pool).await;
    let own = "/staff/users/stan/roles/";
    let html = stan.get(own).await.expect(200).html();
    assert!(
        !html.main().contains("Clear all roles"),
        "nobody else could let others in"
    );
    assert!(html.main().contains("Make somebody else one first"), "{}", html.main());
    site.world.global_roles("grace", &["StaffAreaAdministrator"]).await;
    let html = stan.get(own).await.expect(200).html();
    assert!(html.main().contains("Clear all roles") && !html.main().contains("Make somebody else one first"));
    // Of what somebody has not, nothing is said.
    let html = stan.get("/staff/users/grace/roles/").await.expect(200).html();
    assert!(html.main().contains("loses 1 role everywhere."), "{}", html.main());
    assert!(!html.main().contains("They stay a member"));
}
