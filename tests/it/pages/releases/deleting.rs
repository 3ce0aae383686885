//! Deleting a released file.

use sqlx::PgPool;

use super::{RELEASES, site};

#[sqlx::test]
async fn a_checker_deletes_a_file_after_reading_what_it_means(pool: PgPool) {
    let site = site(pool).await;
    let released = site
        .release("ws", "tpp", "ada", &[("output/a.csv", b"1,2"), ("b.txt", b"x")])
        .await;
    site.snapshot("ws", "ada", &released.files[..1], true).await;
    let public = format!("/project/ws/published/{}/", released.files[0]);
    site.anonymous().get(&public).await.expect(200);
    let checker = site.sign_in("checker").await;
    let html = checker.get(RELEASES).await.expect(200).html();
    let path = format!("{RELEASES}{}/{}/delete/", released.id, released.files[0]);
    assert!(html.has(&format!("a[href='{path}']")));
    assert_eq!(html.count("a[href$='/delete/']"), 2);
    let page = checker.get(&path).await.expect(200).html();
    for part in [
        "It is published now, in 1 published set of outputs",
        "output/a.csv",
        "No other file is changed",
    ] {
        assert!(page.main().contains(part), "{part}: {}", page.main());
    }
    assert!(!page.main().contains("waits"), "{}", page.main());
    let other = format!("{RELEASES}{}/{}/delete/", released.id, released.files[1]);
    assert!(
        !checker
            .get(&other)
            .await
            .expect(200)
            .html()
            .main()
            .contains("It is published")
    );

    // What is lost already cannot be deleted.
    let stored: String = sqlx::query_scalar("SELECT path FROM release_file WHERE id = $1")
        .bind(&released.files[0])
        .fetch_one(site.db.pool())
        .await
        .unwrap();
    let (there, away) = (site.storage.path().join(&stored), site.storage.path().join("away"));
    std::fs::rename(&there, &away).unwrap();
    checker.post(&path, &[]).await.expect(404);
    checker.get(&path).await.expect(404);
    std::fs::rename(&away, &there).unwrap();

    let answer = checker.post(&path, &[]).await.expect(302);
    assert_eq!(answer.location(), RELEASES);
    let after = checker.get(RELEASES).await.expect(200);
    assert!(after.body.contains("output/a.csv is deleted"), "says so once");
    assert!(after.html().main().contains("withdrawn by Checker"));
    assert_eq!(after.html().count("a[href$='/delete/']"), 1);
    site.anonymous().get(&public).await.expect(404);
    checker.get(&path).await.expect(404);
    let kinds: Vec<String> = sqlx::query_scalar("SELECT type FROM auditable_event WHERE type LIKE 'release_file%'")
        .fetch_all(site.db.pool())
        .await
        .unwrap();
    assert_eq!(kinds, ["release_file_deleted"]);
}

#[sqlx::test]
async fn nobody_else_deletes_and_all_ids_belong_together(pool: PgPool) {
    let site = site(pool).await;
    let released = site
        .release("ws", "tpp", "ada", &[("a.txt", b"1"), ("late.txt", b"2")])
        .await;
    let other = site.release("ws", "tpp", "ada", &[("c.txt", b"3")]).await;
    site.world.workspace("project", "second").await;
    site.world
        .so("UPDATE release_file SET path = '', uploaded_at = NULL WHERE name = 'late.txt'")
        .await;
    let path = format!("{RELEASES}{}/{}/delete/", released.id, released.files[0]);
    let ada = site.sign_in("ada").await;
    assert!(!ada.get(RELEASES).await.html().has("a[href$='/delete/']"));
    ada.get(&path).await.expect(403);
    ada.post(&path, &[]).await.expect(403);
    let anonymous = site.anonymous().get(&path).await.expect(302);
    assert!(anonymous.location().starts_with("/login/?next="));

    let checker = site.sign_in("checker").await;
    let token = checker.csrf_token("/settings/").await;
    let wrong = [
        format!("{RELEASES}{}/{}/delete/", other.id, released.files[0]),
        format!("{RELEASES}{}/{}/delete/", released.id, released.files[1]),
        format!("{RELEASES}{}/{}/delete/", released.id, "0".repeat(26)),
        format!("/project/second/releases/{}/{}/delete/", released.id, released.files[0]),
        format!("/other/ws/releases/{}/{}/delete/", released.id, released.files[0]),
    ];
    for wrong in wrong {
        checker.get(&wrong).await.expect(404);
        checker
            .post_without_token(&wrong, &[("csrfmiddlewaretoken", &token)])
            .await
            .expect(404);
    }
    let deleted = site
        .world
        .number("SELECT count(*) FROM release_file WHERE deleted_at IS NOT NULL")
        .await;
    assert_eq!(deleted, 0);
}
