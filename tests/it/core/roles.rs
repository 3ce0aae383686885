//! Who may give and take what, and what is left behind: rights, records, sessions.

use jobserver::core::access::{Membership, Operator, Role, SignedIn};
use jobserver::core::error::Error;
use jobserver::core::people::memberships::{set_backends, set_orgs};
use jobserver::core::people::roles::{self, Granter, clear_all, grant, remove, set_roles};
use jobserver::core::people::tokens::{self, Revoker};
use jobserver::core::projects::members::actions as members;
use sqlx::{PgPool, Postgres, Transaction};

use crate::support::{Site, until_waiting};

const STAFF: &[&str] = &["ServiceAdministrator", "StaffAreaAdministrator", "TechSupport"];

fn somebody(id: i32, username: &str, roles: &[Role]) -> SignedIn {
    SignedIn {
        id,
        username: username.to_owned(),
        fullname: username.to_owned(),
        roles: roles.to_vec(),
        memberships: Vec::new(),
    }
}

/// Somebody who holds all the staff's roles, and the proof of it.
async fn staff(site: &Site, username: &str) -> (i32, Granter) {
    let id = site.world.global_roles(username, STAFF).await;
    let person = somebody(
        id,
        username,
        &[
            Role::StaffAreaAdministrator,
            Role::TechSupport,
            Role::ServiceAdministrator,
        ],
    );
    (id, Granter::Person(person.can_everywhere().unwrap()))
}

fn operator() -> Granter {
    Granter::Operator(Operator::at_the_command_line("olive"))
}

