// Asking for jobs: what a choice would run is told before it is sent, with and without scripts.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { follow, look, person, start, stop } from "./site.mjs";

before(start);
after(stop);

const runJobs = "/maternity-outcomes/maternity-outcomes/run-jobs/";
const part = (page, name) => page.locator(`#plan [data-plan-part='${name}']`);
const names = (page, name) => part(page, name).locator("code").allTextContents();

test("what a choice would run follows the choice", async () => {
  const who = await person({ username: "iwan-pritchard" });
  const { page } = who;
  await page.goto(`${runJobs}?backend=emis`);
  assert.equal(await page.locator("[data-show-plan]").isVisible(), false, "it is live already");
  await part(page, "hint").waitFor();
  await page.getByRole("checkbox", { name: "match_controls" }).check();
  assert.deepEqual(await names(page, "selected"), ["match_controls"]);
  assert.deepEqual(await names(page, "kept"), ["generate_cases", "generate_controls"]);
  assert.equal(await page.locator("[data-selected-count]").textContent(), "1 selected, 1 action will run");
  assert.equal(await page.locator(".graph-selected title").textContent(), "match_controls");
  await page.getByRole("checkbox", { name: /Run everything again/ }).check();
  assert.deepEqual(await names(page, "needed"), ["generate_cases", "generate_controls"]);
  await look(page, "run-jobs-plan");
  // Each backend has its own past: there something failed last, and everything is refused.
  await page.getByRole("checkbox", { name: /Run everything again/ }).uncheck();
  await page.getByRole("button", { name: "Select none" }).click();
  await page.getByRole("checkbox", { name: /run_all/ }).check();
  assert.equal(await part(page, "nothing").isVisible(), true);
  await page.getByRole("radio", { name: "TPP" }).check();
  assert.deepEqual(await names(page, "refused"), ["summarise_groups", "write_report"]);
  assert.deepEqual(
    await page.locator("[data-action]:visible").evaluateAll((all) => [
      ...new Set(all.map((line) => line.dataset.backend)),
    ]),
    ["tpp"],
  );
  await who.leave();
});

test("without scripts a button shows it, and what was chosen stays", async () => {
  const who = await person({ username: "iwan-pritchard", javaScript: false });
  const { page } = who;
  await page.goto(`${runJobs}?backend=tpp&actions=write_report`);
  assert.deepEqual(await names(page, "needed"), ["summarise_groups"]);
  await page.getByRole("checkbox", { name: "fit_model" }).check();
  await follow(page, page.getByRole("button", { name: "Show what will run" }));
  assert.deepEqual(await names(page, "selected"), ["fit_model", "write_report"]);
  assert.deepEqual(await names(page, "kept"), ["match_controls"]);
  assert.equal(await page.getByRole("checkbox", { name: "fit_model" }).isChecked(), true);
  await who.leave();
});
