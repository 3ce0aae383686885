//! Who sees what. Whoever may not see files learns nothing of them: no counts, names or sizes.

use sqlx::PgPool;

use super::{download, site};

#[sqlx::test]
async fn a_release_is_for_who_may_see_files(pool: PgPool) {
    let site = site(pool).await;
    let release = site
        .release("ws", "tpp", "ada", &[("output/secret-name.csv", b"a,b\n1,2\n")])
        .await;
    let base = format!("/project/ws/releases/{}/", release.id);
    for path in [
        base.clone(),
        format!("{base}output/secret-name.csv"),
        format!("{base}download/"),
    ] {
        let answer = site.anonymous().get(&path).await.expect(302);
        assert!(answer.location().starts_with("/login/?next="), "{}", answer.location());
        for who in ["nobody", "publisher"] {
            let answer = site.sign_in(who).await.get(&path).await.expect(404);
            assert!(!answer.html().main().contains("secret-name"), "{who} {path}");
        }
        assert_eq!(download(&site, Some("ada"), &path).await.0, 200, "{path}");
    }
    let html = site.sign_in("ada").await.get(&base).await.expect(200).html();
    // As the list calls it; its id is further down, to be copied.
    assert_eq!(html.text("h1").as_deref(), Some("Release from tpp"));
    let line = html.text("main .facts").unwrap();
    assert!(
        line.starts_with("Released by Ada ") && line.contains("Workspace ws"),
        "{line}"
    );
    assert!(html.attributes("main [data-copy]", "data-copy").contains(&release.id));
    let main = html.main();
    for part in [
        "Ada",
        "tpp",
        "1 file, 8 bytes",
        "airlock",
        "not public",
        "in confidence",
        &release.id,
    ] {
        assert!(main.contains(part), "{part}: {main}");
    }
    let data = |name: &str| html.attribute("#outputsSPA", name).unwrap();
    assert_eq!(
        data("data-files-url"),
        format!("/api/v2/releases/release/{}", release.id)
    );
    assert_eq!(data("data-base-path"), base);
    assert!(!data("data-csrf-token").is_empty());
    for empty in [
        "data-auth-token",
        "data-prepare-url",
        "data-publish-url",
        "data-review-url",
    ] {
        assert_eq!(data(empty), "", "{empty}");
    }
}

#[sqlx::test]
async fn a_release_has_files_and_belongs_where_its_address_says(pool: PgPool) {
    let site = site(pool).await;
    site.world.workspace("project", "other").await;
    let release = site.release("ws", "tpp", "ada", &[("a.txt", b"a")]).await;
    let empty = site.release("ws", "tpp", "ada", &[]).await;
    let ada = site.sign_in("ada").await;
    for path in [
        format!("/project/other/releases/{}/", release.id),
        format!("/project/ws/releases/{}/", empty.id),
        format!("/project/ws/releases/{}/download/", empty.id),
        "/project/ws/releases/none/".to_owned(),
        format!("/project/ws/releases/{}/b.txt", release.id),
    ] {
        ada.get(&path).await.expect(404);
    }
}

#[sqlx::test]
async fn a_snapshot_is_everybodys_once_it_is_published(pool: PgPool) {
    let site = site(pool).await;
    let release = site
        .release(
            "ws",
            "tpp",
            "ada",
            &[("shown.txt", b"words"), ("draft.txt", b"drafted")],
        )
        .await;
    let public = site.snapshot("ws", "ada", &release.files[..1], true).await;
    let draft = site.snapshot("ws", "ada", &release.files[1..], false).await;
    let (public, draft) = (
        format!("/project/ws/outputs/{public}/"),
        format!("/project/ws/outputs/{draft}/"),
    );

    let html = site.anonymous().get(&public).await.expect(200).html();
    assert_eq!(html.text("h1 .pill").as_deref(), Some("Published"));
    assert!(html.main().contains("Everybody can see these files."));
    assert_eq!(html.posted_forms().len(), 0);
    let html = site
        .anonymous()
        .get(&format!("{public}shown.txt"))
        .await
        .expect(200)
        .html();
    assert_eq!(html.text("pre").as_deref(), Some("words"));
    // Everybody can follow its links.
    let raw = format!("/project/ws/published/{}/", release.files[0]);
    assert_eq!(html.attribute("[data-file]", "data-raw"), Some(raw));
    assert!(!html.main().contains(&release.id), "{}", html.main());
    let signed_in = site.sign_in("nobody").await.get(&public).await.expect(200).html();
    assert!(signed_in.main().contains("because they are published"));

    for path in [draft.clone(), format!("{draft}draft.txt"), format!("{draft}download/")] {
        site.anonymous().get(&path).await.expect(404);
        site.sign_in("nobody").await.get(&path).await.expect(404);
        assert_eq!(download(&site, Some("ada"), &path).await.0, 200, "{path}");
    }
    let html = site.sign_in("ada").await.get(&draft).await.expect(200).html();
    assert!(html.main().contains("Waiting for a decision"), "{}", html.main());
    assert!(html.main().contains("Prepared by Ada"), "{}", html.main());
    assert_eq!(html.attribute("#outputsSPA", "data-publish-url").as_deref(), Some(""));
}

