//! Roles everywhere.

use jobserver::core::access::{Membership, Role};
use jobserver::core::error::Error;
use jobserver::core::people::roles::{Granter, clear_all, grant, remove, set_roles};
use sqlx::PgPool;

use super::{STAFF, events, held, is_refused_at, operator, somebody, staff};
use crate::support::Site;

#[test]
fn the_right_to_give_takes_the_key_to_the_staff_area_too() {
    use jobserver::core::access::{EditProjectRoles, ManageUsers};
    for (roles, users, projects) in [
        (vec![], false, false),
        (
            vec![Role::ProjectDeveloper, Role::DeploymentAdministrator],
            false,
            false,
        ),
        (vec![Role::StaffAreaAdministrator], true, false),
        (vec![Role::TechSupport], false, false),
        (vec![Role::ServiceAdministrator], false, false),
        (vec![Role::TechSupport, Role::StaffAreaAdministrator], true, true),
        (
            vec![Role::ServiceAdministrator, Role::StaffAreaAdministrator],
            true,
            true,
        ),
    ] {
        let person = somebody(1, "ada", &roles);
        assert_eq!(person.can_everywhere::<ManageUsers>().is_ok(), users, "{roles:?}");
        assert_eq!(person.can::<EditProjectRoles>(7).is_ok(), projects, "{roles:?}");
    }
    // The key held in a project opens nothing.
    let mut person = somebody(1, "ada", &[Role::TechSupport]);
    person.memberships.push(Membership {
        project_id: 7,
        roles: vec![Role::StaffAreaAdministrator],
    });
    assert!(person.can::<EditProjectRoles>(7).is_err());
    assert!(person.can_everywhere::<ManageUsers>().is_err());
}

#[sqlx::test]
async fn roles_are_replaced_recorded_and_new_sessions_asked_for(pool: PgPool) {
    let site = Site::start(pool).await;
    let (_, stan) = staff(&site, "stan").await;
    let ada = site.world.user("ada").await;
    site.world.session("ada").await;
    let must_rotate = async || -> bool {
        sqlx::query_scalar("SELECT bool_and(must_rotate) FROM session WHERE user_id = $1")
            .bind(ada)
            .fetch_one(site.db.pool())
            .await
            .unwrap()
    };
    assert!(!must_rotate().await);
    let changed = set_roles(&site.db, &stan, ada, &[Role::OutputPublisher, Role::OutputChecker])
        .await
        .unwrap();
    assert_eq!(changed.added, ["OutputChecker", "OutputPublisher"]);
    assert!(must_rotate().await);
    assert_eq!(held(&site, ada).await, ["OutputChecker", "OutputPublisher"]);
    // The same again, in another order: nothing happens.
    let again = [Role::OutputPublisher, Role::OutputChecker, Role::OutputChecker];
    assert!(set_roles(&site.db, &stan, ada, &again).await.unwrap().is_nothing());
    let changed = set_roles(&site.db, &stan, ada, &[Role::OutputChecker]).await.unwrap();
    assert_eq!(
        (changed.added, changed.removed),
        (vec![], vec!["OutputPublisher".to_owned()])
    );
    assert_eq!(
        events(&site).await,
        [
            "user_updated_roles stan ada →OutputChecker,OutputPublisher",
            "user_updated_roles stan ada OutputChecker,OutputPublisher→OutputChecker",
        ]
    );
    // Everything that belongs to the record, and the ids beside the names.
    let whole: (String, String, i32, i32, String) = sqlx::query_as(
        "SELECT target_model || '/' || target_field || '/' || target_id, parent_model || parent_id, target_user_id,
                created_by_id, old FROM auditable_event WHERE type = 'user_updated_roles' ORDER BY id LIMIT 1",
    )
    .fetch_one(site.db.pool())
    .await
    .unwrap();
    let stan_id = site.world.user("stan").await;
    let subject = format!("jobserver.User/roles/{ada}");
    assert_eq!(whole, (subject, String::new(), ada, stan_id, String::new()));
}

