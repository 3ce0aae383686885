//! Members of projects, and all that somebody belongs to.

use jobserver::core::access::Role;
use jobserver::core::error::Error;
use jobserver::core::people::memberships::{set_backends, set_orgs};
use jobserver::core::people::roles::clear_all;
use jobserver::core::projects::members::actions as members;
use sqlx::PgPool;

use super::{events, is_refused_at, somebody, staff};
use crate::support::Site;

#[sqlx::test]
async fn members_are_added_changed_and_removed_with_their_record(pool: PgPool) {
    let site = Site::start(pool.clone()).await;
    let (stan_id, _) = staff(&site, "stan").await;
    let project = site.world.project("project").await;
    let another = site.world.project("another").await;
    let (ada, bob) = (site.world.user("ada").await, site.world.user("bob").await);
    let stan = somebody(stan_id, "stan", &[Role::StaffAreaAdministrator, Role::TechSupport]);
    let granter = members::Granter::Person(stan.can(project).unwrap());
    let db = &site.db;

    members::add(db, &granter, project, &[bob, ada, ada], &[Role::ProjectDeveloper])
        .await
        .unwrap();
    let oneself = members::add(db, &granter, project, &[stan_id], &[]).await;
    assert!(matches!(oneself, Err(Error::NotAllowed(_))), "{oneself:?}");
    let cleo = site.world.user("cleo").await;
    let both = members::add(db, &granter, project, &[ada, cleo], &[]).await;
    assert!(matches!(both, Err(Error::Conflict(_))), "{both:?}");
    assert!(is_refused_at(
        members::add(db, &granter, project, &[], &[]).await,
        "users"
    ));
    assert!(is_refused_at(
        members::add(db, &granter, project, &[ada, 9999], &[]).await,
        "users"
    ));
    assert!(is_refused_at(
        members::add(db, &granter, project, &[stan_id], &[Role::OutputChecker]).await,
        "roles"
    ));

    let membership: i32 = sqlx::query_scalar("SELECT id FROM project_membership WHERE user_id = $1")
        .bind(ada)
        .fetch_one(&pool)
        .await
        .unwrap();
    let roles = [Role::ProjectCollaborator, Role::ProjectDeveloper];
    assert!(
        members::set_roles(db, &granter, project, membership, &roles)
            .await
            .unwrap()
    );
    assert!(
        !members::set_roles(db, &granter, project, membership, &roles)
            .await
            .unwrap()
    );
    let refused = members::set_roles(db, &granter, project, membership, &[Role::StaffAreaAdministrator]).await;
    assert!(is_refused_at(refused, "roles"));
    members::remove(db, &granter, project, membership).await.unwrap();
    let gone = members::remove(db, &granter, project, membership).await;
    assert!(matches!(gone, Err(Error::NotFound("Member"))), "{gone:?}");

    assert_eq!(
        events(&site).await,
        [
            "project_member_added stan ada →",
            "project_member_updated_roles stan ada →ProjectDeveloper",
            "project_member_added stan bob →",
            "project_member_updated_roles stan bob →ProjectDeveloper",
            "project_member_updated_roles stan ada ProjectDeveloper→ProjectCollaborator,ProjectDeveloper",
            "project_member_updated_roles stan ada ProjectCollaborator,ProjectDeveloper→",
            "project_member_removed stan ada →",
        ]
    );
    // Both events of an addition carry one time.
    let times: i64 =
        sqlx::query_scalar("SELECT count(DISTINCT created_at) FROM auditable_event WHERE target_user = 'bob'")
            .fetch_one(&pool)
            .await
            .unwrap();
    assert_eq!(times, 1);

    // A proof for one project is none for another, and a membership is found in its own project alone.
    let elsewhere = members::add(db, &granter, another, &[ada], &[]).await;
    assert!(matches!(elsewhere, Err(Error::Internal(_))), "{elsewhere:?}");
    let of_bob: i32 = sqlx::query_scalar("SELECT id FROM project_membership WHERE user_id = $1")
        .bind(bob)
        .fetch_one(&pool)
        .await
        .unwrap();
    let other = members::Granter::Person(stan.can(another).unwrap());
    for result in [
        members::remove(db, &other, another, of_bob).await,
        members::set_roles(db, &other, another, of_bob, &[]).await.map(|_| ()),
    ] {
        assert!(matches!(result, Err(Error::NotFound("Member"))), "{result:?}");
    }
}

