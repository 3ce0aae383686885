//! What every page has around it, and the gallery of what pages are made of.

use std::path::Path;

use sqlx::PgPool;

use crate::support::Site;

/// The names of the partials in a folder of templates.
fn partials(folder: &str) -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("templates").join(folder);
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|item| item.unwrap().path())
        .filter(|path| std::fs::metadata(path).unwrap().len() > 0)
        .map(|path| {
            let file = path.file_name().unwrap().to_string_lossy().into_owned();
            file.trim_end_matches(".html.hbs").to_owned()
        })
        .collect();
    names.sort();
    names
}

#[sqlx::test]
async fn the_gallery_shows_every_component_and_icon(pool: PgPool) {
    let site = Site::start(pool).await;
    let html = site.anonymous().get("/ui-components/").await.expect(200).html();
    let components = partials("components");
    assert!(components.len() > 50);
    for name in components {
        assert_eq!(html.count(&format!("#c-{name}")), 1, "{name}");
        assert!(
            html.has(&format!(".specimen[aria-labelledby=c-{name}] .specimen-what")),
            "{name}"
        );
    }
    let shown = html.texts(".icon-list code");
    for name in partials("icons") {
        if name.starts_with("icon_") {
            assert!(shown.contains(&name), "{name}");
        }
    }
    let ids = html.attributes("[id]", "id");
    let mut unique = ids.clone();
    unique.sort();
    unique.dedup();
    assert_eq!(ids.len(), unique.len(), "ids that occur twice");
}

