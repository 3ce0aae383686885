//! The rules of the project as a whole, accepted and refused, and by which edition.

use super::*;

#[test]
fn the_whole_file() {
    for (text, who) in [
        ("", Neither("found an empty file")),
        ("# only a comment\n", Neither("found an empty file")),
        ("---\n", Neither("found an empty file")),
        ("hello", Neither("found the text `hello`")),
        ("- a\n- b\n", Neither("found a list")),
        ("42", Neither("found the number 42")),
        ("version: 5\nactions: {}\n", Newer),
        ("version: 1\nactions: {}\n", Both),
        (
            "version: 5\n",
            Neither("key \"actions\": expected a mapping with the actions by name, found no such key"),
        ),
        (
            "version: 5\nactions:\n",
            Neither("key \"actions\": expected a mapping with the actions by name, found nothing"),
        ),
        ("version: 5\nactions: [a]\n", Neither("found a list")),
        ("actions: {}\n", Neither("key \"version\": expected the version")),
    ] {
        check(text, &who);
    }
}

#[test]
fn version_spellings() {
    for (version, who) in [
        ("3", Both),
        ("3.0", Both),
        ("\"3\"", Both),
        ("\"3.0\"", Both),
        ("' 3 '", Both),
        ("0x3", Both),
        ("3.5", Both),
        ("1", Both),
        ("0", Both),
        ("-1", Both),
        ("4", Older),
        ("5", Older),
        ("5.5", Older),
        ("6", Older),
        ("99999999999999999999999", Older),
        ("", Neither("expected a number such as `\"4.0\"`, found nothing")),
        ("three", Neither("found the text `three`")),
        ("yes", Neither("found the text `yes`")),
        ("true", Neither("found the true/false value true")),
        ("[3]", Neither("found a list")),
        ("{a: 3}", Neither("found a mapping")),
        (".nan", Neither("found the number .nan")),
        (".inf", Neither("found the number .inf")),
        ("'inf'", Neither("found the text `inf`")),
        ("1e999", Neither("found the number 1e999")),
        ("''", Neither("found an empty text")),
    ] {
        check(
            &format!("version: {version}\nexpectations: {{population_size: 10}}\nactions: {{}}\n"),
            &who,
        );
    }
}

#[test]
fn expectations_by_version() {
    let none = "";
    let size = "expectations: {population_size: 1000}\n";
    for (version, section, who) in [
        ("1", none, Both),
        ("2", none, Both),
        ("2.9", "expectations: 7\n", Both),
        ("2", size, Both),
        ("3", size, Both),
        ("3", none, Neither("key \"expectations\": expected a mapping")),
        ("3.9", none, Neither("key \"expectations\": expected a mapping")),
        ("4", none, Newer),
        ("4", size, Older),
        ("5", none, Newer),
        ("5", size, Older),
        ("6", none, Neither("expected a version up to 5")),
        ("3", "expectations:\n", Neither("found nothing")),
        ("3", "expectations: []\n", Neither("found a list")),
        (
            "3",
            "expectations: {}\n",
            Neither("key \"expectations.population_size\": expected a whole number"),
        ),
        (
            "4",
            "expectations: {}\n",
            Neither("from version 4 there is no such section; remove it"),
        ),
        ("3", "expectations: {population_size: 10, x: 1}\n", Older),
    ] {
        check(&format!("version: {version}\n{section}actions: {{}}\n"), &who);
    }
    for (size, who) in [
        ("1000", Both),
        ("\"1000\"", Both),
        ("1_000", Both),
        ("\"+1_000 \"", Both),
        ("1000.0", Both),
        ("0", Both),
        ("-5", Both),
        (
            "many",
            Neither("expected a whole number such as 1000, found the text `many`"),
        ),
        ("\"10.0\"", Neither("found the text `10.0`")),
        ("\"1__0\"", Neither("found the text `1__0`")),
        ("", Neither("found nothing")),
        ("true", Neither("found the true/false value true")),
        (".inf", Neither("found the number .inf")),
        ("[1]", Neither("found a list")),
    ] {
        check(
            &format!("version: 3\nexpectations:\n  population_size: {size}\nactions: {{}}\n"),
            &who,
        );
    }
}

