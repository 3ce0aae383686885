//! What signing changes, and who is told.

use jobserver::core::outbox::RepoSignedOff;
use sqlx::PgPool;

use super::{REPO, page, shared};
use crate::pages::lists::{assert_accessible, execute, usual};
use crate::support::{Site, Visitor, until_waiting};

/// Everything that signing off could change, as text.
async fn state(site: &Site) -> Vec<String> {
    sqlx::query_scalar(
        r#"SELECT 'repo ' || to_jsonb(r)::text FROM repo r
           UNION ALL SELECT 'workspace ' || to_jsonb(w)::text FROM workspace w
           UNION ALL SELECT 'event ' || to_jsonb(e)::text FROM auditable_event e
           UNION ALL SELECT 'message ' || id::text FROM message ORDER BY 1"#,
    )
    .fetch_all(site.db.pool())
    .await
    .unwrap()
}

async fn events(site: &Site) -> Vec<(String, String, String, String, String)> {
    sqlx::query_as(
        "SELECT type, target_model, target_field, new, created_by FROM auditable_event
          WHERE type LIKE '%signed_off' ORDER BY id",
    )
    .fetch_all(site.db.pool())
    .await
    .unwrap()
}

async fn sign_all(visitor: &Visitor, names: &[&str]) {
    for name in names {
        visitor.post(&page(), &[("name", name)]).await.expect(302);
    }
}

#[sqlx::test]
async fn a_workspace_is_signed_off_once(pool: PgPool) {
    let site = shared(pool).await;
    let (ada, grace) = (site.sign_in("ada").await, site.sign_in("grace").await);
    // A member of one project signs off another's workspace: the repository is theirs together.
    let answer = grace.post(&page(), &[("name", "ws")]).await.expect(302);
    assert_eq!(answer.location(), format!("{}#workspace-ws", page()));
    let html = grace.get(&page()).await.expect(200).html();
    assert!(html.text("body").unwrap().contains("Workspace ws is signed off."));
    let row = html.text("#workspace-ws").unwrap();
    assert!(row.contains("Signed off by Grace just now"), "{row}");
    assert!(html.main().contains("1 of 3 workspaces signed off"));
    let recorded: (String, String) = sqlx::query_as(
        r#"SELECT s.username, u.username FROM workspace w JOIN "user" s ON s.id = w.signed_off_by_id
             JOIN "user" u ON u.id = w.updated_by_id WHERE w.name = 'ws'"#,
    )
    .fetch_one(site.db.pool())
    .await
    .unwrap();
    assert_eq!(recorded, ("grace".to_owned(), "grace".to_owned()));
    let event = [
        "workspace_signed_off",
        "jobserver.Workspace",
        "signed_off_by",
        "grace",
        "grace",
    ]
    .map(str::to_owned);
    assert_eq!(events(&site).await, [event.into()]);
    // Again: the page, and nothing else.
    let before = state(&site).await;
    let html = ada.post(&page(), &[("name", "ws")]).await.expect(200).html();
    assert!(html.text("#workspace-ws").unwrap().contains("Signed off by Grace"));
    assert!(!html.has("[data-errors]"));
    assert_eq!(state(&site).await, before);
}

#[sqlx::test]
async fn what_is_no_workspace_of_the_repository_cannot_be_signed_off(pool: PgPool) {
    let site = shared(pool).await;
    site.world.workspace("project", "elsewhere").await;
    let ada = site.sign_in("ada").await;
    let before = state(&site).await;
    for name in [
        "elsewhere",
        "none",
        "WS",
        "w\u{fc}",
        "a b",
        "../ws",
        "😀",
        "%",
        &"a".repeat(10_000),
    ] {
        ada.post(&page(), &[("name", name)]).await.expect(404);
    }
    ada.post(&page(), &[("name", "ws\0")]).await.expect(400);
    ada.post_without_token(&page(), &[("name", "ws")]).await.expect(403);
    ada.post_without_token(&page(), &[]).await.expect(403);
    let anonymous = site.anonymous();
    let answer = anonymous
        .post_without_token(&page(), &[("name", "ws")])
        .await
        .expect(302);
    assert!(answer.location().starts_with("/login/?next="), "{}", answer.location());
    assert_eq!(state(&site).await, before);
}

#[sqlx::test]
async fn the_repository_comes_after_all_of_its_workspaces(pool: PgPool) {
    let site = shared(pool).await;
    let ada = site.sign_in("ada").await;
    sign_all(&ada, &["ws"]).await;
    let before = state(&site).await;
    let html = ada.post(&page(), &[]).await.expect(200).html();
    assert_accessible(&html);
    assert_eq!(
        html.texts("[data-errors] li"),
        ["2 workspaces are not signed off yet. Sign off every workspace first, then the repository."]
    );
    assert_eq!(
        html.attribute("[data-errors] a", "href").as_deref(),
        Some("#workspace-b-theirs")
    );
    assert!(html.text("title").unwrap().starts_with("Error: "));
    assert_eq!(state(&site).await, before);
    // A name of white space is none.
    ada.post(&page(), &[("name", "  ")]).await.expect(200);
    assert_eq!(state(&site).await, before);
}

