//! Choosing what is to be published.

use sqlx::PgPool;

use super::{OUTPUTS, PREPARE, nobody, site, states};
use crate::pages::lists::assert_accessible;
use crate::support::{Answer, Site, Visitor};

/// Sends the form as it is shown, with a choice.
async fn send(who: &Visitor, choice: &str, files: &[&str]) -> Answer {
    let html = who.get(PREPARE).await.expect(200).html();
    let seen = html.attribute("input[name=seen]", "value").unwrap();
    let mut fields = vec![("seen", seen.as_str()), ("choice", choice)];
    fields.extend(files.iter().map(|id| ("file", *id)));
    who.post(PREPARE, &fields).await
}

async fn files_of(site: &Site, snapshot: &str) -> Vec<String> {
    let id: i32 = snapshot
        .trim_start_matches(OUTPUTS)
        .trim_end_matches('/')
        .parse()
        .unwrap();
    sqlx::query_scalar(
        "SELECT f.name FROM snapshot_file s JOIN release_file f ON f.id = s.release_file_id
         WHERE s.snapshot_id = $1 ORDER BY f.name",
    )
    .bind(id)
    .fetch_all(site.db.pool())
    .await
    .unwrap()
}

#[sqlx::test]
async fn all_or_some_of_the_latest_files_are_chosen(pool: PgPool) {
    let site = site(pool).await;
    site.release(
        "ws",
        "tpp",
        "ada",
        &[("output/a.csv", b"old"), ("output/deep/b.csv", b"b")],
    )
    .await;
    let newer = site
        .release(
            "ws",
            "tpp",
            "ada",
            &[
                ("output/a.csv", b"new"),
                ("c.txt", b"c"),
                ("late.txt", b"d"),
                ("gone.txt", b"e"),
            ],
        )
        .await;
    site.world
        .so("UPDATE release_file SET path = '', uploaded_at = NULL WHERE name = 'late.txt'")
        .await;
    site.world
        .so("UPDATE release_file SET deleted_at = now(), deleted_by_id = created_by_id WHERE name = 'gone.txt'")
        .await;
    let ada = site.sign_in("ada").await;
    let html = ada.get(PREPARE).await.expect(200).html();
    assert_accessible(&html);
    assert_eq!(
        html.texts("main details > summary"),
        ["Without a folder 1 file", "output/ 1 file", "output/deep/ 1 file"]
    );
    assert!(html.main().contains("3 files, as they are now"));
    assert!(html.main().contains("An output publisher looks at them"));

    let all = send(&ada, "all", &[]).await.expect(302).location().to_owned();
    assert_eq!(
        files_of(&site, &all).await,
        ["c.txt", "output/a.csv", "output/deep/b.csv"]
    );
    let some = send(&ada, "some", &[&newer.files[0]])
        .await
        .expect(302)
        .location()
        .to_owned();
    assert_eq!(files_of(&site, &some).await, ["output/a.csv"]);
    assert_ne!(all, some);
    assert_eq!(
        states(&site).await,
        ["Waiting for a decision", "Waiting for a decision"]
    );
    // The same again is the same, and asked for once.
    assert_eq!(send(&ada, "all", &[]).await.expect(302).location(), all);
    assert_eq!(site.world.number("SELECT count(*) FROM publish_request").await, 2);
}

#[sqlx::test]
async fn a_choice_that_cannot_be_meant_is_asked_again(pool: PgPool) {
    let site = site(pool).await;
    let released = site
        .release("ws", "tpp", "ada", &[("a.csv", b"1"), ("b.csv", b"2")])
        .await;
    let foreign = "0".repeat(26);
    let ada = site.sign_in("ada").await;
    for (choice, files, told) in [
        ("some", vec![], "Choose at least one file."),
        ("", vec![], "Choose at least one file."),
        ("some", vec![foreign.as_str()], "Choose at least one file."),
        ("all", vec![released.files[0].as_str()], "Say which you mean."),
    ] {
        let html = send(&ada, choice, &files).await.expect(200).html();
        assert_accessible(&html);
        assert!(html.main().contains(told), "{choice}: {}", html.main());
        assert_eq!(html.attribute(".summary a", "href").as_deref(), Some("#id_choice"));
        let ticked = files.contains(&released.files[0].as_str());
        assert_eq!(html.has("input[name=file][checked]"), ticked);
    }
    // What came after somebody looked is not published unseen.
    let html = ada.get(PREPARE).await.html();
    let seen = html.attribute("input[name=seen]", "value").unwrap();
    site.release("ws", "tpp", "ada", &[("secret.csv", b"3")]).await;
    let answer = ada
        .post(PREPARE, &[("seen", &seen), ("choice", "all")])
        .await
        .expect(200);
    assert!(answer.html().main().contains("The outputs have changed"));
    assert_eq!(site.world.number("SELECT count(*) FROM snapshot").await, 0);
}

