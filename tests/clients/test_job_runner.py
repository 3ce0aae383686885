"""The whole loop with the real job-runner: asked for by form, made into jobs by its own sync, followed on
the site's pages and API.

The variables PROGRAM, CHECKOUT and DATABASE_URL (an empty database) say what is tested; scripts/test-clients
sets them.
"""

import os
import re
import tempfile
import unittest
from pathlib import Path

import repository
from repository import ACTIONS
from runner import Runner
from site_under_test import Site, Visitor

METRICS = {"cpu_mean": 87.5, "cpu_peak": 99.0, "mem_mb_mean": 512.0, "mem_mb_peak": 900.0}


class JobRunner(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="jobserver-clients-")
        cls.addClassCleanup(cls.folder.cleanup)
        folder = Path(cls.folder.name)
        repos = folder / "repos"
        cls.main, cls.elsewhere = repository.make(repos / "opensafely" / "study")
        cls.site = Site(os.environ["PROGRAM"], os.environ["CHECKOUT"], os.environ["DATABASE_URL"], repos)
        cls.site.command("migrate")
        cls.site.command("create_user", "ada", "--name", "Ada Lovelace")
        token = cls.site.command("create_backend", "tpp", "--name", "TPP", "--user", "ada").splitlines()[-1]
        cls.site.start()
        cls.addClassCleanup(cls.stop_site)
        cls.runner = Runner(folder / "runner", cls.site, "tpp", token, repos, "opensafely")
        cls.ada = Visitor(cls.site).sign_in("ada")
        cls.stranger = Visitor(cls.site)

    @classmethod
    def stop_site(cls):
        code = cls.site.stop()
        if code != 0:
            raise AssertionError(f"the server ended with {code}:\n" + "".join(cls.site.log[-50:]))

    def setUp(self):
        # A workspace for each test: what one runs is no earlier outcome for another.
        self.workspace = "ws-" + re.sub(r"\W", "-", self._testMethodName)
        self.site.command(
            "create_workspace", self.workspace, "ada", "--project", "study",
            "--repo", "https://github.com/opensafely/study",
        )
        self.path = f"/study/{self.workspace}/"
        self.request = None

    # --- what a researcher does -------------------------------------------------------------

    def ask(self, *actions, **changes):
        """Fills in the form of the run-jobs page; returns the new request's identifier."""
        page = self.ada.get(f"{self.path}run-jobs/").expect(200)
        [form] = [form for form in page.forms() if "data-run-jobs" in form["attributes"]]
        for action in [*ACTIONS, "run_all"]:
            self.assertIn(("requested_actions", action), form["offered"])
        before = self.listed()
        shown = self.ada.send(page, form, requested_actions=list(actions), backend="tpp", **changes).expect(200)
        self.assertNotIn("run-jobs", shown.url, shown.text[:3000])
        [new] = set(self.listed()) - set(before)
        self.request = new
        return new

    def request_page(self):
        """The page of the newest request of this test's workspace."""
        logs = self.ada.get(f"{self.path}logs/").expect(200)
        numbers = [int(number) for number in re.findall(rf'href="{self.path}(\d+)/"', logs.text)]
        self.number = max(numbers)
        return self.ada.get(f"{self.path}{self.number}/").expect(200)

    def job_page(self, action):
        job = self.runner.jobs(self.request)[action]["id"]
        return self.ada.get(f"{self.path}{self.number}/{job}/").expect(200)

    # --- what the API says ------------------------------------------------------------------

    def listed(self):
        """The active job requests, by identifier."""
        answer = self.stranger.get("/api/v2/job-requests/?backend=tpp").expect(200).json()
        return {item["identifier"]: item for item in answer["results"]}

    def outcomes(self):
        return self.stranger.get(f"/api/v2/workspaces/{self.workspace}/statuses/").expect(200).json()

    # --- the loop ---------------------------------------------------------------------------

    def test_from_the_form_to_the_end_and_again_what_failed(self):
        request = self.ask("report")
        item = self.listed()[request]
        self.assertEqual(item["requested_actions"], ["report"])
        self.assertEqual(item["sha"], self.main)
        self.assertEqual(item["created_by"], "ada")
        self.assertEqual(item["workspace"]["name"], self.workspace)
        self.assertEqual(self.outcomes(), {})
        self.request_page().shows("Job request", "report")

        self.runner.sync()
        self.assertEqual(set(self.runner.jobs(request)), set(ACTIONS))
        self.assertEqual(self.outcomes(), dict.fromkeys(ACTIONS, "pending"))
        page = self.request_page()
        self.assertEqual(page.statuses()[0], "Pending")
        page.shows(*ACTIONS)
        self.assertEqual(self.job_page("plot").statuses()[0], "Pending")

        self.runner.move(request, "generate_dataset", "running", "executing", "Executing on the backend")
        self.runner.move(request, "report", "pending", "waiting_on_dependencies", "Waiting on dependencies")
        self.runner.sync()
        self.assertEqual(self.outcomes()["generate_dataset"], "running")
        self.assertEqual(self.request_page().statuses()[0], "Running")
        page = self.job_page("generate_dataset")
        self.assertEqual(page.statuses()[0], "Running")
        page.shows("Executing on the backend", "ehrql:v1 generate-dataset")
        self.job_page("report").shows("Waiting on dependencies")

        self.runner.succeed(request, "generate_dataset", "describe", "count_by_region", metrics=METRICS)
        self.runner.sync()
        outcomes = self.outcomes()
        self.assertEqual([outcomes[action] for action in ("describe", "plot")], ["succeeded", "pending"])
        self.assertEqual(self.request_page().statuses()[0], "Running")
        page = self.job_page("generate_dataset")
        self.assertEqual(page.statuses()[0], "Succeeded")
        page.shows("Completed successfully", "99% peak", "900 MB peak")

        self.runner.move(request, "count_by_age", "failed", "nonzero_exit", "Job exited with an error: no such column")
        for action in ("plot", "report"):
            self.runner.move(request, action, "failed", "dependency_failed", "Not starting as dependency failed")
        self.runner.sync()
        page = self.request_page()
        self.assertEqual(page.statuses()[0], "Failed")
        page.shows("no such column", "Not starting as dependency failed")
        self.job_page("count_by_age").shows("no such column", "nonzero_exit")
        self.assertNotIn(request, self.listed())

        # Again: what succeeded is not run again, what failed is.
        again = self.ask("report")
        self.runner.sync()
        self.assertEqual(set(self.runner.jobs(again)), {"count_by_age", "plot", "report"})
        self.assertEqual(self.outcomes()["count_by_age"], "pending")
        self.assertEqual(self.outcomes()["describe"], "succeeded")
        self.runner.succeed(again, "count_by_age", "plot", "report")
        self.runner.sync()
        self.assertEqual(self.request_page().statuses()[0], "Succeeded")
        self.assertEqual(self.outcomes(), dict.fromkeys(ACTIONS, "succeeded"))
        self.assertNotIn(again, self.listed())

        # Forced, everything that it needs runs too.
        forced = self.ask("plot", force_run_dependencies="True")
        self.runner.sync()
        needed = {"generate_dataset", "count_by_region", "count_by_age", "plot"}
        self.assertEqual(set(self.runner.jobs(forced)), needed)
        self.runner.succeed(forced, *needed)
        self.runner.sync()
        self.assertNotIn(forced, self.listed())

    def test_cancelling_reaches_the_runner(self):
        request = self.ask("run_all")
        self.runner.sync()
        self.runner.succeed(request, "generate_dataset")
        self.runner.move(request, "describe", "running", "executing", "Executing on the backend")
        self.runner.sync()
        page = self.request_page()
        [form] = [form for form in page.forms() if form["action"].endswith("/cancel/")]
        self.ada.send(page, form).expect(200)
        unfinished = sorted(set(ACTIONS) - {"generate_dataset"})
        self.assertEqual(sorted(self.listed()[request]["cancelled_actions"]), unfinished)

        self.runner.sync()
        flags = {action: bool(job["cancelled"]) for action, job in self.runner.jobs(request).items()}
        self.assertEqual(flags, {action: action in unfinished for action in ACTIONS})
        for action in unfinished:
            self.runner.move(request, action, "failed", "cancelled_by_user", "Cancelled by user")
        self.runner.sync()
        page = self.request_page()
        self.assertEqual(page.statuses()[0], "Failed")
        page.shows("Cancelled by user")
        self.assertNotIn(request, self.listed())

    def test_one_job_is_cancelled_alone(self):
        request = self.ask("describe", "count_by_age")
        self.runner.sync()
        self.request_page()
        page = self.job_page("describe")
        [form] = [form for form in page.forms() if form["action"].endswith("/cancel/")]
        self.ada.send(page, form).expect(200)
        self.assertEqual(self.listed()[request]["cancelled_actions"], ["describe"])
        self.runner.sync()
        cancelled = [action for action, job in self.runner.jobs(request).items() if job["cancelled"]]
        self.assertEqual(cancelled, ["describe"])
        self.runner.move(request, "describe", "failed", "cancelled_by_user", "Cancelled by user")
        self.runner.succeed(request, "generate_dataset", "count_by_age")
        self.runner.sync()
        self.assertNotIn(request, self.listed())

    def test_a_commit_that_is_not_on_the_branch_is_refused_where_all_can_see(self):
        said = self.site.command(
            "create_rap", self.workspace, "ada", "tpp", "--actions", "describe", "--commit", self.elsewhere
        )
        request = self.request = said.splitlines()[-1]
        self.assertIn(request, self.listed())
        self.runner.sync()
        self.assertEqual(list(self.runner.jobs(request)), ["__error__"])
        self.assertEqual(self.outcomes(), {"__error__": "failed"})
        page = self.request_page()
        self.assertEqual(page.statuses()[0], "Failed")
        page.shows(self.runner.jobs(request)["__error__"]["status_message"])
        self.assertNotIn(request, self.listed())

    def test_what_is_done_is_not_done_again(self):
        request = self.ask("run_all")
        self.runner.sync()
        self.runner.succeed(request, *ACTIONS)
        self.runner.sync()
        again = self.ask("run_all")
        self.runner.sync()
        [job] = self.runner.jobs(again).values()
        self.assertEqual(job["state"], "succeeded")
        self.assertEqual(self.request_page().statuses()[0], "Succeeded")
        self.job_page("run_all").shows(job["status_message"])
        self.assertNotIn(again, self.listed())


if __name__ == "__main__":
    unittest.main(verbosity=2)
