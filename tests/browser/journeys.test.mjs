// Journeys as people make them: finding, running, following and asking again; keeping workspaces and projects;
// signing off; reading the log.

import { after, before, test } from "node:test";
import assert from "node:assert/strict";
import { Backend } from "./backend.mjs";
import { base, follow, look, person, start, stop } from "./site.mjs";

let backend;
before(async () => {
  backend = new Backend("browser", "demo-researcher");
  await start();
});
after(stop);

const project = "/influenza-vaccine-uptake/";
const careHomes = `${project}vaccine-uptake-care-homes/`;
const main = (page) => page.locator("main");

// Asks for actions by the form of a workspace, and ends on the page of the job request.
async function run(page, workspace, actions) {
  await page.goto(`${workspace}run-jobs/`);
  for (const action of actions) await page.locator(`input[name=requested_actions][value=${action}]`).check();
  await page.getByLabel("browser", { exact: true }).check();
  await page.getByRole("button", { name: "Run the selected actions" }).click();
  await page.waitForURL(/\/logs\/$/);
  await page.locator("main table tbody tr a").first().click();
  await page.waitForURL(/\/\d+\/$/);
}

test("a workspace is found by Ctrl-K and by /, with the keyboard alone", async () => {
  const visitor = await person();
  const { page } = visitor;
  for (const key of ["Control+k", "/"]) {
    await page.goto("/status/");
    await page.keyboard.press(key);
    await page.getByRole("combobox", { name: "Search the site" }).waitFor();
    await page.keyboard.type("care-homes");
    await page.getByRole("option", { name: /vaccine-uptake-care-homes/ }).waitFor();
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Enter");
    await page.waitForURL(`**${careHomes}`);
  }
  await page.goto("/status/");
  await page.keyboard.press("/");
  await page.getByRole("combobox", { name: "Search the site" }).waitFor();
  await page.keyboard.press("Escape");
  await page.locator("dialog[open]").waitFor({ state: "detached" });
  await visitor.leave();
});

test("without scripts the box leads to the page of results", async () => {
  const visitor = await person({ javaScript: false });
  const { page } = visitor;
  await page.goto("/");
  await page.getByRole("searchbox", { name: "Search the site" }).fill("care-homes");
  await page.keyboard.press("Enter");
  await page.waitForURL(/\/search\/\?q=care-homes|care-homes\/$/);
  if (page.url().includes("/search/")) await main(page).getByRole("link", { name: /care-homes/ }).first().click();
  await page.waitForURL(`**${careHomes}`);
  await visitor.leave();
});

test("a request is followed live, what failed comes first and is asked for again, and that is cancelled", async () => {
  const researcher = await person({ username: "demo-researcher" });
  const { page } = researcher;
  await run(page, careHomes, ["check_dataset", "describe_cohort"]);
  const address = page.url();
  const request = await backend.newest();
  await backend.report(request, {
    generate_dataset: ["succeeded", "succeeded", "Completed successfully"],
    check_dataset: ["running", "executing", "Executing"],
    describe_cohort: ["pending", "created", "Created"],
  });
  const summary = page.locator("[data-live-part=summary]");
  await summary.getByText("1 of 3 jobs done").waitFor();
  await backend.report(request, {
    generate_dataset: ["succeeded", "succeeded", "Completed successfully"],
    check_dataset: ["succeeded", "succeeded", "Completed successfully"],
    describe_cohort: ["failed", "nonzero_exit", "Job exited with an error"],
  });
  await summary.getByText("3 of 3 jobs done").waitFor();
  await page.getByRole("heading", { name: "What failed" }).waitFor();
  const order = await main(page).locator("h2").allInnerTexts();
  const jobs = order.findIndex((title) => /^Jobs/.test(title));
  assert.ok(order.findIndex((title) => /^What failed/.test(title)) < jobs, `what failed comes before all jobs: ${order}`);
  await look(page, "job-request-failed-own");

  await page.locator("form.again button").click();
  await page.waitForURL((url) => String(url) !== address && /\/\d+\/$/.test(url.pathname));
  const again = await backend.newest();
  assert.deepEqual(again.requested_actions, ["describe_cohort"]);
  await page.locator("summary", { hasText: "Cancel" }).first().click();
  await follow(page, page.locator("details[open] .btn-danger"));
  await page.getByText(/cancel/i).first().waitFor();
  await look(page, "job-request-cancelled");
  await backend.report(again, { describe_cohort: ["failed", "cancelled_by_user", "Cancelled by user"] });
  await summary.getByText("1 of 1 job").waitFor();
  await researcher.leave();
});