#[test]
fn unknown_keys_are_ignored_by_the_older_edition_only() {
    check(&format!("{}notes: x\n", one_action(RUN, OUTPUTS)), &Older);
    check(&format!("{}1: x\n", one_action(RUN, OUTPUTS)), &Older);
    check(&format!("{}    notes: x\n", one_action(RUN, OUTPUTS)), &Older);
    check(
        &one_action(RUN, "{highly_sensitive: {x: out/a.csv}, secret: {y: out/b.csv}}"),
        &Older,
    );
    check(
        "version: 5\nactions: {}\nnotes: x\n",
        &Neither("expected one of the keys version, expectations, actions, found `notes`"),
    );
}

#[test]
fn rules_that_come_with_a_version() {
    let action = |run: &str| format!("actions:\n  a:\n    run: {run}\n    outputs: {OUTPUTS}\n");
    let expectations = "expectations: {population_size: 10}\n";
    // The older edition never minds; the newer does from a version on.
    for (version, run, who) in [
        ("4", "python:latest a", Newer),
        (
            "5",
            "python:latest a",
            Neither("from version 5 `latest` is not allowed"),
        ),
        ("3", "cohortextractor:latest generate_measures", Both),
        (
            "4",
            "cohortextractor:v1 generate_measures",
            Neither("from version 4 cohortextractor is not supported"),
        ),
    ] {
        let section = if version == "3" { expectations } else { "" };
        check(&format!("version: {version}\n{section}{}", action(run)), &who);
        check(
            &format!("version: {version}\n{expectations}{}", action(run)),
            &if version == "3" { Both } else { Older },
        );
    }
    let run_all = format!("actions:\n  run_all:\n    run: {RUN}\n    outputs: {OUTPUTS}\n");
    check(&format!("version: 4\n{run_all}"), &Newer);
    check(
        &format!("version: 5\n{run_all}"),
        &Neither("from version 5 no action may have this name"),
    );
    check(&format!("version: 5\n{expectations}{run_all}"), &Older);
}

#[test]
fn a_file_neither_edition_accepts_whole_is_refused() {
    // Unknown keys need the older edition, an empty level the newer.
    let mixed = format!("{}notes: x\n", one_action(RUN, "{highly_sensitive: {}}"));
    check(
        &mixed,
        &Neither("expected one of the keys version, expectations, actions, found `notes`"),
    );
}

#[test]
fn yaml_features() {
    let plain = one_action(RUN, OUTPUTS);
    for text in [
        format!("---\n{plain}"),
        format!("{plain}...\n"),
        format!("\u{feff}{plain}"),
        plain.replace('\n', "\r\n"),
        plain.replace(RUN, ">\n      python:v2\n      python a.py"),
        plain.replace(RUN, "|\n      python:v2 python \\\n        a.py"),
        format!("{plain}# 🙂 \u{202e} comment\n"),
    ] {
        check(&text, &Both);
    }
    let shared = version_3(
        "  a: &a\n    run: r:v1 a\n    outputs: {highly_sensitive: {x: a.csv}}\n  \
         b:\n    <<: *a\n    run: r:v1 b\n    outputs: {highly_sensitive: {x: b.csv}}\n",
    );
    check(&shared, &Both);
    for (text, part) in [
        (
            format!("{plain}---\nversion: 3\n"),
            "expected one YAML document, found a second one",
        ),
        (format!("{plain}version: 3\n"), "the key `version` is used twice"),
        (
            format!("{plain}  a:\n    run: r:v1 a\n"),
            "line 7, column 3: the key `a` is used twice",
        ),
        (format!("{plain}    run: r:v1 a\n"), "the key `run` is used twice"),
        (
            one_action(RUN, "{highly_sensitive: {x: a.csv, \"x\": b.csv}}"),
            "the key `x` is used twice",
        ),
        (
            format!("{plain}    config: {{deep: [{{a: 1, a: 2}}]}}\n"),
            "the key `a` is used twice",
        ),
    ] {
        check(&text, &Neither(part));
    }
}