#[sqlx::test]
async fn a_repository_without_outputs_is_told_to_its_creators_and_the_co_pilots(pool: PgPool) {
    let site = shared(pool).await;
    execute(
        &site,
        "UPDATE project SET number = CASE slug WHEN 'project' THEN '7' END,
                            copilot_id = CASE slug WHEN 'another' THEN (SELECT id FROM \"user\" WHERE username = 'admin') END",
    )
    .await;
    // One creator has no address and one cannot sign in any more.
    site.world.user("mute").await;
    site.world.user("left").await;
    execute(
        &site,
        "UPDATE workspace SET created_by_id = (SELECT id FROM \"user\" WHERE username =
             CASE name WHEN 'ws' THEN 'ada' WHEN 'z-old' THEN 'mute' ELSE 'left' END)",
    )
    .await;
    execute(&site, "UPDATE \"user\" SET email = NULL WHERE username = 'mute'").await;
    execute(&site, "UPDATE \"user\" SET is_active = false WHERE username = 'left'").await;
    let grace = site.sign_in("grace").await;
    sign_all(&grace, &["ws", "z-old", "b-theirs"]).await;
    // The last step asks, and names what it is about.
    let html = grace.get(&page()).await.expect(200).html();
    let question = html.text("details.sign-final form").unwrap();
    for words in [
        "b-theirs, by Grace just now",
        "ws, by Grace",
        "z-old, by Grace",
        "spare",
    ] {
        assert!(question.contains(words), "{words}: {question}");
    }
    let answer = grace.post(&page(), &[]).await.expect(302);
    assert_eq!(answer.location(), "/");
    let home = grace.get("/").await.expect(200).html();
    assert!(home.text("body").unwrap().contains("opensafely/ws is signed off."));
    let event = [
        "repo_signed_off",
        "jobserver.Repo",
        "researcher_signed_off_by",
        "grace",
        "grace",
    ]
    .map(str::to_owned);
    assert_eq!(events(&site).await.last(), Some(&event.into()));

    site.drain().await;
    let mails = site.post().mail.take();
    assert_eq!(mails.len(), 1);
    assert_eq!(mails[0].to, ["notifications@jobs.opensafely.org"]);
    assert_eq!(mails[0].bcc, ["ada@example.com"]);
    assert_eq!(mails[0].subject, "opensafely/ws was signed off by Grace");
    for words in [REPO, "Next, it is made public.", "publications@opensafely.org"] {
        assert!(
            mails[0].text.contains(words) && mails[0].html.contains(words),
            "{words}"
        );
    }
    let posts = site.post().chat.take();
    assert_eq!(posts.len(), 1);
    assert_eq!(posts[0].channel, "co-pilot-support");
    for words in [
        "/staff/repos/https%253A%252F%252Fgithub.com%252Fopensafely%252Fws/|opensafely/ws>",
        " was signed off by Grace and can be made public.",
        "/staff/projects/another/|Another>",
        "Co-pilot: Admin",
        "<https://docs.opensafely.org/|",
    ] {
        assert!(posts[0].text.contains(words), "{words}: {}", posts[0].text);
    }

    let html = grace.get(&page()).await.expect(200).html();
    assert!(
        html.main()
            .contains("The repository is signed off By Grace just now Next, it is made public."),
        "{}",
        html.main()
    );
    assert!(html.main().contains("Was this a mistake?"));
    assert!(html.has("main a[href^='mailto:publications@opensafely.org']"));
    assert!(!html.has("details.sign-final"));
    // A repeat changes nothing and is told nobody.
    let before = state(&site).await;
    let answer = grace.post(&page(), &[]).await.expect(302);
    assert_eq!(answer.location(), "/");
    assert_eq!(state(&site).await, before);
    let home = grace.get("/").await.expect(200).html();
    assert!(home.text("body").unwrap().contains("had been signed off before"));
}