test("the same without scripts: run, read, run again, cancel", async () => {
  const researcher = await person({ username: "demo-researcher", javaScript: false });
  const { page } = researcher;
  await run(page, careHomes, ["check_dataset"]);
  const address = page.url();
  await backend.report(await backend.newest(), {
    check_dataset: ["failed", "nonzero_exit", "Job exited with an error"],
  });
  await page.reload();
  await page.getByRole("heading", { name: "What failed" }).waitFor();
  await page.locator("form.again button").click();
  await page.waitForURL((url) => String(url) !== address && /\/\d+\/$/.test(url.pathname));
  const again = await backend.newest();
  await page.locator("summary", { hasText: "Cancel" }).first().click();
  await follow(page, page.locator("details[open] .btn-danger"));
  await page.getByText(/cancel/i).first().waitFor();
  const { cancelled_actions } = await backend.newest();
  for (const action of again.requested_actions) assert.ok(cancelled_actions.includes(action), action);
  await backend.report(again, { check_dataset: ["failed", "cancelled_by_user", "Cancelled by user"] });
  await researcher.leave();
});

test("a request of forty jobs", async () => {
  const researcher = await person({ username: "demo-researcher" });
  const { page } = researcher;
  await run(page, careHomes, ["generate_dataset"]);
  const jobs = {};
  for (let n = 0; n < 40; n++) {
    const failed = n % 9 === 4;
    jobs[`summarise_by_region_and_age_band_${n}`] = failed
      ? ["failed", "nonzero_exit", "Job exited with an error"]
      : ["succeeded", "succeeded", "Completed successfully"];
  }
  await backend.report(await backend.newest(), jobs);
  await page.locator("[data-live-part=summary]").getByText("40 of 40 jobs done").waitFor();
  await look(page, "job-request-forty-jobs");
  await researcher.leave();
});

// Presses Tab until something of this id, or that this matches, has the focus.
async function tabTo(page, selector) {
  for (let pressed = 0; pressed < 150; pressed++) {
    if (await page.evaluate((wanted) => document.activeElement?.matches(wanted), selector)) return;
    await page.keyboard.press("Tab");
  }
  assert.fail(`the Tab key does not lead to ${selector}`);
}

test("jobs are run with the keyboard alone", async () => {
  const researcher = await person({ username: "demo-researcher" });
  const { page } = researcher;
  await page.goto(careHomes);
  await tabTo(page, "a[href$='/run-jobs/']");
  await page.keyboard.press("Enter");
  await page.waitForURL(/\/run-jobs\/$/);
  await tabTo(page, "input[value=check_dataset]");
  await page.keyboard.press("Space");
  await tabTo(page, "input[name=backend]");
  for (let pressed = 0; pressed < 6; pressed++) {
    if (await page.evaluate(() => document.activeElement.value === "browser" && document.activeElement.checked)) break;
    await page.keyboard.press(pressed === 0 ? "Space" : "ArrowDown");
  }
  await tabTo(page, "main form button[type=submit]");
  await page.keyboard.press("Enter");
  await page.waitForURL(/\/logs\/$/);
  const request = await backend.newest();
  assert.deepEqual(request.requested_actions, ["check_dataset"]);
  await backend.report(request, { check_dataset: ["succeeded", "succeeded", "Completed successfully"] });
  await researcher.leave();
});

