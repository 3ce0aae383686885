//! `/api/v2/workspaces/<name>/snapshots…`

use serde_json::{Value, json};
use sqlx::PgPool;

use super::{detail, site};
use crate::support::{Released, Site};

const PATH: &str = "/api/v2/workspaces/ws/snapshots";

async fn released(pool: PgPool) -> (Site, Released) {
    let site = site(pool).await;
    site.world.global_roles("pat", &["OutputPublisher"]).await;
    let released = site
        .release("ws", "tpp", "olga", &[("a.txt", b"one"), ("b.txt", b"two")])
        .await;
    (site, released)
}

fn files(released: &Released) -> Value {
    json!({ "file_ids": released.files })
}

#[sqlx::test]
async fn files_become_a_snapshot_that_is_published_and_stays_so(pool: PgPool) {
    let (site, released) = released(pool).await;
    let ada = site.sign_in("ada").await;
    let made = ada.post_json(PATH, &files(&released)).await.expect(201).json();
    let id = site.world.number("SELECT id::bigint FROM snapshot").await;
    assert_eq!(made, json!({"url": format!("/project/ws/outputs/{id}/")}));
    // Asking again changes nothing.
    assert_eq!(ada.post_json(PATH, &files(&released)).await.expect(201).json(), made);
    assert_eq!(site.world.number("SELECT count(*) FROM publish_request").await, 1);

    let path = format!("{PATH}/{id}");
    assert_eq!(detail(site.anonymous().get(&path).await, 403), "Invalid user or token");
    let pat = site.sign_in("pat").await;
    assert_eq!(
        detail(pat.get(&path).await, 403),
        format!("Invalid user or token for snapshot pk={id}")
    );
    let draft = ada.get(&path).await.expect(200).json();
    assert_eq!(draft["files"][0]["name"], "a.txt");
    assert_eq!(
        draft["files"][0]["url"],
        format!("/api/v2/releases/file/{}", released.files[0])
    );

    let publish = format!("{path}/publish");
    assert_eq!(
        detail(ada.post_json(&publish, &json!(null)).await, 403),
        "Authentication credentials were not provided."
    );
    let answer = pat.post_json(&publish, &json!(null)).await.expect(200);
    assert_eq!((answer.body.as_str(), answer.header("Content-Type")), ("", None));
    let public = site
        .anonymous()
        .saying("Authorization", "nonsense")
        .get(&path)
        .await
        .expect(200)
        .json();
    let url = format!("/project/ws/published/{}/", released.files[0]);
    assert_eq!(public["files"][0]["url"], url);

    // Published again, or asked for again, it stays as it is.
    let at = || {
        site.world
            .number("SELECT extract(epoch FROM published_at)::bigint * 1000000 FROM snapshot")
    };
    let before = at().await;
    pat.post_json(&publish, &json!(null)).await.expect(200);
    assert_eq!(ada.post_json(PATH, &files(&released)).await.expect(201).json(), made);
    assert_eq!(
        (
            at().await,
            site.world.number("SELECT count(*) FROM publish_request").await
        ),
        (before, 1)
    );
}

#[sqlx::test]
async fn a_rejected_snapshot_can_be_asked_for_and_published_again(pool: PgPool) {
    let (site, released) = released(pool).await;
    let id = site.snapshot("ws", "ada", &released.files, false).await;
    site.world
        .so("UPDATE publish_request SET decision = 'rejected', decision_at = now(), decision_by_id = created_by_id")
        .await;
    let pat = site.sign_in("pat").await;
    pat.post_json(&format!("{PATH}/{id}/publish"), &json!(null))
        .await
        .expect(200);
    assert_eq!(
        site.world
            .number("SELECT count(*) FROM snapshot WHERE published_at IS NOT NULL")
            .await,
        1
    );
    assert_eq!(site.world.number("SELECT count(*) FROM publish_request").await, 2);
}

