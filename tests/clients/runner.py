"""The real job-runner with a folder, a token and a git configuration of its own."""

import json
import os
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).parent
DEADLINE = 60


class Runner:
    """What runs jobs in a backend. Its `run` needs containers, so the tests write its database in its
    place; everything that it says to the site and reads from it is its own `sync`."""

    def __init__(self, folder, site, backend, token, repos, org):
        self.folder = folder
        folder.mkdir()
        settings = folder / "gitconfig"
        local = f"file://{repos}/{org}/"
        settings.write_text(
            f'[url "{local}"]\n'
            f"    insteadOf = https://github-proxy.opensafely.org/{org}/\n"
            f"    insteadOf = https://github.com/{org}/\n"
        )
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "WORKDIR": str(folder),
            "BACKEND": backend,
            "JOB_SERVER_ENDPOINT": f"{site.url}/api/v2/",
            "JOB_SERVER_TOKEN": token,
            "USING_DUMMY_DATA_BACKEND": "true",
            "ALLOWED_GITHUB_ORGS": org,
            "GIT_CONFIG_GLOBAL": str(settings),
            "GIT_CONFIG_NOSYSTEM": "1",
            "NO_PROXY": "*",
        }
        self._python("-m", "opensafely._vendor.jobrunner.cli.migrate")

    def _python(self, *arguments):
        done = subprocess.run(
            [sys.executable, *arguments],
            env=self.environment,
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=DEADLINE,
        )
        if done.returncode != 0:
            raise AssertionError(f"the job-runner failed:\n{done.stdout[-3000:]}{done.stderr[-3000:]}")

    def sync(self):
        """One round: asks for job requests, makes jobs of them, reports all."""
        self._python(str(HERE / "sync_once.py"))

    def _connect(self, name):
        connection = sqlite3.connect(self.folder / name)
        connection.row_factory = sqlite3.Row
        return connection

    def jobs(self, request):
        """The jobs of a request, by action."""
        with self._connect("db.sqlite") as database:
            rows = database.execute("SELECT * FROM job WHERE job_request_id = ?", (request,)).fetchall()
        return {row["action"]: dict(row) for row in rows}

    def move(self, request, action, state, code, message, metrics=None):
        """Writes what the runner's other half would write of a job."""
        now = int(time.time())
        jobs = self.jobs(request)
        if action not in jobs:
            said = {name: job["status_message"] for name, job in jobs.items()}
            raise AssertionError(f"the runner made no job of {action}, but {said}")
        job = jobs[action]
        started = job["started_at"] or (now if state != "pending" else None)
        completed = now if state in ("succeeded", "failed") else None
        with self._connect("db.sqlite") as database:
            database.execute(
                "UPDATE job SET state = ?, status_code = ?, status_message = ?, updated_at = ?, started_at = ?,"
                " completed_at = ?, status_code_updated_at = ? WHERE id = ?",
                (state, code, message, now, started, completed, now * 1_000_000_000, job["id"]),
            )
        if metrics is not None:
            with self._connect("metrics.sqlite") as database:
                database.execute("CREATE TABLE IF NOT EXISTS jobs (id TEXT, metrics TEXT, PRIMARY KEY (id))")
                database.execute("INSERT OR REPLACE INTO jobs VALUES (?, ?)", (job["id"], json.dumps(metrics)))

    def succeed(self, request, *actions, metrics=None):
        for action in actions:
            self.move(request, action, "succeeded", "succeeded", "Completed successfully", metrics)
