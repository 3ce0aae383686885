//! The rules of outputs, accepted and refused, and by which edition.

use super::*;

#[test]
fn outputs_have_levels_names_and_paths() {
    for (outputs, who) in [
        (OUTPUTS, Both),
        (
            "{highly_sensitive: {x: a.csv}, moderately_sensitive: {x: b.csv}, minimally_sensitive: {x: c.csv}}",
            Both,
        ),
        ("{highly_sensitive: {x: a.csv}, moderately_sensitive: }", Both),
        ("{highly_sensitive: {x: a.csv}, moderately_sensitive: {}}", Both),
        ("{highly_sensitive: {1: a.csv}}", Both),
        ("{highly_sensitive: {}}", Newer),
        (
            "{}",
            Neither(
                "action \"a\": key \"outputs\": expected at least one output of highly_sensitive, moderately_sensitive, minimally_sensitive, found none",
            ),
        ),
        ("{highly_sensitive: }", Neither("expected at least one output")),
        ("{secret: {x: a.csv}}", Neither("expected at least one output")),
        ("", Neither("expected a mapping from levels to outputs, found nothing")),
        ("[]", Neither("found a list")),
        ("x", Neither("found the text `x`")),
        (
            "{highly_sensitive: [a.csv]}",
            Neither("key \"outputs.highly_sensitive\": expected a mapping from names to paths, found a list"),
        ),
        ("{highly_sensitive: a.csv}", Neither("found the text `a.csv`")),
        (
            "{highly_sensitive: {x: 1}}",
            Neither(
                "key \"outputs.highly_sensitive.x\": expected a path such as `output/model.csv`, found the number 1",
            ),
        ),
        ("{highly_sensitive: {x: }}", Neither("found nothing")),
        ("{highly_sensitive: {x: [a.csv]}}", Neither("found a list")),
        (
            "{highly_sensitive: {x: /a.csv}}",
            Neither("found the absolute path `/a.csv`"),
        ),
        (
            "{highly_sensitive: {1: a.csv, '1': b.csv}}",
            Neither("this name is used twice within the level"),
        ),
    ] {
        check(&one_action(RUN, outputs), &who);
    }
    check(
        &version_3("  a:\n    run: r:v1 a\n"),
        &Neither("key \"outputs\": expected a mapping from levels to outputs, found no such key"),
    );
}

#[test]
fn moderately_sensitive_file_types() {
    let check_type = |level: &str, kind: &str, who: &Who| {
        check(&one_action(RUN, &format!("{{{level}: {{x: out/a.{kind}}}}}")), who);
    };
    for kind in [
        "csv", "jpg", "jpeg", "png", "svg", "svgz", "html", "txt", "log", "json", "md",
    ] {
        check_type("moderately_sensitive", kind, &Both);
    }
    check_type("moderately_sensitive", "pdf", &Older);
    for kind in ["CSV", "csv.gz", "feather", "rds", "htm"] {
        check_type(
            "moderately_sensitive",
            kind,
            &Neither("must be of a type that can be checked"),
        );
        check_type("highly_sensitive", kind, &Both);
        check_type("minimally_sensitive", kind, &Both);
    }
}

#[test]
fn output_paths_are_unique_from_version_2() {
    let two = |version: &str, second: &str| {
        format!(
            "version: {version}\nexpectations: {{population_size: 10}}\nactions:\n  a:\n    run: r:v1 a\n    \
             outputs: {{highly_sensitive: {{x: o.csv}}}}\n  b:\n    run: r:v1 b\n    \
             outputs: {{moderately_sensitive: {{x: {second}}}}}\n"
        )
    };
    check(&two("3", "p.csv"), &Both);
    check(&two("1", "o.csv"), &Both);
    check(&two("1.9", "o.csv"), &Both);
    for version in ["2", "3", "4"] {
        check(
            &two(version, "o.csv"),
            &Neither("the path `o.csv` is already an output of the action `a`"),
        );
    }
    let same_action = one_action(RUN, "{highly_sensitive: {x: o.csv, y: o.csv}}");
    check(
        &same_action,
        &Neither("the path `o.csv` is already an output of the action `a`"),
    );
}

