//! A study as researchers write them.

use super::*;

const STUDY: &str = r#"version: "4.0"

actions:
  # Extraction
  generate_dataset:
    run: >
      ehrql:v1 generate-dataset analysis/dataset_definition.py
      --output output/dataset.csv.gz
      -- --start "2020-03-01"
    outputs:
      highly_sensitive:
        dataset: output/dataset.csv.gz

  generate_measures:
    run: ehrql:v1 generate-measures analysis/measures.py --output output/measures.csv
    outputs:
      moderately_sensitive:
        measures: output/measures.csv

  describe:
    run: python:v2 python analysis/describe.py 'by age'
    needs: [generate_dataset]
    config: {group: [age, sex]}
    outputs:
      moderately_sensitive:
        table: output/table.csv
        figures: output/figures/*.png

  model:
    run: r:v2 analysis/model.R
    needs:
    - generate_dataset
    - describe
    outputs:
      highly_sensitive: {fit: output/fit.rds}
      moderately_sensitive: {log: output/model.log}

  sql:
    run: sqlrunner:v1 --output output/rows.csv analysis/query.sql
    dummy_data_file: dummy/rows.csv
    outputs:
      highly_sensitive: {rows: output/rows.csv}

  report:
    run: r:v2 -e 'rmarkdown::render("report.Rmd")'
    needs: [model, generate_measures]
    outputs:
      moderately_sensitive: {report: output/report.html}
"#;

fn names<'a>(actions: impl IntoIterator<Item = &'a Action>) -> Vec<&'a str> {
    actions.into_iter().map(|action| action.name.as_str()).collect()
}

#[test]
fn everything_is_read_in_file_order() {
    let study = Pipeline::parse(STUDY).unwrap();
    assert_eq!(study.version(), 4.0);
    assert_eq!(
        names(study.actions()),
        [
            "generate_dataset",
            "generate_measures",
            "describe",
            "model",
            "sql",
            "report"
        ]
    );
    let dataset = study.action("generate_dataset").unwrap();
    assert_eq!(dataset.command.image, "ehrql");
    assert_eq!(dataset.command.version, "v1");
    assert_eq!(
        dataset.command.args,
        [
            "generate-dataset",
            "analysis/dataset_definition.py",
            "--output",
            "output/dataset.csv.gz",
            "--",
            "--start",
            "2020-03-01"
        ]
    );
    assert!(dataset.run.ends_with("\"2020-03-01\"\n"));
    let describe = study.action("describe").unwrap();
    assert_eq!(describe.command.args, ["python", "analysis/describe.py", "by age"]);
    let outputs: Vec<_> = describe
        .outputs
        .iter()
        .map(|o| (o.level, o.name.as_str(), o.path.as_str()))
        .collect();
    assert_eq!(
        outputs,
        [
            (Level::ModeratelySensitive, "table", "output/table.csv"),
            (Level::ModeratelySensitive, "figures", "output/figures/*.png"),
        ]
    );
    assert_eq!(study.action("model").unwrap().needs, ["generate_dataset", "describe"]);
    assert_eq!(
        study.action("sql").unwrap().dummy_data_file.as_deref(),
        Some("dummy/rows.csv")
    );
    assert_eq!(study.action("run_all"), None);
}

#[test]
fn the_listing_ends_with_run_all() {
    let study = Pipeline::parse(STUDY).unwrap();
    let listing = study.listing();
    assert_eq!(listing.len(), 7);
    assert_eq!(
        listing[3],
        Listed {
            name: "model",
            needs: vec!["generate_dataset", "describe"]
        }
    );
    assert_eq!(listing[6].name, "run_all");
    assert_eq!(listing[6].needs, names(study.actions()));
    assert!(study.offers("run_all") && study.offers("sql") && !study.offers("nothing"));
}

#[test]
fn a_written_run_all_is_listed_once_and_means_all() {
    let text = version_3(
        "  run_all:\n    run: r:v1 a\n    outputs: {highly_sensitive: {x: a.csv}}\n  \
         b:\n    run: r:v1 b\n    outputs: {highly_sensitive: {x: b.csv}}\n",
    );
    let pipeline = Pipeline::parse(&text).unwrap();
    let listed: Vec<_> = pipeline.listing().into_iter().map(|entry| entry.name).collect();
    assert_eq!(listed, ["run_all", "b"]);
    assert_eq!(pipeline.with_dependencies(&["run_all"]), ["run_all", "b"]);
    assert_eq!(pipeline.with_dependencies(&["b"]), ["b"]);
}

#[test]
fn an_empty_pipeline_offers_run_all_alone() {
    let pipeline = Pipeline::parse("version: 5\nactions: {}\n").unwrap();
    assert_eq!(
        pipeline.listing(),
        [Listed {
            name: "run_all",
            needs: vec![]
        }]
    );
    assert!(pipeline.with_dependencies(&["run_all"]).is_empty());
}

#[test]
fn dependencies_are_followed() {
    let study = Pipeline::parse(STUDY).unwrap();
    let with = |selected: &[&str]| study.with_dependencies(selected);
    assert_eq!(with(&["sql"]), ["sql"]);
    assert_eq!(
        with(&["model", "sql", "model"]),
        ["generate_dataset", "describe", "model", "sql"]
    );
    assert_eq!(
        with(&["report"]),
        ["generate_dataset", "generate_measures", "describe", "model", "report"]
    );
    assert_eq!(with(&["run_all"]), study.action_names());
    assert_eq!(with(&["sql", "run_all"]), study.action_names());
    assert!(with(&[]).is_empty());
    assert_eq!(
        with(&["lost", "describe", "lost"]),
        ["generate_dataset", "describe", "lost"]
    );
}

#[test]
fn database_actions_and_tools() {
    let study = Pipeline::parse(STUDY).unwrap();
    assert_eq!(
        names(study.database_actions()),
        ["generate_dataset", "generate_measures", "sql"]
    );
    assert!(study.uses_sqlrunner() && !study.uses_cohortextractor());
    assert_eq!(names(study.actions_using(Tool::Sqlrunner)), ["sql"]);
}