#[sqlx::test]
async fn what_is_not_granted_everywhere_is_refused_and_what_came_from_elsewhere_may_stay(pool: PgPool) {
    let site = Site::start(pool).await;
    let (_, stan) = staff(&site, "stan").await;
    let ada = site.world.user("ada").await;
    let refused = set_roles(&site.db, &stan, ada, &[Role::ProjectDeveloper, Role::OutputChecker]).await;
    assert!(is_refused_at(refused, "roles"));
    assert!(is_refused_at(
        grant(&site.db, &operator(), "ada", &[Role::ProjectDeveloper]).await,
        "roles"
    ));
    assert_eq!(held(&site, ada).await, Vec::<String>::new());
    // Held from before: a further role leaves it alone, an unknown one too.
    site.world.global_roles("ada", &["ProjectDeveloper", "Wizard"]).await;
    grant(&site.db, &stan, "ada", &[Role::OutputChecker]).await.unwrap();
    assert_eq!(held(&site, ada).await, ["OutputChecker", "ProjectDeveloper", "Wizard"]);
    // What no program knows can be taken away by its name.
    let changed = remove(&site.db, &operator(), "ada", "Wizard").await.unwrap();
    assert_eq!(changed.removed, ["Wizard"]);
    assert!(
        remove(&site.db, &operator(), "ada", "Wizard")
            .await
            .unwrap()
            .is_nothing()
    );
    let unknown = grant(&site.db, &stan, "nobody", &[Role::OutputChecker]).await;
    assert!(matches!(unknown, Err(Error::NotFound("User"))), "{unknown:?}");
}

#[sqlx::test]
async fn nobody_gives_themselves_a_role(pool: PgPool) {
    let site = Site::start(pool).await;
    let id = site.world.global_roles("eve", &["StaffAreaAdministrator"]).await;
    site.world.global_roles("stan", STAFF).await;
    let eve = somebody(id, "eve", &[Role::StaffAreaAdministrator]);
    let eve = Granter::Person(eve.can_everywhere().unwrap());
    let all = [Role::StaffAreaAdministrator, Role::TechSupport];
    for refused in [
        set_roles(&site.db, &eve, id, &all).await,
        // One for another is an exchange, and no better.
        set_roles(&site.db, &eve, id, &[Role::DeploymentAdministrator]).await,
        grant(&site.db, &eve, "eve", &[Role::OutputChecker]).await,
    ] {
        assert!(matches!(refused, Err(Error::NotAllowed(_))), "{refused:?}");
    }
    // Nor a backend, nor an organisation.
    site.world.backend("tpp").await;
    let backend: i32 = sqlx::query_scalar("SELECT id FROM backend")
        .fetch_one(site.db.pool())
        .await
        .unwrap();
    let refused = jobserver::core::people::memberships::set_backends(&site.db, &eve, id, &[backend]).await;
    assert!(matches!(refused, Err(Error::NotAllowed(_))), "{refused:?}");
    assert_eq!(held(&site, id).await, ["StaffAreaAdministrator"]);
    assert_eq!(events(&site).await, Vec::<String>::new());
    // Giving one's own up is no escalation.
    set_roles(&site.db, &eve, id, &[]).await.unwrap();
    assert_eq!(held(&site, id).await, Vec::<String>::new());
}

#[sqlx::test]
async fn the_last_active_administrator_stays(pool: PgPool) {
    let site = Site::start(pool.clone()).await;
    let (id, stan) = staff(&site, "stan").await;
    // One who cannot sign in lets nobody in.
    let gone = site.world.global_roles("gone", &["StaffAreaAdministrator"]).await;
    sqlx::query(r#"UPDATE "user" SET is_active = false WHERE id = $1"#)
        .bind(gone)
        .execute(&pool)
        .await
        .unwrap();
    let without = [Role::ServiceAdministrator, Role::TechSupport];
    for by in [&stan, &operator()] {
        assert!(is_refused_at(set_roles(&site.db, by, id, &without).await, "roles"));
        assert!(is_refused_at(clear_all(&site.db, by, id).await, "roles"));
        assert!(is_refused_at(
            remove(&site.db, by, "stan", "StaffAreaAdministrator").await,
            "roles"
        ));
    }
    assert_eq!(held(&site, id).await, STAFF);
    // The other roles are not the key; and the one who is gone holds no key that counts.
    set_roles(&site.db, &stan, id, &[Role::StaffAreaAdministrator])
        .await
        .unwrap();
    remove(&site.db, &stan, "gone", "StaffAreaAdministrator").await.unwrap();
    grant(&site.db, &operator(), "ada", &[Role::StaffAreaAdministrator])
        .await
        .unwrap_err();
    site.world.user("ada").await;
    grant(&site.db, &operator(), "ada", &[Role::StaffAreaAdministrator])
        .await
        .unwrap();
    clear_all(&site.db, &stan, id).await.unwrap();
    assert_eq!(held(&site, id).await, Vec::<String>::new());
}
