//! Bots that read releases with a personal token, and what else they may do: nothing. The guard is asked
//! through a route of this test.

use std::sync::{Arc, Mutex};

use jobserver::core::access::Operator;
use jobserver::core::people::tokens;
use jobserver::web::database::Database;
use jobserver::web::guards::{Reader, ReleaseReader};
use jobserver::web::responders::{Failure, Outcome};
use rocket::http::{Header, Method};
use rocket::{get, routes};
use secrecy::ExposeSecret;
use sqlx::PgPool;
use tracing_subscriber::layer::SubscriberExt;

use crate::support::{Answer, Site, Visitor, count_statements};

#[get("/api/v2/readable/<workspace>")]
async fn readable(reader: ReleaseReader<'_>, db: &Database, workspace: &str) -> Outcome<String> {
    let found: Option<i32> = sqlx::query_scalar("SELECT project_id FROM workspace WHERE name = $1")
        .bind(workspace)
        .fetch_optional(db.pool())
        .await
        .unwrap();
    let project_id = found.ok_or_else(|| Failure::not_found("Workspace"))?;
    Ok(match reader.of_workspace(workspace, project_id).await? {
        Reader::Bot(bot) => format!("bot {}", bot.username()),
        Reader::Person(can) => format!("person {}", can.username()),
    })
}

async fn site(pool: PgPool) -> Site {
    let site = Site::start_mounting(pool, |_| (), routes![readable]).await;
    site.world.usual().await;
    site.world.workspace("another", "other-ws").await;
    site
}

async fn bot(site: &Site, username: &str) -> String {
    let olive = Operator::at_the_command_line("olive");
    let token = tokens::create_bot(&site.db, username, &olive).await.unwrap();
    token.token.expose_secret().to_owned()
}

/// Asks for a path with this `Authorization`, and no cookies.
async fn with(site: &Site, header: &str, path: &str) -> Answer {
    let client = site.backend("tpp").await;
    client.send(Method::Get, path, &[("Authorization", header)], b"").await
}

async fn refused(site: &Site, header: &str) -> String {
    let answer = with(site, header, "/api/v2/readable/ws").await.expect(403);
    assert_eq!(answer.header("Content-Type"), Some("application/json"));
    assert_eq!(answer.header("WWW-Authenticate"), None);
    answer.json()["detail"].as_str().unwrap().to_owned()
}

const UNKNOWN: &str = "Invalid user";
const NO_TOKEN: &str = "You do not have permission to perform this action.";

