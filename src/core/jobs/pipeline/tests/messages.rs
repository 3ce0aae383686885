//! What a researcher gets to read.

use super::*;

#[test]
fn several_problems_at_once_in_file_order() {
    let text = "\
version: 3
expectations:
  population_size: lots
actions:
  prepare:
    run: python prepare.py
    outputs:
      highly_sensitive:
        data: output\\data.csv
  model:
    run: r:v1 model.R
    needs: [prepare model]
    output: {}
";
    assert_eq!(
        refusal(text),
        "Invalid project: \n\
         line 3, column 20: key \"expectations.population_size\": expected a whole number such as 1000, found the text `lots`\n\
         line 6, column 10: action \"prepare\": key \"run\": expected the command to start with a name, a colon and a version, such as `python:v2`, found `python`\n\
         line 9, column 15: action \"prepare\": key \"outputs.highly_sensitive.data\": expected `/` between folders, found a backslash in `output\\data.csv`\n\
         line 10, column 3: action \"model\": key \"outputs\": expected a mapping from levels to outputs, found no such key\n\
         line 12, column 13: action \"model\": key \"needs\": found a space in `prepare model`; separate the names of actions by commas"
    );
}

#[test]
fn syntax_errors_say_where() {
    let error = Pipeline::parse("version: 3\nactions:\n  a: b: c\n").unwrap_err();
    assert_eq!(error.problems()[0].place, Some(Place { line: 3, column: 7 }));
    assert_eq!(
        error.to_string(),
        "project.yaml cannot be read: line 3, column 7: this is not valid YAML: mapping values are not allowed in this context"
    );
}

#[test]
fn a_tab_is_pointed_at() {
    let message = refusal("version: 3\nactions:\n\ta: b\n");
    assert!(
        message.contains("line 3, column 2: this is not valid YAML: tabs disallowed"),
        "{message}"
    );
}

#[test]
fn an_aliased_value_is_reported_where_it_is_written() {
    let text = "version: 3\nexpectations: {population_size: 1}\nactions:\n  a:\n    run: r:v1 a\n    outputs: &o\n      \
                highly_sensitive: {x: /a.csv}\n  b:\n    run: r:v1 b\n    outputs: *o\n";
    assert!(refusal(text).contains("line 7, column 29: action \"b\""));
}

#[test]
fn problems_are_bounded_and_counted() {
    let mut actions = String::new();
    for index in 0..200 {
        actions += &format!("  a{index}:\n");
    }
    let error = Pipeline::parse(&version_3(&actions)).unwrap_err();
    assert_eq!(error.problems().len(), MAX_PROBLEMS);
    assert!(matches!(error, PipelineError::Invalid { more: 150, .. }));
    assert!(error.to_string().ends_with("\nand 150 more"));
}

#[test]
fn quoted_pieces_are_short_and_harmless() {
    let long = "x".repeat(1000);
    let message = refusal(&version_3(&format!("  \"{long}\\e[31m\":\n")));
    assert!(message.len() < 500 && message.contains('…'), "{message}");
    let message = refusal(&version_3("  \"a\\u202Eb\\nc\\0\\e[31m🙂\":\n"));
    assert!(
        message.contains(r#"action "a\u{202e}b\nc\u{0}\u{1b}[31m🙂": expected"#),
        "{message}"
    );
}

#[test]
fn the_fewer_complaints_are_shown() {
    // The newer edition refuses two keys; the older wants the one missing section.
    let text = "version: 4\nactions: {}\nauthor: x\nlicence: y\n";
    let error = Pipeline::parse(text).unwrap_err();
    assert_eq!(error.problems().len(), 1);
    assert!(error.to_string().contains("key \"expectations\""));
}

#[test]
fn warnings_do_not_refuse() {
    let text = version_3("  run_all:\n    run: r:v1 a\n    outputs: {highly_sensitive: {x: a.csv}}\n");
    let warnings: Vec<String> = Pipeline::parse(&text)
        .unwrap()
        .warnings()
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(
        warnings,
        [
            "line 1, column 10: key \"version\": this is version 3; the latest is 5",
            "line 4, column 3: action \"run_all\": choosing this action runs all actions, not only this one; better give it another name",
        ]
    );
    assert!(
        Pipeline::parse("version: 5\nactions: {}\n")
            .unwrap()
            .warnings()
            .is_empty()
    );
}
