// The main job, as a researcher does it: a workspace on a repository, actions to be run, the demo
// runner at work, and a cancellation.

import { after, before, test } from "node:test";
import assert from "node:assert/strict";
import { follow, look, person, start, stop } from "./site.mjs";

before(start);
after(stop);

const project = "/influenza-vaccine-uptake/";

test("a researcher creates a workspace, runs jobs and sees them finish on the open page", async () => {
  const researcher = await person({ username: "demo-researcher" });
  const { page } = researcher;
  await look(page, "home-signed-in");

  await page.goto(`${project}new-workspace/`);
  await look(page, "workspace-create");
  await page.getByRole("button", { name: "Create the workspace" }).click();
  await page.getByRole("alert").or(page.locator(".errors, [role=alert], .error-summary")).first().waitFor();
  await look(page, "workspace-create-errors");

  await page.getByLabel("Name").fill("Browser-Test-One");
  await page.getByLabel(/purpose/i).fill("To see the whole way from here to the backend and back.");
  await page.getByLabel("Repository").selectOption({ label: "demo-vaccine-uptake" });
  await page.getByLabel("Branch").selectOption("main");
  await page.getByRole("button", { name: "Create the workspace" }).click();
  await page.waitForURL(/\/browser-test-one\/$/);
  await look(page, "workspace-new");

  await page.getByRole("link", { name: "Run jobs" }).first().click();
  await page.waitForURL(/\/run-jobs\/$/);
  await look(page, "run-jobs");
  await page.getByRole("button", { name: "Run the selected actions" }).click();
  await page.locator("#id_requested_actions-error").waitFor();
  await page.getByLabel("generate_dataset", { exact: true }).check();
  await page.getByLabel("TPP").check();
  await page.getByRole("button", { name: "Run the selected actions" }).click();
  await page.waitForURL(/\/browser-test-one\/logs\/$/);

  // The first cell of the table leads to the request; from here on the page follows by itself.
  await page.locator("main table tbody tr a").first().click();
  await page.waitForURL(/\/browser-test-one\/\d+\/$/);
  // Looked at by somebody who is sent no news: a page that changes while it is examined has no colours
  // to examine.
  const reader = await person({ silent: true });
  await reader.page.route("**/events/", (route) => route.abort());
  await reader.page.goto(page.url());
  await look(reader.page, "job-request-waiting");
  await reader.leave();
  await page.waitForFunction(
    () => /succeeded|failed/i.test(document.querySelector("[data-live-part=summary]").innerText),
    null,
    { timeout: 120_000 },
  );
  await look(page, "job-request-finished");

  await page.getByRole("link", { name: "generate_dataset", exact: true }).first().click();
  await page.waitForURL(/\/\d+\/[a-z2-7]{16}\/$/);
  await look(page, "job");
  await researcher.leave();
});

test("a request is cancelled, without scripts", async () => {
  const researcher = await person({ username: "demo-researcher", javaScript: false });
  const { page } = researcher;
  await page.goto(`${project}vaccine-uptake-sensitivity/run-jobs/`);
  await page.getByLabel("run_all", { exact: false }).first().check();
  await page.getByLabel("EMIS").check();
  await page.locator("#id_force_run_dependencies").check();
  await page.getByRole("button", { name: "Run the selected actions" }).click();
  await page.waitForURL(/\/logs\/$/);
  await page.locator("main table tbody tr a").first().click();
  await page.waitForURL(/\/vaccine-uptake-sensitivity\/\d+\/$/);
  await page.locator("summary", { hasText: "Cancel" }).first().click();
  await follow(page, page.getByRole("button", { name: /cancel/i }).last());
  await page.waitForURL(/\/vaccine-uptake-sensitivity\/\d+\/$/);
  assert.match(await page.locator("main").innerText(), /cancel/i);
  await researcher.leave();
});