#[sqlx::test]
async fn an_example_is_made_by_the_code_that_it_shows(pool: PgPool) {
    let site = Site::start(pool).await;
    let html = site.anonymous().get("/ui-components/").await.expect(200).html();
    let specimen = ".specimen[aria-labelledby=c-button]";
    assert!(html.has(&format!("{specimen} .example-row > .btn.btn-danger-outline")));
    let code = html.texts(&format!("{specimen} pre"));
    assert!(
        code.iter()
            .any(|code| code.contains(r#"{{ui "button" text="Danger" variant="danger-outline"}}"#))
    );
    let attributes = html.texts(&format!("{specimen} .attributes dt"));
    assert!(attributes.starts_with(&["text".to_owned(), "type".to_owned(), "variant".to_owned()]));
    // The example of a form that came back.
    let form = ".specimen[aria-labelledby=c-errors]";
    assert!(html.has(&format!("{form} select")) && html.has(&format!("{form} [type=radio]")));
    assert_eq!(
        html.attribute(&format!("{form} [type=email]"), "aria-invalid")
            .as_deref(),
        Some("true")
    );
}

#[sqlx::test]
async fn icons_have_the_size_of_their_shapes(pool: PgPool) {
    let site = Site::start(pool).await;
    let html = site.anonymous().get("/ui-components/").await.expect(200).html();
    for (name, index) in html.texts(".icon-list code").iter().zip(1..) {
        let icon = format!(".icon-list li:nth-child({index}) svg");
        let attribute = |attribute| html.attribute(&icon, attribute).unwrap_or_default();
        let size = attribute("width");
        assert_eq!(attribute("height"), size, "{name}");
        assert_eq!(attribute("viewBox"), format!("0 0 {size} {size}"), "{name}");
        assert_eq!(attribute("class"), "icon", "{name}");
        if name.ends_with("_outline") {
            assert_eq!(
                (attribute("fill").as_str(), attribute("stroke").as_str()),
                ("none", "currentColor"),
                "{name}"
            );
        } else {
            assert_eq!(
                (attribute("fill").as_str(), attribute("stroke").as_str()),
                ("currentColor", ""),
                "{name}"
            );
        }
    }
}

#[sqlx::test]
async fn the_account_menu_says_who_and_how(pool: PgPool) {
    let site = Site::start(pool).await;
    site.world.user("ada").await;
    site.world.user("grace").await;
    site.world.github("grace").await;
    let ada = site.sign_in("ada").await.get("/").await.expect(200).html();
    assert_eq!(ada.text(".menu-who").as_deref(), Some("Signed in as ada"));
    assert!(!ada.has(".menu-via"));
    assert_eq!(ada.attribute(".menu-list form", "action").as_deref(), Some("/logout/"));
    assert!(ada.link("Settings").is_some() && ada.link("Staff area").is_none());
    let grace = site.sign_in("grace").await.get("/").await.expect(200).html();
    assert_eq!(grace.text(".menu-via").as_deref(), Some("via GitHub"));
    let nobody = site.anonymous().get("/event-log/?a=1&b=2").await.expect(200).html();
    assert_eq!(
        nobody.attribute("a.account", "href").as_deref(),
        Some("/login/?next=/event-log/%3Fa%3D1%26b%3D2")
    );
    assert_eq!(nobody.attribute("a.account", "rel").as_deref(), Some("nofollow"));
}

#[sqlx::test]
async fn a_step_of_the_way_says_what_it_is(pool: PgPool) {
    let site = Site::start(pool).await;
    site.world.usual().await;
    let html = site.anonymous().get("/project/ws/").await.expect(200).html();
    let crumbs = "nav[aria-label=Breadcrumb]";
    for (link, kind) in [("/project/", "Project"), ("/", "")] {
        let step = format!("{crumbs} a[href='{link}']");
        let described = html.attribute(&step, "aria-describedby");
        let said = described.and_then(|id| html.text(&format!("#{id}[role=tooltip]")));
        assert_eq!(said.unwrap_or_default(), kind, "{link}");
    }
    assert_eq!(html.count(&format!("{crumbs} [aria-current=page]")), 1);
    assert_eq!(
        html.text(&format!("{crumbs} li:last-child [role=tooltip]")).as_deref(),
        Some("Workspace")
    );
}

#[sqlx::test]
async fn pages_are_counted_only_where_that_is_configured(pool: PgPool) {
    let site = Site::start(pool.clone()).await;
    let answer = site.anonymous().get("/").await.expect(200);
    assert!(!answer.body.contains("plausible"));
    assert!(!answer.header("Content-Security-Policy").unwrap().contains("plausible"));

    let site = Site::start_with(pool, |settings| {
        settings.web.plausible_domain = Some("jobs.example.org".to_owned());
    })
    .await;
    let answer = site.anonymous().get("/").await.expect(200);
    let policy = answer.header("Content-Security-Policy").unwrap();
    assert!(
        policy.contains("script-src 'self' https://plausible.io 'nonce-"),
        "{policy}"
    );
    assert!(policy.contains("connect-src 'self' https://plausible.io;"), "{policy}");
    let html = answer.html();
    let script = "script[data-domain='jobs.example.org']";
    assert!(
        html.attribute(script, "src")
            .unwrap()
            .starts_with("https://plausible.io/js/")
    );
    for name in ["is_logged_in", "is_staff", "template"] {
        let told = html.attribute(script, &format!("event-{name}"));
        let meta = html.attribute(&format!("meta[name={name}]"), "content");
        assert!(told.is_some() && told == meta, "{name}");
    }
}

#[sqlx::test]
async fn in_development_scripts_may_come_from_their_server(pool: PgPool) {
    let site = Site::start_with(pool, |settings| settings.web.assets_dev_mode = true).await;
    let answer = site.anonymous().get("/").await.expect(200);
    let policy = answer.header("Content-Security-Policy").unwrap();
    for part in [
        "script-src 'self' http://localhost:5173 'nonce-",
        "style-src 'self' 'unsafe-inline' http://localhost:5173;",
        "font-src 'self' data: http://localhost:5173;",
        "connect-src 'self' http://localhost:5173 ws://localhost:5173;",
    ] {
        assert!(policy.contains(part), "{part}: {policy}");
    }
}

#[sqlx::test]
async fn addresses_that_browsers_and_crawlers_guess(pool: PgPool) {
    let site = Site::start(pool).await;
    for name in ["favicon.ico", "robots.txt"] {
        let to = site.anonymous().get(&format!("/{name}")).await.expect(302);
        assert_eq!(to.location(), format!("/static/{name}"));
        assert!(
            Path::new(env!("CARGO_MANIFEST_DIR"))
                .join("assets/public")
                .join(name)
                .is_file()
        );
    }
    let html = site.anonymous().get("/").await.expect(200).html();
    for link in html.attributes(
        "link[rel~=icon], link[rel=apple-touch-icon], link[rel=manifest]",
        "href",
    ) {
        let file = link.strip_prefix("/static/").unwrap_or_else(|| panic!("{link}"));
        assert!(
            Path::new(env!("CARGO_MANIFEST_DIR"))
                .join("assets/public")
                .join(file)
                .is_file(),
            "{link}"
        );
    }
    assert_eq!(
        html.attribute("meta[property='og:site_name']", "content"),
        html.text("title")
            .map(|title| title.rsplit(" | ").next().unwrap().to_owned())
    );
}