#[sqlx::test]
async fn a_bot_reads_every_workspace(pool: PgPool) {
    let site = site(pool).await;
    let token = bot(&site, "release-bot").await;
    let header = format!("release-bot:{token}");
    for workspace in ["ws", "other-ws"] {
        let answer = with(&site, &header, &format!("/api/v2/readable/{workspace}"))
            .await
            .expect(200);
        assert_eq!(answer.body, "bot release-bot");
    }
    // What does not exist is told first, to anybody.
    for header in [header.as_str(), "nobody:nothing"] {
        let answer = with(&site, header, "/api/v2/readable/nothing").await.expect(404);
        assert_eq!(answer.body, r#"{"detail":"No Workspace matches the given query."}"#);
    }
}

#[sqlx::test]
async fn what_is_no_bots_token_is_refused_in_the_words_that_clients_know(pool: PgPool) {
    let site = site(pool).await;
    let token = bot(&site, "release-bot").await;
    let other = bot(&site, "other-bot").await;
    let backend_token = site.backend("tpp").await.token;
    for header in [
        backend_token.as_str(),
        token.as_str(),
        &format!("nobody:{token}"),
        &format!("Release-Bot:{token}"),
        &format!(" release-bot:{token}"),
        &format!("release-bot@example.com:{token}"),
        &format!("Bearer {token}"),
        ":",
        "nobody",
    ] {
        assert_eq!(refused(&site, header).await, UNKNOWN, "{header}");
    }
    for header in [
        "release-bot",
        "release-bot:",
        &format!("release-bot:{other}"),
        &format!("release-bot:{}", &token[1..]),
        &format!("release-bot:{} ", token),
        &format!("release-bot:{}", token.to_uppercase()),
        &format!("release-bot::{token}"),
        // A user without any token.
        &format!("ada:{token}"),
    ] {
        assert_eq!(refused(&site, header).await, NO_TOKEN, "{header}");
    }
}

#[sqlx::test]
async fn a_token_works_to_the_end_of_its_last_day_unless_it_is_revoked(pool: PgPool) {
    let site = site(pool.clone()).await;
    let token = bot(&site, "release-bot").await;
    let header = format!("release-bot:{token}");
    let change = async |sql: &'static str| {
        sqlx::query(sql).execute(&pool).await.unwrap();
    };
    let works = async || with(&site, &header, "/api/v2/readable/ws").await.status == 200;
    assert!(works().await);
    change("UPDATE personal_token SET expires_on = (now() AT TIME ZONE 'UTC')::date").await;
    assert!(works().await);
    change("UPDATE personal_token SET expires_on = (now() AT TIME ZONE 'UTC')::date - 1").await;
    assert_eq!(refused(&site, &header).await, NO_TOKEN);
    change("UPDATE personal_token SET expires_on = (now() AT TIME ZONE 'UTC')::date + 1").await;
    assert!(works().await);
    change(r#"UPDATE "user" SET is_active = false WHERE username = 'release-bot'"#).await;
    assert_eq!(refused(&site, &header).await, NO_TOKEN);
    change(r#"UPDATE "user" SET is_active = true"#).await;
    change("UPDATE personal_token SET revoked_at = now(), revoked_by = 'olive'").await;
    assert_eq!(refused(&site, &header).await, NO_TOKEN);
}

#[sqlx::test]
async fn without_a_token_a_session_with_the_right_reads(pool: PgPool) {
    let site = site(pool).await;
    site.world.member("project", "carol", &["ProjectCollaborator"]).await;
    site.world.member("project", "mia", &[]).await;
    site.world.member("another", "mallory", &["ProjectDeveloper"]).await;
    site.world.global_roles("olga", &["OutputChecker"]).await;
    let path = "/api/v2/readable/ws";
    for username in ["ada", "carol", "olga"] {
        let answer = site.sign_in(username).await.get(path).await.expect(200);
        assert_eq!(answer.body, format!("person {username}"));
    }
    for username in ["mia", "mallory"] {
        let answer = site.sign_in(username).await.get(path).await.expect(403);
        assert_eq!(answer.body, r#"{"detail":"Invalid user or token for workspace ws"}"#);
    }
    let nobody = r#"{"detail":"Invalid user or token"}"#;
    assert_eq!(site.anonymous().get(path).await.expect(403).body, nobody);
    // The viewer sends an empty header; any other one is looked at instead of the session.
    assert_eq!(with(&site, "", path).await.expect(403).body, nobody);
    let session = site.world.session("ada").await;
    let both = async |header: &'static str| {
        let request = site.client.get(path).cookie(("sessionid", session.clone()));
        let response = request.header(Header::new("Authorization", header)).dispatch().await;
        (response.status().code, response.into_string().await.unwrap())
    };
    assert_eq!(both("").await, (200, "person ada".to_owned()));
    assert_eq!(
        both("ada:nothing").await,
        (403, format!(r#"{{"detail":"{NO_TOKEN}"}}"#))
    );
}

#[sqlx::test]
async fn wrong_tokens_are_counted_and_right_ones_never_held_up(pool: PgPool) {
    let site = site(pool).await;
    let token = bot(&site, "release-bot").await;
    let path = "/api/v2/readable/ws";
    let limit = tokens_limit();
    for _ in 0..limit {
        assert_eq!(refused(&site, "release-bot:wrong").await, NO_TOKEN);
    }
    let answer = with(&site, "Release-bot:wrong", path).await.expect(429);
    let wait: u64 = answer.header("Retry-After").unwrap().parse().unwrap();
    assert!((1..=15 * 60).contains(&wait), "{wait}");
    assert!(
        answer.json()["detail"].as_str().unwrap().contains("too many"),
        "{}",
        answer.body
    );
    with(&site, &format!("release-bot:{token}"), path).await.expect(200);
    // An account that does not exist is counted alike.
    for _ in 0..limit {
        assert_eq!(refused(&site, "nobody:wrong").await, UNKNOWN);
    }
    with(&site, "nobody:wrong", path).await.expect(429);
}

fn tokens_limit() -> i32 {
    jobserver::core::people::attempts::Trial::PersonalToken
        .limit()
        .by_account
}

#[sqlx::test]
async fn unknown_users_take_the_same_statements(pool: PgPool) {
    let site = site(pool).await;
    bot(&site, "release-bot").await;
    let path = "/api/v2/readable/ws";
    // Makes the client's own backend first.
    site.backend("tpp").await;
    let mut counts = Vec::new();
    for header in ["release-bot:wrong", "nobody:wrong", "ada:wrong", "wrong"] {
        let client = site.backend("tpp").await;
        let headers = [("Authorization", header)];
        let (answer, statements) = count_statements(client.send(Method::Get, path, &headers, b"")).await;
        answer.expect(403);
        counts.push(statements);
    }
    assert!(counts.windows(2).all(|pair| pair[0] == pair[1]), "{counts:?}");
}

#[sqlx::test]
async fn the_last_use_is_kept_to_the_minute(pool: PgPool) {
    let site = site(pool.clone()).await;
    let header = format!("release-bot:{}", bot(&site, "release-bot").await);
    let path = "/api/v2/readable/ws";
    let client = site.backend("tpp").await;
    let ask = async || {
        let headers = [("Authorization", header.as_str())];
        let (answer, statements) = count_statements(client.send(Method::Get, path, &headers, b"")).await;
        answer.expect(200);
        statements
    };
    let first = ask().await;
    assert_eq!(ask().await, first - 1, "nothing is written twice in a minute");
    let used: bool = sqlx::query_scalar("SELECT last_used_at > now() - interval '1 minute' FROM personal_token")
        .fetch_one(&pool)
        .await
        .unwrap();
    assert!(used);
    sqlx::query("UPDATE personal_token SET last_used_at = now() - interval '61 seconds'")
        .execute(&pool)
        .await
        .unwrap();
    assert_eq!(ask().await, first);
}

#[sqlx::test]
async fn tokens_of_the_service_before_this_one_work_until_they_expire(pool: PgPool) {
    let site = site(pool.clone()).await;
    let id = site.world.user("old-bot").await;
    let token = format!("{}-2100-01-01", "ab".repeat(32));
    let params = argon2::Params::new(102_400, 2, 8, None).unwrap();
    let argon2 = argon2::Argon2::new(argon2::Algorithm::Argon2id, argon2::Version::V0x13, params);
    let mut output = [0; 32];
    argon2
        .hash_password_into(token.as_bytes(), b"user_pat", &mut output)
        .unwrap();
    let encoded = data_encoding::BASE64_NOPAD.encode(&output);
    sqlx::query(
        "INSERT INTO personal_token (user_id, hash, created_by, expires_on) VALUES ($1, $2, 'import', '2100-01-01')",
    )
    .bind(id)
    .bind(format!("argon2$argon2id$v=19$m=102400,t=2,p=8$dXNlcl9wYXQ${encoded}"))
    .execute(&pool)
    .await
    .unwrap();
    let path = "/api/v2/readable/ws";
    for wrong in [
        format!("old-bot:{}-2100-01-01", "cd".repeat(32)),
        format!("old-bot:{}-2100-01-02", "ab".repeat(32)),
        "old-bot:ab".to_owned(),
    ] {
        assert_eq!(refused(&site, &wrong).await, NO_TOKEN, "{wrong}");
    }
    let right = format!("old-bot:{token}");
    with(&site, &right, path).await.expect(200);
    // Used once, it is kept as new ones are: what a bot asks often costs nothing.
    let hash: String = sqlx::query_scalar("SELECT hash FROM personal_token")
        .fetch_one(&pool)
        .await
        .unwrap();
    assert!(hash.starts_with("sha256$"), "{hash}");
    with(&site, &right, path).await.expect(200);
}

/// Keeps the errors that a test's own thread tells.
#[derive(Clone, Default)]
struct Errors(Arc<Mutex<Vec<String>>>);

impl<S: tracing::Subscriber> tracing_subscriber::Layer<S> for Errors {
    fn on_event(&self, event: &tracing::Event<'_>, _: tracing_subscriber::layer::Context<'_, S>) {
        struct Text<'a>(&'a mut String);
        impl tracing::field::Visit for Text<'_> {
            fn record_debug(&mut self, field: &tracing::field::Field, value: &dyn std::fmt::Debug) {
                self.0.push_str(&format!("{}={value:?} ", field.name()));
            }
        }
        if *event.metadata().level() == tracing::Level::ERROR {
            let mut text = String::new();
            event.record(&mut Text(&mut text));
            self.0.lock().unwrap().push(text);
        }
    }
}

#[sqlx::test]
async fn the_use_of_an_expired_token_is_reported_and_does_not_tell_it(pool: PgPool) {
    let site = site(pool.clone()).await;
    let token = bot(&site, "release-bot").await;
    sqlx::query("UPDATE personal_token SET expires_on = '2026-01-01'")
        .execute(&pool)
        .await
        .unwrap();
    let errors = Errors::default();
    let _listening = tracing::subscriber::set_default(tracing_subscriber::registry().with(errors.clone()));
    // A wrong one is nobody's concern.
    refused(&site, "release-bot:wrong").await;
    let told = || -> Vec<String> {
        let errors = errors.0.lock().unwrap();
        errors
            .iter()
            .filter(|text| text.contains("personal token"))
            .cloned()
            .collect()
    };
    assert_eq!(told(), Vec::<String>::new());
    refused(&site, &format!("release-bot:{token}")).await;
    let told = told();
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(
        told[0].contains("an expired personal token was used") && told[0].contains("2026-01-01"),
        "{told:?}"
    );
    assert!(!told[0].contains(&token[..64]), "{told:?}");
}

#[sqlx::test]
async fn a_personal_token_signs_nobody_in(pool: PgPool) {
    let site = site(pool).await;
    let token = bot(&site, "release-bot").await;
    let session = token.clone();
    let visitor = Visitor::new(site.client.clone(), Some(session));
    assert!(
        visitor
            .get("/settings/")
            .await
            .expect(302)
            .location()
            .starts_with("/login/")
    );
    let header = format!("release-bot:{token}");
    assert!(
        with(&site, &header, "/settings/")
            .await
            .expect(302)
            .location()
            .starts_with("/login/")
    );
    assert_eq!(
        with(&site, &header, "/api/v2/users/ada/").await.expect(403).json()["detail"],
        "Invalid token"
    );
}
