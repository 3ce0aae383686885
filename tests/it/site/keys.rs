//! Another SECRET_KEY, by the operator's procedure, while people are signed in and links are on their way.

use jobserver::core::jobs::sealed_tokens::{SealedTokens, standing};
use jobserver::core::sealed::Sealer;
use sqlx::PgPool;

use super::serving::server;
use crate::support::{Program, SECRET_KEY, Site, Visitor};

const SECOND: &str = "the-second-key-for-tests-that-is-long-enough-to-be-one";
const THIRD: &str = "the-third-key-for-tests-that-is-long-enough-to-be-one-";
const PAGE: &str = "/settings/";

/// The site as it runs with these keys, on the same database.
async fn with_keys(pool: &PgPool, key: &'static str, old: Option<&'static str>) -> Site {
    Site::start_with(pool.clone(), |settings| {
        settings.secrets.secret_key = key.into();
        settings.secrets.old_secret_key = old.map(Into::into);
    })
    .await
}

/// An operator's commands with these keys.
fn commands(pool: &PgPool, key: &str, old: Option<&str>) -> Program {
    let program = server(pool).with("SECRET_KEY", key);
    match old {
        Some(old) => program.with("OLD_SECRET_KEY", old),
        None => program,
    }
}

async fn sealed(pool: &PgPool, key: &str, old: Option<&str>) -> SealedTokens {
    let old = old.map(Into::into);
    let sealer = Sealer::new(&key.into(), old.as_ref()).unwrap();
    standing(&mut pool.acquire().await.unwrap(), &sealer).await.unwrap()
}

/// The same browser, at the site as it runs now.
async fn again(visitor: &Visitor, site: &Site) -> Visitor {
    let again = site.anonymous();
    for name in ["sessionid", "browser", "csrftoken"] {
        if let Some(value) = visitor.cookie(name).await {
            again.set_cookie(name, &value).await;
        }
    }
    again
}

fn link_in(text: &str, begin: &str) -> String {
    let start = text.find(begin).unwrap_or_else(|| panic!("no {begin} in {text}"));
    text[start..].split_whitespace().next().unwrap().to_owned()
}

/// Asks for another address, and returns the link that comes by mail.
async fn ask_for_address(site: &Site, visitor: &Visitor, email: &str) -> String {
    let fields = [("settings", "1"), ("fullname", "Ada"), ("email", email)];
    visitor.post(PAGE, &fields).await.expect(302);
    site.drain().await;
    link_in(&site.post().mail.take().pop().unwrap().text, "/settings/confirm-email/")
}

/// Asks for a link to sign in with, and returns it.
async fn ask_to_sign_in(site: &Site, visitor: &Visitor) -> String {
    visitor
        .post("/login/", &[("email", "reader@example.com")])
        .await
        .expect(200);
    site.drain().await;
    link_in(&site.post().mail.take().pop().unwrap().text, "/login-with-url/")
}

