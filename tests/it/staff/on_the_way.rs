//! Forms that are needed on the way through another one.

use sqlx::PgPool;

use super::with_stan;

#[sqlx::test]
async fn what_was_typed_of_a_project_survives_the_way_to_an_organisation_and_back(pool: PgPool) {
    let (site, stan) = with_stan(pool).await;
    let stan_id = site
        .world
        .number("SELECT id::bigint FROM \"user\" WHERE username = 'stan'")
        .await
        .to_string();
    for (path, fields, org) in [
        (
            "/staff/projects/create/",
            vec![("name", "Tea & co"), ("number", "77"), ("copilot", &*stan_id)],
            "New",
        ),
        (
            "/staff/projects/add/?next=/staff/users/add/&name=Rea",
            vec![
                ("name", "Tea & co"),
                ("number", "77"),
                ("copilot", &*stan_id),
                ("application_url", "https://example.org/a"),
            ],
            "Newer",
        ),
    ] {
        let mut pressed = fields.clone();
        pressed.push(("new_org", "1"));
        let there = stan.post(path, &pressed).await.expect(302).location().to_owned();
        assert!(there.starts_with("/staff/orgs/add/?next="), "{there}");
        let given_up = stan.get(&there).await.expect(200).html().link("Back").unwrap();
        let made = stan
            .post(&there, &[("name", org)])
            .await
            .expect(302)
            .location()
            .to_owned();
        // And a second time, as another organisation is wanted.
        let again = stan.post(&made, &pressed).await.expect(302).location().to_owned();
        let again = stan.get(&again).await.expect(200).html().link("Back").unwrap();
        for back in [&given_up, &made, &again] {
            let html = stan.get(back).await.expect(200).html();
            assert_eq!(
                html.attribute("#id_name", "value").as_deref(),
                Some("Tea & co"),
                "{back}"
            );
            assert_eq!(html.attribute("#id_number", "value").as_deref(), Some("77"), "{back}");
            let copilots = html.attributes("#id_copilot option[selected], input[name=copilot][checked]", "value");
            assert_eq!(copilots, [stan_id.as_str()], "{back}");
        }
        let html = stan.get(&made).await.expect(200).html();
        let chosen = html.attributes("#id_orgs option[selected], input[name=orgs][checked]", "value");
        assert_eq!(chosen.len(), 1, "the new one is chosen");
        // Where the form itself leads back to is not lost.
        if path.contains("users") {
            let back = html.link("Back").unwrap();
            assert!(back.starts_with("/staff/users/add/?name=Rea"), "{back}");
        }
    }
}
