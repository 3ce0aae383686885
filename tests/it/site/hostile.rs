//! What nobody sends by mistake, in every part of every address and in every field of every form: each
//! has an answer, and none is a fault of ours.

use rocket::http::Method;
use sqlx::PgPool;

use crate::support::{Job, Program, Request, Site, Visitor};

const STUDY: &str = "version: 4
actions:
  a:
    run: python:v2 a.py
    outputs:
      moderately_sensitive:
        tables: output/a.csv
";

/// As bytes: not all of them are UTF-8.
fn texts() -> Vec<Vec<u8>> {
    let mut texts: Vec<Vec<u8>> = [
        "",
        " ",
        "\0",
        "a\0b",
        "emoji 😀",
        "עברית العربية",
        "\u{202e}reversed",
        "\u{feff}\u{200b}",
        "..",
        "../../etc/passwd",
        "a/b",
        "-1",
        "0",
        "2147483648",
        "99999999999999999999",
        "1e400",
        "%00%ff",
        "'; DROP TABLE job; --",
        "\"><script>alert(1)</script>",
        "{{this}} {{{../x}}}",
        "line\r\nSet-Cookie: a=b",
    ]
    .iter()
    .map(|text| text.as_bytes().to_vec())
    .collect();
    texts.push(b"\xff\xfe".to_vec());
    texts.push("é".repeat(50_000).into_bytes());
    texts
}

fn encoded(text: &[u8]) -> String {
    percent_encoding::percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
}

async fn site(pool: PgPool) -> (Site, Visitor) {
    let site = Site::start(pool).await;
    site.world.usual().await;
    site.code_host
        .commit("opensafely/ws", "main", &[("project.yaml", STUDY)]);
    let (id, _) = site
        .world
        .request(Request {
            status: "succeeded",
            ..Request::default()
        })
        .await;
    site.world
        .job(
            id,
            Job {
                status: "succeeded",
                ..Job::default()
            },
        )
        .await;
    site.world.request(Request::default()).await;
    let ada = site.sign_in("ada").await;
    (site, ada)
}

/// Something that exists, for a parameter of a route.
fn usual(parameter: &str) -> &'static str {
    match parameter {
        "project" => "project",
        "workspace" | "name" => "ws",
        "id" => "1",
        "identifier" | "_identifier" => "job1",
        "username" => "ada",
        "slug" => "acme",
        "repo_url" => "https%253A%252F%252Fgithub.com%252Fopensafely%252Fws",
        _ => "main",
    }
}

fn parameter(segment: &str) -> Option<&str> {
    Some(segment.strip_prefix('<')?.trim_end_matches('>').trim_end_matches(".."))
}

/// Every address that a route has with this text in one of its parts, and the usual in the others.
fn addresses(route: &str, text: &str) -> Vec<String> {
    let (path, query) = route.split_once('?').unwrap_or((route, ""));
    let segments: Vec<&str> = path.split('/').collect();
    let with = |odd: Option<usize>| {
        let filled = segments
            .iter()
            .enumerate()
            .map(|(place, segment)| match parameter(segment) {
                Some(_) if odd == Some(place) => text.to_owned(),
                Some(name) => usual(name).to_owned(),
                None => (*segment).to_owned(),
            });
        filled.collect::<Vec<_>>().join("/")
    };
    let parts = (0..segments.len()).filter(|place| parameter(segments[*place]).is_some());
    let mut addresses: Vec<String> = parts.map(|place| with(Some(place))).collect();
    let names = query.split('&').filter_map(parameter);
    addresses.extend(names.map(|name| format!("{}?{name}={text}", with(None))));
    addresses
}

#[sqlx::test]
async fn no_address_is_a_fault_of_ours(pool: PgPool) {
    let (site, ada) = site(pool).await;
    let mut routes: Vec<String> = site
        .client
        .rocket()
        .routes()
        .filter(|route| route.method == Method::Get)
        .map(|route| route.uri.to_string())
        .collect();
    routes.push("/api/v2/job-requests?<limit>&<offset>&<format>&<backend>".to_owned());
    routes.push("/<anything>?<anything>".to_owned());
    let mut asked = 0;
    for text in texts() {
        let text = encoded(&text);
        for path in routes.iter().flat_map(|route| addresses(route, &text)) {
            let answer = ada.get(&path).await;
            let shown: String = path.chars().take(200).collect();
            assert!(answer.status < 500, "{shown}: {}", answer.status);
            let is_page = answer
                .header("Content-Type")
                .is_some_and(|kind| kind.starts_with("text/html"));
            assert!(!is_page || !answer.body.contains("<script>alert(1)"), "{shown}");
            assert!(
                answer
                    .header("Set-Cookie")
                    .is_none_or(|cookie| !cookie.starts_with("a=b")),
                "{shown}"
            );
            asked += 1;
        }
    }
    assert!(asked > 1000, "{asked}");
}