#[sqlx::test]
async fn who_publishes_is_offered_what_can_be_decided(pool: PgPool) {
    let site = site(pool).await;
    site.world
        .global_roles("checker", &["OutputPublisher", "OutputChecker"])
        .await;
    let release = site
        .release("ws", "tpp", "ada", &[("a.txt", b"a"), ("b.txt", b"b")])
        .await;
    let public = site.snapshot("ws", "ada", &release.files[..1], true).await;
    let draft = site.snapshot("ws", "ada", &release.files[1..], false).await;
    let forms = async |id: i32| {
        let path = format!("/project/ws/outputs/{id}/");
        let html = site.sign_in("checker").await.get(&path).await.expect(200).html();
        let url = html.attribute("#outputsSPA", "data-publish-url").unwrap();
        let forms: Vec<String> = html.posted_forms().into_iter().map(|(action, _)| action).collect();
        (
            url,
            forms
                .into_iter()
                .filter(|action| action.starts_with(&path))
                .collect::<Vec<_>>(),
        )
    };
    assert_eq!(
        forms(draft).await,
        (
            format!("/api/v2/workspaces/ws/snapshots/{draft}/publish"),
            vec![
                format!("/project/ws/outputs/{draft}/publish/"),
                format!("/project/ws/outputs/{draft}/reject/")
            ]
        )
    );
    assert_eq!(
        forms(public).await,
        (String::new(), vec![format!("/project/ws/outputs/{public}/withdraw/")])
    );
}

#[sqlx::test]
async fn latest_outputs_are_for_who_may_see_files(pool: PgPool) {
    let site = site(pool).await;
    site.world.backend("emis").await;
    site.world.global_roles("checker", &["OutputChecker"]).await;
    let base = "/project/ws/outputs/latest/";
    // There are none yet, and who may see them is told so.
    let html = site.sign_in("ada").await.get(base).await.expect(200).html();
    assert!(html.main().contains("no files here yet"), "{}", html.main());
    site.sign_in("ada")
        .await
        .get(&format!("{base}download/"))
        .await
        .expect(404);
    site.release("ws", "tpp", "ada", &[("a.txt", b"of before")]).await;
    site.release("ws", "tpp", "ada", &[("a.txt", b"from tpp")]).await;
    site.release("ws", "emis", "ada", &[("a.txt", b"from emis")]).await;
    site.anonymous().get(base).await.expect(302);
    site.sign_in("nobody").await.get(base).await.expect(404);
    let html = site.sign_in("ada").await.get(base).await.expect(200).html();
    assert!(html.main().contains("2 files, 17 bytes"), "{}", html.main());
    assert_eq!(
        html.link("Prepare to publish").as_deref(),
        Some("/project/ws/outputs/latest/prepare/")
    );
    for (backend, text) in [("tpp", "from tpp"), ("emis", "from emis")] {
        let path = format!("{base}{backend}/a.txt");
        assert!(html.has(&format!("nav a[href='{path}#file-title']")), "{path}");
        let opened = site.sign_in("ada").await.get(&path).await.expect(200).html();
        assert_eq!(opened.text("pre").as_deref(), Some(text));
    }
    let html = site.sign_in("checker").await.get(base).await.expect(200).html();
    assert_eq!(html.link("Prepare to publish"), None);
    assert_eq!(html.attribute("#outputsSPA", "data-prepare-url").as_deref(), Some(""));
}
