//! Text nobody means well with: an answer, never a panic, and no more work than the file is long.

use proptest::prelude::*;

use super::*;

#[test]
fn too_long() {
    let text = "#".repeat(MAX_BYTES + 1);
    assert_eq!(
        Pipeline::parse(&text),
        Err(PipelineError::TooLarge { bytes: MAX_BYTES + 1 })
    );
    assert!(refusal(&text[..MAX_BYTES]).contains("an empty file"));
}

#[test]
fn billion_laughs() {
    let mut text = "version: 3\na: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..12 {
        let previous = level - 1;
        text += &format!(
            "a{level}: &a{level} [{}]\n",
            vec![format!("*a{previous}"); 10].join(", ")
        );
    }
    assert!(
        refusal(&text).contains("counting each use of an alias"),
        "{}",
        refusal(&text)
    );
}

#[test]
fn a_huge_text_used_again_and_again() {
    for quoted in ["plain".to_owned(), "\"a\\tb".to_owned()] {
        let end = if quoted.starts_with('"') { "\"" } else { "" };
        let text = format!(
            "x: &x {quoted}{}{end}\ny: [{}]\n",
            "z".repeat(500_000),
            vec!["*x"; 5000].join(", ")
        );
        assert!(
            refusal(&text).contains("bytes of text, counting each use"),
            "{}",
            refusal(&text)
        );
    }
}

#[test]
fn a_huge_text_once_is_an_ordinary_mistake() {
    let text = one_action(&format!("python:v2 {}", "x".repeat(900_000)), "{}");
    assert!(refusal(&text).len() < 1000);
}

#[test]
fn nesting() {
    for (open, close) in [("[", "]"), ("{a: ", "}"), ("- ", ""), ("? ", ""), ("[[{a: ", "}]]")] {
        for depth in [MAX_DEPTH + 1, 1000, 50_000] {
            let text = format!("{}x{}", open.repeat(depth), close.repeat(depth));
            let error = Pipeline::parse(&text).unwrap_err();
            assert!(matches!(error, PipelineError::Yaml(_)), "{open} {depth}: {error}");
        }
    }
    let config = format!("    config: {{a: {}x{}}}\n", "[".repeat(20), "]".repeat(20));
    let text = one_action("r:v1 a", "{highly_sensitive: {x: a.csv}}") + &config;
    assert!(Pipeline::parse(&text).is_ok());
}

#[test]
fn too_many_values() {
    let text = format!("[{}]", "1,".repeat(MAX_NODES));
    assert!(refusal(&text).contains(&format!("more than {MAX_NODES} values")));
    let text = format!("{}\n", "&a x: *a\n".repeat(20_000));
    assert!(matches!(Pipeline::parse(&text), Err(PipelineError::Yaml(_))));
    let merges = format!("x: &x {{a: 1}}\ny:\n{}", "  <<: *x\n".repeat(20_000));
    assert!(matches!(Pipeline::parse(&merges), Err(PipelineError::Yaml(_))));
}

#[test]
fn odd_bytes() {
    let plain = one_action("r:v1 a", "{highly_sensitive: {x: a.csv}}");
    for odd in [
        "\0",
        "\u{1}",
        "\u{7f}",
        "\u{feff}",
        "\t",
        "\u{2028}",
        "\u{202e}",
        "\u{85}",
        "\r",
        "🙂",
        "\u{10ffff}",
        "'",
        "\"",
        "%",
        "@",
        "`",
    ] {
        for place in [
            0,
            11,
            plain.find("run").unwrap(),
            plain.find("r:v1").unwrap(),
            plain.len(),
        ] {
            let mut text = plain.clone();
            text.insert_str(place, odd);
            if let Err(error) = Pipeline::parse(&text) {
                let message = error.to_string();
                assert!(
                    !message.contains(['\0', '\u{1}', '\u{202e}', '\u{feff}', '\r']),
                    "{message:?}"
                );
            }
        }
    }
}

#[test]
fn aliases_without_end() {
    for text in ["a: &a [*a]", "&a {x: *a}", "a: &a {<<: *a}", "*a", "a: *b"] {
        assert!(matches!(Pipeline::parse(text), Err(PipelineError::Yaml(_))), "{text}");
    }
}

#[test]
fn a_thousand_actions_in_a_chain() {
    let mut actions = String::new();
    for index in 0..5000 {
        let needs = if index == 0 {
            String::new()
        } else {
            format!("a{}", index - 1)
        };
        actions += &format!(
            "  a{index}:\n    run: r:v1 {index}\n    needs: [{needs}]\n    outputs: {{highly_sensitive: {{x: o/{index}.csv}}}}\n"
        );
    }
    let pipeline = Pipeline::parse(&version_3(&actions)).unwrap();
    assert_eq!(pipeline.with_dependencies(&["a4999"]).len(), 5000);
    let circle = actions.replacen("needs: []", "needs: [a4999]", 1);
    let message = refusal(&version_3(&circle));
    assert!(
        message.contains("circle") && message.contains("4980 more") && message.len() < 1000,
        "{message}"
    );
}

