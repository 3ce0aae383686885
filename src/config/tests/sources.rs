//! Where values come from, and the names that are not ours.

use super::*;

#[test]
fn the_environment_wins_over_dotenv_and_an_empty_value_hides_it() {
    let dotenv = |name: &str, value: &str| Ok((name.to_owned(), value.to_owned()));
    let inputs = Inputs {
        dotenv: Some(Ok(vec![
            dotenv("SITE_NAME", "from the file"),
            dotenv("PORT", "1000"),
            dotenv("PORT", "1001"),
            dotenv("SLACK_BOT_TOKEN", "xoxb"),
        ])),
        ..Inputs::of_pairs([("SITE_NAME", "from outside"), ("SLACK_BOT_TOKEN", "")])
    };
    let loaded = load_from(&inputs).unwrap();
    assert_eq!(loaded.settings.web.site_name, "from outside");
    assert_eq!(loaded.settings.web.port, 1001);
    assert!(loaded.settings.slack.token.is_none());
    assert_eq!(reading(&loaded, "SITE_NAME").source, Source::Environment);
    assert_eq!(reading(&loaded, "PORT").source, Source::DotEnv);
    assert_eq!(reading(&loaded, "BASE_URL").source, Source::Default);
    assert_eq!(reading(&loaded, "PLAUSIBLE_DOMAIN").shown, None);
}

#[test]
fn the_profile_is_what_rocket_profile_says_or_else_the_build_and_debug() {
    let profile = |release_build, pairs: &[(&str, &str)]| {
        let inputs = Inputs {
            release_build,
            ..Inputs::of_pairs(pairs.iter().copied())
        };
        match load_from(&inputs) {
            Ok(loaded) => loaded.settings.profile,
            Err(error) => error.profile,
        }
    };
    assert_eq!(profile(false, &[]), Profile::Development);
    assert_eq!(profile(true, &[]), Profile::Production);
    assert_eq!(profile(true, &[("DEBUG", "1")]), Profile::Development);
    assert_eq!(profile(true, &[("DEBUG", "0")]), Profile::Production);
    assert_eq!(profile(true, &[("ROCKET_PROFILE", "debug")]), Profile::Development);
    assert_eq!(profile(false, &[("ROCKET_PROFILE", "Release")]), Profile::Production);
    let error = development(&[("ROCKET_PROFILE", "staging")]).unwrap_err();
    assert!(names(&error).contains(&"ROCKET_PROFILE"));
}

#[test]
fn misspelt_names_are_warned_about() {
    let warned = |name| development(&[(name, "x")]).unwrap().warnings;
    for (name, meant) in [
        ("RELEASE_SLACK_CHANNEL", "RELEASES_SLACK_CHANNEL"),
        ("SOCIAL_AUTH_GITHUB_ID", "SOCIAL_AUTH_GITHUB_KEY"),
        ("JOBSERVER_GITHUB_TOKENS", "JOBSERVER_GITHUB_TOKEN"),
        ("ADMIN_USER", "ADMIN_USERS"),
        ("BASE_URI", "BASE_URL"),
        ("TRUSTED_PROXY", "TRUSTED_PROXIES"),
    ] {
        assert!(
            warned(name)[0].ends_with(&format!("Did you mean {meant}?")),
            "{:?}",
            warned(name)
        );
    }
    for foreign in [
        "OTEL_TRACES_SAMPLER",
        "PATH",
        "HOSTNAME",
        "ROCKET_WORKERS",
        "RELEASE_HATCH_URL",
    ] {
        assert!(warned(foreign).is_empty(), "{:?}", warned(foreign));
    }
    let dotenv = Inputs {
        dotenv: Some(Ok(vec![Ok(("RAP_API_TOKN".into(), "secret-x".into()))])),
        ..Inputs::default()
    };
    let warnings = load_from(&dotenv).unwrap().warnings;
    assert!(warnings[0].contains("RAP_API_TOKEN") && !warnings[0].contains("secret-x"));
}

#[test]
fn an_unreadable_dotenv_stops_the_start() {
    let inputs = Inputs {
        dotenv: Some(Err("permission denied".into())),
        ..Inputs::default()
    };
    let error = load_from(&inputs).unwrap_err();
    assert_eq!(names(&error), [".env"]);
}

#[cfg(feature = "web")]
#[test]
fn a_bad_line_of_dotenv_is_named_without_its_value() {
    let lines = read_dotenv("# comment\nPORT=1\nSECRET_KEY=hunter2 with spaces\nexport DEBUG=\"1\"\n");
    let inputs = Inputs {
        dotenv: Some(Ok(lines)),
        ..Inputs::default()
    };
    let error = load_from(&inputs).unwrap_err();
    let text = error.to_string();
    assert!(
        text.contains("line 3 (SECRET_KEY)") && !text.contains("hunter2"),
        "{text}"
    );
    assert_eq!(names(&error), [".env"]);
}

#[cfg(unix)]
#[test]
fn a_value_that_is_not_text_is_reported_when_it_is_ours() {
    use std::os::unix::ffi::OsStringExt as _;
    let bytes = || std::ffi::OsString::from_vec(vec![0xff, 0xfe]);
    let environment = vec![("SITE_NAME".into(), bytes()), ("LS_COLORS".into(), bytes())];
    let error = load_from(&Inputs {
        environment,
        ..Inputs::default()
    })
    .unwrap_err();
    assert_eq!(names(&error), ["SITE_NAME"]);
}
