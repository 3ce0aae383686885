"""A repository with a pipeline, as researchers push them."""

import os
import subprocess

PROJECT = """\
version: "4.0"

actions:
  generate_dataset:
    run: ehrql:v1 generate-dataset analysis/dataset_definition.py --output output/dataset.csv.gz
    outputs:
      highly_sensitive:
        dataset: output/dataset.csv.gz

  describe:
    run: python:v2 python analysis/describe.py
    needs: [generate_dataset]
    outputs:
      moderately_sensitive:
        table: output/table.csv

  count_by_region:
    run: python:v2 python analysis/count.py region
    needs: [generate_dataset]
    outputs:
      moderately_sensitive:
        counts: output/count_region.csv

  count_by_age:
    run: python:v2 python analysis/count.py age
    needs: [generate_dataset]
    outputs:
      moderately_sensitive:
        counts: output/count_age.csv

  plot:
    run: r:latest analysis/plot.R
    needs: [count_by_region, count_by_age]
    outputs:
      moderately_sensitive:
        figure: output/plot.svg

  report:
    run: r:latest analysis/report.R
    needs: [describe, plot]
    outputs:
      moderately_sensitive:
        report: output/report.html
"""
ACTIONS = ["generate_dataset", "describe", "count_by_region", "count_by_age", "plot", "report"]


def git(folder, *arguments):
    environment = {
        "PATH": os.environ["PATH"],
        "GIT_CONFIG_GLOBAL": "/dev/null",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_AUTHOR_NAME": "Ada",
        "GIT_AUTHOR_EMAIL": "ada@example.com",
        "GIT_COMMITTER_NAME": "Ada",
        "GIT_COMMITTER_EMAIL": "ada@example.com",
    }
    done = subprocess.run(["git", "-C", str(folder), *arguments], env=environment, capture_output=True, text=True)
    if done.returncode != 0:
        raise AssertionError(f"git {arguments}: {done.stderr}")
    return done.stdout.strip()


def make(folder):
    """Makes the repository; returns the commit of `main`, and one that is on another branch only."""
    folder.mkdir(parents=True)
    git(folder, "init", "--quiet")
    git(folder, "symbolic-ref", "HEAD", "refs/heads/main")
    (folder / "project.yaml").write_text(PROJECT)
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "Add the pipeline")
    main = git(folder, "rev-parse", "HEAD")
    git(folder, "checkout", "--quiet", "-b", "elsewhere")
    git(folder, "commit", "--quiet", "--allow-empty", "--message", "Not on main")
    elsewhere = git(folder, "rev-parse", "HEAD")
    git(folder, "checkout", "--quiet", "main")
    return main, elsewhere