#[sqlx::test]
async fn a_repository_with_outputs_is_told_to_those_who_publish_them(pool: PgPool) {
    let site = shared(pool).await;
    execute(&site, "UPDATE repo SET has_github_outputs = true").await;
    execute(
        &site,
        "UPDATE project SET number = CASE slug WHEN 'project' THEN '7' ELSE 'POS-2025-2001' END",
    )
    .await;
    execute(
        &site,
        "UPDATE \"user\" SET fullname = E'Ada <b>\\r\\nBcc: x@evil.example' WHERE username = 'ada'",
    )
    .await;
    let ada = site.sign_in("ada").await;
    sign_all(&ada, &["ws", "z-old", "b-theirs"]).await;
    ada.post(&page(), &[]).await.expect(302);
    site.drain().await;
    assert!(site.post().chat.take().is_empty());
    let mails = site.post().mail.take();
    assert_eq!(mails.len(), 2);
    assert_eq!(
        mails[0].subject,
        "opensafely/ws was signed off by Ada <b> Bcc: x@evil.example"
    );
    assert!(mails[0].text.contains("the publications team looks at it next"));
    assert!(!mails[0].html.contains("Ada <b>"));
    assert_eq!(mails[0].bcc, ["admin@example.com"]);
    let told = &mails[1];
    assert_eq!(
        (told.to.as_slice(), told.bcc.len()),
        (["publications@opensafely.org".to_owned()].as_slice(), 0)
    );
    assert_eq!(
        told.subject,
        "[7,POS-2025-2001] Outputs at GitHub need your sign-off: opensafely/ws"
    );
    let staff = "/staff/repos/https%253A%252F%252Fgithub.com%252Fopensafely%252Fws/";
    assert!(told.text.contains(staff) && told.html.contains(staff), "{}", told.text);
}

#[sqlx::test]
async fn many_creators_are_written_to_in_parts(pool: PgPool) {
    let site = usual(pool).await;
    execute(
        &site,
        r#"WITH made AS (INSERT INTO "user" (username, fullname, email)
                         SELECT 'u' || n, 'U', 'u' || n || '@example.com' FROM generate_series(1, 150) AS n RETURNING id)
           INSERT INTO workspace (name, project_id, repo_id, branch, created_by_id, updated_by_id, signed_off_at,
                                  signed_off_by_id)
           SELECT 'w' || made.id, w.project_id, w.repo_id, 'main', made.id, made.id, now(), made.id
             FROM made, workspace w WHERE w.name = 'ws'"#,
    )
    .await;
    let ada = site.sign_in("ada").await;
    sign_all(&ada, &["ws"]).await;
    ada.post(&page(), &[]).await.expect(302);
    site.drain().await;
    let mails = site.post().mail.take();
    let sizes: Vec<usize> = mails.iter().map(|mail| mail.bcc.len()).collect();
    assert_eq!(sizes, [RepoSignedOff::MOST_COPIES, 51]);
    // Projects without a number.
    assert_eq!(site.post().chat.take().len(), 1);
}

#[sqlx::test]
async fn two_who_sign_at_once_are_told_of_once(pool: PgPool) {
    let site = shared(pool).await;
    let (ada, grace) = (site.sign_in("ada").await, site.sign_in("grace").await);
    sign_all(&ada, &["ws", "z-old", "b-theirs"]).await;
    let mut lock = site.db.begin().await.unwrap();
    sqlx::query("SELECT 1 FROM repo FOR UPDATE")
        .execute(&mut *lock)
        .await
        .unwrap();
    let address = page();
    let both = async { tokio::join!(ada.post(&address, &[]), grace.post(&address, &[])) };
    let waiting = async {
        until_waiting(&site.db, 2).await;
        lock.rollback().await.unwrap();
    };
    let ((first, second), ()) = tokio::join!(both, waiting);
    for answer in [first, second] {
        assert_eq!(answer.expect(302).location(), "/");
    }
    let count = |kind: &str| events_of(&site, kind.to_owned());
    assert_eq!(count("repo_signed_off").await, 1);
    site.drain().await;
    assert_eq!(site.post().mail.take().len(), 1);
    assert_eq!(site.post().chat.take().len(), 1);
}

async fn events_of(site: &Site, kind: String) -> usize {
    events(site).await.iter().filter(|event| event.0 == kind).count()
}

#[sqlx::test]
async fn a_workspace_that_is_made_meanwhile_is_not_passed_over(pool: PgPool) {
    let site = shared(pool).await;
    let ada = site.sign_in("ada").await;
    sign_all(&ada, &["ws", "z-old", "b-theirs"]).await;
    // Whoever makes one on this repository holds its row until it is there.
    let mut making = site.db.begin().await.unwrap();
    sqlx::query("INSERT INTO repo (url) VALUES ($1) ON CONFLICT (url) DO UPDATE SET url = excluded.url")
        .bind(REPO)
        .execute(&mut *making)
        .await
        .unwrap();
    sqlx::query(
        "INSERT INTO workspace (name, project_id, repo_id, branch, created_by_id, updated_by_id)
         SELECT 'newest', project_id, repo_id, 'main', created_by_id, updated_by_id FROM workspace WHERE name = 'ws'",
    )
    .execute(&mut *making)
    .await
    .unwrap();
    let address = page();
    let waiting = async {
        until_waiting(&site.db, 1).await;
        making.commit().await.unwrap();
    };
    let (answer, ()) = tokio::join!(ada.post(&address, &[]), waiting);
    let html = answer.expect(200).html();
    assert!(
        html.text("[data-errors]")
            .unwrap()
            .contains("1 workspace is not signed off yet")
    );
    assert_eq!(events_of(&site, "repo_signed_off".to_owned()).await, 0);
}