#[sqlx::test]
async fn everything_is_cleared_and_memberships_stay(pool: PgPool) {
    let site = Site::start(pool.clone()).await;
    let (_, stan) = staff(&site, "stan").await;
    let ada = site.world.global_roles("ada", &["OutputChecker"]).await;
    site.world.member("project", "ada", &["ProjectDeveloper"]).await;
    site.world.member("another", "ada", &[]).await;
    site.world.org_member("acme", "ada").await;
    sqlx::query("UPDATE org_membership SET roles = '{jobserver.authorization.roles.ProjectCollaborator}'")
        .execute(&pool)
        .await
        .unwrap();
    assert_eq!(clear_all(&site.db, &stan, ada).await.unwrap().places, 3);
    assert_eq!(clear_all(&site.db, &stan, ada).await.unwrap().places, 0);
    assert_eq!(
        events(&site).await,
        [
            "user_updated_roles stan ada OutputChecker→",
            "org_member_updated_roles stan ada ProjectCollaborator→",
            "project_member_updated_roles stan ada ProjectDeveloper→",
        ]
    );
    let left: (i64, i64) = sqlx::query_as(
        "SELECT count(*), count(*) FILTER (WHERE roles <> '{}') FROM project_membership WHERE user_id = $1",
    )
    .bind(ada)
    .fetch_one(&pool)
    .await
    .unwrap();
    assert_eq!(left, (2, 0));
}

#[sqlx::test]
async fn backends_and_organisations_change_by_difference(pool: PgPool) {
    let site = Site::start(pool.clone()).await;
    let (_, stan) = staff(&site, "stan").await;
    let ada = site.world.user("ada").await;
    let (tpp, emis) = (site.world.backend_id("tpp").await, site.world.backend_id("emis").await);
    site.world.may_use("tpp", "ada").await;
    sqlx::query("UPDATE backend_membership SET created_at = '2020-01-01'")
        .execute(&pool)
        .await
        .unwrap();
    let changed = set_backends(&site.db, &stan, ada, &[emis, tpp, tpp]).await.unwrap();
    assert_eq!((changed.added, changed.removed), (vec!["emis".to_owned()], vec![]));
    assert!(
        set_backends(&site.db, &stan, ada, &[tpp, emis])
            .await
            .unwrap()
            .is_nothing()
    );
    assert!(is_refused_at(
        set_backends(&site.db, &stan, ada, &[tpp, 9999]).await,
        "backends"
    ));
    let kept: bool =
        sqlx::query_scalar("SELECT created_at = '2020-01-01' FROM backend_membership WHERE backend_id = $1")
            .bind(tpp)
            .fetch_one(&pool)
            .await
            .unwrap();
    assert!(kept, "what stays keeps its date");
    set_backends(&site.db, &stan, ada, &[]).await.unwrap();

    let (acme, other) = (site.world.org("acme").await, site.world.org("other").await);
    site.world.org_member("acme", "ada").await;
    let changed = set_orgs(&site.db, &stan, ada, &[other]).await.unwrap();
    assert_eq!(
        (changed.added, changed.removed),
        (vec!["other".to_owned()], vec!["acme".to_owned()])
    );
    assert!(is_refused_at(set_orgs(&site.db, &stan, ada, &[acme, -1]).await, "orgs"));
    let by_stan: Vec<String> = events(&site)
        .await
        .into_iter()
        .filter(|event| event.contains("stan"))
        .collect();
    assert_eq!(
        by_stan,
        [
            "backend_member_added stan ada →",
            "backend_member_removed stan ada →",
            "backend_member_removed stan ada →",
            "org_member_added stan ada →",
            "org_member_removed stan ada →",
        ]
    );
}
