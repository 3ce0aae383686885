// Small journeys of visitors, with scripts or without.

import { after, before, test } from "node:test";
import assert from "node:assert/strict";
import { person, start, stop } from "./site.mjs";

before(start);
after(stop);

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