#[sqlx::test]
async fn what_is_wrong_with_a_choice_of_files_is_told(pool: PgPool) {
    let (site, released) = released(pool).await;
    site.world.workspace("project", "other").await;
    let foreign = site.release("other", "tpp", "olga", &[("c.txt", b"three")]).await;
    let ada = site.sign_in("ada").await;
    for (body, expected) in [
        (json!({}), json!({"file_ids": ["This field is required."]})),
        (
            json!({"file_ids": null}),
            json!({"file_ids": ["This field may not be null."]}),
        ),
        (
            json!({"file_ids": "x"}),
            json!({"file_ids": ["Expected a list of items but got type \"str\"."]}),
        ),
        (
            json!({"file_ids": ["a", ""]}),
            json!({"file_ids": {"1": ["This field may not be blank."]}}),
        ),
        (
            json!({"file_ids": ["b", "a"]}),
            json!({"detail": "Unknown file IDs: a, b"}),
        ),
        (json!({"file_ids": []}), json!({"detail": "Choose at least one file"})),
        (
            json!({"file_ids": [released.files[0], foreign.files[0]]}),
            json!({"detail": "All files must belong to this workspace"}),
        ),
    ] {
        assert_eq!(ada.post_json(PATH, &body).await.expect(400).json(), expected);
    }
    site.world
        .so("UPDATE release_file SET deleted_at = now(), deleted_by_id = created_by_id WHERE name = 'a.txt'")
        .await;
    let deleted = json!({"file_ids": [released.files[0]]});
    assert_eq!(
        detail(ada.post_json(PATH, &deleted).await, 400),
        "All of these files were deleted"
    );
    assert_eq!(site.world.number("SELECT count(*) FROM snapshot").await, 0);
    // Of several, those that are deleted are left out.
    ada.post_json(PATH, &files(&released)).await.expect(201);
    assert_eq!(site.world.number("SELECT count(*) FROM snapshot_file").await, 1);
}

#[sqlx::test]
async fn the_body_is_looked_at_before_the_right_and_nothing_before_the_workspace(pool: PgPool) {
    let (site, released) = released(pool).await;
    let olga = site.sign_in("olga").await;
    assert_eq!(
        detail(
            olga.post_json("/api/v2/workspaces/none/snapshots", &json!({})).await,
            404
        ),
        "No Workspace matches the given query."
    );
    olga.post_json(PATH, &json!({})).await.expect(400);
    let refused = "Authentication credentials were not provided.";
    assert_eq!(detail(olga.post_json(PATH, &files(&released)).await, 403), refused);
    assert_eq!(
        detail(site.anonymous().post_json(PATH, &files(&released)).await, 403),
        refused
    );
    let id = site.snapshot("ws", "ada", &released.files, false).await;
    site.world.workspace("project", "other").await;
    for path in [
        format!("/api/v2/workspaces/other/snapshots/{id}"),
        format!("{PATH}/0"),
        format!("{PATH}/99999"),
    ] {
        assert_eq!(
            detail(olga.get(&path).await, 404),
            "No Snapshot matches the given query."
        );
    }
    for path in [format!("{PATH}/x"), format!("{PATH}/99999999999")] {
        assert_eq!(detail(olga.get(&path).await, 404), "Not found.");
    }
    // A snapshot that nobody asked to publish.
    site.world.so("DELETE FROM publish_request").await;
    let pat = site.sign_in("pat").await;
    let why = detail(pat.post_json(&format!("{PATH}/{id}/publish"), &json!(null)).await, 409);
    assert_eq!(why, "Nobody has asked for this snapshot to be published");
}

#[sqlx::test]
async fn what_has_not_arrived_is_in_no_snapshot_and_holds_up_the_publishing_of_one(pool: PgPool) {
    let (site, released) = released(pool).await;
    site.world
        .so("UPDATE release_file SET uploaded_at = NULL, path = '' WHERE name = 'b.txt'")
        .await;
    let ada = site.sign_in("ada").await;
    let missing = released.files.iter().map(|id| json!({"file_ids": [id]}));
    let answers: Vec<u16> = {
        let mut answers = Vec::new();
        for body in missing {
            answers.push(ada.post_json(PATH, &body).await.status);
        }
        answers
    };
    answers
        .iter()
        .for_each(|status| assert!([201, 400].contains(status), "{answers:?}"));
    assert_eq!(answers.iter().filter(|status| **status == 400).count(), 1);
    ada.post_json(PATH, &files(&released)).await.expect(201);
    assert_eq!(site.world.number("SELECT count(*) FROM snapshot").await, 1);
    assert_eq!(site.world.number("SELECT count(*) FROM snapshot_file").await, 1);
    // One that was made before: nobody can have looked at all of it.
    site.world
        .so("INSERT INTO snapshot_file (snapshot_id, release_file_id, workspace_id)
             SELECT s.id, f.id, f.workspace_id FROM snapshot s, release_file f WHERE f.name = 'b.txt'")
        .await;
    let id = site.world.number("SELECT id::bigint FROM snapshot").await;
    let pat = site.sign_in("pat").await;
    let publish = format!("{PATH}/{id}/publish");
    let refused = pat.post_json(&publish, &json!(null)).await;
    assert!(refused.status >= 400 && refused.status < 500, "{}", refused.status);
    assert!(refused.body.contains("has not been uploaded yet"), "{}", refused.body);
    assert_eq!(
        site.world
            .number("SELECT count(*) FROM snapshot WHERE published_at IS NOT NULL")
            .await,
        0
    );
}