/// YAML with the format's own keys and odd values in all places.
fn odd_value() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        "[a-c]{1,2}",
        "(python|ehrql|cohortextractor|sqlrunner):(v[0-9.]{1,3}|latest) (generate-dataset|generate_cohort|x)( --output o/a.csv)?",
        "(o/)?[a-c*.\\[]{1,4}\\.(csv|pdf|\\*)",
        Just("~".to_owned()),
        Just("''".to_owned()),
        any::<i64>().prop_map(|number| number.to_string()),
        any::<f64>().prop_map(|number| number.to_string()),
        any::<bool>().prop_map(|value| value.to_string()),
        any::<String>().prop_map(|text| format!("{text:?}")),
    ];
    let key = prop_oneof![
        prop::sample::select(vec![
            "version",
            "expectations",
            "population_size",
            "actions",
            "run",
            "needs",
            "outputs",
            "config",
            "dummy_data_file",
            "highly_sensitive",
            "moderately_sensitive",
            "minimally_sensitive",
            "a",
            "b",
            "run_all",
            "<<",
            "1",
            "~",
            "true",
        ])
        .prop_map(str::to_owned),
        any::<char>().prop_map(|character| format!("{:?}", character.to_string())),
    ];
    leaf.prop_recursive(6, 60, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(|items| format!("[{}]", items.join(", "))),
            prop::collection::vec((key.clone(), inner), 0..6).prop_map(|entries| {
                let entries: Vec<String> = entries
                    .into_iter()
                    .map(|(key, value)| format!("{key}: {value}"))
                    .collect();
                format!("{{{}}}", entries.join(", "))
            }),
        ]
    })
}

/// An answer that can be shown.
fn answer(text: &str) -> Result<(), TestCaseError> {
    match Pipeline::parse(text) {
        Ok(pipeline) => {
            prop_assert!(pipeline.editions().older || pipeline.editions().newer);
            prop_assert_eq!(pipeline.with_dependencies(&[RUN_ALL]).len(), pipeline.actions().len());
            prop_assert!(pipeline.listing().iter().all(|entry| pipeline.offers(entry.name)));
            let _ = Policy::default()
                .check(&pipeline)
                .map_err(|refusal| refusal.to_string());
        }
        Err(error) => {
            prop_assert!(!error.problems().is_empty());
            prop_assert!(error.problems().len() <= MAX_PROBLEMS);
            for problem in error.problems() {
                let shown = problem.to_string();
                prop_assert!(!shown.chars().any(char::is_control), "{:?}", shown);
                prop_assert!(shown.chars().count() < 2000, "{:?}", shown);
            }
        }
    }
    Ok(())
}

proptest! {
    #[test]
    fn any_text(text in any::<String>()) {
        answer(&text)?;
    }

    #[test]
    fn yaml_looking_text(text in "[ \n\t:\\-\\[\\]{}'\"#&*!|>%@?,~<a-c0-9\u{feff}\u{202e}]{0,200}") {
        answer(&text)?;
    }

    #[test]
    fn odd_structures(value in odd_value()) {
        answer(&value)?;
    }

    #[test]
    fn odd_actions(value in odd_value(), other in odd_value(), version in 0..7) {
        answer(&format!("version: {version}\nactions:\n  a: {value}\n  b: {other}\n"))?;
        answer(&format!(
            "version: {version}\nexpectations: {{population_size: 1}}\nactions:\n  a:\n    run: {value}\n    outputs: {other}\n"
        ))?;
    }

    /// One character of a good file changed, removed or doubled.
    #[test]
    fn small_accidents(place in 0usize..400, with in any::<Option<char>>(), keep in any::<bool>()) {
        let good = version_3(
            "  a: &a\n    run: python:v2 'x y'\n    outputs:\n      highly_sensitive: {x: \"o/a.csv\"}\n  \
             b:\n    <<: *a\n    run: r:v1 b\n    needs: [a]\n    outputs: {moderately_sensitive: {y: o/b.csv}}\n",
        );
        let mut characters: Vec<char> = good.chars().collect();
        let place = place % characters.len();
        if !keep {
            characters.remove(place);
        }
        if let Some(with) = with {
            characters.insert(place, with);
        }
        answer(&characters.into_iter().collect::<String>())?;
    }

    /// Actions come out in the order they went in, whatever their names.
    #[test]
    fn file_order(names in prop::collection::hash_set("[a-z]{1,6}", 1..20)) {
        let mut actions = String::new();
        for name in &names {
            actions += &format!("  \"{name}\":\n    run: r:v1 {name}\n    outputs: {{highly_sensitive: {{x: o/{name}.csv}}}}\n");
        }
        let pipeline = Pipeline::parse(&version_3(&actions)).unwrap();
        let read: Vec<&str> = pipeline.actions().iter().map(|action| action.name.as_str()).collect();
        prop_assert_eq!(read, names.iter().map(String::as_str).collect::<Vec<_>>());
    }
}