#[sqlx::test]
async fn only_developers_are_asked_and_others_learn_nothing(pool: PgPool) {
    let site = site(pool).await;
    site.release("ws", "tpp", "ada", &[("zebra.csv", b"1")]).await;
    // Who may look at the latest outputs is refused; for others there are none.
    let checker = site.sign_in("checker").await;
    for (who, status) in [(&checker, 403), (&nobody(&site).await, 404)] {
        let answer = who.get(PREPARE).await.expect(status);
        assert!(!answer.body.contains("zebra"));
        let token = who.csrf_token("/settings/").await;
        let fields = [("csrfmiddlewaretoken", token.as_str()), ("choice", "all")];
        who.post_without_token(PREPARE, &fields).await.expect(status);
    }
    assert_eq!(site.world.number("SELECT count(*) FROM snapshot").await, 0);
    assert!(
        site.anonymous()
            .get(PREPARE)
            .await
            .expect(302)
            .location()
            .starts_with("/login/")
    );
    let ada = site.sign_in("ada").await;
    ada.get("/project/nope/outputs/latest/prepare/").await.expect(404);
    site.world.workspace("project", "empty").await;
    let empty = ada
        .get("/project/empty/outputs/latest/prepare/")
        .await
        .expect(200)
        .html();
    assert!(empty.main().contains("There is nothing to publish") && !empty.has("main form"));
}

#[sqlx::test]
async fn beyond_a_thousand_files_all_are_taken(pool: PgPool) {
    let site = site(pool).await;
    let released = site.release("ws", "tpp", "ada", &[("a.csv", b"1")]).await;
    sqlx::query(
        "INSERT INTO release_file (id, release_id, workspace_id, backend_id, name, path, filehash, size, mtime,
                                   created_by_id, uploaded_at)
         SELECT lpad(n::text, 26, '0'), release_id, workspace_id, backend_id, 'many/' || n, 'x', 'y', 1, mtime,
                created_by_id, now()
         FROM release_file, generate_series(1, 1000) AS n WHERE id = $1",
    )
    .bind(&released.files[0])
    .execute(site.db.pool())
    .await
    .unwrap();
    let ada = site.sign_in("ada").await;
    let html = ada.get(PREPARE).await.expect(200).html();
    assert!(html.main().contains("1,001 files") && !html.has("input[name=file]"));
    send(&ada, "all", &[]).await.expect(302);
    assert_eq!(site.world.number("SELECT count(*) FROM snapshot_file").await, 1001);
}

#[sqlx::test]
async fn of_very_many_files_folders_are_chosen(pool: PgPool) {
    let site = site(pool).await;
    let release = site.release("ws", "tpp", "ada", &[]).await;
    sqlx::query(
        "INSERT INTO release_file (id, release_id, workspace_id, backend_id, name, path, filehash, size, mtime,
                                   created_by_id, uploaded_at)
         SELECT 'f' || n, id, workspace_id, backend_id,
                CASE WHEN n <= 2 THEN 'top-' ELSE 'output/part-' || n % 3 || '/' END || n || '.txt', 'k' || n,
                '', 10, now(), created_by_id, now()
         FROM release, generate_series(1, 1001) AS n WHERE id = $1",
    )
    .bind(&release.id)
    .execute(site.db.pool())
    .await
    .unwrap();
    let ada = site.sign_in("ada").await;
    let html = ada.get(PREPARE).await.expect(200).html();
    assert_accessible(&html);
    assert!(
        html.main()
            .contains("There are more than 1,000 files. Folders can be chosen"),
        "{}",
        html.main()
    );
    assert_eq!(
        html.attributes("input[name=folder]", "value"),
        ["", "output/part-0", "output/part-1", "output/part-2"]
    );
    assert_eq!(html.count("input[name=file]"), 0);
    let seen = html.attribute("input[name=seen]", "value").unwrap();
    let post = async |choice: &str, folders: &[&str]| {
        let mut fields = vec![("seen", seen.as_str()), ("choice", choice)];
        fields.extend(folders.iter().map(|folder| ("folder", *folder)));
        ada.post(PREPARE, &fields).await
    };
    for (choice, folders, words) in [
        ("some", &[][..], "Choose at least one folder."),
        ("some", &["output"], "Choose at least one folder."),
        ("all", &["output/part-1"], "You ticked some, and chose all of them too."),
    ] {
        let html = post(choice, folders).await.expect(200).html();
        assert!(html.main().contains(words), "{folders:?} {}", html.main());
    }
    let to = post("some", &["", "output/part-1"])
        .await
        .expect(302)
        .location()
        .to_owned();
    let names = files_of(&site, &to).await;
    assert_eq!(names.len(), 335, "those of one folder, and the two without");
    assert!(
        names
            .iter()
            .all(|name| name.starts_with("top-") || name.starts_with("output/part-1/"))
    );
    // In one folder there is nothing to choose, and a word says so.
    site.world
        .so("UPDATE release_file SET name = 'output/' || id || '.txt'")
        .await;
    let html = ada.get(PREPARE).await.expect(200).html();
    assert_eq!(html.count("input[name=folder], input[value=some]"), 0);
    assert!(
        html.main().contains("only all of them can be chosen"),
        "{}",
        html.main()
    );
}