#[sqlx::test]
async fn no_field_of_a_form_is_a_fault_of_ours(pool: PgPool) {
    let (_site, ada) = site(pool).await;
    let mut fields_tried = 0;
    for page in [
        "/project/edit/",
        "/project/new-workspace/",
        "/project/ws/edit/",
        "/project/ws/run-jobs/",
        "/project/ws/2/",
        "/publish-repo/https%253A%252F%252Fgithub.com%252Fopensafely%252Fws/",
        // Last, as it may archive the workspace.
        "/project/ws/",
    ] {
        let forms = ada.get(page).await.expect(200).html().posted_forms();
        for (action, fields) in forms.iter().filter(|(action, _)| !action.starts_with("/logout")) {
            let action = if action.is_empty() { page } else { action };
            for (odd, (name, _)) in fields.iter().enumerate() {
                fields_tried += 1;
                for text in texts().into_iter().filter_map(|text| String::from_utf8(text).ok()) {
                    let filled: Vec<(&str, &str)> = fields
                        .iter()
                        .enumerate()
                        .map(|(place, (name, value))| (name.as_str(), if place == odd { &*text } else { value }))
                        .collect();
                    let answer = ada.post(action, &filled).await;
                    let shown: String = text.chars().take(40).collect();
                    assert!(answer.status < 500, "{action} {name}={shown:?}: {}", answer.status);
                    assert!(!answer.body.contains("<script>alert(1)"), "{action} {name}");
                    assert!(!answer.location().contains(['\r', '\n']), "{action} {name}");
                }
            }
        }
    }
    assert!(fields_tried > 10, "{fields_tried}");
}

/// Every text argument of the operator's commands, the place of the odd one held by `@`.
const COMMANDS: &[&[&str]] = &[
    &["login-link", "@"],
    &["create_user", "@"],
    &["create_user", "zoe", "--email", "@"],
    &["create_user", "zoe", "--name", "@"],
    &["create_user", "zoe", "--by", "@"],
    &["create_backend", "@"],
    &["create_backend", "tpp", "--name", "@"],
    &["create_backend", "tpp", "--url", "@"],
    &["create_backend", "tpp", "--user", "@"],
    &["create_backend", "tpp", "--by", "@"],
    &["create_workspace", "@", "zoe"],
    &["create_workspace", "ws", "@"],
    &["create_workspace", "ws", "zoe", "--project", "@"],
    &["create_workspace", "ws", "zoe", "--repo", "@"],
    &["create_workspace", "ws", "zoe", "--branch", "@"],
    &["site_alert", "add", "@"],
    &["site_alert", "add", "m", "--title", "@"],
    &["site_alert", "add", "m", "--until", "@"],
    &["site_alert", "remove", "@"],
    &["create_rap", "@", "zoe", "tpp", "-a", "a"],
    &["create_rap", "ws", "@", "tpp", "-a", "a"],
    &["create_rap", "ws", "zoe", "@", "-a", "a"],
    &["create_rap", "ws", "zoe", "tpp", "-a", "@"],
    &["create_rap", "ws", "zoe", "tpp", "-a", "a", "--commit", "@"],
];

#[sqlx::test]
async fn no_argument_of_a_command_is_a_fault_of_ours(pool: PgPool) {
    let program = Program::new(&pool).with("LOCAL_GIT_REPOS", "repos");
    program.run(&["create_user", "zoe"]).await.ok();
    program.run(&["create_backend", "tpp", "--user", "zoe"]).await.ok();
    program.run(&["create_workspace", "ws", "zoe"]).await.ok();
    // Neither compresses well nor fits an index.
    let long: String = (0..100_000_u32)
        .map(|n| char::from(b'a' + (n.wrapping_mul(2_654_435_761) >> 24) as u8 % 26))
        .collect();
    for command in COMMANDS {
        for text in [
            "",
            " ",
            "-1",
            "--",
            "emoji 😀",
            "עברית",
            "../x",
            "'; --",
            "line\nend",
            &long,
        ] {
            let arguments: Vec<&str> = command
                .iter()
                .map(|part| if *part == "@" { text } else { part })
                .collect();
            let said = program.run(&arguments).await;
            let shown: String = text.chars().take(40).collect();
            assert!((0..=2).contains(&said.code), "{command:?} {shown:?}: {said:?}");
            assert!(
                !said.err.contains("Something went wrong"),
                "{command:?} {shown:?}: {}",
                said.err
            );
            assert!(!said.err.contains("panicked"), "{command:?} {shown:?}: {}", said.err);
            assert_eq!(
                said.code == 0,
                said.err.is_empty(),
                "{command:?} {shown:?}: {}",
                said.err
            );
        }
    }
}
