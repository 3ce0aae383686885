// What staff do with several rows at once, and with files: a script says first what it comes to, and so does a page.

import { after, before, test } from "node:test";
import assert from "node:assert/strict";
import { base, follow, look, person, start, stop } from "./site.mjs";

before(start);
after(stop);

const ticks = (page) => page.locator("input[name=users]");

test("what is done with ticked rows says with how many", async () => {
  const admin = await person({ username: "demo-admin" });
  const { page } = admin;
  await page.goto("/staff/users/");
  const bar = page.locator("[data-bulk]");
  assert.equal(await bar.isVisible(), false, "nothing is ticked");
  await ticks(page).nth(0).check();
  await ticks(page).nth(1).check();
  await page.getByText("2 ticked:").waitFor();
  const ask = bar.locator("details", { hasText: "They are signed out everywhere" });
  await ask.locator("summary").click();
  await ask.getByRole("button", { name: "Deactivate 2 users" }).waitFor();
  await look(page, "staff-bulk");
  await ask.getByText("Cancel", { exact: true }).click();
  assert.equal(await ask.getAttribute("open"), null);
  const all = page.getByRole("checkbox", { name: "Tick all on this page" });
  await all.check();
  const count = await ticks(page).count();
  await page.getByText(`${count} ticked:`).waitFor();
  await all.uncheck();
  assert.equal(await bar.isVisible(), false);
  await admin.leave();
});

test("without scripts a page says with how many, and leads back", async () => {
  const admin = await person({ username: "demo-admin", javaScript: false });
  const { page } = admin;
  await page.goto("/staff/users/?active=yes");
  await ticks(page).nth(0).check();
  const ask = page.locator("[data-bulk] details", { hasText: "They are signed out everywhere" });
  await ask.locator("summary").click();
  await follow(page, ask.getByRole("button", { name: "Deactivate the ticked ones" }));
  await page.getByRole("heading", { name: "Deactivate 1 user?" }).waitFor();
  await follow(page, page.getByRole("link", { name: "Cancel" }));
  assert.equal(page.url(), `${base}/staff/users/?active=yes`);
  await admin.leave();
});

test("a file that is too large is told before it is sent", async () => {
  const admin = await person({ username: "demo-admin" });
  const { page } = admin;
  await page.goto("/staff/orgs/");
  await follow(page, page.locator("tbody th a").first());
  await follow(page, page.getByRole("link", { name: "Edit", exact: true }));
  const file = page.locator("input[name=logo_file]");
  await file.setInputFiles({ name: "large.png", mimeType: "image/png", buffer: Buffer.alloc(1024 * 1024 + 1) });
  await page.getByText("This file is larger than 1 MiB.").waitFor();
  await page.getByRole("button", { name: "Save" }).click();
  assert.equal(await file.evaluate((input) => input === document.activeElement), true, "nothing was sent");
  await file.setInputFiles([]);
  assert.equal(await page.getByText("This file is larger").count(), 0);
  await admin.leave();
});

test("a GitHub organisation is added in a dialog over its organisation's page", async () => {
  const admin = await person({ username: "demo-admin" });
  const { page } = admin;
  await page.goto("/staff/orgs/");
  await follow(page, page.locator("tbody th a").first());
  const here = page.url();
  await page.getByRole("link", { name: "Add a GitHub organisation" }).click();
  const dialog = page.getByRole("dialog", { name: "Add a GitHub organisation" });
  await dialog.waitFor();
  await look(page, "staff-github-org");
  await dialog.getByLabel("Name at GitHub").fill("not one");
  await dialog.getByRole("button", { name: "Add" }).click();
  await dialog.locator("[data-errors]").waitFor();
  await dialog.getByLabel("Name at GitHub").fill(`org-${Date.now()}`);
  await follow(page, dialog.getByRole("button", { name: "Add" }));
  assert.equal(page.url(), here);
  await admin.leave();
});
