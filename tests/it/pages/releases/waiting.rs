//! Who decides finds what waits.

use sqlx::PgPool;

use super::{OUTPUTS, act, nobody, site};
use crate::pages::lists::assert_accessible;
use crate::support::{Site, count_statements};

/// What waits, as somebody's home page says.
async fn waiting(site: &Site, who: &str) -> Vec<String> {
    let html = site.sign_in(who).await.get("/").await.expect(200).html();
    assert_accessible(&html);
    let rows = html.texts("section[aria-labelledby=waiting-title] li");
    assert_eq!(html.has("#waiting"), !rows.is_empty());
    rows
}

#[sqlx::test]
async fn who_decides_finds_it_on_their_home_page(pool: PgPool) {
    let site = site(pool).await;
    let released = site
        .release("ws", "tpp", "ada", &[("a.csv", b"1,2"), ("b.csv", b"1")])
        .await;
    assert!(waiting(&site, "publisher").await.is_empty());
    site.snapshot("ws", "ada", &released.files[..1], true).await;
    let n = site.snapshot("ws", "ada", &released.files, false).await;
    let rows = waiting(&site, "publisher").await;
    assert_eq!(rows.len(), 1);
    for part in [
        &format!("Outputs {n} of workspace ws in Project"),
        "2 files, 4 bytes",
        "asked for by Ada",
    ] {
        assert!(rows[0].contains(part), "{rows:?}");
    }
    let html = site.sign_in("publisher").await.get("/").await.html();
    assert_eq!(html.link(&format!("Outputs {n}")), Some(format!("{OUTPUTS}{n}/")));
    act(&site.sign_in("publisher").await, n, "reject").await.expect(302);
    assert!(waiting(&site, "publisher").await.is_empty());
}

#[sqlx::test]
async fn it_is_told_to_nobody_else(pool: PgPool) {
    let site = site(pool).await;
    site.world.project("another").await;
    site.world.workspace("another", "theirs").await;
    for (who, project, roles) in [
        ("inside", "project", &["OutputPublisher", "ProjectCollaborator"][..]),
        ("half", "project", &["OutputPublisher"]),
        ("elsewhere", "another", &["OutputPublisher", "ProjectCollaborator"]),
    ] {
        site.world.member(project, who, roles).await;
    }
    // May decide wherever they may look.
    site.world.global_roles("mixed", &["OutputPublisher"]).await;
    site.world.member("another", "mixed", &["ProjectCollaborator"]).await;
    site.world.global_roles("blind", &["OutputPublisher"]).await;
    nobody(&site).await;
    for workspace in ["ws", "theirs"] {
        let released = site.release(workspace, "tpp", "ada", &[("zebra.csv", b"1,2")]).await;
        site.snapshot(workspace, "ada", &released.files, false).await;
    }
    for (who, workspaces) in [
        ("publisher", &["ws", "theirs"][..]),
        ("inside", &["ws"]),
        ("elsewhere", &["theirs"]),
        ("mixed", &["theirs"]),
        ("half", &[]),
        ("blind", &[]),
        ("ada", &[]),
        ("checker", &[]),
        ("nobody", &[]),
    ] {
        let rows = waiting(&site, who).await;
        assert_eq!(rows.len(), workspaces.len(), "{who}: {rows:?}");
        for (row, workspace) in rows.iter().zip(workspaces) {
            assert!(row.contains(&format!("of workspace {workspace} in")), "{who}: {rows:?}");
        }
    }
    assert!(
        !site
            .anonymous()
            .get("/")
            .await
            .expect(200)
            .body
            .contains("Waiting for your")
    );
}

#[sqlx::test]
async fn a_long_list_is_cut_and_takes_one_statement(pool: PgPool) {
    let site = site(pool).await;
    let publisher = site.sign_in("publisher").await;
    publisher.get("/").await;
    let (_, none) = count_statements(publisher.get("/")).await;
    let names: Vec<String> = (0..12).map(|n| format!("{n}.txt")).collect();
    let files: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), &b"x"[..])).collect();
    let released = site.release("ws", "tpp", "ada", &files).await;
    let mut first = 0;
    for file in &released.files {
        let n = site.snapshot("ws", "ada", std::slice::from_ref(file), false).await;
        first = if first == 0 { n } else { first };
    }
    let (answer, many) = count_statements(publisher.get("/")).await;
    assert_eq!(none, many);
    let html = answer.expect(200).html();
    let section = "section[aria-labelledby=waiting-title]";
    assert_eq!(html.count(&format!("{section} li")), 10);
    assert!(html.texts(&format!("{section} li"))[0].contains(&format!("Outputs {first} ")));
    assert!(html.text(section).unwrap().contains("2 more will be here"));
    let ada = site.sign_in("ada").await;
    ada.get("/").await;
    let (_, without) = count_statements(ada.get("/")).await;
    assert_eq!(without + 1, many, "who decides nowhere costs nothing");
}

#[sqlx::test]
async fn the_staff_area_says_so_to_those_of_the_staff_who_decide(pool: PgPool) {
    let site = site(pool).await;
    let both = &["StaffAreaAdministrator", "OutputPublisher", "OutputChecker"];
    site.world.global_roles("stan", both).await;
    site.world.global_roles("sue", &["StaffAreaAdministrator"]).await;
    let words = "1 request to publish outputs";
    let stan = site.sign_in("stan").await;
    assert!(
        !stan
            .get("/staff/")
            .await
            .expect(200)
            .body
            .contains("Waiting for your decision")
    );
    let released = site.release("ws", "tpp", "ada", &[("a.csv", b"1,2")]).await;
    site.snapshot("ws", "ada", &released.files, false).await;
    let html = stan.get("/staff/").await.expect(200).html();
    assert_accessible(&html);
    assert_eq!(html.link(words).as_deref(), Some("/#waiting"));
    let sue = site.sign_in("sue").await.get("/staff/").await.expect(200).html();
    assert_eq!(sue.link(words), None);
}
