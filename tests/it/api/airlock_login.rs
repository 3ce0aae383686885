//! `POST /api/v2/releases/authenticate` and `releases/authorise`.

use rocket::http::Method;
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::site::login::token_of;
use crate::support::{Site, count_statements};

const AUTHENTICATE: &str = "/api/v2/releases/authenticate";
const AUTHORISE: &str = "/api/v2/releases/authorise";

/// Somebody who may sign in to Airlock.
async fn eligible(site: &Site, username: &str) {
    site.world.github(username).await;
    site.world.may_use("tpp", username).await;
}

fn credentials(user: &str, token: &str) -> Value {
    json!({"user": user, "token": token})
}

#[sqlx::test]
async fn a_token_works_once_and_the_answer_is_all_that_airlock_reads(pool: PgPool) {
    let site = Site::start(pool).await;
    site.world.usual().await;
    let token = token_of(&site, "ada").await;
    site.drain().await;
    site.post().mail.take();
    site.world
        .so(r#"UPDATE "user" SET last_login = NULL; DELETE FROM session"#)
        .await;
    let tpp = site.backend("tpp").await;
    let answer = tpp.post(AUTHENTICATE, &credentials("ada", &token)).await.expect(200);
    let body = concat!(
        r#"{"username":"ada","fullname":"Ada","workspaces":{"ws":{"project":"Project","#,
        r#""project_details":{"name":"Project","ongoing":true,"orgs":["Acme"]},"archived":false}},"#,
        r#""copiloted_workspaces":{},"output_checker":false,"staff":false,"readonly_access":false}"#
    );
    assert_eq!(answer.body, body);
    assert_eq!(answer.header("Content-Type"), Some("application/json"));
    assert_eq!(answer.header("Set-Cookie"), None);
    // No browser signed in.
    assert_eq!(
        site.world
            .number(r#"SELECT count(*) FROM "user" WHERE last_login IS NOT NULL"#)
            .await,
        0
    );
    assert_eq!(site.world.number("SELECT count(*) FROM session").await, 0);

    let again = tpp.post(AUTHENTICATE, &credentials("ada", &token)).await.expect(403);
    assert_eq!(again.body, r#"{"detail":"No login token set for ada"}"#);
    site.drain().await;
    let mails = site.post().mail.take();
    assert_eq!(mails.len(), 1);
    assert!(
        mails[0].subject.contains("was used") && mails[0].text.contains("from tpp"),
        "{}",
        mails[0].text
    );

    for path in [AUTHORISE.to_owned(), format!("{AUTHORISE}/")] {
        assert_eq!(tpp.post(&path, &json!({"user": "ada"})).await.expect(200).body, body);
    }
}

#[sqlx::test]
async fn spaces_make_no_difference_and_letter_case_does(pool: PgPool) {
    let site = Site::start(pool).await;
    let tpp = site.backend("tpp").await;
    let token = token_of(&site, "ada").await;
    let mut capital = token.clone();
    capital[..1].make_ascii_uppercase();
    for wrong in [capital, token.replace(' ', "-"), token.replace(' ', "\t")] {
        let answer = tpp.post(AUTHENTICATE, &credentials("ada", &wrong)).await.expect(403);
        assert_eq!(answer.body, r#"{"detail":"Token for ada was invalid"}"#, "{wrong:?}");
    }
    let spaced = format!("\n {} \t", token.replace(' ', "   "));
    tpp.post(&format!("{AUTHENTICATE}/"), &credentials("ada@example.com", &spaced))
        .await
        .expect(200);
    let token = token_of(&site, "ada").await.replace(' ', "");
    tpp.post(AUTHENTICATE, &credentials("ada", &token)).await.expect(200);
}

#[sqlx::test]
async fn each_failure_has_its_words_in_order(pool: PgPool) {
    let site = Site::start(pool).await;
    let world = &site.world;
    let tpp = site.backend("tpp").await;
    world.so("DELETE FROM attempt").await;
    let ada = token_of(&site, "ada").await;
    world.user("nothing").await;
    world.github("no-backend").await;
    world.may_use("tpp", "no-github").await;
    eligible(&site, "no-token").await;
    token_of(&site, "expired").await;
    world
        .so(r#"UPDATE "user" SET login_token_expires_at = now() - interval '1 second' WHERE username = 'expired'"#)
        .await;
    token_of(&site, "gone").await;
    world
        .so(r#"UPDATE "user" SET is_active = false WHERE username = 'gone'"#)
        .await;
    world
        .so(r#"INSERT INTO "user" (username, fullname, email) VALUES ('ada@example.com', 'Other', NULL)"#)
        .await;
    for (user, detail) in [
        ("nobody", "User matching query does not exist."),
        ("Ada", "User matching query does not exist."),
        ("ADA@example.com", "User matching query does not exist."),
        ("nothing", "User nothing is not a github user"),
        ("no-github", "User no-github is not a github user"),
        ("no-github@example.com", "User no-github is not a github user"),
        ("no-backend", "User no-backend does not have access to any backends"),
        ("no-token", "No login token set for no-token"),
        ("expired", "Token for expired has expired"),
        ("ada", "Token for ada was invalid"),
        ("gone", "User gone is not active"),
        // One has it as a name, another as an address.
        ("ada@example.com", "Several users match ada@example.com"),
    ] {
        let answer = tpp.post(AUTHENTICATE, &credentials(user, "wrong")).await.expect(403);
        assert_eq!(answer.body, json!({ "detail": detail }).to_string(), "{user}");
    }
    // None of that used up what was right.
    tpp.post(AUTHENTICATE, &credentials("ada", &ada)).await.expect(200);

    for (user, status, detail) in [
        ("nobody", 404, "No User matches the given query."),
        ("Ada", 404, "No User matches the given query."),
        ("no-token@example.com", 404, "No User matches the given query."),
        ("nothing", 403, "User nothing is not a github user"),
        (
            "no-backend",
            403,
            "User no-backend does not have access to any backends",
        ),
        ("gone", 403, "User gone is not active"),
    ] {
        let answer = tpp.post(AUTHORISE, &json!({ "user": user })).await.expect(status);
        assert_eq!(answer.body, json!({ "detail": detail }).to_string(), "{user}");
    }
    tpp.post(AUTHORISE, &json!({"user": " no-token "})).await.expect(200);
}

#[sqlx::test]
async fn a_body_is_looked_at_after_the_token_of_the_backend(pool: PgPool) {
    let site = Site::start(pool).await;
    let tpp = site.backend("tpp").await;
    for (path, body, status, told) in [
        (
            AUTHENTICATE,
            "{}",
            400,
            r#"{"user":["This field is required."],"token":["This field is required."]}"#,
        ),
        (
            AUTHENTICATE,
            "",
            400,
            r#"{"user":["This field is required."],"token":["This field is required."]}"#,
        ),
        (
            AUTHENTICATE,
            r#"{"token":null,"user":" "}"#,
            400,
            r#"{"user":["This field may not be blank."],"token":["This field may not be null."]}"#,
        ),
        (
            AUTHENTICATE,
            r#"{"user":"ada","token":true}"#,
            400,
            r#"{"token":["Not a valid string."]}"#,
        ),
        (
            AUTHENTICATE,
            r#"{"user":"a\u0000","token":"x"}"#,
            400,
            r#"{"user":["Null characters are not allowed."]}"#,
        ),
        (
            AUTHENTICATE,
            r#"{"user":7,"token":7}"#,
            403,
            r#"{"detail":"User matching query does not exist."}"#,
        ),
        (
            AUTHENTICATE,
            "null",
            400,
            r#"{"non_field_errors":["No data provided"]}"#,
        ),
        (
            AUTHENTICATE,
            "[]",
            400,
            r#"{"non_field_errors":["Invalid data. Expected a dictionary, but got list."]}"#,
        ),
        (AUTHORISE, "{}", 400, r#"{"user":["This field is required."]}"#),
        (
            AUTHORISE,
            r#"{"user":null}"#,
            400,
            r#"{"user":["This field may not be null."]}"#,
        ),
        (
            AUTHORISE,
            r#"{"user":""}"#,
            400,
            r#"{"user":["This field may not be blank."]}"#,
        ),
    ] {
        let answer = tpp.post_text(path, body).await.expect(status);
        assert_eq!(answer.body, told, "{path} {body}");
    }
    let broken = tpp.post_text(AUTHORISE, "{").await.expect(400);
    assert!(
        broken.body.starts_with(r#"{"detail":"JSON parse error - "#),
        "{}",
        broken.body
    );

    for path in [AUTHENTICATE, AUTHORISE] {
        for (headers, detail) in [
            (&[][..], "Authorization header is missing"),
            (&[("Authorization", "")], "Authorization header is empty"),
            (&[("Authorization", "wrong")], "Invalid token"),
        ] {
            let answer = tpp.send(Method::Post, path, headers, b"nonsense").await.expect(403);
            assert_eq!(answer.body, json!({ "detail": detail }).to_string());
        }
        let authorization = ("Authorization", tpp.token.as_str());
        let answer = tpp.send(Method::Put, path, &[authorization], b"").await.expect(405);
        assert_eq!(answer.body, r#"{"detail":"Method \"PUT\" not allowed."}"#);
        assert_eq!(answer.header("Allow"), Some("POST, OPTIONS"));
        tpp.send(Method::Options, path, &[], b"").await.expect(200);
        tpp.send(Method::Head, path, &[], b"").await.expect(405);
        let text = ("Content-Type", "text/plain");
        let answer = tpp
            .send(Method::Post, path, &[authorization, text], b"x")
            .await
            .expect(415);
        assert_eq!(
            answer.body,
            r#"{"detail":"Unsupported media type \"text/plain\" in request."}"#
        );
        let form = ("Content-Type", "application/x-www-form-urlencoded");
        tpp.send(Method::Post, path, &[authorization, form], b"user=nobody&token=x")
            .await;
    }
}

#[sqlx::test]
async fn workspaces_are_those_of_members_with_the_right_and_of_copilots(pool: PgPool) {
    let site = Site::start(pool).await;
    let world = &site.world;
    let tpp = site.backend("tpp").await;
    eligible(&site, "ada").await;
    world.member("developed", "ada", &["ProjectDeveloper"]).await;
    world.member("read", "ada", &["ProjectCollaborator"]).await;
    world.member("bare", "ada", &[]).await;
    for (project, workspace) in [
        ("developed", "w-1"),
        ("developed", "w-2-old"),
        ("read", "w-3"),
        ("bare", "w-4"),
        ("flown", "w-5"),
        ("foreign", "w-6"),
    ] {
        world.workspace(project, workspace).await;
    }
    world
        .so(r#"UPDATE workspace SET is_archived = true WHERE name = 'w-2-old';
               UPDATE project SET copilot_id = (SELECT id FROM "user" WHERE username = 'ada') WHERE slug IN ('flown', 'developed');
               UPDATE project SET status = 'ongoing-and-linked' WHERE slug = 'flown';
               UPDATE project SET status = 'retired' WHERE slug = 'developed';
               INSERT INTO org (name, slug) VALUES ('Aardvark', 'aardvark'), ('Zebra', 'zebra');
               INSERT INTO project_collaboration (org_id, project_id, created_by_id, updated_by_id)
               SELECT o.id, p.id, p.created_by_id, p.created_by_id FROM org o, project p
                WHERE o.slug IN ('aardvark', 'zebra') AND p.slug = 'flown'"#)
        .await;
    let ask = || async { tpp.post(AUTHORISE, &json!({"user": "ada"})).await.expect(200).json() };
    let names = |body: &Value, key: &str| -> Vec<String> { body[key].as_object().unwrap().keys().cloned().collect() };
    let body = ask().await;
    assert_eq!(names(&body, "workspaces"), ["w-1", "w-2-old"]);
    assert_eq!(names(&body, "copiloted_workspaces"), ["w-1", "w-2-old", "w-5"]);
    assert_eq!(body["workspaces"]["w-2-old"]["archived"], true);
    assert_eq!(body["workspaces"]["w-1"]["project_details"]["ongoing"], false);
    assert_eq!(
        body["copiloted_workspaces"]["w-5"],
        json!({
            "project": "Flown", "archived": false,
            "project_details": {"name": "Flown", "ongoing": true, "orgs": ["Acme", "Aardvark", "Zebra"]}
        })
    );

    // A global role counts, over memberships only.
    world
        .global_roles("ada", &["OutputChecker", "DeploymentAdministrator"])
        .await;
    let body = ask().await;
    assert_eq!(names(&body, "workspaces"), ["w-1", "w-2-old", "w-3", "w-4"]);
    assert_eq!(
        (&body["output_checker"], &body["readonly_access"]),
        (&json!(true), &json!(true))
    );
    world.global_roles("ada", &["NoSuchRole"]).await;
    // In a project these are worth nothing everywhere.
    world
        .member("read", "ada", &["OutputChecker", "DeploymentAdministrator"])
        .await;
    world
        .so(r#"UPDATE "user" SET is_staff = true WHERE username = 'ada'"#)
        .await;
    let body = ask().await;
    assert_eq!(names(&body, "workspaces"), ["w-1", "w-2-old", "w-3"]);
    assert_eq!(
        (&body["output_checker"], &body["readonly_access"]),
        (&json!(false), &json!(false))
    );
    assert_eq!(body["staff"], true);
}

#[sqlx::test]
async fn statements_do_not_grow_with_projects(pool: PgPool) {
    let site = Site::start(pool).await;
    let tpp = site.backend("tpp").await;
    site.world.member("project", "ada", &["ProjectDeveloper"]).await;
    site.world.workspace("project", "ws").await;
    eligible(&site, "ada").await;
    let mut counted = Vec::new();
    for projects in [1, 50] {
        for number in 1..projects {
            let project = format!("project-{number}");
            site.world.member(&project, "ada", &["ProjectDeveloper"]).await;
            site.world.workspace(&project, &format!("ws-{number}")).await;
        }
        let (answer, authorise) = count_statements(tpp.post(AUTHORISE, &json!({"user": "ada"}))).await;
        assert_eq!(answer.json()["workspaces"].as_object().unwrap().len(), projects);
        let token = token_of(&site, "ada").await;
        let (answer, authenticate) = count_statements(tpp.post(AUTHENTICATE, &credentials("ada", &token))).await;
        assert_eq!(answer.json()["workspaces"].as_object().unwrap().len(), projects);
        counted.push((authorise, authenticate));
    }
    assert_eq!(counted[0], counted[1]);
    assert_eq!(counted[0].0, 4, "the backend, the user, their roles, their workspaces");
}

#[sqlx::test]
async fn unknown_and_known_take_as_many_statements(pool: PgPool) {
    let site = Site::start(pool).await;
    let tpp = site.backend("tpp").await;
    token_of(&site, "ada").await;
    eligible(&site, "no-token").await;
    let mut counts = Vec::new();
    for user in ["ada", "nobody", "no-token"] {
        let (_, statements) = count_statements(tpp.post(AUTHENTICATE, &credentials(user, "wrong"))).await;
        counts.push(statements);
    }
    counts.dedup();
    assert_eq!(counts.len(), 1, "{counts:?}");
}

#[sqlx::test]
async fn too_many_tries_are_refused(pool: PgPool) {
    let site = Site::start(pool).await;
    let tpp = site.backend("tpp").await.at("198.51.100.7");
    token_of(&site, "ada").await;
    for number in 0..10 {
        let answer = tpp.post(AUTHENTICATE, &credentials("ada", "wrong")).await.expect(403);
        let detail = answer.json()["detail"].clone();
        let is_burnt = number >= 5;
        assert_eq!(
            detail,
            if is_burnt {
                "No login token set for ada"
            } else {
                "Token for ada was invalid"
            }
        );
    }
    let answer = tpp.post(AUTHENTICATE, &credentials("ada", "wrong")).await.expect(429);
    assert!(answer.header("Retry-After").unwrap().parse::<u64>().unwrap() > 800);
    assert_eq!(answer.header("Content-Type"), Some("application/json"));
    assert!(
        answer.json()["detail"].as_str().unwrap().contains("Try again in"),
        "{}",
        answer.body
    );
    for number in 0..49 {
        tpp.post(AUTHENTICATE, &credentials(&format!("u{number}"), "x"))
            .await
            .expect(403);
    }
    tpp.post(AUTHENTICATE, &credentials("another", "x")).await.expect(429);
    // What needs no guessing goes on.
    tpp.post(AUTHORISE, &json!({"user": "ada"})).await.expect(200);
}