for (const javaScript of [true, false]) {
  const how = javaScript ? "" : ", without scripts";

  test(`a workspace's purpose is edited, and it is archived and restored${how}`, async () => {
    const researcher = await person({ username: "demo-researcher", javaScript });
    const { page } = researcher;
    await page.goto(careHomes);
    await main(page).getByRole("link", { name: "Edit" }).first().click();
    await page.waitForURL(/\/edit\/$/);
    await page.getByLabel("Purpose").fill("");
    await page.getByRole("button", { name: "Save the purpose" }).click();
    await page.locator("[aria-invalid=true]").waitFor();
    if (javaScript) await look(page, "workspace-edit-errors");
    const purpose = `Care homes, again${how}.`;
    await page.getByLabel("Purpose").fill(purpose);
    await page.getByRole("button", { name: "Save the purpose" }).click();
    await page.waitForURL(`**${careHomes}`);
    await main(page).getByText(purpose).waitFor();
    await page.getByRole("button", { name: "Archive", exact: true }).click();
    await page.waitForURL(`**${project}`);
    await page.goto(careHomes);
    await page.getByText("This workspace is archived").waitFor();
    assert.equal(await main(page).locator("a[href$='/run-jobs/']").count(), 0, "nothing leads to running jobs");
    await follow(page, page.getByRole("button", { name: "Take out of the archive" }));
    await page.goto(careHomes);
    await main(page).locator("a[href$='/run-jobs/']").first().waitFor();
    await researcher.leave();
  });

  test(`a project's status is edited, and one is back where one came from${how}`, async () => {
    const manager = await person({ username: "demo-researcher", javaScript });
    const { page } = manager;
    for (const status of ["postponed", "ongoing"]) {
      await page.goto(`${project}edit/?next=/projects/`);
      await page.getByLabel("Status", { exact: true }).selectOption(status);
      await page.getByRole("button", { name: "Save the status" }).click();
      await page.waitForURL("**/projects/");
      await main(page).getByText(status === "postponed" ? "Postponed" : "Ongoing").first().waitFor();
    }
    await page.goto(`${project}edit/?next=//elsewhere.example/`);
    await page.getByRole("button", { name: "Save the status" }).click();
    await page.waitForURL(`${base}${project}`);
    await manager.leave();
  });

  test(`the event log is filtered, shared, read to its end and back${how}`, async () => {
    const visitor = await person({ javaScript });
    const { page } = visitor;
    await page.goto("/event-log/");
    await page.getByLabel("Backend").selectOption("tpp");
    await page.getByLabel("Status", { exact: true }).selectOption("failed");
    await page.getByRole("button", { name: "Show" }).click();
    await page.waitForURL(/backend=tpp.*status=failed/);
    const rows = await main(page).locator("tbody tr").allInnerTexts();
    assert.ok(rows.length > 0 && rows.every((row) => /failed/i.test(row) && /TPP/.test(row)), "only what was asked for");
    const friend = await person({ javaScript });
    await friend.page.goto(page.url());
    assert.equal((await main(friend.page).locator("tbody tr").count()), rows.length);
    await friend.leave();
    await page.getByRole("link", { name: "Last" }).click();
    await page.waitForURL(/page=/);
    assert.match(page.url(), /status=failed/);
    await follow(page, page.getByRole("link", { name: "Previous" }));
    await follow(page, page.getByRole("link", { name: "First" }));
    assert.equal(await main(page).locator("tbody tr").count(), rows.length);
    await visitor.leave();
  });
}

test("workspaces and their repository are signed off", async () => {
  const member = await person({ username: "dev-malhotra", javaScript: false });
  const { page } = member;
  const repo = encodeURIComponent(encodeURIComponent("https://github.com/opensafely/demo-long-covid"));
  const address = `/publish-repo/${repo}/`;
  await page.goto(address);
  const one = page.getByRole("button", { name: /^Sign off workspace/ });
  const left = await one.count();
  assert.ok(left > 0, "workspaces wait for being signed off");
  for (let n = left; n > 0; n--) {
    await follow(page, one.first());
    assert.equal(await one.count(), n - 1);
  }
  await page.locator("details summary", { hasText: /sign off/i }).click();
  await follow(page, page.getByRole("button", { name: "Yes, sign it off" }));
  await page.goto(address);
  await page.getByRole("heading", { name: "The repository is signed off" }).waitFor();
  await member.leave();
  const reader = await person({ username: "dev-malhotra" });
  await reader.page.goto(address);
  await look(reader.page, "sign-off-done");
  await reader.leave();
});

test("what one may not see says so, and signing in leads back to it", async () => {
  const visitor = await person();
  const { page } = visitor;
  await page.goto("/no/such/page/?a=1");
  await main(page).getByText("You are not signed in").waitFor();
  await main(page).getByRole("link", { name: "Sign in" }).click();
  await page.waitForURL(/\/login\/\?.*next=/);
  await page.goto(`${careHomes}run-jobs/`);
  await page.waitForURL(/\/login\/\?.*next=/);
  await page.getByRole("button", { name: "Sign in with GitHub" }).click();
  await page.getByRole("button", { name: /Chiara Ricci/ }).click();
  await page.waitForURL(`**${careHomes}run-jobs/`);
  await visitor.leave();
});