#[sqlx::test]
async fn a_new_key_disturbs_nobody_and_the_old_one_can_go(pool: PgPool) {
    // Before: somebody is signed in, links are on their way, a backend has a token, another is being rotated.
    let before = with_keys(&pool, SECRET_KEY, None).await;
    before.world.member("project", "reader", &["InteractiveReporter"]).await;
    let token = before.world.backend("tpp").await;
    let program = commands(&pool, SECRET_KEY, None);
    let first_emis = program
        .run(&["create_backend", "emis"])
        .await
        .ok()
        .last_line()
        .to_owned();
    let rotate = ["create_backend", "emis", "--rotate", "--overlap", "3600"];
    let second_emis = program.run(&rotate).await.ok().last_line().to_owned();
    let (ada, reader) = (before.sign_in("ada").await, before.anonymous());
    let confirm = ask_for_address(&before, &ada, "ada@new.example").await;
    let sign_in = ask_to_sign_in(&before, &reader).await;
    assert!(!program.run(&["check"]).await.ok().out.contains("warning     "));

    // Another key, and the one from before as the old one: nothing and nobody notices.
    let during = with_keys(&pool, SECOND, Some(SECRET_KEY)).await;
    let (ada, reader) = (again(&ada, &during).await, again(&reader, &during).await);
    ada.get(PAGE).await.expect(200);
    assert_eq!(ada.post(&confirm, &[]).await.expect(302).location(), PAGE);
    assert!(
        ada.get(PAGE)
            .await
            .html()
            .main()
            .contains("Mail goes to ada@new.example")
    );
    assert_eq!(reader.get(&sign_in).await.expect(302).location(), "/project/");
    reader.get(PAGE).await.expect(200);
    for token in [&token, &first_emis, &second_emis] {
        let backend = crate::support::Backend::new(during.client.clone(), token.clone());
        backend.get("/api/v2/job-requests/").await.expect(200);
    }
    during.drain().await;
    during.post().mail.take();
    let program = commands(&pool, SECOND, Some(SECRET_KEY));
    assert_eq!(program.run(&["create_backend", "tpp"]).await.ok().last_line(), token);

    // The program says what is still to be done, wherever an operator looks.
    let waits = "sealed with OLD_SECRET_KEY: emis, tpp. Run `jobserver reseal`";
    let said = program.run(&["check"]).await.ok().out;
    assert!(said.contains(waits), "{said}");
    for command in [&["worker"][..], &["serve", "127.0.0.1:0"]] {
        let mut running = program.start(command, waits).await;
        running.terminate();
        running.ended().await;
    }
    // Without the old key, they could not be opened: that is said, too.
    assert_eq!(sealed(&pool, SECOND, None).await.are_lost, ["emis", "tpp"]);

    let said = program.run(&["reseal", "--by", "root"]).await.ok();
    assert_eq!(
        said.out,
        "Tokens of backends sealed anew: 2 (emis, tpp).\nNo backend's token needs OLD_SECRET_KEY any more. Keep it for a day, for links in mails that are on their way.\n"
    );
    let said = program.run(&["reseal", "--by", "root"]).await.ok();
    assert!(
        said.out.starts_with("Tokens of backends sealed anew: 0.\n"),
        "{}",
        said.out
    );
    let recorded: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM auditable_event WHERE type = 'backend_token_resealed' AND created_by = 'root'",
    )
    .fetch_one(&pool)
    .await
    .unwrap();
    assert_eq!(recorded, 2);
    assert!(!program.run(&["check"]).await.ok().out.contains("warning     "));

    // Links that the old key signed may still be on their way when it goes.
    let old_links = with_keys(&pool, SECRET_KEY, None).await;
    let signed_by_old = ask_for_address(&old_links, &again(&ada, &old_links).await, "third@example.com").await;

    // The old key goes. Sessions are hashes, not signatures: they stay.
    let after = with_keys(&pool, SECOND, None).await;
    let ada = again(&ada, &after).await;
    ada.get(PAGE).await.expect(200);
    again(&reader, &after).await.get(PAGE).await.expect(200);
    let program = commands(&pool, SECOND, None);
    assert_eq!(program.run(&["create_backend", "tpp"]).await.ok().last_line(), token);
    assert_eq!(
        program.run(&["create_backend", "emis"]).await.ok().last_line(),
        second_emis
    );
    assert_eq!(sealed(&pool, SECOND, None).await, SealedTokens::default());
    // What the old key signed is refused, and a new link works.
    let page = ada.get(&signed_by_old).await.expect(200).html();
    assert!(page.main().contains("does not work"), "{}", page.main());
    let link = ask_for_address(&after, &ada, "fourth@example.com").await;
    assert_eq!(ada.post(&link, &[]).await.expect(302).location(), PAGE);
}

#[sqlx::test]
async fn after_a_key_got_out_everybody_signs_in_anew_and_every_token_is_another(pool: PgPool) {
    let before = with_keys(&pool, SECRET_KEY, None).await;
    let token = before.world.backend("tpp").await;
    let ada = before.sign_in("ada").await;
    let link = ask_for_address(&before, &ada, "ada@new.example").await;

    // A new key, and no old one: what the lost key signed is worth nothing at once.
    let after = with_keys(&pool, THIRD, None).await;
    let ada = again(&ada, &after).await;
    let page = ada.get(&link).await.expect(200).html();
    assert!(page.main().contains("does not work"), "{}", page.main());
    let program = commands(&pool, THIRD, None);
    let said = program.run(&["check"]).await.ok().out;
    assert!(
        said.contains("open with neither SECRET_KEY nor OLD_SECRET_KEY: tpp."),
        "{said}"
    );
    let said = program.run(&["reseal"]).await.failed();
    assert!(
        said.err.contains("tpp") && said.err.contains("--rotate"),
        "{}",
        said.err
    );

    let said = program.run(&["end_sessions", "--by", "root"]).await.ok();
    assert_eq!(said.out, "Sessions ended: 1.\n");
    ada.get(PAGE).await.expect(302);
    let said = program.run(&["create_backend", "tpp", "--rotate"]).await.ok();
    let rotated = said.last_line().to_owned();
    assert_ne!(rotated, token);
    let backend = |token: &str| crate::support::Backend::new(after.client.clone(), token.to_owned());
    backend(&token).get("/api/v2/users/ada/").await.expect(403);
    backend(&rotated).get("/api/v2/users/ada/").await.expect(200);
    assert_eq!(sealed(&pool, THIRD, None).await, SealedTokens::default());
    assert!(!program.run(&["check"]).await.ok().out.contains("warning     "));
}