async fn held(site: &Site, id: i32) -> Vec<String> {
    sqlx::query_scalar(r#"SELECT roles FROM "user" WHERE id = $1"#)
        .bind(id)
        .fetch_one(site.db.pool())
        .await
        .unwrap()
}

/// Kind, who did it, to whom, from what to what: of every event about roles and memberships, in order.
async fn events(site: &Site) -> Vec<String> {
    sqlx::query_scalar(
        "SELECT concat_ws(' ', type, created_by, target_user, old || '→' || new) FROM auditable_event
          WHERE type LIKE '%role%' OR type LIKE '%member%' ORDER BY id",
    )
    .fetch_all(site.db.pool())
    .await
    .unwrap()
}

fn is_refused_at<T: std::fmt::Debug>(result: Result<T, Error>, field: &str) -> bool {
    matches!(&result, Err(Error::Invalid(errors)) if errors.get(field).is_some())
}

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

/// A transaction that holds a user's row.
async fn hold(site: &Site, id: i32) -> Transaction<'static, Postgres> {
    let mut tx = site.db.begin().await.unwrap();
    sqlx::query(r#"SELECT 1 FROM "user" WHERE id = $1 FOR UPDATE"#)
        .bind(id)
        .execute(&mut *tx)
        .await
        .unwrap();
    tx
}

#[sqlx::test]
async fn of_two_who_take_the_last_two_away_at_once_one_is_told_no(pool: PgPool) {
    let site = Site::start(pool).await;
    let (stan_id, stan) = staff(&site, "stan").await;
    let (tess_id, tess) = staff(&site, "tess").await;
    // Each is about to take the other's away, and has got as far as the rows.
    let (lock_stan, lock_tess) = (hold(&site, stan_id).await, hold(&site, tess_id).await);
    let (db, other) = (site.db.clone(), site.db.clone());
    let by_operator = operator();
    let first = tokio::spawn(async move { set_roles(&db, &by_operator, stan_id, &[]).await });
    until_waiting(&site.db, 1).await;
    let second = tokio::spawn(async move { set_roles(&other, &operator(), tess_id, &[]).await });
    until_waiting(&site.db, 2).await;
    drop((lock_stan, lock_tess));
    let results = [first.await.unwrap(), second.await.unwrap()];
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1, "{results:?}");
    let left: i64 = sqlx::query_scalar(r#"SELECT count(*) FROM "user" WHERE 'StaffAreaAdministrator' = ANY (roles)"#)
        .fetch_one(site.db.pool())
        .await
        .unwrap();
    assert_eq!(left, 1);
    drop((stan, tess));
}

#[sqlx::test]
async fn a_right_that_was_taken_meanwhile_gives_nothing(pool: PgPool) {
    let site = Site::start(pool).await;
    let (_, stan) = staff(&site, "stan").await;
    let (tess_id, tess) = staff(&site, "tess").await;
    let project = site.world.project("project").await;
    let ada = site.world.user("ada").await;
    let person = somebody(tess_id, "tess", &[Role::StaffAreaAdministrator, Role::TechSupport]);
    let in_project = members::Granter::Person(person.can(project).unwrap());
    set_roles(&site.db, &stan, tess_id, &[]).await.unwrap();
    // What was proven at the beginning of a request is not so any more.
    let refused = set_roles(&site.db, &tess, ada, &[Role::OutputChecker]).await;
    assert!(matches!(refused, Err(Error::NotAllowed(_))), "{refused:?}");
    let refused = members::add(&site.db, &in_project, project, &[ada], &[]).await;
    assert!(matches!(refused, Err(Error::NotAllowed(_))), "{refused:?}");
    let refused = set_backends(&site.db, &tess, ada, &[]).await;
    assert!(matches!(refused, Err(Error::NotAllowed(_))), "{refused:?}");
}

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
    let both = members::add(db, &granter, project, &[ada, stan_id], &[]).await;
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
    assert_eq!(clear_all(&site.db, &stan, ada).await.unwrap(), 3);
    assert_eq!(clear_all(&site.db, &stan, ada).await.unwrap(), 0);
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

#[sqlx::test]
async fn a_token_is_revoked_by_its_owner_or_the_staff_once(pool: PgPool) {
    let site = Site::start(pool.clone()).await;
    let (_, stan) = staff(&site, "stan").await;
    let ada = site.world.user("ada").await;
    let mallory = site.world.user("mallory").await;
    let olive = Operator::at_the_command_line("olive");
    let (one, two) = (
        tokens::create(&site.db, "ada", &olive).await.unwrap().id,
        tokens::create(&site.db, "ada", &olive).await.unwrap().id,
    );
    let (ada, mallory) = (somebody(ada, "ada", &[]), somebody(mallory, "mallory", &[]));
    let foreign = tokens::revoke(&site.db, Revoker::Owner(&mallory), one).await;
    assert!(matches!(foreign, Err(Error::NotFound("Token"))), "{foreign:?}");
    // Two at once, which wait for a third's lock: one does it.
    let mut lock = site.db.begin().await.unwrap();
    sqlx::query("SELECT 1 FROM personal_token FOR UPDATE")
        .execute(&mut *lock)
        .await
        .unwrap();
    let both: Vec<_> = (0..2)
        .map(|_| {
            let (db, ada) = (site.db.clone(), ada.clone());
            tokio::spawn(async move { tokens::revoke(&db, Revoker::Owner(&ada), one).await })
        })
        .collect();
    until_waiting(&site.db, 2).await;
    drop(lock);
    let mut results = Vec::new();
    for revoking in both {
        results.push(revoking.await.unwrap().is_ok());
    }
    results.sort_unstable();
    assert_eq!(results, [false, true]);
    tokens::revoke(&site.db, Revoker::Other(&stan), two).await.unwrap();
    let recorded: Vec<String> = sqlx::query_scalar(
        "SELECT concat_ws(' ', created_by, target_user, old) FROM auditable_event
          WHERE type = 'personal_token_revoked' ORDER BY id",
    )
    .fetch_all(&pool)
    .await
    .unwrap();
    assert_eq!(recorded, [format!("ada ada {one}"), format!("stan ada {two}")]);
    let listed = tokens::list(&mut *site.db.read().await.unwrap(), ada.id).await.unwrap();
    assert_eq!(listed.iter().map(|token| token.id).collect::<Vec<_>>(), [two, one]);
    assert_eq!(listed[0].revoked_by.as_deref(), Some("stan"));
    assert!(
        roles::remove(&site.db, &stan, "ada", "OutputChecker")
            .await
            .unwrap()
            .is_nothing()
    );
}
