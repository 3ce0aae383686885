//! Invitations, as staff look after them.

use sqlx::PgPool;

use super::{events, said, told, with_stan};
use crate::pages::lists::assert_accessible;
use crate::support::count_statements;

const LIST: &str = "/staff/invitations/";
const ADD: &str = "/staff/invitations/add/";

#[sqlx::test]
async fn they_are_listed_with_what_became_of_them(pool: PgPool) {
    let (site, stan) = with_stan(pool).await;
    assert!(stan.get(LIST).await.html().main().contains("No invitations yet"));
    site.world
        .so(r#"INSERT INTO user_invitation (login, user_id, created_by, used_at, used_by_uid, revoked_at)
               SELECT v.login, u.id, 'olga', v.used, v.uid, v.revoked FROM "user" u, (VALUES
                 ('octo', NULL::timestamptz, NULL, NULL::timestamptz), ('cat', now(), '77', NULL), ('dog', NULL, NULL, now())
               ) v (login, used, uid, revoked) WHERE u.username = 'ada'"#)
        .await;
    let rows = async |query: &str| {
        let html = stan.get(&format!("{LIST}{query}")).await.expect(200).html();
        assert_accessible(&html);
        html.texts("tbody tr")
    };
    let all = rows("").await;
    assert_eq!(all.len(), 3);
    assert!(
        all[0].starts_with("dog") && all[0].contains("Revoked") && all[0].contains("by olga"),
        "{all:?}"
    );
    assert!(all[1].starts_with("cat") && all[1].contains("number 77"), "{all:?}");
    assert!(all[2].contains("Open") && all[2].contains("Revoke"), "{all:?}");
    assert_eq!(rows("?state=open").await.len(), 1);
    assert_eq!(rows("?state=used&q=CAT").await.len(), 1);
    assert!(rows("?state=lost").await.is_empty());
    assert_eq!(rows("?q=ada").await.len(), 3);
    // Each has a page, with its history.
    let id = site
        .world
        .number("SELECT id::bigint FROM user_invitation WHERE login = 'octo'")
        .await;
    stan.post("/staff/users/ada/", &[("fullname", "Ada")]).await;
    stan.post(&format!("{LIST}{id}/revoke/"), &[]).await.expect(302);
    let html = stan.get(&format!("{LIST}{id}/")).await.expect(200).html();
    assert_accessible(&html);
    let main = html.main();
    for part in ["octo", "taken back", "ada", "Revoked", "olga"] {
        assert!(main.contains(part), "{part}: {main}");
    }
    assert_eq!(
        html.texts("tbody tr").len(),
        1,
        "what else was done to the user is not the invitation's"
    );
    assert!(!html.has("main .ask"), "it is revoked already");
    stan.get(&format!("{LIST}999/")).await.expect(404);
    site.world
        .so("UPDATE user_invitation SET revoked_at = NULL WHERE login = 'octo'")
        .await;
    let file = stan
        .get("/staff/invitations/?format=csv")
        .await
        .expect(200)
        .body
        .replace('"', "");
    let lines: Vec<&str> = file.lines().collect();
    assert_eq!(
        lines[0],
        "GitHub account,Becomes,State,Invited,Username,Invited by,Number of the GitHub account"
    );
    assert!(
        lines[2].starts_with("cat,") && lines[2].ends_with(",ada,olga,77"),
        "{file}"
    );
    assert!(!file.contains("Revoke,") && lines[3].ends_with(",ada,olga,"), "{file}");
    let (_, few) = count_statements(stan.get(LIST)).await;
    site.world
        .so(r#"INSERT INTO user_invitation (login, user_id, created_by)
               SELECT 'n' || n, u.id, 'olga' FROM "user" u, generate_series(1, 40) n WHERE u.username = 'ada'"#)
        .await;
    let (answer, many) = count_statements(stan.get(LIST)).await;
    assert_eq!((few, answer.html().texts("tbody tr").len()), (many, 25));
    assert_eq!(rows("?page=last").await.len(), 18);
}

#[sqlx::test]
async fn an_account_is_invited_once_for_a_user_who_could_be_it(pool: PgPool) {
    let (site, stan) = with_stan(pool).await;
    site.world.user("grace").await;
    site.world.github("ada").await;
    stan.get(ADD).await.expect(200);
    for (login, username, words) in [
        ("octo cat", "grace", "is no username"),
        ("octo", "nobody", "There is no user of this name."),
        ("octo", "ada", "ada signs in with GitHub already."),
    ] {
        let html = stan
            .post(ADD, &[("login", login), ("username", username)])
            .await
            .expect(200)
            .html();
        assert!(html.main().contains(words), "{words}: {}", html.main());
        assert_eq!(html.attribute("#id_login", "value").as_deref(), Some(login));
        assert_eq!(html.attribute("#id_username", "value").as_deref(), Some(username));
    }
    let octo = [("login", "Octo"), ("username", "grace")];
    assert_eq!(stan.post(ADD, &octo).await.expect(302).location(), LIST);
    assert_eq!(stan.post(ADD, &octo).await.expect(302).location(), LIST);
    site.world.user("eve").await;
    let html = stan
        .post(ADD, &[("login", "octo"), ("username", "eve")])
        .await
        .expect(200)
        .html();
    assert!(html.main().contains("is kept for grace"), "{}", html.main());
    assert_eq!(
        events(&site, &["user_invited"]).await,
        [told("user_invited", "login", "", "Octo", "grace", "stan")]
    );
}

#[sqlx::test]
async fn one_is_revoked_while_it_is_open(pool: PgPool) {
    let (site, stan) = with_stan(pool).await;
    site.world.user("grace").await;
    stan.post("/staff/users/grace/invite/", &[("login", "octo")])
        .await
        .expect(302);
    let id = site.world.number("SELECT id::bigint FROM user_invitation").await;
    let revoke = format!("{LIST}{id}/revoke/");
    let html = stan.get(LIST).await.html();
    assert!(html.posted_forms().iter().any(|(action, _)| *action == revoke));
    stan.post(&revoke, &[]).await.expect(302);
    stan.post(&revoke, &[]).await.expect(302);
    assert!(said(&stan, LIST).await.contains("was revoked before"));
    assert_eq!(
        events(&site, &["user_invitation_revoked"]).await,
        [told("user_invitation_revoked", "login", "octo", "", "grace", "stan")]
    );
    stan.post(&format!("{LIST}0/revoke/"), &[]).await.expect(404);
    site.world
        .so("UPDATE user_invitation SET revoked_at = NULL, used_at = now(), used_by_uid = '7'")
        .await;
    stan.post(&revoke, &[]).await.expect(302);
    assert!(said(&stan, LIST).await.contains("octo has used this invitation."));
}
