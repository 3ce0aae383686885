// What anybody may look at, signed in or not, with scripts or without.

import { after, before, test } from "node:test";
import assert from "node:assert/strict";
import { look, person, start, stop } from "./site.mjs";

before(start);
after(stop);

const pages = [
  ["home", "/"],
  ["event-log", "/event-log/"],
  ["event-log-last", "/event-log/?page=last"],
  ["organisations", "/organisations/"],
  ["org", "/orgs/northbridge-university/"],
  ["org-logs", "/orgs/northbridge-university/logs/"],
  ["users", "/users/"],
  ["user", "/users/demo-researcher/"],
  ["user-logs", "/users/demo-researcher/logs/"],
  ["project", "/influenza-vaccine-uptake/"],
  ["project-logs", "/influenza-vaccine-uptake/logs/"],
  ["workspace", "/influenza-vaccine-uptake/vaccine-uptake/"],
  ["workspace-logs", "/influenza-vaccine-uptake/vaccine-uptake/logs/"],
  ["workspace-logs-nothing", "/influenza-vaccine-uptake/vaccine-uptake/logs/?q=no+such+action"],
  ["status", "/status/"],
  ["login", "/login/"],
  ["not-found", "/no/such/page/here/"],
  ["api-docs", "/api/docs/"],
  ["components", "/ui-components/"],
];

test("every public page reads well and has no fault that axe knows", async (t) => {
  const visitor = await person();
  for (const [name, path] of pages) {
    await t.test(name, async () => {
      await visitor.page.goto(path);
      assert.equal(await visitor.page.locator("h1").count(), 1, `${path} has one heading`);
      await look(visitor.page, name);
    });
  }
  await visitor.leave();
});

test("a job is found from the event log, without scripts", async () => {
  const visitor = await person({ javaScript: false });
  const { page } = visitor;
  await page.goto("/event-log/");
  await page.locator("main table tbody tr a").first().click();
  await page.waitForURL(/\/\d+\/$/);
  assert.match(await page.locator("h1").innerText(), /Job request \d+/);
  await visitor.leave();
});

test("the keyboard reaches the content first", async () => {
  const visitor = await person();
  const { page } = visitor;
  await page.goto("/event-log/");
  await page.keyboard.press("Tab");
  const skip = page.locator(":focus");
  assert.match(await skip.innerText(), /skip/i);
  await page.keyboard.press("Enter");
  assert.match(page.url(), /#main$/);
  await visitor.leave();
});

test("the choice of colours is remembered", async () => {
  const visitor = await person();
  const { page } = visitor;
  await page.goto("/");
  await page.getByRole("button", { name: "Dark" }).click();
  assert.equal(await page.locator("html").getAttribute("data-theme"), "dark");
  await page.goto("/event-log/");
  assert.equal(await page.locator("html").getAttribute("data-theme"), "dark");
  await visitor.leave();
});
