//! The rules of an action's own keys, accepted and refused, and by which edition.

use super::*;

#[test]
fn actions_are_mappings_with_names_that_are_text() {
    for (actions, who) in [
        (
            "  a:\n",
            Neither("action \"a\": expected a mapping with the keys `run` and `outputs`, found nothing"),
        ),
        ("  a: run\n", Neither("found the text `run`")),
        ("  a: [run]\n", Neither("found a list")),
        (
            "  1: {}\n",
            Neither("expected the name of an action as text, found the number 1; put a name that is a number"),
        ),
        ("  1.0: {}\n", Neither("found the number 1.0")),
        ("  true: {}\n", Neither("found the true/false value true")),
        ("  ~: {}\n", Neither("found nothing")),
        ("  '': {}\n", Neither("found an empty text")),
        ("  [a]: {}\n", Neither("found a list")),
        ("  {a: b}: {}\n", Neither("found a mapping")),
    ] {
        check(&version_3(actions), &who);
    }
    for name in ["a", "yes", "'1'", "a b", "é", "2020-01-01", "run_all", "🙂"] {
        check(
            &version_3(&format!("  {name}:\n    run: {RUN}\n    outputs: {OUTPUTS}\n")),
            &Both,
        );
    }
}

#[test]
fn run_is_a_command() {
    for (run, who) in [
        (RUN, Both),
        ("python:v2", Both),
        ("' python:v2 a'", Both),
        ("python:v2.1-pre a", Both),
        ("python:dev a", Both),
        ("python:latest a", Both),
        ("ü:v1 a", Both),
        ("python:1.0 a", Older),
        ("python:v a", Older),
        ("python:v1-post a", Older),
        ("python:v1:b a", Older),
        ("python:-pre a", Older),
        ("\"\"", Neither("found an empty text")),
        ("'  '", Neither("found an empty text")),
        (
            "",
            Neither("key \"run\": expected a command such as `python:v2 python analysis/model.py`, found nothing"),
        ),
        ("12", Neither("found the number 12")),
        ("true", Neither("found the true/false value true")),
        ("[python:v2]", Neither("found a list")),
        ("{a: b}", Neither("found a mapping")),
        ("python a.py", Neither("such as `python:v2`, found `python`")),
        ("'python: a.py'", Neither("found `python:`")),
        ("':v2 a.py'", Neither("found `:v2`")),
        ("python:v2 'a.py", Neither("a quotation mark (') is not closed")),
        ("python:v2 a.py\\", Neither("ends with a backslash")),
        ("!custom python:v2 a.py", Neither("unsupported tag")),
    ] {
        check(&one_action(run, OUTPUTS), &who);
    }
    check(
        &version_3("  a:\n    outputs: {highly_sensitive: {x: o.csv}}\n"),
        &Neither("action \"a\": key \"run\": expected a command"),
    );
}

#[test]
fn no_two_actions_run_the_same() {
    let two = |first: &str, second: &str| {
        version_3(&format!(
            "  a:\n    run: {first}\n    outputs: {{highly_sensitive: {{x: o/a.csv}}}}\n  \
             b:\n    run: {second}\n    outputs: {{highly_sensitive: {{x: o/b.csv}}}}\n"
        ))
    };
    check(&two("r:v1 a", "r:v1 b"), &Both);
    check(&two("r:v1 a", "r:v1  a"), &Both);
    check(
        &two("r:v1 a", "'r:v1 a'"),
        &Neither("action \"b\": key \"run\": the action `a` has the same command"),
    );
}

#[test]
fn needs_are_names_of_actions() {
    for (needs, who) in [
        ("[]", Both),
        ("", Both),
        ("[b]", Both),
        ("[b, b]", Both),
        ("\n    - b", Both),
        (
            "b",
            Neither(
                "action \"a\": key \"needs\": expected a list of action names such as `[prepare, model]`, found the text `b`",
            ),
        ),
        ("{b: 1}", Neither("found a mapping")),
        (
            "[\"b c\"]",
            Neither("found a space in `b c`; separate the names of actions by commas"),
        ),
        ("[c]", Neither("expected the name of an action in this file, found `c`")),
        ("[run_all]", Neither("found `run_all`")),
        ("['']", Neither("expected the name of an action in this file")),
        (
            "[1]",
            Neither("expected the name of an action as text, found the number 1"),
        ),
        ("[~]", Neither("found nothing")),
        ("[[b]]", Neither("found a list")),
        ("[a]", Neither("in a circle, so none of them could start: a → a")),
    ] {
        let text = format!(
            "{}    needs: {needs}\n  b:\n    run: r:v1 b\n    outputs: {{highly_sensitive: {{x: o/b.csv}}}}\n",
            one_action(RUN, OUTPUTS)
        );
        check(&text, &who);
    }
}

#[test]
fn a_circle_of_needs_is_named() {
    let mut actions = String::new();
    for (name, needs) in [("a", ""), ("b", "d, a"), ("c", "b"), ("d", "c")] {
        actions += &format!(
            "  {name}:\n    run: r:v1 {name}\n    needs: [{needs}]\n    outputs: {{highly_sensitive: {{x: o/{name}.csv}}}}\n"
        );
    }
    check(
        &version_3(&actions),
        &Neither(
            "action \"b\": key \"needs\": actions need each other in a circle, so none of them could start: b → d → c → b",
        ),
    );
}

#[test]
fn config_and_dummy_data_file() {
    for (key, who) in [
        ("config: {}", Both),
        ("config: {a: {b: [1, true]}}", Both),
        ("config:", Both),
        (
            "config: x",
            Neither("action \"a\": key \"config\": expected a mapping, found the text `x`"),
        ),
        ("config: [x]", Neither("found a list")),
        ("dummy_data_file: dummy.csv", Both),
        ("dummy_data_file:", Both),
        ("dummy_data_file: 1", Older),
        ("dummy_data_file: [x]", Older),
    ] {
        check(&format!("{}    {key}\n", one_action(RUN, OUTPUTS)), &who);
    }
}