#[test]
fn cohort_extraction() {
    let plain = "cohortextractor:latest generate_cohort";
    for (run, outputs, who) in [
        (plain, "{highly_sensitive: {x: o/a.csv, y: o/b.csv}}", Both),
        (plain, "{moderately_sensitive: {x: o/a.csv}}", Both),
        (plain, "{highly_sensitive: {x: o/a.csv}, moderately_sensitive: }", Both),
        (
            plain,
            "{highly_sensitive: {x: o/a.csv}, moderately_sensitive: {y: o/b.csv}}",
            Neither(
                "generate_cohort must have outputs of one level only, found highly_sensitive, moderately_sensitive",
            ),
        ),
        (
            plain,
            "{highly_sensitive: {x: o/a.csv}, moderately_sensitive: {}}",
            Neither("one level only"),
        ),
        (
            plain,
            "{highly_sensitive: {x: o/a.csv, y: p/b.csv}}",
            Neither("generate_cohort writes to one folder, found 2 (`o/`, `p/`)"),
        ),
        (
            "cohortextractor:latest generate_cohort --output-dir=o",
            "{highly_sensitive: {x: o/a.csv, y: p/b.csv}}",
            Both,
        ),
        (
            "cohortextractor:latest generate_cohort --output-dir o",
            "{highly_sensitive: {x: o/a.csv, y: p/b.csv}}",
            Both,
        ),
        (
            "cohortextractor:latest generate_measures",
            "{highly_sensitive: {x: o/a.csv}, moderately_sensitive: {y: p/b.csv}}",
            Both,
        ),
    ] {
        check(&one_action(run, outputs), &who);
    }
}

#[test]
fn dataset_generation() {
    let run = "ehrql:v1 generate-dataset d.py --output o/d.csv.gz";
    let one = "{highly_sensitive: {x: o/d.csv.gz}}";
    let folder = "{highly_sensitive: {x: 'o/d/*.csv'}}";
    for (run, outputs, who) in [
        (run, one, Both),
        ("ehrql:v1 generate-dataset d.py --output=o/d.csv.gz", one, Both),
        ("databuilder:v0 generate-dataset d.py --output o/d.csv.gz", one, Both),
        // The older edition looks for the first path in the text and wants one level.
        ("ehrql:v1 generate-dataset d.py > o/d.csv.gz", one, Older),
        (run, "{highly_sensitive: {x: o/d.csv.gz, y: o/e.csv}}", Older),
        (
            "ehrql:v1 generate-dataset d.py --output o/d.csv",
            "{moderately_sensitive: {x: o/d.csv}}",
            Older,
        ),
        // The newer edition wants only highly_sensitive ones, which match `--output`.
        ("ehrql:v1 generate-dataset d.py --output o/d:csv", folder, Newer),
        ("ehrql:v1 generate-dataset d.py --output o/d/:csv", folder, Newer),
        (run, "{highly_sensitive: {}}", Newer),
        (
            run,
            "{highly_sensitive: {x: o/d.csv.gz}, moderately_sensitive: {}}",
            Newer,
        ),
        (
            run,
            "{highly_sensitive: {x: o/other.csv}}",
            Neither("expected `o/d.csv.gz` as the only output path, to match `--output o/d.csv.gz`"),
        ),
        (
            "ehrql:v1 generate-dataset d.py",
            one,
            Neither("expected `--output` with the path of the dataset, found no such option"),
        ),
        (
            run,
            "{highly_sensitive: {x: o/d.csv.gz}, moderately_sensitive: {y: o/e.csv}}",
            Neither("one level only"),
        ),
        // The underscore is a dataset command for the older edition alone; the newer asks nothing of it.
        ("ehrql:v1 generate_dataset d.py --output o/d.csv.gz", one, Both),
        ("ehrql:v1 generate_dataset d.py", one, Newer),
        // Any databuilder command is one for the older edition.
        ("databuilder:v0 generate-measures d.py", one, Newer),
        ("ehrql:v1 generate-measures d.py", one, Both),
        (
            "ehrql:v1 create-dummy-tables d.py",
            "{highly_sensitive: {x: o/d.csv}, moderately_sensitive: {y: o/e.csv}}",
            Both,
        ),
    ] {
        check(&one_action(run, outputs), &who);
    }
}
